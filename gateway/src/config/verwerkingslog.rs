//! `[verwerkingslog]`: recording who was given data about people.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::Url;
use serde::{Deserialize, Deserializer, de};

use super::duur;
use crate::audit::{Grenzen, Instellingen, JournaalInstellingen, OtlpInstellingen};

/// The smallest segment: below it there would be thousands of files.
const MIN_SEGMENT_BYTES: u64 = 64 * 1024;

/// The largest segment: it is read into memory when the journal is opened.
const MAX_SEGMENT_BYTES: u64 = 1024 * 1024 * 1024;

/// The shortest time on the node's own disk.
const MIN_LOKAAL: Duration = Duration::from_secs(24 * 3600);

/// The shortest time in the database: a year.
const MIN_TERMIJN: Duration = Duration::from_secs(366 * 24 * 3600);

/// The shortest time for counts of requests: a month and a day.
const MIN_GEBRUIK: Duration = Duration::from_secs(32 * 24 * 3600);

/// `[verwerkingslog]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerwerkingslogConfig {
    /// Folder of this node's journal.
    pub map: PathBuf,
    /// Base of the URI of a processing activity; the operation comes behind it.
    pub activiteit: String,
    /// Bytes after which a segment is ended.
    pub segment_bytes: u64,
    /// Answers that may wait to be recorded.
    pub wachtrij: usize,
    /// How long one waits.
    #[serde(deserialize_with = "duur")]
    pub wacht: Duration,
    /// How long the journal stays on the node's own disk once it was shipped.
    #[serde(deserialize_with = "duur")]
    pub lokale_bewaring: Duration,
    /// How long it stays in the database.
    #[serde(deserialize_with = "duur")]
    pub bewaartermijn: Duration,
    /// How long counts of requests stay in the database.
    #[serde(deserialize_with = "duur")]
    pub gebruik_bewaring: Duration,
    /// URL of a collector that it is exported to; empty: none.
    #[serde(deserialize_with = "collector")]
    pub otlp: Option<Url>,
    /// Authorities that the collector is trusted by, PEM; empty: those of the system.
    pub otlp_ca: PathBuf,
    /// Client certificate for the collector, PEM; empty: none.
    pub otlp_certificaat: PathBuf,
    /// Its private key; empty: none.
    pub otlp_sleutel: PathBuf,
}

impl VerwerkingslogConfig {
    /// Where and how processing is recorded; `nieuw` is what a journal is called that begins now.
    #[must_use]
    pub fn instellingen(&self, nieuw: [u8; 16]) -> Instellingen {
        Instellingen {
            map: self.map.clone(),
            journaal: JournaalInstellingen {
                segment_bytes: self.segment_bytes,
                nieuw,
            },
            grenzen: Grenzen {
                wachtrij: self.wachtrij,
                wacht: self.wacht,
                activiteit: self.activiteit.clone(),
            },
        }
    }

    /// The collector to export to, if there is one.
    #[must_use]
    pub fn otlp(&self) -> Option<OtlpInstellingen> {
        let given = |path: &PathBuf| Some(path.clone()).filter(|path| !path.as_os_str().is_empty());
        Some(OtlpInstellingen {
            url: self.otlp.clone()?,
            ca: given(&self.otlp_ca),
            identity: given(&self.otlp_certificaat).zip(given(&self.otlp_sleutel)),
        })
    }

    /// Files that must be there, by their keys.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        [
            ("verwerkingslog.otlpCa", &self.otlp_ca),
            ("verwerkingslog.otlpCertificaat", &self.otlp_certificaat),
            ("verwerkingslog.otlpSleutel", &self.otlp_sleutel),
        ]
        .into_iter()
        .filter(|(_, path)| !path.as_os_str().is_empty())
        .map(|(key, path)| (key, path.as_path()))
    }

    pub(super) fn resolve(&mut self, base: &Path) {
        self.map = base.join(&self.map);
        let given = [
            &mut self.otlp_ca,
            &mut self.otlp_certificaat,
            &mut self.otlp_sleutel,
        ];
        for path in given
            .into_iter()
            .filter(|path| !path.as_os_str().is_empty())
        {
            *path = base.join(&*path);
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.map.file_name().is_none() {
            return Err("verwerkingslog.map must name a folder of its own".into());
        }
        if !self.activiteit.contains(':') {
            return Err(format!(
                "verwerkingslog.activiteit is \"{}\"; it must be the beginning of a URI",
                self.activiteit
            ));
        }
        if !(MIN_SEGMENT_BYTES..=MAX_SEGMENT_BYTES).contains(&self.segment_bytes) {
            return Err(format!(
                "verwerkingslog.segmentBytes is {}; it must be from {MIN_SEGMENT_BYTES} to {MAX_SEGMENT_BYTES}",
                self.segment_bytes
            ));
        }
        if self.wachtrij == 0 {
            return Err("verwerkingslog.wachtrij is 0; it must be at least 1".into());
        }
        if self.wacht < Duration::from_millis(100) {
            return Err(
                "verwerkingslog.wacht must be at least \"100ms\": a disk takes its time".into(),
            );
        }
        if self.lokale_bewaring < MIN_LOKAAL {
            return Err("verwerkingslog.lokaleBewaring must be at least \"24h\": it is what a backup of the database that was put back is filled up from".into());
        }
        if self.bewaartermijn < MIN_TERMIJN || self.bewaartermijn < self.lokale_bewaring {
            return Err("verwerkingslog.bewaartermijn must be at least \"8784h\" (a year), and not below lokaleBewaring: who asks what was given about them must get an answer".into());
        }
        if self.gebruik_bewaring < MIN_GEBRUIK {
            return Err(
                "verwerkingslog.gebruikBewaring must be at least \"768h\": a month must fit in it"
                    .into(),
            );
        }
        let certificate = self.otlp_certificaat.as_os_str().is_empty();
        if certificate != self.otlp_sleutel.as_os_str().is_empty() {
            return Err("verwerkingslog.otlpCertificaat and otlpSleutel belong together: give both or neither".into());
        }
        Ok(())
    }
}

fn collector<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(d)?;
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(&text).ok().filter(|url| {
        url.scheme() == "https" && url.username().is_empty() && url.password().is_none()
    });
    url.map(Some).ok_or_else(|| {
        de::Error::custom(
            "otlp must be a whole https URL without a name and password, such as \"https://collector.example/v1/traces\"",
        )
    })
}
