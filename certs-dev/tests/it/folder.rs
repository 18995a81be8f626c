//! The folder: modes, whose it is, what is overwritten.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use certs_dev::{CertsError, Manifest, Weigering, generate};

use crate::helpers::{now, own, quick_plan, shared};

/// Invariant 13: keys are readable by their owner alone.
#[test]
fn keys_and_folder_are_for_the_owner_alone() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(shared().ca.parent().unwrap()), 0o700);
    for file in shared().bestanden() {
        let is_key = file.pad.to_str().unwrap().ends_with(".key.pem");
        let holds_key = fs::read_to_string(&file.pad)
            .unwrap()
            .contains("PRIVATE KEY");
        assert_eq!(is_key, holds_key, "{file:?}");
        assert_eq!(
            mode(&file.pad),
            if is_key { 0o600 } else { 0o644 },
            "{file:?}"
        );
    }
}

#[test]
fn the_folder_holds_what_the_manifest_names_and_keeps_git_out() {
    let dir = shared().ca.parent().unwrap();
    let mut expect: BTreeSet<OsString> = [".certs-dev", ".gitignore", "manifest.json"]
        .map(OsString::from)
        .into();
    let made = shared().bestanden();
    expect.extend(made.iter().map(|f| f.pad.file_name().unwrap().to_owned()));
    assert_eq!(names(dir), expect);
    assert_eq!(fs::read_to_string(dir.join(".gitignore")).unwrap(), "*\n");
    assert_eq!(&Manifest::read(dir).unwrap(), shared());
}

#[test]
fn files_are_named_after_the_afnemer() {
    let afnemer = shared().afnemer("Onderwijs Online Test").unwrap();
    assert!(afnemer.certificaat.cert.is_absolute());
    assert!(
        afnemer
            .certificaat
            .cert
            .ends_with("afnemer-onderwijs-online-test.pem")
    );
    assert!(
        afnemer
            .certificaat
            .key
            .ends_with("afnemer-onderwijs-online-test.key.pem")
    );
}

#[test]
fn a_folder_with_other_things_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.odt"), "years of work").unwrap();

    let outcome = generate(dir.path(), &quick_plan(), now());

    assert!(
        matches!(outcome, Err(CertsError::FolderNotOurs { .. })),
        "{outcome:?}"
    );
    assert_eq!(names(dir.path()), [OsString::from("thesis.odt")].into());
}

#[test]
fn a_folder_of_ours_is_filled_anew() {
    let (dir, first) = own();
    fs::write(dir.path().join("note.txt"), "of the developer").unwrap();
    let mut plan = quick_plan();
    plan.afnemers.truncate(1);

    let second = generate(dir.path(), &plan, now()).unwrap();

    assert_eq!(second.afnemers.len(), 1);
    assert!(
        !first.afnemers[1].certificaat.key.exists(),
        "a key of the first run is gone"
    );
    assert!(dir.path().join("note.txt").exists());
    let serial = |m: &Manifest| m.server.certificaat.serienummer.clone();
    assert_ne!(serial(&first), serial(&second));
}

#[test]
fn a_run_that_was_cut_short_can_be_done_again() {
    let (dir, _) = own();
    fs::write(dir.path().join("ca.key.pem.tmp"), "half a k").unwrap();
    fs::write(dir.path().join("manifest.json"), "{").unwrap();
    assert!(matches!(
        Manifest::read(dir.path()),
        Err(CertsError::Manifest { .. })
    ));

    let again = generate(dir.path(), &quick_plan(), now()).unwrap();

    assert_eq!(Manifest::read(dir.path()).unwrap(), again);
    assert!(!dir.path().join("ca.key.pem.tmp").exists());
}

#[test]
fn nothing_outside_the_folder_is_removed() {
    let parent = tempfile::tempdir().unwrap();
    let outside = parent.path().join("outside.pem");
    fs::write(&outside, "keep").unwrap();
    let dir = parent.path().join("certs");
    generate(&dir, &quick_plan(), now()).unwrap();
    let manifest = dir.join("manifest.json");
    let forged = fs::read_to_string(&manifest)
        .unwrap()
        .replace("crl.pem", "../outside.pem");
    fs::write(&manifest, forged).unwrap();

    generate(&dir, &quick_plan(), now()).unwrap();

    assert_eq!(fs::read_to_string(&outside).unwrap(), "keep");
}

#[test]
fn a_plan_that_cannot_be_written_in_a_certificate_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut plan = quick_plan();
    plan.geweigerd = vec![Weigering::OngeldigeOin("één".to_owned())];

    let error = generate(dir.path(), &plan, now()).unwrap_err();

    assert_eq!(
        error.to_string(),
        "geweigerd-ongeldige-oin could not be made"
    );
}

fn names(dir: &Path) -> BTreeSet<OsString> {
    let entries = fs::read_dir(dir).expect("the folder is there");
    entries
        .map(|e| e.expect("an entry is readable").file_name())
        .collect()
}
