//! What an integrator reads without a certificate: the start page, a page about receiving mutaties, a
//! readable reference of the REST side and the OpenAPI description. Nothing here needs a script or an outside asset.

mod bpvos;
mod mutaties;
mod page;
mod reference;
mod soap_message;
mod zoekvragen;

use std::sync::OnceLock;

use actix_web::{
    HttpResponse,
    http::{
        Method,
        header::{
            ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY,
        },
    },
    web::{self, Bytes, Data, ServiceConfig},
};

pub use bpvos::{Bpvovoorbeeld, bpvos_in_json, bpvos_in_soap};
pub use soap_message::SoapMessage;
pub use zoekvragen::{Zoekvraag, zoekvragen};

use super::{
    gateway::Gateway,
    rest::{only_get, openapi},
};

/// The documents of one gateway.
#[derive(Debug)]
struct Documents {
    start: Bytes,
    reference: Bytes,
    mutaties: Bytes,
    openapi: Bytes,
}

impl Documents {
    /// With the gateway's own address, OIN and limits in them.
    fn new(gateway: &Gateway) -> Self {
        let document = openapi::document(&gateway.api_url);
        Self {
            start: page::start(gateway).into(),
            reference: reference::page(&document).into(),
            mutaties: mutaties::page(gateway, &document).into(),
            openapi: openapi::text(&gateway.api_url).into(),
        }
    }
}

/// Made by the first request of a worker, since an App is configured before it has its data.
type Once = Data<OnceLock<Documents>>;

/// Adds the documents, for the docs listener and the api listener alike. They take
/// `web::Data<Gateway>` from the app.
pub fn configure_documents(config: &mut ServiceConfig) {
    config
        .app_data(Once::new(OnceLock::new()))
        .service(only_get("/", web::to(start)))
        .service(only_get("/api.html", web::to(reference)))
        .service(only_get("/mutaties.html", web::to(receiving)))
        .service(
            only_get("/v1/openapi.json", web::to(openapi_json))
                .route(web::method(Method::OPTIONS).to(openapi_preflight)),
        );
}

async fn start(documents: Once, gateway: Data<Gateway>) -> HttpResponse {
    html(made(&documents, &gateway).start.clone())
}

async fn reference(documents: Once, gateway: Data<Gateway>) -> HttpResponse {
    html(made(&documents, &gateway).reference.clone())
}

async fn receiving(documents: Once, gateway: Data<Gateway>) -> HttpResponse {
    html(made(&documents, &gateway).mutaties.clone())
}

fn made<'d>(documents: &'d Once, gateway: &Gateway) -> &'d Documents {
    documents.get_or_init(|| Documents::new(gateway))
}

fn html(body: Bytes) -> HttpResponse {
    /// The pages need their own styles and nothing else.
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(body)
}

/// Open to every origin (ADR /core/publish-openapi).
async fn openapi_json(documents: Once, gateway: Data<Gateway>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(made(&documents, &gateway).openapi.clone())
}

async fn openapi_preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
        .finish()
}
