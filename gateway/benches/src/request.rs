//! One verification: the processor time of the server, against that of a fixed body.

use std::{
    fs, io,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use rustls::ClientConfig;

use super::{
    Plan,
    client::Connection,
    folder::free_port,
    node::{Node, client_config},
    process::{
        CLIENT_CORE, MachineTime, Measured, SERVER_CORE, Server, cpu_time, on_core, pin_self,
    },
    questions::questions,
    report::{Section, Spread},
};

/// Different questions, so that not every answer comes from the processor's cache.
const QUESTIONS: usize = 4_096;

/// Kept-alive connections of the generator; each has one request under way.
const CONNECTIONS: usize = 4;

/// Requests in a round, so that the 10 ms in which the system counts are about one percent.
const REQUESTS: usize = 40_000;
const REQUESTS_SMALL: usize = 6_000;

/// Rounds of each server that count.
const ROUNDS: usize = 6;
/// A run in which so many rounds are void measures nothing.
const MAX_VOID: usize = 12;

/// Above these the round is void: the generator may have been what was measured, or the machine
/// was busy with others.
const MAX_GENERATOR: f64 = 0.9;
const MAX_STEAL: f64 = 0.05;

/// How soon the baseline must listen.
const BASELINE_PATIENCE: Duration = Duration::from_secs(10);

/// A transport with its target.
struct Case {
    name: &'static str,
    target: f64,
    requests: Vec<Vec<u8>>,
}

/// Figures of one verification over REST and over SOAP.
pub(super) fn run(plan: &Plan, section: &mut Section) -> io::Result<()> {
    let demo = plan.folder.demo()?;
    let school = demo.afnemer()?.school();
    let all = questions(plan, QUESTIONS)?;
    let cases = [
        Case {
            name: "rest",
            target: 1.5,
            requests: all.iter().map(|q| q.rest(school)).collect(),
        },
        Case {
            name: "soap",
            target: 2.0,
            requests: all.iter().map(|q| q.soap(&demo, school)).collect(),
        },
    ];
    let config = client_config(plan)?;
    let node = Node::start_from_snapshot(plan, "national")?;
    // What the node does after its start, such as writing its snapshot, is not of a request.
    sleep(Duration::from_secs(5));
    pin_self(&[CLIENT_CORE])?;
    let mut sizes = Vec::new();
    for case in &cases {
        sizes.push(warm_up(plan, &node, &config, case)?);
    }
    let files = ["national.toml", "rest.body", "soap.body"];
    let (baseline, baseline_port) = start_baseline(plan, files, &config)?;
    section.circumstance(format!(
        "{CONNECTIONS} kept-alive mTLS connections; server on core {SERVER_CORE} with one worker, \
         generator on core {CLIENT_CORE}; {ROUNDS} rounds of each in turn"
    ));
    for (case, bytes) in cases.iter().zip(sizes) {
        let mut gateway = Side::open(&node.server, node.ports.api, &config)?;
        let mut fixed = Side::open(&baseline, baseline_port, &config)?;
        compare(plan, case, bytes, &mut gateway, &mut fixed, section)?;
    }
    node.server.stop()
}

/// Asks every question once, and keeps an answer of middle length as the fixed body. Gives its
/// bytes.
fn warm_up(plan: &Plan, node: &Node, config: &Arc<ClientConfig>, case: &Case) -> io::Result<usize> {
    let mut connection = Connection::open(node.ports.api, config)?;
    let mut bodies = Vec::new();
    for request in &case.requests {
        connection.send(request)?;
        let answer = connection.receive()?;
        let body = String::from_utf8_lossy(answer.body).into_owned();
        if answer.status != 200 || !body.contains("ERKEND") {
            return Err(io::Error::other(format!("unexpected answer: {body}")));
        }
        bodies.push(body);
    }
    bodies.sort_by_key(String::len);
    let middle = &bodies[bodies.len() / 2];
    fs::write(plan.folder.root.join(format!("{}.body", case.name)), middle)?;
    Ok(middle.len())
}

/// A server of fixed bodies, and its port: with these settings, and bodies in JSON and in XML.
pub(crate) fn start_baseline(
    plan: &Plan,
    files: [&str; 3],
    config: &Arc<ClientConfig>,
) -> io::Result<(Server, u16)> {
    let port = free_port()?;
    let root = &plan.folder.root;
    let mut command = on_core(SERVER_CORE, &std::env::current_exe()?);
    command.args(["baseline", "--port", &port.to_string()]);
    for (option, file) in ["--settings", "--rest", "--soap"].into_iter().zip(files) {
        command.arg(option).arg(root.join(file));
    }
    let mut server = Server::start(&mut command, &plan.folder.log())?;
    let start = Instant::now();
    while Connection::open(port, config).is_err() {
        server.check()?;
        if start.elapsed() > BASELINE_PATIENCE {
            return Err(io::Error::other("the baseline does not listen"));
        }
        sleep(Duration::from_millis(20));
    }
    Ok((server, port))
}

/// A server with the connections to it.
pub(crate) struct Side<'s> {
    pub(crate) server: &'s Server,
    pub(crate) connections: Vec<Connection>,
}

