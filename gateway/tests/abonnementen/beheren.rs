//! Subscribing, changing, pausing and ending.

use serde_json::{Value, json};
use stagepoort::push::AbonnementStatus;

use crate::{
    register::{AFNEMER_OF_TWO, OTHER_SCHOOL, SCHOOL},
    wire::{Caller, WAYS, Way, said},
    world::World,
};

const URL: &str = "https://sis.example/mutaties";

fn webhook() -> Value {
    json!({ "kanaal": "WEBHOOK", "eindpunt": URL })
}

#[actix_web::test]
async fn a_subscription_is_made_and_shown() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let reply = caller
            .aanmelden(json!({
                "schoolOin": SCHOOL, "kanaal": "WEBHOOK", "eindpunt": " HTTPS://sis.EXAMPLE ",
                "mutatieSoorten": ["ERKENNING_BEEINDIGD", "LEERBEDRIJF_BEEINDIGD"],
                "codes": ["25180", "K0165"], "perBericht": "50", "ed25519": true,
            }))
            .await;
        let id = reply.field("abonnementId");
        match way {
            Way::Rest => {
                assert_eq!(reply.status, 201, "{}", reply.text);
                assert_eq!(reply.location, Some(format!("/v1/abonnementen/{id}")));
            }
            Way::Soap => assert_eq!(reply.status, 200, "{}", reply.text),
        }
        for (name, expect) in [
            ("signaalcode", "0"),
            ("schoolOin", SCHOOL),
            ("afnemerOin", caller.afnemer),
            ("kanaal", "WEBHOOK"),
            ("eindpunt", "https://sis.example/"),
            ("status", "WACHT_OP_BEWIJS"),
            ("laatsteVolgnummer", "0"),
            ("oudsteVolgnummer", "1"),
            ("perBericht", "50"),
            ("ed25519", "true"),
            ("aangemaaktOp", "2026-11-22T09:00:00Z"),
        ] {
            assert_eq!(reply.field(name), expect, "{way:?} {name}");
        }
        assert_eq!(reply.list("codes"), ["25180", "K0165"]);
        // Made by us, given once, and what messages are signed with.
        let geheim = reply.field("geheim");
        assert_eq!(geheim, world.kept(&id).await.geheimen[0].to_text());
        assert!(geheim.len() >= "whsec_".len() + 43);
        let shown = caller.opvragen(&id).await;
        assert_eq!(shown.field("geheim"), "");
        assert_eq!(shown.field("status"), "WACHT_OP_BEWIJS");
        assert_eq!(caller.lijst().await.len(), 1);
    }
}

#[actix_web::test]
async fn polling_is_active_at_once_and_for_all_schools_when_none_is_named() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let reply = caller.aanmelden(json!({ "kanaal": "POLL" })).await;
        assert_eq!(reply.field("status"), "ACTIEF");
        for name in ["schoolOin", "eindpunt", "geheim"] {
            assert_eq!(reply.field(name), "", "{name}");
        }
    }
}

#[actix_web::test]
async fn a_school_in_the_body_is_the_one_that_is_asked_for() {
    let world = World::new().await;
    for (way, code) in [(Way::Rest, "GEEN_MANDAAT"), (Way::Soap, "DK0002")] {
        let caller = Caller {
            afnemer: AFNEMER_OF_TWO,
            ..Caller::new(&world, way)
        };
        let body = json!({ "schoolOin": OTHER_SCHOOL, "kanaal": "POLL" });
        let reply = caller.aanmelden(body.clone()).await;
        assert_eq!(reply.code, code, "{}", reply.text);
        let other = Caller {
            school: OTHER_SCHOOL,
            ..caller
        };
        assert_eq!(other.aanmelden(body).await.field("schoolOin"), OTHER_SCHOOL);
    }
}

