//! Callers who ask all the while, on connections of their own, and note what they get.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::ClientConfig;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{
    plek::Node,
    veld::Veld,
    vraag::{ANDERE_SCHOOL, Lijn, Vraag, WEGEN, Weg, caller},
};

/// Connections to each node: most ask over REST.
const REST_PER_NODE: usize = 3;
const SOAP_PER_NODE: usize = 1;

/// Ids of made-up leerbedrijven begin here.
const FIRST_ID: u64 = 100_000_001;
const IDS: u64 = 300;

pub(crate) struct Lezers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<Gelezen>,
    begin: Instant,
}

/// What one connection saw.
#[derive(Debug, Default)]
struct Gelezen {
    duren: Vec<Duration>,
    fouten: Vec<String>,
}

impl Lezers {
    /// So many questions a second, over all nodes together.
    pub(crate) async fn start(veld: &Veld, nodes: &[Node], per_second: u32) -> Self {
        let caller = caller(&veld.plek);
        let (stop, stopping) = watch::channel(false);
        let per_node = [(WEGEN[0], REST_PER_NODE), (WEGEN[1], SOAP_PER_NODE)];
        let connections = nodes.len() * (REST_PER_NODE + SOAP_PER_NODE);
        let pace = Duration::from_secs(1) * u32::try_from(connections).unwrap() / per_second;
        let mut tasks = JoinSet::new();
        for (at, node) in nodes.iter().enumerate() {
            for (weg, count) in per_node {
                for _ in 0..count {
                    let lijn = Lijn::open(node, &caller).await;
                    tasks.spawn(read(at, weg, lijn, pace, stopping.clone()));
                }
            }
        }
        Self {
            stop,
            tasks,
            begin: Instant::now(),
        }
    }

    /// Ends them. Not one question may have failed, nor a version have gone backwards on a
    /// connection; prints what was measured.
    pub(crate) async fn end(mut self, what: &str) {
        let lasted = self.begin.elapsed();
        self.stop.send_replace(true);
        let mut duren = Vec::new();
        let mut fouten = Vec::new();
        while let Some(gelezen) = self.tasks.join_next().await {
            let gelezen = gelezen.unwrap();
            duren.extend(gelezen.duren);
            fouten.extend(gelezen.fouten);
        }
        println!(
            "{what}: {} reads in {:.1} s ({:.0} a second), {}",
            duren.len(),
            lasted.as_secs_f64(),
            duren.len() as f64 / lasted.as_secs_f64(),
            verdeling(&mut duren)
        );
        assert!(!duren.is_empty());
        let count = fouten.len();
        assert!(fouten.is_empty(), "{count} reads failed: {:?}", &fouten[0]);
    }
}

async fn read(
    at: usize,
    weg: Weg,
    mut lijn: Lijn,
    pace: Duration,
    stopping: watch::Receiver<bool>,
) -> Gelezen {
    let mut gelezen = Gelezen::default();
    let mut before = (0, 0);
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for n in 0.. {
        ticks.tick().await;
        if *stopping.borrow() {
            break;
        }
        // Its mandate is not withdrawn by any test.
        let vraag = Vraag::new(weg, FIRST_ID + n % IDS).of(ANDERE_SCHOOL);
        let begin = Instant::now();
        let antwoord = lijn.ask(&vraag).await;
        gelezen.duren.push(begin.elapsed());
        let told = |what: &str| format!("node {at} {weg:?} after {before:?}: {what}");
        match antwoord {
            Ok(antwoord) if antwoord.status == 200 => match antwoord.versie() {
                Some(versie) if versie >= before => before = versie,
                versie => gelezen.fouten.push(told(&format!("version {versie:?}"))),
            },
            Ok(other) => gelezen.fouten.push(told(&format!("{other:?}"))),
            Err(gone) => {
                gelezen.fouten.push(told(&format!("{gone:?}")));
                break;
            }
        }
    }
    gelezen
}

/// The middle, the slowest of a hundred, and the slowest.
pub(crate) fn verdeling(duren: &mut [Duration]) -> String {
    duren.sort();
    let at =
        |share: usize| duren.get((duren.len() * share / 100).min(duren.len().saturating_sub(1)));
    let ms = |duur: Option<&Duration>| duur.map_or(0.0, |d| d.as_secs_f64() * 1000.0);
    format!(
        "p50 {:.1} ms, p99 {:.1} ms, slowest {:.1} ms",
        ms(at(50)),
        ms(at(99)),
        ms(duren.last())
    )
}

/// Asks a node about each of these leerbedrijven once: whether it is erkend there.
pub(crate) async fn erkend(node: &Node, caller: &Arc<ClientConfig>, ids: &[String]) -> Vec<bool> {
    let mut lijn = Lijn::open(node, caller).await;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let antwoord = lijn
            .ask(&Vraag::new(Weg::Rest, id).of(ANDERE_SCHOOL))
            .await
            .unwrap();
        assert_eq!(antwoord.status, 200, "{antwoord:?}");
        found.push(antwoord.is_erkend());
    }
    found
}
