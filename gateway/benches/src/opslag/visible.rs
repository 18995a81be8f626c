//! How soon a change is on another node, beside what the database needs to tell of one.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use postgres::{Client, fallible_iterator::FallibleIterator};
use stagepoort::{
    clock::{Clock, SystemClock},
    domain::RegisterVersie,
    log::{LogStore, Opslag, Soort},
};

use super::import::REGISTER;
use crate::{
    Plan,
    database::Database,
    node::{Node, Reader},
    report::Section,
    zoeken::{
        asking::Waits,
        mutations::{Changing, line, wish},
    },
};

/// Changes a second, one to a commit.
const RATE: u32 = 500;

/// Leerbedrijven that change in turn.
const CHANGING: u32 = 2_000;

/// How many changes are timed.
const CHANGES: u32 = 10_000;
const CHANGES_SMALL: u32 = 1_000;

/// The slowest but one in a hundred may take.
const TARGET: Duration = Duration::from_millis(300);

/// What has not come by then will not.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn figures(plan: &Plan, database: &Database, section: &mut Section) -> io::Result<()> {
    let changes = if plan.small { CHANGES_SMALL } else { CHANGES };
    let bare = bare(database, changes)?;
    let url = database.url(REGISTER);
    plan.folder.apply_toegang(&url)?;
    // One node and one core for each: the other node is the one that is asked.
    let other = Node::start_on(plan, "opslag", Some(&url))?;
    let seen = changes_on(plan, &other, &url, changes)?;
    section.against(
        format!(
            "from asking for a change to its answer on another node, {RATE} a second, p50 and p99"
        ),
        seen.show(),
        format!("p99 < {} ms", TARGET.as_millis()),
        seen.percentile(99) < TARGET,
    );
    section.figure(
        "from the INSERT of one row to its NOTIFY on another connection, at the same rate",
        bare.show(),
    );
    other.server.stop()
}

/// Writes at [`RATE`] while a reader asks the node over and over.
fn changes_on(plan: &Plan, node: &Node, url: &str, changes: u32) -> io::Result<Waits> {
    let mut reader = Reader::new(plan, node)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let store = runtime.block_on(open(url))?;
    let stored = runtime.block_on(store.scan(Soort::Leerbedrijf, None, CHANGING));
    let stored = stored.map_err(io::Error::other)?;
    let changing = Changing::of(stored.iter().map(|(_, blob)| blob.as_slice()))?;
    let done = Arc::new(AtomicBool::new(false));
    let reading = thread::spawn({
        let done = Arc::clone(&done);
        move || watch(&mut reader, &done)
    });
    let written = runtime.block_on(write(store, changing, changes));
    thread::sleep(Duration::from_secs(1));
    done.store(true, Ordering::Relaxed);
    let seen = reading
        .join()
        .map_err(|_| io::Error::other("the reader failed"))??;
    let times = written?.into_iter().map(|(nummer, asked)| {
        let first = seen.iter().find(|(versie, _)| *versie >= nummer);
        first
            .map(|(_, at)| at.saturating_duration_since(asked))
            .ok_or_else(|| io::Error::other(format!("commit {nummer} was never seen")))
    });
    Ok(Waits::of(times.collect::<io::Result<_>>()?))
}

/// The log of the database with this URL.
pub(super) async fn open(url: &str) -> io::Result<Arc<dyn LogStore>> {
    let opslag = Opslag::parse(url).map_err(io::Error::other)?;
    opslag.open().await.map_err(io::Error::other)
}

/// Numbers of the commits, and when each was asked for; none waits for the one before.
async fn write(
    store: Arc<dyn LogStore>,
    mut changing: Changing,
    changes: u32,
) -> io::Result<Vec<(u64, Instant)>> {
    let begin = Instant::now();
    let mut under_way = tokio::task::JoinSet::new();
    for nth in 0..changes {
        let due = begin + Duration::from_secs(1) * nth / RATE;
        tokio::time::sleep_until(due.into()).await;
        let line = line(&changing.change())?;
        let store = Arc::clone(&store);
        under_way.spawn(async move {
            let asked = Instant::now();
            let done = store.append(wish(), SystemClock.now(), vec![line]).await;
            done.map(|commit| (commit.nummer, asked))
        });
    }
    let mut written = Vec::new();
    while let Some(ended) = under_way.join_next().await {
        let commit = ended.map_err(io::Error::other)?;
        written.push(commit.map_err(io::Error::other)?);
    }
    Ok(written)
}

/// Numbers of versies as they were first answered, and when.
fn watch(reader: &mut Reader, done: &AtomicBool) -> io::Result<Vec<(u64, Instant)>> {
    let mut seen: Vec<(u64, Instant)> = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let kop = reader.ask()?;
        let at = Instant::now();
        let versie = RegisterVersie::parse(&kop.register_versie).map_err(io::Error::other)?;
        if seen
            .last()
            .is_none_or(|(before, _)| *before < versie.nummer)
        {
            seen.push((versie.nummer, at));
        }
    }
    Ok(seen)
}

/// One row a transaction at the same rate, and another connection that is told of each.
fn bare(database: &Database, changes: u32) -> io::Result<Waits> {
    let mut writing = database.connect()?;
    let mut listening = database.connect()?;
    writing
        .batch_execute("CREATE TABLE kaal (nr bigint PRIMARY KEY)")
        .map_err(io::Error::other)?;
    listening
        .batch_execute("LISTEN kaal")
        .map_err(io::Error::other)?;
    let told = thread::spawn(move || tell(&mut listening, changes));
    let begin = Instant::now();
    let mut asked = Vec::new();
    for nth in 0..changes {
        let due = begin + Duration::from_secs(1) * nth / RATE;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        asked.push(Instant::now());
        let insert =
            format!("BEGIN; INSERT INTO kaal VALUES ({nth}); NOTIFY kaal, '{nth}'; COMMIT");
        writing.batch_execute(&insert).map_err(io::Error::other)?;
    }
    let told = told
        .join()
        .map_err(|_| io::Error::other("the listener failed"))??;
    let times = asked.iter().zip(told);
    Ok(Waits::of(
        times
            .map(|(asked, told)| told.saturating_duration_since(*asked))
            .collect(),
    ))
}

/// When each was told of, in order.
fn tell(listening: &mut Client, changes: u32) -> io::Result<Vec<Instant>> {
    let mut at = Vec::new();
    let mut notifications = listening.notifications();
    let mut told = notifications.timeout_iter(PATIENCE);
    while at.len() < changes as usize {
        match told.next().map_err(io::Error::other)? {
            Some(_) => at.push(Instant::now()),
            None => return Err(io::Error::other("the database did not tell of every row")),
        }
    }
    Ok(at)
}
