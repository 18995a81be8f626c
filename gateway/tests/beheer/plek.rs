//! A place with certificates and a database, nodes that serve from it, and commands run in it.

#![allow(dead_code, reason = "not every test binary uses all of it")]

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    panic::Location,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use stagepoort::clock::{Clock, SystemClock};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A node that does not get there in so long never will: the test says so instead of hanging.
const STUCK: Duration = Duration::from_secs(180);

/// One folder for everything of a test.
pub(crate) struct Plek {
    folder: TempDir,
    pub(crate) certificaten: certs_dev::Manifest,
}

/// A node that serves, in a process of its own.
pub(crate) struct Node {
    child: Child,
    api: SocketAddr,
    proxy: Option<SocketAddr>,
    beheer: String,
    log: Arc<Mutex<Vec<Value>>>,
}

impl Plek {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let now = certs_dev::moment(SystemClock.now().as_millis() / 1000).unwrap();
        let certs = folder.path().join("certs");
        let certificaten = certs_dev::generate(&certs, &certs_dev::default_plan(), now).unwrap();
        Self {
            folder,
            certificaten,
        }
    }

    /// With a made-up register of so many leerbedrijven, and toegang.
    pub(crate) async fn filled(leerbedrijven: u32) -> Self {
        let plek = Self::new();
        plek.levering("eerste.ndjson", leerbedrijven, 0).await;
        plek.ok("register import eerste.ndjson --opslag register.db")
            .await;
        let toegang = plek.ok("toegang example").await;
        fs::write(plek.path("toegang.toml"), toegang).unwrap();
        plek.ok("toegang apply toegang.toml --opslag register.db --yes")
            .await;
        plek
    }

    /// Writes a made-up levering; `ronde` 1 is a day later, with some changes.
    pub(crate) async fn levering(&self, naam: &str, leerbedrijven: u32, ronde: u32) {
        self.ok(&format!(
            "register generate --leerbedrijven {leerbedrijven} --peildatum 2026-01-05 --ronde {ronde} --uit {naam}"
        ))
        .await;
    }

    pub(crate) fn path(&self, naam: &str) -> PathBuf {
        self.folder.path().join(naam)
    }

    /// Writes the settings of a node with this name, all of its ports free ones, with these lines
    /// at the end.
    pub(crate) fn settings(&self, naam: &str, more: &str) -> PathBuf {
        self.settings_on(naam, "bestand = \"register.db\"", more)
    }

    /// The same, with the register there.
    pub(crate) fn settings_on(&self, naam: &str, opslag: &str, more: &str) -> PathBuf {
        let server = &self.certificaten.server;
        let free = "\"127.0.0.1:0\"";
        let text = format!(
            "[api]\nadres = {free}\noin = \"{}\"\n[docs]\nadres = {free}\n[beheer]\nadres = {free}\n\
             [tls]\ncertificaat = {:?}\nsleutel = {:?}\nclientCa = {:?}\ncrl = [{:?}]\n\
             [opslag]\n{opslag}\nmomentopname = \"{naam}.snapshot\"\n\
             [verwerkingslog]\nmap = \"{naam}.verwerkingslog\"\n\
             [logboek]\nformaat = \"json\"\n{more}",
            server.oin.as_str(),
            server.certificaat.cert,
            server.certificaat.key,
            self.certificaten.ca,
            self.certificaten.crl,
        );
        let path = self.path(&format!("{naam}.toml"));
        fs::write(&path, text).unwrap();
        // It may hold a password.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Starts a node and waits until it has a register.
    pub(crate) async fn node(&self, naam: &str, more: &str) -> Node {
        Node::start(&self.settings(naam, more)).await
    }

    /// Runs the program in this folder; words are parted by spaces.
    pub(crate) async fn run(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_stagepoort"))
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap()
    }

    /// Standard output of a command that must do.
    pub(crate) async fn ok(&self, line: &str) -> String {
        let output = self.run(line).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Exit code and standard error of a command that must not do.
    pub(crate) async fn refused(&self, line: &str) -> (i32, String) {
        let output = self.run(line).await;
        assert!(!output.status.success(), "{line}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{stderr}");
        (output.status.code().unwrap(), stderr)
    }

    /// What a command with --json prints, and its exit code.
    pub(crate) async fn json(&self, line: &str) -> (i32, Value) {
        let output = self.run(&format!("{line} --json")).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let json = serde_json::from_slice(&output.stdout);
        let json = json.unwrap_or_else(|error| panic!("{line}: {error}: {stderr}"));
        (output.status.code().unwrap(), json)
    }

    /// The names of all files in the folder that begin so.
    pub(crate) fn files(&self, beginning: &str) -> Vec<String> {
        let all = fs::read_dir(self.folder.path()).unwrap();
        let names = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.starts_with(beginning)).collect();
        names.sort();
        names
    }
}

