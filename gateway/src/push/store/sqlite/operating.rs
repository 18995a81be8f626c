//! What operators look at and do, and what the retention takes out.

use futures_util::TryStreamExt;
use roaring::RoaringTreemap;
use sqlx::SqliteConnection;

use super::SqlitePush;
use crate::{
    domain::Tijdstip,
    log::{
        StoreError,
        sqlite::rewrite::{empty_write_ahead_log, rewrite},
    },
    push::{
        AbonnementId, Staat,
        store::{
            Beheerdaad, Keuze, PogingRecord, Telling, Voortgang,
            pak::{newest, unpack},
            rows::{BeheerdaadRow, Gekozen, OPNIEUW, TellingRow, behind, bytes, to_id},
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
    let mut rows = sqlx::query_scalar::<_, Vec<u8>>(
        "SELECT inhoud FROM pogingen
         WHERE abonnement = ?1 AND (?2 IS NULL OR ?2 BETWEEN eerste AND laatste)
         ORDER BY tijdstip_ms DESC, nr DESC",
    )
    .bind(bytes(id))
    .bind(volgnummer.map(u64::cast_signed))
    .fetch(&push.read);
    let mut found = Vec::new();
    while found.len() < limit as usize
        && let Some(row) = rows.try_next().await?
    {
        unpack(&row, volgnummer, &mut found)?;
    }
    Ok(newest(found, limit))
}

pub(super) async fn replay(
    push: &SqlitePush,
    id: AbonnementId,
    keuze: Keuze,
    now: Tijdstip,
    daad: &Beheerdaad,
) -> Result<u64, StoreError> {
    let mut tx = push.begin().await?;
    let mut done = 0;
    if let Some(voortgang) = lock(&mut tx, id).await? {
        for one in choose(&mut tx, id, &voortgang, keuze).await? {
            if one.is_dropped() {
                continue;
            }
            done += 1;
            if one.wacht {
                due_now(&mut tx, id, one.volgnummer, now).await?;
            } else {
                set_staat(&mut tx, id, one.volgnummer, OPNIEUW).await?;
                behind_again(&mut tx, id, &voortgang, (one.volgnummer, now)).await?;
            }
        }
        if done > 0 {
            settle(&mut tx, id, voortgang).await?;
        }
    }
    note_in(&mut tx, daad).await?;
    tx.commit().await?;
    Ok(done)
}

pub(super) async fn drop_meldingen(
    push: &SqlitePush,
    id: AbonnementId,
    keuze: Keuze,
    daad: &Beheerdaad,
) -> Result<u64, StoreError> {
    let mut tx = push.begin().await?;
    let mut done = 0;
    if let Some(voortgang) = lock(&mut tx, id).await? {
        for one in choose(&mut tx, id, &voortgang, keuze).await? {
            if one.wacht || one.is_dead() {
                set_staat(&mut tx, id, one.volgnummer, Staat::Vervallen as i64).await?;
                done += 1;
            }
        }
        if done > 0 {
            settle(&mut tx, id, voortgang).await?;
        }
    }
    note_in(&mut tx, daad).await?;
    tx.commit().await?;
    Ok(done)
}

/// Numbers that a command is about, of those with contents.
async fn choose(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    voortgang: &Voortgang,
    keuze: Keuze,
) -> Result<Vec<Gekozen>, StoreError> {
    let (nummers, tijden) = keuze.bounds();
    let rows: Vec<Gekozen> = sqlx::query_as(concat!(
        "SELECT m.volgnummer, m.staat, (m.staat = 4 OR m.staat = 0 AND CASE
            WHEN m.volgnummer <= ?6 THEN coalesce(a.vanaf <= m.volgnummer, 0)
            ELSE m.volgnummer NOT IN (SELECT value FROM json_each(?7)) END) AS wacht
         FROM melding m",
        behind!(),
        "WHERE m.abonnement = ?1 AND m.inhoud IS NOT NULL
           AND m.volgnummer BETWEEN ?2 AND ?3 AND m.geregistreerd_ms BETWEEN ?4 AND ?5
         ORDER BY m.volgnummer"
    ))
    .bind(bytes(id))
    .bind(nummers.0)
    .bind(nummers.1)
    .bind(tijden.0)
    .bind(tijden.1)
    .bind(voortgang.klaar().cast_signed())
    .bind(loose(voortgang))
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter(|one| one.fits(keuze)).collect())
}

