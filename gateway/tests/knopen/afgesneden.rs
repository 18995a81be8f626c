//! A node is cut off from both database hosts for a while: it goes on answering, says so, and
//! catches up when it is healed.

use std::time::Duration;

use crate::{
    lezers::Lezers,
    proxy::Draad,
    schrijvers::{Schrijvers, all_there},
    veld::{Veld, all_equal, ready},
};

/// How long the node hears nothing. Long enough that readiness says so.
const CUT_OFF: Duration = Duration::from_secs(18);

const READS_PER_SECOND: u32 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_answers_on_says_so_and_catches_up() {
    let veld = Veld::new().await;
    let draden = [
        Draad::to(&veld.urls[0]).await,
        Draad::to(&veld.urls[1]).await,
    ];
    let over = [draden[0].url(&veld.urls[0]), draden[1].url(&veld.urls[1])];
    let nodes = [
        veld.node("afgesneden", &over).await,
        veld.node("verbonden", &veld.urls).await,
    ];
    let [cut_off, connected] = &nodes;
    let store = veld.store().await;
    let lezers = Lezers::start(&veld, &nodes, READS_PER_SECOND).await;
    let schrijvers = Schrijvers::start(&veld, 2).await;
    schrijvers.more(10).await;

    let begin = std::time::Instant::now();
    draden.iter().for_each(Draad::cut);
    let told = ready(cut_off, "the database is away", |ready| {
        ready["redenen"]
            .to_string()
            .contains("the database is away")
    })
    .await;
    assert_eq!(told["status"], "verminderd");
    schrijvers.more(10).await;
    // It is the length of the outage that is wanted here.
    tokio::time::sleep(CUT_OFF.saturating_sub(begin.elapsed())).await;
    let during = cut_off.ready().await;
    let other = connected.ready().await;
    assert_eq!(during["status"], "verminderd");
    assert_eq!(other["status"], "gereed", "{other}");
    assert_eq!(during["registerVersie"], told["registerVersie"]);
    assert!(nummer(&other) > nummer(&during));

    draden.iter().for_each(Draad::heal);
    let healed = std::time::Instant::now();
    let behind = nummer(&connected.ready().await);
    ready(cut_off, "it catches up", |ready| nummer(ready) >= behind).await;
    println!(
        "a node that was cut off for {:.1} s caught up in {:.1} s",
        (healed - begin).as_secs_f64(),
        healed.elapsed().as_secs_f64()
    );
    let written = schrijvers.end("a node cut off").await;
    all_equal(&nodes, &store).await;
    lezers.end("a node cut off").await;
    all_there(&veld, &nodes, &store, &written).await;
}

fn nummer(ready: &serde_json::Value) -> u64 {
    let versie = ready["registerVersie"].as_str().unwrap();
    versie.split('.').nth(1).unwrap().parse().unwrap()
}
