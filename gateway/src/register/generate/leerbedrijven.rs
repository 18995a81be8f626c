//! One leerbedrijf and its people.

use super::{
    adressen,
    dice::{Dice, Doel, scramble},
    erkenningen, leerplaatsen, namen, rondes,
    sectoren::SECTOREN,
    wereld::{Profiel, Stand, Wereld},
};
use crate::domain::{
    Code, Contactpersoon, Gegevens, Kern, Leerbedrijf, LeerbedrijfStatus, Opvolging, Personen,
    Praktijkopleider,
};

/// Number of praktijkopleiders of a company that trains now, with weights.
const PRAKTIJKOPLEIDERS: &[(u32, u32)] = &[(0, 22), (1, 57), (2, 15), (3, 5), (4, 1)];
const FUNCTIES: &[&str] = &[
    "Stagecoördinator",
    "Personeelsfunctionaris",
    "Eigenaar",
    "Bedrijfsleider",
    "HR-adviseur",
    "Vestigingsmanager",
    "Praktijkbegeleider",
    "Directeur",
];

/// The leerbedrijf with this number as it is after the rondes of the plan, and its people.
pub(super) fn leerbedrijf(wereld: &Wereld, index: u32) -> Option<(Leerbedrijf, Personen)> {
    let profiel = wereld.profiel(index);
    let kern = kern(wereld, index, profiel)?;
    let gegevens = gegevens(wereld, index, profiel, &kern.naam);
    let codes = running(wereld, &kern);
    let leerplaatsen = leerplaatsen::of(wereld, index, profiel, &kern.erkenningen);
    let mut personen = personen(wereld, index, &codes, &gegevens);
    let mut leerbedrijf = Leerbedrijf {
        kern,
        gegevens,
        leerplaatsen,
    };
    rondes::apply(wereld, index, profiel, &mut leerbedrijf, &mut personen);
    Some((leerbedrijf, personen))
}

/// Identity and erkenningen before any ronde.
pub(super) fn kern(wereld: &Wereld, index: u32, profiel: Profiel) -> Option<Kern> {
    let (status, opvolging) = match profiel.stand {
        Stand::Actief => (LeerbedrijfStatus::Actief, None),
        Stand::Historisch { .. } => (LeerbedrijfStatus::Historisch, None),
        Stand::Opgevolgd { sinds, opvolger } => (
            LeerbedrijfStatus::Historisch,
            Some(Opvolging {
                opvolger: wereld.id(opvolger)?,
                opgevolgd_per: wereld.dag(sinds),
            }),
        ),
    };
    Some(Kern {
        leerbedrijf_id: wereld.id(index)?,
        naam: naam(wereld, profiel, &mut wereld.dice(index, Doel::Gegevens)),
        status,
        opvolging,
        erkenningen: erkenningen::of(wereld, index, profiel),
    })
}

pub(super) fn naam(wereld: &Wereld, profiel: Profiel, dice: &mut Dice) -> String {
    if profiel.buitenland {
        return adressen::naam_buitenland(profiel, dice);
    }
    let patroon = dice.pick(SECTOREN[profiel.sector].namen);
    let plaats = &wereld.postcodes[profiel.plaats].plaats;
    namen::bedrijfsnaam(patroon, &namen::Omgeving { plaats }, dice)
}

fn gegevens(wereld: &Wereld, index: u32, profiel: Profiel, naam: &str) -> Gegevens {
    // The name took the beginning of this stream.
    let dice = &mut wereld.dice(index, Doel::Gegevens).skipped();
    let vestigingsadres = adressen::vestigingsadres(wereld, profiel, dice);
    let correspondentieadres = dice
        .promille(60)
        .then(|| adressen::correspondentieadres(wereld, &vestigingsadres, dice));
    let (kvk, vestiging) = adressen::kvk_nummers(dice);
    let binnenland = vestigingsadres.land == "NL";
    let domein = namen::slug(naam);
    let mailbox = dice.pick(&[
        "info",
        "stage",
        "administratie",
        "contact",
        "personeelszaken",
    ]);
    Gegevens {
        kvk_nummer: (binnenland && !dice.promille(30)).then_some(kvk),
        kvk_vestigingsnummer: (binnenland && dice.promille(900)).then_some(vestiging),
        telefoonnummer: (!dice.promille(50))
            .then(|| adressen::telefoonnummer(&vestigingsadres.land, dice))
            .flatten(),
        emailadres: dice
            .promille(850)
            .then(|| format!("{mailbox}@{domein}.example")),
        website: dice
            .promille(600)
            .then(|| format!("https://www.{domein}.example")),
        bijgewerkt_op: wereld.moment(-dice.between(1, 1_500), dice),
        vestigingsadres,
        correspondentieadres,
    }
}

