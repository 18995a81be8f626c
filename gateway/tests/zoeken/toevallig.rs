//! Small registers made by chance, of few words, so that everything collides with everything.

use std::collections::BTreeMap;

use stagepoort::domain::{
    Adres, Code, Datum, Equivalent, Erkenning, Leerbedrijf, LeerbedrijfStatus, Leerplaats,
    LeerplaatsSoort, Leerweg, Leerwegen, Opleiding, Personen, Vergoeding,
};

use crate::{
    bouw::{self, code},
    kans::Kans,
    register::{ANDERE_SCHOOL, SCHOOL},
    wereld::Wereld,
};

#[rustfmt::skip]
pub(crate) const WOORDEN: &[&str] = &[
    "Bakkerij", "Bakker", "Jansen", "Janssen", "Janse", "De", "Linde", "Linden", "Lindenhof",
    "Zorggroep", "Zorg", "Café", "'t", "Hoekje", "Müller", "Muller", "& Zn.", "en Zonen", "B.V.",
    "BV", "Stichting", "Coöperatie", "A", "24", "Straße", "van", "der", "Meer", "Meerkoet",
];
/// Town, four digits, centre; the first two and the last two lie within 25 km of each other.
pub(crate) const PLAATSEN: &[(&str, &str, f64, f64)] = &[
    ("Utrecht", "3511", 52.092, 5.120),
    ("Utrecht", "3523", 52.066, 5.131),
    ("Zeist", "3707", 52.091, 5.240),
    ("Nieuw-Vennep", "2151", 52.265, 4.634),
    ("Súdwest", "8601", 53.033, 5.659),
    ("Sint Anna ter Muiden", "4524", 51.318, 3.367),
    ("Sluis", "4524", 51.308, 3.386),
];
/// Of these, no address has coordinates.
const NERGENS: &[(&str, &str)] = &[("Schiermeer", "9166"), ("Zeist", "3709")];
/// Towns abroad; the first has the four digits of a town at home.
const BUITENLAND: &[(&str, &str, &str, f64, f64)] = &[
    ("BE", "Turnhout", "3511", 51.323, 4.945),
    ("DE", "Kleve", "47533", 51.788, 6.139),
];
const STRATEN: &[&str] = &["Kerkstraat", "Dorpsstraat", "Oude Gracht"];
const LETTERS: &[&str] = &["AB", "AC", "XZ"];
/// Days after today around which everything begins and ends.
pub(crate) const DAGEN: &[i32] = &[-400, -30, -2, -1, 0, 1, 2, 30, 200];

/// Code, name, niveau.
#[rustfmt::skip]
pub(crate) const OPLEIDINGEN: &[(&str, &str, Option<u8>)] = &[
    ("25149", "Medewerker (financiële) administratie", Some(2)),
    ("25153", "Eerste verkoper", Some(3)),
    ("25167", "Verkoper", Some(2)),
    ("25180", "Kok", Some(2)),
    ("25181", "Leidinggevende keuken", Some(4)),
    ("25182", "Zelfstandig werkend kok", Some(3)),
    ("25480", "Mbo-verpleegkundige", Some(4)),
    ("25491", "Verzorgende IG", Some(3)),
    ("25655", "Mbo-verpleegkundige", Some(4)),
    ("25656", "Verzorgende IG", Some(3)),
    ("K0072", "Ondernemend gedrag", None),
    ("K0080", "Oriëntatie op ondernemerschap", None),
];
/// Of which no opleiding is in the register.
pub(crate) const ONBEKEND: &str = "25999";
/// Pairs of the same niveau, two of which make a chain that must not be followed.
const GELIJKWAARDIG: &[(&str, &str)] = &[
    ("25655", "25480"),
    ("25480", "25655"),
    ("25656", "25491"),
    ("25491", "25153"),
    ("25182", "25153"),
    ("25180", "25167"),
    ("K0072", "K0080"),
];

/// A register whose today is this day.
pub(crate) fn wereld(kans: &mut Kans, vandaag: Datum) -> Wereld {
    let mut wereld = Wereld {
        opleidingen: opleidingen(),
        equivalenten: equivalenten(kans, vandaag),
        ..Wereld::default()
    };
    for n in 0..kans.between(50, 300).cast_unsigned() {
        add_leerbedrijf(&mut wereld, kans, vandaag, n);
    }
    for n in 0..kans.below(200) {
        add_bpvo(&mut wereld, kans, vandaag, n);
    }
    wereld
}

