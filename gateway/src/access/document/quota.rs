//! The quota of one afnemer in a document.

use std::num::NonZeroU32;

use toml::Spanned;

use super::{RawQuota, check::Check};
use crate::access::{EigenQuota, quota::MIN_BULKREGELS};

impl Check<'_> {
    /// What differs for this afnemer; what is wrong in it is told and left out.
    pub(super) fn quota(&mut self, raw: Option<&RawQuota>, at: &str) -> EigenQuota {
        let Some(raw) = raw else {
            return EigenQuota::default();
        };
        let mut number = |value: &Option<Spanned<i64>>, key: &str, least: u32| {
            self.at_least(value.as_ref()?, &format!("{at}.quota.{key}"), least)
        };
        EigenQuota {
            verzoeken_per_seconde: number(&raw.verzoeken_per_seconde, "verzoekenPerSeconde", 1),
            burst: number(&raw.burst, "burst", 1),
            gelijktijdig: number(&raw.gelijktijdig, "gelijktijdig", 1),
            bulkregels_per_minuut: number(
                &raw.bulkregels_per_minuut,
                "bulkregelsPerMinuut",
                MIN_BULKREGELS,
            ),
        }
    }

    fn at_least(&mut self, value: &Spanned<i64>, at: &str, least: u32) -> Option<NonZeroU32> {
        let number = u32::try_from(*value.get_ref()).ok();
        let found = number.filter(|number| *number >= least);
        if found.is_none() {
            let why = match least {
                MIN_BULKREGELS => ", since one message may have so many lines",
                _ => "",
            };
            self.problem(
                &value.span(),
                at,
                format!(
                    "{} is not right; it should be from {least} to {}{why}",
                    value.get_ref(),
                    u32::MAX
                ),
            );
        }
        found.and_then(NonZeroU32::new)
    }
}
