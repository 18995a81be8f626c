//! A register that could be true and is not: for demos, tests and measurements.
//!
//! Everything follows from the seed. Each leerbedrijf has chance of its own, drawn from the seed
//! and its number, so that the objects come one by one, of any number, without anything growing.
//! The proportions are those of the national register: per leerbedrijf 5 erkenningen, 1.2 people,
//! 0.8 leerplaatsen and 2 bpvo's on average; 4 % abroad, 5.5 % historical.
//!
//! Nothing in it can reach anyone: mail and web addresses end in `.example`, phone numbers stand
//! in ranges that are not given out, KvK numbers begin with 00, and schools have the OIN prefix
//! for tests. Names of people and companies are composed from lists and may by chance exist.
//!
//! The first [`FIXTURES`] leerbedrijven are written by hand and the same for every seed and
//! ronde, but for the keys of people; [`voorbeelden()`] says what the gateway must answer about them.

mod adressen;
mod bpvos;
mod csv_tables;
mod dice;
mod erkenningen;
mod fixtures;
mod leerbedrijven;
mod leerplaatsen;
mod namen;
mod rondes;
mod scholen;
mod sectoren;
mod tables;
#[cfg(test)]
mod tests;
mod uitvoer;
mod voorbeelden;
mod wereld;

pub use csv_tables::{TableError, read_kwalificaties, read_postcodes};
pub use scholen::scholen;
pub use uitvoer::write_levering;
pub use voorbeelden::{Voorbeeld, voorbeelden};

use super::Object;
use crate::domain::{Datum, Equivalent, Opleiding};
use wereld::Wereld;

/// How many leerbedrijven are written by hand; they have the first ids.
pub const FIXTURES: u32 = 20;
/// Id of the first leerbedrijf; the fixtures follow it without gaps.
pub const EERSTE_ID: u32 = 100_000_001;
/// Ids have nine digits, and gaps of up to 36 between them.
pub const MAX_LEERBEDRIJVEN: u32 = 20_000_000;
/// Every ronde costs time for every leerbedrijf.
pub const MAX_RONDE: u32 = 1_000;

/// What to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How many, up to [`MAX_LEERBEDRIJVEN`]. From [`FIXTURES`] on, all fixtures are there.
    pub leerbedrijven: u32,
    /// Where all chance comes from.
    pub seed: u64,
    /// The "today" of the data; dates lie up to 20 years before and 3 years after it. With rondes,
    /// it is the day of ronde 0.
    pub peildatum: Datum,
    /// 0 is the base. Each next one is the levering of a day later, in which about 4 % of the
    /// leerbedrijven have changed; up to [`MAX_RONDE`].
    pub ronde: u32,
    /// Over how many schools the bpvo's are spread.
    pub scholen: u32,
    /// Where leerbedrijven are; our own small list when empty.
    pub postcodes: Vec<PostcodeRow>,
    /// Kwalificaties and keuzedelen. The ones that fixtures need are added.
    pub opleidingen: Vec<Opleiding>,
    /// Those of which both codes are known are used.
    pub equivalenten: Vec<Equivalent>,
}

/// A four-digit postcode area.
#[derive(Debug, Clone, PartialEq)]
pub struct PostcodeRow {
    /// 1000 to 9999.
    pub postcode4: u16,
    /// Place, 1 to 40 characters.
    pub plaats: String,
    /// Latitude of the centre, in degrees.
    pub lat: f64,
    /// Longitude of the centre, in degrees.
    pub lon: f64,
}

impl Plan {
    /// A base register from our own tables. Up to 20,000 leerbedrijven have 12 schools, more of
    /// them have the 60 of the country.
    #[must_use]
    pub fn new(leerbedrijven: u32, seed: u64, peildatum: Datum) -> Self {
        Self {
            leerbedrijven,
            seed,
            peildatum,
            ronde: 0,
            scholen: if leerbedrijven <= 20_000 { 12 } else { 60 },
            postcodes: tables::postcodes(),
            opleidingen: tables::kwalificaties(),
            equivalenten: tables::equivalenten(peildatum),
        }
    }
}

/// All objects of the plan: opleidingen, equivalenten, scholen, leerbedrijven by ascending id,
/// bpvo's. The same plan always gives the same objects.
pub fn generate(plan: &Plan) -> impl Iterator<Item = Object> {
    let wereld = std::sync::Arc::new(Wereld::new(plan));
    let aantal = wereld.aantal;
    let tables: Vec<_> = [
        wereld
            .opleidingen
            .iter()
            .cloned()
            .map(Object::Opleiding)
            .collect::<Vec<_>>(),
        wereld
            .equivalenten
            .iter()
            .copied()
            .map(Object::Equivalent)
            .collect(),
        wereld.scholen.iter().cloned().map(Object::School).collect(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let of_bpvos = wereld.clone();
    let leerbedrijven = (0..aantal).filter_map(move |index| {
        let found = if index < FIXTURES {
            fixtures::leerbedrijf(&wereld, index)
        } else {
            leerbedrijven::leerbedrijf(&wereld, index)
        };
        found.map(|(leerbedrijf, personen)| Object::Leerbedrijf(Box::new(leerbedrijf), personen))
    });
    // The erkenningen are drawn once more for the bpvo's, which is cheaper than to keep them.
    let bpvos = (0..aantal)
        .flat_map(move |index| bpvos::of(&of_bpvos, index))
        .map(Object::Bpvo);
    tables.into_iter().chain(leerbedrijven).chain(bpvos)
}
