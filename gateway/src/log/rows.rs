//! What both engines keep alike: the place of a line, its mark, and the seal of a commit.

use uuid::Uuid;

use super::{
    CommitInfo, Inhoud, Line, Sleutel, Soort, StageId, StoreError, TijdlijnBegin,
    hash::{Hash, Kept, Keys, LinesDigest, Sealed, commit_hash},
};
use crate::domain::Tijdstip;

/// Bits of a row's `nr` that count the lines of one stage.
pub(super) const INDEX_BITS: u32 = 32;

/// The most lines that one stage can hold.
pub(super) const MAX_LINES: u64 = 1 << INDEX_BITS;

/// The last number that a stage can have: stage and index share 63 bits.
pub(super) const MAX_STAGE: u64 = i32::MAX as u64;

/// The row of a line.
pub(super) fn nr(stage: StageId, index: u64) -> i64 {
    ((stage.0 << INDEX_BITS) | index).cast_signed()
}

/// The stage that a row belongs to.
pub(super) fn stage_at(nr: i64) -> StageId {
    StageId(nr.cast_unsigned() >> INDEX_BITS)
}

/// The stage part of `nr`, in SQL.
macro_rules! stage_of {
    ($nr:literal) => {
        concat!("(", $nr, " >> 32)")
    };
}
pub(super) use stage_of;

/// A line that is about to be written at its row.
pub(super) struct Row<'a> {
    pub(super) nr: i64,
    pub(super) line: &'a Line,
    pub(super) mark: Option<Vec<u8>>,
}

impl Row<'_> {
    /// What stands in the log itself.
    pub(super) fn content(&self) -> Option<&[u8]> {
        self.given().filter(|_| self.mark.is_none())
    }

    /// What stands in the side table.
    pub(super) fn side(&self) -> Option<&[u8]> {
        self.given().filter(|_| self.mark.is_some())
    }

    fn given(&self) -> Option<&[u8]> {
        match &self.line.inhoud {
            Inhoud::Gezet(content) => Some(content),
            Inhoud::Verwijderd | Inhoud::Vergeten => None,
        }
    }
}

/// Whether a line may be written.
///
/// # Errors
/// [`StoreError::InvalidLine`], which says why not.
pub(super) fn check(line: &Line) -> Result<(), StoreError> {
    if line.sleutel.0.len() > Sleutel::MAX_BYTES {
        return Err(StoreError::InvalidLine("its key is longer than 64 bytes"));
    }
    match line.inhoud {
        Inhoud::Gezet(_) | Inhoud::Verwijderd => Ok(()),
        Inhoud::Vergeten => Err(StoreError::InvalidLine(
            "forgotten content is read, never written",
        )),
    }
}

/// Rows of lines from this index of the stage on; adds them to the digest.
///
/// # Errors
/// As [`check`].
pub(super) fn prepare<'a>(
    keys: &Keys,
    stage: StageId,
    from: u64,
    lines: &'a [Line],
    digest: &mut LinesDigest,
) -> Result<Vec<Row<'a>>, StoreError> {
    lines
        .iter()
        .zip(from..)
        .map(|(line, index)| prepare_one(keys, nr(stage, index), line, digest))
        .collect()
}

fn prepare_one<'a>(
    keys: &Keys,
    nr: i64,
    line: &'a Line,
    digest: &mut LinesDigest,
) -> Result<Row<'a>, StoreError> {
    check(line)?;
    let soort = line.soort.number();
    let sleutel = &*line.sleutel.0;
    let mark = match &line.inhoud {
        Inhoud::Gezet(content) if line.soort.is_side() => {
            Some(keys.mark(nr, soort, sleutel, content).to_vec())
        }
        Inhoud::Gezet(_) | Inhoud::Verwijderd | Inhoud::Vergeten => None,
    };
    let kept = match (&line.inhoud, &mark) {
        (_, Some(mark)) => Kept::Mark(mark),
        (Inhoud::Gezet(content), None) => Kept::Content(content),
        (Inhoud::Verwijderd | Inhoud::Vergeten, None) => Kept::Nothing,
    };
    digest.push(soort, sleutel, kept);
    Ok(Row { nr, line, mark })
}

/// A line as it is stored.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct StoredLine {
    pub(super) nr: i64,
    pub(super) soort: i64,
    pub(super) sleutel: Vec<u8>,
    pub(super) inhoud: Option<Vec<u8>>,
    pub(super) merk: Option<Vec<u8>>,
    pub(super) zij: Option<Vec<u8>>,
}

