//! Lines that are set aside: how many there may be, and the report of them.

use std::io::{self, Write};

use serde::Serialize;

use super::levering::SetAside;

/// A share of the lines, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

impl Share {
    /// One in a thousand: a source makes a handful of mistakes, not hundreds.
    pub const DEFAULT: Self = Self(0.001);

    /// Reads a share, such as `0.001`, or percents, such as `0.1%`.
    ///
    /// # Errors
    /// When it is neither, or not between 0 and 1.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (number, scale) = match text.trim().strip_suffix('%') {
            Some(percents) => (percents, 100.0),
            None => (text, 1.0),
        };
        match number.trim().parse::<f64>() {
            Ok(number) if (0.0..=1.0).contains(&(number / scale)) => Ok(Self(number / scale)),
            _ => {
                Err("must be a share from 0 to 1, such as 0.001, or percents, such as 0.1%".into())
            }
        }
    }

    /// How many of so many lines, rounded down.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a levering has far fewer than 2^52 lines, and the share is 0 to 1"
    )]
    pub fn of(self, totaal: u64) -> u64 {
        (self.0 * totaal as f64).floor() as u64
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Writes one line of JSON, `{regel, veld, reden}`, for every violation.
///
/// # Errors
/// What the destination says.
pub fn write_set_aside<W: Write + ?Sized>(
    out: &mut W,
    regel: u64,
    aside: &SetAside,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Entry<'a> {
        regel: u64,
        veld: &'a str,
        reden: &'a str,
    }

    for violation in &aside.violations {
        let entry = Entry {
            regel,
            veld: &violation.veld,
            reden: &violation.reden,
        };
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(())
}
