//! Where a question and a leerbedrijf are (rule 9), found by walking through all addresses.

use stagepoort::domain::{Adres, Coordinaten, Leerbedrijf};

use super::{field, text::words};
use crate::{vraag::Vraag, wereld::Wereld};

const EARTH_RADIUS_KM: f64 = 6371.0088;
/// Farther apart than this, a place and a postcode cannot both be meant.
const TOGETHER_KM: f64 = 25.0;
/// An address without a straal.
const NEAR_ADRES_KM: f64 = 5.0;
/// Sums in another order may differ by this much, so that nothing is asked nearer to a limit.
pub(super) const DOUBT_KM: f64 = 0.002;

/// What is known of an asked place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Found {
    At(Coordinaten),
    Unknown,
    Malformed,
    /// The rules do not say, such as for a town of which no address has coordinates.
    Open,
}

/// The part of a question about a place.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) point: Option<Coordinaten>,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    None,
    Straal(f64),
    Postcode(String),
    Plaats(Vec<String>),
}

/// The place that is asked for, or what is wrong with it; `None` when the rules leave it open.
pub(super) fn asked(wereld: &Wereld, vraag: &Vraag) -> Option<Result<Asked, Vec<u16>>> {
    let text = |asked: &Option<String>| field(asked).unwrap_or_default().to_owned();
    let (adres, postcode, plaats) = (
        text(&vraag.adres),
        text(&vraag.postcode),
        text(&vraag.plaats),
    );
    let of = |asked: &str, found: &dyn Fn(&str) -> Found| (!asked.is_empty()).then(|| found(asked));
    let all = [
        of(&adres, &|adres| adres_centre(wereld, adres)),
        of(&postcode, &|postcode| asked_postcode(wereld, postcode)),
        of(&plaats, &|plaats| plaats_centre(wereld, plaats)),
    ];
    let points = match points(all)? {
        Ok(points) => points,
        Err(wrong) => return Some(Err(wrong)),
    };
    let [of_adres, of_postcode, of_plaats] = points;
    let far = |a: Option<Coordinaten>, b: Option<Coordinaten>| match (a, b) {
        (Some(a), Some(b)) if (km(a, b) - TOGETHER_KM).abs() < DOUBT_KM => None,
        (Some(a), Some(b)) => Some(km(a, b) > TOGETHER_KM),
        _ => Some(false),
    };
    if far(of_plaats, of_adres)? || far(of_plaats, of_postcode)? {
        return Some(Err(vec![151]));
    }
    // Of an address and a postcode far from it, the rules say nothing.
    if far(of_adres, of_postcode)? {
        return None;
    }
    let straal = text(&vraag.straal_km).replace(',', ".").parse().ok();
    let kind = match straal {
        Some(straal) => Kind::Straal(straal),
        None if !adres.is_empty() => Kind::Straal(NEAR_ADRES_KM),
        None if !postcode.is_empty() => Kind::Postcode(bare(&postcode)),
        None if !plaats.is_empty() => Kind::Plaats(words(&plaats)),
        None => Kind::None,
    };
    Some(Ok(Asked {
        point: of_adres.or(of_postcode).or(of_plaats),
        kind,
    }))
}

/// Points of what was asked, or what is wrong with it.
fn points(all: [Option<Found>; 3]) -> Option<Result<[Option<Coordinaten>; 3], Vec<u16>>> {
    let mut wrong = Vec::new();
    let points = all.map(|found| match found {
        Some(Found::At(point)) => Some(point),
        Some(Found::Unknown) => {
            wrong.push(140);
            None
        }
        Some(Found::Malformed) => {
            wrong.push(141);
            None
        }
        Some(Found::Open) | None => None,
    });
    if all.contains(&Some(Found::Open)) {
        return None;
    }
    Some(if wrong.is_empty() {
        Ok(points)
    } else {
        Err(wrong)
    })
}

/// Whether it lies in the asked place; `None` too near to the limit to tell.
pub(super) fn lies_in(asked: &Asked, adres: &Adres, afstand_km: Option<f64>) -> Option<bool> {
    match &asked.kind {
        Kind::None => Some(true),
        Kind::Straal(straal) => match afstand_km {
            Some(km) if (km - straal).abs() < DOUBT_KM => None,
            afstand_km => Some(afstand_km.is_some_and(|km| km <= *straal)),
        },
        Kind::Postcode(asked) => {
            Some(dutch_postcode(adres).is_some_and(|own| own.starts_with(asked.as_str())))
        }
        Kind::Plaats(asked) => Some(words(&adres.plaats) == *asked),
    }
}

