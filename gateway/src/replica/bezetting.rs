//! Who trains and who is trained at a leerbedrijf, side by side: telling how many is one look. And
//! which bpvo's a school has, by their keys: paging through them is too.

use std::{ops::Bound, sync::Arc};

use imbl::{OrdMap, OrdSet};

use super::state::BpvoSleutel;
use crate::domain::{Bpvo, Code, Datum, LeerbedrijfId, Oin, Tijdstip};

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
            eind: bpvo.einddatum(),
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

/// Bpvo's and trainers of one leerbedrijf; no names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bezetting {
    /// By their keys.
    looptijden: Arc<[Looptijd]>,
    /// Ascending.
    opleiders: Arc<[(Code, u32)]>,
}

impl Bezetting {
    /// When each bpvo runs, of every school (privacy class 3).
    #[must_use]
    pub fn looptijden(&self) -> &[Looptijd] {
        &self.looptijden
    }

    /// How many praktijkopleiders there are for this code.
    #[must_use]
    pub fn opleiders(&self, code: Code) -> u32 {
        let at = self.opleiders.binary_search_by_key(&code, |(of, _)| *of);
        at.map_or(0, |at| self.opleiders[at].1)
    }

    fn is_empty(&self) -> bool {
        self.looptijden.is_empty() && self.opleiders.is_empty()
    }
}

/// Changed leerbedrijven of which account is kept one by one.
const MOST_CHANGED: usize = 4_096;

/// Those of all leerbedrijven where there is anybody, and the bpvo's of each school.
#[derive(Debug, Clone, Default)]
pub(super) struct Bezettingen {
    at: OrdMap<LeerbedrijfId, Bezetting>,
    of_school: OrdMap<Oin, OrdSet<BpvoSleutel>>,
    /// How often anything changed here.
    changes: u64,
    /// The last change of each leerbedrijf since the present `grond`.
    changed: OrdMap<LeerbedrijfId, u64>,
    /// Another one each time that account begins anew.
    grond: Arc<()>,
}

/// What matters is what is there, and not how it came there.
impl PartialEq for Bezettingen {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at && self.of_school == other.of_school
    }
}

impl Bezettingen {
    /// Of all bpvo's, in any order, and all blobs of [`crate::domain::Personen`].
    pub(super) fn of<'a>(
        mut looptijden: Vec<(LeerbedrijfId, Looptijd)>,
        personen: impl Iterator<Item = (LeerbedrijfId, &'a [u8])>,
    ) -> Self {
        let mut all = Self::default();
        for (_, looptijd) in &looptijden {
            all.note(*looptijd);
        }
        looptijden.sort_unstable_by_key(|(id, looptijd)| (*id, looptijd.sleutel));
        for chunk in looptijden.chunk_by(|(left, _), (right, _)| left == right) {
            let looptijden = chunk.iter().map(|(_, looptijd)| *looptijd).collect();
            all.change(chunk[0].0, |bezetting| bezetting.looptijden = looptijden);
        }
        for (id, blob) in personen {
            all.set_personen(id, Some(blob));
        }
        all.begin_account();
        all
    }

    /// As long as both are the same for a leerbedrijf, so is what is here of it.
    pub(super) fn stand(&self, id: LeerbedrijfId) -> (&Arc<()>, u64) {
        let last = match self.changed.is_empty() {
            true => None,
            false => self.changed.get(&id),
        };
        (&self.grond, last.copied().unwrap_or(0))
    }

    fn begin_account(&mut self) {
        self.changed = OrdMap::new();
        self.grond = Arc::default();
    }

    pub(super) fn at(&self, id: LeerbedrijfId) -> Option<&Bezetting> {
        self.at.get(&id)
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

    /// Keys of the bpvo's whose last day, as it is answered, lies before this one.
    pub(super) fn ended_before(&self, dag: Datum) -> impl Iterator<Item = BpvoSleutel> {
        let all = self.at.values().flat_map(Bezetting::looptijden);
        all.filter(move |looptijd| looptijd.eind < dag)
            .map(|looptijd| looptijd.sleutel)
    }

    pub(super) fn set_personen(&mut self, id: LeerbedrijfId, blob: Option<&[u8]>) {
        let opleiders = blob.map(count_opleiders).unwrap_or_default();
        self.change(id, |bezetting| bezetting.opleiders = opleiders);
    }

    pub(super) fn insert_bpvo(&mut self, id: LeerbedrijfId, looptijd: Looptijd) {
        self.change(id, |bezetting| {
            let mut all = bezetting.looptijden.to_vec();
            match all.binary_search_by_key(&looptijd.sleutel, |other| other.sleutel) {
                Ok(at) => all[at] = looptijd,
                Err(at) => all.insert(at, looptijd),
            }
            bezetting.looptijden = all.into();
        });
        self.note(looptijd);
    }

    pub(super) fn remove_bpvo(&mut self, id: LeerbedrijfId, sleutel: &BpvoSleutel) {
        let there = self.at(id).map_or(&[][..], Bezetting::looptijden);
        let Ok(at) = there.binary_search_by_key(sleutel, |other| other.sleutel) else {
            return;
        };
        self.forget(there[at]);
        self.change(id, |bezetting| {
            let left = bezetting
                .looptijden
                .iter()
                .filter(|l| l.sleutel != *sleutel);
            bezetting.looptijden = left.copied().collect();
        });
    }

    fn note(&mut self, looptijd: Looptijd) {
        let keys = self.of_school.entry(looptijd.school_oin).or_default();
        keys.insert(looptijd.sleutel);
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

    fn change(&mut self, id: LeerbedrijfId, change: impl FnOnce(&mut Bezetting)) {
        let mut bezetting = self.at.get(&id).cloned().unwrap_or_default();
        change(&mut bezetting);
        if bezetting.is_empty() {
            self.at.remove(&id);
        } else {
            self.at.insert(id, bezetting);
        }
        if self.changed.len() >= MOST_CHANGED {
            self.begin_account();
        }
        self.changes += 1;
        self.changed.insert(id, self.changes);
    }
}

/// A [`crate::domain::Praktijkopleider`] of whom nothing is copied.
#[derive(serde::Deserialize)]
struct Opleider<'a> {
    _persoon_id: &'a str,
    _naam: &'a str,
    _emailadres: Option<&'a str>,
    _telefoonnummer: Option<&'a str>,
    codes: Vec<Code>,
    _bijgewerkt_op: Tijdstip,
}

/// A [`crate::domain::Contactpersoon`] of whom nothing is copied.
#[derive(serde::Deserialize)]
struct Contact<'a> {
    _persoon_id: &'a str,
    _naam: &'a str,
    _functie: Option<&'a str>,
    _emailadres: Option<&'a str>,
    _telefoonnummer: Option<&'a str>,
    _bijgewerkt_op: Tijdstip,
}

