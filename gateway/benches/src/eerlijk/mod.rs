//! One afnemer's single calls, alone and beside another's batch at full speed.

mod batch;
pub(crate) mod sink;

use std::{
    fs, io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustls::ClientConfig;
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

use super::{
    Plan,
    client::{self, Connection},
    folder::Afnemer,
    national,
    node::Node,
    process::{CLIENT_CORE, MachineTime, pin_self},
    questions::questions,
    report::{Section, Spread},
    zoeken::asking::Waits,
};
use batch::{Batch, Kind, kinds};

/// Between two single calls: one at a time and 200 a second, as busy screens would.
const PAUSE: Duration = Duration::from_millis(5);

/// Different questions of the single calls.
const QUESTIONS: usize = 1_024;

/// How long each part of a round lasts: short, so that what else goes on in the machine meets all parts
/// alike.
const PART: Duration = Duration::from_millis(1_500);

/// Rounds whose calls are taken together, so that a p99 has some eight calls above it.
const ROUNDS: usize = 3;

/// Sets of such rounds: the figures are medians of theirs.
const SETS: usize = 7;
const SETS_SMALL: usize = 3;

/// A batch may raise the p99 of another's single call by half (domain §1).
const TARGET: f64 = 1.5;

/// Figures of each kind of batch.
pub(super) fn run(plan: &Plan, section: &mut Section) -> io::Result<()> {
    national::prepare(plan, section)?;
    let demo = plan.folder.demo()?;
    let (own, other) = (demo.afnemer()?, demo.afnemer_of_other()?);
    let node = Node::start_from_snapshot(plan, NODE)?;
    thread::sleep(Duration::from_secs(5));
    pin_self(&[CLIENT_CORE])?;
    let single: Vec<Vec<u8>> = questions(plan, QUESTIONS)?
        .iter()
        .map(|question| question.rest(own.school()))
        .collect();
    let config = |of: &Afnemer| client::config(&demo.ca, &of.cert, &of.key);
    let mut caller = Caller {
        connection: Connection::open(node.ports.api, &config(own)?)?,
        single,
        next: 0,
    };
    let config = config(other)?;
    for kind in kinds(plan, &demo, other.school())? {
        compare(plan, &mut caller, &kind, (&node, &config), section)?;
    }
    node.server.stop()
}

/// The node's name, by which its files are known.
const NODE: &str = "national";

/// Takes of the processor what nothing else wants, from now on.
fn at_lowest_priority() -> io::Result<()> {
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
        .map_err(|error| io::Error::other(format!("{error:?}")))
}

/// Who asks single questions.
struct Caller {
    connection: Connection,
    single: Vec<Vec<u8>>,
    next: usize,
}

impl Caller {
    /// Asks for so long; gives how long each took.
    fn ask_for(&mut self, time: Duration) -> io::Result<Vec<Duration>> {
        let begin = Instant::now();
        let mut times = Vec::new();
        while begin.elapsed() < time {
            let asked = Instant::now();
            let question = &self.single[self.next % self.single.len()];
            self.next += 1;
            self.connection.send(question)?;
            let status = self.connection.receive()?.status;
            if status != 200 {
                return Err(io::Error::other(format!("status {status}")));
            }
            times.push(asked.elapsed());
            thread::sleep(PAUSE);
        }
        Ok(times)
    }
}

/// How long single calls of some rounds took.
#[derive(Default)]
struct Times {
    alone: Vec<Duration>,
    beside: Vec<Duration>,
    beside_sink: Vec<Duration>,
}

impl Times {
    /// The p99 beside the batch, and that beside the sink, against the p99 alone.
    fn ratios(&self) -> (f64, f64) {
        let p99 = |times: &[Duration]| Waits::of(times.to_vec()).percentile(99).as_secs_f64();
        let alone = p99(&self.alone);
        (p99(&self.beside) / alone, p99(&self.beside_sink) / alone)
    }

    fn extend(&mut self, others: Self) {
        self.alone.extend(others.alone);
        self.beside.extend(others.beside);
        self.beside_sink.extend(others.beside_sink);
    }
}

fn compare(
    plan: &Plan,
    caller: &mut Caller,
    kind: &Kind,
    (node, config): (&Node, &Arc<ClientConfig>),
    section: &mut Section,
) -> io::Result<()> {
    let batch = Batch {
        port: node.ports.api,
        config,
        message: &kind.message,
        pace: None,
    };
    let root = &plan.folder.root;
    let answer = root.join("eerlijk.body");
    fs::write(&answer, batch.once()?)?;
    let (sink, port) = sink::start(plan, &root.join(format!("{NODE}.toml")), &answer)?;
    let machine = MachineTime::now()?;
    let (mut all, mut rates) = (Times::default(), Vec::new());
    let (mut ratios, mut limits) = (Vec::new(), Vec::new());
    // The first only warms up.
    caller.ask_for(PART)?;
    for _ in 0..if plan.small { SETS_SMALL } else { SETS } {
        let mut times = Times::default();
        for _ in 0..ROUNDS {
            times.alone.extend(caller.ask_for(PART)?);
            let (beside, rate) = batch.beside(|| caller.ask_for(PART))?;
            times.beside.extend(beside);
            rates.push(rate * f64::from(kind.lines));
            // Its bytes come no faster than the gateway took them.
            let bytes_alone = Batch {
                port,
                pace: Some(rate),
                ..batch
            };
            let (beside_sink, _) = bytes_alone.beside(|| caller.ask_for(PART))?;
            times.beside_sink.extend(beside_sink);
        }
        let (ratio, limit) = times.ratios();
        ratios.push(ratio);
        limits.push(limit);
        all.extend(times);
    }
    let steal = MachineTime::now()?.steal_since(&machine);
    sink.stop()?;
    report(kind.name, all, (rates, ratios, limits), section);
    section.circumstance(format!("{}: steal {:.1} %", kind.name, steal * 100.0));
    Ok(())
}

fn report(
    what: &str,
    all: Times,
    (rates, ratios, limits): (Vec<f64>, Vec<f64>, Vec<f64>),
    section: &mut Section,
) {
    for (of, times) in [
        ("alone, before", all.alone),
        ("beside", all.beside),
        ("beside the bytes alone of", all.beside_sink),
    ] {
        let found = Waits::of(times).show();
        section.figure(format!("one call {of} {what}, p50 and p99"), found);
    }
    section.figure(
        format!("lines of {what} a second meanwhile"),
        Spread::of(rates).show(0),
    );
    section.figure(
        format!("the limit: p99 beside the bytes alone of {what} against p99 alone"),
        Spread::of(limits).show(2),
    );
    let ratios = Spread::of(ratios);
    section.against(
        format!("p99 beside {what} against p99 alone"),
        ratios.show(2),
        format!("≤ {TARGET}"),
        ratios.median <= TARGET,
    );
}
