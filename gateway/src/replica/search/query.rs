//! What is asked of the index, understood: words folded, places resolved, codes looked up.

use std::ops::Range;

use super::row;
use crate::domain::{Code, Coordinaten, Datum, FoldedNaam, LeerplaatsSoort, Leerweg, Postcode};
use crate::geo::PlaatsSleutel;

/// A search (domain §2, zoekenLeerplaatsen). The default asks for every erkenning that holds on
/// the two days.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What must fit.
    pub soort: Soort,
    /// Every word of it must be found in the name.
    pub naam: Option<FoldedNaam>,
    /// Where it must be.
    pub waar: Waar,
    /// From where distances are measured.
    pub punt: Option<Coordinaten>,
    /// For which codes; all when absent.
    pub codes: Option<Codevraag>,
    /// For which leerweg.
    pub leerweg: Option<Leerweg>,
    /// First day of the period that must fit.
    pub van: Datum,
    /// Last day of it, inclusive.
    pub tot: Datum,
    /// The order of the hits.
    pub sortering: Sortering,
    /// Whether counts are wanted.
    pub tellen: bool,
}

/// Erkenningen, or leerplaatsen under an erkenning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Soort {
    /// An erkenning must fit.
    Erkenning,
    /// A leerplaats must fit.
    Leerplaats(Leerplaatsvraag),
}

/// What a leerplaats must have besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leerplaatsvraag {
    /// STAGE or LEERBAAN.
    pub soort: Option<LeerplaatsSoort>,
    /// With an allowance, or without.
    pub vergoeding: Option<bool>,
    /// The fewest places.
    pub minimum: u32,
    /// Latest first day: it is available by then.
    pub begint_voor: Option<Datum>,
    /// Earliest last day: it is available until then.
    pub loopt_tot: Datum,
}

/// Codes that fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Codevraag {
    /// Asked for.
    pub eigen: Vec<Code>,
    /// Equivalents of those, none of which is among them.
    pub equivalent: Vec<Code>,
}

/// Where a hit must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Waar {
    /// Anywhere.
    Overal,
    /// In the place with this key; of one of several namesakes, on one of these four digits.
    Plaats(Plaatssleutel, Option<Vec<u16>>),
    /// On one of these postcodes.
    Postcodes(Postcodes),
    /// So many metres from the point or nearer.
    Binnen(f64),
}

/// What tells one place from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plaatssleutel(pub(super) u64);

impl Plaatssleutel {
    /// Of the key by which places are known.
    #[must_use]
    pub fn of(sleutel: &PlaatsSleutel) -> Self {
        Self(row::plaats_key(sleutel))
    }
}

/// Dutch postcodes that follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postcodes(pub(super) Range<u32>);

impl Postcodes {
    /// One postcode.
    #[must_use]
    pub fn only(postcode: &Postcode) -> Self {
        let packed = row::pack(postcode);
        Self(packed..packed + 1)
    }

    /// All with these four digits.
    #[must_use]
    pub fn with_digits(digits: u16) -> Self {
        let digits = u32::from(digits);
        Self(row::first_of(digits)..row::first_of(digits + 1))
    }
}

/// The order of hits (domain §2). What is equal is ordered by naam, then id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sortering {
    /// Better names first (the same name, its words in another order, all words, beginnings,
    /// typos), then the code itself before equivalents, then the nearest.
    #[default]
    Relevantie,
    /// The nearest first; those of unknown location last.
    Afstand,
    /// By folded name.
    Naam,
}

/// A leerbedrijf that fits; a later page goes on behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Which one.
    pub leerbedrijf_id: crate::domain::LeerbedrijfId,
    /// Where it stands in the order, to go on behind it.
    pub order: u64,
    /// Whether it fits still: one of an earlier state may do so no longer.
    pub fits: bool,
    /// The commit that it came in with; none when it has changed after the state it was found in.
    pub since: Option<u64>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// All hits of the search together.
    pub totaal: u32,
    /// The first so many of them in order, from where it was asked.
    pub hits: Vec<Hit>,
    /// Whether there are more behind these.
    pub more: bool,
    /// Over all hits; empty unless asked for.
    pub counts: Counts,
}

/// How many hits have something that fits with this value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// BOL, BBL.
    pub leerwegen: [u32; 2],
    /// By code, ascending; none of 0.
    pub codes: Vec<(Code, u32)>,
    /// Hits with something of niveau 1 to 4.
    pub niveaus: [u32; 4],
}
