//! Waiting for what is not there yet.

use std::future::Future;

use serde_json::json;
use stagepoort::push::Wachtgrens;

use crate::{
    register::AFNEMER_OF_TWO,
    wire::{Caller, Reply, WAYS, Way},
    world::World,
};

const WAIT: [(&str, &str); 2] = [("na", "0"), ("wachtSeconden", "30")];

/// Lets the call run until somebody waits, then does this beside it.
async fn beside(
    world: &World,
    call: impl Future<Output = Reply>,
    act: impl Future<Output = ()>,
) -> Reply {
    let waits = async {
        while world.gateway.push.wachtkamer().wachtenden() == 0 {
            tokio::task::yield_now().await;
        }
        act.await;
    };
    tokio::join!(call, waits).0
}

#[actix_web::test]
async fn who_waits_hears_at_once_of_what_comes() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        let call = caller.mutaties(&id, &WAIT);
        let reply = beside(&world, call, world.number_many(&id, 1)).await;
        assert_eq!(reply.list("mutaties").len(), 1, "{}", reply.text);
        assert_eq!(world.gateway.push.wachtkamer().wachtenden(), 0);
    }
}

#[actix_web::test]
async fn what_comes_for_another_is_waited_through_and_the_end_is_an_empty_answer() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let (id, other) = (caller.polls().await, caller.polls().await);
        let call = caller.mutaties(&id, &[("na", "0"), ("wachtSeconden", "1")]);
        let reply = beside(&world, call, world.number_many(&other, 1)).await;
        assert!(reply.list("mutaties").is_empty());
        assert_eq!(
            (reply.signaalcode(), reply.field("meer")),
            ("0".into(), "false".into())
        );
    }
}

#[actix_web::test]
async fn a_node_that_stops_answers_who_waits() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        let stop = async { world.gateway.push.wachtkamer().close() };
        let reply = beside(&world, caller.mutaties(&id, &WAIT), stop).await;
        assert_eq!(reply.signaalcode(), "0", "{}", reply.text);
        // Nobody begins to wait any more.
        let after = caller.mutaties(&id, &WAIT).await;
        assert!(after.list("mutaties").is_empty());
    }
}

#[actix_web::test]
async fn a_queue_that_goes_away_is_told_to_who_waits() {
    for (way, code) in [
        (Way::Rest, "ABONNEMENTEN_NIET_BESCHIKBAAR"),
        (Way::Soap, "DK0051"),
    ] {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        let away = async {
            world.gateway.push.detach();
            world.gateway.push.ring();
        };
        let reply = beside(&world, caller.mutaties(&id, &WAIT), away).await;
        assert_eq!(reply.code, code, "{}", reply.text);
    }
}

#[actix_web::test]
async fn too_many_that_wait_are_told_when_to_come_back() {
    for (way, status, code) in [
        (Way::Rest, 429, "TE_VEEL_VERZOEKEN"),
        (Way::Soap, 500, "SP0001"),
    ] {
        let world = World::with_waiting(Wachtgrens {
            in_all: 2,
            per_afnemer: 1,
        })
        .await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        let others = Caller {
            afnemer: AFNEMER_OF_TWO,
            ..caller.clone()
        };
        let theirs = others.aanmelden(json!({ "kanaal": "POLL" })).await;
        let theirs = theirs.field("abonnementId");
        let second = async {
            let reply = caller.mutaties(&id, &WAIT).await;
            assert_eq!(
                (reply.status, reply.code.as_str()),
                (status, code),
                "{}",
                reply.text
            );
            // Without waiting it is answered, and another afnemer still finds a place.
            let now = caller.mutaties(&id, &[("na", "0")]).await;
            assert_eq!(now.signaalcode(), "0");
            let other = others
                .mutaties(&theirs, &[("na", "0"), ("wachtSeconden", "1")])
                .await;
            assert_eq!(other.signaalcode(), "0", "{}", other.text);
            world.number_many(&id, 1).await;
        };
        let first = beside(&world, caller.mutaties(&id, &WAIT), second).await;
        assert_eq!(first.list("mutaties").len(), 1);
    }
}
