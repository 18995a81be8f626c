//! Settings: one struct per section, defaults compiled in from `config/default.toml`, unknown
//! keys refused.

mod opslag;
mod proxy;
mod push;
mod quota;
mod tls;
mod verwerkingslog;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use figment::{
    Figment,
    providers::{Format, Toml},
};
use serde::{Deserialize, Deserializer, de};

use crate::{
    bron::{self, Plaats},
    domain::{Bewaartermijn, Oin},
    operations::{CursorSleutel, KeuzedeelRegel, Rules, opvragen_mutaties::MAX_WACHT_S},
    push::{PrivateFileError, Voorwaarden, Wachtgrens, private_file},
    register::Share,
    telemetry::chain,
    transport::{
        bulk::{Bulk, Voorrang},
        gateway::{Limits, Verbindingsgrenzen},
    },
};

pub use opslag::{DatabaseUrl, OpslagConfig, OpslagSoort};
pub use proxy::ProxyConfig;
pub use push::PushConfig;
pub use quota::QuotaConfig;
pub use tls::TlsConfig;
pub use verwerkingslog::VerwerkingslogConfig;

/// A call that waits for mutaties as long as it may, and some time to answer.
const LANGSTE_WACHT: Duration = Duration::from_secs(MAX_WACHT_S + 5);

/// The commented defaults, as `stagepoort config default` prints them.
pub const DEFAULT_TOML: &str = include_str!("../config/default.toml");

/// All settings of `serve`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The listener for callers.
    pub api: ApiConfig,
    /// The listener for documents.
    pub docs: ListenerConfig,
    /// The listener for health and metrics.
    pub beheer: ListenerConfig,
    /// Certificates and keys.
    pub tls: TlsConfig,
    /// A proxy that ends TLS.
    pub proxy: ProxyConfig,
    /// Where the log and the snapshot stand.
    pub opslag: OpslagConfig,
    /// Rules of the register.
    pub register: RegisterConfig,
    /// Searching.
    pub zoeken: ZoekenConfig,
    /// Delivering mutaties to subscribers.
    pub push: PushConfig,
    /// Recording who was given data about people.
    pub verwerkingslog: VerwerkingslogConfig,
    /// Age limit of who may ask what.
    pub toegang: ToegangConfig,
    /// What an afnemer may ask of this node.
    pub quota: QuotaConfig,
    /// Every limit on callers.
    pub grenzen: GrenzenConfig,
    /// Threads.
    pub server: ServerConfig,
    /// Logging.
    pub logboek: LogboekConfig,
}

/// `[api]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiConfig {
    /// Where to listen.
    pub adres: SocketAddr,
    /// Base URL outside, without a slash at the end.
    pub publieke_url: String,
    /// The gateway's own OIN.
    pub oin: Oin,
}

/// `[docs]` and `[beheer]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListenerConfig {
    /// Where to listen.
    pub adres: SocketAddr,
}

/// `[register]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterConfig {
    /// When a keuzedeel counts as erkend.
    pub keuzedeel_regel: KeuzedeelRegel,
    /// Oldest register that is still answered from.
    #[serde(deserialize_with = "duur")]
    pub maximale_veroudering: Duration,
    /// Where leveringen are fetched from; empty: nowhere.
    pub bron: String,
    /// How often it is looked whether there is another.
    #[serde(deserialize_with = "duur")]
    pub bron_interval: Duration,
    /// Longest time that a download may take.
    #[serde(deserialize_with = "duur")]
    pub bron_tijd: Duration,
    /// Authorities that the source is trusted by; empty: those of the system.
    pub bron_ca: PathBuf,
    /// Client certificate to fetch with; empty: none.
    pub bron_certificaat: PathBuf,
    /// Its private key; empty: none.
    pub bron_sleutel: PathBuf,
    /// Share of the lines of a fetched levering that may be set aside.
    #[serde(deserialize_with = "share")]
    pub maximaal_afgekeurd: Share,
    /// Most bytes of a fetched levering, once it is unpacked.
    pub maximale_levering_bytes: u64,
    /// How long a bpvo stays after its last day.
    #[serde(deserialize_with = "bewaartermijn")]
    pub bpvo_bewaring: Bewaartermijn,
}

