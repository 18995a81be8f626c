//! Bpvo's that are over for longer than they are kept leave the register: which, in which parts, and
//! only once, whoever else writes.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use stagepoort::{
    domain::{Bewaartermijn, Bpvo, BpvoInhoud, Datum, Oin, Tijdstip},
    log::{
        CommitInfo, Head, Inhoud, Line, LogStore, LogWriter, OpenLog, Publication, Sleutel, Soort,
        StageId, StoreError, TijdlijnBegin,
    },
    operations::opruimen_bpvos::{OpruimError, Opruimen, Opruimstap},
    replica::Replica,
};
use uuid::Uuid;

use crate::{
    engine::{Database, Engine, on_every_engine},
    follower::follower,
    samples::*,
};

on_every_engine! {
    who_is_over_for_school_and_register_leaves_and_who_is_not_stays,
    it_goes_in_parts_each_one_commit,
    of_several_nodes_each_bpvo_is_removed_by_one,
    what_is_changed_between_looking_and_writing_stays,
    a_node_that_is_behind_removes_nothing,
    what_left_is_nowhere_in_the_log,
}

const VANDAAG: &str = "2026-11-22";

/// More than enough for a loaded machine; no test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node: a store that was opened for it, what follows it, and the way to write.
struct Node {
    store: Arc<dyn LogStore>,
    replica: Arc<Replica>,
    log: Arc<OpenLog>,
    following: tokio::task::JoinHandle<()>,
}

impl Node {
    fn start(store: Arc<dyn LogStore>) -> Self {
        let replica = Arc::new(Replica::new());
        let follower = follower(&store, &replica);
        let writer = LogWriter::default();
        writer.attach(Arc::clone(&store), follower.waker());
        let log = writer.open().unwrap();
        let following = tokio::spawn(follower.run(std::future::pending()));
        Self {
            store,
            replica,
            log,
            following,
        }
    }

    async fn of(database: &Database) -> Self {
        Self::start(database.open().await)
    }

    fn opruimen(&self, per_deel: usize) -> Opruimen<'_> {
        Opruimen {
            log: &self.log,
            replica: &self.replica,
            grens: grens(),
            per_deel,
            nu: at(100),
            write_wait: PATIENCE,
            replica_wait: PATIENCE,
        }
    }

    async fn step(&self, per_deel: usize) -> Opruimstap {
        self.opruimen(per_deel).step(new_id()).await.unwrap()
    }

    /// As the loop does it; how many it removed.
    async fn until_done(&self, per_deel: usize) -> usize {
        let mut removed = 0;
        loop {
            match self.step(per_deel).await {
                Opruimstap::Verwijderd(bpvos) => removed += bpvos,
                Opruimstap::Opnieuw => {}
                Opruimstap::Klaar => return removed,
            }
        }
    }

    async fn append(&self, lines: Vec<Line>) {
        let written = self.store.append(new_id(), at(1), lines);
        written.await.unwrap();
    }

    /// Keys of the bpvo's that the log has.
    async fn there(&self) -> BTreeSet<String> {
        let found = self.store.scan(Soort::Bpvo, None, 100_000).await.unwrap();
        let kenmerk = |blob: &Vec<u8>| postcard::from_bytes::<Bpvo>(blob).unwrap().bpvo_kenmerk;
        found.iter().map(|(_, blob)| kenmerk(blob)).collect()
    }

    /// How many lines of bpvo's each commit has that removes some.
    async fn removals(&self) -> Vec<usize> {
        let commits = self.store.commits_after(0, 10_000).await.unwrap();
        let lines = self.store.lines_of(&commits).await.unwrap();
        let gone = |line: &&Line| line.soort == Soort::Bpvo && line.inhoud == Inhoud::Verwijderd;
        let counts = lines.iter().map(|lines| lines.iter().filter(gone).count());
        counts.filter(|count| *count > 0).collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.following.abort();
    }
}

/// One that nobody had.
fn new_id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u128(0xd000_0000 + u128::from(LAST.fetch_add(1, Ordering::Relaxed)))
}

fn grens() -> Datum {
    Bewaartermijn::DEFAULT.grens(Datum::parse(VANDAAG).unwrap())
}

/// So many days after the first last day that is kept.
fn dag(after: i32) -> Datum {
    grens().plus_days(after)
}

/// What somebody says of a bpvo: last day as planned, and as it was.
fn inhoud(gepland: i32, werkelijk: Option<i32>) -> BpvoInhoud {
    BpvoInhoud {
        leerbedrijf_id: id(1),
        code: code("25180"),
        begindatum: dag(-200),
        einddatum_gepland: dag(gepland),
        einddatum_werkelijk: werkelijk.map(dag),
        keuzedelen: Vec::new(),
    }
}

