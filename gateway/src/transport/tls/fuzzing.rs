//! See [`crate::fuzzing`].

use rustls_pki_types::{CertificateDer, pem::PemObject};

use super::crl::{Crl, Signers, split};
use crate::domain::Tijdstip;

/// A file of CRLs, DER or PEM. Certificates that stand in it too are those of the issuers.
pub fn crl(data: &[u8]) {
    let issuers = CertificateDer::pem_slice_iter(data).filter_map(Result::ok);
    let signers = Signers::new(issuers.collect());
    let Ok(lists) = split(data) else { return };
    assert!(!lists.is_empty(), "a file without a CRL is refused");
    // Far enough ahead that none is of the future.
    let now = Tijdstip::parse("9999-01-01T00:00:00Z").unwrap_or(Tijdstip::EPOCH);
    for list in lists {
        if let Ok(crl) = Crl::verified(list, &signers, now) {
            assert!(!crl.is_older_than(&crl), "older than itself");
            assert!(crl.serials.iter().all(|serial| serial.first() != Some(&0)));
        }
    }
}