impl<'s> Side<'s> {
    fn open(server: &'s Server, port: u16, config: &Arc<ClientConfig>) -> io::Result<Self> {
        Ok(Self {
            server,
            connections: (0..CONNECTIONS)
                .map(|_| Connection::open(port, config))
                .collect::<io::Result<_>>()?,
        })
    }
}

/// What a round came to.
pub(crate) struct Round {
    /// Processor time of the server for each request.
    pub(crate) cpu: Duration,
    /// Requests a second on the wall.
    pub(crate) per_second: f64,
    /// Share of its core that the generator used.
    generator: f64,
    steal: f64,
    /// Share of a core that other programs used.
    others: f64,
}

impl Round {
    pub(crate) fn is_void(&self) -> bool {
        self.generator > MAX_GENERATOR || self.steal > MAX_STEAL
    }
}

/// Sends so many requests and waits for their answers.
fn round(side: &mut Side<'_>, requests: &[Vec<u8>], count: usize) -> io::Result<Round> {
    let start = Start::now(side.server)?;
    let mut next = requests.iter().cycle();
    for _ in 0..count / CONNECTIONS {
        for (connection, request) in side.connections.iter_mut().zip(&mut next) {
            connection.send(request)?;
        }
        for connection in &mut side.connections {
            let answer = connection.receive()?;
            if answer.status != 200 {
                return Err(io::Error::other(format!("status {}", answer.status)));
            }
        }
    }
    start.round(side.server, count)
}

/// The clocks at the start of a round.
pub(crate) struct Start {
    wall: Instant,
    machine: MachineTime,
    generator: Duration,
    server: Duration,
}

impl Start {
    pub(crate) fn now(server: &impl Measured) -> io::Result<Self> {
        Ok(Self {
            machine: MachineTime::now()?,
            generator: cpu_time(std::process::id())?,
            server: server.cpu()?,
            wall: Instant::now(),
        })
    }

    pub(crate) fn round(&self, server: &impl Measured, count: usize) -> io::Result<Round> {
        let wall = self.wall.elapsed();
        let of_server = server.cpu()? - self.server;
        let of_generator = cpu_time(std::process::id())? - self.generator;
        let machine = MachineTime::now()?;
        let others = machine
            .busy_since(&self.machine)
            .saturating_sub(of_server + of_generator);
        let count = u32::try_from(count).map_err(io::Error::other)?;
        Ok(Round {
            cpu: of_server / count,
            per_second: f64::from(count) / wall.as_secs_f64(),
            generator: of_generator.as_secs_f64() / wall.as_secs_f64(),
            steal: machine.steal_since(&self.machine),
            others: others.as_secs_f64() / wall.as_secs_f64(),
        })
    }
}

/// Rounds of one and the other in turn, until enough count.
fn compare(
    plan: &Plan,
    case: &Case,
    bytes: usize,
    gateway: &mut Side<'_>,
    fixed: &mut Side<'_>,
    section: &mut Section,
) -> io::Result<()> {
    let count = if plan.small { REQUESTS_SMALL } else { REQUESTS };
    // The first of each only warms up.
    round(gateway, &case.requests, count / 2)?;
    round(fixed, &case.requests, count / 2)?;
    let mut pairs = Vec::new();
    let mut void = 0;
    while pairs.len() < ROUNDS {
        let pair = [
            round(gateway, &case.requests, count)?,
            round(fixed, &case.requests, count)?,
        ];
        if pair.iter().any(Round::is_void) {
            void += 1;
        } else {
            pairs.push(pair);
        }
        if void > MAX_VOID {
            return Err(io::Error::other("the machine is too busy to measure on"));
        }
    }
    let ratios = Spread::of(pairs.iter().map(|[a, b]| ratio(a, b)).collect());
    section.against(
        format!(
            "natrekkenErkenning over {}, against a fixed body",
            case.name
        ),
        format!("{} times", ratios.show(2)),
        format!("≤ {}", case.target),
        ratios.median <= case.target,
    );
    section.circumstance(noise(case, bytes, &pairs, void));
    Ok(())
}

fn ratio(a: &Round, b: &Round) -> f64 {
    a.cpu.as_secs_f64() / b.cpu.as_secs_f64()
}

fn noise(case: &Case, bytes: usize, pairs: &[[Round; 2]], void: usize) -> String {
    let of = |value: fn(&Round) -> f64| Spread::of(pairs.iter().flatten().map(value).collect());
    let micros = |side: usize| {
        Spread::of(
            pairs
                .iter()
                .map(|pair| pair[side].cpu.as_secs_f64() * 1e6)
                .collect(),
        )
        .show(1)
    };
    format!(
        "{}: bodies of {bytes} bytes; processor time of the gateway {} µs, of the fixed body {} µs; \
         generator at most {:.2} of its core, other programs at most {:.2} of a core, steal at most \
         {:.1} %, {void} rounds void",
        case.name,
        micros(0),
        micros(1),
        of(|r| r.generator).max,
        of(|r| r.others).max,
        of(|r| r.steal).max * 100.0,
    )
}
