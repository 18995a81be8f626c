//! Three hundred rows of a relation file with spoiled names: does vaststellen know them?

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use serde::{Deserialize, Serialize};
use stagepoort::{
    domain::LeerbedrijfId,
    operations::{
        vaststellen_leerbedrijf::{self, Gevonden, MatchKwaliteit, Request},
        vaststellen_leerbedrijven::{self, Rij},
    },
};

use crate::{
    bederven, groot,
    register::{SCHOOL, caller},
};

const ROWS: usize = 300;
/// The right one first, and among those shown, in a hundred.
const FIRST: f64 = 92.0;
const SHOWN: f64 = 96.0;
/// A first one that is said to be EXACT or WAARSCHIJNLIJK is the right one, in a hundred.
const SURE: f64 = 97.0;

/// A row, and which leerbedrijf it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Bedorven {
    pub(crate) leerbedrijf_id: LeerbedrijfId,
    /// How it was spoiled.
    pub(crate) soort: String,
    pub(crate) naam: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plaats: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) postcode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) huisnummer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) land: Option<String>,
}

impl Bedorven {
    fn request(&self) -> Request {
        Request {
            naam: Some(self.naam.clone()),
            plaats: self.plaats.clone(),
            postcode: self.postcode.clone(),
            huisnummer: self.huisnummer.clone(),
            land: self.land.clone(),
            ..Request::default()
        }
    }
}

/// How often, of how many.
#[derive(Debug, Default)]
struct Score {
    rows: u32,
    first: u32,
    shown: u32,
    /// First ones by matchKwaliteit, and how many of them are right.
    kwaliteit: BTreeMap<MatchKwaliteit, (u32, u32)>,
}

impl Score {
    fn count(&mut self, row: &Bedorven, found: &[Gevonden]) {
        let right = |gevonden: &Gevonden| gevonden.leerbedrijf_id == row.leerbedrijf_id;
        self.rows += 1;
        self.shown += u32::from(found.iter().any(right));
        if let Some(first) = found.first() {
            let told = self.kwaliteit.entry(first.match_kwaliteit).or_default();
            told.0 += 1;
            told.1 += u32::from(right(first));
            self.first += u32::from(right(first));
        }
    }

    fn line(&self, soort: &str) -> String {
        let told = |kwaliteit| {
            let (all, right) = self.kwaliteit.get(&kwaliteit).copied().unwrap_or_default();
            format!("{right}/{all}")
        };
        format!(
            "{soort:<20}{:>5}{:>8.1}{:>8.1}{:>10}{:>14}{:>10}\n",
            self.rows,
            percent(self.first, self.rows),
            percent(self.shown, self.rows),
            told(MatchKwaliteit::Exact),
            told(MatchKwaliteit::Waarschijnlijk),
            told(MatchKwaliteit::Mogelijk),
        )
    }
}

fn percent(part: u32, of: u32) -> f64 {
    f64::from(part) * 100.0 / f64::from(of.max(1))
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what the test is for")]
fn spoiled_names_are_known() {
    let mut per_soort: BTreeMap<String, Score> = BTreeMap::new();
    let mut total = Score::default();
    let mut missed = String::new();
    for row in rows() {
        let found = ask(row);
        total.count(row, &found);
        per_soort
            .entry(row.soort.clone())
            .or_default()
            .count(row, &found);
        if found
            .first()
            .is_none_or(|f| f.leerbedrijf_id != row.leerbedrijf_id)
        {
            missed.push_str(&told(row, &found));
        }
    }
    let head = "soort                 rows  first%  shown%     EXACT WAARSCHIJNLIJK  MOGELIJK\n";
    let lines: String = per_soort
        .iter()
        .map(|(soort, score)| score.line(soort))
        .collect();
    let table = format!("{head}{lines}{}", total.line("all"));
    println!("{table}\nnot first:\n{missed}");
    let sure = [MatchKwaliteit::Exact, MatchKwaliteit::Waarschijnlijk]
        .iter()
        .filter_map(|kwaliteit| total.kwaliteit.get(kwaliteit))
        .fold((0, 0), |(all, right), more| (all + more.0, right + more.1));
    let right = percent(total.first, total.rows) >= FIRST
        && percent(total.shown, total.rows) >= SHOWN
        && percent(sure.1, sure.0) >= SURE;
    assert!(
        right,
        "first {FIRST} %, shown {SHOWN} %, sure {SURE} % are the least"
    );
}

#[test]
fn the_checked_in_rows_are_what_their_maker_makes() {
    let soorten: BTreeSet<&str> = rows().iter().map(|row| row.soort.as_str()).collect();
    assert_eq!(soorten.len(), 15);
    let abroad = rows().iter().filter(|row| row.land.is_some()).count();
    assert!(abroad >= 20, "{abroad}");
}

#[test]
fn in_bulk_each_row_gets_the_first_of_its_own_answer() {
    let rows = rows();
    let rij = |(n, row): (usize, &Bedorven)| Rij {
        kenmerk: Some(n.to_string()),
        vraag: row.request(),
    };
    let request = vaststellen_leerbedrijven::Request {
        rijen: rows.iter().enumerate().map(rij).collect(),
        minimale_register_versie: None,
    };
    let register = groot::register();
    let caller = caller(SCHOOL);
    let ctx = register.context(&caller, register.now);
    let bulk = vaststellen_leerbedrijven::run(&ctx, request)
        .response
        .resultaten;
    assert_eq!(bulk.len(), rows.len());
    for (n, (row, resultaat)) in rows.iter().zip(&bulk).enumerate() {
        assert_eq!(resultaat.kenmerk, Some(n.to_string()));
        assert_eq!(resultaat.leerbedrijf.as_ref(), ask(row).first(), "{row:?}");
    }
}

fn rows() -> &'static [Bedorven] {
    static ROWS_READ: OnceLock<Vec<Bedorven>> = OnceLock::new();
    let rows = ROWS_READ.get_or_init(|| {
        let made = bederven::make(&groot::register().wereld);
        groot::checked_in("bedorven.json", &made)
    });
    assert_eq!(rows.len(), ROWS);
    rows
}

fn ask(row: &Bedorven) -> Vec<Gevonden> {
    let register = groot::register();
    let caller = caller(SCHOOL);
    let ctx = register.context(&caller, register.now);
    vaststellen_leerbedrijf::run(&ctx, row.request())
        .response
        .leerbedrijven
}

/// A row that was not known, the leerbedrijf it is, and what came first.
fn told(row: &Bedorven, found: &[Gevonden]) -> String {
    let naam = |id| &groot::register().wereld.leerbedrijven[&id].kern.naam;
    let own = naam(row.leerbedrijf_id);
    let first = found
        .first()
        .map_or("-", |f| naam(f.leerbedrijf_id).as_str());
    let place = row.plaats.as_ref().or(row.postcode.as_ref());
    format!(
        "{}: {} ({}) is {own}, found {first}\n",
        row.soort,
        row.naam,
        place.map_or("", String::as_str)
    )
}
