//! A change that schools may have to hear of, before it is numbered (domain §4).

use uuid::Uuid;

use crate::domain::{Code, Datum, Eindreden, Kern, LeerbedrijfId, Mutatie, MutatieSoort, Tijdstip};

/// Under which all ids derived from a levering are made, so that they never meet others.
pub(super) const NAMESPACE: Uuid = Uuid::from_u128(0x6b1c_2f0e_94d7_4c7b_a1a6_3f5d_0e8b_72c4);

/// What changed in a leerbedrijf or in one of its periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) soort: MutatieSoort,
    pub(super) opvolger: Option<LeerbedrijfId>,
    pub(super) code: Option<Code>,
    pub(super) reden: Option<Eindreden>,
    pub(super) startdatum: Option<Datum>,
    pub(super) einddatum: Option<Datum>,
    pub(super) ingangsdatum: Datum,
    /// The period was running on the day of registration, and this ends it: what the guards
    /// against a shrinking register count.
    pub(super) ends_running: bool,
}

impl Change {
    /// A change of the leerbedrijf itself.
    pub(super) fn identity(soort: MutatieSoort, ingangsdatum: Datum) -> Self {
        Self {
            soort,
            opvolger: None,
            code: None,
            reden: None,
            startdatum: None,
            einddatum: None,
            ingangsdatum,
            ends_running: false,
        }
    }

    /// The mutation. Its id follows from the levering and from what changed, so that an import
    /// that is done again announces the same.
    pub(super) fn mutatie(self, levering_id: &str, kern: &Kern, nu: Tijdstip) -> Mutatie {
        let shown = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let name = format!(
            "mutatie|{levering_id}|{}|{}|{}|{}",
            kern.leerbedrijf_id,
            shown(self.code.map(|c| c.to_string())),
            self.soort,
            shown(self.startdatum.map(|d| d.to_string())),
        );
        Mutatie {
            mutatie_id: Uuid::new_v5(&NAMESPACE, name.as_bytes()),
            mutatie_soort: self.soort,
            leerbedrijf_id: kern.leerbedrijf_id,
            naam: kern.naam.clone(),
            opvolger: self.opvolger,
            code: self.code,
            reden: self.reden,
            startdatum: self.startdatum,
            einddatum: self.einddatum,
            ingangsdatum: self.ingangsdatum,
            geregistreerd_op: nu,
        }
    }
}

/// The request id under which a levering is published: the same one is published once.
pub(super) fn request_id(levering_id: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("levering|{levering_id}").as_bytes())
}
