//! Media types: `Accept`, `Content-Type`, `Content-Encoding` (standards §3, "415/406").

use actix_web::http::header::{self, HeaderMap};

use super::problem::{Probleemsoort, Problem};

/// Checks that the caller takes JSON.
///
/// # Errors
/// 406 when `Accept` names no type that an answer can have.
pub(super) fn check_accept(headers: &HeaderMap) -> Result<(), Problem> {
    let mut any = false;
    for value in headers.get_all(header::ACCEPT) {
        let Ok(text) = value.to_str() else { continue };
        for range in text.split(',').map(str::trim).filter(|r| !r.is_empty()) {
            any = true;
            if accepts_json(range) {
                return Ok(());
            }
        }
    }
    if any {
        Err(Problem::new(
            Probleemsoort::AntwoordvormNietMogelijk,
            "antwoorden zijn application/json, fouten application/problem+json",
        ))
    } else {
        Ok(())
    }
}

fn accepts_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let known = [
        "*/*",
        "application/*",
        "application/json",
        "application/problem+json",
    ];
    let refused = parts.any(|parameter| {
        parameter
            .split_once('=')
            .is_some_and(|(key, q)| key.eq_ignore_ascii_case("q") && q.parse() == Ok(0.0_f32))
    });
    !refused && known.iter().any(|k| media_type.eq_ignore_ascii_case(k))
}

/// Checks that the body is JSON in UTF-8 and not compressed.
///
/// # Errors
/// 415 otherwise.
pub(super) fn check_content(headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |detail| {
        Err(Problem::new(
            Probleemsoort::MediatypeNietOndersteund,
            detail,
        ))
    };
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return refuse("stuur de body zonder Content-Encoding");
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return refuse("Content-Type moet application/json zijn");
    }
    let other_charset = parts.any(|parameter| {
        parameter.split_once('=').is_some_and(|(key, value)| {
            key.eq_ignore_ascii_case("charset")
                && !value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    });
    if other_charset {
        return refuse("JSON is altijd UTF-8: laat charset weg, of geef utf-8");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn headers(name: header::HeaderName, value: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn accept_takes_what_json_fits_in() {
        for (accept, right) in [
            (None, true),
            (Some(""), true),
            (Some("*/*"), true),
            (Some("application/json"), true),
            (Some("Application/JSON; charset=utf-8"), true),
            (Some("application/problem+json"), true),
            (Some("application/*;q=0.1"), true),
            (Some("text/html, application/json;q=0.9, */*;q=0"), true),
            (Some("application/json;q=0"), false),
            (Some("application/json; Q=0.000"), false),
            (Some("text/xml"), false),
            (Some("text/*, image/png"), false),
        ] {
            let answer = check_accept(&headers(header::ACCEPT, accept));
            assert_eq!(answer.is_ok(), right, "{accept:?}");
        }
    }

    #[test]
    fn content_type_is_json_in_utf_8() {
        for (content_type, right) in [
            (Some("application/json"), true),
            (Some("application/json;charset=UTF-8"), true),
            (Some("application/json; charset=\"utf-8\""), true),
            (Some("APPLICATION/JSON"), true),
            (Some("application/json; charset=iso-8859-1"), false),
            (Some("application/problem+json"), false),
            (Some("text/json"), false),
            (Some("text/xml;charset=UTF-8"), false),
            (Some(""), false),
            (None, false),
        ] {
            let answer = check_content(&headers(header::CONTENT_TYPE, content_type));
            assert_eq!(answer.is_ok(), right, "{content_type:?}");
        }
        let mut gzipped = headers(header::CONTENT_TYPE, Some("application/json"));
        gzipped.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(check_content(&gzipped).is_err());
    }
}
