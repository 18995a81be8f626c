//! demo.json: what a script has to know of a running demo (design §4).

use std::path::PathBuf;

use serde::Serialize;

use super::{Ports, folder::DemoError};
use crate::{
    access::Addressering,
    domain::{Oin, School},
    register::generate::{Plan, Voorbeeld, scholen, voorbeelden},
};

/// How many schools of the register take part.
const SCHOLEN: u32 = 8;

/// The whole file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) api: String,
    pub(super) docs: String,
    pub(super) beheer: String,
    /// The page of the playground; `/ontvangen` and `/klok` for scripts.
    pub(super) speelveld: String,
    pub(super) oin: String,
    pub(super) ca: PathBuf,
    crl: PathBuf,
    pub(super) afnemers: Vec<DemoAfnemer>,
    geweigerd: Vec<Geweigerd>,
    pub(super) voorbeelden: Vec<Voorbeeld>,
    /// The server of the demo's own PostgreSQL, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) database_pid: Option<u32>,
}

/// A supplier of the demo, with its certificate and the schools it has a mandate of.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DemoAfnemer {
    pub(super) naam: String,
    pub(super) oin: Oin,
    pub(super) rol: &'static str,
    pub(super) cert: PathBuf,
    pub(super) key: PathBuf,
    sleuteltype: certs_dev::Sleuteltype,
    pub(super) addressering: Addressering,
    pub(super) scholen: Vec<School>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Geweigerd {
    naam: String,
    cert: PathBuf,
    key: PathBuf,
}

/// Role, addressing and schools of the certificates' afnemers, in their order.
const ROLES: [(&str, Addressering, &[usize]); 4] = [
    ("SIS", Addressering::Verplicht, &[0, 1]),
    ("SIS", Addressering::Verplicht, &[2]),
    ("SIS", Addressering::Optioneel, &[3]),
    ("BPV", Addressering::Optioneel, &[0, 4, 5]),
];

/// The suppliers of the demo.
pub(super) fn afnemers(certificates: &certs_dev::Manifest) -> Result<Vec<DemoAfnemer>, DemoError> {
    let all = scholen(SCHOLEN);
    let made = certificates.afnemers.iter().zip(ROLES);
    made.map(|(made, (rol, addressering, schools))| {
        Ok(DemoAfnemer {
            naam: made.naam.clone(),
            oin: Oin::parse(made.oin.as_str())?,
            rol,
            cert: made.certificaat.cert.clone(),
            key: made.certificaat.key.clone(),
            sleuteltype: made.certificaat.sleuteltype,
            addressering,
            scholen: schools
                .iter()
                .filter_map(|at| all.get(*at).cloned())
                .collect(),
        })
    })
    .collect()
}

impl Manifest {
    pub(super) fn new(
        ports: &Ports,
        certificates: &certs_dev::Manifest,
        afnemers: Vec<DemoAfnemer>,
        plan: &Plan,
        database_pid: Option<u32>,
    ) -> Self {
        let refused = certificates.geweigerd.iter().map(|refused| Geweigerd {
            naam: refused.naam.clone(),
            cert: refused.certificaat.cert.clone(),
            key: refused.certificaat.key.clone(),
        });
        Self {
            api: format!("https://localhost:{}", ports.api),
            docs: ports.docs_url(),
            beheer: format!("http://127.0.0.1:{}", ports.beheer),
            speelveld: format!("http://127.0.0.1:{}", ports.speelveld.speelveld),
            oin: certificates.server.oin.as_str().to_owned(),
            ca: certificates.ca.clone(),
            crl: certificates.crl.clone(),
            afnemers,
            geweigerd: refused.collect(),
            voorbeelden: voorbeelden(plan),
            database_pid,
        }
    }
}
