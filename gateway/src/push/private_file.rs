//! Reading a key or a password, which the service user alone may read (design invariant 13).

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Why a secret is not read. It never holds any of it.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// The file is not there or cannot be read.
    #[error("cannot read {path}", path = .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else could read it.
    #[error("{path} holds a secret and can be read by others (mode {mode:04o}): run `chmod 600 {path}`", path = .path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// What stands in the file.
///
/// # Errors
/// [`PrivateFileError`].
pub fn read(path: &Path) -> Result<Vec<u8>, PrivateFileError> {
    // The mode is asked of the open file, so that it is that of the bytes that are read.
    let (mut file, mut bytes) = (open(path)?, Vec::new());
    file.read_to_end(&mut bytes).map_err(unreadable(path))?;
    Ok(bytes)
}

/// That nobody else can read the file, and that it can be read: for what a library reads itself.
///
/// # Errors
/// [`PrivateFileError`].
pub fn check(path: &Path) -> Result<(), PrivateFileError> {
    open(path).map(drop)
}

fn open(path: &Path) -> Result<File, PrivateFileError> {
    let file = File::open(path).map_err(unreadable(path))?;
    let about = file.metadata().map_err(unreadable(path))?;
    let mode = about.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(PrivateFileError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(file)
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> PrivateFileError {
    |source| PrivateFileError::Unreadable {
        path: path.to_owned(),
        source,
    }
}
