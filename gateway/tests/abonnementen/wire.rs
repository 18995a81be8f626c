//! One caller, over SOAP or REST, in the words of JSON: what goes in and comes out is the same.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use actix_web::{
    App, HttpMessage,
    body::BoxBody,
    dev::{Service, ServiceResponse},
    http::header::{HeaderMap, LOCATION},
    test::{TestRequest, init_service, read_body},
};
use quick_xml::{Reader, events::Event};
use serde_json::{Map, Value, json};
use stagepoort::{
    access::PeerIdentity,
    domain::Tijdstip,
    transport::{
        rest::{self, SCHOOL_HEADER},
        soap,
    },
};
use uuid::Uuid;

use crate::{
    register::{AFNEMER, SCHOOL, oin},
    world::World,
};

const OWN: &str = "00000099000000000000";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Rest,
    Soap,
}

pub(crate) const WAYS: [Way; 2] = [Way::Rest, Way::Soap];

/// An answer: the status, the code of a fault or problem (nothing for an answer), and what it says.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) location: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Reply {
    /// What a field says, as text; empty when it is not there.
    pub(crate) fn field(&self, name: &str) -> String {
        said(&self.body[name])
    }

    /// The signaalcode, of an answer or of the problem in its place.
    pub(crate) fn signaalcode(&self) -> String {
        self.field("signaalcode")
    }

    /// What a header says; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn list(&self, name: &str) -> Vec<Value> {
        self.body[name].as_array().cloned().unwrap_or_default()
    }
}

