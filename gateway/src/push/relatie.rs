//! Who must hear of what: the relation between a change of the register and the bpvo's of schools
//! (domain §4).
//!
//! Everything is found by index: the bpvo's at a leerbedrijf, and those at the leerbedrijven that
//! it took over. Judged by the newest state of the register that a node has, which holds at least
//! the change itself.

use std::collections::BTreeMap;

use super::{Abonnement, MANDAAT};
use crate::{
    access::Toegang,
    domain::{
        Bpvo, Code, Datum, Eindreden, Kern, LeerbedrijfId, Mutatie, MutatieSoort, Oin, Tijdstip,
    },
    operations::{
        Rules,
        erkend_over::{Periode, draagt_op, erkend_over},
        natrekken_erkenning::{ErkenningStatus, Grondslag},
    },
    replica::View,
};

/// Longer chains than any history of mergers; a bound, so that a loop in the data ends.
const MAX_MERGERS: usize = 16;

/// The bpvo's of one school that a change touches.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Geraakt {
    /// Ascending.
    pub(super) bpvo_kenmerken: Vec<String>,
    /// The codes of these bpvo's for which it matters; none for a change of the leerbedrijf itself.
    pub(super) codes: Vec<Code>,
}

/// The state that a change is judged by.
#[derive(Clone, Copy)]
pub(super) struct Relatie<'v> {
    pub(super) view: &'v View,
    pub(super) rules: Rules,
}

/// The end of an erkenning that a bpvo outlasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BekendEinde {
    /// Where it ends: the leerbedrijf of the bpvo, or its successor.
    pub(super) leerbedrijf_id: LeerbedrijfId,
    /// Its name.
    pub(super) naam: String,
    /// What the bpvo is for.
    pub(super) code: Code,
    /// Why it ends, if that is known.
    pub(super) reden: Option<Eindreden>,
    /// First day of the period.
    pub(super) startdatum: Option<Datum>,
    /// Last day on which the code is carried, inclusive.
    pub(super) einddatum: Datum,
}

/// A code that a bpvo is for, and when.
#[derive(Clone, Copy)]
struct Doel {
    code: Code,
    periode: Periode,
}

