//! Random registers and changes: who hears is held against a plain look at every bpvo and every day,
//! which shares no code with the product.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, test_runner::TestRunner};
use stagepoort::{
    domain::{Bpvo, Code, Datum, Equivalent, Leerbedrijf, Mutatie, MutatieSoort, Oin},
    push::Melding,
};

use crate::world::{
    CODES, KEUZEDEEL, KOK, OTHER_AFNEMER, OTHER_SCHOOL, SCHOOL, World, bedrijf, bpvo, code, dag,
    datum, equivalent, equivalent_lines, id, leerbedrijf_line, mutatie, mutatie_line, oin,
};

/// Leerbedrijven of a case.
const BEDRIJVEN: u32 = 4;

/// One bpvo: school, leerbedrijf, code, first and last day, keuzedeel.
type Plaatsing = (bool, u32, usize, i32, i32, Option<(i32, i32)>);

/// A leerbedrijf: into which it was merged and when, and its periods by code.
type Stand = (Option<(u32, i32)>, Vec<(usize, i32, Option<i32>)>);

#[derive(Debug, Clone)]
struct Geval {
    standen: Vec<Stand>,
    equivalenten: Vec<(usize, usize, i32, Option<i32>)>,
    plaatsingen: Vec<Plaatsing>,
    mutatie: (MutatieSoort, u32, Option<usize>, i32),
}

fn any_stand() -> impl Strategy<Value = Stand> {
    let period = (0..CODES.len(), -20..25_i32, prop::option::of(0..40_i32));
    let into = prop::option::weighted(0.3, (1..=BEDRIJVEN, -5..25_i32));
    (into, prop::collection::vec(period, 0..4))
}

fn any_geval() -> impl Strategy<Value = Geval> {
    let keuzedeel = prop::option::weighted(0.3, (-5..20_i32, 0..35_i32));
    let plaatsing = (
        any::<bool>(),
        1..=BEDRIJVEN,
        0..3_usize,
        -10..20_i32,
        0..35_i32,
        keuzedeel,
    );
    let equivalent = (
        0..3_usize,
        0..3_usize,
        -20..15_i32,
        prop::option::of(0..40_i32),
    );
    let soort = prop::sample::select(MutatieSoort::ALL.to_vec());
    (
        prop::collection::vec(any_stand(), BEDRIJVEN as usize),
        prop::collection::vec(equivalent, 0..4),
        prop::collection::vec(plaatsing, 1..12),
        (soort, 1..=BEDRIJVEN, 0..CODES.len(), -3..30_i32),
    )
        .prop_map(
            |(standen, equivalenten, plaatsingen, (soort, at, of, ingang))| {
                use MutatieSoort::{
                    LeerbedrijfBeeindigd, LeerbedrijfGewijzigd, LeerbedrijfSamengevoegd,
                };
                let identity = [
                    LeerbedrijfBeeindigd,
                    LeerbedrijfGewijzigd,
                    LeerbedrijfSamengevoegd,
                ];
                let of = (!identity.contains(&soort)).then_some(of);
                Geval {
                    standen,
                    equivalenten,
                    plaatsingen,
                    mutatie: (soort, at, of, ingang),
                }
            },
        )
}

/// What a case is made of.
struct Register {
    bedrijven: Vec<Leerbedrijf>,
    equivalenten: Vec<Equivalent>,
    bpvos: Vec<Bpvo>,
}

impl Geval {
    fn register(&self, nummer: u64) -> Register {
        let bedrijven = self.standen.iter().zip(1..).map(|((into, perioden), at)| {
            let perioden: Vec<_> = perioden
                .iter()
                .map(|(of, van, tot)| (CODES[*of], *van, tot.map(|days| van + days)))
                .collect();
            let into = into.filter(|(opvolger, _)| *opvolger != at);
            bedrijf(at, into, &perioden)
        });
        let equivalenten = self.equivalenten.iter().filter(|(of, met, ..)| of != met);
        let equivalenten = equivalenten.map(|(of, met, van, tot)| {
            equivalent(CODES[*of], CODES[*met], *van, tot.map(|days| van + days))
        });
        let bpvos = self.plaatsingen.iter().enumerate().map(|(n, plaatsing)| {
            let (other, at, of, van, days, keuzedeel) = plaatsing;
            let school = if *other { OTHER_SCHOOL } else { SCHOOL };
            let keuzedeel = keuzedeel.map(|(after, days)| (van + after, van + after + days));
            let kenmerk = format!("{nummer}-{n}");
            bpvo(
                school,
                &kenmerk,
                *at,
                CODES[*of],
                *van,
                van + days,
                keuzedeel,
            )
        });
        Register {
            bedrijven: bedrijven.collect(),
            equivalenten: equivalenten.collect(),
            bpvos: bpvos.collect(),
        }
    }

