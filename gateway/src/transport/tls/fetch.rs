//! Fetching a revocation list over http or https, within limits, and only when there is another.
//!
//! Nothing of what comes is believed here: whether it is a list, and its issuer's, is for
//! [`Tls::offer`](super::Tls::offer) to say.

use std::{fs, io, path::PathBuf, time::Duration};

use reqwest::{
    Certificate, Client, Response, StatusCode, Url,
    header::{ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
    redirect::Policy,
};

/// Time to find and reach the host, within that of the fetch as a whole.
const CONNECT: Duration = Duration::from_secs(5);

/// How a list is fetched.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// Longest time that a fetch may take.
    pub tijd: Duration,
    /// Most bytes of a list.
    pub maximale_bytes: u64,
    /// Authorities that an https host is trusted by, PEM; those of the system without.
    pub ca: Option<PathBuf>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum CrlFetchError {
    /// The file with authorities.
    #[error("{} cannot be read", .path.display())]
    Ca {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What the client would be made of.
    #[error("a client for fetching could not be made")]
    Client(#[source] reqwest::Error),
    /// The host was not reached, is not who it should be, or went silent.
    #[error("the host does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// It answers something else; a redirect is not followed, since nobody chose where it goes.
    #[error("the host answers HTTP {0}")]
    Status(StatusCode),
    /// More than is taken.
    #[error("the answer has more than {0} bytes (tls.crlMaximaleBytes)")]
    TooLarge(u64),
}

/// What a fetch gave.
#[derive(Debug)]
pub enum Fetched {
    /// What was taken last is still what is there.
    Unchanged,
    /// Something else, and by what it is known again.
    Bytes(Vec<u8>, Mark),
}

/// By what a host tells one list from the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

/// Fetches from one URL.
#[derive(Debug)]
pub struct CrlFetcher {
    url: Url,
    settings: FetchSettings,
    taken: Mark,
}

impl CrlFetcher {
    /// Has taken nothing yet.
    #[must_use]
    pub fn new(url: Url, settings: FetchSettings) -> Self {
        Self {
            url,
            settings,
            taken: Mark::default(),
        }
    }

    /// What is there, unless it is what was taken last.
    ///
    /// # Errors
    /// [`CrlFetchError`].
    pub async fn fetch(&self) -> Result<Fetched, CrlFetchError> {
        // Made anew each time: authorities that were renewed count from the next time on.
        let mut request = self.client()?.get(self.url.clone());
        let conditions: [(HeaderName, _); 2] = [
            (IF_NONE_MATCH, &self.taken.etag),
            (IF_MODIFIED_SINCE, &self.taken.last_modified),
        ];
        for (name, value) in conditions {
            if let Some(value) = value {
                request = request.header(name, value.clone());
            }
        }
        let response = request.send().await.map_err(unreachable_host)?;
        match response.status() {
            StatusCode::NOT_MODIFIED if self.taken != Mark::default() => {
                return Ok(Fetched::Unchanged);
            }
            StatusCode::OK => {}
            other => return Err(CrlFetchError::Status(other)),
        }
        let header = |name| response.headers().get(name).cloned();
        let mark = Mark {
            etag: header(ETAG),
            last_modified: header(LAST_MODIFIED),
        };
        Ok(Fetched::Bytes(self.read(response).await?, mark))
    }

    /// This one came in force: it need not be sent again.
    pub fn took(&mut self, mark: Mark) {
        self.taken = mark;
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, CrlFetchError> {
        let most = self.settings.maximale_bytes;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable_host)? {
            if (bytes.len() + chunk.len()) as u64 > most {
                return Err(CrlFetchError::TooLarge(most));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn client(&self) -> Result<Client, CrlFetchError> {
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(self.settings.tijd);
        if let Some(ca) = &self.settings.ca {
            let pem = fs::read(ca).map_err(|source| CrlFetchError::Ca {
                path: ca.clone(),
                source,
            })?;
            let trusted = Certificate::from_pem_bundle(&pem).map_err(CrlFetchError::Client)?;
            builder = builder.tls_certs_only(trusted);
        } else if self.url.scheme() == "http" {
            // A machine without authorities of its own can fetch as well; there is no redirect.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(CrlFetchError::Client)
    }
}

/// Without the URL, which may hold a secret.
fn unreachable_host(error: reqwest::Error) -> CrlFetchError {
    CrlFetchError::Unreachable(error.without_url())
}
