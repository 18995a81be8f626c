//! What is sent of students is recorded first; what cannot be recorded is not sent, and waits.

use std::{sync::Arc, time::Duration};

use stagepoort::{
    audit::{
        Grenzen, NietVastgelegd, PseudonymSleutel, Status, Verwerkingslog, Volgende, Wachtrij,
    },
    clock::SystemClock,
    domain::Oin,
};

use crate::world::{AFNEMER, HOST, Node, SCHOOL, World};

/// Lets time pass for the node until it has something to record.
fn until_recorded(world: &World, node: &Node, wachtrij: &Wachtrij) -> stagepoort::audit::Groep {
    for _ in 0..100 {
        if let Volgende::Groepen(mut groepen) = wachtrij.volgende(Some(Duration::from_millis(500)))
        {
            assert_eq!(groepen.len(), 1);
            return groepen.remove(0);
        }
        world.pass(Duration::from_secs(5));
        node.ring();
    }
    panic!("nothing was recorded")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_leaves_when_it_is_recorded_and_waits_unharmed_when_it_cannot_be() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    let grenzen = Grenzen {
        wachtrij: 8,
        wacht: Duration::from_secs(60),
        activiteit: "urn:x:".to_owned(),
    };
    let (log, wachtrij) = Verwerkingslog::with_queue(grenzen, Arc::new(SystemClock));
    let sleutel = PseudonymSleutel::new([1; 32]);
    log.set_sleutel(sleutel.clone());
    let node = world.node_with(Arc::new(log)).await;
    world.melden(&abonnement, &[1]).await;
    node.ring();
    for _ in 0..2 {
        let refused = until_recorded(&world, &node, &wachtrij);
        refused.klaar(Err(NietVastgelegd::Schijf));
    }
    let groep = until_recorded(&world, &node, &wachtrij);
    assert!(ontvanger.all().is_empty(), "it left unrecorded");
    let [verwerking] = groep.verwerkingen() else {
        panic!("{groep:?}")
    };
    let oin = |text: &str| Oin::parse(text).unwrap();
    assert_eq!(verwerking.naam, "meldenMutaties");
    assert_eq!(verwerking.status, Status::Onbekend);
    assert_eq!(verwerking.afnemer_oin, oin(AFNEMER));
    assert_eq!(verwerking.school_oin, oin(SCHOOL));
    let kenmerken = world.inhoud(1).bpvo_kenmerken;
    let mut expect: Vec<_> = kenmerken
        .iter()
        .map(|kenmerk| sleutel.of_bpvo(oin(SCHOOL), kenmerk))
        .collect();
    expect.sort_unstable();
    let named: Vec<_> = verwerking.betrokkenen.iter().map(|b| b.pseudonym).collect();
    assert!(!named.is_empty());
    assert_eq!(named, expect);
    let trace = verwerking.spoor.traceparent();
    groep.klaar(Ok(()));
    let all = ontvanger.until_count(1).await;
    assert_eq!(all[0].headers["traceparent"], trace);
    world.until_volledig(&abonnement, 1).await;
    node.stop().await;
    // No attempt was used up.
    let pogingen = world.pogingen(&abonnement).await;
    assert_eq!(pogingen.len(), 1);
    assert_eq!(pogingen[0].poging.uitkomst, "HTTP 204");
}
