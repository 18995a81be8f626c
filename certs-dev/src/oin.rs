//! The OIN, as it stands in `Subject.serialNumber`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An organisation's number: 20 characters, `[0-9]{8}[0-9A-Z]{12}`
/// (domain §3; Digikoppeling PKI001).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Oin(String);

impl Oin {
    /// Reads an OIN, which must have exactly the form above.
    pub fn parse(text: &str) -> Result<Self, InvalidOin> {
        let bytes = text.as_bytes();
        let well_formed = bytes.len() == 20
            && bytes[..8].iter().all(u8::is_ascii_digit)
            && bytes[8..]
                .iter()
                .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidOin(text.to_owned()))
        }
    }

    /// The OIN with this number in `00000099`, the range that is kept for tests.
    pub fn test(number: u32) -> Self {
        Self(format!("00000099{number:012}"))
    }

    /// The 20 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Oin {
    type Error = InvalidOin;

    fn try_from(text: String) -> Result<Self, InvalidOin> {
        Self::parse(&text)
    }
}

impl From<Oin> for String {
    fn from(oin: Oin) -> Self {
        oin.0
    }
}

/// The text is not an OIN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an OIN: eight digits and twelve digits or capitals are needed")]
pub struct InvalidOin(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oin_has_eight_digits_and_twelve_digits_or_capitals() {
        let check = |text, expect| assert_eq!(Oin::parse(text).is_ok(), expect, "{text}");
        check("00000099000000001000", true);
        check("000000070000000A1B00", true);
        check("0000009900000000100", false);
        check("000000990000000010000", false);
        check("0000009A000000001000", false);
        check("00000099000000001a00", false);
        check("0000009900000000100é", false);
        check("", false);
    }

    #[test]
    fn a_test_oin_is_an_oin() {
        let oin = Oin::test(u32::MAX);
        assert_eq!(Oin::parse(oin.as_str()), Ok(oin));
        assert_eq!(Oin::test(1000).as_str(), "00000099000000001000");
    }
}
