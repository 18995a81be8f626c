//! Staging an import: lines that nobody sees until their commit is written. It goes by its own
//! connection and takes no lock that another write waits for.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::{
    PostgresStore, copy,
    hosts::{Role, within},
    publish::{Staged, Wish},
};
use crate::log::{
    CommitInfo, Line, Publication, StageId, StoreError,
    hash::LinesDigest,
    rows::{self, MAX_LINES, MAX_STAGE, damaged, nr},
};

/// Lines in one COPY.
const LINES_PER_PART: usize = 4_096;

/// How long one part may take.
const PART_PATIENCE: Duration = Duration::from_secs(60);

/// How often and how long the claim is tried: the server may notice only a moment later that the
/// program that had it is gone.
const CLAIM_TRIES: u32 = 20;
const CLAIM_RETRY: Duration = Duration::from_millis(25);

/// Keys of session locks: the one claim to import, and one lock for each stage that is open.
const CLAIM: i64 = 1_398_030_670;
const STAGE_CLASS: i32 = 1_398_030_671;

/// The stage that this store has open.
pub(super) struct OpenStage {
    id: StageId,
    lines: u64,
    digest: LinesDigest,
    /// A write was cut short: what stands in the database is no longer known. It can be discarded.
    broken: bool,
    /// Holds the claim and the lock of this stage; the server lets go of them when it ends.
    connection: PgConnection,
}

impl std::fmt::Debug for OpenStage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenStage({})", self.id.0)
    }
}

impl PostgresStore {
    pub(super) async fn stage_open(&self) -> Result<StageId, StoreError> {
        let mut open = self.open_stage.lock().await;
        if open.is_some() {
            return Err(StoreError::StageBusy);
        }
        let mut connection = self.hosts.connect(Role::Primary).await?.connection;
        claim(&mut connection).await?;
        discard_left_behind(&mut connection).await?;
        let id = within(PART_PATIENCE, begin(&mut connection)).await?;
        *open = Some(OpenStage {
            id,
            lines: 0,
            digest: LinesDigest::new(),
            broken: false,
            connection,
        });
        Ok(id)
    }

    pub(super) async fn stage_lines(&self, id: StageId, new: &[Line]) -> Result<(), StoreError> {
        let mut open = self.open_stage.lock().await;
        let stage = usable(&mut open, id).ok_or(StoreError::StageNotOpen(id))?;
        if stage.lines + new.len() as u64 > MAX_LINES {
            return Err(StoreError::InvalidLine("its stage is full"));
        }
        // Also when this future is dropped halfway.
        stage.broken = true;
        for part in new.chunks(LINES_PER_PART) {
            let rows = rows::prepare(&self.keys, id, stage.lines, part, &mut stage.digest)?;
            let writing = write_part(&mut stage.connection, &rows);
            within(PART_PATIENCE, writing).await?;
            stage.lines += part.len() as u64;
        }
        stage.broken = false;
        Ok(())
    }

    pub(super) async fn stage_publish(
        &self,
        publication: Publication,
    ) -> Result<CommitInfo, StoreError> {
        let mut open = self.open_stage.lock().await;
        let staged = usable(&mut open, publication.stage).map(|stage| Staged {
            regels: stage.lines,
            digest: stage.digest.clone().finish(),
        });
        let wish = Wish::Publish {
            publication,
            staged,
        };
        let info = self.writer.fulfil(wish).await?;
        let Some(mut stage) = open.take_if(|stage| stage.id == publication.stage) else {
            return Ok(info);
        };
        if info.stage != stage.id {
            // The wish was fulfilled before, by another stage.
            delete_stage(&mut stage.connection, stage.id).await?;
        }
        release(stage).await;
        Ok(info)
    }

    pub(super) async fn stage_discard(&self, id: StageId) -> Result<(), StoreError> {
        let mut open = self.open_stage.lock().await;
        // Taken out first, so that the claim ends even if this fails: the next import cleans up.
        let mut stage = open
            .take_if(|stage| stage.id == id)
            .ok_or(StoreError::StageNotOpen(id))?;
        if stage.broken {
            // Its connection may be in the middle of something.
            stage.connection = self.hosts.connect(Role::Primary).await?.connection;
        }
        delete_stage(&mut stage.connection, id).await?;
        release(stage).await;
        Ok(())
    }
}

fn usable(open: &mut Option<OpenStage>, id: StageId) -> Option<&mut OpenStage> {
    open.as_mut()
        .filter(|stage| stage.id == id && !stage.broken)
}

/// Takes the claim to import, which ends with the connection.
pub(super) async fn claim(connection: &mut PgConnection) -> Result<(), StoreError> {
    for _ in 0..CLAIM_TRIES {
        let asking = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(CLAIM)
            .fetch_one(&mut *connection);
        let taken: bool = within(PART_PATIENCE, async { Ok(asking.await?) }).await?;
        if taken {
            return Ok(());
        }
        tokio::time::sleep(CLAIM_RETRY).await;
    }
    Err(StoreError::StageBusy)
}

