//! `[opslag]`: which engine keeps the log, and where.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::Url;
use serde::Deserialize;

use super::duur;
use crate::{
    log::{DatabaseTls, Opslag, PostgresSettings},
    push::private_file,
    telemetry::chain,
};

/// `[opslag]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpslagConfig {
    /// Which engine.
    pub soort: OpslagSoort,
    /// The SQLite database.
    pub bestand: PathBuf,
    /// One URL for each PostgreSQL host.
    pub databases: Vec<DatabaseUrl>,
    /// A file with the password, for every host.
    pub wachtwoord_bestand: Option<PathBuf>,
    /// Authority of the database's certificates.
    pub database_ca: Option<PathBuf>,
    /// This node's certificate towards the database.
    pub database_certificaat: Option<PathBuf>,
    /// Its private key.
    pub database_sleutel: Option<PathBuf>,
    /// Whether `serve` brings an older schema up to its own.
    pub migreren: bool,
    /// How long a write is tried while no host takes it.
    #[serde(deserialize_with = "duur")]
    pub schrijf_geduld: Duration,
    /// The snapshot of the replica.
    pub momentopname: PathBuf,
    /// How often it is written.
    #[serde(deserialize_with = "duur")]
    pub momentopname_interval: Duration,
}

/// The engine that keeps the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OpslagSoort {
    /// One file on this machine.
    Sqlite,
    /// A database for any number of nodes.
    Postgres,
}

/// A URL that may hold a password, and so is not shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl AsRef<str> for DatabaseUrl {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://…")
    }
}

impl OpslagConfig {
    /// Where the log is. Reads the file with the password.
    ///
    /// # Errors
    /// A sentence that names the key; it never holds a password.
    pub fn opslag(&self) -> Result<Opslag, String> {
        if self.soort == OpslagSoort::Sqlite {
            return Ok(Opslag::Sqlite(self.bestand.clone()));
        }
        let mut settings = self.hosts()?.with_tls(&DatabaseTls {
            ca: self.database_ca.clone(),
            certificate: self.database_certificaat.clone(),
            key: self.database_sleutel.clone(),
        });
        if let Some(path) = &self.wachtwoord_bestand {
            let bytes = private_file::read(path)
                .map_err(|error| format!("opslag.wachtwoordBestand: {}", chain(&error)))?;
            let text = str::from_utf8(&bytes)
                .map_err(|_| "opslag.wachtwoordBestand: the password is not UTF-8".to_owned())?;
            settings = settings.with_password(text.trim_end_matches(['\r', '\n']));
        }
        settings.migrate = self.migreren;
        settings.write_patience = self.schrijf_geduld;
        Ok(Opslag::Postgres(settings))
    }

    /// Whether a password stands among the settings themselves.
    pub(super) fn holds_a_secret(&self) -> bool {
        let has = |url: &DatabaseUrl| {
            let url = Url::parse(&url.0).ok();
            url.is_some_and(|url| {
                let in_query = url.query_pairs().any(|(key, _)| key == "password");
                url.password().is_some() || in_query
            })
        };
        self.databases.iter().any(has)
    }

