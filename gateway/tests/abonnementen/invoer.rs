//! What is wrong with a request, in words, over both.

use serde_json::{Value, json};

use crate::{
    wire::{Caller, WAYS, Way},
    world::World,
};

#[actix_web::test]
async fn each_wrong_field_is_named_with_what_would_be_right() {
    let webhook = |extra: Value| {
        let mut body = json!({ "kanaal": "WEBHOOK", "eindpunt": "https://sis.example/" });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let world = World::new().await;
    for (body, code, veld, words) in [
        (json!({}), "172", "kanaal", "SOAP, WEBHOOK of POLL"),
        (
            json!({ "kanaal": "EMAIL" }),
            "172",
            "kanaal",
            "SOAP, WEBHOOK of POLL",
        ),
        (
            json!({ "kanaal": "SOAP" }),
            "172",
            "eindpunt",
            "https-adres",
        ),
        (
            webhook(json!({ "kanaal": "POLL" })),
            "172",
            "eindpunt",
            "laat weg bij POLL",
        ),
        (
            webhook(json!({ "eindpunt": "http://sis.example/" })),
            "172",
            "eindpunt",
            "https://",
        ),
        (
            webhook(json!({ "eindpunt": "https://10.0.0.1/" })),
            "172",
            "eindpunt",
            "openbaar",
        ),
        (
            webhook(json!({ "geheim": "whsec_AAAA" })),
            "172",
            "geheim",
            "24 tot en met 64 bytes",
        ),
        (
            webhook(json!({ "perBericht": "0" })),
            "172",
            "perBericht",
            "1 tot en met 100",
        ),
        (
            webhook(json!({ "mutatieSoorten": ["X"] })),
            "172",
            "mutatieSoorten",
            "regel 1",
        ),
        (
            webhook(json!({ "codes": ["25180", "1"] })),
            "111",
            "codes",
            "regel 2",
        ),
        (
            webhook(json!({ "codes": ["79050"] })),
            "111",
            "codes",
            "domein",
        ),
    ] {
        for way in WAYS {
            let reply = Caller::new(&world, way).aanmelden(body.clone()).await;
            assert_eq!(reply.signaalcode(), code, "{body} {}", reply.text);
            assert!(
                reply.text.contains(veld) && reply.text.contains(words),
                "{}",
                reply.text
            );
            if way == Way::Rest {
                assert_eq!(reply.status, 400);
                let overtreding = &reply.body["overtredingen"][0];
                assert_eq!(overtreding["veld"], format!("/{veld}"));
            }
        }
    }
    assert!(Caller::new(&world, Way::Rest).lijst().await.is_empty());
}

#[actix_web::test]
async fn a_message_of_the_wrong_form_changes_nothing() {
    let world = World::new().await;
    for way in WAYS {
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        let before = caller.lijst().await;
        let new = caller
            .aanmelden(json!({ "kanaal": "POLL", "kleur": "rood" }))
            .await;
        let (status, code) = match way {
            Way::Rest => (400, "ONGELDIGE_INVOER"),
            Way::Soap => (500, "DK0004"),
        };
        assert_eq!((new.status, new.code.as_str()), (status, code));
        let changed = caller
            .wijzigen(
                &id,
                json!({ "kanaal": "POLL", "status": "GEPAUZEERD", "kleur": "rood" }),
            )
            .await;
        assert_eq!((changed.status, changed.code.as_str()), (status, code));
        assert_eq!(caller.lijst().await, before, "{way:?}");
    }
}

#[actix_web::test]
async fn a_problem_names_all_fields_and_repeats_no_content() {
    let world = World::new().await;
    let caller = Caller::new(&world, Way::Rest);
    let reply = caller
        .aanmelden(json!({
            "kanaal": "POLL", "eindpunt": "https://geheim.example/pad", "geheim": "whsec_hier",
            "perBericht": 7,
        }))
        .await;
    let velden: Vec<&Value> = reply.body["overtredingen"]
        .as_array()
        .unwrap()
        .iter()
        .map(|overtreding| &overtreding["veld"])
        .collect();
    assert_eq!(velden, ["/geheim", "/eindpunt", "/geheim", "/perBericht"]);
    for content in ["geheim.example", "whsec_hier"] {
        assert!(!reply.text.contains(content), "{}", reply.text);
    }
    let put = caller
        .wijzigen("geen", json!({ "kanaal": "X", "status": "BEEINDIGD" }))
        .await;
    let velden: Vec<&Value> = put.body["overtredingen"]
        .as_array()
        .unwrap()
        .iter()
        .map(|overtreding| &overtreding["veld"])
        .collect();
    assert_eq!(velden, ["/kanaal", "/status"]);
}
