//! The list of revoked certificates.

use std::path::Path;

use rcgen::{
    CertificateRevocationListParams, Error, KeyIdMethod, RevocationReason, RevokedCertParams,
    SerialNumber,
};
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::error::CertsError;
use crate::folder::{Access, Folder};
use crate::issue::Authority;
use crate::manifest::{IngetrokkenRegel, Manifest};
use crate::serienummer::Serienummer;

/// Days from a CRL's issue to its nextUpdate.
pub const CRL_VALID_DAYS: i64 = 30;

/// Issues the CRL of a folder again with these serial numbers added, and
/// replaces `crl.pem` in one step. What is already on it stays as it is.
///
/// Without serial numbers this only renews the list; with a `now` more than
/// [`CRL_VALID_DAYS`] ago it makes one that has run out. Two calls at the same
/// time on one folder can lose a line.
pub fn revoke(
    dir: &Path,
    serials: &[Serienummer],
    now: OffsetDateTime,
) -> Result<Manifest, CertsError> {
    let folder = Folder::open(dir)?;
    let mut manifest = folder.read_manifest()?;
    let authority = Authority::read(folder.read(&manifest.ca)?, folder.read(&manifest.ca_key)?)
        .map_err(CertsError::issue("the CRL"))?;
    for serial in serials {
        if !manifest
            .ingetrokken
            .iter()
            .any(|r| r.serienummer == *serial)
        {
            manifest.ingetrokken.push(line(serial.clone(), now));
        }
    }
    manifest.crl_nummer += 1;
    // The manifest goes first: if the CRL cannot be written after it, the next
    // call issues what this one promised.
    folder.write_manifest(&manifest)?;
    write(&folder, &authority, &manifest, now)?;
    Ok(manifest.under(folder.root()))
}

/// A line for a certificate that is revoked now.
pub(crate) fn line(serial: Serienummer, now: OffsetDateTime) -> IngetrokkenRegel {
    IngetrokkenRegel {
        serienummer: serial,
        ingetrokken_op: whole_second(now),
    }
}

/// Signs and writes the CRL that the manifest describes.
pub(crate) fn write(
    folder: &Folder,
    authority: &Authority,
    manifest: &Manifest,
    now: OffsetDateTime,
) -> Result<(), CertsError> {
    let pem = sign(authority, manifest, now).map_err(CertsError::issue("the CRL"))?;
    folder.write(&manifest.crl, &pem, Access::Public)
}

fn sign(authority: &Authority, manifest: &Manifest, now: OffsetDateTime) -> Result<String, Error> {
    let revoked = |line: &IngetrokkenRegel| RevokedCertParams {
        serial_number: SerialNumber::from_slice(line.serienummer.octets()),
        revocation_time: line.ingetrokken_op,
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    };
    CertificateRevocationListParams {
        this_update: whole_second(now),
        next_update: whole_second(now) + Duration::days(CRL_VALID_DAYS),
        crl_number: SerialNumber::from(manifest.crl_nummer),
        issuing_distribution_point: None,
        revoked_certs: manifest.ingetrokken.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
    .signed_by(authority.issuer())?
    .pem()
}

/// A CRL has no room for parts of a second.
fn whole_second(moment: OffsetDateTime) -> OffsetDateTime {
    let moment = moment.to_offset(UtcOffset::UTC);
    moment - Duration::nanoseconds(moment.nanosecond().into())
}
