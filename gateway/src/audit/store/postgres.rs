//! The record of processing in the database of the log, by a connection of its own: nothing waits
//! for it, and it waits for nothing.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::{Connection, PgConnection};

use super::{
    Blokrij, Daad, Journaalstand, NieuweTak, VerwerkingStore,
    rows::{BlokRow, DaadRow, GebruikRow, JournaalRow, Kolommen, hash_of, school},
};
use crate::{
    audit::{Gebruik, Hash, Pseudonym, lezer::GelezenBlok},
    domain::{Datum, Oin, Tijdstip},
    log::{
        PostgresSettings, StoreError,
        postgres::{
            hosts::{Hosts, Role},
            pool::{Pool, reading},
            schema,
        },
    },
};

/// How long one party may take before the host counts as cut off; a COMMIT may wait for the standby.
const PATIENCE: Duration = Duration::from_secs(20);

/// Shipping, and what looks beside it.
const CONNECTIONS: usize = 2;

/// The record of processing in PostgreSQL. All of it is on the primary.
#[derive(Debug)]
pub struct PostgresVerwerkingen {
    primary: Pool,
}

impl PostgresVerwerkingen {
    /// Opens it.
    ///
    /// # Errors
    /// As [`crate::log::PostgresStore::open`].
    pub async fn open(settings: &PostgresSettings) -> Result<Self, StoreError> {
        let hosts = Arc::new(Hosts::new(settings.hosts.clone()));
        let mut connected = hosts.connect(Role::Primary).await?;
        schema::bring(&mut connected, settings.migrate).await?;
        Ok(Self {
            primary: Pool::new(hosts, Role::Primary, CONNECTIONS),
        })
    }
}

#[async_trait]
impl VerwerkingStore for PostgresVerwerkingen {
    async fn journalen(&self) -> Result<Vec<Journaalstand>, StoreError> {
        reading!(self.primary, PATIENCE, c => journalen(c))
    }

    async fn begin(&self, nieuw: &NieuweTak) -> Result<(), StoreError> {
        reading!(self.primary, PATIENCE, c => begin(c, nieuw))
    }

    async fn ship(
        &self,
        stand: &Journaalstand,
        blokken: &[GelezenBlok],
        now: Tijdstip,
    ) -> Result<bool, StoreError> {
        reading!(self.primary, PATIENCE, c => ship(c, stand, blokken, now))
    }

    async fn hashes(
        &self,
        journaal: [u8; 16],
        van: u64,
        tot: u64,
    ) -> Result<BTreeSet<(u64, Hash)>, StoreError> {
        reading!(self.primary, PATIENCE, c => hashes(c, journaal, van, tot))
    }

    async fn blokken(&self, nr: i64, na: u64, limit: u32) -> Result<Vec<Blokrij>, StoreError> {
        reading!(self.primary, PATIENCE, c => blokken(c, nr, na, limit))
    }

    async fn over(
        &self,
        wie: Pseudonym,
        na: (i64, u64),
        limit: u32,
    ) -> Result<Vec<Blokrij>, StoreError> {
        reading!(self.primary, PATIENCE, c => over(c, wie, na, limit))
    }

    async fn verwijder(
        &self,
        stand: &Journaalstand,
        blokken: &[Blokrij],
    ) -> Result<bool, StoreError> {
        reading!(self.primary, PATIENCE, c => verwijder(c, stand, blokken))
    }

    async fn erken(&self, daad: &Daad) -> Result<u64, StoreError> {
        reading!(self.primary, PATIENCE, c => erken(c, daad))
    }

    async fn note(&self, daad: &Daad) -> Result<(), StoreError> {
        reading!(self.primary, PATIENCE, c => note_in(c, daad))
    }

    async fn daden(&self, limit: u32) -> Result<Vec<Daad>, StoreError> {
        reading!(self.primary, PATIENCE, c => daden(c, limit))
    }

    async fn tel(&self, gebruik: &[Gebruik]) -> Result<(), StoreError> {
        reading!(self.primary, PATIENCE, c => tel(c, gebruik))
    }

    async fn gebruik(
        &self,
        afnemer_oin: Oin,
        school_oin: Option<Oin>,
        dagen: (Datum, Datum),
        limit: u32,
    ) -> Result<Vec<Gebruik>, StoreError> {
        reading!(self.primary, PATIENCE, c => gebruik(c, afnemer_oin, school_oin, dagen, limit))
    }

    async fn vergeet_gebruik(&self, voor: Datum) -> Result<u64, StoreError> {
        reading!(self.primary, PATIENCE, c => vergeet_gebruik(c, voor))
    }
}

