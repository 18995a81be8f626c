//! How the names of a segment have the words that are asked for.

use std::ops::Range;

use super::{bits::Bits, prepared::Prepared, segment::Segment};

/// Rows whose names have all the words.
pub(super) struct Text {
    /// Ranks of those whose whole name is the same.
    whole: Range<u32>,
    equal: Bits,
    prefix: Bits,
    pub(super) any: Bits,
}

impl Text {
    /// None when no name is asked for.
    pub(super) fn of(segment: &Segment, asked: &Prepared<'_>) -> Option<Self> {
        let naam = asked.query.naam.as_ref()?;
        let mut words = asked.words.iter();
        let first = segment.words.find(words.next()?, segment.len());
        let mut text = Self {
            whole: segment.ranks_of(naam.as_str()),
            equal: first.equal,
            prefix: first.prefix,
            any: first.typo,
        };
        for word in words {
            if text.any.is_empty() {
                break;
            }
            let found = segment.words.find(word, segment.len());
            text.equal.intersect(&found.equal);
            text.prefix.intersect(&found.prefix);
            text.any.intersect(&found.typo);
        }
        Some(text)
    }

    /// 0 for the same name, 1 for its words in another order, 2 for words that are all equal, 3
    /// with beginnings, 4 with a typo.
    pub(super) fn level(&self, segment: &Segment, asked: &Prepared<'_>, row: u32) -> u64 {
        let at = row as usize;
        if self.whole.contains(&segment.rank[at]) {
            0
        } else if self.equal.contains(row) {
            let more = usize::from(segment.different_words[at]) > asked.words.len();
            1 + u64::from(more)
        } else if self.prefix.contains(row) {
            3
        } else {
            4
        }
    }
}
