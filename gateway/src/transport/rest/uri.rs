//! Path segments and query keys, percent-decoded strictly.

use std::borrow::Cow;

use actix_web::HttpRequest;

use super::{
    field::{Veld, check_text},
    violation::{Overtreding, Overtredingen, Plaats, shown_name},
};

/// The `index`-th segment of the path as it came, from 0; `veld` names it in a violation.
///
/// The router matched on a path that it decoded loosely, so the raw one is read again.
pub(super) fn segment(
    request: &HttpRequest,
    index: usize,
    veld: &Veld,
    fouten: &mut Overtredingen,
) -> Option<String> {
    let raw = request.uri().path().split('/').nth(index + 1)?;
    decoded_text(raw, Plaats::Pad, veld.naam, fouten)
}

/// The values of the known keys, in the order of `velden`. An unknown or repeated key is a
/// violation; an empty value means absent.
pub(super) fn query<const N: usize>(
    query: &str,
    velden: &[Veld; N],
    fouten: &mut Overtredingen,
) -> [Option<String>; N] {
    let mut values = [const { None }; N];
    let mut seen = [false; N];
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let known = decode(key).and_then(|key| velden.iter().position(|v| v.naam == key));
        let Some(index) = known else {
            unknown_key(key, velden, fouten);
            continue;
        };
        let naam = velden[index].naam;
        if std::mem::replace(&mut seen[index], true) {
            fouten.add(Overtreding::new(
                Plaats::Query,
                naam,
                "DUBBEL",
                "staat er meer dan één keer; noem het één keer",
            ));
            continue;
        }
        values[index] = decoded_text(value, Plaats::Query, naam, fouten);
    }
    values
}

fn unknown_key<const N: usize>(key: &str, velden: &[Veld; N], fouten: &mut Overtredingen) {
    let known = velden.map(|v| v.naam);
    fouten.add_unknown(Plaats::Query, shown_name(key).into_owned(), &known);
}

fn decoded_text(
    raw: &str,
    plaats: Plaats,
    naam: &'static str,
    fouten: &mut Overtredingen,
) -> Option<String> {
    let Some(text) = decode(raw) else {
        fouten.add(Overtreding::new(
            plaats,
            naam,
            "CODERING_ONGELDIG",
            "is geen UTF-8 in procentcodering (RFC 3986)",
        ));
        return None;
    };
    check_text(&text, plaats, || naam.to_owned(), fouten).then(|| text.into_owned())
}

/// Percent-decodes; none when an escape is cut short or the bytes are no UTF-8. A `+` is a plus:
/// no value of the contract holds a space, and a date may have an offset behind it.
fn decode(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains('%') {
        return Some(Cow::Borrowed(raw));
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        let decoded = match byte {
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            other => other,
        };
        bytes.push(decoded);
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::rest::field::{MINIMALE_REGISTER_VERSIE, PEILDATUM};
    use proptest::prelude::*;

    const VELDEN: [Veld; 2] = [PEILDATUM, MINIMALE_REGISTER_VERSIE];

    fn read(text: &str) -> ([Option<String>; 2], Vec<String>) {
        let mut fouten = Overtredingen::default();
        let values = query(text, &VELDEN, &mut fouten);
        let shown = fouten
            .shown()
            .iter()
            .map(|o| format!("{} {}", o.veld, o.code))
            .collect();
        (values, shown)
    }

    #[test]
    fn query_reads_known_keys_and_names_every_violation() {
        let long = format!("peildatum={}", "9".repeat(201));
        for (text, peildatum, expected) in [
            ("", None, vec![]),
            ("&&", None, vec![]),
            ("peildatum=2026-11-22", Some("2026-11-22"), vec![]),
            ("peildatum=2026%2D11-22&", Some("2026-11-22"), vec![]),
            (
                "peildatum=2026-11-22+01:00",
                Some("2026-11-22+01:00"),
                vec![],
            ),
            ("peildatum=%C3%A9", Some("é"), vec![]),
            ("peildatum", Some(""), vec![]),
            (
                "peildatum=1&peildatum=2",
                Some("1"),
                vec!["peildatum DUBBEL"],
            ),
            ("peildatum=%ff", None, vec!["peildatum CODERING_ONGELDIG"]),
            ("peildatum=%4", None, vec!["peildatum CODERING_ONGELDIG"]),
            (
                "peildatum=%00",
                None,
                vec!["peildatum TEKEN_NIET_TOEGESTAAN"],
            ),
            (&long, None, vec!["peildatum TE_LANG"]),
            (
                "Peildatum=x&a=1&peildatum=%zz",
                None,
                vec![
                    "Peildatum ONBEKEND_VELD",
                    "a ONBEKEND_VELD",
                    "peildatum CODERING_ONGELDIG",
                ],
            ),
        ] {
            let (values, shown) = read(text);
            assert_eq!(values[0].as_deref(), peildatum, "{text}");
            assert_eq!(shown, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn decode_undoes_percent_encoding(text in "\\PC{0,40}") {
            let encoded: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
            prop_assert_eq!(decode(&encoded), Some(Cow::Owned(text.clone())).filter(|t: &Cow<'_, str>| !t.is_empty()).or(Some(Cow::Borrowed(""))));
        }

        #[test]
        fn query_never_panics(text in "[%&=a-z0-9+]{0,60}") {
            let _ = read(&text);
        }
    }
}
