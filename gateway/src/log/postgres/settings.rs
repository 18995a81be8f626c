//! Where the database is, and how patient a write is.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};

/// How long a write is tried, when nothing else is said: a promotion by an operator's tool takes
/// some ten seconds.
pub const WRITE_PATIENCE: Duration = Duration::from_secs(30);

/// What the server keeps of a session with a node that it can no longer reach. Without these the
/// claim of an import on a machine that lost its power would stand for two hours.
const SESSION: [(&str, &str); 7] = [
    ("client_connection_check_interval", "2s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "60s"),
    // Below the patience with one attempt at a write, so that the server gives up first.
    ("lock_timeout", "8s"),
];

/// Every statement of ours has an index to go by, row by row. What the server knows of a table is
/// minutes old after an import and nothing after a restore: by that it would read whole tables, or all
/// of a kind to find one page of it.
const PLANS: [(&str, &str); 5] = [
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    // Costs no longer tell how long a statement takes, so they may not have it compiled.
    ("jit", "off"),
];

/// Where the database is: one or more hosts of which one takes writes.
#[derive(Clone)]
pub struct PostgresSettings {
    /// One for each host, in the order in which they are named.
    pub(crate) hosts: Vec<PgConnectOptions>,
    /// Whether an older schema is brought up to this program's.
    pub migrate: bool,
    /// How long a write is tried while no host takes it.
    pub write_patience: Duration,
}

/// Files for TLS to the database; PEM.
#[derive(Debug, Clone, Default)]
pub struct DatabaseTls {
    /// Authority of the server's certificate. With it the server is verified in full, its name
    /// included; without it the URL's `sslmode` counts.
    pub ca: Option<PathBuf>,
    /// The client's own certificate.
    pub certificate: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
}

impl PostgresSettings {
    /// Reads one URL for each host, such as `postgres://gebruiker@host:5432/database`.
    ///
    /// # Errors
    /// A sentence that says which URL, by its place and never by its text: it may hold a password.
    pub fn parse(urls: &[impl AsRef<str>]) -> Result<Self, String> {
        if urls.is_empty() {
            return Err("it names no database".into());
        }
        let hosts = urls
            .iter()
            .enumerate()
            .map(|(at, url)| host(url.as_ref()).map_err(|why| format!("URL {}: {why}", at + 1)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            hosts,
            migrate: true,
            write_patience: WRITE_PATIENCE,
        })
    }

    /// With this password on every host.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        self.each(|host| host.password(password))
    }

    /// With these certificates on every host.
    #[must_use]
    pub fn with_tls(self, tls: &DatabaseTls) -> Self {
        self.each(|host| {
            let host = match &tls.ca {
                Some(ca) => host.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(ca),
                None => host,
            };
            match (&tls.certificate, &tls.key) {
                (Some(certificate), Some(key)) => {
                    host.ssl_client_cert(certificate).ssl_client_key(key)
                }
                _ => host,
            }
        })
    }

    fn each(mut self, change: impl Fn(PgConnectOptions) -> PgConnectOptions) -> Self {
        self.hosts = self.hosts.into_iter().map(change).collect();
        self
    }
}

fn host(url: &str) -> Result<PgConnectOptions, String> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err("it does not begin with postgres://".into());
    }
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| "it is not a URL of a PostgreSQL database".to_owned())?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err("it names no database after the host".into());
    }
    Ok(options
        .application_name("stagepoort")
        .options(SESSION)
        .options(PLANS)
        .disable_statement_logging())
}

/// The host's name and port, or its socket.
pub(super) fn name(host: &PgConnectOptions) -> String {
    match host.get_socket() {
        Some(folder) => format!("{}:{}", folder.display(), host.get_port()),
        None => format!("{}:{}", host.get_host(), host.get_port()),
    }
}

/// Without user and password.
impl fmt::Display for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<String> = self.hosts.iter().map(name).collect();
        let database = self.hosts.first().and_then(PgConnectOptions::get_database);
        write!(
            f,
            "{} on {}",
            database.unwrap_or_default(),
            hosts.join(", ")
        )
    }
}

impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresSettings({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_url_is_told_without_its_text() {
        let check = |urls: &[&str], expect: &str| {
            let told = PostgresSettings::parse(urls).unwrap_err();
            assert!(told.contains(expect), "{told}");
            assert!(!told.contains("geheim"), "{told}");
        };
        check(&[], "no database");
        check(&["mysql://u:geheim@h/d"], "URL 1: it does not begin");
        check(&["postgres://h/d", "postgres://u:geheim@h:x/d"], "URL 2");
        check(&["postgres://u:geheim@h"], "names no database");
    }

    #[test]
    fn settings_are_shown_without_the_password() {
        let urls = [
            "postgres://u:geheim@een/d",
            "postgres://u:geheim@twee:6432/d",
        ];
        let settings = PostgresSettings::parse(&urls).unwrap();
        assert_eq!(settings.to_string(), "d on een:5432, twee:6432");
        assert!(!format!("{settings:?}").contains("geheim"));
    }
}
