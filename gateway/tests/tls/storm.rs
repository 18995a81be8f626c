//! 10,000 connections that are slow in every way there is, and 1,000 handshakes that stop halfway, against
//! a whole gateway in a process of its own: others are served meanwhile, its memory stays within a limit,
//! and afterwards nothing is left.

use std::{
    fs,
    io::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::{ClientConfig, ClientConnection};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::timeout,
};

use crate::client::Connection;

/// Connections that say nothing, and that say a byte now and then.
const SILENT: usize = 5_000;
const DRIBBLING: usize = 3_200;
/// Handshakes that stop once the gateway has done its part.
const HALF_OPEN: usize = 1_000;
/// Connections of each certificate whose handshake is done and whose request does not end: more than one
/// party may have (256).
const OF_PARTY: usize = 270;
const PARTIES: usize = 3;

/// What the gateway may take for all of them: 768 connections with a handshake at some 28 KiB, 1,024
/// handshakes at some 40 KiB, and the bodies that one afnemer may have under way.
const LIMIT_KIB: u64 = 160 * 1024;

/// What the gateway opens by itself meanwhile, for its database and for who asks for its metrics.
const OWN_FILES: usize = 50;

/// A test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// `stagepoort demo`; it ends with the test.
struct Demo {
    child: Child,
    _folder: tempfile::TempDir,
    manifest: Value,
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Demo {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let map = folder.path().join("demo");
        let mut command = Command::new(env!("CARGO_BIN_EXE_stagepoort"));
        command.args(["demo", "--stil", "--leerbedrijven", "20", "--map"]);
        command.arg(&map);
        for port in ["--poort-api", "--poort-docs", "--poort-beheer"] {
            command.args([port, "0"]);
        }
        let log = fs::File::create(folder.path().join("log")).unwrap();
        command.stdout(Stdio::null()).stderr(log);
        let child = command.spawn().unwrap();
        let manifest = map.join("demo.json");
        let mut demo = Self {
            child,
            _folder: folder,
            manifest: Value::Null,
        };
        until(|| manifest.exists()).await;
        demo.manifest = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
        demo
    }

    fn api(&self) -> SocketAddr {
        let url = self.manifest["api"].as_str().unwrap();
        let port = url.rsplit(':').next().unwrap().parse().unwrap();
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    fn afnemer(&self, nth: usize) -> &Value {
        &self.manifest["afnemers"][nth]
    }

    fn config(&self, nth: usize) -> Arc<ClientConfig> {
        let of = |key: &str| self.afnemer(nth)[key].as_str().unwrap();
        let mut roots = rustls::RootCertStore::empty();
        let ca = self.manifest["ca"].as_str().unwrap();
        roots
            .add(CertificateDer::from_pem_file(ca).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(
                CertificateDer::pem_file_iter(of("cert"))
                    .unwrap()
                    .map(Result::unwrap)
                    .collect(),
                PrivateKeyDer::from_pem_file(of("key")).unwrap(),
            );
        Arc::new(config.unwrap())
    }

    /// GET of one verification.
    fn question(&self, nth: usize) -> String {
        let school = self.afnemer(nth)["scholen"][0]["oin"].as_str().unwrap();
        format!(
            "GET /v1/leerbedrijven/100000001/erkenningen/25180?peildatum=2026-09-01 HTTP/1.1\r\n\
             Host: localhost\r\nOnderwijsinstelling-OIN: {school}\r\n\r\n"
        )
    }

    fn status_kib(&self, key: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Connections of callers that the gateway counts as open.
    async fn connections(&self) -> usize {
        let url = self.manifest["beheer"].as_str().unwrap();
        let metrics = reqwest::get(format!("{url}/metrics")).await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let gauge = "stagepoort_verbindingen{listener=\"api\"} ";
        let line = metrics.lines().find_map(|line| line.strip_prefix(gauge));
        line.unwrap().parse().unwrap()
    }

    fn files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id()))
            .unwrap()
            .count()
    }
}

async fn until(mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, waiting)
        .await
        .expect("it did not come about");
}

/// Every test connection is a file of this process.
fn make_room() {
    let found = getrlimit(Resource::Nofile);
    let needed = 12_000;
    if found.current.is_none_or(|current| current >= needed) {
        return;
    }
    let new = Rlimit {
        current: found.maximum.or(Some(needed)),
        ..found
    };
    setrlimit(Resource::Nofile, new).unwrap();
    let maximum = found.maximum.unwrap_or(needed);
    assert!(
        maximum >= needed,
        "this test needs {needed} open files (ulimit -n)"
    );
}

