//! Where subscriptions, their feeds and the queue of deliveries stand: the database of the log.

mod desk;
mod postgres;
mod rows;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Abonnement, AbonnementId, Inhoud, Laatste, Melding};
use crate::{
    domain::{LeerbedrijfId, Oin, Tijdstip},
    log::{Opslag, StoreError},
};
pub use desk::{OpenPush, PushDesk};
pub use postgres::PostgresPush;
pub use sqlite::SqlitePush;

/// Up to where the log was fanned out: lines before this one of this commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Cursor {
    /// Commits before this one are done.
    pub nummer: u64,
    /// Lines before this one of it are done.
    pub regel: u64,
}

/// What a fan-out starts from. What it makes of it counts only while nothing of it has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FanoutStart {
    /// Where it goes on.
    pub cursor: Cursor,
    /// Counts up with every change of a subscription.
    pub revisie: u64,
    /// Those that are open.
    pub abonnementen: Vec<Abonnement>,
}

/// What a subscription is to hear; the store gives it its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NieuweMelding {
    /// Which subscription.
    pub abonnement: AbonnementId,
    /// See [`Melding::mutatie_id`].
    pub mutatie_id: Uuid,
    /// See [`Melding::leerbedrijf_id`].
    pub leerbedrijf_id: LeerbedrijfId,
    /// See [`Melding::school_oin`].
    pub school_oin: Oin,
    /// What it hears.
    pub inhoud: Inhoud,
}

/// How many deliveries of a subscription are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub abonnement: AbonnementId,
    /// At most so many, of as many leerbedrijven.
    pub most: u32,
}

/// The next melding of one leerbedrijf, on loan for an attempt. Nobody else tries it before the
/// loan ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What to deliver.
    pub melding: Melding,
    /// Attempts before this one.
    pub pogingen: u32,
    /// Everything up to here was delivered when it was lent.
    pub volledig_tot_en_met: u64,
    /// Names the loan.
    pub lease: Uuid,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Of which subscription.
    pub abonnement: AbonnementId,
    /// Of which leerbedrijf.
    pub leerbedrijf_id: LeerbedrijfId,
    /// Which number.
    pub volgnummer: u64,
    /// Under which loan; when it ran out, and another attempt began, only the record is kept.
    pub lease: Uuid,
    /// What to do with the melding.
    pub gevolg: Gevolg,
    /// The record of it; none when nothing was sent.
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
    /// In words, see [`super::abonnement::LaatstePoging::uitkomst`].
    pub uitkomst: String,
}

/// An attempt as it is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PogingRecord {
    /// Which number of the subscription.
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

/// How much there is, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Telling {
    /// Which subscription.
    pub abonnement: AbonnementId,
    /// Waiting to be delivered.
    pub wacht: u64,
    /// Dead letters.
    pub dood: u64,
}

/// Which numbers an operator's command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keuze {
    /// From this number to that one, both inclusive.
    Nummers(u64, u64),
    /// Registered between these moments, both inclusive.
    Tijd(Tijdstip, Tijdstip),
    /// Every dead letter.
    Dood,
    /// Everything that waits.
    Wacht,
}

/// A change of a subscription by its subscriber, an operator or the delivery, and what else it
/// means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wijziging {
    /// As it is from now on.
    pub abonnement: Abonnement,
    /// Everything that waits may be tried at once, as if it never was before: after a resumption.
    pub begin_opnieuw: bool,
    /// Send a test message.
    pub proef: bool,
}

/// A line of what operators did (invariant of the operator's command: all audited).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beheerdaad {
    /// When.
    pub tijdstip: Tijdstip,
    /// Who, by the name of the operating system's user.
    pub wie: String,
    /// Which command, such as `drop`.
    pub daad: String,
    /// To which subscription.
    pub abonnement: AbonnementId,
    /// What and why, in words.
    pub toelichting: String,
}

