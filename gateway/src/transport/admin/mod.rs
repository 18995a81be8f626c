//! The operators' listener: health and metrics over plain HTTP on loopback.

mod health;

use actix_web::{
    HttpResponse, Resource, Route,
    http::{
        Method,
        header::{CACHE_CONTROL, ContentType},
    },
    web::{self, Data, ServiceConfig},
};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::metrics::record_process;
pub use health::{Bron, Health, Readiness, Sources, Status};

const START_PAGE: &str = include_str!("index.html");

/// Where the page says how the node is.
const STAND: &str = "<!-- stand -->";

/// The routes. Needs `Data<Health>` and `Data<PrometheusHandle>`.
pub fn configure(config: &mut ServiceConfig) {
    // A resource answers 405 with Allow for other methods; probes like to send HEAD.
    config
        .service(readable("/", || web::to(start_page)))
        .service(readable("/health/live", || web::to(live)))
        .service(readable("/health/ready", || web::to(ready)))
        .service(readable("/metrics", || web::to(metrics)));
}

fn readable(path: &str, handler: impl Fn() -> Route) -> Resource {
    web::resource(path)
        .route(handler().method(Method::GET))
        .route(handler().method(Method::HEAD))
}

async fn start_page(health: Data<Health>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type(ContentType::html())
        .body(START_PAGE.replace(STAND, &stand(&health.readiness())))
}

/// How this node is, for people: what readiness says.
fn stand(readiness: &Readiness) -> String {
    let redenen: String = readiness
        .redenen
        .iter()
        .map(|reden| format!("<li>{}</li>", escaped(reden)))
        .collect();
    format!(
        "<p>This node is <strong>{}</strong>, at version {} of the register.</p>\n<ul>{redenen}</ul>",
        readiness.status.as_str(),
        readiness.register_versie,
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// 200 while the process's loops step, 503 when they do not: then a restart helps.
async fn live(health: Data<Health>) -> HttpResponse {
    let alive = health.is_alive();
    let mut response = if alive {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(serde_json::json!({ "leeft": alive }))
}

/// 200 while callers can be answered within the published limits (design invariant 6).
async fn ready(health: Data<Health>) -> HttpResponse {
    let readiness = health.readiness();
    let mut response = match readiness.status {
        Status::Gereed | Status::Verminderd => HttpResponse::Ok(),
        Status::NietGereed => HttpResponse::ServiceUnavailable(),
    };
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(readiness)
}

async fn metrics(health: Data<Health>, handle: Data<PrometheusHandle>) -> HttpResponse {
    health.record();
    record_process();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(handle.render())
}
