//! From a client certificate to a [`PeerIdentity`], once per connection.

use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest};
use rustls_pki_types::CertificateDer;
use x509_parser::{
    certificate::X509Certificate, oid_registry::OID_X509_SERIALNUMBER, prelude::FromDer,
};

use crate::{
    access::{PeerIdentity, Rejection, without_leading_zeros},
    domain::{Oin, Tijdstip},
};

/// A certificate that passed the handshake and still cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the client certificate could not be parsed: {0}")]
pub struct UnreadableCertificate(String);

/// The party behind a request: of the connection that it came over, or, behind a proxy that ends
/// TLS, what [`proxy`](super::proxy) left in the request's own extensions.
///
/// # Errors
/// [`Rejection::NoCertificate`] on a listener that asks for none, and on a connection that did
/// not come through [`listener::serve`](super::listener::serve); what `proxy` refused.
pub fn peer_identity(request: &HttpRequest) -> Result<Arc<PeerIdentity>, Rejection> {
    let own = request.extensions();
    if let Some(rejection) = own.get::<Rejection>() {
        return Err(rejection.clone());
    }
    request
        .conn_data::<Arc<PeerIdentity>>()
        .or_else(|| own.get::<Arc<PeerIdentity>>())
        .cloned()
        .ok_or(Rejection::NoCertificate)
}

/// Reads who a certificate is of. It says nothing of trust: that was decided in the handshake.
///
/// # Errors
/// When the bytes are not one X.509 certificate.
pub fn read_certificate(der: &CertificateDer<'_>) -> Result<PeerIdentity, UnreadableCertificate> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|error| UnreadableCertificate(error.to_string()))?;
    let not_after_s = certificate.validity().not_after.timestamp();
    Ok(PeerIdentity {
        oin: subject_oin(&certificate),
        issuer: certificate.issuer().as_raw().to_vec(),
        serial: without_leading_zeros(certificate.raw_serial()).to_vec(),
        not_after: not_after_s
            .checked_mul(1000)
            .and_then(Tijdstip::from_millis)
            .ok_or_else(|| UnreadableCertificate("notAfter is out of range".to_owned()))?,
    })
}

/// The OIN in Subject.serialNumber (PKI001). A certificate that has that attribute twice names
/// nobody, since each reader could take another one.
fn subject_oin(certificate: &X509Certificate<'_>) -> Option<Oin> {
    let mut numbers = certificate.subject().iter_by_oid(&OID_X509_SERIALNUMBER);
    match (numbers.next(), numbers.next()) {
        (Some(only), None) => Oin::parse(only.as_str().ok()?).ok(),
        _ => None,
    }
}
