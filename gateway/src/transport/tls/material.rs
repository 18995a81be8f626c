//! Keys and certificates from files.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore, crypto::CryptoProvider, server::VerifierBuilderError, sign::CertifiedKey,
};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    crl::{CrlError, Signers},
    plaats::CrlPlaats,
};
use crate::domain::Tijdstip;

/// Where the TLS material lies.
#[derive(Debug, Clone)]
pub struct TlsPaths {
    /// The gateway's certificate with its chain, PEM, its own first.
    pub certificate: PathBuf,
    /// Its private key, PEM, readable by its owner alone.
    pub key: PathBuf,
    /// The CAs whose client certificates are let in, PEM.
    pub client_ca: PathBuf,
    /// CRLs of those CAs. Without any, nothing is checked for revocation; with any, every issuer
    /// of client certificates needs one.
    pub crls: Vec<CrlPlaats>,
    /// Certificates, PEM, of authorities that sign CRLs and stand below those CAs.
    pub crl_issuers: Option<PathBuf>,
    /// Where copies of fetched CRLs are kept.
    pub crl_folder: PathBuf,
    /// Most bytes of a fetched CRL.
    pub crl_most_bytes: u64,
}

impl TlsPaths {
    /// Every file that is read, for whoever looks whether one changed.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.certificate, &self.key, &self.client_ca]
            .into_iter()
            .chain(&self.crl_issuers)
            .map(PathBuf::as_path)
            .chain(self.crls.iter().filter_map(CrlPlaats::file))
    }
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
    /// A revocation list that does not do; what was in force of its place stays so.
    #[error("the CRL of {plaats} cannot be used")]
    Crl {
        /// Where it is.
        plaats: CrlPlaats,
        /// Why.
        #[source]
        source: CrlError,
    },
    /// No place of a CRL has this number.
    #[error("no place of a CRL has this number")]
    NoSuchPlace,
    /// A certificate or key is damaged, or the key is of another certificate.
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

/// The gateway's own certificate with its key.
pub(super) struct Server {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) not_after: Tijdstip,
}

/// The authorities of client certificates, and those whose revocation lists count.
pub(super) struct Authorities {
    pub(super) roots: Arc<RootCertStore>,
    pub(super) signers: Signers,
}

impl Authorities {
    pub(super) fn load(paths: &TlsPaths) -> Result<Self, TlsError> {
        let mut signers = read_certificates(&paths.client_ca)?;
        let roots = Arc::new(roots(&paths.client_ca, &signers)?);
        if let Some(path) = &paths.crl_issuers {
            signers.extend(read_certificates(path)?);
        }
        let signers = Signers::new(signers);
        Ok(Self { roots, signers })
    }
}

pub(super) fn load_server(paths: &TlsPaths, provider: &CryptoProvider) -> Result<Server, TlsError> {
    let chain = read_certificates(&paths.certificate)?;
    let unusable = |path: &Path, reason: String| TlsError::Unusable {
        path: path.to_owned(),
        reason,
    };
    let not_after = X509Certificate::from_der(&chain[0])
        .map_err(|error| unusable(&paths.certificate, error.to_string()))
        .map(|(_, own)| own.validity().not_after.timestamp())?;
    let key = read_key(&paths.key)?;
    let key = CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => unusable(
            &paths.key,
            format!("it is not the key of {}", paths.certificate.display()),
        ),
        error => unusable(&paths.key, error.to_string()),
    })?;
    Ok(Server {
        key: Arc::new(key),
        not_after: moment(not_after),
    })
}

fn roots(path: &Path, certificates: &[CertificateDer<'static>]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots
            .add(certificate.clone())
            .map_err(|error| TlsError::Unusable {
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

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })
}

/// A moment in a certificate, which may lie beyond what we can express.
pub(super) fn moment(unix_s: i64) -> Tijdstip {
    unix_s
        .checked_mul(1000)
        .and_then(Tijdstip::from_millis)
        .unwrap_or(Tijdstip::EPOCH)
}
