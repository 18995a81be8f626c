//! What an operator sees of subscriptions and does to them.

use std::sync::Arc;

use serde_json::Value;
use stagepoort::{
    domain::{Datum, LeerbedrijfId, MutatieSoort, Oin, RegisterVersie, Tijdstip},
    log::Opslag,
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Attempt, Bezorger, Geheim, Inhoud, Kanaal,
        PushStore, Wanted, open_push,
        store::{Cursor, Gevolg, NieuweMelding, Poging},
    },
};
use uuid::Uuid;

use crate::plek::Plek;

fn at(second: u32) -> Tijdstip {
    Tijdstip::parse(&format!("2026-11-20T06:00:{second:02}Z")).unwrap()
}

fn abonnement(n: u128, kanaal: Kanaal, status: AbonnementStatus) -> Abonnement {
    Abonnement {
        id: AbonnementId(Uuid::from_u128(n)),
        afnemer_oin: Oin::parse("00000099000000000001").unwrap(),
        school_oin: None,
        kanaal,
        eindpunt: Some("https://sis.example/mutaties".to_owned()),
        mutatie_soorten: Vec::new(),
        codes: Vec::new(),
        per_bericht: 1,
        ed25519: false,
        geheimen: vec![Geheim {
            bytes: b"geheim dat niemand mag zien.....".to_vec(),
            tot: None,
        }],
        status,
        reden: None,
        aangemaakt_op: at(0),
    }
}

fn melding(n: u32) -> NieuweMelding {
    NieuweMelding {
        abonnement: AbonnementId(Uuid::from_u128(1)),
        mutatie_id: Uuid::from_u128(u128::from(n)),
        leerbedrijf_id: LeerbedrijfId::from_u32(100_000_000 + n).unwrap(),
        school_oin: Oin::parse("00000099000000000101").unwrap(),
        inhoud: Inhoud {
            mutatie_soort: MutatieSoort::LeerbedrijfGewijzigd,
            naam: "Bedrijf".to_owned(),
            opvolger: None,
            code: None,
            erkenning_status: None,
            reden: None,
            startdatum: None,
            einddatum: None,
            ingangsdatum: Datum::parse("2026-11-20").unwrap(),
            geregistreerd_op: at(n),
            register_versie: RegisterVersie {
                tijdlijn: 1,
                nummer: 1,
            },
            bpvo_kenmerken: vec!["KENMERK-7".to_owned()],
        },
    }
}

/// Subscription 1 has four numbers: 1 delivered, 2 a dead letter, 3 and 4 waiting.
async fn world() -> (Plek, Arc<dyn PushStore>) {
    let plek = Plek::filled(5).await;
    let opslag = Opslag::Sqlite(plek.path("register.db"));
    let store = open_push(&opslag).await.unwrap();
    use AbonnementStatus::{Actief, Beeindigd, PushGestopt, WachtOpBewijs};
    for new in [
        abonnement(1, Kanaal::Webhook, Actief),
        abonnement(2, Kanaal::Soap, WachtOpBewijs),
        abonnement(3, Kanaal::Webhook, PushGestopt),
        abonnement(4, Kanaal::Webhook, Beeindigd),
    ] {
        store.insert(&new).await.unwrap();
    }
    let start = store.fanout_start().await.unwrap();
    let to = Cursor {
        nummer: start.cursor.nummer + 1,
        regel: 0,
    };
    let nieuw: Vec<_> = (1..=4).map(melding).collect();
    assert!(store.fan_out(&start, to, &nieuw).await.unwrap());
    let wanted = [Wanted {
        abonnement: AbonnementId(Uuid::from_u128(1)),
        most: 2,
    }];
    let mut bezorger = Bezorger::new(Uuid::from_u128(9));
    let one = wanted[0].abonnement;
    let ids = [one];
    let lent = bezorger.leen(&*store, &ids, (at(5), at(9)));
    lent.await.unwrap();
    let lent = bezorger.claim(&*store, &wanted, at(5)).await.unwrap();
    let outcomes = [(Gevolg::Bezorgd, 204), (Gevolg::Dood, 422)];
    let attempts: Vec<_> = lent
        .iter()
        .zip(outcomes)
        .map(|(claim, (gevolg, status))| Attempt {
            abonnement: claim.melding.abonnement,
            leerbedrijf_id: claim.melding.leerbedrijf_id,
            volgnummer: claim.melding.volgnummer,
            gevolg,
            poging: Some(Poging {
                tijdstip: at(6),
                http_status: Some(status),
                duur_ms: 12,
                antwoord_sha256: Some([7; 32]),
                uitkomst: format!("HTTP {status}"),
            }),
        })
        .collect();
    let recorded = bezorger.record(&*store, &attempts, (at(6), at(9)));
    recorded.await.unwrap();
    bezorger.geef_alles_terug(&*store).await.unwrap();
    (plek, store)
}

fn id(n: u128) -> String {
    AbonnementId(Uuid::from_u128(n)).to_string()
}

