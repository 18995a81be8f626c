//! Fetching over https: verified both ways, within limits, and only when there is another.

use std::{
    fs,
    io::{self, Seek},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{
    Certificate, Client, Identity, Response, StatusCode, Url,
    header::{ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
    redirect::Policy,
};
use tokio::io::AsyncWriteExt;

use super::{Fetched, Mark, Settings, spool};

/// Time to find and reach the server, handshake included.
const CONNECT: Duration = Duration::from_secs(15);

/// Longest silence within a download.
const SILENCE: Duration = Duration::from_secs(60);

/// Redirects that are followed, on the same host: to the newest of several files, say.
const REDIRECTS: usize = 3;

/// Why there is no levering.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The levering, or the folder for it, cannot be used.
    #[error("{} cannot be used", .path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else could read the private key (design invariant 13).
    #[error("private key {path} can be read by others: run `chmod 600 {path}`", path = .0.display())]
    KeyExposed(PathBuf),
    /// Certificate, key or CA.
    #[error("the certificates for fetching cannot be used")]
    Tls(#[source] reqwest::Error),
    /// The server was not reached, or is not who it should be.
    #[error("the source does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// It answers something else than a levering.
    #[error("the source answers HTTP {0}")]
    Status(StatusCode),
    /// The download broke off, or took too long.
    #[error("the download broke off after {read} bytes; nothing was applied")]
    Interrupted {
        /// Bytes that came.
        read: u64,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// More than is taken.
    #[error(
        "the levering has more than {most} bytes; if that is right, allow more (register.maximaleLeveringBytes, --maximale-bytes)"
    )]
    TooLarge {
        /// How many there may be.
        most: u64,
    },
}

/// Asks for the levering unless it is the one with this mark.
pub(super) async fn fetch(
    url: &Url,
    settings: &Settings,
    seen: Option<&Mark>,
) -> Result<Fetched, FetchError> {
    // Made anew each time: a certificate that was renewed counts from the next time on.
    let request = client(settings)?.get(url.clone()).headers(conditions(seen));
    let response = request.send().await;
    let response = response.map_err(|error| FetchError::Unreachable(error.without_url()))?;
    match response.status() {
        StatusCode::NOT_MODIFIED if seen.is_some() => return Ok(Fetched::Unchanged),
        StatusCode::OK => {}
        other => return Err(FetchError::Status(other)),
    }
    let mark = Mark {
        plaats: url.as_str().to_owned(),
        etag: header(&response, ETAG),
        last_modified: header(&response, LAST_MODIFIED),
    };
    let file = download(response, settings).await?;
    Ok(Fetched::Levering { file, mark })
}

fn conditions(seen: Option<&Mark>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name: HeaderName, value: Option<&String>| {
        // It came in a header, so it can go in one.
        if let Some(Ok(value)) = value.map(|value| value.parse()) {
            headers.insert(name, value);
        }
    };
    if let Some(mark) = seen {
        add(IF_NONE_MATCH, mark.etag.as_ref());
        add(IF_MODIFIED_SINCE, mark.last_modified.as_ref());
    }
    headers
}

fn header(response: &Response, name: HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

async fn download(mut response: Response, settings: &Settings) -> Result<fs::File, FetchError> {
    let most = settings.maximale_bytes;
    let of_map = |source| of_file(&settings.map, source);
    let mut file = tokio::fs::File::from_std(spool::create(&settings.map).map_err(of_map)?);
    let mut read = 0;
    loop {
        let chunk = response.chunk().await;
        let Some(chunk) = chunk.map_err(|source| FetchError::Interrupted {
            read,
            source: source.without_url(),
        })?
        else {
            break;
        };
        read += chunk.len() as u64;
        if read > most {
            return Err(FetchError::TooLarge { most });
        }
        file.write_all(&chunk).await.map_err(of_map)?;
    }
    file.flush().await.map_err(of_map)?;
    let mut file = file.into_std().await;
    file.rewind().map_err(of_map)?;
    Ok(file)
}

fn client(settings: &Settings) -> Result<Client, FetchError> {
    let mut builder = Client::builder()
        .https_only(true)
        .no_proxy()
        .redirect(on_the_same_host())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .timeout(settings.tijd);
    if let Some(ca) = &settings.ca {
        let pem = fs::read(ca).map_err(|source| of_file(ca, source))?;
        let trusted = Certificate::from_pem_bundle(&pem).map_err(FetchError::Tls)?;
        builder = builder.tls_certs_only(trusted);
    }
    if let Some((certificate, key)) = &settings.identity {
        builder = builder.identity(identity(certificate, key)?);
    }
    builder.build().map_err(FetchError::Tls)
}

fn identity(certificate: &Path, key: &Path) -> Result<Identity, FetchError> {
    let about = fs::metadata(key).map_err(|source| of_file(key, source))?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err(FetchError::KeyExposed(key.to_owned()));
    }
    let mut pem = Vec::new();
    for path in [certificate, key] {
        pem.extend(fs::read(path).map_err(|source| of_file(path, source))?);
        pem.push(b'\n');
    }
    Identity::from_pem(&pem).map_err(FetchError::Tls)
}

/// Another host is one that nobody chose, and a client certificate is not for everybody.
fn on_the_same_host() -> Policy {
    Policy::custom(|attempt| {
        let origin = attempt.previous().first().map(Url::origin);
        if origin != Some(attempt.url().origin()) {
            return attempt.error("it redirects to another host");
        }
        if attempt.previous().len() > REDIRECTS {
            return attempt.error("it redirects too often");
        }
        attempt.follow()
    })
}

pub(super) fn of_file(path: &Path, source: io::Error) -> FetchError {
    FetchError::File {
        path: path.to_owned(),
        source,
    }
}
