//! The SOAP side, request by request: what is answered, by each rule of standards §1 that needs a
//! whole gateway. Faults have a table of their own, in `fouten`; what a message alone can show is
//! tested in `src/soap` and `src/transport/soap`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod register;
mod soap_messages;

use std::sync::Arc;

use actix_web::{
    App, HttpMessage,
    dev::{Service, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue},
    test::{TestRequest, init_service, read_body},
    web::Data,
};
use stagepoort::{
    access::{Addressering, Afnemer, PeerIdentity, Toegang},
    domain::{Operatie, Tijdstip},
    transport::{
        gateway::{Gateway, Outcome},
        soap::{self, PATH},
    },
};

use register::{AFNEMER, AFNEMER_OF_TWO, BEDRIJF, OTHER_SCHOOL, SCHOOL, gateway, oin};
use soap_messages::{WL, WSA, envelope};

const UUID: &str = "6b1a7c52-3d0e-4f7b-8a64-2c9d51e0f3a1";
const OWN: &str = "00000099000000000000";

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    outcome: Option<Outcome>,
    body: String,
}

impl Reply {
    /// The faultcode without its prefix, or nothing for an answer.
    fn fault(&self) -> &str {
        between(&self.body, "<faultcode>SOAP-ENV:", "</faultcode>")
    }

    fn element(&self, name: &str) -> &str {
        between(&self.body, &format!("<{name}>"), &format!("</{name}>"))
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before)
        .and_then(|(_, rest)| rest.split_once(after))
        .map_or("", |(found, _)| found)
}

/// One request to a gateway.
struct Ask {
    peer: Option<&'static str>,
    addressering: Addressering,
    headers: Vec<(&'static str, String)>,
    message: Vec<u8>,
}

impl Ask {
    /// Of the afnemer with one school, whole by WA001.
    fn new(operation: &str, body: &str) -> Self {
        Self {
            peer: Some(AFNEMER),
            addressering: Addressering::Verplicht,
            headers: vec![("content-type", "text/xml; charset=utf-8".to_owned())],
            message: envelope(&addressing(operation, SCHOOL), body).into_bytes(),
        }
    }

    /// The same without any wsa header.
    fn optioneel(body: &str) -> Self {
        Self {
            addressering: Addressering::Optioneel,
            message: envelope("", body).into_bytes(),
            ..Self::new("", "")
        }
    }

    fn peer(self, peer: impl Into<Option<&'static str>>) -> Self {
        Self {
            peer: peer.into(),
            ..self
        }
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn message(self, message: impl Into<Vec<u8>>) -> Self {
        Self {
            message: message.into(),
            ..self
        }
    }

    /// Replaces in the message.
    fn with(self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.message.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        self.message(text.replace(from, to))
    }

    async fn send(self) -> Reply {
        let gateway = gateway().await;
        self.send_to(gateway).await
    }

    async fn send_to(self, gateway: Gateway) -> Reply {
        set_addressering(&gateway, self.addressering);
        let mut request = TestRequest::post().uri(PATH).set_payload(self.message);
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request = request.append_header((name, HeaderValue::from_str(value).unwrap()));
        }
        let mut request = request.to_request();
        // The payload sets its length by itself.
        for (name, value) in &self.headers {
            let length = HeaderName::from_static("content-length");
            match *name {
                "transfer-encoding" => drop(request.headers_mut().remove(length)),
                "content-length" => {
                    let value = HeaderValue::from_str(value).unwrap();
                    request.headers_mut().insert(length, value);
                }
                _ => {}
            }
        }
        if let Some(of) = self.peer {
            request.extensions_mut().insert(peer(of));
        }
        let app = App::new()
            .app_data(Data::new(gateway))
            .configure(soap::configure);
        reply(init_service(app).await.call(request).await.unwrap()).await
    }
}

async fn reply(response: ServiceResponse) -> Reply {
    let outcome = response.response().extensions().get::<Outcome>().cloned();
    Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        outcome,
        body: String::from_utf8(read_body(response).await.to_vec()).unwrap(),
    }
}

