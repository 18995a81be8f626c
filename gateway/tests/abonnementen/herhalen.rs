//! A repeat gets the first answer, and one afnemer has so many subscriptions.

use futures_util::future::join_all;
use serde_json::json;
use stagepoort::push::{Abonnement, AbonnementId, AbonnementStatus};

use crate::{
    register::AFNEMER_OF_TWO,
    wire::{Caller, WAYS, Way, new_id},
    world::World,
};

#[actix_web::test]
async fn a_repeat_gets_the_first_answer_and_another_wish_is_refused() {
    for (way, code) in [(Way::Rest, "ONGELDIGE_INVOER"), (Way::Soap, "DK0011")] {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let key = new_id();
        let body = json!({ "kanaal": "WEBHOOK", "eindpunt": "https://sis.example/" });
        let first = caller.aanmelden_as(body.clone(), key).await;
        let id = first.field("abonnementId");
        // Also after it was proven and numbered for.
        world.set_status(&id, AbonnementStatus::Actief).await;
        world.number_many(&id, 3).await;
        let again = caller.aanmelden_as(body.clone(), key).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.location, first.location);
        assert_eq!(caller.lijst().await.len(), 1);
        let other = caller.aanmelden_as(json!({ "kanaal": "POLL" }), key).await;
        assert_eq!(other.code, code, "{}", other.text);
        assert!(other.text.contains("al gebruikt"), "{}", other.text);
        // The key is the caller's own, and another key is another wish.
        let theirs = Caller {
            afnemer: AFNEMER_OF_TWO,
            ..caller.clone()
        };
        let theirs = theirs.aanmelden_as(body.clone(), key).await;
        assert_ne!(theirs.field("abonnementId"), id);
        assert_ne!(caller.aanmelden(body).await.field("abonnementId"), id);
        assert_eq!(caller.lijst().await.len(), 2);
    }
}

#[actix_web::test]
async fn repeats_that_come_at_once_are_one_with_one_secret() {
    for way in WAYS {
        let world = World::new().await;
        let caller = Caller::new(&world, way);
        let key = new_id();
        let body = json!({ "kanaal": "WEBHOOK", "eindpunt": "https://sis.example/" });
        let replies = join_all((0..5).map(|_| caller.aanmelden_as(body.clone(), key))).await;
        let id = replies[0].field("abonnementId");
        let geheim = world.kept(&id).await.geheimen[0].to_text();
        for reply in replies {
            assert_eq!(reply.field("abonnementId"), id);
            assert_eq!(reply.field("geheim"), geheim);
        }
        assert_eq!(caller.lijst().await.len(), 1);
    }
}

#[actix_web::test]
async fn an_afnemer_has_five_hundred_at_most() {
    let world = World::new().await;
    let rest = Caller::new(&world, Way::Rest);
    let first = world.kept(&rest.polls().await).await;
    for n in 1..500 {
        let one = Abonnement {
            id: AbonnementId(uuid::Uuid::from_u128(n)),
            ..first.clone()
        };
        world.store.insert(&one).await.unwrap();
    }
    for way in WAYS {
        let caller = Caller::new(&world, way);
        let reply = caller.aanmelden(json!({ "kanaal": "POLL" })).await;
        assert_eq!(reply.signaalcode(), "172", "{}", reply.text);
        assert!(reply.text.contains("500"), "{}", reply.text);
    }
    rest.beeindigen(&first.id.to_string()).await;
    rest.polls().await;
    assert_eq!(rest.lijst().await.len(), 500);
}
