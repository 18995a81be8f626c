//! Which bpvo's there are at a leerbedrijf, side by side: counting its students is one look.

use std::sync::Arc;

use imbl::OrdMap;

use super::state::BpvoSleutel;
use crate::domain::{Bpvo, Datum, LeerbedrijfId, Oin};

/// When a bpvo runs, and of which school it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looptijd {
    sleutel: BpvoSleutel,
    /// Whose it is.
    pub school_oin: Oin,
    begin: Datum,
    eind: Datum,
}

impl Looptijd {
    pub(super) fn new(sleutel: BpvoSleutel, bpvo: &Bpvo) -> Self {
        Self {
            sleutel,
            school_oin: bpvo.school_oin,
            begin: bpvo.begindatum,
            eind: bpvo.einddatum_werkelijk.unwrap_or(bpvo.einddatum_gepland),
        }
    }

    pub(super) fn sleutel(&self) -> &BpvoSleutel {
        &self.sleutel
    }

    /// Whether the student is there on that day: both days of the bpvo are inclusive.
    #[must_use]
    pub fn runs_on(&self, dag: Datum) -> bool {
        self.begin <= dag && dag <= self.eind
    }
}

/// Bpvo's by leerbedrijf, those of each by their keys.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct BpvosAt(OrdMap<LeerbedrijfId, Arc<[Looptijd]>>);

impl BpvosAt {
    /// Of all bpvo's, in any order.
    pub(super) fn of(mut all: Vec<(LeerbedrijfId, Looptijd)>) -> Self {
        all.sort_unstable_by_key(|(id, looptijd)| (*id, looptijd.sleutel));
        let chunks = all.chunk_by(|(left, _), (right, _)| left == right);
        let of_one = |chunk: &[(LeerbedrijfId, Looptijd)]| {
            let all: Arc<[Looptijd]> = chunk.iter().map(|(_, looptijd)| *looptijd).collect();
            (chunk[0].0, all)
        };
        Self(chunks.map(of_one).collect())
    }

    pub(super) fn at(&self, id: LeerbedrijfId) -> &[Looptijd] {
        self.0.get(&id).map_or(&[], |found| &found[..])
    }

    pub(super) fn insert(&mut self, id: LeerbedrijfId, looptijd: Looptijd) {
        let mut all = self.at(id).to_vec();
        match all.binary_search_by_key(&looptijd.sleutel, |other| other.sleutel) {
            Ok(at) => all[at] = looptijd,
            Err(at) => all.insert(at, looptijd),
        }
        self.0.insert(id, all.into());
    }

    pub(super) fn remove(&mut self, id: LeerbedrijfId, sleutel: &BpvoSleutel) {
        let mut all = self.at(id).to_vec();
        all.retain(|looptijd| looptijd.sleutel != *sleutel);
        match all.as_slice() {
            [] => drop(self.0.remove(&id)),
            _ => drop(self.0.insert(id, all.into())),
        }
    }
}
