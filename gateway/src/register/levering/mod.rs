//! A levering: the register, or changes of it, as lines of JSON (domain §5).
//!
//! Every line is one object with a key `soort`, first by convention:
//!
//! | soort | what |
//! |---|---|
//! | `voorloop` | the first line: which format, which levering, whole register or changes |
//! | `opleiding`, `equivalent`, `school`, `leerbedrijf`, `bpvo` | one object; in any order |
//! | `verwijderd` | the object with this key is gone; only where leveringSoort is MUTATIES |
//! | `sluit` | the last line: how many of each, and SHA-256 over all bytes before it |
//!
//! `schemas/levering-v1.schema.json` describes one line. The [`wire`] types are apart from the
//! domain's, so that what is stored never depends on the JSON.

mod check;
mod check_leerbedrijf;
mod keys;
mod lines;
mod parse;
mod reader;
#[cfg(test)]
mod tests;
mod values;
mod violation;
pub mod wire;
mod writer;

pub use keys::{ObjectKey, Seen};
pub use lines::{MAX_LEVERING_BYTES, MAX_LINE_BYTES};
pub use reader::{Content, LeveringError, LeveringReader, Line, SetAside, Summary};
pub use violation::{MAX_VIOLATIONS_PER_LINE, Violation};
pub use writer::{LeveringWriter, WriteError};

use serde::{Deserialize, Serialize};

use crate::domain::{Code, Tijdstip};

/// The version of the format that this program reads and writes.
pub const FORMAAT_VERSIE: &str = "1";

/// What a levering says of objects that are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LeveringSoort {
    /// The whole register: what is not in it is ended.
    #[serde(rename = "VOLLEDIG")]
    Volledig,
    /// Changes: what is not in it stays as it is.
    #[serde(rename = "MUTATIES")]
    Mutaties,
}

impl LeveringSoort {
    /// The text in the levering.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Volledig => "VOLLEDIG",
            Self::Mutaties => "MUTATIES",
        }
    }

    /// The value with this text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "VOLLEDIG" => Some(Self::Volledig),
            "MUTATIES" => Some(Self::Mutaties),
            _ => None,
        }
    }
}

/// The first line of a levering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voorloop {
    /// Names the levering for good: the same one twice changes nothing. `[0-9A-Za-z._:-]{1,64}`.
    pub levering_id: String,
    /// The whole register, or changes.
    pub levering_soort: LeveringSoort,
    /// When the source made it.
    pub aanmaak_tijdstip: Tijdstip,
    /// Who made it, 1 to 200 characters.
    pub bron: String,
    /// Codes that may shrink as they like, because they are converted to others.
    pub aangekondigde_conversies: Vec<Code>,
}

/// The kind of an object line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectSoort {
    /// A kwalificatie or keuzedeel.
    Opleiding,
    /// An equivalence between two codes.
    Equivalent,
    /// A school.
    School,
    /// A leerbedrijf and all that is its.
    Leerbedrijf,
    /// A practice agreement.
    Bpvo,
}

impl ObjectSoort {
    /// Every kind, in the order in which a levering is written.
    pub const ALL: [Self; 5] = [
        Self::Opleiding,
        Self::Equivalent,
        Self::School,
        Self::Leerbedrijf,
        Self::Bpvo,
    ];

    /// The text in the levering.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opleiding => "opleiding",
            Self::Equivalent => "equivalent",
            Self::School => "school",
            Self::Leerbedrijf => "leerbedrijf",
            Self::Bpvo => "bpvo",
        }
    }

    /// The value with this text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|soort| soort.as_str() == text)
    }
}

impl std::fmt::Display for ObjectSoort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many lines of each kind a levering has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aantallen {
    /// Lines `opleiding`.
    pub opleiding: u64,
    /// Lines `equivalent`.
    pub equivalent: u64,
    /// Lines `school`.
    pub school: u64,
    /// Lines `leerbedrijf`.
    pub leerbedrijf: u64,
    /// Lines `bpvo`.
    pub bpvo: u64,
    /// Lines `verwijderd`; may be left out when there are none.
    #[serde(default)]
    pub verwijderd: u64,
}

impl Aantallen {
    /// All lines together.
    #[must_use]
    pub fn totaal(&self) -> u64 {
        self.iter()
            .fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Counts by the text of `soort`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("opleiding", self.opleiding),
            ("equivalent", self.equivalent),
            ("school", self.school),
            ("leerbedrijf", self.leerbedrijf),
            ("bpvo", self.bpvo),
            ("verwijderd", self.verwijderd),
        ]
        .into_iter()
    }

    /// Adds a line of this kind.
    pub fn add(&mut self, soort: ObjectSoort) {
        *match soort {
            ObjectSoort::Opleiding => &mut self.opleiding,
            ObjectSoort::Equivalent => &mut self.equivalent,
            ObjectSoort::School => &mut self.school,
            ObjectSoort::Leerbedrijf => &mut self.leerbedrijf,
            ObjectSoort::Bpvo => &mut self.bpvo,
        } += 1;
    }
}
