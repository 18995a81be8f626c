//! Opening the file: its modes, its schema, its connections.

use std::{
    fs::{self, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use aws_lc_rs::rand;
use sqlx::{
    Executor, Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Mutex;

use super::{FileIdentity, Rewriting, SqliteStore, StoreError};
use crate::log::{Migrated, hash::Keys, rows::damaged};

/// What brings the schema from version `index` to `index + 1`.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_log.sql"),
    include_str!("../../../migrations/sqlite/0002_push.sql"),
    include_str!("../../../migrations/sqlite/0003_verwerkingen.sql"),
];

/// The toegang stream, which stands in the same file. Files of before it have no such table.
pub(crate) const TOEGANG: &str = "CREATE TABLE IF NOT EXISTS toegang (
    versie   INTEGER PRIMARY KEY,
    tijdstip INTEGER NOT NULL,
    sha256   BLOB NOT NULL,
    document TEXT NOT NULL
)";

/// Readers: the follower, an import that compares, a few of the push.
const READ_CONNECTIONS: u32 = 4;

/// Rows that a reader fetches ahead of who reads them: the two take turns less often.
const ROWS_AHEAD: usize = 512;

/// How long opening waits for another process that opens or recovers the file.
pub(super) const OPEN_PATIENCE: Duration = Duration::from_secs(10);

/// Names of the settings in `meta`.
pub(super) const TIJDLIJN: &str = "tijdlijn";
pub(super) const NEXT_STAGE: &str = "volgende_stage";
pub(super) const FORGOTTEN_UP_TO: &str = "vergeten_tot_en_met";
pub(super) const MARK_KEY: &str = "merk_sleutel";
pub(super) const PSEUDONYM_KEY: &str = "pseudoniem_sleutel";

impl SqliteStore {
    /// Opens the store in this file, and makes it when there is none or an empty one. Only the
    /// owner can read it (design invariant 13).
    ///
    /// # Errors
    /// [`StoreError::Schema`] when the file is of another program version,
    /// [`StoreError::File`] when it cannot be made or used, [`StoreError::Damaged`] when it is
    /// the database of something else.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_at(path, false).await
    }

    /// Brings the schema of an older store up to this program's, and opens it.
    ///
    /// # Errors
    /// As [`Self::open`]; [`StoreError::Schema`] only for a newer store.
    pub async fn migrate(path: &Path) -> Result<Self, StoreError> {
        Self::open_at(path, true).await
    }

    /// Brings the schema of an older store up to this program's, and tells what was there.
    ///
    /// # Errors
    /// As [`Self::migrate`].
    pub async fn migrated(path: &Path) -> Result<Migrated, StoreError> {
        let (store, migrated) = Self::open_and_tell(path, true).await?;
        store.close_connections().await;
        Ok(migrated)
    }

    async fn open_at(path: &Path, may_migrate: bool) -> Result<Self, StoreError> {
        let (store, _) = Self::open_and_tell(path, may_migrate).await?;
        Ok(store)
    }

    async fn open_and_tell(path: &Path, may_migrate: bool) -> Result<(Self, Migrated), StoreError> {
        make_private(path)?;
        let write = write_pool(path).await?;
        let migrated = bring_schema(&write, may_migrate).await?;
        let read = read_pool(path).await?;
        for beside in ["-wal", "-shm"] {
            keep_private(&with_suffix(path, beside))?;
        }
        let identity = FileIdentity::of(path)?;
        let keys = Keys::new(
            &setting(&read, MARK_KEY).await?,
            &setting(&read, PSEUDONYM_KEY).await?,
        );
        let store = Self {
            path: path.to_owned(),
            identity,
            write,
            read,
            keys,
            open_stage: Mutex::new(None),
            rewriting: Rewriting::default(),
        };
        Ok((store, migrated))
    }

    /// Begins a new history after the last commit, as a restore must (design invariant 3): what
    /// came after the backup elsewhere is then never taken for what comes after it here.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn begin_tijdlijn(&self) -> Result<u32, StoreError> {
        self.begin_tijdlijn_after(0).await
    }

    /// Closes the connections, after the writes that wait.
    pub(super) async fn close_connections(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// The path with something behind its last part, such as `-wal`.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// SQLite gives the files beside it the mode of the database, so that must be right first.
///
/// A file that is there is not opened: to close it again would let go of every lock that this
/// process has on it (POSIX), under connections that are open already. Another program would then
/// take itself for the only one, and remove the write-ahead log under them.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(file_error(path, error)),
        _ => keep_private(path),
    }
}

fn keep_private(path: &Path) -> Result<(), StoreError> {
    let mode = match fs::metadata(path) {
        Ok(found) => found.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(file_error(path, error)),
    };
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(|e| file_error(path, e))
}

