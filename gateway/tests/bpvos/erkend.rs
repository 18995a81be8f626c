//! Whether the leerbedrijf is erkend over the whole period of a bpvo, by the rules of natrekken.

use serde_json::json;

use crate::{
    node::{KEUZEDEEL, World},
    wire::{Caller, WAYS, bpvo, signaalcode},
};

/// Signaalcode, status and einddatum of one bpvo.
async fn check(caller: &Caller<'_>, line: serde_json::Value, expect: &str) {
    let answer = caller.kept(json!({ "proef": true, "bpvos": [line] })).await;
    let resultaat = &answer["resultaten"][0];
    let part = |name: &str| resultaat[name].as_str().unwrap_or("-").to_owned();
    let found = format!(
        "{} {} {}",
        signaalcode(resultaat),
        part("erkenningStatus"),
        part("einddatum")
    );
    assert_eq!(found, expect, "{:?} {line}", caller.way);
    assert_eq!(
        resultaat.get("signaaltekst").is_some(),
        signaalcode(resultaat) != 0
    );
}

#[actix_web::test]
async fn a_whole_period_is_judged_by_the_rules_of_natrekken() {
    let world = World::new().await;
    for way in WAYS {
        let caller = Caller::new(&world.node, way);
        for (leerbedrijf, van, tot, expect) in [
            (1, "2026-09-01", "2027-07-01", "0 ERKEND -"),
            // The last day is inclusive.
            (2, "2026-09-01", "2027-01-31", "0 ERKEND 2027-01-31"),
            (2, "2026-09-01", "2027-02-01", "181 NIET_ERKEND 2027-01-31"),
            (2, "2027-02-01", "2027-02-01", "0 NIET_ERKEND 2027-01-31"),
            // Periods that follow one another carry it together; a gap does not.
            (3, "2026-09-01", "2027-07-01", "0 ERKEND -"),
            (4, "2026-09-01", "2027-07-01", "181 NIET_ERKEND 2026-12-31"),
            (4, "2027-01-15", "2027-07-01", "0 NIET_ERKEND 2026-12-31"),
            // An equivalent, as long as the equivalence is valid.
            (5, "2026-09-01", "2027-03-31", "0 ERKEND 2027-03-31"),
            (5, "2026-09-01", "2027-04-01", "181 NIET_ERKEND 2027-03-31"),
            // From 2027 on the successor answers: one without end, one with.
            (6, "2026-09-01", "2026-12-31", "0 ERKEND -"),
            (6, "2026-09-01", "2027-07-01", "102 ERKEND -"),
            (7, "2026-09-01", "2027-01-31", "102 ERKEND 2027-01-31"),
            (7, "2026-09-01", "2027-07-01", "181 NIET_ERKEND 2027-01-31"),
            (7, "2027-02-15", "2027-07-01", "102 NIET_ERKEND 2027-01-31"),
            (8, "2026-09-01", "2027-07-01", "0 NIET_ERKEND 2025-12-31"),
            (9, "2026-09-01", "2027-07-01", "0 NIET_ERKEND -"),
            (99, "2026-09-01", "2027-07-01", "100 NIET_ERKEND -"),
            (1, "2199-12-31", "2199-12-31", "0 ERKEND -"),
        ] {
            check(&caller, bpvo("K1", leerbedrijf, van, tot), expect).await;
        }
        let mut unknown = bpvo("K1", 1, "2026-09-01", "2027-07-01");
        unknown["code"] = json!("25999");
        check(&caller, unknown, "110 NIET_ERKEND -").await;
    }
}

#[actix_web::test]
async fn the_day_it_really_ended_goes_before_the_planned_one_and_keuzedelen_count() {
    let world = World::new().await;
    for way in WAYS {
        let caller = Caller::new(&world.node, way);
        let mut ended = bpvo("K1", 2, "2026-09-01", "2027-07-01");
        ended["einddatumWerkelijk"] = json!("2027-01-15");
        check(&caller, ended, "0 ERKEND 2027-01-31").await;

        let keuzedeel = |code: &str, van: &str, tot: &str| {
            let mut line = bpvo("K1", 2, "2026-09-01", "2027-01-31");
            let keuzedelen = json!([{ "code": code, "begindatum": van, "einddatumGepland": tot }]);
            line["keuzedelen"] = keuzedelen;
            line
        };
        // Carried by the erkenning for kok, and no longer than the bpvo lasts.
        let line = keuzedeel(KEUZEDEEL, "2026-10-01", "2027-12-31");
        check(&caller, line, "0 ERKEND 2027-01-31").await;
        let line = keuzedeel(KEUZEDEEL, "2027-03-01", "2027-12-31");
        check(&caller, line, "0 ERKEND 2027-01-31").await;
        let line = keuzedeel("K9999", "2026-10-01", "2026-12-31");
        check(&caller, line.clone(), "110 NIET_ERKEND -").await;
        let answer = caller.kept(json!({ "proef": true, "bpvos": [line] })).await;
        assert_eq!(
            answer["resultaten"][0]["signaaltekst"],
            "code onbekend: keuzedeel K9999"
        );
    }
}
