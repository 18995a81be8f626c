//! "Why did I (not) get this", as a school asks it.

use std::sync::Arc;

use actix_web::{
    App, HttpMessage,
    dev::Service,
    test::{TestRequest, init_service, read_body},
    web::Data,
};
use serde_json::Value;
use stagepoort::{
    access::PeerIdentity,
    domain::{MutatieSoort, Tijdstip},
    push::{Abonnement, AbonnementId, AbonnementStatus},
    transport::rest::{self, SCHOOL_HEADER},
};
use uuid::Uuid;

use crate::world::{
    AFNEMER, BAKKER, KOK, OTHER_SCHOOL, SCHOOL, World, bedrijf, bpvo, code, leerbedrijf_line,
    mutatie, mutatie_line, oin, toegang,
};
use MutatieSoort::{ErkenningBeeindigd, LeerbedrijfGewijzigd};

/// `/v1/mutaties/_waarom` about a subscription, asked for the first school.
async fn ask(world: &World, n: u128, fields: &str) -> (u16, Value) {
    let id = AbonnementId(Uuid::from_u128(n));
    let request = TestRequest::get()
        .uri(&format!("/v1/mutaties/_waarom?abonnementId={id}&{fields}"))
        .insert_header((SCHOOL_HEADER, SCHOOL))
        .to_request();
    request.extensions_mut().insert(Arc::new(PeerIdentity {
        oin: Some(oin(AFNEMER)),
        issuer: vec![1],
        serial: vec![1],
        not_after: Tijdstip::parse("2099-01-01T00:00:00Z").unwrap(),
    }));
    let gateway = Data::new(world.gateway());
    let app = init_service(App::new().app_data(gateway).configure(rest::configure)).await;
    let response = app.call(request).await.unwrap();
    let status = response.status().as_u16();
    let body = read_body(response).await;
    (status, serde_json::from_slice(&body).unwrap())
}

/// What became of each mutatie.
async fn waarom(world: &World, n: u128, fields: &str) -> Vec<String> {
    let (status, body) = ask(world, n, fields).await;
    assert_eq!(status, 200, "{body}");
    let all = body["resultaten"].as_array().unwrap();
    all.iter()
        .map(|one| one["waarom"].as_str().unwrap().to_owned())
        .collect()
}

/// A world in which leerbedrijf 1 lost KOK and leerbedrijf 2 was renamed, in version 2; the first
/// school has a bpvo at the first.
async fn world() -> World {
    let world = World::new().await;
    let change = |n: u128| {
        move |abonnement: &mut Abonnement| match n {
            2 => abonnement.codes = vec![code(BAKKER)],
            3 => abonnement.school_oin = Some(oin(OTHER_SCHOOL)),
            4 => abonnement.mutatie_soorten = vec![LeerbedrijfGewijzigd],
            _ => {}
        }
    };
    for n in 1..=4 {
        world.subscribe(n, change(n)).await;
    }
    world
        .commit(vec![
            leerbedrijf_line(&bedrijf(1, None, &[(KOK, -900, Some(9))])),
            leerbedrijf_line(&bedrijf(2, None, &[(KOK, -900, None)])),
            world.bpvo(&bpvo(SCHOOL, "a", 1, KOK, -90, 90, None)),
            mutatie_line(&mutatie(
                ErkenningBeeindigd,
                1,
                Some(KOK),
                10,
                Some((-900, Some(9))),
            )),
            mutatie_line(&mutatie(LeerbedrijfGewijzigd, 2, None, 0, None)),
        ])
        .await;
    world
}

