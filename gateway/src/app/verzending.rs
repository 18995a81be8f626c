//! The loops for what becomes of the record of processing: shipping to the database, removing what was
//! kept long enough, exporting to a collector. None of them stands in the way of an answer.

use std::{
    path::PathBuf,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use super::background::{ended, opened};
use crate::{
    audit::{
        Map, OtlpUitvoer, Stap, Uitvoerstap, VerzendError, VerzendParts, Verzending, remove_before,
        store::{VerwerkingStore, open_verwerkingen},
    },
    clock::Clock,
    config::VerwerkingslogConfig,
    log::{Opslag, StoreError},
    metrics::names,
    telemetry::chain,
    transport::gateway::Gateway,
};

/// How long blocks are gathered before they are shipped: one transaction for many, and `log persoon`
/// tells of what was given some seconds ago.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a node that stops still ships.
const LAST: Duration = Duration::from_secs(5);

/// How often counts of requests are added: what a killed node loses.
const TELLEN: Duration = Duration::from_secs(60);

/// How often it is looked for what was kept long enough.
const OPRUIMEN: Duration = Duration::from_secs(3600);

/// How long a collector that does not take it is left alone, at most.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// What the loops work with.
pub(super) struct Parts {
    /// The database of the log, where it goes.
    pub(super) opslag: Opslag,
    pub(super) config: VerwerkingslogConfig,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) gateway: Arc<Gateway>,
    /// Segment that the exporter reads; those before it need not stay for it.
    pub(super) uitgevoerd: Arc<AtomicU64>,
}

/// Ships, anew when the database's file was replaced; ends when the loops must.
pub(super) async fn ship(parts: Parts, stopping: watch::Receiver<bool>) {
    let stand = parts.gateway.verwerkingslog.verzendstand();
    stand.verzonden(0, parts.clock.now());
    while !*stopping.borrow() {
        let Some(store) = opened(&parts.opslag, stopping.clone(), open_verwerkingen).await else {
            return;
        };
        serve(&parts, &store, stopping.clone()).await;
        store.close().await;
    }
}

