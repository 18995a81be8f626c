//! Copies of the file: made while it is used, checked without touching it, put in its place.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use sqlx::{
    AssertSqlSafe, Connection, Executor, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::{
    SqliteStore, StoreError, append,
    open::{self, TIJDLIJN, file_error, with_suffix},
    stage,
};
use crate::log::{Head, LogStore, hash::Keys, rows::damaged, verify};

/// What SQLite and an import keep beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", ".import-lock"];

impl SqliteStore {
    /// Writes a copy to `place`, which must not be there: the file as it is at one moment, while
    /// others go on reading and writing it. Nothing that was forgotten is in it, not even in free
    /// pages (design invariant 12), nor what an import has staged and not published. The whole
    /// hash chain of the copy is checked. Only the owner can read it.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is left at `place`.
    pub async fn back_up(&self, place: &Path) -> Result<Head, StoreError> {
        whole_or_nothing(place, async {
            sqlx::query("VACUUM INTO ?")
                .bind(place.to_string_lossy())
                .execute(&self.read)
                .await?;
            Ok(())
        })
        .await
    }

    /// Removes what must not stand in a copy, and every trace of it.
    async fn tidy(&self) -> Result<(), StoreError> {
        // Throws away what an import has staged.
        let stage = self.open_stage().await?;
        self.discard(stage).await?;
        // Here and not before copying: commits would come in between, and who writes faster than
        // that forgets would hold it up for ever.
        self.forget_superseded().await?;
        self.be_patient().await?;
        let mut connection = self.write.acquire().await?;
        let free: i64 = sqlx::query_scalar("PRAGMA freelist_count")
            .fetch_one(&mut *connection)
            .await?;
        if free > 0 {
            connection.execute("VACUUM").await?;
        }
        drop(connection);
        self.leave_write_ahead_log().await
    }

    /// Other connections of this process that are being closed lock the file for a moment.
    async fn be_patient(&self) -> Result<(), StoreError> {
        let wait = format!("PRAGMA busy_timeout = {}", open::OPEN_PATIENCE.as_millis());
        self.write.execute(AssertSqlSafe(wait)).await?;
        Ok(())
    }

    /// One file again; it asks for the only connection.
    async fn leave_write_ahead_log(&self) -> Result<(), StoreError> {
        self.read.close().await;
        self.be_patient().await?;
        self.write.execute("PRAGMA journal_mode = DELETE").await?;
        Ok(())
    }

    /// Checks a copy and leaves it as it is: its schema, its hash chain, every line.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming what does not hold, [`StoreError::Schema`] for a copy of
    /// another program version.
    pub async fn verify_backup(place: &Path) -> Result<Head, StoreError> {
        let read = untouched(place).await?;
        let found = check(&read).await;
        read.close().await;
        found
    }

    /// Which history the file at a path is of; none when it is no store that this program reads.
    pub async fn tijdlijn_of(path: &Path) -> Option<u32> {
        let store = Self::open(path).await.ok()?;
        let head = store.head().await.ok();
        store.close().await;
        head.map(|head| head.tijdlijn)
    }

