//! When to look again. No clock and no chance of its own.

use std::time::Duration;

/// The wait after a first failure; it doubles with every next one, up to the interval.
const FIRST_RETRY: Duration = Duration::from_secs(60);

/// Longest wait before the first round of a node.
const FIRST_ROUND: Duration = Duration::from_secs(30);

/// Rounds of one node.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    interval: Duration,
    failures: u32,
}

impl Schedule {
    /// So often while all goes well.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            failures: 0,
        }
    }

    /// The wait before the first round. `chance` is 0 to 1: nodes that start together do not ask
    /// together.
    #[must_use]
    pub fn first(&self, chance: f64) -> Duration {
        FIRST_ROUND.min(self.interval / 10).mul_f64(chance)
    }

    /// The wait after a round: the interval, or less after a failure, give or take a tenth.
    pub fn after(&mut self, failed: bool, chance: f64) -> Duration {
        self.failures = if failed {
            self.failures.saturating_add(1)
        } else {
            0
        };
        let wait = match self.failures {
            0 => self.interval,
            failures => {
                let doubled = FIRST_RETRY.saturating_mul(1 << (failures - 1).min(20));
                doubled.min(self.interval)
            }
        };
        wait.mul_f64(0.9 + 0.2 * chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_and_longer_up_to_the_interval() {
        let mut schedule = Schedule::new(Duration::from_secs(3_600));
        assert_eq!(schedule.first(1.0), Duration::from_secs(30));
        assert_eq!(schedule.first(0.0), Duration::ZERO);
        assert_eq!(schedule.after(false, 0.5), Duration::from_secs(3_600));
        let waits: Vec<u64> = (0..8)
            .map(|_| schedule.after(true, 0.5).as_secs())
            .collect();
        assert_eq!(waits, [60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(schedule.after(false, 0.0), Duration::from_secs(3_240));
        assert_eq!(schedule.after(true, 1.0), Duration::from_secs(66));
        let mut often = Schedule::new(Duration::from_secs(10));
        assert_eq!(often.after(true, 0.5), Duration::from_secs(10));
    }
}
