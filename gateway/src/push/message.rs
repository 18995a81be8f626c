//! A message to a webhook: NL GOV CloudEvents 1.1 in JSON (standards §4), one or a batch.

use serde::Serialize;
use uuid::Uuid;

use super::{Abonnement, AbonnementId, MutatieBericht};
use crate::domain::{LeerbedrijfId, Oin, Tijdstip};

/// One event.
pub const EVENT: &str = "application/cloudevents+json; charset=UTF-8";

/// A list of events.
pub const BATCH: &str = "application/cloudevents-batch+json; charset=UTF-8";

/// Under which the ids of batches are made.
const NAMESPACE: Uuid = Uuid::from_u128(0x8d0f_3a52_91c4_4e0b_a6d7_2f18_c05b_7e64);

/// Who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Afzender {
    /// The gateway's own OIN.
    pub oin: Oin,
    /// Its base URL outside, without a slash at the end.
    pub publieke_url: String,
}

/// A message, ready to be signed and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bericht {
    /// `webhook-id`: the same over attempts.
    pub id: String,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The bytes that are signed and sent.
    pub body: Vec<u8>,
}

/// An event as it stands in the body.
#[derive(Serialize)]
struct Event<'a, T: ?Sized> {
    specversion: &'static str,
    id: Uuid,
    source: String,
    #[serde(rename = "type")]
    soort: String,
    subject: String,
    time: Tijdstip,
    datacontenttype: &'static str,
    dataschema: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
    data: &'a T,
}

/// What a test message holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Proef {
    abonnement_id: String,
}

/// What a proof of the endpoint asks. The endpoint is the subscriber's when it gives back the
/// `uitdaging`: see [`bewijs`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bewijs<'a> {
    abonnement_id: String,
    uitdaging: &'a str,
}

/// Mutaties for this subscription: one event, or a batch when it asked for several at a time, be it
/// of one. The id of one is that of its mutatie; that of a batch is the same for the same mutaties.
///
/// # Errors
/// When JSON cannot be written, which memory alone could cause.
pub fn mutaties(
    abonnement: &Abonnement,
    berichten: &[MutatieBericht],
    afzender: &Afzender,
) -> serde_json::Result<Bericht> {
    let gemeld: Vec<_> = berichten
        .iter()
        .map(|bericht| Gemeld {
            mutatie_id: bericht.mutatie_id,
            mutatie_soort: bericht.mutatie_soort,
            leerbedrijf_id: bericht.leerbedrijf_id,
            geregistreerd_op: bericht.geregistreerd_op,
            volgnummer: bericht.volgnummer,
            data: bericht,
        })
        .collect();
    gemelde_mutaties(&gemeld, abonnement.per_bericht > 1, afzender)
}

/// What an event says of a mutatie, and the mutatie itself in whatever form.
#[derive(Debug)]
pub struct Gemeld<'a, T: ?Sized> {
    /// See [`MutatieBericht::mutatie_id`].
    pub mutatie_id: Uuid,
    /// See [`MutatieBericht::mutatie_soort`].
    pub mutatie_soort: &'a str,
    /// See [`MutatieBericht::leerbedrijf_id`].
    pub leerbedrijf_id: LeerbedrijfId,
    /// See [`MutatieBericht::geregistreerd_op`].
    pub geregistreerd_op: Tijdstip,
    /// See [`MutatieBericht::volgnummer`].
    pub volgnummer: u64,
    /// As JSON has it.
    pub data: &'a T,
}

