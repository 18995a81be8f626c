//! Which way to candidates is the shortest, and whether what fits is worth keeping.

use std::{ops::Range, sync::Arc};

use super::{
    codes::CodeSet,
    filter::Fitting,
    query::{Soort, Waar},
    scan::{Scan, Visible},
    text::Text,
};

/// A way to candidates.
pub(super) enum Way<'a> {
    Text(&'a Text),
    Codes(&'a CodeSet),
    Plaats(u64),
    Postcodes(&'a Range<u32>),
    /// Every row in the runs.
    Rows,
}

/// What a step costs, in about half nanoseconds: the next entry of a code's list, a search for a
/// run in one, the next row, a row somewhere else, the next row that is known to fit.
const COST_OF_ENTRY: usize = 16;
const COST_OF_RUN: usize = 40;
const COST_OF_ROW: usize = 24;
const COST_OF_JUMP: usize = 40;
const COST_OF_BIT: usize = 6;
/// What is cheaper than this, some ten microseconds, is not worth keeping.
pub(super) const WORTH_KEEPING: usize = 20_000;

impl<V: Visible> Scan<'_, V> {
    /// Rows that fit, wherever they are and whatever they are called: when every way is long, and
    /// this was asked before or the way is as long as the segment.
    pub(super) fn fitting(&self, cost: usize) -> Option<Arc<Fitting>> {
        if cost <= self.rows_in_runs() / 2 * COST_OF_BIT + self.asked.worth_keeping {
            return None;
        }
        let at_once = cost * 2 >= self.segment.len() * COST_OF_ROW;
        let filters = &self.segment.filters;
        filters.get(self.asked.query, at_once, || self.find_fitting())
    }

    /// The way with the fewest candidates to look at, and what it costs.
    pub(super) fn way(&self) -> (Way<'_>, usize) {
        let rows = self.rows_in_runs();
        let mut best = (Way::Rows, rows * COST_OF_ROW);
        let mut offer = |way, cost| {
            if cost < best.1 {
                best = (way, cost);
            }
        };
        if let Some(text) = &self.text {
            offer(Way::Text(text), text.any.len() * COST_OF_JUMP);
        }
        if let Some(own) = &self.asked.own {
            let lists = own.list.iter().chain(&self.asked.equivalent.list);
            let entries = lists
                .clone()
                .map(|number| self.entries(*number))
                .sum::<usize>();
            let within = entries * rows / self.segment.len().max(1);
            let searched = lists.count() * self.runs.len() * COST_OF_RUN;
            offer(Way::Codes(own), within * COST_OF_ENTRY + searched);
        }
        match &self.asked.query.waar {
            Waar::Overal | Waar::Binnen(_) => {}
            Waar::Plaats(key, _) => {
                let rows = self.segment.in_plaats(key.0).count();
                offer(Way::Plaats(key.0), rows * COST_OF_JUMP);
            }
            Waar::Postcodes(range) => {
                let rows = self.segment.in_postcodes(&range.0).len();
                offer(Way::Postcodes(&range.0), rows * COST_OF_JUMP);
            }
        }
        best
    }

    fn rows_in_runs(&self) -> usize {
        self.runs.iter().map(ExactSizeIterator::len).sum()
    }

    fn entries(&self, number: u32) -> usize {
        match self.asked.query.soort {
            Soort::Erkenning => self.segment.erkend.get(number).len(),
            Soort::Leerplaats(_) => self.segment.offering.get(number).len(),
        }
    }
}
