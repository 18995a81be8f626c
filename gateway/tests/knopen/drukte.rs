//! While a large levering is imported, a withdrawn mandate is in force everywhere at once, and
//! single writes go on.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{
    lezers::Lezers,
    samples::id,
    schrijvers::{Schrijvers, all_there},
    veld::{Veld, all_equal, until, within},
    vraag::{Lijn, SCHOOL, Vraag, Weg, caller},
};

const LEERBEDRIJVEN: u32 = 6_000;

/// Times that the mandate is withdrawn meanwhile.
const WITHDRAWALS: usize = 5;

const READS_PER_SECOND: u32 = 100;

/// A second is promised; a machine that does much else at once gets more before it is a fault.
const WITHDRAWN_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn during_a_large_import_a_withdrawal_is_in_force_everywhere_and_writes_go_on() {
    let veld = Veld::new().await;
    veld.mutaties("groot.ndjson", LEERBEDRIJVEN);
    let nodes = veld.nodes().await;
    let store = veld.store().await;
    let lezers = Lezers::start(&veld, &nodes, READS_PER_SECOND).await;
    let schrijvers = Schrijvers::start(&veld, 1).await;
    schrijvers.more(10).await;
    let caller = caller(&veld.plek);
    let mut lijnen = Vec::new();
    for node in &nodes {
        lijnen.push(Lijn::open(node, &caller).await);
    }
    let begin = Instant::now();
    let importing = veld.begin("register import groot.ndjson --json");
    veld.import_stages(1).await;

    let mut withdrawals = Vec::new();
    while withdrawals.len() < WITHDRAWALS && !importing.is_finished() {
        withdrawals.push(withdrawal(&veld, &mut lijnen).await);
        veld.grant().await;
        until_allowed(&mut lijnen, true).await;
    }
    assert!(!withdrawals.is_empty(), "the import was over at once");
    let report: Value =
        serde_json::from_str(&within("the import", importing).await.unwrap()).unwrap();
    let imported = begin.elapsed();
    // And while the nodes take it in.
    withdrawals.push(withdrawal(&veld, &mut lijnen).await);
    schrijvers.more(10).await;
    let written = schrijvers.end("during a large import").await;
    all_equal(&nodes, &store).await;
    println!(
        "{} changes imported in {:.1} s, shown by every node in {:.1} s; withdrawals in force \
         everywhere after {withdrawals:.2?}",
        changes(&report),
        imported.as_secs_f64(),
        begin.elapsed().as_secs_f64(),
    );
    assert!(
        withdrawals.iter().all(|took| *took < WITHDRAWN_WITHIN),
        "{withdrawals:?}"
    );
    lezers.end("during a large import").await;
    all_there(&veld, &nodes, &store, &written).await;
}

/// How long after it was put in force a withdrawal is so on every node.
async fn withdrawal(veld: &Veld, lijnen: &mut [Lijn]) -> Duration {
    veld.withdraw(SCHOOL).await;
    let in_force = Instant::now();
    until_allowed(lijnen, false).await;
    in_force.elapsed()
}

async fn until_allowed(lijnen: &mut [Lijn], allowed: bool) {
    let status = if allowed { 200 } else { 403 };
    let vraag = &Vraag::new(Weg::Rest, id(1)).of(SCHOOL);
    let asking = lijnen.iter_mut().map(|lijn| {
        until("toegang is in force", async || {
            (lijn.ask(vraag).await.unwrap().status == status).then_some(())
        })
    });
    futures_util::future::join_all(asking).await;
}

/// Objects that a report says were added or changed, and what it tells of them as mutaties.
pub(crate) fn changes(report: &Value) -> u64 {
    let tallies = report["objecten"].as_object().unwrap().values();
    let mutaties = report["mutaties"].as_object().unwrap().values();
    tallies
        .flat_map(|tally| [&tally["toegevoegd"], &tally["gewijzigd"]])
        .chain(mutaties)
        .map(|count| count.as_u64().unwrap())
        .sum()
}
