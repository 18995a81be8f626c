//! Making keys and certificates.

use std::fmt;

use rcgen::string::PrintableString;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, Error,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256, RsaKeySize, SerialNumber,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::serienummer::Serienummer;

/// How long certificates are valid: long enough for a sandbox of one term,
/// short enough that nobody comes to rely on them.
pub const VALID_DAYS: i64 = 90;

/// Certificates count from a little before now, for clocks that run behind.
const CLOCK_SKEW: Duration = Duration::hours(1);

/// The X.520 attribute `serialNumber`, which holds the OIN (PKI001).
const SERIAL_NUMBER_OID: [u64; 4] = [2, 5, 4, 5];

/// The kind of key in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Sleuteltype {
    /// RSA of 2,048 bits, signing with SHA-256.
    Rsa,
    /// ECDSA on P-256, signing with SHA-256.
    Ecdsa,
}

impl fmt::Display for Sleuteltype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA",
            Self::Ecdsa => "ECDSA",
        })
    }
}

/// When a certificate is valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    from: OffsetDateTime,
    until: OffsetDateTime,
}

impl Validity {
    /// From an hour ago, for [`VALID_DAYS`].
    pub(crate) fn running(now: OffsetDateTime) -> Self {
        let from = now - CLOCK_SKEW;
        let until = from + Duration::days(VALID_DAYS);
        Self { from, until }
    }

    /// As long, until yesterday.
    pub(crate) fn expired(now: OffsetDateTime) -> Self {
        let until = now - Duration::days(1);
        let from = until - Duration::days(VALID_DAYS);
        Self { from, until }
    }
}

/// A CA that can sign.
pub(crate) struct Authority {
    pub(crate) cert_pem: String,
    pub(crate) key_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a self-signed CA with an ECDSA key, that signs end certificates only.
    pub(crate) fn create(name: &str, validity: Validity) -> Result<Self, Error> {
        let key = generate_key(Sleuteltype::Ecdsa)?;
        let mut params = params(&key, validity);
        params.distinguished_name = subject(name, name, None)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Self {
            cert_pem: params.self_signed(&key)?.pem(),
            key_pem: key.serialize_pem(),
            issuer: Issuer::new(params, key),
        })
    }

    /// Reads back a CA made by [`Self::create`].
    pub(crate) fn read(cert_pem: String, key_pem: String) -> Result<Self, Error> {
        let key = KeyPair::from_pem(&key_pem)?;
        Ok(Self {
            issuer: Issuer::from_ca_cert_pem(&cert_pem, key)?,
            cert_pem,
            key_pem,
        })
    }

    pub(crate) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }
}

/// What an end certificate is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose<'a> {
    /// A server with these host names and addresses.
    Server(&'a [String]),
    /// A client.
    Client,
}

/// An end certificate to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) name: &'a str,
    pub(crate) organisation: &'a str,
    /// What goes in `Subject.serialNumber`.
    pub(crate) oin: Option<&'a str>,
    pub(crate) key_type: Sleuteltype,
    pub(crate) purpose: Purpose<'a>,
    pub(crate) validity: Validity,
}

/// A certificate with its key.
pub(crate) struct Issued {
    pub(crate) cert_pem: String,
    pub(crate) key_pem: String,
    pub(crate) serial: Serienummer,
}

/// Makes a key and has its certificate signed.
pub(crate) fn issue(authority: &Authority, request: &Request<'_>) -> Result<Issued, Error> {
    let key = generate_key(request.key_type)?;
    let mut params = params(&key, request.validity);
    params.distinguished_name = subject(request.name, request.organisation, request.oin)?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.is_ca = IsCa::ExplicitNoCa;
    match request.purpose {
        Purpose::Server(names) => {
            params.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
            // As those of PKIoverheid have it: a server that calls others shows the same one.
            params.extended_key_usages = vec![
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ];
        }
        Purpose::Client => {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }
    }
    Ok(Issued {
        cert_pem: params.signed_by(&key, authority.issuer())?.pem(),
        key_pem: key.serialize_pem(),
        serial: serial_of(&params, &key),
    })
}

fn generate_key(kind: Sleuteltype) -> Result<KeyPair, Error> {
    match kind {
        Sleuteltype::Rsa => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
        Sleuteltype::Ecdsa => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
    }
}

fn params(key: &KeyPair, validity: Validity) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = validity.from;
    params.not_after = validity.until;
    let serial = serial_of(&params, key);
    params.serial_number = Some(SerialNumber::from_slice(serial.octets()));
    params
}

fn serial_of(params: &CertificateParams, key: &KeyPair) -> Serienummer {
    Serienummer::from_key_identifier(&params.key_identifier(key))
}

/// Country and serial number are PrintableString, as X.520 wants them.
fn subject(name: &str, organisation: &str, oin: Option<&str>) -> Result<DistinguishedName, Error> {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, printable("NL")?);
    subject.push(DnType::OrganizationName, organisation);
    subject.push(DnType::CommonName, name);
    if let Some(oin) = oin {
        subject.push(
            DnType::CustomDnType(SERIAL_NUMBER_OID.into()),
            printable(oin)?,
        );
    }
    Ok(subject)
}

fn printable(text: &str) -> Result<DnValue, Error> {
    Ok(DnValue::PrintableString(PrintableString::try_from(text)?))
}
