//! One revocation list: read, and held against the certificate of its issuer before it counts.

use std::sync::Arc;

use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer,
    pem::{self, PemObject},
};
use webpki::OwnedCertRevocationList;
use x509_parser::{
    certificate::X509Certificate,
    num_bigint::BigUint,
    oid_registry::{OID_PKCS1_SHA1WITHRSA, OID_SHA1_WITH_RSA},
    prelude::FromDer,
    revocation_list::CertificateRevocationList,
};

use super::material::moment;
use crate::{access::without_leading_zeros, domain::Tijdstip};

/// How far ahead of ours an issuer's clock may be.
const CLOCK_SKEW_MS: i64 = 5 * 60 * 1000;

/// Why a revocation list is refused. The texts go behind the name of the place that gave it.
#[derive(Debug, thiserror::Error)]
pub enum CrlError {
    /// There is none in it.
    #[error("it holds no CRL: it should be DER, or PEM with BEGIN X509 CRL")]
    Empty,
    /// It begins as PEM and does not go on so.
    #[error("it is not well-formed PEM")]
    Pem(#[source] pem::Error),
    /// It is something else, such as an error page.
    #[error("it is not a CRL: {0}")]
    NotACrl(String),
    /// Nobody here knows who signed it.
    #[error(
        "it is of \"{0}\", whose certificate stands in neither tls.clientCa nor tls.crlUitgevers"
    )]
    UnknownIssuer(String),
    /// It was made or changed by somebody else than its issuer, or signed with SHA-1.
    #[error("its signature is not one of \"{0}\" that can be relied on")]
    Signature(String),
    /// The place gave that of another issuer before.
    #[error("it is of \"{found}\", and this place gave that of \"{expected}\" before")]
    OtherIssuer {
        /// Of whom it is.
        found: String,
        /// Of whom it should be.
        expected: String,
    },
    /// Taking it would undo revocations.
    #[error("it is older than the one in force: of {found}, after {in_force}")]
    Older {
        /// When it was made.
        found: Tijdstip,
        /// When the one in force was made.
        in_force: Tijdstip,
    },
    /// Its clock, or ours, is wrong.
    #[error("it was made in the future, at {0}")]
    FromTheFuture(Tijdstip),
    /// Even with the grace it does not count any more.
    #[error("it should have been replaced at {0}, and the grace after that is over")]
    Expired(Tijdstip),
}

/// A revocation list whose form and signature were checked.
#[derive(Debug)]
pub(super) struct Crl {
    pub(super) der: CertificateRevocationListDer<'static>,
    /// The issuer's name, DER.
    pub(super) issuer: Arc<[u8]>,
    /// The same for people.
    pub(super) issuer_name: String,
    pub(super) this_update: Tijdstip,
    pub(super) next_update: Option<Tijdstip>,
    /// CRLNumber, big-endian without zeros in front; a list need not have one.
    number: Option<Vec<u8>>,
    /// The key that it was signed with, by which one history of lists is told from another.
    signer: Vec<u8>,
    /// Revoked serial numbers, big-endian without zeros in front.
    pub(super) serials: Vec<Box<[u8]>>,
}

impl Crl {
    /// Reads one and verifies it.
    pub(super) fn verified(
        der: CertificateRevocationListDer<'static>,
        signers: &Signers,
        now: Tijdstip,
    ) -> Result<Self, CrlError> {
        let not_a_crl = |error: &dyn std::fmt::Display| CrlError::NotACrl(error.to_string());
        // What the handshakes would not understand must not be taken for a list that revokes nobody.
        OwnedCertRevocationList::from_der(&der).map_err(|error| not_a_crl(&error))?;
        let (_, crl) =
            CertificateRevocationList::from_der(&der).map_err(|error| not_a_crl(&error))?;
        let issuer_name = crl.issuer().to_string();
        let signer = signers.signer_of(&crl, &issuer_name)?;
        let this_update = moment(crl.last_update().timestamp());
        if this_update.as_millis() > now.as_millis().saturating_add(CLOCK_SKEW_MS) {
            return Err(CrlError::FromTheFuture(this_update));
        }
        let serials = crl
            .iter_revoked_certificates()
            .map(|line| without_leading_zeros(line.raw_serial()).into())
            .collect();
        Ok(Self {
            issuer: Arc::from(crl.issuer().as_raw()),
            issuer_name,
            this_update,
            next_update: crl.next_update().map(|time| moment(time.timestamp())),
            number: crl.crl_number().map(BigUint::to_bytes_be),
            signer,
            serials,
            der,
        })
    }

    /// Whether this one goes back behind the other, of the same issuer and key.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        let lower = match (&self.number, &other.number) {
            (Some(own), Some(others)) => (own.len(), own) < (others.len(), others),
            _ => false,
        };
        self.issuer == other.issuer
            && self.signer == other.signer
            && (lower || self.this_update < other.this_update)
    }
}

/// The lists in these bytes: one as DER, or one or more as PEM.
pub(super) fn split(bytes: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, CrlError> {
    // DER begins with a SEQUENCE; no PEM file does.
    if bytes.first() == Some(&0x30) {
        return Ok(vec![CertificateRevocationListDer::from(bytes.to_vec())]);
    }
    let crls = CertificateRevocationListDer::pem_slice_iter(bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(CrlError::Pem)?;
    if crls.is_empty() {
        return Err(CrlError::Empty);
    }
    Ok(crls)
}

/// The certificates that revocation lists may be signed with.
#[derive(Debug, Default, Clone)]
pub(super) struct Signers(Vec<CertificateDer<'static>>);

impl Signers {
    pub(super) fn new(certificates: Vec<CertificateDer<'static>>) -> Self {
        Self(certificates)
    }

    /// The key that signed this list.
    fn signer_of(
        &self,
        crl: &CertificateRevocationList<'_>,
        issuer_name: &str,
    ) -> Result<Vec<u8>, CrlError> {
        let refuse = || CrlError::Signature(issuer_name.to_owned());
        let algorithm = &crl.signature_algorithm.algorithm;
        let is_weak = *algorithm == OID_PKCS1_SHA1WITHRSA || *algorithm == OID_SHA1_WITH_RSA;
        let mut known = false;
        for certificate in self.parsed() {
            if certificate.subject().as_raw() != crl.issuer().as_raw() {
                continue;
            }
            known = true;
            let may_sign = certificate
                .key_usage()
                .ok()
                .is_some_and(|usage| usage.is_none_or(|usage| usage.value.crl_sign()));
            let key = certificate.public_key();
            if may_sign && !is_weak && crl.verify_signature(key).is_ok() {
                return Ok(key.raw.to_vec());
            }
        }
        Err(if known {
            refuse()
        } else {
            CrlError::UnknownIssuer(issuer_name.to_owned())
        })
    }

    /// Name, issuer and serial number of each, DER.
    pub(super) fn parsed(&self) -> impl Iterator<Item = X509Certificate<'_>> {
        self.0
            .iter()
            .filter_map(|der| X509Certificate::from_der(der).ok())
            .map(|(_, certificate)| certificate)
    }
}
