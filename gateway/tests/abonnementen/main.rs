//! Subscriptions and their feeds, each case over SOAP and REST, on a real queue; and what an afnemer may
//! ask.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod beheren;
mod herhalen;
mod invoer;
mod mutaties;
mod quota;
#[path = "../register/mod.rs"]
mod register;
mod vergelijken;
mod wachten;
mod wire;
mod world;
