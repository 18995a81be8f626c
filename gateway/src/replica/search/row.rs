//! What the search index knows of one leerbedrijf.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::{
    Code, Coordinaten, Datum, FoldedNaam, Leerbedrijf, LeerbedrijfStatus, LeerplaatsSoort, Leerweg,
    Leerwegen, Postcode,
};
use crate::geo::PlaatsSleutel;

/// The last day of what has no end.
const NO_END: i32 = i32::MAX;
/// The first day of what has no beginning.
const NO_BEGIN: i32 = i32::MIN;

/// One leerbedrijf as it came in with one commit.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::replica) struct Row {
    pub(super) id: u32,
    /// Number of the commit it came in with.
    pub(super) since: u64,
    /// In the register now: only those are hits of a search.
    pub(super) actief: bool,
    /// Folded.
    pub(super) naam: String,
    /// What a place name is compared by; 0 for none.
    pub(super) plaats: u64,
    /// Packed; 0 abroad, and for what is no Dutch postcode.
    pub(super) postcode: u32,
    pub(super) ligging: Option<Coordinaten>,
    /// It follows from the postcode, not from the address itself.
    pub(super) placed: bool,
    /// By code.
    pub(super) erkenningen: Vec<(Code, Periode)>,
    pub(super) leerplaatsen: Vec<(Code, Plaats)>,
}

/// A period of an erkenning, in days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Periode {
    pub(super) begin: i32,
    /// Inclusive.
    pub(super) eind: i32,
    pub(super) leerwegen: Leerwegen,
}

impl Periode {
    /// Whether it holds on every day of the two and those between.
    pub(super) fn holds(&self, van: i32, tot: i32) -> bool {
        self.begin <= van && tot <= self.eind
    }

    pub(super) fn offers(&self, leerweg: Option<Leerweg>) -> bool {
        leerweg.is_none_or(|asked| self.leerwegen.contains(asked))
    }
}

/// A leerplaats, in days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plaats {
    pub(super) van: i32,
    /// Inclusive.
    pub(super) tot: i32,
    pub(super) aantal: u32,
    pub(super) leerweg: Leerweg,
    pub(super) soort: LeerplaatsSoort,
    pub(super) vergoeding: bool,
}

impl Row {
    pub(in crate::replica) fn new(
        leerbedrijf: &Leerbedrijf,
        since: u64,
        ligging: Option<Coordinaten>,
    ) -> Self {
        let kern = &leerbedrijf.kern;
        let adres = &leerbedrijf.gegevens.vestigingsadres;
        let mut erkenningen: Vec<(Code, Periode)> = kern
            .erkenningen
            .iter()
            .map(|e| {
                let periode = Periode {
                    begin: e.startdatum.days(),
                    eind: e.einddatum.map_or(NO_END, Datum::days),
                    leerwegen: e.leerwegen,
                };
                (e.code, periode)
            })
            .collect();
        erkenningen.sort_by_key(|(code, periode)| (*code, periode.begin));
        let leerplaatsen = leerbedrijf.leerplaatsen.iter().map(|l| {
            let plaats = Plaats {
                van: l.beschikbaar_vanaf.map_or(NO_BEGIN, Datum::days),
                tot: l.beschikbaar_tot.map_or(NO_END, Datum::days),
                aantal: l.aantal_leerplaatsen,
                leerweg: l.leerweg,
                soort: l.leerplaats_soort,
                vergoeding: l.has_vergoeding(),
            };
            (l.code, plaats)
        });
        Self {
            id: kern.leerbedrijf_id.as_u32(),
            since,
            actief: kern.status == LeerbedrijfStatus::Actief,
            naam: FoldedNaam::new(&kern.naam).as_str().to_owned(),
            plaats: PlaatsSleutel::of(adres).map_or(0, |sleutel| plaats_key(&sleutel)),
            postcode: match (adres.land.as_str(), &adres.postcode) {
                ("NL", Some(text)) => Postcode::parse(text).map_or(0, |p| pack(&p)),
                _ => 0,
            },
            ligging,
            placed: adres.coordinaten.is_none(),
            erkenningen,
            leerplaatsen: leerplaatsen.collect(),
        }
    }

    pub(in crate::replica) fn place(&self) -> Place {
        Place {
            postcode: self.postcode,
            ligging: self.ligging,
            placed: self.placed,
        }
    }
}

/// Where a row is, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::replica) struct Place {
    pub(super) postcode: u32,
    pub(super) ligging: Option<Coordinaten>,
    pub(super) placed: bool,
}

impl Place {
    /// The four digits of its postcode.
    pub(in crate::replica) fn area(&self) -> Option<u16> {
        let digits = u16::try_from(digits_of(self.postcode)).ok()?;
        (digits > 0).then_some(digits)
    }
}

/// A number for a place; 0 is kept for none. It is not kept longer than the process.
pub(super) fn plaats_key(sleutel: &PlaatsSleutel) -> u64 {
    let mut hasher = DefaultHasher::new();
    sleutel.as_str().hash(&mut hasher);
    hasher.finish().max(1)
}

/// The four digits of a packed postcode.
pub(super) fn digits_of(packed: u32) -> u32 {
    packed / (26 * 26)
}

/// Four digits above two letters, so that the postcodes of one area follow one another.
pub(super) fn pack(postcode: &Postcode) -> u32 {
    let text = postcode.as_str().as_bytes();
    let digits = text[..4]
        .iter()
        .fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    let letters = text[4..]
        .iter()
        .fold(0, |n, b| n * 26 + u32::from(b - b'A'));
    first_of(digits) + letters
}

/// The lowest packed postcode with these four digits.
pub(super) fn first_of(digits: u32) -> u32 {
    digits * 26 * 26
}
