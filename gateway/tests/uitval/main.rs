//! Mutaties while everything fails: two `stagepoort serve` processes that are killed again and again,
//! a PostgreSQL that is restarted under them, and receivers that do not answer, or badly. What was
//! counted is printed: `cargo test --test uitval -- --nocapture`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]
#![expect(clippy::print_stdout, reason = "what was counted is for people")]

mod alles;
mod register;

#[path = "../push/ontvanger.rs"]
#[allow(dead_code, reason = "other test binaries use all of it")]
mod ontvanger;
#[path = "../beheer/plek.rs"]
mod plek;
#[path = "../postgres/mod.rs"]
mod postgres;
