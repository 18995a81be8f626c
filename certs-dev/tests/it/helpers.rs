//! A folder made once, and the `openssl` command to judge it.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use certs_dev::{Manifest, Plan, Sleuteltype, default_plan, generate};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

/// Half a second past a whole one, since certificates hold only whole seconds.
pub(crate) fn now() -> OffsetDateTime {
    let second = OffsetDateTime::from_unix_timestamp(1_795_000_000).expect("a valid timestamp");
    second + Duration::milliseconds(500)
}

/// The default plan in a folder that tests only read.
pub(crate) fn shared() -> &'static Manifest {
    static MADE: OnceLock<(TempDir, Manifest)> = OnceLock::new();
    let (_, manifest) = MADE.get_or_init(|| made(&default_plan()));
    manifest
}

/// A folder of one's own, quick to make: the default plan without RSA keys.
pub(crate) fn own() -> (TempDir, Manifest) {
    made(&quick_plan())
}

pub(crate) fn quick_plan() -> Plan {
    let mut plan = default_plan();
    plan.afnemers
        .retain(|a| a.sleuteltype == Sleuteltype::Ecdsa);
    plan
}

fn made(plan: &Plan) -> (TempDir, Manifest) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let manifest = generate(dir.path(), plan, now()).expect("certificates are made");
    (dir, manifest)
}

/// What a run of openssl gave.
pub(crate) struct Outcome {
    pub(crate) ok: bool,
    pub(crate) text: String,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn accepted(&self) {
        assert!(self.ok, "openssl refused: {}", self.text);
    }

    /// Refused with this verification error and no other.
    #[track_caller]
    pub(crate) fn refused(&self, error: u32, reason: &str) {
        assert!(!self.ok, "openssl accepted: {}", self.text);
        let errors: Vec<_> = self
            .text
            .lines()
            .filter(|l| l.contains(" depth lookup: "))
            .collect();
        let only = [format!("error {error} at 0 depth lookup: {reason}")];
        assert_eq!(errors, only, "{}", self.text);
    }
}

pub(crate) fn openssl<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Outcome {
    let output = Command::new("openssl")
        .args(arguments)
        .output()
        .expect("the openssl command is installed");
    let text = [output.stdout, output.stderr].concat();
    Outcome {
        ok: output.status.success(),
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// `openssl verify` at [`now`], as strict as it can be, against this CA.
pub(crate) fn verify(ca: &Path, options: &[&str], cert: &Path) -> Outcome {
    verify_at(now(), ca, options, cert)
}

pub(crate) fn verify_at(
    moment: OffsetDateTime,
    ca: &Path,
    options: &[&str],
    cert: &Path,
) -> Outcome {
    let moment = moment.unix_timestamp().to_string();
    let fixed = ["verify", "-x509_strict", "-no-CApath", "-attime", &moment];
    let trust = ["-CAfile", text(ca)];
    openssl([&fixed, &trust[..], options, &[text(cert)]].concat())
}

/// The same as a client, with the CRL looked at.
pub(crate) fn verify_client(manifest: &Manifest, cert: &Path) -> Outcome {
    let crl = text(&manifest.crl);
    let options = ["-purpose", "sslclient", "-crl_check", "-CRLfile", crl];
    verify(&manifest.ca, &options, cert)
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
