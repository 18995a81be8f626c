//! Where two things are wrong at once, the one that is checked first is told (standards §1, "order
//! of checks").

use actix_web::test::TestRequest;

use crate::{
    register::{AFNEMER, OTHER_SCHOOL, SCHOOL},
    rest::{SEARCH, get},
    soap::told,
    vraag::Ask,
    world::{Peer, World},
};

/// What makes something of a request wrong.
type Make<T> = fn(T) -> T;

/// What can be wrong with a SOAP request, in the order in which it is looked for.
const SOAP: [(&str, Make<Ask>); 7] = [
    // The envelope.
    ("DK0001", |ask| ask.with("</s:Body>", "</s:Bodem>")),
    // Identification: whose certificate is it.
    ("EK0030", |ask| ask.peer(Peer::WithoutOin)),
    // Authentication by the headers: what kind of message is it, and on whose behalf.
    ("DK0005", |ask| ask.without("To")),
    ("DK0003", |ask| ask.header("soapaction", "urn:x")),
    // Authorisation.
    ("DK0002", |ask| ask.with(SCHOOL, OTHER_SCHOOL)),
    // The body by its XSD.
    ("DK0004", |ask| ask.with("<code>25180</code>", "<x/>")),
    // And what the gateway itself cannot do comes last.
    ("DK0051", |ask| ask.in_world(World::without_register)),
];

#[actix_web::test]
async fn ws_order_of_checks_over_soap() {
    for (i, (first, make_first)) in SOAP.iter().enumerate() {
        let alone = make_first(Ask::new().await).send().await;
        assert_eq!(alone.logged, *first);
        for (second, make_second) in &SOAP[i + 1..] {
            // Whichever is put in first, since one of them may change what the other looks for.
            let both = make_first(make_second(Ask::new().await)).send().await;
            let told = told(&both);
            assert_eq!(both.logged, *first, "{first} and {second}: {told}");
        }
    }
}

/// The same over REST. What is wrong is a part of the request each.
#[derive(Debug, Clone, Copy)]
struct Wrong {
    peer: Peer,
    school: &'static str,
    accept: &'static str,
    content_type: &'static str,
    body: &'static str,
    without_register: bool,
}

const RIGHT: Wrong = Wrong {
    peer: Peer::Of(AFNEMER),
    school: SCHOOL,
    accept: "application/json",
    content_type: "application/json",
    body: r#"{"naam":"bakkerij","plaats":"Amsterdam"}"#,
    without_register: false,
};

const REST: [(&str, Make<Wrong>); 8] = [
    ("GEEN_CERTIFICAAT", |w| Wrong {
        peer: Peer::None,
        ..w
    }),
    ("ONBEKENDE_AFNEMER", |w| Wrong {
        peer: Peer::Of(SCHOOL),
        ..w
    }),
    ("ONGELDIGE_INVOER", |w| Wrong { school: "abc", ..w }),
    ("GEEN_MANDAAT", |w| Wrong {
        school: OTHER_SCHOOL,
        ..w
    }),
    ("ANTWOORDVORM_NIET_MOGELIJK", |w| Wrong {
        accept: "text/html",
        ..w
    }),
    ("MEDIATYPE_NIET_ONDERSTEUND", |w| Wrong {
        content_type: "text/xml",
        ..w
    }),
    ("ONGELDIGE_INVOER", |w| Wrong { body: "{", ..w }),
    ("REGISTER_NIET_BESCHIKBAAR", |w| Wrong {
        without_register: true,
        ..w
    }),
];

#[actix_web::test]
async fn order_of_checks_over_rest() {
    for (i, (first, make_first)) in REST.iter().enumerate() {
        for (second, make_second) in &REST[i..] {
            let wrong = make_first(make_second(RIGHT));
            let mut world = World::new().await;
            if wrong.without_register {
                world = world.without_register();
            }
            let request = TestRequest::post()
                .uri(SEARCH)
                .insert_header(("onderwijsinstelling-oin", wrong.school))
                .insert_header(("accept", wrong.accept))
                .insert_header(("content-type", wrong.content_type))
                .set_payload(wrong.body);
            let reply = world.ask_as(wrong.peer, request, None).await;
            assert_eq!(reply.logged, *first, "{first} and {second}");
        }
    }
}

#[actix_web::test]
async fn what_a_caller_may_not_know_is_not_told_before_it_is_known() {
    // Without a mandate nobody learns whether a leerbedrijf exists.
    for id in ["100000001", "999999999", "x"] {
        let request = get(&format!("/v1/leerbedrijven/{id}"))
            .insert_header(("onderwijsinstelling-oin", OTHER_SCHOOL));
        let reply = World::new().await.ask(request).await;
        assert_eq!(reply.logged, "GEEN_MANDAAT", "{id}");
    }
}
