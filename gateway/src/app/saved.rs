//! What a node keeps over a restart: the snapshot of the register, and beside it who may ask what
//! and when both were last known to be right.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    access::Access,
    audit::{PseudonymSleutel, Verwerkingslog},
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
    sleutel: Option<PseudonymSleutel>,
}

/// The part of the file that the replica does not know of.
#[derive(Debug, Serialize, Deserialize)]
struct Beside {
    register_confirmed: Option<Tijdstip>,
    /// With the moment at which it was confirmed; empty when it never was.
    toegang: Vec<u8>,
}

/// Stands behind [`Beside`]; a snapshot of an older program does not have it.
#[derive(Serialize, Deserialize)]
struct Sleutels {
    /// Of the pseudonyms in the record of processing: without the database it comes from nowhere else.
    verwerkingslog: Option<[u8; 32]>,
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
        match read(&snapshot.extra) {
            Ok((beside, sleutel)) => Some(Self {
                view: snapshot.view,
                beside,
                sleutel,
            }),
            Err(error) => {
                let reason = error.to_string();
                tracing::error!(path = %path.display(), reason, "the snapshot is not used");
                None
            }
        }
    }

    /// Takes over what was known when the snapshot was written.
    pub(super) fn confirm(
        &self,
        freshness: &Freshness,
        access: &Access,
        verwerkingslog: &Verwerkingslog,
    ) {
        if let Some(sleutel) = &self.sleutel {
            verwerkingslog.set_sleutel(sleutel.clone());
        }
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

fn read(extra: &[u8]) -> postcard::Result<(Beside, Option<PseudonymSleutel>)> {
    let (beside, behind) = postcard::take_from_bytes(extra)?;
    if behind.is_empty() {
        return Ok((beside, None));
    }
    let sleutels: Sleutels = postcard::from_bytes(behind)?;
    Ok((beside, sleutels.verwerkingslog.map(PseudonymSleutel::new)))
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
    let mut extra = postcard::to_stdvec(&beside).unwrap_or_default();
    let sleutel = gateway.verwerkingslog.sleutel();
    let sleutels = Sleutels {
        verwerkingslog: sleutel.map(|sleutel| *sleutel.as_bytes()),
    };
    extra.append(&mut postcard::to_stdvec(&sleutels).unwrap_or_default());
    snapshot::write(path, &gateway.replica.view(), &extra)
}
