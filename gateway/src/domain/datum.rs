//! Dates and moments. A date is a day in Europe/Amsterdam; a moment is UTC (domain rule 4, §3).

use std::fmt;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not a [`Datum`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatum {
    /// Not a calendar date of the form yyyy-mm-dd (signaalcode 120).
    #[error("datum moet een bestaande dag zijn in de vorm jjjj-mm-dd")]
    Form,
    /// Before 1900 or after 2199 (signaalcode 121).
    #[error("datum moet tussen 1900-01-01 en 2199-12-31 liggen")]
    Range,
}

/// A calendar day, 1900-01-01 to 2199-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Datum(Date);

impl Datum {
    /// Reads `yyyy-mm-dd`, RFC 3339. An `xsd:date` may have a zone behind it (`2026-11-22Z`,
    /// `2026-11-22+01:00`), which real SOAP stacks send and which says nothing about a day.
    ///
    /// # Errors
    /// [`InvalidDatum`] for another form, an impossible day, or a year out of range.
    pub fn parse(text: &str) -> Result<Self, InvalidDatum> {
        let text = text.trim();
        let (date, zone) = text.split_at_checked(10).ok_or(InvalidDatum::Form)?;
        if !is_zone(zone) {
            return Err(InvalidDatum::Form);
        }
        let bytes = date.as_bytes();
        let digit = |i: usize| {
            bytes[i]
                .is_ascii_digit()
                .then(|| i16::from(bytes[i] - b'0'))
        };
        let number =
            |from: usize, to: usize| (from..to).try_fold(0_i16, |n, i| Some(n * 10 + digit(i)?));
        if bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(InvalidDatum::Form);
        }
        let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 7), number(8, 10))
        else {
            return Err(InvalidDatum::Form);
        };
        let small = |n: i16| i8::try_from(n).map_err(|_| InvalidDatum::Form);
        let date = Date::new(year, small(month)?, small(day)?).map_err(|_| InvalidDatum::Form)?;
        Self::from_date(date)
    }

    /// The day, if its year is in range.
    ///
    /// # Errors
    /// [`InvalidDatum::Range`].
    pub fn from_date(date: Date) -> Result<Self, InvalidDatum> {
        if (1900..=2199).contains(&date.year()) {
            Ok(Self(date))
        } else {
            Err(InvalidDatum::Range)
        }
    }

    /// The day as the calendar library's value.
    #[must_use]
    pub fn as_date(self) -> Date {
        self.0
    }

    /// The day `days` later (earlier when negative), kept within range.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        let span = jiff::Span::new().days(days);
        let date = self.0.saturating_add(span);
        Self::from_date(date).unwrap_or(self)
    }

    /// Whole days from `earlier` to this day; negative when it lies before.
    #[must_use]
    pub fn days_after(self, earlier: Self) -> i32 {
        self.days() - earlier.days()
    }

    /// Whole days from 1970-01-01 to this day; negative before it.
    #[must_use]
    pub fn days(self) -> i32 {
        const EPOCH: Date = Date::constant(1970, 1, 1);
        self.0
            .duration_since(EPOCH)
            .as_hours()
            .try_into()
            .map_or(0, |h: i32| h / 24)
    }

    fn from_days_since_epoch(days: i32) -> Result<Self, InvalidDatum> {
        const EPOCH: Date = Date::constant(1970, 1, 1);
        let date = EPOCH
            .checked_add(SignedDuration::from_hours(i64::from(days) * 24))
            .map_err(|_| InvalidDatum::Range)?;
        Self::from_date(date)
    }
}

/// An empty zone, `Z`, or an offset of at most 14 hours, as XML Schema has them.
fn is_zone(zone: &str) -> bool {
    match zone.as_bytes() {
        [] | [b'Z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let digits = [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit());
            let minutes = || {
                let n = |b: &u8| u32::from(*b - b'0');
                let (hours, minutes) = (n(h1) * 10 + n(h2), n(m1) * 10 + n(m2));
                (minutes < 60).then_some(hours * 60 + minutes)
            };
            digits && minutes().is_some_and(|m| m <= 14 * 60)
        }
        _ => false,
    }
}

impl Datum {
    /// The ten characters, digit by digit: an answer of a page of hits has hundreds of days.
    fn digits(self) -> [u8; 10] {
        let (year, month, day) = (self.0.year(), self.0.month(), self.0.day());
        let mut text = *b"0000-00-00";
        // Years are from 1900 to 2199.
        put(&mut text[0..4], u32::from(year.unsigned_abs()));
        put(&mut text[5..7], u32::from(month.unsigned_abs()));
        put(&mut text[8..10], u32::from(day.unsigned_abs()));
        text
    }
}

/// Writes a number over its whole place, with zeros in front.
fn put(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digits are text, so the fallback is never taken.
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl Serialize for Datum {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() {
            s.collect_str(self)
        } else {
            s.serialize_i32(self.days())
        }
    }
}

impl<'de> Deserialize<'de> for Datum {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
            Self::parse(&text).map_err(de::Error::custom)
        } else {
            let days = i32::deserialize(d)?;
            Self::from_days_since_epoch(days).map_err(de::Error::custom)
        }
    }
}

/// A moment in UTC, kept to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tijdstip(Timestamp);

