//! What happens when an endpoint fails: when it is tried again, and when it no longer is. The time
//! is set by the test.

use std::time::Duration;

use stagepoort::push::{Abonnement, AbonnementStatus, Bezorger, Kanaal, Staat};
use uuid::Uuid;

use crate::{
    ontvanger::{Antwoord, Ontvangen},
    world::{HOST, Node, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_kept() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    ontvanger.answers(|_| Antwoord::Met(429, "Retry-After: 7", Vec::new()));
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    world.melden(&abonnement, &[1]).await;
    let node = world.node().await;
    world
        .until("a failure", || async {
            world.eindpunt(&abonnement).await.mislukt == 1
        })
        .await;
    let staat = world.eindpunt(&abonnement).await;
    assert_eq!(staat.niet_voor.unwrap().seconds_since(world.now()), 7);

    ontvanger.answers(|_| Antwoord::Status(204));
    world.pass(Duration::from_secs(6));
    node.ring();
    world.pass(Duration::from_secs(1));
    node.ring();
    world.until_volledig(&abonnement, 1).await;
    node.stop().await;
    let times: Vec<String> = ontvanger
        .all()
        .iter()
        .map(|one| one.headers["webhook-timestamp"].clone())
        .collect();
    assert_eq!(times, ["1800000000", "1800000007"]);
    // Well again.
    assert_eq!(world.eindpunt(&abonnement).await, Default::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_stops_the_push_and_the_feed_stays() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    ontvanger.answers(|_| Antwoord::Status(410));
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    world.melden(&abonnement, &[1, 2, 3]).await;
    let node = world.node().await;
    world
        .until("the push to stop", || async {
            world.status(&abonnement).await.0 == AbonnementStatus::PushGestopt
        })
        .await;
    assert!(world.status(&abonnement).await.1.contains("HTTP 410"));
    let feed = world.store.meldingen(abonnement.id, 0, 10).await.unwrap();
    assert_eq!(feed.len(), 3);
    assert!(feed.iter().all(|one| one.staat == Staat::Wacht));

    ontvanger.answers(|_| Antwoord::Status(200));
    world
        .wijzig(&abonnement, false, |one| {
            one.status = AbonnementStatus::Actief;
            one.reden = None;
        })
        .await;
    node.ring();
    world.until_volledig(&abonnement, 3).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_dead_for_a_week_delays_nobody_is_stopped_late_and_replays_when_resumed() {
    let world = World::new().await;
    let dead = world.ontvanger().await;
    dead.answers(|_| Antwoord::Niets);
    let well = world.ontvanger().await;
    let abonnement = world.abonnement(1, &dead.url(HOST), |_| {}).await;
    let other = world.abonnement(2, &well.url(HOST), |_| {}).await;
    let node = world.node().await;
    let begun = world.now();
    let mut waits_s = Vec::new();
    for failures in 1..=10_u32 {
        // Work for both goes on.
        world.melden(&abonnement, &[1, 2, 3, 4]).await;
        world.melden(&other, &[1, 2, 3, 4]).await;
        node.ring();
        world.until_volledig(&other, u64::from(failures) * 4).await;
        world
            .until("a failure", || async {
                world.eindpunt(&abonnement).await.mislukt == failures
            })
            .await;
        let staat = world.eindpunt(&abonnement).await;
        assert_eq!(staat.faalt_sinds, Some(begun));
        if failures < 10 {
            assert_eq!(world.status(&abonnement).await.0, AbonnementStatus::Actief);
            let wait = staat.niet_voor.unwrap().seconds_since(world.now());
            waits_s.push(wait);
            world.pass(Duration::from_secs(wait));
        }
    }
    assert_eq!(
        waits_s,
        [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    );
    world
        .until("the push to stop", || async {
            world.status(&abonnement).await.0 == AbonnementStatus::PushGestopt
        })
        .await;
    // No attempts were used up: the first round aside, one message asked each time.
    assert!(dead.all().len() < 8 + 10, "{}", dead.all().len());
    let feed = world.store.meldingen(abonnement.id, 0, 100).await.unwrap();
    assert_eq!(feed.len(), 40);
    assert!(feed.iter().all(|one| one.staat == Staat::Wacht));

    world.pass(Duration::from_secs(4 * 86_400));
    let before = dead.all().len();
    dead.answers(|_| Antwoord::Status(200));
    world
        .wijzig(&abonnement, false, |one| {
            one.status = AbonnementStatus::Actief;
        })
        .await;
    node.ring();
    world.until_volledig(&abonnement, 40).await;
    node.stop().await;
    let all = dead.all();
    let nummers: Vec<u64> = all[before..].iter().map(|one| one.nummers()[0].1).collect();
    assert_eq!(nummers.len(), 40);
    for leerbedrijf in 1..=4_u64 {
        let of_one = nummers.iter().filter(|n| (*n - 1) % 4 + 1 == leerbedrijf);
        assert!(of_one.is_sorted());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_to_the_end_while_others_are_taken_is_a_dead_letter() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let ill = |one: &Ontvangen| one.nummers()[0].1 == 1;
    ontvanger.answers(move |one| Antwoord::Status(if ill(one) { 500 } else { 200 }));
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    world.melden(&abonnement, &[1, 1]).await;
    let node = world.node().await;
    for attempt in 1..=10_usize {
        ontvanger
            .until(|all| all.iter().filter(|one| ill(one)).count() == attempt)
            .await;
        // Another is taken in between.
        world.melden(&abonnement, &[7]).await;
        node.ring();
        ontvanger
            .until(|all| all.iter().filter(|one| !ill(one)).count() >= attempt)
            .await;
        world
            .until("the attempts to be recorded", || async {
                let all = world.pogingen(&abonnement).await;
                all.iter().filter(|one| one.volgnummer == 1).count() == attempt
            })
            .await;
        world.pass(Duration::from_secs(25 * 3_600));
        node.ring();
    }
    // The one behind it goes on.
    ontvanger
        .until(|all| all.iter().any(|one| one.nummers()[0].1 == 2))
        .await;
    node.stop().await;
    let feed = world.store.meldingen(abonnement.id, 0, 100).await.unwrap();
    assert_eq!(feed[0].staat, Staat::Dood);
    assert_eq!(world.status(&abonnement).await.0, AbonnementStatus::Actief);
    assert_eq!(ontvanger.all().iter().filter(|one| ill(one)).count(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_are_refused_do_not_keep_the_others_waiting_for_hours() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let ill = |one: &Ontvangen| one.nummers()[0].1 <= 3;
    ontvanger.answers(move |one| Antwoord::Status(if ill(one) { 400 } else { 200 }));
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    let node = world.node().await;
    world.melden(&abonnement, &[1, 2, 3]).await;
    node.ring();
    // Whatever the three do, the endpoint rests for five minutes at most, and tries another first.
    for failures in 1..=7 {
        world
            .until("a failure", || async {
                world.eindpunt(&abonnement).await.mislukt >= failures
            })
            .await;
        let niet_voor = world.eindpunt(&abonnement).await.niet_voor.unwrap();
        let rust_s = niet_voor.seconds_since(world.now());
        assert!(rust_s <= 300, "{rust_s}");
        if failures == 7 {
            world.melden(&abonnement, &[4]).await;
        }
        world.pass(Duration::from_secs(rust_s));
        node.ring();
    }
    ontvanger
        .until(|all| all.iter().any(|one| one.nummers()[0].1 == 4))
        .await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_node_had_on_loan_is_delivered_by_another() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    ontvanger.answers(|_| Antwoord::Nooit);
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    world.melden(&abonnement, &[1, 2, 3, 1]).await;
    let node = world.node().await;
    ontvanger.until_count(3).await;
    node.kill().await;
    ontvanger.answers(|_| Antwoord::Status(200));
    let other = world.node().await;
    // Its loans are of forty seconds.
    world.pass(Duration::from_secs(40));
    other.ring();
    world.until_volledig(&abonnement, 4).await;
    other.stop().await;
    assert_eq!(ontvanger.all().len(), 3 + 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_never_answers_holds_up_nobody_else() {
    let world = World::new().await;
    let (silent, well) = (world.ontvanger().await, world.ontvanger().await);
    silent.answers(|_| Antwoord::Nooit);
    let mute = world.abonnement(1, &silent.url(HOST), |_| {}).await;
    let abonnement = world.abonnement(2, &well.url(HOST), |_| {}).await;
    let many: Vec<u32> = (0..100).collect();
    world.melden(&mute, &many).await;
    let node = world.node().await;
    silent.until_count(8).await;
    world.melden(&abonnement, &many).await;
    node.ring();
    world.until_volledig(&abonnement, 100).await;
    node.kill().await;
    // It has its own turns, and no more.
    assert_eq!(silent.all().len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_finishes_what_is_under_way_and_gives_back_the_rest() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let (let_go, may) = tokio::sync::watch::channel(false);
    ontvanger.answers(move |_| Antwoord::Straks(may.clone()));
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    let many: Vec<u32> = (0..40).collect();
    world.melden(&abonnement, &many).await;
    let node = world.node().await;
    ontvanger.until_count(8).await;
    let stopping = node.begin_to_stop();
    let_go.send_replace(true);
    stopping.await.unwrap();
    let came = ontvanger.all().len();
    let feed = world.store.meldingen(abonnement.id, 0, 100).await.unwrap();
    let taken = feed
        .iter()
        .filter(|one| one.staat == Staat::Bezorgd)
        .count();
    assert_eq!(taken, came, "what was sent is recorded");

    // The rest need not wait for the end of a loan: the time stands still.
    let other = world.node().await;
    world.until_volledig(&abonnement, 40).await;
    other.stop().await;
    assert_eq!(ontvanger.all().len(), 40, "nothing was sent twice");
}

/// Waits until the node has given this subscription back, and another has it.
async fn lent_by_another(world: &World, node: &Node, abonnement: &Abonnement) -> Bezorger {
    let mut other = Bezorger::new(Uuid::from_u128(7));
    let (ids, now) = ([abonnement.id], world.now());
    while other.geleend_tot(abonnement.id).is_none() {
        node.ring();
        let lent = other.leen(&*world.store, &ids, (now, now));
        lent.await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_to_an_endpoint_that_was_taken_away_goes_when_there_is_another() {
    let world = World::new().await;
    let (silent, well) = (world.ontvanger().await, world.ontvanger().await);
    silent.answers(|_| Antwoord::Nooit);
    let abonnement = world.abonnement(1, &silent.url(HOST), |_| {}).await;
    world.melden(&abonnement, &[1, 1, 2]).await;
    let node = world.node().await;
    silent.until_count(2).await;
    let to_poll = |one: &mut Abonnement| {
        one.kanaal = Kanaal::Poll;
        one.eindpunt = None;
    };
    world.wijzig(&abonnement, false, to_poll).await;
    // A node without subscriptions that it delivers for has nothing on loan: another may have it.
    let mut other = lent_by_another(&world, &node, &abonnement).await;
    other.geef_alles_terug(&*world.store).await.unwrap();
    let to_webhook = |one: &mut Abonnement| {
        one.kanaal = Kanaal::Webhook;
        one.eindpunt = Some(well.url(HOST));
    };
    world.wijzig(&abonnement, false, to_webhook).await;
    node.ring();
    world.until_volledig(&abonnement, 3).await;
    node.kill().await;
    assert_eq!(well.all().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_of_a_subscription_that_ended_goes_nowhere() {
    let world = World::new().await;
    let (slow, well) = (world.ontvanger().await, world.ontvanger().await);
    let (let_go, may) = tokio::sync::watch::channel(false);
    slow.answers(move |_| Antwoord::Straks(may.clone()));
    let ended = world.abonnement(1, &slow.url(HOST), |_| {}).await;
    let other = world.abonnement(2, &well.url(HOST), |_| {}).await;
    let many: Vec<u32> = (0..40).collect();
    world.melden(&ended, &many).await;
    let node = world.node().await;
    slow.until_count(8).await;
    world
        .wijzig(&ended, false, |one| {
            one.status = AbonnementStatus::Beeindigd;
        })
        .await;
    // It has noticed when another may have the loan.
    lent_by_another(&world, &node, &ended).await;
    let_go.send_replace(true);
    world.melden(&other, &many).await;
    node.ring();
    world.until_volledig(&other, 40).await;
    node.stop().await;
    assert_eq!(slow.all().len(), 8);
}
