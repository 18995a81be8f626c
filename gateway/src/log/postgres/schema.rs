//! The schema: which one is there, and bringing it up to this program's.

use std::time::Duration;

use aws_lc_rs::rand;
use sqlx::{Connection, PgConnection, migrate::Migrator};

use super::hosts::{Connected, within};
use crate::log::{Migrated, StoreError, hash::Keys, rows::damaged};

/// Numbers of the files are numbers of the schema.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// The schema of this program.
pub(crate) const SCHEMA: i64 = 3;

/// How long a migration may take, waiting for that of another node included.
const MIGRATION_PATIENCE: Duration = Duration::from_secs(600);

const MARK_KEY: &str = "merk_sleutel";
const PSEUDONYM_KEY: &str = "pseudoniem_sleutel";

/// The schema in the database.
#[derive(Debug, Clone, Copy)]
struct Found {
    /// Its number, 0 for none.
    schema: i64,
    /// The lowest number that a program must know.
    least: i64,
}

impl Found {
    /// Whether this program can work with it. A newer one says which programs still can, so that
    /// nodes of the minor version before go on while others are upgraded.
    fn fits(self) -> bool {
        self.schema >= SCHEMA && self.least <= SCHEMA
    }

    fn error(self) -> StoreError {
        StoreError::Schema {
            found: self.schema,
            needed: SCHEMA,
        }
    }
}

/// Makes the schema fit, when that is allowed and needed.
///
/// # Errors
/// [`StoreError::Schema`] when it does not fit and may not or cannot be brought there.
pub(crate) async fn bring(
    connected: &mut Connected,
    may_migrate: bool,
) -> Result<Migrated, StoreError> {
    let connection = &mut connected.connection;
    let before = find(connection).await?;
    if before.schema < SCHEMA && may_migrate && connected.is_primary {
        within(MIGRATION_PATIENCE, migrate(connection)).await?;
    }
    let now = find(connection).await?;
    if !now.fits() {
        return Err(now.error());
    }
    Ok(Migrated {
        before: before.schema,
        now: now.schema,
    })
}

async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    // Waiting for another node that migrates is no reason to give up.
    sqlx::raw_sql("SET lock_timeout = 0")
        .execute(&mut *connection)
        .await?;
    // The migrator holds an advisory lock, so of several nodes one does it and the others find
    // it done.
    MIGRATIONS
        .run_direct(None, connection, false)
        .await
        .map_err(sqlx::Error::from)?;
    sqlx::raw_sql("RESET lock_timeout")
        .execute(&mut *connection)
        .await?;
    Ok(())
}

async fn find(connection: &mut PgConnection) -> Result<Found, StoreError> {
    let none = Found {
        schema: 0,
        least: 0,
    };
    let has_meta: bool = sqlx::query_scalar("SELECT to_regclass('meta') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !has_meta {
        return Ok(none);
    }
    let (schema, least): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT max(getal) FILTER (WHERE sleutel = 'schema'),
                max(getal) FILTER (WHERE sleutel = 'minimaal') FROM meta",
    )
    .fetch_one(connection)
    .await?;
    match (schema, least) {
        (Some(schema), Some(least)) => Ok(Found { schema, least }),
        _ => Err(damaged("the table meta is that of something else")),
    }
}

/// The keys of this store; the first program draws them.
///
/// # Errors
/// [`StoreError::Damaged`] when there are none yet and this host takes no writes.
pub(super) async fn keys(connected: &mut Connected) -> Result<Keys, StoreError> {
    if let Some(keys) = read_keys(&mut connected.connection).await? {
        return Ok(keys);
    }
    if connected.is_primary {
        draw_keys(&mut connected.connection).await?;
    }
    read_keys(&mut connected.connection)
        .await?
        .ok_or_else(|| damaged("the keys of the store are missing"))
}

async fn read_keys(connection: &mut PgConnection) -> Result<Option<Keys>, StoreError> {
    let raw = raw_keys(connection).await?;
    Ok(raw.map(|(mark, pseudonym)| Keys::new(&mark, &pseudonym)))
}

/// Those of marks and of pseudonyms, as they are stored; none when they were not drawn yet.
pub(super) async fn raw_keys(
    connection: &mut PgConnection,
) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
    let (mark, pseudonym): (Option<Vec<u8>>, Option<Vec<u8>>) = sqlx::query_as(
        "SELECT (SELECT bytes FROM meta WHERE sleutel = $1),
                (SELECT bytes FROM meta WHERE sleutel = $2)",
    )
    .bind(MARK_KEY)
    .bind(PSEUDONYM_KEY)
    .fetch_one(connection)
    .await?;
    Ok(mark.zip(pseudonym))
}

/// Puts those of another store in their place.
pub(super) async fn set_keys(
    connection: &mut PgConnection,
    mark: &[u8],
    pseudonym: &[u8],
) -> Result<(), StoreError> {
    for (name, key) in [(MARK_KEY, mark), (PSEUDONYM_KEY, pseudonym)] {
        sqlx::query(
            "INSERT INTO meta (sleutel, bytes) VALUES ($1, $2)
             ON CONFLICT (sleutel) DO UPDATE SET bytes = excluded.bytes",
        )
        .bind(name)
        .bind(key)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn draw_keys(connection: &mut PgConnection) -> Result<(), StoreError> {
    let mut tx = connection.begin().await?;
    for name in [MARK_KEY, PSEUDONYM_KEY] {
        let mut key = [0_u8; 32];
        // Keys are drawn once in the life of a store; nothing can be tested by choosing them.
        rand::fill(&mut key).map_err(|_| damaged("no random bytes for the keys of the store"))?;
        sqlx::query("INSERT INTO meta (sleutel, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(name)
            .bind(key.as_slice())
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}
