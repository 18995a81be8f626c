//! Who may ask what: certificate → afnemer → mandate of a school. Deny by default.

mod revocation;
mod toegang;

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::{Caller, Oin, Operatie, Tijdstip};
pub use revocation::{Revocations, Revoked, without_leading_zeros};
pub use toegang::{Addressering, Afnemer, Mandaat, SchoolToegang, Toegang};

/// The party at the other end of a TLS connection, read once from its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerIdentity {
    /// The OIN in Subject.serialNumber, if there is a valid one (PKI001).
    pub oin: Option<Oin>,
    /// Issuer's distinguished name, DER; with the serial it names the certificate.
    pub issuer: Vec<u8>,
    /// Serial number, big-endian, without leading zeros.
    pub serial: Vec<u8>,
    /// Last moment at which the certificate is valid.
    pub not_after: Tijdstip,
}

/// Why a caller is refused; `fault.rs` and `problem.rs` render it, the operator's log has it in
/// full.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The connection carries no client certificate.
    #[error("er is geen clientcertificaat aangeboden")]
    NoCertificate,
    /// The certificate has no valid OIN in Subject.serialNumber (EK0030).
    #[error("het OIN in het TLS-certificaat ontbreekt of is ongeldig")]
    InvalidCertificateOin,
    /// The certificate expired, or was revoked, while the connection lived.
    #[error("het clientcertificaat is verlopen of ingetrokken")]
    CertificateNoLongerValid,
    /// No afnemer has this OIN.
    #[error("het OIN in het TLS-certificaat is niet van een bekende afnemer")]
    UnknownOrganisation,
    /// No school was named, and the afnemer has a mandate of none or of several.
    #[error("noem de school waarvoor gevraagd wordt")]
    NoSchoolNamed,
    /// The afnemer has no mandate of this school for this operation now.
    #[error("er is geen mandaat van deze school voor deze bewerking")]
    NoMandate,
    /// What this node knows of toegang is older than `toegangMaximaleLeeftijd`.
    #[error("de toegangsgegevens op deze node zijn te oud")]
    AccessTooOld,
}

/// The toegang in force on this node.
#[derive(Debug)]
pub struct Access {
    current: ArcSwap<Toegang>,
    revocations: Arc<Revocations>,
}

impl Access {
    /// Begins with this toegang.
    #[must_use]
    pub fn new(toegang: Toegang) -> Self {
        Self {
            current: ArcSwap::from_pointee(toegang),
            revocations: Arc::default(),
        }
    }

    /// With the revoked certificates of the TLS listener, which connections outlive.
    #[must_use]
    pub fn with_revocations(mut self, revocations: Arc<Revocations>) -> Self {
        self.revocations = revocations;
        self
    }

    /// Puts another one in force, for requests that begin from now on.
    pub fn replace(&self, toegang: Toegang) {
        self.current.store(Arc::new(toegang));
    }

    /// The toegang in force.
    #[must_use]
    pub fn current(&self) -> Arc<Toegang> {
        self.current.load_full()
    }

    /// The afnemer behind a certificate.
    ///
    /// # Errors
    /// [`Rejection::InvalidCertificateOin`], [`Rejection::CertificateNoLongerValid`] or
    /// [`Rejection::UnknownOrganisation`].
    pub fn identify(&self, peer: &PeerIdentity, now: Tijdstip) -> Result<Arc<Afnemer>, Rejection> {
        let oin = peer.oin.ok_or(Rejection::InvalidCertificateOin)?;
        if now > peer.not_after || self.revocations.is_revoked(peer) {
            return Err(Rejection::CertificateNoLongerValid);
        }
        self.current
            .load()
            .afnemer(oin)
            .cloned()
            .ok_or(Rejection::UnknownOrganisation)
    }

    /// The caller, when this afnemer may ask this for the school that it named, or for the only
    /// school whose mandate it has.
    ///
    /// # Errors
    /// [`Rejection::NoSchoolNamed`] or [`Rejection::NoMandate`].
    pub fn authorise(
        &self,
        afnemer: &Afnemer,
        school: Option<Oin>,
        operatie: Operatie,
        now: Tijdstip,
    ) -> Result<Caller, Rejection> {
        let school_oin = match school {
            Some(oin) => oin,
            None => afnemer.only_school().ok_or(Rejection::NoSchoolNamed)?,
        };
        if !afnemer.may(school_oin, operatie, now) {
            return Err(Rejection::NoMandate);
        }
        Ok(Caller {
            afnemer_oin: afnemer.oin,
            afnemer_naam: afnemer.naam.clone(),
            rol: afnemer.rol,
            school_oin,
        })
    }
}
