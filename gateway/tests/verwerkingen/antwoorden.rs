//! Answers about people wait for their record, and others do not; over REST and SOAP alike.

use std::{pin::Pin, sync::Arc, task::Poll, time::Duration};

use actix_web::{
    App, HttpMessage,
    dev::Service,
    test::{TestRequest, init_service, read_body},
    web::Data,
};
use stagepoort::{
    access::PeerIdentity,
    audit::{Grenzen, Groep, NietVastgelegd, PseudonymSleutel, Verwerkingslog, Volgende, Wachtrij},
    domain::Tijdstip,
    transport::{gateway::Gateway, rest, soap},
};

use crate::{
    register::{AFNEMER, ANDERE_PERSOON, BEDRIJF, PERSOON, SCHOOL, gateway, oin},
    vraag::{DETAIL, Vraag, ZOEKEN_MET_NAMEN, ZONDER},
};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OWN_OIN: &str = "00000099000000000000";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weg {
    Rest,
    Soap,
}

struct Antwoord {
    status: u16,
    retry_after: bool,
    text: String,
}

/// A gateway whose record is written by the test.
async fn gateway_with_queue() -> (Gateway, Wachtrij) {
    let mut gateway = gateway().await;
    let grenzen = Grenzen {
        wachtrij: 8,
        wacht: Duration::from_secs(60),
        activiteit: "urn:x:".to_owned(),
    };
    let (log, wachtrij) = Verwerkingslog::with_queue(grenzen, Arc::clone(&gateway.clock));
    log.set_sleutel(PseudonymSleutel::new([1; 32]));
    gateway.verwerkingslog = Arc::new(log);
    (gateway, wachtrij)
}

async fn ask(gateway: Gateway, vraag: Vraag, weg: Weg) -> Antwoord {
    let request = match (weg, vraag.json) {
        (Weg::Rest, None) => TestRequest::get().uri(&vraag.pad(BEDRIJF)),
        (Weg::Rest, Some(json)) => TestRequest::post()
            .uri(vraag.pad)
            .insert_header(("content-type", "application/json"))
            .set_payload(json),
        (Weg::Soap, _) => TestRequest::post()
            .uri(soap::PATH)
            .insert_header(("content-type", "text/xml; charset=utf-8"))
            .set_payload(vraag.envelope(BEDRIJF, SCHOOL, OWN_OIN)),
    };
    let request = request
        .insert_header((rest::SCHOOL_HEADER, SCHOOL))
        .insert_header(("traceparent", TRACEPARENT))
        .to_request();
    request.extensions_mut().insert(Arc::new(PeerIdentity {
        oin: Some(oin(AFNEMER)),
        issuer: vec![1],
        serial: vec![1],
        not_after: Tijdstip::parse("2099-01-01T00:00:00Z").unwrap(),
    }));
    let app = App::new()
        .app_data(Data::new(gateway))
        .configure(soap::configure)
        .configure(rest::configure);
    let response = init_service(app).await.call(request).await.unwrap();
    Antwoord {
        status: response.status().as_u16(),
        retry_after: response.headers().contains_key("retry-after"),
        text: String::from_utf8(read_body(response).await.to_vec()).unwrap(),
    }
}

/// Whether a call is not answered yet.
async fn waits(mut call: Pin<&mut impl Future<Output = Antwoord>>) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await
}

/// Drives a call until what it has to record is in the queue: it may not leave before.
async fn until_recorded(
    mut call: Pin<&mut impl Future<Output = Antwoord>>,
    wachtrij: &Wachtrij,
) -> Groep {
    for _ in 0..10_000 {
        assert!(waits(call.as_mut()).await, "it left unrecorded");
        if let Volgende::Groepen(mut groepen) = wachtrij.volgende(Some(Duration::ZERO)) {
            assert_eq!(groepen.len(), 1);
            return groepen.remove(0);
        }
        tokio::task::yield_now().await;
    }
    panic!("nothing was recorded")
}

