//! What PostgreSQL in particular must do: many nodes at once, connections that break, schemas of
//! other programs, and that nobody can change it unnoticed.

use std::{collections::HashMap, sync::Arc};

use sqlx::{Connection, PgConnection};
use stagepoort::{
    access::open_toegang,
    log::{
        CommitInfo, LogStore, Migrated, Opslag, PostgresSettings, PostgresStore, Publication,
        Sleutel, Soort, StoreError,
    },
};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{postgres, samples::*};

/// A database of its own, which any number of nodes can open.
struct Shared {
    url: String,
}

impl Shared {
    async fn new() -> Self {
        let url = postgres::new_database(postgres::shared()).await;
        Self { url }
    }

    fn settings(&self) -> PostgresSettings {
        PostgresSettings::parse(&[&self.url]).unwrap()
    }

    async fn node(&self) -> Arc<PostgresStore> {
        Arc::new(PostgresStore::open(&self.settings()).await.unwrap())
    }

    async fn execute(&self, sql: &'static str) -> u64 {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let done = sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        done.rows_affected()
    }

    /// Ends every connection of the nodes, in the middle of whatever they do.
    async fn cut_off(&self) {
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'stagepoort'",
        )
        .await;
    }
}

/// One of many tasks that write to a node: every append is repeated, as one whose answer was
/// lost would be.
async fn write(node: Arc<PostgresStore>, task: u128, each: u128) -> Vec<CommitInfo> {
    let mut written = Vec::new();
    for n in 0..each {
        let request_id = Uuid::from_u128(task * 1_000 + n + 1);
        let lines = || {
            vec![
                leerbedrijf_line(u32::try_from(n).unwrap(), "Een"),
                personen_line(u32::try_from(n).unwrap(), "Piet"),
            ]
        };
        let first = node.append(request_id, at(1), lines()).await.unwrap();
        let again = node.append(request_id, at(2), lines()).await.unwrap();
        assert_eq!(first, again);
        written.push(first);
    }
    written
}

/// Reads by cursor, as a follower does, until it has seen this many.
async fn read(node: Arc<PostgresStore>, total: usize) -> Vec<CommitInfo> {
    let mut seen: Vec<CommitInfo> = Vec::new();
    while seen.len() < total {
        let (last, hash) = seen.last().map_or((0, [0; 32]), |c| (c.nummer, c.hash));
        let Ok(new) = node.commits_after(last, 100).await else {
            // Its connection was ended; it is asked again.
            continue;
        };
        if let Some(first) = new.first() {
            assert_eq!((first.nummer, first.vorige_hash), (last + 1, hash));
            let lines = node.lines_of(&new).await;
            if let Ok(lines) = lines {
                assert!(lines.iter().all(|lines| lines.len() == 2));
            }
        }
        for two in new.windows(2) {
            assert_eq!(two[1].nummer, two[0].nummer + 1);
            assert_eq!(two[1].vorige_hash, two[0].hash);
        }
        seen.extend(new);
    }
    seen
}

const NODES: u128 = 4;
const TASKS: u128 = 12;
const EACH: u128 = 6;

/// Every node writes by many tasks, and one reads; gives what was acknowledged and what was seen.
async fn write_from_all(shared: &Shared) -> (Vec<CommitInfo>, Vec<CommitInfo>) {
    let total = usize::try_from(NODES * TASKS * EACH).unwrap();
    let reading = tokio::spawn(read(shared.node().await, total));
    let mut writing = Vec::new();
    for node in 0..NODES {
        let store = shared.node().await;
        for task in 0..TASKS {
            let task = node * TASKS + task;
            writing.push(tokio::spawn(write(Arc::clone(&store), task, EACH)));
        }
    }
    let mut acknowledged = Vec::new();
    for task in writing {
        acknowledged.extend(task.await.unwrap());
    }
    (acknowledged, reading.await.unwrap())
}

