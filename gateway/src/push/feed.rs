//! What a subscription hears: numbered per subscription, for one school each (domain §2, mutatie).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::AbonnementId;
use crate::{
    audit::Betrokkene,
    domain::{
        Code, Datum, Eindreden, LeerbedrijfId, MutatieSoort, Oin, RegisterVersie, Tijdstip,
        code_list, redacted_debug,
    },
    soap::XmlWriter,
};

/// Under which the ids of what a school hears are made.
const NAMESPACE: Uuid = Uuid::from_u128(0x3e4d_0c5b_7a10_4f5e_9d2b_61a8_c4f7_0b93);

/// The id of a mutatie for one school. A subscription may serve several schools, and receivers tell
/// messages apart by this id alone, so it is of mutatie and school together.
#[must_use]
pub fn mutatie_id(mutatie: Uuid, school_oin: Oin) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{mutatie}|{school_oin}").as_bytes())
}

/// The id of a known end that is told of a bpvo which was registered after it was announced.
#[must_use]
pub fn mutatie_id_of_bpvo(mutatie: &str, school_oin: Oin, bpvo_kenmerk: &str) -> Uuid {
    let name = format!("{mutatie}|{school_oin}|{bpvo_kenmerk}");
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

code_list! {
    /// Of een leerbedrijf na de wijziging erkend is.
    GemeldeStatus { Erkend = "ERKEND", NietErkend = "NIET_ERKEND" }
}

/// What a school hears of one mutatie. It holds bpvoKenmerken (privacy class 3): it is deleted after
/// the retention, and never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inhoud {
    /// What happened.
    pub mutatie_soort: MutatieSoort,
    /// Name of the leerbedrijf after the change.
    pub naam: String,
    /// The successor, for a merger.
    pub opvolger: Option<LeerbedrijfId>,
    /// For changes of an erkenning.
    pub code: Option<Code>,
    /// Of the code, from the ingangsdatum on.
    pub erkenning_status: Option<GemeldeStatus>,
    /// Why it ends, for an end.
    pub reden: Option<Eindreden>,
    /// Start of the period.
    pub startdatum: Option<Datum>,
    /// End of the period, inclusive.
    pub einddatum: Option<Datum>,
    /// From which day on it has effect.
    pub ingangsdatum: Datum,
    /// When the register took it in.
    pub geregistreerd_op: Tijdstip,
    /// The version of the register that has it.
    pub register_versie: RegisterVersie,
    /// The bpvo's of the school that it touches.
    pub bpvo_kenmerken: Vec<String>,
}

redacted_debug!(Inhoud);

/// What became of one number of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Staat {
    /// Still to be delivered; of a subscription that polls, still to be fetched.
    Wacht = 0,
    /// The endpoint took it.
    Bezorgd = 1,
    /// An operator dropped it, or its mandate is gone: a marker stands in its place.
    Vervallen = 2,
    /// The endpoint refused it until the attempts were used up, while it took others.
    Dood = 3,
}

impl Staat {
    /// The state with this number.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        [Self::Wacht, Self::Bezorgd, Self::Vervallen, Self::Dood]
            .into_iter()
            .find(|staat| *staat as i64 == number)
    }
}

/// One number of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Melding {
    /// Of which subscription.
    pub abonnement: AbonnementId,
    /// Its number, from 1, without gaps.
    pub volgnummer: u64,
    /// The number before it of the same leerbedrijf within the subscription.
    pub vorig_volgnummer_leerbedrijf: Option<u64>,
    /// By which it is known, over every attempt.
    pub mutatie_id: Uuid,
    /// Which leerbedrijf changed: the one where the bpvo's are, or the one that took it over.
    pub leerbedrijf_id: LeerbedrijfId,
    /// For which school.
    pub school_oin: Oin,
    /// What became of it.
    pub staat: Staat,
    /// None once the retention has passed.
    pub inhoud: Option<Inhoud>,
}

/// A mutatie as it is sent and answered (domain §2).
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Mutatie)]
pub struct MutatieBericht {
    /// Gelijk bij elke bezorgpoging: ontdubbel hierop.
    #[schema(value_type = String, format = "uuid")]
    pub mutatie_id: Uuid,
    /// Binnen het abonnement zonder gaten uitgegeven, vanaf 1.
    #[schema(example = 42)]
    pub volgnummer: u64,
    /// Het nummer ervoor; 0 bij de eerste mutatie.
    #[schema(example = 41)]
    pub vorig_volgnummer: u64,
    /// De vorige mutatie van hetzelfde leerbedrijf binnen het abonnement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vorig_volgnummer_leerbedrijf: Option<u64>,
    /// Alles tot en met dit nummer is bezorgd. Nummers kunnen buiten volgorde binnenkomen; weiger niet
    /// op een gat.
    pub volledig_tot_en_met: u64,
    /// Wat er veranderde; `VERVALLEN` staat op de plaats van een mutatie die niet meer bezorgd wordt.
    #[schema(value_type = String, example = "ERKENNING_BEEINDIGD")]
    pub mutatie_soort: &'static str,
    /// Het leerbedrijf.
    #[schema(value_type = String, example = "100000001")]
    pub leerbedrijf_id: LeerbedrijfId,
    /// Naam na de wijziging.
    pub naam: String,
    /// Bij een samenvoeging.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub opvolger: Option<LeerbedrijfId>,
    /// Bij wijziging van een erkenning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "25180")]
    pub code: Option<Code>,
    /// Of het leerbedrijf vanaf de ingangsdatum erkend is voor de code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erkenning_status: Option<GemeldeStatus>,
    /// Waarom de erkenning eindigt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reden: Option<Eindreden>,
    /// Eerste dag van de periode.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub startdatum: Option<Datum>,
    /// Laatste dag van de periode, inclusief.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub einddatum: Option<Datum>,
    /// Datum waarop de wijziging ingaat; kan in de toekomst liggen.
    #[schema(value_type = String, format = "date")]
    pub ingangsdatum: Datum,
    /// Wanneer het register de wijziging vastlegde.
    #[schema(value_type = String, format = "date-time")]
    pub geregistreerd_op: Tijdstip,
    /// De registerversie waarin de wijziging staat.
    #[schema(value_type = String, example = "1.48210")]
    pub register_versie: RegisterVersie,
    /// De school waarvoor de melding is.
    #[schema(value_type = String, example = "0000000700025LH00000")]
    pub school_oin: Oin,
    /// De geraakte bpvo's van de school.
    pub bpvo_kenmerken: Vec<String>,
}

