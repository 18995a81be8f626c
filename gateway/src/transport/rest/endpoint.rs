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
    /// How it can end.
    pub uitkomst: Uitkomst,
}

impl Endpoint {
    /// Whether it writes, and a repeat is known by `Idempotency-Key`.
    #[must_use]
    pub const fn writes(&self) -> bool {
        matches!(self.methode, Methode::Put | Methode::Delete)
            || matches!(self.uitkomst, Uitkomst::Gemaakt)
    }

    /// The status of an answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self.uitkomst {
            Uitkomst::Gemaakt => 201,
            _ => 200,
        }
    }
}

/// How an endpoint can end, besides the problems that any of them has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uitkomst {
    /// With an answer.
    Antwoord,
    /// With 404 for what is not there (domain rule 1).
    OfOnbekend,
    /// With 404 for a subscription that is not there, and 410 for a number that its feed does not
    /// have.
    OfVerlopen,
    /// With 201 and the `Location` of what it made.
    Gemaakt,
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
