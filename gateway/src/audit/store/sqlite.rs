//! The record of processing in the SQLite file of the log.

use std::{collections::BTreeSet, path::Path, time::Duration};

use async_trait::async_trait;
use sqlx::{
    Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    Blokrij, Daad, Journaalstand, NieuweTak, VerwerkingStore,
    rows::{BlokRow, DaadRow, GebruikRow, JournaalRow, Kolommen, hash_of, school},
};
use crate::{
    audit::{Gebruik, Hash, Pseudonym, lezer::GelezenBlok},
    domain::{Datum, Oin, Tijdstip},
    log::{FileIdentity, LogStore, SqliteStore, StoreError},
};

/// The log's import holds the write lock for some tens of milliseconds at a time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The record of processing in the SQLite file of the log.
#[derive(Debug)]
pub struct SqliteVerwerkingen {
    identity: FileIdentity,
    write: SqlitePool,
    read: SqlitePool,
}

impl SqliteVerwerkingen {
    /// Opens it; makes the file, with the log's own tables, when there is none.
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
        let writing = options("verwerking")
            .journal_mode(SqliteJournalMode::Wal)
            // What a node removes from its own disk must be on this one.
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON");
        let one = || SqlitePoolOptions::new().max_connections(1);
        Ok(Self {
            write: one().connect_with(writing).await?,
            read: one()
                .connect_with(options("verwerking-read").read_only(true))
                .await?,
            identity: FileIdentity::of(path)?,
        })
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.identity.check()?;
        Ok(self.write.begin_with("BEGIN IMMEDIATE").await?)
    }
}

#[async_trait]
impl VerwerkingStore for SqliteVerwerkingen {
    async fn journalen(&self) -> Result<Vec<Journaalstand>, StoreError> {
        self.identity.check()?;
        let rows: Vec<JournaalRow> =
            sqlx::query_as("SELECT * FROM verwerking_journaal ORDER BY nr")
                .fetch_all(&self.read)
                .await?;
        rows.into_iter().map(JournaalRow::read).collect()
    }

    async fn begin(&self, nieuw: &NieuweTak) -> Result<(), StoreError> {
        let mut tx = Self::begin(self).await?;
        let hash = nieuw.basis.hash.as_slice();
        sqlx::query(
            "INSERT INTO verwerking_journaal (nr, journaal, tak, knoop, afwijking, blok, hash,
                segment, positie, bijgewerkt_ms, basis_blok, basis_hash)
             VALUES ((SELECT coalesce(max(nr), 0) + 1 FROM verwerking_journaal),
                ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?5, ?6)
             ON CONFLICT (journaal, tak) DO NOTHING",
        )
        .bind(nieuw.journaal.as_slice())
        .bind(i64::from(nieuw.tak))
        .bind(&nieuw.knoop)
        .bind(nieuw.afwijking.as_deref())
        .bind(nieuw.basis.blok.cast_signed())
        .bind(hash)
        .bind(nieuw.basis.segment.cast_signed())
        .bind(nieuw.basis.offset.cast_signed())
        .bind(nieuw.op.as_millis())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn ship(
        &self,
        stand: &Journaalstand,
        blokken: &[GelezenBlok],
        now: Tijdstip,
    ) -> Result<bool, StoreError> {
        let Some(last) = blokken.last() else {
            return Ok(true);
        };
        let kolommen = Kolommen::of(blokken, now);
        let mut tx = Self::begin(self).await?;
        let moved = sqlx::query(
            "UPDATE verwerking_journaal
             SET blok = ?, hash = ?, segment = ?, positie = ?, bijgewerkt_ms = ?
             WHERE nr = ? AND blok = ? AND hash = ?",
        )
        .bind(last.na.blok.cast_signed())
        .bind(last.na.hash.as_slice())
        .bind(last.na.segment.cast_signed())
        .bind(last.na.offset.cast_signed())
        .bind(now.as_millis())
        .bind(stand.nr)
        .bind(stand.na.blok.cast_signed())
        .bind(stand.na.hash.as_slice())
        .execute(&mut *tx)
        .await?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        insert(&mut tx, stand.nr, &kolommen).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn hashes(
        &self,
        journaal: [u8; 16],
        van: u64,
        tot: u64,
    ) -> Result<BTreeSet<(u64, Hash)>, StoreError> {
        self.identity.check()?;
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT b.blok, b.hash FROM verwerking_journaal j JOIN verwerking_blok b ON b.journaal = j.nr
             WHERE j.journaal = ? AND b.blok BETWEEN ? AND ?",
        )
        .bind(journaal.as_slice())
        .bind(van.cast_signed())
        .bind(tot.cast_signed())
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(hash_of).collect()
    }

    async fn blokken(&self, nr: i64, na: u64, limit: u32) -> Result<Vec<Blokrij>, StoreError> {
        self.identity.check()?;
        let rows: Vec<BlokRow> = sqlx::query_as(
            "SELECT * FROM verwerking_blok WHERE journaal = ? AND blok > ? ORDER BY blok LIMIT ?",
        )
        .bind(nr)
        .bind(na.cast_signed())
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(BlokRow::read).collect()
    }

    async fn over(
        &self,
        wie: Pseudonym,
        na: (i64, u64),
        limit: u32,
    ) -> Result<Vec<Blokrij>, StoreError> {
        self.identity.check()?;
        let rows: Vec<BlokRow> = sqlx::query_as(
            "SELECT b.* FROM verwerking_betrokkene v
             JOIN verwerking_blok b ON b.journaal = v.journaal AND b.blok = v.blok
             WHERE v.pseudonym = ? AND (v.journaal, v.blok) > (?, ?)
             ORDER BY v.journaal, v.blok LIMIT ?",
        )
        .bind(wie.0.as_slice())
        .bind(na.0)
        .bind(na.1.cast_signed())
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(BlokRow::read).collect()
    }

