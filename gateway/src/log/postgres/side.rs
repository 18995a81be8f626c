//! Forgetting people and students that a later line has superseded (design invariant 12).

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::{PostgresStore, pool::reading, query};
use crate::log::{
    CommitInfo, StoreError,
    forgetting::{COMMITS_PER_PART, Part, Range, SIDE, begin, is_large, parts},
    rows::stage_of,
};

/// How long one part may take, and how long the clean-up of the table.
const PART_PATIENCE: Duration = Duration::from_secs(60);
const VACUUM_PATIENCE: Duration = Duration::from_secs(600);

/// Nobody waits for it, and after a failover that lost it the mark is lost with it.
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = off";

/// Deletes the side content of lines that stand before those of these commits, from row to row: OFFSET
/// 0 keeps the new rows on the outside, as ranges of the primary key.
const FORGET: &str = concat!(
    "DELETE FROM zij WHERE nr = ANY (ARRAY(
       SELECT o.nr FROM unnest($1::int8[], $2::int8[], $3::int8[]) g(van, tot, nummer)
       CROSS JOIN LATERAL (SELECT nr, soort, sleutel FROM regel
                           WHERE nr >= g.van AND nr < g.tot OFFSET 0) n
       CROSS JOIN LATERAL (SELECT l.nr FROM regel l
                           WHERE l.soort = n.soort AND l.sleutel = n.sleutel AND l.nr <> n.nr
                           OFFSET 0) o
       CROSS JOIN LATERAL (SELECT c.nummer FROM commit_log c WHERE c.stage = ",
    stage_of!("o.nr"),
    "  OFFSET 0) c
       WHERE n.soort = ANY($4) AND (c.nummer < g.nummer OR (c.nummer = g.nummer AND o.nr < n.nr))))"
);

impl PostgresStore {
    pub(super) async fn side_forget(&self) -> Result<u64, StoreError> {
        // What is written meanwhile is for the next time: others may write faster than this forgets.
        let end = reading!(self.primary, PART_PATIENCE, connection => query::head(connection))?;
        let end = end.head.nummer;
        let mut forgotten = 0;
        loop {
            let mut commits = self.next_to_forget().await?;
            commits.retain(|commit| commit.nummer <= end);
            let Some(first) = commits.first() else { break };
            let begin = match is_large(first) {
                true => begin(first, self.others_hold_some(first).await?),
                false => 0,
            };
            for part in parts(&commits, begin) {
                forgotten +=
                    reading!(self.primary, PART_PATIENCE, connection => forget(connection, &part))?;
            }
        }
        if forgotten > 0 {
            self.vacuum().await?;
        }
        Ok(forgotten)
    }

    async fn others_hold_some(&self, commit: &CommitInfo) -> Result<bool, StoreError> {
        reading!(self.primary, PART_PATIENCE, connection => others_hold_some(connection, commit))
    }

    async fn next_to_forget(&self) -> Result<Vec<CommitInfo>, StoreError> {
        reading!(self.primary, PART_PATIENCE, connection => next_after_mark(connection))
    }

    /// What was deleted still stands in the table until it is vacuumed.
    async fn vacuum(&self) -> Result<(), StoreError> {
        reading!(self.primary, VACUUM_PATIENCE, connection => async {
            sqlx::raw_sql("VACUUM zij").execute(connection).await?;
            Ok(())
        })
    }
}

async fn next_after_mark(connection: &mut PgConnection) -> Result<Vec<CommitInfo>, StoreError> {
    let done: i64 =
        sqlx::query_scalar("SELECT getal FROM meta WHERE sleutel = 'vergeten_tot_en_met'")
            .fetch_one(&mut *connection)
            .await?;
    let next = query::commits_after(connection, done.cast_unsigned(), COMMITS_PER_PART).await?;
    Ok(next.into_iter().map(|commit| commit.info).collect())
}

/// Whether another commit, published or not, holds anything about people or students.
async fn others_hold_some(
    connection: &mut PgConnection,
    commit: &CommitInfo,
) -> Result<bool, StoreError> {
    let Range { from, to, .. } = Range::whole(commit);
    let found = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM zij WHERE nr < $1) OR EXISTS (SELECT FROM zij WHERE nr >= $2)",
    )
    .bind(from)
    .bind(to)
    .fetch_one(connection)
    .await?;
    Ok(found)
}

async fn forget(connection: &mut PgConnection, part: &Part) -> Result<u64, StoreError> {
    let each = |of: fn(&Range) -> i64| -> Vec<i64> { part.ranges.iter().map(of).collect() };
    let mut tx = connection.begin_with(BEGIN).await?;
    let result = sqlx::query(FORGET)
        .bind(each(|range| range.from))
        .bind(each(|range| range.to))
        .bind(each(|range| range.nummer.cast_signed()))
        .bind(SIDE.map(|soort| i16::from(soort.number())).as_slice())
        .execute(&mut *tx)
        .await?;
    // Two nodes may do this at once; the mark only ever goes on.
    sqlx::query(
        "UPDATE meta SET getal = greatest(getal, $1) WHERE sleutel = 'vergeten_tot_en_met'",
    )
    .bind(part.done.cast_signed())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(result.rows_affected())
}
