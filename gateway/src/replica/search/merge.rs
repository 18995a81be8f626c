//! Merging segments: few enough for a search to be quick, seldom enough for commits to be cheap.
//!
//! Sizes fall by at least [`RATIO`] from one segment to the next, so that there are some ten of
//! them and a row is moved a few times in its life. What is small is merged at once;
//! what is large is handed out as a [`Merge`], done beside the follower and put in place later.

use std::{ops::Range, sync::Arc};

use super::{SearchIndex, codes::Codes, part::Part, row::Row, segment::Segment};

/// The least that a segment is larger than the next one. Two moves a row least often; a search looks through a few
/// small segments more, which costs it little.
const RATIO: usize = 2;
/// Smaller ones are merged whatever follows them.
const SMALL_ROWS: usize = 64;
/// A segment of which this part could be forgotten is made anew.
const DEAD_PART: usize = 4;
/// Rows that are merged at once, in the step that applies a commit: some tens of milliseconds.
const AT_ONCE_ROWS: usize = 8_192;
/// Segments below this are never worth a merge of their own because of their dead.
const FEW_ROWS: usize = 1_024;

/// Segments to be made one.
pub struct Merge {
    parts: Vec<Part>,
    codes: Codes,
    /// What died up to this commit is left out.
    horizon: u64,
}

/// One segment instead of several.
pub struct Merged {
    replaced: Vec<Arc<Segment>>,
    segment: Arc<Segment>,
    horizon: u64,
    /// Who was dead when the merge began: id, since when it was there, and until when.
    died: Vec<(u32, u64, u64)>,
}

impl SearchIndex {
    /// Merges what is small, behind what is being merged beside the follower.
    pub(super) fn merge_small(&mut self) {
        while let Some(range) = self.due(self.merging) {
            let rows: usize = self.parts[range.clone()]
                .iter()
                .map(|p| p.segment.len())
                .sum();
            if rows > AT_ONCE_ROWS {
                return;
            }
            let merged = self.merge_of(range).run();
            self.put(merged);
        }
    }

    /// A merge that is due and too large to be done at once. Until it is installed or abandoned
    /// there is no other, and its parts stay as they are.
    #[must_use]
    pub fn merge(&mut self) -> Option<Merge> {
        if self.merging > 0 {
            return None;
        }
        let range = self.due(0)?;
        self.merging = range.end;
        Some(self.merge_of(range))
    }

    /// Says that a merge will not be installed.
    pub fn abandon_merge(&mut self) {
        self.merging = 0;
    }

    /// A merge of everything, due or not.
    #[cfg(test)]
    pub(super) fn merge_all(&mut self) -> Option<Merge> {
        let all = 0..self.parts.len();
        (self.merging == 0 && !all.is_empty()).then(|| {
            self.merging = all.end;
            self.merge_of(all)
        })
    }

    /// Which parts are to be made one, of those from this one on.
    fn due(&self, first: usize) -> Option<Range<usize>> {
        let parts = &self.parts[first..];
        let mut behind = 0;
        let mut from = None;
        for (at, part) in parts.iter().enumerate().rev() {
            let size = part.segment.len();
            if behind > 0 && size < (behind * RATIO).max(SMALL_ROWS) {
                from = Some(at);
            }
            behind += size;
        }
        let due = from.map(|at| first + at..self.parts.len());
        due.or_else(|| self.mostly_dead(first))
    }

    /// A segment of which a quarter could be forgotten.
    fn mostly_dead(&self, first: usize) -> Option<Range<usize>> {
        let horizon = self.horizon();
        let mut parts = self.parts[first..].iter();
        let at = parts.position(|part| {
            let rows = part.segment.len();
            rows >= FEW_ROWS
                && part.dead() * DEAD_PART > rows
                && part.forgettable(horizon) * DEAD_PART > rows
        })?;
        Some(first + at..first + at + 1)
    }

    fn merge_of(&self, range: Range<usize>) -> Merge {
        Merge {
            parts: self.parts[range].to_vec(),
            codes: self.codes.clone(),
            horizon: self.horizon(),
        }
    }

    /// Puts a merge in place. One that was made from parts that are not here any more is dropped;
    /// gives whether it was used.
    pub fn install(&mut self, merged: Merged) -> bool {
        self.merging = 0;
        self.put(merged)
    }

    fn put(&mut self, merged: Merged) -> bool {
        let Merged {
            replaced,
            segment,
            horizon,
            died,
        } = merged;
        let is_first = |part: &Part| Arc::ptr_eq(&part.segment, &replaced[0]);
        let Some(from) = self.parts.iter().position(is_first) else {
            return false;
        };
        let old = self.parts.get(from..from + replaced.len());
        let same = old.is_some_and(|old| {
            old.iter()
                .zip(&replaced)
                .all(|(part, segment)| Arc::ptr_eq(&part.segment, segment))
        });
        if !same {
            return false;
        }
        let mut part = Part::new(segment);
        for (id, since, nummer) in died {
            part.kill_row(id, since, nummer);
        }
        for old in self.parts.drain(from..from + replaced.len()) {
            // Who died while the merge was under way.
            for (row, nummer) in old.deaths() {
                let at = row as usize;
                part.kill_row(old.segment.ids[at], old.segment.since[at], nummer);
            }
        }
        if part.segment.len() > 0 {
            self.parts.insert(from, part);
        }
        self.kept_from = self.kept_from.max(horizon);
        true
    }
}

impl Merge {
    /// How many rows go in.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.segment.len()).sum()
    }

    /// Makes the one segment. Blocks: a few microseconds a row.
    #[must_use]
    pub fn run(mut self) -> Merged {
        let (mut rows, mut buried) = (Vec::with_capacity(self.rows()), Vec::new());
        for part in &self.parts {
            for row in 0..part.segment.len() as u32 {
                let died = part.died(row);
                if died.is_some_and(|died| died <= self.horizon) {
                    continue;
                }
                let row: Row = part.segment.row(row, &self.codes);
                buried.extend(died.map(|died| (row.id, row.since, died)));
                rows.push(row);
            }
        }
        Merged {
            segment: Arc::new(Segment::new(rows, &mut self.codes)),
            replaced: self.parts.into_iter().map(|part| part.segment).collect(),
            horizon: self.horizon,
            died: buried,
        }
    }
}
