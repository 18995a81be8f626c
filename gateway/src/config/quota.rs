//! `[quota]`: what an afnemer may ask of this node, where toegang does not say otherwise.

use std::num::NonZeroU32;

use serde::Deserialize;

use crate::access::{MIN_BULKREGELS, Quota};

/// `[quota]`; the reasons stand in the default file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "each is explained in config/default.toml")]
pub struct QuotaConfig {
    pub verzoeken_per_seconde: u32,
    pub burst: u32,
    pub gelijktijdig: u32,
    pub bulkregels_per_minuut: u32,
    pub alarm_leerbedrijven_per_dag: u32,
}

impl QuotaConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        let at_least = [
            ("verzoekenPerSeconde", self.verzoeken_per_seconde, 1),
            ("burst", self.burst, 1),
            ("gelijktijdig", self.gelijktijdig, 1),
            (
                "bulkregelsPerMinuut",
                self.bulkregels_per_minuut,
                MIN_BULKREGELS,
            ),
            (
                "alarmLeerbedrijvenPerDag",
                self.alarm_leerbedrijven_per_dag,
                1,
            ),
        ];
        match at_least.iter().find(|(_, value, least)| value < least) {
            Some((name, value, least)) => Err(format!(
                "quota.{name} is {value}; it must be at least {least}"
            )),
            None => Ok(()),
        }
    }

    /// As toegang takes it.
    #[must_use]
    pub fn quota(&self) -> Quota {
        let at_least_1 = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        Quota {
            verzoeken_per_seconde: at_least_1(self.verzoeken_per_seconde),
            burst: at_least_1(self.burst),
            gelijktijdig: at_least_1(self.gelijktijdig),
            bulkregels_per_minuut: at_least_1(self.bulkregels_per_minuut),
        }
    }
}
