//! The queue in the SQLite file of the log.

use std::{
    collections::{HashSet, hash_map::Entry},
    path::Path,
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{
    Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use uuid::Uuid;

use super::{
    Attempt, Beheerdaad, Claim, Cursor, Eindpuntstaat, FanoutStart, Keuze, NieuweMelding, Poging,
    PogingRecord, PushStore, Telling, Wanted, Wijziging,
    rows::{
        AbonnementRow, BaanRow, BaanSleutel, BeheerdaadRow, ClaimRow, EindpuntRow, LaatsteRow,
        MeldingRow, PogingRow, Uitgifte, afloop, bytes, encode, in_order, melding_columns, to_id,
    },
};
use crate::{
    domain::{Oin, Tijdstip},
    log::{FileIdentity, LogStore, SqliteStore, StoreError},
    push::{Abonnement, AbonnementId, Laatste, Melding, Staat},
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
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO abonnement (id, afnemer, open, inhoud) VALUES (?, ?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(bytes(abonnement.id))
        .bind(abonnement.afnemer_oin.as_str())
        .bind(abonnement.is_open())
        .bind(encode(abonnement)?)
        .execute(&mut *tx)
        .await?;
        changed(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    async fn abonnement(&self, id: AbonnementId) -> Result<Option<Abonnement>, StoreError> {
        self.identity.check()?;
        let row: Option<AbonnementRow> =
            sqlx::query_as("SELECT inhoud FROM abonnement WHERE id = ?")
                .bind(bytes(id))
                .fetch_optional(&self.read)
                .await?;
        row.map(AbonnementRow::read).transpose()
    }

    async fn abonnementen(&self, afnemer_oin: Option<Oin>) -> Result<Vec<Abonnement>, StoreError> {
        self.identity.check()?;
        let rows: Vec<AbonnementRow> = sqlx::query_as(
            "SELECT inhoud FROM abonnement WHERE ?1 IS NULL OR afnemer = ?1 ORDER BY id",
        )
        .bind(afnemer_oin.map(|oin| oin.as_str().to_owned()))
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(AbonnementRow::read).collect()
    }

    async fn change(&self, before: &Abonnement, after: &Wijziging) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let id = bytes(before.id);
        let row: Option<AbonnementRow> =
            sqlx::query_as("SELECT inhoud FROM abonnement WHERE id = ?")
                .bind(&id)
                .fetch_optional(&mut *tx)
                .await?;
        let there = row.map(AbonnementRow::read).transpose()?;
        if there.as_ref() != Some(before) {
            return Ok(there.as_ref() == Some(&after.abonnement));
        }
        sqlx::query("UPDATE abonnement SET inhoud = ?, open = ?, proef = proef OR ? WHERE id = ?")
            .bind(encode(&after.abonnement)?)
            .bind(after.abonnement.is_open())
            .bind(after.proef)
            .bind(&id)
            .execute(&mut *tx)
            .await?;
        if after.begin_opnieuw {
            begin_again(&mut tx, &id).await?;
        }
        changed(&mut tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn laatste(&self, ids: &[AbonnementId]) -> Result<Vec<Laatste>, StoreError> {
        self.identity.check()?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let row: Option<LaatsteRow> = sqlx::query_as(LAATSTE)
                .bind(bytes(*id))
                .fetch_optional(&self.read)
                .await?;
            found.extend(row.map(LaatsteRow::read).transpose()?);
        }
        Ok(in_order(ids, found))
    }

    async fn revisie(&self) -> Result<u64, StoreError> {
        self.identity.check()?;
        let revisie: i64 = sqlx::query_scalar("SELECT revisie FROM push_stand")
            .fetch_one(&self.read)
            .await?;
        Ok(revisie.cast_unsigned())
    }

    async fn fanout_start(&self) -> Result<FanoutStart, StoreError> {
        self.identity.check()?;
        let mut tx = self.read.begin().await?;
        let (nummer, regel, revisie): (i64, i64, i64) =
            sqlx::query_as("SELECT nummer, regel, revisie FROM push_stand")
                .fetch_one(&mut *tx)
                .await?;
        let rows: Vec<AbonnementRow> =
            sqlx::query_as("SELECT inhoud FROM abonnement WHERE open ORDER BY id")
                .fetch_all(&mut *tx)
                .await?;
        Ok(FanoutStart {
            cursor: Cursor {
                nummer: nummer.cast_unsigned(),
                regel: regel.cast_unsigned(),
            },
            revisie: revisie.cast_unsigned(),
            abonnementen: rows
                .into_iter()
                .map(AbonnementRow::read)
                .collect::<Result<_, _>>()?,
        })
    }

    async fn fan_out(
        &self,
        start: &FanoutStart,
        to: Cursor,
        nieuw: &[NieuweMelding],
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let moved = sqlx::query(
            "UPDATE push_stand SET nummer = ?, regel = ?
             WHERE nummer = ? AND regel = ? AND revisie = ?",
        )
        .bind(to.nummer.cast_signed())
        .bind(to.regel.cast_signed())
        .bind(start.cursor.nummer.cast_signed())
        .bind(start.cursor.regel.cast_signed())
        .bind(start.revisie.cast_signed())
        .execute(&mut *tx)
        .await?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        let mut uitgifte = stand_of(&mut tx, nieuw).await?;
        let genummerd = uitgifte.number(nieuw)?;
        for melding in &genummerd {
            sqlx::query(
                "INSERT INTO melding (abonnement, volgnummer, mutatie_id, leerbedrijf, school, vorig,
                    geregistreerd_ms, inhoud) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(bytes(melding.nieuw.abonnement))
            .bind(melding.volgnummer)
            .bind(melding.nieuw.mutatie_id.as_bytes().as_slice())
            .bind(i64::from(melding.nieuw.leerbedrijf_id.as_u32()))
            .bind(melding.nieuw.school_oin.as_str())
            .bind(melding.vorig)
            .bind(melding.nieuw.inhoud.geregistreerd_op.as_millis())
            .bind(&melding.inhoud)
            .execute(&mut *tx)
            .await?;
        }
        let touched: HashSet<BaanSleutel> = genummerd
            .iter()
            .map(|melding| (melding.nieuw.abonnement, melding.nieuw.leerbedrijf_id))
            .collect();
        for sleutel in &touched {
            let baan = &uitgifte.banen[sleutel];
            sqlx::query(
                "INSERT OR REPLACE INTO baan
                    (abonnement, leerbedrijf, laatste, kop, pogingen, volgende_ms, lease)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(bytes(sleutel.0))
            .bind(i64::from(sleutel.1.as_u32()))
            .bind(baan.laatste)
            .bind(baan.kop)
            .bind(baan.pogingen)
            .bind(baan.volgende_ms)
            .bind(&baan.lease)
            .execute(&mut *tx)
            .await?;
        }
        for (id, laatste) in &uitgifte.laatste {
            sqlx::query("UPDATE abonnement SET laatste = ? WHERE id = ?")
                .bind(laatste)
                .bind(bytes(*id))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn meldingen(
        &self,
        id: AbonnementId,
        na: u64,
        limit: u32,
    ) -> Result<Vec<Melding>, StoreError> {
        self.identity.check()?;
        let rows: Vec<MeldingRow> = sqlx::query_as(concat!(
            "SELECT ",
            melding_columns!(),
            " FROM melding m WHERE abonnement = ? AND volgnummer > ? ORDER BY volgnummer LIMIT ?"
        ))
        .bind(bytes(id))
        .bind(na.cast_signed())
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(MeldingRow::read).collect()
    }

    async fn melding(
        &self,
        id: AbonnementId,
        mutatie_id: Uuid,
    ) -> Result<Option<Melding>, StoreError> {
        self.identity.check()?;
        let row: Option<MeldingRow> = sqlx::query_as(concat!(
            "SELECT ",
            melding_columns!(),
            " FROM melding m WHERE abonnement = ? AND mutatie_id = ?"
        ))
        .bind(bytes(id))
        .bind(mutatie_id.as_bytes().as_slice())
        .fetch_optional(&self.read)
        .await?;
        row.map(MeldingRow::read).transpose()
    }

    async fn confirm(&self, id: AbonnementId, tot_en_met: u64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let id = bytes(id);
        let taken = sqlx::query(
            "UPDATE melding SET staat = 1 WHERE abonnement = ? AND volgnummer <= ? AND staat = 0",
        )
        .bind(&id)
        .bind(tot_en_met.cast_signed())
        .execute(&mut *tx)
        .await?;
        if taken.rows_affected() > 0 {
            heads_behind(&mut tx, &id, tot_en_met).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn claim(
        &self,
        wanted: &[Wanted],
        now: Tijdstip,
        until: Tijdstip,
        lease: Uuid,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut tx = self.begin().await?;
        let mut lent = Vec::new();
        for wish in wanted {
            let rows: Vec<ClaimRow> = sqlx::query_as(concat!(
                "SELECT ",
                melding_columns!(),
                ", b.pogingen, coalesce((SELECT min(n) FROM (
                     SELECT min(kop) AS n FROM baan
                     WHERE abonnement = b.abonnement AND kop IS NOT NULL
                     UNION ALL SELECT min(volgnummer) FROM melding
                     WHERE abonnement = b.abonnement AND staat = 3)) - 1, 0) AS volledig
                 FROM baan b JOIN melding m
                   ON m.abonnement = b.abonnement AND m.volgnummer = b.kop
                 WHERE b.abonnement = ? AND b.kop IS NOT NULL AND b.volgende_ms <= ?
                 ORDER BY b.volgende_ms, b.kop LIMIT ?"
            ))
            .bind(bytes(wish.abonnement))
            .bind(now.as_millis())
            .bind(i64::from(wish.most))
            .fetch_all(&mut *tx)
            .await?;
            for row in rows {
                lent.push(row.read(lease)?);
            }
        }
        for claim in &lent {
            sqlx::query(
                "UPDATE baan SET lease = ?, volgende_ms = ? WHERE abonnement = ? AND leerbedrijf = ?",
            )
            .bind(lease.as_bytes().as_slice())
            .bind(until.as_millis())
            .bind(bytes(claim.melding.abonnement))
            .bind(i64::from(claim.melding.leerbedrijf_id.as_u32()))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        lent.sort_by_key(|claim| claim.melding.volgnummer);
        Ok(lent)
    }

    async fn record(&self, attempts: &[Attempt]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for attempt in attempts {
            record_one(&mut tx, attempt).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn eindpunten(&self, ids: &[AbonnementId]) -> Result<Vec<Eindpuntstaat>, StoreError> {
        self.identity.check()?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let row: Option<EindpuntRow> = sqlx::query_as(
                "SELECT id, faalt_sinds_ms, mislukt, niet_voor_ms, proef FROM abonnement WHERE id = ?",
            )
            .bind(bytes(*id))
            .fetch_optional(&self.read)
            .await?;
            found.extend(row.map(EindpuntRow::read).transpose()?);
        }
        Ok(in_order(ids, found))
    }

    async fn set_eindpunt(
        &self,
        id: AbonnementId,
        staat: Eindpuntstaat,
        proef: Option<&Poging>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE abonnement SET faalt_sinds_ms = ?, mislukt = ?, niet_voor_ms = ?, proef = ?
             WHERE id = ?",
        )
        .bind(staat.faalt_sinds.map(Tijdstip::as_millis))
        .bind(i64::from(staat.mislukt))
        .bind(staat.niet_voor.map(Tijdstip::as_millis))
        .bind(staat.proef_gevraagd)
        .bind(bytes(id))
        .execute(&mut *tx)
        .await?;
        if let Some(poging) = proef {
            // A test is of no number.
            write_poging(&mut tx, &bytes(id), 0, poging).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn pogingen(
        &self,
        id: AbonnementId,
        volgnummer: Option<u64>,
        limit: u32,
    ) -> Result<Vec<PogingRecord>, StoreError> {
        self.identity.check()?;
        let rows: Vec<PogingRow> = sqlx::query_as(
            "SELECT volgnummer, tijdstip_ms, http_status, duur_ms, antwoord, uitkomst FROM poging
             WHERE abonnement = ?1 AND (?2 IS NULL OR volgnummer = ?2)
             ORDER BY tijdstip_ms DESC LIMIT ?3",
        )
        .bind(bytes(id))
        .bind(volgnummer.map(u64::cast_signed))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(PogingRow::read).collect()
    }

    async fn replay(
        &self,
        id: AbonnementId,
        keuze: Keuze,
        now: Tijdstip,
        daad: &Beheerdaad,
    ) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let chosen = chosen(
            &mut tx,
            id,
            keuze,
            &[Staat::Wacht, Staat::Bezorgd, Staat::Dood],
        );
        let chosen = chosen.await?;
        for volgnummer in &chosen {
            set_staat(&mut tx, id, *volgnummer, Staat::Wacht).await?;
        }
        if !chosen.is_empty() {
            all_heads(&mut tx, &bytes(id), Some(now)).await?;
        }
        note(&mut tx, daad).await?;
        tx.commit().await?;
        Ok(chosen.len() as u64)
    }

    async fn drop_meldingen(
        &self,
        id: AbonnementId,
        keuze: Keuze,
        daad: &Beheerdaad,
    ) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let chosen = chosen(&mut tx, id, keuze, &[Staat::Wacht, Staat::Dood]).await?;
        for volgnummer in &chosen {
            set_staat(&mut tx, id, *volgnummer, Staat::Vervallen).await?;
        }
        if !chosen.is_empty() {
            all_heads(&mut tx, &bytes(id), None).await?;
        }
        note(&mut tx, daad).await?;
        tx.commit().await?;
        Ok(chosen.len() as u64)
    }

    async fn note(&self, daad: &Beheerdaad) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        note(&mut tx, daad).await?;
        Ok(tx.commit().await?)
    }

    async fn beheerdaden(&self, limit: u32) -> Result<Vec<Beheerdaad>, StoreError> {
        self.identity.check()?;
        let rows: Vec<BeheerdaadRow> = sqlx::query_as(
            "SELECT tijdstip_ms, wie, daad, abonnement, toelichting FROM beheerdaad
             ORDER BY nr DESC LIMIT ?",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(BeheerdaadRow::read).collect()
    }

    async fn tellingen(&self) -> Result<Vec<Telling>, StoreError> {
        self.identity.check()?;
        let rows: Vec<(Vec<u8>, i64, i64)> = sqlx::query_as(
            "SELECT a.id,
                (SELECT count(*) FROM melding m WHERE m.abonnement = a.id AND m.staat = 0),
                (SELECT count(*) FROM melding m WHERE m.abonnement = a.id AND m.staat = 3)
             FROM abonnement a WHERE a.open ORDER BY a.id",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter()
            .map(|(id, wacht, dood)| {
                Ok(Telling {
                    abonnement: to_id(&id)?,
                    wacht: wacht.cast_unsigned(),
                    dood: dood.cast_unsigned(),
                })
            })
            .collect()
    }

    async fn forget_before(&self, moment: Tijdstip) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let taken = sqlx::query(
            "UPDATE melding SET inhoud = NULL, staat = CASE WHEN staat = 1 THEN 1 ELSE 2 END
             WHERE inhoud IS NOT NULL AND geregistreerd_ms < ?",
        )
        .bind(moment.as_millis())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if taken > 0 {
            let ids: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id FROM abonnement")
                .fetch_all(&mut *tx)
                .await?;
            for id in ids {
                all_heads(&mut tx, &id, None).await?;
            }
        }
        sqlx::query("DELETE FROM poging WHERE tijdstip_ms < ?")
            .bind(moment.as_millis())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(taken)
    }

    async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// How far a subscription is, in one look.
const LAATSTE: &str = "
    SELECT a.id, a.laatste, a.laatste_poging_ms, a.laatste_uitkomst, a.faalt_sinds_ms,
        (SELECT min(n) FROM (
            SELECT min(kop) AS n FROM baan WHERE abonnement = a.id AND kop IS NOT NULL
            UNION ALL
            SELECT min(volgnummer) FROM melding WHERE abonnement = a.id AND staat = 3))
            AS eerste_open,
        (SELECT min(volgnummer) FROM melding WHERE abonnement = a.id AND inhoud IS NOT NULL)
            AS oudste,
        (SELECT m.geregistreerd_ms FROM melding m WHERE m.abonnement = a.id AND m.volgnummer =
            (SELECT min(kop) FROM baan WHERE abonnement = a.id AND kop IS NOT NULL))
            AS onbezorgd_ms
    FROM abonnement a WHERE a.id = ?";

/// Subscriptions were changed: a fan-out that began before does not count.
async fn changed(tx: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("UPDATE push_stand SET revisie = revisie + 1")
        .execute(tx)
        .await?;
    Ok(())
}

/// Everything that waits is due at once, as if never tried.
async fn begin_again(tx: &mut SqliteConnection, id: &[u8]) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE baan SET volgende_ms = 0, pogingen = 0, lease = NULL
         WHERE abonnement = ? AND kop IS NOT NULL",
    )
    .bind(id)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE abonnement SET faalt_sinds_ms = NULL, mislukt = 0, niet_voor_ms = NULL WHERE id = ?",
    )
    .bind(id)
    .execute(tx)
    .await?;
    Ok(())
}

/// What giving out numbers needs to know.
async fn stand_of(
    tx: &mut SqliteConnection,
    nieuw: &[NieuweMelding],
) -> Result<Uitgifte, StoreError> {
    let mut uitgifte = Uitgifte::default();
    for melding in nieuw {
        let id = bytes(melding.abonnement);
        if let Entry::Vacant(counter) = uitgifte.laatste.entry(melding.abonnement) {
            let laatste: Option<i64> =
                sqlx::query_scalar("SELECT laatste FROM abonnement WHERE id = ? AND open")
                    .bind(&id)
                    .fetch_optional(&mut *tx)
                    .await?;
            let Some(laatste) = laatste else { continue };
            counter.insert(laatste);
        }
        let told: Option<i64> = sqlx::query_scalar(
            "SELECT volgnummer FROM melding WHERE abonnement = ? AND mutatie_id = ?",
        )
        .bind(&id)
        .bind(melding.mutatie_id.as_bytes().as_slice())
        .fetch_optional(&mut *tx)
        .await?;
        if told.is_some() {
            uitgifte
                .bekend
                .insert((melding.abonnement, melding.mutatie_id));
        }
        let row: Option<BaanRow> = sqlx::query_as(BAAN)
            .bind(&id)
            .bind(i64::from(melding.leerbedrijf_id.as_u32()))
            .fetch_optional(&mut *tx)
            .await?;
        if let Some((sleutel, baan)) = row.map(BaanRow::read).transpose()? {
            uitgifte.banen.insert(sleutel, baan);
        }
    }
    Ok(uitgifte)
}

const BAAN: &str = "SELECT abonnement, leerbedrijf, laatste, kop, pogingen, volgende_ms, lease
    FROM baan WHERE abonnement = ? AND leerbedrijf = ?";

async fn record_one(tx: &mut SqliteConnection, attempt: &Attempt) -> Result<(), StoreError> {
    let id = bytes(attempt.abonnement);
    let leerbedrijf = i64::from(attempt.leerbedrijf_id.as_u32());
    if let Some(poging) = &attempt.poging {
        write_poging(tx, &id, attempt.volgnummer, poging).await?;
    }
    let row: Option<BaanRow> = sqlx::query_as(BAAN)
        .bind(&id)
        .bind(leerbedrijf)
        .fetch_optional(&mut *tx)
        .await?;
    let Some((_, baan)) = row.map(BaanRow::read).transpose()? else {
        return Ok(());
    };
    let Some(mut afloop) = afloop(attempt, &baan) else {
        return Ok(());
    };
    if let Some(staat) = afloop.staat {
        set_staat(tx, attempt.abonnement, attempt.volgnummer, staat).await?;
    }
    if afloop.volgende_kop {
        afloop.baan.kop = sqlx::query_scalar(
            "SELECT min(volgnummer) FROM melding
             WHERE abonnement = ? AND leerbedrijf = ? AND staat = 0",
        )
        .bind(&id)
        .bind(leerbedrijf)
        .fetch_one(&mut *tx)
        .await?;
    }
    sqlx::query(
        "UPDATE baan SET kop = ?, pogingen = ?, volgende_ms = ?, lease = NULL
         WHERE abonnement = ? AND leerbedrijf = ?",
    )
    .bind(afloop.baan.kop)
    .bind(afloop.baan.pogingen)
    .bind(afloop.baan.volgende_ms)
    .bind(&id)
    .bind(leerbedrijf)
    .execute(tx)
    .await?;
    Ok(())
}

async fn write_poging(
    tx: &mut SqliteConnection,
    id: &[u8],
    volgnummer: u64,
    poging: &Poging,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO poging (abonnement, volgnummer, tijdstip_ms, http_status, duur_ms, antwoord,
            uitkomst) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id)
    .bind(volgnummer.cast_signed())
    .bind(poging.tijdstip.as_millis())
    .bind(poging.http_status.map(i64::from))
    .bind(i64::from(poging.duur_ms))
    .bind(poging.antwoord_sha256.as_ref().map(<[u8; 32]>::as_slice))
    .bind(&poging.uitkomst)
    .execute(&mut *tx)
    .await?;
    sqlx::query("UPDATE abonnement SET laatste_poging_ms = ?, laatste_uitkomst = ? WHERE id = ?")
        .bind(poging.tijdstip.as_millis())
        .bind(&poging.uitkomst)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

async fn set_staat(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    volgnummer: u64,
    staat: Staat,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE melding SET staat = ? WHERE abonnement = ? AND volgnummer = ?")
        .bind(staat as i64)
        .bind(bytes(id))
        .bind(volgnummer.cast_signed())
        .execute(tx)
        .await?;
    Ok(())
}

/// Lanes whose head was confirmed get their next one.
async fn heads_behind(
    tx: &mut SqliteConnection,
    id: &[u8],
    tot_en_met: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE baan SET pogingen = 0, lease = NULL, volgende_ms = 0,
            kop = (SELECT min(m.volgnummer) FROM melding m WHERE m.abonnement = baan.abonnement
                   AND m.leerbedrijf = baan.leerbedrijf AND m.staat = 0)
         WHERE abonnement = ? AND kop <= ?",
    )
    .bind(id)
    .bind(tot_en_met.cast_signed())
    .execute(tx)
    .await?;
    Ok(())
}

/// Looks the heads up anew of lanes whose first waiting number is another one than it was; `due`
/// makes those due at that moment. What is on loan then is nobody's any more.
async fn all_heads(
    tx: &mut SqliteConnection,
    id: &[u8],
    due: Option<Tijdstip>,
) -> Result<(), StoreError> {
    sqlx::query(
        "WITH nieuw AS (SELECT b.leerbedrijf, (SELECT min(m.volgnummer) FROM melding m
                WHERE m.abonnement = b.abonnement AND m.leerbedrijf = b.leerbedrijf
                  AND m.staat = 0) AS kop
            FROM baan b WHERE b.abonnement = ?1)
         UPDATE baan SET kop = nieuw.kop, pogingen = 0, lease = NULL,
            volgende_ms = coalesce(?2, 0)
         FROM nieuw WHERE baan.abonnement = ?1 AND baan.leerbedrijf = nieuw.leerbedrijf
           AND (baan.kop IS NOT nieuw.kop OR ?2 IS NOT NULL)",
    )
    .bind(id)
    .bind(due.map(Tijdstip::as_millis))
    .execute(tx)
    .await?;
    Ok(())
}

/// Numbers that a command is about, of those in one of these states, with contents.
async fn chosen(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    keuze: Keuze,
    staten: &[Staat],
) -> Result<Vec<u64>, StoreError> {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT volgnummer, staat, geregistreerd_ms FROM melding
         WHERE abonnement = ? AND inhoud IS NOT NULL ORDER BY volgnummer",
    )
    .bind(bytes(id))
    .fetch_all(tx)
    .await?;
    let fits = |volgnummer: u64, staat: Staat, ms: i64| match keuze {
        Keuze::Nummers(van, tot) => (van..=tot).contains(&volgnummer),
        Keuze::Tijd(van, tot) => (van.as_millis()..=tot.as_millis()).contains(&ms),
        Keuze::Dood => staat == Staat::Dood,
        Keuze::Wacht => staat == Staat::Wacht,
    };
    let chosen = rows.into_iter().filter_map(|(volgnummer, staat, ms)| {
        let volgnummer = volgnummer.cast_unsigned();
        let staat = Staat::from_number(staat).filter(|staat| staten.contains(staat))?;
        fits(volgnummer, staat, ms).then_some(volgnummer)
    });
    Ok(chosen.collect())
}

async fn note(tx: &mut SqliteConnection, daad: &Beheerdaad) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO beheerdaad (tijdstip_ms, wie, daad, abonnement, toelichting)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(daad.tijdstip.as_millis())
    .bind(&daad.wie)
    .bind(&daad.daad)
    .bind(bytes(daad.abonnement))
    .bind(&daad.toelichting)
    .execute(tx)
    .await?;
    Ok(())
}
