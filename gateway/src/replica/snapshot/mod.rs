//! A view in a file, from which a node starts and serves while the database is away (design §1).
//!
//! A header says which state it is, a section of the application's own comes next, then the
//! objects as the log has them. A SHA-256 over all of it closes the file: a file that was cut
//! off, continued or changed anywhere is refused whole. The state's own hash stands in it as well
//! and is taken anew from what was read: that finds what was wrong before it was written, such as
//! memory that fell over, and a node then begins again from the log.

mod read;
mod write;

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::View;

/// First bytes of the file.
const MAGIC: [u8; 8] = *b"STAGESNP";

/// Layout of the file and of the blobs in it: raise it with every change of either.
const SCHEMA: u32 = 3;

/// What stood in a snapshot.
#[derive(Debug)]
pub struct Snapshot {
    /// The register.
    pub view: View,
    /// What the application keeps with it, such as the toegang.
    pub extra: Vec<u8>,
}

/// Why a snapshot cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file could not be read or written.
    #[error("{path} could not be used")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is something else.
    #[error("the file is not a snapshot of a register")]
    NoSnapshot,
    /// It was written by another version of this program.
    #[error("the snapshot has schema {found}, this program reads {needed}")]
    Schema {
        /// In the file.
        found: u32,
        /// In this program.
        needed: u32,
    },
    /// It is not as it was written.
    #[error("the snapshot is damaged: {0}")]
    Damaged(&'static str),
}

/// Writes the view beside the file and then puts it in its place, so that there is always a whole
/// one. Only the owner can read it (design invariant 13). Blocks: some seconds for the whole
/// country.
///
/// # Errors
/// [`SnapshotError::File`], or [`SnapshotError::NoSnapshot`] when something else than a snapshot
/// stands there; what stood there before is then untouched.
pub fn write(path: &Path, view: &View, extra: &[u8]) -> Result<(), SnapshotError> {
    refuse_anything_else(path)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let done = write_beside(&beside, view, extra).and_then(|()| {
        fs::rename(&beside, path)?;
        // The new name must survive a power cut as well.
        File::open(parent(path))?.sync_all()
    });
    done.map_err(|source| {
        // What is left is of no use; that it could not be removed is said by the next write.
        let _ = fs::remove_file(&beside);
        file_error(path, source)
    })
}

/// A path that was mistyped in the settings may be that of a database or a key.
fn refuse_anything_else(path: &Path) -> Result<(), SnapshotError> {
    let mut there = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(file_error(path, error)),
    };
    let mut magic = [0; MAGIC.len()];
    match there.read_exact(&mut magic) {
        Ok(()) if magic == MAGIC => Ok(()),
        _ => Err(SnapshotError::NoSnapshot),
    }
}

fn write_beside(beside: &Path, view: &View, extra: &[u8]) -> io::Result<()> {
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(beside)?;
    write::whole(&file, view, extra)?;
    file.sync_all()
}

/// Reads the snapshot; none when there is no file. Blocks: below three seconds for the whole
/// country.
///
/// # Errors
/// [`SnapshotError`]; never a part of what stands there.
pub fn load(path: &Path) -> Result<Option<Snapshot>, SnapshotError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error(path, error)),
    };
    keep_private(&file).map_err(|error| file_error(path, error))?;
    read::whole(file, path).map(Some)
}

/// One that others can read, as a copy that was put back may be, is made the owner's alone again.
fn keep_private(file: &File) -> io::Result<()> {
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(0o600))
}

/// Which history the snapshot in this file is of, from its beginning alone; none when there is no
/// such file.
#[must_use]
pub fn tijdlijn(path: &Path) -> Option<u32> {
    let mut header = [0; MAGIC.len() + 3 * 4];
    File::open(path).ok()?.read_exact(&mut header).ok()?;
    let (magic, numbers) = header.split_at(MAGIC.len());
    let tijdlijn = numbers.last_chunk()?;
    (magic == MAGIC).then(|| u32::from_be_bytes(*tijdlijn))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn file_error(path: &Path, source: io::Error) -> SnapshotError {
    SnapshotError::File {
        path: path.to_owned(),
        source,
    }
}