async fn get(path: &str, configure: fn(&mut actix_web::web::ServiceConfig)) -> Reply {
    let app = App::new()
        .app_data(Data::new(gateway().await))
        .configure(configure);
    let request = TestRequest::get().uri(path).to_request();
    reply(init_service(app).await.call(request).await.unwrap()).await
}

fn set_addressering(gateway: &Gateway, addressering: Addressering) {
    let current = gateway.access.current();
    let mut toegang = Toegang::clone(&current);
    for afnemer in toegang.afnemers.values_mut() {
        *afnemer = Arc::new(Afnemer {
            addressering,
            ..Afnemer::clone(afnemer)
        });
    }
    gateway.access.replace(toegang);
}

/// A certificate that names this OIN; an empty one for none.
fn peer(of: &str) -> Arc<PeerIdentity> {
    Arc::new(PeerIdentity {
        oin: (!of.is_empty()).then(|| oin(of)),
        issuer: vec![1],
        serial: vec![1],
        not_after: Tijdstip::parse("2099-01-01T00:00:00Z").unwrap(),
    })
}

fn addressing(operation: &str, school: &str) -> String {
    format!(
        "<a:To>https://x/?oin={OWN}</a:To><a:Action>{WL}/{operation}</a:Action>\
         <a:MessageID>urn:uuid:{UUID}</a:MessageID>\
         <a:From><a:Address>{WSA}/anonymous?oin={school}</a:Address></a:From>"
    )
}

fn verify(fields: &str) -> String {
    format!("<natrekkenErkenningRequest xmlns=\"{WL}\">{fields}</natrekkenErkenningRequest>")
}

fn question() -> String {
    verify(&format!(
        "<leerbedrijfId>{BEDRIJF}</leerbedrijfId><code>25180</code>\
         <peildatum>2026-09-01</peildatum>"
    ))
}

fn ask() -> Ask {
    Ask::new("natrekkenErkenning", &question())
}

#[actix_web::test]
async fn natrekken_erkenning_is_answered() {
    let reply = ask().send().await;
    assert_eq!((reply.status, reply.fault()), (200, ""), "{}", reply.body);
    assert_eq!(
        reply.headers.get("content-type").unwrap(),
        "text/xml; charset=utf-8"
    );
    let id = reply.element("wsa:MessageID").to_owned();
    assert!(id.starts_with("urn:uuid:") && id.len() == 45, "{id}");
    insta::assert_snapshot!(reply.body.replace(&id, "[id]").replace("><", ">\n<"));
    let outcome = reply.outcome.unwrap();
    assert_eq!(outcome.operatie, Some(Operatie::NatrekkenErkenning));
    assert!(outcome.afnemer.is_some());
    assert_eq!(outcome.code, "0");
}

#[actix_web::test]
async fn every_operation_is_answered() {
    for (operation, fields) in [
        (
            "vaststellenLeerbedrijf",
            "<naam>Bakkerij de Test</naam><postcode>1012AB</postcode>",
        ),
        (
            "natrekkenErkenningen",
            "<verzoeken><verzoek/><verzoek><kenmerk>&lt;2&gt;</kenmerk><code>x</code></verzoek>\
             </verzoeken>",
        ),
        (
            "opvragenDetailgegevens",
            "<leerbedrijfId>100000001</leerbedrijfId>",
        ),
        (
            "vaststellenLeerbedrijven",
            "<rijen><rij/><rij><kenmerk>&lt;2&gt;</kenmerk><naam>Bakkerij de Test</naam>\
             <postcode>1012AB</postcode></rij><rij><postcode>x</postcode></rij></rijen>",
        ),
        (
            "zoekenLeerplaatsen",
            "<soort>ERKENNING</soort><naam>Qwzxvbnm</naam><metTellingen> 1 </metTellingen>",
        ),
    ] {
        let body = format!("<{operation}Request xmlns='{WL}'>{fields}</{operation}Request>");
        let reply = Ask::new(operation, &body).send().await;
        assert_eq!((reply.status, reply.fault()), (200, ""), "{}", reply.body);
        let body = between(&reply.body, "<SOAP-ENV:Body>", "</SOAP-ENV:Body>");
        assert_eq!(
            reply.element("wsa:Action"),
            format!("{WL}/{operation}Response")
        );
        insta::assert_snapshot!(operation, body.replace("><", ">\n<"));
    }
}

