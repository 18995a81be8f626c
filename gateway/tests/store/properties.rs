//! `replay(log) == snapshot + tail`, over random histories.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use stagepoort::{
    domain::{FoldedNaam, Leerbedrijf},
    geo::Gazetteer,
    log::{Line, LogStore, Sleutel, Soort},
    replica::{Replica, View, snapshot},
};
use uuid::Uuid;

use crate::{
    engine::{Database, Engine},
    follower::{catch_up, follower},
    samples::*,
};

const NAMEN: [&str; 3] = ["Bakker", "Bäkker B.V.", "Slager & Zn"];
const CODES: [&str; 2] = ["25180", "K0072"];

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Change>),
    Stage(Vec<Change>),
    Abandon(Vec<Change>),
    Forget,
}

#[derive(Debug, Clone)]
enum Change {
    Leerbedrijf(u32, usize),
    NoLeerbedrijf(u32),
    Personen(u32, usize),
    NoPersonen(u32),
    Bpvo(u8, u32),
    NoBpvo(u8),
    Opleiding(usize, usize),
    Equivalenten(usize, bool),
    School(usize),
    Gebied(u16, u8),
    NoGebied(u16),
}

fn change() -> impl Strategy<Value = Change> {
    let (n, naam, code) = (1_u32..6, 0..NAMEN.len(), 0..CODES.len());
    prop_oneof![
        4 => (n.clone(), naam.clone()).prop_map(|(n, naam)| Change::Leerbedrijf(n, naam)),
        1 => n.clone().prop_map(Change::NoLeerbedrijf),
        3 => (n.clone(), naam.clone()).prop_map(|(n, naam)| Change::Personen(n, naam)),
        1 => n.clone().prop_map(Change::NoPersonen),
        3 => (0_u8..5, n).prop_map(|(b, n)| Change::Bpvo(b, n)),
        1 => (0_u8..5).prop_map(Change::NoBpvo),
        1 => (code.clone(), naam.clone()).prop_map(|(c, naam)| Change::Opleiding(c, naam)),
        1 => (code, any::<bool>()).prop_map(|(c, some)| Change::Equivalenten(c, some)),
        1 => naam.prop_map(Change::School),
        2 => (1011_u16..1014, 0_u8..3).prop_map(|(area, kind)| Change::Gebied(area, kind)),
        1 => (1011_u16..1014).prop_map(Change::NoGebied),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let changes = || prop::collection::vec(change(), 0..6);
    prop_oneof![
        5 => changes().prop_map(Step::Commit),
        2 => changes().prop_map(Step::Stage),
        1 => changes().prop_map(Step::Abandon),
        2 => Just(Step::Forget),
    ]
}

fn to_line(store: &dyn LogStore, change: &Change) -> Line {
    let bpvo = |b: u8, n: u32| bpvo_line(store, &format!("b{b}"), n);
    match *change {
        Change::Leerbedrijf(n, naam) => leerbedrijf_line(n, NAMEN[naam]),
        Change::NoLeerbedrijf(n) => removed(Soort::Leerbedrijf, Sleutel::leerbedrijf(id(n))),
        Change::Personen(n, naam) => personen_line(n, NAMEN[naam]),
        Change::NoPersonen(n) => removed(Soort::Personen, Sleutel::leerbedrijf(id(n))),
        Change::Bpvo(b, n) => bpvo(b, n),
        Change::NoBpvo(b) => removed(Soort::Bpvo, bpvo(b, 1).sleutel),
        Change::Opleiding(c, naam) => opleiding_line(CODES[c], NAMEN[naam]),
        Change::Equivalenten(c, some) => {
            equivalenten_line(CODES[c], if some { &["25655"] } else { &[] })
        }
        Change::School(naam) => school_line(NAMEN[naam]),
        Change::Gebied(area, kind) => postcodegebied_line(area, kind),
        Change::NoGebied(area) => removed(Soort::Postcodegebied, Sleutel::postcodegebied(area)),
    }
}

async fn play(store: &dyn LogStore, nth: u128, step: &Step) {
    let lines = |changes: &[Change]| changes.iter().map(|c| to_line(store, c)).collect();
    let (request_id, tijdstip) = (Uuid::from_u128(nth), at(i64::try_from(nth).unwrap()));
    match step {
        Step::Commit(changes) => {
            let lines = lines(changes);
            store.append(request_id, tijdstip, lines).await.unwrap();
        }
        Step::Stage(changes) | Step::Abandon(changes) => {
            let stage = store.open_stage().await.unwrap();
            store.stage(stage, lines(changes)).await.unwrap();
            if matches!(step, Step::Abandon(_)) {
                return store.discard(stage).await.unwrap();
            }
            let publication = stagepoort::log::Publication {
                stage,
                request_id,
                tijdstip,
                only_at: None,
            };
            store.publish(publication).await.unwrap();
        }
        Step::Forget => {
            store.forget_superseded().await.unwrap();
        }
    }
}

async fn replayed(store: &Arc<dyn LogStore>) -> Arc<View> {
    let replica = Arc::new(Replica::new());
    catch_up(&mut follower(store, &replica)).await;
    replica.view()
}

/// The view says what the store says.
async fn check_against_store(store: &dyn LogStore, view: &View) {
    let mut by_naam: BTreeMap<String, Vec<_>> = BTreeMap::new();
    let mut places = Gazetteer::default();
    let stored = store.scan(Soort::Leerbedrijf, None, 99).await.unwrap();
    for (_, blob) in &stored {
        let stored: Leerbedrijf = postcard::from_bytes(blob).unwrap();
        let id = stored.kern.leerbedrijf_id;
        let folded = FoldedNaam::new(&stored.kern.naam).as_str().to_owned();
        places.insert(&stored.gegevens.vestigingsadres);
        by_naam.entry(folded).or_default().push(id);
        assert_eq!(view.kern(id).as_ref(), Some(&stored.kern));
        assert_eq!(view.leerbedrijf(id), Some(stored));
    }
    let areas = store.scan(Soort::Postcodegebied, None, 99).await.unwrap();
    for (_, blob) in &areas {
        places.set_gebied(Arc::new(postcard::from_bytes(blob).unwrap()));
    }
    assert_eq!(*view.gazetteer(), places);
    for naam in NAMEN {
        let folded = FoldedNaam::new(naam);
        let expected = by_naam.get(folded.as_str()).cloned().unwrap_or_default();
        assert_eq!(view.by_naam(&folded), expected);
    }
    let count = async |soort| store.scan(soort, None, 99).await.unwrap().len() as u64;
    let aantallen = view.aantallen();
    assert_eq!(aantallen.leerbedrijven, stored.len() as u64);
    assert_eq!(view.by_postcode("NL", "1012AB").len(), stored.len());
    assert_eq!(aantallen.personen, 2 * count(Soort::Personen).await);
    assert_eq!(aantallen.bpvos, count(Soort::Bpvo).await);
    assert_eq!(aantallen.opleidingen, count(Soort::Opleiding).await);
    assert_eq!(aantallen.scholen, count(Soort::School).await);
    let at_any: usize = (1..6).map(|n| view.bpvos_at(id(n)).count()).sum();
    assert_eq!(at_any as u64, aantallen.bpvos);
}

async fn check_history(engine: Engine, steps: &[Step], cut: usize) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let live = Arc::new(Replica::new());
    let mut following = follower(&store, &live);
    let path = database.path().with_extension("snapshot");
    for (nth, step) in (0..).zip(steps) {
        if nth == cut as u128 {
            snapshot::write(&path, &*replayed(&store).await, &[]).unwrap();
        }
        play(&*store, nth + 1, step).await;
        catch_up(&mut following).await;
        check_against_store(&*store, &live.view()).await;
    }
    assert_eq!(live.view(), replayed(&store).await);
    if let Some(loaded) = snapshot::load(&path).unwrap() {
        let started = Arc::new(Replica::with(loaded.view));
        catch_up(&mut follower(&store, &started)).await;
        assert_eq!(started.view(), live.view());
    }
    store.verify().await.unwrap();
}

fn run(engine: Engine, steps: &[Step], cut: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(check_history(engine, steps, cut));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn replay_equals_snapshot_and_tail(
        steps in prop::collection::vec(step(), 1..12),
        cut in 0_usize..12,
    ) {
        run(Engine::Sqlite, &steps, cut);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn replay_equals_snapshot_and_tail_on_postgres(
        steps in prop::collection::vec(step(), 1..12),
        cut in 0_usize..12,
    ) {
        run(Engine::Postgres, &steps, cut);
    }
}
