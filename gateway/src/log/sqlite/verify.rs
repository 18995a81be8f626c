//! Checking the whole log against its hashes.

use sqlx::SqlitePool;

use super::{
    LINES_PER_READ, StoreError, damaged,
    lines::{self, StoredLine, stage_of},
    query::{self, StoredCommit},
};
use crate::log::{
    Head,
    hash::{Kept, Keys, LinesDigest, Sealed, ZERO, commit_hash},
};

const COMMITS_PER_READ: u32 = 256;

pub(super) async fn run(read: &SqlitePool, keys: &Keys) -> Result<Head, StoreError> {
    let mut head = Head {
        // A restore begins a tijdlijn before there is a commit in it.
        tijdlijn: query::head(read).await?.tijdlijn,
        nummer: 0,
        hash: ZERO,
    };
    loop {
        let commits = query::stored_commits_after(read, head.nummer, COMMITS_PER_READ).await?;
        if commits.is_empty() {
            return Ok(head);
        }
        for commit in &commits {
            check_commit(read, keys, &head, commit).await?;
            head.nummer = commit.info.nummer;
            head.hash = commit.info.hash;
        }
    }
}

async fn check_commit(
    read: &SqlitePool,
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
    let sealed = Sealed {
        tijdlijn: commit.tijdlijn,
        nummer: info.nummer,
        tijdstip: info.tijdstip,
        request_id: info.request_id,
        regels: info.regels,
        digest: commit.digest,
    };
    if commit_hash(&info.vorige_hash, &sealed) != info.hash {
        return Err(wrong("its hash is not that of what it says"));
    }
    let mut digest = LinesDigest::new();
    let mut index = 0;
    while index < info.regels {
        let some = lines::read(read, info.stage, info.regels, index, LINES_PER_READ).await?;
        if some.is_empty() {
            return Err(wrong("lines are missing"));
        }
        for line in &some {
            if line.nr != lines::nr(info.stage, index) {
                return Err(wrong(&format!("line {index} is missing")));
            }
            check_line(read, keys, info.nummer, line, &mut digest)
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

enum Flaw {
    Store(StoreError),
    Line(&'static str),
}

async fn check_line(
    read: &SqlitePool,
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
        None if is_superseded(read, nummer, line)
            .await
            .map_err(Flaw::Store)? =>
        {
            Ok(())
        }
        None => Err(Flaw::Line(
            "its side content is missing, and nothing superseded it",
        )),
    }
}

async fn is_superseded(
    read: &SqlitePool,
    nummer: u64,
    line: &StoredLine,
) -> Result<bool, StoreError> {
    const LATER: &str = concat!(
        "SELECT EXISTS (SELECT 1 FROM regel l JOIN commit_log c ON c.stage = ",
        stage_of!("l.nr"),
        " WHERE l.soort = ? AND l.sleutel = ?
            AND (c.nummer > ? OR (c.nummer = ? AND l.nr > ?)))"
    );
    let later: i64 = sqlx::query_scalar(LATER)
        .bind(line.soort)
        .bind(&line.sleutel)
        .bind(nummer.cast_signed())
        .bind(nummer.cast_signed())
        .bind(line.nr)
        .fetch_one(read)
        .await?;
    Ok(later != 0)
}
