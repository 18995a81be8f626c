//! REST: NL GOV API Design Rules (standards §3).
//!
//! One file per operation: wire → `Request` → `run()` → `Answer` → wire. What they share:
//! [`call`] goes from identity to answer, [`json`] and [`uri`] read the input and name
//! all that is wrong with it, [`problem`] is the one table of errors, [`openapi`] describes it.

mod aanmelden_abonnement;
mod abonnement;
mod call;
mod endpoint;
mod field;
#[doc(hidden)]
pub mod fuzzing;
pub mod headers;
mod json;
mod json_writer;
mod natrekken_erkenning;
mod natrekken_erkenningen;
mod negotiation;
pub mod openapi;
mod opvragen_abonnementen;
mod opvragen_bpvos;
mod opvragen_detailgegevens;
mod opvragen_gebruik;
mod opvragen_mutaties;
mod posted;
mod problem;
mod registreren_bpvos;
mod uri;
mod vaststellen_leerbedrijf;
mod vaststellen_leerbedrijven;
mod vergelijken_mutaties;
mod violation;
mod waarom_mutatie;
mod webhooks;
mod wijzigen_abonnement;
mod zoeken_leerplaatsen;
mod zoekvragen;

use actix_web::{
    HttpRequest, HttpResponse, guard,
    web::{self, ServiceConfig},
};

use crate::operations;
use posted::Posted;

pub use crate::operations::{
    MAX_PER_BERICHT,
    abonnementen::{MAX_ABONNEMENTEN, MAX_CODES, MAX_SOORTEN},
    natrekken_erkenningen::MAX_VERZOEKEN,
    opvragen_bpvos::PAGINA as BPVO_PAGINA,
    opvragen_mutaties::{MAX_LIMIET, MAX_WACHT_S, STANDAARD_LIMIET},
    registreren_bpvos::{MAX_BPVOS, MAX_KEUZEDELEN},
    vaststellen_leerbedrijf::MAX_LEERBEDRIJVEN,
    vaststellen_leerbedrijven::MAX_RIJEN,
    vergelijken_mutaties::MAX_STUKKEN,
    zoeken_leerplaatsen::{MAX_PAGINA, STANDAARD_PAGINA},
};
pub use endpoint::{Endpoint, Methode, Uitkomst, Verzoek, Voorbeeld};
pub use field::Veld;
pub use headers::{API_VERSION, Headers};
pub use problem::{IDEMPOTENCY_HEADER, Instance, Probleemsoort, Problem, SCHOOL_HEADER, Stroom};
pub use violation::{MAX_OVERTREDINGEN, Overtreding, Overtredingen, Plaats};
pub use zoeken_leerplaatsen::VELDEN as ZOEKVELDEN;
pub use zoekvragen::EERSTE_SCHOOLDAG;

/// Every endpoint, in the order of the contract.
pub const ENDPOINTS: &[Endpoint] = &[
    vaststellen_leerbedrijf::BY_ID,
    vaststellen_leerbedrijf::SEARCH,
    vaststellen_leerbedrijven::ENDPOINT,
    natrekken_erkenning::ENDPOINT,
    natrekken_erkenningen::ENDPOINT,
    opvragen_detailgegevens::ENDPOINT,
    zoeken_leerplaatsen::ENDPOINT,
    registreren_bpvos::PUT,
    opvragen_bpvos::ALL,
    opvragen_bpvos::ONE,
    registreren_bpvos::DELETE,
    aanmelden_abonnement::POST,
    opvragen_abonnementen::ALL,
    opvragen_abonnementen::ONE,
    wijzigen_abonnement::PUT,
    opvragen_abonnementen::DELETE,
    opvragen_mutaties::ENDPOINT,
    waarom_mutatie::ENDPOINT,
    vergelijken_mutaties::ENDPOINT,
    opvragen_gebruik::ENDPOINT,
];

