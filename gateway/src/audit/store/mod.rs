//! Where the record of processing stands once it was shipped: the database of the log.

mod postgres;
mod rows;
mod sqlite;

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;

use super::{
    Gebruik, Hash, Pseudonym, Verwerking,
    format::{self, Fout},
    lezer::{GelezenBlok, Positie},
};
use crate::{
    domain::{Datum, Oin, Tijdstip},
    log::{Opslag, StoreError},
};
pub use postgres::PostgresVerwerkingen;
pub use sqlite::SqliteVerwerkingen;

/// A journal as the database has it. There is one more (`tak`) for every time that a node's journal
/// turned out to be another than what had come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journaalstand {
    /// Stands for it in the database.
    pub nr: i64,
    /// What the node called it when it was begun.
    pub journaal: [u8; 16],
    /// From 1.
    pub tak: u32,
    /// The machine that wrote it.
    pub knoop: String,
    /// Why it was begun as another one, or what is missing before it; in words.
    pub afwijking: Option<String>,
    /// When an operator took note of that.
    pub erkend_op: Option<Tijdstip>,
    /// The last block that came.
    pub na: Positie,
    /// When that was.
    pub bijgewerkt_op: Tijdstip,
    /// Number and hash of the block before the first that stands in the database.
    pub basis: (u64, Hash),
}

/// A journal that begins to be shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NieuweTak {
    /// See [`Journaalstand::journaal`].
    pub journaal: [u8; 16],
    /// See [`Journaalstand::tak`].
    pub tak: u32,
    /// See [`Journaalstand::knoop`].
    pub knoop: String,
    /// See [`Journaalstand::afwijking`].
    pub afwijking: Option<String>,
    /// Behind which block it begins.
    pub basis: Positie,
    /// When it begins.
    pub op: Tijdstip,
}

/// A block as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blokrij {
    /// See [`Journaalstand::nr`].
    pub journaal: i64,
    /// Its number.
    pub blok: u64,
    /// When its last answer was ready; when it was shipped, if there is none in it.
    pub tijdstip: Tijdstip,
    /// The header of its segment, when it is the first there.
    pub kop: Option<Vec<u8>>,
    /// As it stood in the file.
    pub inhoud: Vec<u8>,
    /// Its hash.
    pub hash: Hash,
}

/// What somebody did who looked into the record, or who works on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daad {
    /// A name for it that is given once.
    pub id: [u8; 16],
    /// When.
    pub tijdstip: Tijdstip,
    /// Who, by the name of the operating system's user.
    pub wie: String,
    /// Which command.
    pub daad: String,
    /// What and why, in words; a person by pseudonym alone.
    pub toelichting: String,
}

impl Blokrij {
    /// What was written in it.
    ///
    /// # Errors
    /// [`Fout::Inhoud`].
    pub fn verwerkingen(&self) -> Result<Vec<Verwerking>, Fout> {
        format::verwerkingen(&self.inhoud)
    }

    /// Everybody in it, each once.
    ///
    /// # Errors
    /// [`Fout::Inhoud`].
    pub fn pseudonymen(&self) -> Result<BTreeSet<Pseudonym>, Fout> {
        Ok(pseudonymen(&self.verwerkingen()?))
    }
}

/// A store of the record of processing. One engine for each of the log's.
#[async_trait]
pub trait VerwerkingStore: Send + Sync + 'static {
    /// Every journal, by nr.
    ///
    /// # Errors
    /// As every statement.
    async fn journalen(&self) -> Result<Vec<Journaalstand>, StoreError>;

    /// Begins one, unless it is there.
    async fn begin(&self, nieuw: &NieuweTak) -> Result<(), StoreError>;

    /// Adds blocks and moves the cursor behind the last of them, in one transaction; false, and nothing
    /// done, when the cursor is no longer where `stand` says.
    async fn ship(
        &self,
        stand: &Journaalstand,
        blokken: &[GelezenBlok],
        now: Tijdstip,
    ) -> Result<bool, StoreError>;

    /// Numbers and hashes of the blocks from this number to that one, of all takken of a journal.
    async fn hashes(
        &self,
        journaal: [u8; 16],
        van: u64,
        tot: u64,
    ) -> Result<BTreeSet<(u64, Hash)>, StoreError>;

    /// Blocks of a journal behind this number, ascending, at most `limit`.
    async fn blokken(&self, nr: i64, na: u64, limit: u32) -> Result<Vec<Blokrij>, StoreError>;

    /// Blocks in which somebody stands, by journal and number, behind this one of this journal; at most
    /// `limit`.
    async fn over(
        &self,
        wie: Pseudonym,
        na: (i64, u64),
        limit: u32,
    ) -> Result<Vec<Blokrij>, StoreError>;

    /// Removes these, the first that stand there of this journal, and keeps the hash of the last as its
    /// basis; false, and nothing done, when its basis is no longer what `stand` says.
    async fn verwijder(
        &self,
        stand: &Journaalstand,
        blokken: &[Blokrij],
    ) -> Result<bool, StoreError>;

    /// An operator takes note of every deviation; gives of how many journals.
    async fn erken(&self, daad: &Daad) -> Result<u64, StoreError>;

    /// Writes down what somebody did.
    async fn note(&self, daad: &Daad) -> Result<(), StoreError>;

    /// What was done, the newest first.
    async fn daden(&self, limit: u32) -> Result<Vec<Daad>, StoreError>;

    /// Adds these to what was asked before.
    async fn tel(&self, gebruik: &[Gebruik]) -> Result<(), StoreError>;

    /// What an afnemer asked, for one school or for all, on these days, both inclusive; by day, school,
    /// operation and outcome, at most `limit`.
    async fn gebruik(
        &self,
        afnemer_oin: Oin,
        school_oin: Option<Oin>,
        dagen: (Datum, Datum),
        limit: u32,
    ) -> Result<Vec<Gebruik>, StoreError>;

    /// Removes counts of before this day.
    async fn vergeet_gebruik(&self, voor: Datum) -> Result<u64, StoreError>;

    /// Lets go of the connections. Nothing is asked of it after this.
    async fn close(&self) {}
}

/// Opens the store beside the log.
///
/// # Errors
/// As [`Opslag::open`].
pub async fn open_verwerkingen(opslag: &Opslag) -> Result<Arc<dyn VerwerkingStore>, StoreError> {
    Ok(match opslag {
        Opslag::Sqlite(path) => Arc::new(SqliteVerwerkingen::open(path).await?),
        Opslag::Postgres(settings) => Arc::new(PostgresVerwerkingen::open(settings).await?),
    })
}

fn pseudonymen(verwerkingen: &[Verwerking]) -> BTreeSet<Pseudonym> {
    let all = verwerkingen.iter().flat_map(|one| &one.betrokkenen);
    all.map(|betrokkene| betrokkene.pseudonym).collect()
}
