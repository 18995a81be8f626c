//! What a subscriber receives, as OpenAPI's `webhooks`: CloudEvents by Standard Webhooks (standards
//! §4).

use serde_json::{Value, json};

use crate::transport::gateway::TRACEPARENT;

/// What a webhook may hear, by name.
pub(super) fn webhooks() -> Value {
    json!({
        "mutatie": { "post": webhook(
            "ontvangenMutatie",
            "Een mutatie, of met perBericht boven 1 een lijst",
            "Antwoord met 2xx zodra het bericht bewaard is; verwerk het daarna. Ontdubbel op mutatieId: hetzelfde \
             bericht kan vaker komen. Binnen een leerbedrijf komen mutaties in volgorde. Andere statussen zijn een \
             mislukking en worden herhaald, 3xx ook; Retry-After telt mee. 410 stopt het bezorgen: de mutaties blijven \
             op te vragen.",
            &json!({
                "application/cloudevents+json": {
                    "schema": { "$ref": "#/components/schemas/MutatieEvent" },
                    "examples": { "mutatie": {
                        "summary": "Een erkenning is ingetrokken",
                        "value": example(EVENT),
                    } },
                },
                "application/cloudevents-batch+json": {
                    "schema": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": crate::operations::MAX_PER_BERICHT,
                        "items": { "$ref": "#/components/schemas/MutatieEvent" },
                    },
                    "examples": { "mutaties": {
                        "summary": "Een lijst van een",
                        "value": [example(EVENT)],
                    } },
                },
            }),
            &json!({ "2XX": { "description": "Aangenomen" } }),
        ) },
        "bewijs": { "post": webhook(
            "bewijzenEindpunt",
            "Het bewijs dat het eindpunt van de abonnee is",
            "Komt voor de eerste bezorging en na elke wijziging van het eindpunt. Controleer de handtekening en geef de \
             uitdaging terug; daarna is het abonnement ACTIEF. Lukt het niet, dan wordt het herhaald zoals een mutatie.",
            &json!({ "application/cloudevents+json": {
                "schema": { "$ref": "#/components/schemas/BewijsEvent" },
                "examples": { "bewijs": {
                    "summary": "Een uitdaging",
                    "value": example(BEWIJS),
                } },
            } }),
            &json!({ "2XX": {
                "description": "Met dezelfde uitdaging bewezen; zonder of met een andere niet",
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/BewijsAntwoord" },
                    "examples": { "antwoord": {
                        "summary": "De uitdaging, terug",
                        "value": { "uitdaging": UITDAGING },
                    } },
                } },
            } }),
        ) },
        "proef": { "post": webhook(
            "ontvangenProef",
            "Een proefbericht, op verzoek",
            "Gevraagd met proef bij wijzigenAbonnement. Hoort bij geen mutatie en heeft geen volgnummer.",
            &json!({ "application/cloudevents+json": {
                "schema": { "$ref": "#/components/schemas/ProefEvent" },
                "examples": { "proef": {
                    "summary": "Een proefbericht",
                    "value": example(PROEF),
                } },
            } }),
            &json!({ "2XX": { "description": "Goed ontvangen" } }),
        ) },
    })
}

