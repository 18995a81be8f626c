//! The WSDL and XSD as served: those of `schemas/`, with the configured address.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ALLOW, ContentType},
    web,
};

use super::{PATH, XSD_PATH};
use crate::transport::gateway::Gateway;

const WSDL: &str = include_str!("../../../../schemas/whitelabel-v1.wsdl");
const XSD: &str = include_str!("../../../../schemas/whitelabel-v1.xsd");
const CALLBACK_WSDL: &str = include_str!("../../../../schemas/mutatieontvanger-v1.wsdl");
const CALLBACK_XSD: &str = include_str!("../../../../schemas/mutatieontvanger-v1.xsd");

pub(super) fn configure_schemas(cfg: &mut web::ServiceConfig) {
    for (path, document) in [
        (XSD_PATH, XSD),
        // What a subscriber offers, so that it can be generated from (WS005: a WSDL of its own).
        ("/soap/v1/mutatieontvanger-v1.wsdl", CALLBACK_WSDL),
        ("/soap/v1/mutatieontvanger-v1.xsd", CALLBACK_XSD),
    ] {
        let serve = move || async move { xml(document) };
        cfg.service(
            web::resource(path)
                .route(web::get().to(serve))
                .route(web::head().to(serve))
                .default_service(web::to(only_documents)),
        );
    }
}

/// `?wsdl` and `?singleWsdl`, in any case, where there are documents alone.
pub(super) async fn wsdl(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    match asked_wsdl(&request, &gateway) {
        Some(document) => xml(document),
        None => only_documents().await,
    }
}

/// The same, where questions are answered too.
pub(super) async fn wsdl_of_endpoint(
    request: HttpRequest,
    gateway: web::Data<Gateway>,
) -> HttpResponse {
    match asked_wsdl(&request, &gateway) {
        Some(document) => xml(document),
        None => only_questions().await,
    }
}

fn asked_wsdl(request: &HttpRequest, gateway: &Gateway) -> Option<String> {
    let asks_for = |name: &str| {
        request.query_string().split('&').any(|pair| {
            let key = pair.split('=').next().unwrap_or(pair);
            key.eq_ignore_ascii_case(name)
        })
    };
    if asks_for("singleWsdl") {
        Some(addressed(&single(), gateway))
    } else {
        asks_for("wsdl").then(|| addressed(WSDL, gateway))
    }
}

/// 405 of the endpoint.
pub(super) async fn only_questions() -> HttpResponse {
    method_not_allowed(
        "POST, GET, HEAD",
        "Dit is een SOAP-adres: stuur een vraag met POST, of haal de WSDL op met ?wsdl.\n",
    )
}

/// 405 of an address with documents.
pub(super) async fn only_documents() -> HttpResponse {
    method_not_allowed(
        "GET, HEAD",
        "Hier staan alleen documenten: haal de WSDL op met /soap/v1/whitelabel?wsdl. Zij noemt \
         het adres voor vragen.\n",
    )
}

fn method_not_allowed(allow: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((ALLOW, allow))
        .content_type(ContentType::plaintext())
        .body(text)
}

fn xml(document: impl Into<String>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/xml; charset=utf-8")
        .body(document.into())
}

/// The WSDL with the configured address of the api listener and our own OIN, which stacks copy
/// into wsa:To.
fn addressed(wsdl: &str, gateway: &Gateway) -> String {
    let address = format!("{}{PATH}?oin={}", gateway.api_url, gateway.own_oin);
    let escaped = address
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;");
    replace_between(wsdl, "<soap:address location=\"", "\"", &escaped)
}

/// The WSDL with the XSD in place of the schema that imports it.
fn single() -> String {
    let schema = XSD
        .split_once("?>")
        .map_or(XSD, |(_, schema)| schema.trim());
    replace_between(
        WSDL,
        "<wsdl:types>",
        "</wsdl:types>",
        &format!("\n{schema}\n  "),
    )
}

fn replace_between(text: &str, before: &str, after: &str, with: &str) -> String {
    text.split_once(before)
        .and_then(|(head, rest)| {
            let (_, tail) = rest.split_once(after)?;
            Some([head, before, with, after, tail].concat())
        })
        .unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Operatie;

    #[test]
    fn the_wsdl_has_the_operations_that_work() {
        let names: Vec<&str> = WSDL
            .split("<wsdl:portType")
            .nth(1)
            .and_then(|rest| rest.split("</wsdl:portType>").next())
            .unwrap()
            .split("<wsdl:operation name=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        let mut known: Vec<&str> = Operatie::ALL.iter().map(|o| o.as_str()).collect();
        let mut named = names.clone();
        known.sort_unstable();
        named.sort_unstable();
        assert_eq!(named, known);
    }

    #[test]
    fn the_single_wsdl_imports_nothing() {
        let single = single();
        assert!(!single.contains("xs:import") && !single.contains("schemaLocation"));
        assert_eq!(single.matches("<xs:schema").count(), 1);
        assert_eq!(single.matches("<?xml").count(), 1);
        assert!(single.contains("name=\"natrekkenErkenningRequest\""));
        assert!(single.ends_with("</wsdl:definitions>\n"));
    }

    #[test]
    fn ws005_one_port_type() {
        assert_eq!(WSDL.matches("<wsdl:portType").count(), 1);
        assert_eq!(CALLBACK_WSDL.matches("<wsdl:portType").count(), 1);
    }

    #[test]
    fn the_address_is_replaced_whole() {
        let replaced = replace_between(WSDL, "<soap:address location=\"", "\"", "https://x/?oin=1");
        assert!(replaced.contains("<soap:address location=\"https://x/?oin=1\"/>"));
        assert!(!replaced.contains("stagepoort.invalid"));
    }
}
