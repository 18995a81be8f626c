//! Tables of the operator: postcodes and kwalificaties from CSV with a header line.

use std::io::Read;

use super::PostcodeRow;
use crate::domain::{Code, Leerweg, Leerwegen, Opleiding};

/// Why a table could not be read. Lines count from 1, the header being the first.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Not CSV, not UTF-8, or a row with another number of fields than the header.
    #[error("the table is not well-formed CSV")]
    Csv(#[from] csv::Error),
    /// The header lacks a column.
    #[error("the header must have a column `{0}`")]
    MissingColumn(&'static str),
    /// A field holds something else than it must.
    #[error("line {line}, column `{column}`: `{found}` must be {expected}")]
    Field {
        /// Line in the file.
        line: u64,
        /// Name of the column.
        column: &'static str,
        /// What stands there, shortened.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// Only a header.
    #[error("the table has no rows")]
    Empty,
}

/// Reads `postcode4,plaats,…,lat,lon`; the order of columns is free, others are ignored.
///
/// # Errors
/// [`TableError`], naming line and column.
pub fn read_postcodes(input: impl Read) -> Result<Vec<PostcodeRow>, TableError> {
    read(input, ["postcode4", "plaats", "lat", "lon"], |field| {
        Ok(PostcodeRow {
            postcode4: field.parse(0, "four digits, 1000 to 9999", |text| {
                text.parse().ok().filter(|n| (1000..=9999).contains(n))
            })?,
            plaats: field.parse(1, "1 to 40 characters", |text| {
                (1..=40)
                    .contains(&text.chars().count())
                    .then(|| text.to_owned())
            })?,
            lat: field.parse(2, "degrees, -90 to 90", |text| degrees(text, 90.0))?,
            lon: field.parse(3, "degrees, -180 to 180", |text| degrees(text, 180.0))?,
        })
    })
}

/// Reads `crebo,naam,niveau,leerwegen`; leerwegen is `BOL`, `BBL` or `BOL BBL`. A code that comes
/// again is left out after the first.
///
/// # Errors
/// [`TableError`], naming line and column.
pub fn read_kwalificaties(input: impl Read) -> Result<Vec<Opleiding>, TableError> {
    let mut rows = read(input, ["crebo", "naam", "niveau", "leerwegen"], |field| {
        Ok(Opleiding {
            code: field.parse(
                0,
                "a crebo of five digits (not 23xxx or 79xxx) or K and four digits",
                |text| Code::parse(text).ok(),
            )?,
            opleidingsnaam: field.parse(1, "1 to 200 characters", |text| {
                (1..=200)
                    .contains(&text.chars().count())
                    .then(|| text.to_owned())
            })?,
            niveau: field.parse(2, "1 to 4, or empty", |text| match text {
                "" => Some(None),
                _ => text.parse().ok().filter(|n| (1..=4).contains(n)).map(Some),
            })?,
            leerwegen: field.parse(3, "BOL, BBL or BOL BBL", leerwegen)?,
        })
    })?;
    let mut seen = std::collections::HashSet::new();
    rows.retain(|row| seen.insert(row.code));
    Ok(rows)
}

fn degrees(text: &str, limit: f64) -> Option<f64> {
    text.parse()
        .ok()
        .filter(|d: &f64| d.is_finite() && d.abs() <= limit)
}

fn leerwegen(text: &str) -> Option<Leerwegen> {
    let found: Leerwegen = text
        .split_whitespace()
        .map(Leerweg::parse)
        .collect::<Option<_>>()?;
    (found != Leerwegen::default()).then_some(found)
}

/// The wanted fields of one row.
struct Fields<'a> {
    record: &'a csv::StringRecord,
    places: [usize; 4],
    names: [&'static str; 4],
    line: u64,
}

impl Fields<'_> {
    fn parse<T>(
        &self,
        which: usize,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, TableError> {
        let text = self.record.get(self.places[which]).unwrap_or("").trim();
        parse(text).ok_or_else(|| TableError::Field {
            line: self.line,
            column: self.names[which],
            found: text.chars().take(40).collect(),
            expected,
        })
    }
}

fn read<T>(
    input: impl Read,
    names: [&'static str; 4],
    row: impl Fn(&Fields<'_>) -> Result<T, TableError>,
) -> Result<Vec<T>, TableError> {
    let mut reader = csv::Reader::from_reader(input);
    let header = reader.headers()?.clone();
    let mut places = [0; 4];
    for (place, name) in places.iter_mut().zip(names) {
        // A byte order mark stands before the first name in files from spreadsheets.
        *place = header
            .iter()
            .position(|h| h.trim_start_matches('\u{feff}').trim() == name)
            .ok_or(TableError::MissingColumn(name))?;
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(row(&Fields {
            record: &record,
            places,
            names,
            line,
        })?);
    }
    if rows.is_empty() {
        return Err(TableError::Empty);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_quoted_fields_and_columns_in_any_order() {
        let text = "crebo,naam,niveau,leerwegen\n25250,\"Assistent bouwen, wonen\",1,BOL BBL\n25487,Praktijkopleider,4,BBL\n25487,again,4,BBL\n";
        let rows = read_kwalificaties(text.as_bytes()).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].opleidingsnaam, "Assistent bouwen, wonen");
        assert!(!rows[1].leerwegen.contains(Leerweg::Bol));
        let text = "\u{feff}lon,lat,plaats,postcode4\n4.9,52.4,Ergens,1012\n";
        assert_eq!(read_postcodes(text.as_bytes()).unwrap()[0].plaats, "Ergens");
    }

    #[test]
    fn a_wrong_field_is_named_by_line_and_column() {
        let check = |text: &str, expect: &str| {
            let error = read_postcodes(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        };
        check("postcode4,plaats,lat\n1,a,1\n", "column `lon`");
        check("postcode4,plaats,lat,lon\n", "no rows");
        check(
            "postcode4,plaats,lat,lon\n1012,A,52,4\n0999,A,52,4\n",
            "line 3, column `postcode4`",
        );
        check(
            "postcode4,plaats,lat,lon\n1012,A,NaN,4\n",
            "line 2, column `lat`",
        );
        check("postcode4,plaats,lat,lon\n1012,,52,4\n", "column `plaats`");
        check("postcode4,plaats,lat,lon\n1012,A,52\n", "not well-formed");
        let kwalificatie = "crebo,naam,niveau,leerwegen\n79040,Domein,2,BOL\n";
        let error = read_kwalificaties(kwalificatie.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("column `crebo`"), "{error}");
        let kwalificatie = "crebo,naam,niveau,leerwegen\n25180,Kok,2,DUAAL\n";
        let error = read_kwalificaties(kwalificatie.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("column `leerwegen`"), "{error}");
    }
}
