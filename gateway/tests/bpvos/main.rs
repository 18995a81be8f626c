//! registrerenBpvos and opvragenBpvos, each case over SOAP and REST, on a real log and replica.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod eigenschappen;
mod erkend;
mod herhalen;
mod invoer;
mod lijst;
mod node;
mod opvragen;
mod toegang;
mod wire;
