//! What a search must answer, by looking at everything: loops over decoded objects, which share
//! nothing with the index or the operation but the types of the domain.

mod codes;
mod fits;
mod place;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod understand;

use std::{cmp::Ordering, collections::BTreeMap};

use stagepoort::domain::{
    Code, Datum, Leerbedrijf, LeerbedrijfId, LeerbedrijfStatus, Leerweg, Oin,
};

use crate::{vraag::Vraag, wereld::Wereld};
use fits::{Filters, Fitting};
use place::DOUBT_KM;
use text::Tekst;
use understand::{Question, Sortering};

/// What may be answered.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// One of these signaalcodes, and no leerbedrijf.
    Nothing(Vec<u16>),
    /// These leerbedrijven, in this order.
    Hits(Hits),
}

#[derive(Debug, Clone)]
pub(crate) struct Hits {
    pub(crate) hits: Vec<Hit>,
    /// Veld, waarde, aantal.
    pub(crate) tellingen: Vec<(&'static str, String, u32)>,
    sortering: Sortering,
}

/// One leerbedrijf, with all that a question decides about how it is answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    pub(crate) id: LeerbedrijfId,
    pub(crate) afstand_km: Option<f64>,
    /// Code, first day, for which asked code, how many praktijkopleiders.
    pub(crate) erkenningen: Vec<(Code, Datum, Option<Code>, u32)>,
    /// Key, and for which asked code.
    pub(crate) leerplaatsen: Vec<(String, Option<Code>)>,
    pub(crate) eigen: u32,
    pub(crate) overig: u32,
    tekst: Tekst,
    only_equivalent: bool,
    naam: String,
}

/// Answers a question; `None` where the rules leave the answer open.
pub(crate) fn answer(
    wereld: &Wereld,
    vraag: &Vraag,
    vandaag: Datum,
    school: Oin,
) -> Option<Expected> {
    let question = match understand::question(wereld, vraag, vandaag)? {
        Ok(question) => question,
        Err(codes) => return Some(Expected::Nothing(codes)),
    };
    let mut hits = Vec::new();
    let mut fitting = Vec::new();
    for leerbedrijf in wereld.leerbedrijven.values() {
        let fits = Fitting::of(wereld, &question.filters, leerbedrijf);
        if let Some(hit) = hit(wereld, &question, leerbedrijf, &fits)? {
            hits.push(with_students(wereld, vandaag, school, hit));
            fitting.push(fits);
        }
    }
    if hits.is_empty() {
        return Some(Expected::Nothing(vec![130]));
    }
    let sortering = question.sortering;
    hits.sort_by(|a, b| sortering.compare(a, b, 0.0));
    let tellingen = tellingen(wereld, &question.filters, &fitting);
    Some(Expected::Hits(Hits {
        hits,
        tellingen,
        sortering,
    }))
}

impl Hits {
    /// Whether these may follow each other. Distances that differ by less than sums of fractions
    /// can, count as no order at all.
    pub(crate) fn may_follow(&self, first: &Hit, next: &Hit) -> bool {
        self.sortering.compare(first, next, DOUBT_KM) != Ordering::Greater
    }
}

impl Sortering {
    fn compare(self, a: &Hit, b: &Hit, doubt_km: f64) -> Ordering {
        let nearer = || match (a.afstand_km, b.afstand_km) {
            (Some(a), Some(b)) if a != b && (a - b).abs() < doubt_km => None,
            (Some(a), Some(b)) => Some(a.total_cmp(&b)),
            (a, b) => Some(a.is_none().cmp(&b.is_none())),
        };
        let naam = || a.naam.cmp(&b.naam).then(a.id.cmp(&b.id));
        let nearer_then_naam = || nearer().map_or(Ordering::Equal, |near| near.then_with(naam));
        match self {
            Self::Relevantie => a
                .tekst
                .cmp(&b.tekst)
                .then(a.only_equivalent.cmp(&b.only_equivalent))
                .then_with(nearer_then_naam),
            Self::Afstand => nearer_then_naam(),
            Self::Naam => naam(),
        }
    }
}