async fn begin(connection: &mut PgConnection) -> Result<StageId, StoreError> {
    // Staged lines need not be on the disk when their transaction ends: the commit that publishes
    // them puts the whole write-ahead log there, and checks that the server lived all the while.
    sqlx::raw_sql("SET synchronous_commit = off")
        .execute(&mut *connection)
        .await?;
    let stage: i64 = sqlx::query_scalar("SELECT nextval('stage_nummer')")
        .fetch_one(&mut *connection)
        .await?;
    let id = u64::try_from(stage)
        .ok()
        .filter(|stage| *stage <= MAX_STAGE)
        .map(StageId)
        .ok_or_else(|| damaged("stage numbers are used up"))?;
    sqlx::query("SELECT pg_advisory_lock($1, $2)")
        .bind(STAGE_CLASS)
        .bind(i32::try_from(stage).unwrap_or(i32::MAX))
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO open_stage (stage) VALUES ($1)")
        .bind(stage)
        .execute(connection)
        .await?;
    Ok(id)
}

async fn write_part(
    connection: &mut PgConnection,
    rows: &[rows::Row<'_>],
) -> Result<(), StoreError> {
    let mut tx = connection.begin().await?;
    copy::write(&mut tx, rows).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a stage out of the list, in the transaction that publishes it. False when somebody is
/// discarding it, or when the session that staged it is gone: then the server may have lost lines
/// of it that were not on the disk.
pub(super) async fn close_for_publication(
    tx: &mut PgConnection,
    id: StageId,
) -> Result<bool, StoreError> {
    let locked =
        sqlx::query("SELECT stage FROM open_stage WHERE stage = $1 AND NOT weg FOR UPDATE")
            .bind(id.0.cast_signed())
            .fetch_optional(&mut *tx)
            .await?;
    if locked.is_none() || !is_held(tx, id).await? {
        return Ok(false);
    }
    sqlx::query("DELETE FROM open_stage WHERE stage = $1")
        .bind(id.0.cast_signed())
        .execute(tx)
        .await?;
    Ok(true)
}

/// Whether the session that staged it lives, on this server.
async fn is_held(tx: &mut PgConnection, id: StageId) -> Result<bool, StoreError> {
    let is_held = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND classid::int8 = $1 AND objid::int8 = $2 AND objsubid = 2)",
    )
    .bind(i64::from(STAGE_CLASS))
    .bind(id.0.cast_signed())
    .fetch_one(tx)
    .await?;
    Ok(is_held)
}

/// Lets go of the claim now, and not only when the server notices that the connection ended.
async fn release(mut stage: OpenStage) {
    let unlocked = sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut stage.connection);
    let unlocking = async { Ok(unlocked.await?) };
    if within(PART_PATIENCE, unlocking).await.is_ok() {
        // Only tidier than dropping it.
        drop(stage.connection.close().await);
    }
}

/// Whoever holds the claim knows that every stage still open is of an import that died.
async fn discard_left_behind(connection: &mut PgConnection) -> Result<(), StoreError> {
    let asking = sqlx::query_scalar("SELECT stage FROM open_stage").fetch_all(&mut *connection);
    let left: Vec<i64> = within(PART_PATIENCE, async { Ok(asking.await?) }).await?;
    for stage in left {
        delete_stage(connection, StageId(stage.cast_unsigned())).await?;
    }
    Ok(())
}

/// Deletes a stage that was not published, part by part.
async fn delete_stage(connection: &mut PgConnection, id: StageId) -> Result<(), StoreError> {
    // Waits for a transaction that is publishing it, and keeps a later one from doing so.
    let marking = sqlx::query("UPDATE open_stage SET weg = true WHERE stage = $1")
        .bind(id.0.cast_signed())
        .execute(&mut *connection);
    let marked = within(PART_PATIENCE, async { Ok(marking.await?) }).await?;
    if marked.rows_affected() == 0 {
        return Ok(());
    }
    while within(PART_PATIENCE, delete_some(connection, id)).await? > 0 {}
    let removing = sqlx::query("DELETE FROM open_stage WHERE stage = $1")
        .bind(id.0.cast_signed())
        .execute(connection);
    within(PART_PATIENCE, async { Ok(removing.await?) }).await?;
    Ok(())
}

async fn delete_some(connection: &mut PgConnection, id: StageId) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for sql in [
        "DELETE FROM zij WHERE nr IN
           (SELECT nr FROM zij WHERE nr >= $1 AND nr < $2 ORDER BY nr LIMIT $3)",
        "DELETE FROM regel WHERE nr IN
           (SELECT nr FROM regel WHERE nr >= $1 AND nr < $2 ORDER BY nr LIMIT $3)",
    ] {
        let result = sqlx::query(sql)
            .bind(nr(id, 0))
            .bind(nr(StageId(id.0 + 1), 0))
            .bind(LINES_PER_PART as i64)
            .execute(&mut *connection)
            .await?;
        deleted += result.rows_affected();
    }
    Ok(deleted)
}
