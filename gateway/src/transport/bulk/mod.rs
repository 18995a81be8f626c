//! Where bulk messages are read and answered: beside the threads that serve everybody, on a few of
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

/// What bulk threads get of the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Voorrang {
    /// What the rest leaves (`SCHED_IDLE`): a thread that serves single questions goes first at
    /// once, and does not wait for the end of a time slice.
    Laag,
    /// As much as any other thread.
    #[default]
    Gewoon,
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
                if voorrang == Voorrang::Laag {
                    step_back();
                }
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

impl Default for Bulk {
    fn default() -> Self {
        Self::new(2, Voorrang::default())
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

/// Gives way to every thread that has not done so.
fn step_back() {
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let done = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
    if let Err(error) = done {
        tracing::warn!(
            ?error,
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
