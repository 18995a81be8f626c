//! Authorities of a test's own, which sign what they are asked to, right or wrong.

use std::{
    fs,
    path::{Path, PathBuf},
};

use certs_dev::{Certificaat, Sleuteltype};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber,
};
use time::{Duration, OffsetDateTime};

/// An authority.
pub(crate) struct Gezag {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
    pub(crate) serial: Vec<u8>,
}

/// A revocation list to be signed.
#[derive(Clone)]
pub(crate) struct Lijst {
    pub(crate) nummer: u64,
    /// From now.
    pub(crate) gemaakt: Duration,
    /// From now.
    pub(crate) volgende: Duration,
    pub(crate) ingetrokken: Vec<Vec<u8>>,
}

impl Lijst {
    /// In force for a day, made at this moment.
    pub(crate) fn nu(nummer: u64, ingetrokken: &[&[u8]]) -> Self {
        Self {
            nummer,
            gemaakt: Duration::ZERO,
            volgende: Duration::days(1),
            ingetrokken: ingetrokken.iter().map(|serial| serial.to_vec()).collect(),
        }
    }
}

impl Gezag {
    /// One that nobody stands above.
    pub(crate) fn root(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = authority(name, b"\x11");
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
            serial: vec![0x11],
        }
    }

    /// One below this one.
    pub(crate) fn below(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = authority(name, b"\x22");
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
            serial: vec![0x22],
        }
    }

    /// A client certificate with this OIN and serial number, with its chain.
    pub(crate) fn client(&self, folder: &Path, oin: &str, serial: &[u8]) -> Certificaat {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(serial));
        params.not_before = OffsetDateTime::now_utc() - Duration::hours(1);
        params.not_after = OffsetDateTime::now_utc() + Duration::days(30);
        let oin = DnValue::PrintableString(oin.try_into().unwrap());
        let attribute = DnType::CustomDnType(vec![2, 5, 4, 5]);
        params.distinguished_name.push(attribute, oin);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let own = params.signed_by(&key, &self.issuer).unwrap().pem();
        let name = hex::encode(serial);
        let (cert, file) = (
            folder.join(format!("{name}.pem")),
            folder.join(format!("{name}.key.pem")),
        );
        fs::write(&cert, own + &self.pem).unwrap();
        fs::write(&file, key.serialize_pem()).unwrap();
        Certificaat {
            cert,
            key: file,
            serienummer: hex::encode(serial).parse().unwrap(),
            sleuteltype: Sleuteltype::Ecdsa,
        }
    }

    /// Its revocation list, DER.
    pub(crate) fn crl(&self, lijst: &Lijst) -> Vec<u8> {
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
        let line = |serial: &Vec<u8>| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: now + lijst.gemaakt,
            next_update: now + lijst.volgende,
            crl_number: SerialNumber::from(lijst.nummer),
            issuing_distribution_point: None,
            revoked_certs: lijst.ingetrokken.iter().map(line).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().der().to_vec()
    }
}

/// Writes the certificates of these authorities into one file.
pub(crate) fn write_all(folder: &Path, name: &str, all: &[&Gezag]) -> PathBuf {
    let path = folder.join(name);
    let text: String = all.iter().map(|one| one.pem.as_str()).collect();
    fs::write(&path, text).unwrap();
    path
}

fn authority(name: &str, serial: &[u8]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from_slice(serial));
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = OffsetDateTime::now_utc() - Duration::hours(1);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(30);
    params
}
