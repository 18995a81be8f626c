//! A caller of a real node, over mutual TLS.

use std::{fs, sync::Arc};

use rustls::ClientConfig;
use serde_json::Value;

use crate::{
    plek::{Node, Plek},
    tls::{BOTH, Connection, config},
    vraag::{DETAIL, Vraag},
};

/// The school of `stagepoort toegang example` with a mandate for everything.
pub(crate) const SCHOOL: &str = "00000099000000001001";

/// A caller, and a leerbedrijf of which it knows that people work there.
pub(crate) struct Beller {
    caller: Arc<ClientConfig>,
    gateway: String,
    pub(crate) leerbedrijf_id: String,
    pub(crate) naam: String,
    pub(crate) persoon_id: String,
}

impl Beller {
    pub(crate) fn new(plek: &Plek) -> Self {
        let levering = fs::read_to_string(plek.path("eerste.ndjson")).unwrap();
        let people = |line: &str| {
            let one: Value = serde_json::from_str(line).unwrap();
            let persoon = &one["contactpersonen"][0];
            let part = |of: &Value, name: &str| of[name].as_str().map(str::to_owned);
            Some((
                part(&one, "leerbedrijfId")?,
                part(persoon, "naam")?,
                part(persoon, "persoonId")?,
            ))
        };
        let (leerbedrijf_id, naam, persoon_id) = levering.lines().find_map(people).unwrap();
        let certificaten = &plek.certificaten;
        let first = &certificaten.afnemers[0].certificaat;
        Self {
            caller: config(certificaten, Some(first), &BOTH),
            gateway: certificaten.server.oin.as_str().to_owned(),
            leerbedrijf_id,
            naam,
            persoon_id,
        }
    }

    /// Status and whole answer, over REST and over SOAP.
    pub(crate) async fn ask(&self, node: &Node, vraag: Vraag) -> [(u16, String); 2] {
        let pad = vraag.pad(&self.leerbedrijf_id);
        let school = format!("Host: localhost\r\nOnderwijsinstelling-OIN: {SCHOOL}\r\n");
        let rest = match vraag.json {
            None => format!("GET {pad} HTTP/1.1\r\n{school}\r\n"),
            Some(json) => format!(
                "POST {pad} HTTP/1.1\r\n{school}Content-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{json}",
                json.len()
            ),
        };
        let envelope = vraag.envelope(&self.leerbedrijf_id, SCHOOL, &self.gateway);
        let soap = format!(
            "POST /soap/v1/whitelabel HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n{envelope}",
            envelope.len()
        );
        [self.send(node, &rest).await, self.send(node, &soap).await]
    }

    /// Body of the answer to a question over REST.
    pub(crate) async fn get(&self, node: &Node, pad: &str) -> Value {
        let school = format!("Host: localhost\r\nOnderwijsinstelling-OIN: {SCHOOL}\r\n");
        let (status, text) = self
            .send(node, &format!("GET {pad} HTTP/1.1\r\n{school}\r\n"))
            .await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap()
    }

    async fn send(&self, node: &Node, text: &str) -> (u16, String) {
        let mut connection = Connection::open(node.api(), &self.caller).await.unwrap();
        connection.send(text).await.unwrap();
        let answer = connection.answer().await.unwrap();
        let status = answer.head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.head + &answer.body)
    }

    pub(crate) async fn is_told(&self, node: &Node) {
        for (status, text) in self.ask(node, DETAIL).await {
            assert_eq!(status, 200, "{text}");
            assert!(text.contains(&self.naam), "{text}");
        }
    }
}
