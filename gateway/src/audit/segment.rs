//! One segment, read through from its beginning.

use std::path::Path;

use super::{
    Hash,
    format::{self, Blok, Breuk, Fout, HEADER_BYTES, Kop},
};

/// What a segment was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gelezen {
    pub(super) kop: Kop,
    /// Number of its last block; one less than its first when it has none.
    pub(super) laatste_blok: u64,
    /// Hash of its last block, or of its header.
    pub(super) hash: Hash,
    /// Bytes up to the end of its last block.
    pub(super) lengte: u64,
    pub(super) einde: Einde,
}

/// How a segment ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Einde {
    /// With its last block.
    Heel,
    /// With what may be a block that was being written: nothing whole stands behind it.
    Onaf(Breuk),
    /// A block is broken, and others were written after it.
    Kapot(Breuk),
}

/// Reads a segment through, and shows each block with its number and where it begins.
///
/// # Errors
/// [`Breuk`] of its header. What is wrong behind it, [`Gelezen::einde`] says.
pub(super) fn read(
    path: &Path,
    bytes: &[u8],
    mut each: impl FnMut(u64, u64, &Blok<'_>) -> Result<(), Fout>,
) -> Result<Gelezen, Breuk> {
    let breuk = |blok, offset: usize, fout| Breuk {
        path: path.to_owned(),
        blok,
        offset: offset as u64,
        fout,
    };
    let (kop, mut hash) = format::read_header(bytes).map_err(|fout| breuk(None, 0, fout))?;
    let (mut at, mut nummer) = (HEADER_BYTES, kop.eerste_blok);
    let mut einde = Einde::Heel;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let read = format::read_block(&hash, rest);
        let shown = read.and_then(|blok| each(nummer, at as u64, &blok).map(|()| blok));
        match shown {
            Ok(blok) => {
                (at, hash) = (at + blok.bytes, blok.hash);
                nummer += 1;
            }
            Err(fout) => {
                let breuk = breuk(Some(nummer), at, fout);
                let is_kapot = fout == Fout::Inhoud || format::goes_on(&hash, rest);
                einde = if is_kapot {
                    Einde::Kapot(breuk)
                } else {
                    Einde::Onaf(breuk)
                };
                break;
            }
        }
    }
    Ok(Gelezen {
        kop,
        laatste_blok: nummer - 1,
        hash,
        lengte: at as u64,
        einde,
    })
}

/// Hash of the last block of a segment that was ended: its last bytes.
pub(super) fn last_hash(bytes: &[u8]) -> Option<Hash> {
    bytes.last_chunk().copied()
}