/// What was acknowledged is what was seen, each once, and the log holds.
async fn check(shared: &Shared, acknowledged: Vec<CommitInfo>, seen: &[CommitInfo]) {
    let by_number: HashMap<u64, &CommitInfo> = seen.iter().map(|c| (c.nummer, c)).collect();
    assert_eq!(acknowledged.len(), seen.len());
    for commit in acknowledged {
        assert_eq!(by_number.get(&commit.nummer), Some(&&commit));
    }
    let node = shared.node().await;
    assert_eq!(node.head().await.unwrap().nummer, seen.len() as u64);
    node.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_nodes_write_at_once_and_a_reader_misses_nothing() {
    let shared = Shared::new().await;
    let (acknowledged, seen) = write_from_all(&shared).await;
    check(&shared, acknowledged, &seen).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_whose_connections_are_ended_happen_once() {
    const CUT_EVERY: u64 = 4;
    let shared = Arc::new(Shared::new().await);
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(shared.node().await);
    }
    let observer = shared.node().await;
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let cutting = {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let (mut times, mut next) = (0, CUT_EVERY);
            while stopped.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty) {
                if observer.head().await.is_ok_and(|head| head.nummer >= next) {
                    shared.cut_off().await;
                    times += 1;
                    next += CUT_EVERY;
                }
            }
            times
        })
    };
    let writing: Vec<_> = (0..24)
        .map(|task| tokio::spawn(write(Arc::clone(&nodes[task % 3]), task as u128, 5)))
        .collect();
    let mut acknowledged = Vec::new();
    for task in writing {
        acknowledged.extend(task.await.unwrap());
    }
    drop(stop);
    assert!(cutting.await.unwrap() > 1);
    let seen = read(shared.node().await, acknowledged.len()).await;
    check(&shared, acknowledged, &seen).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_once_make_one_schema_and_one_set_of_keys() {
    let shared = Shared::new().await;
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let settings = shared.settings();
            tokio::spawn(async move { PostgresStore::open(&settings).await.unwrap() })
        })
        .collect();
    let mut pseudonyms = Vec::new();
    for store in opening {
        pseudonyms.push(store.await.unwrap().pseudonym("x"));
    }
    assert!(pseudonyms.windows(2).all(|two| two[0] == two[1]));
}

