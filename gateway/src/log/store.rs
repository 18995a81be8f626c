//! What a store of the log must do, whichever engine keeps it.

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::Tijdstip;

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
}

impl Soort {
    /// Whether the content stands in a side table that is deleted from (invariant 12).
    #[must_use]
    pub const fn is_side(self) -> bool {
        matches!(self, Self::Personen | Self::Bpvo)
    }
}

/// The key of an object within its [`Soort`]: at most 64 bytes, ordered as bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sleutel(pub Box<[u8]>);

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
}

/// A published commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its number; follows the one before without a gap (invariant 2).
    pub nummer: u64,
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
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database did not answer, or refused.
    #[error("the database could not be used")]
    Database(#[source] sqlx::Error),
    /// The file could not be opened or locked.
    #[error("{path} could not be used")]
    File {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another import is staging.
    #[error("another import is running on this store")]
    StageBusy,
    /// The stage was not opened here, or was discarded or published.
    #[error("stage {0:?} is not open")]
    StageNotOpen(StageId),
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

/// A store of the log. Implementations keep design invariants 2, 3 and 12.
#[async_trait]
pub trait LogStore: Send + Sync + 'static {
    /// Where the log stands.
    async fn head(&self) -> Result<Head, StoreError>;

    /// Published commits after this number, ascending, at most `limit`.
    async fn commits_after(&self, nummer: u64, limit: u32) -> Result<Vec<CommitInfo>, StoreError>;

    /// Lines of a commit from this index on, at most `limit`, in order.
    async fn lines(
        &self,
        commit: &CommitInfo,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError>;

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

    /// Opens a stage, after throwing away what an import that died left behind. One at a time
    /// over all processes on this store; the claim ends with the process.
    ///
    /// # Errors
    /// [`StoreError::StageBusy`] when another import is staging.
    async fn open_stage(&self) -> Result<StageId, StoreError>;

    /// Adds lines to an open stage. Nobody sees them yet.
    async fn stage(&self, stage: StageId, lines: Vec<Line>) -> Result<(), StoreError>;

    /// Makes a stage visible: all of it, at once, as the next commit.
    async fn publish(&self, publication: Publication) -> Result<CommitInfo, StoreError>;

    /// Throws an open stage away.
    async fn discard(&self, stage: StageId) -> Result<(), StoreError>;

    /// Publishes a few lines as one commit, without a stage of one's own.
    async fn append(
        &self,
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<CommitInfo, StoreError>;

    /// The keyed hash that names an object whose natural key may not stand in the log, such as
    /// a bpvo. The key stands in the store and never changes.
    fn pseudonym(&self, natural_key: &str) -> Sleutel;

    /// Deletes side content that a published line has superseded. Cheap when there is none.
    async fn forget_superseded(&self) -> Result<u64, StoreError>;

    /// Checks the hash chain and every line against it; gives the head.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming the first commit that does not hold.
    async fn verify(&self) -> Result<Head, StoreError>;
}
