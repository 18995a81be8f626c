//! Which levering was applied last, over a restart: what is unchanged is not fetched again.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Mark;

/// A small file. It may be lost at any time: then a levering is fetched once too often.
#[derive(Debug, Clone)]
pub struct Memory {
    path: PathBuf,
}

/// What stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Applied {
    pub(super) levering_id: String,
    pub(super) mark: Mark,
}

impl Memory {
    /// Beside this file: with `.bron` behind its name.
    #[must_use]
    pub fn beside(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".bron");
        Self {
            path: PathBuf::from(name),
        }
    }

    /// Nothing, when there is none or it cannot be read.
    pub(super) fn load(&self) -> Option<Applied> {
        let text = fs::read(&self.path).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps it, when that can be done.
    pub(super) fn save(&self, applied: &Applied) {
        if let Err(error) = self.try_save(applied) {
            let reason = error.to_string();
            tracing::warn!(path = %self.path.display(), reason, "which levering was applied is not kept; it will be fetched once more");
        }
    }

    fn try_save(&self, applied: &Applied) -> io::Result<()> {
        let mut beside = self.path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file: File = options.open(&beside)?;
        file.write_all(&serde_json::to_vec(applied)?)?;
        fs::rename(&beside, &self.path)
    }
}
