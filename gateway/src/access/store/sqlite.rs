//! The toegang stream in the SQLite file of the log.

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    AppendError, ToegangStore, Version, VersionHead,
    rows::{Row, head_of, sha256},
};
use crate::{
    domain::Tijdstip,
    log::{FileIdentity, LogStore, SqliteStore, StoreError, sqlite::TOEGANG},
};

/// The log's import holds the write lock for some tens of milliseconds at a time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The toegang stream in the SQLite file of the log.
#[derive(Debug, Clone)]
pub struct SqliteToegang {
    identity: FileIdentity,
    pool: SqlitePool,
}

impl SqliteToegang {
    /// Opens the stream; makes the file, with the log's own tables, when there is none.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        // The file is the log's: it sets the mode and the schema, and refuses what is not its.
        SqliteStore::open(path).await?.close().await;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE)
            .thread_name(|n| format!("sqlite-toegang-{n}"));
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        sqlx::query(TOEGANG).execute(&pool).await?;
        let identity = FileIdentity::of(path)?;
        Ok(Self { identity, pool })
    }
}

#[async_trait]
impl ToegangStore for SqliteToegang {
    async fn head(&self) -> Result<Option<VersionHead>, StoreError> {
        self.identity.check()?;
        let row: Option<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT versie, sha256 FROM toegang ORDER BY versie DESC LIMIT 1")
                .fetch_optional(&self.pool)
                .await?;
        row.map(|(versie, sha256)| head_of(versie, sha256))
            .transpose()
    }

    async fn newest(&self) -> Result<Option<Version>, StoreError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT versie, tijdstip AS tijdstip_ms, sha256, document FROM toegang
             ORDER BY versie DESC LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(Version::try_from).transpose()
    }

    async fn append(
        &self,
        newest: u64,
        document: &str,
        tijdstip: Tijdstip,
    ) -> Result<Version, AppendError> {
        let version = Version {
            versie: newest + 1,
            tijdstip,
            sha256: sha256(document),
            document: document.to_owned(),
        };
        let inserted = sqlx::query(
            "INSERT INTO toegang (versie, tijdstip, sha256, document)
             SELECT ?1, ?2, ?3, ?4
             WHERE ?1 = 1 + (SELECT coalesce(max(versie), 0) FROM toegang)",
        )
        .bind(i64::try_from(version.versie).unwrap_or(i64::MAX))
        .bind(tijdstip.as_millis())
        .bind(version.sha256.as_slice())
        .bind(document)
        .execute(&self.pool)
        .await
        .map_err(StoreError::from)?;
        if inserted.rows_affected() == 1 {
            return Ok(version);
        }
        let newest = self.head().await?.map_or(0, |head| head.versie);
        Err(AppendError::Overtaken { newest })
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Tijdstip {
        Tijdstip::from_millis(second * 1000).unwrap()
    }

    #[tokio::test]
    async fn a_document_that_was_tampered_with_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteToegang::open(&dir.path().join("stagepoort.db"))
            .await
            .unwrap();
        store.append(0, "een", at(1)).await.unwrap();
        sqlx::query("UPDATE toegang SET document = 'twee'")
            .execute(&store.pool)
            .await
            .unwrap();
        let error = store.newest().await.unwrap_err();
        assert!(
            error.to_string().contains("version 1 of toegang"),
            "{error}"
        );
    }
}
