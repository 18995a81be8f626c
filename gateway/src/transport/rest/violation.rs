//! What is wrong with the input: all of it at once (ADR /core/error-handling/all-errors).

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{RegisterVersie, Signaalcode},
    operations::Bevinding,
};

/// The most violations in one answer. A bulk request can hold tens of thousands, of which nobody
/// reads more than the first few; the total is told.
pub const MAX_OVERTREDINGEN: usize = 100;

/// The most characters of an unknown field's name that a problem repeats.
const MAX_NAME_SHOWN: usize = 40;

/// In which part of the request a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Plaats {
    /// In het pad.
    Pad,
    /// In de query.
    Query,
    /// In een header.
    Header,
    /// In de body.
    Body,
}

/// Wat er mis is met één veld.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overtreding {
    /// In welk deel van het verzoek het veld staat.
    pub plaats: Plaats,
    /// Naam van het veld; in de body een JSON Pointer (RFC 6901).
    #[schema(value_type = String, example = "/verzoeken/3/peildatum")]
    pub veld: Cow<'static, str>,
    /// Machineleesbare code: een signaalcode als tekst, of een woord zoals `TE_LANG`.
    #[schema(value_type = String, example = "120")]
    pub code: Cow<'static, str>,
    /// Wat er mis is en wat goed zou zijn.
    #[schema(value_type = String)]
    pub reden: Cow<'static, str>,
    #[serde(skip)]
    signaalcode: Option<Signaalcode>,
}

impl Overtreding {
    /// A violation of the form of a request.
    pub fn new(
        plaats: Plaats,
        veld: impl Into<Cow<'static, str>>,
        code: &'static str,
        reden: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            plaats,
            veld: veld.into(),
            code: Cow::Borrowed(code),
            reden: reden.into(),
            signaalcode: None,
        }
    }

    fn of_bevinding(bevinding: Bevinding, plaats: Plaats) -> Self {
        Self {
            plaats,
            veld: pointer_or_name(plaats, bevinding.veld),
            code: Cow::Owned(bevinding.signaalcode.code().to_string()),
            reden: Cow::Owned(format!(
                "{}: {}",
                bevinding.signaalcode.tekst(),
                bevinding.uitleg
            )),
            signaalcode: Some(bevinding.signaalcode),
        }
    }
}

fn pointer_or_name(plaats: Plaats, veld: &'static str) -> Cow<'static, str> {
    match plaats {
        Plaats::Body => Cow::Owned(format!("/{veld}")),
        Plaats::Pad | Plaats::Query | Plaats::Header => Cow::Borrowed(veld),
    }
}

/// Violations as they are found; keeps the first [`MAX_OVERTREDINGEN`] and counts the rest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overtredingen {
    first: Vec<Overtreding>,
    totaal: usize,
}

impl Overtredingen {
    /// One more.
    pub fn add(&mut self, overtreding: Overtreding) {
        self.totaal += 1;
        if self.first.len() < MAX_OVERTREDINGEN {
            self.first.push(overtreding);
        }
    }

    /// Whether the input was fine so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.totaal == 0
    }

    /// How many there were.
    #[must_use]
    pub fn totaal(&self) -> usize {
        self.totaal
    }

    /// Those that the answer shows.
    pub(super) fn shown(&self) -> &[Overtreding] {
        &self.first
    }

    /// How many there were, when the answer does not show all.
    pub(super) fn hidden_total(&self) -> Option<usize> {
        (self.totaal > self.first.len()).then_some(self.totaal)
    }

    /// The signaalcode of the first violation that has one, as SOAP would answer.
    pub(super) fn signaalcode(&self) -> Option<Signaalcode> {
        self.first.iter().find_map(|o| o.signaalcode)
    }

    /// Adds what an operation remarked about fields of the request itself. A dossier where a
    /// kwalificatie is asked for is no invalid input by itself, but beside some it is named too.
    /// What is not known to the register stays out: that is an answer, and quotes what was asked.
    ///
    /// After a violation of form, a field that could not be read looks absent to the operation:
    /// what it says of such a field, or of fields taken together, would mislead.
    pub(super) fn add_bevindingen(
        &mut self,
        bevindingen: Vec<Bevinding>,
        plaats_of: fn(&str) -> Plaats,
    ) {
        let form_was_fine = self.is_empty();
        let invalid = |bevinding: &Bevinding| bevinding.signaalcode.is_invalid_input();
        if form_was_fine && !bevindingen.iter().any(invalid) {
            return;
        }
        let of_form = |bevinding: &Bevinding| {
            invalid(bevinding) || bevinding.signaalcode == Signaalcode::CodeGeenKwalificatie
        };
        for bevinding in bevindingen.into_iter().filter(of_form) {
            let together = matches!(
                bevinding.signaalcode,
                Signaalcode::TeWeinigZoekgegevens | Signaalcode::ZoekgegevensStrijdig
            );
            let plaats = plaats_of(bevinding.veld);
            let overtreding = Overtreding::of_bevinding(bevinding, plaats);
            let known = self.first.iter().any(|o| o.veld == overtreding.veld);
            if form_was_fine || (!together && !known) {
                self.add(overtreding);
            }
        }
    }

    /// A field, query key or item that the contract does not have.
    pub(super) fn add_unknown(&mut self, plaats: Plaats, veld: String, known: &[&str]) {
        let reden = match known {
            [] => "onbekend; hier hoort niets te staan".to_owned(),
            _ => format!("onbekend; bekend zijn {}", known.join(", ")),
        };
        self.add(Overtreding::new(plaats, veld, "ONBEKEND_VELD", reden));
    }

    /// Checks the form of `minimaleRegisterVersie` (domain rule 3).
    pub(super) fn check_versie(&mut self, plaats: Plaats, versie: Option<&str>) {
        const VELD: &str = "minimaleRegisterVersie";
        let Some(text) = versie.map(str::trim).filter(|t| !t.is_empty()) else {
            return;
        };
        if RegisterVersie::parse(text).is_err() {
            self.add(Overtreding::new(
                plaats,
                pointer_or_name(plaats, VELD),
                "VORM_ONGELDIG",
                "geef tijdlijn.nummer zoals een antwoord het in registerVersie noemt, bijvoorbeeld 1.48210",
            ));
        }
    }
}

/// The name of an unknown field, short enough to repeat.
pub(super) fn shown_name(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(MAX_NAME_SHOWN) {
        None => Cow::Borrowed(name),
        Some((end, _)) => Cow::Owned(format!("{}…", &name[..end])),
    }
}
