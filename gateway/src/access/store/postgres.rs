//! The toegang stream in the database of the log, by a connection of its own: no import and no
//! queue of writes stands before a withdrawal.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::PgConnection;
use tokio::{sync::Notify, time::Instant};

use super::{
    AppendError, ToegangStore, Version, VersionHead,
    rows::{Row, head_of, sha256},
};
use crate::{
    domain::Tijdstip,
    log::{
        PostgresSettings, StoreError,
        postgres::{
            bell::Bells,
            hosts::{Hosts, Role, is_passing},
            pool::{Pool, reading},
            schema,
        },
    },
    telemetry::chain,
};

/// How long one statement may take before the host counts as cut off.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait before a write is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// The toegang stream in PostgreSQL.
#[derive(Debug)]
pub struct PostgresToegang {
    /// A node that cannot reach the primary follows a standby.
    following: Pool,
    primary: Pool,
    write_patience: Duration,
    hosts: Arc<Hosts>,
    bells: Bells,
}

impl PostgresToegang {
    /// Opens the stream.
    ///
    /// # Errors
    /// As [`crate::log::PostgresStore::open`].
    pub async fn open(settings: &PostgresSettings) -> Result<Self, StoreError> {
        let hosts = Arc::new(Hosts::new(settings.hosts.clone()));
        let mut connected = hosts.connect(Role::Any).await?;
        schema::bring(&mut connected, settings.migrate).await?;
        Ok(Self {
            following: Pool::new(Arc::clone(&hosts), Role::Any, 1),
            primary: Pool::new(Arc::clone(&hosts), Role::Primary, 1),
            hosts,
            bells: Bells::default(),
            write_patience: settings.write_patience,
        })
    }

    async fn insert(&self, version: &Version) -> Result<Inserted, StoreError> {
        reading!(self.primary, PATIENCE, connection => insert(connection, version))
    }

    /// This version, if it is what a try before put there; who overtook it otherwise.
    async fn already_there(&self, version: Version) -> Result<Version, AppendError> {
        let there = reading!(self.primary, PATIENCE, connection => at(connection, version.versie))?;
        if there.as_ref() == Some(&version) {
            return Ok(version);
        }
        let newest = reading!(self.primary, PATIENCE, connection => head(connection))?;
        Err(AppendError::Overtaken {
            newest: newest.map_or(0, |head| head.versie),
        })
    }
}

/// What became of one try.
enum Inserted {
    Done,
    /// Another version stands there; perhaps it is this one, by a try whose answer got lost.
    Taken,
}

#[async_trait]
impl ToegangStore for PostgresToegang {
    async fn head(&self) -> Result<Option<VersionHead>, StoreError> {
        reading!(self.following, PATIENCE, connection => head(connection))
    }

    async fn newest(&self) -> Result<Option<Version>, StoreError> {
        reading!(self.following, PATIENCE, connection => newest(connection))
    }

    fn ring(&self, bell: Arc<Notify>) {
        self.bells
            .ring(Arc::clone(&self.hosts), "stagepoort_toegang", bell);
    }

    async fn append(
        &self,
        newest: u64,
        document: &str,
        tijdstip: Tijdstip,
    ) -> Result<Version, AppendError> {
        let version = Version {
            versie: newest + 1,
            tijdstip,
            sha256: sha256(document),
            document: document.to_owned(),
        };
        let deadline = Instant::now() + self.write_patience;
        loop {
            match self.insert(&version).await {
                Ok(Inserted::Done) => return Ok(version),
                Ok(Inserted::Taken) => {
                    return self.already_there(version).await;
                }
                Err(error) if is_passing(&error) && Instant::now() < deadline => {
                    tokio::time::sleep(RETRY).await;
                }
                Err(error) if is_passing(&error) => {
                    let reason = chain(&error);
                    return Err(StoreError::NotWritten { reason }.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn head(connection: &mut PgConnection) -> Result<Option<VersionHead>, StoreError> {
    let row: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT versie, sha256 FROM toegang ORDER BY versie DESC LIMIT 1")
            .fetch_optional(connection)
            .await?;
    row.map(|(versie, sha256)| head_of(versie, sha256))
        .transpose()
}

async fn newest(connection: &mut PgConnection) -> Result<Option<Version>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT versie, tijdstip_ms, sha256, document FROM toegang
         ORDER BY versie DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    row.map(Version::try_from).transpose()
}

async fn at(connection: &mut PgConnection, versie: u64) -> Result<Option<Version>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT versie, tijdstip_ms, sha256, document FROM toegang WHERE versie = $1",
    )
    .bind(i64::try_from(versie).unwrap_or(i64::MAX))
    .fetch_optional(connection)
    .await?;
    row.map(Version::try_from).transpose()
}

async fn insert(connection: &mut PgConnection, version: &Version) -> Result<Inserted, StoreError> {
    let versie = i64::try_from(version.versie).unwrap_or(i64::MAX);
    let inserted = sqlx::query(
        "INSERT INTO toegang (versie, tijdstip_ms, sha256, document)
         SELECT $1, $2, $3, $4
         WHERE $1 = 1 + (SELECT coalesce(max(versie), 0) FROM toegang)
         ON CONFLICT DO NOTHING
         RETURNING pg_notify('stagepoort_toegang', '')",
    )
    .bind(versie)
    .bind(version.tijdstip.as_millis())
    .bind(version.sha256.as_slice())
    .bind(&version.document)
    .execute(connection)
    .await?;
    Ok(match inserted.rows_affected() {
        0 => Inserted::Taken,
        _ => Inserted::Done,
    })
}
