//! Fields of a request: one table per message, read by the readers and shown in OpenAPI.

use super::violation::{Overtreding, Overtredingen, Plaats};

/// The most characters in a request field (domain rule 2).
pub(super) const MAX_FIELD_CHARS: usize = 200;

/// A field of a request as the contract has it.
#[derive(Debug, Clone, Copy)]
pub struct Veld {
    /// Its name.
    pub naam: &'static str,
    /// What it means, in Dutch.
    pub uitleg: &'static str,
    /// What a good value looks like.
    pub voorbeeld: &'static str,
    /// Whether its absence is an error.
    pub verplicht: bool,
    /// What JSON may give for it.
    pub soort: Veldsoort,
}

/// What JSON may give for a field. In a path, a query and XML every field is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Veldsoort {
    /// A text.
    Tekst,
    /// A text, or the number that it says: the contract has numbers as texts (domain rule 2), and
    /// a JSON client writes 15 where it means fifteen.
    Getal,
    /// true or false.
    Boolean,
}

impl Veld {
    /// A text that may be absent.
    pub(super) const fn tekst(
        naam: &'static str,
        uitleg: &'static str,
        voorbeeld: &'static str,
    ) -> Self {
        Self {
            naam,
            uitleg,
            voorbeeld,
            verplicht: false,
            soort: Veldsoort::Tekst,
        }
    }

    /// A number that may be absent.
    pub(super) const fn getal(
        naam: &'static str,
        uitleg: &'static str,
        voorbeeld: &'static str,
    ) -> Self {
        Self {
            soort: Veldsoort::Getal,
            ..Self::tekst(naam, uitleg, voorbeeld)
        }
    }

    /// A true or false that may be absent; its example is true.
    pub(super) const fn boolean(naam: &'static str, uitleg: &'static str) -> Self {
        Self {
            soort: Veldsoort::Boolean,
            ..Self::tekst(naam, uitleg, "true")
        }
    }

    const fn verplicht(self) -> Self {
        Self {
            verplicht: true,
            ..self
        }
    }
}

/// The field that every request may carry (domain rule 3).
pub(super) const MINIMALE_REGISTER_VERSIE: Veld = Veld::tekst(
    "minimaleRegisterVersie",
    "Het antwoord komt uit deze registerversie of een latere. De node wacht er hoogstens 2 seconden op en zegt anders 503.",
    "1.48210",
);

/// The caller's own mark of a line of a bulk request.
pub(super) const KENMERK: Veld = Veld::tekst(
    "kenmerk",
    "Eigen kenmerk van de regel; komt ongewijzigd terug.",
    "regel-1",
);

pub(super) const LEERBEDRIJF_ID: Veld = Veld::tekst(
    "leerbedrijfId",
    "Sleutel van het leerbedrijf in het register: negen cijfers, het eerste geen nul.",
    "100000001",
)
.verplicht();

pub(super) const CODE: Veld = Veld::tekst(
    "code",
    "Crebo van een kwalificatie (vijf cijfers) of code van een keuzedeel (K en vier cijfers).",
    "25180",
)
.verplicht();

pub(super) const PEILDATUM: Veld = Veld::tekst(
    "peildatum",
    "De dag waarop het leerbedrijf erkend moet zijn, jjjj-mm-dd; meestal de begindatum van de bpvo.",
    "2026-09-01",
)
.verplicht();

/// Takes a field's text as it came, if it is one that SOAP could carry too: at most 200
/// characters and none that XML 1.0 forbids. Empty means absent (domain rule 2).
pub(super) fn check_text(
    text: &str,
    plaats: Plaats,
    veld: impl FnOnce() -> String,
    fouten: &mut Overtredingen,
) -> bool {
    // Bytes bound characters, so that the common case needs no count.
    if text.len() > MAX_FIELD_CHARS && text.chars().count() > MAX_FIELD_CHARS {
        fouten.add(Overtreding::new(
            plaats,
            veld(),
            "TE_LANG",
            format!("is langer dan {MAX_FIELD_CHARS} tekens"),
        ));
        return false;
    }
    if text.chars().any(is_forbidden) {
        fouten.add(Overtreding::new(
            plaats,
            veld(),
            "TEKEN_NIET_TOEGESTAAN",
            "bevat een stuurteken of een teken dat geen tekst is",
        ));
        return false;
    }
    true
}

/// Outside the `Char` production of XML 1.0.
fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}
