//! Forgetting people and students that a later line has superseded (design invariant 12).

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::{PostgresStore, pool::reading, query};
use crate::log::{
    CommitInfo, Soort, StoreError,
    rows::{nr, stage_of},
};

/// Lines looked at in one transaction.
const LINES_PER_PART: u64 = 4_096;

/// How long one part may take, and how long the clean-up of the table.
const PART_PATIENCE: Duration = Duration::from_secs(60);
const VACUUM_PATIENCE: Duration = Duration::from_secs(600);

/// Deletes the side content of lines that stand before those of one commit, from row to row: OFFSET 0
/// keeps the new rows on the outside, as a range of the primary key.
const FORGET: &str = concat!(
    "DELETE FROM zij WHERE nr = ANY (ARRAY(
       SELECT o.nr FROM (SELECT nr, soort, sleutel FROM regel
                         WHERE nr >= $1 AND nr < $2 OFFSET 0) n
       CROSS JOIN LATERAL (SELECT l.nr FROM regel l
                           WHERE l.soort = n.soort AND l.sleutel = n.sleutel AND l.nr <> n.nr
                           OFFSET 0) o
       CROSS JOIN LATERAL (SELECT c.nummer FROM commit_log c WHERE c.stage = ",
    stage_of!("o.nr"),
    " OFFSET 0) c
       WHERE n.soort = ANY($3) AND (c.nummer < $4 OR (c.nummer = $4 AND o.nr < n.nr))))"
);

impl PostgresStore {
    pub(super) async fn side_forget(&self) -> Result<u64, StoreError> {
        // What is written meanwhile is for the next time: others may write faster than this forgets.
        let end = reading!(self.primary, PART_PATIENCE, connection => query::head(connection))?;
        let mut forgotten = 0;
        while let Some(commit) = self.next_to_forget().await? {
            if commit.nummer > end.head.nummer {
                break;
            }
            forgotten += self.forget_before(&commit).await?;
        }
        if forgotten > 0 {
            self.vacuum().await?;
        }
        Ok(forgotten)
    }

    async fn next_to_forget(&self) -> Result<Option<CommitInfo>, StoreError> {
        reading!(self.primary, PART_PATIENCE, connection => next_after_mark(connection))
    }

    async fn forget_before(&self, commit: &CommitInfo) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        let mut from =
            reading!(self.primary, PART_PATIENCE, connection => begin(connection, commit))?;
        while from < commit.regels {
            let to = (from + LINES_PER_PART).min(commit.regels);
            forgotten += reading!(self.primary, PART_PATIENCE, connection => forget(connection, commit, from, to))?;
            from = to;
        }
        reading!(self.primary, PART_PATIENCE, connection => set_mark(connection, commit.nummer))?;
        Ok(forgotten)
    }

    /// What was deleted still stands in the table until it is vacuumed.
    async fn vacuum(&self) -> Result<(), StoreError> {
        reading!(self.primary, VACUUM_PATIENCE, connection => async {
            sqlx::raw_sql("VACUUM zij").execute(connection).await?;
            Ok(())
        })
    }
}

async fn next_after_mark(connection: &mut PgConnection) -> Result<Option<CommitInfo>, StoreError> {
    let done: i64 =
        sqlx::query_scalar("SELECT getal FROM meta WHERE sleutel = 'vergeten_tot_en_met'")
            .fetch_one(&mut *connection)
            .await?;
    let next = query::commits_after(connection, done.cast_unsigned(), 1).await?;
    Ok(next.into_iter().next().map(|commit| commit.info))
}

/// From which line of the commit on to look. Where no other commit holds anything about people or students it
/// can only have superseded what it wrote itself: an import writes once more, at its end, what others changed
/// meanwhile.
async fn begin(connection: &mut PgConnection, commit: &CommitInfo) -> Result<u64, StoreError> {
    let others: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM zij WHERE nr < $1) OR EXISTS (SELECT FROM zij WHERE nr >= $2)",
    )
    .bind(nr(commit.stage, 0))
    .bind(nr(commit.stage, commit.regels))
    .fetch_one(connection)
    .await?;
    Ok(match others {
        true => 0,
        false => commit.regels.saturating_sub(LINES_PER_PART),
    })
}

async fn forget(
    connection: &mut PgConnection,
    commit: &CommitInfo,
    from: u64,
    to: u64,
) -> Result<u64, StoreError> {
    let side = [Soort::Personen, Soort::Bpvo].map(|soort| i16::from(soort.number()));
    let mut tx = connection.begin().await?;
    let result = sqlx::query(FORGET)
        .bind(nr(commit.stage, from))
        .bind(nr(commit.stage, to))
        .bind(side.as_slice())
        .bind(commit.nummer.cast_signed())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(result.rows_affected())
}

async fn set_mark(connection: &mut PgConnection, nummer: u64) -> Result<(), StoreError> {
    // Two nodes may do this at once; the mark only ever goes on.
    sqlx::query(
        "UPDATE meta SET getal = greatest(getal, $1) WHERE sleutel = 'vergeten_tot_en_met'",
    )
    .bind(nummer.cast_signed())
    .execute(connection)
    .await?;
    Ok(())
}
