//! What a store of the log must do, whichever engine keeps it.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;
use uuid::Uuid;

use super::hash::PSEUDONYM_BYTES;
use crate::domain::{Code, LeerbedrijfId, Oin, Tijdstip};

/// The kind of object a line is about. The number is stored; it never changes meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Soort {
    /// [`crate::domain::Leerbedrijf`], keyed by its id.
    Leerbedrijf = 1,
    /// [`crate::domain::Personen`] of a leerbedrijf, keyed by its id. Side table.
    Personen = 2,
    /// [`crate::domain::Opleiding`], keyed by its code.
    Opleiding = 3,
    /// All [`crate::domain::Equivalent`] of one code, keyed by that code.
    Equivalenten = 4,
    /// [`crate::domain::School`], keyed by its OIN.
    School = 5,
    /// [`crate::domain::Bpvo`], keyed by a keyed hash of school and kenmerk. Side table.
    Bpvo = 6,
    /// [`crate::domain::Mutatie`], keyed by its id; kept for the push.
    Mutatie = 7,
    /// An applied levering, keyed by its leveringId.
    Levering = 8,
    /// An imported area of postcodes (`geo::Postcodegebied`), keyed by its four digits.
    Postcodegebied = 9,
    /// What a write of a caller did, keyed by its request id: a repeat gets the same answer
    /// (domain rule 15). Counts and a keyed hash, nothing of what was written.
    Antwoord = 10,
}

impl Soort {
    /// Every kind, by its number.
    pub const ALL: &'static [Self] = &[
        Self::Leerbedrijf,
        Self::Personen,
        Self::Opleiding,
        Self::Equivalenten,
        Self::School,
        Self::Bpvo,
        Self::Mutatie,
        Self::Levering,
        Self::Postcodegebied,
        Self::Antwoord,
    ];

    /// The number that is stored.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.number() == number)
    }

    /// Whether the content stands in a side table that is deleted from (invariant 12).
    #[must_use]
    pub const fn is_side(self) -> bool {
        matches!(self, Self::Personen | Self::Bpvo)
    }
}

/// The key of an object within its [`Soort`]: at most 64 bytes, ordered as bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sleutel(pub Box<[u8]>);

impl Sleutel {
    /// The most bytes a key may have: what names an object, never what it says.
    pub const MAX_BYTES: usize = 64;

    /// Bytes of the key that [`LogStore::pseudonym`] gives.
    pub const PSEUDONYM_BYTES: usize = PSEUDONYM_BYTES;

    /// Key of [`Soort::Leerbedrijf`] and [`Soort::Personen`]: four bytes, in the order of the ids.
    #[must_use]
    pub fn leerbedrijf(id: LeerbedrijfId) -> Self {
        Self(Box::new(id.as_u32().to_be_bytes()))
    }

    /// The id in a key of [`Soort::Leerbedrijf`] or [`Soort::Personen`]; none in another.
    #[must_use]
    pub fn as_leerbedrijf(&self) -> Option<LeerbedrijfId> {
        let bytes = (*self.0).try_into().ok()?;
        LeerbedrijfId::from_u32(u32::from_be_bytes(bytes))
    }

    /// Key of [`Soort::Opleiding`] and [`Soort::Equivalenten`]: four bytes, in the order of codes.
    #[must_use]
    pub fn code(code: Code) -> Self {
        Self(Box::new(code.as_u32().to_be_bytes()))
    }

    /// Key of [`Soort::School`]: the twenty characters.
    #[must_use]
    pub fn school(oin: Oin) -> Self {
        Self(oin.as_str().as_bytes().into())
    }

    /// Key of [`Soort::Mutatie`]: the sixteen bytes.
    #[must_use]
    pub fn mutatie(mutatie_id: Uuid) -> Self {
        Self(mutatie_id.as_bytes().as_slice().into())
    }

    /// Key of [`Soort::Levering`]: a hash, since a leveringId may be longer than a key.
    #[must_use]
    pub fn levering(levering_id: &str) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, levering_id.as_bytes());
        Self(digest.as_ref().into())
    }

    /// Key of [`Soort::Postcodegebied`]: two bytes, in the order of the numbers.
    #[must_use]
    pub fn postcodegebied(postcode4: u16) -> Self {
        Self(Box::new(postcode4.to_be_bytes()))
    }

    /// Key of [`Soort::Antwoord`]: the sixteen bytes of the request id.
    #[must_use]
    pub fn antwoord(request_id: Uuid) -> Self {
        Self(request_id.as_bytes().as_slice().into())
    }

    /// The natural key of a bpvo, to give to [`LogStore::pseudonym`].
    #[must_use]
    pub fn natural_bpvo(school_oin: Oin, bpvo_kenmerk: &str) -> String {
        format!("bpvo:{school_oin}:{bpvo_kenmerk}")
    }
}

