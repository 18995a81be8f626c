//! The log in PostgreSQL, for any number of nodes and importers.
//!
//! One connection publishes, one more stages while there is an import, a few read. None is kept
//! after it failed; a new one goes to whichever host is the primary by then.

mod backup;
pub(crate) mod bell;
mod copy;
pub(crate) mod hosts;
pub(crate) mod pool;
mod publish;
mod query;
pub(crate) mod schema;
mod settings;
mod side;
mod stage;
mod tijdlijn;
mod verify;
mod writer;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use self::{
    bell::Bells,
    hosts::{Hosts, Role},
    pool::{Pool, reading},
    publish::Wish,
    stage::OpenStage,
    writer::Writer,
};
use super::{
    CommitInfo, Head, Line, LogStore, Migrated, Publication, Sleutel, Soort, StageId, StoreError,
    TijdlijnBegin,
    hash::Keys,
    rows::{self, StoredLine},
};
use crate::domain::Tijdstip;
pub use backup::Placed;
pub use settings::{DatabaseTls, PostgresSettings, WRITE_PATIENCE};

/// Connections that read: the follower, an import that compares, a few of the push.
const READ_CONNECTIONS: usize = 4;

/// How long one statement that reads may take, before the host counts as cut off. A part of a
/// commit or of a scan takes some tens of milliseconds.
const READ_PATIENCE: Duration = Duration::from_secs(10);

/// Keys asked for in one statement.
const KEYS_PER_QUERY: usize = 4_096;

/// The log in PostgreSQL.
#[derive(Debug)]
pub struct PostgresStore {
    hosts: Arc<Hosts>,
    keys: Arc<Keys>,
    /// What reads the log from its primary.
    primary: Pool,
    /// What follows it; the same when this store is not for following.
    following: Pool,
    writer: Writer,
    open_stage: Mutex<Option<OpenStage>>,
    bells: Bells,
}

impl PostgresStore {
    /// Opens the store for writing and for reading what was written: from the primary alone.
    ///
    /// # Errors
    /// [`StoreError::NoHost`] when no host can be used, [`StoreError::Schema`] when the schema is
    /// of another program version.
    pub async fn open(settings: &PostgresSettings) -> Result<Self, StoreError> {
        Self::open_as(settings, Role::Primary).await
    }

    /// Opens the store for a follower: commits are read from the primary when it can be had, else
    /// from any standby, which may lag.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn follow(settings: &PostgresSettings) -> Result<Self, StoreError> {
        Self::open_as(settings, Role::Any).await
    }

    /// Brings the schema up to this program's. Several programs may do so at once.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn migrate(settings: &PostgresSettings) -> Result<Migrated, StoreError> {
        let hosts = Hosts::new(settings.hosts.clone());
        let mut connected = hosts.connect(Role::Primary).await?;
        let migrated = schema::bring(&mut connected, true).await?;
        schema::keys(&mut connected).await?;
        Ok(migrated)
    }

    async fn open_as(settings: &PostgresSettings, role: Role) -> Result<Self, StoreError> {
        let hosts = Arc::new(Hosts::new(settings.hosts.clone()));
        let mut connected = hosts.connect(role).await?;
        schema::bring(&mut connected, settings.migrate).await?;
        let keys = Arc::new(schema::keys(&mut connected).await?);
        let pool = |role| Pool::new(Arc::clone(&hosts), role, READ_CONNECTIONS);
        Ok(Self {
            primary: pool(Role::Primary),
            following: pool(role),
            writer: Writer::start(
                Arc::clone(&hosts),
                Arc::clone(&keys),
                settings.write_patience,
            ),
            hosts,
            keys,
            open_stage: Mutex::new(None),
            bells: Bells::default(),
        })
    }

    /// The database was promoted or restored: its new history gets a tijdlijn now, and not only
    /// with the next write. False when that did not succeed; the next write tries again.
    async fn note_history(&self) -> bool {
        let noted = self.begin_tijdlijn().await;
        if let Err(error) = &noted {
            let reason = crate::telemetry::chain(error);
            tracing::warn!(reason, "the new history of the database was not noted yet");
        }
        noted.is_ok()
    }

    async fn begin_tijdlijn(&self) -> Result<(), StoreError> {
        reading!(self.primary, READ_PATIENCE, connection => tijdlijn::note(connection))
    }
}

#[async_trait]
impl LogStore for PostgresStore {
    async fn head(&self) -> Result<Head, StoreError> {
        let found = reading!(self.following, READ_PATIENCE, connection => query::head(connection))?;
        if found.is_known || !self.note_history().await {
            return Ok(found.head);
        }
        let noted = reading!(self.following, READ_PATIENCE, connection => query::head(connection))?;
        Ok(noted.head)
    }

