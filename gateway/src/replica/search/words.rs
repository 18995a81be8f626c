//! The words of names: which rows have a word, one that begins so, or one that is a typo away
//! (domain rule 8).
//!
//! Words stand in order, and so do their rows, behind one another in one list: what begins alike is
//! one piece of both. What is one typo away is found by its deletions: two words are one edit apart
//! only if they have a form in common, where a form is the word itself or the word without one of
//! its letters.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use super::{bits::Bits, texts::Texts};

/// Letters from which on a word that is asked for may have a typo (domain rule 8).
const TYPO_LETTERS: usize = 5;
/// Letters from which on what is asked for may be the beginning of a word.
const PREFIX_LETTERS: usize = 2;
/// Beginnings up to this length have so many words that their rows are kept.
const KEPT_PREFIX_LETTERS: usize = 3;

/// The words of the names of some rows.
pub(super) struct Words {
    /// In order: the place of a word is its number.
    words: Texts,
    /// Where the rows of each word begin in `rows`, and one more.
    starts: Box<[u32]>,
    rows: Box<[u32]>,
    /// Rows by the first two and the first three letters of their words.
    prefixes: BTreeMap<Box<str>, Box<[u32]>>,
    /// Hash of a form and the number of a word that has it, ascending.
    forms: Box<[(u32, u32)]>,
    /// Letters of the longest word: what is longer need not be looked for.
    longest: usize,
}

/// How the rows have one word that is asked for; each set holds the one before.
pub(super) struct Found {
    /// The word itself.
    pub(super) equal: Bits,
    /// Or one that begins so.
    pub(super) prefix: Bits,
    /// Or one that is a typo away.
    pub(super) typo: Bits,
}