    /// Whether any program has the file open. What cannot be told counts as not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn is_in_use(path: &Path) -> Result<bool, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(std::time::Duration::ZERO);
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options).await?;
        // Only the sole connection may leave the write-ahead log.
        let alone = pool.execute("PRAGMA journal_mode = DELETE").await;
        let in_use = alone.as_ref().is_err_and(super::is_busy);
        if alone.is_ok() {
            pool.execute("PRAGMA journal_mode = WAL").await?;
        }
        pool.close().await;
        Ok(in_use)
    }

    /// Begins a new history in a copy, later than that of the copy and later than `after`: what
    /// came after the backup elsewhere is then never taken for what comes after it here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_tijdlijn_in(place: &Path, after: u32) -> Result<u32, StoreError> {
        let store = Self::open(place).await?;
        let begun = store.begin_tijdlijn_after(after).await;
        let one_file = store.leave_write_ahead_log().await;
        store.close().await;
        remove_beside(place);
        one_file.and(begun)
    }

    pub(super) async fn begin_tijdlijn_after(&self, after: u32) -> Result<u32, StoreError> {
        let mut tx = self.begin().await?;
        let own = append::number(&mut tx, TIJDLIJN).await?;
        let tijdlijn = own.max(u64::from(after)) + 1;
        append::set_number(&mut tx, TIJDLIJN, tijdlijn).await?;
        tx.commit().await?;
        u32::try_from(tijdlijn).map_err(|_| damaged("tijdlijn out of range"))
    }

    /// Puts a prepared copy at `target`; what stood there, with its write-ahead log, goes to
    /// `aside`. A program that has the old file open keeps that until its next look.
    ///
    /// # Errors
    /// [`StoreError::StageBusy`] while an import writes to it. [`StoreError::File`]; what was moved
    /// aside stays there.
    pub async fn put_in_place(place: &Path, target: &Path, aside: &Path) -> Result<(), StoreError> {
        let _claim = stage::claim(target)?;
        sync(place)?;
        // Nobody reads or writes the new file before all that is beside it is its own.
        let locked = locked(place).await?;
        swap(place, target, aside)?;
        locked.close().await?;
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        sync(folder)
    }
}

/// Makes a copy at `place`, which must not be there, out of what `filling` puts there; checks it,
/// and leaves nothing behind when it is not right.
pub(in crate::log) async fn whole_or_nothing(
    place: &Path,
    filling: impl Future<Output = Result<(), StoreError>>,
) -> Result<Head, StoreError> {
    let making = async {
        // SQLite takes an empty file for one that is not there, and would make its own for all to
        // read.
        new_private(place).map_err(|source| file_error(place, source))?;
        filling.await?;
        let copy = SqliteStore::open(place).await?;
        let tidied = copy.tidy().await;
        copy.close().await;
        tidied?;
        SqliteStore::verify_backup(place).await
    };
    let made = making.await;
    if made.is_err() {
        // The first error is the one to tell.
        drop(fs::remove_file(place));
    }
    remove_beside(place);
    made
}

fn sync(path: &Path) -> Result<(), StoreError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| file_error(path, source))
}

/// A connection that has the file for itself as long as it lives.
async fn locked(place: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new().filename(place);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    connection.execute("BEGIN EXCLUSIVE").await?;
    Ok(connection)
}

/// The write-ahead log of another file must never be read with the new one: SQLite would take it
/// for its own.
fn swap(place: &Path, target: &Path, aside: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal", "-shm"] {
        let (from, to) = (with_suffix(target, suffix), with_suffix(aside, suffix));
        move_if_there(&from, &to).map_err(|source| file_error(&from, source))?;
    }
    fs::rename(place, target).map_err(|source| file_error(target, source))?;
    // Who opened the path in between made these, for a file that is gone.
    for suffix in ["-wal", "-shm"] {
        drop(fs::remove_file(with_suffix(target, suffix)));
    }
    Ok(())
}

fn move_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn new_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)
}

fn remove_beside(place: &Path) {
    for path in BESIDE.map(|suffix| -> PathBuf { with_suffix(place, suffix) }) {
        // What is not there need not go.
        drop(fs::remove_file(path));
    }
}

/// Without a lock and without a file beside it: nobody writes to a backup.
pub(super) async fn untouched(place: &Path) -> Result<SqlitePool, StoreError> {
    fs::metadata(place).map_err(|source| file_error(place, source))?;
    let options = SqliteConnectOptions::new()
        .filename(place)
        .read_only(true)
        .immutable(true);
    let pool = SqlitePoolOptions::new().max_connections(1);
    Ok(pool.connect_with(options).await?)
}

async fn check(read: &SqlitePool) -> Result<Head, StoreError> {
    open::check_schema(read).await?;
    let broken: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(read)
        .await?;
    if broken != "ok" {
        return Err(damaged(broken));
    }
    let keys = Keys::new(
        &open::setting(read, open::MARK_KEY).await?,
        &open::setting(read, open::PSEUDONYM_KEY).await?,
    );
    verify::run(read, &keys).await
}