    async fn verwijder(
        &self,
        stand: &Journaalstand,
        blokken: &[Blokrij],
    ) -> Result<bool, StoreError> {
        let Some(last) = blokken.last() else {
            return Ok(true);
        };
        let (wie, waar) = Kolommen::wie_of(blokken)?.wie;
        let mut tx = Self::begin(self).await?;
        let moved = sqlx::query(
            "UPDATE verwerking_journaal SET basis_blok = ?, basis_hash = ?
             WHERE nr = ? AND basis_blok = ?",
        )
        .bind(last.blok.cast_signed())
        .bind(last.hash.as_slice())
        .bind(stand.nr)
        .bind(stand.basis.0.cast_signed())
        .execute(&mut *tx)
        .await?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM verwerking_blok WHERE journaal = ? AND blok <= ?")
            .bind(stand.nr)
            .bind(last.blok.cast_signed())
            .execute(&mut *tx)
            .await?;
        for (pseudonym, blok) in wie.iter().zip(waar) {
            sqlx::query(
                "DELETE FROM verwerking_betrokkene
                 WHERE pseudonym = ? AND journaal = ? AND blok = ?",
            )
            .bind(pseudonym.as_slice())
            .bind(stand.nr)
            .bind(blok)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn erken(&self, daad: &Daad) -> Result<u64, StoreError> {
        let mut tx = Self::begin(self).await?;
        let done = sqlx::query(
            "UPDATE verwerking_journaal SET erkend_ms = ?
             WHERE afwijking IS NOT NULL AND erkend_ms IS NULL",
        )
        .bind(daad.tijdstip.as_millis())
        .execute(&mut *tx)
        .await?;
        note_in(&mut tx, daad).await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    async fn note(&self, daad: &Daad) -> Result<(), StoreError> {
        let mut tx = Self::begin(self).await?;
        note_in(&mut tx, daad).await?;
        Ok(tx.commit().await?)
    }

    async fn daden(&self, limit: u32) -> Result<Vec<Daad>, StoreError> {
        self.identity.check()?;
        let rows: Vec<DaadRow> =
            sqlx::query_as("SELECT * FROM verwerking_daad ORDER BY tijdstip_ms DESC, id LIMIT ?")
                .bind(i64::from(limit))
                .fetch_all(&self.read)
                .await?;
        rows.into_iter().map(DaadRow::read).collect()
    }

    async fn tel(&self, gebruik: &[Gebruik]) -> Result<(), StoreError> {
        let mut tx = Self::begin(self).await?;
        for one in gebruik {
            sqlx::query(
                "INSERT INTO gebruik (afnemer, school, dag, operatie, uitkomst, aantal)
                 VALUES (?, ?, ?, ?, ?, ?)
                 ON CONFLICT (afnemer, school, dag, operatie, uitkomst)
                 DO UPDATE SET aantal = gebruik.aantal + excluded.aantal",
            )
            .bind(one.partij.afnemer_oin.as_str())
            .bind(school(one.partij.school_oin))
            .bind(one.dag.days())
            .bind(&one.operatie)
            .bind(&one.uitkomst)
            .bind(one.aantal.cast_signed())
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn gebruik(
        &self,
        afnemer_oin: Oin,
        school_oin: Option<Oin>,
        dagen: (Datum, Datum),
        limit: u32,
    ) -> Result<Vec<Gebruik>, StoreError> {
        self.identity.check()?;
        let rows: Vec<GebruikRow> = sqlx::query_as(
            "SELECT * FROM gebruik WHERE afnemer = ?1 AND (?2 IS NULL OR school = ?2)
               AND dag BETWEEN ?3 AND ?4
             ORDER BY dag, school, operatie, uitkomst LIMIT ?5",
        )
        .bind(afnemer_oin.as_str())
        .bind(school_oin.map(|oin| oin.as_str().to_owned()))
        .bind(dagen.0.days())
        .bind(dagen.1.days())
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(GebruikRow::read).collect()
    }

    async fn vergeet_gebruik(&self, voor: Datum) -> Result<u64, StoreError> {
        let mut tx = Self::begin(self).await?;
        let done = sqlx::query("DELETE FROM gebruik WHERE dag < ?")
            .bind(voor.days())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

async fn insert(tx: &mut SqliteConnection, nr: i64, kolommen: &Kolommen) -> Result<(), StoreError> {
    for at in 0..kolommen.blok.len() {
        sqlx::query(
            "INSERT INTO verwerking_blok (journaal, blok, tijdstip_ms, kop, inhoud, hash)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(nr)
        .bind(kolommen.blok[at])
        .bind(kolommen.tijdstip_ms[at])
        .bind(kolommen.kop[at].as_deref())
        .bind(kolommen.inhoud[at].as_slice())
        .bind(kolommen.hash[at].as_slice())
        .execute(&mut *tx)
        .await?;
    }
    for (pseudonym, blok) in kolommen.wie.0.iter().zip(&kolommen.wie.1) {
        sqlx::query(
            "INSERT INTO verwerking_betrokkene (pseudonym, journaal, blok) VALUES (?, ?, ?)",
        )
        .bind(pseudonym.as_slice())
        .bind(nr)
        .bind(blok)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn note_in(tx: &mut SqliteConnection, daad: &Daad) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO verwerking_daad (id, tijdstip_ms, wie, daad, toelichting)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(daad.id.as_slice())
    .bind(daad.tijdstip.as_millis())
    .bind(&daad.wie)
    .bind(&daad.daad)
    .bind(&daad.toelichting)
    .execute(tx)
    .await?;
    Ok(())
}
