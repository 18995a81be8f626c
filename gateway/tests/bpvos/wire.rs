//! One caller, over SOAP or REST, in the words of JSON: what goes in and comes out is the same.

use std::sync::Arc;

use actix_web::{
    App, HttpMessage,
    body::BoxBody,
    dev::{Service, ServiceResponse},
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

use crate::node::{AFNEMER, KOK, Node, SCHOOL, oin};

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
    pub(crate) body: Value,
    pub(crate) text: String,
}

/// Who asks, how, and about which school.
#[derive(Clone)]
pub(crate) struct Caller<'a> {
    pub(crate) node: &'a Node,
    pub(crate) way: Way,
    pub(crate) afnemer: &'static str,
    pub(crate) school: &'static str,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(node: &'a Node, way: Way) -> Self {
        Self {
            node,
            way,
            afnemer: AFNEMER,
            school: SCHOOL,
        }
    }

    /// registrerenBpvos, as a wish of its own.
    pub(crate) async fn put(&self, body: Value) -> Reply {
        self.put_as(body, &Uuid::new_v4().to_string()).await
    }

    /// The same, named so.
    pub(crate) async fn put_as(&self, body: Value, key: &str) -> Reply {
        match self.way {
            Way::Rest => {
                let request = TestRequest::put()
                    .uri("/v1/bpvos")
                    .insert_header(("content-type", "application/json"))
                    .insert_header(("idempotency-key", key))
                    .set_payload(body.to_string());
                self.send(request).await
            }
            Way::Soap => self.soap("registrerenBpvos", &body, key).await,
        }
    }

    /// An answer, of what must be one.
    pub(crate) async fn kept(&self, body: Value) -> Value {
        let reply = self.put(body).await;
        assert_eq!(
            (reply.status, reply.code.as_str()),
            (200, ""),
            "{}",
            reply.text
        );
        reply.body
    }

    /// One page of opvragenBpvos.
    pub(crate) async fn page(&self, cursor: Option<&str>) -> Reply {
        match self.way {
            Way::Rest => {
                let query = cursor.map_or_else(String::new, |c| format!("?cursor={c}"));
                self.get(&format!("/v1/bpvos{query}")).await
            }
            Way::Soap => {
                let body = cursor.map_or_else(|| json!({}), |c| json!({ "cursor": c }));
                self.soap("opvragenBpvos", &body, &Uuid::new_v4().to_string())
                    .await
            }
        }
    }

    /// All pages, by kenmerk.
    pub(crate) async fn list(&self) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.page(cursor.as_deref()).await;
            assert_eq!(page.status, 200, "{}", page.text);
            all.extend(page.body["bpvos"].as_array().cloned().unwrap_or_default());
            match page.body["volgendeCursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        all.sort_by_key(|bpvo| bpvo["bpvoKenmerk"].as_str().unwrap().to_owned());
        all
    }

    /// `kenmerk herkomst` of all.
    pub(crate) async fn herkomsten(&self) -> Vec<String> {
        let list = self.list().await;
        let one = |bpvo: &Value| {
            let part = |name: &str| bpvo[name].as_str().unwrap().to_owned();
            format!("{} {}", part("bpvoKenmerk"), part("herkomst"))
        };
        list.iter().map(one).collect()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(TestRequest::get().uri(path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(TestRequest::delete().uri(path)).await
    }

    pub(crate) async fn send(&self, request: TestRequest) -> Reply {
        let request = request.insert_header((SCHOOL_HEADER, self.school));
        let (status, text) = self.call(request).await;
        let body: Value = serde_json::from_str(&text).unwrap();
        let code = match status {
            200 => String::new(),
            _ => body["code"].as_str().unwrap().to_owned(),
        };
        Reply {
            status,
            code,
            body,
            text,
        }
    }

    async fn soap(&self, operation: &str, body: &Value, key: &str) -> Reply {
        let message = self.message(operation, body, key);
        let request = TestRequest::post()
            .uri(soap::PATH)
            .insert_header(("content-type", "text/xml; charset=utf-8"))
            .set_payload(message);
        let (status, text) = self.call(request).await;
        let fault = text
            .split_once("<faultcode>SOAP-ENV:")
            .and_then(|(_, rest)| rest.split_once("</faultcode>"));
        let code = fault.map_or("", |(code, _)| code);
        let code = code.rsplit('.').next().unwrap_or_default().to_owned();
        Reply {
            status,
            code,
            body: read(&text, &format!("{operation}Response")),
            text,
        }
    }

    fn message(&self, operation: &str, body: &Value, key: &str) -> String {
        let mut fields = String::new();
        write(&mut fields, operation, body);
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

    async fn call(&self, request: TestRequest) -> (u16, String) {
        let request = request.to_request();
        request.extensions_mut().insert(Arc::new(PeerIdentity {
            oin: Some(oin(self.afnemer)),
            issuer: vec![1],
            serial: vec![1],
            not_after: Tijdstip::parse("2099-01-01T00:00:00Z").unwrap(),
        }));
        let app = App::new()
            .app_data(self.node.gateway.clone())
            .configure(soap::configure)
            .configure(rest::configure);
        let app = init_service(app).await;
        let response: ServiceResponse<BoxBody> =
            app.call(request).await.unwrap().map_into_boxed_body();
        let status = response.status().as_u16();
        let body = read_body(response).await.to_vec();
        (status, String::from_utf8(body).unwrap())
    }
}

/// A bpvo at this leerbedrijf, as JSON.
pub(crate) fn bpvo(kenmerk: &str, leerbedrijf: u32, van: &str, tot: &str) -> Value {
    json!({
        "bpvoKenmerk": kenmerk,
        "leerbedrijfId": (100_000_000 + leerbedrijf).to_string(),
        "code": KOK,
        "begindatum": van,
        "einddatumGepland": tot,
    })
}

/// One of the school's, at the first leerbedrijf.
pub(crate) fn own(kenmerk: &str) -> Value {
    bpvo(kenmerk, 1, "2026-09-01", "2027-01-31")
}

/// The four counts, in the order of the contract.
pub(crate) fn telling(body: &Value) -> [i64; 4] {
    ["toegevoegd", "gewijzigd", "verwijderd", "ongewijzigd"].map(|name| {
        let value = &body[name];
        let number = value.as_i64();
        number.unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
    })
}

/// The signaalcode of a part of an answer.
pub(crate) fn signaalcode(part: &Value) -> i64 {
    let value = &part["signaalcode"];
    let number = value.as_i64();
    number.unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

const ORDER: [&str; 12] = [
    "schoolOin",
    "cursor",
    "vervangAlles",
    "proef",
    "bpvos",
    "bpvoKenmerk",
    "leerbedrijfId",
    "code",
    "begindatum",
    "einddatumGepland",
    "einddatumWerkelijk",
    "keuzedelen",
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
            let item = if name == "bpvos" { "bpvo" } else { "keuzedeel" };
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

fn content(reader: &mut Reader<&[u8]>, name: &str) -> Value {
    let mut fields = Map::new();
    let mut items = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                let child = tag.local_name().as_ref().to_owned();
                let value = content(reader, &child);
                if ["resultaten", "bpvos", "keuzedelen"].contains(&name) {
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
