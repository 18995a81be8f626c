//! vaststellenLeerbedrijven: vaststellenLeerbedrijf for up to 1,000 rows of a relation file, the
//! best match and its quality per row; a bad row spoils only itself (domain §2).

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Answer, Context, Kop, signaaltekst,
    vaststellen_leerbedrijf::{self, Gevonden, Response as Found},
};
use crate::domain::Signaalcode;

/// The most rows in one request (domain §2).
pub const MAX_RIJEN: usize = 1_000;

/// The rows as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// At most [`MAX_RIJEN`]; the transport refuses more.
    pub rijen: Vec<Rij>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// One row of a relation file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rij {
    /// The asker's own mark, echoed.
    pub kenmerk: Option<String>,
    /// The question, without a version of its own.
    pub vraag: vaststellen_leerbedrijf::Request,
}

/// The answers, in the order asked.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = VaststellenLeerbedrijvenAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// Een resultaat per rij, in de gevraagde volgorde.
    pub resultaten: Vec<Resultaat>,
}

/// The best match of one row.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VaststelResultaat)]
pub struct Resultaat {
    /// Het kenmerk van de rij, zoals het kwam.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kenmerk: Option<String>,
    /// Uitkomst van deze rij; 131 als er meer leerbedrijven passen dan het ene dat getoond wordt.
    #[schema(value_type = u16, example = 0)]
    pub signaalcode: Signaalcode,
    /// De uitkomst in woorden; ontbreekt bij 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signaaltekst: Option<Cow<'static, str>>,
    /// De beste treffer; ontbreekt als er geen is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leerbedrijf: Option<Gevonden>,
}

/// Answers every row from the one view of the context.
#[must_use]
pub fn run(ctx: &Context<'_>, request: Request) -> Answer<Response> {
    let resultaten = request
        .rijen
        .into_iter()
        .map(|rij| {
            let Found {
                kop, leerbedrijven, ..
            } = vaststellen_leerbedrijf::run(ctx, rij.vraag).response;
            // One is shown; that there are more is the first thing to know.
            let (signaalcode, tekst) = match leerbedrijven.len() {
                0 | 1 => (kop.signaalcode, kop.signaaltekst),
                _ => {
                    let more = Signaalcode::MeerResultaten;
                    (more, signaaltekst(more))
                }
            };
            Resultaat {
                kenmerk: rij.kenmerk.filter(|k| !k.is_empty()),
                signaalcode,
                signaaltekst: tekst,
                leerbedrijf: leerbedrijven.into_iter().next(),
            }
        })
        .collect();
    let kop = Kop::new(&ctx.view, Signaalcode::GeenBijzonderheden);
    Answer::clean(Response { kop, resultaten })
}
