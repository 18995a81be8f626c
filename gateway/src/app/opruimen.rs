//! The loop that removes bpvo's past their retention. Every node on a database runs it; each part is
//! removed by one of them.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::sync::watch;
use uuid::Uuid;

use super::{background::ended, random_bytes};
use crate::{
    clock::Clock,
    domain::{Bewaartermijn, InvalidDatum},
    metrics::names,
    operations::opruimen_bpvos::{OpruimError, Opruimen, Opruimstap, PER_DEEL},
    telemetry::chain,
    transport::gateway::Gateway,
};

/// How often it is looked: what is over changes once a day.
const ROUND: Duration = Duration::from_secs(3600);

/// How soon it is tried again when it could not be done.
const RETRY: Duration = Duration::from_secs(60);

/// How often a part is chosen anew because others wrote meanwhile, in one round.
const TRIES: u32 = 20;

/// What the loop works with.
pub(super) struct Parts {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) gateway: Arc<Gateway>,
}

/// Why a round did not come to its end.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error("there is no log to write to")]
    NoLog,
    #[error("the clock of this machine is not right")]
    Clock(#[source] InvalidDatum),
    #[error(transparent)]
    Opruim(#[from] OpruimError),
}

/// Looks every hour, the first time once there is a register, until the end.
pub(super) async fn clear_regularly(parts: Parts, stopping: watch::Receiver<bool>) {
    let mut end = pin!(ended(stopping));
    tokio::select! {
        () = &mut end => return,
        () = parts.gateway.replica.loaded() => {}
    }
    let mut failing = false;
    loop {
        let mut removed = 0;
        let outcome = tokio::select! {
            biased;
            () = &mut end => return,
            outcome = round(&parts, &mut removed) => outcome,
        };
        tell(&parts, removed, &outcome, &mut failing);
        let pause = if outcome.is_ok() { ROUND } else { RETRY };
        tokio::select! {
            () = &mut end => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Removes part after part until nothing is over, and counts it also when it fails on the way.
async fn round(parts: &Parts, removed: &mut usize) -> Result<(), RoundError> {
    let gateway = &parts.gateway;
    let log = gateway.log.open().ok_or(RoundError::NoLog)?;
    let nu = parts.clock.now();
    let opruimen = Opruimen {
        log: &log,
        replica: &gateway.replica,
        grens: termijn(gateway).grens(nu.datum().map_err(RoundError::Clock)?),
        per_deel: PER_DEEL,
        nu,
        write_wait: gateway.limits.write_wait,
        replica_wait: gateway.limits.versie_wait,
    };
    let mut tries = 0;
    loop {
        match opruimen.step(new_id()).await? {
            Opruimstap::Klaar => return Ok(()),
            Opruimstap::Verwijderd(bpvos) => {
                *removed += bpvos;
                tries = 0;
            }
            Opruimstap::Opnieuw if tries < TRIES => tries += 1,
            Opruimstap::Opnieuw => return Err(OpruimError::Busy.into()),
        }
    }
}

fn termijn(gateway: &Gateway) -> Bewaartermijn {
    gateway.rules.bpvo_bewaring
}

fn tell(parts: &Parts, removed: usize, outcome: &Result<(), RoundError>, failing: &mut bool) {
    metrics::counter!(names::BPVOS_OPGERUIMD).increment(removed as u64);
    if removed > 0 {
        tracing::info!(
            bpvos = removed,
            dagen = termijn(&parts.gateway).dagen(),
            "bpvos that were over for longer than register.bpvoBewaring were removed"
        );
    }
    match outcome {
        Ok(()) => {
            *failing = false;
            let seconds = parts.clock.now().as_millis() / 1000;
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            metrics::gauge!(names::BPVOS_OPGERUIMD_OP).set(seconds as f64);
        }
        // The log is attached some moments after a start, and while it is away that is told already.
        Err(RoundError::NoLog) => {}
        Err(error) if !std::mem::replace(failing, true) => {
            let reason = chain(error);
            tracing::error!(
                reason,
                "bpvos past register.bpvoBewaring are not all removed; tried every minute"
            );
        }
        Err(_) => {}
    }
}

fn new_id() -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&random_bytes()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
