//! Keys, certificates and CRLs from files.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustls::{
    RootCertStore, crypto::CryptoProvider, server::VerifierBuilderError, sign::CertifiedKey,
};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime,
    pem::{self, PemObject},
};
use x509_parser::{
    certificate::X509Certificate, prelude::FromDer, revocation_list::CertificateRevocationList,
};

use super::verifier::ClientTrust;
use crate::{access::Revoked, domain::Tijdstip};

/// Where the TLS material lies.
#[derive(Debug, Clone)]
pub struct TlsPaths {
    /// The gateway's certificate with its chain, PEM, its own first.
    pub certificate: PathBuf,
    /// Its private key, PEM, readable by its owner alone.
    pub key: PathBuf,
    /// The CAs whose client certificates are let in, PEM.
    pub client_ca: PathBuf,
    /// CRLs of those CAs, PEM (one or more in a file) or DER. Without any, nothing is checked
    /// for revocation; with any, every issuer of client certificates needs one.
    pub crls: Vec<PathBuf>,
}

/// Why TLS material cannot be used. The texts name the file and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else could read a private key (design invariant 13).
    #[error(
        "private key {0} can be read by others (mode {mode:04o}): run `chmod 600 {0}`",
        .path.display()
    )]
    KeyExposed {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A PEM file does not hold what it should.
    #[error("{} holds no {expected}{hint}", .path.display())]
    Missing {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
    /// A PEM file is damaged.
    #[error("{} is not well-formed PEM", .path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// A certificate, key or CRL is damaged, or the key is of another certificate.
    #[error("{} cannot be used: {reason}", .path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The roots and CRLs do not make a verifier.
    #[error("client certificates cannot be verified with these CAs and CRLs")]
    Verifier(#[source] VerifierBuilderError),
    /// The provider does not support the versions that the standard asks for.
    #[error("TLS 1.2 and 1.3 cannot be set up")]
    Versions(#[source] rustls::Error),
}

/// The age of one CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlAge {
    /// The issuer's distinguished name.
    pub issuer: String,
    /// When the next one should be there; a CRL may not say.
    pub next_update: Option<Tijdstip>,
}

/// What was loaded at one moment, whole or not at all.
#[derive(Debug)]
pub(crate) struct Material {
    pub(crate) server: Arc<CertifiedKey>,
    pub(crate) server_not_after: Tijdstip,
    pub(crate) trust: ClientTrust,
    pub(crate) revoked: Revoked,
    pub(crate) crl_ages: Vec<CrlAge>,
}

impl Material {
    pub(crate) fn load(
        paths: &TlsPaths,
        crl_grace: Duration,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        let (server, server_not_after) = load_server(paths, provider)?;
        let roots = load_roots(&paths.client_ca)?;
        let crls = Crls::load(&paths.crls)?;
        let trust = ClientTrust::new(roots, &crls.der, crls.next_updates, crl_grace, provider)
            .map_err(TlsError::Verifier)?;
        Ok(Self {
            server: Arc::new(server),
            server_not_after,
            trust,
            revoked: crls.revoked,
            crl_ages: crls.ages,
        })
    }
}

fn load_server(
    paths: &TlsPaths,
    provider: &CryptoProvider,
) -> Result<(CertifiedKey, Tijdstip), TlsError> {
    let chain = read_certificates(&paths.certificate)?;
    let unusable = |path: &Path, reason: String| TlsError::Unusable {
        path: path.to_owned(),
        reason,
    };
    let not_after = X509Certificate::from_der(&chain[0])
        .map_err(|error| unusable(&paths.certificate, error.to_string()))
        .map(|(_, own)| own.validity().not_after.timestamp())?;
    let key = read_key(&paths.key)?;
    let server = CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => unusable(
            &paths.key,
            format!("it is not the key of {}", paths.certificate.display()),
        ),
        error => unusable(&paths.key, error.to_string()),
    })?;
    Ok((server, moment(not_after)))
}

fn load_roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(path)? {
        roots.add(certificate).map_err(|error| TlsError::Unusable {
            path: path.to_owned(),
            reason: format!("a CA in it cannot be trusted: {error}"),
        })?;
    }
    Ok(roots)
}

