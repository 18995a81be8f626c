//! The loop that delivers mutaties to subscribers. Every node on a database runs it; a loan is one
//! node's at a time.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{background::ended, random_bytes};
use crate::{
    clock::Clock,
    config::Config,
    push::{Afzender, Delivery, DeliveryParts, DeliverySettings, Sleutel, SystemLookup},
    telemetry::chain,
    transport::gateway::Gateway,
};

/// How often certificates and keys that cannot be used are tried again.
const RETRY: Duration = Duration::from_secs(10);

/// What the loop works with.
pub(super) struct Parts {
    pub(super) config: Config,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) gateway: Arc<Gateway>,
}

/// Delivers until the end. Without certificates and keys that can be used nothing is sent, and all
/// else goes on: it is told, and tried until they can.
pub(super) async fn deliver(parts: Parts, stopping: watch::Receiver<bool>) {
    let mut end = pin!(ended(stopping.clone()));
    let mut told = false;
    loop {
        match delivery(&parts) {
            Ok(delivery) => return delivery.run(ended(stopping)).await,
            Err(reason) if !std::mem::replace(&mut told, true) => {
                tracing::error!(reason, "mutaties cannot be delivered; tried every 10 s");
            }
            Err(_) => {}
        }
        tokio::select! {
            () = &mut end => return,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

fn delivery(parts: &Parts) -> Result<Delivery, String> {
    let Parts {
        config,
        clock,
        gateway,
    } = parts;
    let push = &config.push;
    let sleutel = push.onderteken_sleutel.as_deref().map(Sleutel::read);
    let sleutel = sleutel.transpose().map_err(|error| chain(&error))?;
    Delivery::new(DeliveryParts {
        desk: Arc::clone(&gateway.push),
        access: Arc::clone(&gateway.access),
        verwerkingslog: Arc::clone(&gateway.verwerkingslog),
        clock: Arc::clone(clock),
        afzender: Afzender {
            oin: config.api.oin,
            publieke_url: config.api.publieke_url.clone(),
        },
        sleutel: sleutel.map(Arc::new),
        lookup: Arc::new(SystemLookup),
        chance: random_bytes,
        settings: DeliverySettings {
            client: push.client(&config.tls),
            gelijktijdig: push.gelijktijdig,
            gelijktijdig_per_eindpunt: push.gelijktijdig_per_eindpunt,
        },
    })
    .map_err(|error| chain(&error))
}
