//! Delivering what was numbered: every node lends what is due, lets go of the database, sends, and
//! records what came of it. Order within a leerbedrijf is kept by the lanes of the store; how
//! an endpoint does is kept there too, for all nodes together.
//!
//! One task of a node decides and writes; messages are tasks of their own that wait for a turn of
//! their endpoint and then of the node. So one endpoint that does not answer holds its own turns
//! alone.

mod bestemming;
mod proving;
mod sending;
mod tell;

use std::{collections::HashMap, future::Future, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::Instant,
};
use uuid::Uuid;

use super::{
    Abonnement, AbonnementId, AbonnementStatus, Afzender, ClientError, ClientSettings, Lookup,
    PushClient, PushDesk, PushStore, Sleutel,
    schedule::{Fout, later},
    store::{Attempt, Claim, Gevolg, Poging, Wanted, Wijziging},
};
use crate::{access::Access, clock::Clock, domain::Tijdstip, log::StoreError, telemetry::chain};
use bestemming::{Bestemming, per_bericht};
use proving::Vraag;
use sending::{Tools, Uitslag, Verslag, Zending};

/// How long it waits for a bell before it looks by itself: what was to be tried again is due then.
const POLL: Duration = Duration::from_secs(1);

/// How often certificates are read anew, for one that was renewed.
const RENEW: Duration = Duration::from_secs(600);

/// A loan lasts as long as so many messages one after another: those before it in its turn, and room.
const LOAN: u32 = 6;

/// Bytes that nobody can guess, anew each time.
pub type Chance = fn() -> [u8; 32];

/// What a delivery works with.
pub struct Parts {
    /// The way to the queue.
    pub desk: Arc<PushDesk>,
    /// Mandates, which count when a message is sent.
    pub access: Arc<Access>,
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
    bestemmingen: HashMap<AbonnementId, Bestemming>,
    /// Of the subscriptions that are known.
    revisie: Option<u64>,
    tasks: JoinSet<Klaar>,
    /// Messages in hand.
    onderweg: usize,
    /// Counts up, so that another endpoint comes first each time.
    beurt: usize,
    te_schrijven: TeSchrijven,
    refreshed: Option<Instant>,
    renewed: Instant,
    gauges: tell::Gauges,
    failing: bool,
}

/// A task that ended.
enum Klaar {
    Zending(Verslag),
    Vraag(proving::Antwoord),
}

