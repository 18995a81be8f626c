//! The rules of `PushStore`, which every engine keeps.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection, PgConnection};
use stagepoort::{
    domain::{Datum, LeerbedrijfId, MutatieSoort, Oin, RegisterVersie, Tijdstip},
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Attempt, Bezorger, Claim, Inhoud, Kanaal,
        PushStore, Staat, Wanted, open_push,
        store::{
            Beheerdaad, Cursor, Eindpuntstaat, Gevolg, Keuze, Lening, NieuweMelding, Poging,
            Wijziging,
        },
    },
};
use uuid::Uuid;

use crate::{
    engine::{Database, Engine, on_every_engine},
    samples::at,
};

on_every_engine! {
    a_subscription_is_kept_and_changes_only_from_what_it_was,
    numbers_are_given_out_without_gaps_and_once_for_each_mutatie,
    a_fan_out_that_started_from_something_else_does_not_count,
    only_the_first_of_a_leerbedrijf_is_lent_and_the_next_follows_it,
    what_was_lent_and_not_returned_is_due_again_and_its_late_outcome_is_ignored,
    nodes_that_deliver_know_of_one_another,
    a_refused_one_waits_without_holding_up_others_and_a_dead_letter_lets_the_next_go,
    operators_drop_and_replay_and_it_is_written_down,
    a_subscriber_that_polls_confirms_what_it_has,
    contents_leave_after_the_retention_and_numbers_stay,
    how_an_endpoint_does_is_kept_and_a_resumption_begins_anew,
    nodes_that_deliver_at_once_keep_the_order_and_deliver_everything,
    whatever_happens_in_whatever_order_nothing_is_lost,
}

const SCHOOL: &str = "00000099000000000101";

fn oin() -> Oin {
    Oin::parse(SCHOOL).unwrap()
}

fn abonnement(n: u128) -> Abonnement {
    Abonnement {
        id: AbonnementId(Uuid::from_u128(n)),
        afnemer_oin: Oin::parse("00000099000000000001").unwrap(),
        school_oin: None,
        kanaal: Kanaal::Webhook,
        eindpunt: Some("https://sis.example/mutaties".to_owned()),
        mutatie_soorten: Vec::new(),
        codes: Vec::new(),
        per_bericht: 1,
        ed25519: false,
        geheimen: Vec::new(),
        status: AbonnementStatus::Actief,
        reden: None,
        aangemaakt_op: at(1),
    }
}

fn bedrijf(n: u32) -> LeerbedrijfId {
    LeerbedrijfId::from_u32(100_000_000 + n).unwrap()
}

fn melding(abonnement: u128, leerbedrijf: u32, mutatie: u128) -> NieuweMelding {
    NieuweMelding {
        abonnement: AbonnementId(Uuid::from_u128(abonnement)),
        mutatie_id: Uuid::from_u128(mutatie),
        leerbedrijf_id: bedrijf(leerbedrijf),
        school_oin: oin(),
        inhoud: Inhoud {
            mutatie_soort: MutatieSoort::LeerbedrijfGewijzigd,
            naam: format!("Bedrijf {leerbedrijf}"),
            opvolger: None,
            code: None,
            erkenning_status: None,
            reden: None,
            startdatum: None,
            einddatum: None,
            ingangsdatum: Datum::parse("2026-09-01").unwrap(),
            geregistreerd_op: at(i64::try_from(mutatie).unwrap()),
            register_versie: RegisterVersie {
                tijdlijn: 1,
                nummer: 1,
            },
            bpvo_kenmerken: vec![format!("K{mutatie}")],
        },
    }
}

async fn open(database: &Database, count: u128) -> Arc<dyn PushStore> {
    let store = open_push(database.opslag()).await.unwrap();
    for n in 1..=count {
        store.insert(&abonnement(n)).await.unwrap();
    }
    store
}

/// Fans out from wherever it stands.
async fn fan_out(store: &dyn PushStore, nieuw: &[NieuweMelding]) {
    let start = store.fanout_start().await.unwrap();
    let to = Cursor {
        nummer: start.cursor.nummer + 1,
        regel: 0,
    };
    assert!(store.fan_out(&start, to, nieuw).await.unwrap());
}

/// A node that delivers, without anything to send by.
struct Node {
    store: Arc<dyn PushStore>,
    bezorger: Bezorger,
    /// How long a loan lasts, in seconds.
    loan: i64,
}

impl Node {
    fn new(store: &Arc<dyn PushStore>) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(1);
        let lener = Uuid::from_u128(u128::from(LAST.fetch_add(1, Ordering::Relaxed)));
        Self {
            store: Arc::clone(store),
            bezorger: Bezorger::new(lener),
            loan: 30,
        }
    }

    /// Looks what is new and takes up what is due.
    async fn claim(&mut self, n: u128, most: u32, now: i64) -> Vec<Claim> {
        let abonnement = AbonnementId(Uuid::from_u128(n));
        let (now, until) = (at(now), at(now + self.loan));
        let ids = [abonnement];
        let lent = self.bezorger.leen(&*self.store, &ids, (now, until));
        lent.await.unwrap();
        let wanted = [Wanted { abonnement, most }];
        let claims = self.bezorger.claim(&*self.store, &wanted, now);
        claims.await.unwrap()
    }

    async fn record(&mut self, attempts: &[Attempt], now: i64) {
        let moments = (at(now), at(now + self.loan));
        let recorded = self.bezorger.record(&*self.store, attempts, moments);
        recorded.await.unwrap();
    }
}

