//! `stagepoort log verify`: the record of processing.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{fail, say};
use crate::{
    audit::{Breuk, Oordeel, verify},
    telemetry::chain,
};

/// The chain is broken.
const EXIT_BROKEN: u8 = 3;
/// It ends in what is no whole block.
const EXIT_UNFINISHED: u8 = 4;

#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// Check every hash of a journal, also while it is written to
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
It needs neither the gateway nor the database. A chain that is whole says that nothing in it was \
changed, left out or put in between; that nothing was taken from its end, the last hash says when it \
is compared with a copy elsewhere.\n\n\
Exit codes: 0 the whole chain is right; 1 it could not be read; 2 wrong arguments; 3 it is broken, and \
the output names file, block and byte; 4 it is right and ends in an unfinished write: that of a crash, \
which the next start cuts off, or one that is under way now. When neither is so, its last block was \
changed.")]
pub(super) struct VerifyArgs {
    /// Folder of the journal: verwerkingslog.map of the settings
    #[arg(long, value_name = "DIR", default_value = "verwerkingslog")]
    map: PathBuf,
    /// Print what was found as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &LogCommand) -> ExitCode {
    let LogCommand::Verify(args) = command;
    let oordeel = match verify(&args.map) {
        Ok(oordeel) => oordeel,
        Err(error) => return fail(chain(&error)),
    };
    if args.json {
        say(as_json(&args.map, &oordeel));
    } else {
        in_words(&args.map, &oordeel);
    }
    if !oordeel.is_heel() {
        ExitCode::from(EXIT_BROKEN)
    } else if oordeel.onaf.is_some() {
        ExitCode::from(EXIT_UNFINISHED)
    } else {
        ExitCode::SUCCESS
    }
}

fn in_words(map: &Path, oordeel: &Oordeel) {
    let map = map.display();
    let Some((first, last)) = oordeel.segmenten else {
        return say(format_args!("{map}: there is no journal yet"));
    };
    let state = if oordeel.is_heel() { "whole" } else { "broken" };
    let (from, to) = oordeel.blokken.unwrap_or_default();
    say(format_args!(
        "{map}: {state}; segments {first} to {last}, blocks {from} to {to}, {} answers, {} records",
        oordeel.verwerkingen, oordeel.records
    ));
    say(format_args!(
        "last hash {}",
        hex::encode(oordeel.laatste_hash)
    ));
    if first > 1 {
        say(format_args!(
            "segments before {first} are not here: what was shipped is removed after its time"
        ));
    }
    for breuk in &oordeel.breuken {
        say(breuk);
    }
    if let Some(onaf) = &oordeel.onaf {
        say(format_args!(
            "it ends in what is no whole block, at byte {} of {}: {}",
            onaf.offset,
            onaf.path.display(),
            onaf.fout
        ));
    }
}

fn as_json(map: &Path, oordeel: &Oordeel) -> Value {
    let range = |range: Option<(u64, u64)>| range.map(|(first, last)| json!([first, last]));
    json!({
        "map": map.display().to_string(),
        "heel": oordeel.is_heel(),
        "segmenten": range(oordeel.segmenten),
        "blokken": range(oordeel.blokken),
        "verwerkingen": oordeel.verwerkingen,
        "records": oordeel.records,
        "laatsteHash": hex::encode(oordeel.laatste_hash),
        "breuken": oordeel.breuken.iter().map(breuk).collect::<Vec<_>>(),
        "onaf": oordeel.onaf.as_ref().map(breuk),
    })
}

fn breuk(breuk: &Breuk) -> Value {
    json!({
        "bestand": breuk.path.display().to_string(),
        "blok": breuk.blok,
        "offset": breuk.offset,
        "fout": breuk.fout.to_string(),
    })
}