/// Puts a leerbedrijf and its people in the place of the one with this number.
pub(crate) fn add_leerbedrijf(wereld: &mut Wereld, kans: &mut Kans, vandaag: Datum, n: u32) {
    let mut leerbedrijf = bouw::leerbedrijf(n, &naam(kans));
    let id = leerbedrijf.kern.leerbedrijf_id;
    if kans.procent(8) {
        leerbedrijf.kern.status = LeerbedrijfStatus::Historisch;
    }
    leerbedrijf.gegevens.vestigingsadres = Adres {
        straat: Some(kans.pick(STRATEN).to_owned()),
        huisnummer: Some(1 + kans.below(40) as u32),
        ..adres(kans)
    };
    // What is over says nothing about where a town is.
    if leerbedrijf.kern.status == LeerbedrijfStatus::Historisch {
        leerbedrijf.gegevens.vestigingsadres.coordinaten = None;
    }
    leerbedrijf.kern.erkenningen = erkenningen(kans, vandaag);
    leerbedrijf.leerplaatsen = (0..kans.below(4))
        .map(|i| leerplaats(kans, vandaag, &leerbedrijf, i))
        .collect();
    wereld.personen.insert(id, personen(kans, &leerbedrijf));
    wereld.leerbedrijven.insert(id, leerbedrijf);
}

pub(crate) fn opleidingen() -> BTreeMap<Code, Opleiding> {
    OPLEIDINGEN
        .iter()
        .map(|(text, naam, niveau)| (code(text), bouw::opleiding(text, naam, *niveau)))
        .collect()
}

pub(crate) fn equivalenten(kans: &mut Kans, vandaag: Datum) -> BTreeMap<Code, Vec<Equivalent>> {
    let mut all: BTreeMap<Code, Vec<Equivalent>> = BTreeMap::new();
    for (of, met) in GELIJKWAARDIG {
        if kans.procent(70) {
            let (vanaf, tot) = match kans.procent(50) {
                true => (vandaag.plus_days(DAGEN[0]), None),
                false => period(kans, vandaag),
            };
            let equivalent = bouw::equivalent(of, met, vanaf, tot);
            all.entry(equivalent.code).or_default().push(equivalent);
        }
    }
    all
}

pub(crate) fn naam(kans: &mut Kans) -> String {
    let words: Vec<&str> = (0..=kans.below(4)).map(|_| kans.pick(WOORDEN)).collect();
    words.join(" ")
}

fn adres(kans: &mut Kans) -> Adres {
    match kans.below(20) {
        0 => {
            let (plaats, cijfers) = kans.pick(NERGENS);
            bouw::adres(plaats, &format!("{cijfers}AB"), None)
        }
        1 => {
            let (land, plaats, postcode, lat, lon) = kans.pick(BUITENLAND);
            Adres {
                land: land.to_owned(),
                ..bouw::adres(plaats, postcode, Some(near(kans, lat, lon)))
            }
        }
        2 => bouw::adres(kans.pick(PLAATSEN).0, "", None),
        n => {
            let (plaats, cijfers, lat, lon) = kans.pick(PLAATSEN);
            let at = (n > 6).then(|| near(kans, lat, lon));
            bouw::adres(plaats, &format!("{cijfers}{}", kans.pick(LETTERS)), at)
        }
    }
}

/// One of a few points, so that some leerbedrijven are equally far; never on one meridian or
/// parallel, so that others are not by chance.
fn near(kans: &mut Kans, lat: f64, lon: f64) -> (f64, f64) {
    let n = f64::from(kans.between(0, 40));
    let micro = |degrees: f64| (degrees * 1e6).round() / 1e6;
    (
        micro(lat + 0.0007 * n - 0.000_013 * n * n),
        micro(lon + 0.0003 * n + 0.000_031 * n * n),
    )
}

/// From one of the days, perhaps to a later one.
fn period(kans: &mut Kans, vandaag: Datum) -> (Datum, Option<Datum>) {
    let begin = kans.below(DAGEN.len());
    let dag = |n: usize| vandaag.plus_days(DAGEN[n]);
    let eind = begin + kans.below(DAGEN.len() - begin);
    (dag(begin), kans.procent(60).then(|| dag(eind)))
}

