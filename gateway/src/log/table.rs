//! Rows on their way from one engine to the other, whatever they say: a backup of PostgreSQL is
//! kept as a SQLite file.

/// A table that both engines have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

/// A column, by its name in PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What a column holds. SQLite has one form for the first three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bigint,
    Smallint,
    Boolean,
    Text,
    Bytes,
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Rows that go together.
pub(super) const ROWS_PER_PARTY: usize = 4_096;

/// What the settings of a store say, in either engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    /// The history that it is in.
    pub(super) tijdlijn: u64,
    /// The first number that no stage has had.
    pub(super) next_stage: u64,
    /// Commit up to which superseded people were forgotten.
    pub(super) forgotten_up_to: u64,
    /// Key of the marks that stand in for side content.
    pub(super) mark_key: Vec<u8>,
    /// Key of the pseudonyms.
    pub(super) pseudonym_key: Vec<u8>,
}

impl Table {
    /// The names of its columns with commas between them.
    pub(super) fn names(&self, name: impl Fn(&Column) -> String) -> String {
        let names: Vec<String> = self.columns.iter().map(name).collect();
        names.join(", ")
    }
}
