//! `stagepoort register import`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use serde_json::json;

use super::{EXIT_BUSY, EXIT_REFUSED, input, progress::Shown, rapport::Rapport};
use crate::{
    bron::{BronError, FetchError, Memory, Outcome, Plaats, Settings, fetch_and_import},
    cli::{EXIT_FAILED, fail, opslag::OpslagArgs, say},
    clock::SystemClock,
    domain::Bewaartermijn,
    log::{Opslag, StoreError},
    register::{
        Share,
        import::{Applied, ImportError, Options, Progress, Report, import, import_again},
        levering::MAX_LEVERING_BYTES,
    },
    telemetry::chain,
};

/// Longest time that a download may take.
const FETCH_PATIENCE: Duration = Duration::from_secs(3_600);

/// What a fetch keeps stands beside this when the register is no file.
const BESIDE_NO_FILE: &str = "stagepoort";

#[derive(Debug, Args)]
#[command(after_help = "\
A levering is applied wholly or not at all, and the same one twice changes nothing. What a levering \
of soort VOLLEDIG does not have is ended. When the database fails over or breaks off an import of a \
file or URL, it begins anew by itself; from standard input it does not: repeat it then, which is \
always safe.\n\n\
A URL must be https. The levering is fetched whole before anything is done with it; a redirect to \
another host is not followed. What was applied last is kept beside the register, with .bron behind \
its name (for PostgreSQL: stagepoort.bron in the current folder), so that the same levering is not fetched again.\n\n\
Exit codes: 0 applied, or applied before; 1 it could not be fetched, read or written; 2 wrong arguments; \
3 the levering is refused and nothing changed; 4 another import is running.")]
pub(in crate::cli) struct ImportArgs {
    /// The levering, plain, gzip or zstd: a file or an https URL; - is standard input
    #[arg(default_value = "-", value_name = "FILE|URL", value_parser = Plaats::parse)]
    file: Plaats,
    #[command(flatten)]
    opslag: OpslagArgs,
    /// Write every violation to this file, a line of JSON {regel, veld, reden} each
    #[arg(long, value_name = "FILE")]
    rapport: Option<PathBuf>,
    /// Share of the lines that may be bad and set aside; above it the levering is refused
    #[arg(long, value_name = "SHARE", default_value = "0.1%", value_parser = Share::parse)]
    maximaal_afgekeurd: Share,
    /// Most bytes of the levering, once it is unpacked
    #[arg(long, value_name = "N", default_value_t = MAX_LEVERING_BYTES)]
    maximale_bytes: u64,
    /// How long a bpvo stays after its last day, as register.bpvoBewaring has it: one that is over for longer is
    /// not taken up
    #[arg(long, value_name = "DURATION", default_value_t, value_parser = Bewaartermijn::parse)]
    bpvo_bewaring: Bewaartermijn,
    /// Certificates, PEM, of the authorities that the server of the URL is trusted by [default:
    /// those of the system]
    #[arg(long, value_name = "FILE")]
    bron_ca: Option<PathBuf>,
    /// Client certificate, PEM, to fetch with
    #[arg(long, value_name = "FILE", requires = "bron_sleutel")]
    bron_certificaat: Option<PathBuf>,
    /// Its private key, PEM, readable by this user alone
    #[arg(long, value_name = "FILE", requires = "bron_certificaat")]
    bron_sleutel: Option<PathBuf>,
    /// Accept a levering that ends much of the register
    #[arg(long)]
    toestaan_krimp: bool,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ImportArgs) -> ExitCode {
    // Beside this thread, which compares, one that writes what it found.
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
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
        Ok(done) => {
            match done {
                Done::Unchanged => say_unchanged(args.json),
                Done::Report(report) => say_report(&report, args.json),
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            let code = error.exit_code();
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

/// What became of the levering.
enum Done {
    /// The source has no other than the one that was applied.
    Unchanged,
    Report(Report),
}

/// Why it was not imported.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Bron(#[from] BronError),
}

impl Failed {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Import(error) | Self::Bron(BronError::Import { source: error, .. }) => {
                match error {
                    ImportError::Store(StoreError::StageBusy) => EXIT_BUSY,
                    refusal if refusal.is_refusal() => EXIT_REFUSED,
                    _ => EXIT_FAILED,
                }
            }
            Self::Bron(BronError::Fetch(FetchError::TooLarge { .. })) => EXIT_REFUSED,
            Self::Bron(_) => EXIT_FAILED,
        }
    }
}

