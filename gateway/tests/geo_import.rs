//! `stagepoort geo import` as an operator runs it, on a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use stagepoort::log::{LogStore, Soort, SqliteStore};
use tempfile::TempDir;

const TABLE: &str = "postcode,plaats,provincie,lat,lon\n\
                     1012,Amsterdam,Noord-Holland,52.37339,4.89406\n\
                     3511,Utrecht,Utrecht,52.08963,5.11768\n\
                     3511AB,Utrecht,Utrecht,52.09,5.118\n";

struct Operator {
    folder: TempDir,
}

impl Operator {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn opslag(&self) -> PathBuf {
        self.folder.path().join("register.db")
    }

    fn import(&self, table: &[u8], more: &[&str]) -> (i32, Value) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stagepoort"))
            .args(["geo", "import", "-", "--json", "--opslag"])
            .arg(self.opslag())
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(table).unwrap();
        let Output { status, stdout, .. } = child.wait_with_output().unwrap();
        (
            status.code().unwrap(),
            serde_json::from_slice(&stdout).unwrap_or_default(),
        )
    }

    /// Keys of the areas that are there.
    async fn areas(&self) -> Vec<u16> {
        let store = SqliteStore::open(&self.opslag()).await.unwrap();
        let areas = store.scan(Soort::Postcodegebied, None, 99).await.unwrap();
        store.verify().await.unwrap();
        areas
            .into_iter()
            .map(|(key, _)| u16::from_be_bytes((*key.0).try_into().unwrap()))
            .collect()
    }
}

fn report(uitkomst: &str, versie: &str, counts: [u64; 4], postcodes: u64) -> Value {
    let [toegevoegd, gewijzigd, verwijderd, ongewijzigd] = counts;
    json!({
        "uitkomst": uitkomst,
        "registerVersie": versie,
        "gebieden": {
            "toegevoegd": toegevoegd,
            "gewijzigd": gewijzigd,
            "verwijderd": verwijderd,
            "ongewijzigd": ongewijzigd,
        },
        "postcodes": postcodes,
    })
}

#[tokio::test]
async fn a_table_replaces_the_one_before_by_what_differs() {
    let operator = Operator::new();
    let import = |table: &str, more: &[&str]| operator.import(table.as_bytes(), more);
    let first = import(TABLE, &[]);
    assert_eq!(first, (0, report("toegepast", "1.1", [2, 0, 0, 0], 1)));
    let again = import(TABLE, &[]);
    assert_eq!(again, (0, report("ongewijzigd", "1.1", [0, 0, 0, 2], 1)));

    let other = "postcode;lat;lon\n3511;52,1;5,1\n1013;52,4;4,9\n";
    let shown = import(other, &["--proef"]);
    assert_eq!(shown, (0, report("proef", "1.1", [1, 1, 1, 0], 0)));
    assert_eq!(operator.areas().await, [1012, 3511]);
    let replaced = import(other, &[]);
    assert_eq!(replaced, (0, report("toegepast", "1.2", [1, 1, 1, 0], 0)));
    assert_eq!(operator.areas().await, [1013, 3511]);

    // The same table as at first is another wish now.
    let back = import(TABLE, &[]);
    assert_eq!(back, (0, report("toegepast", "1.3", [1, 1, 1, 0], 1)));
}

#[tokio::test]
async fn a_table_that_is_not_right_changes_nothing() {
    let operator = Operator::new();
    assert_eq!(operator.import(TABLE.as_bytes(), &[]).0, 0);
    for (wrong, reason) in [
        (
            "postcode,lat,lon\n3511,5.1,52.1\n",
            "they have changed places",
        ),
        ("postcode,lat,lon\n", "the table has no rows"),
        ("\u{1f}\u{8b}", "must have a column"),
    ] {
        let (code, said) = operator.import(wrong.as_bytes(), &[]);
        assert_eq!(
            (code, &said["uitkomst"]),
            (3, &json!("geweigerd")),
            "{wrong}"
        );
        let told = said["reden"].as_str().unwrap();
        assert!(told.contains(reason), "{told}");
    }
    assert_eq!(operator.areas().await, [1012, 3511]);
}

#[tokio::test]
async fn another_import_is_waited_for_by_the_operator() {
    let operator = Operator::new();
    let store = SqliteStore::open(&operator.opslag()).await.unwrap();
    let stage = store.open_stage().await.unwrap();
    assert_eq!(operator.import(TABLE.as_bytes(), &[]).0, 4);
    let shown = operator.import(TABLE.as_bytes(), &["--proef"]);
    assert_eq!(shown.0, 0, "only looking is free");
    store.discard(stage).await.unwrap();
    assert_eq!(operator.import(TABLE.as_bytes(), &[]).0, 0);
}

#[test]
fn what_cannot_be_read_is_no_refusal() {
    let operator = Operator::new();
    let shown = operator.import(TABLE.as_bytes(), &["--proef"]);
    assert_eq!(shown.0, 1, "nothing to compare with");
    assert!(!operator.opslag().exists(), "and nothing was made");
    let missing = Command::new(env!("CARGO_BIN_EXE_stagepoort"))
        .args(["geo", "import", "nowhere.csv", "--opslag"])
        .arg(operator.opslag())
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(1));
    let said = String::from_utf8(missing.stderr).unwrap();
    assert!(said.contains("nowhere.csv"), "{said}");
}
