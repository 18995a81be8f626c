//! A gateway listener with an application of three routes.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, LazyLock},
    time::Duration,
};

use actix_web::{App, HttpRequest, HttpResponse, dev::ServerHandle, web};
use certs_dev::{Manifest, Plan, default_plan};
use stagepoort::{
    clock::{Clock, SystemClock},
    domain::Tijdstip,
    transport::{
        identity::peer_identity,
        listener::{Listener, ListenerLimits, serve},
        tls::{CRL_GRACE, Tls, TlsPaths},
    },
};
use tempfile::TempDir;
use time::OffsetDateTime;

/// Certificates that no test changes; an RSA key takes a while to make.
pub(crate) static SHARED: LazyLock<Certificates> =
    LazyLock::new(|| Certificates::make(&default_plan()));

pub(crate) struct Certificates {
    pub(crate) dir: TempDir,
    pub(crate) manifest: Manifest,
}

impl Certificates {
    pub(crate) fn make(plan: &Plan) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let manifest = certs_dev::generate(dir.path(), plan, OffsetDateTime::now_utc()).unwrap();
        Self { dir, manifest }
    }

    /// A folder of the test's own, with ECDSA keys alone because they are made quickly.
    pub(crate) fn own() -> Self {
        let mut plan = default_plan();
        plan.afnemers
            .retain(|a| a.sleuteltype == certs_dev::Sleuteltype::Ecdsa);
        Self::make(&plan)
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn paths(&self) -> TlsPaths {
        TlsPaths {
            certificate: self.manifest.server.certificaat.cert.clone(),
            key: self.manifest.server.certificaat.key.clone(),
            client_ca: self.manifest.ca.clone(),
            crls: vec![self.manifest.crl.clone().into()],
            crl_issuers: None,
            crl_folder: self.path().join("crl-opgehaald"),
            crl_most_bytes: 1 << 20,
        }
    }
}

pub(crate) fn now() -> Tijdstip {
    SystemClock.now()
}

/// A running listener; it stops with the test.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Arc<Tls>,
    pub(crate) handle: ServerHandle,
}

impl TestServer {
    pub(crate) fn start(paths: TlsPaths) -> Self {
        Self::start_with(paths, CRL_GRACE, limits())
    }

    pub(crate) fn start_with(paths: TlsPaths, crl_grace: Duration, limits: ListenerLimits) -> Self {
        let (tls, _) = Tls::load(paths, crl_grace, now()).unwrap();
        let config = tls.api_config().unwrap();
        Self::serve("api", tls, config, limits)
    }

    pub(crate) fn start_docs(paths: TlsPaths) -> Self {
        let (tls, _) = Tls::load(paths, CRL_GRACE, now()).unwrap();
        let config = tls.docs_config().unwrap();
        Self::serve("docs", tls, config, limits())
    }

    fn serve(
        name: &'static str,
        tls: Tls,
        config: rustls::ServerConfig,
        limits: ListenerLimits,
    ) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let listener = Listener {
            name,
            socket,
            tls: config,
            connections: tls.connections(),
            limits,
        };
        let server = serve(listener, || {
            App::new()
                .route("/oin", web::get().to(oin))
                .route("/lang", web::get().to(std::future::pending::<HttpResponse>))
                .route("/echo", web::post().to(async |body: web::Bytes| body))
        })
        .unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            address,
            tls: Arc::new(tls),
            handle,
        }
    }
}

/// Limits under which nothing happens within a test by itself.
pub(crate) fn limits() -> ListenerLimits {
    ListenerLimits {
        workers: 1,
        shutdown_timeout: Duration::from_secs(5),
        ..ListenerLimits::default()
    }
}

async fn oin(request: HttpRequest) -> HttpResponse {
    match peer_identity(&request) {
        Ok(peer) => HttpResponse::Ok().body(
            peer.oin
                .map_or_else(|| "geen".to_owned(), |oin| oin.to_string()),
        ),
        Err(rejection) => HttpResponse::Unauthorized().body(rejection.to_string()),
    }
}
