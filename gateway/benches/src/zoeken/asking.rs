//! Who asks the recorded questions of one class, and what a round of it came to.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    process::Measured,
    request::{Round, Start},
};

/// Kept-alive connections that ask at once, so that the server's core never waits for them.
pub(crate) const CONNECTIONS: usize = 4;

/// A connection that puts the question with this number and reads the whole answer.
pub(crate) trait Asker: Send {
    fn ask(&mut self, nth: usize) -> io::Result<()>;

    /// Makes ready to be timed; it may have been silent for long.
    fn wake(&mut self) -> io::Result<()>;
}

/// Asks all questions, over and over, for about so long.
pub(crate) fn round(
    server: &impl Measured,
    askers: &mut [impl Asker],
    questions: &[usize],
    least: Duration,
) -> io::Result<Round> {
    askers.iter_mut().try_for_each(Asker::wake)?;
    let start = Start::now(server)?;
    let begin = Instant::now();
    let mut asked = 0;
    while asked == 0 || begin.elapsed() < least {
        pass(askers, questions)?;
        asked += questions.len();
    }
    start.round(server, asked)
}

/// Each question once, by whichever connection is free.
pub(crate) fn pass(askers: &mut [impl Asker], questions: &[usize]) -> io::Result<()> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let threads: Vec<_> = askers
            .iter_mut()
            .map(|asker| {
                scope.spawn(|| {
                    while let Some(nth) = questions.get(next.fetch_add(1, Ordering::Relaxed)) {
                        asker.ask(*nth)?;
                    }
                    Ok(())
                })
            })
            .collect();
        let ended = threads.into_iter().map(|thread| {
            let outcome: io::Result<()> = thread
                .join()
                .map_err(|_| io::Error::other("a connection failed"))?;
            outcome
        });
        ended.collect()
    })
}

/// How long each question waits for its answer when nobody else asks.
pub(crate) fn waits(
    asker: &mut impl Asker,
    questions: &[usize],
    least: Duration,
) -> io::Result<Waits> {
    asker.wake()?;
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.is_empty() || begin.elapsed() < least {
        for nth in questions {
            let asked = Instant::now();
            asker.ask(*nth)?;
            times.push(asked.elapsed());
        }
    }
    Ok(Waits::of(times))
}

/// Times from the shortest to the longest.
pub(crate) struct Waits(Vec<Duration>);

impl Waits {
    /// Of at least one.
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let at = (self.0.len() * percent / 100).min(self.0.len() - 1);
        self.0[at]
    }

    /// Median and 99th percentile, in milliseconds.
    pub(crate) fn show(&self) -> String {
        let ms = |percent| self.percentile(percent).as_secs_f64() * 1e3;
        format!("{:.2} and {:.2} ms", ms(50), ms(99))
    }
}
