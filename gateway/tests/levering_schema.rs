//! The published JSON Schema of a levering against the reader and the writer.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]

use std::{fs, path::PathBuf};

use jsonschema::Validator;
use serde_json::Value;
use stagepoort::{
    domain::Tijdstip,
    register::{
        levering::{Content, LeveringReader, LeveringWriter},
        verify,
    },
};

fn schemas() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas")
}

fn validator() -> Validator {
    let text = fs::read_to_string(schemas().join("levering-v1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn samples(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = fs::read_dir(schemas().join("samples/levering").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "ndjson"))
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no samples in {folder}");
    found
}

fn values(levering: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(levering).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn now() -> Tijdstip {
    Tijdstip::parse("2026-11-22T10:00:00Z").unwrap()
}

#[test]
fn every_valid_sample_is_accepted_by_schema_and_reader_and_written_again() {
    let schema = validator();
    for (name, bytes) in samples("valid") {
        for (nth, value) in values(&bytes).iter().enumerate() {
            assert!(schema.is_valid(value), "{name} line {}: {value}", nth + 1);
        }
        let mut reader = LeveringReader::open(bytes.as_slice(), now()).unwrap();
        let mut writer = LeveringWriter::new(Vec::new(), reader.voorloop()).unwrap();
        while let Some(line) = reader.next_line().unwrap() {
            match line.content {
                Content::Object(object) => writer.write(&object).unwrap(),
                Content::Gone(_) => {}
                Content::SetAside(aside) => {
                    panic!("{name} line {}: {:?}", line.nummer, aside.violations)
                }
            }
        }
        let (again, _) = writer.finish().unwrap();
        for value in values(&again) {
            assert!(schema.is_valid(&value), "written: {value}");
        }
    }
}

#[test]
fn every_line_of_an_invalid_sample_is_refused_by_schema_and_reader() {
    let schema = validator();
    for (name, bytes) in samples("invalid") {
        let all = values(&bytes);
        let objects = &all[1..all.len() - 1];
        for (nth, value) in objects.iter().enumerate() {
            assert!(!schema.is_valid(value), "{name} line {}: {value}", nth + 2);
        }
        // Each alone: the same key may not stand twice in one levering.
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (nth, value) in objects.iter().enumerate() {
            let one = alone(lines[0], lines[nth + 1], value["soort"].as_str().unwrap());
            let mut rapport = Vec::new();
            let verified = verify(one.as_slice(), now(), &mut rapport, &mut |_| {}).unwrap();
            assert_eq!(verified.afgekeurd, 1, "{name} line {}: {value}", nth + 2);
            assert!(!rapport.is_empty());
        }
    }
}

/// A whole levering around one line.
fn alone(voorloop: &str, line: &str, soort: &str) -> Vec<u8> {
    let body = format!("{voorloop}\n{line}\n");
    let mut aantallen: Value = serde_json::from_str(
        r#"{"opleiding":0,"equivalent":0,"school":0,"leerbedrijf":0,"bpvo":0,"verwijderd":0}"#,
    )
    .unwrap();
    aantallen[soort] = 1.into();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body.as_bytes());
    let sluit = format!(
        r#"{{"soort":"sluit","aantallen":{aantallen},"sha256":"{}"}}"#,
        hex::encode(digest)
    );
    format!("{body}{sluit}\n").into_bytes()
}
