//! What every store of the log must do, written once against `dyn LogStore` and run for each
//! engine; what SQLite in particular must do with its files, and PostgreSQL with its connections.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod blobs;
mod engine;
mod failover;
mod follower;
mod nodes;
mod opruimen;
mod plans;
#[path = "../postgres/mod.rs"]
mod postgres;
mod properties;
mod push;
mod samples;
mod snapshot;
mod sqlite;
mod state_hash;
mod suite;
mod toegang;
mod unconfirmed;
mod verwerkingen;
