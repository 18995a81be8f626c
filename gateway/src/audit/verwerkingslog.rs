//! What the gateway holds of the record of processing: one call that returns when it is on the disk.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
        mpsc::{self, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use tokio::sync::{oneshot, watch};

use super::{
    Betrokkene, PseudonymSleutel, Spoor, Status, Vastgelegd, Verwerking,
    format::MAX_BETROKKENEN,
    gebruik::Gebruiksteller,
    journaal::{JournaalError, JournaalInstellingen},
    map::MapError,
    schrijver::{Groep, Schrijver, Wachtrij},
    verzendstand::{Verzendstand, Verzendtoestand},
};
use crate::{
    clock::Clock,
    domain::{Oin, Tijdstip},
    metrics::names,
};

/// Where and how processing is recorded.
#[derive(Debug, Clone)]
pub struct Instellingen {
    /// Folder of this node's journal.
    pub map: PathBuf,
    /// Limits of the journal.
    pub journaal: JournaalInstellingen,
    /// Limits of waiting, and what activities are called.
    pub grenzen: Grenzen,
}

/// How long an answer waits, how many may, and what activities are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grenzen {
    /// Answers that may wait to be recorded.
    pub wachtrij: usize,
    /// How long one waits.
    pub wacht: Duration,
    /// Base of the URI of an activity; the operation comes behind it.
    pub activiteit: String,
}

/// What is given to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uitgifte {
    /// The operation.
    pub naam: &'static str,
    /// To which trace it belongs.
    pub spoor: Spoor,
    /// When the question came.
    pub begin: Tijdstip,
    /// Whether it is known to be ready.
    pub status: Status,
    /// To whom.
    pub afnemer_oin: Oin,
    /// On behalf of which school.
    pub school_oin: Oin,
}

/// Why an answer was not recorded: it must not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NietVastgelegd {
    /// The disk is full or fails, or the journal is broken.
    #[error("the journal cannot be written")]
    Schijf,
    /// Too many answers wait.
    #[error("too many answers wait to be recorded")]
    Vol,
    /// The disk took too long.
    #[error("the journal took too long")]
    TeLaat,
    /// This node has not seen the database since it has no snapshot with the key.
    #[error("the key of the pseudonyms is not known yet")]
    GeenSleutel,
    /// More people than a block holds.
    #[error("more people than can be recorded at once")]
    TeGroot,
    /// The node stops.
    #[error("the journal is closed")]
    Gesloten,
}

impl NietVastgelegd {
    pub(super) fn count(self, answers: u64) {
        let reden = match self {
            Self::Schijf => "schijf",
            Self::Vol => "wachtrij",
            Self::TeLaat => "wacht",
            Self::GeenSleutel => "sleutel",
            Self::TeGroot => "omvang",
            Self::Gesloten => "gesloten",
        };
        metrics::counter!(names::VERWERKINGSLOG_MISLUKT, "reden" => reden).increment(answers);
    }
}

/// How recording goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toestand {
    /// Why answers about people are refused now; none when they are not.
    pub reden: Option<String>,
    /// When something was last written.
    pub geschreven_op: Option<Tijdstip>,
}

