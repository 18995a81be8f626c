//! What changes from one levering to the next: about four in a hundred leerbedrijven a ronde.

use super::{
    adressen,
    dice::Dice,
    erkenningen, leerbedrijven,
    wereld::{Profiel, Stand, Wereld},
};
use crate::domain::{Eindreden, Erkenning, Leerbedrijf, LeerbedrijfStatus, Personen};

/// How many leerbedrijven in a thousand change each ronde, of those that are active.
const GEWIJZIGD_PROMILLE: u32 = 42;

#[derive(Debug, Clone, Copy)]
enum Wijziging {
    Verleend,
    Beeindigd,
    Hersteld,
    Hernoemd,
    Verhuisd,
    AnderePersoon,
    AnderePlaatsen,
    Gestopt,
}

const WIJZIGINGEN: &[(Wijziging, u32)] = &[
    (Wijziging::Verleend, 25),
    (Wijziging::Beeindigd, 25),
    (Wijziging::Hersteld, 3),
    (Wijziging::Hernoemd, 10),
    (Wijziging::Verhuisd, 12),
    (Wijziging::AnderePersoon, 15),
    (Wijziging::AnderePlaatsen, 7),
    (Wijziging::Gestopt, 3),
];

/// The rondes in which this leerbedrijf changes, with chance that is not that of the change.
pub(super) fn changed(
    wereld: &Wereld,
    index: u32,
    profiel: Profiel,
) -> impl Iterator<Item = (i32, Dice)> {
    let actief = profiel.stand == Stand::Actief;
    wereld.rondes(index).filter_map(move |(ronde, mut dice)| {
        (actief && dice.promille(GEWIJZIGD_PROMILLE)).then(|| (ronde, dice.skipped()))
    })
}

/// Applies every ronde of the plan in order. Ronde n is the day n days after the peildatum.
pub(super) fn apply(
    wereld: &Wereld,
    index: u32,
    profiel: Profiel,
    leerbedrijf: &mut Leerbedrijf,
    personen: &mut Personen,
) {
    for (vandaag, mut dice) in wereld.rondes(index) {
        let actief = leerbedrijf.kern.status == LeerbedrijfStatus::Actief;
        if !dice.promille(GEWIJZIGD_PROMILLE) || !actief {
            continue;
        }
        let of = Change {
            wereld,
            index,
            profiel,
            vandaag,
        };
        let wijziging = dice.weighted(WIJZIGINGEN);
        if !of.make(wijziging, leerbedrijf, personen, &mut dice) {
            // Not every leerbedrijf can change in every way, but each can move.
            of.make(Wijziging::Verhuisd, leerbedrijf, personen, &mut dice);
        }
    }
}

/// One change of one leerbedrijf.
struct Change<'a> {
    wereld: &'a Wereld,
    index: u32,
    profiel: Profiel,
    /// Days after the peildatum.
    vandaag: i32,
}