impl StoredLine {
    pub(super) fn into_line(self) -> Result<Line, StoreError> {
        let soort = u8::try_from(self.soort)
            .ok()
            .and_then(Soort::from_number)
            .ok_or_else(|| damaged(format!("line {} has unknown kind {}", self.nr, self.soort)))?;
        let inhoud = match (self.inhoud, self.merk, self.zij) {
            (Some(content), None, _) | (None, Some(_), Some(content)) => Inhoud::Gezet(content),
            (None, Some(_), None) => Inhoud::Vergeten,
            (None, None, _) => Inhoud::Verwijderd,
            (Some(_), Some(_), _) => {
                return Err(damaged(format!("line {} holds two contents", self.nr)));
            }
        };
        Ok(Line {
            soort,
            sleutel: Sleutel(self.sleutel.into()),
            inhoud,
        })
    }
}

/// A row of `commit_log`: a commit, with what [`CommitInfo`] leaves out.
pub(super) struct StoredCommit {
    pub(super) info: CommitInfo,
    pub(super) digest: Hash,
}

/// A row of `commit_log` as the engines give it.
#[derive(sqlx::FromRow)]
pub(super) struct CommitRow {
    nummer: i64,
    tijdlijn: i64,
    stage: i64,
    tijdstip_ms: i64,
    request_id: Vec<u8>,
    regels: i64,
    digest: Vec<u8>,
    vorige_hash: Vec<u8>,
    hash: Vec<u8>,
}

impl TryFrom<CommitRow> for StoredCommit {
    type Error = StoreError;

    fn try_from(row: CommitRow) -> Result<Self, StoreError> {
        let wrong = |what: &str| damaged(format!("commit {} has no valid {what}", row.nummer));
        let hash = |bytes: &[u8], name| to_hash(bytes).map_err(|_| wrong(name));
        Ok(Self {
            info: CommitInfo {
                nummer: row.nummer.cast_unsigned(),
                tijdlijn: u32::try_from(row.tijdlijn).map_err(|_| wrong("tijdlijn"))?,
                tijdstip: Tijdstip::from_millis(row.tijdstip_ms)
                    .ok_or_else(|| wrong("tijdstip"))?,
                request_id: Uuid::from_slice(&row.request_id).map_err(|_| wrong("request_id"))?,
                hash: hash(&row.hash, "hash")?,
                vorige_hash: hash(&row.vorige_hash, "vorige_hash")?,
                regels: u64::try_from(row.regels).map_err(|_| wrong("number of lines"))?,
                stage: StageId(row.stage.cast_unsigned()),
            },
            digest: hash(&row.digest, "digest")?,
        })
    }
}

/// A commit that is about to be written.
pub(super) struct NewCommit {
    pub(super) stage: StageId,
    pub(super) request_id: Uuid,
    pub(super) tijdstip: Tijdstip,
    pub(super) regels: u64,
    pub(super) digest: Hash,
}

impl NewCommit {
    /// The commit as it stands after this one, in this tijdlijn.
    pub(super) fn seal(&self, tijdlijn: u32, last: u64, vorige_hash: Hash) -> CommitInfo {
        let sealed = Sealed {
            tijdlijn,
            nummer: last + 1,
            tijdstip: self.tijdstip,
            request_id: self.request_id,
            regels: self.regels,
            digest: self.digest,
        };
        CommitInfo {
            nummer: sealed.nummer,
            tijdlijn,
            tijdstip: self.tijdstip,
            request_id: self.request_id,
            hash: commit_hash(&vorige_hash, &sealed),
            vorige_hash,
            regels: self.regels,
            stage: self.stage,
        }
    }
}

pub(super) fn damaged(what: impl Into<String>) -> StoreError {
    StoreError::Damaged(what.into())
}

pub(super) fn to_hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes
        .try_into()
        .map_err(|_| damaged("a hash is not 32 bytes long"))
}

/// Where a tijdlijn began, of its number and the commit before it.
pub(super) fn to_begin((tijdlijn, na_nummer): (i64, i64)) -> Result<TijdlijnBegin, StoreError> {
    Ok(TijdlijnBegin {
        tijdlijn: u32::try_from(tijdlijn).map_err(|_| damaged("tijdlijn out of range"))?,
        na_nummer: u64::try_from(na_nummer).map_err(|_| damaged("a tijdlijn began nowhere"))?,
    })
}
