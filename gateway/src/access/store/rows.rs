//! What both engines keep alike of the toegang stream.

use aws_lc_rs::digest;

use super::{Version, VersionHead};
use crate::{domain::Tijdstip, log::StoreError};

/// A version as the engines give it.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    versie: i64,
    tijdstip_ms: i64,
    sha256: Vec<u8>,
    document: String,
}

impl TryFrom<Row> for Version {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let damaged = |what| damaged(row.versie, what);
        let sha256 = sha256(&row.document);
        if row.sha256 != sha256 {
            return Err(damaged("its document is not the one that was put in force"));
        }
        Ok(Self {
            versie: u64::try_from(row.versie).map_err(|_| damaged("its number is negative"))?,
            tijdstip: Tijdstip::from_millis(row.tijdstip_ms)
                .ok_or_else(|| damaged("its moment is out of range"))?,
            sha256,
            document: row.document,
        })
    }
}

/// A version without its content.
pub(super) fn head_of(versie: i64, sha256: Vec<u8>) -> Result<VersionHead, StoreError> {
    Ok(VersionHead {
        versie: u64::try_from(versie).map_err(|_| damaged(versie, "its number is negative"))?,
        sha256: sha256
            .try_into()
            .map_err(|_| damaged(versie, "its hash has another length"))?,
    })
}

fn damaged(versie: i64, what: &str) -> StoreError {
    StoreError::Damaged(format!("version {versie} of toegang: {what}"))
}

pub(super) fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    hash
}