impl Words {
    /// Takes the folded names of rows 0, 1, 2…
    pub(super) fn new<'a>(namen: impl Iterator<Item = &'a str>) -> Self {
        let mut by_word: HashMap<&str, Vec<u32>> = HashMap::new();
        for (row, naam) in (0..).zip(namen) {
            for word in naam.split(' ').filter(|word| !word.is_empty()) {
                let rows = by_word.entry(word).or_default();
                if rows.last() != Some(&row) {
                    rows.push(row);
                }
            }
        }
        let mut sorted: Vec<(&str, Vec<u32>)> = by_word.into_iter().collect();
        sorted.sort_unstable_by_key(|(word, _)| *word);
        Self {
            words: Texts::new(sorted.iter().map(|(word, _)| *word)),
            starts: std::iter::once(0)
                .chain(sorted.iter().scan(0, |end, (_, rows)| {
                    *end += rows.len() as u32;
                    Some(*end)
                }))
                .collect(),
            prefixes: prefixes(&sorted),
            forms: all_forms(&sorted),
            longest: sorted
                .iter()
                .map(|(word, _)| word.chars().count())
                .max()
                .unwrap_or(0),
            rows: sorted.into_iter().flat_map(|(_, rows)| rows).collect(),
        }
    }

    /// The rows that have this word, in so many rows in all.
    pub(super) fn find(&self, asked: &str, rows: usize) -> Found {
        let mut found = Bits::empty(rows);
        let from = self.words.partition_point(|word| word < asked);
        let to = self.words.partition_point(|word| word <= asked);
        self.add(from..to, &mut found);
        let equal = found.clone();
        let letters = asked.chars().count();
        if (PREFIX_LETTERS..=KEPT_PREFIX_LETTERS).contains(&letters) {
            for row in self.prefixes.get(asked).into_iter().flatten() {
                found.insert(*row);
            }
        } else if (PREFIX_LETTERS..=self.longest).contains(&letters) {
            let begins_so = |word: &str| word < asked || word.starts_with(asked);
            self.add(from..self.words.partition_point(begins_so), &mut found);
        }
        let prefix = found.clone();
        if (TYPO_LETTERS..=self.longest + 1).contains(&letters) {
            for number in self.one_typo_from(asked) {
                self.add(number..number + 1, &mut found);
            }
        }
        Found {
            equal,
            prefix,
            typo: found,
        }
    }

    /// The rows of these words.
    fn add(&self, numbers: Range<u32>, into: &mut Bits) {
        let start = |number: u32| self.starts[number as usize] as usize;
        for row in &self.rows[start(numbers.start)..start(numbers.end)] {
            into.insert(*row);
        }
    }

    /// Numbers of the words that are one edit away: a letter too many, too few, another, or two
    /// neighbours swapped.
    fn one_typo_from(&self, asked: &str) -> Vec<u32> {
        let mut numbers: Vec<u32> = forms(asked)
            .flat_map(|form| {
                let from = self.forms.partition_point(|(hash, _)| *hash < form);
                self.forms[from..]
                    .iter()
                    .take_while(move |(hash, _)| *hash == form)
                    .map(|(_, number)| *number)
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.retain(|number| strsim::osa_distance(asked, self.words.get(*number)) <= 1);
        numbers
    }

    /// Bytes on the heap, about.
    pub(super) fn bytes(&self) -> usize {
        let prefixes: usize = self
            .prefixes
            .iter()
            .map(|(word, rows)| 64 + word.len() + size_of_val(&rows[..]))
            .sum();
        self.words.bytes()
            + size_of_val(&self.starts[..])
            + size_of_val(&self.rows[..])
            + size_of_val(&self.forms[..])
            + prefixes
    }
}

fn prefixes(sorted: &[(&str, Vec<u32>)]) -> BTreeMap<Box<str>, Box<[u32]>> {
    let mut found: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (word, rows) in sorted {
        let ends = word.char_indices().map(|(at, _)| at).chain([word.len()]);
        for end in ends
            .skip(PREFIX_LETTERS)
            .take(KEPT_PREFIX_LETTERS + 1 - PREFIX_LETTERS)
        {
            found.entry(&word[..end]).or_default().extend(rows);
        }
    }
    found
        .into_iter()
        .map(|(prefix, mut rows)| {
            rows.sort_unstable();
            rows.dedup();
            (prefix.into(), rows.into())
        })
        .collect()
}

fn all_forms(sorted: &[(&str, Vec<u32>)]) -> Box<[(u32, u32)]> {
    let mut all: Vec<(u32, u32)> = (0..)
        .zip(sorted)
        // A letter can be missing in what is there.
        .filter(|(_, (word, _))| word.chars().count() >= TYPO_LETTERS - 1)
        .flat_map(|(number, (word, _))| forms(word).map(move |form| (form, number)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into()
}

/// Hashes of the word and of the word without each of its letters.
fn forms(word: &str) -> impl Iterator<Item = u32> + '_ {
    let without = word.char_indices().map(|(at, letter)| {
        let rest = word[..at]
            .bytes()
            .chain(word[at + letter.len_utf8()..].bytes());
        fnv(rest)
    });
    without.chain(std::iter::once_with(|| fnv(word.bytes())))
}

/// FNV-1a: short, and what collides is compared letter by letter afterwards.
fn fnv(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(namen: &[&str], asked: &str) -> [Vec<u32>; 3] {
        let words = Words::new(namen.iter().copied());
        let found = words.find(asked, namen.len());
        [found.equal, found.prefix, found.typo].map(|bits| bits.iter().collect())
    }

    const NONE: [Vec<u32>; 3] = [Vec::new(), Vec::new(), Vec::new()];

    #[test]
    fn words_beginnings_and_typos_each_in_their_set() {
        let namen = [
            "bakkerij jansen",
            "bakker",
            "bakkreij",
            "jans",
            "de bakkerij bakkerij",
            "ab",
        ];
        assert_eq!(
            found(&namen, "bakkerij"),
            [vec![0, 4], vec![0, 4], vec![0, 2, 4]]
        );
        assert_eq!(
            found(&namen, "bakker"),
            [vec![1], vec![0, 1, 4], vec![0, 1, 4]]
        );
        assert_eq!(
            found(&namen, "ba"),
            [vec![], vec![0, 1, 2, 4], vec![0, 1, 2, 4]]
        );
        assert_eq!(
            found(&namen, "bak"),
            [vec![], vec![0, 1, 2, 4], vec![0, 1, 2, 4]]
        );
        assert_eq!(found(&namen, "b"), NONE);
        // Four letters take no typo, five do, also where the word has only four.
        assert_eq!(found(&namen, "janz"), NONE);
        assert_eq!(found(&namen, "janss"), [vec![], vec![], vec![3]]);
        assert_eq!(found(&namen, ""), NONE);
        assert_eq!(found(&[], "bakker"), NONE);
    }

    proptest! {
        #[test]
        fn as_a_comparison_of_every_word_says(
            namen in prop::collection::vec("[a-cé]{1,7}( [a-cé]{1,7}){0,2}", 0..30),
            asked in "[a-cé]{1,7}",
        ) {
            let words = Words::new(namen.iter().map(String::as_str));
            let found = words.find(&asked, namen.len());
            let letters = asked.chars().count();
            for (row, naam) in (0..).zip(&namen) {
                let equal = naam.split(' ').any(|w| w == asked);
                let prefix = equal || (letters >= 2 && naam.split(' ').any(|w| w.starts_with(&asked)));
                let typo = prefix
                    || (letters >= 5 && naam.split(' ').any(|w| strsim::osa_distance(w, &asked) <= 1));
                prop_assert_eq!(found.equal.contains(row), equal);
                prop_assert_eq!(found.prefix.contains(row), prefix);
                prop_assert_eq!(found.typo.contains(row), typo);
            }
        }
    }
}
