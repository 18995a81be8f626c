//! The three listeners and what each of them serves.

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServiceRequest},
    middleware::{Next, from_fn},
    web::{self, Data},
};
use metrics_exporter_prometheus::PrometheusHandle;

use super::StartError;
use crate::{
    clock::Clock,
    config::Config,
    transport::{
        admin::{self, Health},
        connections::Connections,
        docs,
        gateway::Gateway,
        listener::{self, Listener, ListenerLimits},
        observe::observe,
        proxy::PassedOn,
        rest, soap,
        tls::Tls,
    },
};

/// What the listeners serve from.
pub(super) struct Parts<'a> {
    pub(super) config: &'a Config,
    pub(super) gateway: &'a Arc<Gateway>,
    pub(super) health: &'a Arc<Health>,
    pub(super) tls: &'a Arc<Tls>,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) metrics_handle: PrometheusHandle,
    pub(super) api: TcpListener,
    pub(super) docs: TcpListener,
    pub(super) beheer: TcpListener,
    pub(super) proxy: Option<TcpListener>,
}

/// Starts them: callers, callers behind a proxy, documents, operators.
pub(super) fn serve(parts: Parts<'_>) -> Result<Vec<Server>, StartError> {
    let limits = limits(parts.config);
    let gateway = Data::from(Arc::clone(parts.gateway));

    let passed_on = |name, proxies| {
        let (tls, clock) = (Arc::clone(parts.tls), Arc::clone(parts.clock));
        Arc::new(PassedOn::new(name, proxies, tls, clock))
    };
    let api = Listener {
        name: "api",
        socket: parts.api,
        tls: parts.tls.api_config()?,
        connections: parts.tls.connections(),
        limits: limits.clone(),
    };
    let mut callers = vec![serve_callers(api, gateway.clone(), passed_on("api", &[]))?];
    if let Some(socket) = parts.proxy {
        let proxy = Listener {
            name: "proxy",
            socket,
            tls: parts.tls.docs_config()?,
            connections: Arc::new(Connections::default()),
            limits: limits.clone(),
        };
        let passed_on = passed_on("proxy", &parts.config.proxy.vertrouwd);
        callers.push(serve_callers(proxy, gateway.clone(), passed_on)?);
    }

    let docs = Listener {
        name: "docs",
        socket: parts.docs,
        tls: parts.tls.docs_config()?,
        connections: Arc::new(Connections::default()),
        limits: ListenerLimits {
            workers: 1,
            ..limits
        },
    };
    let docs = listener::serve(docs, move || {
        App::new()
            .app_data(gateway.clone())
            .wrap(rest::headers::Headers)
            .configure(documents)
            .default_service(web::to(rest::not_found))
    })
    .map_err(StartError::Serve)?;

    callers.push(docs);
    callers.push(beheer(parts.beheer, parts.health, parts.metrics_handle)?);
    Ok(callers)
}

/// SOAP, REST and documents, for callers with a certificate.
fn serve_callers(
    listener: Listener,
    gateway: Data<Gateway>,
    passed_on: Arc<PassedOn>,
) -> Result<Server, StartError> {
    listener::serve(listener, move || {
        let passed_on = Arc::clone(&passed_on);
        App::new()
            .app_data(gateway.clone())
            .wrap(from_fn(observe))
            .wrap(rest::headers::Headers)
            .wrap(from_fn(move |request: ServiceRequest, next: Next<_>| {
                passed_on.admit(&request);
                next.call(request)
            }))
            .configure(soap::configure)
            .configure(rest::configure)
            .configure(documents)
            .default_service(web::to(rest::not_found))
    })
    .map_err(StartError::Serve)
}

/// Documents for integrators, on both listeners that they reach.
fn documents(config: &mut web::ServiceConfig) {
    docs::configure_documents(config);
    soap::configure_documents(config);
}

fn beheer(
    socket: TcpListener,
    health: &Arc<Health>,
    handle: PrometheusHandle,
) -> Result<Server, StartError> {
    let health = Data::from(Arc::clone(health));
    let handle = Data::new(handle);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(health.clone())
            .app_data(handle.clone())
            .configure(admin::configure)
    })
    .workers(1)
    .disable_signals()
    .client_request_timeout(Duration::from_secs(5))
    .shutdown_timeout(1)
    .listen(socket)
    .map_err(StartError::Serve)?;
    Ok(server.run())
}

/// Files that the listeners may need.
pub(super) fn files(config: &Config) -> u64 {
    // That of the documents has the same limits as that of callers.
    2 * limits(config).files()
}

fn limits(config: &Config) -> ListenerLimits {
    let grenzen = &config.grenzen;
    let default = ListenerLimits::default();
    ListenerLimits {
        workers: match config.server.workers {
            0 => default.workers,
            workers => workers,
        },
        max_connections: grenzen.verbindingen,
        max_connections_of_party: grenzen.verbindingen_per_partij,
        max_handshakes: grenzen.handshakes,
        handshake_timeout: grenzen.handshake_tijd,
        head_timeout: grenzen.kop_tijd,
        keep_alive: grenzen.stil_tijd,
        request_timeout: grenzen.verzoek_tijd,
        write_stall_timeout: grenzen.schrijf_tijd,
        max_age: grenzen.verbinding_leeftijd,
        max_requests: grenzen.verzoeken_per_verbinding,
        shutdown_timeout: grenzen.afbouw_tijd,
        ..default
    }
}