#[actix_web::test]
async fn people_are_answered_once_they_are_recorded() {
    for vraag in [DETAIL, ZOEKEN_MET_NAMEN] {
        for weg in [Weg::Rest, Weg::Soap] {
            let (gateway, wachtrij) = gateway_with_queue().await;
            let mut call = std::pin::pin!(ask(gateway, vraag, weg));
            let groep = until_recorded(call.as_mut(), &wachtrij).await;
            let [verwerking] = groep.verwerkingen() else {
                panic!("{groep:?}")
            };
            assert_eq!(verwerking.naam, vraag.operatie);
            assert_eq!(verwerking.activiteit, format!("urn:x:{}", vraag.operatie));
            assert_eq!(verwerking.afnemer_oin, oin(AFNEMER));
            assert_eq!(verwerking.school_oin, oin(SCHOOL));
            let trace = hex::encode(verwerking.spoor.trace_id);
            assert!(TRACEPARENT.contains(&trace), "{trace}");
            let parent = hex::encode(verwerking.spoor.parent_span_id.unwrap());
            assert!(TRACEPARENT.contains(&parent), "{parent}");
            // One of them is both contact and trainer.
            let sleutel = PseudonymSleutel::new([1; 32]);
            let mut expect = [PERSOON, ANDERE_PERSOON].map(|id| sleutel.of_persoon(id));
            expect.sort_unstable();
            let named: Vec<_> = verwerking.betrokkenen.iter().map(|b| b.pseudonym).collect();
            assert_eq!(named, expect);
            for _ in 0..10 {
                assert!(waits(call.as_mut()).await, "it did not wait");
                tokio::task::yield_now().await;
            }
            groep.klaar(Ok(()));
            let answer = call.await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            for naam in ["A. Voorbeeld", "B. Voorbeeld"] {
                assert!(answer.text.contains(naam), "{weg:?} {}", answer.text);
            }
            assert!(!answer.text.contains(PERSOON), "{}", answer.text);
        }
    }
}

#[actix_web::test]
async fn people_are_refused_when_they_cannot_be_recorded() {
    for vraag in [DETAIL, ZOEKEN_MET_NAMEN] {
        for weg in [Weg::Rest, Weg::Soap] {
            let (gateway, wachtrij) = gateway_with_queue().await;
            let mut call = std::pin::pin!(ask(gateway, vraag, weg));
            let groep = until_recorded(call.as_mut(), &wachtrij).await;
            groep.klaar(Err(NietVastgelegd::Schijf));
            check_refused(&call.await, weg);
            // As good as a disk that is full is a queue that nobody empties.
            let (gateway, wachtrij) = gateway_with_queue().await;
            drop(wachtrij);
            check_refused(&ask(gateway, vraag, weg).await, weg);
        }
    }
}

fn check_refused(answer: &Antwoord, weg: Weg) {
    let (status, code) = match weg {
        Weg::Rest => (503, "PERSOONSGEGEVENS_NIET_BESCHIKBAAR"),
        Weg::Soap => (500, "Server.DK0051"),
    };
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.text.contains(code), "{}", answer.text);
    assert!(answer.text.contains("vastgelegd"), "{}", answer.text);
    assert!(answer.retry_after);
    assert!(!answer.text.contains("Voorbeeld"), "{}", answer.text);
}

#[actix_web::test]
async fn what_is_about_nobody_is_answered_without_a_record() {
    for vraag in ZONDER {
        for weg in [Weg::Rest, Weg::Soap] {
            let (gateway, wachtrij) = gateway_with_queue().await;
            // Nothing could be recorded.
            drop(wachtrij);
            let answer = ask(gateway, vraag, weg).await;
            assert_eq!(answer.status, 200, "{weg:?} {}", answer.text);
            assert!(!answer.text.contains("Voorbeeld"), "{}", answer.text);
        }
    }
}