fn poging(now: Tijdstip, status: u16) -> Poging {
    Poging {
        tijdstip: now,
        http_status: Some(status),
        duur_ms: 12,
        antwoord_sha256: Some([7; 32]),
        uitkomst: format!("HTTP {status}"),
    }
}

fn attempt(claim: &Claim, gevolg: Gevolg, now: i64) -> Attempt {
    let status = if gevolg == Gevolg::Bezorgd { 204 } else { 500 };
    Attempt {
        abonnement: claim.melding.abonnement,
        leerbedrijf_id: claim.melding.leerbedrijf_id,
        volgnummer: claim.melding.volgnummer,
        gevolg,
        poging: Some(poging(at(now), status)),
    }
}

fn daad() -> Beheerdaad {
    Beheerdaad {
        tijdstip: at(9),
        wie: "beheerder".to_owned(),
        daad: "drop".to_owned(),
        abonnement: AbonnementId(Uuid::from_u128(1)),
        toelichting: "nummer 2: dubbel gemeld".to_owned(),
    }
}

fn numbers(claims: &[Claim]) -> Vec<u64> {
    claims
        .iter()
        .map(|claim| claim.melding.volgnummer)
        .collect()
}

async fn a_subscription_is_kept_and_changes_only_from_what_it_was(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database, 2).await;
    let one = abonnement(1);
    assert_eq!(store.abonnement(one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(store.abonnement(abonnement(9).id).await.unwrap(), None);
    let stranger = Oin::parse("00000099000000000002").unwrap();
    assert_eq!(store.abonnementen(Some(stranger)).await.unwrap(), []);
    assert_eq!(
        store
            .abonnementen(Some(one.afnemer_oin))
            .await
            .unwrap()
            .len(),
        2
    );

    // A second time leaves it as it is.
    let other = Abonnement {
        per_bericht: 9,
        ..one.clone()
    };
    store.insert(&other).await.unwrap();
    assert_eq!(store.abonnement(one.id).await.unwrap(), Some(one.clone()));

    let revisie = store.revisie().await.unwrap();
    let wijziging = Wijziging {
        abonnement: other.clone(),
        begin_opnieuw: false,
        proef: true,
    };
    assert!(store.change(&one, &wijziging).await.unwrap());
    assert!(store.revisie().await.unwrap() > revisie);
    assert_eq!(store.abonnement(one.id).await.unwrap(), Some(other.clone()));
    assert!(store.eindpunten(&[one.id]).await.unwrap()[0].proef_gevraagd);
    // One node takes the test up.
    assert!(store.take_proef(one.id).await.unwrap());
    assert!(!store.take_proef(one.id).await.unwrap());
    assert!(!store.eindpunten(&[one.id]).await.unwrap()[0].proef_gevraagd);
    // The same again is done already; another from what it no longer is is refused.
    assert!(store.change(&one, &wijziging).await.unwrap());
    let stale = Wijziging {
        abonnement: Abonnement {
            per_bericht: 5,
            ..one.clone()
        },
        ..wijziging
    };
    assert!(!store.change(&one, &stale).await.unwrap());
    assert_eq!(store.abonnement(one.id).await.unwrap(), Some(other));
}

async fn numbers_are_given_out_without_gaps_and_once_for_each_mutatie(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database, 2).await;
    let first = [
        melding(1, 1, 10),
        melding(2, 1, 10),
        melding(1, 2, 11),
        melding(1, 1, 12),
    ];
    fan_out(&*store, &first).await;
    // What was told is not told again, and who is not there is told nothing.
    fan_out(
        &*store,
        &[melding(1, 1, 12), melding(1, 1, 13), melding(7, 1, 13)],
    )
    .await;

    let of_one = store.meldingen(abonnement(1).id, 0, 10).await.unwrap();
    let seen: Vec<_> = of_one
        .iter()
        .map(|m| {
            (
                m.volgnummer,
                m.mutatie_id.as_u128(),
                m.vorig_volgnummer_leerbedrijf,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (1, 10, None),
            (2, 11, None),
            (3, 12, Some(1)),
            (4, 13, Some(3))
        ]
    );
    assert_eq!(of_one[2].inhoud, Some(melding(1, 1, 12).inhoud));
    assert_eq!(of_one[2].staat, Staat::Wacht);
    let page = store.meldingen(abonnement(1).id, 1, 2).await.unwrap();
    assert_eq!(page, of_one[1..3]);
    let found = store
        .melding(abonnement(1).id, Uuid::from_u128(13))
        .await
        .unwrap();
    assert_eq!(found.as_ref(), of_one.last());
    assert_eq!(
        store
            .melding(abonnement(2).id, Uuid::from_u128(13))
            .await
            .unwrap(),
        None
    );

    let ids = [abonnement(2).id, abonnement(9).id, abonnement(1).id];
    let laatste = store.laatste(&ids).await.unwrap();
    let last: Vec<u64> = laatste.iter().map(|l| l.laatste_volgnummer).collect();
    assert_eq!(last, [1, 0, 4]);
    assert_eq!(laatste[2].volledig_tot_en_met, 0);
    assert_eq!(laatste[2].oudste_volgnummer, 1);
    assert_eq!(laatste[2].oudste_onbezorgd_op, Some(at(10)));
}

async fn a_fan_out_that_started_from_something_else_does_not_count(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database, 1).await;
    let start = store.fanout_start().await.unwrap();
    assert_eq!(
        start.cursor,
        Cursor {
            nummer: 1,
            regel: 0
        }
    );
    let to = Cursor {
        nummer: 1,
        regel: 5,
    };
    assert!(
        store
            .fan_out(&start, to, &[melding(1, 1, 10)])
            .await
            .unwrap()
    );
    assert!(
        !store
            .fan_out(&start, to, &[melding(1, 1, 11)])
            .await
            .unwrap()
    );

    let start = store.fanout_start().await.unwrap();
    assert_eq!(start.cursor, to);
    store.insert(&abonnement(2)).await.unwrap();
    let to = Cursor {
        nummer: 2,
        regel: 0,
    };
    assert!(
        !store
            .fan_out(&start, to, &[melding(1, 1, 12)])
            .await
            .unwrap()
    );
    assert_eq!(
        store.meldingen(abonnement(1).id, 0, 9).await.unwrap().len(),
        1
    );
}