#[tokio::test]
async fn a_migration_tells_what_it_did_and_only_what_fits_is_opened() {
    let shared = Shared::new().await;
    let mut settings = shared.settings();
    settings.migrate = false;
    let refused = PostgresStore::open(&settings).await.unwrap_err();
    assert!(matches!(
        refused,
        StoreError::Schema {
            found: 0,
            needed: 3
        }
    ));
    let opslag = Opslag::parse(&shared.url).unwrap();
    let made = opslag.migrate().await.unwrap();
    assert_eq!(made, Migrated { before: 0, now: 3 });
    let again = opslag.migrate().await.unwrap();
    assert_eq!(again, Migrated { before: 3, now: 3 });
    PostgresStore::open(&settings).await.unwrap();

    // A newer program was here, and says that this one can go on.
    shared
        .execute("UPDATE meta SET getal = 4 WHERE sleutel = 'schema'")
        .await;
    let store = PostgresStore::open(&settings).await.unwrap();
    store
        .append(Uuid::from_u128(1), at(1), vec![school_line("S")])
        .await
        .unwrap();
    // A later one, and says that it cannot.
    shared
        .execute("UPDATE meta SET getal = 4 WHERE sleutel = 'minimaal'")
        .await;
    for refused in [
        opslag.open().await.err().unwrap(),
        opslag.migrate().await.err().unwrap(),
        open_toegang(&opslag).await.err().unwrap(),
    ] {
        assert!(matches!(
            refused,
            StoreError::Schema {
                found: 4,
                needed: 3
            }
        ));
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told_by_its_host_and_without_a_password() {
    let shared = Shared::new().await;
    let nowhere = "postgres://u:geheim@127.0.0.1:1/d";
    let told = |error: StoreError| {
        let text = error.to_string();
        assert!(!text.contains("geheim"), "{text}");
        text
    };
    let away = Opslag::parse(nowhere).unwrap();
    let text = told(away.open().await.err().unwrap());
    assert!(text.contains("127.0.0.1:1"), "{text}");
    // One of two hosts is enough.
    let some = Opslag::parse(&format!("{nowhere},{}", shared.url)).unwrap();
    let store = some.open().await.unwrap();
    store
        .append(Uuid::from_u128(1), at(1), vec![school_line("S")])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_stage_whose_session_ended_is_not_published() {
    let shared = Shared::new().await;
    let node = shared.node().await;
    let stage = node.open_stage().await.unwrap();
    let lines = vec![leerbedrijf_line(1, "Een"), personen_line(1, "Piet")];
    node.stage(stage, lines).await.unwrap();
    shared.cut_off().await;
    let publication = Publication {
        stage,
        request_id: Uuid::from_u128(1),
        tijdstip: at(1),
        only_at: None,
    };
    let lost = node.publish(publication).await;
    assert!(matches!(lost, Err(StoreError::StageNotOpen(s)) if s == stage));
    assert_eq!(node.head().await.unwrap().nummer, 0);
    // The next import, of another node, clears it away.
    let other = shared.node().await;
    other.open_stage().await.unwrap();
    for table in ["DELETE FROM regel", "DELETE FROM zij"] {
        assert_eq!(shared.execute(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_line_that_the_database_refuses_fails_only_its_own_append() {
    let shared = Shared::new().await;
    shared.node().await;
    shared
        .execute("ALTER TABLE regel ADD CHECK (length(inhoud) <> 4711)")
        .await;
    let node = shared.node().await;
    let appends = (0..20_u32).map(|n| {
        let size = if n == 7 { 4711 } else { 10 };
        let mutatie = Sleutel::mutatie(Uuid::from_u128(n.into()));
        let lines = vec![set(Soort::Mutatie, mutatie, vec![0; size])];
        let node = Arc::clone(&node);
        tokio::spawn(async move {
            let request_id = Uuid::from_u128(u128::from(n) + 1);
            node.append(request_id, at(1), lines).await
        })
    });
    let appends: Vec<_> = appends.collect();
    for (n, append) in appends.into_iter().enumerate() {
        assert_eq!(append.await.unwrap().is_ok(), n != 7, "{n}");
    }
    assert_eq!(node.head().await.unwrap().nummer, 19);
    node.verify().await.unwrap();
}

#[tokio::test]
async fn a_changed_log_is_found_out() {
    for (sql, commit) in [
        (
            "UPDATE regel SET inhoud = '\\x00' WHERE nr % 2 = 0 AND nr >> 32 = (SELECT stage FROM commit_log WHERE nummer = 1)",
            1,
        ),
        (
            "UPDATE zij SET inhoud = '\\x00' WHERE nr >> 32 = (SELECT stage FROM commit_log WHERE nummer = 1)",
            1,
        ),
        (
            "DELETE FROM zij WHERE nr >> 32 = (SELECT stage FROM commit_log WHERE nummer = 1)",
            1,
        ),
        (
            "DELETE FROM regel WHERE nr = (SELECT stage << 32 FROM commit_log WHERE nummer = 2)",
            2,
        ),
        ("UPDATE commit_log SET tijdstip_ms = 0 WHERE nummer = 2", 2),
        ("UPDATE commit_log SET tijdlijn = 7 WHERE nummer = 2", 2),
        ("DELETE FROM commit_log WHERE nummer = 2", 3),
    ] {
        let shared = Shared::new().await;
        let node = shared.node().await;
        for n in 1..=3_u32 {
            let lines = vec![leerbedrijf_line(n, "Een"), personen_line(n, "Piet")];
            let request = Uuid::from_u128(n.into());
            node.append(request, at(1), lines).await.unwrap();
        }
        node.verify().await.unwrap();
        assert_eq!(shared.execute(sql).await, 1, "{sql}");
        match node.verify().await {
            Err(StoreError::Damaged(what)) => {
                let begin = format!("commit {commit}: ");
                assert!(what.starts_with(&begin), "{sql}: {what}");
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_rings_the_bell_of_every_node_also_after_its_connection_broke() {
    let shared = Shared::new().await;
    let (writer, node) = (shared.node().await, shared.node().await);
    let toegang = open_toegang(&Opslag::parse(&shared.url).unwrap()).await;
    let toegang = toegang.unwrap();
    let (of_log, of_toegang) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    node.ring(Arc::clone(&of_log));
    toegang.ring(Arc::clone(&of_toegang));
    for round in 0..2_u64 {
        // It rings once when it begins to listen.
        rung(&of_log).await;
        rung(&of_toegang).await;
        let request_id = Uuid::from_u128(u128::from(round) + 1);
        let lines = vec![school_line("S")];
        writer.append(request_id, at(1), lines).await.unwrap();
        rung(&of_log).await;
        toegang.append(round, "een", at(1)).await.unwrap();
        rung(&of_toegang).await;
        shared.cut_off().await;
    }
}

async fn rung(bell: &Notify) {
    let long = std::time::Duration::from_secs(60);
    tokio::time::timeout(long, bell.notified()).await.unwrap();
}