    fn mutatie(&self) -> Mutatie {
        let (soort, at, of, ingang) = self.mutatie;
        mutatie(
            soort,
            at,
            of.map(|of| CODES[of]),
            ingang,
            of.map(|_| (ingang, None)),
        )
    }
}

/// By what a code is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    Erkenning,
    Equivalent,
    Keuzedeel,
}

impl Register {
    fn bedrijf(&self, at: u32) -> Option<&Leerbedrijf> {
        self.bedrijven
            .iter()
            .find(|b| b.kern.leerbedrijf_id == id(at))
    }

    /// Who answers for this leerbedrijf on that day; none where mergers go round in a circle.
    fn answering(&self, at: u32, day: Datum) -> Option<u32> {
        let mut at = at;
        for _ in 0..=BEDRIJVEN {
            let next = self.bedrijf(at)?.kern.opvolging;
            match next.filter(|o| o.opgevolgd_per <= day) {
                None => return Some(at),
                Some(next) => at = next.opvolger.as_u32() - 100_000_000,
            }
        }
        None
    }

    /// Domain rule 5 on one day: who carries it, by which code, and how.
    fn carried(&self, at: u32, of: Code, day: Datum) -> Option<(u32, Code, Basis)> {
        let by = self.answering(at, day)?;
        let periods = &self.bedrijf(by)?.kern.erkenningen;
        let holds = |other: Code| {
            periods.iter().any(|p| {
                p.code == other && p.startdatum <= day && p.einddatum.is_none_or(|e| e >= day)
            })
        };
        if holds(of) {
            return Some((by, of, Basis::Erkenning));
        }
        for e in self.equivalenten.iter().filter(|e| e.code == of) {
            let valid = e.vanaf <= day && e.tot.is_none_or(|tot| tot >= day);
            if valid && holds(e.equivalent_met) {
                return Some((by, e.equivalent_met, Basis::Equivalent));
            }
        }
        let any = CODES.iter().any(|other| holds(code(other)));
        (of == code(KEUZEDEEL) && any).then_some((by, of, Basis::Keuzedeel))
    }

    /// From which day on a change at `changed` is one of this leerbedrijf; none for never.
    fn reaches(&self, at: u32, changed: u32) -> Option<Datum> {
        let mut from = datum("1900-01-01");
        let mut at = at;
        for _ in 0..=BEDRIJVEN {
            if at == changed {
                return Some(from);
            }
            let next = self.bedrijf(at)?.kern.opvolging?;
            from = from.max(next.opgevolgd_per);
            at = next.opvolger.as_u32() - 100_000_000;
        }
        None
    }

    /// Whether this bpvo hears of the mutatie.
    fn hears(&self, mutatie: &Mutatie, bpvo: &Bpvo) -> bool {
        let at = bpvo.leerbedrijf_id.as_u32() - 100_000_000;
        let changed = mutatie.leerbedrijf_id.as_u32() - 100_000_000;
        let Some(reached) = self.reaches(at, changed) else {
            return false;
        };
        let from = reached.max(mutatie.ingangsdatum);
        let Some(of) = mutatie.code else {
            return bpvo.einddatum_gepland >= from;
        };
        wanted(bpvo).into_iter().any(|(what, van, tot)| {
            let (first, own) = (van.max(from), what == of);
            let mut days = days(first, tot).into_iter().peekable();
            if days.peek().is_none() {
                return false;
            }
            let at_first = self.carried(at, what, first);
            match mutatie.mutatie_soort {
                MutatieSoort::ErkenningBeeindigd => {
                    let counts = self.equivalenten.iter().any(|e| {
                        let overlaps = e.vanaf <= tot && e.tot.is_none_or(|last| last >= first);
                        e.code == what && e.equivalent_met == of && overlaps
                    });
                    let lost = days.any(|day| self.carried(at, what, day).is_none());
                    let itself = at_first == Some((changed, of, Basis::Erkenning));
                    (own || counts) && lost || own && itself
                }
                MutatieSoort::ErkenningHersteld => {
                    own || at_first == Some((changed, of, Basis::Equivalent))
                }
                _ => own,
            }
        })
    }

    /// The last day of what a bpvo, told of today, is erkend for, when it outlasts that.
    fn known_ends(&self, bpvo: &Bpvo) -> Vec<(Code, Datum)> {
        let at = bpvo.leerbedrijf_id.as_u32() - 100_000_000;
        let mut ends = Vec::new();
        for (what, van, tot) in wanted(bpvo) {
            let days = days(van.max(dag(0)), tot);
            let carried = |day: &&Datum| self.carried(at, what, **day).is_some();
            let run = days.iter().take_while(carried).count();
            if run > 0 && run < days.len() {
                ends.push((what, days[run - 1]));
            }
        }
        ends
    }
}

