//! What an import did, for the operator and for scripts.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::levering_record::LeveringRecord;
use crate::{
    domain::{MutatieSoort, RegisterVersie},
    register::levering::ObjectSoort,
};

/// What became of the objects of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// New.
    pub toegevoegd: u64,
    /// Other than before.
    pub gewijzigd: u64,
    /// Ended or removed.
    pub beeindigd: u64,
    /// As before.
    pub ongewijzigd: u64,
}

/// What became of all objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tallies {
    /// Kwalificaties and keuzedelen.
    pub opleiding: Tally,
    /// Equivalences.
    pub equivalent: Tally,
    /// Schools.
    pub school: Tally,
    /// Leerbedrijven without their people.
    pub leerbedrijf: Tally,
    /// The people of a leerbedrijf, together.
    pub personen: Tally,
    /// Practice agreements.
    pub bpvo: Tally,
}

impl Tallies {
    /// By name, in the order of a levering.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Tally)> {
        [
            ("opleiding", self.opleiding),
            ("equivalent", self.equivalent),
            ("school", self.school),
            ("leerbedrijf", self.leerbedrijf),
            ("personen", self.personen),
            ("bpvo", self.bpvo),
        ]
        .into_iter()
    }
}

/// An import that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// As the register keeps it.
    pub levering: LeveringRecord,
    /// Under which version it became visible.
    pub versie: RegisterVersie,
    /// What became of the objects.
    pub objecten: Tallies,
    /// Mutations by kind.
    pub mutaties: BTreeMap<MutatieSoort, u64>,
    /// Kinds of which nothing was ended by its absence, because a line that was set aside may
    /// have been about any of them.
    pub niet_beeindigd: Vec<ObjectSoort>,
    /// Bpvo's that were not taken up: they are over for longer than they would be kept.
    pub bpvos_voorbij: u64,
    /// From the first byte to the published commit.
    pub duur: Duration,
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The levering is published.
    Applied(Box<Applied>),
    /// It was applied before; nothing changed.
    AlreadyApplied {
        /// Which levering.
        levering_id: String,
        /// Under which version it became visible then.
        versie: RegisterVersie,
    },
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Lines read.
    pub regels: u64,
    /// Lines of leerbedrijven among them.
    pub leerbedrijven: u64,
    /// Lines set aside.
    pub afgekeurd: u64,
}