/// One line of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What kind of object.
    pub soort: Soort,
    /// Which one.
    pub sleutel: Sleutel,
    /// What became of it.
    pub inhoud: Inhoud,
}

/// What a line says of its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inhoud {
    /// It has this value from now on (postcard).
    Gezet(Vec<u8>),
    /// It is gone.
    Verwijderd,
    /// Its value stood in a side table and has since been superseded or deleted. Only ever read,
    /// never written: a later line says what is there now.
    Vergeten,
}

/// Where a log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Which history.
    pub tijdlijn: u32,
    /// Number of the last commit, 0 for an empty log.
    pub nummer: u64,
    /// Hash of the last commit, zeros for an empty log.
    pub hash: [u8; 32],
    /// Read from a standby: there may be more than it knows.
    pub may_lag: bool,
}

/// Where a tijdlijn began. It holds all of the tijdlijn before it up to this commit, and nothing
/// of what that one published after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TijdlijnBegin {
    /// Which.
    pub tijdlijn: u32,
    /// The last commit before it, 0 for none.
    pub na_nummer: u64,
}

/// A published commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its number; follows the one before without a gap (invariant 2).
    pub nummer: u64,
    /// Which history it was written in.
    pub tijdlijn: u32,
    /// When it was published.
    pub tijdstip: Tijdstip,
    /// Who asked for it, unique: a repeat of an ambiguous commit finds this one (invariant 3).
    pub request_id: Uuid,
    /// SHA-256 over the hash before, the fields above and the digest of the lines.
    pub hash: [u8; 32],
    /// Hash of the commit before.
    pub vorige_hash: [u8; 32],
    /// How many lines it has.
    pub regels: u64,
    /// Where its lines stand.
    pub stage: StageId,
}

/// A party of lines, published or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageId(pub u64);

/// The request to make a stage visible.
#[derive(Debug, Clone, Copy)]
pub struct Publication {
    /// What to publish.
    pub stage: StageId,
    /// Unique for this wish; the same one twice publishes once.
    pub request_id: Uuid,
    /// The present moment.
    pub tijdstip: Tijdstip,
    /// Only while the log still ends at this commit, so that what the lines were derived from
    /// cannot have changed under them.
    pub only_at: Option<u64>,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database did not answer, or refused.
    #[error("the database could not be used")]
    Database(#[from] sqlx::Error),
    /// The file could not be opened or locked.
    #[error("{path} could not be used")]
    File {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file that was opened no longer stands at its path: it was removed, or another was put
    /// there, as a restore does. What is read from it is no longer the log.
    #[error("{path} was removed or replaced by another file")]
    Replaced {
        /// Which file.
        path: std::path::PathBuf,
    },
    /// No host of the database can be used; says what each of them answered.
    #[error("no host of the database can be used: {0}")]
    NoHost(String),
    /// The database took longer than a healthy one ever does.
    #[error("the database did not answer within {limit_s} s")]
    TimedOut {
        /// How long was waited, in seconds.
        limit_s: u64,
    },
    /// A write was tried for as long as it may be. Whether it was written is not known: repeated
    /// with the same request id it is written once.
    #[error("it was not confirmed that the change was written: {reason}")]
    NotWritten {
        /// What happened the last time.
        reason: String,
    },
    /// Another import is staging.
    #[error("another import is running on this store")]
    StageBusy,
    /// The stage was not opened here, or was discarded or published.
    #[error("stage {0:?} is not open")]
    StageNotOpen(StageId),
    /// The log was to end at a certain commit, and ends at another one.
    #[error("the log ends at commit {nummer} by now")]
    Overtaken {
        /// Where it ends.
        nummer: u64,
    },
    /// A line that may not be written as it is.
    #[error("a line cannot be written: {0}")]
    InvalidLine(&'static str),
    /// What is stored does not hold together, such as a broken hash chain.
    #[error("the log is damaged: {0}")]
    Damaged(String),
    /// The schema is of another version than this program knows.
    #[error(
        "the store has schema {found}, this program needs {needed}: run `stagepoort migrate` or a newer program"
    )]
    Schema {
        /// In the store.
        found: i64,
        /// In this program.
        needed: i64,
    },
}

impl StoreError {
    /// Whether the database was away or broke off what was under way: begun anew, the same may do.
    #[must_use]
    pub fn is_interruption(&self) -> bool {
        matches!(self, Self::StageNotOpen(_) | Self::NotWritten { .. })
            || super::postgres::hosts::is_passing(self)
    }
}

/// A store of the log. Implementations keep design invariants 2, 3 and 12.
#[async_trait]
pub trait LogStore: Send + Sync + 'static {
    /// Where the log stands.
    async fn head(&self) -> Result<Head, StoreError>;

    /// Where every tijdlijn began, ascending.
    async fn tijdlijnen(&self) -> Result<Vec<TijdlijnBegin>, StoreError>;

