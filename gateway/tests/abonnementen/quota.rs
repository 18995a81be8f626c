//! What an afnemer may ask: each quota over SOAP and REST, by a clock that is set.

use std::{num::NonZeroU32, pin::pin, sync::Arc};

use actix_web::test::TestRequest;
use futures_util::future::{Either, select};
use serde_json::json;
use stagepoort::{
    access::{Afnemer, EigenQuota, Quota, Toegang},
    push::Wachtgrens,
};

use crate::{
    register::{AFNEMER, AFNEMER_OF_TWO, BEDRIJF, OTHER_SCHOOL, SCHOOL, oin},
    wire::{Caller, Reply, WAYS, Way, new_id},
    world::World,
};

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

/// So wide that nothing is refused within a test.
fn wide() -> Quota {
    Quota {
        verzoeken_per_seconde: number(1_000),
        burst: number(1_000),
        gelijktijdig: number(1_000),
        bulkregels_per_minuut: number(1_000),
    }
}

/// natrekkenErkenning, from this version on.
async fn verify(caller: &Caller<'_>, versie: &str) -> Reply {
    match caller.way {
        Way::Rest => {
            let path = format!(
                "/v1/leerbedrijven/{BEDRIJF}/erkenningen/25180?peildatum=2026-09-01&minimaleRegisterVersie={versie}"
            );
            caller.get(&path).await
        }
        Way::Soap => {
            let fields = format!(
                "<leerbedrijfId>{BEDRIJF}</leerbedrijfId><code>25180</code><peildatum>2026-09-01</peildatum>\
                 <minimaleRegisterVersie>{versie}</minimaleRegisterVersie>"
            );
            let key = new_id();
            let mut reply = caller.soap_with("natrekkenErkenning", &fields, key).await;
            let relates = format!("RelatesTo>urn:uuid:{key}<");
            reply.body["isAntwoordOp"] = json!(reply.text.contains(&relates));
            reply
        }
    }
}

/// natrekkenErkenningen with so many lines.
async fn bulk(caller: &Caller<'_>, lines: usize) -> Reply {
    match caller.way {
        Way::Rest => {
            let body = json!({ "verzoeken": vec![json!({ "code": "25180" }); lines] });
            let request = TestRequest::post()
                .uri("/v1/erkenningen/_natrekken")
                .insert_header(("content-type", "application/json"))
                .set_payload(body.to_string());
            caller.send(request).await
        }
        Way::Soap => {
            let lines = "<verzoek><code>25180</code></verzoek>".repeat(lines);
            let fields = format!("<verzoeken>{lines}</verzoeken>");
            caller
                .soap_with("natrekkenErkenningen", &fields, new_id())
                .await
        }
    }
}

/// That it was refused, and when it can be asked again; over REST with a code of its own.
fn assert_over(way: Way, reply: &Reply, code: &str, retry_after: &str) {
    let (status, code) = match way {
        Way::Rest => (429, code),
        Way::Soap => (500, "SP0001"),
    };
    let found = (reply.status, reply.code.as_str());
    assert_eq!(found, (status, code), "{}", reply.text);
    assert_eq!(reply.header("retry-after"), retry_after, "{}", reply.text);
    if way == Way::Soap {
        let seconds = format!("<opnieuwNaSeconden>{retry_after}</opnieuwNaSeconden>");
        assert!(reply.text.contains(&seconds), "{}", reply.text);
    }
}

#[actix_web::test]
async fn sp0001_requests_a_second() {
    for way in WAYS {
        let (world, clock) = World::with_quota(Quota {
            verzoeken_per_seconde: number(1),
            burst: number(3),
            ..wide()
        })
        .await;
        let caller = Caller::new(&world, way);
        for left in ["2;t=1", "1;t=2", "0;t=3"] {
            let reply = verify(&caller, "1.1").await;
            assert_eq!(reply.signaalcode(), "0", "{}", reply.text);
            let said = format!("\"verzoeken\";r={left}, \"gelijktijdig\";r=999");
            assert_eq!(reply.header("ratelimit"), said);
            assert!(
                reply
                    .header("ratelimit-policy")
                    .starts_with("\"verzoeken\";q=3;w=3, ")
            );
        }
        let reply = verify(&caller, "1.1").await;
        assert_over(way, &reply, "TE_VEEL_VERZOEKEN", "1");
        assert!(
            reply
                .header("ratelimit")
                .starts_with("\"verzoeken\";r=0;t=3")
        );
        if way == Way::Soap {
            assert_eq!(reply.body["isAntwoordOp"], true, "{}", reply.text);
        }
        // Another afnemer has its own, and this one has another request when it was told to.
        let other = Caller {
            afnemer: AFNEMER_OF_TWO,
            ..caller.clone()
        };
        assert_eq!(verify(&other, "1.1").await.signaalcode(), "0");
        clock.pass(1);
        assert_eq!(verify(&caller, "1.1").await.signaalcode(), "0");
        assert_over(way, &verify(&caller, "1.1").await, "TE_VEEL_VERZOEKEN", "1");
    }
}

#[actix_web::test]
async fn sp0001_requests_at_once() {
    for way in WAYS {
        let (world, _) = World::with_quota(Quota {
            gelijktijdig: number(1),
            ..wide()
        })
        .await;
        let caller = Caller::new(&world, way);
        // A version that does not come.
        let first = Box::pin(verify(&caller, "1.99"));
        let second = pin!(verify(&caller, "1.1"));
        let Either::Right((reply, first)) = select(first, second).await else {
            panic!("it waits for a version");
        };
        assert_over(way, &reply, "TE_VEEL_GELIJKTIJDIG", "1");
        // A place is free again when a caller goes, and when it has its answer.
        drop(first);
        for _ in 0..2 {
            assert_eq!(verify(&caller, "1.1").await.signaalcode(), "0");
        }
    }
}

