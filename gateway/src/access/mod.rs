//! Who may ask what: certificate → afnemer → mandate of a school. Deny by default.

mod bytes;
mod changes;
mod document;
mod follower;
mod quota;
mod raadpleging;
mod revocation;
mod store;
mod toegang;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use arc_swap::ArcSwap;

use crate::{
    clock::Clock,
    domain::{Caller, Oin, Operatie, Tijdstip},
};
pub use bytes::InvalidBytes;
pub use changes::{Change, ChangeKind, Subject, changes};
pub use document::{DocumentError, EXAMPLE, Problem};
pub use follower::{POLL, ToegangFollower, ToegangFollowerError, ToegangProgress};
use quota::Quotas;
pub use quota::{EigenQuota, Koppen, MIN_BULKREGELS, Overschrijding, Quota, QuotaSoort, Toelating};
pub use raadpleging::{MAX_STROMEN, Raadplegingen};
pub use revocation::{Revocations, Revoked, without_leading_zeros};
pub use store::{
    AppendError, PostgresToegang, SqliteToegang, ToegangStore, Version, VersionHead, open_toegang,
};
pub use toegang::{Addressering, Afnemer, CertificaatSerienummer, Mandaat, SchoolToegang, Toegang};

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
    /// Another than a configured proxy sent a certificate in a header (RFC 9440).
    #[error("de header Client-Cert wordt alleen aangenomen van een ingestelde proxy")]
    ForeignClientCert,
    /// The certificate that a proxy passed on is unreadable, or not of a trusted issuer.
    #[error("het certificaat in Client-Cert is onleesbaar of niet van een vertrouwde uitgever")]
    UntrustedCertificate,
    /// The certificate expired, or was revoked, while the connection lived.
    #[error("het clientcertificaat is verlopen of ingetrokken")]
    CertificateNoLongerValid,
    /// The revocation list of its issuer is not there, or past nextUpdate and grace.
    #[error("de intrekkingslijst van de uitgever van het clientcertificaat ontbreekt of is te oud")]
    RevocationUnknown,
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
    /// When it was last known to be the newest, in milliseconds since 1970; `i64::MIN` before
    /// the first time.
    confirmed_ms: AtomicI64,
    /// `toegangMaximaleLeeftijd`; none for a toegang that does not age.
    max_age: Option<Duration>,
    revocations: Arc<Revocations>,
    /// None for tools, and for tests of something else.
    quotas: Option<Quotas>,
    raadplegingen: Option<Raadplegingen>,
}

impl Access {
    /// With a toegang that does not age, for tests and tools.
    #[must_use]
    pub fn new(toegang: Toegang) -> Self {
        Self {
            current: ArcSwap::from_pointee(toegang),
            confirmed_ms: AtomicI64::new(i64::MIN),
            max_age: None,
            revocations: Arc::default(),
            quotas: None,
            raadplegingen: None,
        }
    }

    /// With nothing yet: refuses everybody as [`Rejection::AccessTooOld`] until toegang was
    /// confirmed, and again once that is `max_age` ago.
    #[must_use]
    pub fn ageing(max_age: Duration) -> Self {
        Self {
            max_age: Some(max_age),
            ..Self::new(Toegang::default())
        }
    }

    /// With the revoked certificates of the TLS listener, which connections outlive.
    #[must_use]
    pub fn with_revocations(mut self, revocations: Arc<Revocations>) -> Self {
        self.revocations = revocations;
        self
    }

    /// With a quota for every afnemer, which toegang may change for one of them.
    #[must_use]
    pub fn with_quota(mut self, quota: Quota, clock: Arc<dyn Clock>) -> Self {
        self.quotas = Some(Quotas::new(quota, clock));
        self
    }

    /// With an account of how many leerbedrijven each school's supplier asks about.
    #[must_use]
    pub fn with_raadplegingen(mut self, raadplegingen: Raadplegingen) -> Self {
        self.raadplegingen = Some(raadplegingen);
        self
    }

    /// How many leerbedrijven are asked about; none where nobody keeps account.
    #[must_use]
    pub fn raadplegingen(&self) -> Option<&Raadplegingen> {
        self.raadplegingen.as_ref()
    }

    /// Puts another one in force, for requests that begin from now on and for those that wait.
    pub fn replace(&self, toegang: Toegang) {
        self.current.store(Arc::new(toegang));
        self.revocations.ring();
    }

