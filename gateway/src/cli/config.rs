//! `stagepoort config check|default`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;

use super::{fail, say};
use crate::{
    audit::Map,
    clock::{Clock, SystemClock},
    config::{Config, DEFAULT_TOML},
    telemetry::{self, chain},
    transport::tls::Tls,
};

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Check a file of settings: unknown keys, wrong values, missing files
    #[command(
        after_help = "Exit codes: 0 all is right; 1 something is wrong, and standard error names it; 2 wrong arguments."
    )]
    Check {
        /// The file, TOML
        file: PathBuf,
    },
    /// Print all settings with their defaults and reasons
    Default,
}

pub(super) fn run(command: ConfigCommand) -> ExitCode {
    match command {
        ConfigCommand::Default => {
            say(DEFAULT_TOML.trim_end());
            ExitCode::SUCCESS
        }
        ConfigCommand::Check { file } => match Config::load(&file) {
            Err(error) => fail(chain(&error)),
            Ok(config) => match first_mistake(&config) {
                Some(sentence) => fail(sentence),
                None => {
                    say(format_args!("{}: all settings are right", file.display()));
                    ExitCode::SUCCESS
                }
            },
        },
    }
}

/// The first thing that `serve` would refuse.
fn first_mistake(config: &Config) -> Option<String> {
    let tls = || {
        Tls::load(config.tls_paths(), config.tls.crl_grace, SystemClock.now())
            .err()
            .map(|error| chain(&error))
    };
    missing_file(config)
        .or_else(|| exposed_journal(config))
        .or_else(|| config.check_secret_files().err())
        .or_else(|| telemetry::check(&config.logboek.niveau).err())
        .or_else(tls)
}

/// A journal that others can read: `serve` refuses to start with it. One that is not there is made.
fn exposed_journal(config: &Config) -> Option<String> {
    let map = &config.verwerkingslog.map;
    let checked = map.exists().then(|| Map::new(map).check());
    checked.and_then(Result::err).map(|error| chain(&error))
}

/// The first file or folder that `serve` would need and not find.
fn missing_file(config: &Config) -> Option<String> {
    config
        .tls
        .files()
        .chain(config.opslag.files())
        .chain(config.push.files())
        .chain(config.verwerkingslog.files())
        .find(|(_, path)| !path.is_file())
        .map(|(key, path)| format!("{key}: there is no file {}", path.display()))
        .or_else(|| {
            config
                .opslag
                .written()
                .into_iter()
                .chain([("verwerkingslog.map", config.verwerkingslog.map.as_path())])
                .find(|(_, path)| {
                    path.parent()
                        .is_none_or(|folder| !folder.is_dir() && folder != Path::new(""))
                })
                .map(|(key, path)| format!("{key}: there is no folder for {}", path.display()))
        })
}
