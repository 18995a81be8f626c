//! The only place that asks what time it is; everything else is told (design invariant 10).

use crate::domain::Tijdstip;

/// A source of the present moment.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Tijdstip;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    fn now(&self) -> Tijdstip {
        Tijdstip::from_millis(jiff::Timestamp::now().as_millisecond()).unwrap_or(Tijdstip::EPOCH)
    }
}
