//! Which rows were taken already.

use super::bits::Bits;

/// Rows that were taken. Mostly there are few of them; then nothing as large as the segment is
/// made.
pub(super) enum Seen {
    /// Ascending.
    Few(Vec<u32>),
    Many(Bits),
}

impl Seen {
    /// As many as are quickly put in their place.
    const FEW: usize = 256;

    /// Whether it was not there before, of so many rows in all.
    pub(super) fn insert(&mut self, row: u32, rows: usize) -> bool {
        match self {
            Self::Many(seen) => seen.insert(row),
            Self::Few(few) => match few.binary_search(&row) {
                Ok(_) => false,
                Err(at) if few.len() < Self::FEW => {
                    few.insert(at, row);
                    true
                }
                Err(_) => {
                    let mut seen = Bits::empty(rows);
                    for other in few.iter() {
                        seen.insert(*other);
                    }
                    seen.insert(row);
                    *self = Self::Many(seen);
                    true
                }
            },
        }
    }
}
