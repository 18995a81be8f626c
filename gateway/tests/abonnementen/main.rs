//! Subscriptions and their feeds, each case over SOAP and REST, on a real queue.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod beheren;
mod herhalen;
mod invoer;
mod mutaties;
#[path = "../register/mod.rs"]
mod register;
mod vergelijken;
mod wachten;
mod wire;
mod world;
