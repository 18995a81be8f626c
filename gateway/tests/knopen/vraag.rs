//! One caller over mutual TLS, who asks about one leerbedrijf at a time, over REST or SOAP.

use std::sync::Arc;

use rustls::ClientConfig;

use crate::{
    plek::{Node, Plek},
    tls::{Answer, BOTH, Connection, Gone, config},
};

/// The supplier and the school of `stagepoort toegang example` with a mandate for everything.
pub(crate) const SCHOOL: &str = "00000099000000001001";
/// One whose mandate is for verifications alone.
pub(crate) const ANDERE_SCHOOL: &str = "00000099000000001002";

pub(crate) const CODE: &str = "25180";
const PEILDATUM: &str = "2026-01-05";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weg {
    Rest,
    Soap,
}

pub(crate) const WEGEN: [Weg; 2] = [Weg::Rest, Weg::Soap];

/// natrekkenErkenning of one code.
#[derive(Debug, Clone)]
pub(crate) struct Vraag {
    pub(crate) weg: Weg,
    pub(crate) school: &'static str,
    pub(crate) leerbedrijf_id: String,
    /// Empty for none.
    pub(crate) minimale_register_versie: String,
}

/// The certificate of the first supplier.
pub(crate) fn caller(plek: &Plek) -> Arc<ClientConfig> {
    let certificaten = &plek.certificaten;
    let first = &certificaten.afnemers[0].certificaat;
    config(certificaten, Some(first), &BOTH)
}

impl Vraag {
    pub(crate) fn new(weg: Weg, leerbedrijf_id: impl ToString) -> Self {
        Self {
            weg,
            school: SCHOOL,
            leerbedrijf_id: leerbedrijf_id.to_string(),
            minimale_register_versie: String::new(),
        }
    }

    pub(crate) fn of(self, school: &'static str) -> Self {
        Self { school, ..self }
    }

    pub(crate) fn at_least(self, versie: &str) -> Self {
        Self {
            minimale_register_versie: versie.to_owned(),
            ..self
        }
    }

    /// The whole request, as it goes over the wire.
    pub(crate) fn text(&self, number: u64) -> String {
        match self.weg {
            Weg::Rest => self.rest(),
            Weg::Soap => self.soap(number),
        }
    }

    fn rest(&self) -> String {
        let minimale = match self.minimale_register_versie.as_str() {
            "" => String::new(),
            versie => format!("&minimaleRegisterVersie={versie}"),
        };
        format!(
            "GET /v1/leerbedrijven/{}/erkenningen/{CODE}?peildatum={PEILDATUM}{minimale} HTTP/1.1\r\n\
             Host: localhost\r\nOnderwijsinstelling-OIN: {}\r\n\r\n",
            self.leerbedrijf_id, self.school
        )
    }

    fn soap(&self, number: u64) -> String {
        let minimale = match self.minimale_register_versie.as_str() {
            "" => String::new(),
            versie => format!("<minimaleRegisterVersie>{versie}</minimaleRegisterVersie>"),
        };
        let body = format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header>\
             <a:To>https://localhost/soap/v1/whitelabel?oin=00000099000000001000</a:To>\
             <a:Action>urn:stagepoort:whitelabel:v1/natrekkenErkenning</a:Action>\
             <a:MessageID>urn:uuid:{}</a:MessageID>\
             <a:From><a:Address>http://www.w3.org/2005/08/addressing/anonymous?oin={}</a:Address></a:From>\
             </s:Header><s:Body><natrekkenErkenningRequest xmlns=\"urn:stagepoort:whitelabel:v1\">\
             <leerbedrijfId>{}</leerbedrijfId><code>{CODE}</code><peildatum>{PEILDATUM}</peildatum>\
             {minimale}</natrekkenErkenningRequest></s:Body></s:Envelope>",
            uuid::Uuid::from_u128(u128::from(number)),
            self.school,
            self.leerbedrijf_id,
        );
        format!(
            "POST /soap/v1/whitelabel HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: text/xml; charset=utf-8\r\n\
             SOAPAction: \"urn:stagepoort:whitelabel:v1/natrekkenErkenning\"\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// An answer, whichever way it came.
#[derive(Debug, Clone)]
pub(crate) struct Antwoord {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl From<Answer> for Antwoord {
    fn from(answer: Answer) -> Self {
        let status = answer.head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            text: answer.body,
        }
    }
}

impl Antwoord {
    /// The value of a field, over REST as over SOAP; none when it is not there.
    pub(crate) fn veld(&self, naam: &str) -> Option<&str> {
        let json = format!("\"{naam}\":\"");
        let xml = format!("<{naam}>");
        let (begin, end) = match self.text.find(&json) {
            Some(at) => (at + json.len(), '"'),
            None => (self.text.find(&xml)? + xml.len(), '<'),
        };
        self.text[begin..].split(end).next()
    }

    pub(crate) fn is_erkend(&self) -> bool {
        self.veld("erkenningStatus") == Some("ERKEND")
    }

    /// `tijdlijn.nummer`, in order.
    pub(crate) fn versie(&self) -> Option<(u64, u64)> {
        let (tijdlijn, nummer) = self.veld("registerVersie")?.split_once('.')?;
        Some((tijdlijn.parse().ok()?, nummer.parse().ok()?))
    }
}

/// A connection to one node.
pub(crate) struct Lijn {
    connection: Connection,
    number: u64,
}

impl Lijn {
    pub(crate) async fn open(node: &Node, caller: &Arc<ClientConfig>) -> Self {
        let connection = Connection::open(node.api(), caller).await.unwrap();
        Self {
            connection,
            number: 0,
        }
    }

    pub(crate) async fn ask(&mut self, vraag: &Vraag) -> Result<Antwoord, Gone> {
        self.number += 1;
        self.connection.send(&vraag.text(self.number)).await?;
        self.connection.answer().await.map(Antwoord::from)
    }
}
