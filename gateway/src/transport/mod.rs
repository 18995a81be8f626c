//! The way in: TLS, identity, and the two transports, which only translate (design invariant 8).

pub mod docs;
pub mod gateway;
pub mod rest;
pub mod soap;
