//! What a node shows and what becomes of its writes while the database fails over: a real primary
//! and a real standby.

use std::{sync::Arc, time::Duration};

use stagepoort::{
    domain::RegisterVersie,
    log::{CommitInfo, LogStore, PostgresSettings, PostgresStore, StoreError},
    replica::{Follower, Replica},
};
use uuid::Uuid;

use crate::{
    follower::follower,
    postgres::{Server, new_database},
    samples::*,
};

/// Generous: nothing here is expected to take it.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// A primary and a standby of it, and where a database on both is.
pub(crate) struct Pair {
    pub(crate) primary: Server,
    pub(crate) standby: Server,
    pub(crate) urls: [String; 2],
}

impl Pair {
    pub(crate) async fn new() -> Self {
        let primary = Server::start(&[]);
        let url = new_database(&primary).await;
        let standby = primary.standby("reserve");
        let database = url.rsplit('/').next().unwrap();
        let urls = [url.clone(), standby.url(database)];
        Self {
            primary,
            standby,
            urls,
        }
    }

    pub(crate) fn settings(&self) -> PostgresSettings {
        let mut settings = PostgresSettings::parse(&self.urls).unwrap();
        settings.write_patience = LONG;
        settings
    }

    async fn node(&self) -> Node {
        let store = Arc::new(PostgresStore::follow(&self.settings()).await.unwrap());
        let replica = Arc::new(Replica::new());
        let log: Arc<dyn LogStore> = Arc::clone(&store) as _;
        let follower = follower(&log, &replica);
        Node {
            store,
            replica,
            follower,
        }
    }
}

/// What one gateway has: a store, and a replica that follows it.
struct Node {
    store: Arc<PostgresStore>,
    replica: Arc<Replica>,
    follower: Follower,
}

impl Node {
    async fn append(&self, n: u128) -> CommitInfo {
        let line = leerbedrijf_line(u32::try_from(n).unwrap(), "Een");
        self.store
            .append(Uuid::from_u128(n), at(1), vec![line])
            .await
            .unwrap()
    }

    /// Steps until the replica shows this version; no view on the way may be of an earlier
    /// version than the one before.
    async fn follow_to(&mut self, tijdlijn: u32, nummer: u64) {
        let wanted = RegisterVersie { tijdlijn, nummer };
        let following = async {
            let mut before = self.replica.view().versie();
            while before != wanted {
                // An error is a host that is away; the next step asks again.
                if self.follower.step().await.is_err() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                let now = self.replica.view().versie();
                let order = |v: RegisterVersie| (v.tijdlijn, v.nummer);
                assert!(order(now) >= order(before), "{before} became {now}");
                before = now;
            }
        };
        let arrived = tokio::time::timeout(LONG, following).await;
        assert!(
            arrived.is_ok(),
            "{wanted} was wanted, {} is there",
            self.replica.view().versie()
        );
    }

