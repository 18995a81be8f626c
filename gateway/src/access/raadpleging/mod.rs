//! How many different leerbedrijven are asked about for a school where it has no student: who asks
//! about very many copies the register. It raises an alarm and refuses nothing, since only people
//! can tell a copy from a school that does something unusual.
//!
//! Nothing tells which leerbedrijven they were: a day is a sketch of 4 KiB for each school of each
//! afnemer, which is thrown away with the day.

mod schets;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    domain::{Caller, Datum, LeerbedrijfId, Oin, Tijdstip},
    metrics::names,
};
use schets::Schets;

/// Schools by afnemer of which account is kept, at 4 KiB each. It is more than there are mandates;
/// who comes after that is not counted.
pub const MAX_STROMEN: usize = 4_096;

/// The account of this node, of one day.
pub struct Raadplegingen {
    /// Leerbedrijven a day from which on it is remarkable.
    drempel: u32,
    /// So that nobody can choose numbers that the sketch takes for one.
    seed: u64,
    today: Mutex<Today>,
}

#[derive(Default)]
struct Today {
    dag: Option<Datum>,
    by_school: HashMap<(Oin, Oin), Stroom>,
    by_afnemer: HashMap<Arc<str>, u32>,
}

#[derive(Default)]
struct Stroom {
    schets: Schets,
    told: bool,
}

impl Raadplegingen {
    /// Nothing asked yet. `seed` is drawn where nobody can guess it.
    #[must_use]
    pub fn new(drempel: u32, seed: u64) -> Self {
        metrics::gauge!(names::RAADPLEGING_DREMPEL).set(f64::from(drempel));
        Self {
            drempel,
            seed,
            today: Mutex::default(),
        }
    }

    /// These leerbedrijven were answered about. `is_own` says whether the school has a bpvo there;
    /// it is asked only about a leerbedrijf that would change the count.
    pub fn note(
        &self,
        caller: &Caller,
        now: Tijdstip,
        leerbedrijven: impl IntoIterator<Item = LeerbedrijfId>,
        is_own: impl Fn(LeerbedrijfId) -> bool,
    ) {
        let Ok(dag) = now.datum() else { return };
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.dag != Some(dag) {
            today.begin(dag);
        }
        let whose = (caller.afnemer_oin, caller.school_oin);
        if today.by_school.len() >= MAX_STROMEN && !today.by_school.contains_key(&whose) {
            return;
        }
        let stroom = today.by_school.entry(whose).or_default();
        let mut changed = false;
        for id in leerbedrijven {
            let hash = schets::hash(self.seed, id.as_u32());
            if stroom.schets.would_change(hash) && !is_own(id) {
                stroom.schets.add(hash);
                changed = true;
            }
        }
        if !changed {
            return;
        }
        let count = stroom.schets.count();
        if count >= self.drempel && !std::mem::replace(&mut stroom.told, true) {
            self.tell(caller, count);
        }
        today.record(&caller.afnemer_naam, count, self.drempel);
    }

    /// How many were counted today, about, for a school of an afnemer.
    #[must_use]
    pub fn today(&self, afnemer: Oin, school: Oin) -> u32 {
        let today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let stroom = today.by_school.get(&(afnemer, school));
        stroom.map_or(0, |stroom| stroom.schets.count())
    }

    fn tell(&self, caller: &Caller, leerbedrijven: u32) {
        tracing::warn!(
            afnemer = &*caller.afnemer_naam,
            school = %caller.school_oin,
            leerbedrijven,
            drempel = self.drempel,
            "very many different leerbedrijven are asked about today for a school that has no bpvo there: \
             ask the afnemer what for, and withdraw its mandate or block its certificate if need be"
        );
    }
}

impl Today {
    fn begin(&mut self, dag: Datum) {
        for (naam, _) in self.by_afnemer.drain() {
            set_gauges(&naam, 0, false);
        }
        self.by_school.clear();
        self.dag = Some(dag);
    }

