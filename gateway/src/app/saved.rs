//! What a node keeps over a restart: the snapshot of the register, and beside it who may ask what
//! and when both were last known to be right.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    access::Access,
    domain::Tijdstip,
    replica::{View, snapshot},
    telemetry::chain,
    transport::gateway::{Freshness, Gateway},
};

/// A snapshot that was read and found whole.
pub(super) struct Saved {
    /// The register.
    pub(super) view: View,
    beside: Beside,
}

/// The part of the file that the replica does not know of.
#[derive(Debug, Serialize, Deserialize)]
struct Beside {
    register_confirmed: Option<Tijdstip>,
    /// With the moment at which it was confirmed; empty when it never was.
    toegang: Vec<u8>,
}

impl Saved {
    /// Reads the file. One that is not there is no news; one that is damaged is told and not used.
    pub(super) fn load(path: &Path) -> Option<Self> {
        let snapshot = match snapshot::load(path) {
            Ok(found) => found?,
            Err(error) => {
                let reason = chain(&error);
                tracing::error!(path = %path.display(), reason, "the snapshot is not used");
                return None;
            }
        };
        match postcard::from_bytes(&snapshot.extra) {
            Ok(beside) => Some(Self {
                view: snapshot.view,
                beside,
            }),
            Err(error) => {
                let reason = error.to_string();
                tracing::error!(path = %path.display(), reason, "the snapshot is not used");
                None
            }
        }
    }

    /// Takes over what was known when the snapshot was written.
    pub(super) fn confirm(&self, freshness: &Freshness, access: &Access) {
        if let Some(at) = self.beside.register_confirmed {
            freshness.confirm(at);
        }
        if self.beside.toegang.is_empty() {
            return;
        }
        if let Err(error) = access.restore(&self.beside.toegang) {
            let reason = chain(&error);
            tracing::error!(reason, "toegang in the snapshot is not used");
        }
    }
}

/// Writes what the gateway knows now. Blocks: call it off the runtime.
///
/// # Errors
/// When the file cannot be written; the one before stays as it was.
pub(super) fn write(path: &Path, gateway: &Gateway) -> Result<(), snapshot::SnapshotError> {
    let beside = Beside {
        register_confirmed: gateway.freshness.confirmed(),
        // Only fails when memory does.
        toegang: gateway.access.to_bytes().ok().flatten().unwrap_or_default(),
    };
    // Only fails when memory does.
    let extra = postcard::to_stdvec(&beside).unwrap_or_default();
    snapshot::write(path, &gateway.replica.view(), &extra)
}