impl Relatie<'_> {
    /// The bpvo's that a mutatie touches, by school.
    pub(super) fn of_mutatie(self, mutatie: &Mutatie) -> BTreeMap<Oin, Geraakt> {
        let mut scholen: BTreeMap<Oin, Geraakt> = BTreeMap::new();
        for (plek, vanaf) in self.plekken(mutatie.leerbedrijf_id) {
            let from = vanaf.map_or(mutatie.ingangsdatum, |dag| dag.max(mutatie.ingangsdatum));
            for bpvo in self.view.bpvos_at(plek) {
                let Some(codes) = self.touched(mutatie, &bpvo, from) else {
                    continue;
                };
                let geraakt = scholen.entry(bpvo.school_oin).or_default();
                geraakt.bpvo_kenmerken.push(bpvo.bpvo_kenmerk);
                geraakt.codes.extend(codes);
            }
        }
        for geraakt in scholen.values_mut() {
            geraakt.bpvo_kenmerken.sort_unstable();
            geraakt.codes.sort_unstable();
            geraakt.codes.dedup();
        }
        scholen
    }

    /// The known ends that a bpvo outlasts, of those that lie on or after this day.
    pub(super) fn of_bpvo(self, bpvo: &Bpvo, dag: Datum) -> Vec<BekendEinde> {
        doelen(bpvo)
            .into_iter()
            .filter_map(|doel| self.known_end(bpvo.leerbedrijf_id, doel, dag))
            .collect()
    }

    /// The leerbedrijf itself, and those whose questions it answers, with the day from which on.
    fn plekken(self, id: LeerbedrijfId) -> Vec<(LeerbedrijfId, Option<Datum>)> {
        let mut plekken = vec![(id, None)];
        let mut newest = 0..1;
        for _ in 0..MAX_MERGERS {
            let before = plekken.len();
            for at in newest {
                let (opvolger, vanaf): (LeerbedrijfId, Option<Datum>) = plekken[at];
                for kern in self.view.voorgangers(opvolger) {
                    let per = kern.opvolging.map(|opvolging| opvolging.opgevolgd_per);
                    if plekken
                        .iter()
                        .all(|(known, _)| *known != kern.leerbedrijf_id)
                    {
                        plekken.push((kern.leerbedrijf_id, per.max(vanaf)));
                    }
                }
            }
            newest = before..plekken.len();
        }
        plekken
    }

    /// For which codes of the bpvo the mutatie matters, from this day on; none when it does not.
    fn touched(self, mutatie: &Mutatie, bpvo: &Bpvo, from: Datum) -> Option<Vec<Code>> {
        let Some(code) = mutatie.code else {
            return (bpvo.einddatum() >= from).then(Vec::new);
        };
        let codes: Vec<Code> = doelen(bpvo)
            .into_iter()
            .filter_map(|doel| doel.from(from))
            .filter(|doel| self.matters(mutatie, code, bpvo.leerbedrijf_id, *doel))
            .map(|doel| doel.code)
            .collect();
        (!codes.is_empty()).then_some(codes)
    }

    fn matters(self, mutatie: &Mutatie, code: Code, plek: LeerbedrijfId, doel: Doel) -> bool {
        let Doel { periode, .. } = doel;
        let own = doel.code == code;
        let draagt = || draagt_op(self.view, self.rules, plek, doel.code, periode.van);
        match mutatie.mutatie_soort {
            MutatieSoort::ErkenningBeeindigd => {
                if !own && !self.counts_for(doel, code) {
                    return false;
                }
                let over = erkend_over(self.view, self.rules, plek, doel.code, periode);
                // Still carried: by an equivalent or a successor nobody need hear of the end. By
                // the erkenning itself when it came back since: who hears of that hears of both.
                over.status == ErkenningStatus::NietErkend
                    || draagt().is_some_and(|draagt| {
                        own && draagt.grondslag == Grondslag::Erkenning
                            && draagt.leerbedrijf_id == mutatie.leerbedrijf_id
                    })
            }
            MutatieSoort::ErkenningHersteld if !own => draagt().is_some_and(|draagt| {
                draagt.grondslag == Grondslag::Equivalent
                    && draagt.code == code
                    && draagt.leerbedrijf_id == mutatie.leerbedrijf_id
            }),
            _ => own,
        }
    }

    /// Whether an erkenning for `ander` counts for what the bpvo is for, at some time in its period.
    fn counts_for(self, doel: Doel, ander: Code) -> bool {
        let Periode { van, tot } = doel.periode;
        self.view.equivalenten(doel.code).iter().any(|equivalent| {
            equivalent.equivalent_met == ander
                && equivalent.vanaf <= tot
                && equivalent.tot.is_none_or(|last| van <= last)
        })
    }

    fn known_end(self, plek: LeerbedrijfId, doel: Doel, dag: Datum) -> Option<BekendEinde> {
        let doel = doel.from(dag)?;
        // Not erkend on its first day is no end: nothing was lost.
        draagt_op(self.view, self.rules, plek, doel.code, doel.periode.van)?;
        let over = erkend_over(self.view, self.rules, plek, doel.code, doel.periode);
        let einddatum = over.einddatum?;
        if over.status == ErkenningStatus::Erkend {
            return None;
        }
        let draagt = draagt_op(self.view, self.rules, plek, doel.code, einddatum)?;
        let kern = self.view.kern(draagt.leerbedrijf_id)?;
        let period = ending(&kern, draagt.code, einddatum);
        Some(BekendEinde {
            leerbedrijf_id: kern.leerbedrijf_id,
            code: doel.code,
            reden: period.as_ref().and_then(|(_, reden)| *reden),
            startdatum: period.map(|(startdatum, _)| startdatum),
            einddatum,
            naam: kern.naam,
        })
    }
}

impl Doel {
    /// What of it lies on or after this day.
    fn from(self, dag: Datum) -> Option<Self> {
        let periode = Periode {
            van: self.periode.van.max(dag),
            ..self.periode
        };
        (periode.van <= periode.tot).then_some(Self { periode, ..self })
    }
}

/// Its code and its keuzedelen, none of which lasts longer than the bpvo.
fn doelen(bpvo: &Bpvo) -> Vec<Doel> {
    let eind = bpvo.einddatum();
    let itself = Doel {
        code: bpvo.code,
        periode: Periode {
            van: bpvo.begindatum,
            tot: eind,
        },
    };
    let keuzedelen = bpvo.keuzedelen.iter().map(|keuzedeel| Doel {
        code: keuzedeel.code,
        periode: Periode {
            van: keuzedeel.begindatum,
            tot: keuzedeel.einddatum_gepland.min(eind),
        },
    });
    std::iter::once(itself).chain(keuzedelen).collect()
}

/// First day and reden of the period that ends with this day.
fn ending(kern: &Kern, code: Code, last: Datum) -> Option<(Datum, Option<Eindreden>)> {
    let mut periods = kern.erkenningen.iter().filter(|e| e.code == code);
    let period = periods.find(|e| e.einddatum == Some(last))?;
    Some((period.startdatum, period.reden))
}

/// Whether a subscription is for what happened at this school: for it, with its mandate today.
pub(super) fn may_hear(
    toegang: &Toegang,
    abonnement: &Abonnement,
    school: Oin,
    now: Tijdstip,
) -> bool {
    let for_it = abonnement.school_oin.is_none_or(|only| only == school);
    for_it
        && toegang
            .afnemer(abonnement.afnemer_oin)
            .is_some_and(|afnemer| afnemer.may(school, MANDAAT, now))
}
