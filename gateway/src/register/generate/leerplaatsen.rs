//! Places on offer at one leerbedrijf.

use super::{
    dice::{Dice, Doel},
    sectoren::SECTOREN,
    wereld::{Profiel, Wereld},
};
use crate::domain::{Erkenning, Leerplaats, LeerplaatsSoort, Leerweg, Vergoeding};

/// Number of places on offer, with weights; 0.8 on average over all companies.
const AANTAL: &[(u32, u32)] = &[(0, 104), (1, 53), (2, 22), (3, 12), (4, 9)];

/// Each for a kwalificatie that is erkend on the peildatum.
pub(super) fn of(
    wereld: &Wereld,
    index: u32,
    profiel: Profiel,
    erkenningen: &[Erkenning],
) -> Vec<Leerplaats> {
    let mut dice = wereld.dice(index, Doel::Leerplaatsen);
    let aantal = dice.weighted(AANTAL);
    let running: Vec<_> = erkenningen
        .iter()
        .filter(|e| !e.code.is_keuzedeel() && e.holds_on(wereld.peildatum))
        .collect();
    if running.is_empty() {
        return Vec::new();
    }
    (0..aantal)
        .map(|n| {
            let erkenning = running[dice.index(running.len())];
            leerplaats(wereld, (index, n), profiel, erkenning, &mut dice)
        })
        .collect()
}

fn leerplaats(
    wereld: &Wereld,
    (index, n): (u32, u32),
    profiel: Profiel,
    erkenning: &Erkenning,
    dice: &mut Dice,
) -> Leerplaats {
    let leerweg = leerweg(erkenning, dice);
    let bbl = leerweg == Leerweg::Bbl;
    let beroep = wereld.opleiding(erkenning.code).map_or_else(
        || "vakkracht".to_owned(),
        |o| kleine_letter(&o.opleidingsnaam),
    );
    let begin = dice.between(-60, 200);
    let dagen: &[(u8, u32)] = if bbl {
        &[(4, 8), (3, 2)]
    } else {
        &[(2, 3), (3, 3), (4, 3), (5, 2)]
    };
    Leerplaats {
        leerplaats_id: format!("LP{:010}", u64::from(index) * 10 + u64::from(n)),
        code: erkenning.code,
        leerplaats_soort: if bbl {
            LeerplaatsSoort::Leerbaan
        } else {
            LeerplaatsSoort::Stage
        },
        leerweg,
        titel: titel(profiel, &beroep, bbl, dice),
        omschrijving: dice.promille(600).then(|| omschrijving(&beroep, dice)),
        aantal_leerplaatsen: dice.weighted(&[(0, 3), (1, 55), (2, 26), (3, 10), (6, 6)]),
        beschikbaar_vanaf: dice.promille(800).then(|| wereld.dag(begin)),
        beschikbaar_tot: dice
            .promille(450)
            .then(|| wereld.dag(begin + dice.between(20, 300))),
        dagen_per_week: dice.promille(850).then(|| dice.weighted(dagen)),
        vergoeding: dice.promille(700).then(|| vergoeding(bbl, dice)),
    }
}

/// One for which the erkenning holds.
fn leerweg(erkenning: &Erkenning, dice: &mut Dice) -> Leerweg {
    let bbl = erkenning.leerwegen.contains(Leerweg::Bbl);
    let bol = erkenning.leerwegen.contains(Leerweg::Bol);
    if bbl && (!bol || dice.promille(400)) {
        Leerweg::Bbl
    } else {
        Leerweg::Bol
    }
}

fn titel(profiel: Profiel, beroep: &str, bbl: bool, dice: &mut Dice) -> String {
    let titel = dice
        .pick(SECTOREN[profiel.sector].leerplaatsen)
        .replace("{o}", beroep);
    match titel.strip_prefix("Stage") {
        Some(rest) if bbl => format!("Leerbaan{rest}"),
        _ => hoofdletter(&titel),
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

/// As it stands within a sentence; abbreviations such as ICT stay as they are.
fn kleine_letter(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
