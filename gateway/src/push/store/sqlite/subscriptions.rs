//! Subscriptions: who hears, and how far each of them is.

use sqlx::SqliteConnection;

use super::{SqlitePush, operating::note_in};
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

pub(super) async fn insert(push: &SqlitePush, abonnement: &Abonnement) -> Result<(), StoreError> {
    let mut tx = push.begin().await?;
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
    sqlx::query("INSERT INTO bezorging (abonnement) VALUES (?) ON CONFLICT DO NOTHING")
        .bind(bytes(abonnement.id))
        .execute(&mut *tx)
        .await?;
    changed(&mut tx).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn abonnement(
    push: &SqlitePush,
    id: AbonnementId,
) -> Result<Option<Abonnement>, StoreError> {
    push.identity.check()?;
    let row: Option<AbonnementRow> = sqlx::query_as("SELECT inhoud FROM abonnement WHERE id = ?")
        .bind(bytes(id))
        .fetch_optional(&push.read)
        .await?;
    row.map(AbonnementRow::read).transpose()
}

pub(super) async fn abonnementen(
    push: &SqlitePush,
    afnemer_oin: Option<Oin>,
) -> Result<Vec<Abonnement>, StoreError> {
    push.identity.check()?;
    let rows: Vec<AbonnementRow> = sqlx::query_as(
        "SELECT inhoud FROM abonnement WHERE ?1 IS NULL OR afnemer = ?1 ORDER BY id",
    )
    .bind(afnemer_oin.map(|oin| oin.as_str().to_owned()))
    .fetch_all(&push.read)
    .await?;
    rows.into_iter().map(AbonnementRow::read).collect()
}

pub(super) async fn change(
    push: &SqlitePush,
    before: &Abonnement,
    after: &Wijziging,
    daad: Option<&Beheerdaad>,
) -> Result<bool, StoreError> {
    let mut tx = push.begin().await?;
    let id = bytes(before.id);
    let row: Option<AbonnementRow> = sqlx::query_as("SELECT inhoud FROM abonnement WHERE id = ?")
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
    if let Some(daad) = daad {
        note_in(&mut tx, daad).await?;
    }
    changed(&mut tx).await?;
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn laatste(
    push: &SqlitePush,
    ids: &[AbonnementId],
) -> Result<Vec<Laatste>, StoreError> {
    push.identity.check()?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let row: Option<LaatsteRow> = sqlx::query_as(LAATSTE)
            .bind(bytes(*id))
            .fetch_optional(&push.read)
            .await?;
        found.extend(row.map(LaatsteRow::read).transpose()?);
    }
    Ok(in_order(ids, found))
}

pub(super) async fn revisie(push: &SqlitePush) -> Result<u64, StoreError> {
    push.identity.check()?;
    let revisie: i64 = sqlx::query_scalar("SELECT revisie FROM push_stand")
        .fetch_one(&push.read)
        .await?;
    Ok(revisie.cast_unsigned())
}

pub(super) async fn eindpunten(
    push: &SqlitePush,
    ids: &[AbonnementId],
) -> Result<Vec<Eindpuntstaat>, StoreError> {
    push.identity.check()?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let row: Option<EindpuntRow> = sqlx::query_as(
            "SELECT id, faalt_sinds_ms, mislukt, niet_voor_ms, proef FROM abonnement WHERE id = ?",
        )
        .bind(bytes(*id))
        .fetch_optional(&push.read)
        .await?;
        found.extend(row.map(EindpuntRow::read).transpose()?);
    }
    Ok(in_order(ids, found))
}

/// How far a subscription is, in one look.
const LAATSTE: &str = "
    SELECT a.id, a.laatste, a.faalt_sinds_ms, b.klaar, b.laatste_poging_ms, b.laatste_uitkomst,
        (SELECT min(n) FROM (
            SELECT min(vanaf) AS n FROM achterstand WHERE abonnement = a.id UNION ALL
            SELECT min(volgnummer) FROM melding
            WHERE abonnement = a.id AND staat = 4 AND staat <> 0 UNION ALL
            SELECT min(volgnummer) FROM melding
            WHERE abonnement = a.id AND staat = 3 AND staat <> 0)) AS eerste_open,
        (SELECT min(volgnummer) FROM melding WHERE abonnement = a.id AND inhoud IS NOT NULL)
            AS oudste,
        (SELECT m.geregistreerd_ms FROM melding m
         WHERE m.abonnement = a.id AND m.volgnummer >= (SELECT min(n) FROM (
            SELECT min(vanaf) AS n FROM achterstand WHERE abonnement = a.id UNION ALL
            SELECT min(volgnummer) FROM melding
            WHERE abonnement = a.id AND staat = 4 AND staat <> 0 UNION ALL
            SELECT b.klaar + 1))
         ORDER BY m.volgnummer LIMIT 1) AS onbezorgd_ms
    FROM abonnement a JOIN bezorging b ON b.abonnement = a.id WHERE a.id = ?";

/// Subscriptions were changed: a fan-out that began before does not count.
async fn changed(tx: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("UPDATE push_stand SET revisie = revisie + 1")
        .execute(tx)
        .await?;
    Ok(())
}

/// Everything that waits is due at once, as if never tried.
async fn begin_again(tx: &mut SqliteConnection, id: &[u8]) -> Result<(), StoreError> {
    sqlx::query("UPDATE bezorging SET beurt = beurt + 1 WHERE abonnement = ?")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE achterstand SET volgende_ms = 0, pogingen = 0 WHERE abonnement = ?")
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
