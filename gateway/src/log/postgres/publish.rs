//! Making lines visible: one transaction for all the commits that wait, each with its own number.

use std::collections::HashMap;

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{query::COMMIT_COLUMNS, stage, tijdlijn::Stand};
use crate::{
    domain::Tijdstip,
    log::{
        CommitInfo, Line, Publication, StageId, StoreError,
        hash::{Hash, Keys, LinesDigest},
        rows::{CommitRow, MAX_STAGE, NewCommit, Row, StoredCommit, damaged, prepare},
    },
};

/// Begins, and takes the append lock: one transaction at a time over all nodes, so that commits
/// become visible in the order of their numbers (design invariant 2). It ends with the transaction.
/// What comes after sees all that was published before.
pub(super) const BEGIN: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(1398030669)";

/// What somebody wants published.
pub(super) enum Wish {
    /// These lines.
    Append {
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: Vec<Line>,
        /// Only when the log ends at this commit.
        only_at: Option<u64>,
    },
    /// A stage that is open here; without its content only an earlier fulfilment can be found.
    Publish {
        publication: Publication,
        staged: Option<Staged>,
    },
}

/// What was staged.
pub(super) struct Staged {
    pub(super) regels: u64,
    pub(super) digest: Hash,
}

impl Wish {
    pub(super) fn request_id(&self) -> Uuid {
        match self {
            Self::Append { request_id, .. } => *request_id,
            Self::Publish { publication, .. } => publication.request_id,
        }
    }

    /// How many lines it writes itself.
    pub(super) fn lines(&self) -> usize {
        match self {
            Self::Append { lines, .. } => lines.len(),
            Self::Publish { .. } => 0,
        }
    }
}

/// What became of each wish, in their order.
pub(super) type Outcomes = Vec<Result<CommitInfo, StoreError>>;