/// Schemas that webhooks alone have, by name.
pub(super) fn schemas() -> [(&'static str, Value); 6] {
    let mutatie = json!({ "$ref": "#/components/schemas/Mutatie" });
    let mut with_sequence = event(
        "Een mutatie als CloudEvent; sequence is het volgnummer, subject het leerbedrijfId.",
        &mutatie,
    );
    with_sequence["properties"]["sequence"] = json!({
        "type": "string",
        "description": "Het volgnummer.",
        "examples": ["1042"],
    });
    with_sequence["required"]
        .as_array_mut()
        .into_iter()
        .for_each(|required| required.push(json!("sequence")));
    [
        ("MutatieEvent", with_sequence),
        (
            "BewijsEvent",
            event(
                "De vraag om een bewijs als CloudEvent; subject is het abonnementId.",
                &json!({ "$ref": "#/components/schemas/Bewijs" }),
            ),
        ),
        (
            "ProefEvent",
            event(
                "Een proefbericht als CloudEvent; subject is het abonnementId.",
                &json!({ "$ref": "#/components/schemas/Proef" }),
            ),
        ),
        (
            "Bewijs",
            object(
                "Wat het eindpunt terug moet geven.",
                &["abonnementId", "uitdaging"],
            ),
        ),
        ("Proef", object("Van welk abonnement.", &["abonnementId"])),
        (
            "BewijsAntwoord",
            object("Dezelfde uitdaging, terug.", &["uitdaging"]),
        ),
    ]
}

const UITDAGING: &str = "4f1c0a8e9d7b6c5a4f3e2d1c0b9a8f7e6d5c4b3a29181706f5e4d3c2b1a09f8e";
const EVENT: &str = include_str!("voorbeelden/mutatie-event.json");
const BEWIJS: &str = include_str!("voorbeelden/bewijs-event.json");
const PROEF: &str = include_str!("voorbeelden/proef-event.json");

fn example(json: &str) -> Value {
    // The tests read every example, so that none is null.
    serde_json::from_str(json).unwrap_or_default()
}

fn webhook(id: &str, summary: &str, description: &str, content: &Value, answers: &Value) -> Value {
    json!({
        "tags": ["mutaties"],
        "operationId": id,
        "summary": summary,
        "description": description,
        "security": [],
        "parameters": headers(),
        "requestBody": { "required": true, "content": content },
        "responses": answers,
    })
}

/// The headers of Standard Webhooks 1.0.
fn headers() -> Value {
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name,
            "in": "header",
            "required": true,
            "description": description,
            "schema": { "type": "string" },
            "example": example,
        })
    };
    json!([
        header(
            "webhook-id",
            "Kenmerk van het bericht, gelijk bij elke poging.",
            "0b6f7c1e-52d4-5a8e-b7f3-1c9d2e4a6b80",
        ),
        header(
            "webhook-timestamp",
            "Moment van deze poging, in seconden sinds 1970. Weiger wat meer dan vijf minuten afwijkt.",
            "1795337998",
        ),
        header(
            "webhook-signature",
            "Met spaties ertussen: v1 en een HMAC-SHA256 voor elk geldig geheim, en bij ed25519 v1a en een \
             handtekening met de sleutel van Stagepoort; over id.timestamp.body. Een die klopt, is genoeg.",
            "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        ),
        json!({
            "name": TRACEPARENT,
            "in": "header",
            "required": false,
            "description": "De trace waaronder Stagepoort het geven van deze mutaties vastlegde (W3C Trace Context).",
            "schema": { "type": "string" },
            "example": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        }),
    ])
}

fn event(description: &str, data: &Value) -> Value {
    let text = |description: &str, example: &str| json!({ "type": "string", "description": description, "examples": [example] });
    json!({
        "type": "object",
        "description": description,
        "required": [
            "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data",
        ],
        "properties": {
            "specversion": { "type": "string", "const": "1.0" },
            "id": text("Gelijk bij elke poging.", "0b6f7c1e-52d4-5a8e-b7f3-1c9d2e4a6b80"),
            "source": text("De gateway.", "urn:nld:oin:00000099000000001000:systeem:stagepoort"),
            "type": text("Wat er gebeurde.", "nl.leerbedrijvenregister.erkenning-beeindigd.v1"),
            "subject": text("Waarover het gaat.", "100000001"),
            "time": { "type": "string", "format": "date-time", "description": "Wanneer het register het vastlegde." },
            "datacontenttype": { "type": "string", "const": "application/json" },
            "dataschema": text("Waar het schema van data staat.", "https://stagepoort.example/v1/openapi.json#/components/schemas/Mutatie"),
            "data": data,
        },
    })
}

fn object(description: &str, fields: &[&str]) -> Value {
    let mut properties = serde_json::Map::new();
    for field in fields {
        properties.insert((*field).to_owned(), json!({ "type": "string" }));
    }
    json!({
        "type": "object",
        "description": description,
        "required": fields,
        "properties": properties,
    })
}
