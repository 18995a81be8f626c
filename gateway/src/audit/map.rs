//! The folder of a journal: who may read it, which process writes it, which segments there are.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::format::{self, HEADER_BYTES};
use crate::domain::Tijdstip;

/// What the name of a segment begins and ends with; its number stands between.
const NAAM: (&str, &str) = ("verwerkingen-", ".journaal");

/// Held by the one process that writes.
const SLOT: &str = "slot";

/// The folder of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map(PathBuf);

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// A file or the folder could not be read, made or removed.
    #[error("{path} could not be used")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else could read it (design invariant 13).
    #[error(
        "the record of processing {path} can be read by others: run `chmod {mode} {path}`",
        path = .path.display(),
        mode = if *.is_map { "700" } else { "600" }
    )]
    Open {
        /// Which file or folder.
        path: PathBuf,
        /// Whether it is the folder.
        is_map: bool,
    },
    /// Two processes would break each other's chain.
    #[error("the record of processing {path} is written by another process", path = .0.display())]
    Bezet(PathBuf),
}

impl Map {
    /// A folder that may be there, to read from.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Makes the folder when it is not there, for the service user alone; the one that it stands in
    /// must be there.
    ///
    /// # Errors
    /// [`MapError::File`], and [`MapError::Open`] as of [`Self::check`].
    pub fn make(path: &Path) -> Result<Self, MapError> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(file_error(path, error));
            }
            _ => {}
        }
        let map = Self::new(path);
        map.check()?;
        Ok(map)
    }

    /// Whether the service user alone can read what stands here.
    ///
    /// # Errors
    /// [`MapError::Open`] for the folder or a file in it, [`MapError::File`].
    pub fn check(&self) -> Result<(), MapError> {
        check_mode(&self.0, true)?;
        for entry in self.entries()? {
            check_mode(&entry, false)?;
        }
        Ok(())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Takes the right to write; it ends with the file that is given, or with the process.
    pub(super) fn claim(&self) -> Result<File, MapError> {
        let path = self.0.join(SLOT);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| file_error(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(MapError::Bezet(self.0.clone())),
            Err(TryLockError::Error(error)) => Err(file_error(&path, error)),
        }
    }

    /// Numbers of the segments that are there, ascending.
    ///
    /// # Errors
    /// [`MapError::File`].
    pub fn segmenten(&self) -> Result<Vec<u64>, MapError> {
        let entries = self.entries()?;
        let mut nummers: Vec<u64> = entries.iter().filter_map(|path| nummer_of(path)).collect();
        nummers.sort_unstable();
        Ok(nummers)
    }

    /// The file of a segment.
    #[must_use]
    pub fn segment(&self, nummer: u64) -> PathBuf {
        let (begin, eind) = NAAM;
        self.0.join(format!("{begin}{nummer:08}{eind}"))
    }

    /// What a segment holds.
    ///
    /// # Errors
    /// [`MapError::File`].
    pub fn read(&self, nummer: u64) -> Result<Vec<u8>, MapError> {
        let path = self.segment(nummer);
        fs::read(&path).map_err(|error| file_error(&path, error))
    }

    /// At most so many bytes of a segment from here on; fewer at its end.
    ///
    /// # Errors
    /// [`MapError::File`].
    pub fn read_at(&self, nummer: u64, from: u64, most: usize) -> Result<Vec<u8>, MapError> {
        let path = self.segment(nummer);
        let read = || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            file.take(most as u64).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|error| file_error(&path, error))
    }

    /// How many bytes a segment has.
    ///
    /// # Errors
    /// [`MapError::File`].
    pub fn length(&self, nummer: u64) -> Result<u64, MapError> {
        let path = self.segment(nummer);
        let about = fs::metadata(&path).map_err(|error| file_error(&path, error))?;
        Ok(about.len())
    }

    /// Removes segments before this one of which every answer is older than that moment. What was
    /// written last always stays. Gives how many.
    ///
    /// # Errors
    /// [`MapError::File`].
    pub fn remove_before(&self, segment: u64, moment: Tijdstip) -> Result<u64, MapError> {
        let nummers = self.segmenten()?;
        let mut removed = 0;
        for pair in nummers.windows(2) {
            let [this, next] = *pair else { break };
            // The next was begun when this one had its last answer.
            let header = format::read_header(&self.read_at(next, 0, HEADER_BYTES)?);
            let is_old = header.is_ok_and(|(kop, _)| kop.begonnen_op < moment);
            if this >= segment || !is_old {
                break;
            }
            let path = self.segment(this);
            fs::remove_file(&path).map_err(|error| file_error(&path, error))?;
            removed += 1;
        }
        if removed > 0 {
            self.sync()?;
        }
        Ok(removed)
    }

    /// What was cut off behind this byte of a segment, so that it is not lost.
    pub(super) fn afgekapt(&self, nummer: u64, offset: u64) -> PathBuf {
        let (begin, _) = NAAM;
        self.0.join(format!("{begin}{nummer:08}.afgekapt-{offset}"))
    }

    /// Makes names that were added or removed survive a power cut.
    pub(super) fn sync(&self) -> Result<(), MapError> {
        let synced = File::open(&self.0).and_then(|map| map.sync_all());
        synced.map_err(|error| file_error(&self.0, error))
    }

    fn entries(&self) -> Result<Vec<PathBuf>, MapError> {
        let of = |error| file_error(&self.0, error);
        let read = fs::read_dir(&self.0).map_err(of)?;
        read.map(|entry| Ok(entry.map_err(of)?.path())).collect()
    }
}

/// A new file of the service user alone; one that is there is an error.
pub(super) fn create(path: &Path) -> Result<File, MapError> {
    let created = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    created.map_err(|error| file_error(path, error))
}

pub(super) fn file_error(path: &Path, source: io::Error) -> MapError {
    MapError::File {
        path: path.to_owned(),
        source,
    }
}

fn nummer_of(path: &Path) -> Option<u64> {
    let (begin, eind) = NAAM;
    let naam = path.file_name()?.to_str()?;
    let digits = naam.strip_prefix(begin)?.strip_suffix(eind)?;
    let is_number = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

fn check_mode(path: &Path, is_map: bool) -> Result<(), MapError> {
    let about = match fs::metadata(path) {
        Ok(about) => about,
        // Removed meanwhile: what was shipped is.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_map => return Ok(()),
        Err(error) => return Err(file_error(path, error)),
    };
    if about.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(MapError::Open {
        path: path.to_owned(),
        is_map,
    })
}
