//! Delivering what was numbered: a subscription is on loan to one node, which takes up what is due, lets
//! go of the database, sends, and records what came of it. Order within a leerbedrijf is kept by
//! [`Bezorger`]; how an endpoint does is kept in the store, for all nodes together.
//!
//! One task of a node decides and writes; each endpoint has a courier of its own ([`bode`]), whose messages wait
//! for a turn of their endpoint and then of the node. So one endpoint that does not answer holds its own
//! turns alone.

mod bestemming;
mod bode;
mod lending;
mod outcome;
mod proving;
mod sending;
mod tell;
mod vastleggen;
mod writing;

use std::{collections::HashMap, future::Future, pin::pin, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tokio::{
    sync::{
        Semaphore,
        mpsc::{self, UnboundedReceiver, UnboundedSender},
        watch,
    },
    task::{JoinError, JoinSet},
    time::Instant,
};
use uuid::Uuid;

use super::{
    AbonnementId, Afzender, Bezorger, ClientError, ClientSettings, Lookup, PushClient, PushDesk,
    PushStore, Sleutel, schedule::later,
};
use crate::{
    access::Access, audit::Verwerkingslog, clock::Clock, log::StoreError, telemetry::chain,
};
use bestemming::Bestemming;
use proving::Vraag;
use sending::{Tools, Verslag};
use writing::{TeSchrijven, keep};

/// How long it waits for a bell before it looks by itself: what was to be tried again is due then.
const POLL: Duration = Duration::from_secs(1);

/// How often certificates are read anew, for one that was renewed.
const RENEW: Duration = Duration::from_secs(600);

/// So many times as many as are under way are in hand: the next ones are there while outcomes are recorded, and
/// one transaction, with its wait for the disk, records many.
const IN_HAND: usize = 64;

/// What ends within so long after something was written is written together.
const GATHER: Duration = Duration::from_millis(8);

/// A loan lasts as long as so many messages: one that is sent is answered before it ends, and so it is never
/// sent by two nodes at once. It is gone on with long before.
const LOAN: u32 = 2;

/// Bytes that nobody can guess, anew each time.
pub type Chance = fn() -> [u8; 32];

/// What a delivery works with.
pub struct Parts {
    /// The way to the queue.
    pub desk: Arc<PushDesk>,
    /// Mandates, which count when a message is sent.
    pub access: Arc<Access>,
    /// Where it is recorded of whom something is sent.
    pub verwerkingslog: Arc<Verwerkingslog>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who sends.
    pub afzender: Afzender,
    /// The key for `v1a` signatures, if there is one.
    pub sleutel: Option<Arc<Sleutel>>,
    /// Looks up host names.
    pub lookup: Arc<dyn Lookup>,
    /// For jitter, ids and what an endpoint must give back.
    pub chance: Chance,
    /// Its limits.
    pub settings: Settings,
}

/// Limits of a delivery.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How messages are sent.
    pub client: ClientSettings,
    /// Messages under way at once on this node.
    pub gelijktijdig: usize,
    /// Messages under way at once to one endpoint.
    pub gelijktijdig_per_eindpunt: usize,
}

/// Delivers until it is told to stop.
pub struct Delivery {
    desk: Arc<PushDesk>,
    lookup: Arc<dyn Lookup>,
    tools: Arc<Tools>,
    stop: watch::Sender<bool>,
    bezorger: Bezorger,
    bestemmingen: HashMap<AbonnementId, Bestemming>,
    /// Of the subscriptions that are known.
    revisie: Option<u64>,
    /// Couriers, and who asks for a proof.
    tasks: JoinSet<Result<(), JoinError>>,
    /// What they tell; no more than is in hand.
    ingekomen: UnboundedReceiver<Klaar>,
    klaar: UnboundedSender<Klaar>,
    /// Messages in hand.
    onderweg: usize,
    /// Counts up, so that another endpoint comes first each time.
    beurt: usize,
    te_schrijven: TeSchrijven,
    /// When outcomes were last written.
    written: Instant,
    /// Something may be new in the store.
    look: bool,
    /// What came of a message is not known: everything is lent anew.
    anew: bool,
    refreshed: Option<Instant>,
    renewed: Instant,
    gauges: tell::Gauges,
    failing: bool,
}

