//! The secret that messages of a subscription are signed with.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use crate::domain::Tijdstip;

/// Before the base64 of a secret (Standard Webhooks).
const PREFIX: &str = "whsec_";

/// Fewest and most bytes of a secret (Standard Webhooks).
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that messages are signed with, `whsec_…` (Standard Webhooks). Never in a log line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Geheim {
    /// The 24 to 64 bytes behind `whsec_`.
    pub bytes: Vec<u8>,
    /// Signs until then beside the newest, after a rotation; none for the newest.
    pub tot: Option<Tijdstip>,
}

/// Why a text is no secret. It never holds the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OngeldigGeheim {
    /// It does not begin as it should.
    #[error("geheim moet beginnen met whsec_, met daarachter 24 tot en met 64 bytes in base64")]
    Voorvoegsel,
    /// What follows is something else than base64.
    #[error("geheim moet achter whsec_ geldige base64 hebben, met de opvultekens")]
    Base64,
    /// Too short to be safe, or longer than receivers take.
    #[error("geheim moet achter whsec_ 24 tot en met 64 bytes in base64 hebben; het zijn er {0}")]
    Lengte(usize),
}

impl Geheim {
    /// Reads `whsec_` and the base64 of 24 to 64 bytes; it is the newest.
    ///
    /// # Errors
    /// [`OngeldigGeheim`], in words for the subscriber.
    pub fn parse(text: &str) -> Result<Self, OngeldigGeheim> {
        let encoded = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(OngeldigGeheim::Voorvoegsel)?;
        let bytes = BASE64_STANDARD
            .decode(encoded)
            .map_err(|_| OngeldigGeheim::Base64)?;
        if !BYTES.contains(&bytes.len()) {
            return Err(OngeldigGeheim::Lengte(bytes.len()));
        }
        Ok(Self { bytes, tot: None })
    }

    /// Of these bytes, which must come from a source that nobody can guess; it is the newest.
    #[must_use]
    pub fn of_random(bytes: [u8; 32]) -> Self {
        Self {
            bytes: bytes.to_vec(),
            tot: None,
        }
    }

    /// As the subscriber is told it, once.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.bytes))
    }

    /// Whether messages are signed with it at this moment.
    #[must_use]
    pub fn is_valid(&self, now: Tijdstip) -> bool {
        self.tot.is_none_or(|tot| now < tot)
    }
}

impl fmt::Debug for Geheim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Geheim { .. }")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_print_as_they_are_read() {
        for length in [24, 25, 32, 64] {
            let text = format!("whsec_{}", BASE64_STANDARD.encode(vec![0xA7; length]));
            let geheim = Geheim::parse(&text).unwrap();
            assert_eq!(geheim.bytes.len(), length);
            assert_eq!(geheim.to_text(), text);
            assert_eq!(format!("{geheim:?}"), "Geheim { .. }");
        }
        let made = Geheim::of_random([9; 32]);
        assert_eq!(Geheim::parse(&made.to_text()), Ok(made));
    }

    #[test]
    fn what_is_no_secret_is_told_why() {
        let of = |length| format!("whsec_{}", BASE64_STANDARD.encode(vec![1; length]));
        for (text, why) in [
            (String::new(), OngeldigGeheim::Voorvoegsel),
            ("geheim".to_owned(), OngeldigGeheim::Voorvoegsel),
            (of(32).replace("whsec_", ""), OngeldigGeheim::Voorvoegsel),
            ("whsec_é".to_owned(), OngeldigGeheim::Base64),
            ("whsec_AAA".to_owned(), OngeldigGeheim::Base64),
            (of(23), OngeldigGeheim::Lengte(23)),
            (of(65), OngeldigGeheim::Lengte(65)),
        ] {
            assert_eq!(Geheim::parse(&text), Err(why), "{text}");
        }
    }

    #[test]
    fn the_one_before_signs_until_its_end() {
        let at = |millis| Tijdstip::from_millis(millis).unwrap();
        let old = Geheim {
            tot: Some(at(10)),
            ..Geheim::of_random([1; 32])
        };
        assert!(old.is_valid(at(9)));
        assert!(!old.is_valid(at(10)));
        assert!(Geheim::of_random([1; 32]).is_valid(at(10)));
    }
}
