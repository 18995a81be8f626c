//! Where the register is, for every subcommand that works on one.

use std::path::PathBuf;

use clap::Args;

use crate::{config::Config, log::Opslag, telemetry::chain};

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct OpslagArgs {
    /// The register: a SQLite file, made when it is not there, or a URL postgres://… for each
    /// host with commas between. A password is better kept in a file: see --config
    #[arg(long, value_name = "PATH|URL")]
    opslag: Option<String>,
    /// The gateway's settings, TOML, whose section `opslag` says where the register is
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl OpslagArgs {
    /// The store that is meant.
    ///
    /// # Errors
    /// A sentence for people, without a password.
    pub(super) fn opslag(&self) -> Result<Opslag, String> {
        match (&self.opslag, &self.config) {
            (Some(text), _) => Opslag::parse(text).map_err(|why| format!("--opslag: {why}")),
            (None, Some(path)) => Config::load(path)
                .map_err(|error| chain(&error))?
                .opslag
                .opslag(),
            (None, None) => Err("name the register with --opslag or --config".into()),
        }
    }
}
