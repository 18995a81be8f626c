//! `openapi/stagepoort.json` is what the code says, and keeps the rules of standards §3.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::Value;
use stagepoort::transport::rest::{API_VERSION, ENDPOINTS, openapi};

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
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        check(&response["content"]["application/problem+json"], name);
    }
}
