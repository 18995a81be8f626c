//! `[tls]`: certificates, keys and revocation lists.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::{Config, duur};
use crate::transport::tls::{CrlPlaats, FetchSettings, TlsPaths};

/// `[tls]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsConfig {
    /// Server certificate and chain, PEM.
    pub certificaat: PathBuf,
    /// Its private key, PEM.
    pub sleutel: PathBuf,
    /// Authorities for client certificates, PEM.
    pub client_ca: PathBuf,
    /// Revocation lists: files and URLs.
    pub crl: Vec<CrlPlaats>,
    /// Whether an empty `crl` is refused.
    pub crl_verplicht: bool,
    /// Authorities below those of `client_ca` that sign revocation lists, PEM.
    pub crl_uitgevers: Option<PathBuf>,
    /// How often a URL is looked at.
    #[serde(deserialize_with = "duur")]
    pub crl_interval: Duration,
    /// Longest time that a fetch may take.
    #[serde(deserialize_with = "duur")]
    pub crl_tijd: Duration,
    /// Most bytes of a fetched list.
    pub crl_maximale_bytes: u64,
    /// Authorities of https hosts of lists, PEM; none for those of the system.
    pub crl_host_ca: Option<PathBuf>,
    /// Where copies of fetched lists are kept.
    pub crl_map: PathBuf,
    /// How long past nextUpdate a CRL is used.
    #[serde(deserialize_with = "duur")]
    pub crl_grace: Duration,
}

impl TlsConfig {
    pub(super) fn resolve(&mut self, base: &Path) {
        let given = self.crl_uitgevers.iter_mut().chain(&mut self.crl_host_ca);
        let always = [
            &mut self.certificaat,
            &mut self.sleutel,
            &mut self.client_ca,
            &mut self.crl_map,
        ];
        for path in always.into_iter().chain(given) {
            *path = base.join(&*path);
        }
        for plaats in &mut self.crl {
            *plaats = plaats.clone().under(base);
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.crl_verplicht && self.crl.is_empty() {
            return Err("tls.crl is empty: name at least one revocation list, or set tls.crlVerplicht = false and know that revoked certificates then stay valid".into());
        }
        let second = Duration::from_secs(1);
        if self.crl_interval < second || self.crl_interval > self.crl_grace.max(second) {
            return Err("tls.crlInterval must be at least \"1s\" and no more than tls.crlGrace: a revoked certificate is let in for so long".into());
        }
        if self.crl_tijd < second {
            return Err("tls.crlTijd must be at least \"1s\"".into());
        }
        if self.crl_maximale_bytes == 0 {
            return Err("tls.crlMaximaleBytes is 0; it must be at least 1".into());
        }
        Ok(())
    }

    /// Files that must be there, by their keys.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let lists = self.crl.iter().filter_map(CrlPlaats::file);
        [
            ("tls.certificaat", Some(&self.certificaat)),
            ("tls.sleutel", Some(&self.sleutel)),
            ("tls.clientCa", Some(&self.client_ca)),
            ("tls.crlUitgevers", self.crl_uitgevers.as_ref()),
            ("tls.crlHostCa", self.crl_host_ca.as_ref()),
        ]
        .into_iter()
        .filter_map(|(key, path)| Some((key, path?.as_path())))
        .chain(lists.map(|path| ("tls.crl", path)))
    }

    /// How lists are fetched.
    #[must_use]
    pub fn fetching(&self) -> FetchSettings {
        FetchSettings {
            tijd: self.crl_tijd,
            maximale_bytes: self.crl_maximale_bytes,
            ca: self.crl_host_ca.clone(),
        }
    }
}

impl Config {
    /// Where certificates, key and revocation lists stand.
    #[must_use]
    pub fn tls_paths(&self) -> TlsPaths {
        let tls = &self.tls;
        TlsPaths {
            certificate: tls.certificaat.clone(),
            key: tls.sleutel.clone(),
            client_ca: tls.client_ca.clone(),
            crls: tls.crl.clone(),
            crl_issuers: tls.crl_uitgevers.clone(),
            crl_folder: tls.crl_map.clone(),
            crl_most_bytes: tls.crl_maximale_bytes,
        }
    }
}
