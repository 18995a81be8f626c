//! The loops that keep the TLS material of this node up to date, and end what may go on no longer:
//! files that change, SIGHUP, revocation lists behind URLs, their ages, and open connections.

mod ophalen;

use std::{
    future::Future,
    os::unix::fs::MetadataExt,
    path::Path,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::{JoinSet, spawn_blocking},
};

use self::ophalen::Following;
use super::background::ended;
use crate::{
    clock::Clock,
    config::Config,
    transport::{
        admin::Health,
        gateway::Gateway,
        tls::{LoadReport, Tls},
    },
};

/// How often it is looked whether a file changed: well within the 5 s that a revocation may take
/// once its list is there, and a handful of calls of the system.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked whether something ran out: within the 5 s too.
const AGE_EVERY: Duration = Duration::from_secs(4);

/// How often the log repeats what an operator should do something about.
const REPEAT_EVERY: Duration = Duration::from_secs(3600);

/// What the loops work with.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) tls: Arc<Tls>,
    pub(super) gateway: Arc<Gateway>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) health: Arc<Health>,
}

/// Fetches the lists of which nothing is in force yet, once, so that a node that begins does not
/// refuse everybody for the first seconds; and starts the loops. They end when `stopping` says so.
pub(super) async fn start(
    parts: Parts,
    config: &Config,
    loops: &mut JoinSet<()>,
    stopping: &watch::Receiver<bool>,
) {
    let mut all = Following::all(&parts, &config.tls);
    let absent = all.iter_mut().filter(|one| one.is_absent());
    futures_util::future::join_all(absent.map(Following::round)).await;

    // Counts the times that somebody asked for everything to be read anew.
    let (asked, _) = watch::channel(0_u64);
    for one in all {
        loops.spawn(one.run(asked.subscribe(), ended(stopping.clone())));
    }
    let end = || ended(stopping.clone());
    loops.spawn(read_on_change(parts.clone(), asked, end()));
    loops.spawn(watch_ages(parts.clone(), end()));
    loops.spawn(cut(parts, end()));
}

/// Reads the files anew when one of them changed, and on SIGHUP, and then has the URLs looked at.
/// What could not be used, such as a certificate whose key is still to come, is tried again at
/// every look.
async fn read_on_change(parts: Parts, asked: watch::Sender<u64>, end: impl Future<Output = ()>) {
    let mut hangup = signal(SignalKind::hangup()).ok();
    let mut end = pin!(end);
    let mut seen = look(&parts.tls);
    let mut told = Vec::new();
    loop {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => std::future::pending().await,
            }
        };
        let is_asked = tokio::select! {
            () = &mut end => return,
            () = hung_up => true,
            () = tokio::time::sleep(LOOK_EVERY) => false,
        };
        let now_seen = look(&parts.tls);
        if !is_asked && now_seen == seen && told.is_empty() {
            continue;
        }
        // As it was before the files are read: what changes meanwhile is seen at the next look.
        seen = now_seen;
        if let Some(report) = reload(&parts).await {
            tell_failures(&report, &mut told);
        }
        if is_asked {
            asked.send_modify(|times| *times += 1);
        }
    }
}

/// None when the thread could not do it; the next look tries again.
async fn reload(parts: &Parts) -> Option<LoadReport> {
    let (tls, now) = (Arc::clone(&parts.tls), parts.clock.now());
    spawn_blocking(move || tls.reload(now)).await.ok()
}

/// The log once for each change.
fn tell_failures(report: &LoadReport, told: &mut Vec<String>) {
    if *told == report.failures {
        return;
    }
    for reason in &report.failures {
        tracing::error!(
            reason,
            "a part of the TLS material cannot be used, and stays as it was"
        );
    }
    if report.failures.is_empty() {
        tracing::info!("all of the TLS material can be used again");
    }
    told.clone_from(&report.failures);
}

/// By what a change of the files is seen; a file that is not there is told from one that is.
fn look(tls: &Tls) -> Vec<Option<(u64, u64, i64, i64)>> {
    let about = |path: &Path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
    };
    tls.paths().files().map(about).collect()
}

/// Tells what ran out or will, and has everybody looked at anew: a certificate may have expired,
/// or the list of its issuer.
async fn watch_ages(parts: Parts, end: impl Future<Output = ()>) {
    let mut end = pin!(end);
    let mut told: Option<(Vec<String>, Instant)> = None;
    loop {
        let warnings = parts.tls.warnings(parts.clock.now());
        let is_told = told
            .as_ref()
            .is_some_and(|(what, when)| *what == warnings && when.elapsed() < REPEAT_EVERY);
        if !is_told {
            for reason in &warnings {
                tracing::warn!(reason, "TLS material needs attention");
            }
            told = Some((warnings.clone(), Instant::now()));
        }
        parts.health.note_tls(warnings);
        parts.gateway.access.revocations().ring();
        tokio::select! {
            () = &mut end => return,
            () = tokio::time::sleep(AGE_EVERY) => {}
        }
    }
}

/// Cuts the connections of certificates that count no more, each time that some may.
async fn cut(parts: Parts, end: impl Future<Output = ()>) {
    let mut end = pin!(end);
    let access = &parts.gateway.access;
    let revocations = access.revocations();
    loop {
        let seen = revocations.changes();
        let now = parts.clock.now();
        let count = parts
            .tls
            .connections()
            .cut_where(|peer| access.check_certificate(peer, now).is_err());
        if count > 0 {
            tracing::info!(
                count,
                "connections were cut: their certificates count no more"
            );
        }
        tokio::select! {
            () = &mut end => return,
            () = revocations.changed(seen) => {}
        }
    }
}
