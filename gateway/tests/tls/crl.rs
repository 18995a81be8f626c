//! Which revocation lists count, and what becomes of those that do not (PKI002, PKI003).

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use rustls::AlertDescription;
use stagepoort::{
    telemetry::chain,
    transport::tls::{CRL_GRACE, CrlPlaats, Taken, Tls, TlsPaths},
};
use time::Duration;

use crate::{
    client::{BOTH, Connection, Gone, config, config_with_chain, get_once},
    gezag::{Gezag, Lijst, write_all},
    server::{Certificates, SHARED, TestServer, now},
};

const OIN: &str = "00000099000000002002";
const ONE: &[u8] = &[0x0a, 1];
const OTHER: &[u8] = &[0x0a, 2];

/// A gateway that trusts these authorities, and looks for lists at these URLs.
fn paths(folder: &Path, authorities: &[&Gezag], urls: usize) -> TlsPaths {
    let urls = (0..urls).map(|n| format!("http://127.0.0.1:9/{n}.crl"));
    TlsPaths {
        client_ca: write_all(folder, "vertrouwd.pem", authorities),
        crls: urls.map(|url| CrlPlaats::parse(&url).unwrap()).collect(),
        crl_folder: folder.join("opgehaald"),
        ..SHARED.paths()
    }
}

fn load(paths: &TlsPaths) -> Tls {
    Tls::load(paths.clone(), CRL_GRACE, now()).unwrap().0
}

#[test]
fn what_is_no_newer_list_of_the_same_issuer_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, other) = (Gezag::root("uitgever"), Gezag::root("andere uitgever"));
    let impostor = Gezag::root("uitgever");
    let unknown = Gezag::root("onbekende uitgever");
    let tls = load(&paths(folder.path(), &[&ca, &other], 1));
    let good = Lijst::nu(5, &[ONE]);
    let first = ca.crl(&good);
    assert_eq!(tls.offer(0, &first, now()).unwrap(), Taken::New);
    assert_eq!(tls.offer(0, &first, now()).unwrap(), Taken::Same);

    let truncated = &first[..first.len() - 7];
    let mut changed = first.clone();
    let line = changed.windows(ONE.len()).position(|bytes| bytes == ONE);
    changed[line.unwrap()] = 0x0b;
    let lower = Lijst {
        nummer: 4,
        ..good.clone()
    };
    let before = Lijst {
        gemaakt: -Duration::hours(1),
        nummer: 6,
        ..good.clone()
    };
    let future = Lijst {
        gemaakt: Duration::hours(1),
        nummer: 6,
        ..good.clone()
    };
    let next = Lijst::nu(6, &[]);
    for (what, bytes, expect) in [
        (
            "a page",
            b"<!DOCTYPE html><p>Onderhoud</p>".to_vec(),
            "holds no CRL",
        ),
        ("nothing", Vec::new(), "holds no CRL"),
        ("half a list", truncated.to_vec(), "is not a CRL"),
        ("a changed serial", changed, "signature"),
        ("an impostor's", impostor.crl(&next), "signature"),
        ("a stranger's", unknown.crl(&next), "crlUitgevers"),
        ("another issuer's", other.crl(&next), "gave that of"),
        ("a lower number", ca.crl(&lower), "older"),
        ("an earlier one", ca.crl(&before), "older"),
        ("one from the future", ca.crl(&future), "future"),
    ] {
        let error = chain(&tls.offer(0, &bytes, now()).unwrap_err());
        assert!(error.contains(expect), "{what}: {error}");
        assert!(error.contains("http://127.0.0.1:9/0.crl"), "{error}");
        assert_eq!(tls.reload(now()).revoked, 1, "{what}");
    }
    assert_eq!(tls.offer(0, &ca.crl(&next), now()).unwrap(), Taken::New);
    assert_eq!(tls.reload(now()).revoked, 0);
}

#[test]
fn a_list_past_its_grace_is_not_taken_from_a_url() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Gezag::root("uitgever");
    let tls = load(&paths(folder.path(), &[&ca], 1));
    let of_days_ago = |days| Lijst {
        gemaakt: -Duration::days(9),
        volgende: -Duration::days(days),
        ..Lijst::nu(1, &[])
    };
    let error = tls.offer(0, &ca.crl(&of_days_ago(4)), now()).unwrap_err();
    assert!(chain(&error).contains("the grace after that is over"));
    assert!(!tls.has_crl(0));
    // Within the grace it is better than nothing.
    let late = ca.crl(&of_days_ago(2));
    assert_eq!(tls.offer(0, &late, now()).unwrap(), Taken::New);
    assert!(tls.warnings(now())[0].contains("its certificates will be refused from"));
}

