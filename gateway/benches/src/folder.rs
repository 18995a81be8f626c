//! The folder of a run: certificates, leveringen, databases, settings.

use std::{
    ffi::OsStr,
    fs, io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use serde::Deserialize;

use super::process::Server;

/// The demo makes its certificates within this time, or not at all.
const DEMO_PATIENCE: Duration = Duration::from_secs(60);

/// How often a file is looked for.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) struct Folder {
    pub(crate) root: PathBuf,
    /// The program under measurement, which was built beside this one.
    pub(crate) stagepoort: PathBuf,
}

/// What the demo made: who asks, for which school, of whom.
#[derive(Debug, Deserialize)]
pub(crate) struct Demo {
    pub(crate) oin: String,
    pub(crate) ca: PathBuf,
    afnemers: Vec<Afnemer>,
}

/// A supplier with its certificate.
#[derive(Debug, Deserialize)]
pub(crate) struct Afnemer {
    oin: String,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    scholen: Vec<School>,
}

#[derive(Debug, Deserialize)]
struct School {
    oin: String,
}

impl Demo {
    pub(crate) fn afnemer(&self) -> io::Result<&Afnemer> {
        self.afnemers
            .first()
            .ok_or_else(|| io::Error::other("the demo has no afnemer"))
    }

    /// Another afnemer than [`Self::afnemer`].
    pub(crate) fn afnemer_of_other(&self) -> io::Result<&Afnemer> {
        self.afnemers
            .get(1)
            .ok_or_else(|| io::Error::other("the demo has one afnemer only"))
    }

    /// Each school with an afnemer that has its mandate, by their OINs.
    pub(crate) fn afnemers_with_schools(&self) -> impl Iterator<Item = (&str, &str)> {
        self.afnemers.iter().flat_map(|afnemer| {
            let scholen = afnemer.scholen.iter();
            scholen.map(|school| (afnemer.oin.as_str(), school.oin.as_str()))
        })
    }
}

impl Afnemer {
    pub(crate) fn school(&self) -> &str {
        self.scholen.first().map_or("", |school| &school.oin)
    }
}

/// Where a gateway listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) api: u16,
    pub(crate) beheer: u16,
}