    /// The most of any of its schools is what its metric shows.
    fn record(&mut self, naam: &Arc<str>, count: u32, drempel: u32) {
        let most = self.by_afnemer.entry(Arc::clone(naam)).or_default();
        if count > *most {
            *most = count;
            set_gauges(naam, count, count >= drempel);
        }
    }
}

fn set_gauges(naam: &Arc<str>, count: u32, above: bool) {
    let naam = naam.to_string();
    metrics::gauge!(names::RAADPLEGING_LEERBEDRIJVEN, "afnemer" => naam.clone())
        .set(f64::from(count));
    metrics::gauge!(names::RAADPLEGING_BOVEN_DREMPEL, "afnemer" => naam).set(if above {
        1.0
    } else {
        0.0
    });
}

impl fmt::Debug for Raadplegingen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raadplegingen")
            .field("drempel", &self.drempel)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Rol;

    const DREMPEL: u32 = 1_000;

    fn caller(afnemer: u32, school: u32) -> Caller {
        let oin = |n: u32| Oin::parse(&format!("00000099{n:012}")).unwrap();
        Caller {
            afnemer_oin: oin(afnemer),
            afnemer_naam: format!("Pakket {afnemer}").into(),
            rol: Rol::Bpv,
            school_oin: oin(school),
        }
    }

    fn ids(range: std::ops::Range<u32>) -> impl Iterator<Item = LeerbedrijfId> {
        range.map(|n| LeerbedrijfId::from_u32(100_000_000 + n).unwrap())
    }

    fn at(text: &str) -> Tijdstip {
        Tijdstip::parse(text).unwrap()
    }

    fn told(all: &Raadplegingen, of: &Caller) -> bool {
        let today = all.today.lock().unwrap();
        today.by_school[&(of.afnemer_oin, of.school_oin)].told
    }

    #[test]
    fn who_asks_about_very_many_is_told_once_and_the_same_ones_again_are_no_more() {
        let all = Raadplegingen::new(DREMPEL, 1);
        let (now, caller) = (at("2026-11-22T09:00:00Z"), caller(1, 101));
        for _ in 0..50 {
            all.note(&caller, now, ids(0..500), |_| false);
        }
        assert!(!told(&all, &caller));
        all.note(&caller, now, ids(500..1_100), |_| false);
        assert!(told(&all, &caller));
    }

    #[test]
    fn leerbedrijven_where_the_school_has_a_student_do_not_count() {
        let all = Raadplegingen::new(DREMPEL, 1);
        let (now, caller) = (at("2026-11-22T09:00:00Z"), caller(1, 101));
        all.note(&caller, now, ids(0..20_000), |_| true);
        assert_eq!(all.today(caller.afnemer_oin, caller.school_oin), 0);
        assert!(!told(&all, &caller));
    }

    #[test]
    fn schools_do_not_add_up_and_a_day_ends_in_amsterdam() {
        let all = Raadplegingen::new(DREMPEL, 1);
        let evening = at("2026-11-22T22:59:59Z");
        let (first, second) = (caller(1, 101), caller(1, 102));
        all.note(&first, evening, ids(0..700), |_| false);
        all.note(&second, evening, ids(700..1_400), |_| false);
        assert!(!told(&all, &first) && !told(&all, &second));
        all.note(&first, at("2026-11-22T23:00:00Z"), ids(700..1_000), |_| {
            false
        });
        let today = all.today(first.afnemer_oin, first.school_oin);
        assert!((280..320).contains(&today), "{today}");
        assert_eq!(all.today(second.afnemer_oin, second.school_oin), 0);
    }

    #[test]
    fn memory_is_bounded_whoever_asks() {
        let all = Raadplegingen::new(DREMPEL, 1);
        let now = at("2026-11-22T09:00:00Z");
        for school in 0..5_000 {
            all.note(&caller(1, school), now, ids(0..1), |_| false);
        }
        assert_eq!(all.today.lock().unwrap().by_school.len(), MAX_STROMEN);
    }
}
