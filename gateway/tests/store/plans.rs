//! PostgreSQL goes by its indexes, row by row, also where it knows nothing of a table: after an import,
//! after a restore, before the first ANALYZE.

use std::sync::Arc;

use sqlx::{Connection, PgConnection};
use stagepoort::{
    log::{Line, Opslag, Publication, Sleutel, Soort},
    replica::{Follower, Progress, Replica},
};

use uuid::Uuid;

use crate::{
    follower::FixedClock,
    postgres,
    samples::{at, personen_line},
};

/// Lines of the import; several parts of everything that goes in parts.
const LINES: u32 = 20_000;

/// Keys asked for at once.
const PAGE: u32 = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_statistics_no_statement_reads_more_than_it_needs() {
    let url = postgres::new_database(postgres::shared()).await;
    let opslag = Opslag::parse(&url).unwrap();
    opslag.migrate().await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for table in ["regel", "zij", "commit_log"] {
        let sql = format!("ALTER TABLE {table} SET (autovacuum_enabled = false)");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    // Making an index reads its table whole.
    while connected(&mut connection).await > 0 {
        tokio::task::yield_now().await;
    }
    sqlx::raw_sql("SELECT pg_stat_reset()")
        .execute(&mut connection)
        .await
        .unwrap();
    let store = opslag.open().await.unwrap();
    let replica = Arc::new(Replica::new());
    let mut follower = Follower::new(Arc::clone(&store), replica, Arc::new(FixedClock));
    for (nth, naam) in (1..).zip(["Piet", "Jan"]) {
        let stage = store.open_stage().await.unwrap();
        let lines: Vec<Line> = (1..=LINES).map(|n| personen_line(n, naam)).collect();
        store.stage(stage, lines).await.unwrap();
        let publication = Publication {
            stage,
            request_id: Uuid::from_u128(nth),
            tijdstip: at(1),
            only_at: None,
        };
        store.publish(publication).await.unwrap();
        let forgotten = store.forget_superseded().await.unwrap();
        assert_eq!(forgotten, u64::from(LINES) * u64::from(nth == 2));
        while follower.step().await.unwrap() != Progress::UpToDate {}
    }
    for n in 1..=100 {
        let lines = vec![personen_line(n, "Klaas")];
        let request = Uuid::from_u128(u128::from(n) + 2);
        store.append(request, at(1), lines).await.unwrap();
        follower.step().await.unwrap();
    }
    assert_eq!(store.forget_superseded().await.unwrap(), 100);
    let mut after: Option<Sleutel> = None;
    loop {
        let page = store
            .keys(Soort::Personen, after.as_ref(), PAGE)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        assert_eq!(
            store.current(Soort::Personen, &page).await.unwrap().len(),
            page.len()
        );
        after = Some(last.clone());
    }
    store.verify().await.unwrap();
    drop((store, follower));
    // Servers of connections tell what they did when they end.
    while connected(&mut connection).await > 0 {
        tokio::task::yield_now().await;
    }

    let whole: Vec<(String, i64)> = sqlx::query_as(
        "SELECT relname::text, seq_scan FROM pg_stat_user_tables
         WHERE relname IN ('regel', 'zij', 'commit_log') AND seq_scan > 0",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(whole, [], "tables that were read whole");
    let read: i64 = sqlx::query_scalar(
        "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'regel_object'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    // Forgetting looks at both lines of an object, and so do keys, current and verify.
    let lines = i64::from(LINES) * 2;
    assert!(
        (lines..lines * 6).contains(&read),
        "{read} entries of objects were read for {lines} lines"
    );
}

async fn connected(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'stagepoort'",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}
