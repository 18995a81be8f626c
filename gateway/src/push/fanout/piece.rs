//! The next lines of the log that may have to be told of.

use crate::{
    domain::RegisterVersie,
    log::{CommitInfo, Line, LogStore, Soort, StoreError},
    push::store::Cursor,
};

/// Lines of the log that one step reads at most.
const MAX_LINES: u64 = 4_000;

/// Commits that one step reads at most.
const MAX_COMMITS: u32 = 256;

/// Lines of the log that belong together: whole commits, or a part of one.
pub(super) struct Piece {
    pub(super) lines: Vec<Placed>,
    /// Where the next piece begins.
    pub(super) to: Cursor,
}

/// A line that matters, and its place.
pub(super) struct Placed {
    pub(super) at: Cursor,
    pub(super) commit: CommitInfo,
    pub(super) line: Line,
}

/// Where the log goes on behind this commit.
pub(super) fn behind(nummer: u64) -> Cursor {
    Cursor {
        nummer: nummer + 1,
        regel: 0,
    }
}

/// Reads on from the cursor, no further than this version. Commits of another tijdlijn wait until
/// the follower has taken it up: until then they are not what this node judges by.
pub(super) async fn read(
    log: &dyn LogStore,
    from: Cursor,
    head: RegisterVersie,
) -> Result<Piece, StoreError> {
    let after = from.nummer.saturating_sub(1);
    let mut commits = log.commits_after(after, MAX_COMMITS).await?;
    commits.retain(|commit| commit.nummer <= head.nummer && commit.tijdlijn <= head.tijdlijn);
    let Some(first) = commits.first() else {
        return Ok(Piece {
            lines: Vec::new(),
            to: from,
        });
    };
    if first.regels > MAX_LINES {
        let lines = log.lines(first, from.regel, MAX_LINES as u32).await?;
        let end = from.regel + lines.len() as u64;
        let to = if end >= first.regels || lines.is_empty() {
            behind(first.nummer)
        } else {
            Cursor {
                nummer: first.nummer,
                regel: end,
            }
        };
        let lines = placed(first, from.regel, lines).collect();
        return Ok(Piece { lines, to });
    }
    let mut total = 0;
    let many = commits.iter().take_while(|commit| {
        total += commit.regels;
        total <= MAX_LINES
    });
    let many = many.count();
    commits.truncate(many);
    let to = commits.last().map_or(from, |last| behind(last.nummer));
    let found = log.lines_of(&commits).await?;
    let all = commits.iter().zip(found);
    let lines = all
        .flat_map(|(commit, lines)| placed(commit, 0, lines))
        .filter(|placed| placed.at >= from)
        .collect();
    Ok(Piece { lines, to })
}

/// The lines that may have to be told of.
fn placed(
    commit: &CommitInfo,
    first: u64,
    lines: Vec<Line>,
) -> impl Iterator<Item = Placed> + use<> {
    let commit = commit.clone();
    (first..).zip(lines).filter_map(move |(regel, line)| {
        matches!(line.soort, Soort::Mutatie | Soort::Bpvo).then(|| Placed {
            at: Cursor {
                nummer: commit.nummer,
                regel,
            },
            commit: commit.clone(),
            line,
        })
    })
}