/// Numbers behind a gap, as a JSON array.
fn loose(voortgang: &Voortgang) -> String {
    serde_json::Value::from(voortgang.loose()).to_string()
}

async fn set_staat(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    volgnummer: i64,
    staat: i64,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE melding SET staat = ? WHERE abonnement = ? AND volgnummer = ?")
        .bind(staat)
        .bind(bytes(id))
        .bind(volgnummer)
        .execute(tx)
        .await?;
    Ok(())
}

/// The leerbedrijf of this number, which waits once more, is behind.
async fn behind_again(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    voortgang: &Voortgang,
    (again, now): (i64, Tijdstip),
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO achterstand (abonnement, leerbedrijf, vanaf, pogingen, volgende_ms)
         SELECT ?1, l.leerbedrijf, coalesce(
            (SELECT min(volgnummer) FROM melding WHERE abonnement = ?1
               AND leerbedrijf = l.leerbedrijf AND staat = 0 AND volgnummer > ?3
               AND volgnummer NOT IN (SELECT value FROM json_each(?4))),
            (SELECT max(volgnummer) + 1 FROM melding WHERE abonnement = ?1
               AND leerbedrijf = l.leerbedrijf)), 0, ?5
         FROM melding l WHERE l.abonnement = ?1 AND l.volgnummer = ?2
         ON CONFLICT (abonnement, leerbedrijf) DO UPDATE
         SET pogingen = 0, volgende_ms = excluded.volgende_ms",
    )
    .bind(bytes(id))
    .bind(again)
    .bind(voortgang.klaar().cast_signed())
    .bind(loose(voortgang))
    .bind(now.as_millis())
    .execute(tx)
    .await?;
    Ok(())
}

/// The leerbedrijf of this number, if it is behind, is due.
async fn due_now(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    volgnummer: i64,
    now: Tijdstip,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE achterstand SET pogingen = 0, volgende_ms = ?3
         WHERE abonnement = ?1 AND leerbedrijf =
            (SELECT leerbedrijf FROM melding WHERE abonnement = ?1 AND volgnummer = ?2)",
    )
    .bind(bytes(id))
    .bind(volgnummer)
    .bind(now.as_millis())
    .execute(tx)
    .await?;
    Ok(())
}

/// What is dealt with of a subscription; none when it is not there.
pub(super) async fn lock(
    tx: &mut SqliteConnection,
    id: AbonnementId,
) -> Result<Option<Voortgang>, StoreError> {
    let row: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT klaar, los FROM bezorging WHERE abonnement = ?")
            .bind(bytes(id))
            .fetch_optional(tx)
            .await?;
    row.map(|(klaar, los)| Voortgang::read(klaar, &los))
        .transpose()
}

/// After a change by others than its lender: leerbedrijven that are behind begin at what still waits, and
/// what was dropped is dealt with. The lender looks again.
pub(super) async fn settle(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    mut voortgang: Voortgang,
) -> Result<(), StoreError> {
    let key = bytes(id);
    sqlx::query(
        "UPDATE achterstand SET vanaf = coalesce(
            (SELECT min(volgnummer) FROM melding m WHERE m.abonnement = ?1
               AND m.leerbedrijf = achterstand.leerbedrijf AND m.staat = 0
               AND m.volgnummer >= achterstand.vanaf),
            (SELECT max(volgnummer) + 1 FROM melding m WHERE m.abonnement = ?1
               AND m.leerbedrijf = achterstand.leerbedrijf))
         WHERE abonnement = ?1",
    )
    .bind(&key)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM achterstand AS a WHERE abonnement = ?1
           AND NOT EXISTS (SELECT 1 FROM melding m WHERE m.abonnement = ?1
               AND m.leerbedrijf = a.leerbedrijf
               AND (m.staat = 4 OR m.staat = 0 AND m.volgnummer >= a.vanaf))",
    )
    .bind(&key)
    .execute(&mut *tx)
    .await?;
    let gone: Vec<i64> = sqlx::query_scalar(
        "SELECT volgnummer FROM melding
         WHERE abonnement = ? AND staat IN (2, 3) AND staat <> 0 AND volgnummer > ?",
    )
    .bind(&key)
    .bind(voortgang.klaar().cast_signed())
    .fetch_all(&mut *tx)
    .await?;
    for volgnummer in gone {
        voortgang.add(volgnummer.cast_unsigned());
    }
    voortgang.go_on(&mut RoaringTreemap::new());
    let (klaar, los) = voortgang.write()?;
    sqlx::query("UPDATE bezorging SET klaar = ?, los = ?, beurt = beurt + 1 WHERE abonnement = ?")
        .bind(klaar)
        .bind(los)
        .bind(key)
        .execute(tx)
        .await?;
    Ok(())
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