#[actix_web::test]
async fn optioneel_is_answered_without_any_header() {
    let reply = Ask::optioneel(&question()).send().await;
    assert_eq!(reply.fault(), "", "{}", reply.body);
    assert!(
        !reply.body.contains("Header"),
        "unasked headers break some stacks"
    );
}

#[actix_web::test]
async fn an_answer_from_a_thread_of_its_own_is_the_same() {
    let padding = " ".repeat(100_000);
    let reply = ask()
        .with("<s:Body>", &format!("<s:Body>{padding}"))
        .send()
        .await;
    assert_eq!(reply.element("erkenningStatus"), "ERKEND");
    let lines = "<verzoek/>".repeat(10_000);
    let body = format!(
        "<natrekkenErkenningenRequest xmlns='{WL}'><verzoeken>{lines}</verzoeken>\
         </natrekkenErkenningenRequest>"
    );
    let reply = Ask::new("natrekkenErkenningen", &body).send().await;
    assert_eq!(
        reply.body.matches("<resultaat>").count(),
        10_000,
        "{}",
        reply.fault()
    );
}

#[actix_web::test]
async fn ws002_soapaction_may_be_missing_empty_quoted_or_not() {
    let action = format!("{WL}/natrekkenErkenning");
    for value in ["", "\"\"", &action, &format!("\"{action}\"")] {
        assert_eq!(
            ask().header("soapaction", value).send().await.fault(),
            "",
            "{value}"
        );
    }
}

#[track_caller]
fn assert_fault(reply: &Reply, status: u16, code: &str, text: &str) {
    assert_eq!(
        (reply.status, reply.fault()),
        (status, code),
        "{}",
        reply.body
    );
    assert!(reply.body.contains(text), "{text} not in {}", reply.body);
    assert_eq!(
        reply.headers.get("content-type").unwrap(),
        "text/xml; charset=utf-8"
    );
    let short = code.split('.').next_back().unwrap();
    assert_eq!(reply.outcome.as_ref().unwrap().code, short);
    let about_body = ["DK0004", "DK0050", "DK0051", "SP0001", "SP0002"].contains(&short);
    let before_body = reply.body.contains("<!--");
    assert_eq!(
        reply.body.contains("<detail>"),
        about_body && !before_body,
        "{}",
        reply.body
    );
}

#[actix_web::test]
async fn the_log_knows_who_asked_what_for_which_school_without_a_mandate() {
    let reply = ask().with(SCHOOL, OTHER_SCHOOL).send().await;
    let outcome = reply.outcome.unwrap();
    assert_eq!(outcome.code, "DK0002");
    assert!(outcome.afnemer.is_some() && outcome.operatie.is_some());
}

#[actix_web::test]
async fn the_same_school_may_be_named_twice() {
    let same = ask()
        .peer(AFNEMER_OF_TWO)
        .header("onderwijsinstelling-oin", SCHOOL);
    assert_eq!(same.send().await.fault(), "");
}

#[actix_web::test]
async fn dk0004_no_request_of_ours() {
    for body in [
        "<x/>",
        &format!("<x xmlns='{WL}'/>"),
        &question().replace(":v1", ":v2"),
    ] {
        let reply = Ask::optioneel(body).send().await;
        assert_fault(&reply, 500, "Client.DK0004", "natrekkenErkenningenRequest");
        let reply = Ask::new("natrekkenErkenning", body).send().await;
        assert_fault(&reply, 500, "Client.DK0004", "natrekkenErkenningenRequest");
    }
}

#[actix_web::test]
async fn without_wsa_from_the_header_names_the_school() {
    let named = Ask::optioneel(&question()).peer(AFNEMER_OF_TWO);
    let named = named.header("onderwijsinstelling-oin", OTHER_SCHOOL);
    assert_eq!(named.send().await.fault(), "");
}

