//! vaststellenLeerbedrijf: which leerbedrijf is this? By id, or by name and address (domain §2).

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Bevinding, Context, Kop, present};
use crate::domain::{Adres, Datum, LeerbedrijfId, LeerbedrijfStatus, Postcode, Signaalcode};

/// The most leerbedrijven in one answer (domain §2).
pub const MAX_LEERBEDRIJVEN: usize = 25;

/// The question as it came. Enough is: leerbedrijfId; naam + postcode; naam + plaats;
/// postcode + huisnummer. Outside NL a postcode has any form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The register's key.
    pub leerbedrijf_id: Option<String>,
    /// Name.
    pub naam: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// House number.
    pub huisnummer: Option<String>,
    /// Town.
    pub plaats: Option<String>,
    /// ISO 3166-1 alpha-2; NL when absent.
    pub land: Option<String>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// The answer, best match first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VaststellenLeerbedrijfAntwoord)]
pub struct Response {
    /// The beginning of every answer.
    #[serde(flatten)]
    pub kop: Kop,
    /// De gevonden leerbedrijven, beste eerst, hoogstens 25.
    pub leerbedrijven: Vec<Gevonden>,
    /// Of er meer waren dan getoond.
    pub meer_resultaten: bool,
}

/// One leerbedrijf that was found, and how well it fits.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gevonden {
    /// Sleutel van het leerbedrijf in het register.
    #[schema(value_type = String, pattern = "^[1-9][0-9]{8}$", example = "100000001")]
    pub leerbedrijf_id: LeerbedrijfId,
    /// Naam.
    pub naam: String,
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
    /// Hoe zeker het is.
    pub match_kwaliteit: MatchKwaliteit,
    /// Waarom, in woorden.
    #[schema(value_type = String, example = "naam en postcode gelijk")]
    pub match_reden: Cow<'static, str>,
}

/// Hoe goed een leerbedrijf bij de vraag past (domain rule 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchKwaliteit {
    /// Alles wat gevraagd is, is gelijk.
    Exact,
    /// Bijna gelijk, of een deel gelijk.
    Waarschijnlijk,
    /// Het zou kunnen.
    Mogelijk,
}

/// Answers from the view of the context.
#[must_use]
pub fn run(_ctx: &Context<'_>, _request: Request) -> Answer<Response> {
    unimplemented!()
}