    async fn tijdlijnen(&self) -> Result<Vec<TijdlijnBegin>, StoreError> {
        reading!(self.following, READ_PATIENCE, connection => query::tijdlijnen(connection))
    }

    async fn commits_after(&self, nummer: u64, limit: u32) -> Result<Vec<CommitInfo>, StoreError> {
        let stored = reading!(self.following, READ_PATIENCE, connection =>
            query::commits_after(connection, nummer, limit))?;
        Ok(stored.into_iter().map(|commit| commit.info).collect())
    }

    async fn lines(
        &self,
        commit: &CommitInfo,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError> {
        let stored = reading!(self.following, READ_PATIENCE, connection =>
            query::lines(connection, commit, from, limit))?;
        stored.into_iter().map(StoredLine::into_line).collect()
    }

    async fn lines_of(&self, commits: &[CommitInfo]) -> Result<Vec<Vec<Line>>, StoreError> {
        reading!(self.following, READ_PATIENCE, connection =>
            query::lines_of(connection, commits))
    }

    async fn current(
        &self,
        soort: Soort,
        sleutels: &[Sleutel],
    ) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
        let mut found = Vec::with_capacity(sleutels.len());
        for some in sleutels.chunks(KEYS_PER_QUERY) {
            let values = reading!(self.primary, READ_PATIENCE, connection =>
                query::current(connection, soort, some))?;
            found.extend(values);
        }
        Ok(found)
    }

    async fn scan(
        &self,
        soort: Soort,
        after: Option<&Sleutel>,
        limit: u32,
    ) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
        let limit = limit as usize;
        let mut found = Vec::new();
        let mut after = after.cloned();
        // Some of the keys are of objects that are gone.
        while found.len() < limit {
            let wanted = (limit - found.len()).min(KEYS_PER_QUERY);
            let keys = self
                .keys(
                    soort,
                    after.as_ref(),
                    u32::try_from(wanted).unwrap_or(u32::MAX),
                )
                .await?;
            found.extend(self.current(soort, &keys).await?);
            if keys.len() < wanted {
                break;
            }
            after = keys.last().cloned();
        }
        Ok(found)
    }

    async fn keys(
        &self,
        soort: Soort,
        after: Option<&Sleutel>,
        limit: u32,
    ) -> Result<Vec<Sleutel>, StoreError> {
        reading!(self.primary, READ_PATIENCE, connection =>
            query::keys(connection, soort, after, limit))
    }

    async fn open_stage(&self) -> Result<StageId, StoreError> {
        self.stage_open().await
    }

    async fn stage(&self, stage: StageId, lines: Vec<Line>) -> Result<(), StoreError> {
        self.stage_lines(stage, &lines).await
    }

    async fn publish(&self, publication: Publication) -> Result<CommitInfo, StoreError> {
        self.stage_publish(publication).await
    }

    async fn discard(&self, stage: StageId) -> Result<(), StoreError> {
        self.stage_discard(stage).await
    }

    async fn append(
        &self,
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<CommitInfo, StoreError> {
        lines.iter().try_for_each(rows::check)?;
        let wish = Wish::Append {
            request_id,
            tijdstip,
            lines,
            only_at: None,
        };
        self.writer.fulfil(wish).await
    }

    async fn append_at(
        &self,
        nummer: u64,
        request_id: Uuid,
        tijdstip: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<Option<CommitInfo>, StoreError> {
        lines.iter().try_for_each(rows::check)?;
        let wish = Wish::Append {
            request_id,
            tijdstip,
            lines,
            only_at: Some(nummer),
        };
        match self.writer.fulfil(wish).await {
            Err(StoreError::Overtaken { .. }) => Ok(None),
            outcome => outcome.map(Some),
        }
    }

    fn pseudonym(&self, natural_key: &str) -> Sleutel {
        self.keys.pseudonym(natural_key)
    }

    fn derived_key(&self, label: &str) -> [u8; 32] {
        self.keys.derived(label)
    }

    async fn forget_superseded(&self) -> Result<u64, StoreError> {
        self.side_forget().await
    }

    async fn verify(&self) -> Result<Head, StoreError> {
        super::verify::run(self, &self.keys).await
    }

    fn ring(&self, bell: Arc<Notify>) {
        self.bells
            .ring(Arc::clone(&self.hosts), "stagepoort_log", bell);
    }
}
