//! `stagepoort register export`: what goes out comes in again as it was.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::plek::Plek;

/// The lines between voorloop and sluit, which name the levering.
fn objects(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines[1..lines.len() - 1].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_imported_elsewhere_is_the_same_register() {
    let plek = Plek::filled(80).await;
    // With a history: ended, moved, merged.
    plek.levering("b.ndjson", 80, 1).await;
    plek.ok("register import b.ndjson --opslag register.db")
        .await;
    let all = "--met-personen --met-bpvos";
    let line = format!("register export uit.ndjson.zst --opslag register.db {all}");
    let (code, report) = plek.json(&line).await;
    assert_eq!((code, report["registerVersie"].as_str()), (0, Some("1.2")));
    let mode = fs::metadata(plek.path("uit.ndjson.zst"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    plek.ok("register import uit.ndjson.zst --opslag ander.db --maximaal-afgekeurd 0")
        .await;
    let again = format!("register export weer.ndjson --opslag ander.db {all} --levering-id weer");
    let (_, other) = plek.json(&again).await;
    assert_eq!(report["registerHash"], other["registerHash"]);
    assert_eq!(report["aantallen"], other["aantallen"]);
    let packed = fs::read(plek.path("uit.ndjson.zst")).unwrap();
    let first = objects(&zstd::stream::decode_all(&*packed).unwrap());
    let second = objects(&fs::read(plek.path("weer.ndjson")).unwrap());
    assert!(first == second);
    assert_eq!(plek.files("uit"), ["uit.ndjson.zst"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_bpvos_go_out_only_when_asked_for() {
    let plek = Plek::filled(30).await;
    let export = async |more: &str| {
        plek.ok(&format!("register export --opslag register.db {more}"))
            .await
    };
    let bare = export("").await;
    for word in ["persoonId", "bpvoKenmerk"] {
        assert!(!bare.contains(word), "{word}");
    }
    assert!(export("--met-personen").await.contains("persoonId"));
    assert!(export("--met-bpvos").await.contains("bpvoKenmerk"));
    // On standard output too, and it is a levering.
    let output = plek
        .run("register export --opslag register.db --zstd")
        .await;
    fs::write(plek.path("x"), output.stdout).unwrap();
    plek.ok("register verify x").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_exported_is_told() {
    let plek = Plek::filled(10).await;
    let check = async |line: &str, code: i32, words: &str| {
        let (found, stderr) = plek.refused(line).await;
        assert!(found == code && stderr.contains(words), "{found}: {stderr}");
    };
    check(
        "register export --opslag nergens.db",
        1,
        "there is no register",
    )
    .await;
    assert_eq!(plek.files("nergens"), [] as [&str; 0]);
    plek.ok("toegang apply toegang.toml --opslag leeg.db --yes")
        .await;
    check("register export --opslag leeg.db", 1, "nothing to export").await;
    check("register export weg/uit --opslag register.db", 1, "weg/uit").await;
    check(
        "register export --opslag register.db --levering-id a/b",
        2,
        "letters",
    )
    .await;
    check("register export", 2, "--opslag").await;
}