#[actix_web::test]
async fn sp0001_lines_of_bulk_a_minute() {
    for way in WAYS {
        let (world, clock) = World::with_quota(Quota {
            bulkregels_per_minuut: number(6),
            ..wide()
        })
        .await;
        let caller = Caller::new(&world, way);
        let reply = bulk(&caller, 5).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert!(
            reply
                .header("ratelimit")
                .ends_with("\"bulkregels\";r=1;t=50")
        );
        // None of it is answered, and until it would be, no other is read either.
        assert_over(way, &bulk(&caller, 3).await, "TE_VEEL_BULKREGELS", "20");
        clock.pass(5);
        let reply = bulk(&caller, 1).await;
        assert_over(way, &reply, "TE_VEEL_BULKREGELS", "15");
        assert!(
            reply
                .header("ratelimit")
                .ends_with("\"bulkregels\";r=0;t=60")
        );
        // Single questions go on.
        assert_eq!(verify(&caller, "1.1").await.signaalcode(), "0");
        clock.pass(15);
        assert_eq!(bulk(&caller, 3).await.status, 200);
    }
}

#[actix_web::test]
async fn the_quota_comes_after_who_asks_and_before_everything_else() {
    for way in WAYS {
        let (world, _) = World::with_quota(Quota {
            burst: number(1),
            ..wide()
        })
        .await;
        let caller = Caller::new(&world, way);
        // Not the mandate, nor the form of the question.
        let mut wrong = caller.clone();
        wrong.school = OTHER_SCHOOL;
        let refused = verify(&wrong, "1.1").await;
        assert!(["GEEN_MANDAAT", "DK0002"].contains(&refused.code.as_str()));
        assert!(refused.header("ratelimit").starts_with("\"verzoeken\";r=0"));
        assert_over(way, &verify(&wrong, "1.1").await, "TE_VEEL_VERZOEKEN", "1");
        let reply = match way {
            Way::Rest => caller.get("/v1/leerbedrijven/x/erkenningen/y").await,
            Way::Soap => {
                let message = "<geen envelope".to_owned();
                caller.soap_message("natrekkenErkenning", message).await
            }
        };
        assert_over(way, &reply, "TE_VEEL_VERZOEKEN", "1");
        // Who is no afnemer is told so, but not what a quota is; they have one together.
        let unknown = Caller {
            afnemer: "00000099000000000009",
            ..caller.clone()
        };
        let refused = verify(&unknown, "1.1").await;
        assert!(["ONBEKENDE_AFNEMER", "DK0002"].contains(&refused.code.as_str()));
        let again = Caller {
            afnemer: "00000099000000000008",
            ..caller.clone()
        };
        let refused = verify(&again, "1.1").await;
        assert_over(way, &refused, "TE_VEEL_VERZOEKEN", "1");
        assert_eq!(refused.header("ratelimit"), "");
    }
}

#[actix_web::test]
async fn who_waits_for_mutaties_has_no_place_among_those_at_once() {
    for way in WAYS {
        let (world, _) = World::with_quota(Quota {
            gelijktijdig: number(1),
            ..wide()
        })
        .await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        let wait = [("na", "0"), ("wachtSeconden", "30")];
        let waiting = Box::pin(caller.mutaties(&id, &wait));
        let beside = pin!(async {
            while world.gateway.push.wachtkamer().wachtenden() == 0 {
                tokio::task::yield_now().await;
            }
            verify(&caller, "1.1").await
        });
        let Either::Right((reply, waiting)) = select(waiting, beside).await else {
            panic!("there is nothing to tell");
        };
        assert_eq!(reply.signaalcode(), "0", "{}", reply.text);
        drop(waiting);
        // Its own limit is another one.
        assert_eq!(
            world.gateway.limits.wachtenden,
            Wachtgrens {
                in_all: 10,
                per_afnemer: 10
            }
        );
    }
}

#[actix_web::test]
async fn toegang_gives_one_afnemer_another_quota_at_once() {
    for way in WAYS {
        let (world, _) = World::with_quota(Quota {
            burst: number(1),
            ..wide()
        })
        .await;
        let caller = Caller::new(&world, way);
        verify(&caller, "1.1").await;
        assert_over(way, &verify(&caller, "1.1").await, "TE_VEEL_VERZOEKEN", "1");
        let mut toegang = Toegang::clone(&world.gateway.access.current());
        let afnemer = toegang.afnemers.get_mut(&oin(AFNEMER)).unwrap();
        *afnemer = Arc::new(Afnemer {
            quota: EigenQuota {
                burst: Some(number(7)),
                ..EigenQuota::default()
            },
            ..Afnemer::clone(afnemer)
        });
        world.gateway.access.replace(toegang);
        let reply = verify(&caller, "1.1").await;
        assert!(
            reply
                .header("ratelimit")
                .starts_with("\"verzoeken\";r=6;t=1")
        );
    }
}

#[actix_web::test]
async fn account_is_kept_of_the_leerbedrijven_that_a_school_hears_of() {
    for way in WAYS {
        let (world, _) = World::with_quota(wide()).await;
        let caller = Caller::new(&world, way);
        let told = || {
            let raadplegingen = world.gateway.access.raadplegingen().unwrap();
            [SCHOOL, OTHER_SCHOOL].map(|school| raadplegingen.today(oin(AFNEMER), oin(school)))
        };
        // Of a code without a leerbedrijf nothing is told.
        bulk(&caller, 3).await;
        assert_eq!(told(), [0, 0]);
        verify(&caller, "1.1").await;
        verify(&caller, "1.1").await;
        assert_eq!(told(), [1, 0]);
    }
}
