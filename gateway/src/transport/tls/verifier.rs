//! Whether a client certificate is let in, with CRLs that can be replaced while serving.

use std::{collections::HashMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::CryptoProvider,
    server::{
        VerifierBuilderError, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::refusal;

/// What decides about client certificates, made anew at every load: a CRL needs a fresh verifier.
#[derive(Debug)]
pub(crate) struct ClientTrust {
    /// Demands that the status of the client's own certificate is known, once there are CRLs.
    end_entity: Arc<dyn ClientCertVerifier>,
    /// Refuses a revoked CA in between as well, where there is a CRL that would name it.
    chain: Option<Arc<dyn ClientCertVerifier>>,
    /// When the newest CRL of each issuer (name in DER) is to be replaced.
    next_updates: HashMap<Vec<u8>, Option<UnixTime>>,
    grace: Duration,
}

impl ClientTrust {
    /// Trust in these roots, less what the CRLs revoke.
    ///
    /// Expiry of a CRL is not left to the library, which knows all or nothing: past nextUpdate
    /// plus `grace`, certificates of that issuer alone are refused, so that the outage of one CA
    /// does not lock out the clients of another (standards §2).
    pub(crate) fn new(
        roots: RootCertStore,
        crls: &[CertificateRevocationListDer<'static>],
        next_updates: HashMap<Vec<u8>, Option<UnixTime>>,
        grace: Duration,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, VerifierBuilderError> {
        let roots = Arc::new(roots);
        let builder = || {
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(provider))
                .with_crls(crls.iter().cloned())
        };
        let chain = if crls.is_empty() {
            None
        } else {
            Some(builder().allow_unknown_revocation_status().build()?)
        };
        Ok(Self {
            end_entity: builder().only_check_end_entity_revocation().build()?,
            chain,
            next_updates,
            grace,
        })
    }

    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self
            .end_entity
            .verify_client_cert(end_entity, intermediates, now)?;
        if let Some(chain) = self.chain.as_ref().filter(|_| !intermediates.is_empty()) {
            chain.verify_client_cert(end_entity, intermediates, now)?;
        }
        for certificate in std::iter::once(end_entity).chain(intermediates) {
            self.check_crl_age(certificate, now)?;
        }
        Ok(verified)
    }

    fn check_crl_age(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
        let (_, certificate) = X509Certificate::from_der(certificate)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let known = self.next_updates.get(certificate.issuer().as_raw());
        if let Some(Some(next_update)) = known
            && now.as_secs() > next_update.as_secs().saturating_add(self.grace.as_secs())
        {
            return Err(Error::InvalidCertificate(
                CertificateError::ExpiredRevocationListContext {
                    time: now,
                    next_update: *next_update,
                },
            ));
        }
        Ok(())
    }
}

/// The verifier that a `ServerConfig` holds for good; it asks the [`ClientTrust`] of the moment.
#[derive(Debug)]
pub(crate) struct ReloadingVerifier {
    current: Arc<ArcSwap<ClientTrust>>,
}

impl ReloadingVerifier {
    pub(crate) fn new(current: Arc<ArcSwap<ClientTrust>>) -> Self {
        Self { current }
    }
}

impl ClientCertVerifier for ReloadingVerifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        true
    }

    /// No hints: the names of the CAs change with a reload, and a client that is given an old
    /// list keeps its certificate of the new CA to itself.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.current
            .load()
            .verify(end_entity, intermediates, now)
            .inspect_err(|_| refusal::remember(end_entity))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let current = self.current.load();
        current
            .end_entity
            .verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let current = self.current.load();
        current
            .end_entity
            .verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current.load().end_entity.supported_verify_schemes()
    }
}
