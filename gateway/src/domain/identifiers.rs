//! Identifiers of domain text §3, each parsed once and kept small.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A text that is not of the form an identifier must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{naam} moet de vorm {vorm} hebben")]
pub struct InvalidIdentifier {
    /// The element's name in the contract.
    pub naam: &'static str,
    /// The pattern of the data dictionary.
    pub vorm: &'static str,
}

/// The register's key of a leerbedrijf: `[1-9][0-9]{8}` (domain §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeerbedrijfId(u32);

impl LeerbedrijfId {
    const INVALID: InvalidIdentifier = InvalidIdentifier {
        naam: "leerbedrijfId",
        vorm: "[1-9][0-9]{8}",
    };

    /// Reads nine digits that do not begin with a zero. White space around them is ignored.
    ///
    /// # Errors
    /// When the text has another form, such as the old ids `99ZZ9999JJ0001602`.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        let text = text.trim();
        let digits = text.len() == 9 && text.bytes().all(|b| b.is_ascii_digit());
        let value: u32 = if digits { text.parse().unwrap_or(0) } else { 0 };
        Self::from_u32(value).ok_or(Self::INVALID)
    }

    /// The id with this numeric value, if it has nine digits.
    #[must_use]
    pub fn from_u32(value: u32) -> Option<Self> {
        (100_000_000..=999_999_999)
            .contains(&value)
            .then_some(Self(value))
    }

    /// The numeric value, 100,000,000 to 999,999,999.
    #[must_use]
    pub fn as_u32(self) -> u32 {
        self.0
    }
}

