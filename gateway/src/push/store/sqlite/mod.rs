//! The queue in the SQLite file of the log.

mod delivering;
mod numbering;
mod operating;
mod subscriptions;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use uuid::Uuid;

use super::{
    Achter, Beheerdaad, Bijwerking, Cursor, Eindpuntstaat, FanoutStart, Geleend, Gelezen, Keuze,
    Lening, NieuweMelding, Poging, PogingRecord, PushStore, Telling, Vraag, Wijziging,
};
use crate::{
    domain::{Oin, Tijdstip},
    log::{FileIdentity, LogStore, SqliteStore, StoreError, sqlite::rewrite::Rewriting},
    push::{Abonnement, AbonnementId, Laatste, Melding},
};

/// The log's import holds the write lock for some tens of milliseconds at a time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Readers: operations and the fan-out.
const READ_CONNECTIONS: u32 = 2;

/// The queue in the SQLite file of the log.
#[derive(Debug)]
pub struct SqlitePush {
    identity: FileIdentity,
    write: SqlitePool,
    read: SqlitePool,
    rewriting: Rewriting,
}

impl SqlitePush {
    /// Opens the queue; makes the file, with the log's own tables, when there is none.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        // The file is the log's: it sets the mode and the schema, and refuses what is not its.
        SqliteStore::open(path).await?.close().await;
        let options = |name: &'static str| {
            SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(false)
                .busy_timeout(PATIENCE)
                .thread_name(move |n| format!("sqlite-{name}-{n}"))
        };
        let writing = options("push")
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Contents that are taken out are overwritten, not only unlinked (design invariant 12).
            .pragma("secure_delete", "ON");
        let write = SqlitePoolOptions::new().max_connections(1);
        let read = SqlitePoolOptions::new().max_connections(READ_CONNECTIONS);
        Ok(Self {
            write: write.connect_with(writing).await?,
            read: read
                .connect_with(options("push-read").read_only(true))
                .await?,
            identity: FileIdentity::of(path)?,
            rewriting: Rewriting::default(),
        })
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.identity.check()?;
        Ok(self.write.begin_with("BEGIN IMMEDIATE").await?)
    }
}

#[async_trait]
impl PushStore for SqlitePush {
    async fn insert(&self, abonnement: &Abonnement) -> Result<(), StoreError> {
        subscriptions::insert(self, abonnement).await
    }

    async fn abonnement(&self, id: AbonnementId) -> Result<Option<Abonnement>, StoreError> {
        subscriptions::abonnement(self, id).await
    }

    async fn abonnementen(&self, afnemer_oin: Option<Oin>) -> Result<Vec<Abonnement>, StoreError> {
        subscriptions::abonnementen(self, afnemer_oin).await
    }

    async fn change(&self, before: &Abonnement, after: &Wijziging) -> Result<bool, StoreError> {
        subscriptions::change(self, before, after, None).await
    }

    async fn laatste(&self, ids: &[AbonnementId]) -> Result<Vec<Laatste>, StoreError> {
        subscriptions::laatste(self, ids).await
    }

    async fn revisie(&self) -> Result<u64, StoreError> {
        subscriptions::revisie(self).await
    }

    async fn fanout_start(&self) -> Result<FanoutStart, StoreError> {
        numbering::fanout_start(self).await
    }

    async fn fan_out(
        &self,
        start: &FanoutStart,
        to: Cursor,
        nieuw: &[NieuweMelding],
    ) -> Result<bool, StoreError> {
        numbering::fan_out(self, start, to, nieuw).await
    }

    async fn meldingen(
        &self,
        id: AbonnementId,
        na: u64,
        limit: u32,
    ) -> Result<Vec<Melding>, StoreError> {
        numbering::meldingen(self, id, na, limit).await
    }

    async fn nummers(
        &self,
        id: AbonnementId,
        na: u64,
        limit: u32,
    ) -> Result<Vec<(u64, Uuid)>, StoreError> {
        numbering::nummers(self, id, na, limit).await
    }