async fn only_the_first_of_a_leerbedrijf_is_lent_and_the_next_follows_it(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database, 2).await;
    let mut node = Node::new(&store);
    let all = [
        melding(1, 1, 10),
        melding(1, 1, 11),
        melding(1, 2, 12),
        melding(2, 1, 13),
    ];
    fan_out(&*store, &all).await;

    let lent = node.claim(1, 10, 20).await;
    assert_eq!(numbers(&lent), [1, 3]);
    assert_eq!(lent[0].volledig_tot_en_met, 0);
    assert_eq!(node.claim(1, 10, 20).await, []);
    node.record(&[attempt(&lent[0], Gevolg::Bezorgd, 21)], 21)
        .await;
    let next = node.claim(1, 10, 21).await;
    assert_eq!(numbers(&next), [2]);
    assert_eq!(next[0].volledig_tot_en_met, 1);
    let group = [
        attempt(&lent[1], Gevolg::Bezorgd, 22),
        attempt(&next[0], Gevolg::Bezorgd, 22),
    ];
    node.record(&group, 22).await;
    assert_eq!(node.claim(1, 10, 99).await, []);
    let laatste = &store.laatste(&[abonnement(1).id]).await.unwrap()[0];
    assert_eq!(laatste.volledig_tot_en_met, 3);
    assert_eq!(laatste.oudste_onbezorgd_op, None);
    assert_eq!(
        laatste.laatste_poging.as_ref().unwrap().uitkomst,
        "HTTP 204"
    );

    // Of the other subscription nothing has moved, and a lane that was empty fills again.
    assert_eq!(numbers(&node.claim(2, 10, 99).await), [1]);
    fan_out(&*store, &[melding(1, 1, 14), melding(1, 1, 15)]).await;
    assert_eq!(numbers(&node.claim(1, 10, 99).await), [4]);
}

async fn what_was_lent_and_not_returned_is_due_again_and_its_late_outcome_is_ignored(
    engine: Engine,
) {
    let database = Database::new(engine).await;
    let store = open(&database, 1).await;
    let (mut first, mut second) = (Node::new(&store), Node::new(&store));
    fan_out(&*store, &[melding(1, 1, 10), melding(1, 1, 11)]).await;
    let late = first.claim(1, 1, 20).await;
    assert_eq!(second.claim(1, 1, 49).await, []);
    let again = second.claim(1, 1, 50).await;
    assert_eq!(again[0].melding, late[0].melding);
    first
        .record(&[attempt(&late[0], Gevolg::Opnieuw(at(999)), 51)], 51)
        .await;
    second
        .record(&[attempt(&again[0], Gevolg::Bezorgd, 51)], 51)
        .await;
    first
        .record(&[attempt(&late[0], Gevolg::Bezorgd, 52)], 52)
        .await;
    assert_eq!(first.claim(1, 9, 53).await, []);
    assert_eq!(numbers(&second.claim(1, 9, 53).await), [2]);
    // What was tried is on record all the same.
    let tried = store.pogingen(abonnement(1).id, Some(1), 10).await.unwrap();
    assert_eq!(tried.len(), 3);
    assert_eq!(tried[0].poging, poging(at(52), 204));

    // Given back it is free at once, and what came of it counts no more.
    let lener = second.bezorger.lener();
    store.geef_terug(lener, &[abonnement(1).id]).await.unwrap();
    assert_eq!(numbers(&first.claim(1, 9, 54).await), [2]);
}

