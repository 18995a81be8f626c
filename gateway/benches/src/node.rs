//! A serving node: how soon it is ready, what it holds in memory, and what its callers see while
//! a whole new levering takes the place of the old one.

use std::{
    fs, io,
    path::Path,
    process::Command,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use rustls::ClientConfig;
use serde::Deserialize;
use stagepoort::{
    clock::{Clock, SystemClock},
    domain::Tijdstip,
};

use super::{
    Plan,
    client::{self, Connection, plain_status},
    folder::{Ports, wait_for},
    national::import_into,
    process::{CLIENT_CORE, MachineTime, SERVER_CORE, Server, on_core},
    questions::questions,
    report::{Section, Spread},
};

/// From a snapshot, in seconds.
const TARGET_READY_S: f64 = 3.0;
/// Resident once it has settled.
const TARGET_SETTLED_MIB: u64 = 450;
/// Resident at most, swapping included.
const TARGET_PEAK_MIB: u64 = 900;

/// How often a start from a snapshot is timed.
const STARTS: usize = 3;

/// A node that is not ready by then will not be.
const READY_PATIENCE: Duration = Duration::from_secs(300);

/// How long a node is left alone before its memory counts as settled: its snapshot is written
/// and its allocator has given back what it will.
pub(crate) const SETTLE: Duration = Duration::from_secs(15);

/// Between two questions of the reader during a swap.
const READER_PAUSE: Duration = Duration::from_millis(5);

/// A gateway that serves, on the core of what is measured.
pub(crate) struct Node {
    pub(crate) server: Server,
    pub(crate) ports: Ports,
    /// From its start until it said that it was ready.
    ready_after: Duration,
}

impl Node {
    /// Starts one on the database of this name, and waits until it is ready.
    pub(crate) fn start(plan: &Plan, name: &str) -> io::Result<Self> {
        Self::start_on(plan, name, None)
    }

    /// The same; its database may be a PostgreSQL with this URL instead.
    pub(crate) fn start_on(plan: &Plan, name: &str, postgres: Option<&str>) -> io::Result<Self> {
        let command = on_core(SERVER_CORE, &plan.folder.stagepoort);
        Self::start_as(plan, name, postgres, command)
    }

    /// Starts one on the PostgreSQL with this URL, which is new, on whichever core is free.
    pub(crate) fn start_beside(plan: &Plan, name: &str, postgres: &str) -> io::Result<Self> {
        plan.folder.forget(name)?;
        let command = Command::new(&plan.folder.stagepoort);
        Self::start_as(plan, name, Some(postgres), command)
    }

    fn start_as(
        plan: &Plan,
        name: &str,
        postgres: Option<&str>,
        mut command: Command,
    ) -> io::Result<Self> {
        let (settings, ports) = plan.folder.settings(name, postgres)?;
        command.args(["serve", "--config"]).arg(settings);
        let start = Instant::now();
        let mut server = Server::start(&mut command, &plan.folder.log())?;
        while plain_status(ports.beheer, "/health/ready").unwrap_or(0) != 200 {
            server.check()?;
            if start.elapsed() > READY_PATIENCE {
                return Err(io::Error::other("the node is not ready"));
            }
            sleep(Duration::from_millis(5));
        }
        Ok(Self {
            server,
            ports,
            ready_after: start.elapsed(),
        })
    }

    /// Starts one that has a snapshot of the database of this name.
    pub(crate) fn start_from_snapshot(plan: &Plan, name: &str) -> io::Result<Self> {
        let snapshot = plan.folder.root.join(format!("{name}.snapshot"));
        if !snapshot.exists() {
            let mut filling = Self::start(plan, name)?;
            wait_for(&snapshot, &mut filling.server, READY_PATIENCE)?;
            filling.server.stop()?;
        }
        Self::start(plan, name)
    }
}

/// Figures of starting, memory and the swap.
pub(super) fn run(plan: &Plan, section: &mut Section) -> io::Result<()> {
    let folder = &plan.folder;
    let database = folder.root.join("node.db");
    for suffix in [".db", ".db-wal", ".db-shm", ".snapshot"] {
        drop(fs::remove_file(folder.root.join(format!("node{suffix}"))));
    }
    fs::copy(folder.database(), &database)?;
    let machine = MachineTime::now()?;

    let mut starts = Vec::new();
    let node = loop {
        let node = Node::start_from_snapshot(plan, "node")?;
        starts.push(node.ready_after.as_secs_f64());
        if starts.len() == STARTS {
            break node;
        }
        node.server.stop()?;
    };
    let starts = Spread::of(starts);
    section.against(
        "from start to ready on a snapshot, seconds on one core",
        starts.show(2),
        format!("< {TARGET_READY_S}"),
        starts.median < TARGET_READY_S,
    );
    sleep(SETTLE);
    let settled = node.server.memory_kib("VmRSS:")? / 1024;
    section.against(
        "resident once settled, MiB",
        settled.to_string(),
        format!("≤ {TARGET_SETTLED_MIB}"),
        settled <= TARGET_SETTLED_MIB,
    );
    swap(plan, &node, &database, section)?;
    let steal = MachineTime::now()?.steal_since(&machine);
    section.circumstance(format!("steal {:.1} %", steal * 100.0));
    node.server.stop()?;
    fs::remove_file(database)
}

fn swap(plan: &Plan, node: &Node, database: &Path, section: &mut Section) -> io::Result<()> {
    let before = node.server.memory_kib("VmHWM:")? / 1024;
    section.figure("peak until then, MiB", before.to_string());
    let seen = watch_import(plan, node, database)?;
    let peak = node.server.memory_kib("VmHWM:")? / 1024;
    section.against(
        "peak while a whole new levering was swapped in, MiB",
        peak.to_string(),
        format!("≤ {TARGET_PEAK_MIB}"),
        peak <= TARGET_PEAK_MIB,
    );
    section.against(
        "failed questions meanwhile",
        format!("{} of {}", seen.failed, seen.asked),
        "0",
        seen.failed == 0,
    );
    section.figure(
        "from the commit to the first answer from it, seconds",
        format!("{:.1}", seen.old_for.as_secs_f64()),
    );
    section.figure(
        "longest that one question waited, against the median",
        format!(
            "{:.0} times",
            seen.longest.as_secs_f64() / seen.median.as_secs_f64()
        ),
    );
    sleep(SETTLE);
    let after = node.server.memory_kib("VmRSS:")? / 1024;
    section.figure("resident afterwards, MiB", after.to_string());
    Ok(())
}

/// What a reader saw of a swap.
struct Seen {
    asked: usize,
    failed: usize,
    /// From the moment of the commit until the first answer from it.
    old_for: Duration,
    median: Duration,
    longest: Duration,
}

/// Imports the second levering in another process, and asks all the while.
fn watch_import(plan: &Plan, node: &Node, database: &Path) -> io::Result<Seen> {
    let mut reader = Reader::new(plan, node)?;
    let before = reader.ask()?.register_versie;
    let mut command = on_core(CLIENT_CORE, &plan.folder.stagepoort);
    import_into(&mut command, &plan.folder.levering(1), database);
    let mut import: std::process::Child = quiet(&mut command).spawn()?;
    let mut times = Vec::new();
    let mut failed = 0;
    let start = Instant::now();
    let old_for = loop {
        let asked = Instant::now();
        let kop = reader.ask();
        times.push(asked.elapsed());
        match kop {
            Ok(kop) if kop.register_versie != before => break kop.age()?,
            Ok(_) => {}
            Err(_) => {
                failed += 1;
                reader = Reader::new(plan, node)?;
            }
        }
        if start.elapsed() > READY_PATIENCE {
            return Err(io::Error::other("the new levering never came"));
        }
        sleep(READER_PAUSE);
    };
    import.wait()?;
    times.sort_unstable();
    Ok(Seen {
        asked: times.len(),
        failed,
        old_for,
        median: times[times.len() / 2],
        longest: times[times.len() - 1],
    })
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdout(std::process::Stdio::null())
}

/// Asks one question over and over on one connection.
pub(crate) struct Reader {
    connection: Connection,
    question: Vec<u8>,
}

/// The beginning of an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kop {
    pub(crate) register_versie: String,
    register_tijdstip: String,
}

