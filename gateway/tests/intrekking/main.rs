//! Revocation as real `stagepoort serve` processes keep it: on new, live and long-polling
//! connections, from lists behind URLs and in files, and behind a proxy that ends TLS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod bestanden;
mod live;
mod proxy;
mod vraag;

#[allow(dead_code, reason = "other test binaries use all of it")]
#[path = "../tls/client.rs"]
mod client;
#[path = "../tls/crlserver.rs"]
mod crlserver;
#[path = "../beheer/plek.rs"]
mod plek;
