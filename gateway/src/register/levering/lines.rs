//! The bytes of a levering as lines: plain, gzip or zstd as its first bytes tell, counted, hashed,
//! of bounded length.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::read::MultiGzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

use super::LeveringError;

/// Longest line. The largest leerbedrijf known has some hundred erkenningen and people, about
/// 60 KiB; a mebibyte leaves room and still bounds the memory that one line can claim.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Most bytes of a levering, once it is unpacked, unless the settings say otherwise. The national
/// register takes about one gibibyte; a few kilobytes of zstd can unpack to any number.
pub const MAX_LEVERING_BYTES: u64 = 8 << 30;

/// Read buffer: large enough that system calls do not show.
const BUFFER_BYTES: usize = 256 * 1024;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Where plain text comes from, once the form of the input is known.
type Head<R> = BufReader<io::Chain<Cursor<Vec<u8>>, R>>;

enum Source<R: Read> {
    Plain(Head<R>),
    Gzip(Box<BufReader<MultiGzDecoder<Head<R>>>>),
    /// Takes windows up to 128 MiB, as the library does by itself: what that needs of memory is
    /// the most that a levering can claim.
    Zstd(Box<BufReader<ZstdDecoder<'static, Head<R>>>>),
}

/// Reads line after line into one buffer.
pub(super) struct Lines<R: Read> {
    source: Source<R>,
    line: Vec<u8>,
    nummer: u64,
    /// Unpacked bytes that there may be in all, and that there may still be.
    most: u64,
    left: u64,
    /// Over all lines before the current one.
    before: Context,
}

impl<R: Read> Lines<R> {
    /// Looks at the first bytes to tell gzip and zstd from plain text. At most so many unpacked
    /// bytes are read.
    pub(super) fn open(mut input: R, most: u64) -> Result<Self, LeveringError> {
        let mut magic = Vec::with_capacity(ZSTD.len());
        input
            .by_ref()
            .take(ZSTD.len() as u64)
            .read_to_end(&mut magic)
            .map_err(LeveringError::Read)?;
        let (gzip, zstd) = (magic.starts_with(GZIP), magic == ZSTD);
        let head = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(magic).chain(input));
        let source = if gzip {
            let plain = MultiGzDecoder::new(head);
            Source::Gzip(Box::new(BufReader::with_capacity(BUFFER_BYTES, plain)))
        } else if zstd {
            let plain = ZstdDecoder::with_buffer(head).map_err(LeveringError::Read)?;
            Source::Zstd(Box::new(BufReader::with_capacity(BUFFER_BYTES, plain)))
        } else {
            Source::Plain(head)
        };
        Ok(Self {
            source,
            line: Vec::new(),
            nummer: 0,
            most,
            left: most,
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
                Source::Zstd(source) => source.take(limit).read_until(b'\n', &mut self.line),
            };
            match read {
                Ok(0) => return Ok(false),
                Ok(_) => self.nummer += 1,
                Err(error) => return Err(self.failed(error)),
            }
            if self.line.len() > MAX_LINE_BYTES {
                return Err(LeveringError::LineTooLong { regel: self.nummer });
            }
            self.left = match self.left.checked_sub(self.line.len() as u64) {
                Some(left) => left,
                None => return Err(LeveringError::TooLarge { most: self.most }),
            };
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
        let (soort, is_of_decoder) = match self.source {
            Source::Plain(_) => return LeveringError::Read(error),
            Source::Gzip(_) => (
                "gzip",
                matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
                ),
            ),
            // It has no kind of its own; what the system says of a file has a number.
            Source::Zstd(_) => (
                "zstd",
                error.kind() == io::ErrorKind::Other && error.raw_os_error().is_none(),
            ),
        };
        let regels = self.nummer;
        match error.kind() {
            io::ErrorKind::UnexpectedEof => LeveringError::Torn { soort, regels },
            _ if is_of_decoder => LeveringError::Packed {
                soort,
                regels,
                source: error,
            },
            _ => LeveringError::Read(error),
        }
    }
}
