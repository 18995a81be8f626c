//! natrekkenErkenningen: up to 10,000 verifications at once, all from one register version;
//! a bad line spoils only itself (domain §2).

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Answer, Bevinding, Context, Kop,
    natrekken_erkenning::{self, Uitkomst},
    signaaltekst,
};
use crate::domain::Signaalcode;

/// The most lines in one request (domain §2).
pub const MAX_VERZOEKEN: usize = 10_000;

/// The questions as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// At most [`MAX_VERZOEKEN`]; the transport refuses more.
    pub verzoeken: Vec<Verzoek>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// One question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verzoek {
    /// The asker's own mark, echoed.
    pub kenmerk: Option<String>,
    /// The register's key of the leerbedrijf.
    pub leerbedrijf_id: Option<String>,
    /// Crebo or keuzedeel.
    pub code: Option<String>,
    /// On which day; required.
    pub peildatum: Option<String>,
}

/// The answers, in the order asked.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = NatrekkenErkenningenAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// Een resultaat per verzoek, in de gevraagde volgorde.
    pub resultaten: Vec<Resultaat>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resultaat {
    /// Het kenmerk van het verzoek, zoals het kwam.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kenmerk: Option<String>,
    /// Uitkomst van dit verzoek.
    #[schema(value_type = u16, example = 0)]
    pub signaalcode: Signaalcode,
    /// De uitkomst in woorden; ontbreekt bij 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signaaltekst: Option<Cow<'static, str>>,
    /// De natrekking zelf.
    #[serde(flatten)]
    pub uitkomst: Uitkomst,
}

/// Answers every line from the one view of the context.
#[must_use]
pub fn run(ctx: &Context<'_>, request: Request) -> Answer<Response> {
    let resultaten = request
        .verzoeken
        .into_iter()
        .map(|verzoek| {
            let (signaalcode, uitkomst, bevindingen) = natrekken_erkenning::verify(
                ctx,
                verzoek.leerbedrijf_id,
                verzoek.code,
                verzoek.peildatum,
            );
            Resultaat {
                kenmerk: verzoek.kenmerk.filter(|k| !k.is_empty()),
                signaalcode,
                signaaltekst: bevindingen
                    .first()
                    .map(Bevinding::signaaltekst)
                    .or_else(|| signaaltekst(signaalcode)),
                uitkomst,
            }
        })
        .collect();
    let kop = Kop::new(&ctx.view, Signaalcode::GeenBijzonderheden);
    Answer::clean(Response { kop, resultaten })
}
