//! Reading a private key, which the service user alone may read (design invariant 13).

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Why a private key is not read. It never holds any of it.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// The file is not there or cannot be read.
    #[error("cannot read private key {path}", path = .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else could read it.
    #[error("private key {path} can be read by others: run `chmod 600 {path}`", path = .0.display())]
    Exposed(PathBuf),
}

/// What stands in the file.
///
/// # Errors
/// [`PrivateFileError`].
pub fn read(path: &Path) -> Result<Vec<u8>, PrivateFileError> {
    let unreadable = |source| PrivateFileError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let about = fs::metadata(path).map_err(unreadable)?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err(PrivateFileError::Exposed(path.to_owned()));
    }
    fs::read(path).map_err(unreadable)
}
