//! A backup takes the place of what stands in the database, in one transaction: nobody sees half of
//! it, and after an error all is as it was.

use std::path::Path;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::Mutex;

use super::{PARTY_PATIENCE, tables};
use crate::log::{
    Head, PostgresSettings, PostgresStore, StoreError,
    hash::Keys,
    postgres::{
        copy::{Stream, Tuple},
        hosts::{Hosts, Role, is_passing, within},
        publish, query, schema, stage, tijdlijn,
    },
    rows::{StoredCommit, StoredLine, damaged},
    sqlite::transfer::Giving,
    table::{Column, Kind, ROWS_PER_PARTY, Settings, Table, Value},
    verify::{self, Stored},
};

/// How often the tables are asked for: a node that writes may hold one, wait for another that this has, and
/// make the server end either.
const TRIES: u32 = 5;

/// What became of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It is there, in this new tijdlijn.
    In(u32),
    /// Nothing was done: something stands there, and it was not to be replaced.
    Occupied,
    /// Nothing was done: programs are connected that would go on with the keys of what stands there.
    InUse,
}

impl PostgresStore {
    /// Puts a backup in place of what stands in the database; with `replace` also where something does. It
    /// begins a tijdlijn that is later than every one of the backup, of the database and `after`.
    /// Its chain is checked once more before anybody sees it.
    ///
    /// Nodes that are connected go on, and load it anew, when the backup has the keys of what it
    /// replaces, as every one of this same register has. They wait while it is put in.
    ///
    /// # Errors
    /// [`StoreError::StageBusy`] while an import runs, [`StoreError::Damaged`] for a backup that does not hold, and
    /// as [`PostgresStore::open`]; then nothing has changed.
    pub async fn restore(
        settings: &PostgresSettings,
        place: &Path,
        replace: bool,
        after: u32,
    ) -> Result<Placed, StoreError> {
        let hosts = Hosts::new(settings.hosts.clone());
        let mut connected = hosts.connect(Role::Primary).await?;
        schema::bring(&mut connected, settings.migrate).await?;
        let mut connection = connected.connection;
        stage::claim(&mut connection).await?;
        let giving = Giving::open(place).await?;
        let mut tries = 1;
        let placed = loop {
            match put_in_place(&mut connection, &giving, replace, after).await {
                Err(error) if tries < TRIES && is_passing(&error) => tries += 1,
                done => break done,
            }
        };
        giving.close().await;
        // Lets go of the claim at once.
        drop(connection.close().await);
        placed
    }
}

async fn put_in_place(
    connection: &mut PgConnection,
    giving: &Giving,
    replace: bool,
    after: u32,
) -> Result<Placed, StoreError> {
    let mut tx = connection.begin_with(publish::BEGIN).await?;
    let tables = tables::all(&mut tx).await?;
    lock(&mut tx, &tables).await?;
    if !replace && is_occupied(&mut tx, &tables).await? {
        return Ok(Placed::Occupied);
    }
    let settings = giving.settings().await?;
    let others = schema::raw_keys(&mut tx)
        .await?
        .is_some_and(|keys| keys != (settings.mark_key.clone(), settings.pseudonym_key.clone()));
    if others && is_in_use(&mut tx).await? {
        return Ok(Placed::InUse);
    }
    let last = tijdlijn::last(&mut tx).await?;
    empty(&mut tx, &tables).await?;
    for table in &tables {
        fill(&mut tx, giving, table).await?;
    }
    take_over(&mut tx, &settings).await?;
    for begin in giving.tijdlijnen().await? {
        tijdlijn::insert_elsewhere(&mut tx, begin).await?;
    }
    let head = giving.head().await?;
    let begun = tijdlijn::begin_after(&mut tx, last.max(after), head.nummer).await?;
    let mut found = check(tx.as_mut(), &settings).await?;
    found.tijdlijn = head.tijdlijn;
    found.may_lag = head.may_lag;
    if found != head {
        return Err(damaged("what was put in ends elsewhere than the backup"));
    }
    sqlx::raw_sql("NOTIFY stagepoort_log; NOTIFY stagepoort_toegang")
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Placed::In(begun))
}

