//! The queue in the database of the log, by connections of its own: no delivery stands before a
//! write of the register, and none behind one.

mod delivering;
mod numbering;
mod operating;
mod subscriptions;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    Achter, Beheerdaad, Bijwerking, Cursor, Eindpuntstaat, FanoutStart, Geleend, Gelezen, Keuze,
    Lening, NieuweMelding, Poging, PogingRecord, PushStore, Telling, Vraag, Wijziging,
};
use crate::{
    domain::{Oin, Tijdstip},
    log::{
        PostgresSettings, StoreError,
        postgres::{
            bell::Bells,
            hosts::{Hosts, Role},
            pool::{Pool, reading},
            schema,
        },
    },
    push::{Abonnement, AbonnementId, Laatste, Melding},
};

/// How long one piece of work may take before the host counts as cut off. A part of a fan-out or a
/// group of outcomes takes some tens of milliseconds; a COMMIT may wait for the standby.
const PATIENCE: Duration = Duration::from_secs(20);

/// An operator's command may be about all that waits.
const OPERATOR_PATIENCE: Duration = Duration::from_secs(300);

/// Connections: operations, fan-out, and a few for delivery.
const CONNECTIONS: usize = 4;

/// On which other nodes hear that something was numbered.
const CHANNEL: &str = "stagepoort_push";

/// The queue in PostgreSQL. All of it is on the primary: a standby may lag, and what was numbered
/// must not seem to be gone.
#[derive(Debug)]
pub struct PostgresPush {
    primary: Pool,
    hosts: Arc<Hosts>,
    bells: Bells,
}

impl PostgresPush {
    /// Opens the queue.
    ///
    /// # Errors
    /// As [`crate::log::PostgresStore::open`].
    pub async fn open(settings: &PostgresSettings) -> Result<Self, StoreError> {
        let hosts = Arc::new(Hosts::new(settings.hosts.clone()));
        let mut connected = hosts.connect(Role::Primary).await?;
        schema::bring(&mut connected, settings.migrate).await?;
        Ok(Self {
            primary: Pool::new(Arc::clone(&hosts), Role::Primary, CONNECTIONS),
            hosts,
            bells: Bells::default(),
        })
    }
}

#[async_trait]
impl PushStore for PostgresPush {
    async fn insert(&self, abonnement: &Abonnement) -> Result<(), StoreError> {
        reading!(self.primary, PATIENCE, c => subscriptions::insert(c, abonnement))
    }

    async fn abonnement(&self, id: AbonnementId) -> Result<Option<Abonnement>, StoreError> {
        reading!(self.primary, PATIENCE, c => subscriptions::one(c, id))
    }

    async fn abonnementen(&self, afnemer_oin: Option<Oin>) -> Result<Vec<Abonnement>, StoreError> {
        reading!(self.primary, PATIENCE, c => subscriptions::all(c, afnemer_oin))
    }

    async fn change(&self, before: &Abonnement, after: &Wijziging) -> Result<bool, StoreError> {
        reading!(self.primary, PATIENCE, c => subscriptions::change(c, before, after, None))
    }

    async fn laatste(&self, ids: &[AbonnementId]) -> Result<Vec<Laatste>, StoreError> {
        reading!(self.primary, PATIENCE, c => subscriptions::laatste(c, ids))
    }

    async fn revisie(&self) -> Result<u64, StoreError> {
        reading!(self.primary, PATIENCE, c => subscriptions::revisie(c))
    }

    async fn fanout_start(&self) -> Result<FanoutStart, StoreError> {
        reading!(self.primary, PATIENCE, c => numbering::start(c))
    }

    async fn fan_out(
        &self,
        start: &FanoutStart,
        to: Cursor,
        nieuw: &[NieuweMelding],
    ) -> Result<bool, StoreError> {
        reading!(self.primary, PATIENCE, c => numbering::fan_out(c, start, to, nieuw))
    }

    async fn meldingen(
        &self,
        id: AbonnementId,
        na: u64,
        limit: u32,
    ) -> Result<Vec<Melding>, StoreError> {
        reading!(self.primary, PATIENCE, c => numbering::meldingen(c, id, na, limit))
    }

    async fn nummers(
        &self,
        id: AbonnementId,
        na: u64,
        limit: u32,
    ) -> Result<Vec<(u64, Uuid)>, StoreError> {
        reading!(self.primary, PATIENCE, c => numbering::nummers(c, id, na, limit))
    }

    async fn melding(
        &self,
        id: AbonnementId,
        mutatie_id: Uuid,
    ) -> Result<Option<Melding>, StoreError> {
        reading!(self.primary, PATIENCE, c => numbering::melding(c, id, mutatie_id))
    }

