//! An import that begins anew when the database loses what was staged: it was promoted or
//! restarted, or the connection broke. Nothing of it was visible then; and if it was published with
//! nobody to hear it, its request id finds that.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::FileExt,
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::{ImportError, Options, Progress, Report, import};
use crate::{
    clock::Clock,
    log::{LogStore, StoreError},
};

/// How often it begins anew after it was on its way: what breaks more often needs an operator.
const MOST_LOSSES: u32 = 3;

/// How long the database may be away before it is given up: a promotion takes some ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait before the next attempt.
const RETRY: Duration = Duration::from_millis(500);

/// A file that is read from its beginning, as often as that is needed.
#[derive(Debug, Clone)]
pub struct FromStart {
    file: Arc<File>,
    at: u64,
}

impl FromStart {
    /// Whatever was read from it before.
    #[must_use]
    pub fn new(file: Arc<File>) -> Self {
        Self { file, at: 0 }
    }
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// As [`import`], of a levering that `read` gives from its beginning each time; `lost` hears why
/// it begins anew.
///
/// # Errors
/// As [`import`].
pub async fn import_again<R: Read + Send + 'static>(
    store: &Arc<dyn LogStore>,
    read: impl Fn() -> R + Send,
    options: Options<'_>,
    clock: &dyn Clock,
    progress: &mut (dyn FnMut(Progress) + Send),
    lost: &mut (dyn FnMut(&StoreError) + Send),
) -> Result<Report, ImportError> {
    let Options {
        maximaal_afgekeurd,
        toestaan_krimp,
        maximale_bytes,
        bpvo_bewaring,
        rapport,
    } = options;
    let mut rapport = rapport.map(Once::new);
    let mut losses = 0;
    let mut told = None;
    let mut deadline = Instant::now() + PATIENCE;
    loop {
        let mut on_its_way = false;
        let options = Options {
            maximaal_afgekeurd,
            toestaan_krimp,
            maximale_bytes,
            bpvo_bewaring,
            rapport: rapport.as_mut().map(|rapport| {
                rapport.at = 0;
                rapport as &mut (dyn Write + Send)
            }),
        };
        let mut noting = |done| {
            on_its_way = true;
            progress(done);
        };
        let outcome = import(store, read(), options, clock, &mut noting).await;
        let Err(ImportError::Store(error)) = &outcome else {
            return outcome;
        };
        if on_its_way {
            losses += 1;
            deadline = Instant::now() + PATIENCE;
        }
        // A claim of before the connection broke ends when the server notices that it did.
        let is_own_claim = losses > 0 && matches!(error, StoreError::StageBusy);
        let may_do = error.is_interruption() || is_own_claim;
        if !may_do || losses > MOST_LOSSES || Instant::now() >= deadline {
            return outcome;
        }
        if told != Some(losses) {
            lost(error);
            told = Some(losses);
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Passes every byte on once, however often the same text is written from its beginning.
struct Once<'a> {
    to: &'a mut (dyn Write + Send),
    passed: u64,
    at: u64,
}

impl<'a> Once<'a> {
    fn new(to: &'a mut (dyn Write + Send)) -> Self {
        Self {
            to,
            passed: 0,
            at: 0,
        }
    }
}

impl Write for Once<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let known = usize::try_from(self.passed.saturating_sub(self.at)).unwrap_or(usize::MAX);
        if let Some(new) = text.get(known..).filter(|new| !new.is_empty()) {
            self.to.write_all(new)?;
            self.passed += new.len() as u64;
        }
        self.at += text.len() as u64;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_again_is_passed_on_once() {
        let mut out = Vec::new();
        let mut once = Once::new(&mut out);
        for attempt in ["een\ntw", "een\n", "een\ntwee\ndrie\n"] {
            once.at = 0;
            for line in attempt.split_inclusive('\n') {
                once.write_all(line.as_bytes()).unwrap();
            }
        }
        assert_eq!(out, b"een\ntwee\ndrie\n");
    }

    #[test]
    fn a_file_is_read_from_its_beginning_each_time() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"levering").unwrap();
        let file = FromStart::new(Arc::new(file));
        for _ in 0..2 {
            let mut text = String::new();
            file.clone().read_to_string(&mut text).unwrap();
            assert_eq!(text, "levering");
        }
    }
}
