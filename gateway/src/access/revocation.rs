//! Which certificates have been revoked, for connections that were let in before.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use super::{PeerIdentity, Rejection};
use crate::domain::Tijdstip;

/// What the revocation lists in force say: serial numbers with the issuer of each, and until when
/// the list of each issuer counts.
///
/// Looked up by serial number first: two short hashes a request.
#[derive(Debug, Default)]
pub struct Revoked {
    issuers_by_serial: HashMap<Box<[u8]>, Vec<Arc<[u8]>>>,
    /// Until when the list of an issuer counts; none for one that does not say.
    usable_until: HashMap<Arc<[u8]>, Option<Tijdstip>>,
    /// Authorities that were revoked themselves.
    refused_issuers: HashSet<Arc<[u8]>>,
    /// Whether an issuer without a list is refused.
    status_required: bool,
}

impl Revoked {
    /// Adds one line of a CRL: the issuer's name in DER, the serial number big-endian. Zeros in
    /// front do not matter.
    pub fn insert(&mut self, issuer: &Arc<[u8]>, serial: &[u8]) {
        let issuers = self
            .issuers_by_serial
            .entry(without_leading_zeros(serial).into())
            .or_default();
        if !issuers.contains(issuer) {
            issuers.push(Arc::clone(issuer));
        }
    }

    /// The list of this issuer counts until then, grace included; none for ever.
    pub fn set_usable_until(&mut self, issuer: Arc<[u8]>, until: Option<Tijdstip>) {
        self.usable_until.insert(issuer, until);
    }

    /// Everything that this authority issued is refused: it was revoked itself.
    pub fn refuse_issuer(&mut self, issuer: Arc<[u8]>) {
        self.refused_issuers.insert(issuer);
    }

    /// From now on an issuer without a list is refused.
    pub fn require_status(&mut self) {
        self.status_required = true;
    }

    /// Whether this certificate counts now.
    ///
    /// # Errors
    /// [`Rejection::CertificateNoLongerValid`] when it or its issuer was revoked,
    /// [`Rejection::RevocationUnknown`] when that cannot be told.
    pub fn check(&self, peer: &PeerIdentity, now: Tijdstip) -> Result<(), Rejection> {
        if self.names(peer) || self.refused_issuers.contains(peer.issuer.as_slice()) {
            return Err(Rejection::CertificateNoLongerValid);
        }
        match self.usable_until.get(peer.issuer.as_slice()) {
            Some(Some(until)) if now > *until => Err(Rejection::RevocationUnknown),
            None if self.status_required => Err(Rejection::RevocationUnknown),
            _ => Ok(()),
        }
    }

    /// Whether a CRL of its issuer names this certificate.
    fn names(&self, peer: &PeerIdentity) -> bool {
        self.issuers_by_serial
            .get(peer.serial.as_slice())
            .is_some_and(|issuers| issuers.iter().any(|issuer| **issuer == *peer.issuer))
    }

    /// How many serial numbers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.issuers_by_serial.len()
    }

    /// Whether nothing was revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.issuers_by_serial.is_empty()
    }
}

/// A serial number as [`PeerIdentity`] holds it.
#[must_use]
pub fn without_leading_zeros(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|&&byte| byte == 0).count();
    &serial[zeros..]
}

/// The revoked certificates in force on this node, replaced when the CRLs are loaded again; and
/// the bell for all who must look again whether a certificate still counts.
#[derive(Debug, Default)]
pub struct Revocations {
    current: ArcSwap<Revoked>,
    changes: AtomicU64,
    bell: Notify,
}

impl Revocations {
    /// Puts another set in force, for requests that begin from now on and, once it rang, for
    /// those that wait.
    pub fn replace(&self, revoked: Revoked) {
        self.current.store(Arc::new(revoked));
    }

    /// Something else changed by which a certificate may count no more, be it only the time.
    pub fn ring(&self) {
        self.changes.fetch_add(1, Ordering::Release);
        self.bell.notify_waiters();
    }

    /// How often it rang: when this is what it was, nothing changed.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Resolves once it has rung more often than this.
    pub async fn changed(&self, since: u64) {
        loop {
            let mut rung = std::pin::pin!(self.bell.notified());
            // Before the look, so that nothing falls in between.
            rung.as_mut().enable();
            if self.changes() != since {
                return;
            }
            rung.await;
        }
    }

    /// As [`Revoked::check`], by what is in force. Cheap enough for every request.
    ///
    /// # Errors
    /// As [`Revoked::check`].
    pub fn check(&self, peer: &PeerIdentity, now: Tijdstip) -> Result<(), Rejection> {
        self.current.load().check(peer, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(issuer: &[u8], serial: &[u8]) -> PeerIdentity {
        PeerIdentity {
            oin: None,
            issuer: issuer.to_vec(),
            serial: serial.to_vec(),
            not_after: Tijdstip::EPOCH,
        }
    }

    fn second(number: i64) -> Tijdstip {
        Tijdstip::from_millis(number * 1000).unwrap()
    }

    #[test]
    fn a_serial_number_is_revoked_for_its_own_issuer_alone() {
        let mut revoked = Revoked::default();
        revoked.insert(&Arc::from(*b"ca one"), &[0, 0, 7]);
        revoked.insert(&Arc::from(*b"ca one"), &[7]);
        revoked.insert(&Arc::from(*b"ca two"), &[9]);
        let revocations = Revocations::default();
        assert!(revocations.check(&peer(b"ca one", &[7]), second(0)).is_ok());
        revocations.replace(revoked);

        let check = |issuer: &[u8], serial: &[u8], expect: bool| {
            let found = revocations.check(&peer(issuer, serial), second(0));
            assert_eq!(found.is_err(), expect, "{serial:?}");
        };
        check(b"ca one", &[7], true);
        check(b"ca two", &[7], false);
        check(b"ca two", &[9], true);
        check(b"ca one", &[9], false);
        check(b"ca one", &[], false);
    }

    #[test]
    fn one_issuer_whose_list_ran_out_closes_nobody_else() {
        let mut revoked = Revoked::default();
        revoked.require_status();
        revoked.set_usable_until(Arc::from(*b"punctual"), Some(second(20)));
        revoked.set_usable_until(Arc::from(*b"late"), Some(second(10)));
        revoked.set_usable_until(Arc::from(*b"timeless"), None);
        revoked.set_usable_until(Arc::from(*b"revoked"), None);
        revoked.refuse_issuer(Arc::from(*b"revoked"));
        for (issuer, at, expect) in [
            (&b"punctual"[..], 20, Ok(())),
            (b"late", 10, Ok(())),
            (b"late", 11, Err(Rejection::RevocationUnknown)),
            (b"timeless", 1_000, Ok(())),
            (b"absent", 0, Err(Rejection::RevocationUnknown)),
            (b"revoked", 0, Err(Rejection::CertificateNoLongerValid)),
        ] {
            let found = revoked.check(&peer(issuer, &[1]), second(at));
            assert_eq!(found, expect, "{}", String::from_utf8_lossy(issuer));
        }
    }

    #[tokio::test]
    async fn the_bell_reaches_who_waits_and_who_comes_after() {
        let revocations = Revocations::default();
        let before = revocations.changes();
        tokio::join!(revocations.changed(before), async {
            revocations.ring();
        });
        revocations.changed(before).await;
        assert_eq!(revocations.changes(), before + 1);
    }
}
