//! What a search takes from the segments: the first hits in order, how many there are in all, and
//! the counts.

use super::bits::Bits;
use crate::domain::{Leerweg, Leerwegen};

/// Takes hits of one segment after another.
pub(super) struct Harvest<'c> {
    /// The most hits wanted of a segment, at least one.
    wanted: usize,
    /// Only what stands behind this counts for the hits, as order and rank in this segment.
    after: Option<(u64, u32)>,
    /// The first hits of this segment and some behind them, as order, rank and row.
    first: Vec<(u64, u32, u32)>,
    /// What stands behind this is none of them.
    last: (u64, u32, u32),
    pub(super) totaal: u32,
    counts: Option<&'c mut Tally>,
}

const BEHIND_ALL: (u64, u32, u32) = (u64::MAX, u32::MAX, u32::MAX);

impl<'c> Harvest<'c> {
    pub(super) fn new(wanted: usize, counts: Option<&'c mut Tally>) -> Self {
        Self {
            wanted,
            after: None,
            first: Vec::with_capacity(2 * wanted),
            last: BEHIND_ALL,
            totaal: 0,
            counts,
        }
    }

    /// Begins with a segment, in which what was taken before ends at this order and rank.
    pub(super) fn begin(&mut self, after: Option<(u64, u32)>) {
        self.after = after;
        self.first.clear();
        self.last = BEHIND_ALL;
    }

    pub(super) fn take(&mut self, order: u64, rank: u32, row: u32) {
        self.totaal += 1;
        if self.after.is_some_and(|after| (order, rank) < after) {
            return;
        }
        let hit = (order, rank, row);
        if hit > self.last {
            return;
        }
        self.first.push(hit);
        if self.first.len() == 2 * self.wanted {
            self.last = *self.first.select_nth_unstable(self.wanted - 1).1;
            self.first.truncate(self.wanted);
        }
    }

    pub(super) fn counts(&mut self) -> Option<&mut Tally> {
        self.counts.as_deref_mut()
    }

    /// The hits of this segment as order and row, in order.
    pub(super) fn end(&mut self) -> Vec<(u64, u32)> {
        self.first.sort_unstable();
        let hits = self.first.iter().take(self.wanted);
        hits.map(|(order, _, row)| (*order, *row)).collect()
    }
}

/// Counts by leerweg, niveau and code, each hit once for a value.
#[derive(Debug)]
pub(super) struct Tally {
    /// Niveau of each code by its number; 0 for none.
    niveau_of: Vec<u8>,
    pub(super) leerwegen: [u32; 2],
    pub(super) niveaus: [u32; 4],
    /// By the number of the code.
    pub(super) codes: Vec<u32>,
    seen: Seen,
}

/// What the present hit has.
#[derive(Debug)]
struct Seen {
    leerwegen: [bool; 2],
    niveaus: [bool; 4],
    codes: Bits,
    list: Vec<u32>,
}

impl Tally {
    pub(super) fn new(niveau_of: Vec<u8>) -> Self {
        let codes = niveau_of.len();
        Self {
            niveau_of,
            leerwegen: [0; 2],
            niveaus: [0; 4],
            codes: vec![0; codes],
            seen: Seen {
                leerwegen: [false; 2],
                niveaus: [false; 4],
                codes: Bits::empty(codes),
                list: Vec::new(),
            },
        }
    }

    /// Something of the present hit that fits.
    pub(super) fn note(&mut self, number: u32, leerwegen: Leerwegen) {
        let seen = &mut self.seen;
        for (flag, leerweg) in seen.leerwegen.iter_mut().zip(Leerweg::ALL) {
            *flag |= leerwegen.contains(*leerweg);
        }
        // Periods of one code follow one another.
        if seen.list.last() == Some(&number) || !seen.codes.insert(number) {
            return;
        }
        seen.list.push(number);
        let niveau = self.niveau_of[number as usize];
        if let Some(flag) = usize::from(niveau)
            .checked_sub(1)
            .and_then(|n| seen.niveaus.get_mut(n))
        {
            *flag = true;
        }
    }

    /// The present hit is done.
    pub(super) fn next(&mut self) {
        let seen = &mut self.seen;
        for (count, flag) in self.leerwegen.iter_mut().zip(&mut seen.leerwegen) {
            *count += u32::from(std::mem::take(flag));
        }
        for (count, flag) in self.niveaus.iter_mut().zip(&mut seen.niveaus) {
            *count += u32::from(std::mem::take(flag));
        }
        for number in seen.list.drain(..) {
            self.codes[number as usize] += 1;
            seen.codes.remove(number);
        }
    }
}
