//! A client that shows what the TLS and HTTP layers do, which a comfortable one hides.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use certs_dev::{Certificaat, Manifest};
use rustls::{
    AlertDescription, ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

pub(crate) const BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
/// A test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn config(
    manifest: &Manifest,
    certificate: Option<&Certificaat>,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(&manifest.ca).unwrap())
        .unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let config = match certificate {
        None => builder.with_no_client_auth(),
        Some(certificate) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(&certificate.cert).unwrap()],
                PrivateKeyDer::from_pem_file(&certificate.key).unwrap(),
            )
            .unwrap(),
    };
    Arc::new(config)
}

/// The same, with all certificates of the file, in both versions.
#[allow(dead_code, reason = "not every test binary uses all of it")]
pub(crate) fn config_with_chain(
    manifest: &Manifest,
    certificate: &Certificaat,
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(&manifest.ca).unwrap())
        .unwrap();
    let chain = CertificateDer::pem_file_iter(&certificate.cert).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&BOTH)
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(
            chain.map(Result::unwrap).collect(),
            PrivateKeyDer::from_pem_file(&certificate.key).unwrap(),
        );
    Arc::new(config.unwrap())
}

/// Why there is no answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Gone {
    Alert(AlertDescription),
    Closed,
}

impl Gone {
    fn of(error: &std::io::Error) -> Self {
        let tls = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match tls {
            Some(rustls::Error::AlertReceived(alert)) => Self::Alert(*alert),
            Some(other) => panic!("the client itself refused: {other}"),
            None => Self::Closed,
        }
    }
}

pub(crate) struct Connection {
    pub(crate) stream: TlsStream<TcpStream>,
    read: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn closes(&self) -> bool {
        self.head
            .to_ascii_lowercase()
            .contains("\r\nconnection: close")
    }
}

impl Connection {
    pub(crate) async fn open(
        address: SocketAddr,
        config: &Arc<ClientConfig>,
    ) -> Result<Self, Gone> {
        let tcp = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connecting = TlsConnector::from(Arc::clone(config)).connect(name, tcp);
        let stream = patient(connecting)
            .await
            .map_err(|error| Gone::of(&error))?;
        Ok(Self {
            stream,
            read: Vec::new(),
        })
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer, Gone> {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            .await?;
        self.answer().await
    }

    pub(crate) async fn send(&mut self, text: &str) -> Result<(), Gone> {
        let sent = async {
            self.stream.write_all(text.as_bytes()).await?;
            self.stream.flush().await
        };
        patient(sent).await.map_err(|error| Gone::of(&error))
    }

    /// Whether a request could still be sent to a server that does not read.
    pub(crate) async fn send_some(&mut self, text: &str) -> bool {
        matches!(
            timeout(Duration::from_secs(2), self.send(text)).await,
            Ok(Ok(()))
        )
    }

    pub(crate) async fn answer(&mut self) -> Result<Answer, Gone> {
        loop {
            if let Some(answer) = self.take_answer() {
                return Ok(answer);
            }
            self.read_some().await?;
        }
    }

    /// Waits until the server ends the connection; gives what it still said.
    pub(crate) async fn until_closed(&mut self) -> String {
        while self.read_some().await.is_ok() {}
        String::from_utf8(std::mem::take(&mut self.read)).unwrap()
    }

    async fn read_some(&mut self) -> Result<(), Gone> {
        match patient(self.stream.read_buf(&mut self.read)).await {
            Ok(0) => Err(Gone::Closed),
            Ok(_) => Ok(()),
            Err(error) => Err(Gone::of(&error)),
        }
    }

    fn take_answer(&mut self) -> Option<Answer> {
        let text = std::str::from_utf8(&self.read).unwrap();
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let length: usize = head
            .to_ascii_lowercase()
            .split("\r\ncontent-length: ")
            .nth(1)?
            .split("\r\n")
            .next()?
            .parse()
            .ok()?;
        let body = rest.get(..length)?.to_owned();
        let head = head.to_owned();
        self.read.drain(..head.len() + 4 + length);
        Some(Answer { head, body })
    }
}

/// One request on a connection of its own.
pub(crate) async fn get_once(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
    path: &str,
) -> Result<Answer, Gone> {
    Connection::open(address, config).await?.get(path).await
}

async fn patient<T>(wait: impl Future<Output = T>) -> T {
    timeout(PATIENCE, wait).await.expect("the server is silent")
}

/// Waits for something that another thread does, and that nothing announces.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    patient(async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
