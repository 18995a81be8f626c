//! The log in PostgreSQL, each figure beside what the database does by itself.

mod drukte;
mod import;
mod visible;

use std::io;

use crate::{
    Plan,
    database::{Database, Purpose},
    national,
    report::Section,
};

/// Figures of a whole levering, of the way of a change to another node, and of what goes on during an
/// import.
pub(super) fn run(plan: &Plan, section: &mut Section) -> io::Result<()> {
    national::prepare(plan, section)?;
    let database = Database::start(Purpose::Keeping)?;
    section.circumstance(
        "PostgreSQL on the same machine, over a unix socket; every commit is on the disk",
    );
    import::figures(plan, &database, section)?;
    visible::figures(plan, &database, section)?;
    drukte::figures(plan, &database, section)
}
