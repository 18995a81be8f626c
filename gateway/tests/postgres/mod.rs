//! Real PostgreSQL servers for tests: a primary, and standbys that stream from it. Every test
//! binary that includes this module starts its own in a temporary folder, as the user `postgres`
//! when the tests run as root, and leaves nothing behind, however it ends.

#![allow(dead_code, reason = "not every test binary uses all of it")]

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{Connection, PgConnection};

/// A running server.
pub(crate) struct Server {
    folder: PathBuf,
    port: u16,
    /// Waits for the end of its input, which comes when this process ends in whatever way; then
    /// it stops the server and removes the folder.
    guard: Child,
}

/// The server that all tests of a binary share; each takes a database of its own.
pub(crate) fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| Server::start(&["fsync=off", "synchronous_commit=on"]))
}

/// A new, empty database on this server; its URL.
pub(crate) async fn new_database(server: &Server) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    server
        .execute(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE template0"),
        )
        .await;
    server.url(&name)
}

impl Server {
    /// A new primary with these settings.
    pub(crate) fn start(settings: &[&str]) -> Self {
        let folder = new_folder();
        let initdb = program("initdb")
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"])
            .args(["--no-sync", "-D"])
            .arg(folder.join("data"))
            .output()
            .unwrap();
        assert!(initdb.status.success(), "initdb: {initdb:?}");
        Self::run(folder, settings)
    }

    /// A standby that streams from this server, and is called so in `synchronous_standby_names`.
    pub(crate) fn standby(&self, name: &str) -> Self {
        let folder = new_folder();
        let source = format!(
            "host=127.0.0.1 port={} user=postgres application_name={name}",
            self.port
        );
        let backup = program("pg_basebackup")
            .args([
                "-R",
                "-X",
                "stream",
                "-c",
                "fast",
                "--no-sync",
                "-d",
                &source,
                "-D",
            ])
            .arg(folder.join("data"))
            .output()
            .unwrap();
        assert!(backup.status.success(), "pg_basebackup: {backup:?}");
        Self::run(folder, &[])
    }

    fn run(folder: PathBuf, settings: &[&str]) -> Self {
        let guard = guard(&folder);
        let port = free_port();
        let mut server = Self {
            folder,
            port,
            guard,
        };
        let own = format!(
            "\nlisten_addresses='127.0.0.1'\nport={port}\nunix_socket_directories=''\n\
             max_connections=200\nshared_buffers=64MB\nmax_wal_senders=10\nwal_level=replica\n\
             hot_standby=on\nwal_receiver_status_interval=1s\n{}\n",
            settings.join("\n")
        );
        let file = server.data().join("postgresql.conf");
        let before = fs::read_to_string(&file).unwrap();
        fs::write(&file, before + &own).unwrap();
        server.up();
        server
    }

    /// Starts it, again after [`Self::kill9`].
    pub(crate) fn up(&mut self) {
        self.pg_ctl(&["-w", "-t", "60", "-l"], &["start"]);
    }

    /// Makes a standby the primary, and waits until it takes writes.
    pub(crate) fn promote(&self) {
        self.pg_ctl(&["-w", "-t", "60", "-l"], &["promote"]);
    }

    /// Ends it as a machine does that loses its power.
    pub(crate) fn kill9(&self) {
        self.signal("KILL");
        // Where nobody reaps it, its id would look alive for ever.
        fs::remove_file(self.data().join("postmaster.pid")).unwrap();
    }

    /// It takes connections and answers nothing any more, until [`Self::resume`].
    pub(crate) fn pause(&self) {
        self.signal("STOP");
    }

    /// Goes on after [`Self::pause`].
    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    /// Where a database on it is.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Waits for the standbys with these names before a commit is acknowledged; for none when
    /// empty.
    pub(crate) async fn wait_for_standbys(&self, names: &str) {
        let sql = format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'");
        self.execute("postgres", &sql).await;
        self.execute("postgres", "SELECT pg_reload_conf()").await;
    }

