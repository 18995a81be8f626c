//! Secrets (design invariant 13): files with a key or data are the service user's alone, or the gateway does
//! not start and says which and what would be right; and nothing that it prints, logs or counts holds one.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use crate::{
    plek::{Node, Plek},
    tls::{BOTH, Connection, config},
};

const SCHOOL: &str = "00000099000000001001";
/// As nothing else says them.
const CURSOR: &str = "HERKENBAAR-cursorsleutel";
const PASSWORD: &str = "HERKENBAAR-wachtwoord";
const WHSK: &str = "whsk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A file that its owner alone can read.
fn private(plek: &Plek, naam: &str, text: &str) {
    fs::write(plek.path(naam), text).unwrap();
    set_mode(&plek.path(naam), 0o600);
}

/// A private key as it stands in a file, and settings that name it four times.
fn settings_with_every_secret(plek: &Plek) -> String {
    let key = fs::read_to_string(&plek.certificaten.server.certificaat.key).unwrap();
    for naam in ["push.key.pem", "bron.key.pem", "database.key.pem"] {
        private(plek, naam, &key);
    }
    private(plek, "wachtwoord", PASSWORD);
    private(plek, "onderteken", WHSK);
    let cert = &plek.certificaten.server.certificaat.cert;
    let opslag = format!(
        "soort = \"postgres\"\ndatabases = [\"postgres://stagepoort:{PASSWORD}@127.0.0.1:1/d\"]\n\
         wachtwoordBestand = \"wachtwoord\"\ndatabaseCertificaat = {cert:?}\n\
         databaseSleutel = \"database.key.pem\"\nschrijfGeduld = \"1s\""
    );
    let more = format!(
        "[push]\ncertificaat = {cert:?}\nsleutel = \"push.key.pem\"\nondertekenSleutel = \"onderteken\"\n\
         [register]\nbron = \"https://127.0.0.1:1/l\"\nbronCertificaat = {cert:?}\nbronSleutel = \"bron.key.pem\"\n\
         [zoeken]\ncursorSleutel = \"{CURSOR}\"\n"
    );
    let path = plek.settings_on("geheim", &opslag, &more);
    set_mode(&path, 0o600);
    "geheim.toml".to_owned()
}

