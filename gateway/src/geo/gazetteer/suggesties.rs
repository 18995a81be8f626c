//! What may have been meant by a name that is not known.

use std::cmp::Reverse;

use super::{Gazetteer, plaatsen::MAX_SUGGESTIES};
use crate::geo::naam::{Plaatsnaam, plaats_sleutel};

/// Longest key that is compared letter by letter: longer ones are no slips of a name.
const MAX_KEY_CHARS: usize = 48;

/// Shortest beginning of a name that is completed.
const MIN_PREFIX_CHARS: usize = 3;

/// How far a name is off; less is nearer.
type Afstand = usize;

/// A beginning that is completed stands between one slip and two.
const BEGINNING: Afstand = 3;

/// A name with more behind it, such as `Amsterdam Zuidoost`.
const MORE_BEHIND: Afstand = 5;

/// A folded name that was asked, ready to be held against thousands of others.
pub(super) struct Gevraagd {
    sleutel: String,
    chars: usize,
    letters: u64,
    /// Slips that are forgiven, by length.
    most: usize,
}

impl Gevraagd {
    pub(super) fn new(sleutel: String) -> Self {
        let chars = sleutel.chars().count();
        Self {
            chars,
            letters: letters(&sleutel),
            most: match chars {
                0..=2 => 0,
                3..=5 => 1,
                6..=9 => 2,
                _ => 3,
            },
            sleutel,
        }
    }

    /// How far it is from a known key, when it is near at all.
    pub(super) fn afstand(&self, known: &str) -> Option<Afstand> {
        let begins = self.chars >= MIN_PREFIX_CHARS && known.starts_with(&self.sleutel);
        let goes_on = known.len() >= MIN_PREFIX_CHARS && self.sleutel.starts_with(known);
        let rough = match (begins, goes_on) {
            (true, _) => Some(BEGINNING),
            (false, true) => Some(MORE_BEHIND),
            (false, false) => None,
        };
        let slips = self.slips(known).map(|slips| 2 * slips);
        slips.into_iter().chain(rough).min()
    }

    fn slips(&self, known: &str) -> Option<usize> {
        let longer = known.chars().count().abs_diff(self.chars);
        if longer > self.most || self.chars > MAX_KEY_CHARS || !self.may_be(known, 0) {
            return None;
        }
        let slips = strsim::osa_distance(&self.sleutel, known);
        (slips <= self.most).then_some(slips)
    }

    /// Whether a text that is not folded may go on where this one ends, or the other way round.
    pub(super) fn may_begin(&self, text: &str) -> bool {
        let first = |text: &str| text.bytes().find(u8::is_ascii_alphanumeric);
        first(text).map(|b| b.to_ascii_lowercase()) == first(&self.sleutel)
    }

    /// Whether the letters of a text allow it, which is cheap: a slip changes two of them at most.
    pub(super) fn may_be(&self, text: &str, extra: u32) -> bool {
        let other = (self.letters ^ letters(text)).count_ones();
        usize::try_from(other.saturating_sub(extra)).is_ok_and(|other| other <= 2 * self.most)
    }
}

/// Which letters and digits occur, one bit each.
fn letters(text: &str) -> u64 {
    text.bytes().fold(0, |letters, byte| {
        let bit = match byte.to_ascii_lowercase() {
            letter @ b'a'..=b'z' => letter - b'a',
            digit @ b'0'..=b'9' => 26 + digit - b'0',
            _ => return letters,
        };
        letters | 1 << bit
    })
}

impl Gazetteer {
    /// Names near to a text, best first.
    pub(super) fn suggesties(&self, text: &str) -> Vec<String> {
        let gevraagd = Gevraagd::new(plaats_sleutel(Plaatsnaam::new(text).naam));
        let mut near: Vec<_> = self
            .plaatsen
            .keys()
            .filter_map(|(key, weight)| Some((gevraagd.afstand(key)?, Reverse(weight), key)))
            .collect();
        near.sort_unstable();
        let mut names = Vec::new();
        for (_, _, key) in near.into_iter().take(MAX_SUGGESTIES) {
            names.extend(self.volledige_namen(key));
        }
        names.truncate(MAX_SUGGESTIES);
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearness_is_by_slips_beginnings_and_what_stands_behind() {
        for (asked, known, expect) in [
            ("utrecht", "utrecht", Some(0)),
            ("utrehct", "utrecht", Some(2)),
            ("utrcht", "utrecht", Some(2)),
            ("utr", "utrecht", Some(BEGINNING)),
            ("amsterdamzuidoost", "amsterdam", Some(MORE_BEHIND)),
            ("ede", "epe", Some(2)),
            ("ed", "ede", None),
            ("ut", "utrecht", None),
            ("rotterdam", "amsterdam", None),
            ("", "ede", None),
        ] {
            let found = Gevraagd::new(asked.to_owned()).afstand(known);
            assert_eq!(found, expect, "{asked} / {known}");
        }
        let long = "a".repeat(200);
        assert_eq!(
            Gevraagd::new(long.clone()).afstand(&long[1..]),
            Some(MORE_BEHIND)
        );
    }
}
