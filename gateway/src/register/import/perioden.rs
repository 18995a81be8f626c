//! The periods of a leerbedrijf before and after a levering, code by code.
//!
//! A period is known by its code and first day. What a levering no longer has:
//! - ended before the day of registration: it is history and stays;
//! - was running: its last day is the day before registration, reden INGETROKKEN, because the
//!   register as of that day does not have it;
//! - would only begin on or after that day: it goes, since it never held;
//! - overlaps a period that the levering does have: that one took its place.

use super::change::Change;
use crate::domain::{Code, Datum, Eindreden, Erkenning, MutatieSoort, Tijdstip};

/// The day and the moment of registration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) dag: Datum,
    pub(super) tijdstip: Tijdstip,
}

/// All periods after the levering, ordered by code and first day, and what changed.
pub(super) fn merge(
    old: &[Erkenning],
    new: Vec<Erkenning>,
    moment: Moment,
) -> (Vec<Erkenning>, Vec<Change>) {
    let mut merged = Vec::with_capacity(new.len());
    let mut changes = Vec::new();
    let mut codes: Vec<Code> = old.iter().chain(&new).map(|e| e.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut new = new.into_iter().peekable();
    for code in codes {
        let olds: Vec<&Erkenning> = old.iter().filter(|e| e.code == code).collect();
        let mut news = Vec::new();
        while let Some(erkenning) = new.next_if(|e| e.code == code) {
            news.push(erkenning);
        }
        merge_code(&olds, news, moment, &mut merged, &mut changes);
    }
    (merged, changes)
}

fn merge_code(
    olds: &[&Erkenning],
    mut news: Vec<Erkenning>,
    moment: Moment,
    merged: &mut Vec<Erkenning>,
    changes: &mut Vec<Change>,
) {
    let pairs = pair(olds, &news);
    for (new, paired) in news.iter_mut().zip(&pairs) {
        let change = match paired.map(|i| olds[i]) {
            Some(old) => changed(old, new, moment),
            None => Some(granted(olds, new)),
        };
        changes.extend(change);
    }
    for (index, old) in olds.iter().enumerate() {
        if pairs.contains(&Some(index)) {
            continue;
        }
        let (kept, change) = gone(old, &news, moment);
        news.extend(kept);
        changes.extend(change);
    }
    news.sort_by_key(|e| e.startdatum);
    merged.append(&mut news);
}

/// Which old period each new one continues: the one with the same first day, else the first one
/// that it overlaps and that no other continues.
fn pair(olds: &[&Erkenning], news: &[Erkenning]) -> Vec<Option<usize>> {
    let mut pairs: Vec<Option<usize>> = news
        .iter()
        .map(|new| olds.iter().position(|old| old.startdatum == new.startdatum))
        .collect();
    for (index, new) in news.iter().enumerate() {
        if pairs[index].is_none() {
            pairs[index] =
                (0..olds.len()).find(|i| overlap(olds[*i], new) && !pairs.contains(&Some(*i)));
        }
    }
    pairs
}

fn overlap(a: &Erkenning, b: &Erkenning) -> bool {
    a.holds_on(b.startdatum) || b.holds_on(a.startdatum)
}

/// A new period without an old one: granted, or reinstated when it follows an ended one of the
/// same code without a gap.
fn granted(olds: &[&Erkenning], new: &Erkenning) -> Change {
    let follows = |old: &&Erkenning| {
        old.einddatum
            .is_some_and(|eind| eind.plus_days(1) == new.startdatum)
    };
    let soort = if olds.iter().any(follows) {
        MutatieSoort::ErkenningHersteld
    } else {
        MutatieSoort::ErkenningVerleend
    };
    of_period(soort, new, new.startdatum)
}

/// What became of a period that is there before and after. When the source does not say when it
/// changed it and nothing did, the old moment stays.
fn changed(old: &Erkenning, new: &mut Erkenning, moment: Moment) -> Option<Change> {
    if same_but_moment(old, new) {
        if new.bijgewerkt_op == moment.tijdstip {
            new.bijgewerkt_op = old.bijgewerkt_op;
        }
        return None;
    }
    let was_running = old.holds_on(moment.dag);
    Some(match (old.einddatum, new.einddatum) {
        (was, Some(is)) if was.is_none_or(|was| is < was) => Change {
            ends_running: was_running,
            ..of_period(MutatieSoort::ErkenningBeeindigd, new, is.plus_days(1))
        },
        (Some(was), None) => of_period(MutatieSoort::ErkenningHersteld, new, was.plus_days(1)),
        (Some(was), Some(is)) if is > was => {
            let soort = if was < moment.dag {
                MutatieSoort::ErkenningHersteld
            } else {
                MutatieSoort::ErkenningGewijzigd
            };
            of_period(soort, new, was.plus_days(1))
        }
        _ if old.startdatum != new.startdatum => of_period(
            MutatieSoort::ErkenningGewijzigd,
            new,
            old.startdatum.min(new.startdatum),
        ),
        _ => of_period(
            MutatieSoort::ErkenningGewijzigd,
            new,
            new.startdatum.max(moment.dag),
        ),
    })
}

/// What becomes of a period that the levering does not have; see the head of this file.
fn gone(
    old: &Erkenning,
    news: &[Erkenning],
    moment: Moment,
) -> (Option<Erkenning>, Option<Change>) {
    let dag = moment.dag;
    if let Some(taken) = news.iter().rev().find(|new| overlap(old, new)) {
        return (None, cut_short(old, taken, moment));
    }
    if old.einddatum.is_some_and(|eind| eind < dag) {
        return (Some(old.clone()), None);
    }
    if old.startdatum >= dag {
        let change = Change {
            reden: Some(Eindreden::Ingetrokken),
            ends_running: old.holds_on(dag),
            ..of_period(MutatieSoort::ErkenningBeeindigd, old, old.startdatum)
        };
        return (None, Some(change));
    }
    let ended = Erkenning {
        einddatum: Some(dag.plus_days(-1)),
        reden: Some(Eindreden::Ingetrokken),
        bijgewerkt_op: moment.tijdstip,
        ..old.clone()
    };
    let change = Change {
        ends_running: true,
        ..of_period(MutatieSoort::ErkenningBeeindigd, &ended, dag)
    };
    (Some(ended), Some(change))
}

/// The period that took the place of an old one may end before the old one would have.
fn cut_short(old: &Erkenning, taken: &Erkenning, moment: Moment) -> Option<Change> {
    let eind = taken.einddatum?;
    old.einddatum.is_none_or(|was| eind < was).then(|| Change {
        einddatum: Some(eind),
        reden: taken.reden,
        ends_running: old.holds_on(moment.dag),
        ..of_period(MutatieSoort::ErkenningBeeindigd, old, eind.plus_days(1))
    })
}

fn same_but_moment(old: &Erkenning, new: &Erkenning) -> bool {
    // Taken apart, so that a field that is added later is not forgotten here.
    let Erkenning {
        code,
        leerwegen,
        startdatum,
        einddatum,
        reden,
        gedeeltelijk,
        werkprocessen,
        bijgewerkt_op: _,
    } = old;
    (code, leerwegen, startdatum, einddatum)
        == (&new.code, &new.leerwegen, &new.startdatum, &new.einddatum)
        && (reden, gedeeltelijk, werkprocessen)
            == (&new.reden, &new.gedeeltelijk, &new.werkprocessen)
}

fn of_period(soort: MutatieSoort, erkenning: &Erkenning, ingangsdatum: Datum) -> Change {
    Change {
        code: Some(erkenning.code),
        reden: erkenning.reden,
        startdatum: Some(erkenning.startdatum),
        einddatum: erkenning.einddatum,
        ..Change::identity(soort, ingangsdatum)
    }
}
