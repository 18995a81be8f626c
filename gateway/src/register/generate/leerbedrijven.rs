//! One leerbedrijf: identity, erkenningen, places and people.

use super::{
    adressen,
    dice::{Dice, Doel, scramble},
    erkenningen, namen, rondes,
    sectoren::SECTOREN,
    wereld::{Profiel, Stand, Wereld},
};
use crate::domain::{
    Code, Contactpersoon, Gegevens, Kern, Leerbedrijf, LeerbedrijfStatus, Leerplaats,
    LeerplaatsSoort, Leerweg, Opvolging, Personen, Praktijkopleider, Vergoeding,
};

/// Number of praktijkopleiders of a company that trains now, with weights.
const PRAKTIJKOPLEIDERS: &[(u32, u32)] = &[(0, 22), (1, 57), (2, 15), (3, 5), (4, 1)];
/// Number of places on offer, with weights.
const LEERPLAATSEN: &[(u32, u32)] = &[(0, 52), (1, 26), (2, 11), (3, 6), (4, 5)];
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
    let leerplaatsen = leerplaatsen(wereld, index, profiel, &codes);
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

fn leerplaatsen(wereld: &Wereld, index: u32, profiel: Profiel, codes: &[Code]) -> Vec<Leerplaats> {
    let mut dice = wereld.dice(index, Doel::Leerplaatsen);
    let aantal = dice.weighted(LEERPLAATSEN);
    if codes.is_empty() {
        return Vec::new();
    }
    (0..aantal)
        .map(|n| {
            leerplaats(
                wereld,
                (index, n),
                profiel,
                codes[dice.index(codes.len())],
                &mut dice,
            )
        })
        .collect()
}

fn leerplaats(
    wereld: &Wereld,
    (index, n): (u32, u32),
    profiel: Profiel,
    code: Code,
    dice: &mut Dice,
) -> Leerplaats {
    let opleiding = wereld.opleidingen.iter().find(|o| o.code == code);
    let kan_bbl = opleiding.is_none_or(|o| o.leerwegen.contains(Leerweg::Bbl));
    let kan_bol = opleiding.is_none_or(|o| o.leerwegen.contains(Leerweg::Bol));
    let bbl = kan_bbl && (!kan_bol || dice.promille(400));
    let beroep = opleiding
        .map_or("vakkracht", |o| &o.opleidingsnaam)
        .to_lowercase();
    let titel = dice
        .pick(SECTOREN[profiel.sector].leerplaatsen)
        .replace("{o}", &beroep);
    let begin = dice.between(-60, 200);
    Leerplaats {
        leerplaats_id: format!("LP{:010}", u64::from(index) * 10 + u64::from(n)),
        code,
        leerplaats_soort: if bbl {
            LeerplaatsSoort::Leerbaan
        } else {
            LeerplaatsSoort::Stage
        },
        leerweg: if bbl { Leerweg::Bbl } else { Leerweg::Bol },
        titel: hoofdletter(&titel),
        omschrijving: dice.promille(600).then(|| omschrijving(&beroep, dice)),
        aantal_leerplaatsen: dice.weighted(&[(0, 3), (1, 55), (2, 26), (3, 10), (6, 6)]),
        beschikbaar_vanaf: dice.promille(800).then(|| wereld.dag(begin)),
        beschikbaar_tot: dice
            .promille(450)
            .then(|| wereld.dag(begin + dice.between(20, 300))),
        dagen_per_week: dice.promille(850).then(|| {
            dice.weighted(if bbl {
                &[(4, 8), (3, 2)]
            } else {
                &[(2, 3), (3, 3), (4, 3), (5, 2)]
            })
        }),
        vergoeding: dice.promille(700).then(|| vergoeding(bbl, dice)),
    }
}

fn vergoeding(bbl: bool, dice: &mut Dice) -> Vergoeding {
    if bbl {
        let van = dice.between(9, 19).cast_unsigned() * 100;
        return Vergoeding {
            soort: "PER_MAAND".to_owned(),
            bedrag_van: Some(van),
            bedrag_tot: dice.promille(500).then_some(van + 250),
        };
    }
    let soort = dice.weighted(&[
        ("PER_MAAND", 60),
        ("PER_DAG", 10),
        ("REISKOSTEN", 15),
        ("GEEN", 15),
    ]);
    Vergoeding {
        soort: soort.to_owned(),
        bedrag_van: match soort {
            "PER_DAG" => Some(dice.between(5, 20).cast_unsigned()),
            "PER_MAAND" => Some(dice.between(6, 18).cast_unsigned() * 25),
            _ => None,
        },
        bedrag_tot: None,
    }
}

fn omschrijving(beroep: &str, dice: &mut Dice) -> String {
    let begin = dice.pick(&[
        "Je werkt mee in een klein team",
        "Bij ons leer je het vak in de praktijk",
        "Je draait vanaf de eerste dag mee",
        "Je krijgt een vaste begeleider",
    ]);
    let slot = dice.pick(&[
        "Reiskosten worden vergoed.",
        "Een rijbewijs is handig, maar niet nodig.",
        "Loop gerust eens binnen voor een kop koffie.",
        "Werken in het weekend hoort erbij.",
        "Na je diploma kun je vaak blijven.",
    ]);
    format!("{begin} als {beroep}. {slot}")
}

fn hoofdletter(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

fn personen(wereld: &Wereld, index: u32, codes: &[Code], gegevens: &Gegevens) -> Personen {
    let mut dice = wereld.dice(index, Doel::Personen);
    // A company that trains nobody now has no people in the register.
    if codes.is_empty() {
        return Personen::default();
    }
    let contacten = u32::from(dice.promille(215));
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
