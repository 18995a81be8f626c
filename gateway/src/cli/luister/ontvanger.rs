//! The receiver, which gets what a webhook would.

use std::time::Duration;

use reqwest::{Client, StatusCode, Url, header::CONTENT_TYPE};
use serde::Serialize;

use super::{
    LuisterArgs,
    poort::{SetupError, builder, retry_after},
};
use crate::{
    clock::{Clock, SystemClock},
    push::{
        Geheim,
        message::{Afzender, Bericht, Gemeld, gemelde_mutaties},
        signature::Ondertekend,
    },
    telemetry::chain,
};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to the receiver.
pub(super) struct Ontvanger {
    client: Client,
    url: Url,
    afzender: Afzender,
    geheimen: Vec<Geheim>,
}

/// What the receiver made of it.
pub(super) enum Ontvangst {
    Aangenomen(u16),
    /// It does not want any more.
    Weg,
    Mislukt {
        reden: String,
        opnieuw_na: Option<Duration>,
    },
}

impl Ontvanger {
    pub(super) fn new(
        args: &LuisterArgs,
        afzender: Afzender,
        geheim: Option<Geheim>,
    ) -> Result<Self, SetupError> {
        let client = builder(args.doorsturen_ca.as_deref())?
            .timeout(PATIENCE)
            .build()
            .map_err(SetupError::Tls)?;
        Ok(Self {
            client,
            url: args.doorsturen.clone(),
            afzender,
            geheimen: geheim.into_iter().collect(),
        })
    }

    /// The message about these.
    pub(super) fn bericht<T: Serialize + ?Sized>(
        &self,
        gemeld: &[Gemeld<'_, T>],
        batch: bool,
    ) -> serde_json::Result<Bericht> {
        gemelde_mutaties(gemeld, batch, &self.afzender)
    }

    /// One attempt, signed as of now.
    pub(super) async fn post(&self, bericht: &Bericht) -> Ontvangst {
        let ondertekend = Ondertekend {
            id: &bericht.id,
            tijdstip: SystemClock.now(),
            body: &bericht.body,
        };
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, bericht.content_type)
            .header("webhook-id", &bericht.id)
            .header("webhook-timestamp", ondertekend.timestamp_s())
            .body(bericht.body.clone());
        if !self.geheimen.is_empty() {
            let signature = ondertekend.signature(&self.geheimen, None);
            request = request.header("webhook-signature", signature);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                return Ontvangst::Mislukt {
                    reden: format!("the receiver could not be reached: {}", chain(&error)),
                    opnieuw_na: None,
                };
            }
        };
        let status = answer.status();
        if status.is_success() {
            Ontvangst::Aangenomen(status.as_u16())
        } else if status == StatusCode::GONE {
            Ontvangst::Weg
        } else {
            Ontvangst::Mislukt {
                reden: format!("the receiver answers HTTP {}", status.as_u16()),
                opnieuw_na: retry_after(&answer),
            }
        }
    }
}
