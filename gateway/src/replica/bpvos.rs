//! Which bpvo's there are at a leerbedrijf, side by side: counting its students is one look. And
//! which a school has, by their keys: paging through them is too.

use std::{ops::Bound, sync::Arc};

use imbl::{OrdMap, OrdSet};

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

/// Bpvo's by leerbedrijf and by school, those of each by their keys.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct BpvosAt {
    at: OrdMap<LeerbedrijfId, Arc<[Looptijd]>>,
    of_school: OrdMap<Oin, OrdSet<BpvoSleutel>>,
}

impl BpvosAt {
    /// Of all bpvo's, in any order.
    pub(super) fn of(mut all: Vec<(LeerbedrijfId, Looptijd)>) -> Self {
        let mut of_school: OrdMap<Oin, OrdSet<BpvoSleutel>> = OrdMap::new();
        for (_, looptijd) in &all {
            let keys = of_school.entry(looptijd.school_oin).or_default();
            keys.insert(looptijd.sleutel);
        }
        all.sort_unstable_by_key(|(id, looptijd)| (*id, looptijd.sleutel));
        let chunks = all.chunk_by(|(left, _), (right, _)| left == right);
        let of_one = |chunk: &[(LeerbedrijfId, Looptijd)]| {
            let all: Arc<[Looptijd]> = chunk.iter().map(|(_, looptijd)| *looptijd).collect();
            (chunk[0].0, all)
        };
        Self {
            at: chunks.map(of_one).collect(),
            of_school,
        }
    }

    pub(super) fn at(&self, id: LeerbedrijfId) -> &[Looptijd] {
        self.at.get(&id).map_or(&[], |found| &found[..])
    }

    /// Keys of the bpvo's of a school behind this one, or all of them, ascending.
    pub(super) fn of_school(
        &self,
        school_oin: Oin,
        behind: Option<BpvoSleutel>,
    ) -> impl Iterator<Item = &BpvoSleutel> {
        let from = behind.map_or(Bound::Unbounded, Bound::Excluded);
        let keys = self.of_school.get(&school_oin);
        keys.into_iter()
            .flat_map(move |keys| keys.range((from, Bound::Unbounded)))
    }

    pub(super) fn insert(&mut self, id: LeerbedrijfId, looptijd: Looptijd) {
        let mut all = self.at(id).to_vec();
        match all.binary_search_by_key(&looptijd.sleutel, |other| other.sleutel) {
            Ok(at) => all[at] = looptijd,
            Err(at) => all.insert(at, looptijd),
        }
        self.at.insert(id, all.into());
        let keys = self.of_school.entry(looptijd.school_oin).or_default();
        keys.insert(looptijd.sleutel);
    }

    pub(super) fn remove(&mut self, id: LeerbedrijfId, sleutel: &BpvoSleutel) {
        let mut all = self.at(id).to_vec();
        let Ok(at) = all.binary_search_by_key(sleutel, |other| other.sleutel) else {
            return;
        };
        self.forget(all.remove(at));
        match all.as_slice() {
            [] => drop(self.at.remove(&id)),
            _ => drop(self.at.insert(id, all.into())),
        }
    }

    fn forget(&mut self, looptijd: Looptijd) {
        let Some(keys) = self.of_school.get_mut(&looptijd.school_oin) else {
            return;
        };
        keys.remove(&looptijd.sleutel);
        if keys.is_empty() {
            self.of_school.remove(&looptijd.school_oin);
        }
    }
}
