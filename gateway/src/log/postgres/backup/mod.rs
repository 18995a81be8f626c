//! Copies of the database: made while it is used, as a SQLite file that is checked like any other
//! and needs no program of PostgreSQL, and put in place again.

mod restore;
mod tables;

use std::{path::Path, time::Duration};

use futures_util::{Stream, TryStreamExt};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgRow};

pub use restore::Placed;

use super::{
    PostgresStore,
    hosts::{Role, within},
    query, schema,
};
use crate::log::{
    Head, StoreError,
    rows::damaged,
    sqlite::{backup::whole_or_nothing, transfer::Filling},
    table::{ROWS_PER_PARTY, Settings, Table, Value},
};

/// One state of the database, whatever is written meanwhile; a role that may only read can do it.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How long some rows may take to come or to go.
const PARTY_PATIENCE: Duration = Duration::from_secs(60);

impl PostgresStore {
    /// Writes a copy to `place`, which must not be there: a SQLite store with everything that stands
    /// in the database at one moment, while others go on reading and writing it. Nothing that was
    /// superseded about people is in it (design invariant 12), nor what an import has staged and not
    /// published. The whole hash chain of the copy is checked. Only the owner can read it.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is left at `place`.
    pub async fn back_up(&self, place: &Path) -> Result<Head, StoreError> {
        let filling = async {
            let mut connection = self.hosts.connect(Role::Any).await?.connection;
            let filling = Filling::begin(place).await?;
            let mut tx = connection.begin_with(SNAPSHOT).await?;
            for table in tables::all(&mut tx).await? {
                copy(&mut tx, &table, &filling).await?;
            }
            let settings = settings(&mut tx).await?;
            tx.rollback().await?;
            filling.finish(&settings).await
        };
        whole_or_nothing(place, filling).await
    }
}

async fn copy(tx: &mut PgConnection, table: &Table, filling: &Filling) -> Result<(), StoreError> {
    filling.empty(table).await?;
    let mut rows = sqlx::query(AssertSqlSafe(tables::select(table))).fetch(tx);
    loop {
        let party = within(PARTY_PATIENCE, party(&mut rows, table)).await?;
        if party.is_empty() {
            return Ok(());
        }
        filling.put(table, &party).await?;
    }
}

async fn party(
    rows: &mut (impl Stream<Item = sqlx::Result<PgRow>> + Unpin),
    table: &Table,
) -> Result<Vec<Vec<Value>>, StoreError> {
    let mut party = Vec::with_capacity(ROWS_PER_PARTY);
    while party.len() < ROWS_PER_PARTY
        && let Some(row) = rows.try_next().await?
    {
        party.push(tables::values(&row, table)?);
    }
    Ok(party)
}

async fn settings(tx: &mut PgConnection) -> Result<Settings, StoreError> {
    let head = query::head(&mut *tx).await?.head;
    let (mark_key, pseudonym_key) = schema::raw_keys(&mut *tx)
        .await?
        .ok_or_else(|| damaged("the keys of the store are missing"))?;
    let (last_stage, forgotten): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT (SELECT max(stage) FROM commit_log),
                (SELECT getal FROM meta WHERE sleutel = 'vergeten_tot_en_met')",
    )
    .fetch_one(tx)
    .await?;
    Ok(Settings {
        tijdlijn: u64::from(head.tijdlijn),
        next_stage: last_stage.unwrap_or(0).cast_unsigned() + 1,
        forgotten_up_to: forgotten.unwrap_or(0).cast_unsigned(),
        mark_key,
        pseudonym_key,
    })
}
