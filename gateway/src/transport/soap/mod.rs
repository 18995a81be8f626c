//! SOAP: one endpoint, dispatch on the QName of the Body's child.
//!
//! [`endpoint`] takes the message from HTTP, [`exchange`] keeps the order of checks of standards
//! §1, and one file per operation translates between the wire and `operations`.

mod abonnementen;
mod admission;
#[cfg(test)]
mod contract_tests;
mod documents;
mod endpoint;
mod exchange;
#[doc(hidden)]
pub mod fuzzing;
mod natrekken_erkenning;
mod natrekken_erkenningen;
mod opvragen_bpvos;
mod opvragen_detailgegevens;
mod opvragen_mutaties;
mod parts;
mod registreren_bpvos;
mod vaststellen_leerbedrijf;
mod vaststellen_leerbedrijven;
mod vergelijken_mutaties;
mod zoeken_leerplaatsen;

use actix_web::web;

use crate::{
    domain::{LeerbedrijfId, Operatie},
    operations::{Answer, Context, Failure, Kop, Writing},
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
};

/// Path of the endpoint and, with a query, of its WSDL.
pub const PATH: &str = "/soap/v1/whitelabel";
/// Path of the XSD, which the WSDL imports by a relative URL.
pub const XSD_PATH: &str = "/soap/v1/whitelabel-v1.xsd";

/// The endpoint and its documents, for the api listener. Wants `web::Data<Gateway>`.
pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource(PATH)
            .route(web::post().to(endpoint::post))
            .route(web::get().to(documents::wsdl_of_endpoint))
            .route(web::head().to(documents::wsdl_of_endpoint))
            .default_service(web::to(documents::only_questions)),
    );
    documents::configure_schemas(cfg);
}

/// The documents alone, for a listener without client certificates. Wants `web::Data<Gateway>`.
pub fn configure_documents(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource(PATH)
            .route(web::get().to(documents::wsdl))
            .route(web::head().to(documents::wsdl))
            .default_service(web::to(documents::only_documents)),
    );
    documents::configure_schemas(cfg);
}

/// Reads a message's body as the request of this operation and says whether the XSD allows it:
/// for tools that check messages without asking anything.
///
/// # Errors
/// The outer one: no such operation. The inner one: [`BodyError`].
pub fn check_body(name: &str, body: &mut BodyReader<'_, '_>) -> Option<Result<(), BodyError>> {
    exchange::operatie_of(crate::soap::ns::WHITELABEL, name)
        .map(|operatie| exchange::check(operatie, body))
}

/// One operation over SOAP: only a translation (design invariant 8).
trait Bewerking {
    /// Which one.
    const OPERATIE: Operatie;
    /// Whether the larger limits hold.
    const BULK: bool = false;
    /// Type of the request element.
    const VRAAG: &'static Vorm;
    /// As the operation wants it.
    type Request;
    /// As the operation gives it.
    type Response;

    /// Takes the fields of the request element in their order.
    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Self::Request, BodyError>;
    /// What the request says of the register version.
    fn minimale_register_versie(request: &Self::Request) -> Option<&str>;
    /// The operation itself.
    async fn run(
        ctx: &Context<'_>,
        writing: &Writing<'_>,
        request: Self::Request,
    ) -> Result<Answer<Self::Response>, Failure>;
    /// Lines that a bulk message has, for the quota.
    fn regels(_request: &Self::Request) -> usize {
        1
    }
    /// Whether the operation may wait for something new instead of answering at once.
    fn may_wait(_request: &Self::Request) -> bool {
        false
    }
    /// The leerbedrijven that an answer tells about.
    fn leerbedrijf_ids(_response: &Self::Response) -> Vec<LeerbedrijfId> {
        Vec::new()
    }
    /// The head of the answer.
    fn kop(response: &Self::Response) -> &Kop;
    /// Writes the answer's fields behind its head.
    fn write(response: &Self::Response, w: &mut XmlWriter);

    /// Reads the request element.
    fn from_body(body: &mut BodyReader<'_, '_>) -> Result<Self::Request, BodyError> {
        body.request(Self::VRAAG, Self::read)
    }
}