/// As [`mutaties`], of mutaties that came as JSON; `batch` for a list, be it of one.
///
/// # Errors
/// As [`mutaties`].
pub fn gemelde_mutaties<T: Serialize + ?Sized>(
    gemeld: &[Gemeld<'_, T>],
    batch: bool,
    afzender: &Afzender,
) -> serde_json::Result<Bericht> {
    let events: Vec<_> = gemeld
        .iter()
        .map(|gemeld| Event {
            specversion: "1.0",
            id: gemeld.mutatie_id,
            source: source(afzender),
            soort: soort(gemeld.mutatie_soort),
            subject: gemeld.leerbedrijf_id.to_string(),
            time: gemeld.geregistreerd_op,
            datacontenttype: "application/json",
            dataschema: schema(afzender, "Mutatie"),
            sequence: Some(gemeld.volgnummer.to_string()),
            data: gemeld.data,
        })
        .collect();
    match events.as_slice() {
        [event] if !batch => Ok(Bericht {
            id: event.id.to_string(),
            content_type: EVENT,
            body: to_json(event)?,
        }),
        events => Ok(Bericht {
            id: id_of_batch(gemeld.iter().map(|gemeld| gemeld.mutatie_id)).to_string(),
            content_type: BATCH,
            body: to_json(events)?,
        }),
    }
}

/// Bytes of an event, about.
const EVENT_BYTES: usize = 1_024;

fn to_json(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(EVENT_BYTES);
    serde_json::to_writer(&mut bytes, value)?;
    Ok(bytes)
}

/// Een proefbericht, op verzoek van de abonnee: type `nl.leerbedrijvenregister.proef.v1`, met in
/// `data` het abonnementId. Het hoort bij geen mutatie en heeft geen volgnummer; een antwoord met
/// 2xx is goed.
///
/// # Errors
/// As [`mutaties`].
pub fn proef(
    abonnement: AbonnementId,
    id: Uuid,
    now: Tijdstip,
    afzender: &Afzender,
) -> serde_json::Result<Bericht> {
    let data = Proef {
        abonnement_id: abonnement.to_string(),
    };
    of_abonnement("Proef", abonnement, id, now, afzender, &data)
}

/// Het bewijs dat het eindpunt van de abonnee is, gevraagd voor de eerste bezorging en na elke
/// wijziging van het eindpunt. Het is een CloudEvent als de andere, ondertekend met hetzelfde geheim,
/// van type `nl.leerbedrijvenregister.bewijs.v1`:
///
/// ```json
/// {"specversion": "1.0", "id": "…", "type": "nl.leerbedrijvenregister.bewijs.v1", "…": "…",
///  "data": {"abonnementId": "…", "uitdaging": "4f1c…"}}
/// ```
///
/// De ontvanger controleert de handtekening en antwoordt met 2xx en in JSON dezelfde uitdaging:
///
/// ```json
/// {"uitdaging": "4f1c…"}
/// ```
///
/// Daarna is het abonnement ACTIEF. Lukt het niet, dan wordt het herhaald zoals een mutatie.
///
/// # Errors
/// As [`mutaties`].
pub fn bewijs(
    abonnement: AbonnementId,
    uitdaging: &str,
    id: Uuid,
    now: Tijdstip,
    afzender: &Afzender,
) -> serde_json::Result<Bericht> {
    let data = Bewijs {
        abonnement_id: abonnement.to_string(),
        uitdaging,
    };
    of_abonnement("Bewijs", abonnement, id, now, afzender, &data)
}

/// Whether an answer gives the `uitdaging` back.
#[must_use]
pub fn is_bewezen(body: &[u8], uitdaging: &str) -> bool {
    let answer: Result<serde_json::Value, _> = serde_json::from_slice(body);
    answer.is_ok_and(|answer| answer.get("uitdaging").and_then(|u| u.as_str()) == Some(uitdaging))
}

/// `name` is that of its schema; its type is that in small letters.
fn of_abonnement<T: Serialize>(
    name: &str,
    abonnement: AbonnementId,
    id: Uuid,
    now: Tijdstip,
    afzender: &Afzender,
    data: &T,
) -> serde_json::Result<Bericht> {
    let event = Event {
        specversion: "1.0",
        id,
        source: source(afzender),
        soort: event_type(&name.to_ascii_lowercase()),
        subject: abonnement.to_string(),
        time: now,
        datacontenttype: "application/json",
        dataschema: schema(afzender, name),
        sequence: None,
        data,
    };
    Ok(Bericht {
        id: id.to_string(),
        content_type: EVENT,
        body: to_json(&event)?,
    })
}

fn source(afzender: &Afzender) -> String {
    format!("urn:nld:oin:{}:systeem:stagepoort", afzender.oin)
}

fn schema(afzender: &Afzender, name: &str) -> String {
    let base = &afzender.publieke_url;
    format!("{base}/v1/openapi.json#/components/schemas/{name}")
}

/// Such as `nl.leerbedrijvenregister.erkenning-beeindigd.v1` for ERKENNING_BEEINDIGD.
fn soort(mutatie_soort: &str) -> String {
    event_type(&mutatie_soort.to_ascii_lowercase().replace('_', "-"))
}

fn event_type(name: &str) -> String {
    format!("nl.leerbedrijvenregister.{name}.v1")
}

/// Of the mutaties in it and their order.
pub(super) fn batch_id(berichten: &[MutatieBericht]) -> Uuid {
    id_of_batch(berichten.iter().map(|bericht| bericht.mutatie_id))
}

fn id_of_batch(mutatie_ids: impl Iterator<Item = Uuid>) -> Uuid {
    let ids: Vec<String> = mutatie_ids.map(|id| id.to_string()).collect();
    Uuid::new_v5(&NAMESPACE, ids.join("|").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::samples;

    fn afzender() -> Afzender {
        samples::afzender()
    }

    #[test]
    fn one_mutatie_is_one_event_with_its_own_id() {
        let abonnement = samples::abonnement(1);
        let sent = mutaties(&abonnement, &[samples::bericht(42)], &afzender()).unwrap();
        assert_eq!(sent.content_type, EVENT);
        assert_eq!(sent.id, samples::bericht(42).mutatie_id.to_string());
        let text = String::from_utf8(sent.body).unwrap();
        insta::assert_snapshot!(text, @r#"{"specversion":"1.0","id":"00000000-0000-0000-0000-00000000002a","source":"urn:nld:oin:00000099000000001000:systeem:stagepoort","type":"nl.leerbedrijvenregister.erkenning-beeindigd.v1","subject":"100000001","time":"2026-11-28T10:00:00.5Z","datacontenttype":"application/json","dataschema":"https://poort.example/v1/openapi.json#/components/schemas/Mutatie","sequence":"42","data":{"mutatieId":"00000000-0000-0000-0000-00000000002a","volgnummer":42,"vorigVolgnummer":41,"vorigVolgnummerLeerbedrijf":39,"volledigTotEnMet":41,"mutatieSoort":"ERKENNING_BEEINDIGD","leerbedrijfId":"100000001","naam":"Bakkerij <De Korf> & Zn","code":"25180","erkenningStatus":"NIET_ERKEND","reden":"INGETROKKEN","startdatum":"2020-08-01","einddatum":"2026-11-30","ingangsdatum":"2026-12-01","geregistreerdOp":"2026-11-28T10:00:00.5Z","registerVersie":"1.48210","schoolOin":"00000099000000000101","bpvoKenmerken":["K-1","K-2"]}}"#);
    }

    #[test]
    fn a_batch_stays_one_and_has_the_id_of_what_is_in_it() {
        let abonnement = samples::abonnement(10);
        let send =
            |berichten: &[MutatieBericht]| mutaties(&abonnement, berichten, &afzender()).unwrap();
        let one = send(&[samples::bericht(1)]);
        assert_eq!(one.content_type, BATCH);
        let both = send(&[samples::bericht(1), samples::bericht(2)]);
        let read: Vec<serde_json::Value> = serde_json::from_slice(&both.body).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[1]["sequence"], "2");
        assert_eq!(both, send(&[samples::bericht(1), samples::bericht(2)]));
        assert_ne!(both.id, one.id);
    }

    #[test]
    fn a_proof_is_what_was_asked_given_back() {
        let id = samples::abonnement(1).id;
        let now = samples::bericht(1).geregistreerd_op;
        let asked = bewijs(id, "abc", Uuid::nil(), now, &afzender()).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
        assert_eq!(read["type"], "nl.leerbedrijvenregister.bewijs.v1");
        assert_eq!(read["data"]["uitdaging"], "abc");
        let schema = read["dataschema"].as_str().unwrap();
        assert!(schema.ends_with("/components/schemas/Bewijs"), "{schema}");
        assert!(is_bewezen(br#"{"uitdaging": "abc", "x": 1}"#, "abc"));
        for answer in [
            "",
            "abc",
            r#""abc""#,
            r#"{"uitdaging": "ab"}"#,
            r#"[{"uitdaging":"abc"}]"#,
        ] {
            assert!(!is_bewezen(answer.as_bytes(), "abc"), "{answer}");
        }
        let test = proef(id, Uuid::nil(), now, &afzender()).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&test.body).unwrap();
        assert_eq!(read["type"], "nl.leerbedrijvenregister.proef.v1");
        assert_eq!(read["data"]["abonnementId"], id.to_string());
    }
}
