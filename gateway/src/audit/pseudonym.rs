//! How a person is named in the record: the same person always by the same name, and nobody without
//! the key can tell who it is (standards §5: "encrypted or pseudonymous").

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};

use super::record::Betrokkene;
use crate::domain::Oin;

/// Bytes of a [`Pseudonym`]: 128 bits, so that two people never meet.
pub const PSEUDONYM_BYTES: usize = 16;

/// Stands for one person, or for one bpvo of one school.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pseudonym(pub [u8; PSEUDONYM_BYTES]);

impl std::fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// The key of the pseudonyms. It is derived from that of the store, so all nodes of one register
/// have the same one, now and after a restart or a restored backup; a node keeps it in its snapshot.
#[derive(Clone)]
pub struct PseudonymSleutel {
    bytes: [u8; 32],
    key: hmac::Key,
}

impl PseudonymSleutel {
    /// What the key is derived under.
    pub const LABEL: &'static str = "verwerkingslog";

    /// Of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self {
            bytes,
            key: hmac::Key::new(hmac::HMAC_SHA256, &bytes),
        }
    }

    /// For the snapshot, which the service user alone can read.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Of a person, by the register's persoonId.
    #[must_use]
    pub fn of_persoon(&self, persoon_id: &str) -> Pseudonym {
        self.sign(&[b"PERSOON\0", persoon_id.as_bytes()])
    }

    /// Of a student, by the school's own key of the bpvo.
    #[must_use]
    pub fn of_bpvo(&self, school_oin: Oin, bpvo_kenmerk: &str) -> Pseudonym {
        let school = school_oin.as_str().as_bytes();
        self.sign(&[b"BPVO\0", school, b"\0", bpvo_kenmerk.as_bytes()])
    }

    pub(super) fn of(&self, betrokkene: &Betrokkene) -> Pseudonym {
        match betrokkene {
            Betrokkene::Persoon { persoon_id, .. } => self.of_persoon(persoon_id),
            Betrokkene::Bpvo {
                school_oin,
                bpvo_kenmerk,
                ..
            } => self.of_bpvo(*school_oin, bpvo_kenmerk),
        }
    }

    fn sign(&self, parts: &[&[u8]]) -> Pseudonym {
        let mut context = hmac::Context::with_key(&self.key);
        for part in parts {
            context.update(part);
        }
        let mut bytes = [0; PSEUDONYM_BYTES];
        bytes.copy_from_slice(&context.sign().as_ref()[..PSEUDONYM_BYTES]);
        Pseudonym(bytes)
    }
}

impl PartialEq for PseudonymSleutel {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl std::fmt::Debug for PseudonymSleutel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PseudonymSleutel")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_depends_on_key_kind_school_and_id_alone() {
        let (one, other) = (
            PseudonymSleutel::new([1; 32]),
            PseudonymSleutel::new([2; 32]),
        );
        let school = |text: &str| Oin::parse(text).unwrap();
        let a = school("00000099000090AA0000");
        let b = school("00000099000090BB0000");
        assert_eq!(one.of_persoon("P1"), one.clone().of_persoon("P1"));
        assert_ne!(one.of_persoon("P1"), one.of_persoon("P2"));
        assert_ne!(one.of_persoon("P1"), other.of_persoon("P1"));
        assert_ne!(one.of_bpvo(a, "P1"), one.of_bpvo(b, "P1"));
        assert_ne!(one.of_persoon("P1"), one.of_bpvo(a, "P1"));
        assert_eq!(one.of_persoon("P1").to_string().len(), 32);
        assert_eq!(format!("{one:?}"), "PseudonymSleutel");
    }
}
