//! The register changes: a new search sees it, and a search that is being paged loses nothing.

use std::collections::BTreeSet;

use stagepoort::domain::{Datum, LeerbedrijfId, LeerbedrijfStatus};

use crate::{
    bouw,
    eigenschappen::{check, expected, register},
    kans::{Kans, from_env},
    oracle::{Expected, Hits},
    register::Register,
    toevallig::{self, OPLEIDINGEN},
    vraag::{MOST_PAGES, Vraag},
    vragen::{self, FILTERS},
    wereld::Wereld,
};

const SEED: u64 = 4_000;
const REGISTERS: u64 = 10;
const COMMITS: usize = 6;
const VRAGEN: usize = 12;
/// Searches that are paged while the register changes, per register.
const PAGED: usize = 6;

#[tokio::test]
async fn a_new_search_sees_every_change() {
    let seed = from_env("ZOEKEN_SEED", SEED);
    for seed in seed..seed + from_env("ZOEKEN_REGISTERS", REGISTERS) {
        let mut kans = Kans::new(seed);
        let (mut register, vandaag) = register(&mut kans).await;
        for commit in 0..COMMITS {
            let mut next = register.wereld.clone();
            for _ in 0..=kans.below(8) {
                change(&mut next, &mut kans, vandaag);
            }
            register.becomes(next).await;
            for n in 0..VRAGEN {
                let n = (commit * VRAGEN + n) % (3 * FILTERS);
                let vraag = vragen::vraag(&mut kans, &register.wereld, vandaag, n);
                let Some(expected) = expected(&register, vandaag, &vraag) else {
                    continue;
                };
                let grootte = 1 + kans.below(5);
                if let Some(what) = check(&register, &vraag, &expected, grootte) {
                    let at = format!("ZOEKEN_SEED={seed} ZOEKEN_REGISTERS=1, commit {commit}");
                    panic!("{at}\n{}\n{what}", vraag.json());
                }
            }
        }
    }
}

#[tokio::test]
async fn paging_neither_repeats_nor_skips_while_the_register_changes() {
    let seed = from_env("ZOEKEN_SEED", SEED + 500);
    for seed in seed..seed + from_env("ZOEKEN_REGISTERS", REGISTERS) {
        let mut kans = Kans::new(seed);
        let (mut register, vandaag) = register(&mut kans).await;
        for _ in 0..PAGED {
            let vraag = wide(&mut kans);
            if let Err(what) = page_through(&mut register, vandaag, &vraag, &mut kans).await {
                panic!(
                    "ZOEKEN_SEED={seed} ZOEKEN_REGISTERS=1\n{}\n{what}",
                    vraag.json()
                );
            }
        }
    }
}

/// Many find something, and none of them depends on where a town lies.
fn wide(kans: &mut Kans) -> Vraag {
    let text = |text: &str| Some(text.to_owned());
    let soort = text(kans.pick(&["ERKENNING", "LEERPLAATS"]));
    let sortering = text(kans.pick(&["RELEVANTIE", "NAAM", ""]));
    let base = Vraag {
        soort,
        sortering,
        ..Vraag::default()
    };
    match kans.below(4) {
        0 => Vraag {
            naam: text("linde"),
            ..base
        },
        1 => Vraag {
            leerweg: text("BOL"),
            ..base
        },
        2 => Vraag {
            opleidingsnaam: text("verkoper"),
            ..base
        },
        _ => Vraag {
            niveau: text("2"),
            ..base
        },
    }
}

async fn page_through(
    register: &mut Register,
    vandaag: Datum,
    vraag: &Vraag,
    kans: &mut Kans,
) -> Result<(), String> {
    let Some(Expected::Hits(first)) = expected(register, vandaag, vraag) else {
        return Ok(());
    };
    let mut always: BTreeSet<LeerbedrijfId> = first.hits.iter().map(|h| h.id).collect();
    let mut seen = Vec::new();
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let page = register
            .search(&vraag.page(1 + kans.below(5), cursor))
            .response;
        let ids: Vec<LeerbedrijfId> = page
            .leerbedrijven
            .iter()
            .map(|l| l.bedrijf.leerbedrijf_id)
            .collect();
        if page.totaal as usize != first.hits.len() {
            return Err(format!("totaal {} after {}", page.totaal, first.hits.len()));
        }
        let now = fitting(expected(register, vandaag, vraag));
        if let Some(id) = ids.iter().find(|id| !now.contains(id)) {
            return Err(format!("{id} does not fit any more"));
        }
        always.retain(|id| now.contains(id));
        seen.extend(ids);
        cursor = page.volgende_cursor;
        if cursor.is_none() {
            return once_each(&first, &seen, &always);
        }
        let mut next = register.wereld.clone();
        for _ in 0..kans.below(4) {
            change_leerbedrijf(&mut next, kans, vandaag);
        }
        register.becomes(next).await;
    }
    Err("pages without an end".to_owned())
}

