//! How the record stands in a file. A segment is a header and then blocks; a block is all that was
//! written at once. Every hash is taken over the one before, from the header of the first segment on,
//! so nothing can be changed, left out or put in between without all that follows telling.
//!
//! ```text
//! header   magic 8 · format u32 · journaal 16 · segment u64 · eerste blok u64 · begonnen i64 (ms)
//!          · hash of the last block of the segment before, 32 · SHA-256 of all this, 32
//! block    length u32 · payload (postcard: the verwerkingen) · SHA-256 of (hash before · length · payload), 32
//! ```
//! Numbers are big-endian. The hash before the first block is that of the header.

use std::{fmt, path::PathBuf};

use aws_lc_rs::digest;

use super::{Hash, Verwerking};
use crate::domain::Tijdstip;

/// First bytes of a segment.
const MAGIC: [u8; 8] = *b"STAGEVWL";

/// Layout of a segment and of what stands in it: raise it with every change of either.
const FORMAT: u32 = 1;

/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 8 + 4 + 16 + 8 + 8 + 8 + HASH_BYTES + HASH_BYTES;

const HASH_BYTES: usize = 32;
const LENGTH_BYTES: usize = 4;

/// Bytes of a block besides its payload.
pub(super) const BLOCK_OVERHEAD: usize = LENGTH_BYTES + HASH_BYTES;

/// The most bytes of a payload: no length in a file can ask for more.
pub(super) const MAX_PAYLOAD: usize = 16 * 1024 * 1024;

/// The most people in one answer: a full page of mutaties of a merger with hundreds of bpvo's stays
/// far below it. A block of twice as many is well below [`MAX_PAYLOAD`].
pub const MAX_BETROKKENEN: usize = 200_000;

/// The header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kop {
    /// The journal that it is a part of: one node's, drawn when it was begun.
    pub(super) journaal: [u8; 16],
    /// Its number, from 1.
    pub(super) segment: u64,
    /// Number of its first block; blocks are numbered through from 1.
    pub(super) eerste_blok: u64,
    /// When it was begun.
    pub(super) begonnen_op: Tijdstip,
    /// Hash of the last block before it; zeros in the first segment.
    pub(super) vorige: [u8; 32],
}

/// Why bytes are not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fout {
    /// It ends before its end.
    Afgebroken,
    /// It is something else than a segment of this journal.
    GeenSegment,
    /// It was written by a later program.
    Formaat(u32),
    /// Its hash does not follow from the one before and its contents.
    Hash,
    /// A length that no block has.
    Lengte,
    /// The hash is right and the contents cannot be read: another program wrote them.
    Inhoud,
    /// It does not go on where the segment before ended.
    Aansluiting,
}

impl fmt::Display for Fout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Afgebroken => f.write_str("it ends too early"),
            Self::GeenSegment => f.write_str("it is no segment of this journal"),
            Self::Formaat(found) => {
                write!(f, "it has format {found}, and this program reads {FORMAT}")
            }
            Self::Hash => {
                f.write_str("its hash does not follow from its contents and the hash before")
            }
            Self::Lengte => f.write_str("its length is one that no block has"),
            Self::Inhoud => f.write_str("its contents cannot be read"),
            Self::Aansluiting => f.write_str("it does not go on where the one before ended"),
        }
    }
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the record of processing is broken: {path}, {where_} at byte {offset}: {fout}",
    path = .path.display(),
    where_ = .blok.map_or_else(|| "its header".to_owned(), |blok| format!("block {blok}")),
)]
pub struct Breuk {
    /// In which file.
    pub path: PathBuf,
    /// Which block; none for the header.
    pub blok: Option<u64>,
    /// Where it begins.
    pub offset: u64,
    /// What is wrong with it.
    pub fout: Fout,
}

/// The bytes of a header.
pub(super) fn header(kop: &Kop) -> [u8; HEADER_BYTES] {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT.to_be_bytes());
    bytes.extend_from_slice(&kop.journaal);
    bytes.extend_from_slice(&kop.segment.to_be_bytes());
    bytes.extend_from_slice(&kop.eerste_blok.to_be_bytes());
    bytes.extend_from_slice(&kop.begonnen_op.as_millis().to_be_bytes());
    bytes.extend_from_slice(&kop.vorige);
    bytes.extend_from_slice(&sha256(&[&bytes]));
    let mut header = [0; HEADER_BYTES];
    header.copy_from_slice(&bytes);
    header
}

/// The header at the beginning of a segment, and the hash that its first block goes on from.
///
/// # Errors
/// [`Fout`].
pub(super) fn read_header(bytes: &[u8]) -> Result<(Kop, Hash), Fout> {
    let (header, _) = bytes
        .split_at_checked(HEADER_BYTES)
        .ok_or(Fout::Afgebroken)?;
    let (said, seal) = header.split_at(HEADER_BYTES - HASH_BYTES);
    let mut rest = said;
    if take::<8>(&mut rest)? != MAGIC {
        return Err(Fout::GeenSegment);
    }
    let found = u32::from_be_bytes(take(&mut rest)?);
    let hash = sha256(&[said]);
    if hash != seal {
        return Err(Fout::Hash);
    }
    if found != FORMAT {
        return Err(Fout::Formaat(found));
    }
    let kop = Kop {
        journaal: take(&mut rest)?,
        segment: u64::from_be_bytes(take(&mut rest)?),
        eerste_blok: u64::from_be_bytes(take(&mut rest)?),
        begonnen_op: Tijdstip::from_millis(i64::from_be_bytes(take(&mut rest)?))
            .ok_or(Fout::Inhoud)?,
        vorige: take(&mut rest)?,
    };
    Ok((kop, hash))
}

