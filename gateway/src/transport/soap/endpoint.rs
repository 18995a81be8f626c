//! The endpoint as HTTP sees it.

use std::{borrow::Cow, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    },
    web::{self, Bytes, Payload},
};
use uuid::Uuid;

use super::{
    admission::{self, Call},
    exchange::{self, Exchanged},
};
use crate::{
    domain::Operatie,
    soap::{Fault, FaultCode, is_utf8},
    transport::{
        body::{self, Unread},
        bulk::{INLINE_BULK_XML_BYTES, INLINE_BYTES, in_parts},
        gateway::{Gateway, Limits, put_quota},
        identity::peer_identity,
    },
};

/// Takes a message and gives its answer.
pub(super) async fn post(
    request: HttpRequest,
    payload: Payload,
    gateway: web::Data<Gateway>,
) -> HttpResponse {
    let headers = request.headers();
    let announced = body::announced(headers);
    let call = Arc::new(Call::new(
        &gateway,
        headers,
        peer_identity(&request),
        announced.is_some(),
    ));
    let message_id = new_message_id();
    let refuse = |fault| exchange::refuse_unread(&gateway, &call, &fault, message_id);
    let limits = &gateway.limits;
    let within = call.toelating.binnen();
    // Nobody but an afnemer within its quota has bulk messages read.
    let most = match (&within, call.afnemer_oin) {
        (Ok(()), Some(_)) => limits.bulk_body_bytes,
        _ => limits.body_bytes,
    };
    let reading = body::read(payload, announced, most, limits.body_timeout);
    let message = match (reading.await, &within) {
        (Ok(message), _) => message,
        (Err(unread), Ok(())) => {
            let fault = fault_of(unread, limits, most);
            return respond(refuse(fault), &call, !is_drained(unread));
        }
        (Err(unread), Err(over)) => {
            let fault = admission::over_quota(*over);
            return respond(refuse(fault), &call, !is_drained(unread));
        }
    };
    if let Err(over) = within {
        let refused = exchange::refuse_over_quota(&gateway, &call, &message, over, message_id);
        return respond(refused, &call, false);
    }
    if let Err(fault) = check_content(headers) {
        return respond(refuse(fault), &call, false);
    }
    let exchanged = if is_short(&message) {
        exchange::answer(&gateway, &call, &message, message_id).await
    } else {
        answer_aside(gateway.clone(), Arc::clone(&call), message, message_id).await
    };
    respond(exchanged, &call, false)
}

/// Whether the connection can carry another message behind this one.
fn is_drained(unread: Unread) -> bool {
    matches!(unread, Unread::TooLarge { drained: true, .. })
}

fn fault_of(unread: Unread, limits: &Limits, most: usize) -> Fault {
    let unreadable = |reason| Fault::new(FaultCode::InvalideEnvelope).explain(reason);
    match unread {
        Unread::TooLarge { announced, .. } => Fault {
            status: if announced { 413 } else { 500 },
            ..exchange::too_large(most)
        },
        Unread::TooSlow => Fault {
            status: 408,
            ..unreadable(Cow::Owned(format!(
                "niet binnen {} s geheel ontvangen",
                limits.body_timeout.as_secs()
            )))
        },
        Unread::BrokenOff => unreadable(Cow::Borrowed("het bericht brak af")),
    }
}

/// Whether a message is answered sooner than it would wait for a turn. A large one is not looked
/// through: that alone would take long.
fn is_short(message: &[u8]) -> bool {
    message.len() <= INLINE_BULK_XML_BYTES
        || (message.len() <= INLINE_BYTES && !may_be_bulk(message))
}

/// Whether a message names a bulk operation: its request cannot do without, and what only mentions
/// one is answered as well as a bulk message.
fn may_be_bulk(message: &[u8]) -> bool {
    // What is not UTF-8 is refused, which takes no time.
    let text = std::str::from_utf8(message).unwrap_or_default();
    let mut bulk = Operatie::ALL.iter().filter(|o| exchange::is_bulk(**o));
    bulk.any(|operatie| text.contains(operatie.as_str()))
}

