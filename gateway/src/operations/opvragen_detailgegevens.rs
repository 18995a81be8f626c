//! opvragenDetailgegevens: address, contact data and erkenningen of one leerbedrijf (domain §2).
//!
//! The lists of people stay empty until their record of processing exists (design invariant 11).

use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Bevinding, Context, Kop, present};
use crate::{
    domain::{
        Adres, Code, Datum, Eindreden, Erkenning, LeerbedrijfId, LeerbedrijfStatus, Leerweg,
        Signaalcode, Tijdstip, Werkproces,
    },
    replica::View,
};

/// The question as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The register's key of the leerbedrijf.
    pub leerbedrijf_id: Option<String>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OpvragenDetailgegevensAntwoord)]
pub struct Response {
    /// The beginning of every answer.
    #[serde(flatten)]
    pub kop: Kop,
    /// Ontbreekt als het leerbedrijf onbekend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// All that is known of a leerbedrijf.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// Sleutel van het leerbedrijf in het register.
    #[schema(value_type = String, pattern = "^[1-9][0-9]{8}$", example = "100000001")]
    pub leerbedrijf_id: LeerbedrijfId,
    /// Naam.
    pub naam: String,
    /// KvK-nummer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{8}$")]
    pub kvk_nummer: Option<String>,
    /// Vestigingsnummer bij de KvK.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{12}$")]
    pub kvk_vestigingsnummer: Option<String>,
    /// ACT: staat in het register; HIS: historisch.
    pub leerbedrijf_status: LeerbedrijfStatus,
    /// Bij een fusie: het leerbedrijf dat dit opvolgt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub opvolger: Option<LeerbedrijfId>,
    /// Eerste dag van de opvolging.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub opgevolgd_per: Option<Datum>,
    /// Waar het gevestigd is.
    pub vestigingsadres: Adres,
    /// Waar post heen gaat, als dat elders is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correspondentieadres: Option<Adres>,
    /// Telefoonnummer, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telefoonnummer: Option<String>,
    /// E-mailadres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emailadres: Option<String>,
    /// Website.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Wanneer het register deze gegevens voor het laatst wijzigde, UTC.
    #[schema(value_type = String, format = "date-time")]
    pub bijgewerkt_op: Tijdstip,
    /// Contactpersonen. Nu altijd leeg: volgt met de verwerkingslog.
    pub contactpersonen: Vec<ContactpersoonDetail>,
    /// Praktijkopleiders. Nu altijd leeg: volgt met de verwerkingslog.
    pub praktijkopleiders: Vec<PraktijkopleiderDetail>,
    /// Alle erkenningen, ook beëindigde, per code en startdatum.
    pub erkenningen: Vec<ErkenningDetail>,
}

/// A contact as answered: without the register's persoonId.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactpersoonDetail {
    /// Naam.
    pub naam: String,
    /// Functie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functie: Option<String>,
    /// E-mailadres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emailadres: Option<String>,
    /// Telefoonnummer, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telefoonnummer: Option<String>,
    /// Wanneer het register dit voor het laatst wijzigde, UTC.
    #[schema(value_type = String, format = "date-time")]
    pub bijgewerkt_op: Tijdstip,
}

/// A trainer as answered: without the register's persoonId.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PraktijkopleiderDetail {
    /// Naam.
    pub naam: String,
    /// E-mailadres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emailadres: Option<String>,
    /// Telefoonnummer, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telefoonnummer: Option<String>,
    /// Voor welke codes.
    #[schema(value_type = Vec<String>)]
    pub codes: Vec<Code>,
    /// Wanneer het register dit voor het laatst wijzigde, UTC.
    #[schema(value_type = String, format = "date-time")]
    pub bijgewerkt_op: Tijdstip,
}

/// One period of an erkenning as answered.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErkenningDetail {
    /// Crebo of keuzedeel.
    #[schema(value_type = String, example = "25180")]
    pub code: Code,
    /// Naam van de opleiding, als de code bekend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opleidingsnaam: Option<String>,
    /// Niveau, 1 tot 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4)]
    pub niveau: Option<u8>,
    /// Leerwegen waarvoor zij geldt.
    pub leerwegen: Vec<Leerweg>,
    /// Eerste dag.
    #[schema(value_type = String, format = "date")]
    pub startdatum: Datum,
    /// Laatste dag, inclusief; ontbreekt als er geen einde bekend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub einddatum: Option<Datum>,
    /// Reden van het einde, als het geen verstreken datum was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reden: Option<Eindreden>,
    /// Of slechts een deel van de werkprocessen er geleerd kan worden.
    pub gedeeltelijk: bool,
    /// Welke werkprocessen wel en niet, bij een gedeeltelijke erkenning.
    pub werkprocessen: Vec<Werkproces>,
    /// Wanneer het register deze erkenning voor het laatst wijzigde, UTC.
    #[schema(value_type = String, format = "date-time")]
    pub bijgewerkt_op: Tijdstip,
}

/// Answers from the view of the context.
#[must_use]
pub fn run(_ctx: &Context<'_>, _request: Request) -> Answer<Response> {
    unimplemented!()
}
