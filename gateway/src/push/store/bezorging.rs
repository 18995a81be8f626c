//! What delivering and the queue say to one another: loans, what waits, and what became of attempts.

use uuid::Uuid;

use super::Voortgang;
use crate::{
    domain::{LeerbedrijfId, Tijdstip},
    push::{AbonnementId, Melding},
};

/// A subscription that a node has on loan. Nobody else delivers for it before the loan ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Geleend {
    /// Which.
    pub abonnement: AbonnementId,
    /// Until when.
    pub tot: Tijdstip,
    /// Counts what others changed of its queue. What the node holds of it counts only with the same.
    pub beurt: u64,
    /// What is dealt with.
    pub voortgang: Voortgang,
    /// The first number at or before which something is not: of a leerbedrijf that is behind, or a
    /// dead letter.
    pub grens: Option<u64>,
    /// Some leerbedrijf is behind.
    pub achter: bool,
}

/// How many numbers of a subscription are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vraag {
    /// Which.
    pub abonnement: AbonnementId,
    /// Those behind this number; for leerbedrijven that are behind it means nothing.
    pub na: u64,
    /// At most so many.
    pub most: u32,
}

/// A number of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gelezen {
    /// It.
    pub melding: Melding,
    /// Its leerbedrijf is behind: its turn comes by [`super::PushStore::achter`].
    pub achter: bool,
}

/// The next number of a leerbedrijf that is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Achter {
    /// It.
    pub melding: Melding,
    /// Attempts before.
    pub pogingen: u32,
}

/// What became of the deliveries of one subscription, written at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Bijwerking {
    /// Which.
    pub abonnement: AbonnementId,
    /// As it was lent.
    pub beurt: u64,
    /// What is dealt with now.
    pub voortgang: Voortgang,
    /// What became of each.
    pub uitkomsten: Vec<Uitkomst>,
}

/// What became of one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uitkomst {
    /// Its leerbedrijf.
    pub leerbedrijf_id: LeerbedrijfId,
    /// Which.
    pub volgnummer: u64,
    /// Its leerbedrijf is behind, or may be.
    pub achter: bool,
    /// Attempts that count, before and with this one.
    pub pogingen: u32,
    /// What to do with it.
    pub gevolg: Gevolg,
    /// The record; none when nothing was sent.
    pub poging: Option<Poging>,
}

/// What an attempt means for its melding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gevolg {
    /// It was taken; the next one of the leerbedrijf may go at once.
    Bezorgd,
    /// Again at this moment.
    Opnieuw(Tijdstip),
    /// Again at this moment, and this attempt does not count: the endpoint was not asked.
    Terug(Tijdstip),
    /// Attempts are used up while others were taken: a dead letter. The next one may go.
    Dood,
    /// It may not be sent any more, such as without the mandate of its school: a marker stands in
    /// its place. The next one may go.
    Vervallen,
}

impl Gevolg {
    /// Whether the next one of the leerbedrijf may go.
    #[must_use]
    pub fn is_einde(self) -> bool {
        matches!(self, Self::Bezorgd | Self::Dood | Self::Vervallen)
    }
}

/// The record of an attempt. Of the answer a hash alone: error pages carry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poging {
    /// When it ended.
    pub tijdstip: Tijdstip,
    /// HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// From sending to the end of the answer, in milliseconds.
    pub duur_ms: u32,
    /// SHA-256 of what was read of the answer.
    pub antwoord_sha256: Option<[u8; 32]>,
    /// In words, see [`crate::push::LaatstePoging::uitkomst`].
    pub uitkomst: String,
}

/// An attempt as it is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PogingRecord {
    /// Which number of the subscription; 0 for a test.
    pub volgnummer: u64,
    /// What became of it.
    pub poging: Poging,
}

/// How an endpoint does, kept for all nodes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Eindpuntstaat {
    /// Since when it fails, without any success in between.
    pub faalt_sinds: Option<Tijdstip>,
    /// Failures since then.
    pub mislukt: u32,
    /// Nothing is sent before this moment, and then one message first.
    pub niet_voor: Option<Tijdstip>,
    /// A test message was asked for.
    pub proef_gevraagd: bool,
}

/// A loan: by whom, at which moment, until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lening {
    /// Names the node, of this run alone.
    pub lener: Uuid,
    /// Now.
    pub nu: Tijdstip,
    /// When it ends.
    pub tot: Tijdstip,
}
