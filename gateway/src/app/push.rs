//! The loop that numbers mutaties for subscriptions. Every node on a database runs it; a step counts
//! for one of them.

use std::{collections::BTreeMap, pin::pin, sync::Arc, time::Duration};

use tokio::{sync::Notify, sync::watch, time::Instant};

use super::background::{ended, opened};
use crate::{
    clock::Clock,
    domain::MutatieSoort,
    log::{Opslag, StoreError},
    metrics::names,
    push::{Fanout, FanoutError, FanoutParts, PushStore, Stap, open_push},
    telemetry::chain,
    transport::gateway::Gateway,
};

/// How long it waits for a bell before it looks by itself, and after an error.
const POLL: Duration = Duration::from_secs(1);

/// How often contents past the retention are looked for.
const FORGET: Duration = Duration::from_secs(3600);

/// What the loop works with.
pub(super) struct Parts {
    /// The database of the log, where the queue stands as well.
    pub(super) opslag: Opslag,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) gateway: Arc<Gateway>,
    /// Contents that were registered longer ago leave the feed; numbers stay (domain §4).
    pub(super) bewaring: Duration,
}

/// Opens the queue, keeps it at hand for operations and delivery, and numbers. Anew when the
/// database's file was replaced; ends when the loops must.
pub(super) async fn number(parts: Parts, stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let Some(store) = opened(&parts.opslag, stopping.clone(), open_push).await else {
            return;
        };
        parts.gateway.push.attach(Arc::clone(&store));
        serve(&parts, &store, stopping.clone()).await;
        parts.gateway.push.detach();
        store.close().await;
    }
}

/// Steps until the end, or until the store must be opened anew.
async fn serve(parts: &Parts, store: &Arc<dyn PushStore>, stopping: watch::Receiver<bool>) {
    let mut end = pin!(ended(stopping));
    let bell = Arc::new(Notify::new());
    store.ring(Arc::clone(&bell));
    let gateway = &parts.gateway;
    let mut versies = gateway.replica.subscribe();
    let mut fanout = Fanout::new(FanoutParts {
        store: Arc::clone(store),
        replica: Arc::clone(&gateway.replica),
        access: Arc::clone(&gateway.access),
        clock: Arc::clone(&parts.clock),
        rules: gateway.rules,
    });
    let mut failing = false;
    let mut forgotten: Option<Instant> = None;
    loop {
        let round = tokio::select! {
            biased;
            () = &mut end => return,
            round = round(parts, store, &mut fanout, &mut forgotten) => round,
        };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        metrics::gauge!(names::PUSH_ACHTERSTAND).set(fanout.achterstand() as f64);
        report(&round, &mut failing);
        let ring = match round {
            Ok(Stap::Verder(soorten)) => {
                count(&soorten);
                if !soorten.is_empty() {
                    gateway.push.ring();
                }
                continue;
            }
            Ok(Stap::Ingehaald) => continue,
            Ok(Stap::Bij) => true,
            Ok(Stap::Niemand | Stap::Wacht) => false,
            Err(FanoutError::Store(StoreError::Replaced { .. })) => return,
            Err(_) => false,
        };
        tokio::select! {
            biased;
            () = &mut end => return,
            () = tokio::time::sleep(POLL) => {}
            // Numbers of another node, or a subscription of anybody.
            () = bell.notified(), if ring => gateway.push.ring(),
            changed = versies.changed(), if ring => if changed.is_err() { return },
        }
    }
}

/// One look: a step, while the log is at hand, and what has passed its retention.
async fn round(
    parts: &Parts,
    store: &Arc<dyn PushStore>,
    fanout: &mut Fanout,
    forgotten: &mut Option<Instant>,
) -> Result<Stap, FanoutError> {
    if forgotten.is_none_or(|at| at.elapsed() >= FORGET) {
        let before = parts.clock.now().earlier_by(parts.bewaring);
        store.forget_before(before).await?;
        *forgotten = Some(Instant::now());
    }
    match parts.gateway.log.open() {
        Some(log) => fanout.step(&**log.store()).await,
        None => Ok(Stap::Wacht),
    }
}

fn count(soorten: &[MutatieSoort]) {
    let mut by_soort: BTreeMap<&'static str, u64> = BTreeMap::new();
    for soort in soorten {
        *by_soort.entry(soort.as_str()).or_default() += 1;
    }
    for (soort, many) in by_soort {
        metrics::counter!(names::PUSH_GENUMMERD, "soort" => soort).increment(many);
    }
}

fn report(round: &Result<Stap, FanoutError>, failing: &mut bool) {
    match round {
        Ok(_) if std::mem::take(failing) => {
            tracing::info!("mutaties are numbered for subscriptions again");
        }
        Ok(_) => {}
        Err(error) if !std::mem::replace(failing, true) => {
            let reason = chain(error);
            tracing::error!(
                reason,
                "mutaties cannot be numbered for subscriptions; tried every second"
            );
        }
        Err(_) => {}
    }
}
