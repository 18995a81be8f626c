//! The demo's own PostgreSQL: a cluster in its folder, on a free port of loopback, that ends with it.

mod leftover;
mod programs;

use std::{
    fs, io,
    io::Write as _,
    net::TcpListener,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{process::Child, sync::oneshot, task::JoinHandle};

use super::folder::{DemoError, Folder};
use crate::log::{Opslag, PostgresSettings};
pub(super) use leftover::end_leftover;
pub(super) use programs::Programs;

/// Folder of the cluster in that of the demo, and what is in it.
const MAP: &str = "postgres";
const DATA: &str = "data";
const LOG: &str = "log";

/// The password of the one user, in the demo's folder.
const PASSWORD: &str = "database.wachtwoord";

/// The user, who may do everything, and the database.
const NAME: &str = "stagepoort";

/// How long it may take until it answers. A loaded machine needs some seconds.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long a stop may take before it is done the hard way.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// Why there is no PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostgresError {
    #[error(
        "there is no PostgreSQL {least} or newer here: install it (Debian, Ubuntu: apt install \
         postgresql), or name the folder of its initdb and postgres in {env}",
        least = programs::LEAST,
        env = programs::ENV
    )]
    Missing,
    #[error("{env} is {0}, which has no initdb and postgres in it", env = programs::ENV)]
    NotThere(PathBuf),
    #[error(
        "{0} is older than PostgreSQL {least}: name a newer one in {env}",
        least = programs::LEAST,
        env = programs::ENV
    )]
    TooOld(PathBuf),
    #[error(
        "PostgreSQL does not run as root, and there is no user postgres to run it as: install the \
         package postgresql, or start the demo as another user"
    )]
    NoUser,
    #[error("{program} could not be started")]
    Start {
        program: String,
        #[source]
        source: io::Error,
    },
    #[error("{program} did not succeed: {told}")]
    Failed { program: &'static str, told: String },
    #[error("the database ended before it answered; {0} says why")]
    Ended(PathBuf),
    #[error(
        "the database did not answer within {limit_s} s; {0} may say why",
        limit_s = START_PATIENCE.as_secs()
    )]
    Silent(PathBuf),
    #[error("the database could not be made")]
    Make(#[from] sqlx::Error),
    #[error("no port of loopback is free")]
    Port(#[source] io::Error),
    #[error("no random bytes for a password")]
    Chance,
}

/// A running server.
pub(super) struct Database {
    pub(super) pid: u32,
    pub(super) opslag: Opslag,
    /// `[opslag]` of the settings.
    pub(super) section: String,
    stop: oneshot::Sender<()>,
    watching: JoinHandle<()>,
}

impl Database {
    /// Makes the cluster and starts it. To be called on a thread that lives as long as the
    /// program: the server is ended with the thread that started it.
    pub(super) async fn start(folder: &Folder, programs: &Programs) -> Result<Self, DemoError> {
        let home = folder.root.join(MAP);
        programs.make_home(&home).map_err(of_file(&home))?;
        let password = password()?;
        let password_file = folder.write_private(PASSWORD, &password)?;
        initdb(programs, &home, &password)?;
        let port = configure(&home)?;
        let child = serve(programs, &home)?;
        let pid = child.id().unwrap_or_default();
        let (stop, stopping) = oneshot::channel();
        let mut watching = tokio::spawn(watch(child, stopping));
        let log = home.join(LOG);
        tokio::select! {
            made = make_database(port, &password) => made?.ok_or(PostgresError::Silent(log))?,
            _ = &mut watching => return Err(PostgresError::Ended(log).into()),
        }
        let url = format!("postgres://{NAME}@127.0.0.1:{port}/{NAME}");
        let settings = PostgresSettings::parse(&[&url]).map_err(DemoError::Url)?;
        Ok(Self {
            pid,
            opslag: Opslag::Postgres(settings.with_password(&password)),
            section: format!(
                "\n# The database stops with the demo. This starts it again:\n# {}\n\
                 [opslag]\nsoort = \"postgres\"\ndatabases = [{url:?}]\nwachtwoordBestand = {password_file:?}\n",
                programs.line("postgres", &home, &["-D", DATA]),
            ),
            stop,
            watching,
        })
    }

    /// Stops it and waits until it has. One that was ended meanwhile is fine too.
    pub(super) async fn stop(self) {
        drop(self.stop);
        drop(self.watching.await);
    }
}

fn initdb(programs: &Programs, home: &Path, password: &str) -> Result<(), DemoError> {
    const PROGRAM: &str = "initdb";
    const SECRET: &str = "wachtwoord";
    let secret = home.join(SECRET);
    write_private(&secret, password).map_err(of_file(&secret))?;
    programs.give(&secret).map_err(of_file(&secret))?;
    let seen = programs.seen(home);
    let done = programs
        .command(PROGRAM, home)
        .args(["-U", NAME, "-A", "scram-sha-256", "-E", "UTF8"])
        .args(["--locale=C", "--no-sync", "-D"])
        .arg(seen.join(DATA))
        .arg(format!("--pwfile={}", seen.join(SECRET).display()))
        .output();
    fs::remove_file(&secret).map_err(of_file(&secret))?;
    succeeded(PROGRAM, done)
}

fn succeeded(program: &'static str, done: io::Result<Output>) -> Result<(), DemoError> {
    match done {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(PostgresError::Failed { program, told }.into())
        }
        Err(source) => {
            let program = program.to_owned();
            Err(PostgresError::Start { program, source }.into())
        }
    }
}

