//! The report of lines that were set aside: to a file, and its first lines to the operator.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

/// Lines shown on standard error; the file has them all.
const LINES_SHOWN: usize = 10;

/// Gets one line of JSON for each violation.
pub(super) struct Rapport {
    file: Option<BufWriter<File>>,
    shown: Vec<String>,
    lines: usize,
}

impl Rapport {
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(File::create).transpose()?;
        Ok(Self {
            file: file.map(BufWriter::new),
            shown: Vec::new(),
            lines: 0,
        })
    }

    /// The first lines, for standard error.
    pub(super) fn show(&self) {
        let mut out = io::stderr().lock();
        for line in &self.shown {
            // Nothing can be done when standard error is gone; the file has it.
            drop(write!(out, "{line}"));
        }
        let more = self.lines.saturating_sub(self.shown.len());
        if more > 0 {
            drop(writeln!(
                out,
                "and {more} more; --rapport FILE keeps them all"
            ));
        }
    }
}

impl Write for Rapport {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines += 1;
        if self.shown.len() < LINES_SHOWN {
            self.shown.push(String::from_utf8_lossy(line).into_owned());
        }
        if let Some(file) = &mut self.file {
            file.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}
