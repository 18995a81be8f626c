//! Kwalificaties and keuzedelen by the words of their names.

use super::{bits::Bits, words::Words};
use crate::domain::{Code, FoldedNaam, Opleiding};

/// All opleidingen of the register.
#[derive(Default)]
pub(super) struct Opleidingen {
    codes: Vec<Code>,
    words: Option<Words>,
}

impl Opleidingen {
    pub(super) fn new<'a>(opleidingen: impl Iterator<Item = &'a Opleiding>) -> Self {
        let mut named: Vec<(Code, String)> = opleidingen
            .map(|o| {
                let folded = FoldedNaam::new(&o.opleidingsnaam);
                (o.code, folded.as_str().to_owned())
            })
            .collect();
        named.sort_unstable();
        let words = Words::new(named.iter().map(|(_, naam)| naam.as_str()));
        Self {
            codes: named.into_iter().map(|(code, _)| code).collect(),
            words: Some(words),
        }
    }

    /// Codes whose name has every word, ascending.
    pub(super) fn find(&self, naam: &FoldedNaam) -> Vec<Code> {
        let Some(words) = &self.words else {
            return Vec::new();
        };
        let rows = self.codes.len();
        let mut found: Option<Bits> = None;
        for word in naam.as_str().split(' ') {
            let with = words.find(word, rows).typo;
            match &mut found {
                None => found = Some(with),
                Some(found) => found.intersect(&with),
            }
        }
        let found = found.unwrap_or_default();
        found.iter().map(|row| self.codes[row as usize]).collect()
    }
}