/// The record of processing of this node.
pub struct Verwerkingslog {
    queue: ArcSwapOption<SyncSender<Groep>>,
    sleutel: ArcSwapOption<PseudonymSleutel>,
    pub(super) stand: Arc<Stand>,
    verzendstand: Verzendstand,
    gebruik: Gebruiksteller,
    grenzen: Grenzen,
    clock: Arc<dyn Clock>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Verwerkingslog {
    /// Opens the journal and starts the thread that writes it. A journal that cannot be written, or
    /// that is broken, does not keep a node from starting: people are refused until it can.
    ///
    /// # Errors
    /// [`MapError::Open`]: others can read it, and then it refuses to start (design invariant 13).
    pub fn start(instellingen: Instellingen, clock: Arc<dyn Clock>) -> Result<Self, MapError> {
        let Instellingen {
            map,
            journaal,
            grenzen,
        } = instellingen;
        let (log, wachtrij) = Self::with_queue(grenzen, Arc::clone(&clock));
        let mut schrijver = Schrijver {
            map,
            instellingen: journaal,
            clock,
            stand: Arc::clone(&log.stand),
            journaal: None,
        };
        // Why, the state says, and that it is tried again.
        if let Err(JournaalError::Map(open @ MapError::Open { .. })) = schrijver.open() {
            return Err(open);
        }
        let started = thread::Builder::new()
            .name("verwerkingslog".to_owned())
            .spawn(move || schrijver.run(&wachtrij));
        match started {
            Ok(thread) => *log.thread() = Some(thread),
            Err(error) => {
                log.stand
                    .failed(&format!("no thread could be started: {error}"));
                log.queue.store(None);
            }
        }
        Ok(log)
    }

    /// One whose answers wait until something takes them from the queue, and says what became of them.
    #[must_use]
    pub fn with_queue(grenzen: Grenzen, clock: Arc<dyn Clock>) -> (Self, Wachtrij) {
        let (queue, waiting) = mpsc::sync_channel(grenzen.wachtrij);
        let log = Self {
            queue: ArcSwapOption::from_pointee(queue),
            sleutel: ArcSwapOption::empty(),
            stand: Arc::default(),
            verzendstand: Verzendstand::default(),
            gebruik: Gebruiksteller::default(),
            grenzen,
            clock,
            thread: Mutex::default(),
        };
        (log, Wachtrij(waiting))
    }

    /// The key of the pseudonyms, from the store or the snapshot.
    pub fn set_sleutel(&self, sleutel: PseudonymSleutel) {
        let before = self.sleutel.swap(Some(Arc::new(sleutel.clone())));
        if before.is_some_and(|before| *before != sleutel) {
            tracing::warn!(
                "the store has other keys: the same person has another pseudonym from now on"
            );
        }
    }

    /// The key, once it is known.
    #[must_use]
    pub fn sleutel(&self) -> Option<Arc<PseudonymSleutel>> {
        self.sleutel.load_full()
    }

    /// Records what is about to be given. It is on the disk when this returns; what is about nobody
    /// needs no record. When it is refused or given up by the caller, it may have been recorded all
    /// the same: rather too much than too little.
    ///
    /// # Errors
    /// [`NietVastgelegd`]: nothing of it may be given.
    pub async fn leg_vast(
        &self,
        uitgiften: &[(Uitgifte, Vec<Betrokkene>)],
    ) -> Result<(), NietVastgelegd> {
        if uitgiften.iter().all(|(_, over)| over.is_empty()) {
            return Ok(());
        }
        let outcome = self.submit(uitgiften).await;
        if let Err(reden) = outcome
            && reden != NietVastgelegd::Schijf
        {
            reden.count(1);
        }
        outcome
    }

    async fn submit(
        &self,
        uitgiften: &[(Uitgifte, Vec<Betrokkene>)],
    ) -> Result<(), NietVastgelegd> {
        let sleutel = self
            .sleutel
            .load_full()
            .ok_or(NietVastgelegd::GeenSleutel)?;
        let people: usize = uitgiften.iter().map(|(_, over)| over.len()).sum();
        if people > MAX_BETROKKENEN {
            return Err(NietVastgelegd::TeGroot);
        }
        let eind = self.clock.now();
        let about_somebody = uitgiften.iter().filter(|(_, over)| !over.is_empty());
        let verwerkingen = about_somebody
            .map(|(uitgifte, over)| self.verwerking(uitgifte, over, eind, &sleutel))
            .collect();
        let (klaar, done) = oneshot::channel();
        let groep = Groep {
            verwerkingen,
            klaar,
        };
        let queue = self.queue.load_full().ok_or(NietVastgelegd::Gesloten)?;
        queue.try_send(groep).map_err(|refused| match refused {
            mpsc::TrySendError::Full(_) => NietVastgelegd::Vol,
            mpsc::TrySendError::Disconnected(_) => NietVastgelegd::Gesloten,
        })?;
        // It must not keep the queue open.
        drop(queue);
        match tokio::time::timeout(self.grenzen.wacht, done).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(NietVastgelegd::Gesloten),
            Err(_) => Err(NietVastgelegd::TeLaat),
        }
    }

    fn verwerking(
        &self,
        uitgifte: &Uitgifte,
        over: &[Betrokkene],
        eind: Tijdstip,
        sleutel: &PseudonymSleutel,
    ) -> Verwerking {
        let mut betrokkenen: Vec<Vastgelegd> = over
            .iter()
            .map(|betrokkene| Vastgelegd::new(betrokkene, sleutel))
            .collect();
        betrokkenen.sort_unstable();
        betrokkenen.dedup();
        Verwerking {
            spoor: uitgifte.spoor,
            naam: uitgifte.naam.to_owned(),
            begin: uitgifte.begin,
            eind: eind.max(uitgifte.begin),
            status: uitgifte.status,
            activiteit: [&self.grenzen.activiteit, uitgifte.naam].concat(),
            afnemer_oin: uitgifte.afnemer_oin,
            school_oin: uitgifte.school_oin,
            betrokkenen,
        }
    }

