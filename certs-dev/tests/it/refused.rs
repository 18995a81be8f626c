//! The certificates that are to be refused, each for its one reason.

use certs_dev::{GemaakteWeigering, Oin};

use crate::helpers::{openssl, shared, text, verify, verify_client};
use crate::openssl::subject;

#[test]
fn the_revoked_one_is_refused_by_the_crl_alone() {
    let cert = &refused("ingetrokken").certificaat.cert;
    verify_client(shared(), cert).refused(23, "certificate revoked");
    verify(&shared().ca, &["-purpose", "sslclient"], cert).accepted();
}

#[test]
fn the_expired_one_is_refused_by_its_date_alone() {
    let cert = &refused("verlopen").certificaat.cert;
    verify_client(shared(), cert).refused(10, "certificate has expired");
    // Not by `verify`, whose moment would bring the dates in again.
    let trust = ["-purpose", "sslclient", "-CAfile", text(&shared().ca)];
    let undated = ["verify", "-x509_strict", "-no_check_time"];
    openssl([&undated, &trust[..], &[text(cert)]].concat()).accepted();
}

#[test]
fn the_foreign_one_is_refused_by_our_ca_and_accepted_by_its_own() {
    let cert = &refused("andere-ca").certificaat.cert;
    let ours = verify(&shared().ca, &["-purpose", "sslclient"], cert);
    ours.refused(20, "unable to get local issuer certificate");
    verify(&shared().andere_ca, &["-purpose", "sslclient"], cert).accepted();
}

#[test]
fn those_with_a_known_oin_carry_that_of_the_first_afnemer() {
    let known = shared().afnemers[0].oin.as_str();
    for naam in ["ingetrokken", "verlopen", "andere-ca"] {
        assert_eq!(refused(naam).oin.as_deref(), Some(known));
    }
}

/// Here openssl has nothing against the certificate: the gateway must.
#[test]
fn those_with_a_wrong_oin_are_valid_and_have_the_subject_they_promise() {
    let check = |naam: &str, serial_number: &str| {
        let made = refused(naam);
        verify_client(shared(), &made.certificaat.cert).accepted();
        let expect = format!("subject=C=NL,O={naam},CN={naam}{serial_number}");
        assert_eq!(subject(&made.certificaat.cert), expect);
    };
    check("onbekende-oin", ",serialNumber=00000099000000009999");
    check("zonder-oin", "");
    check("ongeldige-oin", ",serialNumber=12345");

    let unknown = Oin::test(9999);
    assert!(shared().afnemers.iter().all(|a| a.oin != unknown));
    assert_eq!(refused("zonder-oin").oin, None);
}

fn refused(naam: &str) -> &'static GemaakteWeigering {
    shared().geweigerde(naam).expect("in the default plan")
}
