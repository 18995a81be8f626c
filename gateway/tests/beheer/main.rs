//! What an operator does with running nodes: compare them, feed them, save and restore them. Nodes
//! are real ones over one real database; commands are those of the built program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod backup;
mod backup_postgres;
mod bron;
mod bronserver;
mod database;
mod doctor;
mod export;
mod geheimen;
mod plek;
#[path = "../postgres/mod.rs"]
mod postgres;
mod push;
#[allow(dead_code, reason = "other test binaries use all of it")]
#[path = "../tls/client.rs"]
mod tls;
mod verlaten;
