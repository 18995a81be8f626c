//! The hash by which nodes compare what they hold.

use std::sync::Arc;

use stagepoort::{
    log::{Line, LogStore, Sleutel, Soort},
    replica::{Replica, State, StateHash},
};
use uuid::Uuid;

use crate::{
    engine::{Database, Engine, on_every_engine},
    follower::{catch_up, follower},
    samples::*,
};

on_every_engine! {
    what_was_forgotten_leaves_the_hash_of_the_register_alone,
}

fn hash_of(lines: &[Line]) -> StateHash {
    let mut state = State::default();
    for line in lines {
        state.apply(line).unwrap();
    }
    state.hash()
}

/// One of every kind that a node holds in memory.
async fn one_of_each() -> Vec<Line> {
    let database = Database::new(Engine::Sqlite).await;
    let store = database.open().await;
    vec![
        leerbedrijf_line(1, "Bakker"),
        personen_line(1, "Piet"),
        opleiding_line("25180", "Kok"),
        equivalenten_line("25180", &["25655"]),
        school_line("De School"),
        bpvo_line(&*store, "b1", 1),
        postcodegebied_line(1012, 1),
    ]
}

#[tokio::test]
async fn any_object_that_is_missing_or_other_makes_another_hash() {
    let all = one_of_each().await;
    let whole = hash_of(&all);
    for (at, line) in all.iter().enumerate() {
        let mut without = all.clone();
        without.remove(at);
        let gone = removed(line.soort, line.sleutel.clone());
        let hash = hash_of(&without);
        let side = line.soort.is_side();
        assert_eq!(hash.register == whole.register, side, "{:?}", line.soort);
        assert_eq!(
            hash.persoonsgegevens == whole.persoonsgegevens,
            !side,
            "{:?}",
            line.soort
        );
        // However it came to be missing, and back in another order.
        assert_eq!(hash_of(&[all.as_slice(), &[gone]].concat()), hash);
        without.push(line.clone());
        assert_eq!(hash_of(&without), whole);
    }
    let other = [
        leerbedrijf_line(1, "Slager"),
        personen_line(1, "Jan"),
        opleiding_line("25180", "Kelner"),
        equivalenten_line("25180", &[]),
        school_line("Een School"),
        postcodegebied_line(1012, 2),
    ];
    for line in other {
        let soort = line.soort;
        let changed = [all.as_slice(), &[line]].concat();
        assert_ne!(hash_of(&changed), whole, "{soort:?}");
    }
}

#[tokio::test]
async fn a_line_that_is_refused_leaves_the_hash_as_it_was() {
    let all = one_of_each().await;
    let mut state = State::default();
    for line in &all {
        state.apply(line).unwrap();
    }
    let before = state.hash();
    for line in &all {
        let damaged = set(line.soort, line.sleutel.clone(), vec![0xff; 3]);
        assert!(state.apply(&damaged).is_err(), "{:?}", line.soort);
        assert_eq!(state.hash(), before, "{:?}", line.soort);
    }
}

async fn what_was_forgotten_leaves_the_hash_of_the_register_alone(engine: Engine) {
    let database = Database::new(engine).await;
    let store: Arc<dyn LogStore> = database.open().await;
    let commits = [
        vec![leerbedrijf_line(1, "Bakker"), personen_line(1, "Piet")],
        vec![school_line("De School")],
        vec![personen_line(1, "Jan")],
    ];
    let early = Arc::new(Replica::new());
    let mut following = follower(&store, &early);
    let mut seen = Vec::new();
    for (nth, lines) in (1..).zip(commits) {
        let request = Uuid::from_u128(nth);
        store.append(request, at(1), lines).await.unwrap();
        catch_up(&mut following).await;
        seen.push(early.view().state_hash());
    }
    store.forget_superseded().await.unwrap();

    // A node that reads the old commits only now.
    let mut late = State::default();
    let commits = store.commits_after(0, 9).await.unwrap();
    for (commit, early) in commits.iter().zip(&seen) {
        for line in store.lines(commit, 0, 99).await.unwrap() {
            late.apply(&line).unwrap();
        }
        assert_eq!(late.hash().register, early.register, "{}", commit.nummer);
        let at_the_end = commit.nummer == commits.len() as u64;
        let equal = late.hash().persoonsgegevens == early.persoonsgegevens;
        assert_eq!(equal, at_the_end, "{}", commit.nummer);
    }
    let gone = removed(Soort::Personen, Sleutel::leerbedrijf(id(1)));
    late.apply(&gone).unwrap();
    assert_ne!(late.hash(), seen[2]);
}
