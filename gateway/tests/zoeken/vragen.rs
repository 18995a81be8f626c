//! Questions made by chance about a register: every filter alone, and any of them together.

use stagepoort::domain::{Adres, Datum};

use crate::{
    kans::Kans,
    toevallig::{DAGEN, ONBEKEND, OPLEIDINGEN, PLAATSEN, WOORDEN},
    vraag::Vraag,
    wereld::Wereld,
};

/// Where a typo may put a letter.
const TYPOS: &[char] = &['x', 'e', 'n', 's'];

/// The filters, by number, so that each can be asked alone.
pub(crate) const FILTERS: usize = 14;
/// Those that are for leerplaatsen only.
const OF_LEERPLAATSEN: std::ops::Range<usize> = 10..13;

/// Question number `n` of a register: first every filter alone, then combinations.
pub(crate) fn vraag(kans: &mut Kans, wereld: &Wereld, vandaag: Datum, n: usize) -> Vraag {
    let leerplaatsen = OF_LEERPLAATSEN.contains(&n) || kans.procent(50);
    let mut vraag = Vraag {
        soort: Some(
            if leerplaatsen {
                "LEERPLAATS"
            } else {
                "ERKENNING"
            }
            .to_owned(),
        ),
        ..Vraag::default()
    };
    let chosen: Vec<usize> = match n {
        0..FILTERS => vec![n],
        _ => (0..=kans.below(4)).map(|_| kans.below(FILTERS)).collect(),
    };
    for filter in chosen {
        // A contradiction once in a while.
        if leerplaatsen || !OF_LEERPLAATSEN.contains(&filter) || kans.procent(5) {
            set(&mut vraag, filter, kans, wereld, vandaag);
        }
    }
    beside(&mut vraag, kans);
    vraag
}

fn set(vraag: &mut Vraag, filter: usize, kans: &mut Kans, wereld: &Wereld, vandaag: Datum) {
    let dag = |kans: &mut Kans| vandaag.plus_days(kans.pick(DAGEN));
    match filter {
        0 | 1 => vraag.naam = Some(naam(kans, wereld)),
        2 => vraag.postcode = Some(postcode(kans)),
        3 => vraag.plaats = Some(plaats(kans)),
        4 => vraag.code = Some(code(kans)),
        5 => vraag.opleidingsnaam = Some(opleidingsnaam(kans)),
        6 => vraag.leerweg = Some(kans.pick(&["BOL", "BBL"]).to_owned()),
        7 => vraag.niveau = Some(kans.between(1, 4).to_string()),
        8 => vraag.beschikbaar_vanaf = Some(dag(kans).to_string()),
        // Alone, it lies in the time to come.
        9 => vraag.beschikbaar_tot = Some(dag(kans).max(vandaag).to_string()),
        10 => vraag.leerplaats_soort = Some(kans.pick(&["STAGE", "LEERBAAN"]).to_owned()),
        11 => vraag.met_vergoeding = Some(kans.procent(50)),
        13 => vraag.adres = Some(adres(kans, wereld)),
        12 => vraag.minimum_plaatsen = Some(kans.between(1, 3).to_string()),
        _ => {}
    }
}

/// What is no filter.
fn beside(vraag: &mut Vraag, kans: &mut Kans) {
    let placed = vraag.postcode.is_some() || vraag.plaats.is_some() || vraag.adres.is_some();
    if placed && kans.procent(60) {
        let km = kans.pick(&["1", "2,5", "7.5", "12", "40", "250"]);
        vraag.straal_km = Some(km.to_owned());
    }
    vraag.sortering = match kans.below(8) {
        0 => Some("RELEVANTIE".to_owned()),
        1 | 2 => Some("NAAM".to_owned()),
        3 | 4 if placed => Some("AFSTAND".to_owned()),
        _ => None,
    };
    vraag.met_tellingen = kans.procent(40).then_some(true);
    vraag.met_toelichting = kans.procent(20).then_some(true);
    vraag.met_praktijkopleiders = kans.procent(10).then_some(true);
}

