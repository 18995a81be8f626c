//! How shipping goes, for readiness and metrics.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use arc_swap::ArcSwapOption;

use crate::domain::Tijdstip;

/// What the loop that ships tells.
#[derive(Debug, Default)]
pub struct Verzendstand {
    verzonden: AtomicU64,
    gelukt_ms: AtomicI64,
    achter_ms: AtomicI64,
    afwijking: ArcSwapOption<String>,
}

/// How shipping goes, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verzendtoestand {
    /// Blocks that the database does not have yet.
    pub achterstand: u64,
    /// For how long there have been any.
    pub achterstand_s: u64,
    /// When all that there was had come.
    pub gelukt_op: Option<Tijdstip>,
    /// In what way the journal is not what had come of it.
    pub afwijking: Option<String>,
}

impl Verzendstand {
    /// All blocks up to this number have come.
    pub fn verzonden(&self, blok: u64, now: Tijdstip) {
        self.verzonden.store(blok, Relaxed);
        // What is behind it may have waited since the last time that nothing did.
        self.achter_ms.store(now.as_millis(), Relaxed);
    }

    /// Nothing waits.
    pub fn bij(&self, now: Tijdstip) {
        self.gelukt_ms.store(now.as_millis(), Relaxed);
        self.achter_ms.store(now.as_millis(), Relaxed);
    }

    /// In what way the journal is not what had come of it, if in any.
    pub fn set_afwijking(&self, afwijking: Option<&str>) {
        let same = self.afwijking.load().as_deref().map(String::as_str) == afwijking;
        if !same {
            self.afwijking
                .store(afwijking.map(|text| text.to_owned().into()));
        }
    }

    /// With this block as the last of the journal.
    pub(super) fn toestand(&self, laatste: u64, now: Tijdstip) -> Verzendtoestand {
        let moment = |cell: &AtomicI64| {
            let ms = cell.load(Relaxed);
            Tijdstip::from_millis(ms).filter(|_| ms > 0)
        };
        let achterstand = laatste.saturating_sub(self.verzonden.load(Relaxed));
        let since = moment(&self.achter_ms).filter(|_| achterstand > 0);
        Verzendtoestand {
            achterstand,
            achterstand_s: since.map_or(0, |since| now.seconds_since(since)),
            gelukt_op: moment(&self.gelukt_ms),
            afwijking: self.afwijking.load().as_deref().cloned(),
        }
    }
}
