//! The toegang document: what an operator writes, read with an error for every mistake in it.

mod check;
mod quota;

use std::fmt;

use serde::Deserialize;
use toml::Spanned;

use super::Toegang;

/// A commented document that shows everything there is.
pub const EXAMPLE: &str = include_str!("voorbeeld.toml");

/// All that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DocumentError {
    /// In the order of the document.
    pub problems: Vec<Problem>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// In which line, from 1.
    pub line: usize,
    /// In which key, such as `afnemers[2].rol`; empty when the text is no TOML there.
    pub place: String,
    /// What is wrong and what would be right.
    pub text: String,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.text)
    }
}

impl Toegang {
    /// Reads a document. Its `versie` is 0 until the store gives it one.
    ///
    /// # Errors
    /// [`DocumentError`] with every mistake, or with the first when it is no TOML of this form.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let document: RawDocument = toml::from_str(text).map_err(|error| DocumentError {
            problems: vec![Problem {
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                place: String::new(),
                text: error.message().to_owned(),
            }],
        })?;
        check::check(text, document)
    }
}

/// The line, from 1, that this byte of the text stands in.
fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawDocument {
    #[serde(default)]
    scholen: Vec<RawSchool>,
    #[serde(default)]
    afnemers: Vec<RawAfnemer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawSchool {
    oin: Spanned<String>,
    brin: Spanned<String>,
    naam: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawAfnemer {
    oin: Spanned<String>,
    naam: Spanned<String>,
    rol: Spanned<String>,
    addressering: Option<Spanned<String>>,
    #[serde(default)]
    geblokkeerde_certificaten: Vec<Spanned<String>>,
    quota: Option<RawQuota>,
    #[serde(default)]
    mandaten: Vec<RawMandaat>,
}

/// What differs from the quota of the node.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawQuota {
    verzoeken_per_seconde: Option<Spanned<i64>>,
    burst: Option<Spanned<i64>>,
    gelijktijdig: Option<Spanned<i64>>,
    bulkregels_per_minuut: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawMandaat {
    school_oin: Spanned<String>,
    operaties: Option<Spanned<Vec<Spanned<String>>>>,
    vanaf: Option<Spanned<toml::Value>>,
    tot: Option<Spanned<toml::Value>>,
}
