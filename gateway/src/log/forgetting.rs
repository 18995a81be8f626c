//! In which parts the log is gone through to forget what later lines have superseded (design invariant
//! 12), whichever engine keeps it: each is one short transaction, with the mark of how far it came.

use super::{CommitInfo, Soort, rows::nr};

/// Lines looked at in one transaction: some tens of milliseconds.
pub(super) const LINES_PER_PART: u64 = 4_096;

/// Commits looked up at once, and the most in one part.
pub(super) const COMMITS_PER_PART: u32 = 256;

/// Kinds of which a later line supersedes what stands aside.
pub(super) const SIDE: [Soort; 2] = [Soort::Personen, Soort::Bpvo];

/// Lines that are looked at together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) ranges: Vec<Range>,
    /// The commit up to which all is done after it.
    pub(super) done: u64,
}

/// Some lines of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) nummer: u64,
    /// The row of the first.
    pub(super) from: i64,
    /// The row after the last.
    pub(super) to: i64,
}

impl Range {
    fn of(commit: &CommitInfo, from: u64, to: u64) -> Self {
        Self {
            nummer: commit.nummer,
            from: nr(commit.stage, from),
            to: nr(commit.stage, to),
        }
    }

    /// All of a commit.
    pub(super) fn whole(commit: &CommitInfo) -> Self {
        Self::of(commit, 0, commit.regels)
    }
}

/// Whether a commit goes in parts.
pub(super) fn is_large(commit: &CommitInfo) -> bool {
    commit.regels > LINES_PER_PART
}

/// From which line of a large commit on to look. Where no other commit holds anything about people or
/// students it can only have superseded what it wrote itself: an import writes once more, at its end, what
/// others changed meanwhile.
pub(super) fn begin(commit: &CommitInfo, others_hold_some: bool) -> u64 {
    match others_hold_some {
        true => 0,
        false => commit.regels.saturating_sub(LINES_PER_PART),
    }
}

/// Parts of the first of these commits, from this line on, when it is a large one; else one of as many small
/// ones as fit.
pub(super) fn parts(commits: &[CommitInfo], begin: u64) -> Vec<Part> {
    match commits {
        [first, ..] if is_large(first) => parts_of(first, begin),
        small => vec![together(small)],
    }
}

fn parts_of(commit: &CommitInfo, begin: u64) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut from = begin;
    while from < commit.regels {
        let to = (from + LINES_PER_PART).min(commit.regels);
        let last = u64::from(to == commit.regels);
        parts.push(Part {
            ranges: vec![Range::of(commit, from, to)],
            done: commit.nummer - 1 + last,
        });
        from = to;
    }
    parts
}

fn together(commits: &[CommitInfo]) -> Part {
    let mut part = Part::default();
    let mut lines = 0;
    for commit in commits {
        lines += commit.regels;
        if lines > LINES_PER_PART {
            break;
        }
        part.ranges.push(Range::whole(commit));
        part.done = commit.nummer;
    }
    part
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{domain::Tijdstip, log::StageId};

    fn commit(nummer: u64, regels: u64) -> CommitInfo {
        CommitInfo {
            nummer,
            tijdlijn: 1,
            tijdstip: Tijdstip::EPOCH,
            request_id: Uuid::nil(),
            hash: [0; 32],
            vorige_hash: [0; 32],
            regels,
            stage: StageId(nummer + 10),
        }
    }

    #[test]
    fn small_commits_go_together_and_a_large_one_in_parts_that_are_done_with_the_last() {
        let shape = |commits: &[CommitInfo], begin| -> Vec<(Vec<u64>, u64)> {
            let parts = parts(commits, begin).into_iter();
            let nummers = |part: &Part| part.ranges.iter().map(|range| range.nummer).collect();
            parts.map(|part| (nummers(&part), part.done)).collect()
        };
        let small = [commit(1, 1), commit(2, 4_000), commit(3, 200), commit(4, 1)];
        assert_eq!(shape(&small, 0), [(vec![1, 2], 2)]);
        assert_eq!(shape(&small[2..], 0), [(vec![3, 4], 4)]);
        assert_eq!(shape(&[commit(5, 0)], 0), [(vec![5], 5)]);
        let large = [commit(6, 10_000), commit(7, 1)];
        assert_eq!(shape(&large, 0), [(vec![6], 5), (vec![6], 5), (vec![6], 6)]);
        let tail = begin(&large[0], false);
        assert_eq!(shape(&large, tail), [(vec![6], 6)]);
        let ranges: Vec<Range> = parts(&large, begin(&large[0], true))
            .into_iter()
            .flat_map(|part| part.ranges)
            .collect();
        assert_eq!(ranges[0].from, Range::whole(&large[0]).from);
        assert_eq!(ranges[2].to, Range::whole(&large[0]).to);
        assert!(ranges.windows(2).all(|two| two[0].to == two[1].from));
    }
}
