//! While a whole new levering is imported: how long single writes take, and how soon a mandate that is
//! withdrawn is so on every node.

use std::{
    fs, io,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use stagepoort::{
    clock::{Clock, SystemClock},
    log::{LogStore, Soort},
};

use super::{import::REGISTER, visible::open};
use crate::{
    Plan,
    database::Database,
    national::{self, import_into},
    node::{Node, Reader},
    report::Section,
    zoeken::{
        asking::Waits,
        mutations::{Changing, line, wish},
    },
};

/// Single writes a second, each of which waits for nothing.
const RATE: u32 = 50;

/// Leerbedrijven that change in turn.
const CHANGING: u32 = 2_000;

/// The slowest write but one in a hundred may take.
const TARGET_WRITE: Duration = Duration::from_millis(100);

/// A mandate that is withdrawn may be honoured so long.
const TARGET_WITHDRAWN: Duration = Duration::from_secs(1);

/// What is not in force by then will not be.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two questions whether it is.
const LOOK: Duration = Duration::from_millis(2);

pub(super) fn figures(plan: &Plan, database: &Database, section: &mut Section) -> io::Result<()> {
    let levering = national::second(plan, section)?;
    let url = database.url(REGISTER);
    let toegang = Toegang::of(plan, &url)?;
    toegang.apply(Mandaat::Gegeven)?;
    let nodes = [
        Node::start_beside(plan, "drukte-een", &url)?,
        Node::start_beside(plan, "drukte-twee", &url)?,
    ];
    let mut readers = nodes
        .iter()
        .map(|node| Reader::new(plan, node))
        .collect::<io::Result<Vec<_>>>()?;

    let done = Arc::new(AtomicBool::new(false));
    let writing = thread::spawn({
        let (url, done) = (url.clone(), Arc::clone(&done));
        move || write(&url, &done)
    });
    let mut command = Command::new(&plan.folder.stagepoort);
    let mut importing = import_into(&mut command, &levering, &url)
        .stdout(Stdio::null())
        .spawn()?;
    let begun = Instant::now();
    let withdrawn = withdrawals(&toegang, &mut readers, &mut importing);
    let ended = importing.wait()?;
    let took = begun.elapsed();
    done.store(true, Relaxed);
    let writes = writing
        .join()
        .map_err(|_| io::Error::other("the writer failed"))??;
    let withdrawn = withdrawn?;
    if !ended.success() || withdrawn.is_empty() {
        return Err(io::Error::other("the import failed, or was over at once"));
    }
    say(section, took, writes, withdrawn);
    nodes.into_iter().try_for_each(|node| node.server.stop())
}

fn say(section: &mut Section, took: Duration, writes: Vec<Duration>, withdrawn: Vec<Duration>) {
    section.circumstance(format!(
        "a second levering was imported meanwhile, for {:.0} s, beside two nodes that took it in",
        took.as_secs_f64()
    ));
    let count = writes.len();
    let writes = Waits::of(writes);
    section.against(
        format!("single writes meanwhile, {RATE} a second, {count} in all, p50 and p99"),
        writes.show(),
        format!("p99 < {} ms", TARGET_WRITE.as_millis()),
        writes.percentile(99) < TARGET_WRITE,
    );
    let count = withdrawn.len();
    let withdrawn = Waits::of(withdrawn);
    section.against(
        format!(
            "from the start of `toegang apply` to the refusal by both nodes, {count} times, median and longest"
        ),
        withdrawn.show(),
        format!("longest < {} s", TARGET_WITHDRAWN.as_secs()),
        withdrawn.percentile(100) < TARGET_WITHDRAWN,
    );
}

/// Withdraws a mandate and gives it again until the import is over.
fn withdrawals(
    toegang: &Toegang,
    readers: &mut [Reader],
    importing: &mut Child,
) -> io::Result<Vec<Duration>> {
    let mut took = Vec::new();
    while importing.try_wait()?.is_none() {
        let begun = Instant::now();
        toegang.apply(Mandaat::Ingetrokken)?;
        until(readers, 403)?;
        took.push(begun.elapsed());
        toegang.apply(Mandaat::Gegeven)?;
        until(readers, 200)?;
    }
    Ok(took)
}

/// Waits until every node answers so.
fn until(readers: &mut [Reader], status: u16) -> io::Result<()> {
    let begun = Instant::now();
    for reader in readers {
        while reader.status()? != status {
            if begun.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("no node ever answered {status}")));
            }
            thread::sleep(LOOK);
        }
    }
    Ok(())
}

/// How long each write took, until it is told to stop.
fn write(url: &str, done: &AtomicBool) -> io::Result<Vec<Duration>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = open(url).await?;
        let stored = store.scan(Soort::Leerbedrijf, None, CHANGING).await;
        let stored = stored.map_err(io::Error::other)?;
        let mut changing = Changing::of(stored.iter().map(|(_, blob)| blob.as_slice()))?;
        let begin = Instant::now();
        let mut under_way = tokio::task::JoinSet::new();
        let mut nth = 0;
        while !done.load(Relaxed) {
            let due = begin + Duration::from_secs(1) * nth / RATE;
            tokio::time::sleep_until(due.into()).await;
            nth += 1;
            let line = line(&changing.change())?;
            let store: Arc<dyn LogStore> = Arc::clone(&store);
            under_way.spawn(async move {
                let asked = Instant::now();
                let done = store.append(wish(), SystemClock.now(), vec![line]).await;
                done.map(|_| asked.elapsed())
            });
        }
        let mut took = Vec::new();
        while let Some(ended) = under_way.join_next().await {
            took.push(ended.map_err(io::Error::other)?.map_err(io::Error::other)?);
        }
        Ok(took)
    })
}

/// The mandates of the afnemer that asks.
#[derive(Clone, Copy)]
enum Mandaat {
    Gegeven,
    Ingetrokken,
}

/// The toegang of the demo, and the same in which the afnemer that asks has no mandate.
struct Toegang {
    stagepoort: PathBuf,
    gegeven: PathBuf,
    ingetrokken: PathBuf,
    url: String,
}

impl Toegang {
    fn of(plan: &Plan, url: &str) -> io::Result<Self> {
        let folder = &plan.folder;
        let gegeven = folder.root.join("demo/toegang.toml");
        let ingetrokken = folder.root.join("ingetrokken.toml");
        let mut document: toml::Table = fs::read_to_string(&gegeven)?
            .parse()
            .map_err(io::Error::other)?;
        let afnemer = document
            .get_mut("afnemers")
            .and_then(|afnemers| afnemers.get_mut(0))
            .and_then(toml::Value::as_table_mut)
            .ok_or_else(|| io::Error::other("the demo has no afnemer"))?;
        afnemer.remove("mandaten");
        fs::write(&ingetrokken, document.to_string())?;
        Ok(Self {
            stagepoort: folder.stagepoort.clone(),
            gegeven,
            ingetrokken,
            url: url.to_owned(),
        })
    }

    fn apply(&self, mandaat: Mandaat) -> io::Result<()> {
        let document = match mandaat {
            Mandaat::Gegeven => &self.gegeven,
            Mandaat::Ingetrokken => &self.ingetrokken,
        };
        let applied = Command::new(&self.stagepoort)
            .args(["toegang", "apply", "--yes", "--opslag", &self.url])
            .arg(document)
            .output()?;
        match applied.status.success() {
            true => Ok(()),
            false => Err(io::Error::other("toegang was not applied")),
        }
    }
}
