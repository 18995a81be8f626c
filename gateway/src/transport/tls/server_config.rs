//! What a handshake on each kind of listener is made with.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

use super::{Tls, TlsError, verifier::ReloadingVerifier};

impl Tls {
    /// The configuration of the api listener: a client certificate is required.
    ///
    /// # Errors
    /// [`TlsError::Versions`].
    pub fn api_config(&self) -> Result<ServerConfig, TlsError> {
        let verifier = Arc::new(ReloadingVerifier::new(Arc::clone(&self.trust)));
        let config = self
            .builder()?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(self.resolver());
        Ok(hardened(config))
    }

    /// The configuration of listeners on which no client certificate is asked for: for documents,
    /// and for a proxy that passes certificates on.
    ///
    /// # Errors
    /// [`TlsError::Versions`].
    pub fn docs_config(&self) -> Result<ServerConfig, TlsError> {
        let config = self
            .builder()?
            .with_no_client_auth()
            .with_cert_resolver(self.resolver());
        Ok(hardened(config))
    }

    fn builder(
        &self,
    ) -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, TlsError> {
        ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Versions)
    }

    fn resolver(&self) -> Arc<Resolver> {
        Arc::new(Resolver(Arc::clone(&self.server)))
    }
}

fn hardened(mut config: ServerConfig) -> ServerConfig {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// Gives every handshake the certificate of the moment.
#[derive(Debug)]
struct Resolver(Arc<ArcSwap<CertifiedKey>>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}
