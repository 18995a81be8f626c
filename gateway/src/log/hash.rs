//! The hashes that hold the log together (design invariants 3 and 12). Every engine computes
//! them alike, so a log can move from one to the other.

use aws_lc_rs::{digest, hmac};
use uuid::Uuid;

use super::Sleutel;
use crate::domain::Tijdstip;

/// A SHA-256 value.
pub(super) type Hash = [u8; 32];

/// The hash before the first commit.
pub(super) const ZERO: Hash = [0; 32];

/// Bytes of a [`Sleutel`] made by [`Keys::pseudonym`]: 128 bits, so that two bpvo's never meet.
pub(super) const PSEUDONYM_BYTES: usize = 16;

/// What the log keeps of a line's content.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kept<'a> {
    /// The object is gone.
    Nothing,
    /// The content itself.
    Content(&'a [u8]),
    /// The keyed hash of content in the side table.
    Mark(&'a [u8]),
}

/// The rolling digest over the lines of one commit, in order.
#[derive(Clone)]
pub(super) struct LinesDigest(digest::Context);

impl LinesDigest {
    pub(super) fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Adds one line. Every part is preceded by its length, so no two lists of lines look alike.
    pub(super) fn push(&mut self, soort: u8, sleutel: &[u8], kept: Kept<'_>) {
        let (kind, bytes): (u8, &[u8]) = match kept {
            Kept::Nothing => (0, &[]),
            Kept::Content(content) => (1, content),
            Kept::Mark(mark) => (2, mark),
        };
        self.0.update(&[soort, kind]);
        self.0.update(&(sleutel.len() as u64).to_be_bytes());
        self.0.update(sleutel);
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> Hash {
        to_hash(self.0.finish().as_ref())
    }
}

/// What a commit's hash is taken over, besides the hash before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sealed {
    pub(super) tijdlijn: u32,
    pub(super) nummer: u64,
    pub(super) tijdstip: Tijdstip,
    pub(super) request_id: Uuid,
    pub(super) regels: u64,
    pub(super) digest: Hash,
}

/// The hash of a commit: over the one before and everything that it says.
pub(super) fn commit_hash(vorige: &Hash, sealed: &Sealed) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(vorige);
    context.update(&sealed.tijdlijn.to_be_bytes());
    context.update(&sealed.nummer.to_be_bytes());
    context.update(&sealed.tijdstip.as_millis().to_be_bytes());
    context.update(sealed.request_id.as_bytes());
    context.update(&sealed.regels.to_be_bytes());
    context.update(&sealed.digest);
    to_hash(context.finish().as_ref())
}

/// The keys of one store.
pub(super) struct Keys {
    mark: hmac::Key,
    pseudonym: hmac::Key,
}

impl Keys {
    pub(super) fn new(mark: &[u8], pseudonym: &[u8]) -> Self {
        Self {
            mark: hmac::Key::new(hmac::HMAC_SHA256, mark),
            pseudonym: hmac::Key::new(hmac::HMAC_SHA256, pseudonym),
        }
    }

    /// Stands in the log for content about people. The line's place is part of it, so that equal
    /// content in two places cannot be seen to be equal.
    pub(super) fn mark(&self, nr: i64, soort: u8, sleutel: &[u8], content: &[u8]) -> Hash {
        let mut context = hmac::Context::with_key(&self.mark);
        context.update(&nr.to_be_bytes());
        context.update(&[soort]);
        context.update(&(sleutel.len() as u64).to_be_bytes());
        context.update(sleutel);
        context.update(content);
        to_hash(context.sign().as_ref())
    }

    pub(super) fn pseudonym(&self, natural_key: &str) -> Sleutel {
        let tag = hmac::sign(&self.pseudonym, natural_key.as_bytes());
        Sleutel(tag.as_ref()[..PSEUDONYM_BYTES].into())
    }

    /// A label is never a natural key: those begin with their kind and a colon.
    pub(super) fn derived(&self, label: &str) -> Hash {
        to_hash(hmac::sign(&self.pseudonym, label.as_bytes()).as_ref())
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

/// SHA-256 and HMAC-SHA256 give 32 bytes, always.
fn to_hash(bytes: &[u8]) -> Hash {
    let mut hash = ZERO;
    hash.copy_from_slice(bytes);
    hash
}
