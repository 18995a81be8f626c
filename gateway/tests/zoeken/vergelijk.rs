//! An answer beside what it must be.

use std::collections::BTreeSet;

use stagepoort::{
    domain::LeerbedrijfId,
    operations::{
        Answer,
        zoeken_leerplaatsen::{
            AfstandKm, GevondenErkenning, GevondenLeerbedrijf, Response, Studentenband,
        },
    },
};

use crate::{
    oracle::{Hit, Hits},
    register::Register,
    vraag::Vraag,
};

/// The most characters of a cursor in the contract.
const MAX_CURSOR: usize = 200;

/// What differs when nothing may be found, and one of these signaalcodes must say why.
pub(crate) fn not_understood(answer: &Answer<Response>, codes: &[u16]) -> Option<String> {
    let Response {
        kop,
        leerbedrijven,
        totaal,
        volgende_cursor,
        tellingen,
    } = &answer.response;
    let empty = leerbedrijven.is_empty()
        && *totaal == 0
        && volgende_cursor.is_none()
        && tellingen.is_empty();
    let first = answer.bevindingen.first().map(|b| b.signaalcode);
    let right =
        codes.contains(&kop.signaalcode.code()) && first.is_none_or(|f| f == kop.signaalcode);
    (!empty || !right).then(|| format!("{kop:?}, {totaal} hits, must be none and one of {codes:?}"))
}

/// The first difference between the oracle's list and an answer, given as its first page of a
/// hundred and all of its pages together.
pub(crate) fn difference(
    register: &Register,
    vraag: &Vraag,
    expected: &Hits,
    first: &Response,
    paged: &[GevondenLeerbedrijf],
) -> Option<String> {
    order(expected, paged)
        .or_else(|| {
            let both = first.leerbedrijven.iter().zip(paged);
            let mut differ = both.filter(|(one, other)| one != other);
            differ
                .next()
                .map(|(one, other)| format!("one page {one:?}\nother pages {other:?}"))
        })
        .or_else(|| {
            let more = expected.hits.len() > first.leerbedrijven.len();
            let cursor = first.volgende_cursor.as_ref();
            let right = cursor.is_some() == more && cursor.is_none_or(|c| c.len() <= MAX_CURSOR);
            (!right).then(|| format!("volgendeCursor {cursor:?}"))
        })
        .or_else(|| tellingen(vraag, expected, first))
        .or_else(|| {
            let of = |found: &GevondenLeerbedrijf| {
                let hit = expected
                    .hits
                    .iter()
                    .find(|hit| hit.id == found.bedrijf.leerbedrijf_id)?;
                of_one(register, vraag, hit, found)
            };
            paged.iter().find_map(of)
        })
}

/// The same leerbedrijven, each once, in an order that the question allows.
fn order(expected: &Hits, paged: &[GevondenLeerbedrijf]) -> Option<String> {
    let must: Vec<LeerbedrijfId> = expected.hits.iter().map(|h| h.id).collect();
    let are: Vec<LeerbedrijfId> = paged.iter().map(|l| l.bedrijf.leerbedrijf_id).collect();
    let set = |ids: &[LeerbedrijfId]| ids.iter().copied().collect::<BTreeSet<_>>();
    let (must_set, are_set) = (set(&must), set(&are));
    if must_set != are_set || must.len() != are.len() {
        let missing: Vec<_> = must_set.difference(&are_set).collect();
        let extra: Vec<_> = are_set.difference(&must_set).collect();
        return Some(format!(
            "missing {missing:?}, extra {extra:?}, {} in all",
            are.len()
        ));
    }
    let hit = |id: &LeerbedrijfId| expected.hits.iter().find(|h| h.id == *id);
    let wrong = are
        .windows(2)
        .find(|pair| match (hit(&pair[0]), hit(&pair[1])) {
            (Some(one), Some(next)) => !expected.may_follow(one, next),
            _ => true,
        })?;
    let [one, next] = [hit(&wrong[0]), hit(&wrong[1])];
    Some(format!(
        "these may not follow each other:\n{one:?}\n{next:?}"
    ))
}

fn tellingen(vraag: &Vraag, expected: &Hits, first: &Response) -> Option<String> {
    let are: Vec<(&str, String, u32)> = first
        .tellingen
        .iter()
        .map(|t| (t.veld, t.waarde.clone(), t.aantal))
        .collect();
    let asked = vraag.met_tellingen == Some(true);
    let must = if asked {
        expected.tellingen.clone()
    } else {
        Vec::new()
    };
    (are != must).then(|| format!("tellingen {are:?}\nmust be {must:?}"))
}

