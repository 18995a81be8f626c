//! A synchronous standby takes over: no reader notices, and no acknowledged write is lost.

use serde_json::Value;

use crate::{
    drukte::changes,
    lezers::Lezers,
    schrijvers::{Schrijvers, all_there},
    veld::{RESERVE, Veld, all_equal, ready, within},
};

/// Makes at least so many changes: objects, people and bpvo's included, and their mutaties.
const LEERBEDRIJVEN: u32 = 6_300;
const CHANGES: u64 = 50_000;

/// Lines that the import has staged when the primary dies.
const STAGED: i64 = 4_000;

const READS_PER_SECOND: u32 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_killed_costs_no_read_and_no_acknowledged_write() {
    let veld = Veld::new().await;
    veld.primary.wait_for_standbys(RESERVE).await;
    veld.mutaties("groot.ndjson", LEERBEDRIJVEN);
    let nodes = veld.nodes().await;
    let lezers = Lezers::start(&veld, &nodes, READS_PER_SECOND).await;
    let schrijvers = Schrijvers::start(&veld, 4).await;
    schrijvers.more(20).await;
    let importing = veld.begin("register import groot.ndjson --json");
    veld.import_stages(STAGED).await;

    veld.primary.kill9();
    veld.standby.promote();

    schrijvers.more(40).await;
    let report: Value =
        serde_json::from_str(&within("the import", importing).await.unwrap()).unwrap();
    println!("the import that began anew: {report}");
    assert_eq!(report["uitkomst"], "toegepast");
    assert!(changes(&report) >= CHANGES, "{report}");
    let published = report["registerVersie"].as_str().unwrap();
    assert!(published.starts_with("2."), "{published}");
    let store = veld.store().await;
    for node in &nodes {
        ready(node, "the tijdlijn is new", |ready| {
            ready["registerVersie"].as_str().unwrap().starts_with("2.")
        })
        .await;
    }
    schrijvers.more(20).await;
    let written = schrijvers
        .end("synchronous failover during an import")
        .await;
    all_equal(&nodes, &store).await;
    lezers.end("synchronous failover during an import").await;
    all_there(&veld, &nodes, &store, &written).await;
    // The same levering again is known.
    let again = veld.ok("register import groot.ndjson --json").await;
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["uitkomst"], "alToegepast");
    assert_eq!(again["registerVersie"], report["registerVersie"]);
}