impl fmt::Display for LeerbedrijfId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is not a [`Code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCode {
    /// Neither five digits nor `K` and four digits (signaalcode 111).
    #[error("code moet de vorm [0-9]{{5}} (kwalificatie) of K[0-9]{{4}} (keuzedeel) hebben")]
    Form,
    /// 23xxx is a dossier, 79xxx a domein (signaalcode 112).
    #[error("code is geen kwalificatie of keuzedeel: 23xxx zijn dossiers, 79xxx domeinen")]
    NoQualification,
}

/// A crebo `[0-9]{5}` or a keuzedeel `K[0-9]{4}` in one value (domain rule 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u32);

impl Code {
    /// Keuzedelen stand above all kwalificaties, so that one integer orders both.
    const KEUZEDEEL_BASE: u32 = 1_000_000;

    /// Reads a crebo or keuzedeel; lower-case `k` and white space around are accepted.
    ///
    /// # Errors
    /// [`InvalidCode::Form`] or [`InvalidCode::NoQualification`].
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let text = text.trim();
        let digits = |s: &str| -> Option<u32> {
            s.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| s.parse().ok())?
        };
        if let Some(rest) = text.strip_prefix(['K', 'k']) {
            return match digits(rest) {
                Some(n) if rest.len() == 4 => Ok(Self(Self::KEUZEDEEL_BASE + n)),
                _ => Err(InvalidCode::Form),
            };
        }
        match digits(text) {
            Some(n) if text.len() == 5 => match n / 1000 {
                23 | 79 => Err(InvalidCode::NoQualification),
                _ => Ok(Self(n)),
            },
            _ => Err(InvalidCode::Form),
        }
    }

    /// True for a keuzedeel, false for a kwalificatie.
    #[must_use]
    pub fn is_keuzedeel(self) -> bool {
        self.0 >= Self::KEUZEDEEL_BASE
    }

    /// The packed value: 0 to 99,999 for a kwalificatie, 1,000,000 and up for a keuzedeel.
    #[must_use]
    pub fn as_u32(self) -> u32 {
        self.0
    }

    /// The code with this packed value, if it is one.
    #[must_use]
    pub fn from_u32(value: u32) -> Option<Self> {
        match value {
            0..=99_999 | 1_000_000..=1_009_999 => Some(Self(value)),
            _ => None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_keuzedeel() {
            write!(f, "K{:04}", self.0 - Self::KEUZEDEEL_BASE)
        } else {
            write!(f, "{:05}", self.0)
        }
    }
}

/// An organisation's number: `[0-9]{8}[0-9A-Z]{12}` (Logius; domain §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oin([u8; 20]);

impl Oin {
    const INVALID: InvalidIdentifier = InvalidIdentifier {
        naam: "OIN",
        vorm: "[0-9]{8}[0-9A-Z]{12}",
    };

    /// Reads twenty characters: eight digits of prefix, twelve digits or capitals.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        let bytes: [u8; 20] = text.as_bytes().try_into().map_err(|_| Self::INVALID)?;
        let prefix = bytes[..8].iter().all(u8::is_ascii_digit);
        let rest = bytes[8..]
            .iter()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        if prefix && rest {
            Ok(Self(bytes))
        } else {
            Err(Self::INVALID)
        }
    }

    /// The twenty characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII passes `parse`, so the fallback is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oin({self})")
    }
}

/// A school's code in the BRIN register: `[0-9]{2}[A-Z]{2}` (DUO; domain §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Brin([u8; 4]);

impl Brin {
    /// Reads two digits and two capitals.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        match text.as_bytes() {
            &[a, b, c, d]
                if a.is_ascii_digit()
                    && b.is_ascii_digit()
                    && c.is_ascii_uppercase()
                    && d.is_ascii_uppercase() =>
            {
                Ok(Self([a, b, c, d]))
            }
            _ => Err(InvalidIdentifier {
                naam: "brin",
                vorm: "[0-9]{2}[A-Z]{2}",
            }),
        }
    }
}

impl fmt::Display for Brin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

/// A state of the register, `tijdlijn.nummer`, such as `1.48210` (domain rule 3).
///
/// Numbers grow by one within a tijdlijn. A restore starts a new tijdlijn, so that one
/// value never means two states (design invariant 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RegisterVersie {
    /// Which history, from 1.
    pub tijdlijn: u32,
    /// Which commit in it; 0 is the empty register.
    pub nummer: u64,
}

impl RegisterVersie {
    /// Reads `tijdlijn.nummer`, both without sign or leading text.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        const INVALID: InvalidIdentifier = InvalidIdentifier {
            naam: "minimaleRegisterVersie",
            vorm: "[0-9]+\\.[0-9]+",
        };
        let (tijdlijn, nummer) = text.trim().split_once('.').ok_or(INVALID)?;
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(tijdlijn) || !digits(nummer) {
            return Err(INVALID);
        }
        Ok(Self {
            tijdlijn: tijdlijn.parse().map_err(|_| INVALID)?,
            nummer: nummer.parse().map_err(|_| INVALID)?,
        })
    }
}

impl fmt::Display for RegisterVersie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.tijdlijn, self.nummer)
    }
}

/// Text in human-readable formats, a small integer in the register's own blobs.
macro_rules! serde_as_text_or_u32 {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if s.is_human_readable() {
                    s.collect_str(self)
                } else {
                    s.serialize_u32(self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                if d.is_human_readable() {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                    Self::parse(&text).map_err(de::Error::custom)
                } else {
                    let value = u32::deserialize(d)?;
                    Self::from_u32(value).ok_or_else(|| de::Error::custom("out of range"))
                }
            }
        }
    };
}

serde_as_text_or_u32!(LeerbedrijfId);
serde_as_text_or_u32!(Code);

macro_rules! serde_as_text {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }
    )*};
}

serde_as_text!(Oin, Brin, RegisterVersie);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leerbedrijf_id_takes_nine_digits_and_no_old_form() {
        assert_eq!(
            LeerbedrijfId::parse("100000001").unwrap().to_string(),
            "100000001"
        );
        assert_eq!(
            LeerbedrijfId::parse(" 999999999 ").unwrap().as_u32(),
            999_999_999
        );
        for wrong in [
            "",
            "012345678",
            "99ZZ9999JJ0001602",
            "1234567890",
            "+12345678",
            "１２３４５６７８９",
        ] {
            assert!(LeerbedrijfId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn code_tells_kwalificatie_keuzedeel_and_dossier_apart() {
        assert_eq!(Code::parse("25180").unwrap().to_string(), "25180");
        assert_eq!(Code::parse("00012").unwrap().to_string(), "00012");
        assert_eq!(Code::parse("k0072").unwrap().to_string(), "K0072");
        assert!(Code::parse("K0072").unwrap().is_keuzedeel());
        assert_eq!(Code::parse("23123"), Err(InvalidCode::NoQualification));
        assert_eq!(Code::parse("79040"), Err(InvalidCode::NoQualification));
        for wrong in [
            "", "2518", "251800", "K123", "K00720", "-2518", "+2518", "K+123",
        ] {
            assert_eq!(Code::parse(wrong), Err(InvalidCode::Form), "{wrong}");
        }
    }

    #[test]
    fn oin_and_brin_are_strict() {
        assert!(Oin::parse("00000007000025LX0000").is_ok());
        for wrong in [
            "",
            "0000000700002510000",
            "0000000X00000000000",
            "00000099abc000000000",
        ] {
            assert!(Oin::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Brin::parse("25LX").unwrap().to_string(), "25LX");
        assert!(Brin::parse("25lx").is_err());
    }

    #[test]
    fn register_versie_prints_as_it_reads() {
        let versie = RegisterVersie::parse("1.48210").unwrap();
        assert_eq!(
            versie,
            RegisterVersie {
                tijdlijn: 1,
                nummer: 48210
            }
        );
        assert_eq!(versie.to_string(), "1.48210");
        for wrong in [
            "",
            "1",
            "1.",
            ".1",
            "1.+2",
            "1.2.3",
            "a.b",
            "1.99999999999999999999",
        ] {
            assert!(RegisterVersie::parse(wrong).is_err(), "{wrong}");
        }
    }
}
