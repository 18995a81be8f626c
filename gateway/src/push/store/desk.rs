//! The queue that this node works with, as long as the database is there.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::{runtime::Handle, sync::watch};

use super::PushStore;
use crate::push::Wachtkamer;

/// The way to the queue for operations, fan-out and delivery. Opened and lost by the composition
/// root; without it subscriptions cannot be asked or changed, and everything else goes on.
#[derive(Debug)]
pub struct PushDesk {
    open: ArcSwapOption<OpenPush>,
    /// Counts up when something was numbered: long-polls and delivery look again.
    news: watch::Sender<u64>,
    wachtkamer: Wachtkamer,
}

/// A queue that is open.
pub struct OpenPush {
    store: Arc<dyn PushStore>,
    runtime: Handle,
}

impl Default for PushDesk {
    fn default() -> Self {
        let (news, _) = watch::channel(0);
        Self {
            open: ArcSwapOption::empty(),
            news,
            wachtkamer: Wachtkamer::default(),
        }
    }
}

impl PushDesk {
    /// This queue can be used from now on. Called on the runtime that opened it.
    pub fn attach(&self, store: Arc<dyn PushStore>) {
        self.open.store(Some(Arc::new(OpenPush {
            store,
            runtime: Handle::current(),
        })));
    }

    /// It cannot be used any more.
    pub fn detach(&self) {
        self.open.store(None);
    }

    /// The queue; none while the database is away.
    #[must_use]
    pub fn open(&self) -> Option<Arc<OpenPush>> {
        self.open.load_full()
    }

    /// Something was numbered, here or on another node.
    pub fn ring(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    /// Follows what is numbered.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// The calls that wait for it.
    #[must_use]
    pub fn wachtkamer(&self) -> &Wachtkamer {
        &self.wachtkamer
    }
}

impl OpenPush {
    /// The store itself.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn PushStore> {
        &self.store
    }

    /// Where it was opened; what it is asked runs there.
    #[must_use]
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }
}

impl std::fmt::Debug for OpenPush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenPush").finish_non_exhaustive()
    }
}