/// status, last, complete, waiting, dead.
async fn stand(plek: &Plek, n: u128) -> String {
    let line = format!("push show {} --opslag register.db", id(n));
    let (code, all) = plek.json(&line).await;
    assert_eq!(code, 0);
    let of = |name: &str| all[name].to_string().replace('"', "");
    [
        "status",
        "laatsteVolgnummer",
        "volledigTotEnMet",
        "wacht",
        "dood",
    ]
    .map(of)
    .join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn subscriptions_are_listed_and_shown_without_secrets_or_contents() {
    let (plek, _store) = world().await;
    let listed = plek.ok("push list --opslag register.db").await;
    assert_eq!(listed.lines().count(), 4, "{listed}");
    assert!(!listed.contains(&id(4)), "{listed}");
    let (code, all) = plek.json("push list --opslag register.db --alle").await;
    assert_eq!((code, all.as_array().unwrap().len()), (0, 4));
    let of_nobody = "push list --opslag register.db --afnemer 00000099000000000009";
    assert_eq!(
        plek.ok(of_nobody).await.trim(),
        "There are no subscriptions."
    );

    assert_eq!(stand(&plek, 1).await, "ACTIEF 4 1 2 1");
    let shown = plek
        .ok(&format!("push show {} --opslag register.db", id(1)))
        .await;
    for part in [
        "https://sis.example/mutaties",
        "HTTP 204",
        "HTTP 422",
        "dead letters    1",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let line = format!("push show {} --opslag register.db", id(1));
    let (_, json) = plek.json(&format!("{line} --volgnummer 2")).await;
    assert_eq!(json["pogingen"].as_array().unwrap().len(), 1);
    assert_eq!(json["pogingen"][0]["httpStatus"], 422);
    for secret in ["whsec_", "Z2VoZWlt", "KENMERK", "geheim"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
        assert!(!json.to_string().contains(secret), "{secret} in {json}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_operator_replays_drops_pauses_and_resumes_and_it_is_written_down() {
    let (plek, _store) = world().await;
    let act = |what: &str, n: u128, more: &str| {
        format!(
            "push {what} {} --opslag register.db --reden mislukt {more}",
            id(n)
        )
    };
    let (_, done) = plek.json(&act("replay", 1, "--dood")).await;
    assert_eq!(done["aantal"], 1);
    assert_eq!(stand(&plek, 1).await, "ACTIEF 4 1 3 0");
    let (_, done) = plek.json(&act("replay", 1, "--nummers 1")).await;
    assert_eq!(done["aantal"], 1);
    assert_eq!(stand(&plek, 1).await, "ACTIEF 4 0 4 0");
    let window = "--periode 2026-11-20T06:00:03Z/2026-11-20T06:00:03Z";
    let (code, _) = plek.refused(&act("drop", 1, window)).await;
    assert_eq!(code, 3);
    let (_, done) = plek.json(&act("drop", 1, &format!("{window} --yes"))).await;
    assert_eq!(done["aantal"], 1);
    assert_eq!(stand(&plek, 1).await, "ACTIEF 4 0 3 0");

    let (_, done) = plek.json(&act("pause", 1, "")).await;
    assert_eq!(done["status"], "GEPAUZEERD");
    let (_, shown) = plek
        .json(&format!("push show {} --opslag register.db", id(1)))
        .await;
    assert_eq!(shown["reden"], "gepauzeerd door een beheerder: mislukt");
    let (_, why) = plek.refused(&act("retry", 1, "")).await;
    assert!(
        why.contains("GEPAUZEERD") && why.contains("push resume"),
        "{why}"
    );
    let (_, done) = plek.json(&act("resume", 1, "")).await;
    assert_eq!(done["status"], "ACTIEF");
    let (_, done) = plek.json(&act("retry", 1, "")).await;
    assert_eq!(done["status"], "ACTIEF");
    // What was stopped proves its endpoint again; what waits for that cannot be paused.
    let (_, done) = plek.json(&act("resume", 3, "")).await;
    assert_eq!(done["status"], "WACHT_OP_BEWIJS");
    let (_, why) = plek.refused(&act("pause", 2, "")).await;
    assert!(why.contains("proven"), "{why}");
    let (_, why) = plek.refused(&act("resume", 4, "")).await;
    assert!(why.contains("for good"), "{why}");

    let (_, shown) = plek
        .json(&format!("push show {} --opslag register.db", id(1)))
        .await;
    let daden = shown["beheerdaden"].as_array().unwrap();
    let names: Vec<_> = daden
        .iter()
        .map(|daad| daad["daad"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["retry", "resume", "pause", "drop", "replay", "replay"]
    );
    let whole = |daad: &Value| !daad["wie"].as_str().unwrap().is_empty();
    assert!(daden.iter().all(whole), "{daden:?}");
    assert_eq!(daden[5]["toelichting"], "every dead letter: mislukt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_cannot_be_done_is_told() {
    let (plek, _store) = world().await;
    let (_, why) = plek
        .refused(&format!("push show {} --opslag register.db", id(77)))
        .await;
    assert!(why.contains("push list"), "{why}");
    let (_, why) = plek.refused("push list --opslag elders.db").await;
    assert!(why.contains("no database"), "{why}");
    for (wrong, part) in [
        ("push show 12 --opslag register.db", "UUID"),
        (
            &*format!("push replay {} --opslag register.db --reden x", id(1)),
            "--nummers",
        ),
        (
            &*format!(
                "push replay {} --opslag register.db --reden x --nummers 4-2",
                id(1)
            ),
            "lower one first",
        ),
        (
            &*format!("push drop {} --opslag register.db --wacht --yes", id(1)),
            "--reden",
        ),
    ] {
        let (code, why) = plek.refused(wrong).await;
        assert_eq!(code, 2, "{wrong}");
        assert!(why.contains(part), "{wrong}: {why}");
    }
}
