//! What both engines keep alike: the form of rows, and giving out numbers.

use std::collections::{HashMap, HashSet};

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    Achter, Beheerdaad, Eindpuntstaat, Geleend, Gelezen, Keuze, NieuweMelding, Telling, Voortgang,
};
use crate::{
    domain::{LeerbedrijfId, Oin, Tijdstip},
    log::StoreError,
    push::{Abonnement, AbonnementId, Laatste, LaatstePoging, Melding, Staat},
};

/// A subscription with how its endpoint does.
#[derive(sqlx::FromRow)]
pub(super) struct AbonnementRow {
    inhoud: Vec<u8>,
}

impl AbonnementRow {
    pub(super) fn read(self) -> Result<Abonnement, StoreError> {
        decode(&self.inhoud, "a subscription cannot be read")
    }
}

/// `staat` of a melding in its row, where it is not one of [`Staat`]: it waits once more.
pub(super) const OPNIEUW: i64 = 4;

/// A melding as the engines give it. `staat` 0 says nothing by itself, see [`Self::read`].
#[derive(sqlx::FromRow)]
pub(super) struct MeldingRow {
    abonnement: Vec<u8>,
    volgnummer: i64,
    mutatie_id: Vec<u8>,
    leerbedrijf: i64,
    school: String,
    vorig: Option<i64>,
    staat: i64,
    inhoud: Option<Vec<u8>>,
    /// From which number on its leerbedrijf is behind.
    vanaf: Option<i64>,
}

/// The columns of a [`MeldingRow`], of `melding m` and `achterstand a`.
macro_rules! melding_columns {
    () => {
        "m.abonnement, m.volgnummer, m.mutatie_id, m.leerbedrijf, m.school, m.vorig, m.staat, m.inhoud,
         a.vanaf"
    };
}
pub(super) use melding_columns;

/// The leerbedrijf of a melding, when it is behind.
macro_rules! behind {
    () => {
        " LEFT JOIN achterstand a ON a.abonnement = m.abonnement AND a.leerbedrijf = m.leerbedrijf "
    };
}
pub(super) use behind;

impl MeldingRow {
    /// As it is with what is dealt with.
    pub(super) fn read(self, voortgang: &Voortgang) -> Result<Melding, StoreError> {
        let volgnummer = self.volgnummer.cast_unsigned();
        let behind = self.vanaf.is_some_and(|vanaf| vanaf <= self.volgnummer);
        let dealt_with = match volgnummer <= voortgang.klaar() {
            true => !behind,
            false => voortgang.holds(volgnummer),
        };
        let staat = match self.staat {
            0 if dealt_with => Staat::Bezorgd,
            0 | OPNIEUW => Staat::Wacht,
            other => Staat::from_number(other)
                .ok_or_else(|| damaged("a melding is in no known state"))?,
        };
        Ok(Melding {
            abonnement: to_id(&self.abonnement)?,
            volgnummer,
            vorig_volgnummer_leerbedrijf: self.vorig.map(i64::cast_unsigned),
            mutatie_id: to_uuid(&self.mutatie_id)?,
            leerbedrijf_id: to_leerbedrijf(self.leerbedrijf)?,
            school_oin: Oin::parse(&self.school)
                .map_err(|_| damaged("a melding is for no school"))?,
            staat,
            inhoud: self
                .inhoud
                .map(|bytes| decode(&bytes, "the contents of a melding cannot be read"))
                .transpose()?,
        })
    }

    /// As it is delivered: what is neither dropped nor dead waits, unless the node knows better.
    pub(super) fn read_feed(self) -> Result<Gelezen, StoreError> {
        Ok(Gelezen {
            achter: self.vanaf.is_some(),
            melding: self.read(&Voortgang::default())?,
        })
    }
}

/// The first waiting melding of a leerbedrijf that is behind.
#[derive(sqlx::FromRow)]
pub(super) struct AchterRow {
    #[sqlx(flatten)]
    melding: MeldingRow,
    pogingen: i64,
}

impl AchterRow {
    pub(super) fn read(self) -> Result<Achter, StoreError> {
        Ok(Achter {
            melding: self.melding.read(&Voortgang::default())?,
            pogingen: u32::try_from(self.pogingen).unwrap_or(u32::MAX),
        })
    }
}

/// A subscription on loan.
#[derive(sqlx::FromRow)]
pub(super) struct GeleendRow {
    abonnement: Vec<u8>,
    klaar: i64,
    los: Vec<u8>,
    beurt: i64,
    geleend_tot_ms: i64,
    achter: Option<i64>,
    apart: Option<i64>,
}

