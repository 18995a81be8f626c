//! A blocking client over kept-alive mTLS that does as little as it can.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};

/// A server that is silent for so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes read at once: two TLS records.
const READ_BYTES: usize = 32 * 1024;

/// The settings of a client with this certificate.
pub(crate) fn config(ca: &Path, cert: &Path, key: &Path) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca).map_err(io::Error::other)?)
        .map_err(io::Error::other)?;
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(io::Error::other)?;
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map(Arc::new)
        .map_err(io::Error::other)
}

/// One kept-alive connection.
pub(crate) struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
    read: Vec<u8>,
}

/// An answer, until the next one is read.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) fn open(port: u16, config: &Arc<ClientConfig>) -> io::Result<Self> {
        let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        Ok(Self {
            stream: StreamOwned::new(tls, tcp),
            read: Vec::with_capacity(READ_BYTES),
        })
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request)?;
        self.stream.flush()
    }

    pub(crate) fn receive(&mut self) -> io::Result<Answer<'_>> {
        self.read.clear();
        let mut head = None;
        loop {
            if let Some(Head { status, body, end }) = head
                && self.read.len() >= end
            {
                let body = &self.read[body..end];
                return Ok(Answer { status, body });
            }
            self.read_more()?;
            if head.is_none() {
                head = Head::of(&self.read)?;
            }
        }
    }

    fn read_more(&mut self) -> io::Result<()> {
        let filled = self.read.len();
        self.read.resize(filled + READ_BYTES, 0);
        let read = self.stream.read(&mut self.read[filled..])?;
        self.read.truncate(filled + read);
        match read {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The head of an answer.
#[derive(Clone, Copy)]
struct Head {
    status: u16,
    /// Where the body begins and ends.
    body: usize,
    end: usize,
}

impl Head {
    /// None while it is not whole.
    fn of(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
            return Ok(None);
        };
        let body = end + 4;
        let text = std::str::from_utf8(&bytes[..end]).map_err(io::Error::other)?;
        let status = text.get(9..12).and_then(|code| code.parse().ok());
        match (status, length_of_body(text)) {
            (Some(status), Some(length)) => Ok(Some(Self {
                status,
                body,
                end: body + length,
            })),
            _ => Err(io::Error::other("an answer without status or length")),
        }
    }
}

/// What the head of a request or an answer says of its body's length.
pub(crate) fn length_of_body(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let found = name.eq_ignore_ascii_case("content-length");
        found.then(|| value.trim().parse().ok()).flatten()
    })
}

/// The status of a plain GET on the operators' listener.
pub(crate) fn plain_status(port: u16, path: &str) -> io::Result<u16> {
    let mut head = [0; 12];
    plain_get(port, path)?.read_exact(&mut head)?;
    let code = std::str::from_utf8(&head[9..]).map_err(io::Error::other)?;
    code.parse().map_err(io::Error::other)
}

/// The whole answer to a plain GET on the operators' listener, head and body.
pub(crate) fn plain_text(port: u16, path: &str) -> io::Result<String> {
    let mut text = String::new();
    plain_get(port, path)?.read_to_string(&mut text)?;
    Ok(text)
}

fn plain_get(port: u16, path: &str) -> io::Result<TcpStream> {
    let mut tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    write!(tcp, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    Ok(tcp)
}
