//! TLS of the listeners (standards §2: Digikoppeling Beveiligingsstandaarden 2.0.1).
//!
//! TLS 1.2 and 1.3 with ECDHE and AEAD, no renegotiation, no 0-RTT. There is no resumption: a
//! resumed session is let in on an old judgement of the client's certificate.
//!
//! Revocation: with CRLs configured, the status of the client's own certificate must be known,
//! so each issuer needs a CRL; CAs in between are refused when a CRL names them, but need none.
//! A CRL counts until nextUpdate plus a grace; after that its issuer's certificates alone are
//! refused.

mod material;
mod refusal;
mod verifier;

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

use self::{
    material::Material,
    verifier::{ClientTrust, ReloadingVerifier},
};
use super::connections::Connections;
use crate::{access::Revocations, domain::Tijdstip, metrics::names};

pub(crate) use material::read_crl;
pub use material::{CrlAge, TlsError, TlsPaths};
pub use refusal::Reden;
pub(crate) use refusal::{RefusalLog, SeenCertificate, take_remembered};

/// Time past nextUpdate during which a CRL still counts: a weekend and a day, in which its
/// issuer can mend things (standards §2).
pub const CRL_GRACE: Duration = Duration::from_secs(72 * 3600);

/// The TLS material in force, and how to replace it while serving.
#[derive(Debug)]
pub struct Tls {
    paths: TlsPaths,
    crl_grace: Duration,
    provider: Arc<CryptoProvider>,
    server: Arc<ArcSwap<CertifiedKey>>,
    trust: Arc<ArcSwap<ClientTrust>>,
    revocations: Arc<Revocations>,
    connections: Arc<Connections>,
}

/// What a load found, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadReport {
    /// Last moment at which the gateway's own certificate is valid.
    pub certificate_not_after: Tijdstip,
    /// The CRLs, in the order of the files.
    pub crls: Vec<CrlAge>,
    /// Distinct serial numbers on them.
    pub revoked: usize,
    /// What needs attention, one sentence each; also in the log.
    pub warnings: Vec<String>,
}

impl Tls {
    /// Reads the material for the first time.
    ///
    /// # Errors
    /// [`TlsError`] names the file and what would be right.
    pub fn load(
        paths: TlsPaths,
        crl_grace: Duration,
        now: Tijdstip,
    ) -> Result<(Self, LoadReport), TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let material = Material::load(&paths, crl_grace, &provider)?;
        let report = report(&material, crl_grace, now);
        let revocations = Arc::new(Revocations::default());
        revocations.replace(material.revoked);
        let tls = Self {
            paths,
            crl_grace,
            provider,
            server: Arc::new(ArcSwap::new(material.server)),
            trust: Arc::new(ArcSwap::from_pointee(material.trust)),
            revocations,
            connections: Arc::default(),
        };
        Ok((tls, report))
    }

    /// Reads the material again and puts it in force: for handshakes from now on, and for
    /// connections that are open, of which the revoked ones are cut.
    ///
    /// # Errors
    /// [`TlsError`], and then everything stays as it was.
    pub fn reload(&self, now: Tijdstip) -> Result<LoadReport, TlsError> {
        let material = Material::load(&self.paths, self.crl_grace, &self.provider)
            .inspect_err(|_| count_reload("mislukt"))?;
        count_reload("gelukt");
        let report = report(&material, self.crl_grace, now);
        self.server.store(material.server);
        self.trust.store(Arc::new(material.trust));
        self.revocations.replace(material.revoked);
        let cut = self
            .connections
            .cut_where(|peer| self.revocations.is_revoked(peer));
        tracing::info!(
            cut,
            revoked = report.revoked,
            "TLS certificates and CRLs were loaded again"
        );
        Ok(report)
    }

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

    /// The configuration of the docs listener: no client certificate is asked for.
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

    /// The revoked certificates, for [`Access`](crate::access::Access) to check every request.
    #[must_use]
    pub fn revocations(&self) -> Arc<Revocations> {
        Arc::clone(&self.revocations)
    }

    /// The connections that a reload cuts when their certificate was revoked.
    #[must_use]
    pub fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.connections)
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

fn count_reload(uitkomst: &'static str) {
    metrics::counter!(names::TLS_HERLADEN, "uitkomst" => uitkomst).increment(1);
}

/// Says what was loaded, in the log, in metrics and to the caller.
fn report(material: &Material, crl_grace: Duration, now: Tijdstip) -> LoadReport {
    metrics::gauge!(names::TLS_CERTIFICATE_NOT_AFTER).set(as_seconds(material.server_not_after));
    for crl in &material.crl_ages {
        if let Some(next_update) = crl.next_update {
            metrics::gauge!(names::CRL_NEXT_UPDATE, "issuer" => crl.issuer.clone())
                .set(as_seconds(next_update));
        }
    }
    let warnings = warnings(material, crl_grace, now);
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    LoadReport {
        certificate_not_after: material.server_not_after,
        crls: material.crl_ages.clone(),
        revoked: material.revoked.len(),
        warnings,
    }
}

fn warnings(material: &Material, crl_grace: Duration, now: Tijdstip) -> Vec<String> {
    /// A month is what it takes to get a PKIoverheid certificate without hurry.
    const EXPIRY_WARNING_S: u64 = 30 * 24 * 3600;
    let mut warnings = Vec::new();
    let not_after = material.server_not_after;
    if now > not_after {
        warnings.push(format!(
            "the gateway's certificate expired at {not_after}: clients will refuse it"
        ));
    } else if not_after.seconds_since(now) < EXPIRY_WARNING_S {
        warnings.push(format!("the gateway's certificate expires at {not_after}"));
    }
    if material.crl_ages.is_empty() {
        warnings.push(
            "no CRL is configured: revoked client certificates are let in (standard PKI002)"
                .to_owned(),
        );
    }
    for crl in &material.crl_ages {
        warnings.extend(crl_warning(crl, crl_grace, now));
    }
    warnings
}

fn crl_warning(crl: &CrlAge, crl_grace: Duration, now: Tijdstip) -> Option<String> {
    let issuer = &crl.issuer;
    let Some(next_update) = crl.next_update else {
        return Some(format!(
            "the CRL of {issuer} has no nextUpdate: its age cannot be checked"
        ));
    };
    if now <= next_update {
        return None;
    }
    let grace_ms = i64::try_from(crl_grace.as_millis()).unwrap_or(i64::MAX);
    let closes = Tijdstip::from_millis(next_update.as_millis().saturating_add(grace_ms));
    let consequence = match closes {
        Some(closes) if now > closes => format!("its certificates are refused since {closes}"),
        Some(closes) => format!("its certificates will be refused from {closes}"),
        None => "its certificates are let in all the same".to_owned(),
    };
    Some(format!(
        "the CRL of {issuer} should have been replaced at {next_update}: {consequence}"
    ))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "whole seconds fit in a float for millions of years"
)]
fn as_seconds(moment: Tijdstip) -> f64 {
    (moment.as_millis() / 1000) as f64
}