async fn nodes_that_deliver_know_of_one_another(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database, 0).await;
    let lening = |n: u128, nu, tot| Lening {
        lener: Uuid::from_u128(n),
        nu: at(nu),
        tot: at(tot),
    };
    let alone = store.meld_bezorger(lening(2, 10, 40)).await.unwrap();
    assert_eq!(alone, [Uuid::from_u128(2)]);
    let both = store.meld_bezorger(lening(1, 20, 50)).await.unwrap();
    assert_eq!(both, [Uuid::from_u128(1), Uuid::from_u128(2)]);
    store.meld_bezorger(lening(2, 30, 60)).await.unwrap();
    // Who is silent no longer counts.
    let left = store.meld_bezorger(lening(2, 50, 80)).await.unwrap();
    assert_eq!(left, [Uuid::from_u128(2)]);
    store.meld_bezorger_af(Uuid::from_u128(2)).await.unwrap();
    let left = store.meld_bezorger(lening(3, 50, 80)).await.unwrap();
    assert_eq!(left, [Uuid::from_u128(3)]);
}

async fn a_refused_one_waits_without_holding_up_others_and_a_dead_letter_lets_the_next_go(
    engine: Engine,
) {
    let database = Database::new(engine).await;
    let store = open(&database, 1).await;
    let mut node = Node::new(&store);
    fan_out(
        &*store,
        &[melding(1, 1, 10), melding(1, 1, 11), melding(1, 2, 12)],
    )
    .await;
    let lent = node.claim(1, 9, 20).await;
    let group = [
        attempt(&lent[0], Gevolg::Opnieuw(at(60)), 21),
        attempt(&lent[1], Gevolg::Bezorgd, 21),
    ];
    node.record(&group, 21).await;
    assert_eq!(node.claim(1, 9, 59).await, []);
    let again = node.claim(1, 9, 60).await;
    assert_eq!((again[0].melding.volgnummer, again[0].pogingen), (1, 1));
    // Given back: not counted.
    let back = Attempt {
        poging: None,
        ..attempt(&again[0], Gevolg::Terug(at(61)), 60)
    };
    node.record(&[back], 60).await;
    let again = node.claim(1, 9, 61).await;
    assert_eq!((again[0].melding.volgnummer, again[0].pogingen), (1, 1));
    node.record(&[attempt(&again[0], Gevolg::Dood, 62)], 62)
        .await;
    let next = node.claim(1, 9, 62).await;
    assert_eq!((next[0].melding.volgnummer, next[0].pogingen), (2, 0));
    let gone = Attempt {
        poging: None,
        ..attempt(&next[0], Gevolg::Vervallen, 63)
    };
    node.record(&[gone], 63).await;
    let staten: Vec<Staat> = states(&*store).await;
    assert_eq!(staten, [Staat::Dood, Staat::Vervallen, Staat::Bezorgd]);
    // What is dead was not delivered.
    assert_eq!(
        store.laatste(&[abonnement(1).id]).await.unwrap()[0].volledig_tot_en_met,
        0
    );
    let telling = store.tellingen().await.unwrap();
    assert_eq!((telling[0].wacht, telling[0].dood), (0, 1));
}

async fn states(store: &dyn PushStore) -> Vec<Staat> {
    let all = store.meldingen(abonnement(1).id, 0, 1_000).await.unwrap();
    all.iter().map(|melding| melding.staat).collect()
}

async fn operators_drop_and_replay_and_it_is_written_down(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database, 1).await;
    let mut node = Node::new(&store);
    let id = abonnement(1).id;
    fan_out(
        &*store,
        &[
            melding(1, 1, 10),
            melding(1, 1, 11),
            melding(1, 2, 12),
            melding(1, 3, 13),
        ],
    )
    .await;
    let lent = node.claim(1, 9, 20).await;
    assert_eq!(
        store
            .drop_meldingen(id, Keuze::Nummers(1, 1), &daad())
            .await
            .unwrap(),
        1
    );
    // Dropped while it was under way: that outcome changes nothing any more.
    node.record(&[attempt(&lent[0], Gevolg::Bezorgd, 21)], 21)
        .await;
    node.record(&[attempt(&lent[1], Gevolg::Dood, 21)], 21)
        .await;
    node.record(&[attempt(&lent[2], Gevolg::Bezorgd, 21)], 21)
        .await;
    let staten = states(&*store).await;
    assert_eq!(
        staten,
        [Staat::Vervallen, Staat::Wacht, Staat::Dood, Staat::Bezorgd]
    );
    assert_eq!(numbers(&node.claim(1, 9, 22).await), [2]);

    assert_eq!(
        store
            .replay(id, Keuze::Dood, at(23), &daad())
            .await
            .unwrap(),
        1
    );
    assert_eq!(numbers(&node.claim(1, 9, 23).await), [3]);
    let moments = Keuze::Tijd(at(13), at(13));
    assert_eq!(store.replay(id, moments, at(60), &daad()).await.unwrap(), 1);
    assert_eq!(numbers(&node.claim(1, 9, 60).await), [4]);
    assert_eq!(
        store
            .replay(id, Keuze::Nummers(1, u64::MAX), at(61), &daad())
            .await
            .unwrap(),
        3
    );
    assert_eq!(
        store
            .drop_meldingen(id, Keuze::Wacht, &daad())
            .await
            .unwrap(),
        3
    );
    assert_eq!(node.claim(1, 9, 999).await, []);
    let laatste = &store.laatste(&[id]).await.unwrap()[0];
    assert_eq!(
        (laatste.volledig_tot_en_met, laatste.laatste_volgnummer),
        (4, 4)
    );

    let before = abonnement(1);
    let mut paused = before.clone();
    paused.status = AbonnementStatus::Gepauzeerd;
    let wijziging = wijziging_of(&paused);
    let pause = Beheerdaad {
        daad: "pause".to_owned(),
        ..daad()
    };
    assert!(store.operate(&before, &wijziging, &pause).await.unwrap());
    // One that does not count is not written down.
    let mut other = before.clone();
    other.status = AbonnementStatus::PushGestopt;
    assert!(
        !store
            .operate(&other, &wijziging_of(&before), &pause)
            .await
            .unwrap()
    );
    let daden = store.beheerdaden(id, 10).await.unwrap();
    assert_eq!(daden.len(), 6);
    assert_eq!(daden[0].daad, "pause");
    assert_eq!(daden[5], daad());
    assert_eq!(store.beheerdaden(abonnement(2).id, 10).await.unwrap(), []);
    let nummers = store.nummers(id, 1, 2).await.unwrap();
    let meldingen = store.meldingen(id, 1, 2).await.unwrap();
    let expect: Vec<_> = meldingen
        .iter()
        .map(|m| (m.volgnummer, m.mutatie_id))
        .collect();
    assert_eq!((nummers.len(), nummers), (2, expect));
}

