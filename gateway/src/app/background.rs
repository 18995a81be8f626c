//! The loops beside the listeners: follower, toegang, snapshots, heartbeat.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet};

use super::{bezorging, bron, chance, opruimen, push, saved, verzending};
use crate::{
    access::{ToegangFollower, open_toegang},
    audit::PseudonymSleutel,
    clock::Clock,
    config::Config,
    domain::RegisterVersie,
    log::{LogStore, Opslag, StoreError},
    replica::{Follower, FollowerStatus},
    telemetry::chain,
    transport::{admin::Health, gateway::Gateway},
};

/// How often the heartbeat shows that the runtime runs.
const BEAT: Duration = Duration::from_secs(1);

/// How often a database that is away is tried.
const RETRY: Duration = Duration::from_secs(1);

/// How often an empty database is looked at again, and told.
const EMPTY_RETRY: Duration = Duration::from_secs(10);

/// What the loops work with.
pub(super) struct Parts {
    pub(super) config: Config,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) gateway: Arc<Gateway>,
    pub(super) health: Arc<Health>,
    pub(super) follower_status: watch::Sender<FollowerStatus>,
    /// Where the log and toegang are.
    pub(super) opslag: Opslag,
    /// None when it was away at the start.
    pub(super) store: Option<Arc<dyn LogStore>>,
    /// Becomes true when the loops must end.
    pub(super) stopping: watch::Receiver<bool>,
}

/// Starts the loops; they end by themselves once `stopping` says so.
pub(super) fn spawn(parts: Parts) -> JoinSet<()> {
    let mut loops = JoinSet::new();
    let Parts {
        config,
        clock,
        gateway,
        health,
        follower_status,
        opslag,
        store,
        stopping,
    } = parts;
    let bewaring = config.push.bewaring;
    loops.spawn(beat(Arc::clone(&health), stopping.clone()));
    loops.spawn(note_confirmation(
        Arc::clone(&gateway),
        follower_status.subscribe(),
        stopping.clone(),
    ));
    loops.spawn(bron::fetch_regularly(
        config.clone(),
        opslag.clone(),
        Arc::clone(&clock),
        Arc::clone(&gateway),
        Arc::clone(&health),
        ended(stopping.clone()),
    ));
    let clearing = opruimen::Parts {
        clock: Arc::clone(&clock),
        gateway: Arc::clone(&gateway),
    };
    loops.spawn(opruimen::clear_regularly(clearing, stopping.clone()));
    loops.spawn(keep_snapshot(
        config.clone(),
        Arc::clone(&gateway),
        health,
        stopping.clone(),
    ));
    loops.spawn(follow_toegang(
        opslag.clone(),
        Arc::clone(&gateway),
        Arc::clone(&clock),
        stopping.clone(),
    ));
    let verwerkingslog = config.verwerkingslog.clone();
    // Nothing is read yet: until the exporter says where it is, all stays for it.
    let waits_for_export = verwerkingslog.otlp().is_some();
    let uitgevoerd = Arc::new(AtomicU64::new(if waits_for_export { 0 } else { u64::MAX }));
    loops.spawn(verzending::export(
        verwerkingslog.clone(),
        Arc::clone(&gateway),
        Arc::clone(&uitgevoerd),
        stopping.clone(),
    ));
    let shipping = verzending::Parts {
        opslag: opslag.clone(),
        config: verwerkingslog,
        clock: Arc::clone(&clock),
        gateway: Arc::clone(&gateway),
        uitgevoerd,
    };
    let delivering = bezorging::Parts {
        config,
        clock: Arc::clone(&clock),
        gateway: Arc::clone(&gateway),
    };
    let (delivered, after_delivery) = watch::channel(false);
    let delivery = bezorging::deliver(delivering, stopping.clone());
    loops.spawn(async move {
        delivery.await;
        delivered.send_replace(true);
    });
    // What is delivered at the end is shipped too, if it can be.
    loops.spawn(verzending::ship(shipping, after_delivery.clone()));
    // It holds the queue open, in which the delivery records what was under way at the end.
    loops.spawn(push::number(
        push::Parts {
            opslag: opslag.clone(),
            clock: Arc::clone(&clock),
            gateway: Arc::clone(&gateway),
            bewaring,
        },
        after_delivery,
    ));
    loops.spawn(follow(
        opslag,
        clock,
        gateway,
        follower_status,
        store,
        stopping,
    ));
    loops
}

/// Resolves when the loops must end.
pub(super) async fn ended(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender is gone, which ends the loops as well.
    drop(stopping.wait_for(|stop| *stop).await);
}

async fn beat(health: Arc<Health>, stopping: watch::Receiver<bool>) {
    let mut end = std::pin::pin!(ended(stopping));
    loop {
        health.beat();
        tokio::select! {
            () = &mut end => return,
            () = tokio::time::sleep(BEAT) => {}
        }
    }
}