    fn shows(&self, n: u32) -> bool {
        self.replica.view().kern(id(n)).is_some()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_synchronous_standby_was_promoted_writes_go_on_and_nothing_is_lost() {
    let pair = Pair::new().await;
    pair.primary.wait_for_standbys("reserve").await;
    let mut node = pair.node().await;
    for n in 1..=3 {
        node.append(n).await;
    }
    node.follow_to(1, 3).await;
    // Writes go on all the while, by several tasks; every one must be acknowledged.
    let writing: Vec<_> = (0..4_u128)
        .map(|task| {
            let store = Arc::clone(&node.store);
            tokio::spawn(async move {
                let mut written = Vec::new();
                for n in 0..30_u128 {
                    let request_id = Uuid::from_u128(1_000 * (task + 1) + n);
                    let lines = vec![leerbedrijf_line(1, "Een")];
                    written.push(store.append(request_id, at(2), lines).await.unwrap());
                }
                written
            })
        })
        .collect();
    node.follow_to_at_least(20).await;
    pair.primary.kill9();
    pair.standby.promote();
    let mut acknowledged = Vec::new();
    for task in writing {
        acknowledged.extend(task.await.unwrap());
    }
    let last = 3 + 4 * 30;
    node.follow_to(2, last).await;
    let there = node.store.commits_after(3, 1_000).await.unwrap();
    assert_eq!(there.len(), acknowledged.len());
    acknowledged.sort_by_key(|commit| commit.nummer);
    assert_eq!(there, acknowledged, "each once, and as it was acknowledged");
    node.store.verify().await.unwrap();
    let tijdlijnen = node.store.tijdlijnen().await.unwrap();
    assert_eq!(tijdlijnen.len(), 2);
    // What was answered before is still part of the history.
    let old = RegisterVersie {
        tijdlijn: 1,
        nummer: 3,
    };
    node.replica.at_least(old, LONG).await.unwrap();
}

impl Node {
    async fn follow_to_at_least(&mut self, nummer: u64) {
        let following = async {
            while self.replica.view().versie().nummer < nummer {
                self.follower.step().await.unwrap();
            }
        };
        tokio::time::timeout(LONG, following).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tail_that_an_asynchronous_standby_missed_is_given_up_by_every_node() {
    let mut pair = Pair::new().await;
    let mut ahead = pair.node().await;
    let mut behind = pair.node().await;
    for n in 1..=3 {
        ahead.append(n).await;
    }
    behind.follow_to(1, 3).await;
    pair.wait_for_standby_to_have(3).await;
    // The standby hears nothing any more, and the primary goes on.
    pair.standby.kill9();
    for n in 4..=6 {
        ahead.append(n).await;
    }
    ahead.follow_to(1, 6).await;
    pair.primary.kill9();
    pair.standby.up();
    pair.standby.promote();

    // With no write, every node comes to what the new primary has.
    ahead.follow_to(2, 3).await;
    behind.follow_to(2, 3).await;
    for node in [&ahead, &behind] {
        assert!(
            node.shows(3) && !node.shows(4),
            "nobody keeps what was lost"
        );
    }
    assert_eq!(ahead.append(7).await.nummer, 4);
    ahead.follow_to(2, 4).await;
    behind.follow_to(2, 4).await;
    assert_eq!(
        ahead.replica.view().head_hash(),
        behind.replica.view().head_hash()
    );
    let asked = |nummer| RegisterVersie {
        tijdlijn: 1,
        nummer,
    };
    for node in [&ahead, &behind] {
        assert!(!node.shows(4) && node.shows(7));
        node.replica.at_least(asked(3), LONG).await.unwrap();
        let lost = node.replica.at_least(asked(4), LONG).await.unwrap_err();
        assert_eq!(lost.vervallen_sinds, Some(2));
    }
    ahead.store.verify().await.unwrap();
}

impl Pair {
    pub(crate) async fn wait_for_standby_to_have(&self, nummer: u64) {
        let settings = PostgresSettings::parse(&self.urls[1..]).unwrap();
        let arriving = async {
            // It may not even have the schema yet.
            let store = loop {
                match PostgresStore::follow(&settings).await {
                    Ok(store) => break store,
                    Err(StoreError::Schema { .. }) => tokio::task::yield_now().await,
                    Err(other) => panic!("the standby cannot be followed: {other}"),
                }
            };
            while store.head().await.unwrap().nummer < nummer {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, arriving).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_follows_a_standby_while_the_primary_is_away_and_goes_on_when_it_is_back() {
    let mut pair = Pair::new().await;
    let mut node = pair.node().await;
    for n in 1..=3 {
        node.append(n).await;
    }
    node.follow_to(1, 3).await;
    pair.wait_for_standby_to_have(3).await;
    pair.primary.kill9();
    // A node that starts now has the standby alone.
    let mut late = pair.node().await;
    late.follow_to(1, 3).await;
    assert!(late.store.head().await.unwrap().may_lag);
    pair.primary.up();
    node.append(4).await;
    node.follow_to(1, 4).await;
    late.follow_to(1, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_answers_nothing_holds_up_no_node_and_heals() {
    let pair = Pair::new().await;
    let mut node = pair.node().await;
    node.append(1).await;
    node.follow_to(1, 1).await;
    pair.primary.pause();
    pair.standby.pause();
    let cut_off = tokio::time::timeout(LONG, node.follower.step())
        .await
        .unwrap();
    assert!(cut_off.is_err());
    assert!(node.shows(1), "what it has it goes on showing");
    let writing = {
        let store = Arc::clone(&node.store);
        tokio::spawn(async move {
            let lines = vec![leerbedrijf_line(2, "Twee")];
            store.append(Uuid::from_u128(2), at(2), lines).await
        })
    };
    pair.primary.resume();
    pair.standby.resume();
    assert_eq!(writing.await.unwrap().unwrap().nummer, 2);
    node.follow_to(1, 2).await;
}
