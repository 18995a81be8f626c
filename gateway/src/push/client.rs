//! Sending one message: over https alone, to an address that was looked up once and judged, without
//! following anybody elsewhere, and without reading more of an answer than is needed (standards §4).

use std::{
    error::Error as _,
    fmt, io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use aws_lc_rs::digest;
use reqwest::{
    Certificate, Client, Identity, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{DATE, HeaderMap, RETRY_AFTER},
    redirect::Policy,
};

use super::{
    Eindpunt, Netwerken,
    private_file::{self, PrivateFileError},
};

/// Most bytes that are read of an answer.
pub const MAX_ANTWOORD: usize = 64 * 1024;

/// Most headers of an answer; the library keeps their bytes below some 400 KiB by itself.
const MAX_HEADERS: usize = 100;

/// How long a connection is kept that nobody uses. Short: many servers close theirs after a minute.
const IDLE: Duration = Duration::from_secs(30);

/// How messages are sent.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Where they may go.
    pub netwerken: Netwerken,
    /// Authorities of subscribers' certificates besides those of the system, PEM.
    pub ca: Option<PathBuf>,
    /// What the gateway shows of itself: certificate with its chain, PEM.
    pub certificaat: PathBuf,
    /// Its private key, PEM.
    pub sleutel: PathBuf,
    /// Time to find and reach an endpoint, handshake included.
    pub verbind_tijd: Duration,
    /// Time for a message, from looking up to the end of the answer.
    pub bericht_tijd: Duration,
    /// Connections that are kept to one host, which many subscriptions may share.
    pub verbindingen: usize,
}

/// Why messages cannot be sent at all, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The private key.
    #[error(transparent)]
    Key(#[from] PrivateFileError),
    /// Another file.
    #[error("cannot read {path}", path = .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What stands in them.
    #[error("the certificates for delivering cannot be used")]
    Tls(#[source] reqwest::Error),
}

/// Looks up what a host name stands for.
#[async_trait]
pub trait Lookup: Send + Sync + 'static {
    /// Its addresses.
    ///
    /// # Errors
    /// When there are none, or nobody can tell.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// As the system looks names up.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// What an endpoint answered. Of the body a hash is kept, never the text: error pages carry names.
#[derive(Clone, PartialEq, Eq)]
pub struct Antwoord {
    /// HTTP status.
    pub status: u16,
    /// When it asks to come back.
    pub retry_after: Option<Duration>,
    /// The first [`MAX_ANTWOORD`] bytes of it, for whoever must read what the protocol says.
    pub body: Vec<u8>,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
}

impl fmt::Debug for Antwoord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Antwoord {{ HTTP {} }}", self.status)
    }
}

/// Why there is no answer, in words for subscriber and operator. It names no address: the
/// subscriber would learn what only the gateway can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GeenAntwoord {
    /// All that the name stands for is out of bounds.
    #[error("het adres is niet openbaar")]
    NietOpenbaar,
    /// The name is not known.
    #[error("de naam van de host is niet te vinden")]
    NaamOnbekend,
    /// Nobody listens there.
    #[error("de verbinding is geweigerd")]
    Geweigerd,
    /// The certificate is not one that is trusted for this name, or ours was refused.
    #[error("er kwam geen vertrouwde TLS-verbinding tot stand")]
    Tls,
    /// It took too long.
    #[error("er kwam niet op tijd een antwoord")]
    Tijd,
    /// It ended before there was an answer, or what came was no HTTP within limits.
    #[error("de verbinding is verbroken, of wat er kwam is geen HTTP-antwoord")]
    Verbroken,
}

/// Sends messages. Connections are kept for the next one.
#[derive(Debug, Clone)]
pub struct PushClient {
    http: Client,
}

impl PushClient {
    /// Reads certificates and key.
    ///
    /// # Errors
    /// [`ClientError`], which names the file.
    pub fn new(settings: &ClientSettings, lookup: Arc<dyn Lookup>) -> Result<Self, ClientError> {
        let mut builder = Client::builder()
            .https_only(true)
            .no_proxy()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .connect_timeout(settings.verbind_tijd)
            .timeout(settings.bericht_tijd)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(settings.verbindingen)
            .user_agent(concat!("Stagepoort/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Judged {
                lookup,
                netwerken: settings.netwerken.clone(),
            })
            .identity(identity(settings)?);
        if let Some(ca) = &settings.ca {
            let trusted = Certificate::from_pem_bundle(&read(ca)?).map_err(ClientError::Tls)?;
            builder = builder.tls_certs_merge(trusted);
        }
        let http = builder.build().map_err(ClientError::Tls)?;
        Ok(Self { http })
    }

