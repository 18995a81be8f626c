//! Rows of both engines, and what they mean.

use sqlx::FromRow;

use super::{Blokrij, Daad, Journaalstand, pseudonymen};
use crate::{
    audit::{
        Gebruik, Hash, Partij, Pseudonym,
        lezer::{GelezenBlok, Positie},
    },
    domain::{Datum, Oin, Tijdstip},
    log::StoreError,
};

/// Columns of `verwerking_journaal`, as [`JournaalRow`] reads them.
#[derive(Debug, FromRow)]
pub(super) struct JournaalRow {
    nr: i64,
    journaal: Vec<u8>,
    tak: i64,
    knoop: String,
    afwijking: Option<String>,
    erkend_ms: Option<i64>,
    blok: i64,
    hash: Vec<u8>,
    segment: i64,
    positie: i64,
    bijgewerkt_ms: i64,
    basis_blok: i64,
    basis_hash: Vec<u8>,
}

impl JournaalRow {
    pub(super) fn read(self) -> Result<Journaalstand, StoreError> {
        Ok(Journaalstand {
            nr: self.nr,
            journaal: sized(&self.journaal)?,
            tak: u32::try_from(self.tak).map_err(|_| damaged("tak"))?,
            knoop: self.knoop,
            afwijking: self.afwijking,
            erkend_op: self.erkend_ms.map(moment).transpose()?,
            na: Positie {
                segment: self.segment.cast_unsigned(),
                offset: self.positie.cast_unsigned(),
                blok: self.blok.cast_unsigned(),
                hash: sized(&self.hash)?,
            },
            bijgewerkt_op: moment(self.bijgewerkt_ms)?,
            basis: (self.basis_blok.cast_unsigned(), sized(&self.basis_hash)?),
        })
    }
}

/// A row of `verwerking_blok`.
#[derive(Debug, FromRow)]
pub(super) struct BlokRow {
    journaal: i64,
    blok: i64,
    tijdstip_ms: i64,
    kop: Option<Vec<u8>>,
    inhoud: Vec<u8>,
    hash: Vec<u8>,
}

impl BlokRow {
    pub(super) fn read(self) -> Result<Blokrij, StoreError> {
        Ok(Blokrij {
            journaal: self.journaal,
            blok: self.blok.cast_unsigned(),
            tijdstip: moment(self.tijdstip_ms)?,
            kop: self.kop,
            inhoud: self.inhoud,
            hash: sized(&self.hash)?,
        })
    }
}

/// A row of `verwerking_daad`.
#[derive(Debug, FromRow)]
pub(super) struct DaadRow {
    id: Vec<u8>,
    tijdstip_ms: i64,
    wie: String,
    daad: String,
    toelichting: String,
}

impl DaadRow {
    pub(super) fn read(self) -> Result<Daad, StoreError> {
        Ok(Daad {
            id: sized(&self.id)?,
            tijdstip: moment(self.tijdstip_ms)?,
            wie: self.wie,
            daad: self.daad,
            toelichting: self.toelichting,
        })
    }
}

/// The columns of some blocks, and in which of them somebody stands.
#[derive(Debug, Default)]
pub(super) struct Kolommen {
    pub(super) blok: Vec<i64>,
    pub(super) tijdstip_ms: Vec<i64>,
    pub(super) kop: Vec<Option<Vec<u8>>>,
    pub(super) inhoud: Vec<Vec<u8>>,
    pub(super) hash: Vec<Vec<u8>>,
    /// Pseudonyms, and the block of each at the same place.
    pub(super) wie: (Vec<Vec<u8>>, Vec<i64>),
}

impl Kolommen {
    pub(super) fn of(blokken: &[GelezenBlok], now: Tijdstip) -> Self {
        let mut kolommen = Self::default();
        for blok in blokken {
            let nummer = blok.na.blok.cast_signed();
            let last = blok.verwerkingen.iter().map(|one| one.eind).max();
            kolommen.blok.push(nummer);
            kolommen.tijdstip_ms.push(last.unwrap_or(now).as_millis());
            kolommen.kop.push(blok.kop.clone());
            kolommen.inhoud.push(blok.inhoud.clone());
            kolommen.hash.push(blok.na.hash.to_vec());
            kolommen.add(pseudonymen(&blok.verwerkingen), nummer);
        }
        kolommen
    }

    /// Who stands in stored blocks.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub(super) fn wie_of(blokken: &[Blokrij]) -> Result<Self, StoreError> {
        let mut kolommen = Self::default();
        for blok in blokken {
            let wie = blok.pseudonymen().map_err(|_| damaged("inhoud"))?;
            kolommen.add(wie, blok.blok.cast_signed());
        }
        Ok(kolommen)
    }

    fn add(&mut self, wie: impl IntoIterator<Item = Pseudonym>, blok: i64) {
        for Pseudonym(bytes) in wie {
            self.wie.0.push(bytes.to_vec());
            self.wie.1.push(blok);
        }
    }
}

/// A row of `gebruik`.
#[derive(Debug, FromRow)]
pub(super) struct GebruikRow {
    afnemer: String,
    school: String,
    dag: i64,
    operatie: String,
    uitkomst: String,
    aantal: i64,
}

impl GebruikRow {
    pub(super) fn read(self) -> Result<Gebruik, StoreError> {
        let oin = |text: &str| Oin::parse(text).map_err(|_| damaged("oin"));
        let school_oin = Some(&self.school).filter(|text| !text.is_empty());
        Ok(Gebruik {
            dag: day(self.dag)?,
            partij: Partij {
                afnemer_oin: oin(&self.afnemer)?,
                school_oin: school_oin.map(|text| oin(text)).transpose()?,
            },
            operatie: self.operatie,
            uitkomst: self.uitkomst,
            aantal: self.aantal.cast_unsigned(),
        })
    }
}

/// As the column has it; empty for none.
pub(super) fn school(oin: Option<Oin>) -> String {
    oin.map_or_else(String::new, |oin| oin.as_str().to_owned())
}

fn day(days: i64) -> Result<Datum, StoreError> {
    let epoch = Datum::parse("1970-01-01").map_err(|_| damaged("dag"))?;
    let days = i32::try_from(days).map_err(|_| damaged("dag"))?;
    Ok(epoch.plus_days(days))
}

pub(super) fn hash_of(row: &(i64, Vec<u8>)) -> Result<(u64, Hash), StoreError> {
    Ok((row.0.cast_unsigned(), sized(&row.1)?))
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| damaged("length"))
}

fn moment(ms: i64) -> Result<Tijdstip, StoreError> {
    Tijdstip::from_millis(ms).ok_or_else(|| damaged("tijdstip"))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("the shipped record of processing: {what}"))
}