impl Node {
    pub(crate) async fn start(settings: &Path) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_stagepoort"));
        program.args(["serve", "--config"]).arg(settings);
        Self::start_by(program).await
    }

    /// By a command that becomes the program.
    pub(crate) async fn start_by(mut program: Command) -> Self {
        let mut child = program
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (api, proxy, beheer) = loop {
            let Some(line) = lines.next_line().await.unwrap() else {
                panic!("it did not start: {:?}", log.lock().unwrap());
            };
            let line: Value = serde_json::from_str(&line).unwrap();
            let part = |name: &str| line[name].as_str().map(str::to_owned);
            let found = part("api").zip(part("beheer"));
            let proxy = part("proxy").map(|proxy| proxy.parse().unwrap());
            log.lock().unwrap().push(line);
            if let Some((api, beheer)) = found {
                break (api.parse().unwrap(), proxy, beheer);
            }
        };
        let kept = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                kept.lock().unwrap().push(line);
            }
        });
        let node = Self {
            child,
            api,
            proxy,
            beheer,
            log,
        };
        let loaded = |r: &Value| r["status"] != "niet-gereed";
        node.ready_when(loaded).await;
        node
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Where it answers callers.
    pub(crate) fn api(&self) -> SocketAddr {
        self.api
    }

    /// Where it answers a proxy that ends TLS.
    pub(crate) fn proxy(&self) -> SocketAddr {
        self.proxy.expect("the settings have a proxy")
    }

    /// Tells it to read its TLS material anew.
    pub(crate) async fn hang_up(&self) {
        let id = self.child.id().unwrap().to_string();
        let told = Command::new("kill").args(["-HUP", &id]).status().await;
        assert!(told.unwrap().success());
    }

    /// Base URL of its beheer listener.
    pub(crate) fn beheer(&self) -> String {
        format!("http://{}", self.beheer)
    }

    /// What `/health/ready` says now.
    pub(crate) async fn ready(&self) -> Value {
        let url = format!("{}/health/ready", self.beheer());
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }

    /// What it says once this holds.
    #[track_caller]
    pub(crate) fn ready_when(&self, holds: impl Fn(&Value) -> bool) -> impl Future<Output = Value> {
        let caller = Location::caller();
        async move {
            let until = tokio::time::Instant::now() + STUCK;
            loop {
                let ready = self.ready().await;
                if holds(&ready) {
                    return ready;
                }
                if tokio::time::Instant::now() > until {
                    let log = self.log.lock().unwrap();
                    panic!("{caller}: {ready}; log {log:#?}");
                }
                tokio::task::yield_now().await;
            }
        }
    }

    /// What `/metrics` shows now.
    pub(crate) async fn metrics(&self) -> String {
        let url = format!("{}/metrics", self.beheer());
        reqwest::get(url).await.unwrap().text().await.unwrap()
    }

    /// How many of its log lines have this in their message.
    pub(crate) fn logged(&self, words: &str) -> usize {
        let log = self.log.lock().unwrap();
        let has = |line: &&Value| line.to_string().contains(words);
        log.iter().filter(has).count()
    }

    /// Ends it as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) {
        let id = self.child.id().unwrap().to_string();
        let told = Command::new("kill").arg(id).status().await.unwrap();
        assert!(told.success());
        assert!(self.child.wait().await.unwrap().success());
    }
}