#[test]
fn what_was_fetched_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Gezag::root("uitgever");
    let paths = paths(folder.path(), &[&ca], 1);
    let (tls, report) = Tls::load(paths.clone(), CRL_GRACE, now()).unwrap();
    assert!(!tls.has_crl(0));
    assert!(
        report.warnings[0].contains("was not fetched yet"),
        "{report:?}"
    );
    tls.offer(0, &ca.crl(&Lijst::nu(2, &[ONE])), now()).unwrap();

    let (tls, report) = Tls::load(paths.clone(), CRL_GRACE, now()).unwrap();
    assert_eq!((tls.has_crl(0), report.revoked), (true, 1));
    let older = tls.offer(0, &ca.crl(&Lijst::nu(1, &[])), now());
    assert!(older.is_err(), "a restart does not take an older one");

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&paths.crl_folder), 0o700);
    let kept: Vec<_> = fs::read_dir(&paths.crl_folder).unwrap().collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let kept = kept[0].as_ref().unwrap().path();
    assert_eq!(mode(&kept), 0o600);
    fs::write(&kept, "bedorven").unwrap();
    let (tls, report) = Tls::load(paths, CRL_GRACE, now()).unwrap();
    assert!(!tls.has_crl(0));
    assert_eq!(report.failures.len(), 1, "{report:?}");
}

#[tokio::test]
async fn one_issuer_whose_list_ran_out_closes_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (late, punctual) = (Gezag::root("laat"), Gezag::root("op tijd"));
    let mut paths = paths(folder.path(), &[&late, &punctual], 1);
    let past = Lijst {
        gemaakt: -Duration::days(9),
        volgende: -Duration::days(8),
        ..Lijst::nu(1, &[])
    };
    let file = folder.path().join("laat.crl");
    fs::write(&file, late.crl(&past)).unwrap();
    paths.crls.push(file.into());
    let server = TestServer::start(paths);
    let configs = [(&late, ONE), (&punctual, OTHER)].map(|(ca, serial)| {
        let certificate = ca.client(folder.path(), OIN, serial);
        config(&SHARED.manifest, Some(&certificate), &BOTH)
    });
    let expect_refused = async |config| {
        let gone = get_once(server.address, config, "/oin").await.unwrap_err();
        assert!(matches!(gone, Gone::Alert(_)), "{gone:?}");
    };
    // Of the one there is no list yet, and that of the other counts no more.
    for config in &configs {
        expect_refused(config).await;
    }
    let list = punctual.crl(&Lijst::nu(1, &[]));
    server.tls.offer(0, &list, now()).unwrap();
    expect_refused(&configs[0]).await;
    get_once(server.address, &configs[1], "/oin").await.unwrap();
}

#[tokio::test]
async fn a_revoked_authority_takes_its_certificates_along() {
    let folder = tempfile::tempdir().unwrap();
    let root = Gezag::root("stam");
    let below = root.below("tussen");
    let mut paths = paths(folder.path(), &[&root], 2);
    let own_list = below.crl(&Lijst::nu(1, &[]));
    let unknown = load(&paths).offer(1, &own_list, now()).unwrap_err();
    assert!(chain(&unknown).contains("crlUitgevers"));

    paths.crl_issuers = Some(write_all(folder.path(), "tussen.pem", &[&below]));
    let server = TestServer::start(paths);
    let offer = |at, list: &[u8]| server.tls.offer(at, list, now()).unwrap();
    offer(0, &root.crl(&Lijst::nu(1, &[])));
    offer(1, &own_list);
    let certificate = below.client(folder.path(), OIN, ONE);
    let config = config_with_chain(&SHARED.manifest, &certificate);
    let mut connection = Connection::open(server.address, &config).await.unwrap();
    assert_eq!(connection.get("/oin").await.unwrap().body, OIN);

    offer(0, &root.crl(&Lijst::nu(2, &[&below.serial])));
    assert!(connection.get("/oin").await.is_err());
    let again = get_once(server.address, &config, "/oin").await.unwrap_err();
    assert_eq!(again, Gone::Alert(AlertDescription::CertificateRevoked));
}

#[test]
fn a_list_of_the_demo_is_read_as_pem_and_as_der() {
    let certificates = Certificates::own();
    let mut paths = certificates.paths();
    paths.crls = vec![CrlPlaats::parse("http://127.0.0.1:9/a.crl").unwrap()];
    let tls = load(&paths);
    let pem = fs::read(&certificates.manifest.crl).unwrap();
    assert_eq!(tls.offer(0, &pem, now()).unwrap(), Taken::New);
    use rustls_pki_types::{CertificateRevocationListDer, pem::PemObject};
    let der = CertificateRevocationListDer::from_pem_slice(&pem).unwrap();
    assert_eq!(tls.offer(0, &der, now()).unwrap(), Taken::Same);
}