/// What ended.
enum Klaar {
    Zending(Verslag),
    Vraag(proving::Antwoord),
}

impl Delivery {
    /// One that has not begun.
    ///
    /// # Errors
    /// [`ClientError`] when certificates or key cannot be used.
    pub fn new(parts: Parts) -> Result<Self, ClientError> {
        let Parts {
            desk,
            access,
            verwerkingslog,
            clock,
            afzender,
            sleutel,
            lookup,
            chance,
            settings,
        } = parts;
        let (stop, stopping) = watch::channel(false);
        let (klaar, ingekomen) = mpsc::unbounded_channel();
        let client = PushClient::new(&settings.client, Arc::clone(&lookup))?;
        let tools = Tools {
            access,
            verwerkingslog,
            clock,
            afzender,
            sleutel,
            client: ArcSwap::from_pointee(client),
            chance,
            turns: Arc::new(Semaphore::new(settings.gelijktijdig)),
            settings,
            stopping,
        };
        Ok(Self {
            desk,
            lookup,
            bezorger: Bezorger::new(uuid_of(tools.chance)),
            tools: Arc::new(tools),
            stop,
            bestemmingen: HashMap::new(),
            revisie: None,
            tasks: JoinSet::new(),
            ingekomen,
            klaar,
            onderweg: 0,
            beurt: 0,
            te_schrijven: TeSchrijven::default(),
            written: Instant::now(),
            look: true,
            anew: false,
            refreshed: None,
            renewed: Instant::now(),
            gauges: tell::Gauges::default(),
            failing: false,
        })
    }

    /// Delivers. At the end nothing new is sent, and what is under way is waited for, at most as
    /// long as a message may take.
    pub async fn run(mut self, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        let mut news = self.desk.news();
        loop {
            if news.has_changed().unwrap_or(false) {
                news.mark_unchanged();
                self.look = true;
            }
            self.step().await;
            let pause = POLL.mul_f64(0.5 + 0.5 * share_of(self.tools.chance));
            tokio::select! {
                biased;
                () = &mut end => break,
                Some(klaar) = self.ingekomen.recv() => self.take_in(klaar),
                Some(ended) = self.tasks.join_next() => self.ended(ended),
                changed = news.changed() => match changed {
                    Ok(()) => self.look = true,
                    Err(_) => break,
                },
                () = tokio::time::sleep(pause) => {}
            }
            self.gather(&mut news).await;
        }
        self.stop.send_replace(true);
        for bestemming in self.bestemmingen.values_mut() {
            bestemming.dismiss();
        }
        while let Some(ended) = self.tasks.join_next().await {
            self.ended(ended);
        }
        self.take_in_all();
        // What cannot be written now is due again when its loan ends.
        if let Some(open) = self.desk.open() {
            drop(self.close(&**open.store()).await);
        }
    }

    /// Lets what ends soon after the last was written come in together, unless there is news.
    async fn gather(&mut self, news: &mut watch::Receiver<u64>) {
        if self.onderweg == 0 || self.look {
            return;
        }
        let over = tokio::time::timeout_at(self.written + GATHER, news.changed());
        self.look = over.await.is_ok();
    }

    /// Takes in all that ended, writes it down, and takes in hand what is due.
    async fn step(&mut self) {
        self.take_in_all();
        let Some(open) = self.desk.open() else {
            return;
        };
        self.renew();
        let outcome = self.round(&**open.store()).await;
        self.report(outcome);
    }

    async fn round(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        self.write(store).await?;
        if self.refreshed.is_none_or(|at| at.elapsed() >= POLL) {
            self.refresh(store).await?;
            self.share(store).await?;
            self.refreshed = Some(Instant::now());
            self.look = true;
            self.ask(store).await?;
            self.gauges
                .refresh(store, &self.bestemmingen, &*self.tools.clock)
                .await?;
        }
        if self.anew {
            self.bezorger.geef_alles_terug(store).await?;
            (self.anew, self.look) = (false, true);
        }
        if self.look {
            self.leen(store).await?;
            self.look = false;
        }
        self.claim(store).await
    }

