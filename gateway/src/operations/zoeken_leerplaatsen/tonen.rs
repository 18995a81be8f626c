//! A hit as it is shown: what of the leerbedrijf fits, and how many students and trainers it has.

use super::{
    AfstandKm, GevondenErkenning, GevondenLeerbedrijf, GevondenLeerplaats, Studentenband,
    codes::Codekeuze, toelichting, vraag::Vraag,
};
use crate::{
    domain::{Code, Coordinaten, Erkenning, Leerbedrijf, LeerbedrijfStatus, Leerplaats, Leerweg},
    geo,
    operations::{Context, opvragen_detailgegevens::erkenning_detail},
    replica::{
        Bezetting, Listed,
        search::{Leerplaatsvraag, Query, Soort},
    },
};

/// What of a leerbedrijf fits, and the code asked for that each is an equivalent of.
pub(super) struct Fitting {
    pub(super) erkenningen: Vec<(Erkenning, Option<Code>)>,
    pub(super) leerplaatsen: Vec<(Leerplaats, Option<Code>)>,
}

/// The hit as it is now; none when it no longer fits, which a later page may find.
pub(super) fn show(
    ctx: &Context<'_>,
    vraag: &Vraag,
    listed: Listed<'_>,
) -> Option<GevondenLeerbedrijf> {
    let leerbedrijf = read(vraag, listed)?;
    let fitting = fitting(vraag, &leerbedrijf)?;
    let ligging = ctx.view.ligging(&leerbedrijf.gegevens.vestigingsadres);
    let afstand = vraag
        .query
        .punt
        .zip(ligging)
        .map(|(from, to)| afstand(from, to));
    let toelichting = vraag
        .toelichten
        .then(|| toelichting::explain(&ctx.view, vraag, &leerbedrijf, &fitting, afstand));
    let bezetting = listed.bezetting();
    let (eigen, overig) = bezetting.map_or((0, 0), |b| students(ctx, b, vraag));
    // How many there are for each code; names are not looked at (rule 11).
    let trainers_for = |code| bezetting.map_or(0, |b| b.opleiders(code));
    let gegevens = leerbedrijf.gegevens;
    Some(GevondenLeerbedrijf {
        leerbedrijf_id: listed.leerbedrijf_id(),
        naam: leerbedrijf.kern.naam,
        vestigingsadres: gegevens.vestigingsadres,
        telefoonnummer: gegevens.telefoonnummer,
        emailadres: gegevens.emailadres,
        website: gegevens.website,
        afstand_km: afstand,
        aantal_studenten_eigen: Some(eigen),
        aantal_studenten_overig: Some(Studentenband::of(overig)),
        erkenningen: fitting
            .erkenningen
            .into_iter()
            .map(|(erkenning, equivalent_voor)| GevondenErkenning {
                aantal_praktijkopleiders: trainers_for(erkenning.code),
                erkenning: erkenning_detail(&ctx.view, erkenning),
                equivalent_voor,
            })
            .collect(),
        leerplaatsen: fitting.leerplaatsen.into_iter().map(shown).collect(),
        // Named when the whole page is known, if at all.
        praktijkopleiders: Vec::new(),
        toelichting,
    })
}

/// As far as the question goes: leerplaatsen are long, and only one kind of question shows them.
fn read(vraag: &Vraag, listed: Listed<'_>) -> Option<Leerbedrijf> {
    match vraag.query.soort {
        Soort::Leerplaats(_) => listed.leerbedrijf(),
        Soort::Erkenning => {
            let (kern, gegevens) = listed.voorkant()?;
            Some(Leerbedrijf {
                kern,
                gegevens,
                leerplaatsen: Vec::new(),
            })
        }
    }
}

fn afstand(from: Coordinaten, to: Coordinaten) -> AfstandKm {
    AfstandKm::new(geo::afstand_km(from, to))
}

/// What fits of a leerbedrijf as it is now.
fn fitting(vraag: &Vraag, leerbedrijf: &Leerbedrijf) -> Option<Fitting> {
    if leerbedrijf.kern.status != LeerbedrijfStatus::Actief {
        return None;
    }
    let fitting = match vraag.query.soort {
        Soort::Erkenning => Fitting {
            erkenningen: erkenningen(vraag, leerbedrijf),
            leerplaatsen: Vec::new(),
        },
        Soort::Leerplaats(eisen) => {
            let leerplaatsen = leerplaatsen(vraag, eisen, leerbedrijf);
            Fitting {
                erkenningen: erkenningen_of(vraag, leerbedrijf, &leerplaatsen),
                leerplaatsen,
            }
        }
    };
    let none = fitting.erkenningen.is_empty() && fitting.leerplaatsen.is_empty();
    (!none).then_some(fitting)
}

fn erkenningen(vraag: &Vraag, leerbedrijf: &Leerbedrijf) -> Vec<(Erkenning, Option<Code>)> {
    let Query {
        van, tot, leerweg, ..
    } = vraag.query;
    let all = leerbedrijf.kern.erkenningen.iter();
    let mut found: Vec<_> = all
        .filter(|e| e.holds_on(van) && e.holds_on(tot) && offers(e, leerweg))
        .filter_map(|e| Some((e.clone(), fits_code(vraag.codes.as_ref(), e.code)?)))
        .collect();
    found.sort_by_key(|(e, _)| (e.code, e.startdatum));
    found
}

fn leerplaatsen(
    vraag: &Vraag,
    eisen: Leerplaatsvraag,
    leerbedrijf: &Leerbedrijf,
) -> Vec<(Leerplaats, Option<Code>)> {
    let all = leerbedrijf.leerplaatsen.iter();
    let mut found: Vec<_> = all
        .filter(|l| vraag.query.leerweg.is_none_or(|asked| l.leerweg == asked))
        .filter(|l| satisfies(eisen, l) && is_erkend(vraag, leerbedrijf, l))
        .filter_map(|l| Some((l.clone(), fits_code(vraag.codes.as_ref(), l.code)?)))
        .collect();
    found.sort_by(|(a, _), (b, _)| a.leerplaats_id.cmp(&b.leerplaats_id));
    found
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
fn is_erkend(vraag: &Vraag, leerbedrijf: &Leerbedrijf, leerplaats: &Leerplaats) -> bool {
    let all = leerbedrijf.kern.erkenningen.iter();
    all.filter(|e| e.code == leerplaats.code)
        .any(|e| e.holds_on(vraag.query.van) && offers(e, Some(leerplaats.leerweg)))
}

/// The erkenningen under which the leerplaatsen are.
fn erkenningen_of(
    vraag: &Vraag,
    leerbedrijf: &Leerbedrijf,
    leerplaatsen: &[(Leerplaats, Option<Code>)],
) -> Vec<(Erkenning, Option<Code>)> {
    let all = leerbedrijf.kern.erkenningen.iter();
    let mut found: Vec<_> = all
        .filter(|e| e.holds_on(vraag.query.van))
        .filter_map(|e| {
            let of_code = |(l, _): &&(Leerplaats, Option<Code>)| l.code == e.code;
            let (_, equivalent_voor) = leerplaatsen.iter().find(of_code)?;
            Some((e.clone(), *equivalent_voor))
        })
        .collect();
    found.sort_by_key(|(e, _)| (e.code, e.startdatum));
    found
}

fn offers(erkenning: &Erkenning, leerweg: Option<Leerweg>) -> bool {
    leerweg.is_none_or(|asked| erkenning.leerwegen.contains(asked))
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
