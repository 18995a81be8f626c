//! `stagepoort register generate`.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use clap::Args;
use serde_json::json;

use super::{
    output::{Packed, Packing, Partial},
    progress::Shown,
};
use crate::{
    cli::{fail, say},
    clock::{Clock, SystemClock},
    domain::Datum,
    register::{
        generate::{
            MAX_LEERBEDRIJVEN, MAX_RONDE, Plan, TableError, read_kwalificaties, read_postcodes,
            write_levering,
        },
        levering::{Aantallen, WriteError},
    },
    telemetry::chain,
};

/// Bytes handed to the file at once; lines are some kilobytes.
const BUFFER_BYTES: usize = 256 * 1024;
/// Objects between two signs of life.
const OBJECTS_PER_SIGN: u64 = 2_000;
/// Leerbedrijven and bpvo's for each leerbedrijf asked for, for the share that is done.
const OBJECTS_PER_LEERBEDRIJF: u64 = 3;
/// As many BRINs as there are for invented schools.
const MAX_SCHOLEN: i64 = 6_760;

#[derive(Debug, Args)]
#[command(after_help = "\
The same arguments always give the same bytes. Nothing in it can reach anyone: mail and web \
addresses end in .example, phone numbers are not given out, schools have the OIN prefix for tests.\n\n\
Exit codes: 0 done; 1 it could not be read or written; 2 wrong arguments.")]
pub(in crate::cli) struct GenerateArgs {
    /// How many leerbedrijven; 250000 is the size of the national register
    #[arg(long, value_name = "N", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_LEERBEDRIJVEN)))]
    leerbedrijven: u32,
    /// Where all chance comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Which levering after the first, each a day later with some 4 % of the leerbedrijven changed
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_RONDE)))]
    ronde: u32,
    /// The day on which ronde 0 is made, yyyy-mm-dd from 1960 to 2150 [default: today]
    #[arg(long, value_name = "DATE", value_parser = peildatum)]
    peildatum: Option<Datum>,
    /// Over how many schools the bpvo's are spread [default: 12, above 20,000 leerbedrijven 60]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MAX_SCHOLEN))]
    scholen: Option<u32>,
    /// CSV with columns postcode4, plaats, lat, lon instead of our own small table
    #[arg(long, value_name = "FILE")]
    postcodes: Option<PathBuf>,
    /// CSV with columns crebo, naam, niveau, leerwegen instead of our own small table
    #[arg(long, value_name = "FILE")]
    kwalificaties: Option<PathBuf>,
    /// Where the levering goes, packed when the name ends in .gz or .zst; - is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    uit: PathBuf,
    /// Print what was made as one JSON object, when --uit is a file
    #[arg(long)]
    json: bool,
}

