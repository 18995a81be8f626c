//! Counts and logs every request once, at the boundary: operation, afnemer, outcome, duration.
//!
//! An answer is logged at debug, since metrics count it; a refusal or failure at info, since an
//! operator is asked about those. A line names no person and holds no part of a body.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};

use super::gateway::Outcome;
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
    record(response.request(), response.status().as_u16(), start);
    Ok(response)
}

fn record(request: &HttpRequest, status: u16, start: Instant) {
    let transport = if request.path().starts_with("/soap/") {
        "soap"
    } else {
        "rest"
    };
    let seconds = start.elapsed().as_secs_f64();
    let extensions = request.extensions();
    let outcome = extensions.get::<Outcome>();
    let operatie = outcome.and_then(|o| o.operatie).map_or("-", |o| o.as_str());
    let afnemer = outcome.and_then(|o| o.afnemer.as_deref()).unwrap_or("-");
    let code = outcome.map_or("-", |o| o.code.as_ref());
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
        tracing::info!(
            transport, method, operatie, afnemer, code, status, seconds, "refused"
        );
    }
}