    async fn melding(
        &self,
        id: AbonnementId,
        mutatie_id: Uuid,
    ) -> Result<Option<Melding>, StoreError> {
        numbering::melding(self, id, mutatie_id).await
    }

    async fn confirm(&self, id: AbonnementId, tot_en_met: u64) -> Result<(), StoreError> {
        delivering::confirm(self, id, tot_en_met).await
    }

    async fn leen(&self, lening: Lening, ids: &[AbonnementId]) -> Result<Vec<Geleend>, StoreError> {
        delivering::leen(self, lening, ids).await
    }

    async fn geef_terug(&self, lener: Uuid, ids: &[AbonnementId]) -> Result<(), StoreError> {
        delivering::geef_terug(self, lener, ids).await
    }

    async fn meld_bezorger(&self, lening: Lening) -> Result<Vec<Uuid>, StoreError> {
        delivering::meld_bezorger(self, lening).await
    }

    async fn meld_bezorger_af(&self, lener: Uuid) -> Result<(), StoreError> {
        delivering::meld_bezorger_af(self, lener).await
    }

    async fn lees(&self, vragen: &[Vraag]) -> Result<Vec<Gelezen>, StoreError> {
        delivering::lees(self, vragen).await
    }

    async fn achter(&self, vragen: &[Vraag], nu: Tijdstip) -> Result<Vec<Achter>, StoreError> {
        delivering::achter(self, vragen, nu).await
    }

    async fn record(
        &self,
        lening: Lening,
        bijwerkingen: &[Bijwerking],
    ) -> Result<Vec<bool>, StoreError> {
        delivering::record(self, lening, bijwerkingen).await
    }

    async fn keep_pogingen(
        &self,
        id: AbonnementId,
        pogingen: &[PogingRecord],
    ) -> Result<(), StoreError> {
        delivering::keep_pogingen(self, id, pogingen).await
    }

    async fn eindpunten(&self, ids: &[AbonnementId]) -> Result<Vec<Eindpuntstaat>, StoreError> {
        subscriptions::eindpunten(self, ids).await
    }

    async fn set_eindpunt(
        &self,
        id: AbonnementId,
        before: Eindpuntstaat,
        after: Eindpuntstaat,
        proef: Option<&Poging>,
    ) -> Result<bool, StoreError> {
        delivering::set_eindpunt(self, id, (before, after), proef).await
    }

    async fn take_proef(&self, id: AbonnementId) -> Result<bool, StoreError> {
        delivering::take_proef(self, id).await
    }

    async fn pogingen(
        &self,
        id: AbonnementId,
        volgnummer: Option<u64>,
        limit: u32,
    ) -> Result<Vec<PogingRecord>, StoreError> {
        operating::pogingen(self, id, volgnummer, limit).await
    }

    async fn replay(
        &self,
        id: AbonnementId,
        keuze: Keuze,
        now: Tijdstip,
        daad: &Beheerdaad,
    ) -> Result<u64, StoreError> {
        operating::replay(self, id, keuze, now, daad).await
    }

    async fn drop_meldingen(
        &self,
        id: AbonnementId,
        keuze: Keuze,
        daad: &Beheerdaad,
    ) -> Result<u64, StoreError> {
        operating::drop_meldingen(self, id, keuze, daad).await
    }

    async fn operate(
        &self,
        before: &Abonnement,
        after: &Wijziging,
        daad: &Beheerdaad,
    ) -> Result<bool, StoreError> {
        subscriptions::change(self, before, after, Some(daad)).await
    }

    async fn beheerdaden(
        &self,
        id: AbonnementId,
        limit: u32,
    ) -> Result<Vec<Beheerdaad>, StoreError> {
        operating::beheerdaden(self, id, limit).await
    }

    async fn tellingen(&self) -> Result<Vec<Telling>, StoreError> {
        operating::tellingen(self).await
    }

    async fn forget_before(&self, moment: Tijdstip) -> Result<u64, StoreError> {
        operating::forget_before(self, moment).await
    }

    async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}
