//! What both engines keep alike: the form of rows, giving out numbers, and what an attempt does to
//! its lane.

use std::collections::{HashMap, HashSet};

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    Attempt, Beheerdaad, Claim, Eindpuntstaat, Gevolg, NieuweMelding, Poging, PogingRecord,
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

/// A melding as the engines give it.
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
}

/// The columns of a [`MeldingRow`].
macro_rules! melding_columns {
    () => {
        "m.abonnement, m.volgnummer, m.mutatie_id, m.leerbedrijf, m.school, m.vorig, m.staat, m.inhoud"
    };
}
pub(super) use melding_columns;

impl MeldingRow {
    pub(super) fn read(self) -> Result<Melding, StoreError> {
        Ok(Melding {
            abonnement: to_id(&self.abonnement)?,
            volgnummer: self.volgnummer.cast_unsigned(),
            vorig_volgnummer_leerbedrijf: self.vorig.map(i64::cast_unsigned),
            mutatie_id: to_uuid(&self.mutatie_id)?,
            leerbedrijf_id: to_leerbedrijf(self.leerbedrijf)?,
            school_oin: Oin::parse(&self.school)
                .map_err(|_| damaged("a melding is for no school"))?,
            staat: Staat::from_number(self.staat)
                .ok_or_else(|| damaged("a melding is in no known state"))?,
            inhoud: self
                .inhoud
                .map(|bytes| decode(&bytes, "the contents of a melding cannot be read"))
                .transpose()?,
        })
    }
}

/// A melding that was lent.
#[derive(sqlx::FromRow)]
pub(super) struct ClaimRow {
    #[sqlx(flatten)]
    melding: MeldingRow,
    pogingen: i64,
    volledig: i64,
}

impl ClaimRow {
    pub(super) fn read(self, lease: Uuid) -> Result<Claim, StoreError> {
        Ok(Claim {
            melding: self.melding.read()?,
            pogingen: u32::try_from(self.pogingen).unwrap_or(u32::MAX),
            volledig_tot_en_met: self.volledig.cast_unsigned(),
            lease,
        })
    }
}

