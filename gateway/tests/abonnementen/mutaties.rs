//! Reading the feed by number.

use std::collections::HashMap;

use serde_json::{Value, json};
use stagepoort::access::Toegang;

use crate::{
    register::{AFNEMER_OF_TWO, OTHER_SCHOOL, SCHOOL, oin},
    wire::{Caller, WAYS, Way, said},
    world::{World, mutatie_id},
};

fn numbers(mutaties: &[Value]) -> Vec<String> {
    mutaties
        .iter()
        .map(|one| said(&one["volgnummer"]))
        .collect()
}

/// Design invariant 11, with one record for each student.
#[actix_web::test]
async fn what_the_feed_gives_of_bpvos_is_recorded_first() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        let blokken = || *world.gateway.verwerkingslog.volg().borrow();
        caller.mutaties(&id, &[("na", "0")]).await;
        assert_eq!(blokken(), 0, "{way:?}");
        world.number_many(&id, 3).await;
        caller.mutaties(&id, &[("na", "0")]).await;
        assert_eq!(blokken(), 1, "{way:?}");
        caller.mutaties(&id, &[("na", "3")]).await;
        assert_eq!(blokken(), 1, "{way:?}");
    }
}

#[actix_web::test]
async fn pages_follow_each_other_by_number() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        let empty = caller.mutaties(&id, &[("na", "0")]).await;
        assert_eq!(
            (
                empty.field("laatsteVolgnummer"),
                empty.field("oudsteVolgnummer"),
                empty.field("meer")
            ),
            ("0".into(), "1".into(), "false".into())
        );
        world.number_many(&id, 5).await;
        let first = caller.mutaties(&id, &[("na", "0"), ("limiet", "3")]).await;
        assert_eq!(numbers(&first.list("mutaties")), ["1", "2", "3"]);
        assert_eq!(first.field("meer"), "true");
        let rest = caller.mutaties(&id, &[("na", "3"), ("limiet", "3")]).await;
        assert_eq!(numbers(&rest.list("mutaties")), ["4", "5"]);
        assert_eq!(
            (rest.field("meer"), rest.field("laatsteVolgnummer")),
            ("false".into(), "5".into())
        );
        let one = &rest.list("mutaties")[0];
        for (name, expect) in [
            ("mutatieId", mutatie_id(4).to_string().as_str()),
            ("vorigVolgnummer", "3"),
            ("vorigVolgnummerLeerbedrijf", "3"),
            ("mutatieSoort", "LEERBEDRIJF_GEWIJZIGD"),
            ("schoolOin", SCHOOL),
        ] {
            assert_eq!(said(&one[name]), expect, "{name}");
        }
        assert_eq!(one["bpvoKenmerken"], json!(["K4"]));
    }
}

#[actix_web::test]
async fn what_polls_confirms_by_asking_on() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        world.number_many(&id, 4).await;
        let first = caller.mutaties(&id, &[("na", "0")]).await;
        assert_eq!(said(&first.list("mutaties")[0]["volledigTotEnMet"]), "0");
        let next = caller.mutaties(&id, &[("na", "3")]).await;
        assert_eq!(said(&next.list("mutaties")[0]["volledigTotEnMet"]), "3");
        assert_eq!(caller.opvragen(&id).await.field("volledigTotEnMet"), "3");
        // Reading again takes nothing back.
        caller.mutaties(&id, &[("na", "1")]).await;
        assert_eq!(caller.opvragen(&id).await.field("volledigTotEnMet"), "3");
        // What is pushed is confirmed by the endpoint alone.
        let pushed = json!({ "kanaal": "WEBHOOK", "eindpunt": "https://sis.example/" });
        let pushed = caller.aanmelden(pushed).await.field("abonnementId");
        world.number_many(&pushed, 2).await;
        let feed = caller.mutaties(&pushed, &[("na", "1")]).await;
        assert_eq!(numbers(&feed.list("mutaties")), ["2"]);
        assert_eq!(
            caller.opvragen(&pushed).await.field("volledigTotEnMet"),
            "0"
        );
    }
}

