//! Counts and logs every request once, at the boundary: operation, afnemer, outcome, duration.
//!
//! An answer is logged at debug, since metrics count it; a refusal or failure at info, since an
//! operator is asked about those. A line names no person and holds no part of a body.

use std::time::Instant;

use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};

use super::{
    gateway::{Gateway, Outcome},
    rest::Instance,
};
use crate::metrics::{Verzoek, record_request};

/// The middleware; wrap it around all services of the api listener.
///
/// # Errors
/// Passes on those of the services within.
pub async fn observe<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let start = Instant::now();
    let response = next.call(request).await?;
    record(response.request(), response.response(), start);
    Ok(response)
}

fn record<B>(request: &HttpRequest, response: &HttpResponse<B>, start: Instant) {
    let status = response.status().as_u16();
    let extensions = response.extensions();
    let transport = if request.path().starts_with("/soap/") {
        "soap"
    } else {
        "rest"
    };
    let seconds = start.elapsed().as_secs_f64();
    let outcome = extensions.get::<Outcome>();
    let operatie = outcome.and_then(|o| o.operatie).map_or("-", |o| o.as_str());
    let afnemer = outcome.and_then(|o| o.afnemer.as_deref()).unwrap_or("-");
    let code = outcome.map_or("-", |o| o.code.as_ref());
    let gateway = request.app_data::<web::Data<Gateway>>();
    if let (Some(gateway), Some(outcome)) = (gateway, outcome) {
        gateway.tel(outcome);
    }
    let verzoek = Verzoek {
        transport,
        operatie,
        afnemer,
        code,
        status,
    };
    record_request(&verzoek, seconds);
    if status < 400 {
        tracing::debug!(
            transport, operatie, afnemer, code, status, seconds, "answered"
        );
    } else {
        let method = request.method().as_str();
        // What a caller quotes from a problem, so that its line is found.
        let instance = extensions.get::<Instance>().map(|i| i.0.to_string());
        tracing::info!(
            transport, method, operatie, afnemer, code, status, seconds, instance, "refused"
        );
    }
}