/// Why there is no levering.
#[derive(Debug, thiserror::Error)]
enum GenerateError {
    #[error("{path}")]
    Table {
        path: String,
        #[source]
        source: TableError,
    },
    #[error("{path}")]
    File {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("the clock of this machine is not right; give --peildatum")]
    Clock,
    #[error(transparent)]
    Write(#[from] WriteError),
}

pub(super) fn run(args: &GenerateArgs) -> ExitCode {
    let clock = SystemClock;
    let made = plan(args, &clock).and_then(|plan| Ok((write(args, &plan, &clock)?, plan)));
    match made {
        Ok((aantallen, plan)) => {
            // On standard output stands the levering itself.
            if args.uit.as_os_str() != "-" {
                say_made(&aantallen, &plan, args.json);
            }
            ExitCode::SUCCESS
        }
        Err(error) => fail(chain(&error)),
    }
}

fn plan(args: &GenerateArgs, clock: &dyn Clock) -> Result<Plan, GenerateError> {
    let peildatum = match args.peildatum {
        Some(dag) => dag,
        None => clock.now().datum().map_err(|_| GenerateError::Clock)?,
    };
    let mut plan = Plan::new(args.leerbedrijven, args.seed, peildatum);
    plan.ronde = args.ronde;
    plan.scholen = args.scholen.unwrap_or(plan.scholen);
    if let Some(path) = &args.postcodes {
        plan.postcodes = table(path, read_postcodes)?;
    }
    if let Some(path) = &args.kwalificaties {
        plan.opleidingen = table(path, read_kwalificaties)?;
    }
    Ok(plan)
}

fn table<T>(
    path: &Path,
    read: impl FnOnce(File) -> Result<T, TableError>,
) -> Result<T, GenerateError> {
    let file = File::open(path).map_err(|source| of_file(path, source))?;
    read(file).map_err(|source| GenerateError::Table {
        path: path.display().to_string(),
        source,
    })
}

fn of_file(path: &Path, source: io::Error) -> GenerateError {
    GenerateError::File {
        path: path.display().to_string(),
        source,
    }
}

fn write(args: &GenerateArgs, plan: &Plan, clock: &dyn Clock) -> Result<Aantallen, GenerateError> {
    let to_stdout = args.uit.as_os_str() == "-";
    if to_stdout {
        let out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
        return Ok(write_to(out, plan, clock)?.1);
    }
    write_file(&args.uit, plan, clock)
}

fn write_file(uit: &Path, plan: &Plan, clock: &dyn Clock) -> Result<Aantallen, GenerateError> {
    /// It holds nobody's data.
    const MODE: u32 = 0o666;
    let (partial, file) = Partial::create(uit, MODE).map_err(|source| of_file(uit, source))?;
    let out = Packed::new(file, Packing::of(uit)).map_err(WriteError::Io)?;
    let (out, aantallen) = write_to(out, plan, clock)?;
    let file = out.finish().map_err(WriteError::Io)?;
    let placed = partial.put_in_place(&file);
    placed.map_err(|source| of_file(uit, source))?;
    Ok(aantallen)
}

fn write_to<W: Write>(
    out: W,
    plan: &Plan,
    clock: &dyn Clock,
) -> Result<(W, Aantallen), WriteError> {
    let done = Arc::new(AtomicU64::new(0));
    let about = u64::from(plan.leerbedrijven) * OBJECTS_PER_LEERBEDRIJF;
    let mut shown = Shown::new(Arc::clone(&done), Some(about), clock);
    let mut count = 0_u64;
    write_levering(plan, &plan.voorloop(), out, || {
        count += 1;
        if count.is_multiple_of(OBJECTS_PER_SIGN) {
            done.store(count.min(about), Ordering::Relaxed);
            shown.show(format!("{count} objects"));
        }
    })
}

fn say_made(aantallen: &Aantallen, plan: &Plan, as_json: bool) {
    let levering_id = plan.voorloop().levering_id;
    if as_json {
        say(json!({ "leveringId": levering_id, "aantallen": aantallen }));
        return;
    }
    say(format_args!("levering {levering_id}"));
    for (soort, count) in aantallen.iter() {
        say(format_args!("{soort:<12}{count:>10}"));
    }
}

fn peildatum(text: &str) -> Result<Datum, String> {
    Datum::parse(text)
        .ok()
        .filter(|dag| (1960..=2150).contains(&dag.as_date().year()))
        .ok_or_else(|| "must be a day from 1960-01-01 to 2150-12-31, such as 2026-11-22".to_owned())
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Read};

    use clap::Parser;
    use flate2::read::GzDecoder;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        args: GenerateArgs,
    }

    fn args(line: &str) -> Result<GenerateArgs, clap::Error> {
        Cli::try_parse_from(std::iter::once("generate").chain(line.split_whitespace()))
            .map(|cli| cli.args)
    }

    #[test]
    fn arguments_out_of_range_are_refused() {
        assert!(args("--leerbedrijven 250000 --seed 7 --ronde 2 --peildatum 2026-11-22").is_ok());
        for wrong in [
            "--leerbedrijven 20000001",
            "--ronde 1001",
            "--peildatum 1959-12-31",
            "--peildatum vandaag",
            "--scholen 0",
        ] {
            assert!(args(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_packed_levering_has_the_same_lines_and_no_partial_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = folder.path().join(name);
            let line = "--leerbedrijven 30 --peildatum 2026-11-22";
            let mut args = args(line).unwrap();
            args.uit.clone_from(&path);
            let plan = plan(&args, &SystemClock).unwrap();
            write(&args, &plan, &SystemClock).unwrap();
            fs::read(path).unwrap()
        };
        let plain = make("levering.ndjson");
        let mut unpacked = Vec::new();
        GzDecoder::new(&make("levering.ndjson.gz")[..])
            .read_to_end(&mut unpacked)
            .unwrap();
        assert!(plain == unpacked);
        let zstd = make("levering.ndjson.zst");
        assert!(plain == zstd::stream::decode_all(&*zstd).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_bad_table_is_named_with_line_and_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.csv");
        fs::write(&path, "crebo,naam,niveau,leerwegen\n25180,Kok,9,BOL\n").unwrap();
        let mut args = args("--peildatum 2026-11-22").unwrap();
        args.kwalificaties = Some(path);
        let text = chain(&plan(&args, &SystemClock).unwrap_err());
        assert!(
            text.contains("k.csv: line 2, column `niveau`: `9` must be 1 to 4"),
            "{text}"
        );
    }
}
