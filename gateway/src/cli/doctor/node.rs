//! One node, as its beheer listener tells of it.

use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{RegisterVersie, Tijdstip},
    telemetry::chain,
};

/// What came of asking a node.
#[derive(Debug, Clone)]
pub(super) enum Seen {
    Answered(Box<Answer>),
    /// With the reason.
    Unreachable(String),
}

/// The body of `/health/ready`, of this program version or another: what an older one does not
/// tell is not there, and what a newer one tells besides is passed over.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    pub(super) status: String,
    #[serde(default)]
    pub(super) redenen: Vec<String>,
    pub(super) register_versie: RegisterVersie,
    pub(super) register_tijdstip: Tijdstip,
    pub(super) register_hash: Option<String>,
    pub(super) persoonsgegevens_hash: Option<String>,
    pub(super) log_nummer: Option<u64>,
    #[serde(default)]
    pub(super) volger_gestopt: bool,
    pub(super) programma_versie: Option<String>,
    pub(super) momentopname_op: Option<Tijdstip>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bron: Option<Bron>,
}

/// How fetching leveringen goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Bron {
    pub(super) uitkomst: String,
    pub(super) reden: Option<String>,
}

/// Asks a node once. 503 is an answer as well: it says why.
pub(super) async fn ask(client: &Client, base: &Url) -> Seen {
    match fetch(client, base).await {
        Ok(answer) => Seen::Answered(Box::new(answer)),
        Err(reason) => Seen::Unreachable(reason),
    }
}

async fn fetch(client: &Client, base: &Url) -> Result<Answer, String> {
    let url = base.join("health/ready").map_err(|error| chain(&error))?;
    let response = client.get(url).send().await.map_err(of_http)?;
    let status = response.status();
    let body = response.bytes().await.map_err(of_http)?;
    serde_json::from_slice(&body).map_err(|_| {
        format!(
            "HTTP {} with something else than a readiness: is this a beheer listener?",
            status.as_u16()
        )
    })
}

/// Without the URL, which the output names already.
fn of_http(error: reqwest::Error) -> String {
    chain(&error.without_url())
}
