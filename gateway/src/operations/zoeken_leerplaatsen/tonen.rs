//! A hit as it is shown: what of the leerbedrijf fits, and how many students and trainers it has.

use super::{
    AfstandKm, GevondenErkenning, GevondenLeerbedrijf, GevondenLeerplaats, Studentenband,
    codes::Codekeuze,
    profiel::{Profiel, Profielerkenning},
    toelichting,
    vraag::Vraag,
};
use crate::{
    domain::{Code, Coordinaten, LeerbedrijfStatus, Leerplaats},
    geo,
    operations::Context,
    replica::{
        Bezetting,
        search::{Leerplaatsvraag, Query, Soort},
    },
};

/// What of a leerbedrijf fits, and the code asked for that each is an equivalent of.
pub(super) struct Fitting<'p> {
    pub(super) erkenningen: Vec<(&'p Profielerkenning, Option<Code>)>,
    pub(super) leerplaatsen: Vec<(Leerplaats, Option<Code>)>,
}

/// The hit as it is now; none when it no longer fits, which a later page may find.
pub(super) fn show(
    ctx: &Context<'_>,
    vraag: &Vraag,
    profiel: &Profiel,
) -> Option<GevondenLeerbedrijf> {
    let fitting = fitting(vraag, profiel)?;
    let afstand = vraag
        .query
        .punt
        .zip(profiel.ligging)
        .map(|(from, to)| afstand(from, to));
    let toelichting = vraag
        .toelichten
        .then(|| toelichting::explain(&ctx.view, vraag, &profiel.bedrijf.naam, &fitting, afstand));
    let bezetting = profiel.bezetting.as_ref();
    let (eigen, overig) = bezetting.map_or((0, 0), |b| students(ctx, b, vraag));
    Some(GevondenLeerbedrijf {
        bedrijf: profiel.bedrijf.clone(),
        afstand_km: afstand,
        aantal_studenten_eigen: Some(eigen),
        aantal_studenten_overig: Some(Studentenband::of(overig)),
        erkenningen: fitting
            .erkenningen
            .into_iter()
            .map(|(found, equivalent_voor)| GevondenErkenning {
                aantal_praktijkopleiders: found.praktijkopleiders,
                erkenning: found.detail.clone(),
                equivalent_voor,
            })
            .collect(),
        leerplaatsen: fitting.leerplaatsen.into_iter().map(shown).collect(),
        // Named when the whole page is known, if at all.
        praktijkopleiders: Vec::new(),
        toelichting,
    })
}

fn afstand(from: Coordinaten, to: Coordinaten) -> AfstandKm {
    AfstandKm::new(geo::afstand_km(from, to))
}

/// What fits of a leerbedrijf as it is now.
fn fitting<'p>(vraag: &Vraag, profiel: &'p Profiel) -> Option<Fitting<'p>> {
    if profiel.status != LeerbedrijfStatus::Actief {
        return None;
    }
    let fitting = match vraag.query.soort {
        Soort::Erkenning => Fitting {
            erkenningen: erkenningen(vraag, profiel),
            leerplaatsen: Vec::new(),
        },
        Soort::Leerplaats(eisen) => {
            let leerplaatsen = leerplaatsen(vraag, eisen, profiel)?;
            Fitting {
                erkenningen: erkenningen_of(vraag, profiel, &leerplaatsen),
                leerplaatsen,
            }
        }
    };
    let none = fitting.erkenningen.is_empty() && fitting.leerplaatsen.is_empty();
    (!none).then_some(fitting)
}

fn erkenningen<'p>(
    vraag: &Vraag,
    profiel: &'p Profiel,
) -> Vec<(&'p Profielerkenning, Option<Code>)> {
    let Query {
        van, tot, leerweg, ..
    } = vraag.query;
    let all = profiel.erkenningen.iter();
    all.filter(|e| e.holds_on(van) && e.holds_on(tot) && e.offers(leerweg))
        .filter_map(|e| Some((e, fits_code(vraag.codes.as_ref(), e.code)?)))
        .collect()
}

