//! Behind a proxy that ends TLS: the client's certificate comes in the header `Client-Cert`
//! (RFC 9440), from configured proxies alone, and is judged as in a handshake.

mod header;
mod judged;

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use actix_web::{HttpMessage, dev::ServiceRequest};
use rustls_pki_types::CertificateDer;

use self::judged::Judged;
use super::tls::{Reden, RefusalLog, SeenCertificate, Tls};
use crate::{
    access::{PeerIdentity, Rejection},
    clock::Clock,
};

/// What a listener makes of certificates in headers.
pub struct PassedOn {
    listener: &'static str,
    /// Whose headers are believed; of nobody on a listener that asks for certificates itself.
    proxies: HashSet<IpAddr>,
    tls: Arc<Tls>,
    clock: Arc<dyn Clock>,
    judged: Judged,
    refusals: RefusalLog,
}

/// Why a header is refused, for the caller and for the operator.
struct Refused {
    rejection: Rejection,
    reden: Reden,
    certificate: Option<SeenCertificate>,
    error: String,
}

impl PassedOn {
    /// For the listener of this name; `proxies` are believed.
    #[must_use]
    pub fn new(
        listener: &'static str,
        proxies: &[IpAddr],
        tls: Arc<Tls>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            listener,
            // A listener on [::] sees addresses of IPv4 in a form of IPv6.
            proxies: proxies.iter().map(IpAddr::to_canonical).collect(),
            tls,
            clock,
            judged: Judged::default(),
            refusals: RefusalLog::default(),
        }
    }

    /// Leaves in the request who its certificate is of, or why that is refused, for
    /// [`peer_identity`](super::identity::peer_identity). Without the header it does nothing.
    pub fn admit(&self, request: &ServiceRequest) {
        if !header::is_there(request.headers()) {
            return;
        }
        let address = request.peer_addr();
        let verdict = self.judge(request, address);
        let mut extensions = request.extensions_mut();
        match verdict {
            Ok(peer) => drop(extensions.insert(peer)),
            Err(refused) => {
                let certificate = refused.certificate.as_ref();
                self.refusals.record(
                    refused.reden,
                    self.listener,
                    address,
                    certificate,
                    &refused.error,
                );
                extensions.insert(refused.rejection);
            }
        }
    }

    fn judge(
        &self,
        request: &ServiceRequest,
        address: Option<SocketAddr>,
    ) -> Result<Arc<PeerIdentity>, Box<Refused>> {
        let ip = address.map(|address| address.ip().to_canonical());
        if !ip.is_some_and(|ip| self.proxies.contains(&ip)) {
            return Err(Box::new(Refused {
                rejection: Rejection::ForeignClientCert,
                reden: Reden::VreemdeClientCert,
                certificate: None,
                error: "the address is not in proxy.vertrouwd".to_owned(),
            }));
        }
        let chain = header::chain(request.headers()).map_err(|reason| {
            Box::new(Refused {
                rejection: Rejection::UntrustedCertificate,
                reden: Reden::OnleesbareClientCert,
                certificate: None,
                error: reason.to_owned(),
            })
        })?;
        let now = self.clock.now();
        let changes = self.tls.revocations().changes();
        if let Some(peer) = self.judged.find(&chain, changes, now) {
            return Ok(peer);
        }
        let peer = judged::judge(&self.tls, &chain, now)
            .map_err(|(error, own)| Box::new(Refused::of(&error, &own)))?;
        self.judged.remember(chain, &peer, changes, now);
        Ok(peer)
    }
}

impl Refused {
    fn of(error: &rustls::Error, own: &CertificateDer<'_>) -> Self {
        let reden = Reden::of_tls(error);
        let rejection = match reden {
            Reden::Verlopen | Reden::Ingetrokken => Rejection::CertificateNoLongerValid,
            Reden::StatusOnbekend | Reden::CrlVerlopen => Rejection::RevocationUnknown,
            _ => Rejection::UntrustedCertificate,
        };
        Self {
            rejection,
            reden,
            certificate: Some(SeenCertificate::of(own)),
            error: error.to_string(),
        }
    }
}