/// From an address of loopback that the honest caller does not have.
async fn tcp(api: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind((IpAddr::from([127, 0, 0, 2]), 0).into())
        .unwrap();
    socket.connect(api).await.ok()
}

/// The first message of a handshake.
fn client_hello(config: &Arc<ClientConfig>) -> Vec<u8> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::clone(config), name).unwrap();
    let mut bytes = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// Opens those whose handshake does not end; each has said this much.
async fn begin(api: SocketAddr, count: usize, said: &[u8]) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for _ in 0..count {
        if let Some(mut stream) = tcp(api).await {
            // The gateway may have ended it already.
            drop(stream.write_all(said).await);
            open.push(stream);
        }
    }
    open
}

/// Opens those whose handshake is done, and whose request does not end.
async fn slow_requests(demo: &Demo, nth: usize) -> Vec<Connection> {
    let (api, config) = (demo.api(), demo.config(nth));
    let mut opening = JoinSet::new();
    for n in 0..OF_PARTY {
        let config = Arc::clone(&config);
        opening.spawn(async move {
            let mut connection = Connection::open(api, &config).await.ok()?;
            let said = match n % 3 {
                0 => "",
                1 => "GET /v1/leerbedrijven/1000",
                _ => {
                    "POST /v1/leerbedrijven/_zoek HTTP/1.1\r\nHost: localhost\r\n\
                     Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n{"
                }
            };
            connection.send(said).await.ok()?;
            Some(connection)
        });
    }
    opening.join_all().await.into_iter().flatten().collect()
}

/// Asks on a new connection each time, until it is told to stop; gives how often, and the longest.
async fn honest(demo: &Demo, stop: &AtomicBool) -> (u32, Duration) {
    let (config, question) = (demo.config(0), demo.question(0));
    let (mut asked, mut longest) = (0, Duration::ZERO);
    while !stop.load(Relaxed) {
        let start = Instant::now();
        let mut connection = Connection::open(demo.api(), &config).await.unwrap();
        for _ in 0..3 {
            connection.send(&question).await.unwrap();
            let answer = connection.answer().await.unwrap();
            assert!(answer.head.starts_with("HTTP/1.1 200"), "{}", answer.head);
            asked += 1;
        }
        longest = longest.max(start.elapsed());
    }
    (asked, longest)
}

#[tokio::test]
async fn ten_thousand_slow_connections_keep_nobody_out_and_take_no_more_than_their_memory() {
    make_room();
    let demo = Demo::start().await;
    let (files_before, kib_before) = (demo.files(), demo.status_kib("VmHWM:"));
    let stop = AtomicBool::new(false);
    let storm = async {
        let api = demo.api();
        let hello = client_hello(&demo.config(1));
        let mut requests = Vec::new();
        for nth in 1..=PARTIES {
            requests.extend(slow_requests(&demo, nth).await);
        }
        let silent = begin(api, SILENT, &[]).await;
        let mut dribbling = begin(api, DRIBBLING, &hello[..1]).await;
        let half_open = begin(api, HALF_OPEN, &hello).await;
        for stream in &mut dribbling {
            drop(stream.write_all(&hello[1..2]).await);
        }
        // Most of those that the gateway ended are still open on this side.
        let opened = requests.len() + silent.len() + dribbling.len() + half_open.len();
        // Head and body go on in the same way.
        for connection in &mut requests {
            drop(connection.stream.write_all(b"0").await);
        }
        stop.store(true, Relaxed);
        (opened, requests, silent, dribbling, half_open)
    };
    let ((opened, requests, ..), (asked, longest)) = tokio::join!(storm, honest(&demo, &stop));
    assert!(opened >= 10_000 - PARTIES * (OF_PARTY - 256), "{opened}");
    assert!(requests.len() >= PARTIES * 200, "{}", requests.len());
    drop(requests);
    let kib = demo.status_kib("VmHWM:") - kib_before;
    let mut out = std::io::stdout().lock();
    drop(writeln!(
        out,
        "{opened} slow connections: {asked} questions answered meanwhile, three on a new connection in at most \
         {longest:?}; {} MiB more than before at most",
        kib / 1024
    ));
    drop(out);
    assert!(asked >= 10, "{asked}");
    assert!(kib < LIMIT_KIB, "{kib} KiB");
    let gone = async {
        while demo.connections().await > 0 || demo.files() > files_before + OWN_FILES {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if timeout(PATIENCE, gone).await.is_err() {
        let (open, files) = (demo.connections().await, demo.files());
        panic!("{open} connections and {files} files are left; there were {files_before}");
    }
}
