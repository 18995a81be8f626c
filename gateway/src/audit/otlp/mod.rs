//! Exporting the record of processing as spans to a collector (OTLP/HTTP with JSON), as Logboek
//! Dataverwerkingen is read. At least once, on from a cursor of its own beside the journal: a record
//! that is sent twice has the same ids twice.

mod bericht;
mod client;

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{
    lezer::{self, GelezenBlok, LeesError, Lezer, Positie},
    record::{Record, Verwerking},
};
pub use client::{OtlpFout, OtlpInstellingen};

/// Where the cursor stands, in the folder of the journal.
const CURSOR: &str = "otlp.cursor";

/// Bytes of a journal that are read at a time; as records in JSON they are some ten times as many.
const PARTIJ_BYTES: usize = 64 * 1024;

/// Records in one request: some 700 kB, and collectors take at least 4 MiB.
const MAX_RECORDS: usize = 1_000;

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum UitvoerError {
    /// The journal cannot be read.
    #[error(transparent)]
    Lees(#[from] LeesError),
    /// The collector does not take it.
    #[error(transparent)]
    Otlp(#[from] OtlpFout),
    /// The cursor cannot be kept.
    #[error("{path} could not be used", path = .path.display())]
    Cursor {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uitvoerstap {
    /// Something was exported.
    Verder {
        /// How many records.
        records: u64,
        /// How many of them the collector took and refused, which it says are not to be sent again.
        geweigerd: u64,
    },
    /// All that there is was exported.
    Bij,
}

/// Exports one journal.
pub struct OtlpUitvoer {
    map: PathBuf,
    instellingen: OtlpInstellingen,
    /// Known once it was looked for.
    na: Option<Positie>,
    begun: bool,
}

impl OtlpUitvoer {
    /// Of the journal in this folder.
    #[must_use]
    pub fn new(map: &Path, instellingen: OtlpInstellingen) -> Self {
        Self {
            map: map.to_owned(),
            instellingen,
            na: None,
            begun: false,
        }
    }

    /// Behind which block it goes on.
    #[must_use]
    pub fn na(&self) -> Option<Positie> {
        self.na
    }

    /// Exports the next blocks up to number `tot`, which must be on the disk.
    ///
    /// # Errors
    /// [`UitvoerError`]; the next call tries the same again.
    pub async fn step(&mut self, tot: u64) -> Result<Uitvoerstap, UitvoerError> {
        if !self.begun {
            self.na = self.find()?;
            self.begun = true;
        }
        let blokken = Lezer::new(&self.map, self.na).volgende(tot, PARTIJ_BYTES)?;
        let Some(last) = blokken.last().map(|blok| blok.na) else {
            return Ok(Uitvoerstap::Bij);
        };
        let records: Vec<Record> = blokken.iter().flat_map(records).collect();
        let mut geweigerd = 0;
        if !records.is_empty() {
            let client = client::client(&self.instellingen)?;
            for some in records.chunks(MAX_RECORDS) {
                geweigerd += client::send(&client, &self.instellingen, some).await?;
            }
        }
        self.keep(&last)?;
        self.na = Some(last);
        let records = records.len() as u64;
        Ok(Uitvoerstap::Verder {
            records,
            geweigerd: geweigerd.min(records),
        })
    }

    /// The cursor that was kept, if the journal still holds its block; else all is exported anew.
    fn find(&self) -> Result<Option<Positie>, UitvoerError> {
        let path = self.map.join(CURSOR);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(UitvoerError::Cursor { path, source }),
        };
        let Ok(na) = postcard::from_bytes::<Positie>(&bytes) else {
            return Ok(None);
        };
        let holds = lezer::holds(&self.map, &na).map_err(LeesError::Map)?;
        if !holds {
            tracing::warn!(
                "the journal is not what was exported of it: all that is there is exported again"
            );
        }
        Ok(Some(na).filter(|_| holds))
    }

    fn keep(&self, na: &Positie) -> Result<(), UitvoerError> {
        let path = self.map.join(CURSOR);
        let beside = self.map.join("otlp.cursor.nieuw");
        let write = || {
            // Only fails when memory does.
            let bytes = postcard::to_stdvec(na).map_err(io::Error::other)?;
            let mut options = fs::OpenOptions::new();
            let options = options.write(true).create(true).truncate(true).mode(0o600);
            options.open(&beside)?.write_all(&bytes)?;
            fs::rename(&beside, &path)
        };
        write().map_err(|source| UitvoerError::Cursor { path, source })
    }
}

fn records(blok: &GelezenBlok) -> impl Iterator<Item = Record> + '_ {
    blok.verwerkingen.iter().flat_map(Verwerking::records)
}
