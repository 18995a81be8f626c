//! A segment as one state of the index sees it.

use std::sync::Arc;

use imbl::OrdMap;

use super::{bits::Bits, scan::Visible, segment::Segment};

/// A segment and what died in it.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) segment: Arc<Segment>,
    /// Rows that are dead now.
    dead: Arc<Bits>,
    /// From which commit on.
    died: OrdMap<u32, u64>,
    /// The first of those commits.
    first_died: u64,
}

impl Part {
    pub(super) fn new(segment: Arc<Segment>) -> Self {
        let dead = Arc::new(Bits::empty(segment.len()));
        Self {
            segment,
            dead,
            died: OrdMap::new(),
            first_died: u64::MAX,
        }
    }

    /// Ends the living row of this id, if there is one here.
    pub(super) fn kill(&mut self, id: u32, nummer: u64) {
        // Only the last one of an id can be alive.
        let last = self.segment.rows_of(id).next_back();
        self.bury_living(last, nummer);
    }

    fn bury_living(&mut self, row: Option<u32>, nummer: u64) {
        if let Some(row) = row.filter(|row| !self.dead.contains(*row)) {
            Arc::make_mut(&mut self.dead).insert(row);
            self.died.insert(row, nummer);
            self.first_died = self.first_died.min(nummer);
        }
    }

    /// Ends a row that is not dead already, if it is here.
    pub(super) fn kill_row(&mut self, id: u32, since: u64, nummer: u64) {
        let since_of = |row: &u32| self.segment.since[*row as usize];
        let row = self.segment.rows_of(id).find(|row| since_of(row) == since);
        self.bury_living(row, nummer);
    }

    /// Every dead row, and from which commit on.
    pub(super) fn deaths(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.died.iter().map(|(row, nummer)| (*row, *nummer))
    }

    /// How many rows died at this commit or before.
    pub(super) fn forgettable(&self, horizon: u64) -> usize {
        if self.first_died > horizon {
            return 0;
        }
        self.died.values().filter(|died| **died <= horizon).count()
    }

    /// From which commit on the row is dead, if it is.
    pub(super) fn died(&self, row: u32) -> Option<u64> {
        self.died.get(&row).copied()
    }

    pub(super) fn dead(&self) -> usize {
        self.died.len()
    }

    /// As it was at a commit.
    pub(super) fn at(&self, nummer: u64) -> At<'_> {
        At {
            part: self,
            nummer,
            whole: self.segment.newest <= nummer && self.died.is_empty(),
            newest: self.segment.newest <= nummer,
        }
    }

    /// The row of this id at a commit.
    pub(super) fn row_at(&self, id: u32, nummer: u64) -> Option<u32> {
        let at = self.at(nummer);
        self.segment.rows_of(id).find(|row| at.sees(*row))
    }

    /// Bytes on the heap, about; the segment may be shared with other states.
    pub(super) fn bytes(&self) -> usize {
        /// An entry of the map with its share of the nodes.
        const DIED_BYTES: usize = 32;
        self.segment.bytes() + self.dead.bytes() + self.died.len() * DIED_BYTES
    }
}

/// A part as it was at a commit.
pub(super) struct At<'a> {
    part: &'a Part,
    nummer: u64,
    /// Whether all rows are seen.
    whole: bool,
    /// Whether all rows had come in by then.
    newest: bool,
}

impl Visible for At<'_> {
    fn sees(&self, row: u32) -> bool {
        if self.whole {
            return true;
        }
        if !self.newest && self.part.segment.since[row as usize] > self.nummer {
            return false;
        }
        if !self.part.dead.contains(row) {
            return true;
        }
        self.part.died(row).is_none_or(|died| died > self.nummer)
    }
}