pub(super) fn file_error(path: &Path, source: io::Error) -> StoreError {
    StoreError::File {
        path: path.to_owned(),
        source,
    }
}

async fn write_pool(path: &Path) -> Result<SqlitePool, StoreError> {
    let options = writing(path)
        .synchronous(SqliteSynchronous::Full)
        .thread_name(|n| format!("sqlite-write-{n}"))
        // Forgotten content is overwritten, not only unlinked (design invariant 12).
        .pragma("secure_delete", "ON");
    single(options).await
}

/// For lines that nobody relies on yet. They need not be on the disk when their transaction ends:
/// the commit that publishes them, by the connection above, puts the whole write-ahead log there.
pub(super) async fn stage_pool(path: &Path) -> Result<SqlitePool, StoreError> {
    let options = writing(path)
        .synchronous(SqliteSynchronous::Normal)
        .thread_name(|n| format!("sqlite-stage-{n}"))
        // 64 MiB holds the index for a whole country, in which keys land everywhere.
        .pragma("cache_size", "-65536");
    single(options).await
}

fn writing(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(OPEN_PATIENCE)
        // 64 MiB: an import that writes keys in random order would else write the same index
        // pages over and over.
        .pragma("wal_autocheckpoint", "16384")
}

async fn single(options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(|connection, _| {
            // From here on `begin` does the waiting.
            Box::pin(async move {
                connection.execute("PRAGMA busy_timeout = 0").await?;
                Ok(())
            })
        });
    Ok(pool.connect_with(options).await?)
}

async fn read_pool(path: &Path) -> Result<SqlitePool, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(OPEN_PATIENCE)
        .row_buffer_size(ROWS_AHEAD)
        .thread_name(|n| format!("sqlite-read-{n}"));
    let pool = SqlitePoolOptions::new()
        .max_connections(READ_CONNECTIONS)
        // A file does not hang up.
        .test_before_acquire(false);
    Ok(pool.connect_with(options).await?)
}

async fn bring_schema(write: &SqlitePool, may_migrate: bool) -> Result<Migrated, StoreError> {
    // Two programs may open a new file at once: only one of them finds it empty.
    let mut tx = super::begin(write).await?;
    let needed = MIGRATIONS.len();
    let found: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *tx)
        .await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *tx)
        .await?;
    if found == 0 && tables > 0 {
        return Err(damaged("the file is a database of something else"));
    }
    let known = usize::try_from(found).unwrap_or(usize::MAX);
    let now = i64::try_from(needed).unwrap_or(i64::MAX);
    let migrated = Migrated { before: found, now };
    if known == needed {
        return Ok(migrated);
    }
    if known > needed || (known > 0 && !may_migrate) {
        return Err(StoreError::Schema { found, needed: now });
    }
    for migration in MIGRATIONS[known..].iter().copied() {
        sqlx::raw_sql(migration).execute(&mut *tx).await?;
    }
    if known == 0 {
        first_settings(&mut tx).await?;
    }
    // A pragma takes no parameters; the number is our own.
    let version = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {needed}"));
    sqlx::raw_sql(version).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(migrated)
}

/// That the schema is the one that this program knows; nothing is brought up to it.
pub(super) async fn check_schema(read: &SqlitePool) -> Result<(), StoreError> {
    let found: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(read)
        .await?;
    let needed = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    match found {
        found if found == needed => Ok(()),
        0 => Err(damaged("the file is no register")),
        found => Err(StoreError::Schema { found, needed }),
    }
}

async fn first_settings(tx: &mut sqlx::SqliteConnection) -> Result<(), StoreError> {
    for (name, value) in [(TIJDLIJN, 1_u64), (NEXT_STAGE, 1), (FORGOTTEN_UP_TO, 0)] {
        super::append::set_number(tx, name, value).await?;
    }
    for name in [MARK_KEY, PSEUDONYM_KEY] {
        let mut key = [0_u8; 32];
        // Keys are drawn once in the life of a store; nothing can be tested by choosing them.
        rand::fill(&mut key).map_err(|_| damaged("no random bytes for the keys of the store"))?;
        super::append::set_setting(tx, name, &key).await?;
    }
    Ok(())
}

pub(super) async fn setting(read: &SqlitePool, name: &'static str) -> Result<Vec<u8>, StoreError> {
    let row = sqlx::query("SELECT waarde FROM meta WHERE sleutel = ?")
        .bind(name)
        .fetch_optional(read)
        .await?
        .ok_or_else(|| damaged(format!("setting {name} is missing")))?;
    Ok(row.try_get(0)?)
}
