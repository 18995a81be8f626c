//! The record of processing: what an answer tells of people is on the disk before it leaves, and
//! without that it does not leave (design invariant 11).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod antwoorden;
mod beller;
mod schijf;
mod sleutel;
mod verzonden;
mod vraag;

#[allow(dead_code, reason = "other test binaries use all of it")]
#[path = "../push/ontvanger.rs"]
mod ontvanger;
#[path = "../beheer/plek.rs"]
mod plek;
#[allow(dead_code, reason = "other test binaries use all of it")]
#[path = "../register/mod.rs"]
mod register;
#[allow(dead_code, reason = "other test binaries use all of it")]
#[path = "../tls/client.rs"]
mod tls;