    /// Runs statements on a database of it.
    pub(crate) async fn execute(&self, database: &str, sql: &str) {
        let mut connection = PgConnection::connect(&self.url(database)).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.unwrap();
    }

    /// Puts a file beside the server's own, readable by the server alone.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.data().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            chown(
                &path,
                Some(id_of_postgres("-u")),
                Some(id_of_postgres("-g")),
            )
            .unwrap();
        }
    }

    /// Gives these statements to psql, connected as its settings say; what it said when it failed.
    pub(crate) fn psql(&self, connection: &str, more: &[&str], sql: &str) -> Result<(), String> {
        let connection = format!("host=localhost port={} {connection}", self.port);
        let mut psql = Command::new(bin().join("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &connection])
            .args(more)
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = psql.stdin.take().unwrap();
        input.write_all(sql.as_bytes()).unwrap();
        drop(input);
        let done = psql.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.success() {
            Ok(())
        } else {
            Err(told)
        }
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn pg_ctl(&self, options: &[&str], action: &[&str]) {
        let log = self.folder.join("log");
        let done = program("pg_ctl")
            .arg("-D")
            .arg(self.data())
            .args(options)
            .arg(&log)
            .args(action)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let told = fs::read_to_string(&log).unwrap_or_default();
        assert!(done.success(), "pg_ctl {action:?}: {told}");
    }

    /// To the server and all its children, by their ids.
    fn signal(&self, name: &str) {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let server = file.lines().next().unwrap().trim().to_owned();
        let children = children_of(&server);
        let signalled = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(&server)
            .args(&children)
            .stderr(Stdio::null())
            .status();
        // A child may have ended by itself meanwhile.
        drop(signalled);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        drop(self.guard.wait());
    }
}

fn children_of(parent: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // pid (name) state ppid …
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        if after_name.split_whitespace().nth(1) == Some(parent) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

fn bin() -> PathBuf {
    let folder = std::env::var_os("STAGEPOORT_PG_BIN").map_or_else(
        || PathBuf::from("/usr/lib/postgresql/15/bin"),
        PathBuf::from,
    );
    assert!(
        folder.join("initdb").exists(),
        "there is no PostgreSQL in {}: run scripts/setup.sh, or set STAGEPOORT_PG_BIN",
        folder.display()
    );
    folder
}

/// A program of PostgreSQL, which refuses to run as root.
fn program(name: &str) -> Command {
    let path = bin().join(name);
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(path);
        command
    } else {
        Command::new(path)
    };
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn new_folder() -> PathBuf {
    let folder = tempfile::Builder::new()
        .prefix("stagepoort-pg-")
        .tempdir()
        .unwrap()
        .keep();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    if is_root() {
        let user = |what| id_of_postgres(what);
        chown(&folder, Some(user("-u")), Some(user("-g"))).unwrap();
    }
    folder
}

fn id_of_postgres(what: &str) -> u32 {
    let found = Command::new("id")
        .args([what, "postgres"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    text.parse()
        .expect("there is no user postgres: run scripts/setup.sh")
}

fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

fn guard(folder: &Path) -> Child {
    const SCRIPT: &str = "trap '' INT TERM HUP; echo; cat >/dev/null; \
        kill -QUIT $(head -1 \"$1/data/postmaster.pid\") 2>/dev/null; \
        kill -CONT $(head -1 \"$1/data/postmaster.pid\") 2>/dev/null; \
        for t in 1 2 3 4 5 6 7 8 9 10; do \
          [ -e \"$1/data/postmaster.pid\" ] || break; sleep 0.2; done; \
        rm -rf \"$1\"";
    let mut guard = Command::new("sh")
        .args(["-c", SCRIPT, "guard"])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Once it speaks, it no longer dies with the terminal.
    let mut ready = [0];
    let spoke = guard.stdout.take().unwrap().read_exact(&mut ready);
    spoke.unwrap();
    guard
}
