//! A mandate that is withdrawn on two nodes: nobody asks for that school any more, and nothing is told
//! of it, by the push or by the feed.

use std::{fs, time::Instant};

use futures_util::future::join_all;
use serde_json::Value;
use stagepoort::{
    domain::{Datum, LeerbedrijfId, MutatieSoort, Oin, RegisterVersie, Tijdstip},
    log::Opslag,
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Geheim, Inhoud, Kanaal, PushStore, open_push,
        store::NieuweMelding,
    },
};
use uuid::Uuid;

use crate::{
    ontvanger::Ontvanger,
    plek::{Node, Plek},
    tls::Connection,
    veld::until,
    vraag::{ANDERE_SCHOOL, Lijn, SCHOOL, Vraag, WEGEN, caller},
};

const ABONNEMENT: AbonnementId = AbonnementId(Uuid::from_u128(0xab));
const AFNEMER: &str = "00000099000000002001";

/// A key of a bpvo of this school, as nobody else has it.
fn kenmerk(school: &str) -> String {
    format!("KENMERK-{school}")
}

/// The supplier of the certificates, with a mandate of these schools.
fn toegang(scholen: &[&str]) -> String {
    let mut text = String::new();
    for (school, brin) in [(SCHOOL, "98AA"), (ANDERE_SCHOOL, "98AB")] {
        text.push_str(&format!(
            "[[scholen]]\noin = \"{school}\"\nbrin = \"{brin}\"\nnaam = \"School {brin}\"\n"
        ));
    }
    text.push_str(&format!(
        "[[afnemers]]\noin = \"{AFNEMER}\"\nnaam = \"Onderwijs Online Test\"\nrol = \"SIS\"\n"
    ));
    for school in scholen {
        text.push_str(&format!(
            "[[afnemers.mandaten]]\nschoolOin = \"{school}\"\n"
        ));
    }
    text
}

