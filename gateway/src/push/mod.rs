//! Mutatieservice: every school hears of every change of an erkenning at a leerbedrijf where it has
//! a bpvo (domain §4).
//!
//! [`Fanout`] follows the log by one cursor and numbers what each subscription must hear, in one
//! transaction with that cursor. What was numbered is the feed: it can be asked for
//! (opvragenMutaties) and is what [`Delivery`] sends. Both read and write through [`PushStore`].

pub mod abonnement;
pub mod bezorger;
pub mod client;
pub mod delivery;
pub mod eindpunt;
mod fanout;
pub mod feed;
pub mod geheim;
pub mod mandaten;
pub mod message;
pub mod netwerken;
pub mod private_file;
mod relatie;
#[cfg(test)]
mod samples;
pub mod schedule;
pub mod signature;
pub mod soap_message;
pub mod store;
pub mod waarom;
pub mod wachtkamer;

pub use abonnement::{
    Abonnement, AbonnementId, AbonnementStatus, Kanaal, Laatste, LaatstePoging, MAX_PER_BERICHT,
    Voorwaarden,
};
pub use bezorger::{Attempt, Bezorger, Claim, Wanted};
pub use client::{ClientError, ClientSettings, Lookup, PushClient, SystemLookup};
pub use delivery::{Delivery, Parts as DeliveryParts, Settings as DeliverySettings};
pub use eindpunt::{Eindpunt, OngeldigEindpunt};
pub use fanout::{Fanout, FanoutError, FanoutParts, Stap};
pub use feed::{Inhoud, Melding, MutatieBericht, Staat};
pub use geheim::{Geheim, OngeldigGeheim};
pub use mandaten::Mandaten;
pub use message::Afzender;
pub use netwerken::{InvalidNetwerk, Netwerk, Netwerken};
pub use private_file::PrivateFileError;
pub use signature::{Sleutel, SleutelError};
pub use store::{PushDesk, PushStore, open_push};
pub use wachtkamer::{Wachtgrens, Wachtkamer};

use crate::domain::Operatie;

/// The operation for which a school must have given its mandate before its mutaties are told.
pub const MANDAAT: Operatie = Operatie::OpvragenMutaties;