fn once_each(
    first: &Hits,
    seen: &[LeerbedrijfId],
    always: &BTreeSet<LeerbedrijfId>,
) -> Result<(), String> {
    let order: Vec<LeerbedrijfId> = first.hits.iter().map(|h| h.id).collect();
    let places: Option<Vec<usize>> = seen
        .iter()
        .map(|id| order.iter().position(|other| other == id))
        .collect();
    let Some(places) = places else {
        return Err(format!(
            "{seen:?} holds one that was not found at first: {order:?}"
        ));
    };
    let skipped = always.iter().find(|id| !seen.contains(id));
    let repeated = places.windows(2).any(|pair| pair[0] == pair[1]);
    let backwards = places.windows(2).any(|pair| pair[0] > pair[1]);
    match (skipped, repeated || backwards) {
        (Some(id), _) => Err(format!("{id} was skipped: {seen:?}")),
        (None, true) => Err(format!("{seen:?} repeats, or leaves the order {order:?}")),
        (None, false) => Ok(()),
    }
}

fn fitting(expected: Option<Expected>) -> BTreeSet<LeerbedrijfId> {
    match expected {
        Some(Expected::Hits(hits)) => hits.hits.iter().map(|h| h.id).collect(),
        _ => BTreeSet::new(),
    }
}

/// Anything that a levering may bring.
fn change(wereld: &mut Wereld, kans: &mut Kans, vandaag: Datum) {
    let (text, naam, niveau) = kans.pick(OPLEIDINGEN);
    let code = bouw::code(text);
    match kans.below(12) {
        0 => wereld.equivalenten = toevallig::equivalenten(kans, vandaag),
        1 => {
            let naam = format!("{naam} {}", kans.pick(&["allround", "gevorderd", "Kok"]));
            let opleiding = bouw::opleiding(text, &naam, niveau);
            wereld.opleidingen.insert(code, opleiding);
        }
        2 => {
            let niveau = Some(kans.between(1, 4) as u8);
            let opleiding = bouw::opleiding(text, naam, niveau);
            wereld.opleidingen.insert(code, opleiding);
        }
        3 => drop(wereld.opleidingen.remove(&code)),
        4 => {
            let keys: Vec<String> = wereld.bpvos.keys().take(3).cloned().collect();
            wereld.bpvos.retain(|key, _| !keys.contains(key));
        }
        5 => {
            let ids: Vec<LeerbedrijfId> = wereld.personen.keys().copied().collect();
            let (from, to) = (kans.pick(&ids), kans.pick(&ids));
            let moved = wereld
                .personen
                .get_mut(&from)
                .unwrap()
                .praktijkopleiders
                .pop();
            let there = wereld.personen.get_mut(&to).unwrap();
            there.praktijkopleiders.extend(moved);
        }
        6 => {
            let ids: Vec<LeerbedrijfId> = wereld.leerbedrijven.keys().copied().collect();
            let nth = kans.below(wereld.bpvos.len().max(1));
            if let Some(bpvo) = wereld.bpvos.values_mut().nth(nth) {
                bpvo.leerbedrijf_id = kans.pick(&ids);
            }
        }
        _ => change_leerbedrijf(wereld, kans, vandaag),
    }
}

/// One is added, removed, renamed, moved, or becomes another altogether.
fn change_leerbedrijf(wereld: &mut Wereld, kans: &mut Kans, vandaag: Datum) {
    let ids: Vec<LeerbedrijfId> = wereld.leerbedrijven.keys().copied().collect();
    let id = kans.pick(&ids);
    let number = id.as_u32() - bouw::id(0).as_u32();
    let other = kans.pick(&ids);
    let mut elsewhere = wereld.leerbedrijven[&other].gegevens.clone();
    if wereld.leerbedrijven[&id].kern.status == LeerbedrijfStatus::Historisch {
        elsewhere.vestigingsadres.coordinaten = None;
    }
    match kans.below(6) {
        0 if ids.len() > 20 => {
            wereld.leerbedrijven.remove(&id);
            wereld.personen.remove(&id);
        }
        1 => {
            let new = 1_000 + kans.below(1_000_000) as u32;
            toevallig::add_leerbedrijf(wereld, kans, vandaag, new);
        }
        2 => toevallig::add_leerbedrijf(wereld, kans, vandaag, number),
        3 => wereld.leerbedrijven.get_mut(&id).unwrap().gegevens = elsewhere,
        4 => wereld
            .leerbedrijven
            .get_mut(&id)
            .unwrap()
            .kern
            .erkenningen
            .clear(),
        _ => wereld.leerbedrijven.get_mut(&id).unwrap().kern.naam = toevallig::naam(kans),
    }
}
