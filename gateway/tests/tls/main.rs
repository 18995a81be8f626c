//! The TLS listener as a client meets it: real handshakes over loopback.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod client;
mod crl;
mod crlserver;
mod files;
mod gezag;
mod handshake;
mod limits;
mod log;
mod ophalen;
mod reload;
mod server;
mod storm;
