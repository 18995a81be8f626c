//! Behind a proxy that ends TLS (RFC 9440).

use base64::{Engine, engine::general_purpose::STANDARD};
use certs_dev::Certificaat;
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::{
    client::{BOTH, Connection, config},
    plek::Plek,
    vraag::{ask_over, in_time, long_polls, outcome, rest, revoke, soap, subscribe, waiting},
};

fn client_cert(certificate: &Certificaat) -> String {
    let der = CertificateDer::from_pem_file(&certificate.cert).unwrap();
    format!("Client-Cert: :{}:\r\n", STANDARD.encode(der))
}

/// What is answered over REST and over SOAP with these header lines.
async fn check(connection: &mut Connection, headers: &str, expect: [(u16, &str); 2]) {
    let asks = [
        rest("GET /v1/abonnementen", headers, ""),
        soap("opvragenAbonnementen", headers, ""),
    ];
    for (ask, (status, code)) in asks.iter().zip(expect) {
        let answer = ask_over(connection, ask).await;
        assert_eq!(outcome(&answer), (status, code.to_owned()), "{headers}");
    }
}

#[tokio::test]
async fn a_configured_proxy_passes_certificates_on_and_nobody_else_does() {
    let plek = Plek::filled(30).await;
    let more =
        |vertrouwd| format!("[proxy]\nadres = \"127.0.0.1:0\"\nvertrouwd = [{vertrouwd:?}]\n");
    let node = plek.node("een", &more("127.0.0.1")).await;
    let certs = &plek.certificaten;
    let proxy = config(certs, None, &BOTH);
    let mut over = Connection::open(node.proxy(), &proxy).await.unwrap();

    let good = client_cert(&certs.afnemers[0].certificaat);
    check(&mut over, &good, [(200, ""), (200, "")]).await;
    let none = [(401, "GEEN_CERTIFICAAT"), (500, "EK0030")];
    check(&mut over, "", none).await;
    let no_longer = [(401, "CERTIFICAAT_NIET_MEER_GELDIG"), (500, "DK0002")];
    let not_trusted = [(401, "CERTIFICAAT_NIET_VERTROUWD"), (500, "DK0002")];
    for (naam, expect) in [
        ("ingetrokken", no_longer),
        ("verlopen", no_longer),
        ("andere-ca", not_trusted),
        (
            "zonder-oin",
            [(401, "OIN_IN_CERTIFICAAT_ONGELDIG"), (500, "EK0030")],
        ),
        (
            "onbekende-oin",
            [(403, "ONBEKENDE_AFNEMER"), (500, "DK0002")],
        ),
    ] {
        let bad = client_cert(&certs.geweigerde(naam).unwrap().certificaat);
        check(&mut over, &bad, expect).await;
    }
    check(&mut over, "Client-Cert: onzin\r\n", not_trusted).await;
    check(&mut over, &format!("{good}{good}"), not_trusted).await;
    assert!(node.logged("onleesbare_client_cert") >= 1);

    // On the api listener from nobody, whoever it is; and from no other address.
    let own = config(certs, Some(&certs.afnemers[0].certificaat), &BOTH);
    let mut direct = Connection::open(node.api(), &own).await.unwrap();
    let foreign = [(403, "CLIENT_CERT_NIET_TOEGESTAAN"), (500, "DK0002")];
    check(&mut direct, &good, foreign).await;
    check(&mut direct, "", [(200, ""), (200, "")]).await;
    assert!(node.logged("vreemde_client_cert") >= 1);
    let elsewhere = plek.node("twee", &more("192.0.2.1")).await;
    let mut stranger = Connection::open(elsewhere.proxy(), &proxy).await.unwrap();
    check(&mut stranger, &good, foreign).await;
    elsewhere.stop().await;
    node.stop().await;
}

#[tokio::test]
async fn a_revocation_ends_calls_that_wait_and_leaves_the_proxy_its_connection() {
    let plek = Plek::filled(30).await;
    let more = "[proxy]\nadres = \"127.0.0.1:0\"\nvertrouwd = [\"127.0.0.1\"]\n";
    let node = plek.node("een", more).await;
    let certs = &plek.certificaten;
    let proxy = config(certs, None, &BOTH);
    let good = client_cert(&certs.afnemers[0].certificaat);
    let mut over = Connection::open(node.proxy(), &proxy).await.unwrap();
    let id = subscribe(&mut over, &good).await;
    let mut polling = Vec::new();
    for (calls, poll) in (1..).zip(long_polls(&id, &good)) {
        let mut connection = Connection::open(node.proxy(), &proxy).await.unwrap();
        connection.send(&poll).await.unwrap();
        waiting(&node, calls).await;
        polling.push(connection);
    }
    revoke(&plek, 0);
    let no_longer = [(401, "CERTIFICAAT_NIET_MEER_GELDIG"), (500, "DK0002")];
    for (connection, (status, code)) in polling.iter_mut().zip(no_longer) {
        let answer = in_time("a call that waits", connection.answer())
            .await
            .unwrap();
        assert_eq!(outcome(&answer), (status, code.to_owned()));
        assert!(!answer.closes());
        check(connection, &good, no_longer).await;
        let other = client_cert(&certs.afnemers[1].certificaat);
        let (status, _) =
            outcome(&ask_over(connection, &rest("GET /v1/nergens", &other, "")).await);
        assert_eq!(status, 404);
    }
    node.stop().await;
}
