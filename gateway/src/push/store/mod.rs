//! Where subscriptions, their feeds and the queue of deliveries stand: the database of the log.

mod bezorging;
mod desk;
mod pak;
mod postgres;
mod rows;
mod sqlite;
mod voortgang;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Abonnement, AbonnementId, Inhoud, Laatste, Melding};
use crate::{
    domain::{LeerbedrijfId, Oin, Tijdstip},
    log::{Opslag, StoreError},
};
pub use bezorging::{
    Achter, Bijwerking, Eindpuntstaat, Geleend, Gelezen, Gevolg, Lening, Poging, PogingRecord,
    Uitkomst, Vraag,
};
pub use desk::{OpenPush, PushDesk};
pub use postgres::PostgresPush;
pub use sqlite::SqlitePush;
pub use voortgang::Voortgang;

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
/// One node at a time delivers for a subscription: it has it on loan, reads the feed in order, and writes
/// which numbers are dealt with as one small set. Only a leerbedrijf that is behind has a row of its own.
/// Who else changes a queue counts its `beurt` up, and the node looks again.
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

    /// Lends these that nobody has, and goes on with those that this node has; gives what it has now.
    async fn leen(&self, lening: Lening, ids: &[AbonnementId]) -> Result<Vec<Geleend>, StoreError>;

    /// Gives these back; what is not on loan to this node stays as it is.
    async fn geef_terug(&self, lener: Uuid, ids: &[AbonnementId]) -> Result<(), StoreError>;

    /// This node delivers, until the loan's end; gives all that do, in order.
    async fn meld_bezorger(&self, lening: Lening) -> Result<Vec<Uuid>, StoreError>;

    /// It no longer does.
    async fn meld_bezorger_af(&self, lener: Uuid) -> Result<(), StoreError>;

    /// The feed as it is delivered, of each subscription ascending by number.
    async fn lees(&self, vragen: &[Vraag]) -> Result<Vec<Gelezen>, StoreError>;

    /// The first waiting number of leerbedrijven that are behind and due, those that wait longest
    /// first.
    async fn achter(&self, vragen: &[Vraag], nu: Tijdstip) -> Result<Vec<Achter>, StoreError>;

    /// Takes in what became of attempts, all in one transaction, and goes on with the loan. For each, in
    /// order, whether it counts: nothing of one is written when it is lent to another, or its `beurt` is
    /// another one by now.
    async fn record(
        &self,
        lening: Lening,
        bijwerkingen: &[Bijwerking],
    ) -> Result<Vec<bool>, StoreError>;

    /// Keeps the records of attempts that count for nothing else.
    async fn keep_pogingen(
        &self,
        id: AbonnementId,
        pogingen: &[PogingRecord],
    ) -> Result<(), StoreError>;

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
