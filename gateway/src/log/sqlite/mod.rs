//! The log in one SQLite file, for a node that keeps everything itself.
//!
//! One connection writes, a few read, and one more stages while there is an import. WAL lets them
//! go on beside each other, also those of another process: `serve` follows the log while
//! `register import` writes to it.

mod append;
pub(super) mod backup;
mod identity;
mod lines;
mod open;
mod query;
pub(crate) mod rewrite;
mod side;
mod stage;
pub(super) mod transfer;
mod verify;

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    CommitInfo, Head, Line, LogStore, Publication, Sleutel, Soort, StageId, StoreError,
    TijdlijnBegin, hash::Keys, rows::StoredLine,
};
use crate::domain::Tijdstip;
pub use identity::FileIdentity;
pub(crate) use open::TOEGANG;
use rewrite::Rewriting;
use stage::OpenStage;

/// Lines in one write transaction: some tens of milliseconds, so that another writer, which
/// waits for the whole transaction, is not held up longer than that.
const LINES_PER_TRANSACTION: usize = 4_096;

/// How long a write waits for that of another process before it gives up.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);

/// How often a waiting write tries again. SQLite's own waiting grows to 100 ms between tries and
/// would find an import's short pauses only by luck.
const WRITE_RETRY: Duration = Duration::from_millis(2);

/// The log in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    identity: FileIdentity,
    write: SqlitePool,
    read: SqlitePool,
    keys: Keys,
    open_stage: Mutex<Option<OpenStage>>,
    rewriting: Rewriting,
}

impl SqliteStore {
    /// Begins a write that is on the disk once it is committed.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        begin(&self.write).await
    }
}

/// Begins a write; the lock is taken now and not halfway.
async fn begin(pool: &SqlitePool) -> Result<Transaction<'static, Sqlite>, StoreError> {
    let tries = WRITE_PATIENCE.as_millis() / WRITE_RETRY.as_millis();
    for _ in 0..tries {
        match pool.begin_with("BEGIN IMMEDIATE").await {
            Err(error) if is_busy(&error) => tokio::time::sleep(WRITE_RETRY).await,
            other => return Ok(other?),
        }
    }
    Ok(pool.begin_with("BEGIN IMMEDIATE").await?)
}

/// Another connection holds the write lock. The primary result code is the low byte.
fn is_busy(error: &sqlx::Error) -> bool {
    const SQLITE_BUSY: u32 = 5;
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.and_then(|c| c.parse::<u32>().ok())
        .is_some_and(|c| c & 0xff == SQLITE_BUSY)
}

#[async_trait]
impl LogStore for SqliteStore {
    async fn head(&self) -> Result<Head, StoreError> {
        self.identity.check()?;
        query::head(&self.read).await
    }

    async fn tijdlijnen(&self) -> Result<Vec<TijdlijnBegin>, StoreError> {
        query::tijdlijnen(&self.read).await
    }

    async fn commits_after(&self, nummer: u64, limit: u32) -> Result<Vec<CommitInfo>, StoreError> {
        query::commits_after(&self.read, nummer, limit).await
    }

    async fn lines(
        &self,
        commit: &CommitInfo,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError> {
        lines::read(&self.read, commit.stage, commit.regels, from, limit)
            .await?
            .into_iter()
            .map(StoredLine::into_line)
            .collect()
    }

    async fn lines_of(&self, commits: &[CommitInfo]) -> Result<Vec<Vec<Line>>, StoreError> {
        lines::read_of(&self.read, commits).await
    }

    async fn current(
        &self,
        soort: Soort,
        sleutels: &[Sleutel],
    ) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
        query::current(&self.read, soort, sleutels).await
    }

    async fn scan(
        &self,
        soort: Soort,
        after: Option<&Sleutel>,
        limit: u32,
    ) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
        query::scan(&self.read, soort, after, limit).await
    }

    async fn keys(
        &self,
        soort: Soort,
        after: Option<&Sleutel>,
        limit: u32,
    ) -> Result<Vec<Sleutel>, StoreError> {
        query::keys(&self.read, soort, after, limit).await
    }

    async fn open_stage(&self) -> Result<StageId, StoreError> {
        self.stage_open().await
    }

    async fn stage(&self, stage: StageId, lines: Vec<Line>) -> Result<(), StoreError> {
        self.stage_lines(stage, &lines).await
    }

    async fn publish(&self, publication: Publication) -> Result<CommitInfo, StoreError> {
        self.stage_publish(publication).await
    }

    async fn discard(&self, stage: StageId) -> Result<(), StoreError> {
        self.stage_discard(stage).await
    }

    async fn append(
        &self,
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<CommitInfo, StoreError> {
        self.append_lines(request_id, tijdstip, &lines, None)
            .await?
            .ok_or_else(|| super::rows::damaged("an append without a condition was not written"))
    }

    async fn append_at(
        &self,
        nummer: u64,
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<Option<CommitInfo>, StoreError> {
        self.append_lines(request_id, tijdstip, &lines, Some(nummer))
            .await
    }

    fn pseudonym(&self, natural_key: &str) -> Sleutel {
        self.keys.pseudonym(natural_key)
    }

    fn derived_key(&self, label: &str) -> [u8; 32] {
        self.keys.derived(label)
    }

    async fn forget_superseded(&self) -> Result<u64, StoreError> {
        self.side_forget().await
    }

    async fn verify(&self) -> Result<Head, StoreError> {
        crate::log::verify::run(&self.read, &self.keys).await
    }

    async fn close(&self) {
        self.close_connections().await;
    }
}