async fn journalen(c: &mut PgConnection) -> Result<Vec<Journaalstand>, StoreError> {
    let rows: Vec<JournaalRow> = sqlx::query_as("SELECT * FROM verwerking_journaal ORDER BY nr")
        .fetch_all(c)
        .await?;
    rows.into_iter().map(JournaalRow::read).collect()
}

/// Two nodes that begin at once may want the same nr: one of them fails and tries again.
async fn begin(c: &mut PgConnection, nieuw: &NieuweTak) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO verwerking_journaal (nr, journaal, tak, knoop, afwijking, blok, hash,
            segment, positie, bijgewerkt_ms, basis_blok, basis_hash)
         VALUES ((SELECT coalesce(max(nr), 0) + 1 FROM verwerking_journaal),
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $5, $6)
         ON CONFLICT (journaal, tak) DO NOTHING",
    )
    .bind(nieuw.journaal.as_slice())
    .bind(i64::from(nieuw.tak))
    .bind(&nieuw.knoop)
    .bind(nieuw.afwijking.as_deref())
    .bind(nieuw.basis.blok.cast_signed())
    .bind(nieuw.basis.hash.as_slice())
    .bind(nieuw.basis.segment.cast_signed())
    .bind(nieuw.basis.offset.cast_signed())
    .bind(nieuw.op.as_millis())
    .execute(c)
    .await?;
    Ok(())
}

async fn ship(
    c: &mut PgConnection,
    stand: &Journaalstand,
    blokken: &[GelezenBlok],
    now: Tijdstip,
) -> Result<bool, StoreError> {
    let Some(last) = blokken.last() else {
        return Ok(true);
    };
    let kolommen = Kolommen::of(blokken, now);
    let mut tx = c.begin().await?;
    let moved = sqlx::query(
        "UPDATE verwerking_journaal
         SET blok = $1, hash = $2, segment = $3, positie = $4, bijgewerkt_ms = $5
         WHERE nr = $6 AND blok = $7 AND hash = $8",
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
    sqlx::query(
        "INSERT INTO verwerking_blok (journaal, blok, tijdstip_ms, kop, inhoud, hash)
         SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[])",
    )
    .bind(stand.nr)
    .bind(&kolommen.blok)
    .bind(&kolommen.tijdstip_ms)
    .bind(&kolommen.kop)
    .bind(&kolommen.inhoud)
    .bind(&kolommen.hash)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO verwerking_betrokkene (journaal, pseudonym, blok)
         SELECT $1, * FROM unnest($2::bytea[], $3::bigint[])",
    )
    .bind(stand.nr)
    .bind(&kolommen.wie.0)
    .bind(&kolommen.wie.1)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}

async fn hashes(
    c: &mut PgConnection,
    journaal: [u8; 16],
    van: u64,
    tot: u64,
) -> Result<BTreeSet<(u64, Hash)>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT b.blok, b.hash FROM verwerking_journaal j JOIN verwerking_blok b ON b.journaal = j.nr
         WHERE j.journaal = $1 AND b.blok BETWEEN $2 AND $3",
    )
    .bind(journaal.as_slice())
    .bind(van.cast_signed())
    .bind(tot.cast_signed())
    .fetch_all(c)
    .await?;
    rows.iter().map(hash_of).collect()
}

async fn blokken(
    c: &mut PgConnection,
    nr: i64,
    na: u64,
    limit: u32,
) -> Result<Vec<Blokrij>, StoreError> {
    let rows: Vec<BlokRow> = sqlx::query_as(
        "SELECT * FROM verwerking_blok WHERE journaal = $1 AND blok > $2 ORDER BY blok LIMIT $3",
    )
    .bind(nr)
    .bind(na.cast_signed())
    .bind(i64::from(limit))
    .fetch_all(c)
    .await?;
    rows.into_iter().map(BlokRow::read).collect()
}

async fn over(
    c: &mut PgConnection,
    wie: Pseudonym,
    na: (i64, u64),
    limit: u32,
) -> Result<Vec<Blokrij>, StoreError> {
    let rows: Vec<BlokRow> = sqlx::query_as(
        "SELECT b.* FROM verwerking_betrokkene v
         JOIN verwerking_blok b ON b.journaal = v.journaal AND b.blok = v.blok
         WHERE v.pseudonym = $1 AND (v.journaal, v.blok) > ($2, $3)
         ORDER BY v.journaal, v.blok LIMIT $4",
    )
    .bind(wie.0.as_slice())
    .bind(na.0)
    .bind(na.1.cast_signed())
    .bind(i64::from(limit))
    .fetch_all(c)
    .await?;
    rows.into_iter().map(BlokRow::read).collect()
}

