//! The words of the field: identifiers, entities, codes. Only `parse()` and plain values, no I/O.
//!
//! Every identifier is parsed once, at the edge, into a type that cannot hold a wrong value.
//! Dutch names are those of the White Label contract; the rest is English.

mod adres;
mod bewaartermijn;
mod bpvo;
mod caller;
mod code_list;
mod datum;
mod entities;
mod gelijkenis;
mod identifiers;
mod naam;
mod operatie;
mod redacted;
mod signaalcode;

pub use adres::{Adres, Coordinaten, Postcode};
pub use bewaartermijn::Bewaartermijn;
pub use bpvo::{Bpvo, BpvoInhoud, Keuzedeel};
pub use caller::{Caller, Rol};
pub(crate) use code_list::code_list;
pub use datum::{Datum, InvalidDatum, Tijdstip};
pub use entities::{
    Contactpersoon, Eindreden, Equivalent, Erkenning, Gegevens, Herkomst, Kern, Leerbedrijf,
    LeerbedrijfStatus, Leerplaats, LeerplaatsSoort, Leerweg, Leerwegen, Mutatie, MutatieSoort,
    Opleiding, Opvolging, Personen, Praktijkopleider, School, Vergoeding, Werkproces,
};
pub use gelijkenis::Gelijkenis;
pub use identifiers::{
    Brin, Code, InvalidCode, InvalidIdentifier, LeerbedrijfId, Oin, RegisterVersie,
};
pub use naam::FoldedNaam;
pub use operatie::Operatie;
pub(crate) use redacted::redacted_debug;
pub use signaalcode::Signaalcode;
