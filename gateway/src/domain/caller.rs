//! Who asks: the afnemer behind the certificate, and the school it asks for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Oin;

/// What kind of party an afnemer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Rol {
    /// Vendor of a student information system.
    Sis,
    /// Vendor of a BPV package.
    Bpv,
    /// Operator of the gateway.
    Beheer,
}

/// A caller that has passed identification, authentication and authorisation.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The supplier, from the TLS certificate.
    pub afnemer_oin: Oin,
    /// Its name, for logs and metrics.
    pub afnemer_naam: Arc<str>,
    /// What kind of party it is.
    pub rol: Rol,
    /// The school on whose behalf it asks, whose mandate was checked.
    pub school_oin: Oin,
}
