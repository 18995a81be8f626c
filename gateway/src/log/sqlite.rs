//! The log in one SQLite file.

/// The log in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {}