async fn verwijder(
    c: &mut PgConnection,
    stand: &Journaalstand,
    blokken: &[Blokrij],
) -> Result<bool, StoreError> {
    let Some(last) = blokken.last() else {
        return Ok(true);
    };
    let (wie, waar) = Kolommen::wie_of(blokken)?.wie;
    let mut tx = c.begin().await?;
    let moved = sqlx::query(
        "UPDATE verwerking_journaal SET basis_blok = $1, basis_hash = $2
         WHERE nr = $3 AND basis_blok = $4",
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
    sqlx::query("DELETE FROM verwerking_blok WHERE journaal = $1 AND blok <= $2")
        .bind(stand.nr)
        .bind(last.blok.cast_signed())
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "DELETE FROM verwerking_betrokkene v USING unnest($2::bytea[], $3::bigint[]) AS o (wie, waar)
         WHERE v.pseudonym = o.wie AND v.journaal = $1 AND v.blok = o.waar",
    )
    .bind(stand.nr)
    .bind(&wie)
    .bind(&waar)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}

async fn erken(c: &mut PgConnection, daad: &Daad) -> Result<u64, StoreError> {
    let mut tx = c.begin().await?;
    let done = sqlx::query(
        "UPDATE verwerking_journaal SET erkend_ms = $1
         WHERE afwijking IS NOT NULL AND erkend_ms IS NULL",
    )
    .bind(daad.tijdstip.as_millis())
    .execute(&mut *tx)
    .await?;
    note_in(&mut tx, daad).await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}

/// The same once, also when the answer of the first try got lost.
async fn note_in(c: &mut PgConnection, daad: &Daad) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO verwerking_daad (id, tijdstip_ms, wie, daad, toelichting)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(daad.id.as_slice())
    .bind(daad.tijdstip.as_millis())
    .bind(&daad.wie)
    .bind(&daad.daad)
    .bind(&daad.toelichting)
    .execute(c)
    .await?;
    Ok(())
}

async fn daden(c: &mut PgConnection, limit: u32) -> Result<Vec<Daad>, StoreError> {
    let rows: Vec<DaadRow> =
        sqlx::query_as("SELECT * FROM verwerking_daad ORDER BY tijdstip_ms DESC, id LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(c)
            .await?;
    rows.into_iter().map(DaadRow::read).collect()
}

/// Ascending by key, so that nodes that add at once wait for each other in one order.
async fn tel(c: &mut PgConnection, gebruik: &[Gebruik]) -> Result<(), StoreError> {
    let (mut afnemer, mut scholen, mut dag) = (Vec::new(), Vec::new(), Vec::new());
    let (mut operatie, mut uitkomst, mut aantal) = (Vec::new(), Vec::new(), Vec::new());
    for one in gebruik {
        afnemer.push(one.partij.afnemer_oin.as_str().to_owned());
        scholen.push(school(one.partij.school_oin));
        dag.push(i64::from(one.dag.days()));
        operatie.push(one.operatie.clone());
        uitkomst.push(one.uitkomst.clone());
        aantal.push(one.aantal.cast_signed());
    }
    sqlx::query(
        "INSERT INTO gebruik (afnemer, school, dag, operatie, uitkomst, aantal)
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[])
           AS n (afnemer, school, dag, operatie, uitkomst, aantal)
         ORDER BY 1, 2, 3, 4, 5
         ON CONFLICT (afnemer, school, dag, operatie, uitkomst)
         DO UPDATE SET aantal = gebruik.aantal + excluded.aantal",
    )
    .bind(&afnemer)
    .bind(&scholen)
    .bind(&dag)
    .bind(&operatie)
    .bind(&uitkomst)
    .bind(&aantal)
    .execute(c)
    .await?;
    Ok(())
}

async fn gebruik(
    c: &mut PgConnection,
    afnemer_oin: Oin,
    school_oin: Option<Oin>,
    dagen: (Datum, Datum),
    limit: u32,
) -> Result<Vec<Gebruik>, StoreError> {
    let rows: Vec<GebruikRow> = sqlx::query_as(
        "SELECT * FROM gebruik WHERE afnemer = $1 AND ($2::text IS NULL OR school = $2)
           AND dag BETWEEN $3 AND $4
         ORDER BY dag, school, operatie, uitkomst LIMIT $5",
    )
    .bind(afnemer_oin.as_str())
    .bind(school_oin.map(|oin| oin.as_str().to_owned()))
    .bind(i64::from(dagen.0.days()))
    .bind(i64::from(dagen.1.days()))
    .bind(i64::from(limit))
    .fetch_all(c)
    .await?;
    rows.into_iter().map(GebruikRow::read).collect()
}

async fn vergeet_gebruik(c: &mut PgConnection, voor: Datum) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM gebruik WHERE dag < $1")
        .bind(i64::from(voor.days()))
        .execute(c)
        .await?;
    Ok(done.rows_affected())
}