impl Folder {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let own = std::env::current_exe()?;
        let stagepoort = own.with_file_name("stagepoort");
        if !stagepoort.is_file() {
            let path = stagepoort.display();
            return Err(io::Error::other(format!("there is no {path}: build it")));
        }
        Ok(Self {
            root: root.canonicalize()?,
            stagepoort,
        })
    }

    /// What `national` makes and the other sections ask about.
    pub(crate) fn require_levering(&self) -> io::Result<()> {
        let levering = self.levering(0);
        if levering.is_file() {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "there is no {}: run the section national first, which makes it",
            levering.display()
        )))
    }

    /// The levering of this ronde.
    pub(crate) fn levering(&self, ronde: u32) -> PathBuf {
        self.root.join(format!("ronde{ronde}.ndjson"))
    }

    /// The register as the first levering left it.
    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("national.db")
    }

    /// What the servers said.
    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("servers.log")
    }

    /// Certificates and toegang, as a demo of its own makes them.
    pub(crate) fn demo(&self) -> io::Result<Demo> {
        let folder = self.root.join("demo");
        let manifest = folder.join("demo.json");
        if !manifest.exists() {
            let mut demo = Command::new(&self.stagepoort);
            demo.args(["demo", "--leerbedrijven", "20", "--map"])
                .arg(&folder);
            for port in ["--poort-api", "--poort-docs", "--poort-beheer"] {
                demo.args([port, "0"]);
            }
            let mut server = Server::start(&mut demo, &self.log())?;
            wait_for(&manifest, &mut server, DEMO_PATIENCE)?;
            server.stop()?;
        }
        Ok(serde_json::from_str(&fs::read_to_string(manifest)?)?)
    }

    /// Says in a database, a SQLite file or a URL, who may ask.
    pub(crate) fn apply_toegang(&self, database: impl AsRef<OsStr>) -> io::Result<()> {
        let applied = Command::new(&self.stagepoort)
            .args(["toegang", "apply", "--yes", "--opslag"])
            .arg(database.as_ref())
            .arg(self.root.join("demo/toegang.toml"))
            .output()?;
        match applied.status.success() {
            true => Ok(()),
            false => Err(io::Error::other("toegang was not applied")),
        }
    }

    /// Removes what a node of this name kept of a database that is no more.
    pub(crate) fn forget(&self, name: &str) -> io::Result<()> {
        let snapshot = self.root.join(format!("{name}.snapshot"));
        let journal = self.root.join(format!("{name}.verwerkingslog"));
        for removed in [fs::remove_file(snapshot), fs::remove_dir_all(journal)] {
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes settings for a gateway: those of the demo, one worker, and no end to a connection
    /// within a run. Its database is the SQLite file of that name, or the one with this URL.
    pub(crate) fn settings(
        &self,
        name: &str,
        postgres: Option<&str>,
    ) -> io::Result<(PathBuf, Ports)> {
        let demo = fs::read_to_string(self.root.join("demo/stagepoort.toml"))?;
        let mut settings: toml::Table = demo.parse().map_err(io::Error::other)?;
        let (api, docs, beheer) = (free_port()?, free_port()?, free_port()?);
        for (section, port) in [("api", api), ("docs", docs), ("beheer", beheer)] {
            set(&mut settings, section, "adres", format!("127.0.0.1:{port}"));
        }
        match postgres {
            None => set(&mut settings, "opslag", "bestand", format!("{name}.db")),
            Some(url) => {
                set(&mut settings, "opslag", "soort", "postgres");
                set(&mut settings, "opslag", "databases", vec![url]);
            }
        }
        let snapshot = format!("{name}.snapshot");
        set(&mut settings, "opslag", "momentopname", snapshot);
        let journal = format!("{name}.verwerkingslog");
        set(&mut settings, "verwerkingslog", "map", journal);
        // Receivers of the benchmark are on this machine.
        let ca = self.demo()?.ca.display().to_string();
        set(&mut settings, "push", "ca", ca);
        let here = vec!["127.0.0.0/8"];
        set(&mut settings, "push", "toegestaneNetwerken", here);
        set(&mut settings, "server", "workers", 1);
        // What is measured here is the gateway, not what an afnemer may ask of it.
        for key in [
            "verzoekenPerSeconde",
            "burst",
            "gelijktijdig",
            "bulkregelsPerMinuut",
        ] {
            set(&mut settings, "quota", key, NO_QUOTA);
        }
        set(
            &mut settings,
            "grenzen",
            "verzoekenPerVerbinding",
            MANY_REQUESTS,
        );
        let path = self.root.join(format!("{name}.toml"));
        fs::write(&path, settings.to_string())?;
        let ports = Ports { api, beheer };
        Ok((path, ports))
    }
}

/// So that a new handshake never falls within a round.
const MANY_REQUESTS: i64 = 100_000_000;

/// More than any generator asks.
const NO_QUOTA: i64 = 1_000_000_000;

fn set(settings: &mut toml::Table, section: &str, key: &str, value: impl Into<toml::Value>) {
    let section = settings
        .entry(section)
        .or_insert_with(|| toml::Table::new().into());
    if let Some(section) = section.as_table_mut() {
        section.insert(key.to_owned(), value.into());
    }
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> io::Result<u16> {
    let socket = TcpListener::bind(("127.0.0.1", 0))?;
    Ok(socket.local_addr()?.port())
}

/// Waits until a file is there, while the server that should make it runs.
pub(crate) fn wait_for(path: &Path, server: &mut Server, patience: Duration) -> io::Result<()> {
    let start = Instant::now();
    while !path.exists() {
        server.check()?;
        if start.elapsed() > patience {
            return Err(io::Error::other(format!("{} did not come", path.display())));
        }
        sleep(LOOK);
    }
    Ok(())
}
