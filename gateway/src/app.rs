//! The composition root: builds the parts, owns ports, loops and shutdown.

mod background;
mod bestanden;
mod bezorging;
mod bron;
mod intrekking;
mod opruimen;
mod push;
mod saved;
mod serving;
mod start;
mod verzending;

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use actix_web::dev::{Server, ServerHandle};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinSet,
};

use crate::{
    clock::Clock,
    config::Config,
    transport::{admin::Health, gateway::Gateway, tls::Tls},
};
pub use start::StartError;

/// A gateway that serves.
pub struct App {
    addresses: Addresses,
    gateway: Arc<Gateway>,
    health: Arc<Health>,
    tls: Arc<Tls>,
    /// In the order in which they stop: callers, documents, then operators.
    servers: Vec<Server>,
    /// Follower, toegang, snapshots, TLS material. They end when `stop` says so.
    loops: JoinSet<()>,
    stop: watch::Sender<bool>,
    drain: Drain,
}

/// Where the listeners listen.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// For callers.
    pub api: SocketAddr,
    /// For documents.
    pub docs: SocketAddr,
    /// For operators.
    pub beheer: SocketAddr,
    /// For a proxy that ends TLS, where there is one.
    pub proxy: Option<SocketAddr>,
}

/// How a shutdown goes.
#[derive(Debug, Clone, Copy)]
struct Drain {
    /// Readiness says no for so long before the listeners close.
    announce: Duration,
}

impl App {
    /// Binds the ports, reads certificates, snapshot and database, and serves.
    ///
    /// # Errors
    /// [`StartError`], which names what is missing and what would be right.
    pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        start::start(config, clock).await
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Waits until the register has been loaded.
    pub async fn loaded(&self) {
        self.gateway.replica.loaded().await;
    }

    /// Serves until `stop`, then drains: readiness says no, requests under way are finished, the
    /// loops end, the operators' listener closes last.
    ///
    /// # Errors
    /// When a listener failed while serving.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let handles: Vec<ServerHandle> = self.servers.iter().map(Server::handle).collect();
        let mut serving: JoinSet<io::Result<()>> = JoinSet::new();
        for server in self.servers.drain(..) {
            serving.spawn(server);
        }
        let ended = tokio::select! {
            () = stop => None,
            ended = serving.join_next() => ended,
        };
        tracing::info!("stopping");
        self.health.drain();
        tokio::time::sleep(self.drain.announce).await;
        self.gateway.push.wachtkamer().close();
        self.tls.connections().drain();
        for handle in handles {
            handle.stop(true).await;
        }
        self.stop.send_replace(true);
        while self.loops.join_next().await.is_some() {}
        // Last, since what is delivered is recorded too.
        let verwerkingslog = Arc::clone(&self.gateway.verwerkingslog);
        drop(tokio::task::spawn_blocking(move || verwerkingslog.close()).await);
        tracing::info!("stopped");
        match ended {
            Some(Ok(Err(error))) => Err(error),
            Some(Err(error)) => Err(io::Error::other(error)),
            _ => Ok(()),
        }
    }
}

/// SIGTERM or Ctrl-C, from the moment of the call on, whenever the outcome is waited for.
pub fn until_told_to_stop() -> impl Future<Output = ()> {
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    async {
        let [terminate, interrupt] = signals;
        tokio::select! {
            () = arrived(terminate) => {}
            () = arrived(interrupt) => {}
        }
    }
}

/// Never, where the signal cannot be listened for: it then ends the program by itself.
async fn arrived(signal: io::Result<Signal>) {
    match signal {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// What nobody can guess, drawn here at the edge; zeros while the system has none.
fn random() -> [u8; 8] {
    let mut bytes = [0; 8];
    // Without it only the sketch could be guessed.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    bytes
}

/// What nobody can guess, drawn here at the edge. It fails only while the system has none yet, and is
/// waited for.
fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    while aws_lc_rs::rand::fill(&mut bytes).is_err() {
        std::thread::yield_now();
    }
    bytes
}

/// From 0 up to 1, drawn here at the edge: only waiting depends on it.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}
