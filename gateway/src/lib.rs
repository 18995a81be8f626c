//! Stagepoort: the white-label gateway between the register of erkende leerbedrijven and the
//! systems of schools. ARCHITECTURE.md tells how the parts hang together.

pub mod clock;
pub mod domain;
pub mod log;
pub mod operations;
pub mod replica;