/// The outer `None` says that the rules leave it open, the inner one that it is no hit.
fn hit(
    wereld: &Wereld,
    question: &Question,
    leerbedrijf: &Leerbedrijf,
    fits: &Fitting<'_>,
) -> Option<Option<Hit>> {
    let kern = &leerbedrijf.kern;
    let found = match question.filters.leerplaatsen {
        true => !fits.leerplaatsen.is_empty(),
        false => !fits.erkenningen.is_empty(),
    };
    if !found || kern.status != LeerbedrijfStatus::Actief {
        return Some(None);
    }
    let own_words = text::words(&kern.naam);
    let tekst = match &question.naam {
        None => Some(Tekst::Dezelfde),
        Some(asked) => text::compare(asked, &own_words),
    };
    let Some(tekst) = tekst else {
        return Some(None);
    };
    let point = question.plaats.point;
    let afstand_km =
        point.and_then(|point| Some(place::km(point, place::ligging(wereld, leerbedrijf)?)));
    let adres = &leerbedrijf.gegevens.vestigingsadres;
    if !place::lies_in(&question.plaats, adres, afstand_km)? {
        return Some(None);
    }
    let own = |code: Code| question.filters.equivalent_voor(code).is_none();
    let any_own = match question.filters.leerplaatsen {
        true => fits.leerplaatsen.iter().any(|l| own(l.code)),
        false => fits.erkenningen.iter().any(|e| own(e.code)),
    };
    Some(Some(Hit {
        id: kern.leerbedrijf_id,
        afstand_km,
        erkenningen: told_erkenningen(wereld, &question.filters, leerbedrijf, fits),
        leerplaatsen: fits
            .leerplaatsen
            .iter()
            .map(|l| {
                (
                    l.leerplaats_id.clone(),
                    question.filters.equivalent_voor(l.code),
                )
            })
            .collect(),
        eigen: 0,
        overig: 0,
        tekst,
        only_equivalent: !any_own,
        naam: own_words.join(" "),
    }))
}

fn told_erkenningen(
    wereld: &Wereld,
    filters: &Filters,
    leerbedrijf: &Leerbedrijf,
    fits: &Fitting<'_>,
) -> Vec<(Code, Datum, Option<Code>, u32)> {
    let personen = wereld.personen.get(&leerbedrijf.kern.leerbedrijf_id);
    let opleiders = |code: Code| {
        let all = personen.into_iter().flat_map(|p| &p.praktijkopleiders);
        all.filter(|p| p.codes.contains(&code)).count() as u32
    };
    let told = |e: &&stagepoort::domain::Erkenning| {
        let voor = filters.equivalent_voor(e.code);
        (e.code, e.startdatum, voor, opleiders(e.code))
    };
    fits.erkenningen.iter().map(told).collect()
}

/// Bpvo's that run today: the school's own, and all others (rule 10).
fn with_students(wereld: &Wereld, vandaag: Datum, school: Oin, hit: Hit) -> Hit {
    let running = wereld.bpvos.values().filter(|b| {
        let eind = b.einddatum_werkelijk.unwrap_or(b.einddatum_gepland);
        b.leerbedrijf_id == hit.id && b.begindatum <= vandaag && vandaag <= eind
    });
    let (eigen, overig): (Vec<_>, Vec<_>) = running.partition(|b| b.school_oin == school);
    Hit {
        eigen: eigen.len() as u32,
        overig: overig.len() as u32,
        ..hit
    }
}

/// Leerbedrijven per value of what fits; each counts once for a value.
fn tellingen(
    wereld: &Wereld,
    filters: &Filters,
    fitting: &[Fitting<'_>],
) -> Vec<(&'static str, String, u32)> {
    let (mut leerwegen, mut niveaus, mut codes) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for fits in fitting {
        let own: Vec<(Code, Vec<Leerweg>)> = match filters.leerplaatsen {
            true => fits
                .leerplaatsen
                .iter()
                .map(|l| (l.code, vec![l.leerweg]))
                .collect(),
            false => fits
                .erkenningen
                .iter()
                .map(|e| (e.code, e.leerwegen.iter().collect()))
                .collect(),
        };
        count(
            &mut leerwegen,
            own.iter().flat_map(|(_, wegen)| wegen.clone()),
        );
        count(&mut codes, own.iter().map(|(code, _)| *code));
        count(
            &mut niveaus,
            own.iter()
                .filter_map(|(code, _)| codes::niveau(wereld, *code)),
        );
    }
    let told =
        |veld, of: Vec<(String, u32)>| of.into_iter().map(move |(waarde, n)| (veld, waarde, n));
    let leerwegen = Leerweg::ALL
        .iter()
        .filter_map(|l| Some((l.to_string(), *leerwegen.get(l)?)));
    told("leerweg", leerwegen.collect())
        .chain(told(
            "niveau",
            niveaus.iter().map(|(n, of)| (n.to_string(), *of)).collect(),
        ))
        .chain(told(
            "code",
            codes.iter().map(|(c, of)| (c.to_string(), *of)).collect(),
        ))
        .collect()
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u32>, values: impl Iterator<Item = K>) {
    let once: std::collections::BTreeSet<K> = values.collect();
    for value in once {
        *counts.entry(value).or_default() += 1;
    }
}

/// A field that holds something.
fn field(field: &Option<String>) -> Option<&str> {
    field
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}