/// Words of one leerbedrijf, spoiled a little, or of none.
fn naam(kans: &mut Kans, wereld: &Wereld) -> String {
    let namen: Vec<&str> = wereld
        .leerbedrijven
        .values()
        .map(|l| l.kern.naam.as_str())
        .collect();
    let mut words: Vec<String> = match kans.below(8) {
        0 => vec![(kans.pick(WOORDEN)).to_owned()],
        _ => {
            let own: Vec<&str> = kans.pick(&namen).split(' ').collect();
            let keep = 1 + kans.below(own.len());
            own[..keep].iter().map(|word| spoiled(kans, word)).collect()
        }
    };
    if kans.procent(30) {
        kans.shuffle(&mut words);
    }
    let asked = words.join(" ");
    // Something to look for must be left of it.
    if asked.chars().any(char::is_alphanumeric) {
        asked
    } else {
        "Linde".to_owned()
    }
}

fn spoiled(kans: &mut Kans, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    match kans.below(8) {
        0 => return word.to_uppercase(),
        1 => letters.truncate(1 + kans.below(letters.len())),
        2 => letters[kans.below(word.chars().count())] = kans.pick(TYPOS),
        3 => letters.insert(kans.below(word.chars().count() + 1), kans.pick(TYPOS)),
        4 => drop(letters.remove(kans.below(word.chars().count()))),
        5 if letters.len() > 1 => {
            let at = kans.below(letters.len() - 1);
            letters.swap(at, at + 1);
        }
        _ => {}
    }
    letters.into_iter().collect()
}

fn postcode(kans: &mut Kans) -> String {
    let cijfers = kans.pick(PLAATSEN).1;
    let text = match kans.below(12) {
        0 => "9998",
        1 => "1234 QQ",
        2 => "0123",
        3 | 4 => return format!("{cijfers}AB"),
        5 => return format!("{cijfers} ac"),
        6 => return format!("{cijfers}ZZ"),
        _ => cijfers,
    };
    text.to_owned()
}

fn plaats(kans: &mut Kans) -> String {
    let plaats = kans.pick(PLAATSEN).0;
    match kans.below(12) {
        0 => "Nergenshuizen".to_owned(),
        1 => "Kleve".to_owned(),
        2 => plaats.to_uppercase(),
        3 => plaats.to_lowercase().replace('ú', "u").replace('-', " "),
        _ => plaats.to_owned(),
    }
}

/// A house that stands in the register.
fn adres(kans: &mut Kans, wereld: &Wereld) -> String {
    let all: Vec<&Adres> = wereld
        .leerbedrijven
        .values()
        .map(|l| &l.gegevens.vestigingsadres)
        .filter(|adres| adres.coordinaten.is_some())
        .collect();
    let adres = kans.pick(&all);
    let straat = adres.straat.as_deref().unwrap_or_default();
    let nummer = adres.huisnummer.unwrap_or_default();
    format!("{straat} {nummer}, {}", adres.plaats)
}

fn code(kans: &mut Kans) -> String {
    match kans.below(25) {
        0 => ONBEKEND.to_owned(),
        1 => "23180".to_owned(),
        2 => "kok".to_owned(),
        3 => "k0072".to_owned(),
        _ => kans.pick(OPLEIDINGEN).0.to_owned(),
    }
}

fn opleidingsnaam(kans: &mut Kans) -> String {
    let naam = kans.pick(OPLEIDINGEN).1;
    let words: Vec<&str> = naam.split([' ', '-']).collect();
    match kans.below(8) {
        0 => naam.to_lowercase(),
        1 => "loodgieter".to_owned(),
        2 | 3 => spoiled(kans, naam),
        _ => {
            let word = kans.pick(&words);
            let asked = spoiled(kans, word);
            if asked.chars().any(char::is_alphanumeric) {
                asked
            } else {
                word.to_owned()
            }
        }
    }
}
