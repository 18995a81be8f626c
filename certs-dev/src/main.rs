//! `certs-dev`: makes throw-away certificates in a folder.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use certs_dev::{CertsError, Manifest, Serienummer, default_plan, generate, revoke};
use clap::Parser;
use time::OffsetDateTime;

const EXIT_FAILED: u8 = 1;
const EXIT_FOLDER_REFUSED: u8 = 3;

/// Makes throw-away certificates for a demo or a test.
///
/// In the folder come a CA, a server certificate for localhost, client
/// certificates for four invented afnemers, certificates that a gateway must
/// refuse, and a CRL. A folder that certs-dev made before is overwritten. The
/// key of the CA lies in the folder too: never trust it outside a test.
#[derive(Debug, Parser)]
#[command(
    name = "certs-dev",
    version,
    after_help = "Exit codes:\n  \
        0  done\n  \
        1  a certificate could not be made, or a file not read or written\n  \
        2  the arguments are wrong\n  \
        3  the folder was refused: it holds other files, or (with --trek-in) no certificates"
)]
struct Arguments {
    /// The folder to fill; it is made when it is not there
    #[arg(long, value_name = "DIR")]
    map: PathBuf,

    /// Print the manifest as JSON instead of one line per file
    #[arg(long)]
    json: bool,

    /// Make nothing new, but add this serial number to the CRL in the folder; may be repeated
    #[arg(long, value_name = "SERIAL")]
    trek_in: Vec<Serienummer>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be told when standard error is gone as well.
            let _ = writeln!(io::stderr().lock(), "certs-dev: {}", explain(&*error));
            ExitCode::from(exit_code(&*error))
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let now = OffsetDateTime::now_utc();
    let manifest = if arguments.trek_in.is_empty() {
        generate(&arguments.map, &default_plan(), now)?
    } else {
        revoke(&arguments.map, &arguments.trek_in, now)?
    };
    print(&manifest, arguments.json)
}

fn print(manifest: &Manifest, json: bool) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(manifest)?)?;
    } else {
        for file in manifest.bestanden() {
            writeln!(out, "{}  {}", file.pad.display(), file.omschrijving)?;
        }
    }
    Ok(out.flush()?)
}

/// The error and its causes on one line.
fn explain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&e| e.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn exit_code(error: &(dyn Error + 'static)) -> u8 {
    match error.downcast_ref::<CertsError>() {
        Some(CertsError::FolderNotOurs { .. } | CertsError::NotGenerated { .. }) => {
            EXIT_FOLDER_REFUSED
        }
        _ => EXIT_FAILED,
    }
}
