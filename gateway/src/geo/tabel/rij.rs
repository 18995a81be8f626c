//! One row of the table.

use csv::StringRecord;

use super::TabelError;
use crate::{
    domain::Coordinaten,
    geo::{PostcodeVraag, Punt},
};

/// Longest name of a place, municipality or province: more than twice that of the longest.
const MAX_NAME_CHARS: usize = 80;

/// The European Netherlands with some water around them, in degrees: lowest and highest.
const LAT: (f64, f64) = (50.7, 53.7);
const LON: (f64, f64) = (3.2, 7.3);

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rij {
    pub(super) postcode: PostcodeVraag,
    pub(super) punt: Punt,
    pub(super) plaats: Option<String>,
    pub(super) gemeente: Option<String>,
    pub(super) provincie: Option<String>,
}

/// Where the columns stand.
pub(super) struct Kolommen {
    /// In the order in which they are looked at: some tables have four and six beside each other.
    postcode: Vec<Kolom>,
    lat: Kolom,
    lon: Kolom,
    plaats: Option<Kolom>,
    gemeente: Option<Kolom>,
    provincie: Option<Kolom>,
    /// Spreadsheets that part by semicolons write a comma in numbers.
    decimal_comma: bool,
}

struct Kolom {
    at: usize,
    name: String,
}

impl Kolommen {
    pub(super) fn find(header: &StringRecord, decimal_comma: bool) -> Result<Self, TabelError> {
        // A byte order mark stands before the first name in files from spreadsheets.
        let names: Vec<String> = header
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim().to_lowercase())
            .collect();
        if names.iter().all(String::is_empty) {
            return Err(TabelError::Empty);
        }
        let find = |wanted: &str| {
            let at = names.iter().position(|name| name == wanted)?;
            let name = wanted.to_owned();
            Some(Kolom { at, name })
        };
        let postcode: Vec<Kolom> = ["postcode", "postcode6", "postcode4"]
            .into_iter()
            .filter_map(find)
            .collect();
        if postcode.is_empty() {
            return Err(TabelError::MissingColumn(
                "`postcode`, `postcode4` or `postcode6`",
            ));
        }
        Ok(Self {
            postcode,
            lat: find("lat").ok_or(TabelError::MissingColumn("`lat`"))?,
            lon: find("lon").ok_or(TabelError::MissingColumn("`lon`"))?,
            plaats: find("plaats").or_else(|| find("woonplaats")),
            gemeente: find("gemeente"),
            provincie: find("provincie"),
            decimal_comma,
        })
    }

    pub(super) fn read(&self, line: u64, record: &StringRecord) -> Result<Rij, TabelError> {
        let row = Velden { line, record };
        Ok(Rij {
            postcode: self.postcode(&row)?,
            punt: self.punt(&row)?,
            plaats: row.name(self.plaats.as_ref())?,
            gemeente: row.name(self.gemeente.as_ref())?,
            provincie: row.name(self.provincie.as_ref())?,
        })
    }

    fn postcode(&self, row: &Velden<'_>) -> Result<PostcodeVraag, TabelError> {
        let filled = self.postcode.iter().find(|k| !row.text(k).is_empty());
        let kolom = filled.unwrap_or(&self.postcode[0]);
        PostcodeVraag::parse(row.text(kolom)).map_err(|_| {
            row.wrong(
                kolom,
                "a postcode of four digits or six characters, such as 3511 or 3511AB",
            )
        })
    }

    fn punt(&self, row: &Velden<'_>) -> Result<Punt, TabelError> {
        let (lat, lon) = (self.degrees(row, &self.lat)?, self.degrees(row, &self.lon)?);
        let within = |degrees: f64, (least, most): (f64, f64)| (least..=most).contains(&degrees);
        if within(lat, LAT) && within(lon, LON) {
            return Ok(Punt::from(Coordinaten { lat, lon }));
        }
        Err(TabelError::Elsewhere {
            line: row.line,
            lat,
            lon,
            swapped: within(lon, LAT) && within(lat, LON),
        })
    }

    fn degrees(&self, row: &Velden<'_>, kolom: &Kolom) -> Result<f64, TabelError> {
        let text = row.text(kolom);
        let number = if self.decimal_comma {
            text.replacen(',', ".", 1).parse()
        } else {
            text.parse()
        };
        let expected = if self.decimal_comma {
            "degrees, such as 52,09083 or 52.09083"
        } else {
            "degrees with a point, such as 52.09083"
        };
        number
            .ok()
            .filter(|degrees: &f64| degrees.is_finite())
            .ok_or_else(|| row.wrong(kolom, expected))
    }
}

/// The fields of one row.
struct Velden<'a> {
    line: u64,
    record: &'a StringRecord,
}

impl<'a> Velden<'a> {
    fn text(&self, kolom: &Kolom) -> &'a str {
        self.record.get(kolom.at).unwrap_or("").trim()
    }

    fn name(&self, kolom: Option<&Kolom>) -> Result<Option<String>, TabelError> {
        let Some(kolom) = kolom else { return Ok(None) };
        let text = self.text(kolom);
        if text.chars().count() > MAX_NAME_CHARS || text.contains(char::is_control) {
            return Err(self.wrong(kolom, "a name of at most 80 characters"));
        }
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn wrong(&self, kolom: &Kolom, expected: &'static str) -> TabelError {
        TabelError::Field {
            line: self.line,
            column: kolom.name.clone(),
            found: self.text(kolom).chars().take(40).collect(),
            expected,
        }
    }
}
