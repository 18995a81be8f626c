//! Bad input: which line, which field, what was wrong and what would be right; and nothing half.

use serde_json::{Value, json};

use crate::{
    node::World,
    wire::{Caller, WAYS, Way, own, signaalcode, telling},
};

#[actix_web::test]
async fn a_bad_line_spoils_only_itself() {
    let world = World::new().await;
    for way in WAYS {
        let caller = Caller::new(&world.node, way);
        let with = |field: &str, value: &str| {
            let mut line = own("bad");
            line[field] = json!(value);
            line
        };
        for (line, code, told) in [
            (
                with("bpvoKenmerk", ""),
                180,
                "bpvo afgekeurd: bpvoKenmerk: ontbreekt; geef",
            ),
            (
                with("bpvoKenmerk", "123456782"),
                180,
                "bpvo afgekeurd: bpvoKenmerk: negen cijfers is de vorm van een BSN",
            ),
            (
                with("bpvoKenmerk", &"k".repeat(42)),
                180,
                "bpvo afgekeurd: bpvoKenmerk: is te lang; geef hoogstens 41",
            ),
            (
                with("leerbedrijfId", "99ZZ9999JJ0001602"),
                101,
                "leerbedrijfId ongeldig: leerbedrijfId: geef negen",
            ),
            (
                with("code", "23180"),
                112,
                "code is geen kwalificatie of keuzedeel: code: 23xxx",
            ),
            (
                with("code", "kok"),
                111,
                "code ongeldig: code: geef een crebo",
            ),
            (
                with("begindatum", "1 september"),
                120,
                "datum ongeldig: begindatum: geef een bestaande dag",
            ),
            (
                with("einddatumGepland", "2026-08-31"),
                180,
                "bpvo afgekeurd: einddatumGepland: ligt voor begindatum",
            ),
            (
                with("einddatumGepland", "2300-01-01"),
                121,
                "datum buiten bereik: einddatumGepland: geef een dag",
            ),
        ] {
            let answer = caller
                .kept(json!({ "proef": true, "bpvos": [own("a"), line, own("b")] }))
                .await;
            assert_eq!(telling(&answer), [2, 0, 0, 0], "{way:?} {line}");
            assert_eq!(signaalcode(&answer), 180);
            assert_eq!(
                answer["signaaltekst"],
                "bpvo afgekeurd: 1 van de 3 regels, de eerste is regel 2; zie resultaten"
            );
            let resultaten = answer["resultaten"].as_array().unwrap();
            assert_eq!(resultaten.len(), 3);
            assert_eq!(signaalcode(&resultaten[1]), code, "{way:?} {line}");
            assert!(
                resultaten[1]["signaaltekst"]
                    .as_str()
                    .unwrap()
                    .starts_with(told),
                "{answer}"
            );
            assert!(resultaten[1].get("erkenningStatus").is_none());
            assert_eq!(signaalcode(&resultaten[2]), 0);
            assert_eq!(resultaten[2]["bpvoKenmerk"], "b");
        }
    }
}

#[actix_web::test]
async fn what_is_refused_is_not_kept_and_what_is_good_is() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world.node, way);
        let mut bad = own("bad");
        bad["code"] = json!("x");
        let answer = caller
            .kept(json!({ "bpvos": [own("twice"), own("a"), bad, own("twice")] }))
            .await;
        assert_eq!(telling(&answer), [1, 0, 0, 0]);
        let codes: Vec<i64> = answer["resultaten"]
            .as_array()
            .unwrap()
            .iter()
            .map(signaalcode)
            .collect();
        assert_eq!(codes, [180, 0, 111, 180]);
        assert_eq!(caller.herkomsten().await, ["a SCHOOL"]);
        // Nothing good, nothing written.
        let head = world.node.head().await;
        let answer = caller.kept(json!({ "bpvos": [own("b"), own("b")] })).await;
        assert_eq!(telling(&answer), [0; 4]);
        assert_eq!(world.node.head().await, head);
    }
}

#[actix_web::test]
async fn replacing_all_keeps_what_a_refused_line_names() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world.node, way);
        let all = [own("a"), own("b"), own("c")];
        caller.kept(json!({ "bpvos": all })).await;
        let mut bad = own("b");
        bad["code"] = json!("x");
        let answer = caller
            .kept(json!({ "vervangAlles": true, "bpvos": [own("a"), bad] }))
            .await;
        assert_eq!(telling(&answer), [0, 0, 1, 1]);
        assert_eq!(caller.herkomsten().await, ["a SCHOOL", "b SCHOOL"]);
        // A line that may be any of them.
        let mut unreadable = own("");
        unreadable["bpvoKenmerk"] = Value::Null;
        let answer = caller
            .kept(json!({ "vervangAlles": true, "bpvos": [own("d"), unreadable] }))
            .await;
        assert_eq!(telling(&answer), [1, 0, 0, 0]);
        let told = answer["signaaltekst"].as_str().unwrap();
        assert!(told.ends_with("daarom is er niets verwijderd"), "{told}");
        assert_eq!(caller.list().await.len(), 3);
    }
}

#[actix_web::test]
async fn more_than_ten_thousand_is_refused_whole() {
    let world = World::new().await;
    let lines: Vec<Value> = (0..10_001)
        .map(|n| json!({ "bpvoKenmerk": format!("k{n}") }))
        .collect();
    for (way, status, code) in [
        (Way::Rest, 400, "ONGELDIGE_INVOER"),
        (Way::Soap, 500, "DK0004"),
    ] {
        let caller = Caller::new(&world.node, way);
        let reply = caller.put(json!({ "bpvos": lines })).await;
        assert_eq!(
            (reply.status, reply.code.as_str()),
            (status, code),
            "{}",
            reply.text
        );
        assert!(reply.text.contains("10000"), "{}", reply.text);
        assert_eq!(caller.list().await.len(), 0);
    }
}

#[actix_web::test]
async fn a_message_of_the_wrong_form_is_refused_whole() {
    let world = World::new().await;
    for (way, status, code) in [
        (Way::Rest, 400, "ONGELDIGE_INVOER"),
        (Way::Soap, 500, "DK0004"),
    ] {
        let caller = Caller::new(&world.node, way);
        for body in [
            json!({ "vervangAlles": "misschien", "bpvos": [own("a")] }),
            json!({ "bpvos": [own("a")], "studentnummer": "1" }),
            json!({ "bpvos": [own("a"), { "naam": "x" }] }),
        ] {
            let reply = caller.put(body).await;
            assert_eq!(
                (reply.status, reply.code.as_str()),
                (status, code),
                "{}",
                reply.text
            );
        }
        assert_eq!(caller.list().await.len(), 0);
    }
}
