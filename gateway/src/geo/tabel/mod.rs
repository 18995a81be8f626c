//! An operator's table of postcodes: CSV with a header, commas or semicolons, plain or gzip.
//!
//! A row has a `postcode` of four or six characters and its `lat` and `lon`; `plaats` (or
//! `woonplaats`), `gemeente` and `provincie` are welcome, other columns are left alone.

mod gebieden;
mod rij;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use csv::{ErrorKind, ReaderBuilder, StringRecord};
use flate2::read::MultiGzDecoder;

use super::Postcodegebied;
use gebieden::Gebieden;
use rij::Kolommen;

/// Most bytes of an unpacked table. The whole country in six characters is some 40 MB; the rest
/// is room for other columns, and what a few kilobytes of gzip can claim is still bounded.
pub const MAX_TABLE_BYTES: u64 = 512 * 1024 * 1024;

const GZIP: &[u8] = &[0x1f, 0x8b];

/// Why a table is refused. Lines count from 1, the header being the first.
#[derive(Debug, thiserror::Error)]
pub enum TabelError {
    /// The source refused.
    #[error("the table could not be read")]
    Read(#[source] io::Error),
    /// The compressed bytes are damaged or stop too early.
    #[error("the gzip data of the table is damaged or torn")]
    Gzip(#[source] io::Error),
    /// More than can be.
    #[error("the table is larger than {} MiB", MAX_TABLE_BYTES / 1024 / 1024)]
    TooLarge,
    /// Not in the one encoding that all letters have.
    #[error("line {line} is not UTF-8: save the table as UTF-8")]
    Encoding {
        /// Line in the file.
        line: u64,
    },
    /// A row is longer or shorter than the header.
    #[error("line {line} has {found} fields, the header has {expected}")]
    Length {
        /// Line in the file.
        line: u64,
        /// Fields in it.
        found: u64,
        /// Fields in the header.
        expected: u64,
    },
    /// The header lacks a column.
    #[error("the header must have a column {0}")]
    MissingColumn(&'static str),
    /// A field holds something else than it must.
    #[error("line {line}, column `{column}`: `{found}` must be {expected}")]
    Field {
        /// Line in the file.
        line: u64,
        /// Name of the column.
        column: String,
        /// What stands there, shortened.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A point elsewhere, most often one of which the numbers changed places.
    #[error(
        "line {line}, columns `lat` and `lon`: {lat}, {lon} is not in the Netherlands (lat 50.7 to \
         53.7, lon 3.2 to 7.3){}", if *.swapped { ": they have changed places" } else { "" }
    )]
    Elsewhere {
        /// Line in the file.
        line: u64,
        /// Degrees.
        lat: f64,
        /// Degrees.
        lon: f64,
        /// The other way round it would be right.
        swapped: bool,
    },
    /// The same postcode on two lines that do not agree.
    #[error("line {line}: postcode {postcode} stands on line {first} with other values; keep one")]
    Duplicate {
        /// The later line.
        line: u64,
        /// The earlier one.
        first: u64,
        /// Which postcode.
        postcode: String,
    },
    /// Only a header, or nothing.
    #[error("the table has no rows")]
    Empty,
}

/// Reads a table to its end; areas by their number.
///
/// # Errors
/// [`TabelError`], naming the first line that is not right.
pub fn read(input: impl Read) -> Result<Vec<Postcodegebied>, TabelError> {
    let text = unpacked(input)?;
    let semicolon = has_semicolons(&text);
    let mut rows = ReaderBuilder::new()
        .delimiter(if semicolon { b';' } else { b',' })
        .from_reader(text.as_slice());
    let kolommen = Kolommen::find(rows.headers().map_err(of_csv)?, semicolon)?;
    let mut gebieden = Gebieden::default();
    let mut record = StringRecord::new();
    while rows.read_record(&mut record).map_err(of_csv)? {
        let line = record.position().map_or(0, csv::Position::line);
        gebieden.add(line, kolommen.read(line, &record)?)?;
    }
    if gebieden.is_empty() {
        return Err(TabelError::Empty);
    }
    Ok(gebieden.into_sorted())
}

fn unpacked(mut input: impl Read) -> Result<Vec<u8>, TabelError> {
    let mut magic = Vec::with_capacity(GZIP.len());
    input
        .by_ref()
        .take(GZIP.len() as u64)
        .read_to_end(&mut magic)
        .map_err(TabelError::Read)?;
    let gzip = magic == GZIP;
    let whole = io::Cursor::new(magic).chain(input);
    if gzip {
        let plain = MultiGzDecoder::new(io::BufReader::new(whole));
        bounded(plain).map_err(of_gzip)
    } else {
        bounded(whole)
    }
}

fn of_gzip(error: TabelError) -> TabelError {
    match error {
        TabelError::Read(source) => match source.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidData => TabelError::Gzip(source),
            _ => TabelError::Read(source),
        },
        other => other,
    }
}

fn bounded(input: impl Read) -> Result<Vec<u8>, TabelError> {
    let mut text = Vec::new();
    let limit = MAX_TABLE_BYTES + 1;
    let read = input.take(limit).read_to_end(&mut text);
    match read.map_err(TabelError::Read)? {
        read if read as u64 == limit => Err(TabelError::TooLarge),
        _ => Ok(text),
    }
}

/// The header tells: a name of a column holds neither.
fn has_semicolons(text: &[u8]) -> bool {
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| header.iter().filter(|byte| **byte == wanted).count();
    count(b';') > count(b',')
}

fn of_csv(error: csv::Error) -> TabelError {
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        ErrorKind::Utf8 { .. } => TabelError::Encoding { line },
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => TabelError::Length {
            line,
            found: len,
            expected: expected_len,
        },
        ErrorKind::Io(source) => TabelError::Read(source),
        kind => TabelError::Read(io::Error::other(format!("{kind:?}"))),
    }
}
