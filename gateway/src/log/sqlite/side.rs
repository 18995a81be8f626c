//! Forgetting people and students that a later line has superseded (design invariant 12).

use super::{
    LINES_PER_TRANSACTION, SqliteStore, StoreError, WRITE_RETRY, append, open::FORGOTTEN_UP_TO,
    query,
};
use crate::log::{
    CommitInfo, LogStore, Soort,
    rows::{nr, stage_of},
};

/// Deletes the side content of lines that stand before those of one commit, from row to row.
///
/// CROSS JOIN and NOT INDEXED tell SQLite to begin with the new rows: it would begin with all
/// rows of the kind, in every step anew.
const FORGET: &str = concat!(
    "DELETE FROM zij WHERE nr IN (
       SELECT o.nr FROM regel n NOT INDEXED
       CROSS JOIN regel o ON o.soort = n.soort AND o.sleutel = n.sleutel AND o.nr <> n.nr
       JOIN commit_log c ON c.stage = ",
    stage_of!("o.nr"),
    "  WHERE n.nr >= ? AND n.nr < ? AND n.soort IN (?, ?)
         AND (c.nummer < ? OR (c.nummer = ? AND o.nr < n.nr)))"
);

impl SqliteStore {
    pub(super) async fn side_forget(&self) -> Result<u64, StoreError> {
        // What is written meanwhile is for the next time: others may write faster than this forgets.
        let end = self.head().await?.nummer;
        let mut forgotten = 0;
        loop {
            let done = self.forgotten_up_to().await?;
            let next = query::commits_after(&self.read, done, 1).await?;
            let Some(commit) = next.first().filter(|next| next.nummer <= end) else {
                break;
            };
            forgotten += self.forget_before(commit).await?;
        }
        if forgotten > 0 {
            self.empty_write_ahead_log().await?;
        }
        Ok(forgotten)
    }

    /// What was overwritten in the database may still stand in the write-ahead log. Readers pin
    /// it, but each only for a moment; when they never let go, later writes overwrite it.
    async fn empty_write_ahead_log(&self) -> Result<(), StoreError> {
        const TRIES: u32 = 100;
        for _ in 0..TRIES {
            let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)")
                .fetch_one(&self.write)
                .await?;
            if busy == 0 {
                break;
            }
            tokio::time::sleep(WRITE_RETRY).await;
        }
        Ok(())
    }

    async fn forgotten_up_to(&self) -> Result<u64, StoreError> {
        let mut connection = self.read.acquire().await?;
        append::number(&mut connection, FORGOTTEN_UP_TO).await
    }

    async fn forget_before(&self, commit: &CommitInfo) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        let mut from = 0;
        while from < commit.regels {
            let to = (from + LINES_PER_TRANSACTION as u64).min(commit.regels);
            let mut tx = self.begin().await?;
            let result = sqlx::query(FORGET)
                .bind(nr(commit.stage, from))
                .bind(nr(commit.stage, to))
                .bind(i64::from(Soort::Personen.number()))
                .bind(i64::from(Soort::Bpvo.number()))
                .bind(commit.nummer.cast_signed())
                .bind(commit.nummer.cast_signed())
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            forgotten += result.rows_affected();
            from = to;
        }
        let mut tx = self.begin().await?;
        append::set_number(&mut tx, FORGOTTEN_UP_TO, commit.nummer).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
