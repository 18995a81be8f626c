//! The three listeners and what each of them serves.

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::from_fn,
    web::{self, Data},
};
use metrics_exporter_prometheus::PrometheusHandle;

use super::StartError;
use crate::{
    config::Config,
    transport::{
        admin::{self, Health},
        connections::Connections,
        docs,
        gateway::Gateway,
        listener::{self, Listener, ListenerLimits},
        observe::observe,
        rest, soap,
        tls::Tls,
    },
};

/// What the listeners serve from.
pub(super) struct Parts<'a> {
    pub(super) config: &'a Config,
    pub(super) gateway: &'a Arc<Gateway>,
    pub(super) health: &'a Arc<Health>,
    pub(super) tls: &'a Tls,
    pub(super) metrics_handle: PrometheusHandle,
    pub(super) api: TcpListener,
    pub(super) docs: TcpListener,
    pub(super) beheer: TcpListener,
}

/// Starts them: callers, documents, operators.
pub(super) fn serve(parts: Parts<'_>) -> Result<Vec<Server>, StartError> {
    let limits = limits(parts.config);
    let gateway = Data::from(Arc::clone(parts.gateway));

    let api_gateway = gateway.clone();
    let api = Listener {
        name: "api",
        socket: parts.api,
        tls: parts.tls.api_config()?,
        connections: parts.tls.connections(),
        limits: limits.clone(),
    };
    let api = listener::serve(api, move || {
        App::new()
            .app_data(api_gateway.clone())
            .wrap(from_fn(observe))
            .wrap(rest::headers::Headers)
            .configure(soap::configure)
            .configure(rest::configure)
            .configure(documents)
            .default_service(web::to(rest::not_found))
    })
    .map_err(StartError::Serve)?;

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

    Ok(vec![
        api,
        docs,
        beheer(parts.beheer, parts.health, parts.metrics_handle)?,
    ])
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
