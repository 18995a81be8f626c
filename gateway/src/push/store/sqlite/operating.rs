//! What operators look at and do, and what the retention takes out.

use sqlx::SqliteConnection;

use super::{SqlitePush, delivering::set_staat};
use crate::{
    domain::Tijdstip,
    log::{
        StoreError,
        sqlite::rewrite::{empty_write_ahead_log, rewrite},
    },
    push::{
        AbonnementId, Staat,
        store::{
            Beheerdaad, Keuze, PogingRecord, Telling,
            rows::{BeheerdaadRow, PogingRow, bytes, to_id},
        },
    },
};

pub(super) async fn pogingen(
    push: &SqlitePush,
    id: AbonnementId,
    volgnummer: Option<u64>,
    limit: u32,
) -> Result<Vec<PogingRecord>, StoreError> {
    push.identity.check()?;
    let rows: Vec<PogingRow> = sqlx::query_as(
        "SELECT volgnummer, tijdstip_ms, http_status, duur_ms, antwoord, uitkomst FROM poging
         WHERE abonnement = ?1 AND (?2 IS NULL OR volgnummer = ?2)
         ORDER BY tijdstip_ms DESC LIMIT ?3",
    )
    .bind(bytes(id))
    .bind(volgnummer.map(u64::cast_signed))
    .bind(i64::from(limit))
    .fetch_all(&push.read)
    .await?;
    rows.into_iter().map(PogingRow::read).collect()
}

pub(super) async fn replay(
    push: &SqlitePush,
    id: AbonnementId,
    keuze: Keuze,
    now: Tijdstip,
    daad: &Beheerdaad,
) -> Result<u64, StoreError> {
    let mut tx = push.begin().await?;
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
    note_in(&mut tx, daad).await?;
    tx.commit().await?;
    Ok(chosen.len() as u64)
}

pub(super) async fn drop_meldingen(
    push: &SqlitePush,
    id: AbonnementId,
    keuze: Keuze,
    daad: &Beheerdaad,
) -> Result<u64, StoreError> {
    let mut tx = push.begin().await?;
    let chosen = chosen(&mut tx, id, keuze, &[Staat::Wacht, Staat::Dood]).await?;
    for volgnummer in &chosen {
        set_staat(&mut tx, id, *volgnummer, Staat::Vervallen).await?;
    }
    if !chosen.is_empty() {
        all_heads(&mut tx, &bytes(id), None).await?;
    }
    note_in(&mut tx, daad).await?;
    tx.commit().await?;
    Ok(chosen.len() as u64)
}

pub(super) async fn beheerdaden(
    push: &SqlitePush,
    id: AbonnementId,
    limit: u32,
) -> Result<Vec<Beheerdaad>, StoreError> {
    push.identity.check()?;
    let rows: Vec<BeheerdaadRow> = sqlx::query_as(
        "SELECT tijdstip_ms, wie, daad, abonnement, toelichting FROM beheerdaad
         WHERE abonnement = ? ORDER BY nr DESC LIMIT ?",
    )
    .bind(bytes(id))
    .bind(i64::from(limit))
    .fetch_all(&push.read)
    .await?;
    rows.into_iter().map(BeheerdaadRow::read).collect()
}

pub(super) async fn tellingen(push: &SqlitePush) -> Result<Vec<Telling>, StoreError> {
    push.identity.check()?;
    let rows: Vec<(Vec<u8>, i64, i64)> = sqlx::query_as(
        "SELECT a.id,
            (SELECT count(*) FROM melding m WHERE m.abonnement = a.id AND m.staat = 0),
            (SELECT count(*) FROM melding m WHERE m.abonnement = a.id AND m.staat = 3)
         FROM abonnement a WHERE a.open ORDER BY a.id",
    )
    .fetch_all(&push.read)
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

pub(super) async fn forget_before(push: &SqlitePush, moment: Tijdstip) -> Result<u64, StoreError> {
    let mut tx = push.begin().await?;
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
    if taken > 0 {
        push.rewriting.want();
    }
    // While it rests from the last time, the next forgetting does it.
    if let Some(turn) = push.rewriting.try_turn() {
        let mut tx = push.begin().await?;
        rewrite(&mut tx, "melding").await?;
        tx.commit().await?;
        turn.done();
        empty_write_ahead_log(&push.write).await?;
    }
    Ok(taken)
}

/// Looks the heads up anew of lanes whose first waiting number is another one than it was; `due`
/// makes those due at that moment. What is on loan then is nobody's any more.
pub(super) async fn all_heads(
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

/// Writes down what an operator did.
pub(super) async fn note_in(
    tx: &mut SqliteConnection,
    daad: &Beheerdaad,
) -> Result<(), StoreError> {
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
