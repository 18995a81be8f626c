//! The engines that the suite runs on.

use std::{path::PathBuf, sync::Arc};

use stagepoort::log::{LogStore, Opslag, SqliteStore};
use tempfile::TempDir;

use crate::postgres;

/// Which engine keeps the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// One database, which several programs can have open.
pub(crate) struct Database {
    folder: TempDir,
    opslag: Opslag,
    url: Option<String>,
}

impl Database {
    pub(crate) async fn new(engine: Engine) -> Self {
        let folder = TempDir::new().unwrap();
        let url = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres::new_database(postgres::shared()).await),
        };
        let opslag = match &url {
            None => Opslag::Sqlite(folder.path().join("register.db")),
            Some(url) => Opslag::parse(url).unwrap(),
        };
        Self {
            folder,
            opslag,
            url,
        }
    }

    /// A file beside the database; that of SQLite itself.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("register.db")
    }

    pub(crate) fn opslag(&self) -> &Opslag {
        &self.opslag
    }

    /// Of PostgreSQL alone.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// As another program would open it.
    pub(crate) async fn open(&self) -> Arc<dyn LogStore> {
        self.opslag.open().await.unwrap()
    }

    pub(crate) async fn sqlite(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).await.unwrap()
    }
}

/// Runs each of these on every engine.
macro_rules! on_every_engine {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(crate::engine::Engine::Sqlite).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(crate::engine::Engine::Postgres).await;
            })*
        }
    };
}
pub(crate) use on_every_engine;
