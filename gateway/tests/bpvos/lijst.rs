//! The school's list: added to, changed, replaced, and beside what the register says.

use serde_json::{Value, json};

use crate::{
    node::{World, register_zegt},
    wire::{Caller, WAYS, Way, bpvo, own, signaalcode, telling},
};

#[actix_web::test]
async fn the_same_call_twice_changes_nothing() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world.node, way);
        let body = json!({ "bpvos": [own("a"), own("b")] });
        let answer = caller.kept(body.clone()).await;
        assert_eq!((signaalcode(&answer), telling(&answer)), (0, [2, 0, 0, 0]));
        let head = world.node.head().await;
        let answer = caller.kept(body).await;
        assert_eq!(telling(&answer), [0, 0, 0, 2]);
        assert_eq!(world.node.head().await, head, "nothing was written");
        let mut changed = own("b");
        changed["einddatumWerkelijk"] = json!("2026-12-01");
        let answer = caller
            .kept(json!({ "bpvos": [own("a"), changed, own("c")] }))
            .await;
        assert_eq!(telling(&answer), [1, 1, 0, 1]);
        assert_eq!(world.node.head().await, head + 1, "one commit for all");
        let list = caller.list().await;
        assert_eq!(list.len(), 3);
        assert_eq!(list[1]["einddatumWerkelijk"], "2026-12-01");
        assert_eq!(world.node.store.verify().await.unwrap().nummer, head + 1);
    }
}

#[actix_web::test]
async fn a_caller_reads_its_own_write_at_once() {
    let world = World::new().await;
    for way in WAYS {
        let caller = Caller::new(&world.node, way);
        for n in 0..20 {
            let kenmerk = format!("{way:?}-{n}");
            let answer = caller.kept(json!({ "bpvos": [own(&kenmerk)] })).await;
            let read = caller.get(&format!("/v1/bpvos/{kenmerk}")).await;
            assert_eq!(read.status, 200);
            assert_eq!(read.body["registerVersie"], answer["registerVersie"]);
            assert_eq!(
                answer["registerVersie"],
                format!("1.{}", world.node.head().await)
            );
        }
    }
}

#[actix_web::test]
async fn replacing_all_shows_the_difference_first_when_asked() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world.node, way);
        caller
            .kept(json!({ "bpvos": [own("a"), own("b"), own("c")] }))
            .await;
        let mut changed = own("b");
        changed["leerbedrijfId"] = json!("100000002");
        let wish = |proef: bool| json!({ "vervangAlles": true, "proef": proef, "bpvos": [own("a"), changed, own("d")] });
        let head = world.node.head().await;
        let shown = caller.kept(wish(true)).await;
        assert_eq!(telling(&shown), [1, 1, 1, 1]);
        assert_eq!(world.node.head().await, head, "a dry run writes nothing");
        assert_eq!(caller.list().await.len(), 3);
        let done = caller.kept(wish(false)).await;
        assert_eq!(telling(&done), telling(&shown));
        assert_eq!(done["resultaten"], shown["resultaten"]);
        assert_eq!(
            caller.herkomsten().await,
            ["a SCHOOL", "b SCHOOL", "d SCHOOL"]
        );
        assert_eq!(telling(&caller.kept(wish(false)).await), [0, 0, 0, 3]);
        let answer = caller.kept(json!({ "vervangAlles": true })).await;
        assert_eq!(telling(&answer), [0, 0, 3, 0]);
        assert_eq!(caller.list().await.len(), 0);
    }
}

#[actix_web::test]
async fn school_and_register_each_say_their_own() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world.node, way);
        world
            .levering("both", Some(register_zegt("2027-06-30")))
            .await;
        world
            .levering("theirs", Some(register_zegt("2027-01-31")))
            .await;
        // The register's are not in the school's list, so they come in addition to it.
        let answer = caller
            .kept(json!({ "bpvos": [own("both"), own("own")] }))
            .await;
        assert_eq!(telling(&answer), [2, 0, 0, 0]);
        assert_eq!(
            caller.herkomsten().await,
            ["both BEIDE", "own SCHOOL", "theirs REGISTER"]
        );
        let both = caller.get("/v1/bpvos/both").await.body["bpvo"].clone();
        assert_eq!(both["einddatumGepland"], "2027-01-31", "as the school says");
        assert_eq!(
            both["verschil"],
            "volgens het register: einddatumGepland 2027-06-30"
        );
        // A levering takes back what the register said, and nothing of the school's.
        world
            .levering("own", Some(register_zegt("2027-01-31")))
            .await;
        world.levering("both", None).await;
        world.levering("theirs", None).await;
        assert_eq!(caller.herkomsten().await, ["both SCHOOL", "own BEIDE"]);
        assert!(
            caller
                .list()
                .await
                .iter()
                .all(|bpvo| bpvo.get("verschil").is_none())
        );
        // And the school takes back what it said, and nothing of the register's.
        world
            .levering("own", Some(register_zegt("2027-06-30")))
            .await;
        let answer = caller
            .kept(json!({ "vervangAlles": true, "bpvos": [own("new")] }))
            .await;
        assert_eq!(telling(&answer), [1, 0, 2, 0]);
        assert_eq!(caller.herkomsten().await, ["new SCHOOL", "own REGISTER"]);
        let left = caller.get("/v1/bpvos/own").await.body["bpvo"].clone();
        assert_eq!(
            left["einddatumGepland"], "2027-06-30",
            "as the register says"
        );
    }
}

