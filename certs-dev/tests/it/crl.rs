//! The CRL, and revoking later.

use std::path::Path;

use certs_dev::{CRL_VALID_DAYS, CertsError, IngetrokkenRegel, Manifest, revoke};
use time::Duration;

use crate::helpers::{now, openssl, own, shared, text, verify_client};

#[test]
fn the_crl_is_signed_by_the_ca_and_names_the_revoked_one() {
    let crl = print_crl(shared());
    assert!(crl.contains("verify OK"), "{crl}");
    assert!(
        crl.contains("Issuer: C=NL, O=Stagepoort wegwerp-CA, CN=Stagepoort wegwerp-CA"),
        "{crl}"
    );
    let made = shared().geweigerde("ingetrokken").unwrap();
    let serial = &made.certificaat.serienummer;
    assert!(crl.contains(&format!("Serial Number: {serial}")), "{crl}");
    assert_eq!(crl.matches("Serial Number:").count(), 1);
}

#[test]
fn the_crl_is_due_after_its_days() {
    let (_dir, manifest) = own();
    // 1,795,000,000 is 2026-11-18T11:06:40Z.
    let crl = print_crl(&manifest);
    assert!(
        crl.contains("Last Update: Nov 18 11:06:40 2026 GMT"),
        "{crl}"
    );
    assert!(
        crl.contains("Next Update: Dec 18 11:06:40 2026 GMT"),
        "{crl}"
    );
}

#[test]
fn a_certificate_revoked_later_is_refused_from_then_on() {
    let (dir, before) = own();
    let cert = &before.afnemers[0].certificaat;
    verify_client(&before, &cert.cert).accepted();

    let after = revoke(dir.path(), std::slice::from_ref(&cert.serienummer), now()).unwrap();

    verify_client(&after, &cert.cert).refused(23, "certificate revoked");
    verify_client(&after, &before.afnemers[1].certificaat.cert).accepted();
    let first = &before.geweigerde("ingetrokken").unwrap().certificaat;
    verify_client(&after, &first.cert).refused(23, "certificate revoked");
    assert_eq!((before.crl_nummer, after.crl_nummer), (1, 2));
    assert_eq!(Manifest::read(dir.path()).unwrap(), after);
}

#[test]
fn revoking_again_keeps_the_first_moment() {
    let (dir, manifest) = own();
    let serial = manifest.afnemers[0].certificaat.serienummer.clone();
    let later = now() + Duration::days(1);
    let twice = [serial.clone(), serial];

    let first = revoke(dir.path(), &twice, now()).unwrap();
    let second = revoke(dir.path(), &twice, later).unwrap();

    let lines = |m: &Manifest| -> Vec<IngetrokkenRegel> { m.ingetrokken.clone() };
    assert_eq!(lines(&first).len(), 2);
    assert_eq!(lines(&first), lines(&second));
    assert!(print_crl(&second).contains("Last Update: Nov 19"));
}

#[test]
fn an_old_moment_makes_a_crl_that_has_run_out() {
    let (dir, manifest) = own();
    let past = now() - Duration::days(CRL_VALID_DAYS + 1);

    let after = revoke(dir.path(), &[], past).unwrap();

    verify_client(&after, &manifest.afnemers[0].certificaat.cert).refused(12, "CRL has expired");
}

#[test]
fn revoking_needs_a_folder_of_ours() {
    let dir = tempfile::tempdir().unwrap();
    let check = |path: &Path| {
        let outcome = revoke(path, &[], now());
        assert!(
            matches!(outcome, Err(CertsError::NotGenerated { .. })),
            "{outcome:?}"
        );
    };
    check(dir.path());
    check(&dir.path().join("absent"));
}

#[test]
fn a_folder_that_was_moved_can_still_be_revoked_in() {
    let (dir, manifest) = own();
    let parent = tempfile::tempdir().unwrap();
    let moved = parent.path().join("moved");
    std::fs::rename(dir.path(), &moved).unwrap();

    let after = revoke(&moved, &[], now()).unwrap();

    assert_eq!(after.crl, moved.join("crl.pem"));
    assert_eq!(after.afnemers.len(), manifest.afnemers.len());
    assert!(print_crl(&after).contains("verify OK"));
}

fn print_crl(manifest: &Manifest) -> String {
    let (ca, crl) = (text(&manifest.ca), text(&manifest.crl));
    let form = ["-nameopt", "sep_comma_plus_space,sname"];
    let arguments = [
        "crl", "-noout", "-text", "-verify", "-CAfile", ca, "-in", crl,
    ];
    openssl([&arguments[..], &form].concat()).text
}
