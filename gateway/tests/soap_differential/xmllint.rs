//! libxml2 as the oracle.

use std::{collections::HashSet, fs, path::Path, process::Command};

/// Files in one process; their names must fit a command line.
const FILES_A_RUN: usize = 1_000;

/// Whether xmllint finds each document valid by the XSD of the gateway's messages.
///
/// An error against Namespaces in XML counts as a refusal: libxml2 reports it and goes on, the
/// gateway does not.
pub(crate) fn accepts(documents: &[&str]) -> Vec<bool> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/whitelabel-v1.xsd");
    let folder = tempfile::tempdir().unwrap();
    let mut valid = HashSet::new();
    let mut wrong_namespaces = HashSet::new();
    for (run, part) in documents.chunks(FILES_A_RUN).enumerate() {
        let names: Vec<String> = (0..part.len())
            .map(|index| format!("{run}-{index}.xml"))
            .collect();
        for (name, document) in names.iter().zip(part) {
            fs::write(folder.path().join(name), document).unwrap();
        }
        let output = Command::new("xmllint")
            .args(["--nonet", "--noout", "--schema"])
            .arg(&schema)
            .args(&names)
            .current_dir(folder.path())
            .output()
            .expect("xmllint is missing: run `make test`, which installs libxml2-utils");
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            assert!(!line.contains("failed to compile"), "{line}");
            if let Some(name) = line.strip_suffix(" validates") {
                valid.insert(name.to_owned());
            }
            // What is no URI is named too; Namespaces in XML leaves that to others.
            let wrong = line.split_once(": namespace error :");
            if let Some((place, _)) = wrong.filter(|(_, what)| !what.contains("valid URI")) {
                wrong_namespaces.extend(place.split(':').next().map(ToOwned::to_owned));
            }
        }
    }
    (0..documents.len())
        .map(|n| format!("{}-{}.xml", n / FILES_A_RUN, n % FILES_A_RUN))
        .map(|name| valid.contains(&name) && !wrong_namespaces.contains(&name))
        .collect()
}
