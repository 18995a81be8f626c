//! The body parser against libxml2: what `xmllint --schema schemas/whitelabel-v1.xsd` accepts as
//! a document, the gateway accepts in a Body, and nothing else.
//!
//! Messages are the contract's samples and seeded mutations of generated ones. Covered are the
//! requests of the operations that have a parser; a new operation adds itself to `shapes`.
//!
//! Two things are the gateway's own and are undone before xmllint sees a message, because no
//! schema can say them: elements with `xsi:nil="true"` and empty list wrappers count as absent.
//! Where the two differ beyond that, and why, stands in [`ODDITIES`], which is tested too.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod mutate;
mod shapes;
mod tree;
mod xmllint;

use std::{fs, path::Path};

use stagepoort::{
    soap::{Envelope, XmlLimits},
    transport::soap::check_body,
};

use mutate::Dice;

const LIMITS: XmlLimits = XmlLimits {
    depth: 32,
    elements: 120_000,
    attributes: 64,
};

/// How many generated messages are compared.
const MESSAGES: usize = 8_000;

/// Whether the gateway accepts this as the child of a Body; why not, otherwise.
fn gateway_accepts(body: &str) -> Result<(), String> {
    // A prefix that no message uses, so that a message stands alone as it does for xmllint.
    let message = format!(
        "<oMhUl:Envelope xmlns:oMhUl=\"http://schemas.xmlsoap.org/soap/envelope/\"><oMhUl:Body>\
         {body}</oMhUl:Body></oMhUl:Envelope>"
    );
    let said = |fault: &stagepoort::soap::Fault| format!("{fault:?}");
    let mut envelope = Envelope::open(message.as_bytes(), LIMITS).map_err(|f| said(&f))?;
    let (namespace, name) = envelope.body_name();
    if namespace != shapes::NAMESPACE {
        return Err(format!("namespace {namespace}"));
    }
    let mut known = true;
    envelope
        .read_body(|body| {
            check_body(name, body).unwrap_or_else(|| {
                known = false;
                Ok(())
            })
        })
        .map_err(|f| said(&f))?
        .map_err(|f| said(&f))?;
    if known {
        Ok(())
    } else {
        Err(format!("no operation {name}"))
    }
}

/// Compares both on messages as the gateway gets them and as xmllint does.
fn compare(messages: &[(String, String)]) -> (usize, Vec<String>) {
    let documents: Vec<&str> = messages
        .iter()
        .map(|(_, document)| document.as_str())
        .collect();
    let expected = xmllint::accepts(&documents);
    let mut surprises = Vec::new();
    for ((body, _), accepted) in messages.iter().zip(&expected) {
        let ours = gateway_accepts(body);
        if ours.is_ok() != *accepted {
            surprises.push(format!(
                "xmllint accepts: {accepted}; gateway: {ours:?}\n{body}\n"
            ));
        }
    }
    (
        expected.iter().filter(|accepted| **accepted).count(),
        surprises,
    )
}

/// Always the same, unless someone looks further with another one.
fn seed() -> u64 {
    std::env::var("DIFFERENTIAL_SEED").map_or(20_261_122, |seed| seed.parse().unwrap())
}

fn assert_same(messages: &[(String, String)]) -> usize {
    let (accepted, surprises) = compare(messages);
    let shown = surprises.iter().take(10).cloned().collect::<String>();
    assert!(
        surprises.is_empty(),
        "{} of {} differ:\n{shown}",
        surprises.len(),
        messages.len()
    );
    accepted
}

#[test]
fn samples_are_judged_as_xmllint_does() {
    let mut messages = Vec::new();
    for kind in ["valid", "invalid"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../schemas/samples")
            .join(kind);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let operation = name.split("Request-").next().unwrap_or_default();
            if shapes::OPERATIONS.contains(&operation) {
                let sample = fs::read_to_string(&path).unwrap();
                messages.push((sample.clone(), sample));
            }
        }
    }
    assert!(messages.len() > 50, "only {} samples found", messages.len());
    let accepted = assert_same(&messages);
    assert!(accepted > 20, "{accepted}");
}

