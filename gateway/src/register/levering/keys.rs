//! What names an object of a levering, and which ones a levering has named.

use std::collections::HashSet;

use aws_lc_rs::digest::{Context, SHA256};
use roaring::RoaringBitmap;

use super::ObjectSoort;
use crate::{
    domain::{Code, Datum, LeerbedrijfId, Oin},
    register::Object,
};

/// The key of an object.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum ObjectKey {
    /// Of a leerbedrijf.
    Leerbedrijf(LeerbedrijfId),
    /// Of an opleiding.
    Opleiding(Code),
    /// Of an equivalence.
    Equivalent {
        /// The code that is asked for.
        code: Code,
        /// The code whose erkenning counts as well.
        equivalent_met: Code,
        /// First day.
        vanaf: Datum,
    },
    /// Of a school.
    School(Oin),
    /// Of a bpvo.
    Bpvo {
        /// Whose it is.
        school_oin: Oin,
        /// The school's own key.
        bpvo_kenmerk: String,
    },
}

impl ObjectKey {
    /// The key of this object.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        match object {
            Object::Opleiding(o) => Self::Opleiding(o.code),
            Object::Equivalent(e) => Self::Equivalent {
                code: e.code,
                equivalent_met: e.equivalent_met,
                vanaf: e.vanaf,
            },
            Object::School(s) => Self::School(s.oin),
            Object::Leerbedrijf(l, _) => Self::Leerbedrijf(l.kern.leerbedrijf_id),
            Object::Bpvo(b) => Self::Bpvo {
                school_oin: b.school_oin,
                bpvo_kenmerk: b.bpvo_kenmerk.clone(),
            },
        }
    }

    /// The kind of object.
    #[must_use]
    pub const fn soort(&self) -> ObjectSoort {
        match self {
            Self::Leerbedrijf(_) => ObjectSoort::Leerbedrijf,
            Self::Opleiding(_) => ObjectSoort::Opleiding,
            Self::Equivalent { .. } => ObjectSoort::Equivalent,
            Self::School(_) => ObjectSoort::School,
            Self::Bpvo { .. } => ObjectSoort::Bpvo,
        }
    }
}

/// A bpvoKenmerk is privacy class 3, so no key prints whole.
impl std::fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Leerbedrijf(id) => write!(f, "leerbedrijf {id}"),
            Self::Opleiding(code) => write!(f, "opleiding {code}"),
            Self::Equivalent { code, .. } => write!(f, "equivalent of {code}"),
            Self::School(oin) => write!(f, "school {oin}"),
            Self::Bpvo { school_oin, .. } => write!(f, "bpvo of {school_oin}"),
        }
    }
}

/// The keys that occurred in a levering: a bit for a leerbedrijf, 16 bytes for a bpvo, so that a
/// million of each take some 35 MB, however long the lines are.
#[derive(Debug, Default)]
pub struct Seen {
    leerbedrijven: RoaringBitmap,
    opleidingen: HashSet<Code>,
    equivalenten: HashSet<(Code, Code, Datum)>,
    scholen: HashSet<Oin>,
    bpvos: HashSet<[u8; 16]>,
}

impl Seen {
    /// Adds a key; false when it was there already.
    pub fn insert(&mut self, key: &ObjectKey) -> bool {
        match key {
            ObjectKey::Leerbedrijf(id) => self.leerbedrijven.insert(id.as_u32()),
            ObjectKey::Opleiding(code) => self.opleidingen.insert(*code),
            ObjectKey::Equivalent {
                code,
                equivalent_met,
                vanaf,
            } => self.equivalenten.insert((*code, *equivalent_met, *vanaf)),
            ObjectKey::School(oin) => self.scholen.insert(*oin),
            ObjectKey::Bpvo {
                school_oin,
                bpvo_kenmerk,
            } => self.bpvos.insert(bpvo_hash(*school_oin, bpvo_kenmerk)),
        }
    }

    /// Whether this leerbedrijf occurred.
    #[must_use]
    pub fn has_leerbedrijf(&self, id: LeerbedrijfId) -> bool {
        self.leerbedrijven.contains(id.as_u32())
    }

    /// Whether this opleiding occurred.
    #[must_use]
    pub fn has_opleiding(&self, code: Code) -> bool {
        self.opleidingen.contains(&code)
    }

    /// Whether this equivalence occurred.
    #[must_use]
    pub fn has_equivalent(&self, code: Code, equivalent_met: Code, vanaf: Datum) -> bool {
        self.equivalenten.contains(&(code, equivalent_met, vanaf))
    }

    /// Whether this school occurred.
    #[must_use]
    pub fn has_school(&self, oin: Oin) -> bool {
        self.scholen.contains(&oin)
    }
}

/// Half of a SHA-256: two of a billion bpvo's collide once in 10^20 leveringen.
fn bpvo_hash(school_oin: Oin, bpvo_kenmerk: &str) -> [u8; 16] {
    let mut context = Context::new(&SHA256);
    context.update(school_oin.as_str().as_bytes());
    context.update(bpvo_kenmerk.as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&context.finish().as_ref()[..16]);
    half
}
