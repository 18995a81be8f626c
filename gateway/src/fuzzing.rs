//! What reads bytes that anybody can send, one entry for each kind: for the fuzz targets of
//! `gateway/fuzz` and the test that replays their corpus. Nothing of the gateway itself calls this.
//!
//! Each takes any bytes, and panics where something does not hold: what is read is printed and read
//! again as the same, what is refused is told within its limits, and nothing else panics.

use rustls_pki_types::CertificateDer;

use crate::{
    access::Toegang,
    domain::Tijdstip,
    push::{Eindpunt, Netwerken},
    register::levering::{Content, LeveringReader, LeveringWriter},
    transport::identity,
};

pub use crate::{
    operations::fuzzing::cursor,
    transport::{
        rest::fuzzing::body as rest_body, soap::fuzzing::message as soap_message, tls::fuzzing::crl,
    },
};

/// Something that reads bytes.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its file and of the folder of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("soap_message", soap_message),
    ("rest_body", rest_body),
    ("levering", levering),
    ("certificate", certificate),
    ("cursor", cursor),
    ("crl", crl),
    ("toegang", toegang),
    ("eindpunt", eindpunt),
];

/// Lines of a levering, behind a voorloop.
pub fn levering(data: &[u8]) {
    let mut objects = Vec::new();
    let whole = [VOORLOOP, data].concat();
    let Ok(mut reader) = LeveringReader::open(whole.as_slice(), Tijdstip::EPOCH) else {
        return;
    };
    let voorloop = reader.voorloop().clone();
    // Without a sluit it ends in an error, as what is torn does.
    while let Ok(Some(line)) = reader.next_line() {
        match line.content {
            Content::Object(object) => objects.push(object),
            Content::Gone(_) => {}
            Content::SetAside(aside) => assert!(!aside.violations.is_empty()),
        }
    }
    let Ok(mut writer) = LeveringWriter::new(Vec::new(), &voorloop) else {
        unreachable!("a Vec takes everything")
    };
    for object in &objects {
        assert!(
            writer.write(object).is_ok(),
            "what was read has a form as JSON"
        );
    }
    let Ok((again, _)) = writer.finish() else {
        unreachable!("a Vec takes everything")
    };
    let Ok(mut reader) = LeveringReader::open(again.as_slice(), Tijdstip::EPOCH) else {
        unreachable!("a voorloop that was read is read again")
    };
    for object in objects {
        let Ok(Some(line)) = reader.next_line() else {
            panic!("a line that was written is not read")
        };
        match line.content {
            // Not shown: what differs may be about people.
            Content::Object(again) => assert!(again == object, "a line changed"),
            _ => panic!("a line that was written is refused"),
        }
    }
    assert!(matches!(reader.next_line(), Ok(None)));
}

const VOORLOOP: &[u8] = br#"{"soort":"voorloop","formaatVersie":"1","leveringId":"fuzz","leveringSoort":"MUTATIES","aanmaakTijdstip":"2026-01-05T03:00:00Z","bron":"fuzz"}
"#;

/// A client certificate, DER, of which the subject is read.
pub fn certificate(data: &[u8]) {
    let read = identity::read_certificate(&CertificateDer::from(data));
    if let Ok(peer) = read {
        assert!(peer.oin.is_none_or(|oin| oin.as_str().len() == 20));
        assert!(
            peer.serial.first() != Some(&0),
            "a serial with zeros before it"
        );
    }
}

/// A toegang document.
pub fn toegang(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    match Toegang::parse(text) {
        Ok(toegang) => {
            let now = Tijdstip::EPOCH;
            let Ok(bytes) = toegang.to_bytes(now) else {
                panic!("a document that is right cannot be kept")
            };
            let again = Toegang::from_bytes(&bytes).ok();
            assert!(again == Some((toegang, now)), "toegang changed");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The address of a webhook.
pub fn eindpunt(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let netwerken = Netwerken::default();
    if let Ok(eindpunt) = Eindpunt::parse(text, &netwerken) {
        assert_eq!(eindpunt.url().scheme(), "https");
        let again = Eindpunt::parse(&eindpunt.to_string(), &netwerken);
        assert_eq!(again, Ok(eindpunt));
    }
}
