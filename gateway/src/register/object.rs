//! What a levering is made of, one object a line.

use crate::domain::{Bpvo, Equivalent, Leerbedrijf, Opleiding, Personen, School};

/// One object of a levering (domain §5).
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// A kwalificatie or keuzedeel.
    Opleiding(Opleiding),
    /// One equivalence between two codes.
    Equivalent(Equivalent),
    /// A school.
    School(School),
    /// A leerbedrijf with its erkenningen, leerplaatsen and people.
    Leerbedrijf(Box<Leerbedrijf>, Personen),
    /// A practice agreement.
    Bpvo(Bpvo),
}
