//! natrekkenErkenning: is this leerbedrijf erkend for this code on this date? (domain §2)

use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Bevinding, Context, KeuzedeelRegel, Kop, present};
use crate::{
    domain::{
        Code, Datum, Eindreden, Erkenning, InvalidCode, InvalidDatum, Kern, LeerbedrijfId,
        LeerbedrijfStatus, Leerweg, Signaalcode,
    },
    replica::View,
};

/// The question as it came; every field is checked by meaning (domain rule 2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The register's key of the leerbedrijf.
    pub leerbedrijf_id: Option<String>,
    /// Crebo or keuzedeel.
    pub code: Option<String>,
    /// On which day; required (domain rule 4).
    pub peildatum: Option<String>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = NatrekkenErkenningAntwoord)]
pub struct Response {
    /// The beginning of every answer.
    #[serde(flatten)]
    pub kop: Kop,
    /// The verification itself.
    #[serde(flatten)]
    pub uitkomst: Uitkomst,
}

/// Answers from the view of the context.
#[must_use]
pub fn run(_ctx: &Context<'_>, _request: Request) -> Answer<Response> {
    unimplemented!()
}

/// The verification, for one question of one or of many.
pub(super) fn verify(
    _ctx: &Context<'_>,
    _leerbedrijf_id: Option<String>,
    _code: Option<String>,
    _peildatum: Option<String>,
) -> (Signaalcode, Uitkomst, Vec<Bevinding>) {
    unimplemented!()
}

/// What the verification found; shared with the bulk operation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Uitkomst {
    /// Het gevraagde leerbedrijfId, zoals het kwam.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "100000001")]
    pub leerbedrijf_id: Option<String>,
    /// Naam van het leerbedrijf dat antwoord geeft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub naam: Option<String>,
    /// De gevraagde code, zoals zij kwam.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "25180")]
    pub code: Option<String>,
    /// De gevraagde peildatum, zoals zij kwam.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11-22")]
    pub peildatum: Option<String>,
    /// Ontbreekt als de vraag niet begrepen kon worden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erkenning_status: Option<ErkenningStatus>,
    /// Waarop "erkend" berust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grondslag: Option<Grondslag>,
    /// Bij grondslag EQUIVALENT: de code waarvoor de erkenning verleend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub erkend_voor_code: Option<Code>,
    /// Waarom niet erkend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reden: Option<Reden>,
    /// Eerste dag van de periode die het antwoord draagt, of van de dichtstbijzijnde.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub startdatum: Option<Datum>,
    /// Laatste dag daarvan, inclusief; ontbreekt als er geen einde bekend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub einddatum: Option<Datum>,
    /// Leerwegen waarvoor die periode geldt.
    pub leerwegen: Vec<Leerweg>,
    /// Of slechts een deel van de werkprocessen er geleerd kan worden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gedeeltelijk: Option<bool>,
    /// Het leerbedrijf waarvoor geantwoord is, als dat de opvolger is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub beantwoord_voor: Option<LeerbedrijfId>,
    /// De opvolger van een gefuseerd leerbedrijf.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub opvolger: Option<LeerbedrijfId>,
}

/// Of het leerbedrijf erkend is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErkenningStatus {
    /// Erkend op de peildatum.
    Erkend,
    /// Niet erkend op de peildatum; `reden` zegt waarom.
    NietErkend,
}

/// Waarop "erkend" berust (domain rule 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Grondslag {
    /// Een erkenning voor de code zelf.
    Erkenning,
    /// Een erkenning voor een code die op die dag gelijkwaardig is.
    Equivalent,
    /// Een keuzedeel, gedragen door een lopende erkenning.
    Keuzedeel,
}

/// Waarom niet erkend (domain rule 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reden {
    /// Er is nooit een erkenning voor deze code geweest.
    NooitVerleend,
    /// De erkenning begint later.
    NogNietIngegaan,
    /// De einddatum is voorbij.
    Verlopen,
    /// SBB trok haar in.
    Ingetrokken,
    /// Zij verviel van rechtswege.
    VanRechtswegeVervallen,
    /// Zij werd niet verlengd.
    NietVerlengd,
    /// Het register kent dit leerbedrijf niet.
    LeerbedrijfOnbekend,
    /// Het register kent deze code niet.
    CodeOnbekend,
}
