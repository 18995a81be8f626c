//! A server that does nothing with a message but take it, and gives the same answer to all of them. What
//! the single call loses beside it is lost to moving the bytes, whatever a gateway does with them.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use stagepoort::config::Config;

use super::at_lowest_priority;
use crate::{
    Plan,
    client::length_of_body,
    folder::free_port,
    process::{SERVER_CORE, Server, on_core},
    push::receiver,
};

/// How soon it must listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes read at once.
const READ_BYTES: usize = 32 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The gateway's settings, for its certificate
    #[arg(long)]
    settings: PathBuf,
    #[arg(long)]
    port: u16,
    /// The body of every answer
    #[arg(long)]
    answer: PathBuf,
}

/// One on the server's core, which answers with the body in this file.
pub(super) fn start(plan: &Plan, settings: &Path, answer: &Path) -> io::Result<(Server, u16)> {
    let port = free_port()?;
    let mut command = on_core(SERVER_CORE, &std::env::current_exe()?);
    command.args(["sink", "--port", &port.to_string(), "--settings"]);
    command.arg(settings).arg("--answer").arg(answer);
    let mut server = Server::start(&mut command, &plan.folder.log())?;
    let begin = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        server.check()?;
        if begin.elapsed() > PATIENCE {
            return Err(io::Error::other("the sink does not listen"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok((server, port))
}

/// Serves until it is killed, with what nothing else wants of the processor.
pub(crate) fn run(args: &Args) -> io::Result<()> {
    at_lowest_priority()?;
    let config = Config::load(&args.settings).map_err(io::Error::other)?;
    let tls = Arc::new(receiver::config(&config.tls)?);
    let body = fs::read(&args.answer)?;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let answer: Arc<[u8]> = [head.as_bytes(), &body].concat().into();
    for tcp in TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))?.incoming() {
        let (tcp, tls, answer) = (tcp?, Arc::clone(&tls), Arc::clone(&answer));
        // It ends when the client goes.
        thread::spawn(move || converse(tcp, tls, &answer));
    }
    Ok(())
}

fn converse(tcp: TcpStream, tls: Arc<ServerConfig>, answer: &[u8]) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, tcp);
    let mut read = Vec::new();
    loop {
        take(&mut stream, &mut read)?;
        stream.write_all(answer)?;
        stream.flush()?;
    }
}

/// One whole message.
fn take(stream: &mut impl Read, read: &mut Vec<u8>) -> io::Result<()> {
    read.clear();
    let mut end = None;
    while end.is_none_or(|end| read.len() < end) {
        let filled = read.len();
        read.resize(filled + READ_BYTES, 0);
        let more = stream.read(&mut read[filled..])?;
        read.truncate(filled + more);
        if more == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if end.is_none()
            && let Some(head) = read.windows(4).position(|w| w == b"\r\n\r\n")
        {
            let text = std::str::from_utf8(&read[..head]).map_err(io::Error::other)?;
            end = Some(head + 4 + length_of_body(text).unwrap_or(0));
        }
    }
    Ok(())
}
