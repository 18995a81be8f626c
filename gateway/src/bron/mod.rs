//! Leveringen that are fetched: from an https URL or a file, when there is another than before.
//!
//! A levering is fetched whole before it is looked at: no stage is open and no lock is held while
//! a peer is called (design invariant 7), and what was cut off on the way is never applied.

mod fetch;
mod http;
mod memory;
mod plaats;
mod schedule;
mod spool;

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

pub use fetch::{BronError, Outcome, fetch_and_import};
pub use http::FetchError;
pub use memory::Memory;
pub use plaats::Plaats;
pub use schedule::Schedule;

/// How a levering is fetched.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where from.
    pub plaats: Plaats,
    /// The authorities that the server is trusted by, PEM; those of the system without.
    pub ca: Option<PathBuf>,
    /// Client certificate with its chain, and its private key, both PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Longest time that a download may take.
    pub tijd: Duration,
    /// Most bytes of a levering, as it comes and once it is unpacked.
    pub maximale_bytes: u64,
    /// A folder for the levering while it is fetched; nothing of it stays there.
    pub map: PathBuf,
}

/// By what a server or a file system tells one levering from the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Of where it is: one of another place says nothing.
    plaats: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
}

/// What a fetch gave.
enum Fetched {
    /// The one with that mark.
    Unchanged,
    Levering {
        /// At its beginning.
        file: std::fs::File,
        mark: Mark,
    },
}
