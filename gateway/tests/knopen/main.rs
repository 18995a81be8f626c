//! Several nodes on one database that fails, lags, is cut off or holds what nobody can read: real
//! `stagepoort serve` processes, a real primary with a standby that streams from it, callers over
//! mutual TLS, and writers. What was measured is printed: `cargo test --test knopen -- --nocapture`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]
#![expect(clippy::print_stdout, reason = "what was measured is for people")]

mod afgesneden;
mod asynchroon;
mod drukte;
mod lezers;
mod mandaat;
mod proxy;
mod schrijvers;
mod synchroon;
mod veld;
mod vergiftigd;
mod vraag;

#[allow(dead_code, reason = "other test binaries use all of it")]
#[path = "../push/ontvanger.rs"]
mod ontvanger;
#[path = "../beheer/plek.rs"]
mod plek;
#[path = "../postgres/mod.rs"]
mod postgres;
#[allow(dead_code, reason = "other test binaries use all of it")]
#[path = "../store/samples.rs"]
mod samples;
#[allow(dead_code, reason = "other test binaries use all of it")]
#[path = "../tls/client.rs"]
mod tls;
