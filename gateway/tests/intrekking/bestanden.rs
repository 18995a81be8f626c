//! Files that change under a node that serves, without a signal; and the block list of toegang.

use std::fs;

use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::{
    client::{BOTH, Connection, config, get_once},
    plek::Plek,
    vraag::{in_time, list, revoke},
};

const SOMETHING: &str = "/v1/nergens";

#[tokio::test]
async fn a_file_that_changes_and_a_certificate_that_is_blocked_end_open_connections() {
    let plek = Plek::filled(30).await;
    let node = plek.node("een", "").await;
    let certs = &plek.certificaten;
    let configs = [0, 1, 2].map(|at| config(certs, Some(&certs.afnemers[at].certificaat), &BOTH));
    let connect = async |at: usize| {
        let mut connection = Connection::open(node.api(), &configs[at]).await.unwrap();
        connection.get(SOMETHING).await.unwrap();
        connection
    };
    let (mut blocked, mut revoked, mut innocent) =
        (connect(0).await, connect(1).await, connect(2).await);

    revoke(&plek, 1);
    in_time("cut by a file", revoked.until_closed()).await;

    let serial = certs.afnemers[0].certificaat.serienummer.to_string();
    let toegang = fs::read_to_string(plek.path("toegang.toml")).unwrap();
    let example = "geblokkeerdeCertificaten = [\"4A:11:C0:FF:EE\"]";
    assert_eq!(toegang.matches(example).count(), 1, "{toegang}");
    let with = toegang.replace("4A:11:C0:FF:EE", &serial);
    fs::write(plek.path("geblokkeerd.toml"), with).unwrap();
    plek.ok("toegang apply geblokkeerd.toml --opslag register.db --yes")
        .await;
    in_time("cut by the block list", blocked.until_closed()).await;
    innocent.get(SOMETHING).await.unwrap();

    // A list that is damaged does no harm, and is told once.
    let good = list(&plek);
    fs::write(&certs.crl, "half a li").unwrap();
    in_time("the log tells it", async {
        while node.logged("cannot be used, and stays as it was") == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    innocent.get(SOMETHING).await.unwrap();
    assert!(get_once(node.api(), &configs[1], SOMETHING).await.is_err());
    fs::write(&certs.crl, good).unwrap();
    in_time("the log tells that all is well", async {
        while node.logged("all of the TLS material can be used again") == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    node.stop().await;
}

#[tokio::test]
async fn another_server_certificate_is_shown_and_open_connections_stay() {
    let plek = Plek::filled(30).await;
    let node = plek.node("een", "").await;
    let certs = &plek.certificaten;
    let client = config(certs, Some(&certs.afnemers[0].certificaat), &BOTH);
    let mut open = Connection::open(node.api(), &client).await.unwrap();
    open.get(SOMETHING).await.unwrap();

    // That of a client is of the same authority, and no server's; here only who is shown matters.
    let plan = certs_dev::default_plan();
    let other = tempfile::tempdir().unwrap();
    let now = time::OffsetDateTime::now_utc();
    let other = certs_dev::generate(other.path(), &plan, now).unwrap();
    let (own, new) = (&certs.server.certificaat, &other.server.certificaat);
    // The key comes a while after the certificate: in between the node keeps what it has.
    fs::copy(&new.cert, &own.cert).unwrap();
    in_time("the log tells it", async {
        while node.logged("it is not the key of") == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    get_once(node.api(), &client, SOMETHING).await.unwrap();
    fs::copy(&new.key, &own.key).unwrap();

    let trusting = config(&other, Some(&certs.afnemers[0].certificaat), &BOTH);
    let expected = CertificateDer::from_pem_file(&new.cert).unwrap();
    let shown = in_time("the new one is shown", async {
        loop {
            let tcp = tokio::net::TcpStream::connect(node.api()).await.unwrap();
            let name = rustls_pki_types::ServerName::try_from("localhost").unwrap();
            let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::clone(&trusting));
            if let Ok(stream) = connector.connect(name, tcp).await {
                let shown = stream.get_ref().1.peer_certificates().unwrap();
                return shown[0].clone().into_owned();
            }
        }
    })
    .await;
    assert_eq!(shown, expected);
    open.get(SOMETHING).await.unwrap();
    node.stop().await;
}
