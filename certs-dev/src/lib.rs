//! Throw-away certificates for demos and tests.
//!
//! [`generate()`] fills a folder with a CA, the gateway's server certificate, a
//! client certificate for every afnemer of a [`Plan`], certificates that a
//! gateway must refuse, and a CRL. [`revoke`] adds to that CRL later.
//!
//! The CA's key lies in the folder, so nothing outside a test may trust it.
//! The folder carries a `.gitignore`, so that no key is committed by accident.

mod crl;
mod error;
mod folder;
mod generate;
mod issue;
mod manifest;
mod oin;
mod plan;
mod serienummer;

pub use crl::{CRL_VALID_DAYS, revoke};
pub use error::CertsError;
pub use generate::generate;
pub use issue::{Sleuteltype, VALID_DAYS};
pub use manifest::{
    Bestand, Certificaat, GemaakteAfnemer, GemaakteServer, GemaakteWeigering, IngetrokkenRegel,
    Manifest,
};
pub use oin::{InvalidOin, Oin};
pub use plan::{Afnemer, Plan, Weigering, default_plan};
pub use serienummer::{InvalidSerienummer, Serienummer};

/// The moment so many seconds after 1970-01-01T00:00:00Z, for callers that use another calendar
/// library; none outside the years that this one has.
#[must_use]
pub fn moment(unix_s: i64) -> Option<time::OffsetDateTime> {
    time::OffsetDateTime::from_unix_timestamp(unix_s).ok()
}