    /// Posts a message and waits for its answer.
    ///
    /// # Errors
    /// [`GeenAntwoord`].
    pub async fn post(
        &self,
        eindpunt: &Eindpunt,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Antwoord, GeenAntwoord> {
        let request = self.http.post(eindpunt.url().clone());
        let response = request.headers(headers).body(body).send().await;
        let mut response = response.map_err(|error| GeenAntwoord::of(&error))?;
        let status = response.status();
        let mut body = Vec::new();
        // The status was said. What is missing of the body is missed by whoever has to read it.
        drop(read_beginning(&mut response, &mut body).await);
        let digest = digest::digest(&digest::SHA256, &body);
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest.as_ref());
        Ok(Antwoord {
            status: status.as_u16(),
            retry_after: retry_after(response.headers()),
            body,
            sha256,
        })
    }
}

/// What comes first of the body; the rest is never read, and its connection not used again.
async fn read_beginning(response: &mut Response, body: &mut Vec<u8>) -> reqwest::Result<()> {
    while body.len() < MAX_ANTWOORD {
        let Some(chunk) = response.chunk().await? else {
            break;
        };
        let room = MAX_ANTWOORD - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(())
}

/// Seconds, or a date, which is read by the endpoint's own clock: that of its answer.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let now = httpdate::parse_http_date(text(DATE)?).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

fn identity(settings: &ClientSettings) -> Result<Identity, ClientError> {
    let mut pem = read(&settings.certificaat)?;
    pem.push(b'\n');
    pem.extend(private_file::read(&settings.sleutel)?);
    Identity::from_pem(&pem).map_err(ClientError::Tls)
}

fn read(path: &PathBuf) -> Result<Vec<u8>, ClientError> {
    std::fs::read(path).map_err(|source| ClientError::Unreadable {
        path: path.clone(),
        source,
    })
}

/// Resolves a name and leaves out what is out of bounds. What it gives is what is connected to:
/// there is no second look-up that could say something else.
struct Judged {
    lookup: Arc<dyn Lookup>,
    netwerken: Netwerken,
}

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, netwerken) = (Arc::clone(&self.lookup), self.netwerken.clone());
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await;
            let found = found.map_err(|_| GeenAntwoord::NaamOnbekend)?;
            if found.is_empty() {
                return Err(GeenAntwoord::NaamOnbekend.into());
            }
            let allowed: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| netwerken.allow(*address))
                // The port is that of the address asked.
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if allowed.is_empty() {
                return Err(GeenAntwoord::NietOpenbaar.into());
            }
            Ok::<Addrs, _>(Box::new(allowed.into_iter()))
        })
    }
}

impl GeenAntwoord {
    /// The innermost cause that is known.
    fn of(error: &reqwest::Error) -> Self {
        let mut cause = error.source();
        while let Some(next) = cause {
            if let Some(own) = next.downcast_ref::<Self>() {
                return *own;
            }
            if let Some(io) = next.downcast_ref::<io::Error>() {
                if io.kind() == io::ErrorKind::ConnectionRefused {
                    return Self::Geweigerd;
                }
                if is_tls(io) {
                    return Self::Tls;
                }
            }
            if next.is::<rustls::Error>() {
                return Self::Tls;
            }
            cause = next.source();
        }
        if error.is_timeout() {
            Self::Tijd
        } else {
            Self::Verbroken
        }
    }
}

/// Whether TLS is behind it: an error within another is no source of it.
fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| {
        inner.is::<rustls::Error>() || inner.downcast_ref().is_some_and(is_tls)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_clock_of_the_answer() {
        let of = |retry_after: &'static str, date: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry_after.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            super::retry_after(&headers).map(|wait| wait.as_secs())
        };
        let (now, later) = (
            "Sat, 28 Nov 2026 14:00:00 GMT",
            "Sat, 28 Nov 2026 14:02:00 GMT",
        );
        assert_eq!(of(" 120 ", None), Some(120));
        assert_eq!(of(later, Some(now)), Some(120));
        assert_eq!(of(now, Some(later)), Some(0));
        assert_eq!(of(later, None), None);
        assert_eq!(of("straks", Some(now)), None);
        assert_eq!(of("-1", Some(now)), None);
        assert_eq!(super::retry_after(&HeaderMap::new()), None);
    }
}
