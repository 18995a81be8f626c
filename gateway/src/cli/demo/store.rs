//! What keeps the demo's register: a file, or a server that ends with the demo.

use super::{
    Opslag,
    folder::{DemoError, Folder},
    postgres::{Database, Programs},
};
use crate::{cli::say, log};

/// What it takes, found before anything is made.
pub(super) enum Wanted {
    Sqlite,
    Postgres(Programs),
}

/// What is there.
pub(super) struct Store {
    pub(super) opslag: log::Opslag,
    server: Option<Database>,
}

impl Wanted {
    pub(super) fn find(opslag: Opslag) -> Result<Self, DemoError> {
        Ok(match opslag {
            Opslag::Sqlite => Self::Sqlite,
            Opslag::Postgres => Self::Postgres(Programs::find()?),
        })
    }

    /// As [`Database::start`].
    pub(super) async fn start(self, folder: &Folder) -> Result<Store, DemoError> {
        match self {
            Self::Sqlite => Ok(Store {
                opslag: log::Opslag::Sqlite(folder.database()),
                server: None,
            }),
            Self::Postgres(programs) => {
                say("starting PostgreSQL …");
                let server = Database::start(folder, &programs).await?;
                Ok(Store {
                    opslag: server.opslag.clone(),
                    server: Some(server),
                })
            }
        }
    }
}

impl Store {
    /// What the settings of the demo say of it, besides the defaults.
    pub(super) fn section(&self) -> &str {
        let server = self.server.as_ref();
        server.map_or("", |server| server.section.as_str())
    }

    /// The process of the server.
    pub(super) fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(|server| server.pid)
    }

    pub(super) async fn stop(self) {
        if let Some(server) = self.server {
            server.stop().await;
        }
    }
}
