//! What of a leerbedrijf is told the same to everyone who finds it, kept for the next one: reading it
//! from its blob and writing it as JSON cost more than finding it.

use std::{fmt, sync::Arc};

use metrics::Counter;
use quick_cache::sync::Cache;

use super::GevondenBedrijf;
use crate::{
    domain::{
        Code, Coordinaten, Datum, Erkenning, LeerbedrijfId, LeerbedrijfStatus, Leerweg, Leerwegen,
        Oin,
    },
    metrics::names,
    operations::{
        opvragen_detailgegevens::{ErkenningDetail, erkenning_detail},
        shared::{Shared, fetch},
    },
    replica::{Bezetting, Leerplaatsen, Stempel, View, Voorkant, search::Hit},
};

/// The most that are kept, at some 3 KiB each: one of fifteen leerbedrijven in the country. Who looks for a place
/// asks about the same towns and the same opleidingen as others do.
const KEPT: usize = 16_384;

/// What of a leerbedrijf is told the same to everyone.
#[derive(Debug)]
pub(super) struct Profiel {
    /// None for one that had changed since it was found, which is not kept.
    stempel: Option<Stempel>,
    pub(super) status: LeerbedrijfStatus,
    /// Where it is, if that is known (domain rule 9).
    pub(super) ligging: Option<Coordinaten>,
    pub(super) bedrijf: Shared<GevondenBedrijf>,
    /// By code and startdatum.
    pub(super) erkenningen: Box<[Profielerkenning]>,
    /// Who is there, if anybody is.
    pub(super) bezetting: Option<Bezetting>,
    /// Read only when they are asked for.
    pub(super) leerplaatsen: Leerplaatsen,
}

/// One period of an erkenning.
#[derive(Debug)]
pub(super) struct Profielerkenning {
    pub(super) code: Code,
    pub(super) startdatum: Datum,
    einddatum: Option<Datum>,
    pub(super) leerwegen: Leerwegen,
    /// How many train for it; names are not looked at (rule 11).
    pub(super) praktijkopleiders: u32,
    /// As it is answered.
    pub(super) detail: Shared<ErkenningDetail>,
}

impl Profielerkenning {
    /// As [`Erkenning::holds_on`].
    pub(super) fn holds_on(&self, dag: Datum) -> bool {
        self.startdatum <= dag && self.einddatum.is_none_or(|eind| dag <= eind)
    }

    pub(super) fn offers(&self, leerweg: Option<Leerweg>) -> bool {
        leerweg.is_none_or(|asked| self.leerwegen.contains(asked))
    }
}

impl Profiel {
    fn read(view: &View, id: LeerbedrijfId, stempel: Option<Stempel>) -> Option<Self> {
        let Voorkant {
            kern,
            gegevens,
            leerplaatsen,
        } = view.voorkant(id)?;
        let bezetting = view.bezetting(id).cloned();
        let opleiders = |code| bezetting.as_ref().map_or(0, |b| b.opleiders(code));
        let mut erkenningen = kern.erkenningen;
        erkenningen.sort_by_key(|e| (e.code, e.startdatum));
        let profielerkenning = |erkenning: Erkenning| Profielerkenning {
            code: erkenning.code,
            startdatum: erkenning.startdatum,
            einddatum: erkenning.einddatum,
            leerwegen: erkenning.leerwegen,
            praktijkopleiders: opleiders(erkenning.code),
            detail: Shared::new(erkenning_detail(view, erkenning)),
        };
        Some(Self {
            stempel,
            status: kern.status,
            ligging: view.ligging(&gegevens.vestigingsadres),
            erkenningen: erkenningen.into_iter().map(profielerkenning).collect(),
            bedrijf: Shared::new(GevondenBedrijf {
                leerbedrijf_id: id,
                naam: kern.naam,
                vestigingsadres: gegevens.vestigingsadres,
                telefoonnummer: gegevens.telefoonnummer,
                emailadres: gegevens.emailadres,
                website: gegevens.website,
            }),
            bezetting,
            leerplaatsen,
        })
    }

    /// For [`fetch`]: something of each part that showing it takes.
    fn beginnings(&self) -> (u32, Option<Oin>, Option<u8>) {
        let looptijden = self.bezetting.as_ref().map(Bezetting::looptijden);
        let looptijd = looptijden.and_then(<[_]>::first);
        (
            self.erkenningen.first().map_or(0, |e| e.praktijkopleiders),
            looptijd.map(|looptijd| looptijd.school_oin),
            self.bedrijf.beginning(),
        )
    }

    fn is_of(&self, view: &View, hit: &Hit) -> bool {
        let stempel = self.stempel.as_ref();
        stempel.is_some_and(|stempel| view.is_as_stamped(hit, stempel))
    }
}

/// Those of the leerbedrijven that were found of late, of one register: at most [`KEPT`].
pub struct Profielen {
    kept: Cache<LeerbedrijfId, Arc<Profiel>>,
    again: Counter,
    anew: Counter,
}

impl Default for Profielen {
    fn default() -> Self {
        let counter = |bron| metrics::counter!(names::ZOEKPROFIELEN, "bron" => bron);
        Self {
            kept: Cache::new(KEPT),
            again: counter("bewaard"),
            anew: counter("register"),
        }
    }
}

impl Profielen {
    /// Those of hits of a view, as they are in it, in order; who is not there any more is left out.
    pub(super) fn of<'h>(
        &self,
        view: &View,
        hits: impl Iterator<Item = &'h Hit>,
    ) -> Vec<Arc<Profiel>> {
        let (mut again, mut anew) = (0, 0);
        let of = |hit: &Hit| {
            let id = hit.leerbedrijf_id;
            if let Some(kept) = self.kept.get(&id).filter(|kept| kept.is_of(view, hit)) {
                again += 1;
                return Some(kept);
            }
            anew += 1;
            let stempel = view.stempel(hit);
            let keep = stempel.is_some();
            let profiel = Arc::new(Profiel::read(view, id, stempel)?);
            if keep {
                self.kept.insert(id, Arc::clone(&profiel));
            }
            Some(profiel)
        };
        let all: Vec<Arc<Profiel>> = hits.filter_map(of).collect();
        fetch(all.iter().map(|profiel| profiel.beginnings()));
        self.again.increment(again);
        self.anew.increment(anew);
        all
    }
}

impl fmt::Debug for Profielen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profielen")
            .field("kept", &self.kept.len())
            .finish_non_exhaustive()
    }
}