#[actix_web::test]
async fn what_another_afnemer_has_is_unknown() {
    for way in WAYS {
        let world = World::new().await;
        let ours = Caller::new(&world, way);
        let id = ours.polls().await;
        let theirs = Caller {
            afnemer: AFNEMER_OF_TWO,
            ..ours.clone()
        };
        for id in [id.as_str(), "5f0c2a4e-1b7d-4c39-8e21-9a6d3f7b0c58", "geen"] {
            let replies = [
                theirs.opvragen(id).await,
                theirs.wijzigen(id, json!({ "kanaal": "POLL" })).await,
                theirs.beeindigen(id).await,
                theirs.mutaties(id, &[("na", "0")]).await,
            ];
            for reply in replies {
                assert_eq!(reply.signaalcode(), "170", "{}", reply.text);
                assert_eq!(reply.field("afnemerOin"), "");
                if way == Way::Rest {
                    assert_eq!((reply.status, reply.code.as_str()), (404, "170"));
                }
            }
        }
        assert!(theirs.lijst().await.is_empty());
        assert_eq!(ours.opvragen(&id).await.field("status"), "ACTIEF");
    }
}

#[actix_web::test]
async fn pausing_keeps_the_rest_and_only_what_is_proven_pauses() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.aanmelden(webhook()).await.field("abonnementId");
        let with = |status: &str| {
            let mut body = webhook();
            body["status"] = json!(status);
            body
        };
        let early = caller.wijzigen(&id, with("GEPAUZEERD")).await;
        assert_eq!(early.signaalcode(), "172", "{}", early.text);
        assert!(early.text.contains("bewezen"), "{}", early.text);
        world.set_status(&id, AbonnementStatus::Actief).await;
        let paused = caller.wijzigen(&id, with("GEPAUZEERD")).await;
        assert_eq!(paused.field("status"), "GEPAUZEERD");
        assert_eq!(paused.field("reden"), "de abonnee heeft gepauzeerd");
        let same = caller.wijzigen(&id, webhook()).await;
        assert_eq!(same.field("status"), "GEPAUZEERD");
        let resumed = caller.wijzigen(&id, with("ACTIEF")).await;
        assert_eq!(
            (resumed.field("status"), resumed.field("reden")),
            ("ACTIEF".into(), "".into())
        );
        // Stopped: it proves itself anew.
        world.set_status(&id, AbonnementStatus::PushGestopt).await;
        let again = caller.wijzigen(&id, with("ACTIEF")).await;
        assert_eq!(again.field("status"), "WACHT_OP_BEWIJS");
    }
}

#[actix_web::test]
async fn another_endpoint_proves_itself_anew_and_filters_are_replaced() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let mut first = webhook();
        first["codes"] = json!(["25180"]);
        let id = caller.aanmelden(first).await.field("abonnementId");
        world.set_status(&id, AbonnementStatus::Actief).await;
        let wider = caller.wijzigen(&id, webhook()).await;
        assert_eq!(wider.field("status"), "ACTIEF");
        assert!(wider.list("codes").is_empty());
        let other = json!({ "kanaal": "WEBHOOK", "eindpunt": "https://ander.example/" });
        let moved = caller.wijzigen(&id, other).await;
        assert_eq!(moved.field("status"), "WACHT_OP_BEWIJS");
        assert_eq!(moved.field("eindpunt"), "https://ander.example/");
        let polls = caller.wijzigen(&id, json!({ "kanaal": "POLL" })).await;
        assert_eq!(
            (polls.field("status"), polls.field("eindpunt")),
            ("ACTIEF".into(), "".into())
        );
        assert!(world.kept(&id).await.geheimen.is_empty());
        // And back: with a secret of its own, told now.
        let back = caller.wijzigen(&id, webhook()).await;
        assert_eq!(
            back.field("geheim"),
            world.kept(&id).await.geheimen[0].to_text()
        );
    }
}

