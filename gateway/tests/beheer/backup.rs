//! The drill: backup while the register is written to, restore under a running node, and what
//! must never happen.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};
use stagepoort::{
    domain::{Brin, Oin, School, Tijdstip},
    log::{Inhoud, Line, LogStore, Opslag, Sleutel, Soort, SqliteStore},
    replica::State,
};
use uuid::Uuid;

use crate::plek::Plek;

/// One more change: a school with another name.
fn change(nth: u128) -> Vec<Line> {
    let oin = Oin::parse("00000099000000000901").unwrap();
    let school = School {
        oin,
        brin: Brin::parse("25LX").unwrap(),
        naam: format!("School {nth}"),
    };
    let inhoud = Inhoud::Gezet(postcard::to_stdvec(&school).unwrap());
    vec![Line {
        soort: Soort::School,
        sleutel: Sleutel::school(oin),
        inhoud,
    }]
}

/// Writes until told to stop, and at least ten times before it says that it writes.
pub(crate) async fn write(opslag: &str, stop: &AtomicBool, writes: &AtomicBool) {
    let store = Opslag::parse(opslag).unwrap().open().await.unwrap();
    for nth in 1_u128.. {
        let request = Uuid::from_u128(nth);
        store
            .append(request, Tijdstip::EPOCH, change(nth))
            .await
            .unwrap();
        writes.store(nth > 10, Ordering::Relaxed);
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    store.close().await;
}

/// The hash of the register at this commit, from the log itself.
pub(crate) async fn hash_at(opslag: &str, nummer: u64) -> String {
    let store = Opslag::parse(opslag).unwrap().open().await.unwrap();
    let mut state = State::default();
    for commit in store
        .commits_after(0, u32::try_from(nummer).unwrap())
        .await
        .unwrap()
    {
        for line in store.lines(&commit, 0, u32::MAX).await.unwrap() {
            state.apply(&line).unwrap();
        }
    }
    store.close().await;
    hex::encode(state.hash().register)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_writes_is_restored_under_a_running_node() {
    let plek = Plek::filled(60).await;
    let node = plek.node("een", "").await;
    let database = plek.path("register.db").display().to_string();
    let (stop, writes) = (AtomicBool::new(false), AtomicBool::new(false));
    let making = async {
        while !writes.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        let made = plek.json("backup kopie.db --config een.toml").await;
        stop.store(true, Ordering::Relaxed);
        made
    };
    let (_, (code, manifest)) = tokio::join!(write(&database, &stop, &writes), making);
    assert_eq!(code, 0, "{manifest}");
    assert_eq!(plek.files("kopie"), ["kopie.db", "kopie.db.manifest.json"]);
    for file in plek.files("kopie") {
        let mode = fs::metadata(plek.path(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let nummer = manifest["nummer"].as_u64().unwrap();
    assert!(nummer > 10, "{manifest}");
    let then = hash_at(&database, nummer).await;

    let (code, verified) = plek.json("restore kopie.db --verify").await;
    assert_eq!((code, &verified["manifest"]), (0, &manifest));
    let (code, stderr) = plek.refused("restore kopie.db --config een.toml").await;
    assert!(code == 4 && stderr.contains("in use"), "{code}: {stderr}");

    let (code, restored) = plek
        .json("restore kopie.db --config een.toml --vervang")
        .await;
    assert_eq!(code, 0, "{restored}");
    let versie = format!("2.{nummer}");
    assert_eq!(restored["registerVersie"], versie);
    let ready = node.ready_when(|r| r["registerVersie"] == versie).await;
    assert_eq!(ready["registerHash"], then);

    // Life goes on in the new tijdlijn, and nobody stands on the old file.
    plek.levering("b.ndjson", 60, 1).await;
    plek.ok("register import b.ndjson --opslag register.db")
        .await;
    let next = format!("2.{}", nummer + 1);
    node.ready_when(|r| r["registerVersie"] == next && r["status"] == "gereed")
        .await;
    let (code, report) = plek
        .json(&format!(
            "doctor --config een.toml --knoop {}",
            node.beheer()
        ))
        .await;
    assert_eq!(code, 0, "{report}");

    // The same backup once more is yet another history.
    let (_, again) = plek
        .json("restore kopie.db --config een.toml --vervang")
        .await;
    assert_eq!(again["registerVersie"], format!("3.{nummer}"));
    let ready = node
        .ready_when(|r| r["registerVersie"] == again["registerVersie"])
        .await;
    assert_eq!(ready["registerHash"], then);
    node.stop().await;

    // What was replaced is whole.
    let aside = &plek.path(restored["vervangen"].as_str().unwrap());
    let store = SqliteStore::open(aside).await.unwrap();
    assert!(store.verify().await.unwrap().nummer >= nummer);
    let mode = fs::metadata(aside).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_machine_is_filled_and_knows_of_later_tijdlijnen_by_its_snapshot_or_by_name() {
    let plek = Plek::filled(20).await;
    plek.ok("backup kopie.db --opslag register.db").await;
    let versie = |outcome: (i32, Value)| outcome.1["registerVersie"].clone();
    let restore = async |more: &str| versie(plek.json(&format!("restore kopie.db {more}")).await);
    assert_eq!(restore("--opslag nieuw.db").await, "2.1");
    assert_eq!(restore("--opslag later.db --tijdlijn 7").await, "8.1");
    assert_eq!(restore("--opslag later.db --vervang").await, "9.1");
    let (code, stderr) = plek.refused("restore kopie.db --opslag nieuw.db").await;
    assert!(
        code == 4 && stderr.contains("--vervang"),
        "{code}: {stderr}"
    );

    // The database is lost; the node's snapshot is not.
    plek.ok("restore kopie.db --opslag register.db --vervang --tijdlijn 4")
        .await;
    let node = plek.node("een", "").await;
    node.ready_when(|r| r["registerVersie"] == "5.1").await;
    node.stop().await;
    for file in plek.files("register.db") {
        fs::remove_file(plek.path(&file)).unwrap();
    }
    assert_eq!(restore("--config een.toml").await, "6.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_forgotten_or_not_published_is_not_in_a_backup() {
    let plek = Plek::new();
    let database = plek.path("register.db");
    let store = SqliteStore::open(&database).await.unwrap();
    let personen = |sleutel: u32, text: &str| Line {
        soort: Soort::Personen,
        sleutel: Sleutel(Box::new(sleutel.to_be_bytes())),
        inhoud: Inhoud::Gezet(text.repeat(40).into_bytes()),
    };
    for (nth, text) in (1..).zip(["EERSTE-NAAM", "TWEEDE-NAAM"]) {
        let request = Uuid::from_u128(nth);
        let lines = vec![personen(1, text)];
        store.append(request, Tijdstip::EPOCH, lines).await.unwrap();
    }
    let stage = store.open_stage().await.unwrap();
    store
        .stage(stage, vec![personen(2, "DERDE-NAAM")])
        .await
        .unwrap();

    let (code, manifest) = plek.json("backup kopie.db --opslag register.db").await;
    assert_eq!((code, &manifest["nummer"]), (0, &json!(2)));
    let bytes = fs::read(plek.path("kopie.db")).unwrap();
    let has = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("TWEEDE-NAAM"));
    assert!(!has("EERSTE-NAAM") && !has("DERDE-NAAM"));

    // The import that was staging was not disturbed; while it stages, nothing is put in its place.
    let (code, stderr) = plek
        .refused("restore kopie.db --opslag register.db --vervang")
        .await;
    assert!(
        code == 4 && stderr.contains("another import"),
        "{code}: {stderr}"
    );
    let publication = stagepoort::log::Publication {
        stage,
        request_id: Uuid::from_u128(9),
        tijdstip: Tijdstip::EPOCH,
        only_at: None,
    };
    assert_eq!(store.publish(publication).await.unwrap().nummer, 3);
    store.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_not_right_is_refused_and_changes_nothing() {
    let plek = Plek::filled(20).await;
    plek.ok("backup kopie.db --opslag register.db").await;
    let right = fs::read(plek.path("kopie.db")).unwrap();
    let manifest = fs::read_to_string(plek.path("kopie.db.manifest.json")).unwrap();
    let database = plek.path("register.db").display().to_string();
    let before = hash_at(&database, 1).await;
    let check = async |code: i32, words: &str| {
        for line in [
            "restore kopie.db --verify",
            "restore kopie.db --opslag register.db --vervang",
        ] {
            let (found, stderr) = plek.refused(line).await;
            assert!(found == code && stderr.contains(words), "{found}: {stderr}");
        }
        assert_eq!(hash_at(&database, 1).await, before);
        assert_eq!(
            plek.files("register.db.").len(),
            plek.files("register.db.import").len()
        );
    };
    let put = |bytes: &[u8], manifest: &str| {
        fs::write(plek.path("kopie.db"), bytes).unwrap();
        fs::write(plek.path("kopie.db.manifest.json"), manifest).unwrap();
    };
    for at in [20, right.len() / 2, right.len() - 1] {
        let mut wrong = right.clone();
        wrong[at] ^= 1;
        put(&wrong, &manifest);
        check(3, "its SHA-256 differs").await;
    }
    put(&right[..right.len() / 2], &manifest);
    check(3, "its length differs").await;
    put(&right, &manifest.replace("\"nummer\": 1", "\"nummer\": 2"));
    check(3, "its last commit differs").await;
    put(
        &right,
        &manifest.replace("\"formaat\": 1", "\"formaat\": 2"),
    );
    check(3, "not the manifest").await;
    put(&right, "{");
    check(3, "not the manifest").await;
    fs::remove_file(plek.path("kopie.db.manifest.json")).unwrap();
    check(1, "manifest.json cannot be read").await;

    // Changed by who can make the manifest fit: the hash chain tells.
    let text = b"Bakker";
    let at = right.windows(text.len()).position(|part| part == text);
    if let Some(at) = at {
        let mut wrong = right.clone();
        wrong[at] = b'P';
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &wrong);
        let mut forged: Value = serde_json::from_str(&manifest).unwrap();
        forged["sha256"] = json!(hex::encode(digest.as_ref()));
        put(&wrong, &forged.to_string());
        check(3, "the log is damaged").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_arguments_and_names_are_told() {
    let plek = Plek::filled(10).await;
    let check = async |line: &str, code: i32, words: &str| {
        let (found, stderr) = plek.refused(line).await;
        assert!(found == code && stderr.contains(words), "{found}: {stderr}");
    };
    check("backup kopie.db", 2, "--opslag").await;
    check("backup kopie.db --opslag weg.db", 1, "there is no register").await;
    check(
        "backup register.db --opslag register.db",
        1,
        "is there already",
    )
    .await;
    check(
        "backup weg/kopie.db --opslag register.db",
        1,
        "weg/kopie.db",
    )
    .await;
    check("restore kopie.db", 2, "--verify").await;
    check("restore kopie.db --verify --opslag a.db", 2, "--verify").await;
    check("restore kopie.db --opslag a.db", 1, "cannot be read").await;
    assert_eq!(plek.files("a.db"), [] as [&str; 0]);
}