fn line(
    store: &dyn LogStore,
    kenmerk: &str,
    school: Option<BpvoInhoud>,
    register: Option<BpvoInhoud>,
) -> Line {
    let oin = Oin::parse(SCHOOL).unwrap();
    let bpvo = Bpvo::of(oin, kenmerk.to_owned(), school, register).unwrap();
    Line {
        soort: Soort::Bpvo,
        sleutel: store.pseudonym(&Sleutel::natural_bpvo(oin, kenmerk)),
        inhoud: Inhoud::Gezet(postcard::to_stdvec(&bpvo).unwrap()),
    }
}

/// So many that are over, and as many that are not.
fn half_over(store: &dyn LogStore, count: usize) -> Vec<Line> {
    let over = |n| line(store, &format!("OVER-{n:04}"), Some(inhoud(-1, None)), None);
    let runs = |n| line(store, &format!("LOOPT-{n:04}"), Some(inhoud(0, None)), None);
    (0..count).flat_map(|n| [over(n), runs(n)]).collect()
}

async fn who_is_over_for_school_and_register_leaves_and_who_is_not_stays(engine: Engine) {
    let database = Database::new(engine).await;
    let node = Node::of(&database).await;
    let (over, on_it, future) = (inhoud(-1, None), inhoud(0, None), inhoud(900, None));
    let ended = inhoud(900, Some(-1));
    let ran_on = inhoud(-100, Some(0));
    let cases = [
        ("over, by the school", Some(&over), None, false),
        ("over, by the register", None, Some(&over), false),
        ("over, by both", Some(&over), Some(&over), false),
        (
            "over, by each in its own way",
            Some(&over),
            Some(&ended),
            false,
        ),
        ("ended before its plan", Some(&ended), None, false),
        ("on the term", Some(&on_it), None, true),
        ("on the term, by the register", None, Some(&on_it), true),
        ("ended behind its plan", Some(&ran_on), None, true),
        ("not begun to end", Some(&future), None, true),
        ("over by the school alone", Some(&over), Some(&on_it), true),
        (
            "over by the register alone",
            Some(&future),
            Some(&over),
            true,
        ),
    ];
    let lines = cases.map(|(kenmerk, school, register, _)| {
        line(&*node.store, kenmerk, school.cloned(), register.cloned())
    });
    node.append(lines.to_vec()).await;
    assert_eq!(node.step(100).await, Opruimstap::Verwijderd(5));
    let stays = cases.iter().filter(|(.., stays)| *stays);
    let stays: BTreeSet<_> = stays.map(|(kenmerk, ..)| (*kenmerk).to_owned()).collect();
    assert_eq!(node.there().await, stays);
    // And nothing more is written when there is nothing to do.
    let head = node.store.head().await.unwrap();
    assert_eq!(node.step(100).await, Opruimstap::Klaar);
    assert_eq!(node.store.head().await.unwrap(), head);
    assert_eq!(node.store.verify().await.unwrap(), head);
    assert_eq!(node.replica.view().bpvos().count(), stays.len());
}

async fn it_goes_in_parts_each_one_commit(engine: Engine) {
    let database = Database::new(engine).await;
    let node = Node::of(&database).await;
    node.append(half_over(&*node.store, 12)).await;
    let mut steps = Vec::new();
    for _ in 0..4 {
        steps.push(node.step(5).await);
    }
    let parts = [5, 5, 2].map(Opruimstap::Verwijderd);
    assert_eq!(steps[..3], parts);
    assert_eq!(steps[3], Opruimstap::Klaar);
    assert_eq!(node.removals().await, [5, 5, 2]);
    assert_eq!(node.there().await.len(), 12);
}

async fn of_several_nodes_each_bpvo_is_removed_by_one(engine: Engine) {
    let database = Database::new(engine).await;
    let (one, other) = (Node::of(&database).await, Node::of(&database).await);
    one.append(half_over(&*one.store, 200)).await;
    // A school goes on writing, and takes some back from being over.
    let extend = async {
        for n in (0..200).step_by(20) {
            let kenmerk = format!("OVER-{n:04}");
            let longer = line(&*one.store, &kenmerk, Some(inhoud(1, None)), None);
            one.append(vec![longer]).await;
        }
    };
    let (left, right, ()) = tokio::join!(one.until_done(7), other.until_done(7), extend);
    let rest = one.until_done(7).await;
    let removals = one.removals().await;
    assert_eq!(removals.iter().sum::<usize>(), left + right + rest);
    assert!(removals.iter().all(|lines| *lines <= 7), "{removals:?}");
    let there = one.there().await;
    // Each of the others once; those that were extended stand, removed before it or not.
    assert!((190..=200).contains(&(left + right + rest)));
    assert_eq!(there.len(), 210);
    assert!(there.contains("OVER-0000") && there.contains("OVER-0180"));
    one.store.verify().await.unwrap();
}

