//! Filling a folder by a plan.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::crl;
use crate::error::CertsError;
use crate::folder::{Access, Folder};
use crate::issue::{self, Authority, Purpose, Request, Sleuteltype, Validity};
use crate::manifest::{Certificaat, GemaakteAfnemer, GemaakteServer, GemaakteWeigering, Manifest};
use crate::plan::{Afnemer, Plan, Weigering};

const CA_NAME: &str = "Stagepoort wegwerp-CA";
const OTHER_CA_NAME: &str = "Andere wegwerp-CA";
const GATEWAY_NAME: &str = "Stagepoort";

/// Makes everything in the plan and writes it to the folder as PEM.
///
/// The folder (mode 0700, keys 0600) is made when it is not there; one that
/// was made by an earlier call is overwritten, and one that holds anything
/// else is refused. The manifest is written last: a folder that has one is
/// whole. Certificates count from an hour before `now`.
pub fn generate(dir: &Path, plan: &Plan, now: OffsetDateTime) -> Result<Manifest, CertsError> {
    plan.check_file_names()?;
    let maker = Maker::prepare(dir, now)?;
    let manifest = maker.make(plan)?;
    crl::write(&maker.folder, &maker.ca, &manifest, now)?;
    maker.folder.write_manifest(&manifest)?;
    Ok(manifest.under(maker.folder.root()))
}

/// The folder and the two authorities, for one run.
struct Maker {
    folder: Folder,
    ca: Authority,
    other_ca: Authority,
    now: OffsetDateTime,
}

impl Maker {
    fn prepare(dir: &Path, now: OffsetDateTime) -> Result<Self, CertsError> {
        let authority = |name: &str| {
            Authority::create(name, Validity::running(now)).map_err(CertsError::issue(name))
        };
        Ok(Self {
            folder: Folder::prepare(dir)?,
            ca: authority(CA_NAME)?,
            other_ca: authority(OTHER_CA_NAME)?,
            now,
        })
    }

    fn make(&self, plan: &Plan) -> Result<Manifest, CertsError> {
        let afnemers = plan.afnemers.iter().map(|a| self.afnemer(a));
        let geweigerd = plan.geweigerd.iter().map(|w| self.refused(w));
        let mut manifest = Manifest {
            ca: self.write("ca.pem", &self.ca.cert_pem, Access::Public)?,
            ca_key: self.write("ca.key.pem", &self.ca.key_pem, Access::Secret)?,
            andere_ca: self.write("andere-ca.pem", &self.other_ca.cert_pem, Access::Public)?,
            crl: PathBuf::from("crl.pem"),
            crl_nummer: 1,
            ingetrokken: Vec::new(),
            server: self.server(plan)?,
            afnemers: afnemers.collect::<Result<_, _>>()?,
            geweigerd: geweigerd.collect::<Result<_, _>>()?,
        };
        // `geweigerd` stands in the order of the plan.
        let to_revoke = plan.geweigerd.iter().zip(&manifest.geweigerd);
        manifest.ingetrokken = to_revoke
            .filter(|(w, _)| matches!(w, Weigering::Ingetrokken(_)))
            .map(|(_, made)| crl::line(made.certificaat.serienummer.clone(), self.now))
            .collect();
        Ok(manifest)
    }

    fn server(&self, plan: &Plan) -> Result<GemaakteServer, CertsError> {
        let request = Request {
            name: plan
                .server_namen
                .first()
                .map_or(GATEWAY_NAME, String::as_str),
            organisation: GATEWAY_NAME,
            oin: Some(plan.gateway_oin.as_str()),
            key_type: Sleuteltype::Ecdsa,
            purpose: Purpose::Server(&plan.server_namen),
            validity: Validity::running(self.now),
        };
        Ok(GemaakteServer {
            oin: plan.gateway_oin.clone(),
            namen: plan.server_namen.clone(),
            certificaat: self.issue(&self.ca, "server", &request)?,
        })
    }

    fn afnemer(&self, afnemer: &Afnemer) -> Result<GemaakteAfnemer, CertsError> {
        let request = Request {
            name: &afnemer.naam,
            organisation: &afnemer.naam,
            oin: Some(afnemer.oin.as_str()),
            key_type: afnemer.sleuteltype,
            purpose: Purpose::Client,
            validity: Validity::running(self.now),
        };
        Ok(GemaakteAfnemer {
            naam: afnemer.naam.clone(),
            oin: afnemer.oin.clone(),
            certificaat: self.issue(&self.ca, &afnemer.file_stem(), &request)?,
        })
    }

    fn refused(&self, refusal: &Weigering) -> Result<GemaakteWeigering, CertsError> {
        let authority = match refusal {
            Weigering::AndereCa(_) => &self.other_ca,
            _ => &self.ca,
        };
        let validity = match refusal {
            Weigering::Verlopen(_) => Validity::expired(self.now),
            _ => Validity::running(self.now),
        };
        let request = Request {
            name: refusal.naam(),
            organisation: refusal.naam(),
            oin: refusal.subject_serial_number(),
            key_type: Sleuteltype::Ecdsa,
            purpose: Purpose::Client,
            validity,
        };
        Ok(GemaakteWeigering {
            naam: refusal.naam().to_owned(),
            oin: refusal.subject_serial_number().map(str::to_owned),
            certificaat: self.issue(authority, &refusal.file_stem(), &request)?,
        })
    }

    /// Makes a certificate and its key, and writes both under this file name.
    fn issue(
        &self,
        authority: &Authority,
        stem: &str,
        request: &Request<'_>,
    ) -> Result<Certificaat, CertsError> {
        let issued = issue::issue(authority, request).map_err(CertsError::issue(stem))?;
        Ok(Certificaat {
            cert: self.write(&format!("{stem}.pem"), &issued.cert_pem, Access::Public)?,
            key: self.write(&format!("{stem}.key.pem"), &issued.key_pem, Access::Secret)?,
            serienummer: issued.serial,
            sleuteltype: request.key_type,
        })
    }

    /// Writes a file and gives back its bare name, as the manifest holds it.
    fn write(&self, name: &str, text: &str, access: Access) -> Result<PathBuf, CertsError> {
        self.folder.write(name, text, access)?;
        Ok(PathBuf::from(name))
    }
}