#[test]
fn generated_messages_are_judged_as_xmllint_does() {
    let mut dice = Dice::new(seed());
    let messages: Vec<_> = (0..MESSAGES).map(|_| mutate::message(&mut dice)).collect();
    let accepted = assert_same(&messages);
    // Neither all nor none, or the comparison would say little.
    assert!(
        (MESSAGES / 5..MESSAGES * 4 / 5).contains(&accepted),
        "{accepted}"
    );
}

#[test]
fn damaged_text_is_judged_as_xmllint_does() {
    let mut dice = Dice::new(seed() + 1);
    let messages: Vec<_> = (0..MESSAGES / 2)
        .map(|_| {
            let damaged = mutate::damaged(&mut dice);
            (damaged.clone(), damaged)
        })
        .collect();
    let accepted = assert_same(&messages);
    assert!(accepted > MESSAGES / 100, "{accepted}");
}

#[test]
fn the_limits_of_lists_are_those_of_the_schema() {
    for ((request, wrapper, item), max) in shapes::WRAPPERS.iter().zip([10_000, 1_000]) {
        let lines = |n: usize| {
            let items = format!("<{item}/>").repeat(n);
            let body = format!(
                "<{request} xmlns=\"{}\"><{wrapper}>{items}</{wrapper}></{request}>",
                shapes::NAMESPACE
            );
            (body.clone(), body)
        };
        assert_eq!(assert_same(&[lines(max), lines(max + 1)]), 1);
    }
}

#[test]
fn namespaces_are_those_of_the_recommendation() {
    const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
    let messages: Vec<_> = [
        "xmlns:p=''".to_owned(),
        "xmlns:p='http://www.w3.org/XML/1998/namespace'".to_owned(),
        "xmlns:p='http://www.w3.org/2000/xmlns/'".to_owned(),
        "xmlns:p:q='urn:x'".to_owned(),
        format!("xmlns:p='{XSI}' xmlns:q='{XSI}' p:schemaLocation='a b' q:schemaLocation='a b'"),
        format!("xmlns:p='{XSI}' p:schemaLocation='a b'"),
        "xmlns:p='a relative one'".replace(' ', "-"),
    ]
    .iter()
    .map(|attributes| {
        let name = "opvragenDetailgegevensRequest";
        let message = format!("<{name} xmlns='{}' {attributes}/>", shapes::NAMESPACE);
        (message.clone(), message)
    })
    .collect();
    assert_eq!(assert_same(&messages), 2);
}

/// Message, whether the gateway accepts it, whether xmllint does, and why they differ.
const ODDITIES: &[(&str, bool, bool, &str)] = &[
    (
        "<opvragenDetailgegevensRequest xmlns='urn:stagepoort:whitelabel:v1'>\
         <leerbedrijfId xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:nil='true'/>\
         </opvragenDetailgegevensRequest>",
        true,
        false,
        "npm soap sends xsi:nil for null (standards §1)",
    ),
    (
        "<natrekkenErkenningenRequest xmlns='urn:stagepoort:whitelabel:v1'><verzoeken/>\
         </natrekkenErkenningenRequest>",
        true,
        false,
        "some stacks write an empty list as an empty wrapper (standards §1)",
    ),
    (
        "<opvragenDetailgegevensRequest xmlns='urn:stagepoort:whitelabel:v1'><?a b?>\
         </opvragenDetailgegevensRequest>",
        false,
        true,
        "SOAP 1.1 §3 and BP R1009 forbid processing instructions",
    ),
];

#[test]
fn oddities_are_as_documented() {
    let documents: Vec<&str> = ODDITIES.iter().map(|(message, ..)| *message).collect();
    let xmllint = xmllint::accepts(&documents);
    for ((message, ours, theirs, why), found) in ODDITIES.iter().zip(xmllint) {
        assert_eq!(gateway_accepts(message).is_ok(), *ours, "{why}: {message}");
        assert_eq!(found, *theirs, "{why}: {message}");
    }
}
