//! What the router, the OpenAPI description and the documentation know of an endpoint.

use super::field::Veld;
use crate::domain::Operatie;

/// A method of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methode {
    /// GET, and HEAD with it.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

impl Methode {
    /// Whether a request has a body.
    #[must_use]
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put)
    }

    /// Whether it writes. A POST here only asks.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Put | Self::Delete)
    }

    /// In capitals.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// The operation of the contract that it offers.
    pub operatie: Operatie,
    /// Unique in OpenAPI.
    pub operation_id: &'static str,
    /// The method.
    pub methode: Methode,
    /// The path, from `/v1` on.
    pub pad: &'static str,
    /// In one line.
    pub samenvatting: &'static str,
    /// What an integrator must know.
    pub beschrijving: &'static str,
    /// Fields in the path, in its order.
    pub pad_velden: &'static [Veld],
    /// Query keys.
    pub query: &'static [Veld],
    /// The body, for a POST or PUT.
    pub verzoek: Option<Verzoek>,
    /// Name of the answer's schema.
    pub antwoord: &'static str,
    /// Answers, each as its schema allows.
    pub voorbeelden: &'static [Voorbeeld],
    /// Whether a leerbedrijf or bpvo that is not there is 404 (domain rule 1).
    pub not_found: bool,
}

/// The body of a request.
#[derive(Debug, Clone, Copy)]
pub struct Verzoek {
    /// Name of its schema.
    pub schema: &'static str,
    /// Bodies, each as the schema allows.
    pub voorbeelden: &'static [Voorbeeld],
}

/// An example.
#[derive(Debug, Clone, Copy)]
pub struct Voorbeeld {
    /// Its key in OpenAPI.
    pub naam: &'static str,
    /// In one line.
    pub samenvatting: &'static str,
    /// The message.
    pub json: &'static str,
}
