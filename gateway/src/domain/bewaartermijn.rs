//! How long the register keeps a bpvo that has ended (design invariant 12).

use std::fmt;

use super::Datum;

/// Whole days that a bpvo stays after its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bewaartermijn {
    dagen: u16,
}

impl Bewaartermijn {
    /// Some more than a year. What ended since the last school year can still be asked for and
    /// compared, and an end that is registered a year late is still told.
    pub const DEFAULT: Self = Self { dagen: 400 };

    /// A month: a school corrects the last day of a bpvo after it.
    const MIN_DAGEN: u16 = 30;

    /// Ten years: what stays longer is kept for nobody.
    const MAX_DAGEN: u16 = 3_650;

    /// Reads a duration of whole days, such as `9600h`.
    ///
    /// # Errors
    /// A sentence that says what would be right, when it is none, or not from 30 days to ten years.
    pub fn parse(text: &str) -> Result<Self, String> {
        const HOURS: i64 = 24;
        let duration: Option<jiff::SignedDuration> = text.parse().ok();
        let whole = duration.filter(|d| *d == jiff::SignedDuration::from_hours(d.as_hours()));
        whole
            .filter(|d| d.as_hours() % HOURS == 0)
            .and_then(|d| u16::try_from(d.as_hours() / HOURS).ok())
            .filter(|dagen| (Self::MIN_DAGEN..=Self::MAX_DAGEN).contains(dagen))
            .map(|dagen| Self { dagen })
            .ok_or_else(|| {
                let hours = |dagen| i64::from(dagen) * HOURS;
                format!(
                    "\"{text}\" must be whole days in hours, from \"{}h\" ({} days) to \"{}h\" (ten years)",
                    hours(Self::MIN_DAGEN),
                    Self::MIN_DAGEN,
                    hours(Self::MAX_DAGEN)
                )
            })
    }

    /// How many days.
    #[must_use]
    pub fn dagen(self) -> u16 {
        self.dagen
    }

    /// The first last day that is still kept on this day: a bpvo that ended before it leaves.
    #[must_use]
    pub fn grens(self, vandaag: Datum) -> Datum {
        vandaag.plus_days(-i32::from(self.dagen))
    }
}

impl Default for Bewaartermijn {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// As it is read.
impl fmt::Display for Bewaartermijn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}h", u32::from(self.dagen) * 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_within_the_range_are_read_and_written_the_same() {
        for text in ["720h", "9600h", "87600h"] {
            assert_eq!(Bewaartermijn::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Bewaartermijn::DEFAULT.to_string(), "9600h");
        for text in [
            "",
            "0h",
            "9600",
            "9600u",
            "-9600h",
            "9601h",
            "9600h 1s",
            "719h",
            "696h",
            "87624h",
            "nooit",
            "99999999999h",
        ] {
            let told = Bewaartermijn::parse(text).unwrap_err();
            assert!(told.contains("\"720h\" (30 days) to \"87600h\""), "{told}");
        }
    }

    #[test]
    fn the_last_day_that_is_kept_is_so_many_days_ago() {
        let grens = |vandaag: &str| {
            let vandaag = Datum::parse(vandaag).unwrap();
            Bewaartermijn::parse("720h")
                .unwrap()
                .grens(vandaag)
                .to_string()
        };
        assert_eq!(grens("2026-11-30"), "2026-10-31");
        // Days and not hours: the clock that is put back makes no difference.
        assert_eq!(grens("2026-11-24"), "2026-10-25");
        assert_eq!(grens("2024-03-01"), "2024-01-31");
    }
}