/// The bytes of a block, and its hash; none when it would be too large.
pub(super) fn block(vorige: &Hash, verwerkingen: &[Verwerking]) -> Option<(Vec<u8>, Hash)> {
    // Only fails when memory does.
    let payload = postcard::to_stdvec(verwerkingen).ok()?;
    let length = u32::try_from(payload.len()).ok()?;
    if payload.len() > MAX_PAYLOAD {
        return None;
    }
    let hash = block_hash(vorige, length, &payload);
    let mut bytes = Vec::with_capacity(BLOCK_OVERHEAD + payload.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&payload);
    bytes.extend_from_slice(&hash);
    Some((bytes, hash))
}

/// A block as it stands in a file, its hash found right.
pub(super) struct Blok<'b> {
    payload: &'b [u8],
    /// All of its bytes.
    pub(super) bytes: usize,
    /// Its hash.
    pub(super) hash: Hash,
}

impl Blok<'_> {
    /// What was written.
    ///
    /// # Errors
    /// [`Fout::Inhoud`].
    pub(super) fn verwerkingen(&self) -> Result<Vec<Verwerking>, Fout> {
        verwerkingen(self.payload)
    }

    /// As it stands in the file.
    pub(super) fn payload(&self) -> &[u8] {
        self.payload
    }
}

/// What the payload of a block says.
///
/// # Errors
/// [`Fout::Inhoud`].
pub(super) fn verwerkingen(payload: &[u8]) -> Result<Vec<Verwerking>, Fout> {
    postcard::take_from_bytes(payload)
        .ok()
        .and_then(|(verwerkingen, rest)| rest.is_empty().then_some(verwerkingen))
        .ok_or(Fout::Inhoud)
}

/// The hash of a block with this payload behind that hash.
///
/// # Errors
/// [`Fout::Lengte`].
pub(super) fn hash_behind(vorige: &Hash, payload: &[u8]) -> Result<Hash, Fout> {
    let length = u32::try_from(payload.len()).map_err(|_| Fout::Lengte)?;
    Ok(block_hash(vorige, length, payload))
}

/// All bytes of the block that begins here, by its length; none when that is not there or of no block.
pub(super) fn block_bytes(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(*bytes.first_chunk()?);
    let size = usize::try_from(length).ok()?;
    (size <= MAX_PAYLOAD).then_some(BLOCK_OVERHEAD + size)
}

/// The block at the beginning of these bytes, which reach to the end of the segment.
///
/// # Errors
/// [`Fout`].
pub(super) fn read_block<'b>(vorige: &Hash, bytes: &'b [u8]) -> Result<Blok<'b>, Fout> {
    let (length, payload, stored) = parts(bytes)?;
    let hash = block_hash(vorige, length, payload);
    if hash != stored {
        return Err(Fout::Hash);
    }
    Ok(Blok {
        payload,
        bytes: BLOCK_OVERHEAD + payload.len(),
        hash,
    })
}

/// Whether a whole block stands behind one that is not: then that one was on the disk before this
/// one was written, since a block is written when the one before is on the disk. What was cut off by
/// a crash is the last of its segment.
pub(super) fn goes_on(vorige: &Hash, bytes: &[u8]) -> bool {
    // Behind the broken block, if its length is right: its hash may be what was changed.
    if let Ok((length, payload, _)) = parts(bytes) {
        let hash = block_hash(vorige, length, payload);
        let behind = &bytes[BLOCK_OVERHEAD + payload.len()..];
        if read_block(&hash, behind).is_ok() {
            return true;
        }
    }
    // Anywhere behind it, from the hash that stands before.
    (BLOCK_OVERHEAD..bytes.len()).any(|at| {
        let (before, behind) = bytes.split_at(at);
        let Some(vorige) = before.last_chunk::<HASH_BYTES>() else {
            return false;
        };
        is_plausible(behind) && read_block(vorige, behind).is_ok()
    })
}

/// Whether what stands here can be read as a block at all: hashing takes longer than that.
fn is_plausible(bytes: &[u8]) -> bool {
    let Ok((_, payload, _)) = parts(bytes) else {
        return false;
    };
    let read = postcard::take_from_bytes::<Vec<Verwerking>>(payload);
    read.is_ok_and(|(_, rest)| rest.is_empty())
}

fn parts(bytes: &[u8]) -> Result<(u32, &[u8], Hash), Fout> {
    let mut rest = bytes;
    let length = u32::from_be_bytes(take(&mut rest)?);
    let size = usize::try_from(length).map_err(|_| Fout::Lengte)?;
    if size == 0 || size > MAX_PAYLOAD {
        return Err(Fout::Lengte);
    }
    let (payload, mut rest) = rest.split_at_checked(size).ok_or(Fout::Afgebroken)?;
    Ok((length, payload, take(&mut rest)?))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Fout> {
    let (first, behind) = rest.split_first_chunk::<N>().ok_or(Fout::Afgebroken)?;
    *rest = behind;
    Ok(*first)
}

fn block_hash(vorige: &Hash, length: u32, payload: &[u8]) -> Hash {
    sha256(&[vorige, &length.to_be_bytes(), payload])
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
