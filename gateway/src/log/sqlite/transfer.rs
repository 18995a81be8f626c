//! Rows of the other engine: a file that is filled with them, and a file that gives them back.

use std::path::Path;

use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{AssertSqlSafe, Row, SqlitePool, sqlite::SqliteRow};

use super::{
    StoreError, append,
    backup::untouched,
    open::{self, FORGOTTEN_UP_TO, MARK_KEY, NEXT_STAGE, PSEUDONYM_KEY, TIJDLIJN, TOEGANG},
};
use crate::log::{
    Head, SqliteStore, TijdlijnBegin,
    sqlite::query,
    table::{Column, Kind, Settings, Table, Value},
};

/// Rows in one INSERT: with eleven columns some thousands of values, of the 32,766 that it may have.
const ROWS_PER_INSERT: usize = 500;

/// A new file that is filled with the rows of another engine.
pub(in crate::log) struct Filling(SqlitePool);

impl Filling {
    /// The file must be there, empty and private.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub(in crate::log) async fn begin(place: &Path) -> Result<Self, StoreError> {
        SqliteStore::open(place).await?.close_connections().await;
        let write = open::stage_pool(place).await?;
        sqlx::query(TOEGANG).execute(&write).await?;
        Ok(Self(write))
    }

    /// Empties a table of what the schema puts there.
    ///
    /// # Errors
    /// [`StoreError::Database`], also when this engine has no such table.
    pub(in crate::log) async fn empty(&self, table: &Table) -> Result<(), StoreError> {
        let sql = AssertSqlSafe(format!("DELETE FROM {}", table.name));
        sqlx::raw_sql(sql).execute(&self.0).await?;
        Ok(())
    }

    /// Adds rows to a table.
    ///
    /// # Errors
    /// [`StoreError::Database`], also when this engine's table has other columns.
    pub(in crate::log) async fn put(
        &self,
        table: &Table,
        rows: &[Vec<Value>],
    ) -> Result<(), StoreError> {
        let head = format!("INSERT INTO {} ({})", table.name, own_names(table));
        let row = format!("({})", vec!["?"; table.columns.len()].join(", "));
        let mut tx = super::begin(&self.0).await?;
        for rows in rows.chunks(ROWS_PER_INSERT) {
            let places = vec![row.as_str(); rows.len()].join(", ");
            let query = sqlx::query(AssertSqlSafe(format!("{head} VALUES {places}")));
            let query = rows
                .iter()
                .flatten()
                .fold(query, |query, value| match value {
                    Value::Nothing => query.bind(None::<i64>),
                    Value::Number(number) => query.bind(*number),
                    Value::Text(text) => query.bind(text.as_str()),
                    Value::Bytes(bytes) => query.bind(bytes.as_slice()),
                });
            query
                .persistent(rows.len() == ROWS_PER_INSERT)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Writes the settings, and lets go of the file.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(in crate::log) async fn finish(self, settings: &Settings) -> Result<(), StoreError> {
        let mut tx = super::begin(&self.0).await?;
        for (name, number) in [
            (TIJDLIJN, settings.tijdlijn),
            (NEXT_STAGE, settings.next_stage),
            (FORGOTTEN_UP_TO, settings.forgotten_up_to),
        ] {
            append::set_number(&mut tx, name, number).await?;
        }
        append::set_setting(&mut tx, MARK_KEY, &settings.mark_key).await?;
        append::set_setting(&mut tx, PSEUDONYM_KEY, &settings.pseudonym_key).await?;
        tx.commit().await?;
        self.0.close().await;
        Ok(())
    }
}

/// A file that is read and not touched, row by row.
pub(in crate::log) struct Giving(SqlitePool);

impl Giving {
    /// Opens it without a lock: nobody writes to it.
    ///
    /// # Errors
    /// As [`SqliteStore::verify_backup`], but for the chain.
    pub(in crate::log) async fn open(place: &Path) -> Result<Self, StoreError> {
        let read = untouched(place).await?;
        open::check_schema(&read).await?;
        Ok(Self(read))
    }

    /// Where its log stands.
    pub(in crate::log) async fn head(&self) -> Result<Head, StoreError> {
        query::head(&self.0).await
    }

    /// Where its tijdlijnen began.
    pub(in crate::log) async fn tijdlijnen(&self) -> Result<Vec<TijdlijnBegin>, StoreError> {
        query::tijdlijnen(&self.0).await
    }

    /// Its settings.
    pub(in crate::log) async fn settings(&self) -> Result<Settings, StoreError> {
        let mut connection = self.0.acquire().await?;
        let tijdlijn = append::number(&mut connection, TIJDLIJN).await?;
        let next_stage = append::number(&mut connection, NEXT_STAGE).await?;
        let forgotten_up_to = append::number(&mut connection, FORGOTTEN_UP_TO).await?;
        // It is the only one.
        drop(connection);
        Ok(Settings {
            tijdlijn,
            next_stage,
            forgotten_up_to,
            mark_key: open::setting(&self.0, MARK_KEY).await?,
            pseudonym_key: open::setting(&self.0, PSEUDONYM_KEY).await?,
        })
    }

    /// Whether it has this table: that of toegang is made by the first who writes to it.
    pub(in crate::log) async fn has(&self, table: &Table) -> Result<bool, StoreError> {
        let found: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?",
        )
        .bind(&table.name)
        .fetch_one(&self.0)
        .await?;
        Ok(found > 0)
    }

    /// The rows of a table, in the order of its key.
    pub(in crate::log) fn rows<'a>(
        &'a self,
        table: &'a Table,
    ) -> BoxStream<'a, Result<Vec<Value>, StoreError>> {
        let sql = AssertSqlSafe(format!("SELECT {} FROM {}", own_names(table), table.name));
        sqlx::query(sql)
            .fetch(&self.0)
            .map_err(StoreError::from)
            .map(|row| values(&row?, table))
            .boxed()
    }

    pub(in crate::log) async fn close(self) {
        self.0.close().await;
    }
}

fn values(row: &SqliteRow, table: &Table) -> Result<Vec<Value>, StoreError> {
    let mut values = Vec::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        let value = match column.kind {
            Kind::Bigint | Kind::Smallint | Kind::Boolean => {
                row.try_get::<Option<i64>, _>(at)?.map(Value::Number)
            }
            Kind::Text => row.try_get::<Option<String>, _>(at)?.map(Value::Text),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Value::Bytes),
        };
        values.push(value.unwrap_or(Value::Nothing));
    }
    Ok(values)
}

/// One column has another name here.
fn own_names(table: &Table) -> String {
    table.names(
        |Column { name, .. }| match (table.name.as_str(), name.as_str()) {
            ("toegang", "tijdstip_ms") => "tijdstip".to_owned(),
            _ => name.clone(),
        },
    )
}
