//! The only place that asks what time it is; everything else is told (design invariant 10).

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use crate::domain::Tijdstip;

/// A source of the present moment.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Tijdstip;

    /// Time since a moment in the past that stays the same while the program runs. It goes on
    /// evenly when somebody sets the machine's clock, so that a quota neither stops nor starts
    /// anew; a clock that a test sets goes by its own moment.
    fn running(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now().as_millis()).unwrap_or(0))
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    fn now(&self) -> Tijdstip {
        Tijdstip::from_millis(jiff::Timestamp::now().as_millisecond()).unwrap_or(Tijdstip::EPOCH)
    }

    fn running(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// A pause, give or take a quarter, so that nodes that started together do not ask together. `chance`
/// is 0 to 1.
#[must_use]
pub fn jittered(pause: Duration, chance: f64) -> Duration {
    pause.mul_f64(0.75 + 0.5 * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_differs_by_at_most_a_quarter() {
        let pause = Duration::from_millis(200);
        let found = [0.0, 0.5, 1.0, 7.0].map(|chance| jittered(pause, chance).as_millis());
        assert_eq!(found, [150, 200, 250, 250]);
    }
}
