//! `stagepoort toegang apply|show|example`.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{fail, opslag::OpslagArgs, runtime, say};
use crate::{
    access::{
        Afnemer, Change, EXAMPLE, Mandaat, Toegang, ToegangStore, Version, changes, open_toegang,
    },
    clock::{Clock, SystemClock},
    log::Opslag,
    telemetry::chain,
};

/// The changes were shown and not put in force.
const EXIT_NOT_CONFIRMED: u8 = 3;

#[derive(Debug, Subcommand)]
pub(crate) enum ToegangCommand {
    /// Put a document in force: who may ask what. Shows what changes, and asks first
    ///
    /// The document replaces the one in force as a whole: what is not in it may not ask
    /// anything. Every running gateway on this store follows within a second.
    ///
    /// Exit codes: 0 in force, or nothing to change; 1 the document or the store cannot be
    /// used, and standard error says why; 2 wrong arguments; 3 the changes were shown and not
    /// put in force.
    Apply(ApplyArgs),
    /// Print the document in force, with its version
    ///
    /// What it prints can be edited and applied again.
    ///
    /// Exit codes: 0 printed; 1 there is none, or the store cannot be used; 2 wrong arguments.
    Show(ShowArgs),
    /// Print a commented example of a document
    Example,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The document, TOML; `stagepoort toegang example` shows one
    file: PathBuf,
    #[command(flatten)]
    opslag: OpslagArgs,
    /// Do not ask; needed where there is no terminal
    #[arg(long)]
    yes: bool,
    /// Only show what would change
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Print the changes as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    opslag: OpslagArgs,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: ToegangCommand) -> ExitCode {
    let done = match command {
        ToegangCommand::Apply(args) => return runtime(async move { finish(apply(args).await) }),
        ToegangCommand::Show(args) => return runtime(async move { finish(show(args).await) }),
        ToegangCommand::Example => {
            say(EXAMPLE.trim_end());
            Ok(ExitCode::SUCCESS)
        }
    };
    finish(done)
}

fn finish(done: Result<ExitCode, String>) -> ExitCode {
    done.unwrap_or_else(fail)
}

async fn apply(args: ApplyArgs) -> Result<ExitCode, String> {
    let text = std::fs::read_to_string(&args.file)
        .map_err(|error| format!("cannot read {}: {error}", args.file.display()))?;
    let new = Toegang::parse(&text)
        .map_err(|error| format!("{} is not put in force:\n{error}", args.file.display()))?;
    let store = open(&args.opslag.opslag()?).await?;
    let applied = apply_to(&*store, &args, &text, &new).await;
    store.close().await;
    applied
}

async fn apply_to(
    store: &dyn ToegangStore,
    args: &ApplyArgs,
    text: &str,
    new: &Toegang,
) -> Result<ExitCode, String> {
    let newest = newest(store).await?;
    // A document in force that this program cannot read can still be replaced, unseen.
    let old = match &newest {
        None => Toegang::default(),
        Some(version) => version.toegang().unwrap_or_default(),
    };
    let versie = newest.as_ref().map_or(0, |version| version.versie);
    let found = changes(&old, new);
    if newest
        .as_ref()
        .is_some_and(|newest| newest.document == text)
    {
        report(args, &found, versie, false);
        return Ok(ExitCode::SUCCESS);
    }
    if !confirmed(args, &found) {
        report(args, &found, versie, false);
        return Ok(ExitCode::from(EXIT_NOT_CONFIRMED));
    }
    let version = store
        .append(versie, text, SystemClock.now())
        .await
        .map_err(|error| chain(&error))?;
    report(args, &found, version.versie, true);
    Ok(ExitCode::SUCCESS)
}

/// Whether to go on. People see the changes before they are asked.
fn confirmed(args: &ApplyArgs, found: &[Change]) -> bool {
    if !args.json {
        for change in found {
            say(change);
        }
        if found.is_empty() {
            say("Only comments or the order change.");
        }
    }
    if args.yes || args.dry_run {
        return args.yes;
    }
    super::confirmed(
        "Put this in force?",
        "look at the changes and repeat with --yes",
    )
}

fn report(args: &ApplyArgs, found: &[Change], versie: u64, applied: bool) {
    if args.json {
        say(json!({ "versie": versie, "toegepast": applied, "wijzigingen": found }));
    } else if applied {
        say(format_args!("In force as version {versie}."));
    } else if versie == 0 {
        say("Nothing was put in force; there is no toegang yet.");
    } else {
        say(format_args!("Version {versie} stays in force."));
    }
}

async fn show(args: ShowArgs) -> Result<ExitCode, String> {
    let opslag = args.opslag.opslag()?;
    if !opslag.is_there() {
        return Err(format!("there is no database {opslag}"));
    }
    let store = open(&opslag).await?;
    let newest = newest(&*store).await;
    store.close().await;
    let version =
        newest?.ok_or("no toegang was put in force yet: see `stagepoort toegang apply`")?;
    if args.json {
        say(as_json(&version)?);
    } else {
        let sha256 = hex::encode(version.sha256);
        say(format_args!(
            "# Version {}, in force since {}, SHA-256 {sha256}",
            version.versie, version.tijdstip
        ));
        say(version.document.trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(version: &Version) -> Result<Value, String> {
    let toegang = version.toegang().map_err(|error| error.to_string())?;
    let mut scholen: Vec<_> = toegang.scholen.values().collect();
    scholen.sort_by_key(|school| school.oin);
    let mut afnemers: Vec<_> = toegang.afnemers.values().collect();
    afnemers.sort_by_key(|afnemer| afnemer.oin);
    Ok(json!({
        "versie": version.versie,
        "tijdstip": version.tijdstip,
        "sha256": hex::encode(version.sha256),
        "scholen": scholen,
        "afnemers": afnemers.into_iter().map(|a| afnemer_json(a)).collect::<Vec<_>>(),
    }))
}

fn afnemer_json(afnemer: &Afnemer) -> Value {
    let blocked: Vec<_> = afnemer
        .geblokkeerde_certificaten
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut json = json!({
        "oin": afnemer.oin,
        "naam": &*afnemer.naam,
        "rol": afnemer.rol,
        "addressering": afnemer.addressering,
        "geblokkeerdeCertificaten": blocked,
        "mandaten": afnemer.mandaten.iter().map(mandate_json).collect::<Vec<_>>(),
    });
    // What is left out is as the node's settings have it.
    if !afnemer.quota.is_empty() {
        json["quota"] = json!(afnemer.quota);
    }
    json
}

/// Empty `operaties` means all; a limit that is not there is left out.
fn mandate_json(mandaat: &Mandaat) -> Value {
    let operaties: Vec<_> = mandaat.operaties.iter().map(|o| o.as_str()).collect();
    let mut json = json!({ "schoolOin": mandaat.school_oin, "operaties": operaties });
    for (key, day) in [("vanaf", mandaat.vanaf), ("tot", mandaat.tot)] {
        if let Some(day) = day {
            json[key] = json!(day);
        }
    }
    json
}

async fn open(opslag: &Opslag) -> Result<Arc<dyn ToegangStore>, String> {
    open_toegang(opslag)
        .await
        .map_err(|error| format!("{opslag}: {}", chain(&error)))
}

async fn newest(store: &dyn ToegangStore) -> Result<Option<Version>, String> {
    store.newest().await.map_err(|error| chain(&error))
}
