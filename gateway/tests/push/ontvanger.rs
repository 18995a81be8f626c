//! A receiver of a subscriber: a server that shows what came, and answers as a test says, well or
//! badly.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use certs_dev::Manifest;
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What came.
#[derive(Clone)]
pub(crate) struct Ontvangen {
    /// Method and target.
    pub(crate) line: String,
    /// By name, in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// Whether the gateway showed a certificate.
    pub(crate) certificate: bool,
    /// Which connection, from 0.
    pub(crate) connection: usize,
}

impl std::fmt::Debug for Ontvangen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let header = |name: &str| self.headers.get(name).cloned().unwrap_or_default();
        write!(
            f,
            "{} @ {}",
            header("webhook-id"),
            header("webhook-timestamp")
        )
    }
}

impl Ontvangen {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// Of the mutaties in it: leerbedrijf and volgnummer.
    pub(crate) fn nummers(&self) -> Vec<(String, u64)> {
        let events = match self.json() {
            serde_json::Value::Array(events) => events,
            one => vec![one],
        };
        events
            .iter()
            .map(|event| {
                let volgnummer = event["data"]["volgnummer"].as_u64().unwrap();
                (event["subject"].as_str().unwrap().to_owned(), volgnummer)
            })
            .collect()
    }
}

/// What it answers.
#[derive(Debug, Clone)]
pub(crate) enum Antwoord {
    Status(u16),
    /// With a header, such as `Retry-After: 7`, and a body.
    Met(u16, &'static str, Vec<u8>),
    /// 200 and a body of so many bytes.
    Bytes(usize),
    /// Headers without an end.
    Koppen,
    /// It hangs up.
    Niets,
    /// It never answers.
    Nooit,
    /// 204, once it may.
    Straks(watch::Receiver<bool>),
}

type Gedrag = dyn Fn(&Ontvangen) -> Antwoord + Send + Sync;

pub(crate) struct Ontvanger {
    address: SocketAddr,
    shared: Arc<Shared>,
    seen: watch::Receiver<usize>,
    serving: tokio::task::JoinHandle<()>,
}

struct Shared {
    all: Mutex<Vec<Ontvangen>>,
    gedrag: Mutex<Arc<Gedrag>>,
    count: watch::Sender<usize>,
}

impl Ontvanger {
    /// One that takes everything.
    pub(crate) async fn start(manifest: &Manifest) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(config(manifest));
        let (count, seen) = watch::channel(0);
        let shared = Arc::new(Shared {
            all: Mutex::default(),
            gedrag: Mutex::new(Arc::new(|_| Antwoord::Status(204))),
            count,
        });
        let serving = tokio::spawn(serve(listener, acceptor, Arc::clone(&shared)));
        Self {
            address,
            shared,
            seen,
            serving,
        }
    }

    /// Its address under this host name.
    pub(crate) fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/mutaties", self.address.port())
    }

    /// From now on it answers so.
    pub(crate) fn answers(&self, gedrag: impl Fn(&Ontvangen) -> Antwoord + Send + Sync + 'static) {
        *self.shared.gedrag.lock().unwrap() = Arc::new(gedrag);
    }

    /// All that came.
    pub(crate) fn all(&self) -> Vec<Ontvangen> {
        self.shared.all.lock().unwrap().clone()
    }

    /// Waits until what came is as asked, and gives it.
    pub(crate) async fn until(&self, fits: impl Fn(&[Ontvangen]) -> bool) -> Vec<Ontvangen> {
        let mut seen = self.seen.clone();
        let wait = seen.wait_for(|_| fits(&self.shared.all.lock().unwrap()));
        let waited = tokio::time::timeout(PATIENCE, wait).await.map(drop);
        let all = self.all();
        assert!(waited.is_ok(), "{} messages came: {all:?}", all.len());
        all
    }

    /// Waits until so many came.
    pub(crate) async fn until_count(&self, count: usize) -> Vec<Ontvangen> {
        self.until(|all| all.len() >= count).await
    }
}

impl Drop for Ontvanger {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A client certificate may be shown, and then must be one of the same authority.
fn config(manifest: &Manifest) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(&manifest.ca).unwrap())
        .unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .unwrap();
    let server = &manifest.server.certificaat;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_file(&server.cert).unwrap()],
            PrivateKeyDer::from_pem_file(&server.key).unwrap(),
        )
        .unwrap();
    Arc::new(config)
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    for connection in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                // Whoever hangs up ends it.
                drop(answer_all(stream, &shared, connection).await);
            }
        });
    }
}

async fn answer_all(
    mut stream: TlsStream<TcpStream>,
    shared: &Shared,
    connection: usize,
) -> std::io::Result<()> {
    let certificate = stream.get_ref().1.peer_certificates().is_some();
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break end;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap().to_owned();
        let headers: HashMap<String, String> = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length: usize = headers["content-length"].parse().unwrap();
        while buffer.len() < end + 4 + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let rest = buffer.split_off(end + 4 + length);
        let body = buffer.split_off(end + 4);
        buffer = rest;
        let came = Ontvangen {
            line,
            headers,
            body,
            certificate,
            connection,
        };
        let gedrag = Arc::clone(&shared.gedrag.lock().unwrap());
        let answer = gedrag(&came);
        shared.all.lock().unwrap().push(came);
        shared.count.send_modify(|count| *count += 1);
        write(&mut stream, answer).await?;
    }
}

async fn write(stream: &mut TlsStream<TcpStream>, answer: Antwoord) -> std::io::Result<()> {
    let head = |status: u16, header: &str, length: usize| {
        format!("HTTP/1.1 {status} x\r\n{header}\r\nContent-Length: {length}\r\n\r\n")
    };
    match answer {
        // 204 has no body, and says nothing of one.
        Antwoord::Status(204) => stream.write_all(b"HTTP/1.1 204 x\r\n\r\n").await?,
        Antwoord::Status(status) => {
            stream.write_all(head(status, "X: y", 0).as_bytes()).await?;
        }
        Antwoord::Met(status, header, body) => {
            let head = head(status, header, body.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await?;
        }
        Antwoord::Bytes(many) => {
            stream.write_all(head(200, "X: y", many).as_bytes()).await?;
            let chunk = vec![b'x'; 64 * 1024];
            for _ in 0..many / chunk.len() {
                stream.write_all(&chunk).await?;
            }
        }
        Antwoord::Koppen => {
            stream.write_all(b"HTTP/1.1 200 x\r\n").await?;
            loop {
                stream
                    .write_all(b"X-Nog-Een: xxxxxxxxxxxxxxxxxxxxxxxx\r\n")
                    .await?;
            }
        }
        Antwoord::Straks(mut may) => {
            drop(may.wait_for(|may| *may).await);
            stream.write_all(b"HTTP/1.1 204 x\r\n\r\n").await?;
        }
        Antwoord::Nooit => std::future::pending().await,
        Antwoord::Niets => return Err(std::io::ErrorKind::ConnectionReset.into()),
    }
    stream.flush().await
}
