//! The headers that every response carries, errors included (standards §3).

use std::future::{Ready, ready};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue,
        STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};
use futures_util::future::{FutureExt, Map};

/// The full version of the contract, answered in `API-Version` (ADR /core/version-header).
pub const API_VERSION: &str = "1.0.0";

/// Middleware that puts the headers on. Wrap the whole `App` in it, so that it covers the
/// router's own 404 as well. A header that a handler has set stays as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers;

impl<S, B> Transform<S, ServiceRequest> for Headers
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = HeadersService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(HeadersService { service }))
    }
}

/// See [`Headers`].
#[derive(Debug)]
pub struct HeadersService<S> {
    service: S,
}

type Outcome<B> = Result<ServiceResponse<B>, Error>;

impl<S, B> Service<ServiceRequest> for HeadersService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    // A named future instead of a boxed one: this stands on the path of every request.
    type Future = Map<S::Future, fn(Outcome<B>) -> Outcome<B>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        self.service.call(request).map(|outcome| {
            outcome.map(|mut response| {
                add_missing(response.headers_mut());
                response
            })
        })
    }
}

fn add_missing(headers: &mut HeaderMap) {
    for (name, value) in &ALWAYS {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
}

static ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (
        HeaderName::from_static("api-version"),
        HeaderValue::from_static(API_VERSION),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        // A year; without includeSubDomains, since other names under the domain are not ours.
        STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000"),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("frame-ancestors 'none'"),
    ),
];
