//! The TLS listener as a client meets it: real handshakes over loopback.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod client;
mod files;
mod handshake;
mod limits;
mod log;
mod reload;
mod server;
mod storm;
