//! `[proxy]`: a listener for a proxy that ends TLS.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Deserializer, de};

/// `[proxy]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProxyConfig {
    /// Where to listen; none for no such listener.
    pub adres: Option<SocketAddr>,
    /// The proxies whose header is believed.
    #[serde(deserialize_with = "addresses")]
    pub vertrouwd: Vec<IpAddr>,
}

impl ProxyConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.adres.is_some() && self.vertrouwd.is_empty() {
            return Err("proxy.vertrouwd is empty: name the addresses of the proxies that may pass certificates on, or leave proxy.adres out".into());
        }
        Ok(())
    }
}

fn addresses<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<IpAddr>, D::Error> {
    let texts = Vec::<String>::deserialize(d)?;
    let read = |text: &String| {
        text.parse().map_err(|_| {
            de::Error::custom(format!(
                "proxy.vertrouwd: \"{text}\" is not an address such as \"10.0.0.5\""
            ))
        })
    };
    texts.iter().map(read).collect()
}
