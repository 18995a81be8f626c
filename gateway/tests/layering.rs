//! Holds the dependency table of ARCHITECTURE.md against the code: which module may use which.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Composition and edges: may use everything.
const FREE: &[&str] = &["app", "cli", "main", "lib", "fuzzing", "transport::admin"];

/// Every other module with all it may use, besides itself, `config`, `metrics` and
/// `telemetry`.
const TABLE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &["domain"]),
    (
        "config",
        &[
            "audit",
            "bron",
            "domain",
            "log",
            "operations",
            "push",
            "register",
            "access::MIN_BULKREGELS",
            "access::Quota",
            "transport::bulk",
            "transport::gateway",
            "transport::tls",
        ],
    ),
    ("metrics", &[]),
    ("telemetry", &["domain"]),
    ("geo", &["domain"]),
    ("soap", &["domain"]),
    ("log", &["domain", "clock"]),
    ("register", &["domain", "clock", "geo", "log"]),
    ("bron", &["domain", "clock", "log", "register"]),
    ("replica", &["domain", "clock", "geo", "log"]),
    ("access", &["domain", "clock", "log"]),
    ("audit", &["domain", "clock", "log"]),
    (
        "push",
        &[
            "domain",
            "clock",
            "log",
            "soap",
            "access",
            "audit",
            "operations::Rules",
            "operations::erkend_over",
            "operations::natrekken_erkenning",
            "replica::View",
            "replica::Replica",
        ],
    ),
    (
        "operations",
        &[
            "domain",
            "clock",
            "geo",
            "log",
            "audit",
            "push",
            "replica::View",
            "replica::Replica",
            "replica::Bezetting",
            "replica::BpvoSleutel",
            "replica::Leerplaatsen",
            "replica::Stempel",
            "replica::Voorkant",
            "replica::search",
        ],
    ),
    (
        "transport::gateway",
        &[
            "access",
            "audit",
            "clock",
            "domain",
            "log::LogWriter",
            "operations",
            "push::Mandaten",
            "push::PushDesk",
            "push::Voorwaarden",
            "push::Wachtgrens",
            "replica::View",
            "replica::Replica",
            "transport::bulk",
        ],
    ),
    (
        "transport::soap",
        &[
            "operations",
            "access",
            "domain",
            "soap",
            "transport::body",
            "transport::bulk",
            "transport::gateway",
            "transport::identity",
        ],
    ),
    (
        "transport::rest",
        &[
            "operations",
            "access",
            "domain",
            "transport::body",
            "transport::bulk",
            "transport::gateway",
            "transport::identity",
        ],
    ),
    ("transport::body", &[]),
    ("transport::bulk", &["domain"]),
    ("transport::half_open", &[]),
    (
        "transport::docs",
        &[
            "domain",
            "soap",
            "transport::gateway",
            "transport::rest",
            "transport::soap",
        ],
    ),
    (
        "transport::observe",
        &["metrics", "transport::gateway", "transport::rest::Instance"],
    ),
    (
        "transport::proxy",
        &[
            "access",
            "clock",
            "domain",
            "transport::identity",
            "transport::tls",
        ],
    ),
    ("transport::connections", &["access", "domain"]),
    (
        "transport::handshake",
        &[
            "metrics",
            "transport::connections",
            "transport::half_open",
            "transport::identity",
            "transport::tls",
        ],
    ),
    ("transport::tls", &["access", "domain", "clock"]),
    (
        "transport::identity",
        &["access", "domain", "clock", "transport::tls"],
    ),
    (
        "transport::listener",
        &[
            "access",
            "domain",
            "clock",
            "transport::tls",
            "transport::identity",
        ],
    ),
];

#[test]
fn every_module_uses_only_what_the_table_allows() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let known: BTreeMap<&str, &[&str]> = TABLE.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in rust_files(&src) {
        let module = module_of(file.strip_prefix(&src).unwrap());
        if FREE.contains(&module.as_str()) || module == "transport" || module.ends_with("_tests") {
            continue;
        }
        let Some(allowed) = known.get(module.as_str()) else {
            wrong.push(format!(
                "{}: module `{module}` is not in the table",
                file.display()
            ));
            continue;
        };
        for used in used_modules(&fs::read_to_string(&file).unwrap()) {
            let fits = |name: &str| used == name || used.starts_with(&format!("{name}::"));
            let own = ["config", "metrics", "telemetry", &module]
                .iter()
                .any(|name| fits(name));
            if !own && !allowed.iter().any(|name| fits(name)) {
                wrong.push(format!(
                    "{}: `{module}` may not use `{used}`",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The row of the table that a file belongs to.
fn module_of(path: &Path) -> String {
    let parts: Vec<String> = path
        .with_extension("")
        .components()
        .map(|c| c.as_os_str().to_string_lossy().into_owned())
        .filter(|part| part != "mod")
        .collect();
    match parts.as_slice() {
        [transport, part, ..] if transport == "transport" => format!("transport::{part}"),
        [first, ..] => first.clone(),
        [] => String::new(),
    }
}

/// What a file names behind `crate::`, at most two segments deep; its tests are left out.
fn used_modules(text: &str) -> BTreeSet<String> {
    let code: String = text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default()
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        collect("", &code[at + "crate::".len()..], 0, &mut used);
    }
    used
}

/// Reads one path or one `{…}` group, adding every path in it.
fn collect(prefix: &str, text: &str, depth: usize, used: &mut BTreeSet<String>) {
    if let Some(group) = text.strip_prefix('{') {
        for part in split_group(group) {
            collect(prefix, part.trim(), depth, used);
        }
        return;
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() || name == "self" {
        used.insert(prefix.trim_end_matches("::").to_owned());
        return;
    }
    let path = format!("{prefix}{name}");
    match rest.strip_prefix("::") {
        Some(rest) if depth == 0 => collect(&format!("{path}::"), rest, 1, used),
        _ => {
            used.insert(path);
        }
    }
}

/// The parts of a `{…}` group at its own level, up to its closing brace.
fn split_group(group: &str) -> Vec<&str> {
    let (mut level, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => level += 1,
            '}' if level == 0 => {
                parts.push(&group[start..at]);
                break;
            }
            '}' => level -= 1,
            ',' if level == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// Design invariant 11: what an answer tells of people is recorded before it leaves, since a transport
/// gets at an answer by `Uitgang::open` alone.
#[test]
fn no_transport_takes_an_answer_apart_by_itself() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/transport");
    let mut wrong = Vec::new();
    for file in rust_files(&src) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let fields = code.match_indices(".response").filter(|(at, found)| {
            let behind = code[at + found.len()..].chars().next();
            behind.is_none_or(|c| !c.is_alphanumeric() && !"_(".contains(c))
        });
        if fields.count() > 0 || code.contains("Answer {") {
            wrong.push(file);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn uses_are_read_from_paths_and_groups() {
    let text = "use crate::{a::{B, c}, d, e::self};\nlet x = crate::f::g::h(); // crate::no::no\n";
    let found: Vec<String> = used_modules(text).into_iter().collect();
    assert_eq!(found, ["a::B", "a::c", "d", "e", "f::g"]);
}