#[actix_web::test]
async fn what_is_over_for_too_long_is_not_taken_up_and_spoils_nothing() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world.node, way);
        world
            .levering("of both", Some(register_zegt("2027-06-30")))
            .await;
        caller.kept(json!({ "bpvos": [own("corrected")] })).await;
        let ended = |kenmerk: &str, eind: &str| {
            let mut ended = bpvo(kenmerk, 1, "2025-02-01", "2027-01-31");
            ended["einddatumWerkelijk"] = json!(eind);
            ended
        };
        // It is 2026-11-22: 400 days after 2025-10-18.
        let lines = json!([
            bpvo("over", 1, "2025-02-01", "2025-10-17"),
            bpvo("on the term", 1, "2025-02-01", "2025-10-18"),
            ended("corrected", "2025-06-30"),
            ended("of both", "2025-06-30"),
        ]);
        let body = json!({ "vervangAlles": true, "bpvos": lines });
        let mut dry = body.clone();
        dry["proef"] = json!(true);
        assert_eq!(telling(&caller.kept(dry).await), [2, 1, 0, 1]);
        let answer = caller.kept(body.clone()).await;
        assert_eq!(
            (signaalcode(&answer), telling(&answer)),
            (0, [2, 1, 0, 1]),
            "an end that is told late counts where the bpvo stands"
        );
        let resultaten = answer["resultaten"].as_array().unwrap();
        let codes: Vec<i64> = resultaten.iter().map(signaalcode).collect();
        assert_eq!(codes, [121, 0, 121, 121]);
        let told = resultaten[0]["signaaltekst"].as_str().unwrap();
        assert!(
            told.starts_with("datum buiten bereik: de laatste dag ligt meer dan 400 dagen terug"),
            "{told}"
        );
        assert!(resultaten[0].get("erkenningStatus").is_none());
        assert_eq!(resultaten[1]["erkenningStatus"], "ERKEND");
        assert_eq!(
            caller.herkomsten().await,
            ["corrected SCHOOL", "of both BEIDE", "on the term SCHOOL"]
        );
        // A list that goes on naming it writes nothing.
        let head = world.node.head().await;
        let answer = caller.kept(body).await;
        assert_eq!(telling(&answer), [0, 0, 0, 4]);
        assert_eq!(world.node.head().await, head);
    }
}

#[actix_web::test]
async fn a_bpvo_is_taken_out_once() {
    let world = World::new().await;
    let caller = Caller::new(&world.node, Way::Rest);
    world
        .levering("theirs", Some(register_zegt("2027-01-31")))
        .await;
    let kenmerken = ["a", "both", "met / teken & spatie"];
    caller.kept(json!({ "bpvos": kenmerken.map(own) })).await;
    world
        .levering("both", Some(register_zegt("2027-06-30")))
        .await;
    for (path, status, expect) in [
        ("/v1/bpvos/a", 200, [0, 0, 1, 0]),
        ("/v1/bpvos/both", 200, [0, 0, 1, 0]),
        (
            "/v1/bpvos/met%20%2F%20teken%20%26%20spatie",
            200,
            [0, 0, 1, 0],
        ),
        // What the register says is the register's.
        ("/v1/bpvos/theirs", 200, [0, 0, 0, 1]),
        ("/v1/bpvos/both", 200, [0, 0, 0, 1]),
        ("/v1/bpvos/a", 404, [0; 4]),
        ("/v1/bpvos/123456782", 404, [0; 4]),
    ] {
        let reply = caller.delete(path).await;
        assert_eq!(reply.status, status, "{path} {}", reply.text);
        if status == 200 {
            assert_eq!(telling(&reply.body), expect, "{path}");
        } else {
            assert_eq!(
                (reply.code.as_str(), reply.body["signaalcode"].as_i64()),
                ("130", Some(130))
            );
        }
    }
    assert_eq!(
        caller.herkomsten().await,
        ["both REGISTER", "theirs REGISTER"]
    );
}

#[actix_web::test]
async fn ten_thousand_are_kept_by_one_commit() {
    let world = World::new().await;
    let head = world.node.head().await;
    let lines: Vec<Value> = (0..10_000)
        .map(|n| {
            bpvo(
                &format!("BPV-2026-{n:06}"),
                1 + n % 9,
                "2026-09-01",
                "2027-01-31",
            )
        })
        .collect();
    let caller = Caller::new(&world.node, Way::Soap);
    let answer = caller.kept(json!({ "bpvos": lines })).await;
    assert_eq!(telling(&answer), [10_000, 0, 0, 0]);
    assert_eq!(world.node.head().await, head + 1);
    let rest = Caller::new(&world.node, Way::Rest);
    let answer = rest
        .kept(json!({ "vervangAlles": true, "bpvos": lines[..9_000] }))
        .await;
    assert_eq!(telling(&answer), [0, 0, 1_000, 9_000]);
    assert_eq!(world.node.head().await, head + 2);
    assert_eq!(answer["resultaten"].as_array().unwrap().len(), 9_000);
    world.node.store.verify().await.unwrap();
}
