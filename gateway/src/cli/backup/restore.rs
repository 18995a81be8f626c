//! `stagepoort restore`.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{ArgGroup, Args};
use serde_json::json;

use super::{
    BackupError, Places,
    manifest::{self, Engine, Manifest, ManifestError, sha256_of, sha256_through},
};
use crate::{
    cli::{fail, runtime, say},
    clock::{Clock, SystemClock},
    domain::RegisterVersie,
    log::{Head, SqliteStore, StoreError},
    replica::snapshot,
    telemetry::chain,
};

/// The backup is damaged, or is another than its manifest says.
const EXIT_REFUSED: u8 = 3;
/// A register stands there, or is in use.
const EXIT_OCCUPIED: u8 = 4;

#[derive(Debug, Args)]
#[command(after_help = "\
First the whole backup is checked: its manifest, its SHA-256, its schema, its hash chain. Then a \
copy of it takes the place of the register, in a new tijdlijn, so that no registerVersie ever means \
two things. What stood there is set aside under its own name with .vervangen- and the moment behind \
it: remove it when it is no longer needed, since it holds data about people.\n\n\
Who may ask what is restored as well, as it was then: apply the document of today again. A running \
node loads the restored register within seconds. Tijdlijnen that this machine does not know of, such \
as of an earlier restore elsewhere, are passed over by --tijdlijn.\n\n\
Exit codes: 0 restored, or right; 1 it could not be read or written; 2 wrong arguments; 3 the backup \
is damaged or not what its manifest says; 4 a register stands there, is in use, or is being imported to.")]
#[command(group = ArgGroup::new("register").args(["verify", "opslag", "config"]).required(true))]
pub(in crate::cli) struct RestoreArgs {
    /// The backup, with its manifest beside it
    file: PathBuf,
    /// Only check it; nothing is put in place
    #[arg(long, conflicts_with_all = ["vervang", "tijdlijn"])]
    verify: bool,
    /// The register: a SQLite file
    #[arg(long, value_name = "PATH")]
    opslag: Option<PathBuf>,
    /// Settings that name the register, and the snapshot of its node
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set aside and replace the register that stands there, also under a running node
    #[arg(long)]
    vervang: bool,
    /// Begin a tijdlijn that is later than this one
    #[arg(long, value_name = "N", default_value_t = 0)]
    tijdlijn: u32,
    /// Print what was done as one JSON object
    #[arg(long)]
    json: bool,
}

/// What was put in place.
struct Restored {
    versie: RegisterVersie,
    database: PathBuf,
    aside: Option<PathBuf>,
}

pub(in crate::cli) fn run(args: &RestoreArgs) -> ExitCode {
    runtime(async {
        let done = match args.verify {
            true => verify(args).await,
            false => restore(args).await,
        };
        done.unwrap_or_else(|error| refuse(&error))
    })
}

fn refuse(error: &BackupError) -> ExitCode {
    let failed = fail(chain(error));
    match error {
        BackupError::Manifest(ManifestError::Read { .. }) => failed,
        BackupError::Manifest(_) | BackupError::Damaged(_) => ExitCode::from(EXIT_REFUSED),
        BackupError::TargetThere(_)
        | BackupError::InUse(_)
        | BackupError::Place(StoreError::StageBusy) => ExitCode::from(EXIT_OCCUPIED),
        _ => failed,
    }
}