async fn what_is_changed_between_looking_and_writing_stays(engine: Engine) {
    let database = Database::new(engine).await;
    let inner = database.open().await;
    let over = line(&*inner, "K1", Some(inhoud(-1, None)), None);
    let longer = line(&*inner, "K1", Some(inhoud(1, None)), None);
    let other = line(&*inner, "K2", Some(inhoud(-1, None)), None);
    let meanwhile = Mutex::new(vec![longer]);
    let node = Node::start(Arc::new(Overtaken { inner, meanwhile }));
    node.append(vec![over, other]).await;
    assert_eq!(node.step(10).await, Opruimstap::Opnieuw);
    assert_eq!(node.there().await.len(), 2, "nothing was removed");
    assert_eq!(node.step(10).await, Opruimstap::Verwijderd(1));
    assert_eq!(node.step(10).await, Opruimstap::Klaar);
    assert_eq!(node.there().await, BTreeSet::from(["K1".to_owned()]));
}

async fn a_node_that_is_behind_removes_nothing(engine: Engine) {
    let database = Database::new(engine).await;
    let mut node = Node::of(&database).await;
    node.append(half_over(&*node.store, 1)).await;
    assert_eq!(node.until_done(10).await, 1, "it has what the log has");
    node.following.abort();
    assert!((&mut node.following).await.is_err(), "it follows no more");
    node.append(half_over(&*node.store, 2)).await;
    let head = node.store.head().await.unwrap();
    let hasty = Opruimen {
        replica_wait: Duration::ZERO,
        ..node.opruimen(10)
    };
    let outcome = hasty.step(new_id()).await;
    assert!(matches!(outcome, Err(OpruimError::Behind)), "{outcome:?}");
    assert_eq!(node.store.head().await.unwrap(), head);
}

async fn what_left_is_nowhere_in_the_log(engine: Engine) {
    let database = Database::new(engine).await;
    let node = Node::of(&database).await;
    node.append(half_over(&*node.store, 3)).await;
    assert_eq!(node.until_done(2).await, 3);
    node.store.forget_superseded().await.unwrap();
    let commits = node.store.commits_after(0, 1).await.unwrap();
    let lines = node.store.lines(&commits[0], 0, 100).await.unwrap();
    let forgotten = lines.iter().filter(|l| l.inhoud == Inhoud::Vergeten);
    assert_eq!(forgotten.count(), 3);
    let kept = lines
        .iter()
        .filter(|l| matches!(l.inhoud, Inhoud::Gezet(_)));
    assert_eq!(kept.count(), 3);
    node.store.verify().await.unwrap();
}

/// A store in which somebody writes just before the first append that looks where the log ends.
struct Overtaken {
    inner: Arc<dyn LogStore>,
    meanwhile: Mutex<Vec<Line>>,
}

#[async_trait]
impl LogStore for Overtaken {
    async fn append_at(
        &self,
        nummer: u64,
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<Option<CommitInfo>, StoreError> {
        let theirs = std::mem::take(&mut *self.meanwhile.lock().unwrap());
        if !theirs.is_empty() {
            self.inner.append(new_id(), tijdstip, theirs).await?;
        }
        let written = self.inner.append_at(nummer, request_id, tijdstip, lines);
        written.await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.inner.head().await
    }

    async fn tijdlijnen(&self) -> Result<Vec<TijdlijnBegin>, StoreError> {
        self.inner.tijdlijnen().await
    }

    async fn commits_after(&self, nummer: u64, limit: u32) -> Result<Vec<CommitInfo>, StoreError> {
        self.inner.commits_after(nummer, limit).await
    }

    async fn lines(
        &self,
        commit: &CommitInfo,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError> {
        self.inner.lines(commit, from, limit).await
    }

    async fn current(
        &self,
        soort: Soort,
        sleutels: &[Sleutel],
    ) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
        self.inner.current(soort, sleutels).await
    }

    async fn scan(
        &self,
        soort: Soort,
        after: Option<&Sleutel>,
        limit: u32,
    ) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
        self.inner.scan(soort, after, limit).await
    }

    async fn open_stage(&self) -> Result<StageId, StoreError> {
        self.inner.open_stage().await
    }

    async fn stage(&self, stage: StageId, lines: Vec<Line>) -> Result<(), StoreError> {
        self.inner.stage(stage, lines).await
    }

    async fn publish(&self, publication: Publication) -> Result<CommitInfo, StoreError> {
        self.inner.publish(publication).await
    }

    async fn discard(&self, stage: StageId) -> Result<(), StoreError> {
        self.inner.discard(stage).await
    }

    async fn append(
        &self,
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<CommitInfo, StoreError> {
        self.inner.append(request_id, tijdstip, lines).await
    }

    fn pseudonym(&self, natural_key: &str) -> Sleutel {
        self.inner.pseudonym(natural_key)
    }

    fn derived_key(&self, label: &str) -> [u8; 32] {
        self.inner.derived_key(label)
    }

    async fn forget_superseded(&self) -> Result<u64, StoreError> {
        self.inner.forget_superseded().await
    }

    async fn verify(&self) -> Result<Head, StoreError> {
        self.inner.verify().await
    }
}