/// All certificates of a PEM file, at least one.
fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| TlsError::Pem {
            path: path.to_owned(),
            source,
        })?;
    if certificates.is_empty() {
        return Err(TlsError::Missing {
            path: path.to_owned(),
            expected: "certificate",
            hint: ": it should be PEM, with BEGIN CERTIFICATE",
        });
    }
    Ok(certificates)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let io_error = |source| TlsError::Read {
        path: path.to_owned(),
        source,
    };
    // The mode is asked of the open file, so that it is that of the bytes that are read.
    let mut file = File::open(path).map_err(io_error)?;
    let mode = file.metadata().map_err(io_error)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(TlsError::KeyExposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(io_error)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::Missing {
            path: path.to_owned(),
            expected: "private key",
            hint: ": it should be unencrypted PEM (PKCS#8, PKCS#1 or SEC1)",
        },
        source => TlsError::Pem {
            path: path.to_owned(),
            source,
        },
    })
}

#[derive(Default)]
struct Crls {
    der: Vec<CertificateRevocationListDer<'static>>,
    revoked: Revoked,
    next_updates: HashMap<Vec<u8>, Option<UnixTime>>,
    ages: Vec<CrlAge>,
}

impl Crls {
    fn load(paths: &[PathBuf]) -> Result<Self, TlsError> {
        let mut crls = Self::default();
        for path in paths {
            for der in read_crls(path)? {
                crls.add(path, der)?;
            }
        }
        Ok(crls)
    }

    fn add(
        &mut self,
        path: &Path,
        der: CertificateRevocationListDer<'static>,
    ) -> Result<(), TlsError> {
        let (_, crl) = CertificateRevocationList::from_der(&der).map_err(|error| {
            let reason = format!("it is not a CRL: {error}");
            TlsError::Unusable {
                path: path.to_owned(),
                reason,
            }
        })?;
        let issuer: Arc<[u8]> = Arc::from(crl.issuer().as_raw());
        for line in crl.iter_revoked_certificates() {
            self.revoked.insert(&issuer, line.raw_serial());
        }
        let next_update_s = crl.next_update().map(|time| time.timestamp());
        self.ages.push(CrlAge {
            issuer: crl.issuer().to_string(),
            next_update: next_update_s.map(moment),
        });
        let next_update = next_update_s
            .map(|s| UnixTime::since_unix_epoch(Duration::from_secs(s.try_into().unwrap_or(0))));
        // An issuer may split its CRL; the oldest part decides, since a serial could be in it.
        self.next_updates
            .entry(issuer.to_vec())
            .and_modify(|known| *known = earliest(*known, next_update))
            .or_insert(next_update);
        self.der.push(der);
        Ok(())
    }
}

/// Reads CRLs as they come in a file, for fuzzing; how many there were.
pub(crate) fn read_crl(bytes: &[u8]) -> Result<usize, TlsError> {
    let path = Path::new("crl");
    let mut crls = Crls::default();
    for der in split_crls(path, bytes.to_vec())? {
        crls.add(path, der)?;
    }
    Ok(crls.ages.len())
}

fn earliest(a: Option<UnixTime>, b: Option<UnixTime>) -> Option<UnixTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn read_crls(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    split_crls(path, read(path)?)
}

fn split_crls(
    path: &Path,
    bytes: Vec<u8>,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    // DER begins with a SEQUENCE; no PEM file does.
    if bytes.first() == Some(&0x30) {
        return Ok(vec![CertificateRevocationListDer::from(bytes)]);
    }
    let crls = CertificateRevocationListDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| TlsError::Pem {
            path: path.to_owned(),
            source,
        })?;
    if crls.is_empty() {
        return Err(TlsError::Missing {
            path: path.to_owned(),
            expected: "CRL",
            hint: ": it should be DER, or PEM with BEGIN X509 CRL",
        });
    }
    Ok(crls)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })
}

/// A moment in a certificate, which may lie beyond what we can express.
fn moment(unix_s: i64) -> Tijdstip {
    unix_s
        .checked_mul(1000)
        .and_then(Tijdstip::from_millis)
        .unwrap_or(Tijdstip::EPOCH)
}