/// How many praktijkopleiders a blob of [`crate::domain::Personen`] has for each code, ascending; a person counts
/// once. Names are passed over.
fn count_opleiders(blob: &[u8]) -> Arc<[(Code, u32)]> {
    let read = postcard::take_from_bytes::<(Vec<Contact<'_>>, Vec<Opleider<'_>>)>(blob);
    let Ok(((_, opleiders), [])) = read else {
        return Arc::default();
    };
    let mut codes: Vec<Code> = Vec::new();
    for mut opleider in opleiders {
        opleider.codes.sort_unstable();
        opleider.codes.dedup();
        codes.append(&mut opleider.codes);
    }
    codes.sort_unstable();
    let same = codes.chunk_by(|left, right| left == right);
    same.map(|same| (same[0], same.len() as u32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Contactpersoon, Personen, Praktijkopleider};

    #[test]
    fn what_is_here_of_a_leerbedrijf_stands_until_it_changes() {
        let id = |n| LeerbedrijfId::from_u32(100_000_000 + n).unwrap();
        let personen = postcard::to_stdvec(&Personen {
            contactpersonen: Vec::new(),
            praktijkopleiders: Vec::new(),
        })
        .unwrap();
        let all = Bezettingen::of(Vec::new(), std::iter::once((id(1), &personen[..])));
        let stand = |all: &Bezettingen, n| {
            let (grond, changed) = all.stand(id(n));
            (Arc::clone(grond), changed)
        };
        let same = |one: &Bezettingen, other: &Bezettingen, n| {
            let (one, other) = (stand(one, n), stand(other, n));
            Arc::ptr_eq(&one.0, &other.0) && one.1 == other.1
        };
        let mut next = all.clone();
        next.set_personen(id(1), Some(&personen));
        assert!(!same(&all, &next, 1) && same(&all, &next, 2));
        // Each change is another one, also one that takes back what was there before.
        let mut later = next.clone();
        later.set_personen(id(1), None);
        assert!(!same(&next, &later, 1) && same(&next, &later, 2));
        // When there are too many to keep account of, none is what it was.
        for n in 0..=MOST_CHANGED as u32 {
            later.set_personen(id(n), None);
        }
        assert!(!same(&next, &later, 1) && !same(&next, &later, 9_000));
        assert!(later.changed.len() <= MOST_CHANGED);
        assert_eq!(later, Bezettingen::default());
    }

    #[test]
    fn trainers_are_counted_as_the_whole_blob_has_them() {
        let code = |text: &str| Code::parse(text).unwrap();
        let opleider = |codes: &[&str]| Praktijkopleider {
            persoon_id: "P1".to_owned(),
            naam: "N".to_owned(),
            emailadres: Some("a@b.example".to_owned()),
            telefoonnummer: None,
            codes: codes.iter().map(|c| code(c)).collect(),
            bijgewerkt_op: Tijdstip::EPOCH,
        };
        let personen = Personen {
            contactpersonen: vec![Contactpersoon {
                persoon_id: "P2".to_owned(),
                naam: "N".to_owned(),
                functie: None,
                emailadres: None,
                telefoonnummer: Some("+31199000000".to_owned()),
                bijgewerkt_op: Tijdstip::EPOCH,
            }],
            praktijkopleiders: vec![opleider(&["25180", "25182", "25180"]), opleider(&["25182"])],
        };
        let blob = postcard::to_stdvec(&personen).unwrap();
        let expected = [(code("25180"), 1), (code("25182"), 2)];
        assert_eq!(*count_opleiders(&blob), expected);
        assert_eq!(*count_opleiders(&blob[1..]), []);
    }
}