impl Change<'_> {
    /// False when it cannot be made here; then nothing was touched.
    fn make(
        &self,
        wijziging: Wijziging,
        leerbedrijf: &mut Leerbedrijf,
        personen: &mut Personen,
        dice: &mut Dice,
    ) -> bool {
        let Leerbedrijf {
            kern,
            gegevens,
            leerplaatsen,
        } = leerbedrijf;
        let nu = self.wereld.moment(self.vandaag, dice);
        match wijziging {
            Wijziging::Verleend => return self.grant(&mut kern.erkenningen, dice),
            Wijziging::Beeindigd => return self.end_one(&mut kern.erkenningen, dice),
            Wijziging::Hersteld => return self.reinstate(&mut kern.erkenningen, dice),
            Wijziging::Hernoemd => {
                let naam = leerbedrijven::naam(self.wereld, self.profiel, dice);
                if naam == kern.naam {
                    return false;
                }
                kern.naam = naam;
                gegevens.bijgewerkt_op = nu;
            }
            Wijziging::Verhuisd => {
                gegevens.vestigingsadres =
                    adressen::vestigingsadres(self.wereld, self.profiel, dice);
                gegevens.bijgewerkt_op = nu;
            }
            Wijziging::AnderePersoon => {
                let Some(old) = personen.praktijkopleiders.first_mut() else {
                    return false;
                };
                let n = 256 + self.vandaag.cast_unsigned();
                let id = leerbedrijven::persoon_id(self.wereld, self.index, n);
                let codes = old.codes.clone();
                *old = leerbedrijven::praktijkopleider(self.wereld, id, &codes, gegevens, dice);
                old.bijgewerkt_op = nu;
            }
            Wijziging::AnderePlaatsen => {
                let Some(first) = leerplaatsen.first_mut() else {
                    return false;
                };
                first.aantal_leerplaatsen += 1;
            }
            Wijziging::Gestopt => {
                if !self.may_stop() {
                    return false;
                }
                self.end_all(&mut kern.erkenningen, dice);
                kern.status = LeerbedrijfStatus::Historisch;
                leerplaatsen.clear();
                *personen = Personen::default();
                gegevens.bijgewerkt_op = nu;
            }
        }
        true
    }

    fn grant(&self, erkenningen: &mut Vec<Erkenning>, dice: &mut Dice) -> bool {
        let have: Vec<_> = self
            .wereld
            .kwalificaties
            .iter()
            .copied()
            .filter(|&i| {
                let code = self.wereld.opleidingen[i].code;
                erkenningen.iter().any(|e| e.code == code)
            })
            .collect();
        let Some(next) = self.wereld.kwalificatie(self.profiel.sector, &have, dice) else {
            return false;
        };
        let begin = self.vandaag + dice.between(-3, 30);
        let mut new = erkenningen::erkenning(self.wereld, next, (begin, None), dice);
        new.bijgewerkt_op = self.wereld.moment(self.vandaag, dice);
        erkenningen.push(new);
        erkenningen.sort_by_key(|e| (e.code, e.startdatum));
        true
    }

    /// An open period gets an end, some days ago or in the weeks to come.
    fn end_one(&self, erkenningen: &mut [Erkenning], dice: &mut Dice) -> bool {
        let vandaag = self.wereld.dag(self.vandaag);
        let mut open: Vec<_> = erkenningen
            .iter_mut()
            .filter(|e| e.einddatum.is_none() && e.startdatum < vandaag.plus_days(-10))
            .collect();
        if open.is_empty() {
            return false;
        }
        let which = dice.index(open.len());
        let eind = vandaag.plus_days(dice.between(-5, 60));
        let erkenning = &mut open[which];
        erkenning.einddatum = Some(eind);
        erkenning.reden = erkenningen::reden(dice);
        erkenning.bijgewerkt_op = self.wereld.moment(self.vandaag, dice);
        true
    }

    /// A withdrawal is undone, as after an objection.
    fn reinstate(&self, erkenningen: &mut [Erkenning], dice: &mut Dice) -> bool {
        let last_of_code =
            |i: usize| erkenningen.get(i + 1).map(|e| e.code) != Some(erkenningen[i].code);
        let found = (0..erkenningen.len())
            .find(|&i| erkenningen[i].reden == Some(Eindreden::Ingetrokken) && last_of_code(i));
        let Some(i) = found else { return false };
        let erkenning = &mut erkenningen[i];
        erkenning.einddatum = None;
        erkenning.reden = None;
        erkenning.bijgewerkt_op = self.wereld.moment(self.vandaag, dice);
        true
    }

    /// Every period ends yesterday; what had not begun is gone.
    fn end_all(&self, erkenningen: &mut Vec<Erkenning>, dice: &mut Dice) {
        let gisteren = self.wereld.dag(self.vandaag - 1);
        erkenningen.retain(|e| e.startdatum <= gisteren);
        for erkenning in erkenningen.iter_mut() {
            if erkenning.einddatum.is_none_or(|eind| eind > gisteren) {
                erkenning.einddatum = Some(gisteren);
                erkenning.reden = Some(Eindreden::VanRechtswegeVervallen);
                erkenning.bijgewerkt_op = self.wereld.moment(self.vandaag, dice);
            }
        }
    }

    /// Others were merged into the last active one before them, which must stay.
    fn may_stop(&self) -> bool {
        self.index + 1 >= self.wereld.aantal
            || self.wereld.profiel(self.index + 1).stand == Stand::Actief
    }
}
