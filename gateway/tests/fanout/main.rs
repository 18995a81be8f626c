//! Who hears of what: the fan-out on a real log and a real queue (domain §4).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod gebeurtenissen;
mod scan;
mod waarom;
mod world;
