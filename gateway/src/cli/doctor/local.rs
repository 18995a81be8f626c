//! The files of a node on this machine.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::compare::Finding;
use crate::{
    config::{Config, OpslagSoort},
    domain::Tijdstip,
    telemetry::chain,
    transport::tls::Tls,
};

/// Looks at certificates, revocation lists, database and snapshot.
pub(super) fn look(config: &Config, now: Tijdstip, findings: &mut Vec<Finding>) {
    match Tls::load(config.tls_paths(), config.tls.crl_grace, now) {
        Err(error) => findings.push(Finding::local("tls", chain(&error))),
        Ok((_, report)) => {
            let all = report.failures.into_iter().chain(report.warnings);
            findings.extend(all.map(|found| Finding::local("tls", found)));
        }
    }
    let opslag = &config.opslag;
    if opslag.soort == OpslagSoort::Sqlite && !private(&opslag.bestand, "opslag.bestand", findings)
    {
        findings.push(Finding::local(
            "opslag",
            format!("there is no database {}", opslag.bestand.display()),
        ));
    }
    for (key, path) in opslag.files() {
        if !path.is_file() {
            let shown = path.display();
            findings.push(Finding::local(
                "opslag",
                format!("{key}: there is no {shown}"),
            ));
        }
    }
    // A node that just began has none yet.
    private(&opslag.momentopname, "opslag.momentopname", findings);
}

/// Whether the file is there; a finding when others can read it or this user cannot (design
/// invariant 13).
fn private(path: &Path, key: &str, findings: &mut Vec<Finding>) -> bool {
    let Ok(about) = fs::metadata(path) else {
        return false;
    };
    let mode = about.permissions().mode() & 0o7777;
    let shown = path.display();
    if mode & 0o077 != 0 {
        findings.push(Finding::local(
            "opslag",
            format!(
                "{key}: {shown} can be read by others (mode {mode:04o}): run `chmod 600 {shown}`"
            ),
        ));
    }
    if let Err(error) = fs::File::open(path) {
        findings.push(Finding::local("opslag", format!("{key}: {shown}: {error}")));
    }
    true
}
