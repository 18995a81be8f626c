//! A PostgreSQL of the benchmark's own: made in a temporary folder, on one core, gone afterwards.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use postgres::{Client, Config, NoTls};

use super::process::{Measured, SERVER_CORE, children, cpu_time};

/// Where Debian has the programs of PostgreSQL 15; `STAGEPOORT_PG_BIN` says otherwise.
const BIN: &str = "/usr/lib/postgresql/15/bin";

/// It must answer within this time.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Answering questions, on the core of what is measured.
    Questions,
    /// Keeping what is written, on whichever core is free.
    Keeping,
}

/// For both: a register that fits in memory, and nobody from outside.
const ALL: &[&str] = &[
    "listen_addresses=",
    "shared_buffers=1GB",
    "max_wal_size=8GB",
    "logging_collector=off",
];

/// For two cores. One worker, as the gateway has; nothing of what it does beside the questions, and
/// no compiling of plans that run for milliseconds.
const QUESTIONS: &[&str] = &[
    "effective_cache_size=4GB",
    "work_mem=64MB",
    "maintenance_work_mem=512MB",
    "max_parallel_workers_per_gather=0",
    "max_parallel_maintenance_workers=0",
    "jit=off",
    "random_page_cost=1.1",
    "autovacuum=off",
    "synchronous_commit=off",
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "checkpoint_timeout=1d",
    "track_activities=off",
    "track_counts=off",
    "pg_trgm.similarity_threshold=0.2",
];

/// As an operator runs it: every commit is on the disk, and a standby could follow.
const KEEPING: &[&str] = &["fsync=on", "synchronous_commit=on", "wal_level=replica"];

impl Purpose {
    fn settings(self) -> impl Iterator<Item = &'static &'static str> {
        let more = match self {
            Self::Questions => QUESTIONS,
            Self::Keeping => KEEPING,
        };
        ALL.iter().chain(more)
    }
}

/// A running server.
pub(crate) struct Database {
    process: Child,
    folder: PathBuf,
}

impl Database {
    /// Makes an empty one and starts it.
    ///
    /// # Errors
    /// When PostgreSQL 15 is not installed, or does not start.
    pub(crate) fn start(purpose: Purpose) -> io::Result<Self> {
        let bin = std::env::var_os("STAGEPOORT_PG_BIN").map_or_else(|| BIN.into(), PathBuf::from);
        if !bin.join("initdb").is_file() {
            return Err(io::Error::other(format!(
                "there is no initdb in {}: install PostgreSQL 15 (Debian: postgresql-15, and for \
                 zoeken postgresql-15-postgis-3), or say by STAGEPOORT_PG_BIN where it is",
                bin.display()
            )));
        }
        let name = format!("stagepoort-bench-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder)?;
        match Self::start_in(&folder, &bin, purpose) {
            Ok(process) => {
                let mut database = Self { process, folder };
                database.wait()?;
                Ok(database)
            }
            Err(error) => {
                drop(fs::remove_dir_all(&folder));
                Err(error)
            }
        }
    }

    fn start_in(folder: &Path, bin: &Path, purpose: Purpose) -> io::Result<Child> {
        if is_root()? {
            let owned = Command::new("chown").arg("postgres").arg(folder).status()?;
            if !owned.success() {
                return Err(io::Error::other("there is no user postgres"));
            }
        }
        let data = folder.join("data");
        let made = unprivileged(&[], &bin.join("initdb"))?
            .arg("--pgdata")
            .arg(&data)
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync"])
            .stdout(Stdio::null())
            .current_dir(folder)
            .status()?;
        if !made.success() {
            return Err(io::Error::other("initdb failed"));
        }
        let core = SERVER_CORE.to_string();
        let pinned: &[&str] = match purpose {
            Purpose::Questions => &["taskset", "-c", &core],
            Purpose::Keeping => &[],
        };
        let mut server = unprivileged(pinned, &bin.join("postgres"))?;
        server.arg("-D").arg(&data).current_dir(folder);
        for setting in purpose.settings() {
            server.args(["-c", setting]);
        }
        server.arg("-c").arg(socket_folder(folder));
        let log = fs::File::create(folder.join("log"))?;
        server.stdout(Stdio::null()).stderr(log).spawn()
    }

    fn wait(&mut self) -> io::Result<()> {
        let start = Instant::now();
        while self.connect().is_err() {
            if let Some(status) = self.process.try_wait()? {
                let log = fs::read_to_string(self.folder.join("log"))?;
                return Err(io::Error::other(format!("{status}: {log}")));
            }
            if start.elapsed() > PATIENCE {
                return Err(io::Error::other("PostgreSQL does not answer"));
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// What tables and indexes take.
    pub(crate) fn megabytes(&self) -> io::Result<i64> {
        let asked = self
            .connect()?
            .query_one("SELECT pg_database_size('postgres') / 1000000", &[]);
        Ok(asked.map_err(io::Error::other)?.get(0))
    }

    /// By which a program reaches one of its databases: a unix socket costs less than TCP.
    pub(crate) fn url(&self, name: &str) -> String {
        let folder = self.folder.display();
        format!("postgres://postgres@localhost/{name}?host={folder}")
    }

    /// One more connection.
    pub(crate) fn connect(&self) -> io::Result<Client> {
        self.connect_to("postgres")
    }

    /// One more connection to the database of this name.
    pub(crate) fn connect_to(&self, name: &str) -> io::Result<Client> {
        Config::new()
            .host_path(&self.folder)
            .user("postgres")
            .dbname(name)
            .connect(NoTls)
            .map_err(io::Error::other)
    }

    /// Does now what it would do by itself soon after an import, so that no figure is taken beside it.
    pub(crate) fn rest(&self, name: &str) -> io::Result<()> {
        let vacuumed = self.connect_to(name)?.batch_execute("VACUUM (ANALYZE)");
        vacuumed.map_err(io::Error::other)
    }
}

impl Measured for Database {
    /// Of the server and every process of it that runs now: connections stay open over a round.
    fn cpu(&self) -> io::Result<Duration> {
        let server = self.process.id();
        let mut sum = cpu_time(server)?;
        for child in children(server)? {
            // One that ended meanwhile did nothing for the questions.
            sum += cpu_time(child).unwrap_or_default();
        }
        Ok(sum)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A fast shutdown: it ends its own processes. Nothing is kept.
        let pid = self.process.id().to_string();
        drop(Command::new("kill").args(["-INT", &pid]).status());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn socket_folder(folder: &Path) -> String {
    format!("unix_socket_directories={}", folder.display())
}

/// A program as the user postgres: it refuses to run as root. It ends with this benchmark, even
/// when that is killed.
fn unprivileged(before: &[&str], program: &Path) -> io::Result<Command> {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if is_root()? {
        command.args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--",
        ]);
    }
    command.args(before).arg(program);
    Ok(command)
}

fn is_root() -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}
