//! `openapi/stagepoort.json` is what the code says, and keeps the rules of standards §3.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::Value;
use stagepoort::{
    domain::{Datum, LeerbedrijfId, Oin, RegisterVersie, Tijdstip},
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Afzender, Kanaal, MutatieBericht,
        feed::GemeldeStatus, message,
    },
    transport::rest::{API_VERSION, ENDPOINTS, openapi},
};
use uuid::Uuid;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../openapi/stagepoort.json")
}

fn document() -> Value {
    openapi::document(openapi::EXAMPLE_API_URL)
}

/// Every operation as (path, method, operation).
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((path.clone(), method.clone(), operation.clone()));
        }
    }
    all
}

/// Follows one `$ref` within the document.
fn resolved<'a>(document: &'a Value, node: &'a Value) -> &'a Value {
    match node["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').unwrap();
            document.pointer(pointer).expect(reference)
        }
        None => node,
    }
}

#[test]
fn the_file_is_what_the_code_says() {
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path(), openapi::text(openapi::EXAMPLE_API_URL)).unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap();
    assert!(
        kept == document(),
        "openapi/stagepoort.json differs from the code: run UPDATE_OPENAPI=1 cargo test --test openapi"
    );
}

#[test]
fn doc_openapi_describes_every_endpoint_once() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    assert_eq!(operations.len(), ENDPOINTS.len() + 1);
    let ids: BTreeSet<&str> = operations
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), operations.len(), "operationIds are unique");
}

#[test]
fn doc_openapi_contact_and_semver_and_license() {
    let document = document();
    for field in ["name", "url", "email"] {
        assert!(document["info"]["contact"][field].is_string(), "{field}");
    }
    assert_eq!(document["info"]["version"], API_VERSION);
    assert_eq!(document["info"]["license"]["identifier"], "EUPL-1.2");
    let numbers = API_VERSION.split('.').filter(|n| n.parse::<u32>().is_ok());
    assert_eq!(numbers.count(), 3);
}

#[test]
fn uri_version_is_in_the_server_url() {
    let document = document();
    let url = document["servers"][0]["url"].as_str().unwrap();
    assert!(url.starts_with("https://") && url.ends_with("/v1"));
}

#[test]
fn path_segments_kebab_case_query_keys_camel_case_no_trailing_slash() {
    for (path, _, operation) in operations(&document()) {
        assert!(!path.ends_with('/'), "{path}");
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        for (index, segment) in segments.iter().enumerate() {
            let last = index + 1 == segments.len();
            let variable = segment.starts_with('{') && segment.ends_with('}');
            let kebab = segment.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            let command = last
                && segment
                    .strip_prefix('_')
                    .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_lowercase()));
            assert!(
                variable || kebab || command || *segment == "openapi.json",
                "{path}"
            );
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" {
                let name = parameter["name"].as_str().unwrap();
                let camel = name.chars().all(|c| c.is_ascii_alphanumeric())
                    && name.starts_with(|c: char| c.is_ascii_lowercase());
                assert!(camel, "{name}");
            }
        }
    }
}

#[test]
fn error_handling_is_problem_json_with_an_example() {
    let document = document();
    for (path, method, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses {
            if !status.starts_with('2') {
                let response = resolved(&document, response);
                let content = &response["content"]["application/problem+json"];
                assert_eq!(content["schema"]["$ref"], "#/components/schemas/Probleem");
                assert!(!content["examples"].as_object().unwrap().is_empty());
            }
        }
        let has_input = method == "post" || operation["parameters"].is_array();
        assert!(
            !has_input || responses.contains_key("400"),
            "{method} {path}"
        );
    }
}

#[test]
fn version_header_is_declared_on_every_response() {
    let document = document();
    for (path, method, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let header = &resolved(&document, response)["headers"]["API-Version"];
            assert!(!header.is_null(), "{method} {path} {status}");
        }
    }
}

#[test]
fn answers_may_grow_and_hold_no_null() {
    fn check(name: &str, node: &Value) {
        match node {
            Value::Object(map) => {
                let nullable = match map.get("type") {
                    Some(Value::Array(types)) => types.iter().any(|one| one == "null"),
                    Some(one) => one == "null",
                    None => false,
                };
                assert!(!nullable, "{name}: {node}");
                let closed = map.get("additionalProperties") == Some(&Value::Bool(false));
                let of_request = name.contains("Verzoek") || name == "VaststelRij";
                assert!(!closed || of_request, "{name} could not grow");
                map.values().for_each(|value| check(name, value));
            }
            Value::Array(items) => items.iter().for_each(|value| check(name, value)),
            _ => {}
        }
    }
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        check(name, schema);
    }
}

