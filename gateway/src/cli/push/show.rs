//! What only looks. No secret is ever shown.

use std::{collections::HashMap, process::ExitCode};

use serde_json::{Value, json};

use super::{ListArgs, ShowArgs, known, open};
use crate::{
    cli::say,
    domain::Tijdstip,
    push::{
        Abonnement, AbonnementId, Laatste, PushStore,
        store::{Beheerdaad, Eindpuntstaat, PogingRecord, Telling},
    },
    telemetry::chain,
};

/// How many deeds of operators are shown.
const DADEN: u32 = 100;

/// A subscription with all that is known of it.
struct Stand {
    abonnement: Abonnement,
    laatste: Laatste,
    eindpunt: Eindpuntstaat,
    wacht: u64,
    dood: u64,
}

pub(super) async fn list(args: &ListArgs) -> Result<ExitCode, String> {
    let store = open(&args.opslag).await?;
    let standen = async {
        let mut all = store
            .abonnementen(args.afnemer)
            .await
            .map_err(|error| chain(&error))?;
        all.retain(|abonnement| args.alle || abonnement.is_open());
        standen(&*store, all).await
    };
    let standen = standen.await;
    store.close().await;
    let standen = standen?;
    if args.json {
        say(Value::from_iter(standen.iter().map(as_json)));
        return Ok(ExitCode::SUCCESS);
    }
    if standen.is_empty() {
        say("There are no subscriptions.");
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!(
        "{:<36}  {:<20}  {:<7}  {:<15}  {:>9}  {:>9}  {:>9}  {:>6}  fails since",
        "abonnementId", "afnemer", "kanaal", "status", "last", "complete", "waiting", "dead"
    ));
    for stand in &standen {
        let Abonnement {
            id,
            afnemer_oin,
            kanaal,
            status,
            ..
        } = &stand.abonnement;
        say(format_args!(
            "{id}  {afnemer_oin}  {:<7}  {:<15}  {:>9}  {:>9}  {:>9}  {:>6}  {}",
            kanaal.as_str(),
            status.as_str(),
            stand.laatste.laatste_volgnummer,
            stand.laatste.volledig_tot_en_met,
            stand.wacht,
            stand.dood,
            or_dash(stand.eindpunt.faalt_sinds),
        ));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn one(args: &ShowArgs) -> Result<ExitCode, String> {
    let store = open(&args.opslag).await?;
    let found = look(&*store, args).await;
    store.close().await;
    let (stand, pogingen, daden) = found?;
    if args.json {
        let mut all = as_json(&stand);
        all["pogingen"] = pogingen.iter().map(poging_json).collect();
        all["beheerdaden"] = daden.iter().map(daad_json).collect();
        say(all);
    } else {
        print(&stand, &pogingen, &daden);
    }
    Ok(ExitCode::SUCCESS)
}

async fn look(
    store: &dyn PushStore,
    args: &ShowArgs,
) -> Result<(Stand, Vec<PogingRecord>, Vec<Beheerdaad>), String> {
    let abonnement = known(store, args.abonnement).await?;
    let id = abonnement.id;
    let stand = standen(store, vec![abonnement]).await?.pop();
    let stand = stand.ok_or("the subscription cannot be read")?;
    let pogingen = store.pogingen(id, args.volgnummer, args.pogingen);
    let pogingen = pogingen.await.map_err(|error| chain(&error))?;
    let daden = store.beheerdaden(id, DADEN).await;
    let daden = daden.map_err(|error| chain(&error))?;
    Ok((stand, pogingen, daden))
}

async fn standen(store: &dyn PushStore, all: Vec<Abonnement>) -> Result<Vec<Stand>, String> {
    let ids: Vec<AbonnementId> = all.iter().map(|abonnement| abonnement.id).collect();
    let found = async {
        let laatste = store.laatste(&ids).await?;
        let eindpunten = store.eindpunten(&ids).await?;
        Ok((laatste, eindpunten, store.tellingen().await?))
    };
    let found: Result<_, crate::log::StoreError> = found.await;
    let (laatste, eindpunten, tellingen) = found.map_err(|error| chain(&error))?;
    let tellingen: HashMap<AbonnementId, Telling> =
        tellingen.into_iter().map(|t| (t.abonnement, t)).collect();
    let all = all.into_iter().zip(laatste).zip(eindpunten);
    Ok(all
        .map(|((abonnement, laatste), eindpunt)| {
            let telling = tellingen.get(&abonnement.id);
            Stand {
                wacht: telling.map_or(0, |telling| telling.wacht),
                dood: telling.map_or(0, |telling| telling.dood),
                abonnement,
                laatste,
                eindpunt,
            }
        })
        .collect())
}

fn print(stand: &Stand, pogingen: &[PogingRecord], daden: &[Beheerdaad]) {
    let Stand {
        abonnement,
        laatste,
        eindpunt,
        ..
    } = stand;
    let school = abonnement.school_oin.map(|oin| oin.to_string());
    let list = |of: Vec<String>| {
        if of.is_empty() {
            "all".to_owned()
        } else {
            of.join(", ")
        }
    };
    let soorten = abonnement.mutatie_soorten.iter().map(ToString::to_string);
    let codes = abonnement.codes.iter().map(ToString::to_string);
    let poging = laatste.laatste_poging.as_ref();
    for (name, value) in [
        ("abonnementId", abonnement.id.to_string()),
        ("afnemer", abonnement.afnemer_oin.to_string()),
        (
            "school",
            school.unwrap_or_else(|| "all with a mandate".to_owned()),
        ),
        ("kanaal", abonnement.kanaal.to_string()),
        (
            "eindpunt",
            abonnement
                .eindpunt
                .clone()
                .unwrap_or_else(|| "-".to_owned()),
        ),
        ("mutatieSoorten", list(soorten.collect())),
        ("codes", list(codes.collect())),
        ("status", abonnement.status.to_string()),
        (
            "reden",
            abonnement.reden.clone().unwrap_or_else(|| "-".to_owned()),
        ),
        ("since", abonnement.aangemaakt_op.to_string()),
        ("last number", laatste.laatste_volgnummer.to_string()),
        ("complete up to", laatste.volledig_tot_en_met.to_string()),
        ("waiting", stand.wacht.to_string()),
        ("dead letters", stand.dood.to_string()),
        ("oldest waiting", or_dash(laatste.oudste_onbezorgd_op)),
        ("fails since", or_dash(eindpunt.faalt_sinds)),
        ("failures since", eindpunt.mislukt.to_string()),
        ("not before", or_dash(eindpunt.niet_voor)),
        (
            "last attempt",
            poging.map_or("-".to_owned(), |p| format!("{} {}", p.tijdstip, p.uitkomst)),
        ),
    ] {
        say(format_args!("{name:<16}{value}"));
    }
    if !pogingen.is_empty() {
        say("\nAttempts, the newest first:");
    }
    for PogingRecord { volgnummer, poging } in pogingen {
        say(format_args!(
            "{}  {volgnummer:>9}  {:>7} ms  {}",
            poging.tijdstip, poging.duur_ms, poging.uitkomst
        ));
    }
    if !daden.is_empty() {
        say("\nWhat operators did, the newest first:");
    }
    for daad in daden {
        say(format_args!(
            "{}  {}  {}  {}",
            daad.tijdstip, daad.wie, daad.daad, daad.toelichting
        ));
    }
}

fn or_dash(moment: Option<Tijdstip>) -> String {
    moment.map_or_else(|| "-".to_owned(), |moment| moment.to_string())
}

fn as_json(stand: &Stand) -> Value {
    let Stand {
        abonnement,
        laatste,
        eindpunt,
        wacht,
        dood,
    } = stand;
    json!({
        "abonnementId": abonnement.id.to_string(),
        "afnemerOin": abonnement.afnemer_oin,
        "schoolOin": abonnement.school_oin,
        "kanaal": abonnement.kanaal,
        "eindpunt": abonnement.eindpunt,
        "mutatieSoorten": abonnement.mutatie_soorten,
        "codes": abonnement.codes,
        "perBericht": abonnement.per_bericht,
        "status": abonnement.status,
        "reden": abonnement.reden,
        "aangemaaktOp": abonnement.aangemaakt_op,
        "laatsteVolgnummer": laatste.laatste_volgnummer,
        "volledigTotEnMet": laatste.volledig_tot_en_met,
        "oudsteVolgnummer": laatste.oudste_volgnummer,
        "oudsteOnbezorgdOp": laatste.oudste_onbezorgd_op,
        "wacht": wacht,
        "dood": dood,
        "faaltSinds": eindpunt.faalt_sinds,
        "mislukt": eindpunt.mislukt,
        "nietVoor": eindpunt.niet_voor,
    })
}

fn poging_json(record: &PogingRecord) -> Value {
    let PogingRecord { volgnummer, poging } = record;
    json!({
        "volgnummer": volgnummer,
        "tijdstip": poging.tijdstip,
        "httpStatus": poging.http_status,
        "duurMs": poging.duur_ms,
        "antwoordSha256": poging.antwoord_sha256.map(hex::encode),
        "uitkomst": poging.uitkomst,
    })
}

fn daad_json(daad: &Beheerdaad) -> Value {
    json!({
        "tijdstip": daad.tijdstip,
        "wie": daad.wie,
        "daad": daad.daad,
        "toelichting": daad.toelichting,
    })
}
