//! What operators look at and do, and what the retention takes out.

use futures_util::TryStreamExt;
use roaring::RoaringTreemap;
use sqlx::{Connection, PgConnection};

use super::tell;
use crate::{
    domain::Tijdstip,
    log::StoreError,
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
    c: &mut PgConnection,
    id: AbonnementId,
    volgnummer: Option<u64>,
    limit: u32,
) -> Result<Vec<PogingRecord>, StoreError> {
    let mut rows = sqlx::query_scalar::<_, Vec<u8>>(
        "SELECT inhoud FROM pogingen
         WHERE abonnement = $1 AND ($2::bigint IS NULL OR $2 BETWEEN eerste AND laatste)
         ORDER BY tijdstip_ms DESC, nr DESC",
    )
    .bind(bytes(id))
    .bind(volgnummer.map(u64::cast_signed))
    .fetch(c);
    let mut found = Vec::new();
    while found.len() < limit as usize
        && let Some(row) = rows.try_next().await?
    {
        unpack(&row, volgnummer, &mut found)?;
    }
    Ok(newest(found, limit))
}

pub(super) async fn replay(
    c: &mut PgConnection,
    id: AbonnementId,
    keuze: Keuze,
    now: Tijdstip,
    daad: &Beheerdaad,
) -> Result<u64, StoreError> {
    let mut tx = c.begin().await?;
    let mut done = 0;
    if let Some(voortgang) = lock(&mut tx, id).await? {
        let chosen = choose(&mut tx, id, &voortgang, keuze).await?;
        let chosen: Vec<_> = chosen.iter().filter(|one| !one.is_dropped()).collect();
        let again: Vec<i64> = chosen
            .iter()
            .filter(|one| !one.wacht)
            .map(|one| one.volgnummer)
            .collect();
        set_staat(&mut tx, id, &again, OPNIEUW).await?;
        behind_again(&mut tx, id, &voortgang, (&again, now)).await?;
        let waiting: Vec<i64> = chosen
            .iter()
            .filter(|one| one.wacht)
            .map(|one| one.volgnummer)
            .collect();
        due_now(&mut tx, id, &waiting, now).await?;
        done = chosen.len() as u64;
        if done > 0 {
            settle(&mut tx, id, voortgang).await?;
            tell(&mut tx).await?;
        }
    }
    note_in(&mut tx, daad).await?;
    tx.commit().await?;
    Ok(done)
}

pub(super) async fn drop_meldingen(
    c: &mut PgConnection,
    id: AbonnementId,
    keuze: Keuze,
    daad: &Beheerdaad,
) -> Result<u64, StoreError> {
    let mut tx = c.begin().await?;
    let mut done = 0;
    if let Some(voortgang) = lock(&mut tx, id).await? {
        let chosen = choose(&mut tx, id, &voortgang, keuze).await?;
        let numbers: Vec<i64> = chosen
            .iter()
            .filter(|one| one.wacht || one.is_dead())
            .map(|one| one.volgnummer)
            .collect();
        set_staat(&mut tx, id, &numbers, Staat::Vervallen as i64).await?;
        done = numbers.len() as u64;
        if done > 0 {
            settle(&mut tx, id, voortgang).await?;
            tell(&mut tx).await?;
        }
    }
    note_in(&mut tx, daad).await?;
    tx.commit().await?;
    Ok(done)
}

/// Numbers that a command is about, of those with contents.
async fn choose(
    tx: &mut PgConnection,
    id: AbonnementId,
    voortgang: &Voortgang,
    keuze: Keuze,
) -> Result<Vec<Gekozen>, StoreError> {
    let (nummers, tijden) = keuze.bounds();
    let rows: Vec<Gekozen> = sqlx::query_as(concat!(
        "SELECT m.volgnummer, m.staat, (m.staat = 4 OR m.staat = 0 AND CASE
            WHEN m.volgnummer <= $6 THEN coalesce(a.vanaf <= m.volgnummer, false)
            ELSE m.volgnummer <> ALL($7) END) AS wacht
         FROM melding m",
        behind!(),
        "WHERE m.abonnement = $1 AND m.inhoud IS NOT NULL
           AND m.volgnummer BETWEEN $2 AND $3 AND m.geregistreerd_ms BETWEEN $4 AND $5
         ORDER BY m.volgnummer"
    ))
    .bind(bytes(id))
    .bind(nummers.0)
    .bind(nummers.1)
    .bind(tijden.0)
    .bind(tijden.1)
    .bind(voortgang.klaar().cast_signed())
    .bind(voortgang.loose())
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter(|one| one.fits(keuze)).collect())
}

