//! What every store of the log must do, written once against `dyn LogStore` and run for each
//! engine; and what SQLite in particular must do with its files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod blobs;
mod engine;
mod follower;
#[path = "../postgres/mod.rs"]
mod postgres;
mod properties;
mod samples;
mod snapshot;
mod sqlite;
mod suite;
