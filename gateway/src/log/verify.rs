//! Checking a whole log against its hashes, whichever engine keeps it.

use async_trait::async_trait;

use super::{
    Head, StoreError,
    hash::{Kept, Keys, LinesDigest, Sealed, ZERO, commit_hash},
    rows::{StoredCommit, StoredLine, damaged, nr},
};

const COMMITS_PER_READ: u32 = 256;

/// Lines read at once.
const LINES_PER_READ: u32 = 4_096;

/// What an engine lets the check look at.
#[async_trait]
pub(super) trait Stored: Sync {
    /// Where the log stands.
    async fn stored_head(&self) -> Result<Head, StoreError>;

    /// Commits after this number, ascending, at most `limit`.
    async fn stored_commits_after(
        &self,
        nummer: u64,
        limit: u32,
    ) -> Result<Vec<StoredCommit>, StoreError>;

    /// Lines of a commit from this index on, in order, at most `limit`.
    async fn stored_lines(
        &self,
        commit: &StoredCommit,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredLine>, StoreError>;

    /// Whether a published line after this one is about the same object.
    async fn is_superseded(&self, nummer: u64, line: &StoredLine) -> Result<bool, StoreError>;
}

/// Checks the hash chain and every line against it; gives the head.
///
/// # Errors
/// [`StoreError::Damaged`] naming the first commit that does not hold.
pub(super) async fn run(log: &impl Stored, keys: &Keys) -> Result<Head, StoreError> {
    let mut head = Head {
        nummer: 0,
        hash: ZERO,
        // A restore begins a tijdlijn before there is a commit in it.
        ..log.stored_head().await?
    };
    loop {
        let commits = log
            .stored_commits_after(head.nummer, COMMITS_PER_READ)
            .await?;
        if commits.is_empty() {
            return Ok(head);
        }
        for commit in &commits {
            check_commit(log, keys, &head, commit).await?;
            head.nummer = commit.info.nummer;
            head.hash = commit.info.hash;
        }
    }
}

async fn check_commit(
    log: &impl Stored,
    keys: &Keys,
    before: &Head,
    commit: &StoredCommit,
) -> Result<(), StoreError> {
    let info = &commit.info;
    let wrong = |what: &str| damaged(format!("commit {}: {what}", info.nummer));
    if info.nummer != before.nummer + 1 {
        return Err(wrong("commits before it are missing"));
    }
    if info.vorige_hash != before.hash {
        return Err(wrong("it does not follow the commit before it"));
    }
    if seal(commit) != info.hash {
        return Err(wrong("its hash is not that of what it says"));
    }
    let mut digest = LinesDigest::new();
    let mut index = 0;
    while index < info.regels {
        let some = log.stored_lines(commit, index, LINES_PER_READ).await?;
        if some.is_empty() {
            return Err(wrong("lines are missing"));
        }
        for line in &some {
            if line.nr != nr(info.stage, index) {
                return Err(wrong(&format!("line {index} is missing")));
            }
            check_line(log, keys, info.nummer, line, &mut digest)
                .await
                .map_err(|what| match what {
                    Flaw::Store(error) => error,
                    Flaw::Line(what) => wrong(&format!("line {index}: {what}")),
                })?;
            index += 1;
        }
    }
    if digest.finish() != commit.digest {
        return Err(wrong("its lines are not those that it was sealed with"));
    }
    Ok(())
}

fn seal(commit: &StoredCommit) -> [u8; 32] {
    let info = &commit.info;
    let sealed = Sealed {
        tijdlijn: info.tijdlijn,
        nummer: info.nummer,
        tijdstip: info.tijdstip,
        request_id: info.request_id,
        regels: info.regels,
        digest: commit.digest,
    };
    commit_hash(&info.vorige_hash, &sealed)
}

enum Flaw {
    Store(StoreError),
    Line(&'static str),
}

async fn check_line(
    log: &impl Stored,
    keys: &Keys,
    nummer: u64,
    line: &StoredLine,
    digest: &mut LinesDigest,
) -> Result<(), Flaw> {
    let soort = u8::try_from(line.soort).map_err(|_| Flaw::Line("its kind is unknown"))?;
    let kept = match (&line.inhoud, &line.merk) {
        (None, None) => Kept::Nothing,
        (Some(content), None) => Kept::Content(content),
        (None, Some(mark)) => Kept::Mark(mark),
        (Some(_), Some(_)) => return Err(Flaw::Line("it holds two contents")),
    };
    digest.push(soort, &line.sleutel, kept);
    let Some(mark) = &line.merk else {
        return Ok(());
    };
    match &line.zij {
        Some(content) if keys.mark(line.nr, soort, &line.sleutel, content)[..] != mark[..] => {
            Err(Flaw::Line("its side content was changed"))
        }
        Some(_) => Ok(()),
        None if log.is_superseded(nummer, line).await.map_err(Flaw::Store)? => Ok(()),
        None => Err(Flaw::Line(
            "its side content is missing, and nothing superseded it",
        )),
    }
}
