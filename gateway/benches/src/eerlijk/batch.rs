//! Who sends a batch, and what its messages are.

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

use super::at_lowest_priority;
use crate::{
    Plan,
    client::Connection,
    folder::Demo,
    questions::{post, questions, rest_bulk, soap_bulk},
};

/// Lines of one message (domain §2).
const LINES: usize = 10_000;
const ROWS: usize = 1_000;

/// Connections on which a batch is sent.
const CONNECTIONS: u32 = 4;

/// One look at whether it is under way.
const LOOK: Duration = Duration::from_millis(5);

/// A kind of batch.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Of one message.
    pub(super) lines: u32,
    pub(super) message: Vec<u8>,
}

/// All kinds, on behalf of this school.
pub(super) fn kinds(plan: &Plan, demo: &Demo, school: &str) -> io::Result<[Kind; 4]> {
    let all = questions(plan, LINES)?;
    let kind = |name, lines, message| Kind {
        name,
        lines,
        message,
    };
    Ok([
        kind(
            "natrekkenErkenningen, REST",
            10_000,
            rest_bulk(&all, school),
        ),
        kind(
            "natrekkenErkenningen, SOAP",
            10_000,
            soap_bulk(&all, demo, school),
        ),
        kind("vaststellenLeerbedrijven, REST", 1_000, rows(plan, school)?),
        kind(
            "registrerenBpvos (proef), REST",
            10_000,
            trial(plan, school)?,
        ),
    ])
}

/// A batch on its way to a server.
pub(super) struct Batch<'a> {
    pub(super) port: u16,
    pub(super) config: &'a Arc<ClientConfig>,
    pub(super) message: &'a [u8],
    /// Messages a second at most; none for as many as are answered.
    pub(super) pace: Option<f64>,
}

impl Batch<'_> {
    /// One message; gives its answer's body.
    pub(super) fn once(&self) -> io::Result<Vec<u8>> {
        exchange(&mut Connection::open(self.port, self.config)?, self.message)
    }

    /// Does `work` while messages are sent over and over, on each connection as soon as the one before was
    /// answered; gives also how many were answered a second.
    pub(super) fn beside<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<(T, f64)> {
        let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            let senders: Vec<_> = (0..CONNECTIONS)
                .map(|_| scope.spawn(|| self.send(&stop, &answered)))
                .collect();
            // It is under way before the first call.
            let under_way = || answered.load(Relaxed) >= 2;
            while !under_way() && !senders.iter().any(thread::ScopedJoinHandle::is_finished) {
                thread::sleep(LOOK);
            }
            let (before, begin) = (answered.load(Relaxed), Instant::now());
            let done = work();
            let messages = answered.load(Relaxed) - before;
            let seconds = begin.elapsed().as_secs_f64();
            stop.store(true, Relaxed);
            for sender in senders {
                let sent = sender.join();
                sent.map_err(|_| io::Error::other("a sender failed"))??;
            }
            let messages = u32::try_from(messages).unwrap_or(u32::MAX);
            Ok((done?, f64::from(messages) / seconds))
        })
    }

    fn send(&self, stop: &AtomicBool, answered: &AtomicUsize) -> io::Result<()> {
        // The generator shares its core with that of the single calls, which must not wait for it.
        at_lowest_priority()?;
        let mut connection = Connection::open(self.port, self.config)?;
        let pause = self.pace.map(|rate| f64::from(CONNECTIONS) / rate);
        let begin = Instant::now();
        let mut sent = 0.0;
        while !stop.load(Relaxed) {
            if let Some(pause) = pause {
                let due = Duration::from_secs_f64(pause * sent);
                thread::sleep(due.saturating_sub(begin.elapsed()));
            }
            exchange(&mut connection, self.message)?;
            answered.fetch_add(1, Relaxed);
            sent += 1.0;
        }
        Ok(())
    }
}

fn exchange(connection: &mut Connection, message: &[u8]) -> io::Result<Vec<u8>> {
    connection.send(message)?;
    let answer = connection.receive()?;
    if answer.status != 200 {
        let start = &answer.body[..answer.body.len().min(300)];
        let said = String::from_utf8_lossy(start);
        return Err(io::Error::other(format!("{}: {said}", answer.status)));
    }
    Ok(answer.body.to_vec())
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
