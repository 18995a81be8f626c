//! The whole log as one view, for a program that asks once and serves nobody.

use super::{FollowerError, Stand, State, View, search::SearchIndex};
use crate::log::{CommitInfo, Head, LogStore};

/// Commits looked up at once.
const COMMITS_PER_READ: u32 = 256;

/// Lines held at once.
const LINES_PER_READ: u32 = 4_096;

/// Reads the log from its beginning to its end, and on while it grows meanwhile: people that the
/// log has forgotten on the way are replaced by what came after them. The view cannot be searched.
///
/// # Errors
/// [`FollowerError`], as a follower would stop on it.
pub async fn replay(store: &dyn LogStore) -> Result<View, FollowerError> {
    let mut state = State::default();
    let mut stand = Stand::before_first(0);
    loop {
        let head = store.head().await?;
        begin_or_go_on(&mut state, &mut stand, &head);
        let commits = store
            .commits_after(stand.versie.nummer, COMMITS_PER_READ)
            .await?;
        if commits.is_empty() {
            let tijdlijnen = store.tijdlijnen().await?.into();
            return Ok(View::loaded(
                state,
                stand,
                tijdlijnen,
                SearchIndex::default(),
            ));
        }
        for commit in &commits {
            check(&stand, commit)?;
            apply(store, &mut state, commit).await?;
            stand.versie.nummer = commit.nummer;
            stand.hash = commit.hash;
            stand.tijdstip = commit.tijdstip;
        }
    }
}

/// A database that is restored meanwhile is another history.
fn begin_or_go_on(state: &mut State, stand: &mut Stand, head: &Head) {
    if stand.versie.tijdlijn != head.tijdlijn {
        *state = State::default();
        *stand = Stand::before_first(head.tijdlijn);
    }
}

fn check(stand: &Stand, commit: &CommitInfo) -> Result<(), FollowerError> {
    let what = if commit.nummer != stand.versie.nummer + 1 {
        "commits before it are missing"
    } else if commit.vorige_hash != stand.hash {
        "it does not follow the commit before it"
    } else {
        return Ok(());
    };
    Err(FollowerError::Broken {
        nummer: commit.nummer,
        what,
    })
}

async fn apply(
    store: &dyn LogStore,
    state: &mut State,
    commit: &CommitInfo,
) -> Result<(), FollowerError> {
    let mut index = 0;
    while index < commit.regels {
        let lines = store.lines(commit, index, LINES_PER_READ).await?;
        if lines.is_empty() {
            return Err(FollowerError::Broken {
                nummer: commit.nummer,
                what: "lines are missing",
            });
        }
        for line in &lines {
            state.apply(line).map_err(|source| FollowerError::Apply {
                nummer: commit.nummer,
                line: index,
                source,
            })?;
            index += 1;
        }
    }
    Ok(())
}
