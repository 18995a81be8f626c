//! Who gets in, and what the others are told (standards §2).

use rustls::{
    AlertDescription, HandshakeKind,
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    client::{BOTH, Connection, Gone, config, get_once},
    server::{SHARED, TestServer},
};

#[tokio::test]
async fn pki001_rsa_and_ecdsa_over_both_versions_are_known_by_their_oin() {
    let server = TestServer::start(SHARED.paths());
    for afnemer in &SHARED.manifest.afnemers {
        for version in BOTH {
            let config = config(&SHARED.manifest, Some(&afnemer.certificaat), &[version]);
            let mut connection = Connection::open(server.address, &config).await.unwrap();
            let negotiated = connection.stream.get_ref().1.protocol_version();
            assert_eq!(negotiated, Some(version.version));
            let answer = connection.get("/oin").await.unwrap();
            assert_eq!(answer.body, afnemer.oin.as_str(), "{}", afnemer.naam);
            assert!(!answer.closes());
        }
    }
}

#[tokio::test]
async fn pki002_a_refused_certificate_ends_in_an_alert_that_says_why() {
    let server = TestServer::start(SHARED.paths());
    let check = async |naam: Option<&str>, tls12, tls13| {
        let certificate = naam.map(|naam| &SHARED.manifest.geweigerde(naam).unwrap().certificaat);
        for (version, expect) in [(&TLS12, tls12), (&TLS13, tls13)] {
            let config = config(&SHARED.manifest, certificate, &[version]);
            let gone = get_once(server.address, &config, "/oin").await.unwrap_err();
            assert_eq!(gone, Gone::Alert(expect), "{naam:?} {version:?}");
        }
    };
    use AlertDescription as A;
    check(None, A::CertificateRequired, A::CertificateRequired).await;
    check(
        Some("ingetrokken"),
        A::CertificateRevoked,
        A::CertificateRevoked,
    )
    .await;
    check(
        Some("verlopen"),
        A::CertificateExpired,
        A::CertificateExpired,
    )
    .await;
    check(Some("andere-ca"), A::UnknownCA, A::UnknownCA).await;
}

#[tokio::test]
async fn ek0030_a_certificate_without_a_valid_oin_gets_in_without_identity() {
    let server = TestServer::start(SHARED.paths());
    for naam in ["zonder-oin", "ongeldige-oin"] {
        let certificate = &SHARED.manifest.geweigerde(naam).unwrap().certificaat;
        let config = config(&SHARED.manifest, Some(certificate), &BOTH);
        let answer = get_once(server.address, &config, "/oin").await.unwrap();
        assert_eq!(answer.body, "geen", "{naam}");
    }
}

#[tokio::test]
async fn the_docs_listener_asks_for_no_certificate() {
    let server = TestServer::start_docs(SHARED.paths());
    let config = config(&SHARED.manifest, None, &BOTH);
    let answer = get_once(server.address, &config, "/oin").await.unwrap();
    assert_eq!(answer.body, "er is geen clientcertificaat aangeboden");
}

#[tokio::test]
async fn nothing_is_resumed() {
    let server = TestServer::start(SHARED.paths());
    let certificate = &SHARED.manifest.afnemers[1].certificaat;
    for version in BOTH {
        // The configuration holds the client's store of sessions and tickets.
        let config = config(&SHARED.manifest, Some(certificate), &[version]);
        for _ in 0..3 {
            let mut connection = Connection::open(server.address, &config).await.unwrap();
            connection.get("/oin").await.unwrap();
            let tls = connection.stream.get_ref().1;
            assert_eq!(tls.handshake_kind(), Some(HandshakeKind::Full));
            assert_eq!(tls.tls13_tickets_received(), 0);
        }
    }
}

#[tokio::test]
async fn tls_1_1_and_older_are_refused() {
    let server = TestServer::start(SHARED.paths());
    for minor_version in [1, 2] {
        let mut tcp = TcpStream::connect(server.address).await.unwrap();
        tcp.write_all(&client_hello(minor_version)).await.unwrap();
        let mut answer = Vec::new();
        tcp.read_to_end(&mut answer).await.unwrap();
        const ALERT: u8 = 21;
        const FATAL: u8 = 2;
        const HANDSHAKE_FAILURE: u8 = 40;
        assert_eq!(answer[0], ALERT);
        assert_eq!(answer[5..], [FATAL, HANDSHAKE_FAILURE]);
    }
}

/// The first message of a client that knows TLS 1.0 or 1.1 at best (RFC 4346 §7.4.1.2).
fn client_hello(minor_version: u8) -> Vec<u8> {
    let mut body = vec![3, minor_version];
    body.extend([0x5a; 32]); // random
    body.push(0); // no session id
    body.extend([0, 4, 0xc0, 0x13, 0xc0, 0x09]); // ECDHE with AES-128-CBC, RSA and ECDSA
    body.extend([1, 0]); // no compression
    body.extend([0, 8, 0, 10, 0, 4, 0, 2, 0, 23]); // extension: the group secp256r1
    let length = |n: usize| u8::try_from(n).unwrap();
    let mut message = vec![22, 3, 1, 0, length(body.len() + 4)];
    message.extend([1, 0, 0, length(body.len())]);
    message.extend(body);
    message
}