#[actix_web::test]
async fn a_secret_is_replaced_and_the_old_one_signs_along() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let made = caller.aanmelden(webhook()).await;
        let (id, old) = (made.field("abonnementId"), made.field("geheim"));
        let new = "whsec_bGVlcmJlZHJpamZ2b29yYmVlbGRnZWhlaW0wMQ==";
        let mut body = webhook();
        body["geheim"] = json!(new);
        let changed = caller.wijzigen(&id, body.clone()).await;
        assert_eq!(changed.field("geheim"), new);
        let geheimen = world.kept(&id).await.geheimen;
        let texts: Vec<String> = geheimen
            .iter()
            .map(stagepoort::push::Geheim::to_text)
            .collect();
        assert_eq!(texts, [new, &old]);
        assert_eq!(geheimen[1].tot.unwrap().to_string(), "2026-11-23T09:00:00Z");
        // A repeat changes nothing.
        caller.wijzigen(&id, body).await;
        assert_eq!(world.kept(&id).await.geheimen, geheimen);
        assert_eq!(caller.wijzigen(&id, webhook()).await.field("geheim"), "");
    }
}

#[actix_web::test]
async fn a_test_message_is_asked_for() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.aanmelden(webhook()).await.field("abonnementId");
        let mut body = webhook();
        body["proef"] = json!(true);
        let kept = world.kept(&id).await;
        assert!(!world.store.eindpunten(&[kept.id]).await.unwrap()[0].proef_gevraagd);
        assert_eq!(caller.wijzigen(&id, body).await.signaalcode(), "0");
        assert!(world.store.eindpunten(&[kept.id]).await.unwrap()[0].proef_gevraagd);
        let polls = caller.polls().await;
        let body = json!({ "kanaal": "POLL", "proef": true });
        assert_eq!(caller.wijzigen(&polls, body).await.signaalcode(), "172");
    }
}

#[actix_web::test]
async fn ending_is_for_good_and_its_feed_stays() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        let other = caller.polls().await;
        world.number_many(&id, 2).await;
        for _ in 0..2 {
            let ended = caller.beeindigen(&id).await;
            assert_eq!(ended.field("status"), "BEEINDIGD", "{}", ended.text);
            assert_eq!(ended.field("laatsteVolgnummer"), "2");
        }
        let open = caller.lijst().await;
        let ids: Vec<String> = open.iter().map(|one| said(&one["abonnementId"])).collect();
        assert_eq!(ids, [other]);
        assert_eq!(caller.opvragen(&id).await.field("status"), "BEEINDIGD");
        let change = caller.wijzigen(&id, json!({ "kanaal": "POLL", "status": "ACTIEF" }));
        let change = change.await;
        assert_eq!(change.signaalcode(), "172", "{}", change.text);
        // Without waiting for what cannot come.
        let feed = caller
            .mutaties(&id, &[("na", "0"), ("wachtSeconden", "30")])
            .await;
        assert_eq!(feed.list("mutaties").len(), 2);
        let end = caller
            .mutaties(&id, &[("na", "2"), ("wachtSeconden", "30")])
            .await;
        assert_eq!(end.signaalcode(), "0", "{}", end.text);
    }
}

#[actix_web::test]
async fn without_a_queue_subscriptions_are_away_and_the_rest_goes_on() {
    let world = World::new().await;
    let id = Caller::new(&world, Way::Rest).polls().await;
    world.gateway.push.detach();
    for (way, status, code) in [
        (Way::Rest, 503, "ABONNEMENTEN_NIET_BESCHIKBAAR"),
        (Way::Soap, 500, "DK0051"),
    ] {
        let caller = Caller::new(&world, way);
        for reply in [
            caller.aanmelden(json!({ "kanaal": "POLL" })).await,
            caller.opvragen(&id).await,
            caller.wijzigen(&id, json!({ "kanaal": "POLL" })).await,
            caller.beeindigen(&id).await,
            caller.mutaties(&id, &[("na", "0")]).await,
        ] {
            assert_eq!(
                (reply.status, reply.code.as_str()),
                (status, code),
                "{}",
                reply.text
            );
        }
    }
    let rest = Caller::new(&world, Way::Rest);
    let reply = rest.get("/v1/leerbedrijven/100000001").await;
    assert_eq!(reply.status, 200);
}
