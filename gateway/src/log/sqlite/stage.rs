//! Staging an import: lines that nobody sees until their commit is written.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};

use sqlx::SqlitePool;

use super::{LINES_PER_TRANSACTION, SqliteStore, StoreError, append, lines, open, query};
use crate::log::{
    CommitInfo, Line, Publication, StageId,
    hash::LinesDigest,
    rows::{MAX_LINES, NewCommit, nr},
};

/// An import leaves the file alone for so long between two transactions; the writes of another
/// process, which try every [`super::WRITE_RETRY`], get their turn in it.
const PAUSE: Duration = Duration::from_millis(5);

/// The stage that this process has open.
pub(super) struct OpenStage {
    id: StageId,
    lines: u64,
    digest: LinesDigest,
    /// A write was cut short: what stands in the file is no longer known. It can be discarded.
    broken: bool,
    /// Its own connection, which ends with it.
    write: SqlitePool,
    /// The claim over all processes; the system lets go of it when the process ends.
    _claim: File,
}

impl std::fmt::Debug for OpenStage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenStage({})", self.id.0)
    }
}

impl SqliteStore {
    pub(super) async fn stage_open(&self) -> Result<StageId, StoreError> {
        let mut open = self.open_stage.lock().await;
        if open.is_some() {
            return Err(StoreError::StageBusy);
        }
        let claim = claim(&self.path)?;
        self.discard_left_behind().await?;
        let write = open::stage_pool(&self.path).await?;
        let mut tx = self.begin().await?;
        let id = append::take_stage(&mut tx).await?;
        sqlx::query("INSERT INTO open_stage (stage) VALUES (?)")
            .bind(id.0.cast_signed())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        *open = Some(OpenStage {
            id,
            lines: 0,
            digest: LinesDigest::new(),
            broken: false,
            write,
            _claim: claim,
        });
        Ok(id)
    }

    pub(super) async fn stage_lines(&self, id: StageId, new: &[Line]) -> Result<(), StoreError> {
        let mut open = self.open_stage.lock().await;
        let stage = usable(&mut open, id)?;
        if stage.lines + new.len() as u64 > MAX_LINES {
            return Err(StoreError::InvalidLine("its stage is full"));
        }
        // Also when this future is dropped halfway.
        stage.broken = true;
        for chunk in new.chunks(LINES_PER_TRANSACTION) {
            // An import that compares meanwhile asks for the next ones at once.
            if stage.lines > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let mut tx = super::begin(&stage.write).await?;
            lines::write(
                &mut tx,
                &self.keys,
                id,
                stage.lines,
                chunk,
                &mut stage.digest,
            )
            .await?;
            tx.commit().await?;
            stage.lines += chunk.len() as u64;
        }
        stage.broken = false;
        Ok(())
    }

    pub(super) async fn stage_publish(
        &self,
        publication: Publication,
    ) -> Result<CommitInfo, StoreError> {
        let mut open = self.open_stage.lock().await;
        let mut tx = self.begin().await?;
        if let Some(earlier) = query::commit_of_request(&mut tx, publication.request_id).await? {
            drop(tx);
            self.drop_repeated(&mut open, publication.stage, &earlier)
                .await?;
            return Ok(earlier);
        }
        let stage = usable(&mut open, publication.stage)?;
        let (nummer, _) = query::last(&mut tx).await?;
        if publication.only_at.is_some_and(|only_at| only_at != nummer) {
            return Err(StoreError::Overtaken { nummer });
        }
        let commit = NewCommit {
            stage: stage.id,
            request_id: publication.request_id,
            tijdstip: publication.tijdstip,
            regels: stage.lines,
            digest: stage.digest.clone().finish(),
        };
        let info = append::write_commit(&mut tx, commit).await?;
        forget_open(&mut tx, stage.id).await?;
        tx.commit().await?;
        *open = None;
        Ok(info)
    }

    pub(super) async fn stage_discard(&self, id: StageId) -> Result<(), StoreError> {
        let mut open = self.open_stage.lock().await;
        // Taken out first, so that the claim ends even if this fails: the next import cleans up.
        let _stage = open
            .take_if(|stage| stage.id == id)
            .ok_or(StoreError::StageNotOpen(id))?;
        self.delete_stage(id).await
    }

    /// The wish was fulfilled before, perhaps by this very stage and the answer got lost.
    async fn drop_repeated(
        &self,
        open: &mut Option<OpenStage>,
        id: StageId,
        earlier: &CommitInfo,
    ) -> Result<(), StoreError> {
        let Some(_stage) = open.take_if(|stage| stage.id == id) else {
            return Ok(());
        };
        if earlier.stage == id {
            return Ok(());
        }
        self.delete_stage(id).await
    }

    /// Whoever holds the claim knows that every stage still open is of an import that died.
    async fn discard_left_behind(&self) -> Result<(), StoreError> {
        let left: Vec<i64> = sqlx::query_scalar("SELECT stage FROM open_stage")
            .fetch_all(&self.read)
            .await?;
        for stage in left {
            self.delete_stage(StageId(stage.cast_unsigned())).await?;
        }
        Ok(())
    }

    async fn delete_stage(&self, id: StageId) -> Result<(), StoreError> {
        loop {
            let mut tx = self.begin().await?;
            let deleted = delete_some(&mut tx, id).await?;
            if deleted == 0 {
                forget_open(&mut tx, id).await?;
                tx.commit().await?;
                return Ok(());
            }
            tx.commit().await?;
            // Of people and bpvo's that nobody ever saw; the next forgetting takes the traces along.
            self.rewriting.want();
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Lets one import at a time write to the file at this path, over all processes.
pub(super) fn claim(path: &Path) -> Result<File, StoreError> {
    let path = open::with_suffix(path, ".import-lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|source| open::file_error(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::StageBusy),
        Err(TryLockError::Error(source)) => Err(open::file_error(&path, source)),
    }
}

fn usable(open: &mut Option<OpenStage>, id: StageId) -> Result<&mut OpenStage, StoreError> {
    open.as_mut()
        .filter(|stage| stage.id == id && !stage.broken)
        .ok_or(StoreError::StageNotOpen(id))
}

async fn forget_open(tx: &mut sqlx::SqliteConnection, id: StageId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM open_stage WHERE stage = ?")
        .bind(id.0.cast_signed())
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes lines of a stage that was not published, and their side content.
async fn delete_some(tx: &mut sqlx::SqliteConnection, id: StageId) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for sql in [
        "DELETE FROM zij WHERE nr IN
           (SELECT nr FROM zij WHERE nr >= ? AND nr < ? ORDER BY nr LIMIT ?)",
        "DELETE FROM regel WHERE nr IN
           (SELECT nr FROM regel WHERE nr >= ? AND nr < ? ORDER BY nr LIMIT ?)",
    ] {
        let result = sqlx::query(sql)
            .bind(nr(id, 0))
            .bind(nr(StageId(id.0 + 1), 0))
            .bind(LINES_PER_TRANSACTION as i64)
            .execute(&mut *tx)
            .await?;
        deleted += result.rows_affected();
    }
    Ok(deleted)
}
