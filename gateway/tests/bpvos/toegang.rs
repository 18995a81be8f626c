//! Whose list it is: only the school's own, only with its mandate, and never in a log line.

use serde_json::{Value, json};

use crate::{
    node::{AFNEMER_OF_TWO, OTHER_SCHOOL, READER, SCHOOL, World},
    wire::{Caller, WAYS, Way, own, telling},
};

#[actix_web::test]
async fn another_school_s_bpvo_is_not_there() {
    for way in WAYS {
        let world = World::new().await;
        let ours = Caller::new(&world.node, way);
        let theirs = Caller {
            afnemer: AFNEMER_OF_TWO,
            school: OTHER_SCHOOL,
            ..ours.clone()
        };
        ours.kept(json!({ "bpvos": [own("a"), own("b")] })).await;
        assert_eq!(theirs.list().await, Vec::<Value>::new());
        let rest = Caller {
            way: Way::Rest,
            ..theirs.clone()
        };
        assert_eq!(rest.get("/v1/bpvos/a").await.code, "130");
        assert_eq!(rest.delete("/v1/bpvos/a").await.code, "130");
        // The same kenmerk is another bpvo there, and replacing their list leaves ours.
        let answer = theirs
            .kept(json!({ "vervangAlles": true, "bpvos": [own("a")] }))
            .await;
        assert_eq!(telling(&answer), [1, 0, 0, 0]);
        theirs.kept(json!({ "vervangAlles": true })).await;
        assert_eq!(ours.herkomsten().await, ["a SCHOOL", "b SCHOOL"]);
    }
}

#[actix_web::test]
async fn each_operation_needs_its_mandate() {
    let world = World::new().await;
    for (way, status, code) in [(Way::Rest, 403, "GEEN_MANDAAT"), (Way::Soap, 500, "DK0002")] {
        let ours = Caller::new(&world.node, way);
        ours.kept(json!({ "bpvos": [own("a")] })).await;
        let reader = Caller {
            afnemer: READER,
            ..ours.clone()
        };
        assert_eq!(reader.list().await.len(), 1);
        let reply = reader.put(json!({ "bpvos": [own("b")] })).await;
        assert_eq!((reply.status, reply.code.as_str()), (status, code));
        let strangers = Caller {
            school: OTHER_SCHOOL,
            ..ours.clone()
        };
        for reply in [
            strangers.put(json!({ "bpvos": [own("b")] })).await,
            strangers.page(None).await,
        ] {
            assert_eq!((reply.status, reply.code.as_str()), (status, code));
        }
        assert_eq!(ours.list().await.len(), 1);
    }
    let rest = Caller {
        afnemer: READER,
        ..Caller::new(&world.node, Way::Rest)
    };
    assert_eq!(rest.delete("/v1/bpvos/a").await.code, "GEEN_MANDAAT");
}

#[actix_web::test]
async fn a_school_in_the_body_is_the_same_one() {
    let world = World::new().await;
    for (way, status, code) in [(Way::Rest, 403, "GEEN_MANDAAT"), (Way::Soap, 500, "DK0002")] {
        // With a mandate of both: it is still not clear which is meant.
        let caller = Caller {
            afnemer: AFNEMER_OF_TWO,
            ..Caller::new(&world.node, way)
        };
        for school in ["", SCHOOL] {
            let body = json!({ "schoolOin": school, "proef": true, "bpvos": [own("a")] });
            caller.kept(body).await;
        }
        for school in [OTHER_SCHOOL, "123"] {
            let reply = caller
                .put(json!({ "schoolOin": school, "bpvos": [own("a")] }))
                .await;
            assert_eq!(
                (reply.status, reply.code.as_str()),
                (status, code),
                "{school}"
            );
        }
        assert_eq!(caller.list().await.len(), 0);
    }
    let rest = Caller::new(&world.node, Way::Rest);
    let reply = rest
        .get(&format!("/v1/bpvos?schoolOin={OTHER_SCHOOL}"))
        .await;
    assert_eq!((reply.status, reply.code.as_str()), (403, "GEEN_MANDAAT"));
}
