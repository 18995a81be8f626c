//! Reading a journal on from a place in it, also while it is written to: for what is shipped.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    Verwerking,
    format::{self, BLOCK_OVERHEAD, Blok, Breuk, Fout, HEADER_BYTES},
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

impl Positie {
    /// Before all that a journal holds.
    pub const BEGIN: Self = Self {
        segment: 1,
        offset: HEADER_BYTES as u64,
        blok: 0,
        hash: [0; 32],
    };
}

/// A block as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GelezenBlok {
    /// Of which journal.
    pub journaal: [u8; 16],
    /// What stands in it; nothing in one that only tried the disk.
    pub verwerkingen: Vec<Verwerking>,
    /// The header of its segment, when it is the first block there.
    pub kop: Option<Vec<u8>>,
    /// Its payload as it stands in the file.
    pub inhoud: Vec<u8>,
    /// Where it ends: its number, its hash, and where to go on.
    pub na: Positie,
}

impl GelezenBlok {
    /// Behind which block of the segment before its own it goes on, when it is the first of its segment.
    #[must_use]
    pub fn basis(&self) -> Option<Positie> {
        let (kop, _) = format::read_header(self.kop.as_deref()?).ok()?;
        Some(Positie {
            segment: kop.segment,
            offset: HEADER_BYTES as u64,
            blok: kop.eerste_blok - 1,
            hash: kop.vorige,
        })
    }
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

/// Where to go on in a segment, in which journal, and the header.
type Begin = (Positie, [u8; 16], Option<Vec<u8>>);

/// A part of a segment.
struct Deel {
    bytes: Vec<u8>,
    /// It reaches to the end.
    is_rest: bool,
}

/// What the journal in a folder is called; none while there is none.
///
/// # Errors
/// [`LeesError`].
pub fn journaal_in(map: &Path) -> Result<Option<[u8; 16]>, LeesError> {
    let mut lezer = Lezer::new(map, None);
    let Some(first) = lezer.map.segmenten()?.first().copied() else {
        return Ok(None);
    };
    Ok(lezer.begin(first)?.map(|(_, journaal, _)| journaal))
}

/// Whether the journal still holds the block that ends here.
///
/// # Errors
/// [`MapError`] but for a file that is not there.
pub fn holds(map: &Path, na: &Positie) -> Result<bool, MapError> {
    let map = Map::new(map);
    if !map.segment(na.segment).exists() {
        return Ok(false);
    }
    if na.offset == HEADER_BYTES as u64 {
        let header = format::read_header(&map.read_at(na.segment, 0, HEADER_BYTES)?);
        return Ok(
            header.is_ok_and(|(kop, _)| kop.vorige == na.hash && kop.eerste_blok == na.blok + 1)
        );
    }
    let Some(from) = na.offset.checked_sub(na.hash.len() as u64) else {
        return Ok(false);
    };
    Ok(map.read_at(na.segment, from, na.hash.len())? == na.hash)
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
        let bytes = self.map.read_at(segment, 0, HEADER_BYTES)?;
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
        let Some((mut na, journaal, mut kop)) = self.begin(segment)? else {
            return Ok(Vec::new());
        };
        let deel = self.deel(segment, na.offset, most)?;
        let (mut at, mut found) = (0, Vec::new());
        while na.blok < tot && at < most {
            let rest = &deel.bytes[at..];
            if rest.is_empty() {
                break;
            }
            let read = format::read_block(&na.hash, rest);
            let read = read.and_then(|blok| Ok((blok.verwerkingen()?, blok)));
            match read {
                Ok((verwerkingen, blok)) => {
                    at += blok.bytes;
                    na = behind(na, &blok);
                    found.push(GelezenBlok {
                        journaal,
                        verwerkingen,
                        kop: kop.take(),
                        inhoud: blok.payload().to_vec(),
                        na,
                    });
                }
                // The rest of it was not read this time.
                Err(Fout::Afgebroken) if !deel.is_rest && at > 0 => break,
                Err(fout) if tot == u64::MAX && !self.goes_on(segment, &na)? => {
                    tracing::debug!(%fout, "the journal ends in what is not whole");
                    break;
                }
                Err(fout) => {
                    // What stands before it is given first.
                    if !found.is_empty() {
                        break;
                    }
                    return Err(self
                        .breuk(segment, Some(na.blok + 1), na.offset, fout)
                        .into());
                }
            }
        }
        self.na = Some(na);
        Ok(found)
    }

    /// Where to go on in this segment, in which journal, and its header when it goes on with its first
    /// block. None when not even the header is there.
    fn begin(&mut self, segment: u64) -> Result<Option<Begin>, LeesError> {
        let is_first = |na: Positie| na.offset == HEADER_BYTES as u64;
        if let (Some(na), Some(journaal)) = (self.na, self.journaal)
            && !is_first(na)
        {
            return Ok(Some((na, journaal, None)));
        }
        let bytes = self.map.read_at(segment, 0, HEADER_BYTES)?;
        if bytes.len() < HEADER_BYTES && self.na.is_none() {
            return Ok(None);
        }
        let (kop, hash) =
            format::read_header(&bytes).map_err(|fout| self.breuk(segment, None, 0, fout))?;
        self.journaal = Some(kop.journaal);
        Ok(Some(match self.na {
            Some(na) if !is_first(na) => (na, kop.journaal, None),
            _ => {
                let na = Positie {
                    segment,
                    offset: HEADER_BYTES as u64,
                    blok: kop.eerste_blok - 1,
                    hash,
                };
                (na, kop.journaal, Some(bytes))
            }
        }))
    }

    /// About so many bytes from here on, and at least one whole block when there is one.
    fn deel(&self, segment: u64, from: u64, most: usize) -> Result<Deel, LeesError> {
        let length = self.map.length(segment)?;
        let Some(rest) = length.checked_sub(from) else {
            return Err(LeesError::Weg(self.map.segment(segment)));
        };
        let rest = usize::try_from(rest).unwrap_or(usize::MAX);
        let mut want = most.max(BLOCK_OVERHEAD).min(rest);
        let mut bytes = self.map.read_at(segment, from, want)?;
        if let Some(first) = format::block_bytes(&bytes)
            && first > want
        {
            want = first.min(rest);
            bytes = self.map.read_at(segment, from, want)?;
        }
        Ok(Deel {
            bytes,
            is_rest: want == rest,
        })
    }

    /// Whether a whole block stands behind the one that is not.
    fn goes_on(&self, segment: u64, na: &Positie) -> Result<bool, LeesError> {
        let rest = self.deel(segment, na.offset, usize::MAX)?;
        Ok(format::goes_on(&na.hash, &rest.bytes))
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