#[actix_web::test]
async fn every_reason_is_told() {
    let world = world().await;
    let of_1 = "leerbedrijfId=100000001&registerVersie=1.2";
    let of_2 = "leerbedrijfId=100000002&registerVersie=1.2";
    assert_eq!(waarom(&world, 1, of_1).await, ["NOG_NIET"]);
    world.fan_out().await;
    assert_eq!(waarom(&world, 1, of_1).await, ["GEMELD"]);
    assert_eq!(waarom(&world, 1, of_2).await, ["GEEN_BPVO"]);
    assert_eq!(waarom(&world, 2, of_1).await, ["GEFILTERD"]);
    assert_eq!(waarom(&world, 3, of_1).await, ["ANDERE_SCHOOL"]);
    assert_eq!(waarom(&world, 4, of_1).await, ["GEFILTERD"]);
    // Younger than the mutatie; ended; and one that would hear now.
    world
        .subscribe(5, |new| {
            new.aangemaakt_op = Tijdstip::parse("2026-11-23T00:00:00Z").unwrap();
        })
        .await;
    assert_eq!(waarom(&world, 5, of_1).await, ["LATER_AANGEMELD"]);
    world
        .subscribe(6, |new| new.status = AbonnementStatus::Beeindigd)
        .await;
    assert_eq!(waarom(&world, 6, of_1).await, ["BEEINDIGD"]);
    world.subscribe(7, |_| {}).await;
    assert_eq!(waarom(&world, 7, of_1).await, ["NU_WEL"]);
}

#[actix_web::test]
async fn what_was_told_has_its_number_and_what_was_not_there_is_130() {
    let world = world().await;
    world.fan_out().await;
    let melding = world.heard(1, 0).await.remove(0);
    let by_id = format!("mutatieId={}", melding.mutatie_id);
    let (_, body) = ask(&world, 1, &by_id).await;
    let one = &body["resultaten"][0];
    assert_eq!(one["waarom"], "GEMELD");
    assert_eq!(
        (&one["volgnummer"], &one["bezorging"]),
        (&1.into(), &"WACHT".into())
    );
    assert_eq!(
        (&one["mutatieSoort"], &one["code"]),
        (&"ERKENNING_BEEINDIGD".into(), &KOK.into())
    );
    // Not of this subscription; nothing changed there; no such version in this tijdlijn.
    for (n, fields) in [
        (2, by_id.as_str()),
        (1, "leerbedrijfId=100000003&registerVersie=1.2"),
        (1, "leerbedrijfId=100000001&registerVersie=1.1"),
        (1, "leerbedrijfId=100000001&registerVersie=2.2"),
    ] {
        let (status, body) = ask(&world, n, fields).await;
        assert_eq!(
            (status, &body["signaalcode"]),
            (200, &130.into()),
            "{fields} {body}"
        );
        assert!(body["resultaten"].as_array().unwrap().is_empty());
    }
    let (status, body) = ask(&world, 99, &by_id).await;
    assert_eq!((status, &body["code"]), (404, &"170".into()));
    for (fields, velden) in [
        ("mutatieId=x", vec!["mutatieId"]),
        ("", vec!["leerbedrijfId", "registerVersie"]),
        (
            "leerbedrijfId=100000001&registerVersie=1.99",
            vec!["registerVersie"],
        ),
    ] {
        let (status, body) = ask(&world, 1, fields).await;
        let all = body["overtredingen"].as_array().unwrap();
        let named: Vec<&str> = all.iter().filter_map(|one| one["veld"].as_str()).collect();
        assert_eq!((status, named), (400, velden), "{body}");
    }
}

#[actix_web::test]
async fn without_the_mandate_nothing_is_told_of_it() {
    let world = world().await;
    world.fan_out().await;
    let of_other = bpvo(OTHER_SCHOOL, "b", 1, KOK, -90, 90, None);
    let einde = mutatie(ErkenningBeeindigd, 1, Some(KOK), 10, Some((-900, Some(9))));
    world
        .commit(vec![world.bpvo(&of_other), mutatie_line(&einde)])
        .await;
    world.fan_out().await;
    let of_other = world.heard(1, 1).await;
    let theirs = of_other.iter().find(|m| m.school_oin == oin(OTHER_SCHOOL));
    let by_id = format!("mutatieId={}", theirs.unwrap().mutatie_id);
    assert_eq!(waarom(&world, 1, &by_id).await, ["GEMELD"]);
    world.access.replace(toegang(&[(AFNEMER, &[SCHOOL])]));
    let (_, body) = ask(&world, 1, &by_id).await;
    let one = &body["resultaten"][0];
    assert_eq!(one["waarom"], "GEEN_MANDAAT");
    assert!(one["mutatieSoort"].is_null() && one["code"].is_null());
}
