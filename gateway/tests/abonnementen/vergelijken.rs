//! The receiver proves that it has everything.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::json;

use crate::{
    wire::{Caller, Reply, WAYS, Way, said},
    world::{World, mutatie_id},
};

/// Of what a receiver has, as the documentation says it.
fn sha256(numbers: impl IntoIterator<Item = u64>) -> String {
    let lines: String = numbers
        .into_iter()
        .map(|n| format!("{n}:{}\n", mutatie_id(n)))
        .collect();
    hex::encode(digest(&SHA256, lines.as_bytes()))
}

fn ontbrekend(reply: &Reply) -> Vec<(String, String)> {
    let list = reply.list("ontbrekend");
    let one = |interval: &serde_json::Value| (said(&interval["vanaf"]), said(&interval["tot"]));
    list.iter().map(one).collect()
}

#[actix_web::test]
async fn equal_is_proven_and_what_lacks_is_found_in_parts() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        world.number_many(&id, 20).await;
        // Numbers and ids stay when the contents have gone.
        world.forget_before(10).await;
        let all = json!({ "abonnementId": id, "totEnMet": "20", "digest": sha256(1..=20) });
        let reply = caller.vergelijken(all).await;
        assert_eq!(reply.field("gelijk"), "true", "{}", reply.text);
        assert!(ontbrekend(&reply).is_empty());
        assert_eq!(
            (
                reply.field("laatsteVolgnummer"),
                reply.field("oudsteVolgnummer")
            ),
            ("20".into(), "10".into())
        );
        // Up to a number of before, and nothing at all.
        let some = json!({ "abonnementId": id, "totEnMet": "7", "digest": sha256(1..=7) });
        assert_eq!(caller.vergelijken(some).await.field("gelijk"), "true");
        let none = json!({ "abonnementId": id, "totEnMet": "0", "digest": sha256([]) });
        assert_eq!(caller.vergelijken(none).await.field("gelijk"), "true");
        // A receiver without 13.
        let have = |n: &u64| *n != 13;
        let whole = sha256((1..=20).filter(have));
        let lacks = json!({ "abonnementId": id, "totEnMet": "20", "digest": whole });
        let reply = caller.vergelijken(lacks.clone()).await;
        assert_eq!(reply.field("gelijk"), "false");
        assert_eq!(ontbrekend(&reply), [("1".into(), "20".into())]);
        let mut parts = lacks;
        parts["stukken"] = (0..4)
            .map(|part| {
                let (vanaf, tot) = (part * 5 + 1, part * 5 + 5);
                let digest = sha256((vanaf..=tot).filter(have));
                json!({ "vanaf": vanaf.to_string(), "tot": tot.to_string(), "digest": digest })
            })
            .collect();
        let reply = caller.vergelijken(parts).await;
        assert_eq!(ontbrekend(&reply), [("11".into(), "15".into())]);
    }
}

#[actix_web::test]
async fn what_cannot_be_compared_is_told() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        world.number_many(&id, 2).await;
        let beyond = json!({ "abonnementId": id, "totEnMet": "3", "digest": sha256(1..=3) });
        let reply = caller.vergelijken(beyond).await;
        assert_eq!(reply.signaalcode(), "171", "{}", reply.text);
        assert_eq!(
            (reply.field("gelijk"), reply.field("laatsteVolgnummer")),
            ("".into(), "2".into())
        );
        let unknown = json!({ "abonnementId": "x", "totEnMet": "2", "digest": sha256(1..=2) });
        let reply = caller.vergelijken(unknown).await;
        assert_eq!(reply.signaalcode(), "170", "{}", reply.text);
        if way == Way::Rest {
            assert_eq!(reply.status, 404);
        }
        for (body, veld) in [
            (json!({ "totEnMet": "2", "digest": "12" }), "digest"),
            (json!({ "digest": sha256([]) }), "totEnMet"),
            (
                json!({ "totEnMet": "2", "digest": sha256([]), "stukken": [{ "vanaf": "2", "tot": "1" }] }),
                "stukken",
            ),
        ] {
            let reply = caller.vergelijken(body).await;
            assert_eq!(reply.signaalcode(), "172", "{}", reply.text);
            assert!(reply.text.contains(veld), "{}", reply.text);
        }
    }
}
