//! A set of the rows of one segment, a bit each: as fast to combine as memory is to read.

use std::ops::Range;

/// Bits in a word.
const WORD: usize = 64;

/// Rows of a segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Room for this many rows, none of them in it.
    pub(super) fn empty(rows: usize) -> Self {
        Self(vec![0; rows.div_ceil(WORD)])
    }

    pub(super) fn contains(&self, row: u32) -> bool {
        let (word, bit) = place(row);
        self.0.get(word).is_some_and(|w| w & bit != 0)
    }

    /// Adds a row that there is room for; whether it was not in it before.
    pub(super) fn insert(&mut self, row: u32) -> bool {
        let (word, bit) = place(row);
        let word = &mut self.0[word];
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    pub(super) fn remove(&mut self, row: u32) {
        let (word, bit) = place(row);
        if let Some(word) = self.0.get_mut(word) {
            *word &= !bit;
        }
    }

    pub(super) fn intersect(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine &= theirs;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The rows, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..)
            .zip(&self.0)
            .flat_map(|(at, word)| ones(*word).map(move |bit| at * WORD as u32 + bit))
    }

    /// The rows of a run, ascending.
    pub(super) fn within(&self, run: &Range<u32>) -> impl Iterator<Item = u32> + '_ {
        let (start, end) = (run.start as usize, run.end as usize);
        let words = start / WORD..end.div_ceil(WORD).min(self.0.len());
        let first = words.start;
        self.0[words]
            .iter()
            .enumerate()
            .flat_map(move |(nth, word)| {
                let base = (first + nth) * WORD;
                let mut left = *word;
                if base < start {
                    left &= u64::MAX << (start - base);
                }
                if base + WORD > end {
                    left &= u64::MAX >> (base + WORD - end);
                }
                ones(left).map(move |bit| base as u32 + bit)
            })
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.0.len() * size_of::<u64>()
    }
}

/// The bits of a word that are set, ascending.
fn ones(word: u64) -> impl Iterator<Item = u32> {
    let mut left = word;
    std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        let bit = left.trailing_zeros();
        left &= left - 1;
        Some(bit)
    })
}

fn place(row: u32) -> (usize, u64) {
    (row as usize / WORD, 1 << (row as usize % WORD))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(left in prop::collection::btree_set(0_u32..300, 0..80),
                       right in prop::collection::btree_set(0_u32..300, 0..80),
                       from in 0_u32..300, to in 0_u32..300) {
            let make = |rows: &BTreeSet<u32>| {
                let mut bits = Bits::empty(300);
                for row in rows {
                    assert!(bits.insert(*row));
                    assert!(!bits.insert(*row));
                }
                bits
            };
            let (a, b) = (make(&left), make(&right));
            prop_assert_eq!(a.iter().collect::<BTreeSet<_>>(), left.clone());
            prop_assert_eq!(a.len(), left.len());
            let run = from.min(to)..to.max(from);
            let within: BTreeSet<u32> = left.iter().copied().filter(|row| run.contains(row)).collect();
            prop_assert_eq!(a.within(&run).collect::<BTreeSet<_>>(), within);
            let mut both = a;
            both.intersect(&b);
            prop_assert_eq!(both.iter().collect::<BTreeSet<_>>(), &left & &right);
            prop_assert!((0..300).all(|row| both.contains(row) == (left.contains(&row) && right.contains(&row))));
        }
    }
}
