//! Toegang as bytes, to be carried in a snapshot: so a node without its database knows who may
//! ask what, and how old that knowledge is.

use std::{collections::HashMap, num::NonZeroU32, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    Addressering, Afnemer, CertificaatSerienummer, EigenQuota, Mandaat, SchoolToegang, Toegang,
};
use crate::domain::{Datum, Oin, Operatie, Rol, Tijdstip};

/// Counts up when the form changes. Form 1, without quotas, is still read: a node that was just
/// brought up to date must be able to start while its database is away.
const FORM: u8 = 2;

/// Bytes that hold no toegang, or one of another program version.
#[derive(Debug, thiserror::Error)]
pub enum InvalidBytes {
    /// Another form than this program writes.
    #[error("toegang is in form {found}, this program reads form {FORM}")]
    Form {
        /// Which.
        found: u8,
    },
    /// They cannot be read.
    #[error("toegang cannot be read")]
    Damaged(#[source] postcard::Error),
    /// There are none.
    #[error("toegang is empty")]
    Empty,
    /// An operation that this program does not know.
    #[error("toegang names an operation that this program does not know: {0}")]
    UnknownOperatie(String),
}

#[derive(Serialize, Deserialize)]
struct Wire {
    versie: u64,
    bevestigd: Tijdstip,
    scholen: Vec<SchoolToegang>,
    afnemers: Vec<WireAfnemer>,
}

/// Form 1.
#[derive(Deserialize)]
struct WireWithoutQuota {
    versie: u64,
    bevestigd: Tijdstip,
    scholen: Vec<SchoolToegang>,
    afnemers: Vec<WireAfnemerWithoutQuota>,
}

#[derive(Serialize, Deserialize)]
struct WireAfnemer {
    zonder_quota: WireAfnemerWithoutQuota,
    /// In the order of [`EigenQuota::values`].
    quota: [Option<NonZeroU32>; 4],
}

#[derive(Serialize, Deserialize)]
struct WireAfnemerWithoutQuota {
    oin: Oin,
    naam: String,
    rol: Rol,
    addressering: Addressering,
    geblokkeerde_certificaten: Vec<CertificaatSerienummer>,
    mandaten: Vec<WireMandaat>,
}

#[derive(Serialize, Deserialize)]
struct WireMandaat {
    school_oin: Oin,
    operaties: Vec<String>,
    vanaf: Option<Datum>,
    tot: Option<Datum>,
}

impl Toegang {
    /// This toegang and the moment at which it was last known to be in force.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn to_bytes(&self, bevestigd: Tijdstip) -> Result<Vec<u8>, InvalidBytes> {
        let mut scholen: Vec<_> = self.scholen.values().cloned().collect();
        scholen.sort_by_key(|school| school.oin);
        let mut afnemers: Vec<_> = self.afnemers.values().map(|a| to_wire(a)).collect();
        afnemers.sort_by_key(|afnemer| afnemer.zonder_quota.oin);
        let wire = Wire {
            versie: self.versie,
            bevestigd,
            scholen,
            afnemers,
        };
        postcard::to_extend(&wire, vec![FORM]).map_err(InvalidBytes::Damaged)
    }

    /// What [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`InvalidBytes`]; then the node waits for its database.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, Tijdstip), InvalidBytes> {
        let wire: Wire = match bytes.split_first() {
            None => return Err(InvalidBytes::Empty),
            Some((&FORM, rest)) => postcard::from_bytes(rest).map_err(InvalidBytes::Damaged)?,
            Some((&1, rest)) => postcard::from_bytes::<WireWithoutQuota>(rest)
                .map_err(InvalidBytes::Damaged)?
                .into(),
            Some((&found, _)) => return Err(InvalidBytes::Form { found }),
        };
        let mut afnemers = HashMap::new();
        for afnemer in wire.afnemers {
            let afnemer = from_wire(afnemer)?;
            afnemers.insert(afnemer.oin, Arc::new(afnemer));
        }
        let toegang = Self {
            versie: wire.versie,
            afnemers,
            scholen: wire.scholen.into_iter().map(|s| (s.oin, s)).collect(),
        };
        Ok((toegang, wire.bevestigd))
    }
}

