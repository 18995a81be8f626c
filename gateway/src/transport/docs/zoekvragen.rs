//! The examples of a search, as both transports have them.

use serde_json::Value;

use super::soap_message::SoapMessage;
use crate::{
    domain::{Datum, Operatie},
    transport::rest::{EERSTE_SCHOOLDAG, ENDPOINTS, Voorbeeld, ZOEKVELDEN},
};

/// A search, to be used on or soon after a certain day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zoekvraag {
    /// Its name, which can be that of a file: `01-leerbaan-kok`.
    pub naam: &'static str,
    /// What it asks, in Dutch, in one line.
    pub samenvatting: &'static str,
    /// The body in REST.
    pub json: String,
    /// The fields of the message in SOAP, in the order of the contract.
    pub velden: Vec<(&'static str, String)>,
}

impl Zoekvraag {
    /// The whole message in SOAP.
    #[must_use]
    pub fn soap(&self, api_url: &str, own_oin: &str, school_oin: &str) -> String {
        let message = SoapMessage {
            api_url,
            own_oin,
            school_oin,
            operatie: Operatie::ZoekenLeerplaatsen,
        };
        message.with(&self.velden)
    }
}

/// All of them.
#[must_use]
pub fn zoekvragen(vandaag: Datum) -> Vec<Zoekvraag> {
    let questions = ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.operatie == Operatie::ZoekenLeerplaatsen)
        .filter_map(|endpoint| endpoint.verzoek)
        .flat_map(|verzoek| verzoek.voorbeelden);
    questions.map(|v| zoekvraag(v, vandaag)).collect()
}

/// Next year's September is always to come, and near enough that places are known for it.
fn zoekvraag(voorbeeld: &Voorbeeld, vandaag: Datum) -> Zoekvraag {
    let september = format!("{:04}-09-01", vandaag.as_date().year() + 1);
    let json = voorbeeld.json.trim_end();
    let json = json.replace(EERSTE_SCHOOLDAG, &september);
    // A test reads every example, so this is never an empty question.
    let body: Value = serde_json::from_str(&json).unwrap_or_default();
    let value = |naam: &'static str| Some((naam, text(body.get(naam)?)));
    Zoekvraag {
        naam: voorbeeld.naam,
        samenvatting: voorbeeld.samenvatting,
        velden: ZOEKVELDEN.iter().filter_map(|v| value(v.naam)).collect(),
        json,
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_json_is_in_the_message_and_no_day_is_past() {
        for dag in ["2026-11-24", "2031-01-01"] {
            let vandaag = Datum::parse(dag).unwrap();
            let all = zoekvragen(vandaag);
            for vraag in &all {
                let body: Value = serde_json::from_str(&vraag.json).unwrap();
                assert_eq!(body.as_object().unwrap().len(), vraag.velden.len());
                for (naam, waarde) in &vraag.velden {
                    assert_eq!(&text(&body[naam]), waarde, "{}", vraag.naam);
                }
                let days = vraag
                    .velden
                    .iter()
                    .filter(|(n, _)| n.contains("beschikbaar"));
                for (_, waarde) in days {
                    assert!(Datum::parse(waarde).unwrap() > vandaag, "{}", vraag.naam);
                }
            }
        }
    }
}
