//! Paging through a school's list.

use serde_json::{Value, json};

use crate::{
    node::{AFNEMER_OF_TWO, OTHER_SCHOOL, World},
    wire::{Caller, WAYS, Way, bpvo, own, signaalcode},
};

#[actix_web::test]
async fn pages_hold_while_the_list_changes() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world.node, way);
        let lines: Vec<Value> = (0..250).map(|n| own(&format!("k{n:03}"))).collect();
        caller.kept(json!({ "bpvos": lines })).await;
        let mut seen: Vec<String> = Vec::new();
        let mut cursor: Option<String> = None;
        let mut pages = 0;
        loop {
            let page = caller.page(cursor.as_deref()).await.body;
            let bpvos = page["bpvos"].as_array().unwrap();
            assert!(bpvos.len() <= 100);
            seen.extend(
                bpvos
                    .iter()
                    .map(|b| b["bpvoKenmerk"].as_str().unwrap().to_owned()),
            );
            pages += 1;
            // What was shown goes away and comes back otherwise; others come.
            let first = seen[0].clone();
            let extra = own(&format!("extra{pages}"));
            let changed = bpvo(&first, 2, "2026-09-01", "2027-01-31");
            caller.kept(json!({ "bpvos": [extra, changed] })).await;
            match page["volgendeCursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(pages, 3, "{way:?}");
        seen.retain(|kenmerk| kenmerk.starts_with('k'));
        seen.sort();
        let all: Vec<String> = (0..250).map(|n| format!("k{n:03}")).collect();
        assert_eq!(seen, all, "each once");
    }
}

#[actix_web::test]
async fn a_cursor_is_of_its_school_and_its_asker() {
    let world = World::new().await;
    let lines: Vec<Value> = (0..101).map(|n| own(&format!("k{n:03}"))).collect();
    let rest = Caller::new(&world.node, Way::Rest);
    rest.kept(json!({ "bpvos": lines })).await;
    let page = rest.page(None).await.body;
    let cursor = page["volgendeCursor"].as_str().unwrap();
    let other_asker = Caller {
        afnemer: AFNEMER_OF_TWO,
        ..rest.clone()
    };
    let other_school = Caller {
        school: OTHER_SCHOOL,
        ..other_asker.clone()
    };
    let changed = format!("{}0", &cursor[..cursor.len() - 1]);
    let long = "0".repeat(200);
    for caller in [&rest, &other_asker, &other_school] {
        for text in ["x", "00", &long, &changed, cursor] {
            let own = caller.afnemer == rest.afnemer && text == cursor;
            let reply = caller.page(Some(text)).await;
            assert_eq!(reply.status, if own { 200 } else { 400 }, "{text}");
            let soap = Caller {
                way: Way::Soap,
                ..(*caller).clone()
            };
            let answer = soap.page(Some(text)).await.body;
            assert_eq!(signaalcode(&answer), if own { 0 } else { 160 }, "{text}");
            assert_eq!(answer.get("bpvos").is_some(), own);
        }
    }
}

/// Design invariant 11: what leaves of a student is recorded, and what a school just said itself is not.
#[actix_web::test]
async fn what_is_given_of_bpvos_is_recorded_first() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world.node, way);
        let blokken = || *world.node.gateway.verwerkingslog.volg().borrow();
        let empty = caller.page(None).await;
        assert_eq!((empty.status, blokken()), (200, 0), "{way:?}");
        let lines: Vec<Value> = ["a", "b", "c"].map(own).to_vec();
        caller.kept(json!({ "bpvos": lines })).await;
        assert_eq!(blokken(), 0, "{way:?}: an answer that repeats the question");
        assert_eq!(caller.list().await.len(), 3);
        assert_eq!(blokken(), 1, "{way:?}");
        if way == Way::Rest {
            assert_eq!(caller.get("/v1/bpvos/a").await.status, 200);
            assert_eq!(caller.get("/v1/bpvos/x").await.status, 404);
            assert_eq!(blokken(), 2);
        }
        world.node.gateway.verwerkingslog.close();
        let refused = caller.page(None).await;
        let code = match way {
            Way::Rest => "PERSOONSGEGEVENS_NIET_BESCHIKBAAR",
            Way::Soap => "DK0051",
        };
        assert!(refused.code.contains(code), "{}", refused.text);
        assert!(!refused.text.contains("100000001"), "{}", refused.text);
    }
}
