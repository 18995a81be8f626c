//! Changes that come in while the node is searched: what they take from it, and how soon they are
//! found.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use stagepoort::{
    clock::{Clock, SystemClock},
    domain::{Leerbedrijf, LeerbedrijfId},
    log::{Inhoud, Line, LogStore, Sleutel, Soort, SqliteStore},
};
use uuid::Uuid;

use super::{
    asking,
    compare::Pace,
    ours::{Gateway, Page},
    question::{ERKENNING, Vraag},
};
use crate::{
    client::Connection,
    node::Node,
    report::{Section, Spread},
    request::Round,
};

/// Changed leerbedrijven a second.
const RATE: u32 = 1_000;

/// How much of the throughput they may take.
const TARGET_LOSS: f64 = 0.15;

/// Leerbedrijven that change over and over.
const CHANGING: usize = 5_000;

/// Changes whose way from commit to answer is timed.
const TIMED: usize = 20;

/// A change that is not found by then will not be.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks for it.
const LOOK: Duration = Duration::from_millis(2);

/// A commit must be searchable within this time.
const TARGET_SEARCHABLE_S: f64 = 1.0;

/// Left alone between rounds, so that what came in during one is not applied in the next.
const SETTLE: Duration = Duration::from_secs(1);

/// The node that is searched, and the database that it follows.
pub(crate) struct Searched<'s> {
    pub(crate) node: &'s Node,
    pub(crate) database: PathBuf,
    pub(crate) gateway: Vec<Gateway>,
    /// Of all classes.
    pub(crate) questions: Vec<usize>,
    /// Active leerbedrijven with a running erkenning.
    pub(crate) ids: Vec<LeerbedrijfId>,
}

/// Figures of searching with and without changes.
pub(crate) fn figures(
    searched: &mut Searched<'_>,
    pace: Pace,
    section: &mut Section,
) -> io::Result<()> {
    let mut writer = Writer::open(&searched.database, &searched.ids)?;
    for lines in [10, 1] {
        loss(searched, &mut writer, lines, pace, section)?;
    }
    Ok(())
}

/// The same questions without changes and with so many lines a commit, in turn.
fn loss(
    searched: &mut Searched<'_>,
    writer: &mut Writer,
    lines: u32,
    pace: Pace,
    section: &mut Section,
) -> io::Result<()> {
    let mut losses = Vec::new();
    let mut rates = Vec::new();
    for _ in 0..pace.rounds {
        let quiet = round(searched, pace)?;
        let (busy, rate) = with_changes(searched, writer, lines, pace)?;
        losses.push(1.0 - quiet.cpu.as_secs_f64() / busy.cpu.as_secs_f64());
        rates.push(rate);
        thread::sleep(SETTLE);
    }
    let losses = Spread::of(losses.iter().map(|loss| loss * 100.0).collect());
    let rates = Spread::of(rates);
    section.against(
        format!(
            "throughput lost while {:.0} leerbedrijven a second change, {lines} a commit",
            rates.median
        ),
        format!("{} %", losses.show(1)),
        format!("< {:.0} %", TARGET_LOSS * 100.0),
        losses.median < TARGET_LOSS * 100.0,
    );
    if rates.median < f64::from(RATE) * 0.95 {
        section.circumstance(format!(
            "{lines} a commit: the store took {} changes a second, not {RATE}",
            rates.show(0)
        ));
    }
    Ok(())
}

fn round(searched: &mut Searched<'_>, pace: Pace) -> io::Result<Round> {
    let server = &searched.node.server;
    asking::round(
        server,
        &mut searched.gateway,
        &searched.questions,
        pace.least,
    )
}

/// A round during which changes are published; gives how many a second there were as well.
fn with_changes(
    searched: &mut Searched<'_>,
    writer: &mut Writer,
    lines: u32,
    pace: Pace,
) -> io::Result<(Round, f64)> {
    let stop = AtomicBool::new(false);
    let written = AtomicUsize::new(0);
    thread::scope(|scope| {
        let writing = scope.spawn(|| writer.write_until(&stop, &written, lines));
        // The follower has begun on them when the round begins.
        thread::sleep(SETTLE / 2);
        let (begin, before) = (Instant::now(), written.load(Ordering::Relaxed));
        let round = round(searched, pace);
        let changes = written.load(Ordering::Relaxed) - before;
        let rate = per_second(changes, begin.elapsed());
        stop.store(true, Ordering::Relaxed);
        writing
            .join()
            .map_err(|_| io::Error::other("the writer failed"))??;
        Ok((round?, rate))
    })
}

#[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// Publishes changes as an import does, from outside the node.
struct Writer {
    runtime: tokio::runtime::Runtime,
    store: SqliteStore,
    changing: Changing,
}

/// Leerbedrijven that change over and over, one after the other.
pub(crate) struct Changing {
    all: Vec<Leerbedrijf>,
    next: usize,
}