/// `[zoeken]`.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZoekenConfig {
    /// Secret that cursors are sealed with; empty: the gateway's own OIN.
    pub cursor_sleutel: String,
}

/// Without the secret.
impl std::fmt::Debug for ZoekenConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZoekenConfig").finish_non_exhaustive()
    }
}

/// `[toegang]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToegangConfig {
    /// Longest time without confirmation.
    #[serde(deserialize_with = "duur")]
    pub maximale_leeftijd: Duration,
}

/// `[grenzen]`; the reasons stand in the default file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "each is explained in config/default.toml")]
pub struct GrenzenConfig {
    pub body_bytes: usize,
    pub bulk_body_bytes: usize,
    pub diepte: usize,
    pub elementen: usize,
    pub bulk_elementen: usize,
    pub attributen: usize,
    #[serde(deserialize_with = "duur")]
    pub body_tijd: Duration,
    #[serde(deserialize_with = "duur")]
    pub kop_tijd: Duration,
    #[serde(deserialize_with = "duur")]
    pub handshake_tijd: Duration,
    #[serde(deserialize_with = "duur")]
    pub stil_tijd: Duration,
    #[serde(deserialize_with = "duur")]
    pub verzoek_tijd: Duration,
    #[serde(deserialize_with = "duur")]
    pub schrijf_tijd: Duration,
    #[serde(deserialize_with = "duur")]
    pub verbinding_leeftijd: Duration,
    pub verzoeken_per_verbinding: u32,
    pub verbindingen: usize,
    pub verbindingen_per_partij: usize,
    pub handshakes: usize,
    pub wachtenden: usize,
    pub wachtenden_per_afnemer: usize,
    #[serde(deserialize_with = "duur")]
    pub versie_wacht: Duration,
    #[serde(deserialize_with = "duur")]
    pub bewaar_wacht: Duration,
    #[serde(deserialize_with = "duur")]
    pub afbouw_wacht: Duration,
    #[serde(deserialize_with = "duur")]
    pub afbouw_tijd: Duration,
}

/// `[server]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerConfig {
    /// Threads; 0 is one for each core.
    pub workers: usize,
    /// Threads for bulk messages; 0 is one for each core, and two at least.
    pub bulk_workers: usize,
    /// What they get of the processor.
    pub bulk_voorrang: Voorrang,
}

impl ServerConfig {
    /// Where bulk messages are read and answered.
    #[must_use]
    pub fn bulk(&self) -> Bulk {
        let threads = match self.bulk_workers {
            0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            threads => threads,
        };
        Bulk::new(threads, self.bulk_voorrang)
    }
}

/// `[logboek]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogboekConfig {
    /// For people or for machines.
    pub formaat: LogFormaat,
    /// A level or a tracing filter.
    pub niveau: String,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormaat {
    /// For people.
    Tekst,
    /// One JSON object a line.
    Json,
}

/// Why the settings are refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A secret stands in the file, and others can read it.
    #[error(
        "{path} holds a secret (zoeken.cursorSleutel, or a password in opslag.databases) and can be read by others (mode {mode:04o}): run `chmod 600 {path}`"
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key or value is not understood; the text names it.
    #[error("{path}: {reason}")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// What is wrong and where.
        reason: String,
    },
}

