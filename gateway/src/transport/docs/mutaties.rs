//! The page about receiving mutaties: a text with places that the tables of the code fill.

use serde_json::Value;

use super::page::{STYLE, escape, fill, thousands};
use crate::transport::{
    gateway::Gateway,
    rest::{ENDPOINTS, MAX_ABONNEMENTEN, MAX_STUKKEN, MAX_WACHT_S},
};

const TEXT: &str = include_str!("mutaties.html");

/// The page of this gateway; `document` is its OpenAPI description, from which the examples come.
pub(super) fn page(gateway: &Gateway, document: &Value) -> String {
    let event = |name: &str| {
        let content = &document["webhooks"][name]["post"]["requestBody"]["content"];
        content["application/cloudevents+json"]["examples"][name]["value"].clone()
    };
    let (mutatie, bewijs) = (event("mutatie"), event("bewijs"));
    let uitdaging = bewijs["data"]["uitdaging"].as_str().unwrap_or_default();
    let aanmelden = ENDPOINTS
        .iter()
        .find(|endpoint| endpoint.operation_id == "aanmeldenAbonnement")
        .and_then(|endpoint| endpoint.verzoek)
        .and_then(|verzoek| verzoek.voorbeelden.first())
        .map_or("", |voorbeeld| voorbeeld.json.trim_end());
    fill(
        TEXT,
        &[
            ("stijl", STYLE.to_owned()),
            ("api_url", escape(&gateway.api_url)),
            ("aanmelden_verzoek", escape(aanmelden)),
            ("bewijs_event", escape(&format!("{bewijs:#}"))),
            ("uitdaging", escape(uitdaging)),
            ("mutatie_event", escape(&format!("{mutatie:#}"))),
            ("sleutel", sleutel(gateway)),
            ("max_abonnementen", thousands(MAX_ABONNEMENTEN)),
            ("max_stukken", thousands(MAX_STUKKEN)),
            ("max_wacht", MAX_WACHT_S.to_string()),
        ],
    )
}

/// By which `v1a` is verified, where there is a key.
fn sleutel(gateway: &Gateway) -> String {
    match &gateway.limits.abonnementen.openbare_sleutel {
        Some(sleutel) => format!(
            "<p>Met <code>ed25519</code> staat er ook <code>v1a</code> bij, een handtekening die u zonder geheim controleert, met de \
             openbare sleutel van deze gateway: <code>{}</code></p>",
            escape(sleutel)
        ),
        None => "<p>Deze gateway heeft geen sleutel voor <code>ed25519</code>.</p>".to_owned(),
    }
}