impl Writer {
    fn open(database: &Path, ids: &[LeerbedrijfId]) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let store = runtime.block_on(SqliteStore::open(database));
        let store = store.map_err(io::Error::other)?;
        let every = (ids.len() / CHANGING).max(1);
        let keys: Vec<_> = ids
            .iter()
            .step_by(every)
            .map(|id| Sleutel::leerbedrijf(*id))
            .collect();
        let mut blobs = Vec::new();
        for keys in keys.chunks(500) {
            let found = runtime.block_on(store.current(Soort::Leerbedrijf, keys));
            blobs.extend(found.map_err(io::Error::other)?);
        }
        let changing = Changing::of(blobs.iter().map(|(_, blob)| blob.as_slice()))?;
        Ok(Self {
            runtime,
            store,
            changing,
        })
    }

    /// At [`RATE`], or as fast as the store manages.
    fn write_until(
        &mut self,
        stop: &AtomicBool,
        written: &AtomicUsize,
        lines: u32,
    ) -> io::Result<()> {
        let pause = Duration::from_secs(1) * lines / RATE;
        let mut due = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            let changed: Vec<_> = (0..lines).map(|_| self.changing.change()).collect();
            self.publish(&changed)?;
            written.fetch_add(lines as usize, Ordering::Relaxed);
            due = (due + pause).max(Instant::now() - pause);
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        Ok(())
    }

    fn publish(&self, changed: &[Leerbedrijf]) -> io::Result<()> {
        let lines = changed.iter().map(line).collect::<io::Result<_>>()?;
        let append = self.store.append(wish(), SystemClock.now(), lines);
        self.runtime.block_on(append).map_err(io::Error::other)?;
        Ok(())
    }
}

/// Every commit is a wish of its own; nothing else depends on it.
#[expect(
    clippy::disallowed_methods,
    reason = "chance that nothing measured depends on"
)]
pub(crate) fn wish() -> Uuid {
    Uuid::new_v4()
}

impl Changing {
    pub(crate) fn of<'b>(blobs: impl Iterator<Item = &'b [u8]>) -> io::Result<Self> {
        let all = blobs.map(|blob| postcard::from_bytes(blob).map_err(io::Error::other));
        Ok(Self {
            all: all.collect::<io::Result<_>>()?,
            next: 0,
        })
    }

    /// The next one in turn, with a word more or less in its name, another place on the map, and
    /// an erkenning that ends or goes on: all that an index is made of.
    pub(crate) fn change(&mut self) -> Leerbedrijf {
        let at = self.next % self.all.len();
        self.next += 1;
        let leerbedrijf = &mut self.all[at];
        let kern = &mut leerbedrijf.kern;
        match kern.naam.strip_suffix(WORD) {
            Some(naam) => kern.naam = naam.to_owned(),
            None => kern.naam += WORD,
        }
        if let Some(erkenning) = kern.erkenningen.last_mut() {
            erkenning.einddatum = match erkenning.einddatum {
                Some(_) => None,
                None => Some(erkenning.startdatum.plus_days(1)),
            };
        }
        if let Some(point) = &mut leerbedrijf.gegevens.vestigingsadres.coordinaten {
            point.lat += if self.next.is_multiple_of(2) {
                1e-5
            } else {
                -1e-5
            };
        }
        leerbedrijf.clone()
    }
}

/// Added to a name and taken off again.
const WORD: &str = " Verandering";

/// As the log has it.
pub(crate) fn line(leerbedrijf: &Leerbedrijf) -> io::Result<Line> {
    let blob = postcard::to_stdvec(leerbedrijf).map_err(io::Error::other)?;
    Ok(Line {
        soort: Soort::Leerbedrijf,
        sleutel: Sleutel::leerbedrijf(leerbedrijf.kern.leerbedrijf_id),
        inhoud: Inhoud::Gezet(blob),
    })
}

/// How long after its commit a new name is found.
pub(crate) fn searchable(
    searched: &Searched<'_>,
    connection: &mut Connection,
    school: &str,
    section: &mut Section,
) -> io::Result<()> {
    let writer = Writer::open(&searched.database, &searched.ids)?;
    let mut seconds = Vec::new();
    for (nth, original) in writer.changing.all.iter().take(TIMED).enumerate() {
        // A word that no name has, other letters each time, so that none is a typo of another.
        let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
        let word: String = (0..12).map(|at| letter(nth * 7 + at * (nth + 3))).collect();
        let mut changed = original.clone();
        changed.kern.naam = format!("Proef {word}");
        let question = Vraag {
            soort: ERKENNING.to_owned(),
            naam: Some(word),
            ..Vraag::default()
        };
        writer.publish(&[changed])?;
        let found = until_found(connection, &question.rest(school)?)?;
        writer.publish(std::slice::from_ref(original))?;
        seconds.extend(found.map(|time| time.as_secs_f64()));
    }
    let what = format!("from a commit to its first hit, seconds, {TIMED} times");
    let target = format!("< {TARGET_SEARCHABLE_S}");
    if seconds.len() < TIMED {
        let found = format!("{} were found within {PATIENCE:?}", seconds.len());
        section.against(what, found, target, false);
    } else {
        let seconds = Spread::of(seconds);
        let met = seconds.max < TARGET_SEARCHABLE_S;
        section.against(what, seconds.show(2), target, met);
    }
    Ok(())
}

/// None when it did not come.
fn until_found(connection: &mut Connection, question: &[u8]) -> io::Result<Option<Duration>> {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        connection.send(question)?;
        let page: Page = serde_json::from_slice(connection.receive()?.body)?;
        if page.totaal > 0 {
            return Ok(Some(begin.elapsed()));
        }
        thread::sleep(LOOK);
    }
    Ok(None)
}