impl Config {
    /// Reads a file over the defaults.
    ///
    /// # Errors
    /// [`ConfigError`], which names the file, the key and what would be right.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let base = path.parent().unwrap_or(Path::new(""));
        let config = Self::parse(&text, base).map_err(|reason| ConfigError::Invalid {
            path: path.to_owned(),
            reason,
        })?;
        match private_file::check(path) {
            Err(PrivateFileError::Exposed { path, mode }) if config.holds_a_secret() => {
                Err(ConfigError::Exposed { path, mode })
            }
            _ => Ok(config),
        }
    }

    /// Files with a key or a password that are named, by their keys, besides that of `[tls]`, which
    /// is checked where it is read.
    ///
    /// # Errors
    /// A sentence about the first that others can read, or that cannot be read.
    pub(crate) fn check_secret_files(&self) -> Result<(), String> {
        let bron = &self.register.bron_sleutel;
        let bron =
            (!bron.as_os_str().is_empty()).then_some(("register.bronSleutel", bron.as_path()));
        for (key, path) in self.opslag.secrets().chain(self.push.secrets()).chain(bron) {
            private_file::check(path).map_err(|error| format!("{key}: {}", chain(&error)))?;
        }
        Ok(())
    }

    fn holds_a_secret(&self) -> bool {
        !self.zoeken.cursor_sleutel.is_empty() || self.opslag.holds_a_secret()
    }

    /// Reads a text over the defaults; relative paths are taken from `base`.
    ///
    /// # Errors
    /// A sentence that names the key and what is wrong with it.
    pub fn parse(text: &str, base: &Path) -> Result<Self, String> {
        written_right(text)?;
        let mut config: Self = Figment::new()
            .merge(Toml::string(DEFAULT_TOML))
            .merge(Toml::string(text))
            .extract()
            .map_err(|error| explain(&error))?;
        config.resolve(base);
        config.check()?;
        Ok(config)
    }

    fn resolve(&mut self, base: &Path) {
        self.opslag.resolve(base);
        self.push.resolve(base);
        self.tls.resolve(base);
        self.verwerkingslog.resolve(base);
        let register = &mut self.register;
        let optional = [
            &mut register.bron_ca,
            &mut register.bron_certificaat,
            &mut register.bron_sleutel,
        ];
        for path in optional {
            if !path.as_os_str().is_empty() {
                *path = base.join(&*path);
            }
        }
        // One that is not right is told by `check`.
        if !register.bron.is_empty()
            && let Ok(Plaats::Bestand(path)) = Plaats::parse(&register.bron)
        {
            register.bron = base.join(path).display().to_string();
        }
    }

    fn check(&self) -> Result<(), String> {
        let url = &self.api.publieke_url;
        if !url.starts_with("https://") || url.ends_with('/') {
            return Err(format!(
                "api.publiekeUrl is \"{url}\"; it must begin with https:// and not end with a slash"
            ));
        }
        self.tls.check()?;
        self.proxy.check()?;
        self.opslag.check()?;
        self.push.check()?;
        self.quota.check()?;
        self.verwerkingslog.check()?;
        self.check_paths()?;
        self.check_addresses()?;
        self.check_bron()?;
        let grenzen = &self.grenzen;
        let times = [
            ("bodyTijd", grenzen.body_tijd),
            ("kopTijd", grenzen.kop_tijd),
            ("handshakeTijd", grenzen.handshake_tijd),
            ("stilTijd", grenzen.stil_tijd),
            ("verzoekTijd", grenzen.verzoek_tijd),
            ("schrijfTijd", grenzen.schrijf_tijd),
            ("verbindingLeeftijd", grenzen.verbinding_leeftijd),
        ];
        if let Some((name, _)) = times
            .iter()
            .find(|(_, time)| *time < Duration::from_secs(1))
        {
            return Err(format!(
                "grenzen.{name} is below \"1s\": no caller could keep to it"
            ));
        }
        if grenzen.verzoek_tijd < LANGSTE_WACHT {
            return Err(format!(
                "grenzen.verzoekTijd is below \"{}s\": opvragenMutaties may wait for 30 s",
                LANGSTE_WACHT.as_secs()
            ));
        }
        let at_least_one = [
            ("bodyBytes", grenzen.body_bytes),
            ("bulkBodyBytes", grenzen.bulk_body_bytes),
            ("diepte", grenzen.diepte),
            ("elementen", grenzen.elementen),
            ("bulkElementen", grenzen.bulk_elementen),
            ("attributen", grenzen.attributen),
            ("verbindingen", grenzen.verbindingen),
            ("verbindingenPerPartij", grenzen.verbindingen_per_partij),
            ("handshakes", grenzen.handshakes),
            ("wachtenden", grenzen.wachtenden),
            ("wachtendenPerAfnemer", grenzen.wachtenden_per_afnemer),
        ];
        match at_least_one.iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(format!("grenzen.{name} is 0; it must be at least 1")),
            None => Ok(()),
        }
    }

    /// What the gateway writes must not be what it reads: one path twice is a mistake that would
    /// cost a database or a key.
    fn check_paths(&self) -> Result<(), String> {
        let (opslag, tls) = (&self.opslag, &self.tls);
        let read = [
            ("opslag.bestand", &opslag.bestand),
            ("tls.certificaat", &tls.certificaat),
            ("tls.sleutel", &tls.sleutel),
            ("tls.clientCa", &tls.client_ca),
        ];
        let crls = tls
            .crl
            .iter()
            .filter_map(|plaats| Some(("tls.crl", plaats.file()?)));
        let files = opslag.files().map(|(key, path)| (key, path.to_path_buf()));
        let read = read.map(|(key, path)| (key, path.clone()));
        let crls = crls.map(|(key, path)| (key, path.to_path_buf()));
        match read
            .into_iter()
            .chain(crls)
            .chain(files)
            .find(|(_, path)| *path == opslag.momentopname)
        {
            Some((key, path)) => Err(format!(
                "opslag.momentopname and {key} are both {}: give the snapshot a file of its own",
                path.display()
            )),
            None => Ok(()),
        }
    }

    fn check_bron(&self) -> Result<(), String> {
        let register = &self.register;
        self.bron()?;
        let certificate = register.bron_certificaat.as_os_str().is_empty();
        if certificate != register.bron_sleutel.as_os_str().is_empty() {
            return Err(
                "register.bronCertificaat and register.bronSleutel belong together: give both or neither"
                    .into(),
            );
        }
        for (name, time) in [
            ("bronInterval", register.bron_interval),
            ("bronTijd", register.bron_tijd),
        ] {
            if time < Duration::from_secs(1) {
                return Err(format!("register.{name} must be at least \"1s\""));
            }
        }
        Ok(())
    }

    /// From where and how leveringen are fetched; none when they are not.
    ///
    /// # Errors
    /// A sentence, when `register.bron` is not an https URL or a file.
    pub fn bron(&self) -> Result<Option<bron::Settings>, String> {
        let register = &self.register;
        if register.bron.is_empty() {
            return Ok(None);
        }
        let plaats =
            Plaats::parse(&register.bron).map_err(|reason| format!("register.bron {reason}"))?;
        let given = |path: &PathBuf| (!path.as_os_str().is_empty()).then(|| path.clone());
        let map = self.opslag.momentopname.parent().unwrap_or(Path::new("."));
        Ok(Some(bron::Settings {
            plaats,
            ca: given(&register.bron_ca),
            identity: given(&register.bron_certificaat).zip(given(&register.bron_sleutel)),
            tijd: register.bron_tijd,
            maximale_bytes: register.maximale_levering_bytes,
            map: map.to_owned(),
        }))
    }

    fn check_addresses(&self) -> Result<(), String> {
        let mut all = vec![
            ("api.adres", self.api.adres),
            ("docs.adres", self.docs.adres),
            ("beheer.adres", self.beheer.adres),
        ];
        all.extend(self.proxy.adres.map(|adres| ("proxy.adres", adres)));
        for (at, (key, adres)) in all.iter().enumerate() {
            // Port 0 asks for a free one.
            let same = |other: &&(&str, SocketAddr)| other.1 == *adres && adres.port() != 0;
            if let Some((other, _)) = all[at + 1..].iter().find(same) {
                return Err(format!("{key} and {other} are both {adres}"));
            }
        }
        Ok(())
    }

    /// The limits that both transports keep.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let grenzen = &self.grenzen;
        Limits {
            body_bytes: grenzen.body_bytes,
            bulk_body_bytes: grenzen.bulk_body_bytes,
            depth: grenzen.diepte,
            elements: grenzen.elementen,
            bulk_elements: grenzen.bulk_elementen,
            attributes: grenzen.attributen,
            body_timeout: grenzen.body_tijd,
            quota: self.quota.quota(),
            versie_wait: grenzen.versie_wacht,
            write_wait: grenzen.bewaar_wacht,
            wachtenden: Wachtgrens {
                in_all: grenzen.wachtenden,
                per_afnemer: grenzen.wachtenden_per_afnemer,
            },
            verbinding: Verbindingsgrenzen {
                of_party: grenzen.verbindingen_per_partij,
                handshake: grenzen.handshake_tijd,
                head: grenzen.kop_tijd,
                idle: grenzen.stil_tijd,
                request: grenzen.verzoek_tijd,
                write_stall: grenzen.schrijf_tijd,
                age: grenzen.verbinding_leeftijd,
                requests: grenzen.verzoeken_per_verbinding,
            },
            abonnementen: Voorwaarden {
                netwerken: self.push.toegestane_netwerken.clone(),
                // It is read when the gateway starts.
                openbare_sleutel: None,
            },
            maximale_veroudering: self.register.maximale_veroudering,
        }
    }

    /// The settings that change an answer.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            keuzedeel_regel: self.register.keuzedeel_regel,
            bpvo_bewaring: self.register.bpvo_bewaring,
            cursor_sleutel: match self.zoeken.cursor_sleutel.as_str() {
                "" => CursorSleutel::new(self.api.oin.as_str()),
                secret => CursorSleutel::new(secret),
            },
        }
    }
}

