//! `stagepoort geo import`.

use std::{io, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    EXIT_FAILED, fail,
    opslag::OpslagArgs,
    register::{EXIT_BUSY, EXIT_REFUSED, input},
    runtime, say,
};
use crate::{
    clock::SystemClock,
    geo::{
        Postcodegebied,
        tabel::{self, TabelError},
    },
    log::StoreError,
    register::import::{PostcodesError, PostcodesReport, compare_postcodes, import_postcodes},
    telemetry::chain,
};

#[derive(Debug, Subcommand)]
pub(super) enum GeoCommand {
    /// Import a table of postcodes in place of the one before: wholly, or not at all
    Import(ImportArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
The table is CSV with a header, parted by commas or semicolons, in UTF-8. Columns: postcode (or \
postcode4, postcode6) of four digits or six characters, mixed as it comes; lat and lon in degrees; \
if there are any plaats (or woonplaats), gemeente and provincie. Other columns are left alone.\n\n\
It replaces the table that was imported before: what it lacks is removed, and the same one twice \
changes nothing. A running gateway follows at once. Without a table places and postcodes are known \
from the addresses in the register.\n\n\
Exit codes: 0 imported, or nothing to change; 1 it could not be read or written; 2 wrong arguments; \
3 the table is refused and nothing changed; 4 another import is running.")]
pub(super) struct ImportArgs {
    /// The table, plain or gzip; - is standard input
    file: PathBuf,
    #[command(flatten)]
    opslag: OpslagArgs,
    /// Only show what would change
    #[arg(long)]
    proef: bool,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
}

/// Why there is no import.
#[derive(Debug, thiserror::Error)]
enum GeoError {
    #[error("{path}")]
    File {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("the table {path} is refused")]
    Table {
        path: String,
        #[source]
        source: TabelError,
    },
    #[error("{0}")]
    Opslag(String),
    #[error("there is no database {0} to compare with")]
    NoDatabase(String),
    #[error(transparent)]
    Import(#[from] PostcodesError),
}

pub(super) fn run(command: &GeoCommand) -> ExitCode {
    let GeoCommand::Import(args) = command;
    runtime(async {
        match import(args).await {
            Ok(report) => {
                say_report(&report, args);
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
    })
}

async fn import(args: &ImportArgs) -> Result<PostcodesReport, GeoError> {
    let table = read(args)?;
    let opslag = args.opslag.opslag().map_err(GeoError::Opslag)?;
    if args.proef && !opslag.is_there() {
        return Err(GeoError::NoDatabase(opslag.to_string()));
    }
    let store = opslag.open().await.map_err(PostcodesError::Store)?;
    Ok(if args.proef {
        compare_postcodes(store.as_ref(), &table).await?
    } else {
        import_postcodes(&store, &table, &SystemClock).await?
    })
}

fn read(args: &ImportArgs) -> Result<Vec<Postcodegebied>, GeoError> {
    let path = args.file.display().to_string();
    let source = match input::open(&args.file) {
        Ok(source) => source,
        Err(source) => return Err(GeoError::File { path, source }),
    };
    tabel::read(source.reader).map_err(|source| GeoError::Table { path, source })
}

fn exit_code(error: &GeoError) -> u8 {
    match error {
        GeoError::Table {
            source: TabelError::Read(_),
            ..
        } => EXIT_FAILED,
        GeoError::Table { .. } => EXIT_REFUSED,
        GeoError::Import(PostcodesError::Store(StoreError::StageBusy)) => EXIT_BUSY,
        GeoError::Import(_)
        | GeoError::File { .. }
        | GeoError::Opslag(_)
        | GeoError::NoDatabase(_) => EXIT_FAILED,
    }
}

fn say_report(report: &PostcodesReport, args: &ImportArgs) {
    let gebieden = report.gebieden;
    if args.json {
        let uitkomst = match (args.proef, report.is_unchanged()) {
            (true, _) => "proef",
            (false, true) => "ongewijzigd",
            (false, false) => "toegepast",
        };
        say(json!({
            "uitkomst": uitkomst,
            "registerVersie": report.versie.to_string(),
            "gebieden": {
                "toegevoegd": gebieden.toegevoegd,
                "gewijzigd": gebieden.gewijzigd,
                "verwijderd": gebieden.beeindigd,
                "ongewijzigd": gebieden.ongewijzigd,
            },
            "postcodes": report.postcodes,
        }));
        return;
    }
    let versie = report.versie;
    match (args.proef, report.is_unchanged()) {
        (true, _) => say(format_args!("this would change in version {versie}")),
        (false, true) => say(format_args!(
            "the table was imported before; version {versie} stays"
        )),
        (false, false) => say(format_args!("the table is version {versie}")),
    }
    say(format_args!(
        "{:<12}{:>10}{:>10}{:>10}{:>12}",
        "", "added", "changed", "removed", "unchanged"
    ));
    say(format_args!(
        "{:<12}{:>10}{:>10}{:>10}{:>12}",
        "areas", gebieden.toegevoegd, gebieden.gewijzigd, gebieden.beeindigd, gebieden.ongewijzigd
    ));
    say(format_args!(
        "{} postcodes of six characters in the table",
        report.postcodes
    ));
}
