//! A subscriber's server that checks nothing: it reads a message, notes when it came, and says 204.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use stagepoort::config::TlsConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use uuid::Uuid;

/// Bytes that a connection begins with: more than a message has.
const READ_BYTES: usize = 16 * 1024;

const TAKEN: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
const ILL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

/// A server with kept-alive connections; it ends with the runtime that it was started on.
pub(super) struct Receiver {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    /// Messages that came while it waited for so many, and how many those are.
    gathered: watch::Sender<Gathered>,
    /// It takes nothing.
    ill: AtomicBool,
    /// When each message first came, by its id.
    came: Mutex<HashMap<Uuid, Instant>>,
    /// Messages that had come before.
    again: AtomicUsize,
}

/// Messages that wait for one another.
#[derive(Default, Clone, Copy)]
struct Gathered {
    came: usize,
    wanted: usize,
}

impl Receiver {
    /// One with the certificate of this gateway, which is for localhost.
    pub(super) async fn start(tls: &TlsConfig) -> io::Result<Self> {
        let acceptor = TlsAcceptor::from(Arc::new(config(tls)?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            gathered: watch::Sender::new(Gathered::default()),
            ill: AtomicBool::new(false),
            came: Mutex::default(),
            again: AtomicUsize::new(0),
        });
        tokio::spawn(serve(listener, acceptor, Arc::clone(&shared)));
        Ok(Self { port, shared })
    }

    /// Where the subscriber with this number wants its messages.
    pub(super) fn url(&self, subscriber: usize) -> String {
        format!("https://localhost:{}/{subscriber}", self.port)
    }

    /// From now on it takes nothing, or everything.
    pub(super) fn set_ill(&self, ill: bool) {
        self.shared.ill.store(ill, Relaxed);
    }

    /// Answers nothing until so many messages are there at once: all endpoints begin together, and
    /// their connections are made.
    pub(super) fn gather(&self, wanted: usize) {
        self.shared
            .gathered
            .send_replace(Gathered { came: 0, wanted });
    }

    /// How many different messages it took.
    pub(super) fn count(&self) -> usize {
        self.shared.came().len()
    }

    /// When each message first came, by its id, and how many came again; it counts from nothing
    /// afterwards.
    pub(super) fn take(&self) -> (HashMap<Uuid, Instant>, usize) {
        let came = std::mem::take(&mut *self.shared.came());
        (came, self.shared.again.swap(0, Relaxed))
    }
}

impl Shared {
    fn came(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Instant>> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until enough messages are there.
    async fn gathered(&self) {
        let Gathered { came, wanted } = *self.gathered.borrow();
        if came >= wanted {
            return;
        }
        self.gathered.send_modify(|gathered| gathered.came += 1);
        let mut gathered = self.gathered.subscribe();
        // It fails only when the receiver is gone.
        drop(gathered.wait_for(|g| g.came >= g.wanted).await);
    }

    fn answer(&self, id: Uuid) -> &'static [u8] {
        if self.ill.load(Relaxed) {
            return ILL;
        }
        let now = Instant::now();
        match self.came().entry(id) {
            Entry::Vacant(new) => drop(new.insert(now)),
            Entry::Occupied(_) => drop(self.again.fetch_add(1, Relaxed)),
        }
        TAKEN
    }
}

/// With the certificate of these settings, and none of the client's.
pub(crate) fn config(tls: &TlsConfig) -> io::Result<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(&tls.certificaat)
        .and_then(Iterator::collect)
        .map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(&tls.sleutel).map_err(io::Error::other)?;
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(io::Error::other)
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        // A connection that breaks is the sender's business: it sends again.
        tokio::spawn(async move {
            tcp.set_nodelay(true)?;
            converse(acceptor.accept(tcp).await?, &shared).await
        });
    }
}

/// Answers one request after another until the sender closes.
async fn converse(mut stream: TlsStream<TcpStream>, shared: &Shared) -> io::Result<()> {
    let mut read = Vec::with_capacity(READ_BYTES);
    loop {
        let head = match Head::of(&read)? {
            Some(head) if head.end <= read.len() => head,
            _ if stream.read_buf(&mut read).await? == 0 => return Ok(()),
            _ => continue,
        };
        read.drain(..head.end);
        shared.gathered().await;
        stream.write_all(shared.answer(head.id)).await?;
        stream.flush().await?;
    }
}

/// The head of a request.
struct Head {
    /// Of the message: `webhook-id`.
    id: Uuid,
    /// Where the body ends.
    end: usize,
}

impl Head {
    /// None while it is not whole.
    fn of(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes[..end]).map_err(io::Error::other)?;
        let (mut id, mut length) = (None, None);
        for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
            match name {
                "webhook-id" => id = Uuid::parse_str(value).ok(),
                "content-length" => length = value.parse::<usize>().ok(),
                _ => {}
            }
        }
        match id.zip(length) {
            Some((id, length)) => Ok(Some(Self {
                id,
                end: end + 4 + length,
            })),
            None => Err(io::Error::other("a message without id or length")),
        }
    }
}