#[actix_web::test]
async fn a_number_that_the_feed_does_not_go_on_from_is_171() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        world.number_many(&id, 6).await;
        world.forget_before(4).await;
        for na in ["0", "2", "7", "9223372036854775807"] {
            let reply = caller
                .mutaties(&id, &[("na", na), ("wachtSeconden", "30")])
                .await;
            assert_eq!(reply.signaalcode(), "171", "{na} {}", reply.text);
            assert_eq!(reply.field("oudsteVolgnummer"), "4");
            assert_eq!(reply.field("laatsteVolgnummer"), "6");
            if way == Way::Rest {
                assert_eq!((reply.status, reply.code.as_str()), (410, "171"));
            }
        }
        let reply = caller.mutaties(&id, &[("na", "3")]).await;
        assert_eq!(numbers(&reply.list("mutaties")), ["4", "5", "6"]);
        assert_eq!(
            caller.mutaties(&id, &[("na", "6")]).await.signaalcode(),
            "0"
        );
    }
}

#[actix_web::test]
async fn without_the_mandate_of_its_school_a_marker_stands_in_its_place() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller {
            afnemer: AFNEMER_OF_TWO,
            ..Caller::new(&world, way)
        };
        let id = caller.polls().await;
        world.number(&id, &[SCHOOL, OTHER_SCHOOL]).await;
        let soorten = |mutaties: Vec<Value>| -> Vec<(String, usize)> {
            let one = |m: &Value| {
                let kenmerken = m["bpvoKenmerken"].as_array().map_or(0, Vec::len);
                (said(&m["mutatieSoort"]), kenmerken)
            };
            mutaties.iter().map(one).collect()
        };
        let told = ("LEERBEDRIJF_GEWIJZIGD".to_owned(), 1);
        let both = caller.mutaties(&id, &[("na", "0")]).await;
        assert_eq!(soorten(both.list("mutaties")), [told.clone(), told.clone()]);
        // The other school withdraws: at once, also for what was numbered before.
        let access = &world.gateway.access;
        let mut afnemers: HashMap<_, _> = access.current().afnemers.clone();
        let afnemer = afnemers.get_mut(&oin(AFNEMER_OF_TWO)).unwrap();
        let mut without = (**afnemer).clone();
        without
            .mandaten
            .retain(|mandaat| mandaat.school_oin == oin(SCHOOL));
        *afnemer = without.into();
        access.replace(Toegang {
            afnemers,
            ..(*access.current()).clone()
        });
        let one = caller.mutaties(&id, &[("na", "0")]).await;
        assert_eq!(
            soorten(one.list("mutaties")),
            [told, ("VERVALLEN".to_owned(), 0)]
        );
        assert!(!one.text.contains("K2"), "{}", one.text);
    }
}

#[actix_web::test]
async fn fields_that_are_no_numbers_are_named() {
    let world = World::new().await;
    for way in WAYS {
        let caller = Caller::new(&world, way);
        let id = caller.polls().await;
        for (fields, veld) in [
            (vec![], "na"),
            (vec![("na", "-1")], "na"),
            (vec![("na", "x")], "na"),
            (vec![("na", "0"), ("limiet", "0")], "limiet"),
            (vec![("na", "0"), ("limiet", "1001")], "limiet"),
            (vec![("na", "0"), ("wachtSeconden", "31")], "wachtSeconden"),
        ] {
            let reply = caller.mutaties(&id, &fields).await;
            assert_eq!(reply.signaalcode(), "172", "{fields:?} {}", reply.text);
            assert!(reply.text.contains(veld), "{}", reply.text);
            if way == Way::Rest {
                assert_eq!(reply.body["overtredingen"][0]["plaats"], "query");
            }
        }
    }
}
