//! Delivering to real receivers: https on loopback with certificates of a real authority, a real
//! store, and a clock that a test sets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod bewijs;
mod bezorgen;
mod gebreken;
mod grenzen;
mod herhalen;
mod ontvanger;
#[path = "../postgres/mod.rs"]
mod postgres;
mod storm;
mod vastleggen;
mod vreemd;
mod world;
