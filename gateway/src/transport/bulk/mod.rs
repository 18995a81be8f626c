//! Where large bulk messages are read and answered: beside the threads that serve everybody, on a few of
//! their own, which take what processor time the others leave and serve afnemers in turn. So one
//! afnemer's batch slows down neither another's screen nor another's batch (domain §1).

mod answer;
mod beurten;

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};
use tokio::sync::oneshot;

use crate::{domain::Oin, metrics::names};
pub(crate) use answer::in_parts;
use beurten::Beurten;

/// Messages of at most so many bytes are read where they come in, since that takes less than to
/// wait for a turn; single questions are well below it.
pub(super) const INLINE_BYTES: usize = 8 * 1024;

/// A bulk message of so few lines is answered there too: to find a name takes a tenth of a
/// millisecond, and what only waits for the log must not wait for a turn as well.
pub(super) const INLINE_REGELS: usize = 10;

/// Bytes of so few lines in XML, envelope and headers included.
pub(super) const INLINE_BULK_XML_BYTES: usize = 4 * 1024;

/// What bulk threads get of the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Voorrang {
    /// What nothing else in its group of the scheduler wants (`SCHED_IDLE`): a thread that serves single
    /// questions goes first at once, and does not wait for the end of a time slice. A service, a container
    /// and a session are such groups; beside programs of the same one that are always busy, next to nothing.
    Laatst,
    /// A tenth of what another thread gets while both are busy (nice 10).
    Laag,
}

/// The threads, and who waits for one.
pub struct Bulk {
    shared: Arc<Shared>,
    threads: usize,
    voorrang: Voorrang,
}

/// The work was not done: it failed by a defect of ours, or the node stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotDone;

type Work = Box<dyn FnOnce() + Send>;

struct Shared {
    state: Mutex<State>,
    more: Condvar,
}

struct State {
    /// By afnemer; all that are none count as one.
    beurten: Beurten<Option<Oin>, Work>,
    started: usize,
    idle: usize,
    stopped: bool,
}

impl Bulk {
    /// With at most so many threads, two at least, so that one afnemer, which gets half of them,
    /// never has all. A thread is started when there is work for it.
    #[must_use]
    pub fn new(threads: usize, voorrang: Voorrang) -> Self {
        let threads = threads.max(2);
        let state = State {
            beurten: Beurten::new(threads / 2),
            started: 0,
            idle: 0,
            stopped: false,
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                more: Condvar::new(),
            }),
            threads,
            voorrang,
        }
    }

    /// Does this on one of the threads, when it is the afnemer's turn. Whoever stops waiting for
    /// it before it has begun has it not done at all.
    ///
    /// # Errors
    /// [`NotDone`].
    pub(super) async fn run<T: Send + 'static>(
        &self,
        afnemer: Option<Oin>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        let (done, outcome) = oneshot::channel();
        let present = Present::new();
        let work = move || {
            let _present = present;
            if !done.is_closed() {
                // Nobody may be there any more to take it.
                drop(done.send(work()));
            }
        };
        self.put(afnemer, Box::new(work))?;
        outcome.await.map_err(|_| NotDone)
    }

    fn put(&self, afnemer: Option<Oin>, work: Work) -> Result<(), NotDone> {
        let mut state = self.shared.state();
        state.beurten.push(afnemer, work);
        if state.idle == 0 && state.started < self.threads {
            match self.start(state.started) {
                Ok(()) => state.started += 1,
                // Those that are there do it.
                Err(error) if state.started > 0 => {
                    tracing::error!(%error, "another thread for bulk messages cannot be started");
                }
                Err(error) => {
                    tracing::error!(%error, "no thread for bulk messages can be started");
                    return Err(NotDone);
                }
            }
        }
        drop(state);
        self.shared.more.notify_one();
        Ok(())
    }

    fn start(&self, nth: usize) -> std::io::Result<()> {
        let (shared, voorrang) = (Arc::clone(&self.shared), self.voorrang);
        thread::Builder::new()
            .name(format!("bulk-{nth}"))
            .spawn(move || {
                step_back(voorrang);
                shared.work();
            })
            .map(drop)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Work runs outside it, and the rest cannot fail halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some((of, work)) = self.next() {
            // A panic ends the one answer: its caller finds that nothing came.
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            if done.is_err() {
                tracing::error!("the answer to a bulk message failed by a defect");
            }
            self.state().beurten.done(&of);
            self.more.notify_one();
        }
    }

    fn next(&self) -> Option<(Option<Oin>, Work)> {
        let mut state = self.state();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(next) = state.beurten.next() {
                return Some(next);
            }
            state.idle += 1;
            state = self
                .more
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

/// Ends the threads once they have done what they do.
impl Drop for Bulk {
    fn drop(&mut self) {
        self.shared.state().stopped = true;
        self.shared.more.notify_all();
    }
}

/// For a gateway without settings, in a process that does other things as well.
impl Default for Bulk {
    fn default() -> Self {
        Self::new(2, Voorrang::Laag)
    }
}

impl fmt::Debug for Bulk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulk")
            .field("threads", &self.threads)
            .field("voorrang", &self.voorrang)
            .finish_non_exhaustive()
    }
}

/// Gives way to the other threads.
fn step_back(voorrang: Voorrang) {
    /// Weighs a tenth of the usual 0 in Linux's scheduler.
    const NICE: i32 = 10;
    let done = match voorrang {
        Voorrang::Laatst => {
            let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
            set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
                .map_err(|error| format!("{error:?}"))
        }
        // Linux has a nice value for each thread; without a process it is this one's.
        Voorrang::Laag => {
            rustix::process::setpriority_process(None, NICE).map_err(|error| error.to_string())
        }
    };
    if let Err(error) = done {
        tracing::warn!(
            error,
            "the system does not let bulk messages have a lower priority: they may slow down single questions"
        );
    }
}

/// A bulk message that is answered or waits for it.
struct Present(::metrics::Gauge);

impl Present {
    fn new() -> Self {
        let gauge = ::metrics::gauge!(names::BULK_WACHTEND);
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

#[cfg(test)]
mod tests;