fn of_one(
    register: &Register,
    vraag: &Vraag,
    hit: &Hit,
    found: &GevondenLeerbedrijf,
) -> Option<String> {
    let erkenningen: Vec<_> = found
        .erkenningen
        .iter()
        .map(|e| {
            let detail = &e.erkenning;
            (
                detail.code,
                detail.startdatum,
                e.equivalent_voor,
                e.aantal_praktijkopleiders,
            )
        })
        .collect();
    let leerplaatsen: Vec<_> = found
        .leerplaatsen
        .iter()
        .map(|l| (l.leerplaats_id.clone(), l.equivalent_voor))
        .collect();
    let students = (found.aantal_studenten_eigen, found.aantal_studenten_overig);
    let told = vraag.met_toelichting == Some(true);
    let right = erkenningen == hit.erkenningen
        && leerplaatsen == hit.leerplaatsen
        && same_afstand(hit.afstand_km, found.afstand_km)
        && students == (Some(hit.eigen), Some(Studentenband::of(hit.overig)))
        && found.toelichting.as_ref().is_some_and(|t| !t.is_empty()) == told
        && same_opleiders(vraag, found)
        && same_facts(register, found);
    (!right).then(|| format!("answered {found:?}\nmust be {hit:?}"))
}

/// Nobody is named unless that is asked; then for each code as many as are counted (rule 11).
fn same_opleiders(vraag: &Vraag, found: &GevondenLeerbedrijf) -> bool {
    let named = &found.praktijkopleiders;
    if vraag.met_praktijkopleiders != Some(true) {
        return named.is_empty();
    }
    let trains_for = |code| named.iter().filter(|p| p.codes.contains(&code)).count();
    let shown = |code| found.erkenningen.iter().any(|e| e.erkenning.code == code);
    let counted = |e: &GevondenErkenning| e.aantal_praktijkopleiders as usize;
    let all = found.erkenningen.iter();
    all.clone()
        .all(|e| trains_for(e.erkenning.code) == counted(e))
        && named
            .iter()
            .all(|p| p.codes.iter().any(|code| shown(*code)))
}

/// To one decimal; a centre in whole micro-degrees may round the other way.
fn same_afstand(must: Option<f64>, is: Option<AfstandKm>) -> bool {
    const DOUBT_KM: f64 = 5e-4;
    match (must, is) {
        (Some(km), Some(is)) => [km - DOUBT_KM, km, km + DOUBT_KM]
            .map(AfstandKm::new)
            .contains(&is),
        (must, is) => must.is_none() && is.is_none(),
    }
}

/// What is answered as the register has it.
fn same_facts(register: &Register, found: &GevondenLeerbedrijf) -> bool {
    let (wereld, bedrijf) = (&register.wereld, &found.bedrijf);
    let Some(own) = wereld.leerbedrijven.get(&bedrijf.leerbedrijf_id) else {
        return false;
    };
    let erkenningen = found.erkenningen.iter().all(|e| {
        let detail = &e.erkenning;
        let opleiding = wereld.opleidingen.get(&detail.code);
        let mut all = own.kern.erkenningen.iter();
        detail.niveau == opleiding.and_then(|o| o.niveau)
            && detail.opleidingsnaam.as_ref() == opleiding.map(|o| &o.opleidingsnaam)
            && all.any(|o| {
                (o.code, o.startdatum, o.einddatum, o.gedeeltelijk)
                    == (
                        detail.code,
                        detail.startdatum,
                        detail.einddatum,
                        detail.gedeeltelijk,
                    )
                    && o.leerwegen.iter().eq(detail.leerwegen.iter().copied())
            })
    });
    let leerplaatsen = found.leerplaatsen.iter().all(|l| {
        let mut all = own.leerplaatsen.iter();
        all.any(|o| {
            (
                &o.leerplaats_id,
                o.code,
                o.leerweg,
                o.leerplaats_soort,
                o.aantal_leerplaatsen,
            ) == (
                &l.leerplaats_id,
                l.code,
                l.leerweg,
                l.leerplaats_soort,
                l.aantal_leerplaatsen,
            ) && (o.beschikbaar_vanaf, o.beschikbaar_tot)
                == (l.beschikbaar_vanaf, l.beschikbaar_tot)
        })
    });
    bedrijf.naam == own.kern.naam
        && bedrijf.vestigingsadres == own.gegevens.vestigingsadres
        && bedrijf.telefoonnummer == own.gegevens.telefoonnummer
        && bedrijf.emailadres == own.gegevens.emailadres
        && bedrijf.website == own.gegevens.website
        && erkenningen
        && leerplaatsen
}
