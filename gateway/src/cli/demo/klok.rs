//! A clock that can be set, for the demo alone: so that what is withdrawn tomorrow can be tried today.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use crate::{
    clock::{Clock, SystemClock},
    domain::Tijdstip,
};

/// Later the list of revoked certificates of the demo would be too old (`certs_dev::CRL_VALID_DAYS`).
const MAX_AHEAD_DAYS: i64 = 28;

/// The machine's clock, set ahead.
#[derive(Debug, Default)]
pub(super) struct Klok {
    ahead_ms: AtomicI64,
}

impl Klok {
    /// From now on it is this moment.
    ///
    /// # Errors
    /// A sentence for who asked, when it lies before now or too far ahead.
    pub(super) fn set(&self, moment: Tijdstip) -> Result<(), String> {
        let ahead = moment.as_millis() - SystemClock.now().as_millis();
        // Half a minute back is who reads the time, types it over and sends it.
        if !(-30_000..=MAX_AHEAD_DAYS * 24 * 3_600_000).contains(&ahead) {
            return Err(format!(
                "kies een tijdstip van nu tot en met {MAX_AHEAD_DAYS} dagen vooruit"
            ));
        }
        self.ahead_ms.store(ahead.max(0), Ordering::Relaxed);
        Ok(())
    }

    /// By how much it is ahead, in seconds.
    pub(super) fn ahead_s(&self) -> i64 {
        self.ahead_ms.load(Ordering::Relaxed) / 1000
    }
}

impl Clock for Klok {
    fn now(&self) -> Tijdstip {
        let now = SystemClock.now();
        let ahead = self.ahead_ms.load(Ordering::Relaxed);
        Tijdstip::from_millis(now.as_millis() + ahead).unwrap_or(now)
    }

    fn running(&self) -> Duration {
        SystemClock.running()
    }
}
