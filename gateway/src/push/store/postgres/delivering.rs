//! Lending what is due and taking in what became of it, many at a time.

use std::collections::HashMap;

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{numbering::lock_banen, tell};
use crate::{
    domain::Tijdstip,
    log::StoreError,
    push::{
        AbonnementId,
        store::{
            Attempt, Claim, Eindpuntstaat, Poging, Wanted,
            rows::{Afloop, Baan, BaanSleutel, ClaimRow, afloop, bytes, melding_columns},
        },
    },
};

pub(super) async fn claim(
    c: &mut PgConnection,
    wanted: &[Wanted],
    (now, until): (Tijdstip, Tijdstip),
    lease: Uuid,
) -> Result<Vec<Claim>, StoreError> {
    let rows: Vec<ClaimRow> = sqlx::query_as(concat!(
        // A loan that a crash of the server loses is only lent again: nobody waits for the disk.
        "WITH unhurried AS MATERIALIZED (
            SELECT set_config('synchronous_commit', 'off', true)),
         w AS MATERIALIZED (
            SELECT n.abonnement, n.most, coalesce(least(
                (SELECT min(kop) FROM baan WHERE abonnement = n.abonnement AND kop IS NOT NULL),
                (SELECT min(volgnummer) FROM melding
                 WHERE abonnement = n.abonnement AND staat = 3)) - 1, 0) AS volledig
            FROM unhurried CROSS JOIN unnest($1::bytea[], $2::bigint[]) AS n(abonnement, most)),
         due AS MATERIALIZED (
            SELECT b.abonnement, b.leerbedrijf, w.volledig FROM w CROSS JOIN LATERAL (
                SELECT abonnement, leerbedrijf FROM baan
                WHERE abonnement = w.abonnement AND kop IS NOT NULL AND volgende_ms <= $3
                ORDER BY volgende_ms, kop LIMIT w.most FOR UPDATE SKIP LOCKED) b),
         lent AS (
            UPDATE baan SET lease = $5, volgende_ms = $4 FROM due
            WHERE baan.abonnement = due.abonnement AND baan.leerbedrijf = due.leerbedrijf
            RETURNING baan.abonnement, baan.kop, baan.pogingen, due.volledig)
         SELECT ",
        melding_columns!(),
        ", lent.pogingen, lent.volledig
         FROM lent JOIN melding m ON m.abonnement = lent.abonnement AND m.volgnummer = lent.kop
         ORDER BY m.volgnummer"
    ))
    .bind(
        wanted
            .iter()
            .map(|w| bytes(w.abonnement))
            .collect::<Vec<_>>(),
    )
    .bind(wanted.iter().map(|w| i64::from(w.most)).collect::<Vec<_>>())
    .bind(now.as_millis())
    .bind(until.as_millis())
    .bind(lease.as_bytes().as_slice())
    .fetch_all(c)
    .await?;
    rows.into_iter().map(|row| row.read(lease)).collect()
}

pub(super) async fn record(c: &mut PgConnection, attempts: &[Attempt]) -> Result<(), StoreError> {
    let mut tx = c.begin().await?;
    let ids: Vec<Vec<u8>> = attempts.iter().map(|a| bytes(a.abonnement)).collect();
    let leerbedrijven: Vec<i64> = attempts
        .iter()
        .map(|a| i64::from(a.leerbedrijf_id.as_u32()))
        .collect();
    let mut banen: HashMap<BaanSleutel, Baan> = HashMap::with_capacity(attempts.len());
    for row in lock_banen(&mut tx, &ids, &leerbedrijven).await? {
        let (sleutel, baan) = row.read()?;
        banen.insert(sleutel, baan);
    }
    let mut afgelopen = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        let sleutel = (attempt.abonnement, attempt.leerbedrijf_id);
        let Some(baan) = banen.get_mut(&sleutel) else {
            continue;
        };
        if let Some(done) = afloop(attempt, baan) {
            // The loan is over: another attempt in this group does not count.
            *baan = done.baan.clone();
            afgelopen.push((attempt, done));
        }
    }
    write_staten(&mut tx, &afgelopen).await?;
    write_banen(&mut tx, &afgelopen).await?;
    // Lanes before subscriptions, as everywhere: no two transactions wait for one another.
    write_pogingen(&mut tx, attempts).await?;
    Ok(tx.commit().await?)
}

