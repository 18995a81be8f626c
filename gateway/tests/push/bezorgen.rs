//! What is delivered, to whom, in which order and form.

use std::collections::{BTreeMap, HashSet};

use stagepoort::push::{AbonnementStatus, Kanaal, Staat};

use crate::{
    ontvanger::{Antwoord, Ontvangen},
    world::{ANDERE_SCHOOL, HOST, World, toegang},
};

/// The numbers that came of each leerbedrijf, in the order in which they came.
fn per_leerbedrijf(all: &[Ontvangen]) -> BTreeMap<String, Vec<u64>> {
    let mut by: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (leerbedrijf, volgnummer) in all.iter().flat_map(Ontvangen::nummers) {
        by.entry(leerbedrijf).or_default().push(volgnummer);
    }
    by
}

fn assert_in_order(all: &[Ontvangen]) {
    for (leerbedrijf, nummers) in per_leerbedrijf(all) {
        assert!(nummers.is_sorted(), "{leerbedrijf}: {nummers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_delivered_once_and_in_order_per_leerbedrijf() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    let leerbedrijven: Vec<u32> = (0..60).map(|n| n % 7).collect();
    world.melden(&abonnement, &leerbedrijven).await;
    let node = world.node().await;
    let all = ontvanger.until_count(60).await;
    world.until_volledig(&abonnement, 60).await;
    node.stop().await;

    assert_eq!(ontvanger.all().len(), 60);
    assert_in_order(&all);
    let ids: HashSet<&String> = all.iter().map(|one| &one.headers["webhook-id"]).collect();
    assert_eq!(ids.len(), 60);
    for one in &all {
        let event = one.json();
        assert_eq!(one.line, "POST /mutaties HTTP/1.1");
        assert!(one.certificate, "the gateway shows who it is");
        assert_eq!(one.headers["webhook-id"], event["id"].as_str().unwrap());
        assert_eq!(one.headers["webhook-timestamp"], "1800000000");
        assert!(one.headers["webhook-signature"].starts_with("v1,"));
        assert!(one.headers["content-type"].starts_with("application/cloudevents+json"));
        let before = event["data"]["volledigTotEnMet"].as_u64().unwrap();
        assert!(before < event["data"]["volgnummer"].as_u64().unwrap());
    }
    // Connections are kept for the next message.
    assert!(all.iter().all(|one| one.connection < 8));
    let pogingen = world.pogingen(&abonnement).await;
    assert_eq!(pogingen.len(), 60);
    assert!(pogingen.iter().all(|one| one.poging.uitkomst == "HTTP 204"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_leerbedrijf_holds_up_itself_alone() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let ill = |one: &Ontvangen| one.json()["subject"] == "100000003";
    ontvanger.answers(move |one| Antwoord::Status(if ill(one) { 422 } else { 200 }));
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    let leerbedrijven: Vec<u32> = (0..40).map(|n| n % 5).collect();
    world.melden(&abonnement, &leerbedrijven).await;
    let node = world.node().await;
    let all = ontvanger
        .until(|all| all.iter().filter(|one| !ill(one)).count() == 32)
        .await;
    assert_in_order(&all);
    assert_eq!(per_leerbedrijf(&all)["100000003"], [4]);

    // Healed, it goes on where it was.
    ontvanger.answers(|_| Antwoord::Status(200));
    world.pass(std::time::Duration::from_secs(5));
    node.ring();
    world.until_volledig(&abonnement, 40).await;
    node.stop().await;
    let all = ontvanger.all();
    assert_eq!(
        per_leerbedrijf(&all)["100000003"],
        [4, 4, 9, 14, 19, 24, 29, 34, 39]
    );
    let ids: HashSet<&String> = all.iter().map(|one| &one.headers["webhook-id"]).collect();
    assert_eq!(ids.len(), 40, "an attempt has the id of the one before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_holds_several_and_one_that_is_refused_leaves_it() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let has_ill = |one: &Ontvangen| one.text().contains("\"100000003\"");
    ontvanger.answers(move |one| Antwoord::Status(if has_ill(one) { 422 } else { 200 }));
    let abonnement = world
        .abonnement(1, &ontvanger.url(HOST), |one| one.per_bericht = 10)
        .await;
    let leerbedrijven: Vec<u32> = (0..20).collect();
    world.melden(&abonnement, &leerbedrijven).await;
    let node = world.node().await;
    world
        .until("all but one", || async {
            let all = world.store.meldingen(abonnement.id, 0, 100).await.unwrap();
            let taken = all.iter().filter(|one| one.staat == Staat::Bezorgd);
            taken.count() == 19
        })
        .await;
    node.stop().await;
    let all = ontvanger.all();
    let batch = all.iter().find(|one| one.nummers().len() == 10).unwrap();
    assert!(batch.headers["content-type"].starts_with("application/cloudevents-batch+json"));
    let alone = all.iter().filter(|one| one.nummers().len() == 1).count();
    assert!(alone >= 10, "each of the refused batch went alone: {alone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_school_does_not_allow_is_not_told_and_a_marker_takes_its_place() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    world.melden_voor(&abonnement, &[1], ANDERE_SCHOOL).await;
    world.melden(&abonnement, &[1, 2]).await;
    let node = world.node().await;
    world.until_volledig(&abonnement, 3).await;
    let told: Vec<u64> = ontvanger
        .all()
        .iter()
        .map(|one| one.nummers()[0].1)
        .collect();
    assert_eq!(HashSet::from_iter(told), HashSet::from([2, 3]));

    // A mandate that is withdrawn counts at once.
    world.access.replace(toegang(&[ANDERE_SCHOOL]));
    world.melden(&abonnement, &[1]).await;
    node.ring();
    world.until_volledig(&abonnement, 4).await;
    node.stop().await;
    assert_eq!(ontvanger.all().len(), 2);
    let staten: Vec<Staat> = world
        .store
        .meldingen(abonnement.id, 0, 10)
        .await
        .unwrap()
        .iter()
        .map(|one| one.staat)
        .collect();
    let (told, dropped) = (Staat::Bezorgd, Staat::Vervallen);
    assert_eq!(staten, [dropped, told, told, dropped]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soap_service_is_called_and_its_answer_read() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let answer = |content: &str| {
        let body = format!(
            "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
             <meldenMutatiesResponse xmlns='urn:stagepoort:mutatieontvanger:v1'>{content}\
             </meldenMutatiesResponse></e:Body></e:Envelope>"
        );
        Antwoord::Met(200, "Content-Type: text/xml", body.into_bytes())
    };
    // Of the first call one mutatie is not kept.
    ontvanger.answers(move |one| {
        let text = one.text();
        let ids = text.split("<mutatieId>").skip(1);
        let last = ids.last().unwrap().split_once('<').unwrap().0;
        if text.matches("<mutatie>").count() == 3 {
            answer(&format!(
                "<ontvangen>true</ontvangen><nietOntvangenMutaties><nietOntvangenMutatie>\
                 <mutatieId>{last}</mutatieId></nietOntvangenMutatie></nietOntvangenMutaties>"
            ))
        } else {
            answer("<ontvangen>true</ontvangen>")
        }
    });
    let abonnement = world
        .abonnement(1, &ontvanger.url(HOST), |one| {
            one.kanaal = Kanaal::Soap;
            one.per_bericht = 5;
        })
        .await;
    world.melden(&abonnement, &[1, 2, 3]).await;
    let node = world.node().await;
    let all = ontvanger.until_count(1).await;
    assert_eq!(all[0].headers["content-type"], "text/xml;charset=UTF-8");
    assert_eq!(
        all[0].headers["soapaction"],
        "\"urn:stagepoort:mutatieontvanger:v1/meldenMutaties\""
    );
    world
        .until("two of three", || async {
            let all = world.store.meldingen(abonnement.id, 0, 10).await.unwrap();
            all.iter().filter(|one| one.staat == Staat::Bezorgd).count() == 2
        })
        .await;
    world.pass(std::time::Duration::from_secs(5));
    node.ring();
    world.until_volledig(&abonnement, 3).await;

    // A page that says 200 is no receipt.
    ontvanger.answers(|_| Antwoord::Met(200, "X: y", b"<html>welkom</html>".to_vec()));
    world.melden(&abonnement, &[4]).await;
    node.ring();
    world
        .until("a failure", || async {
            world.eindpunt(&abonnement).await.mislukt == 1
        })
        .await;
    node.stop().await;
    let pogingen = world.pogingen(&abonnement).await;
    let of_4 = pogingen.iter().find(|one| one.volgnummer == 4).unwrap();
    assert_eq!(
        of_4.poging.uitkomst,
        "HTTP 200: geen meldenMutatiesResponse"
    );
}

async fn two_nodes_share_the_work(world: World) {
    let ontvanger = world.ontvanger().await;
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    let receiver = world.ontvanger().await;
    let other = world.abonnement(2, &receiver.url(HOST), |_| {}).await;
    let (one, two) = (world.node().await, world.node().await);
    for _ in 0..5 {
        let leerbedrijven: Vec<u32> = (0..60).map(|n| n % 9).collect();
        world.melden(&abonnement, &leerbedrijven).await;
        world.melden(&other, &leerbedrijven).await;
        one.ring();
        two.ring();
    }
    world.until_volledig(&abonnement, 300).await;
    world.until_volledig(&other, 300).await;
    // One of them ends with the next work at hand: nothing of it is lost.
    world.melden(&abonnement, &[1, 2, 3, 4, 5, 6, 7, 8]).await;
    one.ring();
    one.stop().await;
    two.ring();
    world.until_volledig(&abonnement, 308).await;
    two.stop().await;

    for (receiver, many) in [(ontvanger, 308), (receiver, 300)] {
        let all = receiver.all();
        assert_in_order(&all);
        assert_eq!(all.len(), many, "each once, when nobody fails");
        let ids: HashSet<&String> = all.iter().map(|one| &one.headers["webhook-id"]).collect();
        assert_eq!(ids.len(), many);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_the_work_on_sqlite() {
    two_nodes_share_the_work(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_the_work_on_postgres() {
    two_nodes_share_the_work(World::on_postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_is_paused_waits_with_its_backlog() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let abonnement = world
        .abonnement(1, &ontvanger.url(HOST), |one| {
            one.status = AbonnementStatus::Gepauzeerd;
        })
        .await;
    let other = world.abonnement(2, &ontvanger.url(HOST), |_| {}).await;
    world.melden(&abonnement, &[1, 2]).await;
    world.melden(&other, &[1]).await;
    let node = world.node().await;
    world.until_volledig(&other, 1).await;
    assert_eq!(ontvanger.all().len(), 1);
    world
        .wijzig(&abonnement, false, |one| {
            one.status = AbonnementStatus::Actief;
        })
        .await;
    node.ring();
    world.until_volledig(&abonnement, 2).await;
    node.stop().await;
}