/// From here on nobody reads or writes them.
async fn lock(tx: &mut PgConnection, tables: &[Table]) -> Result<(), StoreError> {
    let sql = format!(
        "LOCK TABLE meta, tijdlijn, open_stage, {} IN ACCESS EXCLUSIVE MODE",
        names(tables)
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(tx).await?;
    Ok(())
}

async fn empty(tx: &mut PgConnection, tables: &[Table]) -> Result<(), StoreError> {
    let sql = format!("TRUNCATE tijdlijn, open_stage, {}", names(tables));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(tx).await?;
    Ok(())
}

fn names(tables: &[Table]) -> String {
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    names.join(", ")
}

/// Whether there is anything that would be lost. The schema itself puts in the one row of
/// `push_stand`.
async fn is_occupied(tx: &mut PgConnection, tables: &[Table]) -> Result<bool, StoreError> {
    for table in tables.iter().filter(|table| table.name != "push_stand") {
        let sql = format!("SELECT EXISTS (SELECT FROM {})", table.name);
        if sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut *tx)
            .await?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether another program of ours is connected to this database.
async fn is_in_use(tx: &mut PgConnection) -> Result<bool, StoreError> {
    let in_use = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()
             AND application_name = current_setting('application_name'))",
    )
    .fetch_one(tx)
    .await?;
    Ok(in_use)
}

async fn fill(tx: &mut PgConnection, giving: &Giving, table: &Table) -> Result<(), StoreError> {
    if !giving.has(table).await? {
        return Ok(());
    }
    let names = table.names(|column| column.name.clone());
    let into = format!("COPY {} ({names}) FROM STDIN (FORMAT binary)", table.name);
    let mut rows = giving.rows(table);
    loop {
        let mut party = Stream::new();
        while party.rows() < ROWS_PER_PARTY
            && let Some(row) = rows.try_next().await?
        {
            add(&mut party, table, &row)?;
        }
        if party.rows() == 0 {
            return Ok(());
        }
        within(PARTY_PATIENCE, party.send(&mut *tx, &into)).await?;
    }
}

fn add(party: &mut Stream, table: &Table, row: &[Value]) -> Result<(), StoreError> {
    let mut tuple = party.tuple(table.columns.len())?;
    for (column, value) in table.columns.iter().zip(row) {
        match value {
            Value::Nothing => tuple.optional(None)?,
            Value::Text(text) => tuple.field(text.as_bytes())?,
            Value::Bytes(bytes) => tuple.field(bytes)?,
            Value::Number(number) => number_field(&mut tuple, table, column, *number)?,
        }
    }
    Ok(())
}

fn number_field(
    tuple: &mut Tuple<'_>,
    table: &Table,
    column: &Column,
    number: i64,
) -> Result<(), StoreError> {
    let wrong = || damaged(format!("{}.{} cannot be {number}", table.name, column.name));
    match column.kind {
        Kind::Smallint => {
            let small = i16::try_from(number).map_err(|_| wrong())?;
            tuple.field(&small.to_be_bytes())
        }
        Kind::Boolean => tuple.field(&[u8::from(number != 0)]),
        Kind::Bigint => tuple.field(&number.to_be_bytes()),
        Kind::Text | Kind::Bytes => Err(wrong()),
    }
}

/// The settings of the backup, and numbers that nobody had.
async fn take_over(tx: &mut PgConnection, settings: &Settings) -> Result<(), StoreError> {
    sqlx::query("UPDATE meta SET getal = $1 WHERE sleutel = 'vergeten_tot_en_met'")
        .bind(settings.forgotten_up_to.cast_signed())
        .execute(&mut *tx)
        .await?;
    schema::set_keys(tx, &settings.mark_key, &settings.pseudonym_key).await?;
    sqlx::query(
        "SELECT setval('stage_nummer', greatest($1, (SELECT last_value FROM stage_nummer))),
                setval(pg_get_serial_sequence('beheerdaad', 'nr'),
                       (SELECT coalesce(max(nr), 0) + 1 FROM beheerdaad), false)",
    )
    .bind(settings.next_stage.cast_signed())
    .execute(tx)
    .await?;
    Ok(())
}

/// The chain of what was put in.
async fn check(tx: &mut PgConnection, settings: &Settings) -> Result<Head, StoreError> {
    let keys = Keys::new(&settings.mark_key, &settings.pseudonym_key);
    verify::run(&Within(Mutex::new(tx)), &keys).await
}

/// A log as one transaction sees it.
struct Within<'a>(Mutex<&'a mut PgConnection>);

#[async_trait]
impl Stored for Within<'_> {
    async fn stored_head(&self) -> Result<Head, StoreError> {
        Ok(query::head(&mut **self.0.lock().await).await?.head)
    }

    async fn stored_commits_after(
        &self,
        nummer: u64,
        limit: u32,
    ) -> Result<Vec<StoredCommit>, StoreError> {
        query::commits_after(&mut **self.0.lock().await, nummer, limit).await
    }

    async fn stored_lines(
        &self,
        commit: &StoredCommit,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredLine>, StoreError> {
        query::lines(&mut **self.0.lock().await, &commit.info, from, limit).await
    }

    async fn is_superseded(&self, nummer: u64, line: &StoredLine) -> Result<bool, StoreError> {
        query::is_superseded(&mut **self.0.lock().await, nummer, line).await
    }
}