impl From<WireWithoutQuota> for Wire {
    fn from(old: WireWithoutQuota) -> Self {
        let with_quota = |zonder_quota| WireAfnemer {
            zonder_quota,
            quota: [None; 4],
        };
        Self {
            versie: old.versie,
            bevestigd: old.bevestigd,
            scholen: old.scholen,
            afnemers: old.afnemers.into_iter().map(with_quota).collect(),
        }
    }
}

fn to_wire(afnemer: &Afnemer) -> WireAfnemer {
    let mandaat = |m: &Mandaat| WireMandaat {
        school_oin: m.school_oin,
        operaties: m.operaties.iter().map(ToString::to_string).collect(),
        vanaf: m.vanaf,
        tot: m.tot,
    };
    WireAfnemer {
        zonder_quota: WireAfnemerWithoutQuota {
            oin: afnemer.oin,
            naam: afnemer.naam.to_string(),
            rol: afnemer.rol,
            addressering: afnemer.addressering,
            geblokkeerde_certificaten: afnemer.geblokkeerde_certificaten.clone(),
            mandaten: afnemer.mandaten.iter().map(mandaat).collect(),
        },
        quota: afnemer.quota.values().map(|(_, value)| value),
    }
}

fn from_wire(wire: WireAfnemer) -> Result<Afnemer, InvalidBytes> {
    let afnemer = wire.zonder_quota;
    let [
        verzoeken_per_seconde,
        burst,
        gelijktijdig,
        bulkregels_per_minuut,
    ] = wire.quota;
    let operatie = |name: String| Operatie::parse(&name).ok_or(InvalidBytes::UnknownOperatie(name));
    let mandaat = |m: WireMandaat| {
        Ok(Mandaat {
            school_oin: m.school_oin,
            operaties: m
                .operaties
                .into_iter()
                .map(operatie)
                .collect::<Result<_, _>>()?,
            vanaf: m.vanaf,
            tot: m.tot,
        })
    };
    Ok(Afnemer {
        oin: afnemer.oin,
        naam: afnemer.naam.into(),
        rol: afnemer.rol,
        addressering: afnemer.addressering,
        geblokkeerde_certificaten: afnemer.geblokkeerde_certificaten,
        quota: EigenQuota {
            verzoeken_per_seconde,
            burst,
            gelijktijdig,
            bulkregels_per_minuut,
        },
        mandaten: afnemer
            .mandaten
            .into_iter()
            .map(mandaat)
            .collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::EXAMPLE;

    #[test]
    fn bytes_give_back_what_went_in() {
        let mut toegang = Toegang::parse(EXAMPLE).unwrap();
        toegang.versie = 7;
        let bevestigd = Tijdstip::parse("2026-11-22T09:00:00Z").unwrap();
        let bytes = toegang.to_bytes(bevestigd).unwrap();
        assert_eq!(Toegang::from_bytes(&bytes).unwrap(), (toegang, bevestigd));
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let bytes = Toegang::parse(EXAMPLE)
            .unwrap()
            .to_bytes(Tijdstip::EPOCH)
            .unwrap();
        for end in 0..bytes.len() {
            assert!(Toegang::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        let other_form = [&[FORM + 1], &bytes[1..]].concat();
        assert!(matches!(
            Toegang::from_bytes(&other_form),
            Err(InvalidBytes::Form { found: 3 })
        ));
    }

    #[test]
    fn bytes_of_the_form_before_quotas_are_read() {
        // A toegang as version 0.1.0 wrote it: one school, one afnemer with one mandate.
        const OLD: &str = include_str!("toegang-form1.hex");
        let (toegang, bevestigd) = Toegang::from_bytes(&hex::decode(OLD.trim()).unwrap()).unwrap();
        assert_eq!(
            (toegang.versie, bevestigd.as_millis()),
            (3, 1_795_338_000_000)
        );
        let oin = Oin::parse("00000099000000002003").unwrap();
        let afnemer = toegang.afnemer(oin).unwrap();
        assert_eq!(afnemer.addressering, Addressering::Optioneel);
        assert!(afnemer.quota.is_empty());
        assert_eq!(afnemer.mandaten.len(), 1);
    }
}
