//! Places by name: which addresses and areas bear it, and how it is written.

use std::{
    cmp::{Ordering, Reverse},
    sync::Arc,
};

use imbl::{OrdMap, OrdSet};

use super::{Bekend, Gazetteer, Land, NEDERLAND, Step, change, kernen::Kern, land, take};
use crate::{
    domain::{Adres, Coordinaten},
    geo::{
        Postcodegebied,
        naam::{Plaatsnaam, Sleutel, is_a_land, is_land, plaats_sleutel, provincie_sleutel},
        punt::Som,
    },
};

/// Most characters of a text that are looked at; a name has fewer.
pub(super) const MAX_TEXT_CHARS: usize = 200;

/// Suggestions for a place that is not known.
pub(super) const MAX_SUGGESTIES: usize = 3;

/// A place that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Plaats {
    /// As it is written, and told apart from its namesakes: `Bergen (Limburg)`.
    pub naam: String,
    /// Its name and land; namesakes share it.
    pub sleutel: PlaatsSleutel,
    /// Its middle; none when neither table nor register tells where any of it is.
    pub centrum: Option<Coordinaten>,
    /// Of one of several namesakes: its four-digit postcodes, ascending.
    postcodes: Option<Vec<u16>>,
}

impl Plaats {
    /// Of one of several namesakes: its four-digit postcodes, ascending.
    #[must_use]
    pub fn postcodes(&self) -> Option<&[u16]> {
        self.postcodes.as_deref()
    }

    /// Whether an address with its name and these four digits (0: none) is in it.
    pub(super) fn holds(&self, cijfers: u16) -> bool {
        let own = self.postcodes.as_ref();
        own.is_none_or(|own| own.binary_search(&cijfers).is_ok())
    }
}

/// Name and land of a place, folded: equal for all addresses that may be in it. The same on every
/// machine; it changes with how names are folded and with this program's own aliases.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaatsSleutel(String);

impl PlaatsSleutel {
    /// That of an address; none when its place has neither letter nor digit.
    #[must_use]
    pub fn of(adres: &Adres) -> Option<Self> {
        let sleutel = plaats_sleutel(Plaatsnaam::new(&adres.plaats).naam);
        (!sleutel.is_empty()).then(|| Self::new(land(&adres.land), &sleutel))
    }

    fn new(land: Land, sleutel: &str) -> Self {
        Self(format!("{} {sleutel}", land_text(&land)))
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Land and key.
    pub(super) fn parts(&self) -> (Land, &str) {
        let (code, sleutel) = self.0.split_once(' ').unwrap_or_default();
        (land(code), sleutel)
    }
}

/// A place, street or address that is not known, or not known from its namesakes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{vraag} is niet bekend")]
pub struct PlaatsOnbekend {
    /// What was not understood.
    pub vraag: String,
    /// What may have been meant, best first, at most three; empty when nothing is near. Each of
    /// them is understood when it is asked.
    pub suggesties: Vec<String>,
}

/// How often a name is written so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Telling {
    gebieden: u32,
    adressen: u32,
}

/// Names of places. Flat maps: small ones within a large one would each take a node of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plaatsen {
    /// By key and spelling.
    spellingen: OrdMap<(Arc<str>, Arc<str>), Telling>,
    /// The register's addresses by key, land and four digits (0: no postcode).
    pub(super) adressen: OrdMap<(Arc<str>, Land, u16), Som>,
    /// Areas that name it, and which of their parts does.
    pub(super) delen: OrdSet<(Sleutel, u16, usize)>,
    namen: u64,
}

impl Plaatsen {
    pub(super) fn len(&self) -> u64 {
        self.namen
    }

    pub(super) fn count(&mut self, bekend: &Bekend<'_>, step: Step) {
        let sleutel = &bekend.plaats;
        let key = (Arc::from(sleutel.as_str()), bekend.land, bekend.cijfers());
        take(&mut self.adressen, key, bekend.punt, step);
        if step.counts() {
            self.spell(sleutel, bekend.plaatsnaam, |telling| {
                step.count(&mut telling.adressen);
            });
        }
    }

    pub(super) fn add_gebied(&mut self, gebied: &Postcodegebied) {
        for (at, naam, sleutel) in names_of(gebied) {
            self.spell(&sleutel, naam, |telling| {
                Step::Add.count(&mut telling.gebieden);
            });
            self.delen.insert((sleutel, gebied.postcode4, at));
        }
    }

    pub(super) fn remove_gebied(&mut self, gebied: &Postcodegebied) {
        for (at, naam, sleutel) in names_of(gebied) {
            self.spell(&sleutel, naam, |telling| {
                Step::Remove.count(&mut telling.gebieden);
            });
            self.delen.remove(&(sleutel, gebied.postcode4, at));
        }
    }

