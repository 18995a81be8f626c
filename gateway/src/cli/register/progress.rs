//! How far it is: a bar on a terminal, a plain line every few seconds elsewhere.

use std::{
    io::{IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{clock::Clock, domain::Tijdstip};

/// Between two plain lines, in seconds: often enough to see that it lives, in a log not a nuisance.
const PLAIN_EVERY_S: u64 = 5;

/// What shows the progress.
pub(super) struct Shown<'a> {
    read: Arc<AtomicU64>,
    length: Option<u64>,
    bar: Option<ProgressBar>,
    clock: &'a dyn Clock,
    last: Tijdstip,
}

impl<'a> Shown<'a> {
    pub(super) fn new(read: Arc<AtomicU64>, length: Option<u64>, clock: &'a dyn Clock) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(length));
        Self {
            read,
            length,
            bar,
            clock,
            last: clock.now(),
        }
    }

    /// Shows the bytes read, and what came of them.
    pub(super) fn show(&mut self, message: String) {
        let read = self.read.load(Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.set_position(read);
            bar.set_message(message);
            return;
        }
        let now = self.clock.now();
        if now.seconds_since(self.last) < PLAIN_EVERY_S {
            return;
        }
        self.last = now;
        let share = match self.length {
            Some(length) if length > 0 => format!("{} %, ", read.saturating_mul(100) / length),
            _ => String::new(),
        };
        // Nothing is lost when standard error is gone.
        drop(writeln!(std::io::stderr().lock(), "{share}{message}"));
    }
}

/// The bar goes away before the report is printed.
impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (
            ProgressBar::new(length),
            "{wide_bar} {percent} % {msg} {eta}",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} {msg}"),
    };
    // A template that does not parse would leave the default style.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