/// What one look counts of a subscription, see [`TellingRow`].
#[derive(sqlx::FromRow)]
struct Geteld {
    id: Vec<u8>,
    laatste: i64,
    klaar: i64,
    los: Vec<u8>,
    dood: i64,
    achter: i64,
}

pub(super) async fn tellingen(push: &SqlitePush) -> Result<Vec<Telling>, StoreError> {
    push.identity.check()?;
    let rows: Vec<Geteld> = sqlx::query_as(
        "SELECT a.id, a.laatste, b.klaar, b.los,
            (SELECT count(*) FROM melding m
             WHERE m.abonnement = a.id AND m.staat = 3 AND m.staat <> 0) AS dood,
            (SELECT count(*) FROM achterstand s JOIN melding m
               ON m.abonnement = s.abonnement AND m.leerbedrijf = s.leerbedrijf
             WHERE s.abonnement = a.id AND m.staat = 0
               AND m.volgnummer BETWEEN s.vanaf AND b.klaar) AS achter
         FROM abonnement a JOIN bezorging b ON b.abonnement = a.id WHERE a.open ORDER BY a.id",
    )
    .fetch_all(&push.read)
    .await?;
    let mut tellingen = Vec::with_capacity(rows.len());
    for Geteld {
        id,
        laatste,
        klaar,
        los,
        dood,
        achter,
    } in rows
    {
        let apart: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT volgnummer, staat FROM melding WHERE abonnement = ? AND staat <> 0
               AND (staat = 4 OR volgnummer > ?)",
        )
        .bind(&id)
        .bind(klaar)
        .fetch_all(&push.read)
        .await?;
        let (opnieuw, weg): (Vec<_>, Vec<_>) =
            apart.into_iter().partition(|(_, staat)| *staat == OPNIEUW);
        let numbers = |of: Vec<(i64, i64)>| of.into_iter().map(|(nummer, _)| nummer).collect();
        let row = TellingRow {
            id,
            laatste,
            klaar,
            los,
            dood,
            achter,
            weg: numbers(weg),
            opnieuw: numbers(opnieuw),
        };
        tellingen.push(row.read()?);
    }
    Ok(tellingen)
}

pub(super) async fn forget_before(push: &SqlitePush, moment: Tijdstip) -> Result<u64, StoreError> {
    let mut tx = push.begin().await?;
    let ids: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT DISTINCT abonnement FROM melding
         WHERE inhoud IS NOT NULL AND geregistreerd_ms < ?",
    )
    .bind(moment.as_millis())
    .fetch_all(&mut *tx)
    .await?;
    let mut taken = 0;
    for id in ids {
        let id = to_id(&id)?;
        let voortgang = lock(&mut tx, id).await?.unwrap_or_default();
        taken += sqlx::query(
            "UPDATE melding SET inhoud = NULL, staat = CASE
                WHEN staat <> 0 THEN 2
                WHEN volgnummer > ?3 AND volgnummer NOT IN (SELECT value FROM json_each(?4)) THEN 2
                WHEN volgnummer <= ?3 AND EXISTS (SELECT 1 FROM achterstand a
                    WHERE a.abonnement = ?1 AND a.leerbedrijf = melding.leerbedrijf
                      AND a.vanaf <= melding.volgnummer) THEN 2
                ELSE 0 END
             WHERE abonnement = ?1 AND inhoud IS NOT NULL AND geregistreerd_ms < ?2",
        )
        .bind(bytes(id))
        .bind(moment.as_millis())
        .bind(voortgang.klaar().cast_signed())
        .bind(loose(&voortgang))
        .execute(&mut *tx)
        .await?
        .rows_affected();
        settle(&mut tx, id, voortgang).await?;
    }
    sqlx::query("DELETE FROM pogingen WHERE tijdstip_ms < ?")
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
