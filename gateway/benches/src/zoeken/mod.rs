//! zoekenLeerplaatsen beside PostgreSQL with PostGIS and pg_trgm, on the same data.

pub(crate) mod asking;
mod compare;
pub(crate) mod control;
mod load;
pub(crate) mod mutations;
mod ours;
mod places;
mod question;
mod record;
mod register;
mod scan;
mod sql;
pub(crate) mod stage;
mod theirs;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use stagepoort::{
    clock::{Clock, SystemClock},
    domain::LeerbedrijfId,
};

use crate::{
    Plan,
    client::{Connection, plain_text},
    database::{Database, Purpose},
    national,
    node::{Node, SETTLE, client_config},
    process::{CLIENT_CORE, SERVER_CORE, pin_self},
    report::Section,
};
use asking::CONNECTIONS;
use compare::{Pace, Sides};
use control::of_class;
use mutations::Searched;
use ours::Gateway;
use places::Places;
use question::{Klasse, Recorded};
use register::Register;
use stage::Stage;
use theirs::{Bound, Postgres};

/// The database, snapshot and settings of the node that is searched.
const NAME: &str = "zoeken";

/// What the index may add to a node.
const TARGET_INDEX_MB: f64 = 250.0;

/// What a node says its index takes.
const INDEX_BYTES: &str = "stagepoort_zoekindex_bytes";

/// Figures of searching, beside those of PostgreSQL.
pub(super) fn run(plan: &Plan, section: &mut Section) -> io::Result<()> {
    national::prepare(plan, section)?;
    let demo = plan.folder.demo()?;
    let school = demo.afnemer()?.school().to_owned();
    let node = start_node(plan)?;
    let prepared = prepare(plan, &school, section)?;
    sleep(SETTLE);
    memory(&node, section)?;
    pin_self(&[CLIENT_CORE])?;
    section.circumstance(format!(
        "{CONNECTIONS} connections; server on core {SERVER_CORE} with one worker, who asks on core \
         {CLIENT_CORE}"
    ));
    against_postgres(plan, &node, &school, &prepared, section)?;
    changes(plan, &node, &school, prepared, section)?;
    node.server.stop()
}

/// What is asked, and who answers besides the gateway.
struct Prepared {
    vragen: PathBuf,
    recorded: Vec<Recorded>,
    /// Active leerbedrijven with an erkenning that runs today.
    ids: Vec<LeerbedrijfId>,
    database: Database,
    bound: Arc<Bound>,
}

fn prepare(plan: &Plan, school: &str, section: &mut Section) -> io::Result<Prepared> {
    let levering = plan.folder.levering(0);
    let register = Register::read(&levering, SystemClock.now())?;
    let places = Places::of(&register);
    let vragen = plan.folder.root.join("zoeken-vragen.ndjson");
    remove_older(&vragen, &levering)?;
    let recorded = record::questions(&vragen, &register)?;
    let bound = Arc::new(Bound::of(&recorded, &register, &places, school)?);
    let database = Database::start(Purpose::Questions)?;
    let begin = Instant::now();
    load::load(&mut database.connect()?, &register, &places)?;
    section.circumstance(format!(
        "PostgreSQL: loaded and indexed in {} s, {} MB",
        begin.elapsed().as_secs(),
        database.megabytes()?
    ));
    Ok(Prepared {
        vragen,
        recorded,
        ids: register.running(),
        database,
        bound,
    })
}

/// A recording asks about what was in the levering that it was made of.
fn remove_older(vragen: &Path, levering: &Path) -> io::Result<()> {
    let made = |path| fs::metadata(path).and_then(|meta| meta.modified());
    if vragen.exists() && made(vragen)? < made(levering)? {
        fs::remove_file(vragen)?;
    }
    Ok(())
}

/// On a copy of the register, since this section changes it.
fn start_node(plan: &Plan) -> io::Result<Node> {
    let root = &plan.folder.root;
    for suffix in ["db", "db-wal", "db-shm", "snapshot"] {
        drop(fs::remove_file(root.join(format!("{NAME}.{suffix}"))));
    }
    fs::copy(plan.folder.database(), database(plan))?;
    Node::start_from_snapshot(plan, NAME)
}

fn database(plan: &Plan) -> PathBuf {
    plan.folder.root.join(format!("{NAME}.db"))
}

fn memory(node: &Node, section: &mut Section) -> io::Result<()> {
    let resident = node.server.memory_kib("VmRSS:")? / 1024;
    section.figure("resident once settled, MiB", resident.to_string());
    let metrics = plain_text(node.ports.beheer, "/metrics")?;
    let told = metrics.lines().find_map(|line| {
        let value = line.strip_prefix(INDEX_BYTES)?.split_whitespace().last()?;
        value.parse::<f64>().ok()
    });
    let what = "memory of the search index, as the node tells it, MB";
    match told.map(|bytes| bytes / 1e6) {
        Some(megabytes) => section.against(
            what,
            format!("{megabytes:.0}"),
            format!("< {TARGET_INDEX_MB}"),
            megabytes < TARGET_INDEX_MB,
        ),
        None => section.figure(what, format!("there is no {INDEX_BYTES}")),
    }
    Ok(())
}

fn pace(plan: &Plan) -> Pace {
    match plan.small {
        true => Pace {
            rounds: 2,
            max_void: 20,
            least: Duration::from_millis(400),
        },
        false => Pace {
            rounds: 4,
            max_void: 12,
            least: Duration::from_secs(2),
        },
    }
}

fn against_postgres(
    plan: &Plan,
    node: &Node,
    school: &str,
    prepared: &Prepared,
    section: &mut Section,
) -> io::Result<()> {
    let snapshot = plan.folder.root.join(format!("{NAME}.snapshot"));
    let mut sides = Sides {
        plan,
        config: client_config(plan)?,
        node,
        gateway: gateway(plan, node, school, &prepared.recorded)?,
        stage: Stage::start(&snapshot, &prepared.vragen)?,
        database: &prepared.database,
        postgres: (0..CONNECTIONS)
            .map(|_| Postgres::connect(&prepared.database, &prepared.bound))
            .collect::<io::Result<_>>()?,
    };
    for klasse in Klasse::ALL {
        let questions = of_class(&prepared.recorded, klasse);
        compare::class(klasse, &questions, &mut sides, pace(plan), section)?;
    }
    let resident = node.server.memory_kib("VmRSS:")? / 1024;
    section.figure("resident after all of these, MiB", resident.to_string());
    Ok(())
}

fn gateway(
    plan: &Plan,
    node: &Node,
    school: &str,
    recorded: &[Recorded],
) -> io::Result<Vec<Gateway>> {
    let config = client_config(plan)?;
    let requests = ours::requests(recorded, school)?;
    let one = |_| Gateway::new(node.ports.api, &config, &requests);
    Ok((0..CONNECTIONS).map(one).collect())
}

fn changes(
    plan: &Plan,
    node: &Node,
    school: &str,
    prepared: Prepared,
    section: &mut Section,
) -> io::Result<()> {
    let Prepared {
        recorded,
        ids,
        database: postgres,
        ..
    } = prepared;
    // Its memory and its processes are of no more use.
    drop(postgres);
    let mut searched = Searched {
        node,
        database: database(plan),
        gateway: gateway(plan, node, school, &recorded)?,
        questions: (0..recorded.len()).collect(),
        ids,
    };
    let mut connection = Connection::open(node.ports.api, &client_config(plan)?)?;
    mutations::searchable(&searched, &mut connection, school, section)?;
    mutations::figures(&mut searched, pace(plan), section)
}
