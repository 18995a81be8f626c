//! A primary, a standby, the nodes on them, and what an operator would run.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use stagepoort::{
    domain::Datum,
    log::{LogStore, PostgresSettings, PostgresStore},
    register::{
        generate::{Plan, write_levering},
        levering::{LeveringSoort, Voorloop},
    },
};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    plek::{Node, Plek},
    postgres::{Server, new_database},
};

/// Generous: nothing here is expected to take it.
pub(crate) const LONG: Duration = Duration::from_secs(180);

/// Between two looks at something that nothing announces.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What the standby is called.
pub(crate) const RESERVE: &str = "reserve";

/// One at a time: each of them takes all that the machine has.
static TURN: Mutex<()> = Mutex::const_new(());

pub(crate) struct Veld {
    pub(crate) plek: Arc<Plek>,
    pub(crate) primary: Server,
    pub(crate) standby: Server,
    /// Of the primary and of the standby.
    pub(crate) urls: [String; 2],
    _turn: MutexGuard<'static, ()>,
}

impl Veld {
    /// With a small made-up register, and toegang.
    pub(crate) async fn new() -> Self {
        let turn = TURN.lock().await;
        let primary = Server::start(&[]);
        let url = new_database(&primary).await;
        let database = url.rsplit('/').next().unwrap();
        let standby = primary.standby(RESERVE);
        let urls = [url.clone(), standby.url(database)];
        let veld = Self {
            plek: Arc::new(Plek::new()),
            primary,
            standby,
            urls,
            _turn: turn,
        };
        veld.plek.levering("eerste.ndjson", 300, 0).await;
        veld.ok("register import eerste.ndjson").await;
        let toegang = veld.plek.ok("toegang example").await;
        veld.write("toegang.toml", &toegang);
        veld.ok("toegang apply toegang.toml --yes").await;
        veld
    }

    pub(crate) fn write(&self, naam: &str, text: &str) {
        fs::write(self.plek.path(naam), text).unwrap();
    }

    /// A command on this register that must do, and what it prints.
    pub(crate) async fn ok(&self, line: &str) -> String {
        self.plek.ok(&self.on_register(line)).await
    }

    /// The same, beside all else.
    pub(crate) fn begin(&self, line: &str) -> tokio::task::JoinHandle<String> {
        let (plek, line) = (Arc::clone(&self.plek), self.on_register(line));
        tokio::spawn(async move { plek.ok(&line).await })
    }

    fn on_register(&self, line: &str) -> String {
        format!("{line} --opslag {}", self.urls.join(","))
    }

    /// Three nodes on both hosts.
    pub(crate) async fn nodes(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        for naam in ["een", "twee", "drie"] {
            nodes.push(self.node(naam, &self.urls).await);
        }
        nodes
    }

    /// A node that finds the database at these places.
    pub(crate) async fn node(&self, naam: &str, urls: &[String]) -> Node {
        let opslag = format!("soort = \"postgres\"\ndatabases = {urls:?}");
        // One afnemer asks for all.
        let quota = "[quota]\nverzoekenPerSeconde = 100000\nburst = 100000\n";
        let settings = self.plek.settings_on(naam, &opslag, quota);
        within("a node that starts", Node::start(&settings)).await
    }

    /// What writes, as a node would.
    pub(crate) async fn store(&self) -> Arc<PostgresStore> {
        let settings = PostgresSettings::parse(&self.urls).unwrap();
        Arc::new(PostgresStore::open(&settings).await.unwrap())
    }

    pub(crate) async fn standby_has(&self, nummer: u64) {
        let settings = PostgresSettings::parse(&self.urls[1..]).unwrap();
        let store = PostgresStore::follow(&settings).await.unwrap();
        until("the standby has it", async || {
            (store.head().await.unwrap().nummer >= nummer).then_some(())
        })
        .await;
    }

    /// Waits until an import has staged something on the primary.
    pub(crate) async fn import_stages(&self, lines: i64) {
        use sqlx::{Connection, PgConnection};
        let mut connection = PgConnection::connect(&self.urls[0]).await.unwrap();
        const STAGED: &str = "SELECT count(*) FROM regel r, open_stage s
            WHERE r.nr >= s.stage << 32 AND r.nr < (s.stage + 1) << 32";
        until("the import stages", async || {
            let staged: i64 = sqlx::query_scalar(STAGED)
                .fetch_one(&mut connection)
                .await
                .unwrap();
            (staged >= lines).then_some(())
        })
        .await;
    }

    /// Makes a levering of so many leerbedrijven that changes only what it has.
    pub(crate) fn mutaties(&self, naam: &str, leerbedrijven: u32) {
        let peildatum = Datum::parse("2026-01-06").unwrap();
        let plan = Plan::new(leerbedrijven, 2, peildatum);
        let voorloop = Voorloop {
            levering_soort: LeveringSoort::Mutaties,
            ..plan.voorloop()
        };
        let file = BufWriter::new(File::create(self.plek.path(naam)).unwrap());
        let (mut file, _) = write_levering(&plan, &voorloop, file, || ()).unwrap();
        file.flush().unwrap();
    }

    /// Puts toegang in force without the first supplier's mandate of this school.
    pub(crate) async fn withdraw(&self, school: &str) {
        let toegang = fs::read_to_string(self.plek.path("toegang.toml")).unwrap();
        let mandate = format!("[[afnemers.mandaten]]\nschoolOin = \"{school}\"\n");
        assert!(toegang.contains(&mandate));
        self.write("zonder.toml", &toegang.replacen(&mandate, "", 1));
        self.ok("toegang apply zonder.toml --yes").await;
    }

    /// Puts all of it in force again.
    pub(crate) async fn grant(&self) {
        self.ok("toegang apply toegang.toml --yes").await;
    }
}

/// What a node says of itself once this holds.
pub(crate) async fn ready(node: &Node, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    until(what, async || {
        let ready = node.ready().await;
        holds(&ready).then_some(ready)
    })
    .await
}

/// Waits until every node answers from the head of this log, with one hash.
pub(crate) async fn all_equal(nodes: &[Node], store: &PostgresStore) -> Value {
    let head = store.head().await.unwrap();
    let versie = format!("{}.{}", head.tijdlijn, head.nummer);
    let mut seen = Vec::new();
    for node in nodes {
        let ready = ready(node, &versie, |ready| ready["registerVersie"] == versie).await;
        seen.push(ready);
    }
    for other in &seen[1..] {
        for hash in ["registerHash", "persoonsgegevensHash"] {
            assert_eq!(other[hash], seen[0][hash], "{hash}");
        }
        assert_eq!(other["status"], "gereed", "{other}");
    }
    seen.swap_remove(0)
}

/// Looks until there is something.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begin.elapsed() < LONG, "{what}: not within {LONG:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

pub(crate) async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(LONG, work).await;
    done.unwrap_or_else(|_| panic!("{what}: not within {LONG:?}"))
}
