//! `stagepoort register verify`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use serde_json::json;

use super::{EXIT_REFUSED, input, progress::Shown, rapport::Rapport};
use crate::{
    cli::{fail, say},
    clock::{Clock, SystemClock},
    register::{Share, Verified, VerifyError, levering::LeveringError, verify},
    telemetry::chain,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 an import would accept the levering itself, though it may still find that it ends too \
much of the register; 1 it could not be read; 2 wrong arguments; 3 an import would refuse it.")]
pub(in crate::cli) struct VerifyArgs {
    /// The levering, plain, gzip or zstd; - is standard input
    file: PathBuf,
    /// Write every violation to this file, a line of JSON {regel, veld, reden} each
    #[arg(long, value_name = "FILE")]
    rapport: Option<PathBuf>,
    /// Share of the lines that may be bad
    #[arg(long, value_name = "SHARE", default_value = "0.1%", value_parser = Share::parse)]
    maximaal_afgekeurd: Share,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &VerifyArgs) -> ExitCode {
    let source = match input::open(&args.file) {
        Ok(source) => source,
        Err(error) => return fail(format_args!("{}: {error}", args.file.display())),
    };
    let mut rapport = match Rapport::open(args.rapport.as_deref()) {
        Ok(rapport) => rapport,
        Err(error) => return fail(format_args!("--rapport: {error}")),
    };
    let clock = SystemClock;
    let mut shown = Shown::new(source.read, source.length, &clock);
    let outcome = verify(source.reader, clock.now(), &mut rapport, &mut |regels| {
        shown.show(format!("{regels} lines"));
    });
    drop(shown);
    rapport.show();
    match outcome {
        Ok(verified) => {
            let most = args.maximaal_afgekeurd.of(verified.aantallen.totaal());
            say_verified(&verified, most, args.json);
            if verified.afgekeurd > most {
                return ExitCode::from(EXIT_REFUSED);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            let failed = fail(chain(&error));
            match error {
                VerifyError::Levering(LeveringError::Read(_)) | VerifyError::Rapport(_) => failed,
                VerifyError::Levering(_) => ExitCode::from(EXIT_REFUSED),
            }
        }
    }
}

fn say_verified(verified: &Verified, most: u64, json: bool) {
    let voorloop = &verified.voorloop;
    if json {
        say(json!({
            "leveringId": voorloop.levering_id,
            "leveringSoort": voorloop.levering_soort,
            "bron": voorloop.bron,
            "aanmaakTijdstip": voorloop.aanmaak_tijdstip,
            "aantallen": verified.aantallen,
            "afgekeurd": verified.afgekeurd,
            "maximaalAfgekeurd": most,
            "sha256": hex::encode(verified.sha256),
        }));
        return;
    }
    say(format_args!(
        "levering {} ({}) is whole",
        voorloop.levering_id,
        voorloop.levering_soort.as_str()
    ));
    for (soort, count) in verified.aantallen.iter() {
        say(format_args!("{soort:<12}{count:>10}"));
    }
    if verified.afgekeurd > most {
        say(format_args!(
            "{} lines are bad, at most {most} may be: an import would refuse it",
            verified.afgekeurd
        ));
    } else if verified.afgekeurd > 0 {
        say(format_args!(
            "{} lines are bad and would be set aside",
            verified.afgekeurd
        ));
    }
}
