//! What is known of places, as a value that grows and shrinks with the register.
//!
//! It follows from the imported areas and the addresses alone, in whatever order they came: sums
//! are in whole micro-degrees, and what is taken away leaves no trace. Its maps share structure,
//! so that a clone costs nothing.

mod adres;
mod kernen;
mod plaatsen;
mod straten;
mod suggesties;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use imbl::OrdMap;

pub use plaatsen::{Plaats, PlaatsOnbekend, PlaatsSleutel};

use super::{
    PostcodeVraag, Postcodegebied, Punt,
    naam::{Plaatsnaam, Sleutel, plaats_sleutel, straat_sleutel},
    punt::Som,
};
use crate::domain::{Adres, Coordinaten, Postcode};
use plaatsen::Plaatsen;
use straten::Straten;

/// ISO 3166-1 alpha-2, in capitals.
type Land = [u8; 2];

const NEDERLAND: Land = *b"NL";

/// Four digits and two letters of a Dutch postcode.
type Zes = (u16, [u8; 2]);

/// Knowledge of postcodes, places and streets: from an operator's table of postcodes, and from
/// the addresses of the register.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gazetteer {
    gebieden: OrdMap<u16, Arc<Postcodegebied>>,
    /// Six-character postcodes in those areas.
    rijen: u64,
    /// Addresses of the register by six and by four characters; Dutch ones alone.
    zes: OrdMap<Zes, Som>,
    vier: OrdMap<u16, Som>,
    plaatsen: Plaatsen,
    straten: Straten,
}

/// How much is known, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Aantallen {
    /// Four-digit areas that were imported.
    pub gebieden: u64,
    /// Six-character postcodes that were imported.
    pub postcodes: u64,
    /// Names of places, from table and register.
    pub plaatsen: u64,
}

impl Gazetteer {
    /// Takes in the address of a leerbedrijf.
    pub fn insert(&mut self, adres: &Adres) {
        self.count(adres, Step::Add);
    }

    /// Forgets an address that was inserted before.
    pub fn remove(&mut self, adres: &Adres) {
        self.count(adres, Step::Remove);
    }

    /// Takes in an address in place of one that was inserted before.
    pub fn replace(&mut self, old: &Adres, new: &Adres) {
        if old.is_same_but_for_coordinaten(new) {
            return self.count(old, Step::Move(new.coordinaten.map(Punt::from)));
        }
        // What both are known by does not go away in between.
        self.insert(new);
        self.remove(old);
    }

    fn count(&mut self, adres: &Adres, step: Step) {
        let Some(bekend) = Bekend::new(adres) else {
            return;
        };
        if let Some(postcode) = bekend.postcode {
            let zes = (postcode.cijfers(), postcode.letters());
            take(&mut self.zes, zes, bekend.punt, step);
            take(&mut self.vier, zes.0, bekend.punt, step);
        }
        self.plaatsen.count(&bekend, step);
        self.straten.count(&bekend, step);
    }

    /// Puts an area in place of what was known of it. It must be well formed.
    pub fn set_gebied(&mut self, gebied: Arc<Postcodegebied>) {
        self.remove_gebied(gebied.postcode4);
        self.rijen += gebied.postcodes.len() as u64;
        self.plaatsen.add_gebied(&gebied);
        self.gebieden.insert(gebied.postcode4, gebied);
    }

    /// Forgets an area of the table.
    pub fn remove_gebied(&mut self, postcode4: u16) {
        if let Some(old) = self.gebieden.remove(&postcode4) {
            self.rijen -= old.postcodes.len() as u64;
            self.plaatsen.remove_gebied(&old);
        }
    }

    /// The imported area with this number.
    #[must_use]
    pub fn gebied(&self, postcode4: u16) -> Option<&Postcodegebied> {
        self.gebieden.get(&postcode4).map(AsRef::as_ref)
    }

    /// The imported areas, by their number.
    pub fn gebieden(&self) -> impl ExactSizeIterator<Item = &Arc<Postcodegebied>> {
        self.gebieden.values()
    }

    /// How much is known.
    #[must_use]
    pub fn aantallen(&self) -> Aantallen {
        Aantallen {
            gebieden: self.gebieden.len() as u64,
            postcodes: self.rijen,
            plaatsen: self.plaatsen.len(),
        }
    }

    /// Where an address is: as it says itself, or else where its Dutch postcode is.
    #[must_use]
    pub fn ligging(&self, adres: &Adres) -> Option<Coordinaten> {
        adres.coordinaten.or_else(|| {
            let postcode = dutch_postcode(adres)?;
            self.postcode(&PostcodeVraag::Zes(postcode))
        })
    }

