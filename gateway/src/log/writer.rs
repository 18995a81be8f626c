//! Where a caller's writes go: the log that this node follows, while it is at hand.
//!
//! Whoever opens a store attaches it here, and detaches it when it is lost. Nobody else knows how
//! stores are opened. While none is attached, writes are refused and reads go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use tokio::{
    runtime::Handle,
    sync::{Mutex, MutexGuard, Notify},
    time::timeout,
};

use super::LogStore;
use crate::telemetry::chain;

/// The way to the log for writes, or none at the moment.
#[derive(Default)]
pub struct LogWriter {
    open: ArcSwapOption<OpenLog>,
}

/// A log that can be written to.
pub struct OpenLog {
    store: Arc<dyn LogStore>,
    /// Rings the follower, so that a caller soon reads what it wrote.
    follower: Arc<Notify>,
    /// Where the store was opened: its connections live there, and a write that was begun is
    /// finished there, whatever becomes of the caller.
    runtime: Handle,
    /// One write of this process at a time looks and then writes. Writes of others are found out by
    /// [`LogStore::append_at`].
    turn: Mutex<()>,
    /// Somebody is about to delete what writes have superseded.
    forgetting: Arc<AtomicBool>,
}

/// How soon after a write the side content that it superseded is deleted (design invariant 12): a
/// row of writes is cleaned up after once, and nobody waits for it.
const FORGET_AFTER: Duration = Duration::from_secs(5);

impl LogWriter {
    /// Writes go here from now on. Called on the runtime that opened the store.
    pub fn attach(&self, store: Arc<dyn LogStore>, follower: Arc<Notify>) {
        self.open.store(Some(Arc::new(OpenLog {
            store,
            follower,
            runtime: Handle::current(),
            turn: Mutex::new(()),
            forgetting: Arc::default(),
        })));
    }

    /// Writes are refused from now on.
    pub fn detach(&self) {
        self.open.store(None);
    }

    /// The log to write to; none while it is away.
    #[must_use]
    pub fn open(&self) -> Option<Arc<OpenLog>> {
        self.open.load_full()
    }
}

impl OpenLog {
    /// The store itself.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn LogStore> {
        &self.store
    }

    /// Where the store was opened.
    #[must_use]
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// This write's turn; none when those before it take longer than `patience`.
    pub async fn turn(&self, patience: Duration) -> Option<MutexGuard<'_, ()>> {
        timeout(patience, self.turn.lock()).await.ok()
    }

    /// Deletes soon what the log no longer says. When that fails, or this process ends before, the
    /// next write or import does it.
    pub fn forget_soon(&self) {
        if self.forgetting.swap(true, Ordering::Relaxed) {
            return;
        }
        let (store, forgetting) = (Arc::clone(&self.store), Arc::clone(&self.forgetting));
        self.runtime.spawn(async move {
            tokio::time::sleep(FORGET_AFTER).await;
            forgetting.store(false, Ordering::Relaxed);
            if let Err(error) = store.forget_superseded().await {
                let reason = chain(&error);
                tracing::warn!(reason, "what was superseded is not deleted yet");
            }
        });
    }

    /// Tells the follower that there is something new.
    pub fn ring(&self) {
        self.follower.notify_one();
    }
}

impl std::fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let attached = self.open.load().is_some();
        f.debug_struct("LogWriter")
            .field("attached", &attached)
            .finish()
    }
}
