//! `stagepoort log persoon`: what was given about somebody, to whom, and when.

use std::{collections::HashMap, path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    audit::{
        Pseudonym, PseudonymSleutel, Verwerking,
        store::{Daad, Journaalstand, VerwerkingStore, open_verwerkingen},
    },
    cli::{log::daad, oin, opslag::OpslagArgs, say},
    domain::Oin,
    log::Opslag,
    telemetry::chain,
};

/// Blocks that are read at a time.
const PARTIJ: u32 = 500;

#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("wie").required(true).args(["persoon", "bpvo"]),
    after_help = "\
For whoever asks what was given about them (AVG art. 15 1 c): every answer in which this person stood, \
with the afnemer and the school that it was given to, the operation and the moment. The record holds no \
names; it is searched by the pseudonym that belongs to the id, so the id must be the one that the \
register gives: a persoonId of the levering for a contactpersoon or praktijkopleider, a school and its \
bpvoKenmerk for a student.\n\n\
What was given seconds ago stands in the journals of the nodes and has not come yet: the last lines say \
until when each node's record is there. What is older than verwerkingslog.bewaartermijn was removed.\n\n\
That it was looked up is written down, before anything is shown, with who did it and the pseudonym. The \
database must be writable: use the settings of a node.\n\n\
Exit codes: 0 done, also when nothing was given; 1 it could not be done, and standard error says why; 2 \
wrong arguments."
)]
pub(in crate::cli) struct PersoonArgs {
    /// The persoonId, as it stands in the levering
    #[arg(value_name = "PERSOONID", conflicts_with_all = ["school", "bpvo"])]
    persoon: Option<String>,
    /// The school of a bpvo
    #[arg(long, value_name = "OIN", value_parser = oin, requires = "bpvo")]
    school: Option<Oin>,
    /// The bpvoKenmerk, as the school registered it
    #[arg(long, value_name = "KENMERK", requires = "school")]
    bpvo: Option<String>,
    #[command(flatten)]
    opslag: OpslagArgs,
    /// Why, for those who look later; without the name of anybody
    #[arg(long, value_name = "TEXT", default_value = "")]
    reden: String,
    /// Print it as JSON: the records of Logboek Dataverwerkingen
    #[arg(long)]
    json: bool,
}

/// What was found.
struct Gevonden {
    pseudonym: Pseudonym,
    /// With the machine that gave it, oldest first.
    verwerkingen: Vec<(String, Verwerking)>,
    journalen: Vec<Journaalstand>,
}

pub(super) async fn run(args: &PersoonArgs) -> Result<ExitCode, String> {
    let opslag = args.opslag.opslag()?;
    if !opslag.is_there() {
        return Err(format!("there is no database {opslag}"));
    }
    let pseudonym = pseudonym(args, &opslag).await?;
    let store = open_verwerkingen(&opslag).await;
    let store = store.map_err(|error| chain(&error))?;
    let gevonden = look(&store, args, pseudonym).await;
    store.close().await;
    let gevonden = gevonden?;
    if args.json {
        say(as_json(&gevonden));
    } else {
        print(&gevonden);
    }
    Ok(ExitCode::SUCCESS)
}

async fn pseudonym(args: &PersoonArgs, opslag: &Opslag) -> Result<Pseudonym, String> {
    let log = opslag.open().await.map_err(|error| chain(&error))?;
    let sleutel = PseudonymSleutel::new(log.derived_key(PseudonymSleutel::LABEL));
    log.close().await;
    match (&args.persoon, args.school, &args.bpvo) {
        (Some(persoon), ..) => Ok(sleutel.of_persoon(persoon)),
        (None, Some(school), Some(kenmerk)) => Ok(sleutel.of_bpvo(school, kenmerk)),
        _ => Err("name a persoonId, or --school and --bpvo".to_owned()),
    }
}

