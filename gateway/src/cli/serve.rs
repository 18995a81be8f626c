//! `stagepoort serve`: the gateway itself.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args;

use super::{fail, runtime};
use crate::{
    app::{App, until_told_to_stop},
    clock::SystemClock,
    config::Config,
    telemetry::{self, chain},
};

#[derive(Debug, Args)]
#[command(after_help = "\
SIGTERM and Ctrl-C drain and stop; SIGHUP reads certificates and revocation lists anew, and fetches those \
behind URLs. Files that change are read without it.\n\n\
Exit codes: 0 stopped as told; 1 it could not start or a listener failed, and standard error says \
why; 2 wrong arguments.")]
pub(super) struct ServeArgs {
    /// Settings, TOML; `stagepoort config default` prints all of them
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) fn run(args: ServeArgs) -> ExitCode {
    let config = match Config::load(&args.config) {
        Ok(config) => config,
        Err(error) => return fail(chain(&error)),
    };
    if let Err(reason) = telemetry::init(config.logboek.formaat, &config.logboek.niveau) {
        return fail(reason);
    }
    runtime(async move {
        let app = match App::start(config, Arc::new(SystemClock)).await {
            Ok(app) => app,
            Err(error) => return fail(chain(&error)),
        };
        match app.run(until_told_to_stop()).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(chain(&error)),
        }
    })
}
