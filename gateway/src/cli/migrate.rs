//! `stagepoort migrate`: brings the schema of the register up to this program's.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{fail, opslag::OpslagArgs, runtime, say};
use crate::{
    log::{Migrated, Opslag},
    telemetry::chain,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Several programs may do this at once: one does it, the others find it done. Gateways of the minor \
version before go on working on the new schema, so upgrade the schema first and the nodes after. \
`serve` does the same by itself on PostgreSQL unless opslag.migreren is false.\n\n\
Exit codes: 0 the schema is this program's; 1 it could not be brought there, and standard error \
says why; 2 wrong arguments.")]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    opslag: OpslagArgs,
    /// Print the outcome as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &MigrateArgs) -> ExitCode {
    let opslag = match args.opslag.opslag() {
        Ok(opslag) => opslag,
        Err(reason) => return fail(reason),
    };
    runtime(async {
        match opslag.migrate().await {
            Ok(migrated) => {
                report(&opslag, migrated, args.json);
                ExitCode::SUCCESS
            }
            Err(error) => fail(format_args!("{opslag}: {}", chain(&error))),
        }
    })
}

fn report(opslag: &Opslag, migrated: Migrated, json: bool) {
    let Migrated { before, now } = migrated;
    if json {
        say(json!({ "opslag": opslag.to_string(), "was": before, "schema": now }));
    } else if before == now {
        say(format_args!("{opslag}: schema {now} was there already"));
    } else if before == 0 {
        say(format_args!("{opslag}: made with schema {now}"));
    } else {
        say(format_args!(
            "{opslag}: brought from schema {before} to {now}"
        ));
    }
}