/// What leads to any of the secrets.
fn secrets(plek: &Plek) -> Vec<String> {
    let key = fs::read_to_string(&plek.certificaten.server.certificaat.key).unwrap();
    let lines = key.lines().filter(|line| !line.contains("-----"));
    let whsk = WHSK.strip_prefix("whsk_").unwrap();
    let mut all: Vec<_> = lines.map(str::to_owned).collect();
    all.extend([CURSOR, PASSWORD, whsk].map(str::to_owned));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_others_can_read_is_named_and_nothing_starts() {
    let plek = Plek::new();
    let settings = settings_with_every_secret(&plek);
    let check = format!("config check {settings}");
    plek.ok(&check).await;
    let server = plek
        .certificaten
        .server
        .certificaat
        .key
        .display()
        .to_string();
    for (naam, key) in [
        ("wachtwoord", "opslag.wachtwoordBestand"),
        ("database.key.pem", "opslag.databaseSleutel"),
        ("push.key.pem", "push.sleutel"),
        ("onderteken", "push.ondertekenSleutel"),
        ("bron.key.pem", "register.bronSleutel"),
        (&server, "private key"),
        ("geheim.toml", "zoeken.cursorSleutel"),
    ] {
        // Also for the group alone.
        for mode in [0o640, 0o604] {
            set_mode(&plek.path(naam), mode);
            for line in [&check, &format!("serve --config {settings}")] {
                let (code, stderr) = plek.refused(line).await;
                assert_eq!(code, 1, "{line}");
                for part in [naam, key, &format!("mode 0{mode:o}"), "chmod 600"] {
                    assert!(stderr.contains(part), "{line}: no {part} in {stderr}");
                }
            }
        }
        set_mode(&plek.path(naam), 0o600);
    }
    plek.ok(&check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_files_that_others_can_read_are_made_private_before_they_are_used() {
    let plek = Plek::filled(20).await;
    plek.node("een", "").await.stop().await;
    let files = || {
        let database = plek.files("register.db").into_iter();
        // The lock of imports holds nothing.
        let database = database.filter(|naam| !naam.ends_with("lock"));
        database.chain(plek.files("een.snapshot"))
    };
    for naam in files() {
        set_mode(&plek.path(&naam), 0o644);
    }
    let node = plek.node("een", "").await;
    for naam in files() {
        assert_eq!(mode_of(&plek.path(&naam)), 0o600, "{naam}");
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_prints_a_secret() {
    let plek = Plek::new();
    let settings = settings_with_every_secret(&plek);
    plek.levering("l.ndjson", 20, 0).await;
    let url = format!("postgres://stagepoort:{PASSWORD}@127.0.0.1:1/d");
    let filter = "[logboek]\nniveau = \"trace\"\n";
    let text = fs::read_to_string(plek.path(&settings)).unwrap();
    let text = text.replace("[logboek]\n", filter);
    private(&plek, &settings, &text);
    for line in [
        format!("config check {settings}"),
        format!("serve --config {settings}"),
        format!("doctor --config {settings}"),
        format!("migrate --config {settings}"),
        format!("backup kopie.db --config {settings}"),
        format!("register import l.ndjson --config {settings}"),
        format!("register export uit.ndjson --opslag {url}"),
        format!("push list --opslag {url}"),
        format!("toegang show --opslag {url}"),
        format!("toegang show --opslag {url}/x/y"),
    ] {
        let output = plek.run(&line).await;
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        for secret in secrets(&plek) {
            assert!(!printed.contains(&secret), "{line}: {printed}");
        }
    }
}

/// One call of the first supplier.
async fn ask(plek: &Plek, node: &Node, method: &str, path: &str, body: &str) -> String {
    let certificaten = &plek.certificaten;
    let first = &certificaten.afnemers[0].certificaat;
    let config = config(certificaten, Some(first), &BOTH);
    let mut connection = Connection::open(node.api(), &config).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nOnderwijsinstelling-OIN: {SCHOOL}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.send(&request).await.unwrap();
    connection.answer().await.unwrap().body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_tells_no_secret_in_log_or_metrics_whatever_its_level() {
    let plek = Plek::filled(20).await;
    private(&plek, "onderteken", WHSK);
    let more = format!(
        "niveau = \"trace\"\n[zoeken]\ncursorSleutel = \"{CURSOR}\"\n\
         [push]\nondertekenSleutel = \"onderteken\"\n"
    );
    let path = plek.settings("een", &more);
    set_mode(&path, 0o600);
    let node = Node::start(&path).await;
    let own = BASE64_STANDARD.encode([0xa5; 32]);
    let body = json!({ "kanaal": "WEBHOOK", "eindpunt": "https://sis.example/mutaties",
        "geheim": format!("whsec_{own}"), "ed25519": true });
    let made = ask(&plek, &node, "POST", "/v1/abonnementen", &body.to_string()).await;
    assert!(made.contains(&own), "it is told once: {made}");
    // One that is wrong, and one that was drawn.
    let wrong = body.to_string().replace("whsec_", "whsek_");
    let refused = ask(&plek, &node, "POST", "/v1/abonnementen", &wrong).await;
    assert!(
        refused.contains("whsec_") && !refused.contains(&own),
        "{refused}"
    );
    let drawn = json!({ "kanaal": "WEBHOOK", "eindpunt": "https://sis.example/mutaties" });
    let drawn = ask(&plek, &node, "POST", "/v1/abonnementen", &drawn.to_string()).await;
    let (_, drawn) = drawn.split_once("whsec_").unwrap();
    let (drawn, _) = drawn.split_once('"').unwrap();

    let metrics = node.metrics().await;
    let mut all = secrets(&plek);
    all.extend([own, drawn.to_owned(), "whsec_".to_owned()]);
    for secret in all {
        assert_eq!(node.logged(&secret), 0, "{secret}");
        assert!(!metrics.contains(&secret), "{secret}");
    }
    assert!(node.logged("listening") > 0);
    node.stop().await;
}
