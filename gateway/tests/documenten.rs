//! What SECURITY.md and PRIVACY.md claim to be shown by a test, is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every word in backticks that is a name of a test: in lower case, of several words.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split('`').skip(1).step_by(2);
    let is_name = |word: &&str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        word.matches('_').count() >= 1 && word.len() > 8 && word.chars().all(plain)
    };
    words.filter(is_name).collect()
}

/// Every function in the sources, and every row of a table of tests.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().and_then(|end| end.to_str());
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                functions(&path, found);
            }
        } else if matches!(extension, Some("rs" | "py")) {
            for line in fs::read_to_string(&path).unwrap().lines() {
                let line = line.trim_start();
                let name = ["async fn ", "fn ", "def "]
                    .iter()
                    .find_map(|begin| line.strip_prefix(begin))
                    .or_else(|| line.split_once(": ").map(|(name, _)| name));
                let end = |name: &str| name.find(|c: char| !c.is_alphanumeric() && c != '_');
                found.extend(name.map(|name| name[..end(name).unwrap_or(name.len())].to_owned()));
            }
        }
    }
}

#[test]
fn every_test_that_is_named_is_there() {
    let mut known = BTreeSet::new();
    for folder in ["gateway/src", "gateway/tests", "conformance-tests"] {
        functions(&root().join(folder), &mut known);
    }
    for (file, least) in [("SECURITY.md", 50), ("PRIVACY.md", 1)] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let named = named(&text);
        assert!(named.len() >= least, "{file}: {} names", named.len());
        let missing: Vec<_> = named
            .iter()
            .filter(|name| !known.contains(**name))
            .collect();
        assert!(missing.is_empty(), "{file}: {missing:?}");
    }
}

#[test]
fn the_readme_leads_to_both() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for file in ["(SECURITY.md)", "(PRIVACY.md)"] {
        assert!(readme.contains(file), "{file}");
    }
}