redacted_debug!(MutatieBericht);

impl MutatieBericht {
    /// Whom it is about: a student for each bpvo.
    pub fn over(&self) -> impl Iterator<Item = Betrokkene> + '_ {
        let of = |bpvo_kenmerk: &String| Betrokkene::Bpvo {
            school_oin: self.school_oin,
            bpvo_kenmerk: bpvo_kenmerk.clone(),
            leerbedrijf_id: self.leerbedrijf_id,
        };
        self.bpvo_kenmerken.iter().map(of)
    }

    /// As XML, in the order of both schemas: the feed's and the callback's.
    pub fn write(w: &mut XmlWriter, bericht: &Self) {
        w.value("mutatieId", bericht.mutatie_id);
        w.value("volgnummer", bericht.volgnummer);
        w.value("vorigVolgnummer", bericht.vorig_volgnummer);
        w.opt_value(
            "vorigVolgnummerLeerbedrijf",
            bericht.vorig_volgnummer_leerbedrijf,
        );
        w.value("volledigTotEnMet", bericht.volledig_tot_en_met);
        w.value("mutatieSoort", bericht.mutatie_soort);
        w.value("leerbedrijfId", bericht.leerbedrijf_id);
        w.text("naam", &bericht.naam);
        w.opt_value("opvolger", bericht.opvolger);
        w.opt_value("code", bericht.code);
        w.opt_value("erkenningStatus", bericht.erkenning_status);
        w.opt_value("reden", bericht.reden);
        w.opt_value("startdatum", bericht.startdatum);
        w.opt_value("einddatum", bericht.einddatum);
        w.value("ingangsdatum", bericht.ingangsdatum);
        w.value("geregistreerdOp", bericht.geregistreerd_op);
        w.value("registerVersie", bericht.register_versie);
        w.value("schoolOin", bericht.school_oin);
        w.list(
            "bpvoKenmerken",
            "bpvoKenmerk",
            &bericht.bpvo_kenmerken,
            |w, kenmerk| {
                w.escaped(kenmerk);
            },
        );
    }
}

/// The mutatieSoort of a marker.
pub const VERVALLEN: &str = "VERVALLEN";

impl Melding {
    /// As it is sent or answered, while everything up to `volledig_tot_en_met` was delivered. What is
    /// dropped, or may not be told any more, is a marker: a number without contents. None once the
    /// retention has passed.
    #[must_use]
    pub fn bericht(&self, volledig_tot_en_met: u64, may_tell: bool) -> Option<MutatieBericht> {
        let inhoud = self.inhoud.as_ref()?;
        let mut bericht = MutatieBericht {
            mutatie_id: self.mutatie_id,
            volgnummer: self.volgnummer,
            vorig_volgnummer: self.volgnummer.saturating_sub(1),
            vorig_volgnummer_leerbedrijf: self.vorig_volgnummer_leerbedrijf,
            volledig_tot_en_met,
            mutatie_soort: inhoud.mutatie_soort.as_str(),
            leerbedrijf_id: self.leerbedrijf_id,
            naam: inhoud.naam.clone(),
            opvolger: inhoud.opvolger,
            code: inhoud.code,
            erkenning_status: inhoud.erkenning_status,
            reden: inhoud.reden,
            startdatum: inhoud.startdatum,
            einddatum: inhoud.einddatum,
            ingangsdatum: inhoud.ingangsdatum,
            geregistreerd_op: inhoud.geregistreerd_op,
            register_versie: inhoud.register_versie,
            school_oin: self.school_oin,
            bpvo_kenmerken: inhoud.bpvo_kenmerken.clone(),
        };
        if self.staat == Staat::Vervallen || !may_tell {
            bericht.mutatie_soort = VERVALLEN;
            bericht.opvolger = None;
            bericht.code = None;
            bericht.erkenning_status = None;
            bericht.reden = None;
            bericht.startdatum = None;
            bericht.einddatum = None;
            bericht.bpvo_kenmerken.clear();
        }
        Some(bericht)
    }
}