/// A store of subscriptions, feeds and the queue. One engine for each of the log's.
///
/// Order within a leerbedrijf is kept by a lane per subscription and leerbedrijf: only its first
/// undelivered melding can be claimed.
#[async_trait]
pub trait PushStore: Send + Sync + 'static {
    /// Keeps a new subscription.
    ///
    /// # Errors
    /// As every statement; one with this id that is there already is left as it is.
    async fn insert(&self, abonnement: &Abonnement) -> Result<(), StoreError>;

    /// The subscription with this id, ended ones too.
    async fn abonnement(&self, id: AbonnementId) -> Result<Option<Abonnement>, StoreError>;

    /// The subscriptions of an afnemer, or of everybody; ended ones too.
    async fn abonnementen(&self, afnemer_oin: Option<Oin>) -> Result<Vec<Abonnement>, StoreError>;

    /// Changes a subscription, if it still is what `before` says. False when it is not.
    async fn change(&self, before: &Abonnement, after: &Wijziging) -> Result<bool, StoreError>;

    /// How far these are, in the order asked; all zeros for one that is not there.
    async fn laatste(&self, ids: &[AbonnementId]) -> Result<Vec<Laatste>, StoreError>;

    /// Counts up with every change of a subscription: cheap, to keep what was read.
    async fn revisie(&self) -> Result<u64, StoreError>;

    /// Where the fan-out goes on.
    async fn fanout_start(&self) -> Result<FanoutStart, StoreError>;

    /// Numbers these in the order given and moves the cursor, in one transaction; false, and nothing
    /// done, when cursor or subscriptions are no longer those of `start`. What a subscription was
    /// told before, by its mutatie_id, is left out.
    async fn fan_out(
        &self,
        start: &FanoutStart,
        to: Cursor,
        nieuw: &[NieuweMelding],
    ) -> Result<bool, StoreError>;

    /// Meldingen behind this number, ascending, at most `limit`; those past the retention without
    /// contents.
    async fn meldingen(
        &self,
        id: AbonnementId,
        na: u64,
        limit: u32,
    ) -> Result<Vec<Melding>, StoreError>;

    /// Numbers behind this one with their ids, ascending, at most `limit`: without contents, so that
    /// a whole feed can be gone through.
    async fn nummers(
        &self,
        id: AbonnementId,
        na: u64,
        limit: u32,
    ) -> Result<Vec<(u64, Uuid)>, StoreError>;

    /// The melding with this id.
    async fn melding(
        &self,
        id: AbonnementId,
        mutatie_id: Uuid,
    ) -> Result<Option<Melding>, StoreError>;

    /// Everything up to this number was fetched by a subscriber that polls.
    async fn confirm(&self, id: AbonnementId, tot_en_met: u64) -> Result<(), StoreError>;

    /// Lends what is due, until `until`, under this name: of each subscription at most as many as
    /// wanted. What was lent and not returned by then is due again. Ascending by number.
    async fn claim(
        &self,
        wanted: &[Wanted],
        now: Tijdstip,
        until: Tijdstip,
        lease: Uuid,
    ) -> Result<Vec<Claim>, StoreError>;

    /// Takes in what became of attempts, all in one transaction.
    async fn record(&self, attempts: &[Attempt]) -> Result<(), StoreError>;

    /// How the endpoints of these do, in the order asked.
    async fn eindpunten(&self, ids: &[AbonnementId]) -> Result<Vec<Eindpuntstaat>, StoreError>;

    /// Keeps how an endpoint does, if it still does as `before` says (whether a test was asked for is
    /// another matter, see [`Self::take_proef`]); false when it does not: another node, or who
    /// resumed it, was first. The record of a test or a proof is kept in any case.
    async fn set_eindpunt(
        &self,
        id: AbonnementId,
        before: Eindpuntstaat,
        after: Eindpuntstaat,
        proef: Option<&Poging>,
    ) -> Result<bool, StoreError>;

    /// Takes up the test message that was asked for; false when there is none, or another node
    /// took it up.
    async fn take_proef(&self, id: AbonnementId) -> Result<bool, StoreError>;

    /// Attempts of a subscription, the newest first, of one number or of all.
    async fn pogingen(
        &self,
        id: AbonnementId,
        volgnummer: Option<u64>,
        limit: u32,
    ) -> Result<Vec<PogingRecord>, StoreError>;

    /// Puts these up for delivery again, at once; gives how many. Dropped ones stay dropped.
    async fn replay(
        &self,
        id: AbonnementId,
        keuze: Keuze,
        now: Tijdstip,
        daad: &Beheerdaad,
    ) -> Result<u64, StoreError>;

    /// Drops these, of what waits or is dead: a marker stands in their place. Gives how many.
    async fn drop_meldingen(
        &self,
        id: AbonnementId,
        keuze: Keuze,
        daad: &Beheerdaad,
    ) -> Result<u64, StoreError>;

    /// As [`Self::change`], by an operator: written down in the same transaction.
    async fn operate(
        &self,
        before: &Abonnement,
        after: &Wijziging,
        daad: &Beheerdaad,
    ) -> Result<bool, StoreError>;

    /// What operators did to a subscription, the newest first.
    async fn beheerdaden(
        &self,
        id: AbonnementId,
        limit: u32,
    ) -> Result<Vec<Beheerdaad>, StoreError>;

    /// How much waits, by subscription.
    async fn tellingen(&self) -> Result<Vec<Telling>, StoreError>;

    /// Takes the contents out of meldingen that were registered before this moment, and attempts
    /// with them. Number, id and leerbedrijf stay, so that completeness can still be shown. Gives how
    /// many.
    async fn forget_before(&self, moment: Tijdstip) -> Result<u64, StoreError>;

    /// Rings this bell when something was numbered, as [`crate::log::LogStore::ring`] does.
    fn ring(&self, _bell: Arc<Notify>) {}

    /// Lets go of the connections. Nothing is asked of it after this.
    async fn close(&self) {}
}

/// Opens the queue beside the log.
///
/// # Errors
/// As [`Opslag::open`].
pub async fn open_push(opslag: &Opslag) -> Result<Arc<dyn PushStore>, StoreError> {
    Ok(match opslag {
        Opslag::Sqlite(path) => Arc::new(SqlitePush::open(path).await?),
        Opslag::Postgres(settings) => Arc::new(PostgresPush::open(settings).await?),
    })
}
