//! From a TCP connection to one that may be served.

use std::{
    future::{Future as _, poll_fn},
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use actix_http::Protocol;
use metrics::Gauge;
use rustls::ServerConfig;
use rustls_pki_types::CertificateDer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    connections::{ConnectionLimits, Connections, Guarded, Most},
    half_open::HalfOpen,
    identity::read_certificate,
    listener::{ListenerLimits, Refused},
    tls::{Reden, RefusalLog, SeenCertificate, take_remembered},
};
use crate::metrics::names;

/// The stream of a connection whose handshake is done.
pub(crate) type TlsIo = TlsStream<TcpStream>;

/// What stands between accepting a connection and serving it; one per listener.
pub(crate) struct Gate {
    listener: &'static str,
    acceptor: TlsAcceptor,
    handshakes: Arc<HalfOpen>,
    /// Refused clients that may be told why at one time; see [`linger`].
    lingering: Semaphore,
    handshake_timeout: Duration,
    connections: Arc<Connections>,
    most: Most,
    limits: ConnectionLimits,
    refusals: RefusalLog,
    open: Gauge,
}

/// Why and of whom a connection was refused.
struct Refusal {
    reden: Reden,
    certificate: Option<SeenCertificate>,
    error: String,
    /// The connection, when there is an alert on it that the client should be able to read.
    io: Option<TcpStream>,
}

impl Gate {
    pub(crate) fn new(
        listener: &'static str,
        tls: ServerConfig,
        connections: Arc<Connections>,
        limits: &ListenerLimits,
        connection_limits: ConnectionLimits,
    ) -> Arc<Self> {
        Arc::new(Self {
            listener,
            acceptor: TlsAcceptor::from(Arc::new(tls)),
            handshakes: HalfOpen::new(limits.max_handshakes),
            lingering: Semaphore::new(MAX_LINGERING),
            handshake_timeout: limits.handshake_timeout,
            connections,
            most: Most {
                in_all: limits.max_connections,
                of_party: limits.max_connections_of_party,
            },
            limits: connection_limits,
            refusals: RefusalLog::default(),
            open: metrics::gauge!(names::VERBINDINGEN, "listener" => listener),
        })
    }

    /// Does the handshake and reads who is there.
    pub(crate) async fn admit(
        &self,
        io: TcpStream,
    ) -> Result<(Guarded<TlsIo>, Protocol, Option<SocketAddr>), Refused> {
        let address = io.peer_addr().ok();
        // Answers are written whole, so there is nothing to gain by waiting for more.
        let _ = io.set_nodelay(true);
        let admitted = match self.shake_hands(io, address).await {
            Ok(stream) => self.register(stream),
            Err(refusal) => Err(refusal),
        };
        match admitted {
            Ok(guarded) => Ok((guarded, Protocol::Http1, address)),
            Err(refusal) => {
                self.refuse(*refusal, address).await;
                Err(Refused)
            }
        }
    }

    async fn shake_hands(
        &self,
        io: TcpStream,
        address: Option<SocketAddr>,
    ) -> Result<TlsIo, Box<Refusal>> {
        let mut certificate = None;
        let mut place = self.handshakes.begin(address.map(|address| address.ip()));
        let handshake = async {
            let mut accept = pin!(self.acceptor.accept(io).into_fallible());
            poll_fn(|cx| {
                let step = accept.as_mut().poll(cx);
                certificate = take_remembered().or(certificate.take());
                step
            })
            .await
        };
        let in_time = timeout(self.handshake_timeout, handshake);
        let outcome = tokio::select! {
            biased;
            outcome = in_time => outcome,
            () = place.overtaken() => {
                return Err(Box::new(Refusal {
                    reden: Reden::Verdrongen,
                    certificate,
                    error: "too many handshakes are under way".to_owned(),
                    io: None,
                }));
            }
        };
        match outcome {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err((error, io))) => Err(Box::new(Refusal {
                reden: Reden::of(&error),
                certificate,
                error: error.to_string(),
                io: Some(io),
            })),
            Err(elapsed) => Err(Box::new(Refusal {
                reden: Reden::TijdOp,
                certificate,
                error: elapsed.to_string(),
                io: None,
            })),
        }
    }

    fn register(&self, stream: TlsIo) -> Result<Guarded<TlsIo>, Box<Refusal>> {
        let der = peer_certificate(&stream);
        let refusal = |reden, error| {
            Box::new(Refusal {
                reden,
                certificate: der.map(SeenCertificate::of),
                error,
                io: None,
            })
        };
        let peer = der
            .map(read_certificate)
            .transpose()
            .map_err(|error| refusal(Reden::OngeldigCertificaat, error.to_string()))?
            .map(Arc::new);
        match self
            .connections
            .open(peer, self.most, self.limits, &self.open)
        {
            Ok(open) => Ok(Guarded::new(stream, open)),
            Err(full) => Err(refusal(Reden::TeVeelVerbindingen, full.to_string())),
        }
    }

    async fn refuse(&self, refusal: Refusal, address: Option<SocketAddr>) {
        self.refusals.record(
            refusal.reden,
            self.listener,
            address,
            refusal.certificate.as_ref(),
            &refusal.error,
        );
        // Who comes when so many wait already loses the reason, but not the refusal.
        if let (Some(io), Ok(_place)) = (refusal.io, self.lingering.try_acquire()) {
            linger(io).await;
        }
    }
}

fn peer_certificate(stream: &TlsIo) -> Option<&CertificateDer<'static>> {
    stream.get_ref().1.peer_certificates()?.first()
}

/// Some 10 MiB of memory, were they all to send what they may.
pub(super) const MAX_LINGERING: usize = 256;

/// Lets the client read the alert. A TLS 1.3 client sends its request before it knows that it is
/// refused; closing with that request unread makes the system reset the connection, and the
/// reason is lost on the way.
async fn linger(mut io: TcpStream) {
    /// Long enough for one round trip, short enough that refused clients do not pile up.
    const LINGER: Duration = Duration::from_secs(1);
    const MAX_BYTES: u64 = 64 * 1024;
    if io.shutdown().await.is_ok() {
        let mut rest = io.take(MAX_BYTES);
        // What comes, and whether it ends well, no longer matters.
        let _ = timeout(LINGER, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    }
}
