//! An applied levering as the register keeps it.

use serde::{Deserialize, Serialize};

use crate::{
    domain::Tijdstip,
    register::levering::{Aantallen, LeveringSoort},
};

/// Kept under [`crate::log::Soort::Levering`], so that the same levering is applied once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeveringRecord {
    /// The source's name for it.
    pub levering_id: String,
    /// The whole register, or changes.
    pub levering_soort: LeveringSoort,
    /// When the source made it.
    pub aanmaak_tijdstip: Tijdstip,
    /// Who made it.
    pub bron: String,
    /// When it was registered here.
    pub geregistreerd_op: Tijdstip,
    /// SHA-256 over its lines.
    pub sha256: [u8; 32],
    /// Lines by kind.
    pub aantallen: Aantallen,
    /// Lines that were set aside.
    pub afgekeurd: u64,
}
