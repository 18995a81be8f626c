//! A postcode as it is asked for: four digits, or all six characters.

use std::fmt;

use crate::domain::{InvalidIdentifier, Postcode};

/// What a caller asks: a whole area or one postcode in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostcodeVraag {
    /// Four digits, 1000 to 9999.
    Vier(u16),
    /// Six characters.
    Zes(Postcode),
}

impl PostcodeVraag {
    /// Reads `3511` or `3511AB`; lower case and spaces are accepted (`3511 ab`).
    ///
    /// # Errors
    /// When the text has another form (signaalcode 141).
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        const INVALID: InvalidIdentifier = InvalidIdentifier {
            naam: "postcode",
            vorm: "[1-9][0-9]{3}([A-Z]{2})?",
        };
        let digits = text.trim_matches(' ');
        if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) {
            let number = digits.parse().ok().filter(|n| *n >= 1_000);
            return number.map(Self::Vier).ok_or(INVALID);
        }
        Postcode::parse(text).map(Self::Zes).map_err(|_| INVALID)
    }

    /// The number in front, 1000 to 9999.
    #[must_use]
    pub fn cijfers(self) -> u16 {
        match self {
            Self::Vier(number) => number,
            Self::Zes(postcode) => postcode.cijfers(),
        }
    }
}

impl fmt::Display for PostcodeVraag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vier(number) => number.fmt(f),
            Self::Zes(postcode) => postcode.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn four_or_six_characters_are_read() {
        assert_eq!(
            PostcodeVraag::parse(" 3511 ").unwrap(),
            PostcodeVraag::Vier(3511)
        );
        for text in ["3511 ab", "3511AB", " 3511aB"] {
            let vraag = PostcodeVraag::parse(text).unwrap();
            assert_eq!(
                (vraag.to_string().as_str(), vraag.cijfers()),
                ("3511AB", 3511)
            );
        }
        for wrong in [
            "",
            " ",
            "0999",
            "351",
            "35111",
            "3511A",
            "3511ABC",
            "AB3511",
            "３５１１",
        ] {
            assert!(PostcodeVraag::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(text in "[1-9][0-9]{3}( ?[A-Za-z]{2})?") {
            let vraag = PostcodeVraag::parse(&text).unwrap();
            prop_assert_eq!(PostcodeVraag::parse(&vraag.to_string()), Ok(vraag));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _ = PostcodeVraag::parse(&text);
        }
    }
}