async fn set_staat(
    tx: &mut PgConnection,
    id: AbonnementId,
    nummers: &[i64],
    staat: i64,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE melding SET staat = $1 WHERE abonnement = $2 AND volgnummer = ANY($3)")
        .bind(staat)
        .bind(bytes(id))
        .bind(nummers)
        .execute(tx)
        .await?;
    Ok(())
}

/// The leerbedrijven of these numbers, which wait once more, are behind.
async fn behind_again(
    tx: &mut PgConnection,
    id: AbonnementId,
    voortgang: &Voortgang,
    (again, now): (&[i64], Tijdstip),
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO achterstand (abonnement, leerbedrijf, vanaf, pogingen, volgende_ms)
         SELECT $1, l.leerbedrijf, coalesce(
            (SELECT min(volgnummer) FROM melding WHERE abonnement = $1
               AND leerbedrijf = l.leerbedrijf AND staat = 0 AND volgnummer > $3
               AND volgnummer <> ALL($4)),
            (SELECT max(volgnummer) + 1 FROM melding WHERE abonnement = $1
               AND leerbedrijf = l.leerbedrijf)), 0, $5
         FROM (SELECT DISTINCT leerbedrijf FROM melding
               WHERE abonnement = $1 AND volgnummer = ANY($2)) l
         ON CONFLICT (abonnement, leerbedrijf) DO UPDATE
         SET pogingen = 0, volgende_ms = excluded.volgende_ms",
    )
    .bind(bytes(id))
    .bind(again)
    .bind(voortgang.klaar().cast_signed())
    .bind(voortgang.loose())
    .bind(now.as_millis())
    .execute(tx)
    .await?;
    Ok(())
}

/// The leerbedrijven of these numbers, if they are behind, are due.
async fn due_now(
    tx: &mut PgConnection,
    id: AbonnementId,
    nummers: &[i64],
    now: Tijdstip,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE achterstand SET pogingen = 0, volgende_ms = $3
         WHERE abonnement = $1 AND leerbedrijf IN (
            SELECT leerbedrijf FROM melding WHERE abonnement = $1 AND volgnummer = ANY($2))",
    )
    .bind(bytes(id))
    .bind(nummers)
    .bind(now.as_millis())
    .execute(tx)
    .await?;
    Ok(())
}

/// Locks the queue of a subscription and gives what is dealt with; none when it is not there.
pub(super) async fn lock(
    tx: &mut PgConnection,
    id: AbonnementId,
) -> Result<Option<Voortgang>, StoreError> {
    let row: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT klaar, los FROM bezorging WHERE abonnement = $1 FOR UPDATE")
            .bind(bytes(id))
            .fetch_optional(tx)
            .await?;
    row.map(|(klaar, los)| Voortgang::read(klaar, &los))
        .transpose()
}

