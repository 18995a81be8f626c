//! What an integrator reads without a certificate: the start page, a readable reference of the
//! REST side and the OpenAPI description. Nothing here needs a script or an outside asset.

mod page;
mod reference;

use actix_web::{
    HttpResponse,
    http::header::{
        ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY,
    },
    web::{self, Bytes, Data, ServiceConfig},
};

use super::{
    gateway::Gateway,
    rest::{not_found, only_get, openapi},
};

/// The documents of one gateway, made once.
#[derive(Debug)]
pub struct Documents {
    start: Bytes,
    reference: Bytes,
    openapi: Bytes,
}

impl Documents {
    /// With the gateway's own address, OIN and limits in them.
    #[must_use]
    pub fn new(gateway: &Gateway) -> Self {
        let document = openapi::document(&gateway.api_url);
        Self {
            start: page::start(gateway).into(),
            reference: reference::page(&document).into(),
            openapi: openapi::text(&gateway.api_url).into(),
        }
    }
}

/// Adds the documents; make `documents` once, outside the App factory.
///
/// For the docs listener and the api listener alike. Sets the default service to a 404 problem,
/// as the REST side does.
pub fn configure(documents: Data<Documents>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(documents)
            .service(only_get("/", web::to(start)))
            .service(only_get("/api.html", web::to(reference)))
            .service(
                only_get("/v1/openapi.json", web::to(openapi_json))
                    .route(web::method(actix_web::http::Method::OPTIONS).to(openapi_preflight)),
            )
            .default_service(web::to(not_found));
    }
}

async fn start(documents: Data<Documents>) -> HttpResponse {
    html(documents.start.clone())
}

async fn reference(documents: Data<Documents>) -> HttpResponse {
    html(documents.reference.clone())
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
async fn openapi_json(documents: Data<Documents>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(documents.openapi.clone())
}

async fn openapi_preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
        .finish()
}
