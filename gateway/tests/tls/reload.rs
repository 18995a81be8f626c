//! Certificates and CRLs replaced while serving.

use std::{fs, time::Duration};

use rustls::AlertDescription;
use stagepoort::transport::tls::{CrlPlaats, Taken};
use time::OffsetDateTime;

use crate::{
    client::{BOTH, Connection, Gone, config, get_once},
    server::{Certificates, TestServer, limits, now},
};

#[tokio::test]
async fn pki002_a_revoked_certificate_is_cut_off_and_stays_out() {
    let certificates = Certificates::own();
    let server = TestServer::start(certificates.paths());
    let [one, other] = &certificates.manifest.afnemers[..] else {
        panic!("two afnemers");
    };
    let configs = [one, other].map(|a| config(&certificates.manifest, Some(&a.certificaat), &BOTH));
    let mut idle = Connection::open(server.address, &configs[0]).await.unwrap();
    idle.get("/oin").await.unwrap();
    let mut polling = Connection::open(server.address, &configs[0]).await.unwrap();
    polling
        .send("GET /lang HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut innocent = Connection::open(server.address, &configs[1]).await.unwrap();
    innocent.get("/oin").await.unwrap();

    let serial = one.certificaat.serienummer.clone();
    certs_dev::revoke(certificates.path(), &[serial], OffsetDateTime::now_utc()).unwrap();
    let report = server.tls.reload(now());
    assert_eq!(report.failures, [""; 0]);
    assert_eq!(report.revoked, 2);

    assert!(idle.get("/oin").await.is_err());
    assert_eq!(polling.until_closed().await, "");
    innocent.get("/oin").await.unwrap();
    let again = get_once(server.address, &configs[0], "/oin").await;
    assert_eq!(
        again.unwrap_err(),
        Gone::Alert(AlertDescription::CertificateRevoked)
    );
}

#[tokio::test]
async fn a_reload_that_fails_changes_nothing() {
    let certificates = Certificates::own();
    let server = TestServer::start(certificates.paths());
    let afnemer = &certificates.manifest.afnemers[0];
    let config = config(&certificates.manifest, Some(&afnemer.certificaat), &BOTH);
    let mut connection = Connection::open(server.address, &config).await.unwrap();

    fs::write(&certificates.manifest.crl, "half a CR").unwrap();
    let report = server.tls.reload(now());
    assert_eq!(report.failures.len(), 1);
    assert!(report.failures[0].contains("crl.pem"), "{report:?}");

    connection.get("/oin").await.unwrap();
    get_once(server.address, &config, "/oin").await.unwrap();
}

#[tokio::test]
async fn another_server_certificate_and_ca_come_in_force() {
    let old = Certificates::own();
    let new = Certificates::own();
    let server = TestServer::start(old.paths());
    let (from, to) = (new.paths(), old.paths());
    fs::copy(from.certificate, to.certificate).unwrap();
    fs::copy(from.key, to.key).unwrap();
    fs::copy(from.client_ca, to.client_ca).unwrap();
    fs::copy(&new.manifest.crl, &old.manifest.crl).unwrap();
    assert_eq!(server.tls.reload(now()).failures, [""; 0]);

    // The client trusts the new CA alone, so it sees the new certificate.
    let afnemer = &new.manifest.afnemers[0];
    let config = config(&new.manifest, Some(&afnemer.certificaat), &BOTH);
    get_once(server.address, &config, "/oin").await.unwrap();
}

#[tokio::test]
async fn a_crl_counts_until_next_update_plus_grace() {
    const HOUR: Duration = Duration::from_secs(3600);
    let certificates = Certificates::own();
    let afnemer = &certificates.manifest.afnemers[0];
    let config = config(&certificates.manifest, Some(&afnemer.certificaat), &BOTH);
    let a_day_late = time::Duration::days(certs_dev::CRL_VALID_DAYS + 1);
    let issued = OffsetDateTime::now_utc() - a_day_late;
    certs_dev::revoke(certificates.path(), &[], issued).unwrap();

    let within = TestServer::start_with(certificates.paths(), 25 * HOUR, limits());
    get_once(within.address, &config, "/oin").await.unwrap();
    let report = within.tls.reload(now());
    assert!(
        report.warnings[0].contains("its certificates will be refused from"),
        "{:?}",
        report.warnings
    );

    let past = TestServer::start_with(certificates.paths(), 23 * HOUR, limits());
    assert!(get_once(past.address, &config, "/oin").await.is_err());
    certs_dev::revoke(certificates.path(), &[], OffsetDateTime::now_utc()).unwrap();
    assert_eq!(past.tls.reload(now()).warnings, [""; 0]);
    get_once(past.address, &config, "/oin").await.unwrap();
}

#[tokio::test]
async fn with_crls_an_issuer_without_one_is_refused() {
    let certificates = Certificates::own();
    let mut paths = certificates.paths();
    let url = "http://127.0.0.1:9/nooit-opgehaald.crl";
    paths.crls = vec![CrlPlaats::parse(url).unwrap()];
    let server = TestServer::start(paths.clone());
    let afnemer = &certificates.manifest.afnemers[0];
    let config = config(&certificates.manifest, Some(&afnemer.certificaat), &BOTH);
    assert!(get_once(server.address, &config, "/oin").await.is_err());
    let crl = fs::read(&certificates.manifest.crl).unwrap();
    assert_eq!(server.tls.offer(0, &crl, now()).unwrap(), Taken::New);
    get_once(server.address, &config, "/oin").await.unwrap();

    paths.crls.clear();
    let server = TestServer::start(paths);
    get_once(server.address, &config, "/oin").await.unwrap();
}

#[tokio::test]
async fn each_part_comes_in_force_by_itself() {
    let certificates = Certificates::own();
    let server = TestServer::start(certificates.paths());
    let afnemer = &certificates.manifest.afnemers[0].certificaat;
    let config = config(&certificates.manifest, Some(afnemer), &BOTH);
    let mut connection = Connection::open(server.address, &config).await.unwrap();
    connection.get("/oin").await.unwrap();

    // A server certificate without its key, as in the middle of a renewal; and a CRL that is new.
    let half = fs::read(&certificates.manifest.afnemers[1].certificaat.cert).unwrap();
    fs::write(&certificates.manifest.server.certificaat.cert, half).unwrap();
    let serial = afnemer.serienummer.clone();
    certs_dev::revoke(certificates.path(), &[serial], OffsetDateTime::now_utc()).unwrap();
    let report = server.tls.reload(now());
    assert_eq!(report.failures.len(), 1, "{report:?}");
    assert!(report.failures[0].contains("it is not the key of"));
    assert!(connection.get("/oin").await.is_err());
    // The server shows what it had, which the client trusts, and says what it thinks of the client.
    let again = get_once(server.address, &config, "/oin").await;
    assert_eq!(
        again.unwrap_err(),
        Gone::Alert(AlertDescription::CertificateRevoked)
    );
}

#[tokio::test]
async fn several_certificates_of_one_oin_stand_side_by_side() {
    let mut plan = certs_dev::default_plan();
    let mut newer = plan.afnemers[1].clone();
    newer.naam = "Leerlingpoort nieuw".to_owned();
    plan.afnemers = vec![plan.afnemers[1].clone(), newer];
    let certificates = Certificates::make(&plan);
    let server = TestServer::start(certificates.paths());
    let both = &certificates.manifest.afnemers;
    assert_eq!(both[0].oin, both[1].oin);
    let configs =
        [0, 1].map(|at| config(&certificates.manifest, Some(&both[at].certificaat), &BOTH));
    let mut older = Connection::open(server.address, &configs[0]).await.unwrap();
    let mut newer = Connection::open(server.address, &configs[1]).await.unwrap();
    let (one, two) = (older.get("/oin").await, newer.get("/oin").await);
    assert_eq!(one.unwrap().body, two.unwrap().body);

    let serial = both[0].certificaat.serienummer.clone();
    certs_dev::revoke(certificates.path(), &[serial], OffsetDateTime::now_utc()).unwrap();
    assert_eq!(server.tls.reload(now()).failures, [""; 0]);
    assert!(older.get("/oin").await.is_err());
    assert!(newer.get("/oin").await.is_ok());
    assert!(get_once(server.address, &configs[0], "/oin").await.is_err());
    assert!(get_once(server.address, &configs[1], "/oin").await.is_ok());
}
