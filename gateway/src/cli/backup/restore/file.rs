//! Into a SQLite file.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{RestoreArgs, Restored, check};
use crate::{
    cli::backup::{
        BackupError,
        manifest::{self, Manifest, sha256_through},
    },
    clock::{Clock, SystemClock},
    domain::RegisterVersie,
    log::{Opslag, SqliteStore, StoreError},
};

pub(super) async fn restore(
    args: &RestoreArgs,
    target: PathBuf,
    after: u32,
) -> Result<Restored, BackupError> {
    if target.exists() && !args.vervang {
        let in_use = SqliteStore::is_in_use(&target).await.unwrap_or(false);
        return Err(if in_use {
            BackupError::InUse(target)
        } else {
            BackupError::TargetThere(target)
        });
    }
    let manifest = Manifest::read_beside(&args.file)?;
    let place = prepared_at(&target);
    let done = put_in_place(args, &manifest, &target, after, &place).await;
    if done.is_err() {
        // The first error is the one to tell.
        drop(fs::remove_file(&place));
    }
    done
}

async fn put_in_place(
    args: &RestoreArgs,
    manifest: &Manifest,
    target: &Path,
    after: u32,
    place: &Path,
) -> Result<Restored, BackupError> {
    // What is checked is the copy that will stand there, not a file that may change meanwhile.
    copy(args, manifest, place)?;
    check(manifest, place).await?;
    let begun =
        SqliteStore::begin_tijdlijn_in(place, after.max(known_tijdlijn(target).await)).await;
    let tijdlijn = begun.map_err(BackupError::Place)?;
    let stands_there = target.exists();
    let aside = aside(target);
    let placed = SqliteStore::put_in_place(place, target, &aside).await;
    placed.map_err(BackupError::Place)?;
    let nummer = manifest.register_versie().nummer;
    Ok(Restored {
        versie: RegisterVersie { tijdlijn, nummer },
        opslag: Opslag::Sqlite(target.to_owned()),
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

/// The tijdlijn that the register here is in.
async fn known_tijdlijn(target: &Path) -> u32 {
    let known = match target.is_file() {
        true => SqliteStore::tijdlijn_of(target).await,
        false => None,
    };
    known.unwrap_or(0)
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

fn unwritable(path: &Path, source: std::io::Error) -> BackupError {
    BackupError::Place(StoreError::File {
        path: path.to_owned(),
        source,
    })
}