/// Adds the REST endpoints. They take `web::Data<Gateway>` from the app, which should be wrapped
/// in [`Headers`].
pub fn configure(config: &mut ServiceConfig) {
    // The router tries them in turn, and what has a part to fill in is a regular expression to it: fixed
    // paths stand first, and so before a pattern that would match them too.
    config
        .service(only_posted::<operations::natrekken_erkenningen::Request>())
        .service(only_posted::<operations::vaststellen_leerbedrijf::Request>())
        .service(only_posted::<operations::vaststellen_leerbedrijven::Request>())
        .service(only_posted::<operations::zoeken_leerplaatsen::Request>())
        .service(bpvos())
        .service(abonnementen())
        .service(only_get(
            opvragen_mutaties::ENDPOINT.pad,
            web::to(opvragen_mutaties::handle),
        ))
        .service(only_get(
            waarom_mutatie::ENDPOINT.pad,
            web::to(waarom_mutatie::handle),
        ))
        .service(only_posted::<operations::vergelijken_mutaties::Request>())
        .service(only_get(
            opvragen_gebruik::ENDPOINT.pad,
            web::to(opvragen_gebruik::handle),
        ))
        .service(only_get(
            natrekken_erkenning::ENDPOINT.pad,
            web::to(natrekken_erkenning::handle),
        ))
        .service(only_get(
            vaststellen_leerbedrijf::BY_ID.pad,
            web::to(vaststellen_leerbedrijf::by_id),
        ))
        .service(only_get(
            opvragen_detailgegevens::ENDPOINT.pad,
            web::to(opvragen_detailgegevens::handle),
        ))
        .service(bpvo())
        .service(abonnement())
        .default_service(web::to(not_found));
}

/// A path with GET, and HEAD as HTTP asks of every GET; 405 for the rest.
pub(super) fn only_get(path: &str, route: actix_web::Route) -> actix_web::Resource {
    let get_or_head = guard::Any(guard::Get()).or(guard::Head());
    web::resource(path)
        .route(route.guard(get_or_head))
        .default_service(web::to(|| method_not_allowed("GET, HEAD")))
}

/// The school's list.
fn bpvos() -> actix_web::Resource {
    let put = web::put().to(posted::handle::<operations::registreren_bpvos::Request>);
    only_get(opvragen_bpvos::ALL.pad, web::to(opvragen_bpvos::all))
        .route(put)
        .default_service(web::to(|| method_not_allowed("GET, HEAD, PUT")))
}

/// One bpvo of it.
fn bpvo() -> actix_web::Resource {
    only_get(opvragen_bpvos::ONE.pad, web::to(opvragen_bpvos::one))
        .route(web::delete().to(registreren_bpvos::delete))
        .default_service(web::to(|| method_not_allowed("GET, HEAD, DELETE")))
}

/// The subscriptions of the afnemer.
fn abonnementen() -> actix_web::Resource {
    let post = web::post().to(posted::handle::<operations::abonnementen::aanmelden::Request>);
    only_get(
        opvragen_abonnementen::ALL.pad,
        web::to(opvragen_abonnementen::all),
    )
    .route(post)
    .default_service(web::to(|| method_not_allowed("GET, HEAD, POST")))
}

/// One of them.
fn abonnement() -> actix_web::Resource {
    let put = web::put().to(posted::handle::<operations::abonnementen::wijzigen::Request>);
    only_get(
        opvragen_abonnementen::ONE.pad,
        web::to(opvragen_abonnementen::one),
    )
    .route(put)
    .route(web::delete().to(opvragen_abonnementen::delete))
    .default_service(web::to(|| method_not_allowed("GET, HEAD, PUT, DELETE")))
}

/// The path of a question that comes as a body, with POST; 405 for the rest.
fn only_posted<V: Posted>() -> actix_web::Resource {
    web::resource(V::ENDPOINT.pad)
        .route(web::post().to(posted::handle::<V>))
        .default_service(web::to(|| method_not_allowed("POST")))
}

async fn method_not_allowed(allow: &'static str) -> HttpResponse {
    Problem::method_not_allowed(allow).into_response()
}

/// 404 as a problem, for every path that nobody serves; the App's default service.
pub async fn not_found(request: HttpRequest) -> HttpResponse {
    let slash = request.path().len() > 1 && request.path().ends_with('/');
    let detail = if slash {
        "dit pad bestaat niet; een pad eindigt nooit op een schuine streep"
    } else {
        "dit pad bestaat niet"
    };
    Problem::new(Probleemsoort::NietGevonden, detail).into_response()
}
