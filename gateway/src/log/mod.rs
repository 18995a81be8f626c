//! The append-only log: the one truth of the register (design §1, invariants 2 and 3).
//!
//! A commit has a number and holds lines. A line sets or removes one object, named by its
//! [`Soort`] and key. Lines are staged in parties, outside the append lock, and become visible
//! all at once by the one short commit that publishes them. The current value of an object is
//! what its last published line says, so no second table can disagree with the log.
//!
//! Content about people and students does not stand in the log but in a side table that is
//! deleted from; the log keeps a keyed hash of it (invariant 12).

mod forgetting;
mod hash;
mod opslag;
pub(crate) mod postgres;
mod rows;
pub(crate) mod sqlite;
mod store;
mod table;
mod verify;
mod writer;

pub use opslag::{Migrated, Opslag};
pub use postgres::{DatabaseTls, Placed, PostgresSettings, PostgresStore, WRITE_PATIENCE};
pub use sqlite::{FileIdentity, SqliteStore};
pub use store::{
    CommitInfo, Head, Inhoud, Line, LogStore, Publication, Sleutel, Soort, StageId, StoreError,
    TijdlijnBegin,
};
pub use writer::{LogWriter, OpenLog};
