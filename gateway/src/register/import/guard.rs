//! The guards against a VOLLEDIG levering that would wrongly end much of the register (domain §5).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::change::Change;
use crate::{
    domain::{Code, Datum, Erkenning},
    register::levering::ObjectSoort,
};

/// One in this many running erkenningen may end: 5 %. A year sees some 8 % of leerbedrijven go,
/// so a single levering that ends more is almost certainly half a file.
const MOST_ENDED_ONE_IN: u64 = 20;

/// From this many running erkenningen on, not more than half of a code's may end: below it, a
/// handful of withdrawals would trip the guard.
const CODE_GUARDED_FROM: u64 = 20;

/// Objects of a kind that may be missing altogether: a register that small is a test or a start.
const KIND_GUARDED_FROM: u64 = 20;

/// Codes that a refusal spells out; the rest is a number.
const CODES_SHOWN: usize = 20;

/// Counts what runs and what would end.
#[derive(Debug, Default)]
pub(super) struct Guard {
    running: BTreeMap<Code, u64>,
    ending: BTreeMap<Code, u64>,
    absent: BTreeMap<ObjectSoort, u64>,
}

/// How much of a code would end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShrunkCode {
    /// Which code.
    pub code: Code,
    /// Erkenningen that run now.
    pub lopend: u64,
    /// Of those, the ones that this levering ends.
    pub eindigt: u64,
}

/// Why the guards refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrink {
    /// All erkenningen that run now.
    pub lopend: u64,
    /// Of those, the ones that this levering ends without having announced it.
    pub eindigt: u64,
    /// Codes that lose more than half.
    pub codes: Vec<ShrunkCode>,
    /// Kinds of object of which the levering has none and the register has many.
    pub ontbreekt: Vec<(ObjectSoort, u64)>,
}

impl Guard {
    /// Counts the periods of a leerbedrijf as they are before the levering.
    pub(super) fn count_running(&mut self, erkenningen: &[Erkenning], dag: Datum) {
        for erkenning in erkenningen.iter().filter(|e| e.holds_on(dag)) {
            *self.running.entry(erkenning.code).or_default() += 1;
        }
    }

    /// Counts what a levering ends.
    pub(super) fn count_ending(&mut self, changes: &[Change]) {
        for code in changes
            .iter()
            .filter(|c| c.ends_running)
            .filter_map(|c| c.code)
        {
            *self.ending.entry(code).or_default() += 1;
        }
    }

    /// Notes a kind of which the levering has nothing and the register has so many.
    pub(super) fn note_absent(&mut self, soort: ObjectSoort, count: u64) {
        if count >= KIND_GUARDED_FROM {
            self.absent.insert(soort, count);
        }
    }

    /// Decides. What was announced as a conversion does not count as shrinking.
    ///
    /// # Errors
    /// [`Shrink`], with the numbers.
    pub(super) fn check(&self, announced: &BTreeSet<Code>) -> Result<(), Shrink> {
        let lopend: u64 = self.running.values().sum();
        let unannounced = || {
            self.ending
                .iter()
                .filter(|(code, _)| !announced.contains(code))
        };
        let eindigt: u64 = unannounced().map(|(_, n)| n).sum();
        let codes: Vec<ShrunkCode> = unannounced()
            .map(|(code, eindigt)| ShrunkCode {
                code: *code,
                lopend: self.running.get(code).copied().unwrap_or(0),
                eindigt: *eindigt,
            })
            .filter(|c| c.lopend >= CODE_GUARDED_FROM && c.eindigt * 2 > c.lopend)
            .collect();
        let too_many = eindigt * MOST_ENDED_ONE_IN > lopend;
        if !too_many && codes.is_empty() && self.absent.is_empty() {
            return Ok(());
        }
        Err(Shrink {
            lopend,
            eindigt,
            codes,
            ontbreekt: self.absent.iter().map(|(s, n)| (*s, *n)).collect(),
        })
    }
}

impl fmt::Display for Shrink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lopend, eindigt, ..
        } = self;
        write!(f, "it would end {eindigt} of {lopend} running erkenningen")?;
        for (index, c) in self.codes.iter().take(CODES_SHOWN).enumerate() {
            let lead = if index == 0 { "; by code: " } else { ", " };
            write!(f, "{lead}{} {} of {}", c.code, c.eindigt, c.lopend)?;
        }
        if self.codes.len() > CODES_SHOWN {
            write!(f, " and {} more codes", self.codes.len() - CODES_SHOWN)?;
        }
        for (soort, count) in &self.ontbreekt {
            write!(f, "; it has no {soort} at all, the register has {count}")?;
        }
        Ok(())
    }
}