    /// Published commits after this number, ascending, at most `limit`.
    async fn commits_after(&self, nummer: u64, limit: u32) -> Result<Vec<CommitInfo>, StoreError>;

    /// Lines of a commit from this index on, at most `limit`, in order.
    async fn lines(
        &self,
        commit: &CommitInfo,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError>;

    /// All lines of each of these commits, in order. Many commits of few lines cost less together
    /// than one by one; large ones are for [`Self::lines`].
    async fn lines_of(&self, commits: &[CommitInfo]) -> Result<Vec<Vec<Line>>, StoreError> {
        let mut all = Vec::with_capacity(commits.len());
        for commit in commits {
            all.push(self.lines(commit, 0, u32::MAX).await?);
        }
        Ok(all)
    }

    /// Current published values of these objects; absent and removed ones are left out.
    async fn current(
        &self,
        soort: Soort,
        sleutels: &[Sleutel],
    ) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError>;

    /// Current published objects of a kind in key order, after this key, at most `limit`.
    async fn scan(
        &self,
        soort: Soort,
        after: Option<&Sleutel>,
        limit: u32,
    ) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError>;

    /// Keys of a kind in key order, after this key, at most `limit`: all current ones, and
    /// perhaps some of objects that are gone or not yet published. Cheaper than [`Self::scan`]
    /// where few of the values are needed.
    async fn keys(
        &self,
        soort: Soort,
        after: Option<&Sleutel>,
        limit: u32,
    ) -> Result<Vec<Sleutel>, StoreError> {
        let found = self.scan(soort, after, limit).await?;
        Ok(found.into_iter().map(|(sleutel, _)| sleutel).collect())
    }

    /// Opens a stage, after throwing away what an import that died left behind. One at a time
    /// over all processes on this store; the claim ends with the process.
    ///
    /// # Errors
    /// [`StoreError::StageBusy`] when another import is staging.
    async fn open_stage(&self) -> Result<StageId, StoreError>;

    /// Adds lines to an open stage. Nobody sees them yet. Other writes get their turn between
    /// parts of a long list.
    ///
    /// # Errors
    /// [`StoreError::InvalidLine`] for a key that is too long or content that is
    /// [`Inhoud::Vergeten`]. After any error, and when this future was dropped halfway, the stage
    /// can only be discarded.
    async fn stage(&self, stage: StageId, lines: Vec<Line>) -> Result<(), StoreError>;

    /// Makes a stage visible: all of it, at once, as the next commit. On the disk when this
    /// returns. A request id that was fulfilled before gives that commit, and what was staged for
    /// the repeat is thrown away.
    ///
    /// # Errors
    /// [`StoreError::StageNotOpen`] when the stage is not open here. [`StoreError::Overtaken`] when
    /// the log does not end where it was to; the stage stays open. After a database error the same
    /// publication can be tried again.
    async fn publish(&self, publication: Publication) -> Result<CommitInfo, StoreError>;

    /// Throws an open stage away.
    async fn discard(&self, stage: StageId) -> Result<(), StoreError>;

    /// Publishes a few lines as one commit, without a stage of one's own. A request id that was
    /// fulfilled before gives that commit and writes nothing.
    ///
    /// # Errors
    /// [`StoreError::InvalidLine`] as for [`Self::stage`]; nothing was written.
    async fn append(
        &self,
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<CommitInfo, StoreError>;

    /// As [`Self::append`], but only while the log still ends at this commit; none when others
    /// wrote meanwhile, and nothing was written then. What the lines were derived from cannot have
    /// changed under them.
    ///
    /// # Errors
    /// As [`Self::append`].
    async fn append_at(
        &self,
        nummer: u64,
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<Option<CommitInfo>, StoreError>;

    /// The keyed hash that names an object whose natural key may not stand in the log, such as
    /// a bpvo. The key stands in the store and never changes.
    fn pseudonym(&self, natural_key: &str) -> Sleutel;

    /// A key of its own for the purpose that the label names: the same on every node of this store,
    /// and after a restore. A label holds no colon.
    fn derived_key(&self, label: &str) -> [u8; 32];

    /// Deletes side content that a published line has superseded; gives how much. Cheap when
    /// there is none: it goes on after the commit up to which it was done before.
    async fn forget_superseded(&self) -> Result<u64, StoreError>;

    /// Checks the hash chain and every line against it; gives the head.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming the first commit that does not hold.
    async fn verify(&self) -> Result<Head, StoreError>;

    /// Rings this bell when something was published, as long as the store is there. It only wakes:
    /// it may ring for nothing, and where an engine has no way to tell it never rings.
    fn ring(&self, _bell: Arc<Notify>) {}

    /// Lets go of the connections, after the writes that wait. Nothing is asked of it after this.
    async fn close(&self) {}
}