/// Settings of which no message may repeat the value.
const SECRETS: [&str; 2] = ["opslag.databases", "zoeken.cursorSleutel"];

/// That the text is TOML. The library would show the line, which may hold a secret.
fn written_right(text: &str) -> Result<(), String> {
    let Err(error) = text.parse::<toml::Table>() else {
        return Ok(());
    };
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.unwrap_or_default().matches('\n').count() + 1;
    Err(format!("line {line}: {}", error.message()))
}

/// The library's message with the key it is about, in one sentence.
fn explain(error: &figment::Error) -> String {
    use figment::error::Kind;
    let place = error.path.join(".");
    let is_secret = SECRETS.iter().any(|secret| place.starts_with(secret));
    match &error.kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) if is_secret => {
            format!("{place}: expected {expected}")
        }
        kind if place.is_empty() => kind.to_string(),
        kind => format!("{place}: {kind}"),
    }
}

fn duur<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(d)?;
    let parsed: Option<jiff::SignedDuration> = text.parse().ok();
    parsed
        .and_then(|d| Duration::try_from(d).ok())
        .ok_or_else(|| {
            de::Error::custom(format!(
                "\"{text}\" is not a duration such as \"30s\", \"5m\" or \"24h\""
            ))
        })
}

fn share<'de, D: Deserializer<'de>>(d: D) -> Result<Share, D::Error> {
    Share::parse(&String::deserialize(d)?).map_err(de::Error::custom)
}

