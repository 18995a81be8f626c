//! 10,000 verifications in one message.

use std::{io, thread::sleep, time::Duration};

use super::{
    Plan,
    client::Connection,
    node::{Node, client_config},
    process::{CLIENT_CORE, pin_self},
    questions::{questions, rest_bulk, soap_bulk},
    report::{Section, Spread},
    request::Start,
};

/// The most lines in one message (domain §2).
const LINES: usize = 10_000;

/// Messages in a round, and rounds.
const MESSAGES: usize = 20;
const ROUNDS: usize = 5;

/// Figures of the bulk operation over REST and over SOAP.
pub(super) fn run(plan: &Plan, section: &mut Section) -> io::Result<()> {
    let demo = plan.folder.demo()?;
    let school = demo.afnemer()?.school();
    let all = questions(plan, LINES)?;
    let node = Node::start_from_snapshot(plan, "national")?;
    sleep(Duration::from_secs(5));
    pin_self(&[CLIENT_CORE])?;
    let mut connection = Connection::open(node.ports.api, &client_config(plan)?)?;
    for (name, message) in [
        ("rest", rest_bulk(&all, school)),
        ("soap", soap_bulk(&all, &demo, school)),
    ] {
        let rounds = if plan.small { 2 } else { ROUNDS };
        let mut micros = Vec::new();
        // The first only warms up.
        let answered = ask(&mut connection, &message)?;
        for _ in 0..rounds {
            let start = Start::now(&node.server)?;
            for _ in 0..MESSAGES {
                ask(&mut connection, &message)?;
            }
            let round = start.round(&node.server, LINES * MESSAGES)?;
            micros.push(round.cpu.as_secs_f64() * 1e6);
        }
        section.figure(
            format!("{LINES} lines over {name}, processor time a line, µs"),
            Spread::of(micros).show(2),
        );
        section.figure(
            format!("{LINES} lines over {name}, message and answer"),
            format!("{} and {}", megabytes(message.len()), megabytes(answered)),
        );
    }
    node.server.stop()
}

/// Gives the bytes of the answer.
fn ask(connection: &mut Connection, message: &[u8]) -> io::Result<usize> {
    connection.send(message)?;
    let answer = connection.receive()?;
    match answer.status {
        200 => Ok(answer.body.len()),
        status => Err(io::Error::other(format!(
            "status {status}: {}",
            String::from_utf8_lossy(&answer.body[..answer.body.len().min(500)])
        ))),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a message is far below 2^52 bytes"
)]
fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
