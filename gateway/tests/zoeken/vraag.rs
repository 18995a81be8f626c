//! A question as JSON, so that a failure can be pasted and the judged sets can be read.

use serde::{Deserialize, Serialize};
use stagepoort::operations::zoeken_leerplaatsen::{GevondenLeerbedrijf, Request};

use crate::register::Register;

/// The fields of [`Request`] in the words of the contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Vraag {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) soort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) naam: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) postcode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plaats: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) adres: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) straal_km: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) opleidingsnaam: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leerweg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) niveau: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leerplaats_soort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met_vergoeding: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) beschikbaar_vanaf: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) beschikbaar_tot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum_plaatsen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sortering: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pagina_grootte: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met_praktijkopleiders: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met_tellingen: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met_toelichting: Option<bool>,
}

impl Vraag {
    pub(crate) fn request(&self) -> Request {
        let Self {
            soort,
            naam,
            postcode,
            plaats,
            adres,
            straal_km,
            code,
            opleidingsnaam,
            leerweg,
            niveau,
            leerplaats_soort,
            met_vergoeding,
            beschikbaar_vanaf,
            beschikbaar_tot,
            minimum_plaatsen,
            sortering,
            pagina_grootte,
            cursor,
            met_praktijkopleiders,
            met_tellingen,
            met_toelichting,
        } = self.clone();
        Request {
            soort,
            naam,
            postcode,
            plaats,
            adres,
            straal_km,
            code,
            opleidingsnaam,
            leerweg,
            niveau,
            leerplaats_soort,
            met_vergoeding,
            beschikbaar_vanaf,
            beschikbaar_tot,
            minimum_plaatsen,
            sortering,
            pagina_grootte,
            cursor,
            met_praktijkopleiders,
            met_tellingen,
            met_toelichting,
            minimale_register_versie: None,
        }
    }

    /// The same question from this page on.
    pub(crate) fn page(&self, grootte: usize, cursor: Option<String>) -> Self {
        Self {
            pagina_grootte: Some(grootte.to_string()),
            cursor,
            ..self.clone()
        }
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap()
    }
}

/// More pages than any question of these tests has.
pub(crate) const MOST_PAGES: usize = 1_000;

/// All pages of a question, one after the other.
pub(crate) fn all_pages(
    register: &Register,
    vraag: &Vraag,
    grootte: usize,
) -> Vec<GevondenLeerbedrijf> {
    let mut found = Vec::new();
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let page = register.search(&vraag.page(grootte, cursor)).response;
        assert!(page.leerbedrijven.len() <= grootte, "{}", vraag.json());
        found.extend(page.leerbedrijven);
        match page.volgende_cursor {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
    panic!("pages without an end: {}", vraag.json());
}
