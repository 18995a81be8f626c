//! Finding the host that takes writes, or one that can be read: by asking each, at the start and
//! again after every connection that broke.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgDatabaseError},
};

use super::settings;
use crate::log::StoreError;

/// How long one host may take to accept a connection and say what it is. A host that swallows
/// everything must not hold up the others for longer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Writing, and reading what was just written.
    Primary,
    /// Following: from the primary when it can be had, else from any standby.
    Any,
}

/// The hosts of one database.
pub(crate) struct Hosts {
    hosts: Vec<PgConnectOptions>,
    /// The newest history of which a primary was seen. One that still lives in an older history
    /// of the same system was replaced by a promotion, and nobody stopped it: what is written
    /// there is lost.
    newest: Mutex<Option<History>>,
}

/// The physical history that a primary writes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct History {
    system: i64,
    /// Eight hexadecimal digits.
    timeline: String,
}

/// A connection and what its host was when it was made.
pub(crate) struct Connected {
    pub(crate) connection: PgConnection,
    pub(crate) is_primary: bool,
    pub(crate) host: PgConnectOptions,
}

/// Without passwords.
impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.hosts.iter().map(settings::name))
            .finish()
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected")
            .field("host", &settings::name(&self.host))
            .field("is_primary", &self.is_primary)
            .finish()
    }
}

impl Hosts {
    pub(crate) fn new(hosts: Vec<PgConnectOptions>) -> Self {
        Self {
            hosts,
            newest: Mutex::default(),
        }
    }

    /// The first host that answers and fits.
    ///
    /// # Errors
    /// [`StoreError::NoHost`] with what each of them said.
    pub(crate) async fn connect(&self, role: Role) -> Result<Connected, StoreError> {
        let mut asking: FuturesUnordered<_> = self.hosts.iter().map(ask).collect();
        let mut standby = None;
        let mut told = Vec::new();
        while let Some((host, outcome)) = asking.next().await {
            match outcome {
                Ok((found, Some(history))) if self.is_newest(&history) => return Ok(found),
                Ok((_, Some(_))) => told.push(format!(
                    "{} is a primary of before a promotion: stop it",
                    settings::name(host)
                )),
                Ok((found, None)) => {
                    told.push(format!("{} is a standby", settings::name(host)));
                    standby.get_or_insert(found);
                }
                Err(error) => told.push(format!(
                    "{}: {}",
                    settings::name(host),
                    crate::telemetry::chain(&error)
                )),
            }
        }
        standby
            .filter(|_| role == Role::Any)
            .ok_or_else(|| StoreError::NoHost(told.join("; ")))
    }

    fn is_newest(&self, history: &History) -> bool {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let is_older = newest.as_ref().is_some_and(|newest| {
            newest.system == history.system && newest.timeline > history.timeline
        });
        if !is_older {
            *newest = Some(history.clone());
        }
        !is_older
    }
}

type Asked = Result<(Connected, Option<History>), StoreError>;

async fn ask(host: &PgConnectOptions) -> (&PgConnectOptions, Asked) {
    const WHAT: &str = "
        SELECT (SELECT system_identifier FROM pg_control_system()),
               CASE WHEN pg_is_in_recovery() THEN NULL
                    ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END";
    let asked = within(CONNECT_PATIENCE, async {
        let mut connection = PgConnection::connect_with(host).await?;
        let (system, timeline): (i64, Option<String>) =
            sqlx::query_as(WHAT).fetch_one(&mut connection).await?;
        let connected = Connected {
            connection,
            is_primary: timeline.is_some(),
            host: host.clone(),
        };
        let history = timeline.map(|timeline| History { system, timeline });
        Ok((connected, history))
    });
    (host, asked.await)
}

/// The work, or an error when it takes longer. What it worked with must then not be used again.
///
/// # Errors
/// [`StoreError::TimedOut`].
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(StoreError::TimedOut {
            limit_s: limit.as_secs(),
        }))
}

/// Whether another connection, perhaps to another host, could do it: the connection broke, the
/// host went away or is not the primary any more, or it was busy.
pub(crate) fn is_passing(error: &StoreError) -> bool {
    match error {
        StoreError::NoHost(_) | StoreError::TimedOut { .. } => true,
        StoreError::Database(sqlx::Error::Database(error)) => error
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|error| is_passing_state(error.code())),
        StoreError::Database(error) => matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::BeginFailed
        ),
        _ => false,
    }
}

/// Classes 08 (connection), 40 (deadlock, serialization) and 53 (resources, such as too many
/// connections), and single states.
fn is_passing_state(state: &str) -> bool {
    const READ_ONLY: &str = "25006";
    const LOCK_NOT_AVAILABLE: &str = "55P03";
    const SHUTDOWN_CRASH_STARTING: [&str; 3] = ["57P01", "57P02", "57P03"];
    const IDLE_IN_TRANSACTION: &str = "25P03";
    ["08", "40", "53"]
        .iter()
        .any(|class| state.starts_with(class))
        || SHUTDOWN_CRASH_STARTING.contains(&state)
        || [READ_ONLY, LOCK_NOT_AVAILABLE, IDLE_IN_TRANSACTION].contains(&state)
}