fn erkenningen(kans: &mut Kans, vandaag: Datum) -> Vec<Erkenning> {
    let mut all: Vec<Erkenning> = Vec::new();
    for _ in 0..kans.below(6) {
        let text = match kans.below(OPLEIDINGEN.len() + 1) {
            n if n < OPLEIDINGEN.len() => OPLEIDINGEN[n].0,
            _ => ONBEKEND,
        };
        // One code may have several periods, which do not overlap.
        for _ in 0..=kans.below(2) {
            let (startdatum, einddatum) = period(kans, vandaag);
            let next = Erkenning {
                startdatum,
                einddatum,
                leerwegen: leerwegen(kans),
                gedeeltelijk: kans.procent(10),
                ..bouw::erkenning(code(text))
            };
            if !all.iter().any(|other| overlap(other, &next)) {
                all.push(next);
            }
        }
    }
    all
}

fn overlap(a: &Erkenning, b: &Erkenning) -> bool {
    let before = |x: &Erkenning, y: &Erkenning| x.einddatum.is_some_and(|e| e < y.startdatum);
    a.code == b.code && !before(a, b) && !before(b, a)
}

fn leerwegen(kans: &mut Kans) -> Leerwegen {
    const SETS: &[&str] = &["BOL", "BBL", "BOL BBL", "BOL BBL", ""];
    bouw::leerwegen(kans.pick(SETS))
}

fn leerplaats(kans: &mut Kans, vandaag: Datum, at: &Leerbedrijf, n: usize) -> Leerplaats {
    let own = &at.kern.erkenningen;
    let of = match own.as_slice() {
        own if !own.is_empty() && kans.procent(85) => own[kans.below(own.len())].code,
        _ => code(kans.pick(OPLEIDINGEN).0),
    };
    let (begin, eind) = period(kans, vandaag);
    let bol = kans.procent(60);
    Leerplaats {
        leerplaats_soort: match bol {
            true => LeerplaatsSoort::Stage,
            false => LeerplaatsSoort::Leerbaan,
        },
        leerweg: if bol { Leerweg::Bol } else { Leerweg::Bbl },
        aantal_leerplaatsen: kans.below(4) as u32,
        beschikbaar_vanaf: kans.procent(70).then_some(begin),
        beschikbaar_tot: eind,
        vergoeding: kans.procent(60).then(|| vergoeding(kans)),
        // Not in the order of the answer.
        ..bouw::leerplaats(&format!("L{}{n}", 9 - n), of)
    }
}

fn vergoeding(kans: &mut Kans) -> Vergoeding {
    Vergoeding {
        soort: kans.pick(&["GEEN", "PER_MAAND", "REISKOSTEN"]).to_owned(),
        bedrag_van: None,
        bedrag_tot: None,
    }
}

fn personen(kans: &mut Kans, at: &Leerbedrijf) -> Personen {
    let codes = |kans: &mut Kans| {
        let own = at.kern.erkenningen.iter().map(|e| e.code);
        own.filter(|_| kans.procent(60)).collect()
    };
    let praktijkopleiders = (0..kans.below(3))
        .map(|n| bouw::praktijkopleider(&format!("p{n}"), codes(kans)))
        .collect();
    Personen {
        contactpersonen: Vec::new(),
        praktijkopleiders,
    }
}

fn add_bpvo(wereld: &mut Wereld, kans: &mut Kans, vandaag: Datum, n: usize) {
    let school = kans.pick(&[SCHOOL, ANDERE_SCHOOL]);
    let ids: Vec<_> = wereld.leerbedrijven.keys().copied().collect();
    // Most are at a few, so that the bands of rule 10 occur.
    let at = if kans.procent(70) {
        kans.below(4)
    } else {
        kans.below(ids.len())
    };
    let (begin, eind) = period(kans, vandaag);
    let kenmerk = n.to_string();
    let mut bpvo = bouw::bpvo(school, &kenmerk, ids[at], (begin, eind.unwrap_or(begin)));
    bpvo.einddatum_werkelijk = kans.procent(20).then_some(begin);
    let key = stagepoort::log::Sleutel::natural_bpvo(bpvo.school_oin, &kenmerk);
    wereld.bpvos.insert(key, bpvo);
}