/// Adds to the settings that initdb wrote; the port that was taken.
fn configure(home: &Path) -> Result<u16, DemoError> {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .map_err(PostgresError::Port)?
        .port();
    let path = home.join(DATA).join("postgresql.conf");
    let add = || {
        let mut file = fs::OpenOptions::new().append(true).open(&path)?;
        write!(
            file,
            "\n# Of the demo.\nlisten_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n"
        )
    };
    add().map_err(of_file(&path))?;
    Ok(port)
}

fn serve(programs: &Programs, home: &Path) -> Result<Child, DemoError> {
    const PROGRAM: &str = "postgres";
    let log = home.join(LOG);
    let out = fs::File::create(&log).map_err(of_file(&log))?;
    let err = out.try_clone().map_err(of_file(&log))?;
    let mut command = tokio::process::Command::from(programs.ending_with_us(PROGRAM, home));
    command
        .arg("-D")
        .arg(programs.seen(home).join(DATA))
        .stdout(Stdio::from(out))
        .stderr(Stdio::from(err))
        // Ctrl-C is for the gateway, which stops the database after itself.
        .process_group(0);
    command.spawn().map_err(|source| {
        let program = PROGRAM.to_owned();
        PostgresError::Start { program, source }.into()
    })
}

/// Waits until the server ends, or ends it when told to.
async fn watch(mut server: Child, stopping: oneshot::Receiver<()>) {
    let pid = server.id().unwrap_or_default();
    tokio::select! {
        _ = server.wait() => {
            tracing::warn!("the database of the demo ended: reads go on, writes are refused");
            return;
        }
        _ = stopping => {}
    }
    // Fast: whoever is connected is cut off, and what was written is safe.
    leftover::signal(pid, "INT");
    if tokio::time::timeout(STOP_PATIENCE, server.wait())
        .await
        .is_err()
    {
        leftover::signal(pid, "QUIT");
        drop(server.wait().await);
    }
}

/// Makes the database once the server answers; none when it does not in time.
async fn make_database(port: u16, password: &str) -> Result<Option<()>, PostgresError> {
    const AGAIN: Duration = Duration::from_millis(50);
    let server = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(NAME)
        .password(password)
        .database("postgres");
    let connecting = async {
        loop {
            if let Ok(connection) = PgConnection::connect_with(&server).await {
                return connection;
            }
            tokio::time::sleep(AGAIN).await;
        }
    };
    let Ok(mut connection) = tokio::time::timeout(START_PATIENCE, connecting).await else {
        return Ok(None);
    };
    sqlx::raw_sql("CREATE DATABASE stagepoort")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(Some(()))
}

fn password() -> Result<String, PostgresError> {
    let mut bytes = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| PostgresError::Chance)?;
    Ok(hex::encode(bytes))
}

/// Writes a file that its owner alone can read.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn of_file(path: &Path) -> impl FnOnce(io::Error) -> DemoError {
    let path = path.to_owned();
    move |source| DemoError::File { path, source }
}
