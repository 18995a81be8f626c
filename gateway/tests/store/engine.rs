//! The engines that the suite runs on.

use std::{path::PathBuf, sync::Arc};

use stagepoort::log::{LogStore, SqliteStore};
use tempfile::TempDir;

/// One database, which several programs can have open.
pub(crate) struct Database {
    folder: TempDir,
}

impl Database {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("register.db")
    }

    /// As another program would open it.
    pub(crate) async fn open(&self) -> Arc<dyn LogStore> {
        Arc::new(self.sqlite().await)
    }

    pub(crate) async fn sqlite(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).await.unwrap()
    }
}
