//! One recorded question: as REST asks it, and in which class it counts.

use serde::{Deserialize, Serialize};

/// What kind of question it is. Each class is measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Klasse {
    /// Code, leerweg, and 10 to 15 km around a postcode.
    Smal,
    /// Niveau, perhaps leerweg, and 40 to 60 km around a place, or the whole country.
    Breed,
    /// Words of a name: whole, their beginning, or with a typo.
    Tekst,
    /// The same within 10 to 50 km of a place.
    Tekstafstand,
    /// Leerweg and 25 to 60 km around a place, with counts over the whole list.
    Tellingen,
    /// Places on offer for a code or niveau, a leerweg and a period, around a postcode.
    Leerplaatsen,
}

impl Klasse {
    pub(crate) const ALL: [Self; 6] = [
        Self::Smal,
        Self::Breed,
        Self::Tekst,
        Self::Tekstafstand,
        Self::Tellingen,
        Self::Leerplaatsen,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Smal => "smal",
            Self::Breed => "breed",
            Self::Tekst => "tekst",
            Self::Tekstafstand => "tekstafstand",
            Self::Tellingen => "tellingen",
            Self::Leerplaatsen => "leerplaatsen",
        }
    }

    /// How many of the thousand.
    pub(crate) const fn share(self) -> usize {
        match self {
            Self::Smal | Self::Tekst | Self::Leerplaatsen => 200,
            Self::Breed | Self::Tekstafstand => 150,
            Self::Tellingen => 100,
        }
    }

    /// Whether two right answers may differ: nearly equal words are found by trigrams in
    /// PostgreSQL, which overlook a few.
    pub(crate) const fn has_text(self) -> bool {
        matches!(self, Self::Tekst | Self::Tekstafstand)
    }
}

/// A question and its class, as one line of the recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) klasse: Klasse,
    pub(crate) vraag: Vraag,
}

/// The body of POST /v1/leerplaatsen/_zoek; what is not asked is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Vraag {
    pub(crate) soort: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) naam: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) postcode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plaats: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) straal_km: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leerweg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) niveau: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met_vergoeding: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) beschikbaar_vanaf: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum_plaatsen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met_tellingen: Option<bool>,
}

/// The soort of a question about erkenningen.
pub(crate) const ERKENNING: &str = "ERKENNING";
/// The soort of a question about places on offer.
pub(crate) const LEERPLAATS: &str = "LEERPLAATS";

impl Vraag {
    /// The whole HTTP request.
    pub(crate) fn rest(&self, school: &str) -> serde_json::Result<Vec<u8>> {
        let body = serde_json::to_string(self)?;
        let head = format!(
            "POST /v1/leerplaatsen/_zoek HTTP/1.1\r\nHost: localhost\r\n\
             User-Agent: stagepoort-bench\r\nAccept: application/json\r\n\
             Content-Type: application/json\r\nOnderwijsinstelling-OIN: {school}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        Ok((head + &body).into_bytes())
    }
}