/// Codes of a bpvo with first and last day.
fn wanted(bpvo: &Bpvo) -> Vec<(Code, Datum, Datum)> {
    let mut all = vec![(bpvo.code, bpvo.begindatum, bpvo.einddatum_gepland)];
    for k in &bpvo.keuzedelen {
        let last = k.einddatum_gepland.min(bpvo.einddatum_gepland);
        all.push((k.code, k.begindatum, last));
    }
    all
}

fn days(van: Datum, tot: Datum) -> Vec<Datum> {
    let mut all = Vec::new();
    let mut day = van;
    while day <= tot {
        all.push(day);
        day = day.plus_days(1);
    }
    all
}

/// School to kenmerken.
type Wie = BTreeMap<Oin, BTreeSet<String>>;

fn who(meldingen: &[Melding]) -> Wie {
    let mut wie = Wie::new();
    for melding in meldingen {
        let inhoud = melding.inhoud.as_ref().unwrap();
        let of_school = wie.entry(melding.school_oin).or_default();
        of_school.extend(inhoud.bpvo_kenmerken.iter().cloned());
    }
    wie
}

/// `code einddatum kenmerk` of each.
fn shown_ends(meldingen: &[Melding]) -> BTreeSet<String> {
    let shown = |melding: &Melding| {
        let inhoud = melding.inhoud.as_ref().unwrap();
        let (code, eind) = (inhoud.code.unwrap(), inhoud.einddatum.unwrap());
        format!("{code} {eind} {}", inhoud.bpvo_kenmerken.join(","))
    };
    meldingen.iter().map(shown).collect()
}

#[test]
fn who_hears_is_what_a_look_at_every_bpvo_and_every_day_finds() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(async {
        let world = World::new().await;
        world.subscribe(1, |_| {}).await;
        let only_other = |a: &mut stagepoort::push::Abonnement| {
            a.afnemer_oin = oin(OTHER_AFNEMER);
        };
        world.subscribe(2, only_other).await;
        world.subscribe(3, |a| a.codes = vec![code(KOK)]).await;
        world
    });
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let nummer = std::cell::Cell::new(0);
    let before = std::cell::RefCell::new(Vec::<Bpvo>::new());
    let outcome = runner.run(&any_geval(), |geval| {
        nummer.set(nummer.get() + 1);
        runtime.block_on(one(&world, &geval, nummer.get(), &before));
        Ok(())
    });
    outcome.unwrap();
}

async fn one(world: &World, geval: &Geval, nummer: u64, before: &std::cell::RefCell<Vec<Bpvo>>) {
    let register = geval.register(nummer);
    let old = std::mem::replace(&mut *before.borrow_mut(), register.bpvos.clone());
    let last = world.last(1).await;

    let mut lines: Vec<_> = register.bedrijven.iter().map(leerbedrijf_line).collect();
    lines.extend(equivalent_lines(&register.equivalenten));
    lines.extend(old.iter().map(|bpvo| world.without(bpvo)));
    lines.extend(register.bpvos.iter().map(|b| world.bpvo(b)));
    world.commit(lines).await;
    world.fan_out().await;
    let heard = world.heard(1, last).await;
    let ends = register.bpvos.iter().flat_map(|bpvo| {
        let ends = register.known_ends(bpvo).into_iter();
        ends.map(|(what, eind)| format!("{what} {eind} {}", bpvo.bpvo_kenmerk))
    });
    assert_eq!(shown_ends(&heard), ends.collect(), "known ends");
    let last = last + heard.len() as u64;
    let last_of_two = world.last(2).await;
    let last_of_kok = world.last(3).await;

    let mutatie = geval.mutatie();
    world.commit(vec![mutatie_line(&mutatie)]).await;
    world.fan_out().await;
    let mut expect = Wie::new();
    for bpvo in register
        .bpvos
        .iter()
        .filter(|b| register.hears(&mutatie, b))
    {
        let of_school = expect.entry(bpvo.school_oin).or_default();
        of_school.insert(bpvo.bpvo_kenmerk.clone());
    }
    let heard = world.heard(1, last).await;
    assert_eq!(who(&heard), expect);
    assert_eq!(heard.len(), expect.len(), "one melding for each school");
    let of_two = world.heard(2, last_of_two).await;
    let mut other = expect.clone();
    other.retain(|school, _| *school == oin(OTHER_SCHOOL));
    assert_eq!(who(&of_two), other);
    // A filter never adds anybody, and leaves out nobody who hears of its code.
    let of_kok = who(&world.heard(3, last_of_kok).await);
    assert!(
        of_kok
            .iter()
            .all(|(school, wie)| expect.get(school) == Some(wie))
    );
    if mutatie.code.is_none_or(|of| of == code(KOK)) {
        assert_eq!(of_kok, expect);
    }
}
