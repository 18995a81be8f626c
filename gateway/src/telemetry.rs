//! Log lines: one subscriber for the process, to standard error.
//!
//! No name, mail address or phone number of a person, no bpvoKenmerk and no key is ever logged
//! (standards §5). Types that hold them print without their data.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::LogFormaat;

/// Starts logging. A second call changes nothing.
///
/// # Errors
/// A sentence when `niveau` is not a level or filter.
pub fn init(formaat: LogFormaat, niveau: &str) -> Result<(), String> {
    let filter = check(niveau)?;
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    let started = match formaat {
        LogFormaat::Tekst => registry.with(lines.compact()).try_init(),
        LogFormaat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    // Only fails when a subscriber is there already, which tests do.
    drop(started);
    Ok(())
}

/// Reads `logboek.niveau`.
///
/// # Errors
/// A sentence when it is not a level or filter.
pub fn check(niveau: &str) -> Result<EnvFilter, String> {
    EnvFilter::try_new(niveau)
        .map_err(|error| format!("logboek.niveau \"{niveau}\" is not a level or filter: {error}"))
}

/// An error and its causes in one line, for a log line or the command line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