    /// Files that must be there, by their keys.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        [
            ("opslag.wachtwoordBestand", &self.wachtwoord_bestand),
            ("opslag.databaseCa", &self.database_ca),
            ("opslag.databaseCertificaat", &self.database_certificaat),
            ("opslag.databaseSleutel", &self.database_sleutel),
        ]
        .into_iter()
        .filter_map(|(key, path)| Some((key, path.as_deref()?)))
    }

    /// Those of the files above that hold a key or a password.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        const SECRETS: [&str; 2] = ["opslag.wachtwoordBestand", "opslag.databaseSleutel"];
        self.files().filter(|(key, _)| SECRETS.contains(key))
    }

    /// Files that are written, of which only the folder must be there.
    pub(crate) fn written(&self) -> Vec<(&'static str, &Path)> {
        let mut written = vec![("opslag.momentopname", self.momentopname.as_path())];
        if self.soort == OpslagSoort::Sqlite {
            written.push(("opslag.bestand", &self.bestand));
        }
        written
    }

    pub(super) fn resolve(&mut self, base: &Path) {
        let optional = [
            &mut self.wachtwoord_bestand,
            &mut self.database_ca,
            &mut self.database_certificaat,
            &mut self.database_sleutel,
        ];
        let paths = [&mut self.bestand, &mut self.momentopname];
        for path in paths.into_iter().chain(optional.into_iter().flatten()) {
            *path = base.join(&*path);
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match (self.soort, self.databases.is_empty()) {
            (OpslagSoort::Sqlite, true) => return Ok(()),
            (OpslagSoort::Sqlite, false) => {
                return Err("opslag.databases names PostgreSQL, but opslag.soort is \"sqlite\": set soort = \"postgres\" or leave databases out".into());
            }
            (OpslagSoort::Postgres, true) => {
                return Err("opslag.databases is empty: name each host, such as [\"postgres://stagepoort@db1/stagepoort\"]".into());
            }
            (OpslagSoort::Postgres, false) => {}
        }
        if self.database_certificaat.is_some() != self.database_sleutel.is_some() {
            return Err("opslag.databaseCertificaat and opslag.databaseSleutel belong together: name both or neither".into());
        }
        if self.schrijf_geduld < Duration::from_secs(1) {
            return Err(
                "opslag.schrijfGeduld is below \"1s\": no write would survive a promotion".into(),
            );
        }
        self.hosts().map(drop)
    }

    fn hosts(&self) -> Result<PostgresSettings, String> {
        PostgresSettings::parse(&self.databases).map_err(|why| format!("opslag.databases: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn parse(opslag: &str) -> Result<Config, String> {
        Config::parse(&format!("[opslag]\n{opslag}"), Path::new("/etc/sp"))
    }

    #[test]
    fn a_wrong_store_is_named_without_its_password() {
        let check = |text: &str, expect: &str| {
            let found = parse(text).unwrap_err();
            assert!(found.contains(expect), "{text}: {found}");
            assert!(!found.contains("geheim"), "{found}");
        };
        check("soort = \"oracle\"", "opslag.soort");
        check("soort = \"postgres\"", "opslag.databases is empty");
        check("databases = [\"postgres://h/d\"]", "opslag.soort");
        let with = |more: &str| format!("soort = \"postgres\"\n{more}");
        check(
            &with("databases = [\"postgres://u:geheim@h/d\", \"http://u:geheim@h/d\"]"),
            "opslag.databases: URL 2",
        );
        let good = "databases = [\"postgres://u:geheim@h/d\"]\n";
        check(
            &with(&format!("{good}databaseSleutel = \"x\"")),
            "belong together",
        );
        check(
            &with(&format!("{good}schrijfGeduld = \"0s\"")),
            "opslag.schrijfGeduld",
        );
        let config = parse(&with(&format!("{good}wachtwoordBestand = \"ww\""))).unwrap();
        let told = config.opslag.opslag().unwrap_err();
        assert!(told.contains("wachtwoordBestand") && told.contains("/etc/sp/ww"));
        assert!(!format!("{config:?}").contains("geheim"));
    }

    #[test]
    fn a_password_among_the_settings_is_known_wherever_it_stands() {
        for (url, expect) in [
            ("postgres://u@h/d", false),
            ("postgres://u:geheim@h/d", true),
            ("postgres://u@h/d?password=geheim", true),
            ("postgres://u@h/d?sslmode=require", false),
        ] {
            let text = format!("soort = \"postgres\"\ndatabases = [\"postgres://h/d\", \"{url}\"]");
            assert_eq!(
                parse(&text).unwrap().opslag.holds_a_secret(),
                expect,
                "{url}"
            );
        }
    }

    #[test]
    fn it_says_where_the_log_is() {
        let sqlite = parse("").unwrap().opslag.opslag().unwrap();
        assert_eq!(sqlite.to_string(), "/etc/sp/stagepoort.db");
        let text =
            "soort = \"postgres\"\ndatabases = [\"postgres://een/d\", \"postgres://twee/d\"]";
        let postgres = parse(text).unwrap().opslag.opslag().unwrap();
        assert_eq!(postgres.to_string(), "d on een:5432, twee:5432");
    }
}