/// After a change by others than its lender: leerbedrijven that are behind begin at what still waits, and
/// what was dropped is dealt with. The lender looks again.
pub(super) async fn settle(
    tx: &mut PgConnection,
    id: AbonnementId,
    mut voortgang: Voortgang,
) -> Result<(), StoreError> {
    let key = bytes(id);
    sqlx::query(
        "UPDATE achterstand a SET vanaf = coalesce(
            (SELECT min(volgnummer) FROM melding WHERE abonnement = a.abonnement
               AND leerbedrijf = a.leerbedrijf AND staat = 0 AND volgnummer >= a.vanaf),
            (SELECT max(volgnummer) + 1 FROM melding WHERE abonnement = a.abonnement
               AND leerbedrijf = a.leerbedrijf))
         WHERE a.abonnement = $1",
    )
    .bind(&key)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM achterstand a WHERE a.abonnement = $1
           AND NOT EXISTS (SELECT FROM melding WHERE abonnement = a.abonnement
               AND leerbedrijf = a.leerbedrijf
               AND (staat = 4 OR staat = 0 AND volgnummer >= a.vanaf))",
    )
    .bind(&key)
    .execute(&mut *tx)
    .await?;
    let gone: Vec<i64> = sqlx::query_scalar(
        "SELECT volgnummer FROM melding
         WHERE abonnement = $1 AND staat IN (2, 3) AND staat <> 0 AND volgnummer > $2",
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
    sqlx::query(
        "UPDATE bezorging SET klaar = $2, los = $3, beurt = beurt + 1 WHERE abonnement = $1",
    )
    .bind(key)
    .bind(klaar)
    .bind(los)
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes down what an operator did.
pub(super) async fn note_in(tx: &mut PgConnection, daad: &Beheerdaad) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO beheerdaad (tijdstip_ms, wie, daad, abonnement, toelichting)
         VALUES ($1, $2, $3, $4, $5)",
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

pub(super) async fn beheerdaden(
    c: &mut PgConnection,
    id: AbonnementId,
    limit: u32,
) -> Result<Vec<Beheerdaad>, StoreError> {
    let rows: Vec<BeheerdaadRow> = sqlx::query_as(
        "SELECT tijdstip_ms, wie, daad, abonnement, toelichting FROM beheerdaad
         WHERE abonnement = $1 ORDER BY nr DESC LIMIT $2",
    )
    .bind(bytes(id))
    .bind(i64::from(limit))
    .fetch_all(c)
    .await?;
    rows.into_iter().map(BeheerdaadRow::read).collect()
}

pub(super) async fn tellingen(c: &mut PgConnection) -> Result<Vec<Telling>, StoreError> {
    let rows: Vec<TellingRow> = sqlx::query_as(
        "SELECT a.id, a.laatste, b.klaar, b.los,
            (SELECT count(*) FROM melding m
             WHERE m.abonnement = a.id AND m.staat = 3 AND m.staat <> 0) AS dood,
            (SELECT count(*) FROM achterstand s JOIN melding m
               ON m.abonnement = s.abonnement AND m.leerbedrijf = s.leerbedrijf
             WHERE s.abonnement = a.id AND m.staat = 0
               AND m.volgnummer BETWEEN s.vanaf AND b.klaar) AS achter,
            ARRAY(SELECT m.volgnummer FROM melding m WHERE m.abonnement = a.id
               AND m.staat IN (2, 3) AND m.staat <> 0 AND m.volgnummer > b.klaar) AS weg,
            ARRAY(SELECT m.volgnummer FROM melding m
               WHERE m.abonnement = a.id AND m.staat = 4 AND m.staat <> 0) AS opnieuw
         FROM abonnement a JOIN bezorging b ON b.abonnement = a.id WHERE a.open ORDER BY a.id",
    )
    .fetch_all(c)
    .await?;
    rows.into_iter().map(TellingRow::read).collect()
}

pub(super) async fn forget_before(
    c: &mut PgConnection,
    moment: Tijdstip,
) -> Result<u64, StoreError> {
    let mut tx = c.begin().await?;
    let ids: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT DISTINCT abonnement FROM melding
         WHERE inhoud IS NOT NULL AND geregistreerd_ms < $1 ORDER BY abonnement",
    )
    .bind(moment.as_millis())
    .fetch_all(&mut *tx)
    .await?;
    let mut taken = 0;
    for id in ids {
        let id = to_id(&id)?;
        let voortgang = lock(&mut tx, id).await?.unwrap_or_default();
        taken += sqlx::query(
            "UPDATE melding m SET inhoud = NULL, staat = CASE
                WHEN m.staat <> 0 THEN 2
                WHEN m.volgnummer > $3 AND m.volgnummer <> ALL($4) THEN 2
                WHEN m.volgnummer <= $3 AND EXISTS (SELECT FROM achterstand a
                    WHERE a.abonnement = m.abonnement AND a.leerbedrijf = m.leerbedrijf
                      AND a.vanaf <= m.volgnummer) THEN 2
                ELSE 0 END
             WHERE m.abonnement = $1 AND m.inhoud IS NOT NULL AND m.geregistreerd_ms < $2",
        )
        .bind(bytes(id))
        .bind(moment.as_millis())
        .bind(voortgang.klaar().cast_signed())
        .bind(voortgang.loose())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        settle(&mut tx, id, voortgang).await?;
    }
    sqlx::query("DELETE FROM pogingen WHERE tijdstip_ms < $1")
        .bind(moment.as_millis())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(taken)
}
