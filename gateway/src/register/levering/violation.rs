//! What is wrong with a line, and where. A reason never repeats a value from the line: it may be
//! about a person.

use std::{borrow::Cow, fmt};

use serde::Serialize;

/// Most violations reported of one line: enough to see the pattern, and a line of nothing but
/// mistakes cannot fill the report.
pub const MAX_VIOLATIONS_PER_LINE: usize = 50;

/// One thing that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Path of the field, such as `erkenningen[2].einddatum`; `.` for the line itself.
    pub veld: String,
    /// What is wrong and what would be right, in Dutch.
    pub reden: Cow<'static, str>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.veld, self.reden)
    }
}

/// A place in a line; spelled out only when something is wrong there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pad<'p> {
    /// The line itself.
    Root,
    /// A field of an object.
    Field(&'p Pad<'p>, &'static str),
    /// An item of a list.
    Item(&'p Pad<'p>, usize),
}

impl<'p> Pad<'p> {
    pub(super) fn field(&'p self, name: &'static str) -> Self {
        Pad::Field(self, name)
    }

    pub(super) fn item(&'p self, index: usize) -> Self {
        Pad::Item(self, index)
    }
}

impl fmt::Display for Pad<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pad::Root => Ok(()),
            Pad::Field(Pad::Root, name) => f.write_str(name),
            Pad::Field(parent, name) => write!(f, "{parent}.{name}"),
            Pad::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Gathers all that is wrong with one line.
#[derive(Debug, Default)]
pub(super) struct Findings(pub(super) Vec<Violation>);

impl Findings {
    /// Notes a violation. Gives `None`, so that a check can end with it.
    pub(super) fn add<T>(
        &mut self,
        at: &Pad<'_>,
        reden: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        if self.0.len() < MAX_VIOLATIONS_PER_LINE {
            let veld = match at {
                Pad::Root => ".".to_owned(),
                elsewhere => elsewhere.to_string(),
            };
            self.0.push(Violation {
                veld,
                reden: reden.into(),
            });
        }
        None
    }
}
