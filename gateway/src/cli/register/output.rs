//! Where a levering goes: a file, in its place only when it is whole, packed as its name says.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

/// Bytes handed to the file at once; lines are some kilobytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// The library's own default: some 400 MB/s, and as small as gzip gets.
const ZSTD_LEVEL: i32 = 3;

/// How the lines are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// As the name of the file says: `.gz`, `.zst`, or neither.
    pub(super) fn of(path: &Path) -> Self {
        match path.extension().and_then(OsStr::to_str) {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// Packs what is written to it; ended by [`Self::finish`].
pub(super) enum Packed<W: Write> {
    Plain(BufWriter<W>),
    Gzip(GzEncoder<BufWriter<W>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<W>>),
}

impl<W: Write> Packed<W> {
    pub(super) fn new(out: W, packing: Packing) -> io::Result<Self> {
        let out = BufWriter::with_capacity(BUFFER_BYTES, out);
        Ok(match packing {
            Packing::Plain => Self::Plain(out),
            Packing::Gzip => Self::Gzip(GzEncoder::new(out, Compression::fast())),
            Packing::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    /// Writes the end and gives the destination back.
    pub(super) fn finish(self) -> io::Result<W> {
        let out = match self {
            Self::Plain(out) => out,
            Self::Gzip(out) => out.finish()?,
            Self::Zstd(out) => out.finish()?,
        };
        out.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl<W: Write> Write for Packed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(out) => out.write(bytes),
            Self::Zstd(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
            Self::Zstd(out) => out.flush(),
        }
    }
}

/// A file beside its place, which [`Self::put_in_place`] moves there and which is gone otherwise.
pub(super) struct Partial {
    path: PathBuf,
    place: PathBuf,
    done: bool,
}

impl Partial {
    /// Begins a file with this mode beside `place`; what an earlier try left there goes.
    pub(super) fn create(place: &Path, mode: u32) -> io::Result<(Self, File)> {
        let mut path = place.to_owned().into_os_string();
        path.push(".partial");
        let partial = Self {
            path: PathBuf::from(path),
            place: place.to_owned(),
            done: false,
        };
        match fs::remove_file(&partial.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(mode);
        let file = file.open(&partial.path)?;
        Ok((partial, file))
    }

    /// On the disk, then under its own name.
    pub(super) fn put_in_place(mut self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.path, &self.place)?;
        self.done = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.done {
            // The first error is the one to tell.
            drop(fs::remove_file(&self.path));
        }
    }
}
