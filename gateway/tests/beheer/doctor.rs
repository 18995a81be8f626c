//! `stagepoort doctor` over two real nodes.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::plek::{Node, Plek};

fn kinds(report: &Value) -> Vec<&str> {
    let findings = report["bevindingen"].as_array().unwrap();
    findings
        .iter()
        .map(|f| f["soort"].as_str().unwrap())
        .collect()
}

fn both(one: &Node, two: &Node) -> String {
    format!("doctor --knoop {} --knoop {}", one.beheer(), two.beheer())
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_hold_the_same_are_well_and_one_that_is_away_is_named() {
    let plek = Plek::filled(60).await;
    let (one, two) = (plek.node("een", "").await, plek.node("twee", "").await);
    one.ready_when(|r| r["status"] == "gereed").await;
    two.ready_when(|r| r["status"] == "gereed").await;
    let (code, report) = plek.json(&both(&one, &two)).await;
    assert_eq!((code, kinds(&report)), (0, vec![]), "{report}");
    let answers = report["knopen"].as_array().unwrap();
    let hash = |at: usize| answers[at]["antwoord"]["registerHash"].as_str().unwrap();
    assert_eq!(hash(0), hash(1));
    assert!(plek.ok(&both(&one, &two)).await.contains("All is well"));

    // Another commit, and they say the same again.
    plek.levering("tweede.ndjson", 60, 1).await;
    plek.ok("register import tweede.ndjson --opslag register.db")
        .await;
    let (code, report) = plek.json(&both(&one, &two)).await;
    assert_eq!(code, 0, "{report}");
    let metrics = one.metrics().await;
    assert!(metrics.contains("stagepoort_register_hash48{deel=\"register\"}"));

    let line = both(&one, &two);
    two.stop().await;
    let (code, report) = plek.json(&line).await;
    assert_eq!(
        (code, kinds(&report)),
        (1, vec!["onbereikbaar"]),
        "{report}"
    );
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_register_at_the_same_version_differs() {
    let plek = Plek::filled(60).await;
    let other = Plek::filled(70).await;
    let (one, two) = (plek.node("een", "").await, other.node("een", "").await);
    one.ready_when(|r| r["status"] == "gereed").await;
    two.ready_when(|r| r["status"] == "gereed").await;
    let (code, report) = plek.json(&both(&one, &two)).await;
    let expected = vec!["hash", "hash-persoonsgegevens"];
    assert_eq!((code, kinds(&report)), (1, expected), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_this_machine_are_looked_at() {
    let plek = Plek::filled(20).await;
    let node = plek.node("een", "").await;
    node.ready_when(|r| r["status"] == "gereed").await;
    let line = format!("doctor --config een.toml --knoop {}", node.beheer());
    let (code, report) = plek.json(&line).await;
    assert_eq!((code, kinds(&report)), (0, vec![]), "{report}");

    let database = plek.path("register.db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o640)).unwrap();
    let (code, report) = plek.json(&line).await;
    assert_eq!((code, kinds(&report)), (1, vec!["opslag"]), "{report}");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o600)).unwrap();

    let key = &plek.certificaten.server.certificaat.key;
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, report) = plek.json(&line).await;
    assert_eq!((code, kinds(&report)), (1, vec!["tls"]), "{report}");

    fs::write(plek.path("fout.toml"), "[apii]").unwrap();
    let (code, report) = plek.json("doctor --config fout.toml").await;
    assert_eq!((code, kinds(&report)), (1, vec!["instellingen"]));
    node.stop().await;
}

#[tokio::test]
async fn wrong_arguments_are_told_apart() {
    let plek = Plek::new();
    for wrong in ["doctor", "doctor --knoop 127.0.0.1:9090", "doctor --knoop"] {
        assert_eq!(plek.refused(wrong).await.0, 2, "{wrong}");
    }
}
