//! What was made, and where it lies.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::error::CertsError;
use crate::folder::Folder;
use crate::issue::Sleuteltype;
use crate::oin::Oin;
use crate::serienummer::Serienummer;

/// What a folder holds. Paths are absolute; in the folder's own
/// `manifest.json` they are bare file names, so that it can be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The CA that a gateway is to trust.
    pub ca: PathBuf,
    /// The CA's key, kept so that the CRL can be issued again.
    pub ca_key: PathBuf,
    /// A CA that is not to be trusted.
    pub andere_ca: PathBuf,
    /// The CRL of the trusted CA.
    pub crl: PathBuf,
    /// The CRL's number, one higher at every issue.
    pub crl_nummer: u64,
    /// The lines of the CRL, in the order of revocation.
    pub ingetrokken: Vec<IngetrokkenRegel>,
    /// The gateway's server certificate.
    pub server: GemaakteServer,
    /// The afnemers, in the order of the plan.
    pub afnemers: Vec<GemaakteAfnemer>,
    /// The certificates to refuse, in the order of the plan.
    pub geweigerd: Vec<GemaakteWeigering>,
}

/// A certificate with its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificaat {
    /// The certificate; no chain is needed, since the CA signs directly.
    pub cert: PathBuf,
    /// The private key, PKCS#8, without a password.
    pub key: PathBuf,
    /// The certificate's serial number, by which it is revoked.
    pub serienummer: Serienummer,
    /// The kind of key.
    pub sleuteltype: Sleuteltype,
}

/// The gateway's server certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GemaakteServer {
    /// The gateway's own OIN.
    pub oin: Oin,
    /// Host names and addresses it is for.
    pub namen: Vec<String>,
    /// The certificate.
    #[serde(flatten)]
    pub certificaat: Certificaat,
}

/// An afnemer's client certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GemaakteAfnemer {
    /// CN and O of the subject.
    pub naam: String,
    /// The OIN in `Subject.serialNumber`.
    pub oin: Oin,
    /// The certificate.
    #[serde(flatten)]
    pub certificaat: Certificaat,
}

/// A client certificate to refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GemaakteWeigering {
    /// [`Weigering::naam`](crate::Weigering::naam): `ingetrokken`, `verlopen` and so on.
    pub naam: String,
    /// What stands in `Subject.serialNumber`, an OIN or not; absent when nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oin: Option<String>,
    /// The certificate.
    #[serde(flatten)]
    pub certificaat: Certificaat,
}

/// A line of the CRL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngetrokkenRegel {
    /// The serial number of the revoked certificate.
    pub serienummer: Serienummer,
    /// When it was revoked, in whole seconds of UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub ingetrokken_op: OffsetDateTime,
}

/// One file, with what it is in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bestand {
    /// Where it lies.
    pub pad: PathBuf,
    /// What it is.
    pub omschrijving: String,
}

impl Manifest {
    /// Reads the manifest of a folder that [`generate`](crate::generate()) filled.
    pub fn read(dir: &Path) -> Result<Self, CertsError> {
        let folder = Folder::open(dir)?;
        Ok(folder.read_manifest()?.under(folder.root()))
    }

    /// The afnemer with this name.
    pub fn afnemer(&self, naam: &str) -> Option<&GemaakteAfnemer> {
        self.afnemers.iter().find(|a| a.naam == naam)
    }

    /// The refused certificate with this name, such as `verlopen`.
    pub fn geweigerde(&self, naam: &str) -> Option<&GemaakteWeigering> {
        self.geweigerd.iter().find(|g| g.naam == naam)
    }

    /// Every PEM file that was made.
    pub fn bestanden(&self) -> Vec<Bestand> {
        let mut files = vec![
            bestand(&self.ca, "the CA to trust".into()),
            bestand(&self.ca_key, "key of the CA".into()),
            bestand(&self.andere_ca, "a CA not to trust".into()),
            bestand(&self.crl, format!("CRL {} of the CA", self.crl_nummer)),
        ];
        let server = format!("server, OIN {}", self.server.oin);
        files.extend(self.server.certificaat.bestanden(&server));
        for afnemer in &self.afnemers {
            let what = format!("{}, OIN {}", afnemer.naam, afnemer.oin);
            files.extend(afnemer.certificaat.bestanden(&what));
        }
        for geweigerde in &self.geweigerd {
            let what = format!("{} (to refuse)", geweigerde.naam);
            files.extend(geweigerde.certificaat.bestanden(&what));
        }
        files
    }

    /// The same with every path put under this folder.
    pub(crate) fn under(mut self, root: &Path) -> Self {
        let certificates = std::iter::once(&mut self.server.certificaat)
            .chain(self.afnemers.iter_mut().map(|a| &mut a.certificaat))
            .chain(self.geweigerd.iter_mut().map(|g| &mut g.certificaat))
            .flat_map(|c| [&mut c.cert, &mut c.key]);
        let loose = [
            &mut self.ca,
            &mut self.ca_key,
            &mut self.andere_ca,
            &mut self.crl,
        ];
        for path in loose.into_iter().chain(certificates) {
            *path = root.join(&*path);
        }
        self
    }
}

impl Certificaat {
    fn bestanden(&self, what: &str) -> [Bestand; 2] {
        let kind = self.sleuteltype;
        [
            bestand(&self.cert, format!("{what}, {kind}")),
            bestand(&self.key, format!("key of {what}")),
        ]
    }
}

fn bestand(path: &Path, omschrijving: String) -> Bestand {
    let pad = path.to_owned();
    Bestand { pad, omschrijving }
}
