//! The record of processing (standards §5): who was given what about whom. Every answer that holds
//! data about people is on this node's disk before it leaves; without that it does not leave.
//!
//! `record` says what is recorded, `format` how it stands in a file, `segment` and `map` which files
//! there are. `journaal` writes them and is the only one that does; `schrijver` is its thread, which
//! takes all that wait together; [`Verwerkingslog`] is what the rest of the gateway holds. `lezer`
//! reads what is there, also while it is written to, and `verify` judges the whole.
//!
//! `verzending` ships it to the database of the log, where `store` keeps it and `keten` judges it;
//! `otlp` gives it to a collector besides; `bewaring` removes what was kept long enough. `gebruik` counts
//! requests, about whomever.

mod bewaring;
mod format;
mod gebruik;
mod journaal;
mod keten;
mod lezer;
mod map;
mod otlp;
mod pseudonym;
mod record;
mod schrijver;
mod segment;
mod spoor;
pub mod store;
#[cfg(test)]
mod tests;
mod verify;
mod verwerkingslog;
mod verzending;
mod verzendstand;

pub use bewaring::remove_before;
pub use format::{Breuk, Fout, MAX_BETROKKENEN};
pub use gebruik::{Gebruik, Gebruiksteller, OpenGebruik, Partij};
pub use journaal::{Geopend, Geschreven, Journaal, JournaalError, JournaalInstellingen};
pub use keten::{KetenOordeel, verify_shipped};
pub use lezer::{GelezenBlok, LeesError, Lezer, Positie, holds, journaal_in};
pub use map::{Map, MapError};
pub use otlp::{OtlpFout, OtlpInstellingen, OtlpUitvoer, UitvoerError, Uitvoerstap};
pub use pseudonym::{PSEUDONYM_BYTES, Pseudonym, PseudonymSleutel};
pub use record::{Betrokkene, BetrokkeneSoort, Record, Status, Vastgelegd, Verwerking};
pub use schrijver::{Groep, Volgende, Wachtrij};
pub use spoor::Spoor;
pub use verify::{Oordeel, verify};
pub use verwerkingslog::{
    Grenzen, Instellingen, NietVastgelegd, Toestand, Uitgifte, Verwerkingslog,
};
pub use verzending::{Stap, VerzendError, VerzendParts, Verzending};
pub use verzendstand::{Verzendstand, Verzendtoestand};

/// A SHA-256 value.
type Hash = [u8; 32];
