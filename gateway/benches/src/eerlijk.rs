//! One afnemer's single calls, alone and beside another's batch at full speed.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use rustls::ClientConfig;
use serde_json::{Value, json};
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
    questions::{post, questions, rest_bulk, soap_bulk},
    report::{Section, Spread},
    zoeken::asking::Waits,
};

/// Lines of one message (domain §2).
const LINES: usize = 10_000;
const ROWS: usize = 1_000;

/// Connections on which the batch is sent, each message as soon as the one before was answered.
const BATCH_CONNECTIONS: usize = 4;

/// Between two single calls: one at a time and 200 a second, as busy screens would.
const PAUSE: Duration = Duration::from_millis(5);

/// Different questions of the single calls.
const QUESTIONS: usize = 1_024;

/// How long each half of a pair lasts, and how many pairs there are.
const HALF: Duration = Duration::from_secs(6);
const HALF_SMALL: Duration = Duration::from_secs(3);
const PAIRS: usize = 5;
const PAIRS_SMALL: usize = 3;

/// A batch may raise the p99 of another's single call by half (domain §1).
const TARGET: f64 = 1.5;

/// Figures of each kind of batch.
pub(super) fn run(plan: &Plan, section: &mut Section) -> io::Result<()> {
    national::prepare(plan, section)?;
    let demo = plan.folder.demo()?;
    let (own, other) = (demo.afnemer()?, demo.afnemer_of_other()?);
    let node = Node::start_from_snapshot(plan, "national")?;
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
    let all = questions(plan, LINES)?;
    let school = other.school();
    let batches = [
        ("natrekkenErkenningen, REST", LINES, rest_bulk(&all, school)),
        (
            "natrekkenErkenningen, SOAP",
            LINES,
            soap_bulk(&all, &demo, school),
        ),
        ("vaststellenLeerbedrijven, REST", ROWS, rows(plan, school)?),
        (
            "registrerenBpvos (proef), REST",
            LINES,
            trial(plan, school)?,
        ),
    ];
    let config = config(other)?;
    for (what, lines, message) in batches {
        let batch = Batch {
            port: node.ports.api,
            config: Arc::clone(&config),
            message,
        };
        compare(plan, &mut caller, &batch, (what, lines), section)?;
    }
    node.server.stop()
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

/// Who sends a batch.
struct Batch {
    port: u16,
    config: Arc<ClientConfig>,
    message: Vec<u8>,
}

impl Batch {
    /// Sends it over and over, until it is told to stop.
    fn send(&self, stop: &AtomicBool, answered: &AtomicUsize) -> io::Result<()> {
        // The generator shares its core with that of the single calls, which must not wait for it.
        let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
            .map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut connection = Connection::open(self.port, &self.config)?;
        while !stop.load(Relaxed) {
            connection.send(&self.message)?;
            let answer = connection.receive()?;
            if answer.status != 200 {
                let start = &answer.body[..answer.body.len().min(300)];
                let said = String::from_utf8_lossy(start);
                return Err(io::Error::other(format!("{}: {said}", answer.status)));
            }
            answered.fetch_add(1, Relaxed);
        }
        Ok(())
    }
}

fn compare(
    plan: &Plan,
    caller: &mut Caller,
    batch: &Batch,
    (what, lines): (&str, usize),
    section: &mut Section,
) -> io::Result<()> {
    let (half, pairs) = if plan.small {
        (HALF_SMALL, PAIRS_SMALL)
    } else {
        (HALF, PAIRS)
    };
    let machine = MachineTime::now()?;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let (mut ratios, mut rates) = (Vec::new(), Vec::new());
    // The first only warms up.
    caller.ask_for(half / 4)?;
    for _ in 0..pairs {
        let quiet = caller.ask_for(half)?;
        let (busy, rate) = beside_of(caller, batch, half, lines)?;
        let p99 = |times: &[Duration]| Waits::of(times.to_vec()).percentile(99).as_secs_f64();
        ratios.push(p99(&busy) / p99(&quiet));
        rates.push(rate);
        alone.extend(quiet);
        beside.extend(busy);
    }
    let steal = MachineTime::now()?.steal_since(&machine);
    section.circumstance(format!("{what}: steal {:.1} %", steal * 100.0));
    let (alone, beside) = (Waits::of(alone), Waits::of(beside));
    section.figure(
        format!("one call alone, p50 and p99 (before {what})"),
        alone.show(),
    );
    section.figure(
        format!("one call beside {what}, p50 and p99"),
        beside.show(),
    );
    section.figure(
        format!("lines of {what} a second meanwhile"),
        Spread::of(rates).show(0),
    );
    let ratios = Spread::of(ratios);
    section.against(
        format!("p99 beside {what} against p99 alone, median of the pairs"),
        ratios.show(2),
        format!("≤ {TARGET}"),
        ratios.median <= TARGET,
    );
    Ok(())
}

/// Single calls while the batch goes on; gives also how many of its lines were answered a second.
fn beside_of(
    caller: &mut Caller,
    batch: &Batch,
    half: Duration,
    lines: usize,
) -> io::Result<(Vec<Duration>, f64)> {
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let senders: Vec<_> = (0..BATCH_CONNECTIONS)
            .map(|_| scope.spawn(|| batch.send(&stop, &answered)))
            .collect();
        // It is under way before the first call.
        while answered.load(Relaxed) < 2
            && !senders
                .iter()
                .any(std::thread::ScopedJoinHandle::is_finished)
        {
            thread::sleep(PAUSE);
        }
        let (before, begin) = (answered.load(Relaxed), Instant::now());
        let times = caller.ask_for(half);
        let messages = answered.load(Relaxed) - before;
        let seconds = begin.elapsed().as_secs_f64();
        stop.store(true, Relaxed);
        for sender in senders {
            let sent = sender.join();
            sent.map_err(|_| io::Error::other("a sender failed"))??;
        }
        let lines = u32::try_from(messages * lines).unwrap_or(u32::MAX);
        Ok((times?, f64::from(lines) / seconds))
    })
}