/// What the store must still take in.
#[derive(Default)]
struct TeSchrijven {
    attempts: Vec<Attempt>,
    proeven: Vec<(AbonnementId, Poging)>,
    wijzigingen: Vec<(Abonnement, Wijziging)>,
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
            clock,
            afzender,
            sleutel,
            lookup,
            chance,
            settings,
        } = parts;
        let (stop, stopping) = watch::channel(false);
        let tools = Tools {
            access,
            clock,
            afzender,
            sleutel,
            client: PushClient::new(&settings.client, Arc::clone(&lookup))?,
            chance,
            turns: Arc::new(Semaphore::new(settings.gelijktijdig)),
            settings,
            stopping,
        };
        Ok(Self {
            desk,
            lookup,
            tools: Arc::new(tools),
            stop,
            bestemmingen: HashMap::new(),
            revisie: None,
            tasks: JoinSet::new(),
            onderweg: 0,
            beurt: 0,
            te_schrijven: TeSchrijven::default(),
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
            self.step().await;
            let pause = POLL.mul_f64(0.5 + 0.5 * share_of(self.tools.chance));
            tokio::select! {
                biased;
                () = &mut end => break,
                Some(done) = self.tasks.join_next() => self.take_in(done.ok()),
                changed = news.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.stop.send_replace(true);
        while let Some(done) = self.tasks.join_next().await {
            self.take_in(done.ok());
        }
        // What cannot be written now is due again when its loan ends.
        if let Some(open) = self.desk.open() {
            drop(self.write(&**open.store()).await);
        }
    }

    /// Takes in all that ended, writes it down, and takes in hand what is due.
    async fn step(&mut self) {
        while let Some(done) = self.tasks.try_join_next() {
            self.take_in(done.ok());
        }
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
            self.refreshed = Some(Instant::now());
            self.ask(store).await?;
            self.gauges
                .refresh(store, &self.bestemmingen, &*self.tools.clock)
                .await?;
        }
        self.claim(store).await
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
            let abonnement = Arc::clone(&bestemming.abonnement);
            let tools = Arc::clone(&self.tools);
            self.tasks
                .spawn(async move { Klaar::Vraag(proving::ask(abonnement, vraag, tools).await) });
        }
        Ok(())
    }

    /// Lends what is due, of every endpoint that has room, and sets it on its way.
    async fn claim(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        let now = self.tools.clock.now();
        if self.tools.access.is_too_old(now) {
            return Ok(());
        }
        let wanted = self.wanted(now);
        if wanted.is_empty() {
            return Ok(());
        }
        let until = later(now, self.tools.settings.client.bericht_tijd * LOAN);
        let lease = uuid_of(self.tools.chance);
        let claims = store.claim(&wanted, now, until, lease).await?;
        let mut by_abonnement: HashMap<AbonnementId, Vec<Claim>> = HashMap::new();
        for claim in claims {
            by_abonnement
                .entry(claim.melding.abonnement)
                .or_default()
                .push(claim);
        }
        for (id, claims) in by_abonnement {
            self.set_out(id, claims, until);
        }
        Ok(())
    }

    /// How much each endpoint gets: what it has room for, and no more than its share of the node.
    fn wanted(&mut self, now: Tijdstip) -> Vec<Wanted> {
        let settings = &self.tools.settings;
        let mut room = (settings.gelijktijdig * 2).saturating_sub(self.onderweg);
        let mut ready: Vec<&Bestemming> = self
            .bestemmingen
            .values()
            .filter(|bestemming| bestemming.room(now) > 0)
            .collect();
        if ready.is_empty() {
            return Vec::new();
        }
        self.beurt = (self.beurt + 1) % ready.len();
        ready.rotate_left(self.beurt);
        let share = (room / ready.len()).max(1);
        let mut wanted = Vec::with_capacity(ready.len());
        for bestemming in ready {
            let messages = bestemming.room(now).min(share).min(room);
            if messages == 0 {
                break;
            }
            room -= messages;
            wanted.push(Wanted {
                abonnement: bestemming.abonnement.id,
                most: bestemming.meldingen(messages),
            });
        }
        wanted
    }

    /// Puts what was lent into messages. What was refused before goes alone, so that it holds up
    /// nobody else.
    fn set_out(&mut self, id: AbonnementId, claims: Vec<Claim>, until: Tijdstip) {
        let Some(bestemming) = self.bestemmingen.get_mut(&id) else {
            return;
        };
        let (again, new): (Vec<_>, Vec<_>) =
            claims.into_iter().partition(|claim| claim.pogingen > 0);
        let mut messages: Vec<Vec<Claim>> = again.into_iter().map(|claim| vec![claim]).collect();
        let size = usize::try_from(per_bericht(&bestemming.abonnement)).unwrap_or(1);
        let mut new = new.into_iter().peekable();
        while new.peek().is_some() {
            messages.push(new.by_ref().take(size).collect());
        }
        for claims in messages {
            let zending = Zending {
                abonnement: Arc::clone(&bestemming.abonnement),
                claims,
                until,
                beurt: bestemming.take(),
            };
            self.onderweg += 1;
            let tools = Arc::clone(&self.tools);
            self.tasks
                .spawn(async move { Klaar::Zending(sending::send(zending, tools).await) });
        }
        tell::onderweg(self.onderweg);
    }

    /// Takes in what ended; none when a task broke off, and its loan then ends by itself.
    fn take_in(&mut self, done: Option<Klaar>) {
        match done {
            Some(Klaar::Zending(verslag)) => self.take_in_zending(verslag),
            Some(Klaar::Vraag(antwoord)) => self.take_in_vraag(antwoord),
            None => tracing::error!("a task of the delivery broke off"),
        }
    }

    fn take_in_zending(&mut self, verslag: Verslag) {
        self.onderweg = self.onderweg.saturating_sub(1);
        tell::onderweg(self.onderweg);
        let Some(bestemming) = self.bestemmingen.get_mut(&verslag.abonnement) else {
            // The subscription ended meanwhile; so do its loans.
            return;
        };
        bestemming.done();
        let now = self.tools.clock.now();
        let before = bestemming.staat;
        let alleen = verslag.claims.len() == 1;
        let mut stop = false;
        let mut fail = |bestemming: &mut Bestemming, claim: &Claim, fout, alleen| {
            let chance = share_of(self.tools.chance);
            let gevolgen = bestemming.failed(fout, claim.pogingen, alleen, now, chance);
            stop |= gevolgen.stop;
            gevolgen.gevolg
        };
        let mut gevolgen: Vec<Gevolg> = Vec::with_capacity(verslag.claims.len());
        match &verslag.uitslag {
            Uitslag::NietGestuurd => {
                let again = Gevolg::Terug(bestemming.earliest(now));
                gevolgen.resize(verslag.claims.len(), again);
            }
            Uitslag::Mislukt(fout) => {
                for claim in &verslag.claims {
                    gevolgen.push(fail(bestemming, claim, *fout, alleen));
                }
                if *fout == Fout::Bericht && verslag.claims.iter().any(|c| c.pogingen == 0) {
                    bestemming.refused();
                }
            }
            Uitslag::Ontvangen { behalve } => {
                let is_taken = |claim: &Claim| !behalve.contains(&claim.melding.mutatie_id);
                if verslag.claims.iter().any(is_taken) {
                    bestemming.succeeded();
                }
                for claim in &verslag.claims {
                    gevolgen.push(if is_taken(claim) {
                        Gevolg::Bezorgd
                    } else {
                        fail(bestemming, claim, Fout::Bericht, true)
                    });
                }
            }
        }
        let sent = verslag.claims.iter().zip(gevolgen);
        let dropped = verslag
            .vervallen
            .iter()
            .map(|claim| (claim, Gevolg::Vervallen));
        for (claim, gevolg) in sent.chain(dropped) {
            tell::gevolg(&bestemming.abonnement, claim, gevolg);
            let poging = match gevolg {
                Gevolg::Vervallen => None,
                _ => verslag.poging.clone(),
            };
            self.te_schrijven
                .attempts
                .push(attempt(claim, gevolg, poging));
        }
        let uitkomst = verslag.poging.as_ref().map_or("", |p| p.uitkomst.as_str());
        tell::staat(&bestemming.abonnement, before, bestemming.staat, uitkomst);
        if stop {
            self.te_schrijven
                .wijzigingen
                .extend(stopped(bestemming, uitkomst));
        }
    }

    fn take_in_vraag(&mut self, antwoord: proving::Antwoord) {
        let Some(bestemming) = self.bestemmingen.get_mut(&antwoord.abonnement.id) else {
            return;
        };
        bestemming.answered(antwoord.vraag);
        if bestemming.abonnement != antwoord.abonnement {
            // It may have another endpoint by now, which is asked anew.
            return;
        }
        let now = self.tools.clock.now();
        let before = bestemming.staat;
        let uitkomst = antwoord.poging.uitkomst.as_str();
        match (antwoord.vraag, antwoord.uitslag) {
            (Vraag::Bewijs, Uitslag::Mislukt(fout)) => {
                let fout = match fout {
                    Fout::Bericht => Fout::Eindpunt { retry_after: None },
                    other => other,
                };
                let chance = share_of(self.tools.chance);
                if bestemming.failed(fout, 0, true, now, chance).stop {
                    self.te_schrijven
                        .wijzigingen
                        .extend(stopped(bestemming, uitkomst));
                }
            }
            (Vraag::Bewijs, _) => {
                bestemming.succeeded();
                self.te_schrijven.wijzigingen.extend(changed(
                    bestemming,
                    &antwoord.abonnement,
                    AbonnementStatus::Actief,
                    None,
                ));
            }
            // A test of a healthy way; what waits is judged by its own attempts.
            (Vraag::Proef, Uitslag::Ontvangen { .. }) => bestemming.succeeded(),
            (Vraag::Proef, _) => {}
        }
        tell::staat(&bestemming.abonnement, before, bestemming.staat, uitkomst);
        self.te_schrijven
            .proeven
            .push((antwoord.abonnement.id, antwoord.poging));
    }

    /// Writes down what came of attempts, and then how endpoints do.
    async fn write(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        let te_schrijven = &mut self.te_schrijven;
        if !te_schrijven.attempts.is_empty() {
            store.record(&te_schrijven.attempts).await?;
            te_schrijven.attempts.clear();
        }
        while let Some((id, poging)) = te_schrijven.proeven.last() {
            if let Some(bestemming) = self.bestemmingen.get_mut(id) {
                keep(store, *id, bestemming, Some(poging)).await?;
            }
            te_schrijven.proeven.pop();
        }
        for (id, bestemming) in &mut self.bestemmingen {
            if bestemming.staat != bestemming.bewaard {
                keep(store, *id, bestemming, None).await?;
            }
        }
        while let Some((before, wijziging)) = te_schrijven.wijzigingen.last() {
            // When somebody else changed it, what they say counts.
            store.change(before, wijziging).await?;
            self.revisie = None;
            te_schrijven.wijzigingen.pop();
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
            Ok(client) => {
                self.tools = Arc::new(Tools {
                    access: Arc::clone(&tools.access),
                    clock: Arc::clone(&tools.clock),
                    afzender: tools.afzender.clone(),
                    sleutel: tools.sleutel.clone(),
                    client,
                    chance: tools.chance,
                    settings: tools.settings.clone(),
                    turns: Arc::clone(&tools.turns),
                    stopping: tools.stopping.clone(),
                });
            }
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

fn attempt(claim: &Claim, gevolg: Gevolg, poging: Option<Poging>) -> Attempt {
    Attempt {
        abonnement: claim.melding.abonnement,
        leerbedrijf_id: claim.melding.leerbedrijf_id,
        volgnummer: claim.melding.volgnummer,
        lease: claim.lease,
        gevolg,
        poging,
    }
}

/// Writes how an endpoint does. False when the store says otherwise meanwhile, and that counts.
async fn keep(
    store: &dyn PushStore,
    id: AbonnementId,
    bestemming: &mut Bestemming,
    proef: Option<&Poging>,
) -> Result<bool, StoreError> {
    let (before, after) = (bestemming.bewaard, bestemming.staat);
    let kept = store.set_eindpunt(id, before, after, proef).await?;
    if kept {
        bestemming.bewaard = after;
    } else {
        let there = store.eindpunten(&[id]).await?;
        there.into_iter().for_each(|staat| bestemming.read(staat));
    }
    Ok(kept)
}

/// The push stops; the feed stays open.
fn stopped(bestemming: &mut Bestemming, uitkomst: &str) -> Option<(Abonnement, Wijziging)> {
    let before = Arc::clone(&bestemming.abonnement);
    // Of messages that were under way together the first one stopped it.
    if before.status == AbonnementStatus::PushGestopt {
        return None;
    }
    let reden = format!("het eindpunt neemt niets aan; de laatste keer: {uitkomst}");
    tell::stopped(&before, uitkomst);
    changed(
        bestemming,
        &before,
        AbonnementStatus::PushGestopt,
        Some(reden),
    )
}

/// Another status, from what the subscription was; none when it was changed meanwhile.
fn changed(
    bestemming: &mut Bestemming,
    before: &Arc<Abonnement>,
    status: AbonnementStatus,
    reden: Option<String>,
) -> Option<(Abonnement, Wijziging)> {
    if bestemming.abonnement != *before {
        return None;
    }
    let after = Abonnement {
        status,
        reden,
        ..Abonnement::clone(before)
    };
    bestemming.replace(Arc::new(after.clone()));
    let wijziging = Wijziging {
        abonnement: after,
        begin_opnieuw: false,
        proef: false,
    };
    Some((Abonnement::clone(before), wijziging))
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