#[actix_web::test]
async fn sp0002_too_large() {
    let padded = |bytes: usize| ask().with("</s:Body>", &format!("</s:Body>{}", " ".repeat(bytes)));
    let size = padded(0).message.len();
    assert_eq!(padded(256 * 1024 - size).send().await.fault(), "");
    for (bytes, limit) in [
        (256 * 1024 - size + 1, "262144"),
        (7 * 1024 * 1024, "6291456"),
    ] {
        let reason = format!("meer dan {limit} bytes");
        let reply = padded(bytes).send().await;
        assert_fault(
            &reply,
            413,
            "Client.SP0002",
            ">Bericht te groot of te diep<",
        );
        let reply = padded(bytes)
            .header("transfer-encoding", "chunked")
            .send()
            .await;
        assert_fault(&reply, 500, "Client.SP0002", &reason);
    }
    let known = ask().header("content-length", "1000000000").send().await;
    assert_fault(&known, 413, "Client.SP0002", "meer dan 6291456 bytes");
}

#[actix_web::test]
async fn sp0002_too_many_elements() {
    let reply = Ask::new("natrekkenErkenning", &verify(&"<x/>".repeat(10_001)))
        .send()
        .await;
    assert_fault(&reply, 500, "Client.SP0002", "meer dan 10000 elementen");
    let reply = Ask::new("natrekkenErkenning", &verify(&"<x/>".repeat(9_000)))
        .send()
        .await;
    assert_fault(&reply, 500, "Client.DK0004", "");
}

#[actix_web::test]
async fn dk0002_goes_before_an_unknown_element_when_the_school_gave_no_mandate() {
    let unknown = format!("<zoekenRequest xmlns=\"{WL}\"/>");
    let ask = |school| Ask::new("zoeken", &unknown).with(SCHOOL, school).send();
    let known = ask(SCHOOL).await;
    assert_fault(&known, 500, "Client.DK0004", ">Niet conform XSD<");
    let other = ask(OTHER_SCHOOL).await;
    assert_fault(&other, 500, "Client.DK0002", "geen mandaat");
}

#[actix_web::test]
async fn the_log_knows_who_sent_what_could_not_be_read() {
    let deep = "<x>".repeat(40);
    for unreadable in [
        ask().message("<x/>"),
        ask().message(vec![0xff; 3]),
        ask().with("</s:Body>", &format!("{deep}</s:Body>")),
        ask().header("content-type", "application/json"),
        ask().header("content-length", "1000000000"),
    ] {
        let outcome = unreadable.send().await.outcome.unwrap();
        assert!(outcome.afnemer.is_some(), "{}", outcome.code);
    }
}

#[actix_web::test]
async fn the_wsdl_names_our_address_and_oin() {
    let address = format!("location=\"https://api.test.example:8443{PATH}?oin={OWN}\"");
    let endpoint: fn(&mut _) = soap::configure;
    for (configure, allow) in [
        (endpoint, "POST, GET, HEAD"),
        (soap::configure_documents, "GET, HEAD"),
    ] {
        for query in ["wsdl", "WSDL", "singleWsdl", "singlewsdl=1"] {
            let reply = get(&format!("{PATH}?{query}"), configure).await;
            assert_eq!(reply.status, 200, "{query}");
            assert!(reply.body.contains(&address), "{query}");
        }
        for path in [soap::XSD_PATH, "/soap/v1/mutatieontvanger-v1.wsdl"] {
            assert_eq!(get(path, configure).await.status, 200, "{path}");
        }
        let reply = get(PATH, configure).await;
        assert_eq!(reply.status, 405);
        assert_eq!(reply.headers.get("allow").unwrap(), allow);
        assert_eq!(reply.body.contains("met POST"), allow.contains("POST"));
    }
}

#[actix_web::test]
async fn the_documents_alone_answer_no_question() {
    let app = App::new()
        .app_data(Data::new(gateway().await))
        .configure(soap::configure_documents);
    let request = TestRequest::post()
        .uri(PATH)
        .set_payload("<x/>")
        .to_request();
    let response = init_service(app).await.call(request).await.unwrap();
    assert_eq!(response.status(), 405);
}