/// Fulfils all of them, or, after an error, none.
pub(super) async fn all(
    connection: &mut PgConnection,
    keys: &Keys,
    wishes: &[&Wish],
) -> Result<Outcomes, StoreError> {
    let mut tx = connection.begin_with(BEGIN).await?;
    let appends = wishes.iter().filter(|wish| wish.lines() > 0).count();
    let mut batch = Batch {
        keys,
        stand: Stand::read(&mut tx, wishes.len()).await?,
        earlier: earlier(&mut tx, wishes).await?,
        repeats: false,
        rows: Vec::with_capacity(appends),
        commits: Vec::new(),
    };
    let mut outcomes = Vec::with_capacity(wishes.len());
    for wish in wishes {
        outcomes.push(batch.take(&mut tx, wish).await?);
    }
    batch.write(&mut tx).await?;
    if batch.repeats {
        confirm_earlier(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(outcomes)
}

/// A commit that is found again may not be on the synchronous standby yet, when its writer was
/// cut off while it waited. Whatever is written after it is there no sooner than it.
async fn confirm_earlier(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_logical_emit_message(true, 'stagepoort', '')")
        .execute(tx)
        .await?;
    Ok(())
}

async fn earlier(
    tx: &mut PgConnection,
    wishes: &[&Wish],
) -> Result<HashMap<Uuid, CommitInfo>, StoreError> {
    let asked: Vec<Vec<u8>> = wishes
        .iter()
        .map(|wish| wish.request_id().as_bytes().to_vec())
        .collect();
    let sql = sqlx::AssertSqlSafe(format!("{COMMIT_COLUMNS} WHERE request_id = ANY($1)"));
    let rows: Vec<CommitRow> = sqlx::query_as(sql).bind(&asked).fetch_all(tx).await?;
    rows.into_iter()
        .map(|row| {
            let info = StoredCommit::try_from(row)?.info;
            Ok((info.request_id, info))
        })
        .collect()
}

/// What one transaction writes.
struct Batch<'a> {
    keys: &'a Keys,
    stand: Stand,
    /// By request id: what was published before, or a moment ago in this batch.
    earlier: HashMap<Uuid, CommitInfo>,
    /// Whether a wish was fulfilled before.
    repeats: bool,
    rows: Vec<Row<'a>>,
    commits: Vec<(CommitInfo, Hash)>,
}

impl<'a> Batch<'a> {
    /// Gives a wish its place. The outer error ends the batch, the inner one is for this wish.
    async fn take(
        &mut self,
        tx: &mut PgConnection,
        wish: &'a Wish,
    ) -> Result<Result<CommitInfo, StoreError>, StoreError> {
        if let Some(info) = self.earlier.get(&wish.request_id()) {
            self.repeats = true;
            return Ok(Ok(info.clone()));
        }
        let new = match wish {
            Wish::Append {
                request_id,
                tijdstip,
                lines,
                only_at,
            } => match self.append(*request_id, *tijdstip, lines, *only_at)? {
                Ok(new) => new,
                Err(invalid) => return Ok(Err(invalid)),
            },
            Wish::Publish {
                publication,
                staged,
            } => {
                let not_open = Ok(Err(StoreError::StageNotOpen(publication.stage)));
                let Some(staged) = staged else {
                    return not_open;
                };
                if let Some(overtaken) = self.overtaken(publication.only_at) {
                    return Ok(Err(overtaken));
                }
                if !stage::close_for_publication(tx, publication.stage).await? {
                    return not_open;
                }
                published(*publication, staged)
            }
        };
        self.seal(&new).map(Ok)
    }

    fn append(
        &mut self,
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: &'a [Line],
        only_at: Option<u64>,
    ) -> Result<Result<NewCommit, StoreError>, StoreError> {
        if let Some(overtaken) = self.overtaken(only_at) {
            return Ok(Err(overtaken));
        }
        let stage = self.next_stage()?;
        let mut digest = LinesDigest::new();
        let rows = match prepare(self.keys, stage, 0, lines, &mut digest) {
            Ok(rows) => rows,
            Err(invalid) => return Ok(Err(invalid)),
        };
        self.rows.extend(rows);
        Ok(Ok(NewCommit {
            stage,
            request_id,
            tijdstip,
            regels: lines.len() as u64,
            digest: digest.finish(),
        }))
    }

    fn next_stage(&mut self) -> Result<StageId, StoreError> {
        self.stand
            .stages
            .pop()
            .map(i64::cast_unsigned)
            .filter(|stage| *stage <= MAX_STAGE)
            .map(StageId)
            .ok_or_else(|| damaged("stage numbers are used up"))
    }

    /// What is wrong when the log was to end at this commit; none when it does.
    fn overtaken(&self, only_at: Option<u64>) -> Option<StoreError> {
        let (nummer, _) = self.last();
        let elsewhere = only_at.is_some_and(|only_at| only_at != nummer);
        elsewhere.then_some(StoreError::Overtaken { nummer })
    }

    /// Where the log ends, this batch included.
    fn last(&self) -> (u64, Hash) {
        match self.commits.last() {
            Some((info, _)) => (info.nummer, info.hash),
            None => (self.stand.nummer, self.stand.hash),
        }
    }

    /// Adds the commit after the last one.
    fn seal(&mut self, new: &NewCommit) -> Result<CommitInfo, StoreError> {
        let (last, hash) = self.last();
        let info = new.seal(self.stand.tijdlijn, last, hash);
        self.earlier.insert(info.request_id, info.clone());
        self.commits.push((info.clone(), new.digest));
        Ok(info)
    }

    /// Writes all of it by one statement, and rings whoever listens.
    async fn write(&self, tx: &mut PgConnection) -> Result<(), StoreError> {
        if self.commits.is_empty() {
            return Ok(());
        }
        let side: Vec<(i64, &[u8])> = self
            .rows
            .iter()
            .filter_map(|row| Some((row.nr, row.side()?)))
            .collect();
        let rows = &self.rows;
        let commits = &self.commits;
        sqlx::query(WRITE)
            .bind(each(rows, |row| row.nr))
            .bind(each(rows, |row| i16::from(row.line.soort.number())))
            .bind(each(rows, |row| row.line.sleutel.0.to_vec()))
            .bind(each(rows, |row| row.content()))
            .bind(each(rows, |row| row.mark.as_deref()))
            .bind(each(&side, |(nr, _)| *nr))
            .bind(each(&side, |(_, content)| *content))
            .bind(each(commits, |(info, _)| info.nummer.cast_signed()))
            .bind(each(commits, |(info, _)| i64::from(info.tijdlijn)))
            .bind(each(commits, |(info, _)| info.stage.0.cast_signed()))
            .bind(each(commits, |(info, _)| info.tijdstip.as_millis()))
            .bind(each(commits, |(info, _)| {
                info.request_id.as_bytes().to_vec()
            }))
            .bind(each(commits, |(info, _)| info.regels.cast_signed()))
            .bind(each(commits, |(_, digest)| digest.to_vec()))
            .bind(each(commits, |(info, _)| info.vorige_hash.to_vec()))
            .bind(each(commits, |(info, _)| info.hash.to_vec()))
            .execute(tx)
            .await?;
        Ok(())
    }
}

const WRITE: &str = "
WITH nieuw AS (
  INSERT INTO regel (nr, soort, sleutel, inhoud, merk)
  SELECT * FROM unnest($1::int8[], $2::int2[], $3::bytea[], $4::bytea[], $5::bytea[])
), opzij AS (
  INSERT INTO zij (nr, inhoud) SELECT * FROM unnest($6::int8[], $7::bytea[])
)
INSERT INTO commit_log (nummer, tijdlijn, stage, tijdstip_ms, request_id, regels, digest,
    vorige_hash, hash)
SELECT * FROM unnest($8::int8[], $9::int8[], $10::int8[], $11::int8[], $12::bytea[], $13::int8[],
    $14::bytea[], $15::bytea[], $16::bytea[])
RETURNING pg_notify('stagepoort_log', '')";

fn each<'a, T, V>(all: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    all.iter().map(value).collect()
}

fn published(publication: Publication, staged: &Staged) -> NewCommit {
    NewCommit {
        stage: publication.stage,
        request_id: publication.request_id,
        tijdstip: publication.tijdstip,
        regels: staged.regels,
        digest: staged.digest,
    }
}
