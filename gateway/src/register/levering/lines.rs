//! The bytes of a levering as lines: plain or gzip, counted, hashed, of bounded length.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::read::MultiGzDecoder;

use super::LeveringError;

/// Longest line. The largest leerbedrijf known has some hundred erkenningen and people, about
/// 60 KiB; a mebibyte leaves room and still bounds the memory that one line can claim.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Read buffer: large enough that system calls do not show.
const BUFFER_BYTES: usize = 256 * 1024;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Where plain text comes from, once the form of the input is known.
type Head<R> = BufReader<io::Chain<Cursor<Vec<u8>>, R>>;

enum Source<R> {
    Plain(Head<R>),
    Gzip(Box<BufReader<MultiGzDecoder<Head<R>>>>),
}

/// Reads line after line into one buffer.
pub(super) struct Lines<R> {
    source: Source<R>,
    line: Vec<u8>,
    nummer: u64,
    /// Over all lines before the current one.
    before: Context,
}

impl<R: Read> Lines<R> {
    /// Looks at the first bytes to tell gzip from plain text.
    pub(super) fn open(mut input: R) -> Result<Self, LeveringError> {
        let mut magic = Vec::with_capacity(ZSTD.len());
        input
            .by_ref()
            .take(ZSTD.len() as u64)
            .read_to_end(&mut magic)
            .map_err(LeveringError::Read)?;
        if magic == ZSTD {
            return Err(LeveringError::Zstd);
        }
        let gzip = magic.starts_with(GZIP);
        let head = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(magic).chain(input));
        let source = if gzip {
            let plain = MultiGzDecoder::new(head);
            Source::Gzip(Box::new(BufReader::with_capacity(BUFFER_BYTES, plain)))
        } else {
            Source::Plain(head)
        };
        Ok(Self {
            source,
            line: Vec::new(),
            nummer: 0,
            before: Context::new(&SHA256),
        })
    }

    /// Goes to the next line that is not blank; false at the end of the input.
    pub(super) fn advance(&mut self) -> Result<bool, LeveringError> {
        loop {
            self.before.update(&self.line);
            self.line.clear();
            let limit = MAX_LINE_BYTES as u64 + 1;
            let read = match &mut self.source {
                Source::Plain(source) => source.take(limit).read_until(b'\n', &mut self.line),
                Source::Gzip(source) => source.take(limit).read_until(b'\n', &mut self.line),
            };
            match read {
                Ok(0) => return Ok(false),
                Ok(_) => self.nummer += 1,
                Err(error) => return Err(self.failed(error)),
            }
            if self.line.len() > MAX_LINE_BYTES {
                return Err(LeveringError::LineTooLong { regel: self.nummer });
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    /// The current line, with its newline.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// The number of the current line, from 1.
    pub(super) fn nummer(&self) -> u64 {
        self.nummer
    }

    /// SHA-256 over all bytes before the current line.
    pub(super) fn sha256_before(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.before.clone().finish().as_ref());
        hash
    }

    fn failed(&self, error: io::Error) -> LeveringError {
        let gzip = matches!(self.source, Source::Gzip(_));
        match error.kind() {
            io::ErrorKind::UnexpectedEof if gzip => LeveringError::Torn {
                regels: self.nummer,
            },
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if gzip => {
                LeveringError::Gzip {
                    regels: self.nummer,
                    source: error,
                }
            }
            _ => LeveringError::Read(error),
        }
    }
}
