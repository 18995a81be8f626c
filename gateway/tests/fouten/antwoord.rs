//! What comes back from the gateway.

use std::fmt::Write as _;

use actix_http::ConnectionType;
use actix_web::{body::BoxBody, dev::ServiceResponse, http::header::HeaderMap, test::read_body};
use stagepoort::transport::gateway::Outcome;

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HeaderMap,
    closes: bool,
    /// What the log and the metrics call it.
    pub(crate) logged: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) async fn of(response: ServiceResponse<BoxBody>) -> Self {
        let outcome = response.response().extensions().get::<Outcome>().cloned();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            closes: response.response().head().connection_type() == ConnectionType::Close,
            logged: outcome.map_or_else(String::new, |outcome| outcome.code.into_owned()),
            body: String::from_utf8(read_body(response).await.to_vec()).unwrap(),
        }
    }

    /// Appends a line for each header but those that every answer has, which are checked; the
    /// media type among them.
    pub(crate) fn write_headers(&self, content_type: &str, out: &mut String) {
        let mut left: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.headers {
            left.push((name.to_string(), value.to_str().unwrap().to_owned()));
        }
        for (name, value) in [
            ("content-type", content_type),
            ("api-version", "1.0.0"),
            ("cache-control", "no-store"),
            ("strict-transport-security", "max-age=31536000"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("content-security-policy", "frame-ancestors 'none'"),
        ] {
            let at = left.iter().position(|one| one.0 == name);
            let found = left.swap_remove(at.unwrap_or_else(|| panic!("no {name}")));
            assert_eq!(found.1, value, "{name}");
        }
        left.sort();
        for (name, value) in left {
            write!(out, "\n{name}: {value}").unwrap();
        }
        if self.closes {
            out.push_str("\nconnection: close");
        }
    }
}