    /// Writes what is left to write, and gives everything back.
    async fn close(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        self.write(store).await?;
        self.bezorger.geef_alles_terug(store).await?;
        store.meld_bezorger_af(self.bezorger.lener()).await
    }

    /// Reads subscriptions, when any was changed, and how their endpoints do.
    async fn refresh(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        let revisie = store.revisie().await?;
        if self.revisie != Some(revisie) {
            let mut abonnementen = store.abonnementen(None).await?;
            abonnementen.retain(|one| one.is_open() && one.eindpunt.is_some());
            let mut before = std::mem::take(&mut self.bestemmingen);
            let most = self.tools.settings.gelijktijdig_per_eindpunt;
            for abonnement in abonnementen {
                let (id, abonnement) = (abonnement.id, Arc::new(abonnement));
                let bestemming = match before.remove(&id) {
                    Some(mut known) => {
                        known.replace(abonnement);
                        known
                    }
                    None => Bestemming::new(abonnement, most),
                };
                self.bestemmingen.insert(id, bestemming);
            }
            // What still waits of those that are gone goes nowhere.
            before.values().for_each(|gone| gone.set_lent(None));
            self.revisie = Some(revisie);
        }
        let ids: Vec<AbonnementId> = self.bestemmingen.keys().copied().collect();
        let staten = store.eindpunten(&ids).await?;
        for (bestemming, staat) in self.bestemmingen.values_mut().zip(staten) {
            bestemming.read(staat);
        }
        Ok(())
    }

    /// Asks for proofs and sends tests: one node does it, the first to write that it will.
    async fn ask(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        let now = self.tools.clock.now();
        let niet_voor = later(now, self.tools.settings.client.bericht_tijd);
        for (id, bestemming) in &mut self.bestemmingen {
            let Some(vraag) = bestemming.vraag(now) else {
                continue;
            };
            match vraag {
                Vraag::Bewijs => {
                    bestemming.ask_bewijs(niet_voor);
                    if !keep(store, *id, bestemming, None).await? {
                        bestemming.not_asked();
                        continue;
                    }
                }
                Vraag::Proef if store.take_proef(*id).await? => bestemming.ask_proef(),
                Vraag::Proef => continue,
            }
            let abonnement = Arc::clone(bestemming.abonnement());
            let (tools, klaar) = (Arc::clone(&self.tools), self.klaar.clone());
            self.tasks.spawn(async move {
                let antwoord = proving::ask(abonnement, vraag, tools).await;
                drop(klaar.send(Klaar::Vraag(antwoord)));
                Ok(())
            });
        }
        Ok(())
    }

    /// Reads certificates anew from time to time; while they cannot be used, the old ones stay.
    fn renew(&mut self) {
        if self.renewed.elapsed() < RENEW {
            return;
        }
        self.renewed = Instant::now();
        let tools = &self.tools;
        match PushClient::new(&tools.settings.client, Arc::clone(&self.lookup)) {
            Ok(client) => tools.client.store(Arc::new(client)),
            Err(error) => {
                let reason = chain(&error);
                tracing::error!(reason, "the certificates for delivering were not read anew");
            }
        }
    }

    fn report(&mut self, outcome: Result<(), StoreError>) {
        match outcome {
            Ok(()) if std::mem::take(&mut self.failing) => {
                tracing::info!("mutaties are delivered again");
            }
            Ok(()) => {}
            Err(error) if !std::mem::replace(&mut self.failing, true) => {
                let reason = chain(&error);
                tracing::error!(reason, "mutaties cannot be delivered; tried every second");
            }
            Err(_) => {}
        }
    }
}

/// From 0 to 1.
fn share_of(chance: Chance) -> f64 {
    let [a, b, c, d, ..] = chance();
    f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX)
}

/// An id of its own.
fn uuid_of(chance: Chance) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&chance()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
