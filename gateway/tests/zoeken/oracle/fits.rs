//! Which erkenningen and leerplaatsen of one leerbedrijf fit a question.

use std::collections::BTreeSet;

use stagepoort::domain::{
    Code, Datum, Erkenning, Leerbedrijf, Leerplaats, LeerplaatsSoort, Leerweg,
};

use super::codes::{Wanted, niveau};
use crate::wereld::Wereld;

/// The part of a question about erkenningen and leerplaatsen, understood.
#[derive(Debug, Clone)]
pub(super) struct Filters {
    pub(super) leerplaatsen: bool,
    pub(super) vandaag: Datum,
    pub(super) vanaf: Option<Datum>,
    pub(super) tot: Option<Datum>,
    pub(super) codes: Option<Wanted>,
    pub(super) leerweg: Option<Leerweg>,
    pub(super) niveau: Option<u8>,
    pub(super) soort: Option<LeerplaatsSoort>,
    pub(super) vergoeding: Option<bool>,
    pub(super) minimum: Option<u32>,
}

impl Filters {
    /// First day of the asked period.
    pub(super) fn van(&self) -> Datum {
        self.vanaf.unwrap_or(self.vandaag)
    }

    fn code_fits(&self, code: Code) -> bool {
        self.codes.as_ref().is_none_or(|c| c.contains_key(&code))
    }

    /// The asked code that this one counts for.
    pub(super) fn equivalent_voor(&self, code: Code) -> Option<Code> {
        self.codes.as_ref().and_then(|c| *c.get(&code)?)
    }

    /// The common part: code, leerweg, niveau.
    fn kind_fits(&self, wereld: &Wereld, code: Code, leerweg: impl Fn(Leerweg) -> bool) -> bool {
        self.code_fits(code)
            && self.leerweg.is_none_or(leerweg)
            && (self.niveau.is_none() || niveau(wereld, code) == self.niveau)
    }
}

/// What fits at one leerbedrijf; both lists in the order of the answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Fitting<'a> {
    pub(super) erkenningen: Vec<&'a Erkenning>,
    pub(super) leerplaatsen: Vec<&'a Leerplaats>,
}

impl<'a> Fitting<'a> {
    pub(super) fn of(wereld: &Wereld, filters: &Filters, leerbedrijf: &'a Leerbedrijf) -> Self {
        let mut found = if filters.leerplaatsen {
            Self::of_leerplaatsen(wereld, filters, leerbedrijf)
        } else {
            let all = leerbedrijf.kern.erkenningen.iter();
            Self {
                erkenningen: all.filter(|e| erkenning_fits(wereld, filters, e)).collect(),
                leerplaatsen: Vec::new(),
            }
        };
        found.erkenningen.sort_by_key(|e| (e.code, e.startdatum));
        found.leerplaatsen.sort_by_key(|l| &l.leerplaats_id);
        found
    }

    fn of_leerplaatsen(wereld: &Wereld, filters: &Filters, leerbedrijf: &'a Leerbedrijf) -> Self {
        let erkenningen = &leerbedrijf.kern.erkenningen;
        let holds = |e: &&Erkenning| covers(e, filters.van(), filters.van());
        let erkend = |l: &Leerplaats| {
            let mut own = erkenningen.iter().filter(holds);
            own.any(|e| e.code == l.code && e.leerwegen.contains(l.leerweg))
        };
        let leerplaatsen: Vec<&Leerplaats> = leerbedrijf
            .leerplaatsen
            .iter()
            .filter(|l| leerplaats_fits(wereld, filters, l) && erkend(l))
            .collect();
        let codes: BTreeSet<Code> = leerplaatsen.iter().map(|l| l.code).collect();
        let of_these = |e: &&Erkenning| holds(e) && codes.contains(&e.code);
        Self {
            erkenningen: erkenningen.iter().filter(of_these).collect(),
            leerplaatsen,
        }
    }
}

fn erkenning_fits(wereld: &Wereld, filters: &Filters, erkenning: &Erkenning) -> bool {
    let tot = filters.tot.unwrap_or(filters.van());
    covers(erkenning, filters.van(), tot)
        && filters.kind_fits(wereld, erkenning.code, |l| erkenning.leerwegen.contains(l))
}

fn covers(erkenning: &Erkenning, van: Datum, tot: Datum) -> bool {
    erkenning.startdatum <= van && erkenning.einddatum.is_none_or(|eind| eind >= tot)
}

fn leerplaats_fits(wereld: &Wereld, filters: &Filters, leerplaats: &Leerplaats) -> bool {
    let betaald = leerplaats
        .vergoeding
        .as_ref()
        .is_some_and(|v| v.soort != "GEEN");
    filters.kind_fits(wereld, leerplaats.code, |l| l == leerplaats.leerweg)
        && filters
            .soort
            .is_none_or(|s| s == leerplaats.leerplaats_soort)
        && filters.vergoeding.is_none_or(|asked| asked == betaald)
        && filters
            .minimum
            .is_none_or(|least| leerplaats.aantal_leerplaatsen >= least)
        && available(filters, leerplaats)
}

fn available(filters: &Filters, leerplaats: &Leerplaats) -> bool {
    let begins_by = |dag: Datum| {
        leerplaats
            .beschikbaar_vanaf
            .is_none_or(|begin| begin <= dag)
    };
    let lasts_to = |dag: Datum| leerplaats.beschikbaar_tot.is_none_or(|eind| eind >= dag);
    match (filters.vanaf, filters.tot) {
        (Some(van), tot) => begins_by(van) && lasts_to(tot.unwrap_or(van)),
        (None, Some(tot)) => begins_by(tot) && lasts_to(tot.max(filters.vandaag)),
        (None, None) => lasts_to(filters.vandaag),
    }
}
