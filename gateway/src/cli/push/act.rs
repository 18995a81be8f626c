//! What changes something: each writes down who did it and why.

use std::process::ExitCode;

use serde_json::json;

use super::{DropArgs, Who, known, open};
use crate::{
    cli::{self, say, user},
    clock::{Clock, SystemClock},
    push::{
        Abonnement, AbonnementStatus, PushStore,
        store::{Beheerdaad, Keuze, Wijziging},
    },
    telemetry::chain,
};

/// It was asked, and not confirmed.
const EXIT_NOT_CONFIRMED: u8 = 3;

pub(super) async fn retry(who: &Who) -> Result<ExitCode, String> {
    change(who, "retry", |abonnement| match abonnement.status {
        AbonnementStatus::Actief | AbonnementStatus::WachtOpBewijs => Ok((abonnement, true)),
        _ => Err("what waits is not tried now: see `push resume`"),
    })
    .await
}

pub(super) async fn pause(who: &Who) -> Result<ExitCode, String> {
    change(who, "pause", |mut abonnement| match abonnement.status {
        AbonnementStatus::Actief => {
            abonnement.status = AbonnementStatus::Gepauzeerd;
            abonnement.reden = Some(format!("gepauzeerd door een beheerder: {}", who.reden));
            Ok((abonnement, false))
        }
        // Paused and resumed it would seem to have proven its endpoint.
        AbonnementStatus::WachtOpBewijs => {
            Err("nothing is sent before its endpoint has proven itself, so nothing can be paused")
        }
        _ => Err("nothing is sent now"),
    })
    .await
}

pub(super) async fn resume(who: &Who) -> Result<ExitCode, String> {
    change(who, "resume", |mut abonnement| {
        let stopped = match abonnement.status {
            AbonnementStatus::Gepauzeerd => false,
            AbonnementStatus::PushGestopt => true,
            AbonnementStatus::Beeindigd => {
                return Err("it was ended for good; the subscriber can make a new one");
            }
            _ => return Err("it was neither paused nor stopped"),
        };
        abonnement.status = if stopped {
            AbonnementStatus::WachtOpBewijs
        } else {
            AbonnementStatus::Actief
        };
        abonnement.reden = None;
        Ok((abonnement, stopped))
    })
    .await
}

/// Changes the subscription as `wish` says: to what, and whether all that waits is due at once.
async fn change(
    who: &Who,
    daad: &str,
    wish: impl Fn(Abonnement) -> Result<(Abonnement, bool), &'static str>,
) -> Result<ExitCode, String> {
    let store = open(&who.opslag).await?;
    let changed = change_in(&*store, who, daad, wish).await;
    store.close().await;
    let status = changed?;
    if who.json {
        say(json!({ "abonnementId": who.abonnement.to_string(), "daad": daad, "status": status }));
    } else {
        say(format_args!(
            "{}: {daad} done, it is {status} now.",
            who.abonnement
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn change_in(
    store: &dyn PushStore,
    who: &Who,
    daad: &str,
    wish: impl Fn(Abonnement) -> Result<(Abonnement, bool), &'static str>,
) -> Result<AbonnementStatus, String> {
    /// Others who change the same one at the same time.
    const TRIES: usize = 5;
    for _ in 0..TRIES {
        let before = known(store, who.abonnement).await?;
        let (abonnement, begin_opnieuw) = wish(before.clone())
            .map_err(|why| format!("{} is {}: {why}", before.id, before.status))?;
        let status = abonnement.status;
        let after = Wijziging {
            abonnement,
            begin_opnieuw,
            proef: false,
        };
        let written = store
            .operate(&before, &after, &written_down(who, daad, ""))
            .await;
        if written.map_err(|error| chain(&error))? {
            return Ok(status);
        }
    }
    Err("it is being changed by others all the time; try again".to_owned())
}

pub(super) async fn replay(who: &Who, keuze: Keuze) -> Result<ExitCode, String> {
    let store = open(&who.opslag).await?;
    let outcome = async {
        let abonnement = known(&*store, who.abonnement).await?;
        if !abonnement.is_open() {
            return Err(format!(
                "{} was ended: nothing is delivered any more",
                abonnement.id
            ));
        }
        let daad = written_down(who, "replay", &shown(keuze));
        let many = store.replay(abonnement.id, keuze, SystemClock.now(), &daad);
        Ok((many.await.map_err(|error| chain(&error))?, abonnement))
    };
    let outcome = outcome.await;
    store.close().await;
    let (many, abonnement) = outcome?;
    report(who, "replay", many, "put up for delivery again");
    if !who.json && !abonnement.is_pushed() {
        say(format_args!(
            "Nothing is sent now, since it is {}.",
            abonnement.status
        ));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn give_up(args: &DropArgs) -> Result<ExitCode, String> {
    let who = &args.who;
    let keuze = args.which.keuze();
    let store = open(&who.opslag).await?;
    let outcome = async {
        let abonnement = known(&*store, who.abonnement).await?;
        if !args.yes && !confirmed(&abonnement, keuze) {
            return Ok(None);
        }
        let daad = written_down(who, "drop", &shown(keuze));
        let many = store.drop_meldingen(abonnement.id, keuze, &daad);
        Ok::<_, String>(Some(many.await.map_err(|error| chain(&error))?))
    };
    let outcome = outcome.await;
    store.close().await;
    let Some(many) = outcome? else {
        return Ok(ExitCode::from(EXIT_NOT_CONFIRMED));
    };
    report(
        who,
        "drop",
        many,
        "dropped; a marker stands in the place of each",
    );
    Ok(ExitCode::SUCCESS)
}

fn confirmed(abonnement: &Abonnement, keuze: Keuze) -> bool {
    let question = format!(
        "Drop {} of {} (afnemer {})? This cannot be undone.",
        shown(keuze),
        abonnement.id,
        abonnement.afnemer_oin
    );
    cli::confirmed(question, "repeat with --yes")
}

fn report(who: &Who, daad: &str, aantal: u64, done: &str) {
    if who.json {
        say(json!({ "abonnementId": who.abonnement.to_string(), "daad": daad, "aantal": aantal }));
    } else {
        say(format_args!("{}: {aantal} {done}.", who.abonnement));
    }
}

fn shown(keuze: Keuze) -> String {
    match keuze {
        Keuze::Nummers(van, tot) => format!("numbers {van} to {tot}"),
        Keuze::Tijd(van, tot) => format!("what was registered from {van} to {tot}"),
        Keuze::Dood => "every dead letter".to_owned(),
        Keuze::Wacht => "everything that waits".to_owned(),
    }
}

fn written_down(who: &Who, daad: &str, wat: &str) -> Beheerdaad {
    let toelichting = if wat.is_empty() {
        who.reden.clone()
    } else {
        format!("{wat}: {}", who.reden)
    };
    Beheerdaad {
        tijdstip: SystemClock.now(),
        wie: user(),
        daad: daad.to_owned(),
        abonnement: who.abonnement,
        toelichting,
    }
}
