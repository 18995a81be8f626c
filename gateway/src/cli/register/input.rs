//! Where a levering or a table comes from: a file or standard input, with the bytes counted.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::register::import::FromStart;

/// An open levering or table.
pub(in crate::cli) struct Input {
    pub(in crate::cli) reader: Counted,
    /// Bytes in the file; not known of standard input.
    pub(in crate::cli) length: Option<u64>,
    /// Bytes read so far.
    pub(in crate::cli) read: Arc<AtomicU64>,
    /// A file that can be read from its beginning again.
    file: Option<FromStart>,
}

impl Input {
    /// From its beginning, once more and as often as is asked; none of standard input.
    pub(in crate::cli) fn again(&self) -> Option<impl Fn() -> Counted + Send + use<>> {
        let file = self.file.clone()?;
        let read = Arc::clone(&self.read);
        Some(move || {
            read.store(0, Ordering::Relaxed);
            Counted {
                inner: Box::new(file.clone()),
                read: Arc::clone(&read),
            }
        })
    }
}

/// Counts what is read, as it stands in the file.
pub(in crate::cli) struct Counted {
    inner: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Opens a file, or standard input for `-`.
pub(in crate::cli) fn open(path: &Path) -> io::Result<Input> {
    let (inner, length, file): (Box<dyn Read + Send>, _, _) = if path.as_os_str() == "-" {
        (Box::new(io::stdin()), None, None)
    } else {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if about.is_file() {
            let file = FromStart::new(Arc::new(file));
            (Box::new(file.clone()), Some(about.len()), Some(file))
        } else {
            (Box::new(file), None, None)
        }
    };
    let read = Arc::new(AtomicU64::new(0));
    Ok(Input {
        reader: Counted {
            inner,
            read: Arc::clone(&read),
        },
        length,
        read,
        file,
    })
}