impl Kop {
    /// How long ago its register was made.
    fn age(&self) -> io::Result<Duration> {
        let registered = Tijdstip::parse(&self.register_tijdstip).map_err(io::Error::other)?;
        let ms = SystemClock.now().as_millis() - registered.as_millis();
        Ok(Duration::from_millis(ms.try_into().unwrap_or(0)))
    }
}

impl Reader {
    pub(crate) fn new(plan: &Plan, node: &Node) -> io::Result<Self> {
        let school = plan.folder.demo()?.afnemer()?.school().to_owned();
        let question = questions(plan, 1)?.remove(0).rest(&school);
        Ok(Self {
            connection: Connection::open(node.ports.api, &client_config(plan)?)?,
            question,
        })
    }

    /// With which status it is answered now.
    pub(crate) fn status(&mut self) -> io::Result<u16> {
        self.connection.send(&self.question)?;
        Ok(self.connection.receive()?.status)
    }

    pub(crate) fn ask(&mut self) -> io::Result<Kop> {
        self.connection.send(&self.question)?;
        let answer = self.connection.receive()?;
        match answer.status {
            200 => Ok(serde_json::from_slice(answer.body)?),
            status => Err(io::Error::other(format!("status {status}"))),
        }
    }
}

/// The first afnemer of the demo.
pub(crate) fn client_config(plan: &Plan) -> io::Result<Arc<ClientConfig>> {
    let demo = plan.folder.demo()?;
    let afnemer = demo.afnemer()?;
    client::config(&demo.ca, &afnemer.cert, &afnemer.key)
}
