//! `stagepoort restore`.

mod database;
mod file;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{ArgGroup, Args};
use serde_json::json;

use super::{
    BackupError, Places,
    manifest::{self, Manifest, ManifestError, sha256_of},
};
use crate::{
    cli::{fail, runtime, say},
    domain::RegisterVersie,
    log::{Head, Opslag, SqliteStore, StoreError},
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
two things. A backup of either engine can be put into either. With --vervang a file that stood there is \
set aside under its own name with .vervangen- and the moment behind it: remove it when it is no longer \
needed, since it holds data about people. What stood in PostgreSQL is gone; make a backup of it first.\n\n\
PostgreSQL: as the owner of the tables, in one transaction, with the rights of the roles as they are. Nodes go on \
answering meanwhile and take no writes.\n\n\
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
    /// The register: a SQLite file, or a URL postgres://… for each host with commas between
    #[arg(long, value_name = "PATH|URL")]
    opslag: Option<String>,
    /// Settings that name the register, and the snapshot of its node
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Replace the register that stands there, also under running nodes
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
    opslag: Opslag,
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
        | BackupError::Occupied(_)
        | BackupError::OtherKeys(_)
        | BackupError::Place(StoreError::StageBusy) => ExitCode::from(EXIT_OCCUPIED),
        _ => failed,
    }
}

async fn verify(args: &RestoreArgs) -> Result<ExitCode, BackupError> {
    let manifest = verified(args).await?;
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

/// The manifest of a backup that is all that it should be.
async fn verified(args: &RestoreArgs) -> Result<Manifest, BackupError> {
    let manifest = Manifest::read_beside(&args.file)?;
    let file = manifest::open(&args.file)?;
    let (sha256, bytes) = sha256_of(file).map_err(|source| unreadable(&args.file, source))?;
    manifest.check_bytes(sha256, bytes)?;
    check(&manifest, &args.file).await?;
    Ok(manifest)
}

/// The hash chain.
async fn check(manifest: &Manifest, place: &Path) -> Result<Head, BackupError> {
    let head = SqliteStore::verify_backup(place).await;
    let head = head.map_err(BackupError::Damaged)?;
    manifest.check_head(&head)?;
    Ok(head)
}

async fn restore(args: &RestoreArgs) -> Result<ExitCode, BackupError> {
    let places = Places::of(args.opslag.as_deref(), args.config.as_deref())?;
    // The latest that this node ever told of.
    let in_snapshot = places.snapshot.as_deref().and_then(snapshot::tijdlijn);
    let after = args.tijdlijn.max(in_snapshot.unwrap_or(0));
    let restored = match places.opslag {
        Opslag::Sqlite(target) => file::restore(args, target, after).await,
        Opslag::Postgres(settings) => database::restore(args, settings, after).await,
    };
    say_restored(args, &restored?);
    Ok(ExitCode::SUCCESS)
}

fn unreadable(path: &Path, source: std::io::Error) -> BackupError {
    ManifestError::Read {
        path: path.to_owned(),
        source,
    }
    .into()
}

fn say_restored(args: &RestoreArgs, restored: &Restored) {
    if args.json {
        say(json!({
            "uitkomst": "teruggezet",
            "registerVersie": restored.versie.to_string(),
            "opslag": restored.opslag.to_string(),
            "vervangen": restored.aside,
        }));
        return;
    }
    say(format_args!(
        "{} is the register at version {}, in a new tijdlijn",
        restored.opslag, restored.versie
    ));
    if let Some(aside) = &restored.aside {
        say(format_args!(
            "what stood there is {}; remove it when it is no longer needed",
            aside.display()
        ));
    }
    say("who may ask what is as it was at the backup: apply the document of today again");
}
