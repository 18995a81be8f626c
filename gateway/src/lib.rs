//! Stagepoort: the white-label gateway between the register of erkende leerbedrijven and the
//! systems of schools. ARCHITECTURE.md tells how the parts hang together.

pub mod access;
pub mod app;
pub mod audit;
pub mod bron;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
#[doc(hidden)]
pub mod fuzzing;
pub mod geo;
pub mod log;
pub mod metrics;
pub mod operations;
pub mod push;
pub mod register;
pub mod replica;
pub mod soap;
pub mod telemetry;
pub mod transport;
