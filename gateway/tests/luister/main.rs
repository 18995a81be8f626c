//! `stagepoort luister` between a real node and a receiver on a local address.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod doorsturen;
mod ontvanger;
#[path = "../beheer/plek.rs"]
mod plek;
mod world;
