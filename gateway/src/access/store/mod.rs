//! The toegang stream: every document that was ever put in force, numbered.
//!
//! It is apart from the log, so that trouble in the register never holds up a withdrawal.

mod postgres;
mod rows;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{DocumentError, Toegang};
use crate::{
    domain::Tijdstip,
    log::{Opslag, StoreError},
};
pub use postgres::PostgresToegang;
pub use sqlite::SqliteToegang;

/// A document as it was put in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// From 1, without gaps.
    pub versie: u64,
    /// When it was put in force.
    pub tijdstip: Tijdstip,
    /// SHA-256 of the document.
    pub sha256: [u8; 32],
    /// As the operator wrote it.
    pub document: String,
}

/// Which version it is, without its content. The hash tells two histories apart, of which one
/// came from a restored backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionHead {
    /// Its number.
    pub versie: u64,
    /// SHA-256 of its document.
    pub sha256: [u8; 32],
}

impl Version {
    /// Which version it is.
    #[must_use]
    pub fn head(&self) -> VersionHead {
        VersionHead {
            versie: self.versie,
            sha256: self.sha256,
        }
    }

    /// The document, read.
    ///
    /// # Errors
    /// [`DocumentError`], when a newer program wrote what this one does not know.
    pub fn toegang(&self) -> Result<Toegang, DocumentError> {
        let toegang = Toegang::parse(&self.document)?;
        Ok(Toegang {
            versie: self.versie,
            ..toegang
        })
    }
}

/// Why a document was not put in force.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another one was put in force after this one was compared with the newest.
    #[error(
        "another document was put in force meanwhile (version {newest}): look at the changes again"
    )]
    Overtaken {
        /// Its number.
        newest: u64,
    },
}

/// A store of the stream.
#[async_trait]
pub trait ToegangStore: Send + Sync + 'static {
    /// Number and hash of the newest version; none before the first.
    async fn head(&self) -> Result<Option<VersionHead>, StoreError>;

    /// The newest version.
    async fn newest(&self) -> Result<Option<Version>, StoreError>;

    /// Puts a document in force as the version after `newest`. The text must have been read
    /// with [`Toegang::parse`].
    ///
    /// # Errors
    /// [`AppendError::Overtaken`] when `newest` is no longer the newest.
    async fn append(
        &self,
        newest: u64,
        document: &str,
        tijdstip: Tijdstip,
    ) -> Result<Version, AppendError>;

    /// Rings this bell when a document was put in force, as [`crate::log::LogStore::ring`] does.
    fn ring(&self, _bell: Arc<Notify>) {}

    /// Lets go of the connections. Nothing is asked of it after this.
    async fn close(&self) {}
}

/// Opens the stream beside the log.
///
/// # Errors
/// As [`SqliteToegang::open`] and [`PostgresToegang::open`].
pub async fn open_toegang(opslag: &Opslag) -> Result<Arc<dyn ToegangStore>, StoreError> {
    Ok(match opslag {
        Opslag::Sqlite(path) => Arc::new(SqliteToegang::open(path).await?),
        Opslag::Postgres(settings) => Arc::new(PostgresToegang::open(settings).await?),
    })
}
