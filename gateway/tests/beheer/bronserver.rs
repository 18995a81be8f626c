//! A source of leveringen: https with a client certificate, and every way of going wrong.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::plek::Plek;

/// What it does with a question.
#[derive(Debug, Clone)]
pub(crate) enum Antwoord {
    /// This levering, or 304 to who has it already.
    Levering(Vec<u8>),
    /// So many bytes of this one, and then the connection is gone.
    Afgebroken(Vec<u8>, usize),
    /// Go there.
    Elders(String),
    /// This status.
    Status(u16),
}

/// A server that runs until the test ends.
pub(crate) struct Bronserver {
    pub(crate) port: u16,
    antwoord: Arc<Mutex<Antwoord>>,
    /// Status and body bytes of every answer.
    gegeven: Arc<Mutex<Vec<(u16, usize)>>>,
}

impl Bronserver {
    /// With the certificates of this place, of its gateway.
    pub(crate) async fn start(plek: &Plek, antwoord: Antwoord) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(tls(plek)));
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
                let Ok(stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut stream = BufReader::new(stream);
                let mut head = String::new();
                while stream.read_line(&mut head).await.is_ok_and(|read| read > 2) {}
                let now = antwoord.lock().unwrap().clone();
                let (status, bytes) = answer(&head, now);
                gegeven.lock().unwrap().push((status, bytes.len()));
                // The other side may have had enough.
                drop(stream.write_all(&bytes).await);
                drop(stream.shutdown().await);
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}/levering", self.port)
    }

    pub(crate) fn answer_with(&self, antwoord: Antwoord) {
        *self.antwoord.lock().unwrap() = antwoord;
    }

    /// The statuses of all answers so far.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.gegeven
            .lock()
            .unwrap()
            .iter()
            .map(|(s, _)| *s)
            .collect()
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
        Antwoord::Levering(body) => {
            let etag = format!(
                "\"{}-{}\"",
                body.len(),
                body.iter().map(|b| u64::from(*b)).sum::<u64>()
            );
            let more = format!("ETag: {etag}\r\n");
            if head.contains(&format!("if-none-match: {etag}")) {
                return of(304, &more, &[], 0);
            }
            of(200, &more, &body, body.len())
        }
        Antwoord::Afgebroken(body, after) => of(200, "", &body[..after], body.len()),
        Antwoord::Elders(url) => of(302, &format!("Location: {url}\r\n"), &[], 0),
        Antwoord::Status(status) => of(status, "", &[], 0),
    }
}

fn tls(plek: &Plek) -> ServerConfig {
    let certificaten = &plek.certificaten;
    let ca = fs::read(&certificaten.ca).unwrap();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(&ca).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let server = &certificaten.server.certificaat;
    let certificate = CertificateDer::from_pem_file(&server.cert).unwrap();
    let key = PrivateKeyDer::from_pem_file(&server.key).unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(vec![certificate], key)
        .unwrap()
}
