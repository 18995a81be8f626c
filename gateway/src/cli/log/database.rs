//! What came of the record of processing: whether it is whole in the database, and whether a node's
//! journal still fits what came of it.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use serde_json::{Value, json};

use super::daad;
use crate::{
    audit::{
        KetenOordeel, Stap, VerzendParts, Verzending, holds, journaal_in,
        store::{Journaalstand, VerwerkingStore, open_verwerkingen},
        verify_shipped,
    },
    cli::{opslag::OpslagArgs, say},
    clock::SystemClock,
    config::Config,
    log::Opslag,
    telemetry::chain,
};

/// What the database says, beside the journal.
pub(super) struct Databaseoordeel {
    pub(super) ketens: Vec<KetenOordeel>,
    /// In what way the journal is not what had come of it.
    pub(super) past_niet: Option<String>,
}

impl Databaseoordeel {
    pub(super) fn is_heel(&self) -> bool {
        self.ketens.iter().all(|keten| keten.breuk.is_none())
    }

    /// Whether an operator has something to look at that nobody took note of.
    pub(super) fn wijkt_af(&self) -> bool {
        let unseen = |keten: &KetenOordeel| {
            keten.stand.afwijking.is_some() && keten.stand.erkend_op.is_none()
        };
        self.past_niet.is_some() || self.ketens.iter().any(unseen)
    }

    pub(super) fn in_words(&self) {
        for keten in &self.ketens {
            let stand = &keten.stand;
            let state = if keten.breuk.is_none() {
                "whole"
            } else {
                "broken"
            };
            say(format_args!(
                "database, journal {} of {} (tak {}): {state}; blocks {} to {}, {} answers, {} records, last came {}",
                hex::encode(stand.journaal),
                stand.knoop,
                stand.tak,
                stand.basis.0 + 1,
                stand.na.blok,
                keten.verwerkingen,
                keten.records,
                stand.bijgewerkt_op
            ));
            if let Some((blok, fout)) = keten.breuk {
                say(format_args!("block {blok} in the database: {fout}"));
            }
            if let Some(afwijking) = &stand.afwijking {
                let seen = stand.erkend_op;
                let seen = seen.map_or_else(String::new, |at| format!(" (noted {at})"));
                say(format_args!("it differs: {afwijking}{seen}"));
            }
        }
        if let Some(past_niet) = &self.past_niet {
            say(past_niet);
        }
    }

    pub(super) fn as_json(&self) -> Value {
        let keten = |keten: &KetenOordeel| {
            let mut all = stand_json(&keten.stand);
            all["heel"] = json!(keten.breuk.is_none());
            all["verwerkingen"] = json!(keten.verwerkingen);
            all["records"] = json!(keten.records);
            all["breuk"] = json!(
                keten
                    .breuk
                    .map(|(blok, fout)| json!({"blok": blok, "fout": fout.to_string()}))
            );
            all
        };
        json!({
            "journalen": self.ketens.iter().map(keten).collect::<Vec<_>>(),
            "pastNiet": self.past_niet,
        })
    }
}

pub(super) fn stand_json(stand: &Journaalstand) -> Value {
    json!({
        "journaal": hex::encode(stand.journaal),
        "tak": stand.tak,
        "knoop": stand.knoop,
        "afwijking": stand.afwijking,
        "erkendOp": stand.erkend_op.map(|at| at.to_string()),
        "blokken": [stand.basis.0 + 1, stand.na.blok],
        "laatsteHash": hex::encode(stand.na.hash),
        "bijgewerktOp": stand.bijgewerkt_op.to_string(),
    })
}

/// Checks what came, and holds this journal against it.
pub(super) async fn judge(opslag: &Opslag, map: &Path) -> Result<Databaseoordeel, String> {
    let store = open(opslag).await?;
    let judged = async {
        let ketens = verify_shipped(&*store)
            .await
            .map_err(|error| chain(&error))?;
        let past_niet = compare(map, &ketens)?;
        Ok(Databaseoordeel { ketens, past_niet })
    };
    let judged = judged.await;
    store.close().await;
    judged
}

fn compare(map: &Path, ketens: &[KetenOordeel]) -> Result<Option<String>, String> {
    let Some(journaal) = journaal_in(map).map_err(|error| chain(&error))? else {
        return Ok(None);
    };
    let own = ketens
        .iter()
        .filter(|keten| keten.stand.journaal == journaal);
    let Some(last) = own.max_by_key(|keten| keten.stand.tak) else {
        return Ok(None);
    };
    let na = &last.stand.na;
    let fits = holds(map, na).map_err(|error| chain(&error))?;
    Ok((!fits).then(|| {
        format!(
            "{}: block {} came in the database and does not stand here: the end of the journal was cut off, or it is another one",
            map.display(),
            na.blok
        )
    }))
}

