//! What a load says about files that cannot be used.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use stagepoort::transport::tls::{CRL_GRACE, Tls, TlsPaths};

use crate::server::{Certificates, now};

fn refused(paths: TlsPaths, expect: &[&str]) {
    let error = Tls::load(paths, CRL_GRACE, now()).unwrap_err();
    let error = stagepoort::telemetry::chain(&error);
    for part in expect {
        assert!(error.contains(part), "{error}: no {part}");
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let certificates = Certificates::own();
    let paths = certificates.paths();
    for mode in [0o640, 0o604, 0o660, 0o610] {
        set_mode(&paths.key, mode);
        let chmod = format!("chmod 600 {}", paths.key.display());
        refused(paths.clone(), &[&chmod, &format!("{mode:04o}")]);
    }
    for mode in [0o600, 0o400] {
        set_mode(&paths.key, mode);
        assert!(Tls::load(paths.clone(), CRL_GRACE, now()).is_ok());
    }
}

#[test]
fn the_error_names_the_file_and_what_it_should_be() {
    let certificates = Certificates::own();
    let good = certificates.paths();
    let other_key = &certificates.manifest.afnemers[0].certificaat.key;
    let absent = certificates.path().join("weg.pem");
    let empty = certificates.path().join("leeg.pem");
    fs::write(&empty, "").unwrap();
    set_mode(&empty, 0o600);
    let with = |change: &dyn Fn(&mut TlsPaths)| {
        let mut paths = good.clone();
        change(&mut paths);
        paths
    };
    refused(
        with(&|p| p.certificate = absent.clone()),
        &["weg.pem cannot be read"],
    );
    refused(
        with(&|p| p.certificate = empty.clone()),
        &["leeg.pem holds no certificate"],
    );
    refused(
        with(&|p| p.key = empty.clone()),
        &["leeg.pem holds no private key"],
    );
    refused(
        with(&|p| p.key = other_key.clone()),
        &["it is not the key of", "server.pem"],
    );
    refused(
        with(&|p| p.client_ca = p.key.clone()),
        &["server.key.pem holds no certificate"],
    );
    refused(
        with(&|p| p.crls.push(p.certificate.clone().into())),
        &["server.pem cannot be used: it holds no CRL"],
    );
    let mut der = fs::read(&certificates.manifest.crl).unwrap();
    der[0] = 0x30;
    fs::write(&empty, der).unwrap();
    refused(
        with(&|p| p.crls.push(empty.clone().into())),
        &["leeg.pem cannot be used: it is not a CRL"],
    );
}

#[test]
fn a_load_without_crl_warns() {
    let certificates = Certificates::own();
    let mut paths = certificates.paths();
    let (_, report) = Tls::load(paths.clone(), CRL_GRACE, now()).unwrap();
    assert_eq!(report.warnings, [""; 0]);
    assert_eq!(report.revoked, 1);
    assert!(report.crls[0].issuer.contains("Stagepoort wegwerp-CA"));
    paths.crls.clear();
    let (_, report) = Tls::load(paths, CRL_GRACE, now()).unwrap();
    assert!(report.warnings[0].starts_with("no CRL is configured"));
}
