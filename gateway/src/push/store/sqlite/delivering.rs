//! Lending what is due and taking in what became of it.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{SqlitePush, numbering::BAAN};
use crate::{
    domain::Tijdstip,
    log::StoreError,
    push::{
        AbonnementId, Staat,
        store::{
            Attempt, Claim, Eindpuntstaat, Poging, Wanted,
            rows::{BaanRow, ClaimRow, afloop, bytes, melding_columns},
        },
    },
};

pub(super) async fn confirm(
    push: &SqlitePush,
    id: AbonnementId,
    tot_en_met: u64,
) -> Result<(), StoreError> {
    let mut tx = push.begin().await?;
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

pub(super) async fn claim(
    push: &SqlitePush,
    wanted: &[Wanted],
    now: Tijdstip,
    until: Tijdstip,
    lease: Uuid,
) -> Result<Vec<Claim>, StoreError> {
    let mut tx = push.begin().await?;
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

pub(super) async fn record(push: &SqlitePush, attempts: &[Attempt]) -> Result<(), StoreError> {
    let mut tx = push.begin().await?;
    for attempt in attempts {
        record_one(&mut tx, attempt).await?;
    }
    Ok(tx.commit().await?)
}

pub(super) async fn set_eindpunt(
    push: &SqlitePush,
    id: AbonnementId,
    (before, after): (Eindpuntstaat, Eindpuntstaat),
    proef: Option<&Poging>,
) -> Result<bool, StoreError> {
    let mut tx = push.begin().await?;
    let kept = sqlx::query(
        "UPDATE abonnement SET faalt_sinds_ms = ?, mislukt = ?, niet_voor_ms = ?
         WHERE id = ? AND faalt_sinds_ms IS ? AND mislukt = ? AND niet_voor_ms IS ?",
    )
    .bind(after.faalt_sinds.map(Tijdstip::as_millis))
    .bind(i64::from(after.mislukt))
    .bind(after.niet_voor.map(Tijdstip::as_millis))
    .bind(bytes(id))
    .bind(before.faalt_sinds.map(Tijdstip::as_millis))
    .bind(i64::from(before.mislukt))
    .bind(before.niet_voor.map(Tijdstip::as_millis))
    .execute(&mut *tx)
    .await?;
    if let Some(poging) = proef {
        // A test is of no number.
        write_poging(&mut tx, &bytes(id), 0, poging).await?;
    }
    tx.commit().await?;
    Ok(kept.rows_affected() > 0)
}

pub(super) async fn take_proef(push: &SqlitePush, id: AbonnementId) -> Result<bool, StoreError> {
    let mut tx = push.begin().await?;
    let taken = sqlx::query("UPDATE abonnement SET proef = 0 WHERE id = ? AND proef")
        .bind(bytes(id))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(taken.rows_affected() > 0)
}

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

pub(super) async fn write_poging(
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

pub(super) async fn set_staat(
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