/// Kwalificaties for which an erkenning runs on the peildatum, each once.
pub(super) fn running(wereld: &Wereld, kern: &Kern) -> Vec<Code> {
    let mut codes: Vec<_> = kern
        .erkenningen
        .iter()
        .filter(|e| !e.code.is_keuzedeel() && e.holds_on(wereld.peildatum))
        .map(|e| e.code)
        .collect();
    codes.dedup();
    codes
}

fn personen(wereld: &Wereld, index: u32, codes: &[Code], gegevens: &Gegevens) -> Personen {
    let mut dice = wereld.dice(index, Doel::Personen);
    // A company that trains nobody now has no people in the register.
    if codes.is_empty() {
        return Personen::default();
    }
    let contacten = u32::from(dice.promille(205));
    let opleiders = dice.weighted(PRAKTIJKOPLEIDERS);
    Personen {
        contactpersonen: (0..contacten)
            .map(|n| contactpersoon(wereld, persoon_id(wereld, index, n), gegevens, &mut dice))
            .collect(),
        praktijkopleiders: (0..opleiders)
            .map(|n| {
                let id = persoon_id(wereld, index, 16 + n);
                praktijkopleider(wereld, id, codes, gegevens, &mut dice)
            })
            .collect(),
    }
}

/// A key that says nothing about the person, and is another for every number.
pub(super) fn persoon_id(wereld: &Wereld, index: u32, n: u32) -> String {
    let number = u64::from(index) << 16 | u64::from(n);
    format!("P{:016X}", scramble(number ^ scramble(wereld.zaad)))
}

fn contactpersoon(
    wereld: &Wereld,
    persoon_id: String,
    gegevens: &Gegevens,
    dice: &mut Dice,
) -> Contactpersoon {
    let naam = namen::persoon(dice);
    Contactpersoon {
        persoon_id,
        functie: dice.promille(800).then(|| dice.pick(FUNCTIES).to_owned()),
        emailadres: dice.promille(900).then(|| mailadres(&naam, gegevens)),
        telefoonnummer: adressen::telefoonnummer(&gegevens.vestigingsadres.land, dice),
        naam,
        bijgewerkt_op: wereld.moment(-dice.between(1, 1_200), dice),
    }
}

pub(super) fn praktijkopleider(
    wereld: &Wereld,
    persoon_id: String,
    codes: &[Code],
    gegevens: &Gegevens,
    dice: &mut Dice,
) -> Praktijkopleider {
    let naam = namen::persoon(dice);
    let mut own: Vec<_> = codes
        .iter()
        .copied()
        .filter(|_| dice.promille(600))
        .collect();
    if own.is_empty() {
        own.push(codes[dice.index(codes.len())]);
    }
    Praktijkopleider {
        persoon_id,
        emailadres: dice.promille(700).then(|| mailadres(&naam, gegevens)),
        telefoonnummer: dice
            .promille(400)
            .then(|| adressen::telefoonnummer(&gegevens.vestigingsadres.land, dice))
            .flatten(),
        naam,
        codes: own,
        bijgewerkt_op: wereld.moment(-dice.between(1, 1_200), dice),
    }
}

fn mailadres(naam: &str, gegevens: &Gegevens) -> String {
    let domein = gegevens
        .emailadres
        .as_deref()
        .and_then(|adres| adres.split_once('@'))
        .map_or("leerbedrijf.example", |(_, domein)| domein);
    format!("{}@{domein}", namen::slug(naam).replace('-', "."))
}
