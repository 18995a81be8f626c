//! Writing a table anew, so that nothing of what was deleted is left in the file (design invariant 12).
//!
//! `secure_delete` overwrites a row where it stands. But SQLite moves rows from page to page as others come
//! and go, and leaves bytes of them behind in the part of a page that is free; those a later deletion does not
//! find. In a table that was written in one go, in order, there are none, and pages that are let go of as a
//! whole are overwritten.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sqlx::{AssertSqlSafe, SqliteConnection, SqlitePool};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, sleep, sleep_until},
};

use super::{StoreError, WRITE_RETRY};

/// A hundred times as long as it took passes before a table is written anew once more: other writes wait
/// for at most 1 % of the time, however large it is. A national one takes seconds, a small one none.
const REST: u32 = 100;

/// Whether a table has to be written anew, and from when on it may.
#[derive(Debug, Default)]
pub(crate) struct Rewriting {
    wanted: AtomicBool,
    not_before: Mutex<Option<Instant>>,
}

/// The table may be written anew now, by whoever has this.
pub(crate) struct Turn<'a> {
    not_before: MutexGuard<'a, Option<Instant>>,
    begin: Instant,
}

impl Rewriting {
    /// Something was deleted.
    pub(crate) fn want(&self) {
        self.wanted.store(true, Ordering::Release);
    }

    /// Waits for a turn; none when there is no reason for one any more.
    pub(crate) async fn turn(&self) -> Option<Turn<'_>> {
        let not_before = self.not_before.lock().await;
        if !self.wanted.load(Ordering::Acquire) {
            return None;
        }
        if let Some(at) = *not_before {
            sleep_until(at).await;
        }
        self.take(not_before)
    }

    /// A turn that can be had at once.
    pub(crate) fn try_turn(&self) -> Option<Turn<'_>> {
        let not_before = self.not_before.try_lock().ok()?;
        let rests = not_before.is_some_and(|at| Instant::now() < at);
        if rests || !self.wanted.load(Ordering::Acquire) {
            return None;
        }
        self.take(not_before)
    }

    fn take<'a>(&self, not_before: MutexGuard<'a, Option<Instant>>) -> Option<Turn<'a>> {
        self.wanted.store(false, Ordering::Release);
        Some(Turn {
            not_before,
            begin: Instant::now(),
        })
    }
}

impl Turn<'_> {
    /// It was written anew.
    pub(crate) fn done(mut self) {
        let now = Instant::now();
        let took: Duration = now - self.begin;
        *self.not_before = Some(now + took * REST);
    }
}

/// Writes a table and its indexes anew, row by row in the order of its key, by the text that made them.
pub(crate) async fn rewrite(
    connection: &mut SqliteConnection,
    table: &'static str,
) -> Result<(), StoreError> {
    let made: Vec<String> = sqlx::query_scalar(
        "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL
         ORDER BY type = 'table' DESC, name",
    )
    .bind(table)
    .fetch_all(&mut *connection)
    .await?;
    let [columns, indexes @ ..] = made.as_slice() else {
        return Ok(());
    };
    let columns = columns.find('(').map_or("", |at| &columns[at..]);
    let mut sql = format!(
        "CREATE TABLE {table}_nieuw {columns};
         INSERT INTO {table}_nieuw SELECT * FROM {table};
         DROP TABLE {table};
         ALTER TABLE {table}_nieuw RENAME TO {table};"
    );
    for index in indexes {
        sql.push_str(index);
        sql.push(';');
    }
    // The text is that of our own migrations.
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}

/// What was overwritten in the database may still stand in the write-ahead log. Readers pin it, but each
/// only for a moment; when they never let go, later writes overwrite it.
pub(crate) async fn empty_write_ahead_log(write: &SqlitePool) -> Result<(), StoreError> {
    const TRIES: u32 = 100;
    for _ in 0..TRIES {
        let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(write)
            .await?;
        if busy == 0 {
            break;
        }
        sleep(WRITE_RETRY).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_waits_its_turn_and_the_other_finds_it_done() {
        let rewriting = Rewriting::default();
        assert!(rewriting.turn().await.is_none());
        rewriting.want();
        let turn = rewriting.turn().await.unwrap();
        sleep(Duration::from_secs(2)).await;
        turn.done();

        rewriting.want();
        assert!(rewriting.try_turn().is_none(), "it rests");
        let before = Instant::now();
        let (one, other) = tokio::join!(
            async {
                let turn = rewriting.turn().await;
                turn.is_some_and(|turn| {
                    turn.done();
                    true
                })
            },
            async { rewriting.turn().await.is_some() }
        );
        assert_eq!((one, other), (true, false));
        assert_eq!(before.elapsed(), Duration::from_secs(200));
    }
}
