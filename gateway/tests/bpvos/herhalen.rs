//! Repeats, several writers, and a log that is away.

use std::time::Duration;

use actix_web::test::TestRequest;
use futures_util::future::{join, join_all};
use serde_json::json;

use crate::{
    node::World,
    wire::{Caller, WAYS, Way, own, telling},
};

const KEY: &str = "6b1a7c52-3d0e-4f7b-8a64-2c9d51e0f3a1";

#[actix_web::test]
async fn a_repeat_gets_the_first_answer_and_another_wish_is_refused() {
    for (way, status, code) in [
        (Way::Rest, 400, "ONGELDIGE_INVOER"),
        (Way::Soap, 500, "DK0011"),
    ] {
        let world = World::new().await;
        let caller = Caller::new(&world.node, way);
        let body = json!({ "bpvos": [own("a"), own("b")] });
        let first = caller.put_as(body.clone(), KEY).await;
        assert_eq!(telling(&first.body), [2, 0, 0, 0]);
        // Also after others changed what it wrote, and at another node: it is done once.
        caller
            .kept(json!({ "vervangAlles": true, "bpvos": [own("a")] }))
            .await;
        let head = world.node.head().await;
        let second = world.second().await;
        for node in [&world.node, &second] {
            let again = Caller::new(node, way).put_as(body.clone(), KEY).await;
            assert_eq!(telling(&again.body), [2, 0, 0, 0], "{}", again.text);
            assert_eq!(again.body["resultaten"], first.body["resultaten"]);
        }
        assert_eq!(world.node.head().await, head);
        assert_eq!(caller.herkomsten().await, ["a SCHOOL"]);
        // A dry run of the same is no repeat of it; another wish is a mistake.
        let proef = json!({ "proef": true, "bpvos": [own("a"), own("b")] });
        assert_eq!(telling(&caller.put_as(proef, KEY).await.body), [1, 0, 0, 1]);
        let other = caller.put_as(json!({ "bpvos": [own("c")] }), KEY).await;
        assert_eq!(
            (other.status, other.code.as_str()),
            (status, code),
            "{}",
            other.text
        );
        assert!(other.text.contains("al gebruikt"), "{}", other.text);
    }
}

#[actix_web::test]
async fn a_key_is_the_callers_and_a_delete_has_one_too() {
    let world = World::new().await;
    let caller = Caller::new(&world.node, Way::Rest);
    let of_other = Caller {
        afnemer: crate::node::AFNEMER_OF_TWO,
        ..caller.clone()
    };
    caller.put_as(json!({ "bpvos": [own("a")] }), KEY).await;
    let reply = of_other.put_as(json!({ "bpvos": [own("b")] }), KEY).await;
    assert_eq!(
        telling(&reply.body),
        [1, 0, 0, 0],
        "another afnemer's key is another"
    );
    let key = "\"weg-1\"";
    let delete = || {
        TestRequest::delete()
            .uri("/v1/bpvos/a")
            .insert_header(("idempotency-key", key))
    };
    for _ in 0..2 {
        let reply = caller.send(delete()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(telling(&reply.body), [0, 0, 1, 0]);
    }
    for bad in ["", "twee woorden", &"x".repeat(201)] {
        let reply = caller.put_as(json!({}), bad).await;
        assert_eq!(reply.status, 400, "{bad}");
        assert_eq!(reply.body["overtredingen"][0]["veld"], "Idempotency-Key");
    }
}

#[actix_web::test]
async fn writers_at_two_nodes_lose_nothing() {
    let world = World::new().await;
    let second = world.second().await;
    let writers = (0..24).map(|n| {
        let node = if n % 2 == 0 { &world.node } else { &second };
        let caller = Caller::new(node, WAYS[n / 2 % 2]);
        async move {
            caller
                .kept(json!({ "bpvos": [own(&format!("k{n:02}"))] }))
                .await
        }
    });
    for answer in join_all(writers).await {
        assert_eq!(telling(&answer), [1, 0, 0, 0]);
    }
    let caller = Caller::new(&world.node, Way::Rest);
    world.node.reach(world.node.head().await).await;
    assert_eq!(caller.list().await.len(), 24);
}

#[actix_web::test]
async fn whole_lists_from_two_nodes_leave_one_of_them() {
    for length in [2, LONG] {
        let world = World::new().await;
        let second = world.second().await;
        for round in 0..6 {
            let one = |node, side| {
                let caller = Caller::new(node, Way::Rest);
                let lines = names(format!("{side}{round}"), length).map(|k| own(&k));
                let body = json!({ "vervangAlles": true, "bpvos": Vec::from_iter(lines) });
                async move { caller.kept(body).await }
            };
            join(one(&world.node, 'a'), one(&second, 'c')).await;
            world.node.reach(world.node.head().await).await;
            let left = Caller::new(&world.node, Way::Rest).herkomsten().await;
            let whole = ['a', 'c'].map(|side| {
                let names = names(format!("{side}{round}"), length);
                Vec::from_iter(names.map(|k| format!("{k} SCHOOL")))
            });
            assert!(whole.contains(&left), "{left:?}");
        }
    }
}

/// A list that is looked at before its turn.
const LONG: usize = 150;

fn names(prefix: String, length: usize) -> impl Iterator<Item = String> {
    (0..length).map(move |n| format!("{prefix}-{n:03}"))
}

fn long_list() -> Vec<serde_json::Value> {
    names("lang".to_owned(), LONG).map(|k| own(&k)).collect()
}

#[actix_web::test]
async fn a_long_list_waits_for_its_turn_only_to_be_written() {
    let world = World::new().await;
    let caller = Caller::new(&world.node, Way::Rest);
    let log = world.node.gateway.log.open().unwrap();
    let turn = log.turn(Duration::ZERO).await.unwrap();
    let trial = json!({ "proef": true, "bpvos": long_list() });
    let answer = caller.kept(trial.clone()).await;
    assert_eq!(telling(&answer), [150, 0, 0, 0]);
    drop(turn);
    let answer = caller.kept(json!({ "bpvos": long_list() })).await;
    assert_eq!(telling(&answer), [150, 0, 0, 0]);
    let turn = log.turn(Duration::ZERO).await.unwrap();
    let answer = caller.kept(trial).await;
    assert_eq!(telling(&answer), [0, 0, 0, 150]);
    drop(turn);
}

#[actix_web::test]
async fn a_repeat_of_a_long_list_gets_the_first_answer() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world.node, way);
        for _ in 0..2 {
            let reply = caller.put_as(json!({ "bpvos": long_list() }), KEY).await;
            assert_eq!(telling(&reply.body), [150, 0, 0, 0]);
        }
        let reply = caller
            .put_as(json!({ "bpvos": long_list()[..LONG - 1] }), KEY)
            .await;
        assert_ne!(reply.status, 200, "{}", reply.text);
    }
}