fn wijziging_of(abonnement: &Abonnement) -> Wijziging {
    Wijziging {
        abonnement: abonnement.clone(),
        begin_opnieuw: false,
        proef: false,
    }
}

async fn a_subscriber_that_polls_confirms_what_it_has(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database, 1).await;
    let mut node = Node::new(&store);
    let id = abonnement(1).id;
    fan_out(
        &*store,
        &[
            melding(1, 1, 10),
            melding(1, 1, 11),
            melding(1, 2, 12),
            melding(1, 1, 13),
        ],
    )
    .await;
    store.confirm(id, 2).await.unwrap();
    let laatste = &store.laatste(&[id]).await.unwrap()[0];
    assert_eq!(
        (laatste.volledig_tot_en_met, laatste.oudste_onbezorgd_op),
        (2, Some(at(12)))
    );
    assert_eq!(numbers(&node.claim(1, 9, 20).await), [3, 4]);
    store.confirm(id, 4).await.unwrap();
    store.confirm(id, 1).await.unwrap();
    assert_eq!(
        store.laatste(&[id]).await.unwrap()[0].volledig_tot_en_met,
        4
    );
}

async fn contents_leave_after_the_retention_and_numbers_stay(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database, 1).await;
    let mut node = Node::new(&store);
    let id = abonnement(1).id;
    fan_out(
        &*store,
        &[melding(1, 1, 10), melding(1, 1, 11), melding(1, 1, 12)],
    )
    .await;
    let lent = node.claim(1, 1, 20).await;
    node.record(&[attempt(&lent[0], Gevolg::Bezorgd, 10)], 10)
        .await;
    assert_eq!(store.forget_before(at(12)).await.unwrap(), 2);
    assert_eq!(store.forget_before(at(12)).await.unwrap(), 0);
    let all = store.meldingen(id, 0, 10).await.unwrap();
    let kept: Vec<bool> = all.iter().map(|m| m.inhoud.is_some()).collect();
    assert_eq!(kept, [false, false, true]);
    assert_eq!(
        states(&*store).await,
        [Staat::Bezorgd, Staat::Vervallen, Staat::Wacht]
    );
    assert_eq!(all[0].mutatie_id, Uuid::from_u128(10));
    assert_eq!(store.laatste(&[id]).await.unwrap()[0].oudste_volgnummer, 3);
    assert_eq!(store.pogingen(id, None, 9).await.unwrap(), []);
    // What is gone is not sent again.
    assert_eq!(
        store
            .replay(id, Keuze::Nummers(1, 3), at(30), &daad())
            .await
            .unwrap(),
        1
    );
    assert_eq!(numbers(&node.claim(1, 9, 60).await), [3]);
}

