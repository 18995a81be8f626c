//! The certificates that are to be accepted.

use std::path::Path;

use certs_dev::{Certificaat, Oin, Sleuteltype, VALID_DAYS};
use time::Duration;

use crate::helpers::{now, openssl, shared, text, verify, verify_at, verify_client};

#[test]
fn every_afnemer_is_accepted_as_a_client() {
    for afnemer in &shared().afnemers {
        verify_client(shared(), &afnemer.certificaat.cert).accepted();
    }
}

#[test]
fn an_afnemer_is_not_a_server() {
    for afnemer in &shared().afnemers {
        let cert = &afnemer.certificaat.cert;
        verify(&shared().ca, &["-purpose", "sslserver"], cert)
            .refused(26, "unsuitable certificate purpose");
    }
}

#[test]
fn the_server_is_accepted_for_its_names_and_no_other() {
    let cert = &shared().server.certificaat.cert;
    let check = |option, name| {
        let options = ["-purpose", "sslserver", option, name];
        verify(&shared().ca, &options, cert)
    };
    check("-verify_hostname", "localhost").accepted();
    check("-verify_ip", "127.0.0.1").accepted();
    check("-verify_ip", "::1").accepted();
    check("-verify_hostname", "example.nl").refused(62, "hostname mismatch");
}

#[test]
fn the_server_can_show_itself_to_those_that_it_calls() {
    let cert = &shared().server.certificaat.cert;
    verify(&shared().ca, &["-purpose", "sslclient"], cert).accepted();
}

#[test]
fn certificates_count_from_an_hour_ago_for_their_days() {
    let begin = now() - Duration::hours(1);
    let end = begin + Duration::days(VALID_DAYS);
    let second = Duration::seconds(1);
    let cert = &shared().afnemers[0].certificaat.cert;
    let at = |moment| verify_at(moment, &shared().ca, &[], cert);
    at(begin).accepted();
    at(end - second).accepted();
    assert!(
        at(begin - second)
            .text
            .contains("certificate is not yet valid")
    );
    assert!(at(end + second).text.contains("certificate has expired"));
}

/// Digikoppeling PKI001.
#[test]
fn pki001_the_oin_stands_in_the_subject_serial_number() {
    for afnemer in &shared().afnemers {
        let naam = &afnemer.naam;
        let expect = format!(
            "subject=C=NL,O={naam},CN={naam},serialNumber={}",
            afnemer.oin
        );
        assert_eq!(subject(&afnemer.certificaat.cert), expect);
    }
    let gateway = "subject=C=NL,O=Stagepoort,CN=localhost,serialNumber=00000099000000001000";
    assert_eq!(subject(&shared().server.certificaat.cert), gateway);
    assert_eq!(shared().server.oin, Oin::test(1000));
    assert_eq!(
        subject(&shared().ca),
        "subject=C=NL,O=Stagepoort wegwerp-CA,CN=Stagepoort wegwerp-CA"
    );
}

#[test]
fn keys_are_of_the_kind_that_was_asked() {
    use Sleuteltype::{Ecdsa, Rsa};
    let kinds = shared().afnemers.iter().map(|a| a.certificaat.sleuteltype);
    assert_eq!(kinds.collect::<Vec<_>>(), [Rsa, Ecdsa, Rsa, Ecdsa]);
    for certificaat in all() {
        let printed = openssl(["x509", "-noout", "-text", "-in", text(&certificaat.cert)]).text;
        let expect = match certificaat.sleuteltype {
            Rsa => "Public-Key: (2048 bit)",
            Ecdsa => "ASN1 OID: prime256v1",
        };
        assert!(printed.contains(expect), "{printed}");
    }
}

#[test]
fn every_key_belongs_to_its_certificate() {
    for certificaat in all() {
        let of_cert = openssl(["x509", "-noout", "-pubkey", "-in", text(&certificaat.cert)]);
        let of_key = openssl(["pkey", "-pubout", "-in", text(&certificaat.key)]);
        of_key.accepted();
        assert_eq!(of_cert.text, of_key.text);
    }
}

#[test]
fn serial_numbers_are_told_as_openssl_prints_them_and_differ() {
    let mut seen = std::collections::HashSet::new();
    for certificaat in all() {
        let printed = openssl(["x509", "-noout", "-serial", "-in", text(&certificaat.cert)]);
        let expect = format!("serial={}", certificaat.serienummer);
        assert_eq!(printed.text.trim(), expect);
        assert!(seen.insert(expect));
    }
}

fn all() -> impl Iterator<Item = &'static Certificaat> {
    let manifest = shared();
    std::iter::once(&manifest.server.certificaat)
        .chain(manifest.afnemers.iter().map(|a| &a.certificaat))
        .chain(manifest.geweigerd.iter().map(|g| &g.certificaat))
}

pub(crate) fn subject(cert: &Path) -> String {
    let form = "sep_comma_plus,sname,utf8,-esc_msb";
    let arguments = [
        "x509",
        "-noout",
        "-subject",
        "-nameopt",
        form,
        "-in",
        text(cert),
    ];
    openssl(arguments).text.trim().to_owned()
}
