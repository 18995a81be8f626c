//! The one place that knows which engines there are: settings name an [`Opslag`], and everything
//! above works with the traits.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{LogStore, PostgresSettings, PostgresStore, SqliteStore, StoreError};

/// Where the log and toegang are kept.
#[derive(Debug, Clone)]
pub enum Opslag {
    /// One SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, on one or more hosts.
    Postgres(PostgresSettings),
}

/// What a migration did to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The schema that was there, 0 for none.
    pub before: i64,
    /// The schema that is there.
    pub now: i64,
}

impl Opslag {
    /// Reads what an operator writes on the command line: the path of a SQLite file, or the URLs
    /// of PostgreSQL hosts with commas between them.
    ///
    /// # Errors
    /// As [`PostgresSettings::parse`].
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return Ok(Self::Sqlite(text.into()));
        }
        let urls: Vec<&str> = text.split(',').collect();
        PostgresSettings::parse(&urls).map(Self::Postgres)
    }

    /// Opens the log, for writing and for reading what was written.
    ///
    /// # Errors
    /// As [`SqliteStore::open`] and [`PostgresStore::open`].
    pub async fn open(&self) -> Result<Arc<dyn LogStore>, StoreError> {
        Ok(match self {
            Self::Sqlite(path) => Arc::new(SqliteStore::open(path).await?),
            Self::Postgres(settings) => Arc::new(PostgresStore::open(settings).await?),
        })
    }

    /// Opens the log for a node that follows it, perhaps from a standby.
    ///
    /// # Errors
    /// As [`SqliteStore::open`] and [`PostgresStore::follow`].
    pub async fn follow(&self) -> Result<Arc<dyn LogStore>, StoreError> {
        Ok(match self {
            Self::Sqlite(path) => Arc::new(SqliteStore::open(path).await?),
            Self::Postgres(settings) => Arc::new(PostgresStore::follow(settings).await?),
        })
    }

    /// Brings the schema up to this program's.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when it is newer than this program can work with.
    pub async fn migrate(&self) -> Result<Migrated, StoreError> {
        match self {
            Self::Sqlite(path) => SqliteStore::migrated(path).await,
            Self::Postgres(settings) => PostgresStore::migrate(settings).await,
        }
    }

    /// False when there is surely nothing to open: opening a SQLite file that is not there would
    /// make an empty one.
    #[must_use]
    pub fn is_there(&self) -> bool {
        match self {
            Self::Sqlite(path) => path.exists(),
            Self::Postgres(_) => true,
        }
    }

    /// The file that must have a folder, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

/// Without a password.
impl fmt::Display for Opslag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(settings) => settings.fmt(f),
        }
    }
}
