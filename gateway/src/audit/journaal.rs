//! The writer of one node's journal: blocks at the end of its last segment, each on the disk before
//! it counts. What a crash left unfinished is cut off and kept aside; a chain that is broken before
//! its end is never mended, and nothing is written behind it.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    Hash, Verwerking,
    format::{self, Breuk, Fout, HEADER_BYTES, Kop},
    map::{self, Map, MapError, file_error},
    segment::{self, Einde, Gelezen},
};
use crate::domain::Tijdstip;

/// Limits of a journal, and what a new one is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournaalInstellingen {
    /// Bytes after which a segment is ended and the next one begun.
    pub segment_bytes: u64,
    /// What a journal is called that begins now.
    pub nieuw: [u8; 16],
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum JournaalError {
    /// The folder cannot be used.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The chain is broken before its end.
    #[error(
        "{0}; nothing is written behind it: keep the folder as evidence, move it aside, and a new journal begins"
    )]
    Kapot(#[from] Breuk),
    /// The disk is full, or fails.
    #[error("the record of processing could not be written to {path}", path = .path.display())]
    Schijf {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// More than one block holds.
    #[error("one block cannot hold that many people")]
    TeGroot,
}

/// What was found when a journal was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Geopend {
    /// Number of the last block.
    pub laatste_blok: u64,
    /// Bytes of an unfinished write that were cut off and kept aside; 0 for none.
    pub afgekapt_bytes: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geschreven {
    /// Number of the block.
    pub blok: u64,
    /// Time for the disk to take it.
    pub sync: Duration,
}

/// A journal that is open for writing.
#[derive(Debug)]
pub struct Journaal {
    map: Map,
    _slot: File,
    instellingen: JournaalInstellingen,
    file: File,
    kop: Kop,
    /// Bytes of the segment that are known to be on the disk.
    lengte: u64,
    hash: Hash,
    laatste_blok: u64,
    /// A write failed, and there may be something behind `lengte`.
    onzeker: bool,
}

impl Journaal {
    /// Opens the journal in a folder, or begins one. Only its last segment is read through, and that
    /// it goes on where the one before ended; [`super::verify()`] looks at all.
    ///
    /// # Errors
    /// [`JournaalError`]; a broken chain is left as it is.
    pub fn open(
        path: &Path,
        instellingen: JournaalInstellingen,
        now: Tijdstip,
    ) -> Result<(Self, Geopend), JournaalError> {
        let map = Map::make(path)?;
        let slot = map.claim()?;
        remove_stillborn(&map)?;
        let Some(last) = map.segmenten()?.last().copied() else {
            let kop = Kop {
                journaal: instellingen.nieuw,
                segment: 1,
                eerste_blok: 1,
                begonnen_op: now,
                vorige: [0; 32],
            };
            let (file, hash) = begin(&map, &kop)?;
            let journaal = Self {
                map,
                _slot: slot,
                instellingen,
                file,
                kop,
                lengte: HEADER_BYTES as u64,
                hash,
                laatste_blok: 0,
                onzeker: false,
            };
            let geopend = Geopend {
                laatste_blok: 0,
                afgekapt_bytes: 0,
            };
            return Ok((journaal, geopend));
        };
        let (gelezen, afgekapt_bytes) = read_last(&map, last)?;
        let path = map.segment(last);
        let file = File::options()
            .write(true)
            .open(&path)
            .map_err(|error| file_error(&path, error))?;
        let Gelezen {
            kop,
            laatste_blok,
            hash,
            lengte,
            ..
        } = gelezen;
        let journaal = Self {
            map,
            _slot: slot,
            instellingen,
            file,
            kop,
            lengte,
            hash,
            laatste_blok,
            onzeker: false,
        };
        let geopend = Geopend {
            laatste_blok,
            afgekapt_bytes,
        };
        Ok((journaal, geopend))
    }

    /// Writes a block and waits for the disk. An empty one only shows that it can be done. After an
    /// error nothing of it is in the journal, and the next call tries anew.
    ///
    /// # Errors
    /// [`JournaalError::Schijf`], [`JournaalError::Map`], [`JournaalError::TeGroot`].
    pub fn append(
        &mut self,
        verwerkingen: &[Verwerking],
        now: Tijdstip,
    ) -> Result<Geschreven, JournaalError> {
        if self.onzeker {
            self.cut_back()?;
        }
        let holds_some = self.laatste_blok >= self.kop.eerste_blok;
        if holds_some && self.lengte >= self.instellingen.segment_bytes {
            self.rotate(now)?;
        }
        let (bytes, hash) =
            format::block(&self.hash, verwerkingen).ok_or(JournaalError::TeGroot)?;
        self.onzeker = true;
        let written = self.file.write_all_at(&bytes, self.lengte);
        let begun = Instant::now();
        let synced = written.and_then(|()| self.file.sync_data());
        if let Err(source) = synced {
            let error = self.schijf(source);
            // Tried at once, so that a node that stops now leaves nothing behind; and again before
            // the next block, if it could not be done.
            if let Err(again) = self.cut_back() {
                tracing::debug!(reason = %again, "an unfinished write is cut off later");
            }
            return Err(error);
        }
        self.onzeker = false;
        self.lengte += bytes.len() as u64;
        self.hash = hash;
        self.laatste_blok += 1;
        Ok(Geschreven {
            blok: self.laatste_blok,
            sync: begun.elapsed(),
        })
    }

    /// Ends the segment and begins the next.
    fn rotate(&mut self, now: Tijdstip) -> Result<(), JournaalError> {
        let kop = Kop {
            journaal: self.kop.journaal,
            segment: self.kop.segment + 1,
            eerste_blok: self.laatste_blok + 1,
            begonnen_op: now,
            vorige: self.hash,
        };
        // What an earlier try left.
        remove_stillborn(&self.map)?;
        let (file, hash) = begin(&self.map, &kop)?;
        self.file = file;
        self.kop = kop;
        self.hash = hash;
        self.lengte = HEADER_BYTES as u64;
        Ok(())
    }

    /// Back to what is known to be on the disk.
    fn cut_back(&mut self) -> Result<(), JournaalError> {
        let cut = self.file.set_len(self.lengte);
        cut.and_then(|()| self.file.sync_data())
            .map_err(|source| self.schijf(source))?;
        self.onzeker = false;
        Ok(())
    }

    fn schijf(&self, source: io::Error) -> JournaalError {
        JournaalError::Schijf {
            path: self.map.segment(self.kop.segment),
            source,
        }
    }
}

/// The last segment, without what a crash left unfinished at its end, and how many bytes that were.
fn read_last(map: &Map, last: u64) -> Result<(Gelezen, u64), JournaalError> {
    let path = map.segment(last);
    let bytes = map.read(last)?;
    let gelezen = segment::read(&path, &bytes, |_, _, blok| blok.verwerkingen().map(drop))?;
    let elsewhere = |fout| Breuk {
        path: path.clone(),
        blok: None,
        offset: 0,
        fout,
    };
    if gelezen.kop.segment != last {
        return Err(elsewhere(Fout::Aansluiting).into());
    }
    if last > 1 && map.segment(last - 1).exists() {
        let before = map.read(last - 1)?;
        if segment::last_hash(&before) != Some(gelezen.kop.vorige) {
            return Err(elsewhere(Fout::Aansluiting).into());
        }
    }
    match &gelezen.einde {
        Einde::Heel => Ok((gelezen, 0)),
        Einde::Kapot(breuk) => Err(breuk.clone().into()),
        Einde::Onaf(_) => {
            let cut = cut_off(map, last, gelezen.lengte, &bytes)?;
            Ok((gelezen, cut))
        }
    }
}

/// Puts what stands behind this byte in a file of its own, and then cuts it off.
fn cut_off(map: &Map, nummer: u64, lengte: u64, bytes: &[u8]) -> Result<u64, JournaalError> {
    let at = usize::try_from(lengte).unwrap_or(usize::MAX);
    let tail = bytes.get(at..).unwrap_or_default();
    let aside = map.afgekapt(nummer, lengte);
    // One of an earlier start, which ended halfway; it holds the same.
    drop(std::fs::remove_file(&aside));
    let mut kept = map::create(&aside)?;
    let written = kept.write_all(tail).and_then(|()| kept.sync_all());
    written.map_err(|error| file_error(&aside, error))?;
    map.sync()?;
    let path = map.segment(nummer);
    let cut = File::options().write(true).open(&path).and_then(|file| {
        file.set_len(lengte)?;
        file.sync_all()
    });
    cut.map_err(|error| file_error(&path, error))?;
    Ok(tail.len() as u64)
}

/// A segment of which not even the header was on the disk: no block was ever in it.
fn remove_stillborn(map: &Map) -> Result<(), JournaalError> {
    let Some(last) = map.segmenten()?.last().copied() else {
        return Ok(());
    };
    let path = map.segment(last);
    let length = std::fs::metadata(&path)
        .map_err(|error| file_error(&path, error))?
        .len();
    if length <= HEADER_BYTES as u64 && format::read_header(&map.read(last)?).is_err() {
        tracing::warn!(path = %path.display(), "a segment that was not begun is removed");
        std::fs::remove_file(&path).map_err(|error| file_error(&path, error))?;
        map.sync()?;
    }
    Ok(())
}

/// A new segment with its header on the disk.
fn begin(map: &Map, kop: &Kop) -> Result<(File, Hash), JournaalError> {
    let path = map.segment(kop.segment);
    let bytes = format::header(kop);
    let mut file = map::create(&path)?;
    let written = file.write_all(&bytes).and_then(|()| file.sync_all());
    written.map_err(|source| JournaalError::Schijf {
        path: path.clone(),
        source,
    })?;
    map.sync()?;
    let (_, hash) = format::read_header(&bytes).map_err(|fout| Breuk {
        path,
        blok: None,
        offset: 0,
        fout,
    })?;
    Ok((file, hash))
}