async fn how_an_endpoint_does_is_kept_and_a_resumption_begins_anew(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database, 1).await;
    let mut node = Node::new(&store);
    let one = abonnement(1);
    assert_eq!(
        store.eindpunten(&[one.id]).await.unwrap(),
        [Eindpuntstaat::default()]
    );
    fan_out(&*store, &[melding(1, 1, 10)]).await;
    let lent = node.claim(1, 9, 20).await;
    node.record(&[attempt(&lent[0], Gevolg::Opnieuw(at(9_000)), 21)], 21)
        .await;
    let failing = Eindpuntstaat {
        faalt_sinds: Some(at(21)),
        mislukt: 4,
        niet_voor: Some(at(30)),
        proef_gevraagd: false,
    };
    let well = Eindpuntstaat::default();
    let test = poging(at(22), 503);
    let set = async |before, after, proef| {
        let set = store.set_eindpunt(one.id, before, after, proef).await;
        set.unwrap()
    };
    assert!(set(well, failing, Some(&test)).await);
    assert_eq!(store.eindpunten(&[one.id]).await.unwrap(), [failing]);
    // Who knows only what was before changes nothing.
    assert!(!set(well, well, None).await);
    let later = Eindpuntstaat {
        niet_voor: None,
        ..failing
    };
    assert!(!set(later, well, None).await);
    assert_eq!(store.eindpunten(&[one.id]).await.unwrap(), [failing]);
    let laatste = &store.laatste(&[one.id]).await.unwrap()[0];
    assert_eq!(laatste.faalt_sinds, Some(at(21)));
    assert_eq!(
        laatste.laatste_poging.as_ref().unwrap().uitkomst,
        "HTTP 503"
    );
    assert_eq!(store.pogingen(one.id, Some(0), 9).await.unwrap().len(), 1);

    let resumed = Wijziging {
        abonnement: Abonnement {
            reden: Some("hervat".to_owned()),
            ..one.clone()
        },
        begin_opnieuw: true,
        proef: false,
    };
    assert!(store.change(&one, &resumed).await.unwrap());
    assert_eq!(
        store.eindpunten(&[one.id]).await.unwrap(),
        [Eindpuntstaat::default()]
    );
    let again = node.claim(1, 9, 25).await;
    assert_eq!((again[0].melding.volgnummer, again[0].pogingen), (1, 0));
}

/// Numbers by subscription and leerbedrijf, in the order in which they were taken.
type Taken = BTreeMap<(u128, u32), Vec<u64>>;