#[test]
fn every_description_is_dutch() {
    fn walk(node: &Value) {
        match node {
            Value::Object(members) => {
                if let Some(text) = members.get("description").and_then(Value::as_str) {
                    let mut words = text.split(|c: char| !c.is_alphabetic());
                    let english = words.find(|word| {
                        let english = ["the", "which", "who", "how", "what", "and", "its"];
                        english.contains(&word.to_lowercase().as_str())
                    });
                    assert_eq!(english, None, "{text}");
                }
                members.values().for_each(walk);
            }
            Value::Array(items) => items.iter().for_each(walk),
            _ => {}
        }
    }
    walk(&document());
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(document: &Value, node: &Value) {
        match node {
            Value::Object(map) => {
                if map.contains_key("$ref") {
                    resolved(document, node);
                }
                map.values().for_each(|value| walk(document, value));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(document, value)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

/// What is really sent to a webhook is as the description says.
#[test]
fn webhooks_are_described_as_they_are_sent() {
    let document = document();
    let valid = |name: &str, kind: &str, bytes: &[u8]| {
        let content = &document["webhooks"][name]["post"]["requestBody"]["content"][kind];
        let mut schema = content["schema"].clone();
        schema["components"] = document["components"].clone();
        let message: Value = serde_json::from_slice(bytes).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&message)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{name} {message}");
        // Where it says that the schema of its data stands, that one stands.
        let events = message.as_array().cloned().unwrap_or(vec![message.clone()]);
        for event in events {
            let dataschema = event["dataschema"].as_str().unwrap();
            let (_, pointer) = dataschema.split_once('#').unwrap();
            let mut schema = document.pointer(pointer).expect(dataschema).clone();
            schema["components"] = document["components"].clone();
            assert!(
                jsonschema::is_valid(&schema, &event["data"]),
                "{name} {event}"
            );
        }
    };
    let kind = |sent: &message::Bericht| sent.content_type.split(';').next().unwrap().to_owned();
    let afzender = Afzender {
        oin: Oin::parse("00000099000000001000").unwrap(),
        publieke_url: "https://poort.example".to_owned(),
    };
    let examples = &document["webhooks"]["mutatie"]["post"]["requestBody"]["content"];
    let example = &examples["application/cloudevents+json"]["examples"]["mutatie"]["value"];
    let now = Tijdstip::parse("2026-11-22T09:00:00Z").unwrap();
    for per_bericht in [1, 2] {
        let abonnement = abonnement(per_bericht);
        let sent = message::mutaties(&abonnement, &[bericht()], &afzender).unwrap();
        valid("mutatie", &kind(&sent), &sent.body);
        if per_bericht == 1 {
            let sent: Value = serde_json::from_slice(&sent.body).unwrap();
            let names = |event: &Value| -> Vec<String> {
                event.as_object().unwrap().keys().cloned().collect()
            };
            assert_eq!(names(&sent), names(example));
            assert_eq!(sent["type"], example["type"]);
        }
        let proof = message::bewijs(abonnement.id, "x", Uuid::nil(), now, &afzender).unwrap();
        valid("bewijs", &kind(&proof), &proof.body);
        let test = message::proef(abonnement.id, Uuid::nil(), now, &afzender).unwrap();
        valid("proef", &kind(&test), &test.body);
    }
}

fn abonnement(per_bericht: u16) -> Abonnement {
    Abonnement {
        id: AbonnementId(Uuid::nil()),
        afnemer_oin: Oin::parse("00000099000000000001").unwrap(),
        school_oin: None,
        kanaal: Kanaal::Webhook,
        eindpunt: Some("https://sis.example/".to_owned()),
        mutatie_soorten: Vec::new(),
        codes: Vec::new(),
        per_bericht,
        ed25519: false,
        geheimen: Vec::new(),
        status: AbonnementStatus::Actief,
        reden: None,
        aangemaakt_op: Tijdstip::EPOCH,
    }
}

fn bericht() -> MutatieBericht {
    MutatieBericht {
        mutatie_id: Uuid::nil(),
        volgnummer: 2,
        vorig_volgnummer: 1,
        vorig_volgnummer_leerbedrijf: None,
        volledig_tot_en_met: 1,
        mutatie_soort: "ERKENNING_BEEINDIGD",
        leerbedrijf_id: LeerbedrijfId::parse("100000001").unwrap(),
        naam: "Bakkerij".to_owned(),
        opvolger: None,
        code: None,
        erkenning_status: Some(GemeldeStatus::NietErkend),
        reden: None,
        startdatum: None,
        einddatum: None,
        ingangsdatum: Datum::parse("2026-12-01").unwrap(),
        geregistreerd_op: Tijdstip::EPOCH,
        register_versie: RegisterVersie::default(),
        school_oin: Oin::parse("00000099000000000101").unwrap(),
        bpvo_kenmerken: vec!["K1".to_owned()],
    }
}

#[test]
fn every_example_is_as_its_schema_allows() {
    let document = document();
    let check = |content: &Value, place: &str| {
        let mut schema = content["schema"].clone();
        schema["components"] = document["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let examples = content["examples"].as_object().unwrap();
        assert!(!examples.is_empty(), "{place}");
        for (name, example) in examples {
            let errors: Vec<String> = validator
                .iter_errors(&example["value"])
                .map(|error| error.to_string())
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{place} {name}");
        }
    };
    for (path, method, operation) in operations(&document) {
        if operation["requestBody"].is_object() {
            let content = &operation["requestBody"]["content"]["application/json"];
            check(content, &format!("{method} {path}"));
        }
        if path != "/openapi.json" {
            let responses = operation["responses"].as_object().unwrap();
            let (status, answer) = responses.iter().find(|(s, _)| s.starts_with('2')).unwrap();
            let content = &answer["content"]["application/json"];
            check(content, &format!("{method} {path} {status}"));
        }
    }
    for (name, webhook) in document["webhooks"].as_object().unwrap() {
        let contents = &webhook["post"]["requestBody"]["content"];
        for (kind, content) in contents.as_object().unwrap() {
            check(content, &format!("webhook {name} {kind}"));
        }
    }
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        check(&response["content"]["application/problem+json"], name);
    }
}
