//! From settings to a gateway that serves.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use tokio::sync::watch;

use super::{Addresses, App, Drain, background, intrekking, random_bytes, saved::Saved, serving};
use crate::{
    access::{Access, Raadplegingen},
    audit::{MapError, Verwerkingslog},
    clock::Clock,
    config::Config,
    log::{LogStore, LogWriter, Opslag, StoreError},
    metrics,
    operations::Profielen,
    push::{Sleutel, SleutelError},
    replica::{FollowerStatus, Replica},
    transport::{
        admin::{Health, Sources},
        gateway::{Freshness, Gateway},
        tls::{Tls, TlsError},
    },
};

/// Why the gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken, or not allowed.
    #[error("cannot listen on {address} ({section}.adres)")]
    Bind {
        /// Section of the settings.
        section: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file with a key or a password can be read by others, or not at all.
    #[error("{0}")]
    Secret(String),
    /// Certificate, key, CA or CRL.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// `[opslag]` names what cannot be read.
    #[error("{0}")]
    Opslag(String),
    /// The key that messages to subscribers are signed with.
    #[error(transparent)]
    Sleutel(#[from] SleutelError),
    /// Others can read the record of processing.
    #[error(transparent)]
    Verwerkingslog(#[from] MapError),
    /// There is neither a database nor a snapshot to serve from.
    #[error("the database {opslag} cannot be used, and there is no snapshot to serve from")]
    NothingToServe {
        /// The database.
        opslag: Opslag,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// A listener could not be started.
    #[error("a listener could not be started")]
    Serve(#[source] io::Error),
    /// Metrics could not be started.
    #[error("metrics could not be started: {0}")]
    Metrics(String),
}

struct Sockets {
    api: TcpListener,
    docs: TcpListener,
    beheer: TcpListener,
    proxy: Option<TcpListener>,
}

pub(super) async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<App, StartError> {
    config.check_secret_files().map_err(StartError::Secret)?;
    let metrics_handle = metrics::start().map_err(StartError::Metrics)?;
    record_build(clock.as_ref());
    // Bound first: a port that is taken is the most common mistake, and the cheapest to find.
    let sockets = bind(&config)?;
    super::bestanden::make_room(serving::files(&config));
    let addresses = sockets.addresses().map_err(StartError::Serve)?;
    let tls = load_tls(&config, clock.as_ref())?;

    let saved = Saved::load(&config.opslag.momentopname);
    let opslag = config.opslag.opslag().map_err(StartError::Opslag)?;
    let store = open_store(&opslag, &saved).await?;
    let verwerkingslog = verwerkingslog(&config, &clock)?;
    let gateway = Arc::new(gateway(&config, &clock, &tls, verwerkingslog, saved)?);

    let (follower_status, follower) = watch::channel(FollowerStatus {
        last_step: None,
        head: gateway.replica.view().versie().nummer,
        applied: gateway.replica.view().versie().nummer,
        may_lag: false,
        behind_since: None,
        stopped: None,
    });
    let health = Arc::new(Health::new(Sources {
        gateway: Arc::clone(&gateway),
        follower,
        clock: Arc::clone(&clock),
    }));
    let (stop, stopping) = watch::channel(false);
    let mut loops = background::spawn(background::Parts {
        config: config.clone(),
        clock: Arc::clone(&clock),
        gateway: Arc::clone(&gateway),
        health: Arc::clone(&health),
        follower_status,
        opslag,
        store,
        stopping: stopping.clone(),
    });
    let revocation = intrekking::Parts {
        tls: Arc::clone(&tls),
        gateway: Arc::clone(&gateway),
        clock: Arc::clone(&clock),
        health: Arc::clone(&health),
    };
    intrekking::start(revocation, &config, &mut loops, &stopping).await;
    let servers = serving::serve(serving::Parts {
        config: &config,
        gateway: &gateway,
        health: &health,
        tls: &tls,
        metrics_handle,
        api: sockets.api,
        docs: sockets.docs,
        beheer: sockets.beheer,
        proxy: sockets.proxy,
        clock: &clock,
    })?;
    let proxy = addresses.proxy.map(tracing::field::display);
    tracing::info!(api = %addresses.api, docs = %addresses.docs, beheer = %addresses.beheer, proxy, "listening");
    Ok(App {
        addresses,
        gateway,
        health,
        tls,
        servers,
        loops,
        stop,
        drain: Drain {
            announce: config.grenzen.afbouw_wacht,
        },
    })
}

/// Certificates, key, authorities, and the revocation lists that are on this machine.
fn load_tls(config: &Config, clock: &dyn Clock) -> Result<Arc<Tls>, TlsError> {
    let (tls, report) = Tls::load(config.tls_paths(), config.tls.crl_grace, clock.now())?;
    for reason in report.failures {
        tracing::warn!(
            reason,
            "the copy of a fetched CRL cannot be used; it is fetched anew"
        );
    }
    Ok(Arc::new(tls))
}

fn gateway(
    config: &Config,
    clock: &Arc<dyn Clock>,
    tls: &Tls,
    verwerkingslog: Verwerkingslog,
    saved: Option<Saved>,
) -> Result<Gateway, SleutelError> {
    let sleutel = config.push.onderteken_sleutel.as_deref();
    let sleutel = sleutel.map(Sleutel::read).transpose()?;
    let mut limits = config.limits();
    limits.abonnementen.openbare_sleutel = sleutel.as_ref().map(Sleutel::public_text);
    let access = Access::ageing(config.toegang.maximale_leeftijd)
        .with_revocations(tls.revocations())
        .with_quota(config.quota.quota(), Arc::clone(clock))
        .with_raadplegingen(Raadplegingen::new(
            config.quota.alarm_leerbedrijven_per_dag,
            u64::from_le_bytes(super::random()),
        ));
    let freshness = Freshness::default();
    let replica = match saved {
        None => Replica::new(),
        Some(saved) => {
            saved.confirm(&freshness, &access, &verwerkingslog);
            Replica::with(saved.view)
        }
    };
    Ok(Gateway {
        replica: Arc::new(replica),
        log: LogWriter::default(),
        push: Arc::default(),
        access: Arc::new(access),
        verwerkingslog: Arc::new(verwerkingslog),
        clock: Arc::clone(clock),
        rules: config.rules(),
        limits,
        own_oin: config.api.oin,
        api_url: config.api.publieke_url.clone(),
        bulk: config.server.bulk(),
        freshness,
        profielen: Profielen::default(),
    })
}

/// Opens the record of processing. Its key comes from the snapshot, or with the log that is followed.
fn verwerkingslog(config: &Config, clock: &Arc<dyn Clock>) -> Result<Verwerkingslog, MapError> {
    let mut nieuw = [0; 16];
    nieuw.copy_from_slice(&random_bytes()[..16]);
    let instellingen = config.verwerkingslog.instellingen(nieuw);
    Verwerkingslog::start(instellingen, Arc::clone(clock))
}

/// The database, or none when it is away and a snapshot can be served meanwhile. With a snapshot
/// a database that is not there is not made: an empty one would look like a register in which
/// nobody is erkend.
async fn open_store(
    opslag: &Opslag,
    saved: &Option<Saved>,
) -> Result<Option<Arc<dyn LogStore>>, StartError> {
    if saved.is_some() && !opslag.is_there() {
        tracing::error!(%opslag, "the database is not there: serving from the snapshot until it is");
        return Ok(None);
    }
    match opslag.follow().await {
        Ok(store) => Ok(Some(store)),
        Err(source) if saved.is_none() => Err(StartError::NothingToServe {
            opslag: opslag.clone(),
            source,
        }),
        Err(source) => {
            let reason = crate::telemetry::chain(&source);
            tracing::error!(
                reason,
                "the database cannot be used: serving from the snapshot until it can"
            );
            Ok(None)
        }
    }
}

fn bind(config: &Config) -> Result<Sockets, StartError> {
    let open = |section, address| {
        TcpListener::bind(address).map_err(|source| StartError::Bind {
            section,
            address,
            source,
        })
    };
    Ok(Sockets {
        api: open("api", config.api.adres)?,
        docs: open("docs", config.docs.adres)?,
        beheer: open("beheer", config.beheer.adres)?,
        proxy: match config.proxy.adres {
            Some(adres) => Some(open("proxy", adres)?),
            None => None,
        },
    })
}

impl Sockets {
    fn addresses(&self) -> io::Result<Addresses> {
        Ok(Addresses {
            api: self.api.local_addr()?,
            docs: self.docs.local_addr()?,
            beheer: self.beheer.local_addr()?,
            proxy: match &self.proxy {
                Some(proxy) => Some(proxy.local_addr()?),
                None => None,
            },
        })
    }
}

fn record_build(clock: &dyn Clock) {
    use metrics::names::{BUILD, START};
    ::metrics::gauge!(BUILD, "versie" => env!("CARGO_PKG_VERSION")).set(1.0);
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds since 1970 are far below 2^52"
    )]
    ::metrics::gauge!(START).set((clock.now().as_millis() / 1000) as f64);
}
