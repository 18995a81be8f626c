//! A commit that nobody can read stands in the log, its chain right: every node stays on the last
//! good version and says so, reads go on, and so does toegang.

use stagepoort::log::{LogStore, Sleutel, Soort};
use uuid::Uuid;

use crate::{
    lezers::Lezers,
    samples::{at, id, set},
    schrijvers::append,
    veld::{Veld, all_equal, ready, until},
    vraag::{Lijn, SCHOOL, Vraag, WEGEN, Weg, caller},
};

const GOOD: u32 = 1_000_001;
const POISON: u32 = 1_000_005;
const LATER: u32 = 1_000_009;

const READS_PER_SECOND: u32 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_cannot_be_read_stops_the_follower_alone() {
    let veld = Veld::new().await;
    let nodes = veld.nodes().await;
    let store = veld.store().await;
    let lezers = Lezers::start(&veld, &nodes, READS_PER_SECOND).await;
    let good = append(&store, GOOD).await.nummer;
    all_equal(&nodes, &store).await;
    let line = set(
        Soort::Leerbedrijf,
        Sleutel::leerbedrijf(id(POISON)),
        b"\xff\xff geen leerbedrijf".to_vec(),
    );
    let poison = store.append(Uuid::from_u128(1), at(1), vec![line]).await;
    let poison = poison.unwrap().nummer;
    append(&store, LATER).await;
    store.verify().await.unwrap();

    let versie = format!("1.{good}");
    let named = format!("commit {poison}");
    for node in &nodes {
        let stopped = ready(node, "it stops", |r| r["volgerGestopt"] == true).await;
        assert_eq!(stopped["status"], "verminderd", "{stopped}");
        assert_eq!(stopped["registerVersie"], versie, "{stopped}");
        assert_eq!(stopped["volgerGestoptBij"], poison, "{stopped}");
        assert!(stopped["redenen"].to_string().contains(&named), "{stopped}");
        assert_eq!(status(node, "/health/ready").await.0, 200);
        let metrics = status(node, "/metrics").await.1;
        for line in [
            "stagepoort_register_gestopt 1".to_owned(),
            format!("stagepoort_register_gestopt_bij_nummer {poison}"),
            "stagepoort_gereed{status=\"verminderd\"} 1".to_owned(),
        ] {
            assert!(metrics.lines().any(|l| l == line), "{line}: {metrics}");
        }
        let page = status(node, "/").await.1;
        assert!(
            page.contains(&named) && page.contains("verminderd"),
            "{page}"
        );
        assert_eq!(node.logged(&named), 1, "it is told once");
    }

    // Toegang goes on: a mandate that is withdrawn is so on every node.
    let caller = caller(&veld.plek);
    let mut lijnen = Vec::new();
    for node in &nodes {
        lijnen.push(Lijn::open(node, &caller).await);
    }
    let vraag = |weg, school| Vraag::new(weg, id(GOOD)).of(school);
    for lijn in &mut lijnen {
        for weg in WEGEN {
            let antwoord = lijn.ask(&vraag(weg, SCHOOL)).await.unwrap();
            assert!(antwoord.is_erkend(), "{antwoord:?}");
        }
    }
    veld.withdraw(SCHOOL).await;
    for (lijn, node) in lijnen.iter_mut().zip(&nodes) {
        until("the mandate is withdrawn", async || {
            let antwoord = lijn.ask(&vraag(Weg::Rest, SCHOOL)).await.unwrap();
            (antwoord.status == 403).then_some(())
        })
        .await;
        let soap = lijn.ask(&vraag(Weg::Soap, SCHOOL)).await.unwrap();
        assert!(soap.text.contains("Fault"), "{soap:?}");
        let stays = ready(node, "it stays", |_| true).await;
        assert_eq!(stays["registerVersie"], versie, "{stays}");
    }
    lezers.end("a commit that cannot be read").await;
}

async fn status(node: &crate::plek::Node, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{}{path}", node.beheer())).await;
    let answer = answer.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}
