//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};

/// Why certificates could not be made or revoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertsError {
    /// The folder holds other things and was not made by this crate.
    #[error("{} holds other files and was not made by certs-dev", map.display())]
    FolderNotOurs {
        /// The folder.
        map: PathBuf,
    },
    /// Revoking was asked in a folder that holds no finished set.
    #[error("{} holds no certificates made by certs-dev", map.display())]
    NotGenerated {
        /// The folder.
        map: PathBuf,
    },
    /// Two certificates would be written to the same files, or the name has
    /// no letter or digit to name a file after.
    #[error("the name \"{naam}\" gives no file name of its own")]
    UnusableName {
        /// The name in the plan.
        naam: String,
    },
    /// A certificate or CRL could not be made, mostly because a value in the
    /// plan cannot be written in it.
    #[error("{what} could not be made")]
    Issue {
        /// What was to be made.
        what: String,
        /// The cause.
        #[source]
        source: rcgen::Error,
    },
    /// The manifest in the folder could not be read or written as JSON.
    #[error("{} is not a manifest of certs-dev", path.display())]
    Manifest {
        /// The manifest file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// The file system refused.
    #[error("{} could not be read or written", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl CertsError {
    /// For `map_err` on a file system call about this path.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }

    /// For `map_err` on the making of this certificate or CRL.
    pub(crate) fn issue(what: &str) -> impl FnOnce(rcgen::Error) -> Self {
        let what = what.to_owned();
        |source| Self::Issue { what, source }
    }
}
