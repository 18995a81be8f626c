//! Bookmarks that callers hand back: sealed, so that one that was changed or made up is refused.

use aws_lc_rs::{constant_time, hmac};
use serde::{Serialize, de::DeserializeOwned};

use super::Rules;

/// Bytes of the seal: enough that nobody guesses one.
const SEAL_BYTES: usize = 12;

/// A value as text with its seal.
pub(super) fn seal(rules: &Rules, value: &impl Serialize) -> String {
    // Only fails when memory does.
    seal_bytes(rules, postcard::to_stdvec(value).unwrap_or_default())
}

/// These bytes as text with their seal.
pub(super) fn seal_bytes(rules: &Rules, mut bytes: Vec<u8>) -> String {
    let seal = hmac::sign(&key(rules), &bytes);
    bytes.extend_from_slice(&seal.as_ref()[..SEAL_BYTES]);
    hex::encode(bytes)
}

/// The value in a text that [`seal`] made by the same key; none for any other text.
pub(super) fn unseal<T: DeserializeOwned>(rules: &Rules, text: &str) -> Option<T> {
    // We write it in one way, so in another it is not as we gave it.
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let bytes = hex::decode(text).ok()?;
    let (content, seal) = bytes.split_at(bytes.len().checked_sub(SEAL_BYTES)?);
    let right = hmac::sign(&key(rules), content);
    constant_time::verify_slices_are_equal(&right.as_ref()[..SEAL_BYTES], seal).ok()?;
    postcard::from_bytes(content).ok()
}

fn key(rules: &Rules) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, rules.cursor_sleutel.as_bytes())
}
