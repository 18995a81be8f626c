//! About which leerbedrijven an answer tells something that stands in the register, so that it is
//! seen when somebody copies it.

use super::{
    natrekken_erkenning, natrekken_erkenningen, opvragen_detailgegevens, vaststellen_leerbedrijf,
    vaststellen_leerbedrijven, zoeken_leerplaatsen,
};
use crate::domain::LeerbedrijfId;

impl natrekken_erkenning::Response {
    /// The leerbedrijf, when there is one.
    #[must_use]
    pub fn leerbedrijf_ids(&self) -> Vec<LeerbedrijfId> {
        told(&self.uitkomst).into_iter().collect()
    }
}

impl natrekken_erkenningen::Response {
    /// Those of all lines.
    #[must_use]
    pub fn leerbedrijf_ids(&self) -> Vec<LeerbedrijfId> {
        let resultaten = self.resultaten.iter();
        resultaten.filter_map(|r| told(&r.uitkomst)).collect()
    }
}

/// A leerbedrijf that is unknown has no name to tell.
fn told(uitkomst: &natrekken_erkenning::Uitkomst) -> Option<LeerbedrijfId> {
    uitkomst.naam.as_ref()?;
    LeerbedrijfId::parse(uitkomst.leerbedrijf_id.as_deref()?).ok()
}

impl opvragen_detailgegevens::Response {
    /// The leerbedrijf, when there is one.
    #[must_use]
    pub fn leerbedrijf_ids(&self) -> Vec<LeerbedrijfId> {
        let detail = self.detail.iter();
        detail.map(|detail| detail.leerbedrijf_id).collect()
    }
}

impl vaststellen_leerbedrijf::Response {
    /// All that were found.
    #[must_use]
    pub fn leerbedrijf_ids(&self) -> Vec<LeerbedrijfId> {
        let found = self.leerbedrijven.iter();
        found.map(|gevonden| gevonden.leerbedrijf_id).collect()
    }
}

impl vaststellen_leerbedrijven::Response {
    /// Those of all rows.
    #[must_use]
    pub fn leerbedrijf_ids(&self) -> Vec<LeerbedrijfId> {
        let found = self
            .resultaten
            .iter()
            .filter_map(|r| r.leerbedrijf.as_ref());
        found.map(|gevonden| gevonden.leerbedrijf_id).collect()
    }
}

impl zoeken_leerplaatsen::Response {
    /// Those of the page.
    #[must_use]
    pub fn leerbedrijf_ids(&self) -> Vec<LeerbedrijfId> {
        let found = self.leerbedrijven.iter();
        found
            .map(|gevonden| gevonden.bedrijf.leerbedrijf_id)
            .collect()
    }
}
