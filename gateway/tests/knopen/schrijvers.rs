//! Tasks that write one leerbedrijf after another, and remember what was acknowledged.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use stagepoort::log::{CommitInfo, LogStore, PostgresStore};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use crate::{
    lezers::{erkend, verdeling},
    plek::Node,
    samples::{at, id, leerbedrijf_line},
    veld::{Veld, until},
    vraag::caller,
};

/// Far from the ids of made-up leerbedrijven, and one apart from the next by four: each of these
/// is erkend for one code (see `samples::leerbedrijf`).
const FIRST: u32 = 1_000_001;
const APART: u32 = 4;
const PER_TASK: u32 = 100_000;

/// Between two writes of one task.
const PACE: Duration = Duration::from_millis(50);

pub(crate) struct Schrijvers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<Vec<Geschreven>>,
    acknowledged: Arc<AtomicUsize>,
}

/// One acknowledged write.
pub(crate) struct Geschreven {
    pub(crate) commit: CommitInfo,
    pub(crate) n: u32,
    duur: Duration,
}

impl Schrijvers {
    /// Each task by a store of its own, as so many nodes would.
    pub(crate) async fn start(veld: &Veld, tasks: u32) -> Self {
        let (stop, stopping) = watch::channel(false);
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let mut running = JoinSet::new();
        for task in 0..tasks {
            let store = veld.store().await;
            let (acknowledged, stopping) = (Arc::clone(&acknowledged), stopping.clone());
            running.spawn(write(store, task, acknowledged, stopping));
        }
        Self {
            stop,
            tasks: running,
            acknowledged,
        }
    }

    /// Waits until so many more were acknowledged.
    pub(crate) async fn more(&self, count: usize) {
        let wanted = self.acknowledged.load(Ordering::Relaxed) + count;
        until("writes are acknowledged", async || {
            (self.acknowledged.load(Ordering::Relaxed) >= wanted).then_some(())
        })
        .await;
    }

    /// Ends them; a write that was not acknowledged would have ended its task with a panic.
    pub(crate) async fn end(mut self, what: &str) -> Vec<Geschreven> {
        self.stop.send_replace(true);
        let mut all = Vec::new();
        while let Some(written) = self.tasks.join_next().await {
            all.extend(written.unwrap());
        }
        let mut duren: Vec<_> = all.iter().map(|written| written.duur).collect();
        let count = all.len();
        println!("{what}: {count} writes, {}", verdeling(&mut duren));
        all
    }
}

async fn write(
    store: Arc<PostgresStore>,
    task: u32,
    acknowledged: Arc<AtomicUsize>,
    stopping: watch::Receiver<bool>,
) -> Vec<Geschreven> {
    let mut written = Vec::new();
    let mut ticks = interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0.. {
        ticks.tick().await;
        if *stopping.borrow() {
            break;
        }
        let n = FIRST + task * PER_TASK + round * APART;
        let begin = Instant::now();
        let commit = append(&store, n).await;
        written.push(Geschreven {
            commit,
            n,
            duur: begin.elapsed(),
        });
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    written
}

/// Writes the leerbedrijf with this number, by a request id that is told by it.
pub(crate) async fn append(store: &PostgresStore, n: u32) -> CommitInfo {
    let request_id = Uuid::from_u128(n.into());
    let lines = vec![leerbedrijf_line(n, "Geschreven")];
    store.append(request_id, at(1), lines).await.unwrap()
}

/// Every acknowledged write stands in the log once, as it was acknowledged, and every node shows
/// it; the log holds.
pub(crate) async fn all_there(
    veld: &Veld,
    nodes: &[Node],
    store: &PostgresStore,
    written: &[Geschreven],
) {
    let mut by_request: HashMap<Uuid, Vec<CommitInfo>> = HashMap::new();
    let mut last = 0;
    loop {
        let some = store.commits_after(last, 1_000).await.unwrap();
        let Some(end) = some.last() else { break };
        last = end.nummer;
        for commit in some {
            by_request
                .entry(commit.request_id)
                .or_default()
                .push(commit);
        }
    }
    for one in written {
        let found = &by_request[&one.commit.request_id];
        assert_eq!(found, std::slice::from_ref(&one.commit));
    }
    store.verify().await.unwrap();
    let ids: Vec<_> = written.iter().map(|one| id(one.n).to_string()).collect();
    for node in nodes {
        let found = erkend(node, &caller(&veld.plek), &ids).await;
        assert!(found.iter().all(|erkend| *erkend), "{found:?}");
    }
}
