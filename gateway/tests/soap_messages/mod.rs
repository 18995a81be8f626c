//! Whole SOAP requests, right unless a test says otherwise.

/// The namespace of the gateway's messages.
pub(crate) const WL: &str = "urn:stagepoort:whitelabel:v1";
/// SOAP 1.1.
pub(crate) const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// WS-Addressing 1.0.
pub(crate) const WSA: &str = "http://www.w3.org/2005/08/addressing";

/// An envelope around these headers and this body; `s` and `a` are bound.
pub(crate) fn envelope(headers: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{SOAP11}\" xmlns:a=\"{WSA}\"><s:Header>{headers}</s:Header>\
         <s:Body>{body}</s:Body></s:Envelope>"
    )
}
