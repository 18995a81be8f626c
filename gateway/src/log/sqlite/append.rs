//! Making lines visible: one row in `commit_log`, which is why it is short.

use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::{
    SqliteStore, StoreError, lines,
    open::{NEXT_STAGE, TIJDLIJN},
    query,
};
use crate::{
    domain::Tijdstip,
    log::{
        CommitInfo, Line, StageId,
        hash::LinesDigest,
        rows::{MAX_STAGE, NewCommit, damaged},
    },
};

impl SqliteStore {
    /// Publishes lines; none when the log was to end at a commit and no longer does.
    pub(super) async fn append_lines(
        &self,
        request_id: Uuid,
        tijdstip: Tijdstip,
        new: &[Line],
        only_at: Option<u64>,
    ) -> Result<Option<CommitInfo>, StoreError> {
        let mut tx = self.begin().await?;
        if let Some(earlier) = query::commit_of_request(&mut tx, request_id).await? {
            return Ok(Some(earlier));
        }
        if let Some(nummer) = only_at
            && query::last(&mut tx).await?.0 != nummer
        {
            return Ok(None);
        }
        let stage = take_stage(&mut tx).await?;
        let mut digest = LinesDigest::new();
        lines::write(&mut tx, &self.keys, stage, 0, new, &mut digest).await?;
        let commit = NewCommit {
            stage,
            request_id,
            tijdstip,
            regels: new.len() as u64,
            digest: digest.finish(),
        };
        let info = write_commit(&mut tx, commit).await?;
        tx.commit().await?;
        Ok(Some(info))
    }
}

/// The number for a new stage; no stage ever gets one that was used before.
pub(super) async fn take_stage(tx: &mut SqliteConnection) -> Result<StageId, StoreError> {
    let stage = number(tx, NEXT_STAGE).await?;
    if stage > MAX_STAGE {
        return Err(damaged("stage numbers are used up"));
    }
    set_number(tx, NEXT_STAGE, stage + 1).await?;
    Ok(StageId(stage))
}

/// Adds the commit after the last one.
pub(super) async fn write_commit(
    tx: &mut SqliteConnection,
    new: NewCommit,
) -> Result<CommitInfo, StoreError> {
    let (last, vorige_hash) = query::last(tx).await?;
    let tijdlijn = number(tx, TIJDLIJN).await?;
    let tijdlijn = u32::try_from(tijdlijn).map_err(|_| damaged("tijdlijn out of range"))?;
    let info = new.seal(tijdlijn, last, vorige_hash);
    sqlx::query(
        "INSERT INTO commit_log (nummer, tijdlijn, stage, tijdstip_ms, request_id, regels,
            digest, vorige_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(info.nummer.cast_signed())
    .bind(i64::from(info.tijdlijn))
    .bind(info.stage.0.cast_signed())
    .bind(info.tijdstip.as_millis())
    .bind(info.request_id.as_bytes().as_slice())
    .bind(info.regels.cast_signed())
    .bind(new.digest.as_slice())
    .bind(info.vorige_hash.as_slice())
    .bind(info.hash.as_slice())
    .execute(tx)
    .await?;
    Ok(info)
}

/// A setting that is a number.
pub(super) async fn number(
    tx: &mut SqliteConnection,
    name: &'static str,
) -> Result<u64, StoreError> {
    let row = sqlx::query("SELECT waarde FROM meta WHERE sleutel = ?")
        .bind(name)
        .fetch_optional(tx)
        .await?
        .ok_or_else(|| damaged(format!("setting {name} is missing")))?;
    let value: i64 = row.try_get(0)?;
    u64::try_from(value).map_err(|_| damaged(format!("setting {name} is negative")))
}

pub(super) async fn set_number(
    tx: &mut SqliteConnection,
    name: &'static str,
    value: u64,
) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO meta (sleutel, waarde) VALUES (?, ?)")
        .bind(name)
        .bind(value.cast_signed())
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn set_setting(
    tx: &mut SqliteConnection,
    name: &'static str,
    value: &[u8],
) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO meta (sleutel, waarde) VALUES (?, ?)")
        .bind(name)
        .bind(value)
        .execute(tx)
        .await?;
    Ok(())
}