    /// The revoked certificates, and the bell of all that may end a connection.
    #[must_use]
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// What is in force was the newest at this moment. An earlier moment than the last changes
    /// nothing.
    pub fn confirm(&self, at: Tijdstip) {
        self.confirmed_ms.fetch_max(at.as_millis(), Relaxed);
    }

    /// The toegang in force.
    #[must_use]
    pub fn current(&self) -> Arc<Toegang> {
        self.current.load_full()
    }

    /// When toegang was last known to be the newest.
    #[must_use]
    pub fn confirmed_at(&self) -> Option<Tijdstip> {
        match self.confirmed_ms.load(Relaxed) {
            i64::MIN => None,
            millis => Tijdstip::from_millis(millis),
        }
    }

    /// Whether toegang is older than this node may use.
    #[must_use]
    pub fn is_too_old(&self, now: Tijdstip) -> bool {
        let Some(max_age) = self.max_age else {
            return false;
        };
        self.confirmed_at()
            .is_none_or(|confirmed| now.seconds_since(confirmed) > max_age.as_secs())
    }

    /// For a snapshot; none before toegang was confirmed.
    ///
    /// # Errors
    /// As [`Toegang::to_bytes`].
    pub fn to_bytes(&self) -> Result<Option<Vec<u8>>, InvalidBytes> {
        self.confirmed_at()
            .map(|confirmed| self.current().to_bytes(confirmed))
            .transpose()
    }

    /// Puts in force what a snapshot carried, at the age that it has.
    ///
    /// # Errors
    /// [`InvalidBytes`], and then nothing changes.
    pub fn restore(&self, bytes: &[u8]) -> Result<(), InvalidBytes> {
        let (toegang, confirmed) = Toegang::from_bytes(bytes)?;
        self.replace(toegang);
        self.confirm(confirmed);
        Ok(())
    }

    /// Whether this certificate counts no more: expired, revoked or blocked, or of an issuer
    /// whose revocation list ran out. Its connections are cut.
    ///
    /// # Errors
    /// [`Rejection::CertificateNoLongerValid`] or [`Rejection::RevocationUnknown`].
    pub fn check_certificate(&self, peer: &PeerIdentity, now: Tijdstip) -> Result<(), Rejection> {
        if now > peer.not_after {
            return Err(Rejection::CertificateNoLongerValid);
        }
        self.revocations.check(peer, now)?;
        let toegang = self.current.load();
        let afnemer = peer.oin.and_then(|oin| toegang.afnemer(oin));
        match afnemer {
            Some(afnemer) if afnemer.blocks(peer) => Err(Rejection::CertificateNoLongerValid),
            _ => Ok(()),
        }
    }

    /// The afnemer behind a certificate.
    ///
    /// # Errors
    /// [`Rejection::InvalidCertificateOin`], [`Rejection::CertificateNoLongerValid`],
    /// [`Rejection::RevocationUnknown`], [`Rejection::AccessTooOld`] or
    /// [`Rejection::UnknownOrganisation`].
    pub fn identify(&self, peer: &PeerIdentity, now: Tijdstip) -> Result<Arc<Afnemer>, Rejection> {
        let oin = peer.oin.ok_or(Rejection::InvalidCertificateOin)?;
        if now > peer.not_after {
            return Err(Rejection::CertificateNoLongerValid);
        }
        self.revocations.check(peer, now)?;
        if self.is_too_old(now) {
            return Err(Rejection::AccessTooOld);
        }
        let toegang = self.current.load();
        let afnemer = toegang.afnemer(oin).ok_or(Rejection::UnknownOrganisation)?;
        if afnemer.blocks(peer) {
            return Err(Rejection::CertificateNoLongerValid);
        }
        Ok(Arc::clone(afnemer))
    }

    /// The counters that a request of this party is for: its own, or those of all who are no
    /// afnemer. Nothing is taken of them yet ([`Toelating::binnen`]), and nothing is counted where
    /// nobody can be told from another, since toegang is too old.
    #[must_use]
    pub fn toelating(&self, identified: Result<&Afnemer, &Rejection>) -> Toelating {
        let Some(quotas) = &self.quotas else {
            return Toelating::default();
        };
        match identified {
            Ok(afnemer) => Toelating::of(quotas.of(afnemer, &self.current)),
            Err(Rejection::AccessTooOld) => Toelating::default(),
            Err(_) => Toelating::of(quotas.of_unknown()),
        }
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

#[cfg(test)]
mod tests;