impl GeleendRow {
    pub(super) fn read(self) -> Result<Geleend, StoreError> {
        let grens = self.achter.into_iter().chain(self.apart).min();
        Ok(Geleend {
            abonnement: to_id(&self.abonnement)?,
            tot: to_tijdstip(self.geleend_tot_ms)?,
            beurt: self.beurt.cast_unsigned(),
            voortgang: Voortgang::read(self.klaar, &self.los)?,
            grens: grens.map(i64::cast_unsigned),
            achter: self.achter.is_some(),
        })
    }
}

/// How far a subscription is.
#[derive(sqlx::FromRow)]
pub(super) struct LaatsteRow {
    id: Vec<u8>,
    laatste: i64,
    klaar: i64,
    eerste_open: Option<i64>,
    oudste: Option<i64>,
    onbezorgd_ms: Option<i64>,
    laatste_poging_ms: Option<i64>,
    laatste_uitkomst: Option<String>,
    faalt_sinds_ms: Option<i64>,
}

impl LaatsteRow {
    pub(super) fn read(self) -> Result<(AbonnementId, Laatste), StoreError> {
        let laatste = self.laatste.cast_unsigned();
        let poging = self.laatste_poging_ms.zip(self.laatste_uitkomst);
        Ok((
            to_id(&self.id)?,
            Laatste {
                laatste_volgnummer: laatste,
                volledig_tot_en_met: self
                    .eerste_open
                    .map_or(self.klaar, |open| self.klaar.min(open - 1))
                    .cast_unsigned(),
                oudste_volgnummer: self.oudste.map_or(laatste + 1, i64::cast_unsigned),
                oudste_onbezorgd_op: self.onbezorgd_ms.map(to_tijdstip).transpose()?,
                laatste_poging: poging
                    .map(|(ms, uitkomst)| {
                        let tijdstip = to_tijdstip(ms)?;
                        Ok::<_, StoreError>(LaatstePoging { tijdstip, uitkomst })
                    })
                    .transpose()?,
                faalt_sinds: self.faalt_sinds_ms.map(to_tijdstip).transpose()?,
            },
        ))
    }
}

/// A number that an operator's command may be about.
#[derive(sqlx::FromRow)]
pub(super) struct Gekozen {
    pub(super) volgnummer: i64,
    staat: i64,
    /// It waits.
    pub(super) wacht: bool,
}

impl Gekozen {
    pub(super) fn is_dead(&self) -> bool {
        self.staat == Staat::Dood as i64
    }

    pub(super) fn is_dropped(&self) -> bool {
        self.staat == Staat::Vervallen as i64
    }

    /// Numbers and moments are looked at by the engine.
    pub(super) fn fits(&self, keuze: Keuze) -> bool {
        match keuze {
            Keuze::Nummers(..) | Keuze::Tijd(..) => true,
            Keuze::Dood => self.is_dead(),
            Keuze::Wacht => self.wacht,
        }
    }
}

impl Keuze {
    /// The numbers and the moments, in milliseconds since 1970, among which it chooses.
    pub(super) fn bounds(self) -> ((i64, i64), (i64, i64)) {
        // A number past all that can be stored stays so.
        let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
        let everything = (i64::MIN, i64::MAX);
        match self {
            Self::Nummers(van, tot) => ((signed(van), signed(tot)), everything),
            Self::Tijd(van, tot) => (everything, (van.as_millis(), tot.as_millis())),
            Self::Dood | Self::Wacht => (everything, everything),
        }
    }
}

/// What of a subscription is counted.
#[derive(sqlx::FromRow)]
pub(super) struct TellingRow {
    pub(super) id: Vec<u8>,
    pub(super) laatste: i64,
    pub(super) klaar: i64,
    pub(super) los: Vec<u8>,
    pub(super) dood: i64,
    /// Waiting numbers up to `klaar` of leerbedrijven that are behind.
    pub(super) achter: i64,
    /// Numbers behind `klaar` that are dropped or dead.
    pub(super) weg: Vec<i64>,
    /// Numbers that wait once more.
    pub(super) opnieuw: Vec<i64>,
}

impl TellingRow {
    pub(super) fn read(self) -> Result<Telling, StoreError> {
        let mut voortgang = Voortgang::read(self.klaar, &self.los)?;
        for volgnummer in self.weg {
            voortgang.add(volgnummer.cast_unsigned());
        }
        let again = self
            .opnieuw
            .iter()
            .filter(|volgnummer| voortgang.holds(volgnummer.cast_unsigned()))
            .count();
        let behind_klaar = (self.laatste - self.klaar).cast_unsigned();
        Ok(Telling {
            abonnement: to_id(&self.id)?,
            wacht: behind_klaar.saturating_sub(voortgang.loose().len() as u64)
                + self.achter.cast_unsigned()
                + again as u64,
            dood: self.dood.cast_unsigned(),
        })
    }
}

