//! `stagepoort backup` and `stagepoort restore`.

mod manifest;
mod restore;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{ArgGroup, Args};
use serde_json::json;

use self::manifest::{Engine, Manifest, ManifestError, sha256_of};
pub(super) use self::restore::{RestoreArgs, run as run_restore};
use super::{fail, runtime, say};
use crate::{
    clock::{Clock, SystemClock},
    config::{Config, ConfigError},
    domain::RegisterVersie,
    log::{Head, LogStore, Opslag, PostgresStore, SqliteStore, StoreError},
    telemetry::chain,
};

#[derive(Debug, Args)]
#[command(after_help = "\
The copy is the whole database at one moment: the register and its history, who may ask what, \
subscriptions with what they are still to hear, and the keys of the database; others go on reading and \
writing meanwhile. People and bpvo's that were superseded are not in it. Its hash chain is checked before \
it gets its name, and a manifest stands beside it, with .manifest.json behind its name: keep the two \
together. It holds data about people: keep it as safe as the database, and no longer than they may be \
kept.\n\n\
Of PostgreSQL too it is one SQLite file, read in one transaction; a role that may only read will do. \
A standby may break that off, so the primary is asked first.\n\n\
Exit codes: 0 made and checked; 1 it could not be made; 2 wrong arguments.")]
#[command(group = ArgGroup::new("register").args(["opslag", "config"]).required(true))]
pub(super) struct BackupArgs {
    /// The backup, which must not be there yet
    file: PathBuf,
    /// The register: a SQLite file, or a URL postgres://… for each host with commas between
    #[arg(long, value_name = "PATH|URL")]
    opslag: Option<String>,
    /// Settings that name the register
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the manifest as one JSON object
    #[arg(long)]
    json: bool,
}

/// Where the register and the snapshot of this node are.
struct Places {
    opslag: Opslag,
    snapshot: Option<PathBuf>,
}

/// Why there is no backup, or why it is not restored.
#[derive(Debug, thiserror::Error)]
enum BackupError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Opslag(String),
    #[error("there is no register {}", .0.display())]
    NoRegister(PathBuf),
    #[error("{} is there already: give the backup a name of its own", .0.display())]
    NameTaken(PathBuf),
    #[error("{} cannot be used", .path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the register could not be copied")]
    Copy(#[source] StoreError),
    #[error("the backup is not used")]
    Manifest(#[from] ManifestError),
    #[error("the backup is not used")]
    Damaged(#[source] StoreError),
    #[error("{} is there already: with --vervang it is set aside and replaced", .0.display())]
    TargetThere(PathBuf),
    #[error("{} is in use by a running program: stop it, or give --vervang and have it load the backup", .0.display())]
    InUse(PathBuf),
    #[error(
        "a register stands in {0}: with --vervang it is replaced, and is gone; make a backup of it first"
    )]
    Occupied(Opslag),
    #[error(
        "programs are connected to {0} that would go on with its keys, and the backup has others: stop them first"
    )]
    OtherKeys(Opslag),
    #[error("the backup could not be put in place")]
    Place(#[source] StoreError),
}

pub(super) fn run(args: &BackupArgs) -> ExitCode {
    runtime(async {
        match back_up(args).await {
            Ok(manifest) => {
                say_made(&manifest, args);
                ExitCode::SUCCESS
            }
            Err(error) => fail(chain(&error)),
        }
    })
}

async fn back_up(args: &BackupArgs) -> Result<Manifest, BackupError> {
    let places = Places::of(args.opslag.as_deref(), args.config.as_deref())?;
    for path in [args.file.clone(), manifest::beside(&args.file)] {
        if path.exists() {
            return Err(BackupError::NameTaken(path));
        }
    }
    let partial = partial(&args.file)?;
    let made = make(&partial, &places.opslag, &args.file).await;
    // Gone already when all went well; the first error is the one to tell.
    drop(fs::remove_file(&partial));
    made
}

async fn make(partial: &Path, opslag: &Opslag, file: &Path) -> Result<Manifest, BackupError> {
    let (engine, head) = match opslag {
        // Opening one that is not there would make it.
        Opslag::Sqlite(path) if !path.is_file() => {
            return Err(BackupError::NoRegister(path.clone()));
        }
        Opslag::Sqlite(path) => {
            let store = SqliteStore::open(path).await.map_err(BackupError::Copy)?;
            let copied = store.back_up(partial).await;
            store.close().await;
            (Engine::Sqlite, copied)
        }
        Opslag::Postgres(settings) => {
            let store = PostgresStore::follow(settings).await;
            let store = store.map_err(BackupError::Copy)?;
            (Engine::Postgres, store.back_up(partial).await)
        }
    };
    let head = head.map_err(BackupError::Copy)?;
    let of_file = |source| BackupError::File {
        path: file.to_owned(),
        source,
    };
    let copy = File::open(partial).map_err(of_file)?;
    copy.sync_all().map_err(of_file)?;
    let (sha256, bytes) = sha256_of(copy).map_err(of_file)?;
    let manifest = Manifest::new(engine, sha256, bytes, &head, SystemClock.now());
    // Without its manifest a backup is not taken for one.
    fs::rename(partial, file).map_err(of_file)?;
    manifest.write_beside(file).map_err(of_file)?;
    Ok(manifest)
}

/// A name beside the file; what an earlier try left there goes.
fn partial(file: &Path) -> Result<PathBuf, BackupError> {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    let path = PathBuf::from(name);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(BackupError::File { path, source })
        }
        _ => Ok(path),
    }
}

impl Places {
    /// By the one of the two that is given.
    fn of(opslag: Option<&str>, config: Option<&Path>) -> Result<Self, BackupError> {
        if let Some(path) = config {
            let opslag = Config::load(path)?.opslag;
            return Ok(Self {
                opslag: opslag.opslag().map_err(BackupError::Opslag)?,
                snapshot: Some(opslag.momentopname),
            });
        }
        let told = |why| BackupError::Opslag(format!("--opslag: {why}"));
        Ok(Self {
            opslag: Opslag::parse(opslag.unwrap_or_default()).map_err(told)?,
            snapshot: None,
        })
    }
}

fn versie(head: &Head) -> RegisterVersie {
    RegisterVersie {
        tijdlijn: head.tijdlijn,
        nummer: head.nummer,
    }
}

fn say_made(manifest: &Manifest, args: &BackupArgs) {
    if args.json {
        say(json!(manifest));
        return;
    }
    say(format_args!(
        "{} has the register at version {}, checked; SHA-256 {}",
        args.file.display(),
        manifest.register_versie(),
        manifest.sha256
    ));
}