fn leerplaatsen(
    vraag: &Vraag,
    eisen: Leerplaatsvraag,
    profiel: &Profiel,
) -> Option<Vec<(Leerplaats, Option<Code>)>> {
    let all = profiel.leerplaatsen.read()?.into_iter();
    let mut found: Vec<_> = all
        .filter(|l| vraag.query.leerweg.is_none_or(|asked| l.leerweg == asked))
        .filter(|l| satisfies(eisen, l) && is_erkend(vraag, profiel, l))
        .filter_map(|l| {
            let equivalent_voor = fits_code(vraag.codes.as_ref(), l.code)?;
            Some((l, equivalent_voor))
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| a.leerplaats_id.cmp(&b.leerplaats_id));
    Some(found)
}

fn satisfies(eisen: Leerplaatsvraag, leerplaats: &Leerplaats) -> bool {
    let Leerplaatsvraag {
        soort,
        vergoeding,
        minimum,
        begint_voor,
        loopt_tot,
    } = eisen;
    let begins = |day| leerplaats.beschikbaar_vanaf.is_none_or(|van| van <= day);
    soort.is_none_or(|asked| leerplaats.leerplaats_soort == asked)
        && vergoeding.is_none_or(|asked| leerplaats.has_vergoeding() == asked)
        && leerplaats.aantal_leerplaatsen >= minimum
        && begint_voor.is_none_or(begins)
        && leerplaats
            .beschikbaar_tot
            .is_none_or(|tot| tot >= loopt_tot)
}

/// Only an erkend leerbedrijf may train.
fn is_erkend(vraag: &Vraag, profiel: &Profiel, leerplaats: &Leerplaats) -> bool {
    let all = profiel.erkenningen.iter();
    all.filter(|e| e.code == leerplaats.code)
        .any(|e| e.holds_on(vraag.query.van) && e.offers(Some(leerplaats.leerweg)))
}

/// The erkenningen under which the leerplaatsen are.
fn erkenningen_of<'p>(
    vraag: &Vraag,
    profiel: &'p Profiel,
    leerplaatsen: &[(Leerplaats, Option<Code>)],
) -> Vec<(&'p Profielerkenning, Option<Code>)> {
    let all = profiel.erkenningen.iter();
    all.filter(|e| e.holds_on(vraag.query.van))
        .filter_map(|e| {
            let of_code = |(l, _): &&(Leerplaats, Option<Code>)| l.code == e.code;
            let (_, equivalent_voor) = leerplaatsen.iter().find(of_code)?;
            Some((e, *equivalent_voor))
        })
        .collect()
}

fn fits_code(codes: Option<&Codekeuze>, code: Code) -> Option<Option<Code>> {
    codes.map_or(Some(None), |codes| codes.fits(code))
}

fn shown((leerplaats, equivalent_voor): (Leerplaats, Option<Code>)) -> GevondenLeerplaats {
    GevondenLeerplaats {
        leerplaats_id: leerplaats.leerplaats_id,
        code: leerplaats.code,
        leerplaats_soort: leerplaats.leerplaats_soort,
        leerweg: leerplaats.leerweg,
        titel: leerplaats.titel,
        omschrijving: leerplaats.omschrijving,
        aantal_leerplaatsen: leerplaats.aantal_leerplaatsen,
        beschikbaar_vanaf: leerplaats.beschikbaar_vanaf,
        beschikbaar_tot: leerplaats.beschikbaar_tot,
        dagen_per_week: leerplaats.dagen_per_week,
        vergoeding: leerplaats.vergoeding.map(Into::into),
        equivalent_voor,
    }
}

/// Running bpvo's of the asking school, and of all others (domain rule 10).
fn students(ctx: &Context<'_>, bezetting: &Bezetting, vraag: &Vraag) -> (u32, u32) {
    let all = bezetting.looptijden().iter();
    let running = all.filter(|looptijd| looptijd.runs_on(vraag.vandaag));
    running.fold((0, 0), |(eigen, overig), looptijd| {
        if looptijd.school_oin == ctx.caller.school_oin {
            (eigen + 1, overig)
        } else {
            (eigen, overig + 1)
        }
    })
}
