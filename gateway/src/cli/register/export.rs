//! `stagepoort register export`.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use serde_json::json;

use super::output::{Packed, Packing, Partial};
use crate::{
    cli::{fail, opslag::OpslagArgs, runtime, say},
    domain::Personen,
    log::{Opslag, StoreError},
    register::{
        Object,
        levering::{Aantallen, LeveringSoort, LeveringWriter, Voorloop, WriteError},
    },
    replica::{FollowerError, View, replay},
    telemetry::chain,
};

#[derive(Debug, Args)]
#[command(after_help = "\
What it writes is a levering of soort VOLLEDIG, as `register import` reads it: the register as it is \
at one version, whatever is written to it meanwhile. People and bpvo's are left out unless they are \
asked for; imported over a register that has them, such a levering would end them there. A bpvo that \
only a school told of is never in it, nor is the table of postcodes (`geo import`), the log's history \
or who may ask what: for all of that there is `stagepoort backup`.\n\n\
Exit codes: 0 written; 1 the register could not be read or the levering not written; 2 wrong \
arguments.")]
pub(in crate::cli) struct ExportArgs {
    /// Where the levering goes, packed when the name ends in .gz or .zst; - is standard output
    #[arg(default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    opslag: OpslagArgs,
    /// With contactpersonen and praktijkopleiders
    #[arg(long)]
    met_personen: bool,
    /// With the bpvo's that the register knows of
    #[arg(long)]
    met_bpvos: bool,
    /// Pack by zstd, whatever the name is
    #[arg(long)]
    zstd: bool,
    /// Name of the levering [default: export- and the registerVersie]
    #[arg(long, value_name = "ID", value_parser = levering_id)]
    levering_id: Option<String>,
    /// Print what was written as one JSON object, when FILE is a file
    #[arg(long)]
    json: bool,
}

/// Why there is no levering.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("{0}")]
    Arguments(String),
    #[error("there is no register {0}")]
    NoRegister(Opslag),
    #[error("the register could not be opened")]
    Open(#[from] StoreError),
    #[error("the register could not be read")]
    Read(#[from] FollowerError),
    #[error("the register is empty: there is nothing to export")]
    Empty,
    #[error("{} could not be written", .path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Write(#[from] WriteError),
}

pub(super) fn run(args: &ExportArgs) -> ExitCode {
    runtime(async {
        match export(args).await {
            Ok((view, aantallen)) => {
                // On standard output stands the levering itself.
                if !is_stdout(&args.file) {
                    say_written(args, &view, &aantallen);
                }
                ExitCode::SUCCESS
            }
            Err(error) => fail(chain(&error)),
        }
    })
}

async fn export(args: &ExportArgs) -> Result<(View, Aantallen), ExportError> {
    // Opening one that is not there would make it.
    let opslag = args.opslag.opslag().map_err(ExportError::Arguments)?;
    if !opslag.is_there() {
        return Err(ExportError::NoRegister(opslag));
    }
    let store = opslag.follow().await?;
    let view = replay(&*store).await?;
    store.close().await;
    if view.versie().nummer == 0 {
        return Err(ExportError::Empty);
    }
    let aantallen = if is_stdout(&args.file) {
        let packing = packing(args);
        let out = Packed::new(io::stdout().lock(), packing).map_err(WriteError::Io)?;
        let (out, aantallen) = write(&view, args, out)?;
        out.finish()
            .and_then(|mut out| out.flush())
            .map_err(WriteError::Io)?;
        aantallen
    } else {
        write_file(&view, args)?
    };
    Ok((view, aantallen))
}

fn write_file(view: &View, args: &ExportArgs) -> Result<Aantallen, ExportError> {
    /// It may hold people (design invariant 13).
    const MODE: u32 = 0o600;
    let of_file = |source| ExportError::File {
        path: args.file.clone(),
        source,
    };
    let (partial, file) = Partial::create(&args.file, MODE).map_err(of_file)?;
    let out: Packed<File> = Packed::new(file, packing(args)).map_err(of_file)?;
    let (out, aantallen) = write(view, args, out)?;
    let file = out.finish().map_err(of_file)?;
    partial.put_in_place(&file).map_err(of_file)?;
    Ok(aantallen)
}

/// All objects, by kind and then by key: the same register always gives the same lines.
fn write<W: Write>(view: &View, args: &ExportArgs, out: W) -> Result<(W, Aantallen), WriteError> {
    let mut writer = LeveringWriter::new(out, &voorloop(view, args))?;
    for code in view.codes() {
        if let Some(opleiding) = view.opleiding(code) {
            writer.write(&Object::Opleiding(opleiding.clone()))?;
        }
    }
    for equivalent in view.all_equivalenten() {
        writer.write(&Object::Equivalent(*equivalent))?;
    }
    for school in view.scholen() {
        writer.write(&Object::School(school.clone()))?;
    }
    for id in view.leerbedrijf_ids() {
        let Some(leerbedrijf) = view.leerbedrijf(id) else {
            continue;
        };
        let personen = match args.met_personen {
            true => view.personen(id).unwrap_or_default(),
            false => Personen::default(),
        };
        writer.write(&Object::Leerbedrijf(Box::new(leerbedrijf), personen))?;
    }
    if args.met_bpvos {
        let register = view.bpvos().filter_map(|bpvo| bpvo.register_alone());
        let mut bpvos: Vec<_> = register.collect();
        // Their own keys differ from one database to another.
        bpvos.sort_by(|a, b| (a.school_oin, &a.bpvo_kenmerk).cmp(&(b.school_oin, &b.bpvo_kenmerk)));
        for bpvo in bpvos {
            writer.write(&Object::Bpvo(bpvo))?;
        }
    }
    writer.finish()
}

fn voorloop(view: &View, args: &ExportArgs) -> Voorloop {
    let given = args.levering_id.clone();
    Voorloop {
        levering_id: given.unwrap_or_else(|| format!("export-{}", view.versie())),
        levering_soort: LeveringSoort::Volledig,
        aanmaak_tijdstip: view.tijdstip(),
        bron: "stagepoort register export".to_owned(),
        aangekondigde_conversies: Vec::new(),
    }
}

fn packing(args: &ExportArgs) -> Packing {
    if args.zstd {
        Packing::Zstd
    } else {
        Packing::of(&args.file)
    }
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn say_written(args: &ExportArgs, view: &View, aantallen: &Aantallen) {
    let voorloop = voorloop(view, args);
    if args.json {
        say(json!({
            "leveringId": voorloop.levering_id,
            "registerVersie": view.versie().to_string(),
            "registerHash": hex::encode(view.state_hash().register),
            "metPersonen": args.met_personen,
            "metBpvos": args.met_bpvos,
            "aantallen": aantallen,
        }));
        return;
    }
    say(format_args!(
        "levering {} has the register at version {}",
        voorloop.levering_id,
        view.versie()
    ));
    for (soort, count) in aantallen.iter() {
        say(format_args!("{soort:<12}{count:>10}"));
    }
    if !args.met_personen || !args.met_bpvos {
        say("people or bpvo's were left out: --met-personen, --met-bpvos");
    }
}

fn levering_id(text: &str) -> Result<String, String> {
    let right = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    if (1..=64).contains(&text.len()) && text.chars().all(right) {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 64 letters, digits, dots, colons, dashes or underscores".to_owned())
    }
}
