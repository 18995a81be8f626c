//! `stagepoort register import`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use serde_json::json;

use super::{EXIT_BUSY, EXIT_REFUSED, input, progress::Shown, rapport::Rapport};
use crate::{
    cli::{EXIT_FAILED, fail, opslag::OpslagArgs, say},
    clock::SystemClock,
    log::{Opslag, StoreError},
    register::{
        Share,
        import::{Applied, ImportError, Options, Progress, Report, import},
    },
    telemetry::chain,
};

#[derive(Debug, Args)]
#[command(after_help = "\
A levering is applied wholly or not at all, and the same one twice changes nothing. What a levering \
of soort VOLLEDIG does not have is ended.\n\n\
Exit codes: 0 applied, or applied before; 1 it could not be read or written; 2 wrong arguments; \
3 the levering is refused and nothing changed; 4 another import is running.")]
pub(in crate::cli) struct ImportArgs {
    /// The levering, plain or gzip; - is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    opslag: OpslagArgs,
    /// Write every violation to this file, a line of JSON {regel, veld, reden} each
    #[arg(long, value_name = "FILE")]
    rapport: Option<PathBuf>,
    /// Share of the lines that may be bad and set aside; above it the levering is refused
    #[arg(long, value_name = "SHARE", default_value = "0.1%", value_parser = Share::parse)]
    maximaal_afgekeurd: Share,
    /// Accept a levering that ends much of the register
    #[arg(long)]
    toestaan_krimp: bool,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ImportArgs) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(chain(&error)),
    };
    let mut rapport = match Rapport::open(args.rapport.as_deref()) {
        Ok(rapport) => rapport,
        Err(error) => return fail(format_args!("--rapport: {error}")),
    };
    let opslag = match args.opslag.opslag() {
        Ok(opslag) => opslag,
        Err(reason) => return fail(reason),
    };
    let outcome = runtime.block_on(apply(args, &opslag, &mut rapport));
    rapport.show();
    match outcome {
        Ok(report) => {
            say_report(&report, args.json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            let code = exit_code(&error);
            if args.json {
                let uitkomst = if code == EXIT_REFUSED {
                    "geweigerd"
                } else {
                    "mislukt"
                };
                say(json!({ "uitkomst": uitkomst, "reden": chain(&error) }));
            }
            fail(chain(&error));
            ExitCode::from(code)
        }
    }
}

async fn apply(
    args: &ImportArgs,
    opslag: &Opslag,
    rapport: &mut Rapport,
) -> Result<Report, ImportError> {
    let source = input::open(&args.file).map_err(|source| StoreError::File {
        path: args.file.clone(),
        source,
    })?;
    let store = opslag.open().await?;
    let clock = SystemClock;
    let mut shown = Shown::new(source.read, source.length, &clock);
    let mut progress = |done: Progress| {
        let Progress {
            regels,
            leerbedrijven,
            afgekeurd,
        } = done;
        shown.show(format!(
            "{regels} lines, {leerbedrijven} leerbedrijven, {afgekeurd} set aside"
        ));
    };
    let options = Options {
        maximaal_afgekeurd: args.maximaal_afgekeurd,
        toestaan_krimp: args.toestaan_krimp,
        rapport: Some(rapport),
    };
    import(&store, source.reader, options, &clock, &mut progress).await
}

fn exit_code(error: &ImportError) -> u8 {
    match error {
        ImportError::Levering(crate::register::levering::LeveringError::Read(_)) => EXIT_FAILED,
        ImportError::Levering(_)
        | ImportError::TooManyBadLines { .. }
        | ImportError::Shrink(_)
        | ImportError::TooManyEquivalents { .. } => EXIT_REFUSED,
        ImportError::Store(StoreError::StageBusy) => EXIT_BUSY,
        _ => EXIT_FAILED,
    }
}

fn say_report(report: &Report, json: bool) {
    match report {
        Report::AlreadyApplied {
            levering_id,
            versie,
        } if json => say(json!({
            "uitkomst": "alToegepast",
            "leveringId": levering_id,
            "registerVersie": versie.to_string(),
        })),
        Report::AlreadyApplied {
            levering_id,
            versie,
        } => say(format_args!(
            "levering {levering_id} was already applied as version {versie}; nothing changed"
        )),
        Report::Applied(applied) if json => say(as_json(applied)),
        Report::Applied(applied) => say_applied(applied),
    }
}

fn as_json(applied: &Applied) -> serde_json::Value {
    let mutaties: serde_json::Map<String, serde_json::Value> = applied
        .mutaties
        .iter()
        .map(|(soort, count)| (soort.to_string(), (*count).into()))
        .collect();
    let kept: Vec<&str> = applied.niet_beeindigd.iter().map(|s| s.as_str()).collect();
    json!({
        "uitkomst": "toegepast",
        "leveringId": applied.levering.levering_id,
        "leveringSoort": applied.levering.levering_soort,
        "registerVersie": applied.versie.to_string(),
        "objecten": applied.objecten,
        "mutaties": mutaties,
        "afgekeurd": applied.levering.afgekeurd,
        "nietBeeindigd": kept,
        "duurSeconden": applied.duur.as_secs_f64(),
    })
}

fn say_applied(applied: &Applied) {
    let levering = &applied.levering;
    say(format_args!(
        "levering {} ({}) is version {}",
        levering.levering_id,
        levering.levering_soort.as_str(),
        applied.versie
    ));
    say(format_args!(
        "{:<12}{:>10}{:>10}{:>10}{:>12}",
        "", "added", "changed", "ended", "unchanged"
    ));
    for (name, tally) in applied.objecten.iter() {
        say(format_args!(
            "{name:<12}{:>10}{:>10}{:>10}{:>12}",
            tally.toegevoegd, tally.gewijzigd, tally.beeindigd, tally.ongewijzigd
        ));
    }
    for (soort, count) in &applied.mutaties {
        say(format_args!("{soort:<26}{count:>10}"));
    }
    if levering.afgekeurd > 0 {
        say(format_args!("{} lines were set aside", levering.afgekeurd));
    }
    for soort in &applied.niet_beeindigd {
        say(format_args!(
            "no {soort} was ended by its absence: a line that was set aside may be about any of them"
        ));
    }
    say(format_args!("{:.1} s", applied.duur.as_secs_f64()));
}
