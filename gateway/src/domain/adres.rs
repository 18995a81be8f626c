//! Addresses, Dutch and foreign (domain §3).

use std::fmt;

use serde::{
    Deserialize, Serialize, Serializer,
    ser::{SerializeMap, SerializeStruct},
};
use utoipa::ToSchema;

use super::InvalidIdentifier;

/// A place of business or a postal address. What is not known is left out.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Adres {
    /// Straatnaam, 1 tot 80 tekens.
    pub straat: Option<String>,
    /// Huisnummer, 1 tot 99999.
    #[schema(minimum = 1, maximum = 99999)]
    pub huisnummer: Option<u32>,
    /// Huisletter en toevoeging, 1 tot 6 tekens.
    pub huisnummertoevoeging: Option<String>,
    /// Nederlandse postcode `1234AB`, of een buitenlandse.
    pub postcode: Option<String>,
    /// Plaatsnaam, 1 tot 40 tekens.
    pub plaats: String,
    /// Land, ISO 3166-1 alpha-2.
    #[schema(example = "NL")]
    pub land: String,
    /// Ligging, als die bekend is.
    pub coordinaten: Option<Coordinaten>,
}

impl Adres {
    /// Whether two differ in nothing but where they are on the map.
    #[must_use]
    pub fn is_same_but_for_coordinaten(&self, other: &Self) -> bool {
        let Self {
            straat,
            huisnummer,
            huisnummertoevoeging,
            postcode,
            plaats,
            land,
            coordinaten: _,
        } = self;
        *straat == other.straat
            && *huisnummer == other.huisnummer
            && *huisnummertoevoeging == other.huisnummertoevoeging
            && *postcode == other.postcode
            && *plaats == other.plaats
            && *land == other.land
    }
}

/// An answer leaves out what is not known; a blob has a place for everything.
impl Serialize for Adres {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() {
            let mut map = s.serialize_map(None)?;
            if let Some(straat) = &self.straat {
                map.serialize_entry("straat", straat)?;
            }
            if let Some(huisnummer) = &self.huisnummer {
                map.serialize_entry("huisnummer", huisnummer)?;
            }
            if let Some(toevoeging) = &self.huisnummertoevoeging {
                map.serialize_entry("huisnummertoevoeging", toevoeging)?;
            }
            if let Some(postcode) = &self.postcode {
                map.serialize_entry("postcode", postcode)?;
            }
            map.serialize_entry("plaats", &self.plaats)?;
            map.serialize_entry("land", &self.land)?;
            if let Some(coordinaten) = &self.coordinaten {
                map.serialize_entry("coordinaten", coordinaten)?;
            }
            map.end()
        } else {
            let mut all = s.serialize_struct("Adres", 7)?;
            all.serialize_field("straat", &self.straat)?;
            all.serialize_field("huisnummer", &self.huisnummer)?;
            all.serialize_field("huisnummertoevoeging", &self.huisnummertoevoeging)?;
            all.serialize_field("postcode", &self.postcode)?;
            all.serialize_field("plaats", &self.plaats)?;
            all.serialize_field("land", &self.land)?;
            all.serialize_field("coordinaten", &self.coordinaten)?;
            all.end()
        }
    }
}

/// A point in WGS 84, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Coordinaten {
    /// Breedtegraad, -90 tot 90.
    pub lat: f64,
    /// Lengtegraad, -180 tot 180.
    pub lon: f64,
}

/// A Dutch postcode, `[1-9][0-9]{3}[A-Z]{2}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Postcode([u8; 6]);

impl Postcode {
    /// Reads `1234AB`; lower case and spaces are accepted (`1234 ab`).
    ///
    /// # Errors
    /// When the text has another form (signaalcode 141).
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        const INVALID: InvalidIdentifier = InvalidIdentifier {
            naam: "postcode",
            vorm: "[1-9][0-9]{3}[A-Z]{2}",
        };
        let mut found = [0_u8; 6];
        let mut length = 0;
        for byte in text.bytes().filter(|b| *b != b' ') {
            let right = match length {
                0 => matches!(byte, b'1'..=b'9'),
                1..=3 => byte.is_ascii_digit(),
                4 | 5 => byte.is_ascii_alphabetic(),
                _ => false,
            };
            if !right {
                return Err(INVALID);
            }
            found[length] = byte.to_ascii_uppercase();
            length += 1;
        }
        if length == 6 {
            Ok(Self(found))
        } else {
            Err(INVALID)
        }
    }

    /// The six characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The number in front, 1000 to 9999.
    #[must_use]
    pub fn cijfers(self) -> u16 {
        let digits = self.0[..4].iter();
        digits.fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
    }

    /// The two capitals behind it.
    #[must_use]
    pub fn letters(self) -> [u8; 2] {
        [self.0[4], self.0[5]]
    }
}

impl fmt::Display for Postcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postcode_takes_a_space_and_lower_case() {
        for text in ["1012AB", "1012 ab", " 1012aB"] {
            let postcode = Postcode::parse(text).unwrap();
            assert_eq!(postcode.as_str(), "1012AB");
            assert_eq!((postcode.cijfers(), postcode.letters()), (1012, *b"AB"));
        }
        for wrong in [
            "", "1012", "0012AB", "1012ABC", "1012A1", "AB1012", "1012ÄB",
        ] {
            assert!(Postcode::parse(wrong).is_err(), "{wrong}");
        }
    }
}
