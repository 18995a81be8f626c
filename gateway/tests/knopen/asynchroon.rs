//! An asynchronous standby that missed a tail takes over: nobody keeps what was lost, and who was
//! answered from it is told so.

use stagepoort::log::LogStore;

use crate::{
    lezers::erkend,
    samples::id,
    schrijvers::append,
    veld::{Veld, all_equal, ready},
    vraag::{Lijn, Vraag, WEGEN, Weg, caller},
};

/// Numbers of leerbedrijven of the test's own, each with one erkenning.
const KEPT: [u32; 3] = [1_000_001, 1_000_005, 1_000_009];
const LOST: [u32; 3] = [1_000_013, 1_000_017, 1_000_021];
const AFTER: u32 = 1_000_025;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_asynchronous_standby_missed_is_given_up_by_every_node_and_told_to_callers() {
    let mut veld = Veld::new().await;
    let nodes = veld.nodes().await;
    let caller = caller(&veld.plek);
    let store = veld.store().await;
    let mut kept = 0;
    for n in KEPT {
        kept = append(&store, n).await.nummer;
    }
    veld.standby_has(kept).await;
    // The standby hears nothing any more, and the primary goes on.
    veld.standby.kill9();
    for n in LOST {
        append(&store, n).await;
    }
    all_equal(&nodes, &store).await;
    let lost_versie = format!("1.{}", kept + 3);
    let kept_versie = format!("1.{kept}");
    let ids = |of: &[u32]| -> Vec<String> { of.iter().map(|n| id(*n).to_string()).collect() };
    for node in &nodes {
        assert_eq!(erkend(node, &caller, &ids(&LOST)).await, [true; 3]);
    }

    veld.primary.kill9();
    veld.standby.up();
    veld.standby.promote();

    let versie = format!("2.{kept}");
    for node in &nodes {
        ready(node, &versie, |ready| ready["registerVersie"] == versie).await;
        assert_eq!(erkend(node, &caller, &ids(&KEPT)).await, [true; 3]);
        assert_eq!(erkend(node, &caller, &ids(&LOST)).await, [false; 3]);
        assert!(node.logged("the log has another history than this node") > 0);
    }
    let head = all_equal(&nodes, &store).await;
    assert_eq!(head["registerVersie"], versie);
    // Something else stands at the number of what was lost.
    let after = append(&store, AFTER).await;
    assert_eq!((after.tijdlijn, after.nummer), (2, kept + 1));
    all_equal(&nodes, &store).await;
    for node in &nodes {
        let found = erkend(node, &caller, &ids(&[LOST[0], AFTER])).await;
        assert_eq!(found, [false, true]);
        let mut lijn = Lijn::open(node, &caller).await;
        for weg in WEGEN {
            let vraag = Vraag::new(weg, id(KEPT[0]));
            let antwoord = lijn
                .ask(&vraag.clone().at_least(&kept_versie))
                .await
                .unwrap();
            assert_eq!(antwoord.status, 200, "{antwoord:?}");
            assert_eq!(antwoord.versie(), Some((2, kept + 1)));
            let antwoord = lijn.ask(&vraag.at_least(&lost_versie)).await.unwrap();
            let (status, code) = match weg {
                Weg::Rest => (400, "REGISTERVERSIE_VERVALLEN"),
                Weg::Soap => (500, "Client.DK0004"),
            };
            assert_eq!(antwoord.status, status, "{antwoord:?}");
            assert!(antwoord.text.contains(code), "{antwoord:?}");
            assert!(antwoord.text.contains(&lost_versie), "{antwoord:?}");
        }
    }
    store.verify().await.unwrap();
}
