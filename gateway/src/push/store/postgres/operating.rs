//! What operators look at and do, and what the retention takes out.

use sqlx::{Connection, PgConnection};

use super::tell;
use crate::{
    domain::Tijdstip,
    log::StoreError,
    push::{
        AbonnementId, Staat,
        store::{
            Beheerdaad, Keuze, PogingRecord, Telling,
            rows::{BeheerdaadRow, PogingRow, bytes, to_id},
        },
    },
};

pub(super) async fn pogingen(
    c: &mut PgConnection,
    id: AbonnementId,
    volgnummer: Option<u64>,
    limit: u32,
) -> Result<Vec<PogingRecord>, StoreError> {
    let rows: Vec<PogingRow> = sqlx::query_as(
        "SELECT volgnummer, tijdstip_ms, http_status, duur_ms, antwoord, uitkomst FROM poging
         WHERE abonnement = $1 AND ($2::bigint IS NULL OR volgnummer = $2)
         ORDER BY tijdstip_ms DESC LIMIT $3",
    )
    .bind(bytes(id))
    .bind(volgnummer.map(u64::cast_signed))
    .bind(i64::from(limit))
    .fetch_all(c)
    .await?;
    rows.into_iter().map(PogingRow::read).collect()
}

pub(super) async fn replay(
    c: &mut PgConnection,
    id: AbonnementId,
    keuze: Keuze,
    now: Tijdstip,
    daad: &Beheerdaad,
) -> Result<u64, StoreError> {
    let from = [Staat::Wacht, Staat::Bezorgd, Staat::Dood];
    set_staten(c, id, keuze, (&from, Staat::Wacht), Some(now), daad).await
}

pub(super) async fn drop_meldingen(
    c: &mut PgConnection,
    id: AbonnementId,
    keuze: Keuze,
    daad: &Beheerdaad,
) -> Result<u64, StoreError> {
    let from = [Staat::Wacht, Staat::Dood];
    set_staten(c, id, keuze, (&from, Staat::Vervallen), None, daad).await
}

async fn set_staten(
    c: &mut PgConnection,
    id: AbonnementId,
    keuze: Keuze,
    (from, to): (&[Staat], Staat),
    due: Option<Tijdstip>,
    daad: &Beheerdaad,
) -> Result<u64, StoreError> {
    let mut tx = c.begin().await?;
    let id = bytes(id);
    lock_all(&mut tx, &id).await?;
    let everything = (i64::MIN, i64::MAX);
    let (nummers, tijden, only) = match keuze {
        Keuze::Nummers(van, tot) => ((signed(van), signed(tot)), everything, None),
        Keuze::Tijd(van, tot) => (everything, (van.as_millis(), tot.as_millis()), None),
        Keuze::Dood => (everything, everything, Some(Staat::Dood)),
        Keuze::Wacht => (everything, everything, Some(Staat::Wacht)),
    };
    let staten: Vec<i64> = from
        .iter()
        .filter(|staat| only.is_none_or(|only| only == **staat))
        .map(|staat| *staat as i64)
        .collect();
    let done = sqlx::query(
        "UPDATE melding SET staat = $1
         WHERE abonnement = $2 AND inhoud IS NOT NULL AND staat = ANY($3)
           AND volgnummer BETWEEN $4 AND $5 AND geregistreerd_ms BETWEEN $6 AND $7",
    )
    .bind(to as i64)
    .bind(&id)
    .bind(staten)
    .bind(nummers.0)
    .bind(nummers.1)
    .bind(tijden.0)
    .bind(tijden.1)
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if done > 0 {
        all_heads(&mut tx, &id, due).await?;
        tell(&mut tx).await?;
    }
    note_in(&mut tx, daad).await?;
    tx.commit().await?;
    Ok(done)
}

/// A number that is stored; one past all of them stays so.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Locks every lane of a subscription, in the order in which all do.
pub(super) async fn lock_all(tx: &mut PgConnection, id: &[u8]) -> Result<(), StoreError> {
    sqlx::query("SELECT 1 FROM baan WHERE abonnement = $1 ORDER BY leerbedrijf FOR UPDATE")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

/// Looks the heads up anew of lanes whose first waiting number is another one than it was; `due`
/// makes those due at that moment. What is on loan then is nobody's any more.
async fn all_heads(
    tx: &mut PgConnection,
    id: &[u8],
    due: Option<Tijdstip>,
) -> Result<(), StoreError> {
    sqlx::query(
        "WITH nieuw AS (SELECT b.leerbedrijf, (SELECT min(m.volgnummer) FROM melding m
                WHERE m.abonnement = b.abonnement AND m.leerbedrijf = b.leerbedrijf
                  AND m.staat = 0) AS kop
            FROM baan b WHERE b.abonnement = $1)
         UPDATE baan SET kop = nieuw.kop, pogingen = 0, lease = NULL,
            volgende_ms = coalesce($2::bigint, 0)
         FROM nieuw WHERE baan.abonnement = $1 AND baan.leerbedrijf = nieuw.leerbedrijf
           AND (baan.kop IS DISTINCT FROM nieuw.kop OR $2::bigint IS NOT NULL)",
    )
    .bind(id)
    .bind(due.map(Tijdstip::as_millis))
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
    let rows: Vec<(Vec<u8>, i64, i64)> = sqlx::query_as(
        "SELECT a.id,
            (SELECT count(*) FROM melding m WHERE m.abonnement = a.id AND m.staat = 0),
            (SELECT count(*) FROM melding m WHERE m.abonnement = a.id AND m.staat = 3)
         FROM abonnement a WHERE a.open ORDER BY a.id",
    )
    .fetch_all(c)
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
        lock_all(&mut tx, &id).await?;
        taken += sqlx::query(
            "UPDATE melding SET inhoud = NULL, staat = CASE WHEN staat = 1 THEN 1 ELSE 2 END
             WHERE abonnement = $1 AND inhoud IS NOT NULL AND geregistreerd_ms < $2",
        )
        .bind(&id)
        .bind(moment.as_millis())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        all_heads(&mut tx, &id, None).await?;
    }
    sqlx::query("DELETE FROM poging WHERE tijdstip_ms < $1")
        .bind(moment.as_millis())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(taken)
}
