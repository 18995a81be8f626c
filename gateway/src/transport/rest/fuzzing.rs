//! See [`crate::fuzzing`].

use actix_web::body::MessageBody;

use super::{
    json::JsonLimits,
    posted::Posted,
    problem::Problem,
    violation::{MAX_OVERTREDINGEN, Overtredingen},
};
use crate::operations::{
    abonnementen::{aanmelden, wijzigen},
    natrekken_erkenningen, registreren_bpvos, vaststellen_leerbedrijf, vaststellen_leerbedrijven,
    vergelijken_mutaties, zoeken_leerplaatsen,
};

const LIMITS: JsonLimits = JsonLimits {
    depth: 32,
    elements: 10_000,
};

/// More than a problem with all that it may show has.
const MOST_BYTES: usize = 128 * 1024;

/// The body of any operation; the first byte says of which.
pub fn body(data: &[u8]) {
    let Some((operation, body)) = data.split_first() else {
        return;
    };
    match operation % 8 {
        0 => read::<vaststellen_leerbedrijf::Request>(body),
        1 => read::<vaststellen_leerbedrijven::Request>(body),
        2 => read::<natrekken_erkenningen::Request>(body),
        3 => read::<zoeken_leerplaatsen::Request>(body),
        4 => read::<registreren_bpvos::Request>(body),
        5 => read::<aanmelden::Request>(body),
        6 => read::<wijzigen::Request>(body),
        _ => read::<vergelijken_mutaties::Request>(body),
    }
}

fn read<V: Posted + PartialEq>(body: &[u8]) {
    let mut fouten = Overtredingen::default();
    let request = V::read(body, LIMITS, &mut fouten);
    if !fouten.is_empty() {
        told(fouten);
        return;
    }
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else {
        panic!("what was read is no JSON")
    };
    let again = V::read(json.to_string().as_bytes(), LIMITS, &mut fouten);
    assert!(fouten.is_empty() && again == request, "a body changed");
}

/// What is wrong is told within bounds, and as JSON.
fn told(fouten: Overtredingen) {
    assert!(fouten.shown().len() <= MAX_OVERTREDINGEN);
    let response = Problem::invalid_input(fouten).into_response();
    let Ok(bytes) = response.into_body().try_into_bytes() else {
        panic!("a problem is written whole")
    };
    assert!(bytes.len() < MOST_BYTES, "{} bytes", bytes.len());
    assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
}
