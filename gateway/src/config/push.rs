//! `[push]`: how mutaties are delivered to subscribers.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Deserializer, de};

use super::{TlsConfig, duur};
use crate::push::{ClientSettings, Netwerk, Netwerken};

/// The shortest time that contents stay in the feed: a week.
const MIN_BEWARING: Duration = Duration::from_secs(7 * 24 * 3600);

/// `[push]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushConfig {
    /// Where messages may go besides the public internet.
    #[serde(deserialize_with = "netwerken")]
    pub toegestane_netwerken: Netwerken,
    /// Authorities of subscribers' certificates, besides those of the system.
    pub ca: Option<PathBuf>,
    /// What the gateway shows of itself; none for that of `[tls]`.
    pub certificaat: Option<PathBuf>,
    /// Its private key; none for that of `[tls]`.
    pub sleutel: Option<PathBuf>,
    /// The key for `v1a` signatures.
    pub onderteken_sleutel: Option<PathBuf>,
    /// Time to find and reach an endpoint.
    #[serde(deserialize_with = "duur")]
    pub verbind_tijd: Duration,
    /// Time for a message and its answer.
    #[serde(deserialize_with = "duur")]
    pub bericht_tijd: Duration,
    /// How long contents stay in the feed, and records of attempts; numbers stay.
    #[serde(deserialize_with = "duur")]
    pub bewaring: Duration,
    /// Messages under way at once, in all.
    pub gelijktijdig: usize,
    /// Messages under way at once to one endpoint.
    pub gelijktijdig_per_eindpunt: usize,
}

impl PushConfig {
    /// How messages are sent.
    #[must_use]
    pub fn client(&self, tls: &TlsConfig) -> ClientSettings {
        let or = |own: &Option<PathBuf>, other: &PathBuf| own.as_ref().unwrap_or(other).clone();
        ClientSettings {
            netwerken: self.toegestane_netwerken.clone(),
            ca: self.ca.clone(),
            certificaat: or(&self.certificaat, &tls.certificaat),
            sleutel: or(&self.sleutel, &tls.sleutel),
            verbind_tijd: self.verbind_tijd,
            bericht_tijd: self.bericht_tijd,
            // Subscriptions of one party share a host.
            verbindingen: self.gelijktijdig,
        }
    }

    /// Files that must be there, by their keys.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        [
            ("push.ca", &self.ca),
            ("push.certificaat", &self.certificaat),
            ("push.sleutel", &self.sleutel),
            ("push.ondertekenSleutel", &self.onderteken_sleutel),
        ]
        .into_iter()
        .filter_map(|(key, path)| Some((key, path.as_deref()?)))
    }

    /// Those of the files above that hold a key.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        const SECRETS: [&str; 2] = ["push.sleutel", "push.ondertekenSleutel"];
        self.files().filter(|(key, _)| SECRETS.contains(key))
    }

    pub(super) fn resolve(&mut self, base: &Path) {
        let given = [
            &mut self.ca,
            &mut self.certificaat,
            &mut self.sleutel,
            &mut self.onderteken_sleutel,
        ];
        for path in given.into_iter().flatten() {
            *path = base.join(&*path);
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.certificaat.is_some() != self.sleutel.is_some() {
            return Err(
                "push.certificaat and push.sleutel belong together: give both or neither".into(),
            );
        }
        for (name, time) in [
            ("verbindTijd", self.verbind_tijd),
            ("berichtTijd", self.bericht_tijd),
        ] {
            if time < Duration::from_secs(1) {
                return Err(format!("push.{name} must be at least \"1s\""));
            }
        }
        if self.bewaring < MIN_BEWARING {
            return Err("push.bewaring must be at least \"168h\": an endpoint is given up after three days, and \
                 somebody must have time to see it"
                .into());
        }
        for (name, value) in [
            ("gelijktijdig", self.gelijktijdig),
            ("gelijktijdigPerEindpunt", self.gelijktijdig_per_eindpunt),
        ] {
            if value == 0 {
                return Err(format!("push.{name} is 0; it must be at least 1"));
            }
        }
        Ok(())
    }
}

fn netwerken<'de, D: Deserializer<'de>>(d: D) -> Result<Netwerken, D::Error> {
    let texts = Vec::<String>::deserialize(d)?;
    let read: Result<Vec<Netwerk>, _> = texts.iter().map(|text| text.parse()).collect();
    read.map(Netwerken::new).map_err(de::Error::custom)
}
