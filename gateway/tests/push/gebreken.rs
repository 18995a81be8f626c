//! Defects of our own: what one message breaks holds up no other, and nothing is lost.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use crate::{
    bewijs::gives_back,
    world::{self, DEFECT, HOST, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_defect_in_a_message_counts_against_that_message() {
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    ontvanger.answers(gives_back);
    let to_defect = format!("https://{DEFECT}/mutaties");
    let ill = world.abonnement(1, &to_defect, |_| {}).await;
    let other = world.abonnement(2, &ontvanger.url(HOST), |_| {}).await;
    world.melden(&ill, &[1]).await;
    world.melden(&other, &[1, 2]).await;
    let node = world.node().await;
    world.until_volledig(&other, 2).await;
    let attempts = || async { world.pogingen(&ill).await };
    world
        .until("the attempt", || async { attempts().await.len() == 1 })
        .await;
    let uitkomst = &attempts().await[0].poging.uitkomst;
    assert_eq!(uitkomst, "het bericht kon niet verwerkt worden");

    world.verhuis(&ill, &ontvanger.url(HOST)).await;
    world.until_volledig(&ill, 1).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_courier_held_that_broke_off_goes_once_more() {
    /// The task of the delivery itself.
    static DELIVERY: OnceLock<tokio::task::Id> = OnceLock::new();
    static BROKE: AtomicBool = AtomicBool::new(false);
    /// Breaks off the first other task that asks.
    fn breaks_once() -> [u8; 32] {
        if let Some(task) = tokio::task::try_id() {
            let is_other = *DELIVERY.get_or_init(|| task) != task;
            let breaks = is_other && !BROKE.swap(true, Relaxed);
            assert!(!breaks, "a defect, as the test wants it");
        }
        world::chance()
    }
    let world = World::new().await;
    let ontvanger = world.ontvanger().await;
    let abonnement = world.abonnement(1, &ontvanger.url(HOST), |_| {}).await;
    let node = world.node_by(breaks_once).await;
    world
        .until("the delivery", || async { DELIVERY.get().is_some() })
        .await;
    let many: Vec<u32> = (0..40).map(|n| n % 7).collect();
    world.melden(&abonnement, &many).await;
    node.ring();
    world.until_volledig(&abonnement, 40).await;
    node.stop().await;
    assert!(BROKE.load(Relaxed));
    assert_eq!(ontvanger.all().len(), 40);
}