/// Two stores, as of two nodes, deliver what a third numbers at the same time. Attempts fail by
/// their number; now and then a node gives everything back, or is lost with what it has.
async fn nodes_that_deliver_at_once_keep_the_order_and_deliver_everything(engine: Engine) {
    const LEERBEDRIJVEN: u32 = 7;
    const ROUNDS: u128 = 12;
    let database = Database::new(engine).await;
    let store = open(&database, 2).await;
    let taken: Arc<Mutex<Taken>> = Arc::default();
    // Until then a node that finds nothing looks again, however slow the numbering is.
    let numbered = Arc::new(AtomicBool::new(false));
    let numbering = {
        let store = open_push(database.opslag()).await.unwrap();
        let numbered = Arc::clone(&numbered);
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                let nieuw: Vec<NieuweMelding> = (0..20_u128)
                    .map(|i| {
                        let leerbedrijf = u32::try_from(i).unwrap() % LEERBEDRIJVEN;
                        melding(1 + i % 2, leerbedrijf, 1 + round * 20 + i)
                    })
                    .collect();
                fan_out(&*store, &nieuw).await;
            }
            numbered.store(true, Ordering::Relaxed);
        })
    };
    let mut nodes = tokio::task::JoinSet::new();
    // The nodes have one clock.
    let clock = Arc::new(AtomicI64::new(1_000));
    for node in 0..2_u64 {
        let store = open_push(database.opslag()).await.unwrap();
        let (taken, numbered) = (Arc::clone(&taken), Arc::clone(&numbered));
        let clock = Arc::clone(&clock);
        nodes.spawn(async move {
            // So long that no step takes it, and much shorter than a node that finds nothing goes on looking.
            let new_node = || Node {
                loan: 300,
                ..Node::new(&store)
            };
            let mut me = new_node();
            let (mut idle, mut rounds) = (0, 0);
            while idle < 700 {
                rounds += 1;
                let now = clock.fetch_add(1, Ordering::Relaxed);
                let all_numbered = numbered.load(Ordering::Relaxed);
                let lent = [me.claim(1, 3, now).await, me.claim(2, 3, now).await].concat();
                let nothing = lent.is_empty() && all_numbered;
                idle = if nothing { idle + 1 } else { 0 };
                let outcomes: Vec<Attempt> = lent
                    .iter()
                    .map(|claim| {
                        let nummer = claim.melding.volgnummer;
                        match (nummer + node + u64::from(claim.pogingen)) % 4 {
                            0 => attempt(claim, Gevolg::Opnieuw(at(now + 2)), now),
                            1 if now % 3 == 0 => attempt(claim, Gevolg::Terug(at(now)), now),
                            _ => attempt(claim, Gevolg::Bezorgd, now),
                        }
                    })
                    .collect();
                for outcome in outcomes.iter().filter(|a| a.gevolg == Gevolg::Bezorgd) {
                    let key = (
                        outcome.abonnement.0.as_u128(),
                        outcome.leerbedrijf_id.as_u32(),
                    );
                    taken
                        .lock()
                        .unwrap()
                        .entry(key)
                        .or_default()
                        .push(outcome.volgnummer);
                }
                match rounds % 20 {
                    // What it has runs out, and what it sent comes once more.
                    3 if rounds < 100 => me = new_node(),
                    11 => {
                        me.record(&outcomes, now).await;
                        me.bezorger.geef_alles_terug(&*store).await.unwrap();
                    }
                    _ => me.record(&outcomes, now).await,
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
    numbering.await.unwrap();
    while let Some(ended) = nodes.join_next().await {
        ended.unwrap();
    }
    let taken = taken.lock().unwrap().clone();
    let mut expected: HashMap<(u128, u32), Vec<u64>> = HashMap::new();
    for n in [1, 2] {
        for melding in store.meldingen(abonnement(n).id, 0, 10_000).await.unwrap() {
            assert_eq!(melding.staat, Staat::Bezorgd, "{}", melding.volgnummer);
            let key = (n, melding.leerbedrijf_id.as_u32());
            expected.entry(key).or_default().push(melding.volgnummer);
        }
    }
    assert_eq!(
        expected.values().flatten().count(),
        20 * usize::try_from(ROUNDS).unwrap()
    );
    for (key, numbers) in expected {
        // Twice is allowed, another order is not.
        let mut seen = taken[&key].clone();
        seen.dedup();
        assert_eq!(seen, numbers, "{key:?}");
    }
}

/// A number that follows from the one before without a pattern.
struct Toeval(u64);

impl Toeval {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % end
    }
}

/// One subscription, two nodes, and an operator.
struct Spel {
    store: Arc<dyn PushStore>,
    toeval: Toeval,
    nodes: [Node; 2],
    now: i64,
    numbered: u64,
    /// Numbers by leerbedrijf, in the order in which each first came.
    received: BTreeMap<u32, Vec<u64>>,
    /// Numbers that were replayed or dropped: those may come in another order.
    touched: Vec<(u64, u64)>,
}

impl Spel {
    async fn step(&mut self) {
        self.now += i64::try_from(self.toeval.below(4)).unwrap();
        match self.toeval.below(20) {
            0..4 => self.number().await,
            4 => self.replay().await,
            5 => self.drop().await,
            6 => self.begin_again().await,
            7 => {
                let store = Arc::clone(&self.store);
                self.nodes[0] = Node::new(&store);
            }
            8 => {
                let bezorger = &mut self.nodes[1].bezorger;
                bezorger.geef_alles_terug(&*self.store).await.unwrap();
            }
            9..15 => self.deliver(0).await,
            _ => self.deliver(1).await,
        }
    }

    async fn number(&mut self) {
        let count = 1 + self.toeval.below(5);
        let nieuw: Vec<NieuweMelding> = (0..count)
            .map(|_| {
                self.numbered += 1;
                let leerbedrijf = u32::try_from(self.toeval.below(5)).unwrap();
                melding(1, leerbedrijf, self.numbered.into())
            })
            .collect();
        fan_out(&*self.store, &nieuw).await;
    }

    fn keuze(&mut self) -> Keuze {
        match self.toeval.below(4) {
            0 => Keuze::Dood,
            1 => Keuze::Wacht,
            _ => {
                let from = 1 + self.toeval.below(self.numbered.max(1));
                Keuze::Nummers(from, from + self.toeval.below(4))
            }
        }
    }

    fn touch(&mut self, keuze: Keuze) {
        self.touched.push(match keuze {
            Keuze::Nummers(from, to) => (from, to),
            _ => (1, self.numbered),
        });
    }

    async fn replay(&mut self) {
        let keuze = self.keuze();
        self.touch(keuze);
        let (id, now) = (abonnement(1).id, at(self.now));
        self.store.replay(id, keuze, now, &daad()).await.unwrap();
    }

    async fn drop(&mut self) {
        let keuze = self.keuze();
        let id = abonnement(1).id;
        let dropped = self.store.drop_meldingen(id, keuze, &daad()).await;
        dropped.unwrap();
    }

    async fn begin_again(&mut self) {
        let one = abonnement(1);
        let again = Wijziging {
            begin_opnieuw: true,
            ..wijziging_of(&one)
        };
        assert!(self.store.change(&one, &again).await.unwrap());
    }

    /// A node delivers a few, and some of it goes wrong.
    async fn deliver(&mut self, node: usize) {
        let most = u32::try_from(1 + self.toeval.below(4)).unwrap();
        let lent = self.nodes[node].claim(1, most, self.now).await;
        let (mut outcomes, now) = (Vec::new(), self.now);
        for claim in &lent {
            let later = at(now + i64::try_from(self.toeval.below(6)).unwrap());
            let gevolg = match self.toeval.below(10) {
                0 | 1 => Gevolg::Opnieuw(later),
                2 => Gevolg::Terug(later),
                3 => Gevolg::Dood,
                _ => Gevolg::Bezorgd,
            };
            self.receive(claim, gevolg);
            outcomes.push(attempt(claim, gevolg, now));
        }
        // What is not written is lost with its node, or comes later than what others do.
        if self.toeval.below(3) == 0 {
            let keuze = self.keuze();
            self.touch(keuze);
            let (id, now) = (abonnement(1).id, at(self.now));
            self.store.replay(id, keuze, now, &daad()).await.unwrap();
        }
        self.nodes[node].record(&outcomes, now).await;
    }

    fn receive(&mut self, claim: &Claim, gevolg: Gevolg) {
        if gevolg == Gevolg::Bezorgd {
            let leerbedrijf = claim.melding.leerbedrijf_id.as_u32();
            let came = self.received.entry(leerbedrijf).or_default();
            if !came.contains(&claim.melding.volgnummer) {
                came.push(claim.melding.volgnummer);
            }
        }
    }

    /// What is counted and said is what every number says by itself.
    async fn check(&self) {
        let id = abonnement(1).id;
        let staten = states(&*self.store).await;
        let count = |of: Staat| staten.iter().filter(|staat| **staat == of).count() as u64;
        let telling = &self.store.tellingen().await.unwrap()[0];
        let counted = (telling.wacht, telling.dood);
        assert_eq!(
            counted,
            (count(Staat::Wacht), count(Staat::Dood)),
            "{staten:?}"
        );
        let laatste = &self.store.laatste(&[id]).await.unwrap()[0];
        let open = |staat: &Staat| matches!(staat, Staat::Wacht | Staat::Dood);
        let first = staten.iter().position(open).unwrap_or(staten.len());
        assert!(
            laatste.volledig_tot_en_met <= first as u64,
            "{} of {staten:?}",
            laatste.volledig_tot_en_met
        );
    }

    /// All goes well from now on.
    async fn finish(&mut self) {
        for _ in 0..200 {
            self.now += 7;
            let lent = self.nodes[1].claim(1, 100, self.now).await;
            let mut outcomes = Vec::new();
            for claim in &lent {
                self.receive(claim, Gevolg::Bezorgd);
                outcomes.push(attempt(claim, Gevolg::Bezorgd, self.now));
            }
            self.nodes[1].record(&outcomes, self.now).await;
        }
        let all = self
            .store
            .meldingen(abonnement(1).id, 0, 10_000)
            .await
            .unwrap();
        assert_eq!(all.len() as u64, self.numbered);
        for melding in &all {
            let came = self.received.get(&melding.leerbedrijf_id.as_u32());
            let came = came.is_some_and(|of| of.contains(&melding.volgnummer));
            match melding.staat {
                Staat::Bezorgd => assert!(came, "{} never came", melding.volgnummer),
                Staat::Wacht => panic!("{} still waits", melding.volgnummer),
                Staat::Vervallen | Staat::Dood => {}
            }
        }
        let open = |staat: &Staat| *staat == Staat::Dood;
        let staten: Vec<Staat> = all.iter().map(|melding| melding.staat).collect();
        let first = staten.iter().position(open).unwrap_or(staten.len());
        let laatste = &self.store.laatste(&[abonnement(1).id]).await.unwrap()[0];
        assert_eq!(laatste.volledig_tot_en_met, first as u64, "{staten:?}");
        for came in self.received.values() {
            let of_its_own: Vec<u64> = came
                .iter()
                .filter(|n| {
                    !self
                        .touched
                        .iter()
                        .any(|(from, to)| (from..=to).contains(n))
                })
                .copied()
                .collect();
            assert!(of_its_own.is_sorted(), "{came:?}");
        }
    }
}

/// Numbering, deliveries that fail in every way, nodes that are lost, and an operator who drops, replays
/// and retries: in the end everything came, or was dropped, or is a dead letter.
async fn whatever_happens_in_whatever_order_nothing_is_lost(engine: Engine) {
    let games = match engine {
        Engine::Sqlite => 40,
        Engine::Postgres => 8,
    };
    for seed in 0..games {
        let database = Database::new(engine).await;
        let store = open(&database, 1).await;
        let mut spel = Spel {
            nodes: [Node::new(&store), Node::new(&store)],
            store,
            toeval: Toeval(seed),
            now: 1_000,
            numbered: 0,
            received: BTreeMap::new(),
            touched: Vec::new(),
        };
        for _ in 0..120 {
            spel.step().await;
            spel.check().await;
        }
        spel.finish().await;
        spel.store.close().await;
    }
}

/// PostgreSQL alone has writers beside one another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loan_is_kept_while_an_operator_changes_the_queue() {
    let database = Database::new(Engine::Postgres).await;
    let store = open(&database, 1).await;
    let mut node = Node::new(&store);
    fan_out(&*store, &[melding(1, 1, 10)]).await;
    let lent = node.claim(1, 9, 20).await;
    let mut operator = PgConnection::connect(database.url().unwrap())
        .await
        .unwrap();
    let mut changing = operator.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM bezorging FOR UPDATE")
        .execute(&mut *changing)
        .await
        .unwrap();
    // It cannot be gone on with now, and has not ended.
    assert_eq!(node.claim(1, 9, 45).await, []);
    let id = abonnement(1).id;
    assert_eq!(node.bezorger.geleend_tot(id), Some(at(50)));
    changing.commit().await.unwrap();
    assert_eq!(node.claim(1, 9, 46).await, []);
    assert_eq!(node.bezorger.geleend_tot(id), Some(at(76)));
    let taken = [attempt(&lent[0], Gevolg::Bezorgd, 47)];
    node.record(&taken, 47).await;
    assert_eq!(states(&*store).await, [Staat::Bezorgd]);
}