impl Tijdstip {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(Timestamp::UNIX_EPOCH);

    /// Reads an RFC 3339 date-time with any offset.
    ///
    /// # Errors
    /// [`InvalidDatum::Form`] when the text is something else.
    pub fn parse(text: &str) -> Result<Self, InvalidDatum> {
        let moment: Timestamp = text.trim().parse().map_err(|_| InvalidDatum::Form)?;
        Self::from_millis(moment.as_millisecond()).ok_or(InvalidDatum::Range)
    }

    /// The moment so many milliseconds after 1970-01-01T00:00:00Z, if it can be expressed.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        Timestamp::from_millisecond(millis).ok().map(Self)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// The day it is in the Netherlands at this moment (domain rule 4).
    ///
    /// # Errors
    /// [`InvalidDatum::Range`] for a moment outside the years a [`Datum`] can hold.
    pub fn datum(self) -> Result<Datum, InvalidDatum> {
        Datum::from_date(self.0.to_zoned(amsterdam()).date())
    }

    /// This long before; the first moment that there is when that would lie before it.
    #[must_use]
    pub fn earlier_by(self, duration: std::time::Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.as_millis().saturating_sub(millis)).unwrap_or(Self(Timestamp::MIN))
    }

    /// This long after; the last moment that there is when that would lie behind it.
    #[must_use]
    pub fn later_by(self, duration: std::time::Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.as_millis().saturating_add(millis)).unwrap_or(Self(Timestamp::MAX))
    }

    /// Whole seconds from `earlier` to this moment; 0 when it is not earlier.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> u64 {
        let millis = self.as_millis().saturating_sub(earlier.as_millis());
        u64::try_from(millis / 1000).unwrap_or(0)
    }
}

fn amsterdam() -> TimeZone {
    static ZONE: std::sync::LazyLock<TimeZone> = std::sync::LazyLock::new(|| {
        // The zone table is compiled in, so the fallback is never taken.
        TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC)
    });
    ZONE.clone()
}

impl fmt::Display for Tijdstip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = TimeZone::UTC.to_datetime(self.0);
        let Ok(datum) = Datum::from_date(at.date()) else {
            return self.0.fmt(f);
        };
        if at.subsec_nanosecond() != 0 {
            return self.0.fmt(f);
        }
        // Whole seconds, as most are, digit by digit.
        let mut text = *b"0000-00-00T00:00:00Z";
        text[..10].copy_from_slice(&datum.digits());
        for (place, number) in [(11, at.hour()), (14, at.minute()), (17, at.second())] {
            put(
                &mut text[place..place + 2],
                u32::from(number.unsigned_abs()),
            );
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl Serialize for Tijdstip {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() {
            s.collect_str(self)
        } else {
            s.serialize_i64(self.as_millis())
        }
    }
}

impl<'de> Deserialize<'de> for Tijdstip {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
            Self::parse(&text).map_err(de::Error::custom)
        } else {
            let millis = i64::deserialize(d)?;
            Self::from_millis(millis).ok_or_else(|| de::Error::custom("out of range"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn datum_takes_a_zone_and_refuses_impossible_days() {
        for text in [
            "2026-11-22",
            " 2026-11-22 ",
            "2026-11-22Z",
            "2026-11-22+01:00",
            "2026-11-22-14:00",
        ] {
            assert_eq!(
                Datum::parse(text).unwrap().to_string(),
                "2026-11-22",
                "{text}"
            );
        }
        for wrong in [
            "",
            "2026",
            "2026-02-30",
            "22-11-2026",
            "2026-11-22T00:00:00",
            "2026-11-22+15:00",
            "2026-11-22+14:30",
            "2026-1-1",
            "20261122",
            "2026-11-2２",
            "+026-11-22",
        ] {
            assert_eq!(Datum::parse(wrong), Err(InvalidDatum::Form), "{wrong}");
        }
        assert_eq!(Datum::parse("0026-11-22"), Err(InvalidDatum::Range));
        assert_eq!(Datum::parse("2200-01-01"), Err(InvalidDatum::Range));
    }

    #[test]
    fn today_is_the_day_in_amsterdam() {
        let day = |text: &str| Tijdstip::parse(text).unwrap().datum().unwrap().to_string();
        assert_eq!(day("2026-07-01T22:30:00Z"), "2026-07-02");
        assert_eq!(day("2026-12-01T22:30:00Z"), "2026-12-01");
        assert_eq!(day("2026-12-01T23:30:00Z"), "2026-12-02");
    }

    proptest! {
        #[test]
        fn a_moment_prints_as_the_library_has_it(millis in -3_000_000_000_000_i64..8_000_000_000_000) {
            for millis in [millis, millis / 1000 * 1000] {
                let moment = Tijdstip::from_millis(millis).unwrap();
                prop_assert_eq!(moment.to_string(), moment.0.to_string());
            }
        }

        #[test]
        fn datum_survives_text_and_blob(days in -25_000_i32..84_000) {
            let datum = Datum::from_days_since_epoch(days).unwrap();
            prop_assert_eq!(Datum::parse(&datum.to_string()), Ok(datum));
            let blob = postcard::to_stdvec(&datum).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Datum>(&blob).unwrap(), datum);
        }
    }
}
