//! A TLS listener with the limits that the HTTP server under it does not keep.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_http::{ConnectionType, HttpService, KeepAlive, Protocol, Request, Response};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory,
    fn_service, map_config,
};
use actix_web::{body::MessageBody, dev::AppConfig};
use rustls::ServerConfig;
use tokio::net::TcpStream;

use super::{
    connections::{Connection, ConnectionLimits, Connections, Guarded},
    handshake::{Gate, MAX_LINGERING, TlsIo},
};

/// Limits of one listener. All are published in the docs.
#[derive(Debug, Clone)]
pub struct ListenerLimits {
    /// Threads that answer requests: one for each core, since answering does not block.
    pub workers: usize,
    /// Open connections whose handshake is done: at some 28 KiB each, 4,096 are 115 MiB.
    pub max_connections: usize,
    /// Open connections of one party (OIN), so that one supplier's pool cannot take them all.
    pub max_connections_of_party: usize,
    /// Handshakes at one time; one more ends the oldest, so that those which stop halfway keep
    /// nobody out. An honest one takes a tenth of a second.
    pub max_handshakes: usize,
    /// Time from accepting a connection to the end of its handshake: three round trips on a poor
    /// line.
    pub handshake_timeout: Duration,
    /// Time to read the head of a request.
    pub head_timeout: Duration,
    /// Time that a connection may idle: more than the 60 s after which common clients and
    /// proxies close theirs, so that they do not send into a closing connection.
    pub keep_alive: Duration,
    /// Time from a request's head to its answer: a bulk body on a slow line (30 s), or a
    /// long-poll (30 s), with room.
    pub request_timeout: Duration,
    /// Time that an answer may wait for a client that does not read.
    pub write_stall_timeout: Duration,
    /// Time for an orderly end of a connection.
    pub disconnect_timeout: Duration,
    /// Age at which a connection ends (WT008): with its next answer, or at once when idle. A
    /// new one means a new look at the certificate.
    pub max_age: Duration,
    /// Requests on one connection, so that connections spread again over nodes.
    pub max_requests: u32,
    /// Connections that the system keeps waiting to be accepted.
    pub backlog: u32,
    /// Time that requests in progress get at a shutdown.
    pub shutdown_timeout: Duration,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            max_connections: 4_096,
            max_connections_of_party: 256,
            max_handshakes: 1_024,
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            request_timeout: Duration::from_secs(120),
            write_stall_timeout: Duration::from_secs(30),
            disconnect_timeout: Duration::from_secs(5),
            max_age: Duration::from_secs(3600),
            max_requests: 10_000,
            backlog: 1_024,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// Connections that were accepted and are not counted as a handshake yet, or just ended.
const SOCKETS_TO_SPARE: usize = 256;

impl ListenerLimits {
    fn of_connection(&self) -> ConnectionLimits {
        ConnectionLimits {
            // Nobody can tell from outside whether the bytes of a head have begun to come, so
            // idling and reading share one limit.
            between_requests: self.keep_alive + self.head_timeout,
            request: self.request_timeout,
            write_stall: self.write_stall_timeout,
            age: self.max_age,
            requests: self.max_requests,
        }
    }

    /// What the library under us may take. It stops accepting at its limit, and then keeps out
    /// everybody; ours say each who has to go, so its limit is above them, for each worker.
    fn max_sockets(&self) -> usize {
        self.max_connections + self.max_handshakes + MAX_LINGERING + SOCKETS_TO_SPARE
    }

    /// Files that a process needs for a listener with these limits.
    #[must_use]
    pub fn files(&self) -> u64 {
        self.max_sockets() as u64
    }
}

/// What a listener is made of.
#[derive(Debug)]
pub struct Listener {
    /// Its name in log lines and metrics: `api` or `docs`.
    pub name: &'static str,
    /// The bound socket. A listener that is bound early tells its port before it serves.
    pub socket: TcpListener,
    /// From [`Tls::api_config`](super::tls::Tls::api_config) or `docs_config`.
    pub tls: ServerConfig,
    /// From [`Tls::connections`](super::tls::Tls::connections) for the listener that asks for
    /// certificates; one of its own for another.
    pub connections: Arc<Connections>,
    /// Its limits.
    pub limits: ListenerLimits,
}

/// Serves an actix `App` over TLS until the returned server is stopped by its handle.
///
/// A handler finds the party behind the connection with
/// [`peer_identity`](super::identity::peer_identity). `factory` runs once per worker: shared
/// state is made outside it. The `App` does not know its own host name or that it is served
/// over TLS, so it makes absolute URLs from the configured public address.
///
/// # Errors
/// When the socket cannot be used.
pub fn serve<F, I, S, B>(listener: Listener, factory: F) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let Listener {
        name,
        socket,
        tls,
        connections,
        limits,
    } = listener;
    let address = socket.local_addr()?;
    let gate = Gate::new(
        name,
        tls,
        Arc::clone(&connections),
        &limits,
        limits.of_connection(),
    );
    let builder = ServerBuilder::new()
        .workers(limits.workers)
        .max_concurrent_connections(limits.max_sockets())
        .backlog(limits.backlog)
        .shutdown_timeout(limits.shutdown_timeout.as_secs())
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let server = builder.listen(name, socket, move || {
        let (stopping, connections) = (stopping.clone(), Arc::clone(&connections));
        actix_web::rt::spawn(async move {
            stopping.notified().await;
            connections.drain();
        });
        let gate = Arc::clone(&gate);
        fn_service(move |io: TcpStream| {
            let gate = Arc::clone(&gate);
            async move { gate.admit(io).await }
        })
        .and_then(http_service(factory(), &limits, address).map_err(|_| Refused))
    })?;
    Ok(server.run())
}

/// The connection ended early. Why was logged where it was known, or is the client's business.
#[derive(Debug)]
pub(crate) struct Refused;

type Accepted = (Guarded<TlsIo>, Protocol, Option<SocketAddr>);

fn http_service<I, S, B>(
    app: I,
    limits: &ListenerLimits,
    address: SocketAddr,
) -> impl ServiceFactory<
    Accepted,
    Config = (),
    Response = (),
    Error = actix_http::error::DispatchError,
    InitError = (),
> + use<I, S, B>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let app = app
        .into_factory()
        .map_err(|error| error.into().error_response());
    let app = map_config(app, |()| AppConfig::default());
    let app = apply_fn_factory(app, |request: Request, app: &_| answer(request, app));
    HttpService::build()
        .keep_alive(KeepAlive::Timeout(limits.keep_alive))
        .client_request_timeout(limits.head_timeout)
        .client_disconnect_timeout(limits.disconnect_timeout)
        .local_addr(address)
        .secure()
        .on_connect_ext(|io: &Guarded<TlsIo>, extensions| {
            extensions.insert(Arc::clone(io.connection()));
            if let Some(peer) = io.connection().peer() {
                extensions.insert(Arc::clone(peer));
            }
        })
        .finish(app)
}

/// Marks the connection as busy for as long as the request takes, and as closing when this is
/// its last answer.
fn answer<S, B>(
    request: Request,
    app: &S,
) -> impl Future<Output = Result<Response<B>, S::Error>> + use<S, B>
where
    S: Service<Request>,
    S::Response: Into<Response<B>>,
{
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    let busy = connection.as_ref().map(Connection::begin_request);
    let response = app.call(request);
    async move {
        let mut response = response.await?.into();
        if connection.is_some_and(|connection| connection.should_close()) {
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
        drop(busy);
        Ok(response)
    }
}
