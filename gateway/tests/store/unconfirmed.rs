//! Writes of which nobody knows for a while whether they are there: the synchronous standby stays away,
//! the session is cut off in its COMMIT, an old primary comes back.

use std::{sync::Arc, time::Duration};

use sqlx::{Connection, PgConnection};
use stagepoort::log::{Inhoud, LogStore, PostgresStore, Publication, StoreError};
use uuid::Uuid;

use crate::{
    failover::{LONG, Pair},
    postgres::Server,
    samples::{at, leerbedrijf_line},
};

/// Waits until a session of ours waits in its COMMIT for the standby.
async fn waiting_for_standby(connection: &mut PgConnection) {
    let looking = async {
        let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity
             WHERE application_name = 'stagepoort' AND wait_event = 'SyncRep')";
        while !sqlx::query_scalar::<_, bool>(waits)
            .fetch_one(&mut *connection)
            .await
            .unwrap()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, looking).await.unwrap();
}

async fn superuser(server: &Server) -> PgConnection {
    PgConnection::connect(&server.url("postgres"))
        .await
        .unwrap()
}

async fn terminate(connection: &mut PgConnection, which: &'static str) {
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'stagepoort' AND {which}"
    ));
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_no_standby_confirms_is_refused_and_repeated_it_is_there_once() {
    let mut pair = Pair::new().await;
    pair.primary.wait_for_standbys("reserve").await;
    let mut settings = pair.settings();
    settings.write_patience = Duration::from_secs(1);
    let store = PostgresStore::follow(&settings).await.unwrap();
    let append = async |n: u128| {
        let line = leerbedrijf_line(u32::try_from(n).unwrap(), "Een");
        store.append(Uuid::from_u128(n), at(1), vec![line]).await
    };
    assert_eq!(append(1).await.unwrap().nummer, 1);
    pair.standby.kill9();
    let refused = append(2).await;
    assert!(
        matches!(refused, Err(StoreError::NotWritten { .. })),
        "{refused:?}"
    );
    pair.standby.up();
    // The caller repeats it for as long as it is refused.
    let repeating = async {
        loop {
            match append(2).await {
                Err(StoreError::NotWritten { .. }) => {}
                outcome => break outcome.unwrap(),
            }
        }
    };
    let repeated = tokio::time::timeout(LONG, repeating).await.unwrap();
    assert_eq!(repeated.nummer, 2);
    assert_eq!(append(3).await.unwrap().nummer, 3);
    store.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_import_that_is_cut_off_in_its_commit_is_published_once() {
    let mut pair = Pair::new().await;
    pair.primary.wait_for_standbys("reserve").await;
    let store = Arc::new(PostgresStore::open(&pair.settings()).await.unwrap());
    let stage = store.open_stage().await.unwrap();
    let lines = (1..=50).map(|n| leerbedrijf_line(n, "Een")).collect();
    store.stage(stage, lines).await.unwrap();
    pair.standby.kill9();
    let publishing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let publication = Publication {
                stage,
                request_id: Uuid::from_u128(1),
                tijdstip: at(1),
                only_at: Some(0),
            };
            store.publish(publication).await
        })
    };
    let mut admin = superuser(&pair.primary).await;
    waiting_for_standby(&mut admin).await;
    terminate(&mut admin, "wait_event = 'SyncRep'").await;
    // It is there by now, and confirmed by nobody: what is tried again waits too.
    waiting_for_standby(&mut admin).await;
    pair.standby.up();
    let published = tokio::time::timeout(LONG, publishing).await.unwrap();
    let published = published.unwrap().unwrap();
    assert_eq!((published.nummer, published.regels), (1, 50));
    let commits = store.commits_after(0, 9).await.unwrap();
    assert_eq!(commits, std::slice::from_ref(&published));
    let there = store.lines(&published, 0, 99).await.unwrap();
    let whole = there
        .iter()
        .all(|line| matches!(line.inhoud, Inhoud::Gezet(_)));
    assert!(whole && there.len() == 50);
    store.verify().await.unwrap();
    // The claim is free again.
    let next = store.open_stage().await.unwrap();
    store.discard(next).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_old_primary_that_comes_back_gets_no_write() {
    let mut pair = Pair::new().await;
    let store = PostgresStore::follow(&pair.settings()).await.unwrap();
    let append = async |n: u128| {
        let line = leerbedrijf_line(u32::try_from(n).unwrap(), "Een");
        let appended = store.append(Uuid::from_u128(n), at(1), vec![line]);
        appended.await.unwrap()
    };
    append(1).await;
    pair.wait_for_standby_to_have(1).await;
    pair.primary.kill9();
    pair.standby.promote();
    let after = append(2).await;
    assert_eq!((after.tijdlijn, after.nummer), (2, 2));
    // Nobody stopped it, and it takes writes as before.
    pair.primary.up();
    let mut promoted = superuser(&pair.standby).await;
    for n in 3..=6 {
        // Every connection is made anew, to whichever of the two is asked first.
        terminate(&mut promoted, "true").await;
        let after = append(n).await;
        assert_eq!((after.tijdlijn, u128::from(after.nummer)), (2, n));
    }
    let old =
        PostgresStore::open(&stagepoort::log::PostgresSettings::parse(&pair.urls[..1]).unwrap())
            .await
            .unwrap();
    assert_eq!(old.head().await.unwrap().nummer, 1);
}
