//! Who may ask what, as it is in force: afnemers, schools and mandates.

use std::{collections::HashMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{EigenQuota, PeerIdentity, without_leading_zeros};
use crate::domain::{Brin, Datum, Oin, Operatie, Rol, Tijdstip};

/// How strict an afnemer's WS-Addressing is taken (standards §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Addressering {
    /// All headers of WA001 are required.
    #[default]
    Verplicht,
    /// What is there is checked, what is missing is tolerated.
    Optioneel,
}

/// A supplier and its mandates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Afnemer {
    /// Its OIN, as in its certificates.
    pub oin: Oin,
    /// Its name.
    pub naam: Arc<str>,
    /// What kind of party.
    pub rol: Rol,
    /// How strict its WS-Addressing is taken.
    pub addressering: Addressering,
    /// Certificates of its that are refused, whatever a CRL says (standards §2).
    pub geblokkeerde_certificaten: Vec<CertificaatSerienummer>,
    /// Where its quota differs from that of the node.
    pub quota: EigenQuota,
    /// One for each school.
    pub mandaten: Vec<Mandaat>,
}

/// A school's mandate to an afnemer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandaat {
    /// Whose mandate.
    pub school_oin: Oin,
    /// For which operations; empty means all.
    pub operaties: Vec<Operatie>,
    /// First day, if limited.
    pub vanaf: Option<Datum>,
    /// Last day, inclusive, if limited.
    pub tot: Option<Datum>,
}

/// A school as toegang knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolToegang {
    /// Its OIN.
    pub oin: Oin,
    /// Its BRIN.
    pub brin: Brin,
    /// Its name.
    pub naam: String,
}

/// The serial number of a certificate, big-endian, without zeros in front.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CertificaatSerienummer(Vec<u8>);

impl CertificaatSerienummer {
    /// Reads it as certificate viewers print it: hexadecimal, with or without colons.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits: String = text.chars().filter(|c| *c != ':').collect();
        if digits.len() % 2 == 1 {
            digits.insert(0, '0');
        }
        let octets = hex::decode(digits).ok()?;
        let octets = without_leading_zeros(&octets);
        (!octets.is_empty()).then(|| Self(octets.to_vec()))
    }
}

impl fmt::Display for CertificaatSerienummer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(&self.0))
    }
}

/// All of who may ask what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toegang {
    /// Counts up with every change.
    pub versie: u64,
    /// By OIN.
    pub afnemers: HashMap<Oin, Arc<Afnemer>>,
    /// By OIN.
    pub scholen: HashMap<Oin, SchoolToegang>,
}

impl Toegang {
    /// The afnemer with this OIN.
    #[must_use]
    pub fn afnemer(&self, oin: Oin) -> Option<&Arc<Afnemer>> {
        self.afnemers.get(&oin)
    }
}

impl Afnemer {
    /// The school, when there is exactly one mandate.
    #[must_use]
    pub fn only_school(&self) -> Option<Oin> {
        match self.mandaten.as_slice() {
            [only] => Some(only.school_oin),
            _ => None,
        }
    }

    /// Whether a mandate of this school covers the operation today.
    #[must_use]
    pub fn may(&self, school: Oin, operatie: Operatie, now: Tijdstip) -> bool {
        let Ok(today) = now.datum() else { return false };
        self.mandaten.iter().any(|m| {
            m.school_oin == school
                && (m.operaties.is_empty() || m.operaties.contains(&operatie))
                && m.vanaf.is_none_or(|vanaf| vanaf <= today)
                && m.tot.is_none_or(|tot| today <= tot)
        })
    }

    /// Whether this certificate of its was blocked.
    #[must_use]
    pub fn blocks(&self, peer: &PeerIdentity) -> bool {
        let blocked = &self.geblokkeerde_certificaten;
        blocked.iter().any(|serial| serial.0 == peer.serial)
    }
}
