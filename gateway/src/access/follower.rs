//! Keeps this node's toegang in step with the store.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use tokio::sync::Notify;

use super::{Access, DocumentError, Toegang, ToegangStore, VersionHead};
use crate::{
    clock::{Clock, jittered},
    log::StoreError,
};

/// How often the store is asked, give or take a quarter, where nothing wakes this node: a withdrawal is in force within
/// that time on every node.
pub const POLL: Duration = Duration::from_millis(250);

/// How long to wait after an error.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Why toegang could not be confirmed. It stays as it was, and grows older.
#[derive(Debug, thiserror::Error)]
pub enum ToegangFollowerError {
    /// The store does not answer.
    #[error("toegang could not be read from the store")]
    Store(#[from] StoreError),
    /// The newest version is not understood.
    #[error("version {versie} of toegang is not understood by this program")]
    Document {
        /// Which.
        versie: u64,
        /// Why.
        source: DocumentError,
    },
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToegangProgress {
    /// What is in force is still the newest.
    Confirmed,
    /// This version came in force.
    Replaced(u64),
}

/// Follows one store into one [`Access`].
pub struct ToegangFollower {
    store: Arc<dyn ToegangStore>,
    access: Arc<Access>,
    clock: Arc<dyn Clock>,
    chance: fn() -> f64,
    /// What was taken in last, also when the store was empty; none before the first step, since
    /// a snapshot does not tell of which history it is.
    known: Option<Option<VersionHead>>,
}

impl ToegangFollower {
    /// Goes on from what `access` has: nothing, or what a snapshot carried.
    #[must_use]
    pub fn new(store: Arc<dyn ToegangStore>, access: Arc<Access>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            access,
            clock,
            chance: || 0.5,
            known: None,
        }
    }

    /// With pauses that differ by this, 0 to 1, so that nodes do not ask the database together.
    #[must_use]
    pub fn with_chance(mut self, chance: fn() -> f64) -> Self {
        self.chance = chance;
        self
    }

    /// Asks the store once.
    ///
    /// # Errors
    /// [`ToegangFollowerError`]; the next step tries again.
    pub async fn step(&mut self) -> Result<ToegangProgress, ToegangFollowerError> {
        // The moment before the question: what the answer says is at least as new.
        let asked = self.clock.now();
        let head = self.store.head().await?;
        if self.known == Some(head) {
            self.access.confirm(asked);
            return Ok(ToegangProgress::Confirmed);
        }
        let newest = self.store.newest().await?;
        let toegang = match &newest {
            None => Toegang::default(),
            Some(version) => {
                version
                    .toegang()
                    .map_err(|source| ToegangFollowerError::Document {
                        versie: version.versie,
                        source,
                    })?
            }
        };
        let versie = toegang.versie;
        self.access.replace(toegang);
        self.access.confirm(asked);
        self.known = Some(newest.map(|version| version.head()));
        Ok(ToegangProgress::Replaced(versie))
    }

    /// Steps until `shutdown`, or until the store's file was replaced: then it must be opened
    /// anew. Errors are logged here, once each time they begin.
    pub async fn run(mut self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = pin!(shutdown);
        let bell = Arc::new(Notify::new());
        self.store.ring(Arc::clone(&bell));
        let mut failing = false;
        loop {
            let step = tokio::select! {
                biased;
                () = &mut shutdown => return,
                step = self.step() => step,
            };
            let pause = if step.is_ok() { POLL } else { AFTER_ERROR };
            report(&step, &mut failing);
            if let Err(ToegangFollowerError::Store(StoreError::Replaced { .. })) = step {
                return;
            }
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                () = bell.notified() => {}
                () = tokio::time::sleep(jittered(pause, (self.chance)())) => {}
            }
        }
    }
}

fn report(step: &Result<ToegangProgress, ToegangFollowerError>, failing: &mut bool) {
    match step {
        Ok(progress) => {
            if std::mem::take(failing) {
                tracing::info!("toegang can be confirmed again");
            }
            if let ToegangProgress::Replaced(versie) = progress {
                tracing::info!(versie, "toegang came in force");
            }
        }
        Err(error) if !*failing => {
            *failing = true;
            let cause = std::error::Error::source(error).map(tracing::field::display);
            tracing::error!(%error, cause, "toegang cannot be confirmed and stays as it was");
        }
        Err(_) => {}
    }
}
