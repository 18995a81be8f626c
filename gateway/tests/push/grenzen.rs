//! What a subscriber cannot make the gateway do (standards §4).

use std::sync::atomic::Ordering::Relaxed;

use stagepoort::push::{Abonnement, store::PogingRecord};

use crate::{
    ontvanger::Antwoord,
    world::{HOST, Node, World},
};

/// The record of the first attempt at the first melding.
async fn first_poging(world: &World, abonnement: &Abonnement) -> (Node, PogingRecord) {
    world.melden(abonnement, &[1]).await;
    let node = world.node().await;
    world
        .until("an attempt", || async {
            !world.pogingen(abonnement).await.is_empty()
        })
        .await;
    (node, world.pogingen(abonnement).await.remove(0))
}

async fn uitkomst_of(world: &World, eindpunt: &str) -> String {
    let abonnement = world.abonnement(1, eindpunt, |_| {}).await;
    let (node, record) = first_poging(world, &abonnement).await;
    node.stop().await;
    assert_eq!(record.poging.http_status, None);
    record.poging.uitkomst
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_failure_and_never_followed() {
    let world = World::new().await;
    let (ontvanger, elsewhere) = (world.ontvanger().await, world.ontvanger().await);
    let location: &'static str = format!("Location: {}", elsewhere.url(HOST)).leak();
    ontvanger.answers(move |_| Antwoord::Met(307, location, Vec::new()));
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    let (node, record) = first_poging(&world, &abonnement).await;
    node.stop().await;
    assert_eq!(record.poging.uitkomst, "HTTP 307");
    assert_eq!(world.eindpunt(&abonnement).await.mislukt, 1);
    assert!(elsewhere.all().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_refused_by_number_and_by_name() {
    let world = World::new().await.strict();
    let ontvanger = world.ontvanger().await;
    let by_name = uitkomst_of(&world, &ontvanger.url(HOST)).await;
    assert_eq!(by_name, "het adres is niet openbaar");

    let world = World::new().await.strict();
    let by_number = uitkomst_of(&world, &ontvanger.url("127.0.0.1")).await;
    assert!(by_number.contains("openbaar adres"), "{by_number}");
    assert!(ontvanger.all().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_looked_up_once_for_a_connection_and_what_it_says_later_is_judged_again() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    world.names.set("sis.example", &["10.0.0.1", "127.0.0.1"]);
    let abonnement = world
        .abonnement(1, &ontvanger.url("sis.example"), |_| {})
        .await;
    world.melden(&abonnement, &[1]).await;
    let node = world.node().await;
    world.until_volledig(&abonnement, 1).await;
    // What was judged is what was connected to: there was no second look-up.
    assert_eq!(world.names.asked.load(Relaxed), 1);
    node.stop().await;

    world
        .names
        .set("sis.example", &["10.0.0.1", "169.254.169.254"]);
    world.melden(&abonnement, &[1]).await;
    let node = world.node().await;
    world
        .until("a failure", || async {
            world.eindpunt(&abonnement).await.mislukt == 1
        })
        .await;
    node.stop().await;
    let pogingen = world.pogingen(&abonnement).await;
    let of_2 = pogingen.iter().find(|one| one.volgnummer == 2).unwrap();
    assert_eq!(of_2.poging.uitkomst, "het adres is niet openbaar");
    assert_eq!(ontvanger.all().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_100_mb_is_read_to_its_first_64_kib() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    ontvanger.answers(|_| Antwoord::Bytes(100 << 20));
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    let (node, record) = first_poging(&world, &abonnement).await;
    node.stop().await;
    assert_eq!(record.poging.uitkomst, "HTTP 200");
    let first = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &[b'x'; 64 << 10]);
    assert_eq!(
        record.poging.antwoord_sha256.unwrap().as_slice(),
        first.as_ref()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_an_end_are_no_answer() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    ontvanger.answers(|_| Antwoord::Koppen);
    let uitkomst = uitkomst_of(&world, &ontvanger.url(HOST)).await;
    assert!(uitkomst.contains("geen HTTP-antwoord"), "{uitkomst}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_not_to_reach_an_endpoint_has_its_words() {
    let world = World::new().await;
    let unknown = uitkomst_of(&world, "https://nergens.example/").await;
    assert_eq!(unknown, "de naam van de host is niet te vinden");

    let world = World::new().await;
    let url = {
        let ontvanger = world.ontvanger().await;
        ontvanger.url(HOST)
    };
    world
        .until("the port to be closed", || async {
            let port = url
                .rsplit(':')
                .next()
                .unwrap()
                .trim_end_matches("/mutaties");
            let address = format!("127.0.0.1:{port}");
            tokio::net::TcpStream::connect(address).await.is_err()
        })
        .await;
    assert_eq!(
        uitkomst_of(&world, &url).await,
        "de verbinding is geweigerd"
    );

    // A certificate of a trusted authority, for another name.
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    world.names.set("ander.example", &["127.0.0.1"]);
    let wrong_name = uitkomst_of(&world, &ontvanger.url("ander.example")).await;
    assert_eq!(
        wrong_name,
        "er kwam geen vertrouwde TLS-verbinding tot stand"
    );

    // And one of an authority that nobody trusts.
    let stranger = World::new().await;
    let ontvanger = stranger.ontvanger().await;
    let world = World::new().await;
    let untrusted = uitkomst_of(&world, &ontvanger.url(HOST)).await;
    assert_eq!(
        untrusted,
        "er kwam geen vertrouwde TLS-verbinding tot stand"
    );
}
