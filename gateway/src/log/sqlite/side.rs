//! Forgetting people and students that a later line has superseded (design invariant 12).

use super::{SqliteStore, StoreError, append, open::FORGOTTEN_UP_TO, query, rewrite};
use crate::log::{
    CommitInfo, LogStore,
    forgetting::{COMMITS_PER_PART, Part, Range, SIDE, begin, is_large, parts},
    rows::stage_of,
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
            let mut commits = query::commits_after(&self.read, done, COMMITS_PER_PART).await?;
            commits.retain(|commit| commit.nummer <= end);
            let Some(first) = commits.first() else { break };
            let begin = match is_large(first) {
                true => begin(first, self.others_hold_some(first).await?),
                false => 0,
            };
            for part in parts(&commits, begin) {
                forgotten += self.forget(&part).await?;
            }
        }
        if forgotten > 0 {
            self.rewriting.want();
            rewrite::empty_write_ahead_log(&self.write).await?;
        }
        self.write_side_anew().await?;
        Ok(forgotten)
    }

    /// See [`rewrite`]: where it is someone else's turn already, that one does it for both.
    async fn write_side_anew(&self) -> Result<(), StoreError> {
        let Some(turn) = self.rewriting.turn().await else {
            return Ok(());
        };
        let mut tx = self.begin().await?;
        rewrite::rewrite(&mut tx, "zij").await?;
        tx.commit().await?;
        turn.done();
        rewrite::empty_write_ahead_log(&self.write).await
    }

    async fn forgotten_up_to(&self) -> Result<u64, StoreError> {
        let mut connection = self.read.acquire().await?;
        append::number(&mut connection, FORGOTTEN_UP_TO).await
    }

    /// Whether another commit, published or not, holds anything about people or students.
    async fn others_hold_some(&self, commit: &CommitInfo) -> Result<bool, StoreError> {
        let Range { from, to, .. } = Range::whole(commit);
        let found: i64 = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM zij WHERE nr < ?) OR EXISTS (SELECT 1 FROM zij WHERE nr >= ?)",
        )
        .bind(from)
        .bind(to)
        .fetch_one(&self.read)
        .await?;
        Ok(found != 0)
    }

    async fn forget(&self, part: &Part) -> Result<u64, StoreError> {
        let [personen, bpvo] = SIDE.map(|soort| i64::from(soort.number()));
        let mut forgotten = 0;
        let mut tx = self.begin().await?;
        for range in &part.ranges {
            let nummer = range.nummer.cast_signed();
            let result = sqlx::query(FORGET)
                .bind(range.from)
                .bind(range.to)
                .bind(personen)
                .bind(bpvo)
                .bind(nummer)
                .bind(nummer)
                .execute(&mut *tx)
                .await?;
            forgotten += result.rows_affected();
        }
        append::set_number(&mut tx, FORGOTTEN_UP_TO, part.done).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
