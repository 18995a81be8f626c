//! `[verwerkingslog]`: recording who was given data about people.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::duur;
use crate::audit::{Grenzen, Instellingen, JournaalInstellingen};

/// The smallest segment: below it there would be thousands of files.
const MIN_SEGMENT_BYTES: u64 = 64 * 1024;

/// The largest segment: it is read into memory when the journal is opened.
const MAX_SEGMENT_BYTES: u64 = 1024 * 1024 * 1024;

/// `[verwerkingslog]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerwerkingslogConfig {
    /// Folder of this node's journal.
    pub map: PathBuf,
    /// Base of the URI of a processing activity; the operation comes behind it.
    pub activiteit: String,
    /// Bytes after which a segment is ended.
    pub segment_bytes: u64,
    /// Answers that may wait to be recorded.
    pub wachtrij: usize,
    /// How long one waits.
    #[serde(deserialize_with = "duur")]
    pub wacht: Duration,
}

impl VerwerkingslogConfig {
    /// Where and how processing is recorded; `nieuw` is what a journal is called that begins now.
    #[must_use]
    pub fn instellingen(&self, nieuw: [u8; 16]) -> Instellingen {
        Instellingen {
            map: self.map.clone(),
            journaal: JournaalInstellingen {
                segment_bytes: self.segment_bytes,
                nieuw,
            },
            grenzen: Grenzen {
                wachtrij: self.wachtrij,
                wacht: self.wacht,
                activiteit: self.activiteit.clone(),
            },
        }
    }

    pub(super) fn resolve(&mut self, base: &Path) {
        self.map = base.join(&self.map);
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.map.file_name().is_none() {
            return Err("verwerkingslog.map must name a folder of its own".into());
        }
        if !self.activiteit.contains(':') {
            return Err(format!(
                "verwerkingslog.activiteit is \"{}\"; it must be the beginning of a URI",
                self.activiteit
            ));
        }
        if !(MIN_SEGMENT_BYTES..=MAX_SEGMENT_BYTES).contains(&self.segment_bytes) {
            return Err(format!(
                "verwerkingslog.segmentBytes is {}; it must be from {MIN_SEGMENT_BYTES} to {MAX_SEGMENT_BYTES}",
                self.segment_bytes
            ));
        }
        if self.wachtrij == 0 {
            return Err("verwerkingslog.wachtrij is 0; it must be at least 1".into());
        }
        if self.wacht < Duration::from_millis(100) {
            return Err(
                "verwerkingslog.wacht must be at least \"100ms\": a disk takes its time".into(),
            );
        }
        Ok(())
    }
}