/// What a value says, as text: XML has nothing else.
pub(crate) fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Who asks, how, and about which school.
#[derive(Clone)]
pub(crate) struct Caller<'a> {
    pub(crate) world: &'a World,
    pub(crate) way: Way,
    pub(crate) afnemer: &'static str,
    pub(crate) school: &'static str,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(world: &'a World, way: Way) -> Self {
        Self {
            world,
            way,
            afnemer: AFNEMER,
            school: SCHOOL,
        }
    }

    /// aanmeldenAbonnement, as a wish of its own.
    pub(crate) async fn aanmelden(&self, body: Value) -> Reply {
        self.aanmelden_as(body, new_id()).await
    }

    pub(crate) async fn aanmelden_as(&self, body: Value, key: Uuid) -> Reply {
        let request = || TestRequest::post().uri("/v1/abonnementen");
        self.ask("aanmeldenAbonnement", request, body, key).await
    }

    /// The id of a new subscription that polls.
    pub(crate) async fn polls(&self) -> String {
        let reply = self.aanmelden(json!({ "kanaal": "POLL" })).await;
        let id = reply.field("abonnementId");
        assert!(!id.is_empty(), "{}", reply.text);
        id
    }

    /// wijzigenAbonnement.
    pub(crate) async fn wijzigen(&self, id: &str, mut body: Value) -> Reply {
        let path = format!("/v1/abonnementen/{id}");
        if self.way == Way::Soap {
            body["abonnementId"] = json!(id);
        }
        let request = || TestRequest::put().uri(&path);
        self.ask("wijzigenAbonnement", request, body, new_id())
            .await
    }

    /// beeindigenAbonnement.
    pub(crate) async fn beeindigen(&self, id: &str) -> Reply {
        match self.way {
            Way::Rest => {
                let path = format!("/v1/abonnementen/{id}");
                self.send(TestRequest::delete().uri(&path)).await
            }
            Way::Soap => {
                let body = json!({ "abonnementId": id });
                self.soap("beeindigenAbonnement", &body, new_id()).await
            }
        }
    }

    /// The subscriptions that are not ended.
    pub(crate) async fn lijst(&self) -> Vec<Value> {
        let reply = match self.way {
            Way::Rest => self.get("/v1/abonnementen").await,
            Way::Soap => {
                self.soap("opvragenAbonnementen", &json!({}), new_id())
                    .await
            }
        };
        assert_eq!(reply.code, "", "{}", reply.text);
        reply.list("abonnementen")
    }

    /// One subscription; over SOAP as if it were the answer itself.
    pub(crate) async fn opvragen(&self, id: &str) -> Reply {
        match self.way {
            Way::Rest => self.get(&format!("/v1/abonnementen/{id}")).await,
            Way::Soap => {
                let body = json!({ "abonnementId": id });
                let mut reply = self.soap("opvragenAbonnementen", &body, new_id()).await;
                let signaalcode = reply.body["signaalcode"].clone();
                if let Some(one) = reply.list("abonnementen").pop() {
                    reply.body = one;
                }
                reply.body["signaalcode"] = signaalcode;
                reply
            }
        }
    }

    /// opvragenMutaties with these fields beside the abonnementId.
    pub(crate) async fn mutaties(&self, id: &str, fields: &[(&str, &str)]) -> Reply {
        match self.way {
            Way::Rest => {
                let mut path = format!("/v1/mutaties?abonnementId={id}");
                for (name, value) in fields {
                    path.push_str(&format!("&{name}={value}"));
                }
                self.get(&path).await
            }
            Way::Soap => {
                let mut body = json!({ "abonnementId": id });
                for (name, value) in fields {
                    body[*name] = json!(value);
                }
                self.soap("opvragenMutaties", &body, new_id()).await
            }
        }
    }

    /// vergelijkenMutaties.
    pub(crate) async fn vergelijken(&self, body: Value) -> Reply {
        let request = || TestRequest::post().uri("/v1/mutaties/_vergelijken");
        self.ask("vergelijkenMutaties", request, body, new_id())
            .await
    }

    async fn ask(
        &self,
        operation: &str,
        request: impl FnOnce() -> TestRequest,
        body: Value,
        key: Uuid,
    ) -> Reply {
        match self.way {
            Way::Rest => {
                let request = request()
                    .insert_header(("content-type", "application/json"))
                    .insert_header(("idempotency-key", key.to_string()))
                    .set_payload(body.to_string());
                self.send(request).await
            }
            Way::Soap => self.soap(operation, &body, key).await,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(TestRequest::get().uri(path)).await
    }

    pub(crate) async fn send(&self, request: TestRequest) -> Reply {
        let request = request.insert_header((SCHOOL_HEADER, self.school));
        let (status, headers, text) = self.call(request).await;
        let location = headers.get(LOCATION);
        let location = location.map(|value| value.to_str().unwrap().to_owned());
        let body: Value = serde_json::from_str(&text).unwrap();
        let code = match status {
            200 | 201 => String::new(),
            _ => body["code"].as_str().unwrap().to_owned(),
        };
        Reply {
            status,
            code,
            location,
            headers,
            body,
            text,
        }
    }

    async fn soap(&self, operation: &str, body: &Value, key: Uuid) -> Reply {
        let mut fields = String::new();
        write(&mut fields, operation, body);
        self.soap_with(operation, &fields, key).await
    }

    /// With the fields of the request as they are.
    pub(crate) async fn soap_with(&self, operation: &str, fields: &str, key: Uuid) -> Reply {
        let message = self.message(operation, fields, key);
        self.soap_message(operation, message).await
    }

    /// With a message as it is.
    pub(crate) async fn soap_message(&self, operation: &str, message: String) -> Reply {
        let request = TestRequest::post()
            .uri(soap::PATH)
            .insert_header(("content-type", "text/xml; charset=utf-8"))
            .set_payload(message);
        let (status, headers, text) = self.call(request).await;
        let location = headers.get(LOCATION);
        let location = location.map(|value| value.to_str().unwrap().to_owned());
        let fault = text
            .split_once("<faultcode>SOAP-ENV:")
            .and_then(|(_, rest)| rest.split_once("</faultcode>"));
        let code = fault.map_or("", |(code, _)| code);
        Reply {
            status,
            code: code.rsplit('.').next().unwrap_or_default().to_owned(),
            location,
            headers,
            body: read(&text, &format!("{operation}Response")),
            text,
        }
    }

    fn message(&self, operation: &str, fields: &str, key: Uuid) -> String {
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header>\
             <a:To>https://x/?oin={OWN}</a:To><a:Action>urn:stagepoort:whitelabel:v1/{operation}</a:Action>\
             <a:MessageID>urn:uuid:{key}</a:MessageID><a:From><a:Address>\
             http://www.w3.org/2005/08/addressing/anonymous?oin={}</a:Address></a:From></s:Header>\
             <s:Body><{operation}Request xmlns=\"urn:stagepoort:whitelabel:v1\">{fields}\
             </{operation}Request></s:Body></s:Envelope>",
            self.school
        )
    }

    async fn call(&self, request: TestRequest) -> (u16, HeaderMap, String) {
        let request = request.to_request();
        request.extensions_mut().insert(Arc::new(PeerIdentity {
            oin: Some(oin(self.afnemer)),
            issuer: vec![1],
            serial: vec![1],
            not_after: Tijdstip::parse("2099-01-01T00:00:00Z").unwrap(),
        }));
        let app = App::new()
            .app_data(self.world.gateway.clone())
            .configure(soap::configure)
            .configure(rest::configure);
        let app = init_service(app).await;
        let response: ServiceResponse<BoxBody> =
            app.call(request).await.unwrap().map_into_boxed_body();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = read_body(response).await.to_vec();
        (status, headers, String::from_utf8(body).unwrap())
    }
}

