//! Two nodes and receivers that fail in every way: at the end everything was received, by whom it is
//! for, in order per leerbedrijf.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use stagepoort::push::Staat;

use crate::{
    ontvanger::{Antwoord, Ontvangen, Ontvanger},
    world::{HOST, World},
};

/// Of each subscription so many.
const MELDINGEN: u64 = 120;

/// Fails one time out of four, in another way each time.
fn fails_at_random(one: &Ontvangen) -> Antwoord {
    let id = one.headers["webhook-id"].as_bytes();
    let time: u64 = one.headers["webhook-timestamp"].parse().unwrap();
    let seed = id.iter().fold(time, |seed, byte| {
        (seed ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    match (seed >> 24) % 16 {
        0 => Antwoord::Status(500),
        1 => Antwoord::Met(429, "Retry-After: 30", Vec::new()),
        2 => Antwoord::Status(503),
        3 => Antwoord::Niets,
        _ => Antwoord::Status(200),
    }
}

async fn nothing_is_lost(world: World) {
    let world = Arc::new(world);
    let mut receivers: Vec<Ontvanger> = Vec::new();
    let mut abonnementen = Vec::new();
    for n in 1..=3 {
        let ontvanger = world.ontvanger().await;
        ontvanger.answers(fails_at_random);
        let per_bericht = if n == 3 { 10 } else { 1 };
        let url = ontvanger.url(HOST);
        let abonnement = world
            .abonnement(n, &url, |one| one.per_bericht = per_bericht)
            .await;
        receivers.push(ontvanger);
        abonnementen.push(abonnement);
    }
    let leerbedrijven: Vec<u32> = (0..MELDINGEN).map(|n| (n * n % 23) as u32).collect();
    let nodes = [world.node().await, world.node().await];
    for abonnement in &abonnementen {
        world.melden(abonnement, &leerbedrijven).await;
    }
    let done = Arc::new(AtomicBool::new(false));
    let time = {
        let (world, done) = (Arc::clone(&world), Arc::clone(&done));
        tokio::spawn(async move {
            // A step is shorter than a loan, and many of them outlast a rest.
            while !done.load(Relaxed) {
                world.pass(Duration::from_secs(10));
                for node in &nodes {
                    node.ring();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            nodes
        })
    };
    for abonnement in &abonnementen {
        world.until_volledig(abonnement, MELDINGEN).await;
    }
    done.store(true, Relaxed);
    for node in time.await.unwrap() {
        node.stop().await;
    }
    for (abonnement, ontvanger) in abonnementen.iter().zip(&receivers) {
        let feed = world
            .store
            .meldingen(abonnement.id, 0, 1_000)
            .await
            .unwrap();
        assert!(feed.iter().all(|one| one.staat == Staat::Bezorgd));
        let told: HashMap<u64, String> = feed
            .iter()
            .map(|one| (one.volgnummer, one.mutatie_id.to_string()))
            .collect();
        let mut first: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let mut seen = HashSet::new();
        for one in ontvanger.all() {
            let events = match one.json() {
                serde_json::Value::Array(events) => events,
                event => vec![event],
            };
            for event in events {
                let volgnummer = event["data"]["volgnummer"].as_u64().unwrap();
                assert_eq!(told[&volgnummer], event["id"].as_str().unwrap());
                if seen.insert(volgnummer) {
                    let leerbedrijf = event["subject"].as_str().unwrap().to_owned();
                    first.entry(leerbedrijf).or_default().push(volgnummer);
                }
            }
        }
        assert_eq!(seen.len(), told.len(), "everything came");
        assert!(first.values().all(|nummers| nummers.is_sorted()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_sqlite() {
    nothing_is_lost(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_postgres() {
    nothing_is_lost(World::on_postgres().await).await;
}
