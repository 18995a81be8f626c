//! Subscriptions: who hears, and how far each of them is.

use sqlx::{Connection, PgConnection};

use super::{bytes_of, operating::note_in, tell};
use crate::{
    domain::Oin,
    log::StoreError,
    push::{
        Abonnement, AbonnementId, Laatste,
        store::{
            Beheerdaad, Eindpuntstaat, Wijziging,
            rows::{AbonnementRow, EindpuntRow, LaatsteRow, bytes, encode, in_order},
        },
    },
};

pub(super) async fn insert(c: &mut PgConnection, new: &Abonnement) -> Result<(), StoreError> {
    let mut tx = c.begin().await?;
    changed(&mut tx).await?;
    sqlx::query(
        "INSERT INTO abonnement (id, afnemer, open, inhoud) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(bytes(new.id))
    .bind(new.afnemer_oin.as_str())
    .bind(new.is_open())
    .bind(encode(new)?)
    .execute(&mut *tx)
    .await?;
    sqlx::query("INSERT INTO bezorging (abonnement) VALUES ($1) ON CONFLICT DO NOTHING")
        .bind(bytes(new.id))
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

pub(super) async fn one(
    c: &mut PgConnection,
    id: AbonnementId,
) -> Result<Option<Abonnement>, StoreError> {
    let row: Option<AbonnementRow> = sqlx::query_as("SELECT inhoud FROM abonnement WHERE id = $1")
        .bind(bytes(id))
        .fetch_optional(c)
        .await?;
    row.map(AbonnementRow::read).transpose()
}

pub(super) async fn all(
    c: &mut PgConnection,
    afnemer_oin: Option<Oin>,
) -> Result<Vec<Abonnement>, StoreError> {
    let rows: Vec<AbonnementRow> = sqlx::query_as(
        "SELECT inhoud FROM abonnement WHERE $1::text IS NULL OR afnemer = $1 ORDER BY id",
    )
    .bind(afnemer_oin.map(|oin| oin.as_str().to_owned()))
    .fetch_all(c)
    .await?;
    rows.into_iter().map(AbonnementRow::read).collect()
}

pub(super) async fn change(
    c: &mut PgConnection,
    before: &Abonnement,
    after: &Wijziging,
    daad: Option<&Beheerdaad>,
) -> Result<bool, StoreError> {
    let mut tx = c.begin().await?;
    // Locks in the order of all others: the cursor, subscriptions, how far they are.
    changed(&mut tx).await?;
    let id = bytes(before.id);
    let row: Option<AbonnementRow> =
        sqlx::query_as("SELECT inhoud FROM abonnement WHERE id = $1 FOR UPDATE")
            .bind(&id)
            .fetch_optional(&mut *tx)
            .await?;
    let there = row.map(AbonnementRow::read).transpose()?;
    if there.as_ref() != Some(before) {
        return Ok(there.as_ref() == Some(&after.abonnement));
    }
    sqlx::query("UPDATE abonnement SET inhoud = $1, open = $2, proef = proef OR $3 WHERE id = $4")
        .bind(encode(&after.abonnement)?)
        .bind(after.abonnement.is_open())
        .bind(after.proef)
        .bind(&id)
        .execute(&mut *tx)
        .await?;
    if after.begin_opnieuw {
        begin_again(&mut tx, &id).await?;
    }
    if let Some(daad) = daad {
        note_in(&mut tx, daad).await?;
    }
    tell(&mut tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// Everything that waits is due at once, as if never tried.
async fn begin_again(tx: &mut PgConnection, id: &[u8]) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE abonnement SET faalt_sinds_ms = NULL, mislukt = 0, niet_voor_ms = NULL
         WHERE id = $1",
    )
    .bind(id)
    .execute(&mut *tx)
    .await?;
    sqlx::query("UPDATE bezorging SET beurt = beurt + 1 WHERE abonnement = $1")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE achterstand SET volgende_ms = 0, pogingen = 0 WHERE abonnement = $1")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn laatste(
    c: &mut PgConnection,
    ids: &[AbonnementId],
) -> Result<Vec<Laatste>, StoreError> {
    let rows: Vec<LaatsteRow> = sqlx::query_as(
        "SELECT a.id, a.laatste, a.faalt_sinds_ms, b.klaar, b.laatste_poging_ms,
            b.laatste_uitkomst, least(w.vanaf, w.opnieuw, w.dood) AS eerste_open,
            (SELECT m.volgnummer FROM melding m WHERE m.abonnement = a.id
               AND m.inhoud IS NOT NULL ORDER BY m.volgnummer LIMIT 1) AS oudste,
            (SELECT m.geregistreerd_ms FROM melding m WHERE m.abonnement = a.id
               AND m.volgnummer >= least(w.vanaf, w.opnieuw, b.klaar + 1)
             ORDER BY m.volgnummer LIMIT 1) AS onbezorgd_ms
         FROM abonnement a JOIN bezorging b ON b.abonnement = a.id
         CROSS JOIN LATERAL (SELECT
            (SELECT min(vanaf) FROM achterstand WHERE abonnement = a.id) AS vanaf,
            (SELECT min(volgnummer) FROM melding
             WHERE abonnement = a.id AND staat = 4 AND staat <> 0) AS opnieuw,
            (SELECT min(volgnummer) FROM melding
             WHERE abonnement = a.id AND staat = 3 AND staat <> 0) AS dood) w
         WHERE a.id = ANY($1)",
    )
    .bind(bytes_of(ids))
    .fetch_all(c)
    .await?;
    let found = rows
        .into_iter()
        .map(LaatsteRow::read)
        .collect::<Result<_, _>>()?;
    Ok(in_order(ids, found))
}

pub(super) async fn revisie(c: &mut PgConnection) -> Result<u64, StoreError> {
    let revisie: i64 = sqlx::query_scalar("SELECT revisie FROM push_stand")
        .fetch_one(c)
        .await?;
    Ok(revisie.cast_unsigned())
}

pub(super) async fn eindpunten(
    c: &mut PgConnection,
    ids: &[AbonnementId],
) -> Result<Vec<Eindpuntstaat>, StoreError> {
    let rows: Vec<EindpuntRow> = sqlx::query_as(
        "SELECT id, faalt_sinds_ms, mislukt, niet_voor_ms, proef FROM abonnement
         WHERE id = ANY($1)",
    )
    .bind(bytes_of(ids))
    .fetch_all(c)
    .await?;
    let found = rows
        .into_iter()
        .map(EindpuntRow::read)
        .collect::<Result<_, _>>()?;
    Ok(in_order(ids, found))
}

/// Subscriptions are changed: a fan-out that began before does not count.
async fn changed(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("UPDATE push_stand SET revisie = revisie + 1")
        .execute(tx)
        .await?;
    Ok(())
}
