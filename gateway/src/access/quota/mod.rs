//! How much an afnemer may ask of this node: requests a second with a burst, requests at once,
//! and lines of bulk messages a minute.
//!
//! Every node counts by itself. Nodes would have to agree before each answer to share one count,
//! and a quota is there to protect a node and its other callers, not to be exact over all of them.
//! What is kept is a few counters for each afnemer of toegang, so that nobody else can fill memory.

mod meter;

use std::{collections::HashMap, fmt, num::NonZeroU32, sync::Arc};

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};

use super::{Afnemer, Toegang};
use crate::{clock::Clock, domain::Oin};
use meter::Meter;
pub use meter::{Koppen, Overschrijding, QuotaSoort, Toelating};

/// Lines that one bulk message may have (domain §2): a quota below it would refuse such a message
/// for ever.
pub const MIN_BULKREGELS: u32 = 10_000;

/// What an afnemer may ask of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests a second, in the long run.
    pub verzoeken_per_seconde: NonZeroU32,
    /// Requests that may come at once after a pause.
    pub burst: NonZeroU32,
    /// Requests that are read or answered at the same time.
    pub gelijktijdig: NonZeroU32,
    /// Lines of bulk messages a minute, which may come at once; at least those of one message.
    pub bulkregels_per_minuut: NonZeroU32,
}

/// The node's own, with its reasons in `config/default.toml`.
impl Default for Quota {
    fn default() -> Self {
        let number = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self {
            verzoeken_per_seconde: number(200),
            burst: number(1_000),
            gelijktijdig: number(32),
            bulkregels_per_minuut: number(300_000),
        }
    }
}

/// What differs from the node's own [`Quota`] for one afnemer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EigenQuota {
    /// See [`Quota::verzoeken_per_seconde`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verzoeken_per_seconde: Option<NonZeroU32>,
    /// See [`Quota::burst`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<NonZeroU32>,
    /// See [`Quota::gelijktijdig`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gelijktijdig: Option<NonZeroU32>,
    /// See [`Quota::bulkregels_per_minuut`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulkregels_per_minuut: Option<NonZeroU32>,
}

impl EigenQuota {
    /// What holds where a node has this quota for everybody.
    #[must_use]
    pub fn over(self, standaard: Quota) -> Quota {
        let Quota {
            verzoeken_per_seconde,
            burst,
            gelijktijdig,
            bulkregels_per_minuut,
        } = standaard;
        Quota {
            verzoeken_per_seconde: self.verzoeken_per_seconde.unwrap_or(verzoeken_per_seconde),
            burst: self.burst.unwrap_or(burst),
            gelijktijdig: self.gelijktijdig.unwrap_or(gelijktijdig),
            bulkregels_per_minuut: self.bulkregels_per_minuut.unwrap_or(bulkregels_per_minuut),
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What differs, by the key of the document.
    #[must_use]
    pub fn values(&self) -> [(&'static str, Option<NonZeroU32>); 4] {
        [
            ("verzoekenPerSeconde", self.verzoeken_per_seconde),
            ("burst", self.burst),
            ("gelijktijdig", self.gelijktijdig),
            ("bulkregelsPerMinuut", self.bulkregels_per_minuut),
        ]
    }
}

/// The counters of this node.
pub(super) struct Quotas {
    standaard: Quota,
    clock: Arc<dyn Clock>,
    /// Of afnemers of toegang alone.
    meters: ArcSwap<HashMap<Oin, Arc<Meter>>>,
    /// Of all together whose certificate is trusted and who are no afnemer: they are refused in any
    /// case, and this says how often it is looked at why.
    onbekenden: Arc<Meter>,
}

impl Quotas {
    pub(super) fn new(standaard: Quota, clock: Arc<dyn Clock>) -> Self {
        let onbekenden = Meter::new(None, standaard, &clock, None);
        Self {
            standaard,
            clock,
            meters: ArcSwap::default(),
            onbekenden: Arc::new(onbekenden),
        }
    }

    /// The counters of this afnemer, with the quota that it has in `toegang` now.
    pub(super) fn of(&self, afnemer: &Afnemer, toegang: &ArcSwap<Toegang>) -> Arc<Meter> {
        let quota = afnemer.quota.over(self.standaard);
        if let Some(meter) = self.meters.load().get(&afnemer.oin)
            && meter.quota() == quota
        {
            return Arc::clone(meter);
        }
        let toegang = toegang.load();
        self.meters.rcu(|old| {
            let old_meter = old.get(&afnemer.oin).map(AsRef::as_ref);
            let meter = Meter::new(Some(&afnemer.naam), quota, &self.clock, old_meter);
            let mut meters: HashMap<_, _> = old
                .iter()
                .filter(|(oin, _)| toegang.afnemers.contains_key(*oin))
                .map(|(oin, meter)| (*oin, Arc::clone(meter)))
                .collect();
            meters.insert(afnemer.oin, Arc::new(meter));
            meters
        });
        match self.meters.load().get(&afnemer.oin) {
            Some(meter) => Arc::clone(meter),
            // Another request has just dropped it, since the afnemer is gone from toegang.
            None => Arc::new(Meter::new(Some(&afnemer.naam), quota, &self.clock, None)),
        }
    }

    pub(super) fn of_unknown(&self) -> Arc<Meter> {
        Arc::clone(&self.onbekenden)
    }
}

impl fmt::Debug for Quotas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { standaard, .. } = self;
        f.debug_struct("Quotas")
            .field("standaard", standaard)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
