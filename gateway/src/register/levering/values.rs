//! Single values of a line, checked against the data dictionary (domain §3).

use super::{
    violation::{Findings, Pad},
    wire::Tekst,
};
use crate::domain::{
    Brin, Code, Coordinaten, Datum, LeerbedrijfId, Leerweg, Leerwegen, Oin, Postcode, Tijdstip,
};

/// Absent is fine; what is there must pass. The outer `None` means that it did not.
pub(super) fn optional<V, T>(
    value: Option<V>,
    check: impl FnOnce(V) -> Option<T>,
) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(value) => check(value).map(Some),
    }
}

/// Checks every item, also after one that did not pass, so that all is reported.
pub(super) fn each<V, T>(
    at: &Pad<'_>,
    list: Vec<V>,
    mut check: impl FnMut(&Pad<'_>, V) -> Option<T>,
) -> Option<Vec<T>> {
    let mut passed = Vec::with_capacity(list.len());
    let mut all = true;
    for (index, value) in list.into_iter().enumerate() {
        match check(&at.item(index), value) {
            Some(value) => passed.push(value),
            None => all = false,
        }
    }
    all.then_some(passed)
}

impl Findings {
    /// One line of text, 1 to `max` characters; white space around it is dropped.
    pub(super) fn text(&mut self, at: &Pad<'_>, value: &str, max: usize) -> Option<String> {
        self.chars(at, value, max, |c| !is_unwritable(c))
    }

    /// Text that may have several lines, 1 to `max` characters.
    pub(super) fn lines(&mut self, at: &Pad<'_>, value: &str, max: usize) -> Option<String> {
        self.chars(at, value, max, |c| c == '\n' || !is_unwritable(c))
    }

    /// A token in the sense of XML Schema: no spaces around it, none doubled.
    pub(super) fn token(&mut self, at: &Pad<'_>, value: &str, max: usize) -> Option<String> {
        if value.contains("  ") {
            return self.add(at, "mag geen dubbele spaties bevatten");
        }
        self.text(at, value, max)
    }

    fn chars(
        &mut self,
        at: &Pad<'_>,
        value: &str,
        max: usize,
        allowed: impl Fn(char) -> bool,
    ) -> Option<String> {
        let value = value.trim_matches(' ');
        let plain = value.bytes().all(|b| matches!(b, b' '..=b'~'));
        if !plain && !value.chars().all(allowed) {
            return self.add(at, "mag geen stuurtekens bevatten");
        }
        let length = if plain {
            value.len()
        } else {
            value.chars().count()
        };
        if length == 0 || length > max {
            return self.add(at, format!("moet 1 tot en met {max} tekens hebben"));
        }
        Some(value.to_owned())
    }

    pub(super) fn leerbedrijf_id(&mut self, at: &Pad<'_>, value: &str) -> Option<LeerbedrijfId> {
        match LeerbedrijfId::parse(value) {
            Ok(id) => Some(id),
            Err(_) => self.add(at, "moet de vorm [1-9][0-9]{8} hebben"),
        }
    }

    pub(super) fn code(&mut self, at: &Pad<'_>, value: &str) -> Option<Code> {
        match Code::parse(value) {
            Ok(code) => Some(code),
            Err(error) => self.add(at, error.to_string()),
        }
    }

    pub(super) fn oin(&mut self, at: &Pad<'_>, value: &str) -> Option<Oin> {
        match Oin::parse(value) {
            Ok(oin) => Some(oin),
            Err(_) => self.add(at, "moet de vorm [0-9]{8}[0-9A-Z]{12} hebben"),
        }
    }

    pub(super) fn brin(&mut self, at: &Pad<'_>, value: &str) -> Option<Brin> {
        match Brin::parse(value) {
            Ok(brin) => Some(brin),
            Err(_) => self.add(at, "moet de vorm [0-9]{2}[A-Z]{2} hebben"),
        }
    }

    pub(super) fn datum(&mut self, at: &Pad<'_>, value: &str) -> Option<Datum> {
        match Datum::parse(value) {
            Ok(datum) => Some(datum),
            Err(error) => self.add(at, error.to_string()),
        }
    }

    /// A last day, which may not come before the first.
    pub(super) fn last_day(
        &mut self,
        at: &Pad<'_>,
        value: &str,
        first: Option<Datum>,
    ) -> Option<Datum> {
        let last = self.datum(at, value)?;
        if first.is_some_and(|first| last < first) {
            return self.add(at, "mag niet vóór de eerste dag liggen");
        }
        Some(last)
    }

    pub(super) fn tijdstip(&mut self, at: &Pad<'_>, value: &str) -> Option<Tijdstip> {
        match Tijdstip::parse(value) {
            Ok(tijdstip) => Some(tijdstip),
            Err(_) => self.add(at, "moet een tijdstip zijn volgens RFC 3339"),
        }
    }

    /// One value of a closed list.
    pub(super) fn one_of<T>(
        &mut self,
        at: &Pad<'_>,
        value: &str,
        parse: fn(&str) -> Option<T>,
        allowed: &'static str,
    ) -> Option<T> {
        match parse(value) {
            Some(value) => Some(value),
            None => self.add(at, format!("moet een van {allowed} zijn")),
        }
    }

    pub(super) fn leerweg(&mut self, at: &Pad<'_>, value: &str) -> Option<Leerweg> {
        self.one_of(at, value, Leerweg::parse, "BOL, BBL")
    }

    pub(super) fn leerwegen(&mut self, at: &Pad<'_>, values: &[Tekst<'_>]) -> Option<Leerwegen> {
        let mut found = Leerwegen::default();
        for (index, value) in values.iter().enumerate() {
            let at = at.item(index);
            let leerweg = self.leerweg(&at, value)?;
            if found.contains(leerweg) {
                return self.add(&at, "staat er tweemaal");
            }
            found = found.with(leerweg);
        }
        Some(found)
    }

    /// Exactly `length` digits.
    pub(super) fn digits(&mut self, at: &Pad<'_>, value: &str, length: usize) -> Option<String> {
        if value.len() == length && value.bytes().all(|b| b.is_ascii_digit()) {
            return Some(value.to_owned());
        }
        self.add(at, format!("moet uit {length} cijfers bestaan"))
    }

    pub(super) fn telefoonnummer(&mut self, at: &Pad<'_>, value: &str) -> Option<String> {
        let right = match value.as_bytes() {
            [b'+', b'1'..=b'9', rest @ ..] => {
                (1..=14).contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit)
            }
            _ => false,
        };
        if right {
            return Some(value.to_owned());
        }
        self.add(
            at,
            "moet volgens E.164 zijn: een +, dan 2 tot en met 15 cijfers",
        )
    }

    pub(super) fn emailadres(&mut self, at: &Pad<'_>, value: &str) -> Option<String> {
        let value = self.text(at, value, 254)?;
        let whole = value
            .rsplit_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
        if !whole || value.contains(' ') {
            return self.add(at, "moet de vorm naam@domein hebben");
        }
        Some(value)
    }

    pub(super) fn website(&mut self, at: &Pad<'_>, value: &str) -> Option<String> {
        let value = self.text(at, value, 320)?;
        if value.contains(' ') {
            return self.add(at, "mag geen spaties bevatten");
        }
        Some(value)
    }

    pub(super) fn number(
        &mut self,
        at: &Pad<'_>,
        value: u32,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        if range.contains(&value) {
            return Some(value);
        }
        let (from, to) = range.into_inner();
        self.add(at, format!("moet {from} tot en met {to} zijn"))
    }

    pub(super) fn small(
        &mut self,
        at: &Pad<'_>,
        value: u8,
        range: std::ops::RangeInclusive<u8>,
    ) -> Option<u8> {
        if range.contains(&value) {
            return Some(value);
        }
        let (from, to) = range.into_inner();
        self.add(at, format!("moet {from} tot en met {to} zijn"))
    }

    pub(super) fn land(&mut self, at: &Pad<'_>, value: &str) -> Option<String> {
        if value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase()) {
            return Some(value.to_owned());
        }
        self.add(
            at,
            "moet een landcode van twee hoofdletters zijn (ISO 3166-1 alpha-2)",
        )
    }

    /// A Dutch postcode is kept without space and in capitals, another one as it came.
    pub(super) fn postcode(&mut self, at: &Pad<'_>, value: &str, land: &str) -> Option<String> {
        if land != "NL" {
            return self.text(at, value, 20);
        }
        match Postcode::parse(value) {
            Ok(postcode) => Some(postcode.as_str().to_owned()),
            Err(_) => self.add(at, "moet in Nederland de vorm [1-9][0-9]{3}[A-Z]{2} hebben"),
        }
    }

    pub(super) fn coordinaten(&mut self, at: &Pad<'_>, lat: f64, lon: f64) -> Option<Coordinaten> {
        let lat = self.degrees(&at.field("lat"), lat, 90.0);
        let lon = self.degrees(&at.field("lon"), lon, 180.0);
        Some(Coordinaten {
            lat: lat?,
            lon: lon?,
        })
    }

    fn degrees(&mut self, at: &Pad<'_>, value: f64, limit: f64) -> Option<f64> {
        /// Eight decimals, about a millimetre.
        const SCALE: f64 = 1e8;
        /// Far below the last decimal, far above what reading a decimal number loses.
        const SLACK: f64 = 1e-11;
        if !(-limit..=limit).contains(&value) {
            return self.add(at, format!("moet tussen -{limit} en {limit} liggen"));
        }
        let rounded = (value * SCALE).round() / SCALE;
        if (rounded - value).abs() > SLACK {
            return self.add(at, "mag ten hoogste 8 decimalen hebben");
        }
        Some(rounded)
    }
}

/// Control characters, and the two code points that XML cannot hold.
fn is_unwritable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')
}
