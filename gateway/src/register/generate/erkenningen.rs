//! The erkenningen of one leerbedrijf: mostly one open period per code, and every other shape.

use super::{
    dice::{Dice, Doel},
    wereld::{Profiel, Stand, Wereld, first_free},
};
use crate::domain::{Eindreden, Erkenning, Leerwegen, Werkproces};

/// Number of periods of a leerbedrijf, with weights; 5.0 on average.
const AANTAL: &[(u32, u32)] = &[
    (1, 18),
    (2, 17),
    (3, 14),
    (4, 12),
    (5, 9),
    (6, 7),
    (7, 5),
    (8, 4),
    (10, 4),
    (12, 4),
    (15, 3),
    (20, 2),
    (24, 1),
];
const REDENEN: &[(Option<Eindreden>, u32)] = &[
    (Some(Eindreden::Ingetrokken), 30),
    (Some(Eindreden::VanRechtswegeVervallen), 20),
    (Some(Eindreden::NietVerlengd), 25),
    (None, 25),
];
const WERKPROCESSEN: &[&str] = &[
    "Neemt de opdracht aan en bereidt het werk voor",
    "Voert de werkzaamheden uit",
    "Controleert en bewaakt de kwaliteit",
    "Onderhoudt gereedschap en werkplek",
    "Stemt het werk af met collega's en klanten",
    "Rondt het werk af en rapporteert",
];

/// What becomes of one code at a leerbedrijf.
#[derive(Debug, Clone, Copy)]
enum Verloop {
    Open,
    Voorbij,
    EindBekend,
    Toekomst,
    Opnieuw,
    TweemaalOpnieuw,
    StraksOpnieuw,
}

const VERLOPEN: &[(Verloop, u32)] = &[
    (Verloop::Open, 74),
    (Verloop::Voorbij, 9),
    (Verloop::EindBekend, 4),
    (Verloop::Toekomst, 4),
    (Verloop::Opnieuw, 5),
    (Verloop::TweemaalOpnieuw, 2),
    (Verloop::StraksOpnieuw, 2),
];

/// First and last day relative to the peildatum.
type Periode = (i32, Option<i32>);

/// All periods, in order of code and day.
pub(super) fn of(wereld: &Wereld, index: u32, profiel: Profiel) -> Vec<Erkenning> {
    let dice = &mut wereld.dice(index, Doel::Erkenningen);
    let aantal = dice.weighted(AANTAL) as usize;
    let mut have: Vec<usize> = Vec::with_capacity(aantal);
    let mut erkenningen = Vec::with_capacity(aantal);
    while erkenningen.len() < aantal {
        let keuzedeel = !have.is_empty() && dice.promille(60);
        let next = if keuzedeel {
            first_free(&wereld.keuzedelen, &have, dice)
        } else {
            wereld.kwalificatie(profiel.sector, &have, dice)
        };
        // A small table of kwalificaties has no more to offer.
        let Some(next) = next else { break };
        let verloop = if have.is_empty() {
            Verloop::Open
        } else {
            dice.weighted(VERLOPEN)
        };
        have.push(next);
        for periode in perioden(verloop, profiel.stand, dice) {
            erkenningen.push(erkenning(wereld, next, periode, dice));
        }
    }
    erkenningen.sort_by_key(|e: &Erkenning| (e.code, e.startdatum));
    erkenningen
}

/// Periods in order of time that do not touch. None runs after the company's own end.
fn perioden(verloop: Verloop, stand: Stand, dice: &mut Dice) -> Vec<Periode> {
    if let Stand::Historisch { sinds } | Stand::Opgevolgd { sinds, .. } = stand {
        // An erkenning ends with the company, at its last day or somewhat before.
        let eind = if dice.promille(700) {
            sinds - 1
        } else {
            sinds - dice.between(2, 700)
        };
        return vec![(eind - dice.between(200, 4_000), Some(eind))];
    }
    match verloop {
        Verloop::Open => vec![(-dice.between(20, 4_400), None)],
        Verloop::Voorbij => {
            let eind = -dice.between(1, 1_600);
            vec![(eind - dice.between(200, 3_600), Some(eind))]
        }
        Verloop::EindBekend => vec![(-dice.between(100, 3_600), Some(dice.between(0, 400)))],
        Verloop::Toekomst => vec![(dice.between(1, 200), None)],
        Verloop::Opnieuw => {
            let begin = -dice.between(20, 2_000);
            vec![eerder(begin, dice), (begin, None)]
        }
        Verloop::TweemaalOpnieuw => {
            let begin = -dice.between(20, 1_500);
            let midden = eerder(begin, dice);
            vec![eerder(midden.0, dice), midden, (begin, None)]
        }
        Verloop::StraksOpnieuw => {
            let begin = dice.between(10, 150);
            let eind = -dice.between(1, 400);
            vec![(eind - dice.between(300, 2_000), Some(eind)), (begin, None)]
        }
    }
}

/// A period that was over before this day.
fn eerder(dag: i32, dice: &mut Dice) -> Periode {
    let eind = dag - dice.between(2, 500);
    (eind - dice.between(200, 2_000), Some(eind))
}

pub(super) fn erkenning(
    wereld: &Wereld,
    opleiding: usize,
    (begin, eind): Periode,
    dice: &mut Dice,
) -> Erkenning {
    let opleiding = &wereld.opleidingen[opleiding];
    let gedeeltelijk = !opleiding.code.is_keuzedeel() && dice.promille(30);
    let bekend = -dice.between(0, 60);
    Erkenning {
        code: opleiding.code,
        leerwegen: leerwegen(opleiding.leerwegen, dice),
        startdatum: wereld.dag(begin),
        einddatum: eind.map(|na| wereld.dag(na)),
        reden: eind.and_then(|_| dice.weighted(REDENEN)),
        gedeeltelijk,
        werkprocessen: if gedeeltelijk {
            werkprocessen(dice)
        } else {
            Vec::new()
        },
        // The register knows of a beginning or an end some time before, never after today.
        bijgewerkt_op: wereld.moment((eind.unwrap_or(begin) + bekend).min(-1), dice),
    }
}

/// What the kwalificatie allows, or one of it.
fn leerwegen(all: Leerwegen, dice: &mut Dice) -> Leerwegen {
    if dice.promille(750) {
        return all;
    }
    let wegen: Vec<_> = all.iter().collect();
    match wegen.len() {
        0 => all,
        n => Leerwegen::default().with(wegen[dice.index(n)]),
    }
}

/// Some of which can be learned there and some not.
pub(super) fn werkprocessen(dice: &mut Dice) -> Vec<Werkproces> {
    let aantal = 3 + dice.index(WERKPROCESSEN.len() - 2);
    let niet = dice.index(aantal);
    (0..aantal)
        .map(|n| Werkproces {
            code: format!("B1-K{}-W{}", 1 + n / 4, 1 + n % 4),
            naam: WERKPROCESSEN[n].to_owned(),
            uitvoerbaar: n != niet && dice.promille(850),
        })
        .collect()
}

/// Why a period that ends does so.
pub(super) fn reden(dice: &mut Dice) -> Option<Eindreden> {
    dice.weighted(REDENEN)
}
