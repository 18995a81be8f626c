//! A certificate's serial number, by which a CRL names it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// RFC 5280 §4.1.2.2: a conforming CA uses at most 20 octets.
const MAX_OCTETS: usize = 20;

/// The serial number of a certificate, written as OpenSSL writes it:
/// capital hexadecimal without separators.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serienummer(Vec<u8>);

impl Serienummer {
    /// Reads 1 to 20 octets in hexadecimal, in either case, with or without
    /// colons. Leading zero octets do not count; zero itself is refused.
    pub fn parse(text: &str) -> Result<Self, InvalidSerienummer> {
        let digits: Vec<u8> = text.bytes().filter(|b| *b != b':').collect();
        if !digits.len().is_multiple_of(2) {
            return Err(InvalidSerienummer(text.to_owned()));
        }
        let octets: Option<Vec<u8>> = digits.chunks_exact(2).map(octet).collect();
        let octets: Vec<u8> = octets
            .unwrap_or_default()
            .into_iter()
            .skip_while(|o| *o == 0)
            .collect();
        if (1..=MAX_OCTETS).contains(&octets.len()) {
            Ok(Self(octets))
        } else {
            Err(InvalidSerienummer(text.to_owned()))
        }
    }

    /// Takes the first 16 octets of a key identifier, which is a hash and so
    /// differs per key. The first two bits make the number positive and its
    /// length the same for all.
    pub(crate) fn from_key_identifier(identifier: &[u8]) -> Self {
        let mut octets: Vec<u8> = identifier.iter().copied().take(16).collect();
        if let Some(first) = octets.first_mut() {
            *first = *first & 0x7f | 0x40;
        }
        Self(octets)
    }

    /// The number's octets, most significant first, without leading zeros.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

/// The value of two hexadecimal digits.
fn octet(pair: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let value = digit(pair[0])? * 16 + digit(pair[1])?;
    u8::try_from(value).ok()
}

impl fmt::Display for Serienummer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|o| write!(f, "{o:02X}"))
    }
}

impl FromStr for Serienummer {
    type Err = InvalidSerienummer;

    fn from_str(text: &str) -> Result<Self, InvalidSerienummer> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Serienummer {
    type Error = InvalidSerienummer;

    fn try_from(text: String) -> Result<Self, InvalidSerienummer> {
        Self::parse(&text)
    }
}

impl From<Serienummer> for String {
    fn from(serial: Serienummer) -> Self {
        serial.to_string()
    }
}

/// The text is not a certificate's serial number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a serial number: 1 to 20 octets in hexadecimal are needed")]
pub struct InvalidSerienummer(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_read_in_the_ways_tools_write_it() {
        let check = |text: &str, expect: Option<&str>| {
            let read = Serienummer::parse(text).ok().map(|s| s.to_string());
            assert_eq!(read.as_deref(), expect, "{text}");
        };
        check("4A0B", Some("4A0B"));
        check("4a:0b", Some("4A0B"));
        check("004A0B", Some("4A0B"));
        check(&"4A".repeat(20), Some(&"4A".repeat(20)));
        check(&"4A".repeat(21), None);
        check("4A0", None);
        check("4G", None);
        check("+4", None);
        check("00", None);
        check("", None);
    }

    #[test]
    fn a_number_from_a_key_is_positive_and_of_one_length() {
        for first in [0x00, 0x7f, 0x80, 0xff] {
            let serial = Serienummer::from_key_identifier(&[first; 20]);
            assert_eq!(serial.octets().len(), 16);
            assert!((0x40..0x80).contains(&serial.octets()[0]));
        }
    }
}
