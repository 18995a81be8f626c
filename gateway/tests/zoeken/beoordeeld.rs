//! Questions as coordinators ask them: how much of what is right is found, and how far up?

use std::{collections::BTreeMap, sync::OnceLock};

use serde::{Deserialize, Serialize};
use stagepoort::domain::LeerbedrijfId;

use crate::{
    beoordelen, groot,
    vraag::{Vraag, all_pages},
};

const QUESTIONS: usize = 160;
/// On the first page that a person looks at.
const TOP: usize = 10;
/// Of what is right, found; and of the first ten, or of as many as are right, right.
const RECALL: f64 = 0.98;
const PRECISION: f64 = 0.95;
/// Where one leerbedrijf is meant and none is called the same, it comes first.
const FIRST: f64 = 0.90;
const KNOWN: &[&str] = &[
    "naam en plaats",
    "naam met typfout",
    "naam omgekeerd",
    "naam en opleiding",
];

/// A question and all leerbedrijven that answer it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Beoordeeld {
    pub(crate) klasse: String,
    pub(crate) vraag: Vraag,
    pub(crate) relevant: Vec<Oordeel>,
}

/// How well a leerbedrijf answers: 2 is the one that was meant, 1 is as right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Oordeel {
    pub(crate) leerbedrijf_id: LeerbedrijfId,
    pub(crate) graad: u8,
}

impl Beoordeeld {
    fn is_right(&self, id: LeerbedrijfId) -> bool {
        self.relevant.iter().any(|o| o.leerbedrijf_id == id)
    }

    /// The one that is meant, if it is one.
    fn meant(&self) -> Option<LeerbedrijfId> {
        self.relevant
            .iter()
            .find(|o| o.graad == 2)
            .map(|o| o.leerbedrijf_id)
    }
}

/// Sums over questions; the mean of each is told.
#[derive(Debug, Default)]
struct Score {
    questions: f64,
    recall: f64,
    precision: f64,
    /// Of all that is shown among the first ten, how much is right; for information.
    shown: f64,
    meant: f64,
    first: f64,
    reciprocal: f64,
}

impl Score {
    fn count(&mut self, question: &Beoordeeld, found: &[LeerbedrijfId]) {
        let right =
            |ids: &[LeerbedrijfId]| ids.iter().filter(|id| question.is_right(**id)).count() as f64;
        let top = &found[..found.len().min(TOP)];
        let all = question.relevant.len();
        self.questions += 1.0;
        self.recall += right(found) / all as f64;
        self.precision += right(top) / all.min(TOP) as f64;
        self.shown += right(top) / top.len().max(1) as f64;
        if let Some(meant) = question.meant() {
            let place = found.iter().position(|id| *id == meant);
            self.meant += 1.0;
            self.first += f64::from(u8::from(place == Some(0)));
            self.reciprocal += place.map_or(0.0, |place| 1.0 / (place + 1) as f64);
        }
    }

    fn first(&self) -> f64 {
        self.first / self.meant.max(1.0)
    }

    fn line(&self, klasse: &str) -> String {
        let Self {
            questions, meant, ..
        } = *self;
        let of = |sum: f64, of: f64| match of > 0.0 {
            true => format!("{:.3}", sum / of),
            false => "-".to_owned(),
        };
        let [recall, precision, shown] =
            [self.recall, self.precision, self.shown].map(|sum| of(sum, questions));
        let [first, mrr] = [self.first, self.reciprocal].map(|sum| of(sum, meant));
        format!("{klasse:<22}{questions:>5}{recall:>8}{precision:>8}{shown:>8}{first:>8}{mrr:>8}\n")
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what the test is for")]
fn what_is_right_is_found_and_comes_first() {
    let mut per_klasse: BTreeMap<&str, Score> = BTreeMap::new();
    let mut total = Score::default();
    let mut missed = String::new();
    for question in questions() {
        let pages = all_pages(groot::register(), &question.vraag, 100);
        let found: Vec<LeerbedrijfId> = pages.iter().map(|l| l.bedrijf.leerbedrijf_id).collect();
        total.count(question, &found);
        per_klasse
            .entry(&question.klasse)
            .or_default()
            .count(question, &found);
        missed.push_str(&told(question, &found));
    }
    let head = "klasse                 asked  recall    p@10   shown   first     mrr\n";
    let lines: String = per_klasse
        .iter()
        .map(|(klasse, score)| score.line(klasse))
        .collect();
    println!("{head}{lines}{}\n{missed}", total.line("all"));
    assert!(total.recall >= RECALL * total.questions, "recall");
    assert!(
        total.precision >= PRECISION * total.questions,
        "precision at {TOP}"
    );
    for klasse in KNOWN {
        assert!(per_klasse[klasse].first() >= FIRST, "{klasse}: first");
    }
}

#[test]
fn the_checked_in_questions_are_what_their_maker_makes() {
    let known = |question: &&Beoordeeld| KNOWN.contains(&question.klasse.as_str());
    assert!(
        questions()
            .iter()
            .filter(known)
            .all(|q| q.meant().is_some())
    );
}

fn questions() -> &'static [Beoordeeld] {
    static QUESTIONS_READ: OnceLock<Vec<Beoordeeld>> = OnceLock::new();
    let questions = QUESTIONS_READ.get_or_init(|| {
        let made = beoordelen::make(&groot::register().wereld);
        groot::checked_in("beoordeeld.json", &made)
    });
    assert_eq!(questions.len(), QUESTIONS);
    questions
}

/// A question of which something right was not found, or the meant one did not come first.
fn told(question: &Beoordeeld, found: &[LeerbedrijfId]) -> String {
    let missing = question
        .relevant
        .iter()
        .filter(|o| !found.contains(&o.leerbedrijf_id))
        .count();
    let place = question
        .meant()
        .map(|meant| found.iter().position(|id| *id == meant));
    if missing == 0 && place.is_none_or(|place| place == Some(0)) {
        return String::new();
    }
    let Beoordeeld {
        klasse,
        vraag,
        relevant,
    } = question;
    let (all, place) = (relevant.len(), place.flatten().map(|place| place + 1));
    format!(
        "{klasse}: {} misses {missing} of {all}, meant at {place:?}\n",
        vraag.json()
    )
}