/// Answers when it is the afnemer's turn on a thread for that.
async fn answer_aside(
    gateway: web::Data<Gateway>,
    call: Arc<Call>,
    message: Bytes,
    message_id: Uuid,
) -> Exchanged {
    let runtime = tokio::runtime::Handle::current();
    let (shared, asked) = (gateway.clone(), Arc::clone(&call));
    let work = move || runtime.block_on(exchange::answer(&shared, &asked, &message, message_id));
    match gateway.bulk.run(call.afnemer_oin, work).await {
        Ok(exchanged) => exchanged,
        Err(_) => {
            let fault = Fault::new(FaultCode::AfhandelingFout);
            exchange::refuse_unread(&gateway, &call, &fault, message_id)
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: only the receiver's log looks at it"
)]
fn new_message_id() -> Uuid {
    Uuid::new_v4()
}

/// WS006: text/xml in UTF-8, spelt in any way. A missing Content-Type says nothing wrong.
///
/// # Errors
/// DK0009 for another charset, DK0001 for another media type or a compressed body.
fn check_content(headers: &HeaderMap) -> Result<(), Fault> {
    let invalid = |reason| Err(Fault::new(FaultCode::InvalideEnvelope).explain(reason));
    let encoding = headers
        .get(CONTENT_ENCODING)
        .map(actix_web::http::header::HeaderValue::as_bytes);
    if encoding.is_some_and(|value| !value.eq_ignore_ascii_case(b"identity")) {
        return invalid("Content-Encoding wordt niet ondersteund");
    }
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let mut parts = value.to_str().unwrap_or_default().split(';');
    let media_type = parts.next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/soap+xml") {
        return invalid(
            "dit is SOAP 1.2; alleen SOAP 1.1 (Content-Type: text/xml) wordt aangeboden",
        );
    }
    if !media_type.eq_ignore_ascii_case("text/xml") {
        return invalid("Content-Type moet text/xml zijn");
    }
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let charset = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("charset") && !is_utf8(charset) {
            return Err(Fault::new(FaultCode::NietConformUtf8)
                .explain("Content-Type noemt een andere charset dan UTF-8"));
        }
    }
    Ok(())
}

fn respond(exchanged: Exchanged, call: &Call, close: bool) -> HttpResponse {
    let status =
        StatusCode::from_u16(exchanged.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = HttpResponse::build(status);
    builder
        .insert_header((CONTENT_TYPE, "text/xml; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"));
    if let Some(seconds) = exchanged.retry_after_s {
        builder.insert_header((RETRY_AFTER, seconds));
    }
    if close {
        builder.force_close();
    }
    let mut response = builder.body(in_parts(exchanged.body));
    if let Some(koppen) = call.toelating.koppen() {
        put_quota(response.headers_mut(), &koppen);
    }
    response.extensions_mut().insert(exchanged.outcome);
    response
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn ws006_text_xml_in_utf_8_in_any_spelling() {
        for (value, expect) in [
            ("text/xml", Ok(())),
            ("text/xml;charset=UTF-8", Ok(())),
            ("Text/XML ; charset=\"utf-8\"", Ok(())),
            ("text/xml; charset=utf8; action=\"urn:x\"", Ok(())),
            ("text/xml; charset=ISO-8859-1", Err("DK0009")),
            ("text/xml; charset=", Err("DK0009")),
            ("application/soap+xml; charset=utf-8", Err("DK0001")),
            ("application/xml", Err("DK0001")),
            ("multipart/related; type=\"text/xml\"", Err("DK0001")),
            ("", Err("DK0001")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            let found = check_content(&headers).map_err(|fault| fault.code.short());
            assert_eq!(found, expect, "{value}");
        }
        assert!(check_content(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn bulk_is_known_by_its_request() {
        for (message, expect) in [
            ("<x:natrekkenErkenningenRequest xmlns:x='urn:x'/>", true),
            ("<vaststellenLeerbedrijvenRequest/>", true),
            ("<natrekkenErkenningRequest/>", false),
            ("<vaststellenLeerbedrijfRequest/>", false),
            ("<zoekenLeerplaatsenRequest/>", false),
        ] {
            assert_eq!(may_be_bulk(message.as_bytes()), expect, "{message}");
        }
        assert!(!may_be_bulk(b"\xff"));
    }

    #[test]
    fn dk0001_a_compressed_body() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(check_content(&headers).is_err());
    }
}