/// One that nobody had.
pub(crate) fn new_id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u128(0xa000_0000 + u128::from(LAST.fetch_add(1, Ordering::Relaxed)))
}

const ORDER: [&str; 19] = [
    "abonnementId",
    "schoolOin",
    "kanaal",
    "eindpunt",
    "mutatieSoorten",
    "codes",
    "geheim",
    "status",
    "na",
    "limiet",
    "wachtSeconden",
    "totEnMet",
    "vanaf",
    "tot",
    "digest",
    "perBericht",
    "ed25519",
    "proef",
    "stukken",
];

fn write(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_by_key(|name| ORDER.iter().position(|known| known == name));
            for name in names {
                element(out, name, &fields[name]);
            }
        }
        Value::Array(items) => {
            let item = match name {
                "mutatieSoorten" => "mutatieSoort",
                "codes" => "code",
                _ => "stuk",
            };
            for one in items {
                element(out, item, one);
            }
        }
        Value::String(text) => out.push_str(&text.replace('&', "&amp;").replace('<', "&lt;")),
        Value::Null => {}
        other => out.push_str(&other.to_string()),
    }
}

fn element(out: &mut String, name: &str, value: &Value) {
    out.push_str(&format!("<{name}>"));
    write(out, name, value);
    out.push_str(&format!("</{name}>"));
}

/// The content of an element as JSON; every value is text there.
fn read(xml: &str, root: &str) -> Value {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) if tag.local_name().as_ref() == root => {
                return content(&mut reader, "");
            }
            Event::Eof => return Value::Null,
            _ => {}
        }
    }
}

const LISTS: [&str; 6] = [
    "abonnementen",
    "mutatieSoorten",
    "codes",
    "mutaties",
    "bpvoKenmerken",
    "ontbrekend",
];

fn content(reader: &mut Reader<&[u8]>, name: &str) -> Value {
    let mut fields = Map::new();
    let mut items = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                let child = tag.local_name().as_ref().to_owned();
                let value = content(reader, &child);
                if LISTS.contains(&name) {
                    items.push(value);
                } else {
                    fields.insert(child, value);
                }
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(entity) => {
                text.push(match &*entity {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    _ => '\'',
                });
            }
            Event::End(_) if !items.is_empty() => return Value::Array(items),
            Event::End(_) if !fields.is_empty() => return Value::Object(fields),
            Event::End(_) | Event::Eof => return Value::String(text),
            _ => {}
        }
    }
}