async fn open(opslag: &Opslag) -> Result<Arc<dyn VerwerkingStore>, String> {
    if !opslag.is_there() {
        return Err(format!("there is no database {opslag}"));
    }
    open_verwerkingen(opslag)
        .await
        .map_err(|error| chain(&error))
}

#[derive(Debug, Args)]
#[command(after_help = "\
A node ships its journal by itself. This is for a folder whose node is no more, or that was moved aside \
because it was broken: what stands in it up to there comes in the database. What came before does not \
come twice, also when the node still ships it.\n\n\
Exit codes: 0 all of it is in the database; 1 it could not be done, and standard error says why; 2 wrong \
arguments.")]
pub(in crate::cli) struct VerzendArgs {
    /// Folder of the journal
    #[arg(long, value_name = "DIR")]
    map: PathBuf,
    #[command(flatten)]
    opslag: OpslagArgs,
    /// What the machine was called that wrote it
    #[arg(long, value_name = "NAME", default_value = "log verzend")]
    knoop: String,
}

pub(super) async fn verzend(args: &VerzendArgs) -> Result<ExitCode, String> {
    let store = open(&args.opslag.opslag()?).await?;
    let mut verzending = Verzending::new(VerzendParts {
        map: args.map.clone(),
        store: Arc::clone(&store),
        clock: Arc::new(SystemClock),
        knoop: args.knoop.clone(),
    });
    let mut came = 0;
    let done = loop {
        match verzending.step(u64::MAX).await {
            Ok(Stap::Verder { blokken, .. }) => came += blokken,
            Ok(Stap::Opnieuw) => {}
            Ok(Stap::Bij) => break Ok(()),
            Err(error) => break Err(chain(&error)),
        }
    };
    store.close().await;
    say(format_args!("{}: {came} blocks came", args.map.display()));
    done.map(|()| ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
#[command(after_help = "\
After an operator found out why a journal was not what had come of it (`log verify --config`), and kept \
what there is to keep. Readiness and metrics no longer tell of it; the database keeps that it was so, and \
that it was noted, by whom and why.\n\n\
Exit codes: 0 done; 1 it could not be done, and standard error says why; 2 wrong arguments.")]
pub(in crate::cli) struct ErkenArgs {
    #[command(flatten)]
    opslag: OpslagArgs,
    /// What was found out, for those who look later
    #[arg(long, value_name = "TEXT")]
    reden: String,
}

pub(super) async fn erken(args: &ErkenArgs) -> Result<ExitCode, String> {
    let store = open(&args.opslag.opslag()?).await?;
    let noted = async {
        let daad = daad("erken", "deviations", &args.reden)?;
        store.erken(&daad).await.map_err(|error| chain(&error))
    };
    let noted = noted.await;
    store.close().await;
    say(format_args!("{} deviations were noted", noted?));
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 done; 1 it could not be done, and standard error says why; 2 wrong arguments.")]
pub(in crate::cli) struct DadenArgs {
    #[command(flatten)]
    opslag: OpslagArgs,
    /// How many, the newest first
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    aantal: u32,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn daden(args: &DadenArgs) -> Result<ExitCode, String> {
    let store = open(&args.opslag.opslag()?).await?;
    let daden = store.daden(args.aantal).await;
    store.close().await;
    let daden = daden.map_err(|error| chain(&error))?;
    if args.json {
        let each = daden.iter().map(|daad| {
            json!({
                "tijdstip": daad.tijdstip.to_string(),
                "wie": daad.wie,
                "daad": daad.daad,
                "toelichting": daad.toelichting,
            })
        });
        say(Value::from_iter(each));
        return Ok(ExitCode::SUCCESS);
    }
    for daad in &daden {
        say(format_args!(
            "{}  {:<12}  {:<8}  {}",
            daad.tijdstip, daad.wie, daad.daad, daad.toelichting
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The settings, when they are named.
pub(super) fn settings(config: Option<&PathBuf>) -> Result<Option<Config>, String> {
    let load = |path: &PathBuf| Config::load(path).map_err(|error| chain(&error));
    config.map(load).transpose()
}