    async fn confirm(&self, id: AbonnementId, tot_en_met: u64) -> Result<(), StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::confirm(c, id, tot_en_met))
    }

    async fn leen(&self, lening: Lening, ids: &[AbonnementId]) -> Result<Vec<Geleend>, StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::leen(c, lening, ids))
    }

    async fn geef_terug(&self, lener: Uuid, ids: &[AbonnementId]) -> Result<(), StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::geef_terug(c, lener, ids))
    }

    async fn meld_bezorger(&self, lening: Lening) -> Result<Vec<Uuid>, StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::meld_bezorger(c, lening))
    }

    async fn meld_bezorger_af(&self, lener: Uuid) -> Result<(), StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::meld_bezorger_af(c, lener))
    }

    async fn lees(&self, vragen: &[Vraag]) -> Result<Vec<Gelezen>, StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::lees(c, vragen))
    }

    async fn achter(&self, vragen: &[Vraag], nu: Tijdstip) -> Result<Vec<Achter>, StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::achter(c, vragen, nu))
    }

    async fn record(
        &self,
        lening: Lening,
        bijwerkingen: &[Bijwerking],
    ) -> Result<Vec<bool>, StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::record(c, lening, bijwerkingen))
    }

    async fn keep_pogingen(
        &self,
        id: AbonnementId,
        pogingen: &[PogingRecord],
    ) -> Result<(), StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::keep_pogingen(c, id, pogingen))
    }

    async fn eindpunten(&self, ids: &[AbonnementId]) -> Result<Vec<Eindpuntstaat>, StoreError> {
        reading!(self.primary, PATIENCE, c => subscriptions::eindpunten(c, ids))
    }

    async fn set_eindpunt(
        &self,
        id: AbonnementId,
        before: Eindpuntstaat,
        after: Eindpuntstaat,
        proef: Option<&Poging>,
    ) -> Result<bool, StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::set_eindpunt(c, id, (before, after), proef))
    }

    async fn take_proef(&self, id: AbonnementId) -> Result<bool, StoreError> {
        reading!(self.primary, PATIENCE, c => delivering::take_proef(c, id))
    }

    async fn pogingen(
        &self,
        id: AbonnementId,
        volgnummer: Option<u64>,
        limit: u32,
    ) -> Result<Vec<PogingRecord>, StoreError> {
        reading!(self.primary, PATIENCE, c => operating::pogingen(c, id, volgnummer, limit))
    }

    async fn replay(
        &self,
        id: AbonnementId,
        keuze: Keuze,
        now: Tijdstip,
        daad: &Beheerdaad,
    ) -> Result<u64, StoreError> {
        reading!(self.primary, OPERATOR_PATIENCE, c => operating::replay(c, id, keuze, now, daad))
    }

    async fn drop_meldingen(
        &self,
        id: AbonnementId,
        keuze: Keuze,
        daad: &Beheerdaad,
    ) -> Result<u64, StoreError> {
        reading!(self.primary, OPERATOR_PATIENCE, c => operating::drop_meldingen(c, id, keuze, daad))
    }

    async fn operate(
        &self,
        before: &Abonnement,
        after: &Wijziging,
        daad: &Beheerdaad,
    ) -> Result<bool, StoreError> {
        reading!(self.primary, PATIENCE, c => subscriptions::change(c, before, after, Some(daad)))
    }

    async fn beheerdaden(
        &self,
        id: AbonnementId,
        limit: u32,
    ) -> Result<Vec<Beheerdaad>, StoreError> {
        reading!(self.primary, PATIENCE, c => operating::beheerdaden(c, id, limit))
    }

    async fn tellingen(&self) -> Result<Vec<Telling>, StoreError> {
        reading!(self.primary, PATIENCE, c => operating::tellingen(c))
    }

    async fn forget_before(&self, moment: Tijdstip) -> Result<u64, StoreError> {
        reading!(self.primary, OPERATOR_PATIENCE, c => operating::forget_before(c, moment))
    }

    fn ring(&self, bell: Arc<Notify>) {
        self.bells.ring(Arc::clone(&self.hosts), CHANNEL, bell);
    }
}

/// Wakes the other nodes once this is committed.
async fn tell(tx: &mut sqlx::PgConnection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_notify($1, '')")
        .bind(CHANNEL)
        .execute(tx)
        .await?;
    Ok(())
}

/// The bytes of ids, as an array takes them.
fn bytes_of(ids: &[AbonnementId]) -> Vec<Vec<u8>> {
    ids.iter().map(|id| super::rows::bytes(*id)).collect()
}