#[actix_web::test]
async fn without_the_log_writes_are_refused_and_reads_go_on() {
    let world = World::new().await;
    for way in WAYS {
        Caller::new(&world.node, way)
            .kept(json!({ "bpvos": [own("a")] }))
            .await;
    }
    world.node.gateway.log.detach();
    for (way, status, code) in [
        (Way::Rest, 503, "SCHRIJVEN_NIET_MOGELIJK"),
        (Way::Soap, 500, "DK0051"),
    ] {
        let caller = Caller::new(&world.node, way);
        let reply = caller.put(json!({ "bpvos": [own("b")] })).await;
        assert_eq!(
            (reply.status, reply.code.as_str()),
            (status, code),
            "{}",
            reply.text
        );
        assert!(
            reply.text.contains("dezelfde vraag mag opnieuw"),
            "{}",
            reply.text
        );
        assert_eq!(caller.herkomsten().await, ["a SCHOOL"]);
    }
    let reply = Caller::new(&world.node, Way::Rest)
        .delete("/v1/bpvos/a")
        .await;
    assert_eq!(
        (reply.status, reply.code.as_str()),
        (503, "SCHRIJVEN_NIET_MOGELIJK")
    );
}

#[actix_web::test]
async fn a_node_that_lags_keeps_what_it_can_and_says_where_it_stands() {
    let world = World::patient(Duration::from_millis(50)).await;
    let caller = Caller::new(&world.node, Way::Rest);
    caller.kept(json!({ "bpvos": [own("a")] })).await;
    world.node.stop_following();
    let answer = caller.kept(json!({ "bpvos": [own("b")] })).await;
    assert_eq!(telling(&answer), [1, 0, 0, 0]);
    assert_eq!(
        answer["registerVersie"],
        format!("1.{}", world.node.head().await)
    );
    let answer = caller.kept(json!({ "bpvos": long_list() })).await;
    assert_eq!(telling(&answer), [150, 0, 0, 0]);
    // What is the whole list is not known here.
    let reply = caller
        .put(json!({ "vervangAlles": true, "bpvos": [own("c")] }))
        .await;
    assert_eq!(
        (reply.status, reply.code.as_str()),
        (503, "SCHRIJVEN_NIET_MOGELIJK")
    );
}
