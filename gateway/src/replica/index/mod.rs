//! Leerbedrijven by the postcodes of their addresses, of business and for letters, at home and
//! abroad, and by who took them over. By name and place the search index finds them.
//!
//! An entry is a 64-bit hash and an id, 16 bytes in an ordered set: some 10 MB for the whole
//! register. Two things with the same hash would only add a candidate, which who asked then finds
//! not to match.

use aws_lc_rs::digest;
use imbl::OrdSet;

use crate::domain::{Adres, Leerbedrijf, LeerbedrijfId, Postcode};

/// Version of the entries. A snapshot with another one has its index built anew.
pub(super) const INDEX_VERSION: u32 = 3;

/// From a hash to ids, ascending.
pub(super) type Entries = OrdSet<(u64, u32)>;

/// The indexes of one state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) entries: Entries,
}

impl Index {
    pub(super) fn insert(&mut self, leerbedrijf: &Leerbedrijf) {
        let id = leerbedrijf.kern.leerbedrijf_id.as_u32();
        for key in keys(leerbedrijf) {
            self.entries.insert((key, id));
        }
    }

    pub(super) fn remove(&mut self, leerbedrijf: &Leerbedrijf) {
        let id = leerbedrijf.kern.leerbedrijf_id.as_u32();
        for key in keys(leerbedrijf) {
            self.entries.remove(&(key, id));
        }
    }

    pub(super) fn by_postcode(&self, land: &str, postcode: &str) -> Vec<LeerbedrijfId> {
        postcode_key(land, postcode).map_or_else(Vec::new, |key| ids(&self.entries, key))
    }

    /// Those that may say that this one took them over.
    pub(super) fn by_opvolger(&self, opvolger: LeerbedrijfId) -> Vec<LeerbedrijfId> {
        ids(&self.entries, opvolger_key(opvolger))
    }
}

fn ids(entries: &Entries, key: u64) -> Vec<LeerbedrijfId> {
    entries
        .range((key, 0)..=(key, u32::MAX))
        .filter_map(|(_, id)| LeerbedrijfId::from_u32(*id))
        .collect()
}

fn keys(leerbedrijf: &Leerbedrijf) -> impl Iterator<Item = u64> + '_ {
    let gegevens = &leerbedrijf.gegevens;
    let opvolging = leerbedrijf.kern.opvolging;
    std::iter::once(&gegevens.vestigingsadres)
        .chain(&gegevens.correspondentieadres)
        .filter_map(adres_key)
        .chain(opvolging.map(|opvolging| opvolger_key(opvolging.opvolger)))
}

fn opvolger_key(opvolger: LeerbedrijfId) -> u64 {
    key(&[b"opvolger", &opvolger.as_u32().to_be_bytes()])
}

fn adres_key(adres: &Adres) -> Option<u64> {
    postcode_key(&adres.land, adres.postcode.as_deref()?)
}

/// Spaces, hyphens and case do not matter; the land does.
fn postcode_key(land: &str, postcode: &str) -> Option<u64> {
    let land = land.trim().to_uppercase();
    let normal = match Postcode::parse(postcode) {
        Ok(dutch) if land == "NL" => dutch.as_str().to_owned(),
        _ => postcode
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_uppercase)
            .collect(),
    };
    (!normal.is_empty()).then(|| key(&[b"postcode", land.as_bytes(), normal.as_bytes()]))
}

/// The same on every machine and in every version, since snapshots hold it.
fn key(parts: &[&[u8]]) -> u64 {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&[u8::try_from(part.len()).unwrap_or(u8::MAX)]);
        context.update(part);
    }
    let digest = context.finish();
    digest
        .as_ref()
        .iter()
        .take(8)
        .fold(0, |key, byte| key << 8 | u64::from(*byte))
}
