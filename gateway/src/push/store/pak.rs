//! Records of attempts, as many in one row as were recorded together.

use serde::{Deserialize, Serialize};

use super::{
    Poging, PogingRecord,
    rows::{decode, encode, to_tijdstip},
};
use crate::{domain::Tijdstip, log::StoreError};

/// A record in its row.
#[derive(Serialize, Deserialize)]
struct Regel {
    volgnummer: u64,
    tijdstip_ms: i64,
    http_status: Option<u16>,
    duur_ms: u32,
    antwoord_sha256: Option<[u8; 32]>,
    uitkomst: String,
}

/// The row of several records of one subscription.
pub(super) struct Pak {
    /// The least number.
    pub(super) eerste: i64,
    /// The largest.
    pub(super) laatste: i64,
    /// When the last attempt ended.
    pub(super) tijdstip: Tijdstip,
    /// What that one came to.
    pub(super) uitkomst: String,
    /// All of them.
    pub(super) inhoud: Vec<u8>,
}

/// Puts records together; none when there are none.
pub(super) fn pack(records: &[PogingRecord]) -> Result<Option<Pak>, StoreError> {
    let Some(last) = records.iter().max_by_key(|record| record.poging.tijdstip) else {
        return Ok(None);
    };
    let numbers = || records.iter().map(|record| record.volgnummer.cast_signed());
    let regels: Vec<Regel> = records
        .iter()
        .map(|PogingRecord { volgnummer, poging }| Regel {
            volgnummer: *volgnummer,
            tijdstip_ms: poging.tijdstip.as_millis(),
            http_status: poging.http_status,
            duur_ms: poging.duur_ms,
            antwoord_sha256: poging.antwoord_sha256,
            uitkomst: poging.uitkomst.clone(),
        })
        .collect();
    Ok(Some(Pak {
        eerste: numbers().min().unwrap_or_default(),
        laatste: numbers().max().unwrap_or_default(),
        tijdstip: last.poging.tijdstip,
        uitkomst: last.poging.uitkomst.clone(),
        inhoud: encode(&regels)?,
    }))
}

/// Takes the records of one number, or all, out of a row.
pub(super) fn unpack(
    row: &[u8],
    volgnummer: Option<u64>,
    into: &mut Vec<PogingRecord>,
) -> Result<(), StoreError> {
    let regels: Vec<Regel> = decode(row, "records of attempts cannot be read")?;
    for regel in regels {
        if volgnummer.is_some_and(|only| only != regel.volgnummer) {
            continue;
        }
        into.push(PogingRecord {
            volgnummer: regel.volgnummer,
            poging: Poging {
                tijdstip: to_tijdstip(regel.tijdstip_ms)?,
                http_status: regel.http_status,
                duur_ms: regel.duur_ms,
                antwoord_sha256: regel.antwoord_sha256,
                uitkomst: regel.uitkomst,
            },
        });
    }
    Ok(())
}

/// The newest first, at most so many.
pub(super) fn newest(mut all: Vec<PogingRecord>, limit: u32) -> Vec<PogingRecord> {
    all.sort_by_key(|record| std::cmp::Reverse(record.poging.tijdstip));
    all.truncate(limit.try_into().unwrap_or(usize::MAX));
    all
}
