//! The way in: TLS, identity, and the two transports, which only translate (design invariant 8).

pub mod admin;
mod body;
pub mod bulk;
pub mod connections;
pub mod docs;
pub mod gateway;
mod half_open;
mod handshake;
pub mod identity;
pub mod listener;
pub mod observe;
pub mod proxy;
pub mod rest;
pub mod soap;
pub mod tls;