/// Follows the log; once its database can be opened, and anew when its file was replaced.
async fn follow(
    opslag: Opslag,
    clock: Arc<dyn Clock>,
    gateway: Arc<Gateway>,
    status: watch::Sender<FollowerStatus>,
    mut store: Option<Arc<dyn LogStore>>,
    stopping: watch::Receiver<bool>,
) {
    while !*stopping.borrow() {
        let opened = match store.take() {
            Some(store) => Some(store),
            None => opened(&opslag, stopping.clone(), Opslag::follow).await,
        };
        let Some(opened) = opened else { return };
        if !has_a_register(&*opened, &gateway, stopping.clone()).await {
            continue;
        }
        let follower = Follower::new(
            Arc::clone(&opened),
            Arc::clone(&gateway.replica),
            Arc::clone(&clock),
        )
        .with_chance(chance);
        let sleutel = opened.derived_key(PseudonymSleutel::LABEL);
        gateway
            .verwerkingslog
            .set_sleutel(PseudonymSleutel::new(sleutel));
        // What is followed is what callers write to.
        gateway.log.attach(opened, follower.waker());
        let mut seen = follower.status();
        let mut running = std::pin::pin!(follower.run(ended(stopping.clone())));
        loop {
            tokio::select! {
                () = &mut running => break,
                changed = seen.changed() => match changed {
                    Ok(()) => drop(status.send_replace(seen.borrow_and_update().clone())),
                    Err(_) => break,
                },
            }
        }
        gateway.log.detach();
    }
}

/// Whether a log may be followed. An empty one under a node that has a register is a mistake, such
/// as a volume that was not mounted: taken for the truth, nobody would be erkend any more. It is
/// waited out; an import or a restore fills it, and without the snapshot a node begins anew.
async fn has_a_register(
    store: &dyn LogStore,
    gateway: &Gateway,
    stopping: watch::Receiver<bool>,
) -> bool {
    let versie = gateway.replica.view().versie();
    let empty = store.head().await.is_ok_and(|head| head.nummer == 0);
    if !empty || versie.nummer == 0 {
        return true;
    }
    tracing::error!(%versie, "the database is empty and is not followed: this node keeps the register that it has");
    tokio::select! {
        () = ended(stopping) => {}
        () = tokio::time::sleep(EMPTY_RETRY) => {}
    }
    store.close().await;
    false
}

/// Follows who may ask what, apart from the register, so that trouble in one never freezes the
/// other.
async fn follow_toegang(
    opslag: Opslag,
    gateway: Arc<Gateway>,
    clock: Arc<dyn Clock>,
    stopping: watch::Receiver<bool>,
) {
    while !*stopping.borrow() {
        let Some(store) = opened(&opslag, stopping.clone(), open_toegang).await else {
            return;
        };
        ToegangFollower::new(store, Arc::clone(&gateway.access), Arc::clone(&clock))
            .with_chance(chance)
            .run(ended(stopping.clone()))
            .await;
    }
}

/// A store, tried until it opens; none when the loops must end before. A file that is not there
/// is waited for, never made.
pub(super) async fn opened<'a, S, F>(
    opslag: &'a Opslag,
    stopping: watch::Receiver<bool>,
    open: impl Fn(&'a Opslag) -> F,
) -> Option<S>
where
    F: Future<Output = Result<S, StoreError>>,
{
    let mut end = std::pin::pin!(ended(stopping));
    let mut told = false;
    loop {
        let outcome = if opslag.is_there() {
            Some(open(opslag).await)
        } else {
            None
        };
        match outcome {
            Some(Ok(store)) => return Some(store),
            Some(Err(error)) if !told => {
                let reason = chain(&error);
                tracing::error!(
                    reason,
                    "the database cannot be used; it is tried every second"
                );
                told = true;
            }
            _ => {}
        }
        tokio::select! {
            () = &mut end => return None,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

/// Takes the follower's last look at the log as confirmation that the register is fresh.
async fn note_confirmation(
    gateway: Arc<Gateway>,
    mut status: watch::Receiver<FollowerStatus>,
    stopping: watch::Receiver<bool>,
) {
    let mut end = std::pin::pin!(ended(stopping));
    loop {
        tokio::select! {
            () = &mut end => return,
            changed = status.changed() => if changed.is_err() { return },
        }
        // A follower that stopped still reads the head, and yet what it answers grows old.
        let now = status.borrow_and_update().clone();
        if let (Some(at), None) = (now.last_step, now.stopped) {
            gateway.freshness.confirm(at);
        }
    }
}

/// Writes a snapshot when something changed, and once more at the end.
async fn keep_snapshot(
    config: Config,
    gateway: Arc<Gateway>,
    health: Arc<Health>,
    stopping: watch::Receiver<bool>,
) {
    let mut written: Option<RegisterVersie> = None;
    let mut first = true;
    let mut end = std::pin::pin!(ended(stopping));
    loop {
        let ending = if first {
            // The first one soon: a node that was just filled should survive its database.
            first = false;
            tokio::select! {
                () = &mut end => true,
                () = gateway.replica.loaded() => false,
            }
        } else {
            tokio::select! {
                () = &mut end => true,
                () = tokio::time::sleep(config.opslag.momentopname_interval) => false,
            }
        };
        let versie = gateway.replica.view().versie();
        let changed = written != Some(versie) || ending;
        if changed && gateway.replica.view().is_loaded() && write(&config, &gateway).await {
            written = Some(versie);
            health.snapshot_written();
        }
        if ending {
            return;
        }
    }
}

async fn write(config: &Config, gateway: &Arc<Gateway>) -> bool {
    let path = config.opslag.momentopname.clone();
    let gateway = Arc::clone(gateway);
    let outcome = tokio::task::spawn_blocking(move || saved::write(&path, &gateway)).await;
    let reason = match outcome {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => chain(&error),
        Err(error) => error.to_string(),
    };
    tracing::error!(reason, "the snapshot was not written");
    false
}
