//! Replays what `make fuzz` keeps: every input that a reader of strangers' bytes once fell over, or that
//! leads it to a corner, and what lies near it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::{
    collections::BTreeSet,
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use stagepoort::fuzzing::{TARGETS, Target};

/// How many neighbours of an input are tried, of each kind.
const NEIGHBOURS: usize = 48;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).unwrap();
    let stem = |file: fs::DirEntry| {
        file.path()
            .file_stem()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    files.map(|file| stem(file.unwrap())).collect()
}

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = folder("corpus").join(target);
    let mut inputs: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    inputs.sort();
    inputs
}

fn holds(target: Target, input: &[u8], what: impl Fn() -> String) {
    assert!(catch_unwind(|| target(input)).is_ok(), "{}", what());
}

#[test]
fn every_target_is_run_and_has_a_corpus() {
    let known: BTreeSet<String> = TARGETS.iter().map(|target| target.0.to_owned()).collect();
    assert_eq!(names(&folder("fuzz_targets")), known);
    assert_eq!(names(&folder("corpus")), known);
    for target in known {
        assert!(!corpus(&target).is_empty(), "{target}");
    }
}

#[test]
fn no_kept_input_finds_anything() {
    for (target, run) in TARGETS {
        for (name, input) in corpus(target) {
            holds(*run, &input, || format!("{target}/{name}"));
        }
    }
}

#[test]
fn nor_does_what_lies_near_one() {
    for (target, run) in TARGETS {
        for (name, input) in corpus(target) {
            let step = (input.len() / NEIGHBOURS).max(1);
            for at in (0..input.len()).step_by(step) {
                holds(*run, &input[..at], || {
                    format!("{target}/{name} cut at {at}")
                });
                let mut other = input.clone();
                other[at] = other[at].wrapping_add(1 + u8::try_from(at % 127).unwrap());
                holds(*run, &other, || {
                    format!("{target}/{name} with another byte at {at}")
                });
            }
        }
    }
}
