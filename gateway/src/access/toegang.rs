//! The toegang document: afnemers, schools and mandates, as `toegang apply` takes it.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::domain::{Brin, Datum, Oin, Operatie, Rol, Tijdstip};

/// How strict an afnemer's WS-Addressing is taken (standards §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Addressering {
    /// All headers of WA001 are required.
    #[default]
    Verplicht,
    /// What is there is checked, what is missing is tolerated.
    Optioneel,
}

/// A supplier and its mandates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Afnemer {
    /// Its OIN, as in its certificates.
    pub oin: Oin,
    /// Its name.
    pub naam: Arc<str>,
    /// What kind of party.
    pub rol: Rol,
    /// How strict its WS-Addressing is taken.
    pub addressering: Addressering,
    /// One for each school.
    pub mandaten: Vec<Mandaat>,
}

/// A school's mandate to an afnemer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandaat {
    /// Whose mandate.
    pub school_oin: Oin,
    /// For which operations; empty means all.
    pub operaties: Vec<Operatie>,
    /// First day, if limited.
    pub vanaf: Option<Datum>,
    /// Last day, inclusive, if limited.
    pub tot: Option<Datum>,
}

/// A school as toegang knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolToegang {
    /// Its OIN.
    pub oin: Oin,
    /// Its BRIN.
    pub brin: Brin,
    /// Its name.
    pub naam: String,
}

/// All of who may ask what.
#[derive(Debug, Clone, Default)]
pub struct Toegang {
    /// Counts up with every change.
    pub versie: u64,
    /// By OIN.
    pub afnemers: HashMap<Oin, Arc<Afnemer>>,
    /// By OIN.
    pub scholen: HashMap<Oin, SchoolToegang>,
}

impl Toegang {
    /// The afnemer with this OIN.
    #[must_use]
    pub fn afnemer(&self, oin: Oin) -> Option<&Arc<Afnemer>> {
        self.afnemers.get(&oin)
    }
}

impl Afnemer {
    /// The school, when there is exactly one mandate.
    #[must_use]
    pub fn only_school(&self) -> Option<Oin> {
        match self.mandaten.as_slice() {
            [only] => Some(only.school_oin),
            _ => None,
        }
    }

    /// Whether a mandate of this school covers the operation today.
    #[must_use]
    pub fn may(&self, school: Oin, operatie: Operatie, now: Tijdstip) -> bool {
        let Ok(today) = now.datum() else { return false };
        self.mandaten.iter().any(|m| {
            m.school_oin == school
                && (m.operaties.is_empty() || m.operaties.contains(&operatie))
                && m.vanaf.is_none_or(|vanaf| vanaf <= today)
                && m.tot.is_none_or(|tot| today <= tot)
        })
    }
}
