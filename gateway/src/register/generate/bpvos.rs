//! Practice agreements, without anything about a student.

use super::{
    dice::{Dice, Doel, scramble},
    fixtures, leerbedrijven, rondes,
    wereld::{Stand, Wereld},
};
use crate::domain::{Bpvo, Erkenning, Herkomst, Keuzedeel, LeerbedrijfId};

/// Number of bpvo's at one leerbedrijf, with weights; 2.0 on average.
const AANTAL: &[(u32, u32)] = &[
    (0, 44),
    (1, 21),
    (2, 12),
    (3, 8),
    (5, 6),
    (8, 5),
    (12, 3),
    (24, 1),
];
/// Postcodes that fall to one school, as a first guess of its region.
const REGIO: u32 = 150;

/// The bpvo's at the leerbedrijf with this number.
pub(super) fn of(wereld: &Wereld, index: u32) -> Vec<Bpvo> {
    if index < super::FIXTURES {
        return fixtures::bpvos(wereld, index);
    }
    let profiel = wereld.profiel(index);
    let Some(kern) = leerbedrijven::kern(wereld, index, profiel) else {
        return Vec::new();
    };
    let kwalificaties: Vec<_> = kern
        .erkenningen
        .iter()
        .filter(|e| !e.code.is_keuzedeel())
        .collect();
    if kwalificaties.is_empty() {
        return Vec::new();
    }
    let regio = if profiel.buitenland {
        0
    } else {
        u32::from(wereld.postcodes[profiel.plaats].postcode4) / REGIO
    };
    let mut dice = wereld.dice(index, Doel::Bpvos);
    let actief = profiel.stand == Stand::Actief;
    let vast = dice.weighted(AANTAL);
    let mut bpvos: Vec<_> = (0..vast)
        .map(|n| {
            let erkenning = erkenning(wereld, &kwalificaties, actief, &mut dice);
            bpvo(
                wereld,
                (index, n),
                kern.leerbedrijf_id,
                (regio, erkenning),
                &mut dice,
            )
        })
        .collect();
    // Every change of a leerbedrijf brings a new bpvo along and ends an old one.
    for (ronde, mut dice) in rondes::changed(wereld, index, profiel) {
        if let Some(first) = bpvos.iter_mut().find(|b| b.einddatum_werkelijk.is_none()) {
            first.einddatum_werkelijk = Some(first.begindatum.max(wereld.dag(ronde - 1)));
        }
        let n = 100 + ronde.cast_unsigned();
        let erkenning = erkenning(wereld, &kwalificaties, actief, &mut dice);
        bpvos.push(bpvo(
            wereld,
            (index, n),
            kern.leerbedrijf_id,
            (regio, erkenning),
            &mut dice,
        ));
    }
    bpvos
}

/// Mostly one that runs; some look back, or stand with what has ended since.
fn erkenning<'a>(
    wereld: &Wereld,
    from: &[&'a Erkenning],
    actief: bool,
    dice: &mut Dice,
) -> &'a Erkenning {
    let start = dice.index(from.len());
    let any = from[start];
    if !actief || dice.promille(60) {
        return any;
    }
    from[start..]
        .iter()
        .chain(&from[..start])
        .copied()
        .find(|e| e.holds_on(wereld.peildatum))
        .unwrap_or(any)
}

fn bpvo(
    wereld: &Wereld,
    (index, n): (u32, u32),
    leerbedrijf_id: LeerbedrijfId,
    (regio, erkenning): (u32, &Erkenning),
    dice: &mut Dice,
) -> Bpvo {
    let gewenst = wereld.dag(begin(wereld, dice));
    let lengte = dice.weighted(&[(70, 20), (140, 35), (300, 35), (700, 10)]);
    let lengte = lengte - dice.between(0, 30);
    // It begins while the erkenning runs, and now and then goes on behind the end of it.
    let begindatum = match erkenning.einddatum {
        Some(eind) if gewenst > eind => eind.plus_days(-dice.between(10, 190)),
        _ => gewenst,
    }
    .max(erkenning.startdatum);
    let gepland = begindatum.plus_days(lengte);
    let einddatum_gepland = match erkenning.einddatum {
        Some(eind) if gepland > eind && !dice.promille(250) => eind.max(begindatum),
        _ => gepland,
    };
    let voorbij = einddatum_gepland < wereld.peildatum;
    let werkelijk = match (voorbij, dice.below(100)) {
        (true, 0..70) => Some(einddatum_gepland),
        (true, 70..80) => Some(begindatum.plus_days(lengte / 3).min(einddatum_gepland)),
        (false, 0..4) => Some(begindatum.plus_days(20).min(einddatum_gepland)),
        _ => None,
    };
    Bpvo {
        school_oin: wereld.scholen[school(wereld, regio, dice)].oin,
        bpvo_kenmerk: kenmerk(wereld, index, n),
        leerbedrijf_id,
        code: erkenning.code,
        begindatum,
        einddatum_gepland,
        einddatum_werkelijk: werkelijk,
        keuzedelen: keuzedelen(wereld, (begindatum, einddatum_gepland), dice),
        herkomst: Herkomst::Register,
        volgens_register: None,
    }
}

/// First day, relative to the peildatum: the start of a school year or half-year, or any day.
fn begin(wereld: &Wereld, dice: &mut Dice) -> i32 {
    let september = wereld.schooljaar;
    match dice.below(100) {
        0..48 => -september + dice.between(-10, 45),
        48..60 => -september - 365 + dice.between(-10, 45),
        60..78 => -september + 155 - if september < 120 { 365 } else { 0 } + dice.between(0, 40),
        _ => dice.between(-500, 60),
    }
}

fn school(wereld: &Wereld, regio: u32, dice: &mut Dice) -> usize {
    let n = wereld.scholen.len();
    if dice.promille(700) {
        (scramble(u64::from(regio)) % n as u64) as usize
    } else {
        dice.index(n)
    }
}

/// A school's key of a student's placement: opaque, and unique in all of the register.
pub(super) fn kenmerk(wereld: &Wereld, index: u32, n: u32) -> String {
    let number = u64::from(index) << 16 | u64::from(n);
    format!("{:016X}", scramble(number ^ scramble(!wereld.zaad)))
}

fn keuzedelen(
    wereld: &Wereld,
    (begindatum, einddatum_gepland): (crate::domain::Datum, crate::domain::Datum),
    dice: &mut Dice,
) -> Vec<Keuzedeel> {
    if wereld.keuzedelen.is_empty() || !dice.promille(250) {
        return Vec::new();
    }
    let which = wereld.keuzedelen[dice.index(wereld.keuzedelen.len())];
    vec![Keuzedeel {
        code: wereld.opleidingen[which].code,
        begindatum,
        einddatum_gepland,
    }]
}