/// How an endpoint does.
#[derive(sqlx::FromRow)]
pub(super) struct EindpuntRow {
    id: Vec<u8>,
    faalt_sinds_ms: Option<i64>,
    mislukt: i64,
    niet_voor_ms: Option<i64>,
    proef: bool,
}

impl EindpuntRow {
    pub(super) fn read(self) -> Result<(AbonnementId, Eindpuntstaat), StoreError> {
        Ok((
            to_id(&self.id)?,
            Eindpuntstaat {
                faalt_sinds: self.faalt_sinds_ms.map(to_tijdstip).transpose()?,
                mislukt: u32::try_from(self.mislukt).unwrap_or(u32::MAX),
                niet_voor: self.niet_voor_ms.map(to_tijdstip).transpose()?,
                proef_gevraagd: self.proef,
            },
        ))
    }
}

/// What an operator did.
#[derive(sqlx::FromRow)]
pub(super) struct BeheerdaadRow {
    tijdstip_ms: i64,
    wie: String,
    daad: String,
    abonnement: Vec<u8>,
    toelichting: String,
}

impl BeheerdaadRow {
    pub(super) fn read(self) -> Result<Beheerdaad, StoreError> {
        Ok(Beheerdaad {
            tijdstip: to_tijdstip(self.tijdstip_ms)?,
            wie: self.wie,
            daad: self.daad,
            abonnement: to_id(&self.abonnement)?,
            toelichting: self.toelichting,
        })
    }
}

/// A leerbedrijf within a subscription.
pub(super) type BaanSleutel = (AbonnementId, LeerbedrijfId);

/// A melding with its number, ready to be written.
pub(super) struct Genummerd<'a> {
    pub(super) nieuw: &'a NieuweMelding,
    pub(super) volgnummer: i64,
    pub(super) vorig: Option<i64>,
    pub(super) inhoud: Vec<u8>,
}

/// Numbers, as they are before and after meldingen are given out.
#[derive(Default)]
pub(super) struct Uitgifte {
    /// The last number of each subscription.
    pub(super) laatste: HashMap<AbonnementId, i64>,
    /// The last number of each leerbedrijf.
    pub(super) vorig: HashMap<BaanSleutel, i64>,
    /// What was told before.
    pub(super) bekend: HashSet<(AbonnementId, Uuid)>,
}

impl Uitgifte {
    /// Gives out numbers in the order of the list; what was told before, or is for a subscription
    /// that is not there, is left out.
    pub(super) fn number<'a>(
        &mut self,
        nieuw: &'a [NieuweMelding],
    ) -> Result<Vec<Genummerd<'a>>, StoreError> {
        let mut out = Vec::with_capacity(nieuw.len());
        for melding in nieuw {
            let Some(laatste) = self.laatste.get_mut(&melding.abonnement) else {
                continue;
            };
            if !self.bekend.insert((melding.abonnement, melding.mutatie_id)) {
                continue;
            }
            *laatste += 1;
            let volgnummer = *laatste;
            let sleutel = (melding.abonnement, melding.leerbedrijf_id);
            let vorig = self.vorig.insert(sleutel, volgnummer);
            out.push(Genummerd {
                nieuw: melding,
                volgnummer,
                vorig,
                inhoud: encode(&melding.inhoud)?,
            });
        }
        Ok(out)
    }
}

/// A moment of what is stored.
pub(super) fn to_tijdstip(ms: i64) -> Result<Tijdstip, StoreError> {
    Tijdstip::from_millis(ms).ok_or_else(|| damaged("a moment is out of range"))
}

pub(super) fn to_id(bytes: &[u8]) -> Result<AbonnementId, StoreError> {
    to_uuid(bytes).map(AbonnementId)
}

pub(super) fn to_uuid(bytes: &[u8]) -> Result<Uuid, StoreError> {
    Uuid::from_slice(bytes).map_err(|_| damaged("an id is no UUID"))
}

pub(super) fn to_leerbedrijf(number: i64) -> Result<LeerbedrijfId, StoreError> {
    u32::try_from(number)
        .ok()
        .and_then(LeerbedrijfId::from_u32)
        .ok_or_else(|| damaged("a number is that of no leerbedrijf"))
}

/// Only fails when memory does.
pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(value).map_err(|_| damaged("a value cannot be written"))
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|_| damaged(what))
}

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("the queue of the push: {what}"))
}

/// Puts what was found into the order asked; what was not found is the default.
pub(super) fn in_order<T: Default + Clone>(
    ids: &[AbonnementId],
    found: Vec<(AbonnementId, T)>,
) -> Vec<T> {
    let found: HashMap<AbonnementId, T> = found.into_iter().collect();
    ids.iter()
        .map(|id| found.get(id).cloned().unwrap_or_default())
        .collect()
}

/// The bytes of an id.
pub(super) fn bytes(id: AbonnementId) -> Vec<u8> {
    id.0.as_bytes().to_vec()
}