async fn apply(plek: &Plek, scholen: &[&str]) {
    fs::write(plek.path("toegang.toml"), toegang(scholen)).unwrap();
    plek.ok("toegang apply toegang.toml --opslag register.db --yes")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_mandate_ends_questions_push_and_feed_on_every_node() {
    let plek = Plek::filled(20).await;
    apply(&plek, &[SCHOOL, ANDERE_SCHOOL]).await;
    let ontvanger = Ontvanger::start(&plek.certificaten).await;
    let push = format!(
        "[push]\ntoegestaneNetwerken = [\"127.0.0.0/8\"]\nca = {:?}\n",
        plek.certificaten.ca
    );
    let nodes = [
        plek.node("een", &push).await,
        plek.node("twee", &push).await,
    ];
    let opslag = Opslag::Sqlite(plek.path("register.db"));
    let store = open_push(&opslag).await.unwrap();
    let abonnement = abonnement(&ontvanger);
    store.insert(&abonnement).await.unwrap();

    number(&*store, SCHOOL).await;
    let first = ontvanger.until_count(1).await;
    assert!(first[0].text().contains(&kenmerk(SCHOOL)));
    allowed(&plek, &nodes, 200).await;

    // Numbered while the mandate is there, and not asked for before it is gone.
    let begin = Instant::now();
    apply(&plek, &[ANDERE_SCHOOL]).await;
    let applied = begin.elapsed();
    allowed(&plek, &nodes, 403).await;
    println!(
        "a withdrawal took {:.2} s to be put in force, and {:.2} s until both nodes refused",
        applied.as_secs_f64(),
        (begin.elapsed() - applied).as_secs_f64()
    );

    number(&*store, SCHOOL).await;
    number(&*store, ANDERE_SCHOOL).await;
    until(
        "the last is delivered, and the one before it dropped",
        async || {
            let laatste = store.laatste(&[ABONNEMENT]).await.unwrap();
            (laatste[0].volledig_tot_en_met == 3).then_some(())
        },
    )
    .await;
    let told: Vec<bool> = ontvanger
        .all()
        .iter()
        .map(|one| one.text().contains(&kenmerk(SCHOOL)))
        .collect();
    assert_eq!(
        told,
        [true, false],
        "what came before, and of the other school"
    );
    for node in &nodes {
        assert_eq!(
            feed(&plek, node).await,
            ["VERVALLEN", "VERVALLEN", "LEERBEDRIJF_GEWIJZIGD"]
        );
    }
    for node in nodes {
        node.stop().await;
    }
}

/// Waits until each node answers every way with this status, of the school whose mandate it is about.
async fn allowed(plek: &Plek, nodes: &[Node], status: u16) {
    let caller = &caller(plek);
    let asking = nodes.iter().map(async |node| {
        let mut lijn = Lijn::open(node, caller).await;
        for weg in WEGEN {
            let vraag = Vraag::new(weg, "100000001").of(SCHOOL);
            until("toegang is in force", async || {
                let answer = lijn.ask(&vraag).await.unwrap();
                let refused = answer.status == 403 || answer.text.contains("Client.DK0002");
                (refused == (status == 403)).then_some(())
            })
            .await;
        }
    });
    join_all(asking).await;
}

/// The kinds that the whole feed shows to a caller for the other school; of a marker nothing that
/// leads to a student.
async fn feed(plek: &Plek, node: &Node) -> Vec<String> {
    let mut connection = Connection::open(node.api(), &caller(plek)).await.unwrap();
    let request = format!(
        "GET /v1/mutaties?abonnementId={ABONNEMENT}&na=0 HTTP/1.1\r\nHost: localhost\r\n\
         Onderwijsinstelling-OIN: {ANDERE_SCHOOL}\r\n\r\n"
    );
    connection.send(&request).await.unwrap();
    let answer = connection.answer().await.unwrap();
    assert!(!answer.body.contains(&kenmerk(SCHOOL)), "{}", answer.body);
    let page: Value = serde_json::from_str(&answer.body).unwrap();
    let mutaties = page["mutaties"].as_array().expect(&answer.body);
    let soort = |one: &Value| one["mutatieSoort"].as_str().unwrap().to_owned();
    mutaties.iter().map(soort).collect()
}

fn abonnement(ontvanger: &Ontvanger) -> Abonnement {
    Abonnement {
        id: ABONNEMENT,
        afnemer_oin: Oin::parse(AFNEMER).unwrap(),
        school_oin: None,
        kanaal: Kanaal::Webhook,
        eindpunt: Some(ontvanger.url("localhost")),
        mutatie_soorten: Vec::new(),
        codes: Vec::new(),
        per_bericht: 1,
        ed25519: false,
        geheimen: vec![Geheim::of_random([5; 32])],
        status: AbonnementStatus::Actief,
        reden: None,
        aangemaakt_op: now(),
    }
}

/// Numbers one more mutatie, of a leerbedrijf of its own and for this school.
async fn number(store: &dyn PushStore, school: &str) {
    loop {
        let last = store.laatste(&[ABONNEMENT]).await.unwrap()[0].laatste_volgnummer;
        let nieuw = melding(u32::try_from(last).unwrap() + 1, school);
        let start = store.fanout_start().await.unwrap();
        // The nodes themselves go on from the same place.
        if store.fan_out(&start, start.cursor, &[nieuw]).await.unwrap() {
            return;
        }
    }
}

fn melding(n: u32, school: &str) -> NieuweMelding {
    NieuweMelding {
        abonnement: ABONNEMENT,
        mutatie_id: Uuid::from_u128(n.into()),
        leerbedrijf_id: LeerbedrijfId::from_u32(100_000_000 + n).unwrap(),
        school_oin: Oin::parse(school).unwrap(),
        inhoud: Inhoud {
            mutatie_soort: MutatieSoort::LeerbedrijfGewijzigd,
            naam: format!("Bedrijf {n}"),
            opvolger: None,
            code: None,
            erkenning_status: None,
            reden: None,
            startdatum: None,
            einddatum: None,
            ingangsdatum: Datum::parse("2026-01-05").unwrap(),
            geregistreerd_op: now(),
            register_versie: RegisterVersie {
                tijdlijn: 1,
                nummer: 1,
            },
            bpvo_kenmerken: vec![kenmerk(school)],
        },
    }
}

fn now() -> Tijdstip {
    use stagepoort::clock::{Clock, SystemClock};
    SystemClock.now()
}