/// Rows of a relation file: name and place of leerbedrijven from all over the register.
fn rows(plan: &Plan, school: &str) -> io::Result<Vec<u8>> {
    let every = plan.leerbedrijven as usize / ROWS;
    let levering = BufReader::with_capacity(1 << 20, File::open(plan.folder.levering(0))?);
    let mut rijen = Vec::new();
    let leerbedrijven = levering.lines().filter(|line| {
        line.as_ref()
            .map_or(true, |line| line.starts_with(r#"{"soort":"leerbedrijf""#))
    });
    for line in leerbedrijven.step_by(every.max(1)).take(ROWS) {
        let leerbedrijf: Value = serde_json::from_str(&line?)?;
        rijen.push(json!({
            "naam": leerbedrijf["naam"],
            "plaats": leerbedrijf["vestigingsadres"]["plaats"],
        }));
    }
    let body = json!({ "rijen": rijen }).to_string();
    Ok(post(
        "POST",
        "/v1/leerbedrijven/_vaststellen",
        school,
        &body,
    ))
}

/// A list of bpvo's that is judged and not kept, so that the register stays as it is.
fn trial(plan: &Plan, school: &str) -> io::Result<Vec<u8>> {
    let bpvos: Vec<Value> = questions(plan, LINES)?
        .iter()
        .enumerate()
        .map(|(nth, question)| {
            json!({
                "bpvoKenmerk": format!("BENCH-{nth}"),
                "leerbedrijfId": question.leerbedrijf_id,
                "code": question.code,
                "begindatum": "2026-09-01",
                "einddatumGepland": "2027-01-31",
            })
        })
        .collect();
    let body = json!({ "proef": true, "bpvos": bpvos }).to_string();
    Ok(post("PUT", "/v1/bpvos", school, &body))
}