    /// Centre of a postcode. The nearest that is known: six characters, from the table or else
    /// the mean of the register's addresses that share them; then four in the same way.
    #[must_use]
    pub fn postcode(&self, vraag: &PostcodeVraag) -> Option<Coordinaten> {
        let zes = match vraag {
            PostcodeVraag::Zes(postcode) => self.zes(*postcode),
            PostcodeVraag::Vier(_) => None,
        };
        zes.or_else(|| self.vier(vraag.cijfers()))
            .map(Coordinaten::from)
    }

    fn zes(&self, postcode: Postcode) -> Option<Punt> {
        let (cijfers, letters) = (postcode.cijfers(), postcode.letters());
        let gebied = self.gebieden.get(&cijfers);
        gebied
            .and_then(|gebied| gebied.punt(letters))
            .or_else(|| self.zes.get(&(cijfers, letters))?.centrum())
    }

    fn vier(&self, cijfers: u16) -> Option<Punt> {
        let gebied = self.gebieden.get(&cijfers);
        gebied
            .map(|gebied| gebied.centrum)
            .or_else(|| self.vier.get(&cijfers)?.centrum())
    }
}

/// One more or one less, or one that is somewhere else.
#[derive(Debug, Clone, Copy)]
enum Step {
    Add,
    Remove,
    Move(Option<Punt>),
}

impl Step {
    fn sum(self, som: &mut Som, punt: Option<Punt>) {
        match self {
            Self::Add => som.add(punt),
            Self::Remove => som.remove(punt),
            Self::Move(to) => {
                som.remove(punt);
                som.add(to);
            }
        }
    }

    fn count(self, number: &mut u32) {
        match self {
            Self::Add => *number += 1,
            Self::Remove => *number = number.saturating_sub(1),
            Self::Move(_) => {}
        }
    }

    /// Whether it changes how often a name is written so.
    fn counts(self) -> bool {
        !matches!(self, Self::Move(_))
    }
}

/// Counts at a key; one that nothing is left of goes away.
fn take<K: Ord + Clone>(map: &mut OrdMap<K, Som>, key: K, punt: Option<Punt>, step: Step) {
    change(map, key, |som| step.sum(som, punt));
}

/// Changes what is at a key; when that is as if nothing had been there, it goes away.
fn change<K, V>(map: &mut OrdMap<K, V>, key: K, change: impl FnOnce(&mut V))
where
    K: Ord + Clone,
    V: Clone + Default + PartialEq,
{
    if let Some(value) = map.get_mut(&key) {
        change(value);
        if *value == V::default() {
            map.remove(&key);
        }
        return;
    }
    let mut value = V::default();
    change(&mut value);
    if value != V::default() {
        map.insert(key, value);
    }
}

/// What of an address is known by, folded once.
struct Bekend<'a> {
    land: Land,
    /// A Dutch one.
    postcode: Option<Postcode>,
    /// The name as written, without what tells it apart, and its key.
    plaatsnaam: &'a str,
    plaats: Sleutel,
    /// As written, and its key.
    straat: Option<(&'a str, Sleutel)>,
    huisnummer: u32,
    punt: Option<Punt>,
}

impl<'a> Bekend<'a> {
    /// Nothing of an address whose place has neither letter nor digit.
    fn new(adres: &'a Adres) -> Option<Self> {
        let plaatsnaam = Plaatsnaam::new(&adres.plaats).naam;
        let plaats = plaats_sleutel(plaatsnaam);
        let straat = adres.straat.as_deref().map(str::trim);
        let straat = straat.map(|straat| (straat, straat_sleutel(straat)));
        (!plaats.is_empty()).then_some(Self {
            land: land(&adres.land),
            postcode: dutch_postcode(adres),
            plaatsnaam,
            plaats,
            straat: straat.filter(|(_, sleutel)| !sleutel.is_empty()),
            huisnummer: adres.huisnummer.unwrap_or(0),
            punt: adres.coordinaten.map(Punt::from),
        })
    }

    /// The four digits, 0 when there are none.
    fn cijfers(&self) -> u16 {
        self.postcode.map_or(0, Postcode::cijfers)
    }
}

/// Leveringen hold two letters; anything else is a land that no one asks for.
fn land(text: &str) -> Land {
    let letters: Option<Land> = text.trim().as_bytes().try_into().ok();
    letters.map_or(*b"??", |land| land.map(|byte| byte.to_ascii_uppercase()))
}

fn dutch_postcode(adres: &Adres) -> Option<Postcode> {
    let postcode = Postcode::parse(adres.postcode.as_deref()?).ok();
    postcode.filter(|_| land(&adres.land) == NEDERLAND)
}
