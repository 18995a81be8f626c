//! `[push]`: how mutaties are delivered to subscribers.

use serde::{Deserialize, Deserializer, de};

use crate::push::{Netwerk, Netwerken};

/// `[push]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushConfig {
    /// Where messages may go besides the public internet.
    #[serde(deserialize_with = "netwerken")]
    pub toegestane_netwerken: Netwerken,
}

fn netwerken<'de, D: Deserializer<'de>>(d: D) -> Result<Netwerken, D::Error> {
    let texts = Vec::<String>::deserialize(d)?;
    let read: Result<Vec<Netwerk>, _> = texts.iter().map(|text| text.parse()).collect();
    read.map(Netwerken::new).map_err(de::Error::custom)
}