async fn verify(args: &RestoreArgs) -> Result<ExitCode, BackupError> {
    let manifest = Manifest::read_beside(&args.file)?;
    let file = manifest::open(&args.file)?;
    let (sha256, bytes) = sha256_of(file).map_err(|source| unreadable(&args.file, source))?;
    manifest.check_bytes(sha256, bytes)?;
    check(&manifest, &args.file).await?;
    if args.json {
        say(json!({ "uitkomst": "goed", "manifest": manifest }));
    } else {
        say(format_args!(
            "the backup is right: the register at version {}, of {}",
            manifest.register_versie(),
            manifest.tijdstip
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The hash chain, by the engine that the backup is of.
async fn check(manifest: &Manifest, place: &Path) -> Result<Head, BackupError> {
    let head = match manifest.opslag {
        Engine::Sqlite => SqliteStore::verify_backup(place).await,
    };
    let head = head.map_err(BackupError::Damaged)?;
    manifest.check_head(&head)?;
    Ok(head)
}

async fn restore(args: &RestoreArgs) -> Result<ExitCode, BackupError> {
    let places = Places::of(args.opslag.as_ref(), args.config.as_ref())?;
    let target = &places.database;
    let stands_there = target.exists();
    if stands_there && !args.vervang {
        let in_use = SqliteStore::is_in_use(target).await.unwrap_or(false);
        return Err(if in_use {
            BackupError::InUse(target.clone())
        } else {
            BackupError::TargetThere(target.clone())
        });
    }
    let manifest = Manifest::read_beside(&args.file)?;
    let place = prepared_at(target);
    let done = put_in_place(args, &manifest, &places, &place).await;
    if done.is_err() {
        // The first error is the one to tell.
        drop(fs::remove_file(&place));
    }
    say_restored(args, &done?);
    Ok(ExitCode::SUCCESS)
}

async fn put_in_place(
    args: &RestoreArgs,
    manifest: &Manifest,
    places: &Places,
    place: &Path,
) -> Result<Restored, BackupError> {
    // What is checked is the copy that will stand there, not a file that may change meanwhile.
    copy(args, manifest, place)?;
    check(manifest, place).await?;
    let after = args.tijdlijn.max(known_tijdlijn(places).await);
    let begun = SqliteStore::begin_tijdlijn_in(place, after).await;
    let tijdlijn = begun.map_err(BackupError::Place)?;
    let database = places.database.clone();
    let stands_there = database.exists();
    let aside = aside(&database);
    let placed = SqliteStore::put_in_place(place, &database, &aside).await;
    placed.map_err(BackupError::Place)?;
    let nummer = manifest.register_versie().nummer;
    Ok(Restored {
        versie: RegisterVersie { tijdlijn, nummer },
        database,
        aside: stands_there.then_some(aside),
    })
}

fn copy(args: &RestoreArgs, manifest: &Manifest, place: &Path) -> Result<(), BackupError> {
    let backup = manifest::open(&args.file)?;
    // What an earlier try left there.
    drop(fs::remove_file(place));
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let to = options.open(place);
    let mut to = to.map_err(|source| unwritable(place, source))?;
    let copied = sha256_through(backup, &mut to);
    let (sha256, bytes) = copied.map_err(|source| unwritable(place, source))?;
    Ok(manifest.check_bytes(sha256, bytes)?)
}

/// The latest tijdlijn that the register here, or the snapshot of its node, was ever in.
async fn known_tijdlijn(places: &Places) -> u32 {
    let in_database = match places.database.is_file() {
        true => SqliteStore::tijdlijn_of(&places.database).await,
        false => None,
    };
    let in_snapshot = places.snapshot.as_deref().and_then(snapshot::tijdlijn);
    in_database.max(in_snapshot).unwrap_or(0)
}

fn prepared_at(target: &Path) -> PathBuf {
    behind(target, ".terugzetten")
}

/// Never the same twice, so that nothing that was set aside is lost.
fn aside(target: &Path) -> PathBuf {
    behind(
        target,
        &format!(".vervangen-{}", SystemClock.now().as_millis()),
    )
}

fn behind(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn unreadable(path: &Path, source: std::io::Error) -> BackupError {
    ManifestError::Read {
        path: path.to_owned(),
        source,
    }
    .into()
}

fn unwritable(path: &Path, source: std::io::Error) -> BackupError {
    BackupError::Place(StoreError::File {
        path: path.to_owned(),
        source,
    })
}

fn say_restored(args: &RestoreArgs, restored: &Restored) {
    if args.json {
        say(json!({
            "uitkomst": "teruggezet",
            "registerVersie": restored.versie.to_string(),
            "opslag": restored.database,
            "vervangen": restored.aside,
        }));
        return;
    }
    say(format_args!(
        "{} is the register at version {}, in a new tijdlijn",
        restored.database.display(),
        restored.versie
    ));
    if let Some(aside) = &restored.aside {
        say(format_args!(
            "what stood there is {}; remove it when it is no longer needed",
            aside.display()
        ));
    }
    say("who may ask what is as it was at the backup: apply the document of today again");
}
