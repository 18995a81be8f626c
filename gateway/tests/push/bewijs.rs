//! An endpoint proves that it is the subscriber's before anything is delivered, and takes a test
//! message on request.

use std::time::Duration;

use stagepoort::push::{AbonnementStatus, Kanaal};

use crate::{
    ontvanger::{Antwoord, Ontvangen},
    world::{HOST, World},
};

pub(crate) fn gives_back(one: &Ontvangen) -> Antwoord {
    let uitdaging = &one.json()["data"]["uitdaging"];
    let body = serde_json::json!({ "uitdaging": uitdaging }).to_string();
    Antwoord::Met(200, "Content-Type: application/json", body.into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_gives_back_what_it_was_asked_and_then_hears() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    ontvanger.answers(|_| Antwoord::Status(200));
    let abonnement = world
        .abonnement(1, &ontvanger.url(HOST), |one| {
            one.status = AbonnementStatus::WachtOpBewijs;
        })
        .await;
    world.melden(&abonnement, &[1]).await;
    let node = world.node().await;
    world
        .until("a failure", || async {
            world.eindpunt(&abonnement).await.mislukt == 1
        })
        .await;
    let last = world.pogingen(&abonnement).await.remove(0);
    assert_eq!(last.volgnummer, 0);
    assert_eq!(
        last.poging.uitkomst,
        "HTTP 200: de uitdaging kwam niet terug"
    );

    ontvanger.answers(gives_back);
    world.pass(Duration::from_secs(5));
    node.ring();
    world.until_volledig(&abonnement, 1).await;
    node.stop().await;
    assert_eq!(world.status(&abonnement).await.0, AbonnementStatus::Actief);
    let types: Vec<String> = ontvanger
        .all()
        .iter()
        .map(|one| one.json()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        types,
        [
            "nl.leerbedrijvenregister.bewijs.v1",
            "nl.leerbedrijvenregister.bewijs.v1",
            "nl.leerbedrijvenregister.leerbedrijf-gewijzigd.v1"
        ]
    );
    let asked: Vec<_> = ontvanger.all()[..2]
        .iter()
        .map(|one| one.json()["data"]["uitdaging"].clone())
        .collect();
    assert_ne!(asked[0], asked[1], "each has its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soap_service_proves_itself_by_answering_a_call_without_mutaties() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    ontvanger.answers(|_| {
        let body = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
                    <meldenMutatiesResponse xmlns='urn:stagepoort:mutatieontvanger:v1'>\
                    <ontvangen>true</ontvangen></meldenMutatiesResponse></e:Body></e:Envelope>";
        Antwoord::Met(200, "Content-Type: text/xml", body.as_bytes().to_vec())
    });
    let abonnement = world
        .abonnement(1, &ontvanger.url(HOST), |one| {
            one.kanaal = Kanaal::Soap;
            one.status = AbonnementStatus::WachtOpBewijs;
        })
        .await;
    let node = world.node().await;
    world
        .until("the proof", || async {
            world.status(&abonnement).await.0 == AbonnementStatus::Actief
        })
        .await;
    node.stop().await;
    let all = ontvanger.all();
    assert_eq!(all.len(), 1);
    assert!(all[0].text().contains("<abonnementId>"));
    assert!(!all[0].text().contains("<mutaties>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_is_sent_by_one_node_when_asked_for() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let abonnement = world
        .abonnement(1, &ontvanger.url(HOST), |one| {
            one.status = AbonnementStatus::Gepauzeerd;
        })
        .await;
    world.melden(&abonnement, &[1]).await;
    let (node, other) = (world.node().await, world.node().await);
    world.wijzig(&abonnement, true, |_| {}).await;
    node.ring();
    other.ring();
    world
        .until("the test to be recorded", || async {
            let laatste = world.laatste(&abonnement).await.laatste_poging;
            laatste.is_some_and(|poging| poging.uitkomst == "HTTP 204")
        })
        .await;
    node.stop().await;
    other.stop().await;
    let all = ontvanger.all();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].json()["type"], "nl.leerbedrijvenregister.proef.v1");
    assert!(!world.eindpunt(&abonnement).await.proef_gevraagd);
    assert_eq!(
        world.status(&abonnement).await.0,
        AbonnementStatus::Gepauzeerd
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_an_endpoint_goes_to_the_one_that_took_its_place() {
    let world = World::new().await;
    let (slow, well) = (world.ontvanger().await, world.ontvanger().await);
    let (let_go, may) = tokio::sync::watch::channel(false);
    slow.answers(move |_| Antwoord::Straks(may.clone()));
    well.answers(gives_back);
    let abonnement = world.abonnement(1, &slow.url(HOST), |_| {}).await;
    let many: Vec<u32> = (0..40).collect();
    world.melden(&abonnement, &many).await;
    let node = world.node().await;
    slow.until_count(8).await;
    world.verhuis(&abonnement, &well.url(HOST)).await;
    let_go.send_replace(true);
    world.until_volledig(&abonnement, 40).await;
    node.stop().await;
    assert_eq!(slow.all().len(), 8, "what was under way, and no more");
    assert_eq!(well.all().len(), 1 + 32, "the proof, and the rest");
}
