//! Forgetting people and students that a later line has superseded (design invariant 12): part by
//! part, each with the mark of how far it came in one short transaction.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::{PostgresStore, pool::reading, query};
use crate::log::{
    CommitInfo, Soort, StoreError,
    rows::{nr, stage_of},
};

/// Lines looked at in one transaction: some tens of milliseconds.
const LINES_PER_PART: u64 = 4_096;

/// Commits looked up at once, and the most in one transaction.
const COMMITS_PER_PART: u32 = 256;

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

/// Lines that are looked at together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Part {
    from: Vec<i64>,
    to: Vec<i64>,
    nummers: Vec<i64>,
    /// The commit up to which all is done after it.
    done: u64,
}

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
            let begin = match first.regels > LINES_PER_PART {
                true => {
                    reading!(self.primary, PART_PATIENCE, connection => begin(connection, first))?
                }
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

/// A large commit by itself, in parts from this line on; else as many small ones as fit.
fn parts(commits: &[CommitInfo], begin: u64) -> Vec<Part> {
    match commits {
        [first, ..] if first.regels > LINES_PER_PART => parts_of(first, begin),
        small => vec![together(small)],
    }
}

fn parts_of(commit: &CommitInfo, begin: u64) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut from = begin;
    while from < commit.regels {
        let to = (from + LINES_PER_PART).min(commit.regels);
        let last = u64::from(to == commit.regels);
        let mut part = Part {
            done: commit.nummer - 1 + last,
            ..Part::default()
        };
        part.add(commit, from, to);
        parts.push(part);
        from = to;
    }
    parts
}

fn together(commits: &[CommitInfo]) -> Part {
    let mut part = Part::default();
    let mut lines = 0;
    for commit in commits {
        lines += commit.regels;
        if lines > LINES_PER_PART {
            break;
        }
        part.add(commit, 0, commit.regels);
        part.done = commit.nummer;
    }
    part
}

impl Part {
    fn add(&mut self, commit: &CommitInfo, from: u64, to: u64) {
        self.from.push(nr(commit.stage, from));
        self.to.push(nr(commit.stage, to));
        self.nummers.push(commit.nummer.cast_signed());
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

/// From which line of a commit on to look. Where no other commit holds anything about people or students it
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

async fn forget(connection: &mut PgConnection, part: &Part) -> Result<u64, StoreError> {
    let side = [Soort::Personen, Soort::Bpvo].map(|soort| i16::from(soort.number()));
    let mut tx = connection.begin_with(BEGIN).await?;
    let result = sqlx::query(FORGET)
        .bind(&part.from)
        .bind(&part.to)
        .bind(&part.nummers)
        .bind(side.as_slice())
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{domain::Tijdstip, log::StageId};

    fn commit(nummer: u64, regels: u64) -> CommitInfo {
        CommitInfo {
            nummer,
            tijdlijn: 1,
            tijdstip: Tijdstip::EPOCH,
            request_id: Uuid::nil(),
            hash: [0; 32],
            vorige_hash: [0; 32],
            regels,
            stage: StageId(nummer + 10),
        }
    }

    #[test]
    fn small_commits_go_together_and_a_large_one_in_parts_that_are_done_with_the_last() {
        let shape = |commits: &[CommitInfo], begin| -> Vec<(Vec<i64>, u64)> {
            let parts = parts(commits, begin).into_iter();
            parts.map(|part| (part.nummers, part.done)).collect()
        };
        let small = [commit(1, 1), commit(2, 4_000), commit(3, 200), commit(4, 1)];
        assert_eq!(shape(&small, 0), [(vec![1, 2], 2)]);
        assert_eq!(shape(&small[2..], 0), [(vec![3, 4], 4)]);
        assert_eq!(shape(&[commit(5, 0)], 0), [(vec![5], 5)]);
        let large = [commit(6, 10_000), commit(7, 1)];
        assert_eq!(shape(&large, 0), [(vec![6], 5), (vec![6], 5), (vec![6], 6)]);
        assert_eq!(shape(&large, 10_000 - LINES_PER_PART), [(vec![6], 6)]);
    }
}
