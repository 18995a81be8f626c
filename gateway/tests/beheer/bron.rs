//! Leveringen from an https URL: by hand, and by a node itself.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::{
    bronserver::{Antwoord, Bronserver},
    plek::Plek,
};

/// With the options that fetching from this place's own server takes.
fn import(plek: &Plek, server: &Bronserver) -> String {
    let afnemer = &plek.certificaten.afnemers[0].certificaat;
    format!(
        "register import {} --opslag register.db --bron-ca {} --bron-certificaat {} --bron-sleutel {}",
        server.url(),
        plek.certificaten.ca.display(),
        afnemer.cert.display(),
        afnemer.key.display()
    )
}

/// The bytes of a made-up levering.
async fn levering(plek: &Plek, naam: &str, leerbedrijven: u32, ronde: u32) -> Vec<u8> {
    plek.levering(naam, leerbedrijven, ronde).await;
    fs::read(plek.path(naam)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_levering_is_fetched_once_and_again_when_the_register_lacks_it() {
    let plek = Plek::new();
    let body = levering(&plek, "a.ndjson.zst", 40, 0).await;
    let server = Bronserver::start(&plek, Antwoord::Levering(body)).await;
    let line = import(&plek, &server);
    let outcome = async || plek.json(&line).await.1["uitkomst"].clone();
    assert_eq!(outcome().await, "toegepast");
    assert_eq!(outcome().await, "ongewijzigd");
    assert_eq!(server.statuses(), [200, 304]);
    let memory = fs::metadata(plek.path("register.db.bron")).unwrap();
    assert_eq!(memory.permissions().mode() & 0o777, 0o600);

    // The register is another: what was applied to the one before says nothing.
    for file in plek.files("register.db") {
        if file != "register.db.bron" {
            fs::remove_file(plek.path(&file)).unwrap();
        }
    }
    assert_eq!(outcome().await, "toegepast");
    server.answer_with(Antwoord::Levering(
        levering(&plek, "b.ndjson.gz", 40, 1).await,
    ));
    assert_eq!(outcome().await, "toegepast");
    assert_eq!(server.statuses(), [200, 304, 200, 200]);
    assert_eq!(plek.files(".levering"), [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_on_the_way_is_told_and_nothing_is_applied() {
    let plek = Plek::filled(40).await;
    let body = levering(&plek, "b.ndjson.zst", 40, 1).await;
    let server = Bronserver::start(&plek, Antwoord::Status(404)).await;
    let right = import(&plek, &server);
    let before = plek
        .ok("register import eerste.ndjson --opslag register.db")
        .await;
    let check = async |line: &str, code: i32, words: &str| {
        let (found, stderr) = plek.refused(line).await;
        assert!(found == code && stderr.contains(words), "{found}: {stderr}");
    };
    check(&right, 1, "HTTP 404").await;
    server.answer_with(Antwoord::Afgebroken(body.clone(), body.len() / 2));
    check(&right, 1, "the download broke off after").await;
    server.answer_with(Antwoord::Levering(body[..body.len() - 9].to_vec()));
    check(&right, 3, "the levering is torn: the zstd data breaks off").await;
    let mut wrong = body.clone();
    wrong[body.len() / 2] ^= 0xff;
    server.answer_with(Antwoord::Levering(wrong));
    check(&right, 3, "zstd data is damaged").await;
    server.answer_with(Antwoord::Levering(body.clone()));
    check(
        &format!("{right} --maximale-bytes 1000"),
        3,
        "more than 1000 bytes",
    )
    .await;
    check(
        &format!("{right} --maximale-bytes {}", body.len() + 1),
        3,
        "once unpacked",
    )
    .await;
    server.answer_with(Antwoord::Elders("https://127.0.0.1:1/".to_owned()));
    check(&right, 1, "redirects to another host").await;
    server.answer_with(Antwoord::Elders(server.url()));
    check(&right, 1, "redirects too often").await;

    server.answer_with(Antwoord::Levering(body));
    let bare = format!("register import {} --opslag register.db", server.url());
    check(&bare, 1, "the source does not answer").await;
    let ca = format!("{bare} --bron-ca {}", plek.certificaten.ca.display());
    check(&ca, 1, "the source").await;
    let http = bare.replace("https:", "http:");
    check(&http, 2, "must be an https URL").await;
    let key = &plek.certificaten.afnemers[0].certificaat.key;
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
    check(&right, 1, "chmod 600").await;
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();

    let after = plek
        .ok("register import eerste.ndjson --opslag register.db")
        .await;
    assert_eq!(before, after);
    assert!(plek.ok(&right).await.contains("is version 1.2"));
}

fn settings(plek: &Plek, server: &Bronserver) -> String {
    let afnemer = &plek.certificaten.afnemers[0].certificaat;
    format!(
        "[register]\nbron = {:?}\nbronInterval = \"1s\"\nbronCa = {:?}\nbronCertificaat = {:?}\nbronSleutel = {:?}\n",
        server.url(),
        plek.certificaten.ca,
        afnemer.cert,
        afnemer.key
    )
}

fn outcome(uitkomst: &str) -> impl Fn(&Value) -> bool {
    move |ready| ready["bron"]["uitkomst"] == uitkomst
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_fetch_by_themselves_and_a_refused_levering_waits_for_an_operator() {
    let plek = Plek::filled(60).await;
    let second = levering(&plek, "b.ndjson.zst", 60, 1).await;
    let server = Bronserver::start(&plek, Antwoord::Levering(second)).await;
    let more = settings(&plek, &server);
    let (one, two) = (
        plek.node("een", &more).await,
        plek.node("twee", &more).await,
    );
    let at = |versie: &'static str| move |r: &Value| r["registerVersie"] == versie;
    one.ready_when(at("1.2")).await;
    two.ready_when(at("1.2")).await;
    one.ready_when(outcome("ongewijzigd")).await;
    two.ready_when(outcome("ongewijzigd")).await;

    // Much smaller: refused, told once, and no reason not to answer.
    let small = levering(&plek, "c.ndjson.zst", 6, 2).await;
    server.answer_with(Antwoord::Levering(small));
    let ready = one.ready_when(outcome("geweigerd")).await;
    assert_eq!(ready["status"], "gereed", "{ready}");
    assert_eq!(ready["registerVersie"], "1.2");
    let reden = ready["bron"]["reden"].as_str().unwrap();
    assert!(reden.contains("--toestaan-krimp"), "{reden}");
    let metrics = one.metrics().await;
    assert!(metrics.contains("stagepoort_bron_geweigerd 1"), "{metrics}");
    // Looked at again, and neither fetched nor told again.
    let fetched = server.statuses().len();
    one.ready_when(|r| r["bron"]["op"] != ready["bron"]["op"] && outcome("geweigerd")(r))
        .await;
    assert!(server.statuses().len() > fetched);
    assert_eq!(one.logged("a levering is refused"), 1);

    // An operator decides.
    two.stop().await;
    plek.ok("register import c.ndjson.zst --opslag register.db --toestaan-krimp")
        .await;
    one.ready_when(at("1.3")).await;
    let ready = one.ready_when(outcome("ongewijzigd")).await;
    assert_eq!(ready["bron"]["reden"], Value::Null);
    assert!(one.metrics().await.contains("stagepoort_bron_geweigerd 0"));

    // The source goes away: told, and no reason not to answer.
    server.answer_with(Antwoord::Status(503));
    let ready = one.ready_when(outcome("mislukt")).await;
    assert_eq!(ready["status"], "gereed");
    assert!(ready["bron"]["geslaagdOp"].is_string());
    one.stop().await;
}
