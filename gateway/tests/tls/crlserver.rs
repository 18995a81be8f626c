//! A host of revocation lists, over plain HTTP as issuers have it, and every way of going wrong.

#![allow(dead_code, reason = "not every test binary uses all of it")]

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

/// What it does with a question.
#[derive(Debug, Clone)]
pub(crate) enum Antwoord {
    /// This list, or 304 to who has it already.
    Crl(Vec<u8>),
    /// This page, with 200.
    Pagina(&'static str),
    /// So many bytes of this one, and then the connection is gone.
    Afgebroken(Vec<u8>, usize),
    /// Go there.
    Elders(String),
    /// This status.
    Status(u16),
    /// Nothing at all.
    Stil,
}

/// A server that runs until the test ends.
pub(crate) struct CrlServer {
    pub(crate) port: u16,
    antwoord: Arc<Mutex<Antwoord>>,
    gegeven: Arc<Mutex<Vec<u16>>>,
}

impl CrlServer {
    pub(crate) async fn start(antwoord: Antwoord) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: socket.local_addr().unwrap().port(),
            antwoord: Arc::new(Mutex::new(antwoord)),
            gegeven: Arc::default(),
        };
        let (antwoord, gegeven) = (Arc::clone(&server.antwoord), Arc::clone(&server.gegeven));
        tokio::spawn(async move {
            loop {
                let (stream, _) = socket.accept().await.unwrap();
                let (antwoord, gegeven) = (Arc::clone(&antwoord), Arc::clone(&gegeven));
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let mut head = String::new();
                    while stream.read_line(&mut head).await.is_ok_and(|read| read > 2) {}
                    let now = antwoord.lock().unwrap().clone();
                    if matches!(now, Antwoord::Stil) {
                        return std::future::pending().await;
                    }
                    let (status, bytes) = answer(&head, now);
                    gegeven.lock().unwrap().push(status);
                    // The other side may have had enough.
                    drop(stream.write_all(&bytes).await);
                    drop(stream.shutdown().await);
                });
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/uitgever.crl", self.port)
    }

    pub(crate) fn answer_with(&self, antwoord: Antwoord) {
        *self.antwoord.lock().unwrap() = antwoord;
    }

    /// The statuses of all answers so far.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.gegeven.lock().unwrap().clone()
    }
}

fn answer(head: &str, antwoord: Antwoord) -> (u16, Vec<u8>) {
    let of = |status: u16, more: &str, body: &[u8], length: usize| {
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n"
        );
        (status, [head.as_bytes(), body].concat())
    };
    match antwoord {
        Antwoord::Crl(body) => {
            let sum: u64 = body.iter().map(|byte| u64::from(*byte)).sum();
            let etag = format!("\"{}-{sum}\"", body.len());
            let more = format!("ETag: {etag}\r\n");
            if head.contains(&format!("if-none-match: {etag}")) {
                return of(304, &more, &[], 0);
            }
            of(200, &more, &body, body.len())
        }
        Antwoord::Pagina(text) => of(200, "", text.as_bytes(), text.len()),
        Antwoord::Afgebroken(body, after) => of(200, "", &body[..after], body.len()),
        Antwoord::Elders(url) => of(302, &format!("Location: {url}\r\n"), &[], 0),
        Antwoord::Status(status) => of(status, "", &[], 0),
        Antwoord::Stil => unreachable!("it was looked at before"),
    }
}