async fn look(
    store: &Arc<dyn VerwerkingStore>,
    args: &PersoonArgs,
    pseudonym: Pseudonym,
) -> Result<Gevonden, String> {
    let failed = |error: crate::log::StoreError| chain(&error);
    let noted: Daad = daad("persoon", &format!("pseudonym {pseudonym}"), &args.reden)?;
    store.note(&noted).await.map_err(failed)?;
    let journalen = store.journalen().await.map_err(failed)?;
    let knopen: HashMap<i64, String> = journalen
        .iter()
        .map(|stand| (stand.nr, stand.knoop.clone()))
        .collect();
    let mut verwerkingen = Vec::new();
    let mut na = (i64::MIN, 0);
    loop {
        let party = store.over(pseudonym, na, PARTIJ).await.map_err(failed)?;
        let Some(last) = party.last() else { break };
        na = (last.journaal, last.blok);
        for blok in &party {
            let knoop = knopen.get(&blok.journaal).cloned().unwrap_or_default();
            let all = blok.verwerkingen();
            let all = all.map_err(|fout| format!("block {} of {knoop}: {fout}", blok.blok))?;
            let is_in = |one: &Verwerking| {
                let mut all = one.betrokkenen.iter();
                all.any(|who| who.pseudonym == pseudonym)
            };
            let about = all.into_iter().filter(is_in);
            verwerkingen.extend(about.map(|one| (knoop.clone(), one)));
        }
    }
    verwerkingen.sort_by_key(|(_, one)| one.eind);
    Ok(Gevonden {
        pseudonym,
        verwerkingen,
        journalen,
    })
}

fn print(gevonden: &Gevonden) {
    let Gevonden {
        pseudonym,
        verwerkingen,
        journalen,
    } = gevonden;
    say(format_args!(
        "pseudonym {pseudonym}: given {} times",
        verwerkingen.len()
    ));
    if !verwerkingen.is_empty() {
        say(format_args!(
            "\n{:<24}  {:<22}  {:<20}  {:<20}  {:<13}  {:<6}  trace",
            "moment", "operatie", "afnemer", "school", "leerbedrijfId", "status"
        ));
    }
    for (_, one) in verwerkingen {
        // Others in the same answer are nobody's business here.
        let own = one.betrokkenen.iter();
        for who in own.filter(|who| who.pseudonym == *pseudonym) {
            say(format_args!(
                "{:<24}  {:<22}  {:<20}  {:<20}  {:<13}  {:<6}  {}",
                one.eind.to_string(),
                one.naam,
                one.afnemer_oin,
                one.school_oin,
                who.leerbedrijf_id.to_string(),
                one.status.as_str(),
                hex::encode(one.spoor.trace_id)
            ));
        }
    }
    say("");
    for stand in journalen {
        say(format_args!(
            "the record of {} is here up to block {}, which came {}",
            stand.knoop, stand.na.blok, stand.bijgewerkt_op
        ));
    }
}

fn as_json(gevonden: &Gevonden) -> Value {
    let records = gevonden.verwerkingen.iter().flat_map(|(knoop, one)| {
        // The id of a record follows from its place among all of the answer.
        let all = one.records().zip(&one.betrokkenen);
        let own = all.filter(|(_, who)| who.pseudonym == gevonden.pseudonym);
        own.map(move |(record, _)| {
            let attributes = record.attributes.iter();
            let attributes: serde_json::Map<String, Value> = attributes
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            json!({
                "trace_id": record.trace_id,
                "span_id": record.span_id,
                "parent_span_id": record.parent_span_id,
                "name": record.name,
                "start_time": record.start_time.to_string(),
                "end_time": record.end_time.to_string(),
                "status": record.status,
                "resource": record.resource,
                "attributes": attributes,
                "afnemerOin": one.afnemer_oin.to_string(),
                "schoolOin": one.school_oin.to_string(),
                "knoop": knoop,
            })
        })
    });
    json!({
        "pseudonym": gevonden.pseudonym.to_string(),
        "records": records.collect::<Vec<_>>(),
        "journalen": gevonden.journalen.iter().map(super::database::stand_json).collect::<Vec<_>>(),
    })
}

/// Where the journal is that a subcommand works on.
pub(super) fn map_of(given: Option<&PathBuf>, config: Option<&crate::config::Config>) -> PathBuf {
    let of_config = || config.map(|config| config.verwerkingslog.map.clone());
    let found = given.cloned().or_else(of_config);
    found.unwrap_or_else(|| PathBuf::from("verwerkingslog"))
}
