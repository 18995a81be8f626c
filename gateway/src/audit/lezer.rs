//! Reading a journal on from a place in it, also while it is written to: for what is shipped.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    Verwerking,
    format::{self, Blok, Breuk, Fout, HEADER_BYTES},
    map::{Map, MapError},
};

/// Behind which block to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positie {
    /// Segment of the block.
    pub segment: u64,
    /// Where the block ends in it.
    pub offset: u64,
    /// Number of the block.
    pub blok: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// A block as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GelezenBlok {
    /// Of which journal.
    pub journaal: [u8; 16],
    /// What stands in it; nothing in one that only tried the disk.
    pub verwerkingen: Vec<Verwerking>,
    /// Where it ends: its number, its hash, and where to go on.
    pub na: Positie,
}

/// Why reading cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LeesError {
    /// A file could not be read.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The chain is broken here.
    #[error(transparent)]
    Kapot(#[from] Breuk),
    /// The segment of the place is not there any more, or ends before it.
    #[error("{path} does not reach to the place to go on from", path = .0.display())]
    Weg(PathBuf),
}

/// Goes through a journal.
#[derive(Debug)]
pub struct Lezer {
    map: Map,
    journaal: Option<[u8; 16]>,
    na: Option<Positie>,
}

impl Lezer {
    /// From behind this place, or from the first segment that is there.
    #[must_use]
    pub fn new(map: &Path, na: Option<Positie>) -> Self {
        Self {
            map: Map::new(map),
            journaal: None,
            na,
        }
    }

    /// The next blocks up to number `tot`, about `most` bytes of one segment; none at the end. Of a
    /// journal that is written to, `tot` is what [`super::Verwerkingslog::volg`] says: what is behind
    /// it may yet be cut off. Blocks, for a segment's worth of reading.
    ///
    /// # Errors
    /// [`LeesError`].
    pub fn volgende(&mut self, tot: u64, most: usize) -> Result<Vec<GelezenBlok>, LeesError> {
        loop {
            let segmenten = self.map.segmenten()?;
            let segment = match self.na {
                Some(na) => na.segment,
                None => match segmenten.first() {
                    Some(first) => *first,
                    None => return Ok(Vec::new()),
                },
            };
            let found = self.read(segment, tot, most)?;
            let next = segmenten.iter().find(|nummer| **nummer > segment);
            match (found.is_empty(), next, self.na) {
                // A segment that was ended: the chain goes on in the next.
                (true, Some(next), Some(na)) if na.blok < tot => {
                    let before = self.na;
                    self.enter(*next, na)?;
                    if self.na == before {
                        return Ok(found);
                    }
                }
                _ => return Ok(found),
            }
        }
    }

    /// Goes on in this segment, which must go on where the one before ended.
    fn enter(&mut self, segment: u64, na: Positie) -> Result<(), LeesError> {
        let bytes = self.map.read(segment)?;
        if bytes.len() < HEADER_BYTES {
            // It is being begun.
            return Ok(());
        }
        let (kop, hash) =
            format::read_header(&bytes).map_err(|fout| self.breuk(segment, None, 0, fout))?;
        if kop.vorige != na.hash || kop.eerste_blok != na.blok + 1 || kop.segment != segment {
            return Err(self.breuk(segment, None, 0, Fout::Aansluiting).into());
        }
        self.journaal = Some(kop.journaal);
        self.na = Some(Positie {
            segment,
            offset: HEADER_BYTES as u64,
            blok: na.blok,
            hash,
        });
        Ok(())
    }

    fn read(&mut self, segment: u64, tot: u64, most: usize) -> Result<Vec<GelezenBlok>, LeesError> {
        let bytes = self.map.read(segment)?;
        if bytes.len() < HEADER_BYTES && self.na.is_none() {
            return Ok(Vec::new());
        }
        let (kop, hash) =
            format::read_header(&bytes).map_err(|fout| self.breuk(segment, None, 0, fout))?;
        self.journaal = Some(kop.journaal);
        let mut na = self.na.unwrap_or(Positie {
            segment,
            offset: HEADER_BYTES as u64,
            blok: kop.eerste_blok - 1,
            hash,
        });
        let mut found = Vec::new();
        let mut read_bytes = 0;
        while na.blok < tot && read_bytes < most {
            let at = usize::try_from(na.offset).unwrap_or(usize::MAX);
            let Some(rest) = bytes.get(at..) else {
                return Err(LeesError::Weg(self.map.segment(segment)));
            };
            if rest.is_empty() {
                break;
            }
            let read = format::read_block(&na.hash, rest);
            let read = read.and_then(|blok| Ok((blok.verwerkingen()?, blok)));
            match read {
                Ok((verwerkingen, blok)) => {
                    read_bytes += blok.bytes;
                    na = behind(na, &blok);
                    found.push(GelezenBlok {
                        journaal: kop.journaal,
                        verwerkingen,
                        na,
                    });
                }
                // Nothing that is on the disk by what was said: it is being written.
                Err(fout) if tot == u64::MAX && !format::goes_on(&na.hash, rest) => {
                    tracing::debug!(%fout, "the journal ends in what is not whole");
                    break;
                }
                Err(fout) => {
                    return Err(self
                        .breuk(segment, Some(na.blok + 1), na.offset, fout)
                        .into());
                }
            }
        }
        self.na = Some(na);
        Ok(found)
    }

    fn breuk(&self, segment: u64, blok: Option<u64>, offset: u64, fout: Fout) -> Breuk {
        Breuk {
            path: self.map.segment(segment),
            blok,
            offset,
            fout,
        }
    }
}

fn behind(na: Positie, blok: &Blok<'_>) -> Positie {
    Positie {
        offset: na.offset + blok.bytes as u64,
        blok: na.blok + 1,
        hash: blok.hash,
        ..na
    }
}