fn bewaartermijn<'de, D: Deserializer<'de>>(d: D) -> Result<Bewaartermijn, D::Error> {
    Bewaartermijn::parse(&String::deserialize(d)?).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mistake_repeats_a_secret() {
        for text in [
            "[opslag]\ndatabases = \"postgres://u:GEHEIM@h/d\"",
            "[opslag]\ndatabases = [[\"postgres://u:GEHEIM@h/d\"]]",
            "[opslag]\nsoort = \"postgres\"\ndatabases = [\"postgres://u:GEHEIM@h/d]",
            "[zoeken]\ncursorSleutel = [\"GEHEIM\"]",
            "[zoeken]\ncursorSleutel = { a = \"GEHEIM\" }",
            "[zoeken]\ncursorSleutel = \"GEHEIM\" x",
            "[zoeken]\ncursorSleutel = GEHEIM",
            "[zoeken]\ncursorsleutel = \"GEHEIM\"",
        ] {
            let told = Config::parse(text, Path::new("")).unwrap_err();
            assert!(!told.contains("GEHEIM"), "{text}: {told}");
            assert!(told.contains("line ") || told.contains('.'), "{told}");
        }
    }

    #[test]
    fn defaults_are_whole_and_agree_with_the_limits_in_code() {
        let config = Config::parse("", Path::new("/etc/stagepoort")).unwrap();
        assert_eq!(
            format!("{:?}", config.limits()),
            format!("{:?}", Limits::default())
        );
        assert_eq!(
            config.opslag.bestand,
            Path::new("/etc/stagepoort/stagepoort.db")
        );
        assert_eq!(
            config.register.maximale_veroudering,
            Duration::from_secs(86_400)
        );
        assert!(config.bron().unwrap().is_none());
        assert_eq!(config.register.maximaal_afgekeurd, Share::DEFAULT);
        let most = crate::register::levering::MAX_LEVERING_BYTES;
        assert_eq!(config.register.maximale_levering_bytes, most);
        assert_eq!(config.rules().bpvo_bewaring, Bewaartermijn::DEFAULT);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let check = |text: &str, expect: &str| {
            let found = Config::parse(text, Path::new("")).unwrap_err();
            assert!(found.contains(expect), "{text}: {found}");
        };
        check("[api]\nadress = \"x\"", "adress");
        check("[apii]\nadres = \"x\"", "apii");
        check("[api]\nadres = \"x\"", "api.adres");
        check("[api]\noin = \"123\"", "api.oin");
        check("[api]\npubliekeUrl = \"http://x\"", "https://");
        check("[grenzen]\nbodyTijd = \"soon\"", "\"30s\"");
        check("[grenzen]\ndiepte = 0", "at least 1");
        check("[grenzen]\ndiepte = -1", "grenzen.diepte");
        check("[tls]\ncrl = []", "crlVerplicht");
        check("[quota]\nburst = 0", "quota.burst is 0");
        check("[quota]\nbulkregelsPerMinuut = 9999", "at least 10000");
        check("[quota]\nbursts = 1", "bursts");
        check("[tls]\ncrl = [\"ftp://a/b\"]", "http or https");
        check("[tls]\ncrlInterval = \"0s\"", "tls.crlInterval");
        check("[tls]\ncrlInterval = \"100h\"", "tls.crlInterval");
        check("[tls]\ncrlTijd = \"0s\"", "tls.crlTijd");
        check("[tls]\ncrlMaximaleBytes = 0", "tls.crlMaximaleBytes");
        check("[proxy]\nadres = \"127.0.0.1:8446\"", "proxy.vertrouwd");
        check("[proxy]\nvertrouwd = [\"proxy\"]", "proxy.vertrouwd");
        check("[grenzen]\nkopTijd = \"0s\"", "grenzen.kopTijd");
        check("[grenzen]\nverzoekTijd = \"30s\"", "grenzen.verzoekTijd");
        check(
            "[opslag]\nmomentopname = \"stagepoort.db\"",
            "opslag.bestand",
        );
        check("[opslag]\nmomentopname = \"server.key.pem\"", "tls.sleutel");
        check(
            "[docs]\nadres = \"0.0.0.0:8443\"",
            "api.adres and docs.adres",
        );
        check("[register]\nkeuzedeelRegel = \"SOMS\"", "keuzedeelRegel");
        check(
            "[register]\nbron = \"http://a.example/\"",
            "register.bron must",
        );
        check("[register]\nbronSleutel = \"a\"", "belong together");
        check("[register]\nbronInterval = \"0s\"", "bronInterval");
        check(
            "[register]\nmaximaalAfgekeurd = \"alles\"",
            "maximaalAfgekeurd",
        );
        check("[register]\nbpvoBewaring = \"0h\"", "register.bpvoBewaring");
        check("[register]\nbpvoBewaring = \"nooit\"", "\"720h\" (30 days)");
        check("[register]\nbpvoBewaring = 400", "register.bpvoBewaring");
        check(
            "[push]\ntoegestaneNetwerken = [\"10.0.0.1\"]",
            "push.toegestaneNetwerken",
        );
        check("[push]\nsleutel = \"a\"", "belong together");
        check("[push]\nberichtTijd = \"0s\"", "push.berichtTijd");
        check("[push]\ngelijktijdig = 0", "push.gelijktijdig");
        check(
            "[verwerkingslog]\nactiviteit = \"x\"",
            "verwerkingslog.activiteit",
        );
        check(
            "[verwerkingslog]\nsegmentBytes = 1",
            "verwerkingslog.segmentBytes",
        );
        check("[verwerkingslog]\nwacht = \"0s\"", "verwerkingslog.wacht");
        check("[verwerkingslog]\nwachtrij = 0", "verwerkingslog.wachtrij");
        check(
            "[verwerkingslog]\nlokaleBewaring = \"1h\"",
            "verwerkingslog.lokaleBewaring",
        );
        check(
            "[verwerkingslog]\nbewaartermijn = \"48h\"",
            "verwerkingslog.bewaartermijn",
        );
        check(
            "[verwerkingslog]\notlp = \"http://collector.example/v1/traces\"",
            "https",
        );
        check(
            "[verwerkingslog]\notlpSleutel = \"x\"",
            "verwerkingslog.otlpCertificaat",
        );
        check("geen toml", "");
    }
}