/// Where a leerbedrijf is: its own coordinates, else the table, else its neighbours.
pub(super) fn ligging(wereld: &Wereld, leerbedrijf: &Leerbedrijf) -> Option<Coordinaten> {
    let adres = &leerbedrijf.gegevens.vestigingsadres;
    adres
        .coordinaten
        .or_else(|| postcode_centre(wereld, &dutch_postcode(adres)?))
}

/// Great circle (rule 9).
pub(super) fn km(a: Coordinaten, b: Coordinaten) -> f64 {
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let d_lat = ((b.lat - a.lat).to_radians() / 2.0).sin();
    let d_lon = ((b.lon - a.lon).to_radians() / 2.0).sin();
    let h = d_lat * d_lat + lat_a.cos() * lat_b.cos() * d_lon * d_lon;
    2.0 * EARTH_RADIUS_KM * h.sqrt().min(1.0).asin()
}

fn asked_postcode(wereld: &Wereld, asked: &str) -> Found {
    let postcode = bare(asked);
    let digits = postcode.bytes().take_while(u8::is_ascii_digit).count();
    let letters = postcode.bytes().filter(u8::is_ascii_uppercase).count();
    let formed = digits == 4
        && !postcode.starts_with('0')
        && (letters == 0 || letters == 2)
        && postcode.len() == digits + letters;
    if !formed {
        return Found::Malformed;
    }
    if let Some(point) = postcode_centre(wereld, &postcode) {
        return Found::At(point);
    }
    if addresses(wereld).any(|a| dutch_postcode(a).is_some_and(|p| p[..4] == postcode[..4])) {
        Found::Open
    } else {
        Found::Unknown
    }
}

/// The table before the addresses, six characters before four.
fn postcode_centre(wereld: &Wereld, postcode: &str) -> Option<Coordinaten> {
    let parts = [postcode, &postcode[..4]];
    let row = parts.iter().find_map(|part| wereld.postcodes.get(*part));
    row.copied().or_else(|| {
        parts.iter().find_map(|part| {
            let shares = |a: &&Adres| dutch_postcode(a).is_some_and(|own| own.starts_with(*part));
            centre(addresses(wereld).filter(shares))
        })
    })
}

fn plaats_centre(wereld: &Wereld, asked: &str) -> Found {
    let asked = words(asked);
    let here = |a: &&Adres| words(&a.plaats) == asked;
    match centre(addresses(wereld).filter(here)) {
        Some(point) => Found::At(point),
        None if addresses(wereld).any(|a| here(&a)) => Found::Open,
        None => Found::Unknown,
    }
}

/// Only one house that the register has, written as `straat nummer, plaats`, is sure.
fn adres_centre(wereld: &Wereld, asked: &str) -> Found {
    let asked = words(asked);
    let here = |a: &&Adres| match (&a.straat, a.huisnummer) {
        (Some(straat), Some(nummer)) => words(&format!("{straat} {nummer} {}", a.plaats)) == asked,
        _ => false,
    };
    let houses: Vec<&Adres> = addresses(wereld).filter(here).collect();
    match houses.as_slice() {
        [house] => house.coordinaten.map_or(Found::Open, Found::At),
        _ => Found::Open,
    }
}

fn addresses(wereld: &Wereld) -> impl Iterator<Item = &Adres> {
    wereld
        .leerbedrijven
        .values()
        .map(|l| &l.gegevens.vestigingsadres)
}

fn centre<'a>(addresses: impl Iterator<Item = &'a Adres>) -> Option<Coordinaten> {
    let points: Vec<Coordinaten> = addresses.filter_map(|a| a.coordinaten).collect();
    let mean =
        |of: fn(&Coordinaten) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    (!points.is_empty()).then(|| Coordinaten {
        lat: mean(|p| p.lat),
        lon: mean(|p| p.lon),
    })
}

fn dutch_postcode(adres: &Adres) -> Option<String> {
    let postcode = adres.postcode.as_deref().filter(|_| adres.land == "NL")?;
    Some(bare(postcode)).filter(|bare| bare.len() == 6)
}

fn bare(postcode: &str) -> String {
    postcode.replace(' ', "").to_uppercase()
}