    /// How recording goes.
    #[must_use]
    pub fn toestand(&self) -> Toestand {
        Toestand {
            reden: self.reden(),
            geschreven_op: self.stand.geschreven_op(),
        }
    }

    /// Whether answers about people can be given, as far as is known.
    #[must_use]
    pub fn is_gezond(&self) -> bool {
        self.reden().is_none()
    }

    fn reden(&self) -> Option<String> {
        if let Some(reden) = self.stand.reden.load_full() {
            return Some(reden.to_string());
        }
        let ended = self.thread().as_ref().is_some_and(JoinHandle::is_finished);
        if ended || self.queue.load().is_none() {
            return Some(NietVastgelegd::Gesloten.to_string());
        }
        let busy_s = self.stand.busy_for(self.clock.now());
        if busy_s.is_some_and(|busy_s| busy_s > self.grenzen.wacht.as_secs()) {
            return Some(NietVastgelegd::TeLaat.to_string());
        }
        let known = self.sleutel.load().is_some();
        (!known).then(|| NietVastgelegd::GeenSleutel.to_string())
    }

    /// Follows the number of the last block that is on the disk.
    #[must_use]
    pub fn volg(&self) -> watch::Receiver<u64> {
        self.stand.blok.subscribe()
    }

    /// How often is asked what.
    #[must_use]
    pub fn gebruik(&self) -> &Gebruiksteller {
        &self.gebruik
    }

    /// How shipping goes.
    #[must_use]
    pub fn verzendstand(&self) -> &Verzendstand {
        &self.verzendstand
    }

    /// How many blocks wait to be shipped, for how long, and what else is told of it.
    #[must_use]
    pub fn verzendtoestand(&self) -> Verzendtoestand {
        let laatste = *self.stand.blok.borrow();
        self.verzendstand.toestand(laatste, self.clock.now())
    }

    /// Records nothing more, and waits for what waits and for the thread. Blocks.
    pub fn close(&self) {
        self.queue.store(None);
        let thread = self.thread().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that records processing broke off");
        }
    }

    fn thread(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Verwerkingslog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verwerkingslog").finish_non_exhaustive()
    }
}

/// What the thread tells.
#[derive(Debug)]
pub(super) struct Stand {
    /// Why it cannot be written.
    reden: ArcSwapOption<String>,
    told: AtomicBool,
    geschreven_ms: AtomicI64,
    /// Since when the disk has a write in hand; 0 when it has none.
    bezig_ms: AtomicI64,
    blok: watch::Sender<u64>,
}

impl Default for Stand {
    fn default() -> Self {
        let (blok, _) = watch::channel(0);
        Self {
            reden: ArcSwapOption::empty(),
            told: AtomicBool::new(false),
            geschreven_ms: AtomicI64::new(0),
            bezig_ms: AtomicI64::new(0),
            blok,
        }
    }
}

impl Stand {
    pub(super) fn is_gezond(&self) -> bool {
        self.reden.load().is_none()
    }

    /// The disk is given something, or gave it back.
    pub(super) fn set_busy(&self, since: Option<Tijdstip>) {
        let ms = since.map_or(0, Tijdstip::as_millis);
        self.bezig_ms.store(ms, Relaxed);
    }

    /// For how many seconds the disk has had a write in hand.
    fn busy_for(&self, now: Tijdstip) -> Option<u64> {
        let ms = self.bezig_ms.load(Relaxed);
        let since = Tijdstip::from_millis(ms).filter(|_| ms > 0)?;
        Some(now.seconds_since(since))
    }

    /// This block is on the disk.
    pub(super) fn written(&self, blok: u64, at: Option<Tijdstip>) {
        if let Some(at) = at {
            self.geschreven_ms.store(at.as_millis(), Relaxed);
        }
        self.blok.send_replace(blok);
        self.reden.store(None);
        if self.told.swap(false, Relaxed) {
            tracing::info!("processing can be recorded again: people are answered");
        }
    }

    /// Nothing can be written.
    pub(super) fn failed(&self, reason: &str) {
        let same = self
            .reden
            .load()
            .as_deref()
            .is_some_and(|told| told == reason);
        self.reden.store(Some(Arc::new(reason.to_owned())));
        if !self.told.swap(true, Relaxed) || !same {
            tracing::error!(
                reason,
                "processing cannot be recorded: answers about people are refused, and it is tried every second"
            );
        }
    }

    fn geschreven_op(&self) -> Option<Tijdstip> {
        let ms = self.geschreven_ms.load(Relaxed);
        Tijdstip::from_millis(ms).filter(|_| ms > 0)
    }
}
