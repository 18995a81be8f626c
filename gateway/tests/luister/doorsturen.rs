//! A receiver behind it gets the same messages as one with a public endpoint.

use std::{fs, os::unix::fs::PermissionsExt};

use stagepoort::{
    domain::Tijdstip,
    push::{AbonnementId, signature::Ondertekend},
};
use uuid::Uuid;

use crate::{
    ontvanger::{Gekregen, Ontvanger},
    world::{World, moment},
};

/// What came, without what differs between attempts.
fn same(gekregen: &Gekregen) -> (&str, &str, &[u8]) {
    (&gekregen.id, &gekregen.content_type, &gekregen.body)
}

#[actix_web::test]
async fn messages_are_those_of_a_webhook_and_the_position_is_kept() {
    let world = World::new().await;
    let mut ontvanger = Ontvanger::start();
    world.number(2).await;
    // The first is refused once: it comes again, and only then the second.
    ontvanger.answers(&[500]);
    let luisteraar = world.luister(&ontvanger, &[]);
    for n in [1, 1, 2] {
        let gekregen = ontvanger.next().await;
        let bericht = world.bericht(&[n], 1).await;
        assert_eq!(
            same(&gekregen),
            (
                bericht.id.as_str(),
                bericht.content_type,
                bericht.body.as_slice()
            )
        );
        let ondertekend = Ondertekend {
            id: &bericht.id,
            tijdstip: Tijdstip::from_millis(gekregen.timestamp_s * 1_000).unwrap(),
            body: &bericht.body,
        };
        let signature = ondertekend.signature(std::slice::from_ref(&world.geheim), None);
        assert_eq!(gekregen.signature, Some(signature));
    }
    // What comes while it waits is forwarded too; by then the second was kept.
    world.number(1).await;
    assert_eq!(ontvanger.next().await.id, world.bericht(&[3], 1).await.id);
    assert!(world.position() >= 2);
    luisteraar.stop().await;
    // It goes on where it was: at most the last one comes again.
    world.number(1).await;
    let again = world.luister(&ontvanger, &[]);
    let fourth = world.bericht(&[4], 1).await.id;
    let third = world.bericht(&[3], 1).await.id;
    loop {
        let id = ontvanger.next().await.id;
        if id == fourth {
            break;
        }
        assert_eq!(id, third);
    }
    again.stop().await;
    ontvanger.stop().await;
    world.stop().await;
}

#[actix_web::test]
async fn batches_and_a_chosen_beginning_and_a_receiver_that_wants_no_more() {
    let world = World::new().await;
    let mut ontvanger = Ontvanger::start();
    world.number(5).await;
    ontvanger.answers(&[204, 410]);
    let luisteraar = world.luister(&ontvanger, &["--per-bericht", "2", "--vanaf", "3"]);
    for numbers in [[3, 4].as_slice(), &[5]] {
        let gekregen = ontvanger.next().await;
        let bericht = world.bericht(numbers, 2).await;
        let body: Vec<serde_json::Value> = serde_json::from_slice(&gekregen.body).unwrap();
        assert_eq!(body.len(), numbers.len());
        assert_eq!(
            (gekregen.id, gekregen.content_type.as_str()),
            (bericht.id, bericht.content_type)
        );
    }
    assert_eq!(luisteraar.ended().await, Some(5));
    assert_eq!(world.position(), 4);
    assert!(ontvanger.is_empty());
    ontvanger.stop().await;
    world.stop().await;
}

#[actix_web::test]
async fn what_it_cannot_go_on_from_is_an_exit_code_of_its_own() {
    let world = World::new().await;
    let mut ontvanger = Ontvanger::start();
    world.number(6).await;
    world.store.forget_before(moment(4)).await.unwrap();
    // With nowhere to begin it begins where the feed does.
    let luisteraar = world.luister(&ontvanger, &[]);
    assert_eq!(ontvanger.next().await.id, world.bericht(&[4], 1).await.id);
    luisteraar.stop().await;
    // What was missed is for people to look at.
    let luisteraar = world.luister(&ontvanger, &["--vanaf", "2"]);
    assert_eq!(luisteraar.ended().await, Some(4));
    // A subscription that nobody has, and a secret that others can read.
    let run = async |id| {
        let output = world.command(id, "http://127.0.0.1:9/").output().await;
        let output = output.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), stderr)
    };
    let (code, stderr) = run(AbonnementId(Uuid::nil())).await;
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("HTTP 404"), "{stderr}");
    let geheim = world.plek.path("geheim");
    fs::set_permissions(&geheim, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, stderr) = run(world.id).await;
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("can be read by others"), "{stderr}");
    ontvanger.stop().await;
    world.stop().await;
}