async fn apply(args: &ImportArgs, opslag: &Opslag, rapport: &mut Rapport) -> Result<Done, Failed> {
    let options = Options {
        maximaal_afgekeurd: args.maximaal_afgekeurd,
        toestaan_krimp: args.toestaan_krimp,
        maximale_bytes: args.maximale_bytes,
        bpvo_bewaring: args.bpvo_bewaring,
        rapport: Some(rapport),
    };
    match &args.file {
        url @ Plaats::Url(_) => fetch(args, opslag, url, options).await,
        Plaats::Bestand(path) => read(opslag, path, options).await.map(Done::Report),
    }
}

async fn read(opslag: &Opslag, path: &Path, options: Options<'_>) -> Result<Report, Failed> {
    let source = input::open(path).map_err(|source| {
        let path = path.to_owned();
        ImportError::Store(StoreError::File { path, source })
    })?;
    let store = opslag.open().await.map_err(ImportError::Store)?;
    let clock = SystemClock;
    let mut shown = Shown::new(Arc::clone(&source.read), source.length, &clock);
    let mut progress = |done| show(&mut shown, done);
    let Some(from_start) = source.again() else {
        return Ok(import(&store, source.reader, options, &clock, &mut progress).await?);
    };
    let mut lost = |error: &StoreError| {
        fail(format_args!("{}; the import begins anew", chain(error)));
    };
    let report = import_again(
        &store,
        from_start,
        options,
        &clock,
        &mut progress,
        &mut lost,
    );
    Ok(report.await?)
}

async fn fetch(
    args: &ImportArgs,
    opslag: &Opslag,
    url: &Plaats,
    options: Options<'_>,
) -> Result<Done, Failed> {
    let beside = opslag.file().unwrap_or(Path::new(BESIDE_NO_FILE));
    let store = opslag.open().await.map_err(ImportError::Store)?;
    let map = match beside.parent() {
        Some(map) if !map.as_os_str().is_empty() => map.to_owned(),
        _ => PathBuf::from("."),
    };
    let certificate = args.bron_certificaat.clone();
    let settings = Settings {
        plaats: url.clone(),
        ca: args.bron_ca.clone(),
        identity: certificate.zip(args.bron_sleutel.clone()),
        tijd: FETCH_PATIENCE,
        maximale_bytes: args.maximale_bytes,
        map,
    };
    let clock = SystemClock;
    let mut shown = Shown::new(Arc::default(), None, &clock);
    let mut progress = |done| show(&mut shown, done);
    let memory = Memory::beside(beside);
    let outcome = fetch_and_import(
        &store,
        &settings,
        &memory,
        None,
        options,
        &clock,
        &mut progress,
    )
    .await?;
    Ok(match outcome {
        Outcome::Unchanged => Done::Unchanged,
        Outcome::Imported(report) => Done::Report(report),
    })
}

fn show(shown: &mut Shown<'_>, done: Progress) {
    let Progress {
        regels,
        leerbedrijven,
        afgekeurd,
    } = done;
    shown.show(format!(
        "{regels} lines, {leerbedrijven} leerbedrijven, {afgekeurd} set aside"
    ));
}

fn say_unchanged(json: bool) {
    if json {
        say(json!({ "uitkomst": "ongewijzigd" }));
    } else {
        say("the source has the same levering as the one that was applied last; nothing changed");
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
        "bpvosVoorbij": applied.bpvos_voorbij,
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
    if applied.bpvos_voorbij > 0 {
        say(format_args!(
            "{} bpvo's were not taken up: they are over for longer than --bpvo-bewaring",
            applied.bpvos_voorbij
        ));
    }
    say(format_args!("{:.1} s", applied.duur.as_secs_f64()));
}
