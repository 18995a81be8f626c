//! The thread that writes: all that wait go into one block and share one wait for the disk. While the
//! journal cannot be written it is tried every second, so that it heals without anybody asking.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use tokio::sync::oneshot;

use super::{
    Verwerking,
    format::MAX_BETROKKENEN,
    journaal::{Geopend, Journaal, JournaalError, JournaalInstellingen},
    verwerkingslog::{NietVastgelegd, Stand},
};
use crate::{clock::Clock, metrics::names, telemetry::chain};

/// The most answers in one block: they wait for each other.
const MAX_GROEPEN: usize = 1_024;

/// How often a journal that cannot be written is tried.
const RETRY: Duration = Duration::from_secs(1);

/// What one answer has to record, and who waits for it.
#[derive(Debug)]
pub struct Groep {
    pub(super) verwerkingen: Vec<Verwerking>,
    pub(super) klaar: oneshot::Sender<Result<(), NietVastgelegd>>,
}

impl Groep {
    /// What is to be recorded.
    #[must_use]
    pub fn verwerkingen(&self) -> &[Verwerking] {
        &self.verwerkingen
    }

    /// Lets the answer go, or refuses it. Whoever no longer waits is not told.
    pub fn klaar(self, uitkomst: Result<(), NietVastgelegd>) {
        let _ = self.klaar.send(uitkomst);
    }

    fn betrokkenen(&self) -> usize {
        let each = self.verwerkingen.iter();
        each.map(|verwerking| verwerking.betrokkenen.len()).sum()
    }
}

/// What waits to be written. The thread of a [`super::Verwerkingslog`] takes from it; a test can in its
/// place.
#[derive(Debug)]
pub struct Wachtrij(pub(super) Receiver<Groep>);

/// What came.
#[derive(Debug)]
pub enum Volgende {
    /// All that wait, for one block.
    Groepen(Vec<Groep>),
    /// Nothing, for as long as was asked.
    Stil,
    /// Nothing will come any more.
    Gesloten,
}

impl Wachtrij {
    /// Waits for what comes, at most so long; without a limit for none.
    #[must_use]
    pub fn volgende(&self, geduld: Option<Duration>) -> Volgende {
        let first = match geduld {
            None => self.0.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(geduld) => self.0.recv_timeout(geduld),
        };
        let first = match first {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => return Volgende::Stil,
            Err(RecvTimeoutError::Disconnected) => return Volgende::Gesloten,
        };
        let mut betrokkenen = first.betrokkenen();
        let mut groepen = vec![first];
        while betrokkenen < MAX_BETROKKENEN && groepen.len() < MAX_GROEPEN {
            let Ok(next) = self.0.try_recv() else { break };
            betrokkenen += next.betrokkenen();
            groepen.push(next);
        }
        Volgende::Groepen(groepen)
    }
}

/// Where the thread writes, and what it tells.
pub(super) struct Schrijver {
    pub(super) map: PathBuf,
    pub(super) instellingen: JournaalInstellingen,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stand: Arc<Stand>,
    /// None while it cannot be opened.
    pub(super) journaal: Option<Journaal>,
}

impl Schrijver {
    /// Opens the journal, if that can be done now.
    ///
    /// # Errors
    /// Why it cannot; it is tried again.
    pub(super) fn open(&mut self) -> Result<(), JournaalError> {
        let opened = Journaal::open(&self.map, self.instellingen, self.clock.now());
        match opened {
            Ok((journaal, geopend)) => {
                tell(&self.map, &geopend);
                self.journaal = Some(journaal);
                self.stand.written(geopend.laatste_blok, None);
                Ok(())
            }
            Err(error) => {
                self.stand.failed(&chain(&error));
                Err(error)
            }
        }
    }

    /// Writes until nothing can come any more.
    pub(super) fn run(mut self, wachtrij: &Wachtrij) {
        loop {
            let geduld = (!self.stand.is_gezond()).then_some(RETRY);
            let groepen = match wachtrij.volgende(geduld) {
                Volgende::Groepen(groepen) => groepen,
                Volgende::Stil => Vec::new(),
                Volgende::Gesloten => return,
            };
            let mut verwerkingen = Vec::new();
            let mut wachtenden = Vec::with_capacity(groepen.len());
            for groep in groepen {
                verwerkingen.extend(groep.verwerkingen);
                wachtenden.push(groep.klaar);
            }
            self.stand.set_busy(Some(self.clock.now()));
            let uitkomst = self.write(&verwerkingen);
            self.stand.set_busy(None);
            count(&verwerkingen, uitkomst);
            for klaar in wachtenden {
                // Whoever no longer waits is not told.
                let _ = klaar.send(uitkomst);
            }
        }
    }

    fn write(&mut self, verwerkingen: &[Verwerking]) -> Result<(), NietVastgelegd> {
        if self.journaal.is_none() {
            self.open().map_err(|_| NietVastgelegd::Schijf)?;
        }
        let now = self.clock.now();
        let Some(journaal) = self.journaal.as_mut() else {
            return Err(NietVastgelegd::Schijf);
        };
        match journaal.append(verwerkingen, now) {
            Ok(geschreven) => {
                metrics::histogram!(names::VERWERKINGSLOG_SYNC)
                    .record(geschreven.sync.as_secs_f64());
                self.stand.written(geschreven.blok, Some(now));
                Ok(())
            }
            Err(JournaalError::TeGroot) => Err(NietVastgelegd::TeGroot),
            Err(error) => {
                self.stand.failed(&chain(&error));
                Err(NietVastgelegd::Schijf)
            }
        }
    }
}

fn tell(map: &std::path::Path, geopend: &Geopend) {
    let Geopend {
        laatste_blok,
        afgekapt_bytes,
    } = *geopend;
    let map = map.display().to_string();
    if afgekapt_bytes > 0 {
        tracing::warn!(
            map,
            afgekapt_bytes,
            laatste_blok,
            "the record of processing ended in an unfinished write, which is kept aside"
        );
    }
    tracing::info!(map, laatste_blok, "the record of processing is open");
}

fn count(verwerkingen: &[Verwerking], uitkomst: Result<(), NietVastgelegd>) {
    let written = verwerkingen.len() as u64;
    match uitkomst {
        Ok(()) => {
            let records = verwerkingen.iter().map(|one| one.betrokkenen.len() as u64);
            metrics::counter!(names::VERWERKINGSLOG_ANTWOORDEN).increment(written);
            metrics::counter!(names::VERWERKINGSLOG_RECORDS).increment(records.sum());
        }
        Err(reden) => reden.count(written),
    }
}