/// How far a subscription is.
#[derive(sqlx::FromRow)]
pub(super) struct LaatsteRow {
    id: Vec<u8>,
    laatste: i64,
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
                    .map_or(laatste, |open| open.cast_unsigned().saturating_sub(1)),
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

/// The record of an attempt.
#[derive(sqlx::FromRow)]
pub(super) struct PogingRow {
    volgnummer: i64,
    tijdstip_ms: i64,
    http_status: Option<i64>,
    duur_ms: i64,
    antwoord: Option<Vec<u8>>,
    uitkomst: String,
}

impl PogingRow {
    pub(super) fn read(self) -> Result<PogingRecord, StoreError> {
        let antwoord_sha256 = self.antwoord.map(|hash| {
            hash.try_into()
                .map_err(|_| damaged("a hash has another length"))
        });
        Ok(PogingRecord {
            volgnummer: self.volgnummer.cast_unsigned(),
            poging: Poging {
                tijdstip: to_tijdstip(self.tijdstip_ms)?,
                http_status: self
                    .http_status
                    .and_then(|status| u16::try_from(status).ok()),
                duur_ms: u32::try_from(self.duur_ms).unwrap_or(u32::MAX),
                antwoord_sha256: antwoord_sha256.transpose()?,
                uitkomst: self.uitkomst,
            },
        })
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

/// Names a lane.
pub(super) type BaanSleutel = (AbonnementId, LeerbedrijfId);

/// A lane as it stands in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Baan {
    /// The last number of the leerbedrijf within the subscription.
    pub(super) laatste: i64,
    /// Its first number that waits.
    pub(super) kop: Option<i64>,
    /// Attempts of that one.
    pub(super) pogingen: i64,
    /// When it is due, or the loan ends.
    pub(super) volgende_ms: i64,
    /// Under which loan.
    pub(super) lease: Option<Vec<u8>>,
}

/// The row of a lane.
#[derive(sqlx::FromRow)]
pub(super) struct BaanRow {
    abonnement: Vec<u8>,
    leerbedrijf: i64,
    laatste: i64,
    kop: Option<i64>,
    pogingen: i64,
    volgende_ms: i64,
    lease: Option<Vec<u8>>,
}

impl BaanRow {
    pub(super) fn read(self) -> Result<(BaanSleutel, Baan), StoreError> {
        let sleutel = (to_id(&self.abonnement)?, to_leerbedrijf(self.leerbedrijf)?);
        Ok((
            sleutel,
            Baan {
                laatste: self.laatste,
                kop: self.kop,
                pogingen: self.pogingen,
                volgende_ms: self.volgende_ms,
                lease: self.lease,
            },
        ))
    }
}

/// A melding with its number, ready to be written.
pub(super) struct Genummerd<'a> {
    pub(super) nieuw: &'a NieuweMelding,
    pub(super) volgnummer: i64,
    pub(super) vorig: Option<i64>,
    pub(super) inhoud: Vec<u8>,
}

/// Numbers and lanes, as they are before and after meldingen are given out.
#[derive(Default)]
pub(super) struct Uitgifte {
    /// The last number of each subscription.
    pub(super) laatste: HashMap<AbonnementId, i64>,
    /// Lanes that are there already.
    pub(super) banen: HashMap<BaanSleutel, Baan>,
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
            let due = melding.inhoud.geregistreerd_op.as_millis();
            let vorig = match self.banen.get_mut(&sleutel) {
                Some(baan) => {
                    let vorig = baan.laatste;
                    baan.laatste = volgnummer;
                    if baan.kop.is_none() {
                        baan.kop = Some(volgnummer);
                        baan.pogingen = 0;
                        baan.volgende_ms = due;
                        baan.lease = None;
                    }
                    Some(vorig)
                }
                None => {
                    let baan = Baan {
                        laatste: volgnummer,
                        kop: Some(volgnummer),
                        pogingen: 0,
                        volgende_ms: due,
                        lease: None,
                    };
                    self.banen.insert(sleutel, baan);
                    None
                }
            };
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

/// What an attempt means for the rows.
pub(super) struct Afloop {
    /// The state of its melding, when that changes.
    pub(super) staat: Option<Staat>,
    /// The lane; its head is looked up anew when `volgende_kop` says so.
    pub(super) baan: Baan,
    /// The melding is no longer the head.
    pub(super) volgende_kop: bool,
}

/// Judges an attempt by its lane; none when the loan ran out meanwhile and the lane is somebody
/// else's, or was emptied by an operator.
pub(super) fn afloop(attempt: &Attempt, baan: &Baan) -> Option<Afloop> {
    let lent = baan.lease.as_deref() == Some(attempt.lease.as_bytes().as_slice());
    if !lent || baan.kop != Some(attempt.volgnummer.cast_signed()) {
        return None;
    }
    let mut after = Baan {
        lease: None,
        ..baan.clone()
    };
    let staat = match attempt.gevolg {
        Gevolg::Bezorgd => Some(Staat::Bezorgd),
        Gevolg::Dood => Some(Staat::Dood),
        Gevolg::Vervallen => Some(Staat::Vervallen),
        Gevolg::Opnieuw(at) => {
            after.pogingen += 1;
            after.volgende_ms = at.as_millis();
            None
        }
        Gevolg::Terug(at) => {
            after.volgende_ms = at.as_millis();
            None
        }
    };
    if staat.is_some() {
        after.pogingen = 0;
        // The next one is due since this one ended; it was not sent for its own fault.
        let ended = attempt.poging.as_ref().map(|poging| poging.tijdstip);
        after.volgende_ms = ended.map_or(0, Tijdstip::as_millis);
    }
    let volgende_kop = staat.is_some();
    // The last one of a lane needs no looking.
    if volgende_kop && baan.laatste == attempt.volgnummer.cast_signed() {
        after.kop = None;
        return Some(Afloop {
            staat,
            baan: after,
            volgende_kop: false,
        });
    }
    Some(Afloop {
        staat,
        baan: after,
        volgende_kop,
    })
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

fn to_leerbedrijf(number: i64) -> Result<LeerbedrijfId, StoreError> {
    u32::try_from(number)
        .ok()
        .and_then(LeerbedrijfId::from_u32)
        .ok_or_else(|| damaged("a number is that of no leerbedrijf"))
}

/// Only fails when memory does.
pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(value).map_err(|_| damaged("a value cannot be written"))
}

fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|_| damaged(what))
}

fn damaged(what: &str) -> StoreError {
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