/// Ships until the end, or until the store must be opened anew.
async fn serve(parts: &Parts, store: &Arc<dyn VerwerkingStore>, stopping: watch::Receiver<bool>) {
    let mut end = pin!(ended(stopping));
    let mut written = parts.gateway.verwerkingslog.volg();
    let mut verzending = Verzending::new(VerzendParts {
        map: parts.config.map.clone(),
        store: Arc::clone(store),
        clock: Arc::clone(&parts.clock),
        knoop: hostname(),
    });
    let (mut failing, mut cleaned) = (false, None::<Instant>);
    let gebruik = parts.gateway.verwerkingslog.gebruik();
    gebruik.attach(Arc::clone(store));
    let mut counted = Instant::now();
    loop {
        let tot = *written.borrow_and_update();
        let outcome = all(parts, &mut verzending, tot).await;
        report(&outcome, &mut failing);
        if matches!(
            outcome,
            Err(VerzendError::Store(StoreError::Replaced { .. }))
        ) {
            gebruik.detach();
            return;
        }
        if counted.elapsed() >= TELLEN {
            count(parts, &**store).await;
            counted = Instant::now();
        }
        if outcome.is_ok() && cleaned.is_none_or(|at| at.elapsed() >= OPRUIMEN) {
            clean(parts, &**store, &verzending).await;
            cleaned = Some(Instant::now());
        }
        tokio::select! {
            biased;
            () = &mut end => break,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    let tot = *written.borrow_and_update();
    gebruik.detach();
    let last = async {
        // What does not come now comes after the next start.
        drop(all(parts, &mut verzending, tot).await);
        count(parts, &**store).await;
    };
    drop(tokio::time::timeout(LAST, last).await);
}

/// Adds what was counted to the database; what cannot be added is counted on.
async fn count(parts: &Parts, store: &dyn VerwerkingStore) {
    let teller = parts.gateway.verwerkingslog.gebruik();
    let taken = teller.take();
    if taken.is_empty() {
        return;
    }
    if let Err(error) = store.tel(&taken).await {
        let reason = chain(&error);
        tracing::warn!(
            reason,
            "counts of requests were not added; tried every minute"
        );
        teller.put_back(taken);
    }
}

/// Ships all up to this block.
async fn all(parts: &Parts, verzending: &mut Verzending, tot: u64) -> Result<(), VerzendError> {
    let stand = parts.gateway.verwerkingslog.verzendstand();
    loop {
        let stap = verzending.step(tot).await?;
        let now = parts.clock.now();
        stand.set_afwijking(verzending.afwijking());
        match stap {
            Stap::Verder { blokken, tot } => {
                metrics::counter!(names::VERWERKINGSLOG_VERZONDEN).increment(blokken);
                stand.verzonden(tot, now);
            }
            Stap::Opnieuw => {}
            Stap::Bij => {
                if let Some(na) = verzending.na() {
                    stand.verzonden(na.blok, now);
                }
                stand.bij(now);
                return Ok(());
            }
        }
    }
}

fn report(outcome: &Result<(), VerzendError>, failing: &mut bool) {
    match outcome {
        Ok(()) if std::mem::take(failing) => {
            tracing::info!("the record of processing is shipped to the database again");
        }
        Ok(()) => {}
        Err(error) if !std::mem::replace(failing, true) => {
            let reason = chain(error);
            tracing::error!(
                reason,
                "the record of processing is not shipped to the database; it stays in the journal, and is tried every second"
            );
        }
        Err(_) => {}
    }
}

/// Removes what was kept long enough, here and in the database.
async fn clean(parts: &Parts, store: &dyn VerwerkingStore, verzending: &Verzending) {
    let now = parts.clock.now();
    let config = &parts.config;
    let removed = remove_before(store, now.earlier_by(config.bewaartermijn)).await;
    match removed {
        Ok(0) => {}
        Ok(blokken) => tracing::info!(
            blokken,
            "of the record of processing was removed what is older than verwerkingslog.bewaartermijn"
        ),
        Err(error) => {
            let reason = chain(&error);
            tracing::error!(
                reason,
                "what is past verwerkingslog.bewaartermijn was not removed"
            );
        }
    }
    if let Ok(dag) = now.earlier_by(config.gebruik_bewaring).datum()
        && let Err(error) = store.vergeet_gebruik(dag).await
    {
        let reason = chain(&error);
        tracing::error!(
            reason,
            "counts past verwerkingslog.gebruikBewaring were not removed"
        );
    }
    let Some(na) = verzending.na() else { return };
    let segment = na.segment.min(parts.uitgevoerd.load(Relaxed));
    let (map, before) = (config.map.clone(), now.earlier_by(config.lokale_bewaring));
    let removing = move || Map::new(&map).remove_before(segment, before);
    let removed = tokio::task::spawn_blocking(removing).await;
    match removed {
        Ok(Ok(0)) | Err(_) => {}
        Ok(Ok(segmenten)) => tracing::info!(
            segmenten,
            "of the journal was removed what was shipped and is older than verwerkingslog.lokaleBewaring"
        ),
        Ok(Err(error)) => {
            let reason = chain(&error);
            tracing::error!(
                reason,
                "what was shipped could not be removed from the journal"
            );
        }
    }
}

/// Exports to the collector that the settings name, until the end; without one nothing waits for it.
pub(super) async fn export(
    config: VerwerkingslogConfig,
    gateway: Arc<Gateway>,
    uitgevoerd: Arc<AtomicU64>,
    stopping: watch::Receiver<bool>,
) {
    let Some(settings) = config.otlp() else {
        return;
    };
    let mut end = pin!(ended(stopping));
    let mut written = gateway.verwerkingslog.volg();
    let map: PathBuf = config.map.clone();
    let mut uitvoer = OtlpUitvoer::new(&map, settings);
    let (mut failures, mut failing) = (0_u32, false);
    loop {
        let tot = *written.borrow_and_update();
        let outcome = tokio::select! {
            biased;
            () = &mut end => return,
            outcome = uitvoer.step(tot) => outcome,
        };
        if let Some(na) = uitvoer.na() {
            uitgevoerd.store(na.segment, Relaxed);
        }
        let pause = match outcome {
            Ok(Uitvoerstap::Verder { records, geweigerd }) => {
                metrics::counter!(names::VERWERKINGSLOG_OTLP).increment(records - geweigerd);
                metrics::counter!(names::VERWERKINGSLOG_OTLP_GEWEIGERD).increment(geweigerd);
                failures = 0;
                Duration::ZERO
            }
            Ok(Uitvoerstap::Bij) => PAUSE,
            Err(ref error) => {
                if !std::mem::replace(&mut failing, true) {
                    let reason = chain(error);
                    tracing::error!(
                        reason,
                        "the record of processing is not exported; it is tried again"
                    );
                }
                metrics::counter!(names::VERWERKINGSLOG_OTLP_MISLUKT).increment(1);
                failures += 1;
                (PAUSE * 2_u32.saturating_pow(failures.min(6))).min(MAX_PAUSE)
            }
        };
        if failures == 0 && std::mem::take(&mut failing) {
            tracing::info!("the record of processing is exported again");
        }
        tokio::select! {
            biased;
            () = &mut end => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What this machine is called.
fn hostname() -> String {
    let read = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = read.trim();
    if name.is_empty() { "unknown" } else { name }.to_owned()
}
