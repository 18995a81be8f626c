//! Streets in which leerbedrijven stand: a table of postcodes knows none.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use imbl::OrdMap;

use super::{Bekend, Land, Step, change, suggesties::Gevraagd, take};
use crate::geo::{
    Punt,
    naam::{Sleutel, straat_sleutel},
    punt::Som,
};

/// A key folded into a number: names would take most of the memory. It never leaves this process.
type Nummer = u64;

/// Folding turns `Dorpsstr.` into `dorpsstraat`: letters that a spelling may lack.
const LETTERS_OF_FOLDING: u32 = 8;

/// Known streets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Straten {
    /// Addresses by place and street together, four digits and house number, 0 where not known.
    huizen: OrdMap<(Nummer, u16, u32), Som>,
    /// Spellings by place, to suggest from.
    spellingen: OrdMap<(Nummer, Arc<str>), u32>,
}

/// A street as it is known: the points of its houses, by postcode.
#[derive(Debug, Default)]
pub(super) struct Straat {
    huizen: Vec<(u16, u32, Som)>,
}

impl Straten {
    pub(super) fn count(&mut self, bekend: &Bekend<'_>, step: Step) {
        let Some((naam, straat)) = &bekend.straat else {
            return;
        };
        let nummer = nummer((bekend.land, &bekend.plaats, straat));
        let huis = (nummer, bekend.cijfers(), bekend.huisnummer);
        take(&mut self.huizen, huis, bekend.punt, step);
        if step.counts() {
            let spelling = (plaats_nummer(bekend.land, &bekend.plaats), Arc::from(*naam));
            change(&mut self.spellingen, spelling, |count| step.count(count));
        }
    }

    /// The street with this key in a place; none when no leerbedrijf stands there.
    pub(super) fn straat(&self, land: Land, plaats: &str, straat: &Sleutel) -> Option<Straat> {
        let nummer = nummer((land, plaats, straat));
        let huizen: Vec<_> = self
            .huizen
            .range((nummer, 0, 0)..=(nummer, u16::MAX, u32::MAX))
            .map(|((_, cijfers, huisnummer), som)| (*cijfers, *huisnummer, *som))
            .collect();
        (!huizen.is_empty()).then_some(Straat { huizen })
    }

    /// Streets of a place with a name near to this key, best first, as most addresses spell them.
    pub(super) fn near(&self, land: Land, plaats: &str, straat: &Sleutel) -> Vec<&str> {
        let gevraagd = Gevraagd::new(straat.clone());
        let nummer = plaats_nummer(land, plaats);
        let mut near: BTreeMap<Sleutel, (usize, Reverse<u32>, &str)> = BTreeMap::new();
        let spellings = self.spellingen.range((nummer, Arc::from(""))..);
        for ((_, naam), count) in spellings.take_while(|((n, _), _)| *n == nummer) {
            // A beginning is found among all; of the rest, letters tell most apart unfolded.
            if !gevraagd.may_begin(naam) && !gevraagd.may_be(naam, LETTERS_OF_FOLDING) {
                continue;
            }
            let sleutel = straat_sleutel(naam);
            let Some(afstand) = gevraagd.afstand(&sleutel) else {
                continue;
            };
            let found = (afstand, Reverse(*count), &**naam);
            let best = near.entry(sleutel).or_insert(found);
            *best = found.min(*best);
        }
        let mut near: Vec<_> = near.into_values().collect();
        near.sort_unstable();
        near.into_iter().map(|(_, _, naam)| naam).collect()
    }
}

impl Straat {
    /// The part of it that has these postcodes; none when it has no house there.
    pub(super) fn within(&self, holds: impl Fn(u16) -> bool) -> Option<Self> {
        let huizen = self.huizen.iter().copied();
        let huizen: Vec<_> = huizen.filter(|(cijfers, ..)| holds(*cijfers)).collect();
        (!huizen.is_empty()).then_some(Self { huizen })
    }

    /// The house with this number, or else the one with the nearest number; without a number the
    /// middle of the street.
    pub(super) fn punt(&self, huisnummer: Option<u32>) -> Option<Punt> {
        let known = self
            .huizen
            .iter()
            .filter(|(.., som)| som.centrum().is_some());
        let nearest = huisnummer.and_then(|asked| {
            let numbered = known.clone().filter(|(_, number, _)| *number > 0);
            let nearest = numbered.min_by_key(|(_, number, _)| (number.abs_diff(asked), *number));
            nearest.map(|(_, number, _)| *number)
        });
        let mut som = Som::default();
        for (_, number, huis) in known {
            if nearest.is_none_or(|nearest| nearest == *number) {
                som.join(huis);
            }
        }
        som.centrum()
    }

    /// Four digits of its addresses.
    pub(super) fn postcodes(&self) -> impl Iterator<Item = u16> {
        let cijfers = self.huizen.iter().map(|(cijfers, ..)| *cijfers);
        cijfers.filter(|cijfers| *cijfers > 0)
    }
}

fn plaats_nummer(land: Land, plaats: &str) -> Nummer {
    nummer((land, plaats))
}

fn nummer(key: impl Hash) -> Nummer {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