    fn spell(&mut self, sleutel: &str, naam: &str, with: impl FnOnce(&mut Telling)) {
        let key = (Arc::from(sleutel), Arc::from(naam));
        let before = self.spellingen.len();
        change(&mut self.spellingen, key, with);
        // Only a first or a last spelling may be that of a name.
        match self.spellingen.len().cmp(&before) {
            Ordering::Less => self.namen -= u64::from(!self.knows(sleutel)),
            Ordering::Equal => {}
            Ordering::Greater => {
                let is_only = self.spelled(sleutel).nth(1).is_none();
                self.namen += u64::from(is_only);
            }
        }
    }

    pub(super) fn knows(&self, sleutel: &str) -> bool {
        self.spelled(sleutel).next().is_some()
    }

    fn spelled(&self, sleutel: &str) -> impl Iterator<Item = (&str, Telling)> {
        let from = (Arc::from(sleutel), Arc::from(""));
        self.spellingen
            .range(from..)
            .take_while(move |((key, _), _)| **key == *sleutel)
            .map(|((_, naam), telling)| (&**naam, *telling))
    }

    /// As the table writes it, or else as most addresses do.
    pub(super) fn naam(&self, sleutel: &str) -> &str {
        let best = self
            .spelled(sleutel)
            .max_by_key(|(naam, telling)| (telling.gebieden, telling.adressen, Reverse(*naam)));
        best.map_or("", |(naam, _)| naam)
    }

    /// Every key with how much bears the name.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, u64)> {
        let weights = self.spellingen.iter().map(|((key, _), telling)| {
            let weight = u64::from(telling.gebieden) + u64::from(telling.adressen);
            (&**key, weight)
        });
        let mut weights = weights.peekable();
        std::iter::from_fn(move || {
            let (key, mut weight) = weights.next()?;
            while let Some((_, more)) = weights.next_if(|(next, _)| *next == key) {
                weight += more;
            }
            Some((key, weight))
        })
    }
}

/// The parts of an area that have a name, with their place in it.
fn names_of(gebied: &Postcodegebied) -> impl Iterator<Item = (usize, &str, Sleutel)> {
    let parts = gebied.delen.iter().enumerate();
    parts.filter_map(|(at, deel)| {
        let naam = Plaatsnaam::new(deel.plaats.as_deref()?).naam;
        let sleutel = plaats_sleutel(naam);
        (!sleutel.is_empty()).then_some((at, naam, sleutel))
    })
}

/// What a text comes to.
pub(super) enum Gevonden {
    /// One place.
    Een(Plaats),
    /// Namesakes, the largest first.
    Meer(Vec<Plaats>),
    /// No such name.
    Geen,
}

impl Gazetteer {
    /// The place with this name. Case, diacritics and punctuation do not matter; province,
    /// municipality or land may stand behind it: `Bergen (NH)`, `Heusden gem. Asten`,
    /// `Essen, België`. A Dutch place goes before a foreign one.
    ///
    /// # Errors
    /// [`PlaatsOnbekend`] with near spellings, or with the full names of namesakes when the
    /// table tells them apart.
    pub fn plaats(&self, text: &str) -> Result<Plaats, PlaatsOnbekend> {
        let text = shortened(text);
        let suggesties = match self.zoek_plaats(text) {
            Gevonden::Een(plaats) => return Ok(plaats),
            Gevonden::Meer(namesakes) => {
                let names = namesakes.into_iter().map(|plaats| plaats.naam);
                names.take(MAX_SUGGESTIES).collect()
            }
            Gevonden::Geen => self.suggesties(text),
        };
        Err(PlaatsOnbekend {
            vraag: text.trim().to_owned(),
            suggesties,
        })
    }

    /// The one place with this name in a land (ISO 3166-1 alpha-2), or as [`Self::plaats`] finds it
    /// when no land is given; without suggestions, which take longer than all the rest.
    #[must_use]
    pub fn ken_plaats(&self, text: &str, in_land: Option<&str>) -> Option<Plaats> {
        let text = shortened(text);
        let of_land = |found: &Land| in_land.is_none_or(|code| *found == land(code));
        let found = match self.zoek_plaats(text) {
            Gevonden::Een(plaats) if of_land(&plaats.sleutel.parts().0) => Some(plaats),
            Gevonden::Een(_) | Gevonden::Meer(_) | Gevonden::Geen => None,
        };
        // A name alone is about a Dutch place, if there is one.
        found.or_else(|| self.plaats_over_de_grens(text, land(in_land?)))
    }

    fn plaats_over_de_grens(&self, text: &str, in_land: Land) -> Option<Plaats> {
        let sleutel = plaats_sleutel(Plaatsnaam::new(text).naam);
        let kernen = self.kernen(&sleutel);
        let abroad = |kern: &&Kern| kern.land == in_land && kern.land != NEDERLAND;
        let kern = kernen.iter().find(abroad)?;
        Some(self.als_plaats(&sleutel, kern, &kernen))
    }

