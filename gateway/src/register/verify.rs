//! Reading and checking a whole levering without a register to put it in.

use std::io::{self, Read, Write};

use super::{
    levering::{Aantallen, Content, LeveringError, LeveringReader, Voorloop},
    set_aside::write_set_aside,
};
use crate::domain::Tijdstip;

/// What a levering is like that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its first line.
    pub voorloop: Voorloop,
    /// Lines by kind.
    pub aantallen: Aantallen,
    /// SHA-256 over its lines.
    pub sha256: [u8; 32],
    /// Lines with something wrong, which an import would set aside.
    pub afgekeurd: u64,
}

/// Why a levering could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It would be refused.
    #[error("the levering is refused")]
    Levering(#[from] LeveringError),
    /// The report of bad lines could not be written.
    #[error("the report of bad lines could not be written")]
    Rapport(#[from] io::Error),
}

/// Reads a levering to its end. Every violation goes to `rapport`; `progress` gets the number of
/// the line now and then.
///
/// # Errors
/// [`VerifyError`].
pub fn verify<R: Read>(
    input: R,
    now: Tijdstip,
    rapport: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Verified, VerifyError> {
    /// Lines between two signs of life.
    const LINES_PER_SIGN: u64 = 2_000;

    let mut reader = LeveringReader::open(input, now)?;
    let voorloop = reader.voorloop().clone();
    while let Some(line) = reader.next_line()? {
        if let Content::SetAside(aside) = &line.content {
            write_set_aside(rapport, line.nummer, aside)?;
        }
        if line.nummer % LINES_PER_SIGN == 0 {
            progress(line.nummer);
        }
    }
    rapport.flush()?;
    let summary = reader
        .into_summary()
        .ok_or(LeveringError::NoSluit { regels: 0 })?;
    Ok(Verified {
        voorloop,
        aantallen: summary.aantallen,
        sha256: summary.sha256,
        afgekeurd: summary.afgekeurd,
    })
}
