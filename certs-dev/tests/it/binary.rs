//! The command: output and exit codes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use certs_dev::Manifest;

#[test]
fn it_prints_one_line_per_file() {
    let dir = tempfile::tempdir().unwrap();

    let output = run(&["--map"], dir.path(), &[]);

    assert_eq!(output.status.code(), Some(0));
    let printed = String::from_utf8(output.stdout).unwrap();
    let made = Manifest::read(dir.path()).unwrap().bestanden();
    assert_eq!(printed.lines().count(), made.len());
    for (line, file) in printed.lines().zip(made) {
        let (path, what) = line.split_once("  ").unwrap();
        assert_eq!((Path::new(path), what), (&*file.pad, &*file.omschrijving));
    }
}

#[test]
fn it_prints_the_manifest_as_json_and_revokes() {
    let dir = tempfile::tempdir().unwrap();

    let made: Manifest = json(&run(&["--json", "--map"], dir.path(), &[]));
    let serial = made.afnemers[0].certificaat.serienummer.to_string();
    let after: Manifest = json(&run(
        &["--json", "--map"],
        dir.path(),
        &["--trek-in", &serial],
    ));

    assert_eq!(
        after.ingetrokken.last().unwrap().serienummer.to_string(),
        serial
    );
    assert_eq!(after.server, made.server);
}

#[test]
fn exit_codes_are_as_the_help_says() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("other"), "").unwrap();
    let check = |before: &[&str], dir: &Path, after: &[&str], expect: i32| {
        let output = run(before, dir, after);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expect), "{told}");
        assert!(!told.is_empty());
    };
    check(&["--map"], &dir.path().join("other/below"), &[], 1);
    check(&["--kaart"], dir.path(), &[], 2);
    check(&["--map"], dir.path(), &["--trek-in", "zz"], 2);
    check(&["--map"], dir.path(), &[], 3);
    check(&["--map"], dir.path(), &["--trek-in", "01"], 3);

    let help = Command::new(env!("CARGO_BIN_EXE_certs-dev"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("Exit codes:"), "{help}");
}

fn run(before: &[&str], dir: &Path, after: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_certs-dev"))
        .args(before)
        .arg(dir)
        .args(after)
        .output()
        .expect("the binary starts")
}

fn json(output: &Output) -> Manifest {
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_slice(&output.stdout).expect("a manifest")
}