    pub(super) fn zoek_plaats(&self, text: &str) -> Gevonden {
        let Plaatsnaam { naam, bij } = Plaatsnaam::new(text);
        let sleutel = plaats_sleutel(naam);
        if self.plaatsen.knows(&sleutel) {
            let kernen = self.kernen(&sleutel);
            let meant = match bij {
                None => usual(&kernen),
                Some(bij) => told_apart(&kernen, bij),
            };
            return self.gevonden(&sleutel, &meant, &kernen);
        }
        // A province has up to two words, a municipality hardly more than three.
        for words in 1..=3 {
            let Some((naam, bij)) = split_behind(text, words) else {
                break;
            };
            let sleutel = plaats_sleutel(naam);
            let kernen = self.kernen(&sleutel);
            if let [one] = fitting(&kernen, bij).as_slice() {
                return Gevonden::Een(self.als_plaats(&sleutel, one, &kernen));
            }
        }
        Gevonden::Geen
    }

    /// When none is meant, all that usually are may have been.
    fn gevonden(&self, sleutel: &str, meant: &[&Kern], all: &[Kern]) -> Gevonden {
        let plaats = |kern: &&Kern| self.als_plaats(sleutel, kern, all);
        match meant {
            [one] => Gevonden::Een(plaats(one)),
            [] => Gevonden::Meer(usual(all).iter().map(plaats).collect()),
            several => Gevonden::Meer(several.iter().map(plaats).collect()),
        }
    }

    fn als_plaats(&self, sleutel: &str, kern: &Kern, all: &[Kern]) -> Plaats {
        let naam = self.plaatsen.naam(sleutel);
        let alone = !all.iter().any(|k| k.land == kern.land && k != kern);
        Plaats {
            naam: kern
                .label(all)
                .map_or_else(|| naam.to_owned(), |label| format!("{naam} ({label})")),
            sleutel: PlaatsSleutel::new(kern.land, sleutel),
            centrum: kern.som.centrum().map(Coordinaten::from),
            postcodes: (!alone).then(|| kern.postcodes.iter().copied().collect()),
        }
    }

    /// Every place that is usually meant by this key, by its full name, the largest first.
    pub(super) fn volledige_namen(&self, sleutel: &str) -> Vec<String> {
        let kernen = self.kernen(sleutel);
        let all = usual(&kernen).into_iter();
        all.map(|kern| self.als_plaats(sleutel, kern, &kernen).naam)
            .collect()
    }
}

/// Those that a name alone is about: the Dutch ones, if there are.
fn usual(kernen: &[Kern]) -> Vec<&Kern> {
    let dutch: Vec<&Kern> = kernen.iter().filter(|k| k.land == NEDERLAND).collect();
    if dutch.is_empty() {
        kernen.iter().collect()
    } else {
        dutch
    }
}

/// Those that the words behind the name are about. Words that tell nothing known are let be when
/// the name has one usual bearer, of which no table tells where it lies.
fn told_apart<'a>(kernen: &'a [Kern], bij: &str) -> Vec<&'a Kern> {
    let fitting = fitting(kernen, bij);
    if !fitting.is_empty() || is_a_land(bij) {
        return fitting;
    }
    let mut usual = usual(kernen);
    usual.retain(|kern| kern.streken.is_empty());
    if usual.len() == 1 { usual } else { fitting }
}

/// By province, else municipality or first postcode, else land; what points at one goes first.
fn fitting<'a>(kernen: &'a [Kern], bij: &str) -> Vec<&'a Kern> {
    let provincie = provincie_sleutel(bij);
    let tests: [&dyn Fn(&Kern) -> bool; 3] = [
        &|kern| kern.is_in_provincie(&provincie),
        &|kern| kern.is_in_gemeente(bij),
        &|kern| is_land(bij, land_text(&kern.land)),
    ];
    let mut several = Vec::new();
    for test in tests {
        let fitting: Vec<&Kern> = kernen.iter().filter(|kern| test(kern)).collect();
        match fitting.len() {
            1 => return fitting,
            0 => {}
            _ if several.is_empty() => several = fitting,
            _ => {}
        }
    }
    several
}

/// The last words and what stands before them.
fn split_behind(text: &str, words: usize) -> Option<(&str, &str)> {
    let text = text.trim();
    let parts = text.rmatch_indices([' ', ',']);
    let (at, _) = parts
        .filter(|(at, _)| !text[at + 1..].starts_with([' ', ',']))
        .nth(words - 1)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Its first characters; what is longer is no name.
pub(super) fn shortened(text: &str) -> &str {
    match text.char_indices().nth(MAX_TEXT_CHARS) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

pub(super) fn land_text(land: &Land) -> &str {
    std::str::from_utf8(land).unwrap_or_default()
}