async fn write_staten(
    tx: &mut PgConnection,
    afgelopen: &[(&Attempt, Afloop)],
) -> Result<(), StoreError> {
    let (mut ids, mut nummers, mut staten) = (Vec::new(), Vec::new(), Vec::new());
    for (attempt, afloop) in afgelopen {
        if let Some(staat) = afloop.staat {
            ids.push(bytes(attempt.abonnement));
            nummers.push(attempt.volgnummer.cast_signed());
            staten.push(staat as i64);
        }
    }
    sqlx::query(
        "UPDATE melding m SET staat = n.staat
         FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS n(abonnement, volgnummer, staat)
         WHERE m.abonnement = n.abonnement AND m.volgnummer = n.volgnummer",
    )
    .bind(ids)
    .bind(nummers)
    .bind(staten)
    .execute(tx)
    .await?;
    Ok(())
}

async fn write_banen(
    tx: &mut PgConnection,
    afgelopen: &[(&Attempt, Afloop)],
) -> Result<(), StoreError> {
    let of = |take: fn(&Afloop) -> i64| afgelopen.iter().map(|(_, a)| take(a)).collect::<Vec<_>>();
    let ids: Vec<Vec<u8>> = afgelopen.iter().map(|(a, _)| bytes(a.abonnement)).collect();
    let leerbedrijven: Vec<i64> = afgelopen
        .iter()
        .map(|(a, _)| i64::from(a.leerbedrijf_id.as_u32()))
        .collect();
    let koppen: Vec<Option<i64>> = afgelopen.iter().map(|(_, a)| a.baan.kop).collect();
    let zoeken: Vec<bool> = afgelopen.iter().map(|(_, a)| a.volgende_kop).collect();
    sqlx::query(
        "UPDATE baan b SET
            kop = CASE WHEN n.zoek THEN (SELECT min(m.volgnummer) FROM melding m
                    WHERE m.abonnement = b.abonnement AND m.leerbedrijf = b.leerbedrijf
                      AND m.staat = 0) ELSE n.kop END,
            pogingen = n.pogingen, volgende_ms = n.volgende_ms, lease = NULL
         FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::boolean[], $5::bigint[],
            $6::bigint[]) AS n(abonnement, leerbedrijf, kop, zoek, pogingen, volgende_ms)
         WHERE b.abonnement = n.abonnement AND b.leerbedrijf = n.leerbedrijf",
    )
    .bind(ids)
    .bind(leerbedrijven)
    .bind(koppen)
    .bind(zoeken)
    .bind(of(|a| a.baan.pogingen))
    .bind(of(|a| a.baan.volgende_ms))
    .execute(tx)
    .await?;
    Ok(())
}

async fn write_pogingen(tx: &mut PgConnection, attempts: &[Attempt]) -> Result<(), StoreError> {
    let made: Vec<(&Attempt, &Poging)> = attempts
        .iter()
        .filter_map(|attempt| Some((attempt, attempt.poging.as_ref()?)))
        .collect();
    let records: Vec<(AbonnementId, u64, &Poging)> = made
        .iter()
        .map(|(attempt, poging)| (attempt.abonnement, attempt.volgnummer, *poging))
        .collect();
    write_records(tx, &records).await
}

async fn write_records(
    tx: &mut PgConnection,
    records: &[(AbonnementId, u64, &Poging)],
) -> Result<(), StoreError> {
    if records.is_empty() {
        return Ok(());
    }
    let hashes: Vec<Option<Vec<u8>>> = records
        .iter()
        .map(|(_, _, p)| p.antwoord_sha256.map(|hash| hash.to_vec()))
        .collect();
    let statussen: Vec<Option<i64>> = records
        .iter()
        .map(|(_, _, p)| p.http_status.map(i64::from))
        .collect();
    sqlx::query(
        "INSERT INTO poging (abonnement, volgnummer, tijdstip_ms, http_status, duur_ms, antwoord,
            uitkomst)
         SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
            $6::bytea[], $7::text[])",
    )
    .bind(
        records
            .iter()
            .map(|(id, _, _)| bytes(*id))
            .collect::<Vec<_>>(),
    )
    .bind(
        records
            .iter()
            .map(|(_, nr, _)| nr.cast_signed())
            .collect::<Vec<_>>(),
    )
    .bind(
        records
            .iter()
            .map(|(_, _, p)| p.tijdstip.as_millis())
            .collect::<Vec<_>>(),
    )
    .bind(statussen)
    .bind(
        records
            .iter()
            .map(|(_, _, p)| i64::from(p.duur_ms))
            .collect::<Vec<_>>(),
    )
    .bind(hashes)
    .bind(
        records
            .iter()
            .map(|(_, _, p)| p.uitkomst.as_str())
            .collect::<Vec<_>>(),
    )
    .execute(&mut *tx)
    .await?;
    write_last(tx, records).await
}

