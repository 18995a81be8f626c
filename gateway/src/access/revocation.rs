//! Which certificates have been revoked, for connections that were let in before.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;

use super::PeerIdentity;

/// Serial numbers that stand on a CRL, with the issuer of each.
///
/// Looked up by serial number first: one short hash a request.
#[derive(Debug, Default)]
pub struct Revoked {
    issuers_by_serial: HashMap<Box<[u8]>, Vec<Arc<[u8]>>>,
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

    /// Whether a CRL of its issuer names this certificate.
    #[must_use]
    pub fn contains(&self, peer: &PeerIdentity) -> bool {
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

/// The revoked certificates in force on this node, replaced when the CRLs are loaded again.
#[derive(Debug, Default)]
pub struct Revocations(ArcSwap<Revoked>);

impl Revocations {
    /// Puts another set in force, for requests that begin from now on.
    pub fn replace(&self, revoked: Revoked) {
        self.0.store(Arc::new(revoked));
    }

    /// Whether this certificate has been revoked. Cheap enough for every request.
    #[must_use]
    pub fn is_revoked(&self, peer: &PeerIdentity) -> bool {
        let revoked = self.0.load();
        !revoked.is_empty() && revoked.contains(peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Tijdstip;

    fn peer(issuer: &[u8], serial: &[u8]) -> PeerIdentity {
        PeerIdentity {
            oin: None,
            issuer: issuer.to_vec(),
            serial: serial.to_vec(),
            not_after: Tijdstip::EPOCH,
        }
    }

    #[test]
    fn a_serial_number_is_revoked_for_its_own_issuer_alone() {
        let mut revoked = Revoked::default();
        revoked.insert(&Arc::from(*b"ca one"), &[0, 0, 7]);
        revoked.insert(&Arc::from(*b"ca one"), &[7]);
        revoked.insert(&Arc::from(*b"ca two"), &[9]);
        let revocations = Revocations::default();
        assert!(!revocations.is_revoked(&peer(b"ca one", &[7])));
        revocations.replace(revoked);

        let check = |issuer: &[u8], serial: &[u8], expect: bool| {
            assert_eq!(
                revocations.is_revoked(&peer(issuer, serial)),
                expect,
                "{serial:?}"
            );
        };
        check(b"ca one", &[7], true);
        check(b"ca two", &[7], false);
        check(b"ca two", &[9], true);
        check(b"ca one", &[9], false);
        check(b"ca one", &[], false);
    }
}
