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
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{bronnen::Bronnen, refusal};
use crate::domain::Tijdstip;

/// What decides about client certificates, made anew at every load: a CRL needs a fresh verifier.
#[derive(Debug)]
pub(crate) struct ClientTrust {
    /// Demands that the status of the client's own certificate is known, once there are CRLs.
    end_entity: Arc<dyn ClientCertVerifier>,
    /// Refuses a revoked CA in between as well, where there is a CRL that would name it.
    chain: Option<Arc<dyn ClientCertVerifier>>,
    /// Until when the CRL of each issuer (name in DER) counts.
    next_updates: HashMap<Arc<[u8]>, Option<Tijdstip>>,
    grace: Duration,
    /// Whether an issuer without a CRL is refused, also while there is none at all.
    status_required: bool,
}

/// What trust rests on.
pub(super) struct Basis<'a> {
    pub(super) roots: &'a Arc<RootCertStore>,
    pub(super) bronnen: &'a Bronnen,
    pub(super) grace: Duration,
}

impl ClientTrust {
    /// Trust in these roots, less what the CRLs revoke.
    ///
    /// Expiry of a CRL is not left to the library, which knows all or nothing: past nextUpdate
    /// plus `grace`, certificates of that issuer alone are refused, so that the outage of one CA
    /// does not lock out the clients of another (standards §2).
    pub(super) fn new(
        basis: &Basis<'_>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, VerifierBuilderError> {
        let crls: Vec<_> = basis.bronnen.crls().map(|crl| crl.der.clone()).collect();
        let builder = || {
            let roots = Arc::clone(basis.roots);
            WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider))
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
            next_updates: basis.bronnen.next_updates(),
            grace: basis.grace,
            status_required: basis.bronnen.is_checked(),
        })
    }

    /// Whether it may be let in, by chain, expiry and revocation.
    pub(super) fn verify(
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
        let end_entity_issuer = issuer_of(end_entity)?;
        // Without any CRL the library checks nothing, but the place of one may be configured.
        if self.status_required && !self.next_updates.contains_key(&*end_entity_issuer) {
            return Err(CertificateError::UnknownRevocationStatus.into());
        }
        self.check_crl_age(&end_entity_issuer, now)?;
        for certificate in intermediates {
            self.check_crl_age(&issuer_of(certificate)?, now)?;
        }
        Ok(verified)
    }

    fn check_crl_age(&self, issuer: &[u8], now: UnixTime) -> Result<(), Error> {
        let Some(Some(next_update)) = self.next_updates.get(issuer) else {
            return Ok(());
        };
        let next_update_s = u64::try_from(next_update.as_millis() / 1000).unwrap_or(0);
        if now.as_secs() <= next_update_s.saturating_add(self.grace.as_secs()) {
            return Ok(());
        }
        let next_update = UnixTime::since_unix_epoch(Duration::from_secs(next_update_s));
        Err(CertificateError::ExpiredRevocationListContext {
            time: now,
            next_update,
        }
        .into())
    }
}

/// The issuer's name in DER.
fn issuer_of(certificate: &CertificateDer<'_>) -> Result<Vec<u8>, Error> {
    let (_, certificate) = X509Certificate::from_der(certificate)
        .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    Ok(certificate.issuer().as_raw().to_vec())
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