/// The last attempt of each subscription, by its number in the order of ids: no two groups wait for
/// one another in a circle.
async fn write_last(
    tx: &mut PgConnection,
    records: &[(AbonnementId, u64, &Poging)],
) -> Result<(), StoreError> {
    let mut last: HashMap<AbonnementId, &Poging> = HashMap::new();
    for (id, _, poging) in records {
        let newest = last.entry(*id).or_insert(poging);
        if poging.tijdstip >= newest.tijdstip {
            *newest = poging;
        }
    }
    let mut last: Vec<(AbonnementId, &Poging)> = last.into_iter().collect();
    last.sort_unstable_by_key(|(id, _)| *id);
    for (id, poging) in last {
        sqlx::query(
            "UPDATE abonnement SET laatste_poging_ms = $1, laatste_uitkomst = $2
             WHERE id = $3 AND coalesce(laatste_poging_ms, 0) <= $1",
        )
        .bind(poging.tijdstip.as_millis())
        .bind(&poging.uitkomst)
        .bind(bytes(id))
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

pub(super) async fn set_eindpunt(
    c: &mut PgConnection,
    id: AbonnementId,
    (before, after): (Eindpuntstaat, Eindpuntstaat),
    proef: Option<&Poging>,
) -> Result<bool, StoreError> {
    let mut tx = c.begin().await?;
    let kept = sqlx::query(
        "UPDATE abonnement SET faalt_sinds_ms = $1, mislukt = $2, niet_voor_ms = $3
         WHERE id = $4 AND faalt_sinds_ms IS NOT DISTINCT FROM $5 AND mislukt = $6
           AND niet_voor_ms IS NOT DISTINCT FROM $7",
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
        write_records(&mut tx, &[(id, 0, poging)]).await?;
    }
    tell(&mut tx).await?;
    tx.commit().await?;
    Ok(kept.rows_affected() > 0)
}

pub(super) async fn take_proef(c: &mut PgConnection, id: AbonnementId) -> Result<bool, StoreError> {
    let taken = sqlx::query("UPDATE abonnement SET proef = false WHERE id = $1 AND proef")
        .bind(bytes(id))
        .execute(c)
        .await?;
    Ok(taken.rows_affected() > 0)
}

pub(super) async fn confirm(
    c: &mut PgConnection,
    id: AbonnementId,
    tot_en_met: u64,
) -> Result<(), StoreError> {
    let mut tx = c.begin().await?;
    let id = bytes(id);
    sqlx::query(
        "SELECT 1 FROM baan WHERE abonnement = $1 AND kop <= $2
                 ORDER BY leerbedrijf FOR UPDATE",
    )
    .bind(&id)
    .bind(tot_en_met.cast_signed())
    .execute(&mut *tx)
    .await?;
    let taken = sqlx::query(
        "UPDATE melding SET staat = 1 WHERE abonnement = $1 AND volgnummer <= $2 AND staat = 0",
    )
    .bind(&id)
    .bind(tot_en_met.cast_signed())
    .execute(&mut *tx)
    .await?;
    if taken.rows_affected() > 0 {
        sqlx::query(
            "UPDATE baan SET pogingen = 0, lease = NULL, volgende_ms = 0,
                kop = (SELECT min(m.volgnummer) FROM melding m WHERE m.abonnement = baan.abonnement
                       AND m.leerbedrijf = baan.leerbedrijf AND m.staat = 0)
             WHERE abonnement = $1 AND kop <= $2",
        )
        .bind(&id)
        .bind(tot_en_met.cast_signed())
        .execute(&mut *tx)
        .await?;
    }
    Ok(tx.commit().await?)
}
