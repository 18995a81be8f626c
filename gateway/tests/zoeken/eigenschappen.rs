//! Thousands of questions by chance over registers by chance: the answer is that of the scan.
//!
//! `ZOEKEN_SEED`, `ZOEKEN_REGISTERS` and `ZOEKEN_VRAGEN` look elsewhere or longer; a failure says
//! which seed repeats it.

use stagepoort::domain::{Datum, Oin, Tijdstip};

use crate::{
    kans::{Kans, from_env},
    oracle::{self, Expected},
    register::{Register, SCHOOL, moment},
    toevallig,
    vergelijk::{difference, not_understood},
    vraag::{Vraag, all_pages},
    vragen::{self, FILTERS},
};

const SEED: u64 = 2026;
const REGISTERS: u64 = 60;
const VRAGEN: u64 = 40;
/// Pages of one to five are turned only while there are no more than this.
const SHORT: usize = 25;

/// Moments, and the day it is then in the Netherlands.
const MOMENTS: &[(&str, &str)] = &[
    ("2026-11-22T11:00:00Z", "2026-11-22"),
    ("2026-11-22T23:30:00Z", "2026-11-23"),
    ("2026-06-30T22:30:00Z", "2026-07-01"),
];

/// A register by chance, and its today.
pub(crate) async fn register(kans: &mut Kans) -> (Register, Datum) {
    let (now, vandaag) = kans.pick(MOMENTS);
    let vandaag = crate::bouw::datum(vandaag);
    let now: Tijdstip = moment(now);
    (
        Register::new(toevallig::wereld(kans, vandaag), now).await,
        vandaag,
    )
}

/// What the oracle says; `None` where the rules leave the answer open.
pub(crate) fn expected(register: &Register, vandaag: Datum, vraag: &Vraag) -> Option<Expected> {
    let school = Oin::parse(SCHOOL).unwrap();
    oracle::answer(&register.wereld, vraag, vandaag, school)
}

#[tokio::test]
async fn every_answer_is_that_of_a_plain_scan() {
    let seed = from_env("ZOEKEN_SEED", SEED);
    let mut tally = Tally::default();
    for seed in seed..seed + from_env("ZOEKEN_REGISTERS", REGISTERS) {
        let mut kans = Kans::new(seed);
        let (register, vandaag) = register(&mut kans).await;
        for n in 0..from_env("ZOEKEN_VRAGEN", VRAGEN) as usize {
            let vraag = vragen::vraag(&mut kans, &register.wereld, vandaag, n % (3 * FILTERS));
            let Some(expected) = expected(&register, vandaag, &vraag) else {
                tally.open += 1;
                continue;
            };
            tally.count(&expected);
            let grootte = 1 + kans.below(5);
            if let Some(what) = check(&register, &vraag, &expected, grootte) {
                panic!(
                    "ZOEKEN_SEED={seed} ZOEKEN_REGISTERS=1, question {n}\n{}\n{what}",
                    vraag.json()
                );
            }
        }
    }
    tally.check();
}

/// The first difference, on one large page and over several small ones.
pub(crate) fn check(
    register: &Register,
    vraag: &Vraag,
    expected: &Expected,
    grootte: usize,
) -> Option<String> {
    let answer = register.search(&vraag.page(100, None));
    let hits = match expected {
        Expected::Nothing(codes) => return not_understood(&answer, codes),
        Expected::Hits(hits) => hits,
    };
    let head = &answer.response;
    if head.kop.signaalcode.code() != 0 || !answer.bevindingen.is_empty() {
        return Some(format!("{:?} {:?}", head.kop, answer.bevindingen));
    }
    if head.totaal as usize != hits.hits.len() {
        return Some(format!(
            "totaal {}, must be {}",
            head.totaal,
            hits.hits.len()
        ));
    }
    let short = hits.hits.len() <= SHORT;
    let grootte = if short { grootte } else { hits.hits.len() / 4 };
    let paged = all_pages(register, vraag, grootte.clamp(1, 100));
    difference(register, vraag, hits, head, &paged)
}

/// How much was asked, so that nobody believes a test that asks nothing.
#[derive(Debug, Default)]
struct Tally {
    asked: u32,
    found: u32,
    none: u32,
    /// Left out, since the rules do not say.
    open: u32,
}

impl Tally {
    fn count(&mut self, expected: &Expected) {
        self.asked += 1;
        match expected {
            Expected::Hits(_) => self.found += 1,
            Expected::Nothing(codes) if codes == &[130] => self.none += 1,
            Expected::Nothing(_) => {}
        }
    }

    fn check(&self) {
        let Self {
            asked,
            found,
            none,
            open,
        } = *self;
        let wrong = asked - found - none;
        let enough = found * 2 > asked && none * 20 > asked && wrong * 20 > asked;
        assert!(enough && open * 10 < asked, "{self:?}");
    }
}
