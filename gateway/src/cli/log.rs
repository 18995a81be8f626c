//! `stagepoort log verify`: the record of processing.

mod database;
mod persoon;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::database::Databaseoordeel;
use super::{fail, runtime, say, user};
use crate::{
    audit::{Breuk, Oordeel, store::Daad, verify},
    clock::{Clock, SystemClock},
    telemetry::chain,
};

/// The chain is broken.
const EXIT_BROKEN: u8 = 3;
/// It ends in what is no whole block.
const EXIT_UNFINISHED: u8 = 4;
/// It is not what had come of it in the database.
const EXIT_DIFFERS: u8 = 5;

#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// Check every hash of a journal, also while it is written to
    Verify(VerifyArgs),
    /// Show what was given about somebody, to whom and when
    Persoon(persoon::PersoonArgs),
    /// Show who looked somebody up, and what operators did
    Daden(database::DadenArgs),
    /// Take note of a journal that was not what had come of it
    Erken(database::ErkenArgs),
    /// Ship the journal of a node that is no more
    Verzend(database::VerzendArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without --config it needs neither the gateway nor the database. A chain that is whole says that nothing \
in it was changed, left out or put in between; that nothing was taken from its end, the last hash says \
when it is compared with a copy elsewhere. With --config that is done: what was shipped to the database is \
checked as well, of every node, and this journal must hold the block that came last of it.\n\n\
Exit codes: 0 the whole chain is right; 1 it could not be read; 2 wrong arguments; 3 it is broken, and \
the output names file, block and byte; 4 it is right and ends in an unfinished write: that of a crash, \
which the next start cuts off, or one that is under way now. When neither is so, its last block was \
changed; 5 the chains are right and the journal is not what had come of it in the database, or was not \
once and nobody took note of it (`log erken`).")]
pub(super) struct VerifyArgs {
    /// Folder of the journal; verwerkingslog.map of the settings, or `verwerkingslog` without
    #[arg(long, value_name = "DIR")]
    map: Option<PathBuf>,
    /// The gateway's settings, TOML: check what was shipped as well, and hold the journal against it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print what was found as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &LogCommand) -> ExitCode {
    runtime(async {
        let done = match command {
            LogCommand::Verify(args) => run_verify(args).await,
            LogCommand::Persoon(args) => persoon::run(args).await,
            LogCommand::Daden(args) => database::daden(args).await,
            LogCommand::Erken(args) => database::erken(args).await,
            LogCommand::Verzend(args) => database::verzend(args).await,
        };
        done.unwrap_or_else(fail)
    })
}

async fn run_verify(args: &VerifyArgs) -> Result<ExitCode, String> {
    let config = database::settings(args.config.as_ref())?;
    let map = persoon::map_of(args.map.as_ref(), config.as_ref());
    let oordeel = verify(&map).map_err(|error| chain(&error))?;
    let shipped = match &config {
        Some(config) => Some(database::judge(&config.opslag.opslag()?, &map).await?),
        None => None,
    };
    if args.json {
        let mut all = as_json(&map, &oordeel);
        if let Some(shipped) = &shipped {
            all["database"] = shipped.as_json();
        }
        say(all);
    } else {
        in_words(&map, &oordeel);
        if let Some(shipped) = &shipped {
            shipped.in_words();
        }
    }
    Ok(exit_code(&oordeel, shipped.as_ref()))
}

fn exit_code(oordeel: &Oordeel, shipped: Option<&Databaseoordeel>) -> ExitCode {
    if !oordeel.is_heel() || shipped.is_some_and(|shipped| !shipped.is_heel()) {
        ExitCode::from(EXIT_BROKEN)
    } else if shipped.is_some_and(Databaseoordeel::wijkt_af) {
        ExitCode::from(EXIT_DIFFERS)
    } else if oordeel.onaf.is_some() {
        ExitCode::from(EXIT_UNFINISHED)
    } else {
        ExitCode::SUCCESS
    }
}

/// What is written down of a command, now and by whoever runs this.
fn daad(daad: &str, wat: &str, reden: &str) -> Result<Daad, String> {
    let mut id = [0; 16];
    aws_lc_rs::rand::fill(&mut id).map_err(|_| "the system gives no random bytes".to_owned())?;
    let toelichting = if reden.is_empty() {
        wat.to_owned()
    } else {
        format!("{wat}: {reden}")
    };
    Ok(Daad {
        id,
        tijdstip: SystemClock.now(),
        wie: user(),
        daad: daad.to_owned(),
        toelichting,
    })
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
