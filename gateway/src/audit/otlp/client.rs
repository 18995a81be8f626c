//! The call to the collector: https only, nobody is followed, its answer is read within bounds.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{
    Certificate, Client, Identity, StatusCode, Url, header::CONTENT_TYPE, redirect::Policy,
};

use super::bericht;
use crate::audit::record::Record;

/// Time for a request and its answer: a collector takes milliseconds, a far one some seconds.
const TIJD: Duration = Duration::from_secs(30);

/// Most bytes of an answer that are read.
const MAX_ANSWER: usize = 64 * 1024;

/// Which collector, and what it is trusted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpInstellingen {
    /// The whole URL, such as `https://collector.example/v1/traces`.
    pub url: Url,
    /// Authorities that it is trusted by, PEM; those of the system without.
    pub ca: Option<PathBuf>,
    /// Client certificate with its chain, and its private key, both PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Why the collector did not take it.
#[derive(Debug, thiserror::Error)]
pub enum OtlpFout {
    /// A certificate or key cannot be read.
    #[error("{} cannot be used", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else could read the private key (design invariant 13).
    #[error("private key {path} can be read by others: run `chmod 600 {path}`", path = .0.display())]
    KeyExposed(PathBuf),
    /// Certificate, key or CA.
    #[error("the certificates for the collector cannot be used")]
    Tls(#[source] reqwest::Error),
    /// It was not reached, or is not who it should be.
    #[error("the collector does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// It answers something else than that it took it.
    #[error("the collector answers HTTP {0}")]
    Status(StatusCode),
}

/// Made anew each time: a certificate that was renewed counts from the next time on.
pub(super) fn client(instellingen: &OtlpInstellingen) -> Result<Client, OtlpFout> {
    let mut builder = Client::builder()
        .https_only(true)
        .no_proxy()
        .redirect(Policy::none())
        .timeout(TIJD);
    if let Some(ca) = &instellingen.ca {
        let pem = read(ca)?;
        let trusted = Certificate::from_pem_bundle(&pem).map_err(OtlpFout::Tls)?;
        builder = builder.tls_certs_only(trusted);
    }
    if let Some((certificate, key)) = &instellingen.identity {
        builder = builder.identity(identity(certificate, key)?);
    }
    builder.build().map_err(OtlpFout::Tls)
}

/// Sends these in one request; gives how many were refused for good.
pub(super) async fn send(
    client: &Client,
    instellingen: &OtlpInstellingen,
    records: &[Record],
) -> Result<u64, OtlpFout> {
    let request = client.post(instellingen.url.clone());
    let request = request
        .header(CONTENT_TYPE, "application/json")
        .body(bericht::request(records).to_string());
    let unreachable = |error: reqwest::Error| OtlpFout::Unreachable(error.without_url());
    let mut response = request.send().await.map_err(unreachable)?;
    if response.status() != StatusCode::OK {
        return Err(OtlpFout::Status(response.status()));
    }
    let mut answer = Vec::new();
    while answer.len() < MAX_ANSWER
        && let Some(chunk) = response.chunk().await.map_err(unreachable)?
    {
        answer.extend_from_slice(&chunk);
    }
    Ok(bericht::rejected(&answer))
}

fn identity(certificate: &Path, key: &Path) -> Result<Identity, OtlpFout> {
    let about = fs::metadata(key).map_err(|source| of_file(key, source))?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err(OtlpFout::KeyExposed(key.to_owned()));
    }
    let mut pem = read(certificate)?;
    pem.push(b'\n');
    pem.extend(read(key)?);
    Identity::from_pem(&pem).map_err(OtlpFout::Tls)
}

fn read(path: &Path) -> Result<Vec<u8>, OtlpFout> {
    fs::read(path).map_err(|source| of_file(path, source))
}

fn of_file(path: &Path, source: io::Error) -> OtlpFout {
    OtlpFout::File {
        path: path.to_owned(),
        source,
    }
}
