//! Lending subscriptions, reading what is to be delivered, and taking in what became of it.

use std::collections::HashSet;

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{
    bytes_of,
    operating::{lock, settle},
    tell,
};
use crate::{
    domain::Tijdstip,
    log::StoreError,
    push::{
        AbonnementId, Staat,
        store::{
            Achter, Bijwerking, Eindpuntstaat, Geleend, Gelezen, Gevolg, Lening, Poging,
            PogingRecord, Uitkomst, Vraag,
            pak::{Pak, pack},
            rows::{
                AchterRow, GeleendRow, MeldingRow, behind, bytes, melding_columns, to_id, to_uuid,
            },
        },
    },
};

pub(super) async fn leen(
    c: &mut PgConnection,
    lening: Lening,
    ids: &[AbonnementId],
) -> Result<Vec<Geleend>, StoreError> {
    let rows: Vec<GeleendRow> = sqlx::query_as(
        // A loan that a crash of the server loses is only made again: nobody waits for the disk. One that
        // has most of its time left is not written anew, nor one that somebody changes just now.
        "WITH unhurried AS MATERIALIZED (
            SELECT set_config('synchronous_commit', 'off', true)),
         vrij AS MATERIALIZED (
            SELECT b.abonnement FROM unhurried CROSS JOIN bezorging b WHERE b.abonnement = ANY($1)
              AND (b.lener IS NULL OR b.lener = $2 AND b.geleend_tot_ms < ($3 + $4) / 2
                   OR b.lener <> $2 AND b.geleend_tot_ms <= $3)
            ORDER BY b.abonnement FOR UPDATE OF b SKIP LOCKED),
         genomen AS (
            UPDATE bezorging b SET lener = $2, geleend_tot_ms = $4 FROM vrij
            WHERE b.abonnement = vrij.abonnement
            RETURNING b.abonnement, b.klaar, b.los, b.beurt, b.geleend_tot_ms),
         eigen AS (
            SELECT * FROM genomen UNION ALL
            SELECT abonnement, klaar, los, beurt, geleend_tot_ms FROM bezorging
            WHERE abonnement = ANY($1) AND lener = $2 AND geleend_tot_ms > $3
              AND abonnement NOT IN (SELECT abonnement FROM vrij))
         SELECT e.abonnement, e.klaar, e.los, e.beurt, e.geleend_tot_ms,
            (SELECT min(vanaf) FROM achterstand WHERE abonnement = e.abonnement) AS achter,
            least((SELECT min(volgnummer) FROM melding
                   WHERE abonnement = e.abonnement AND staat = 3 AND staat <> 0),
                  (SELECT min(volgnummer) FROM melding
                   WHERE abonnement = e.abonnement AND staat = 4 AND staat <> 0)) AS apart
         FROM eigen e",
    )
    .bind(bytes_of(ids))
    .bind(lening.lener.as_bytes().as_slice())
    .bind(lening.nu.as_millis())
    .bind(lening.tot.as_millis())
    .fetch_all(c)
    .await?;
    rows.into_iter().map(GeleendRow::read).collect()
}

pub(super) async fn geef_terug(
    c: &mut PgConnection,
    lener: Uuid,
    ids: &[AbonnementId],
) -> Result<(), StoreError> {
    let mut tx = c.begin().await?;
    sqlx::query("UPDATE bezorging SET lener = NULL WHERE abonnement = ANY($1) AND lener = $2")
        .bind(bytes_of(ids))
        .bind(lener.as_bytes().as_slice())
        .execute(&mut *tx)
        .await?;
    tell(&mut tx).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn meld_bezorger(
    c: &mut PgConnection,
    lening: Lening,
) -> Result<Vec<Uuid>, StoreError> {
    sqlx::query(
        "INSERT INTO bezorger (id, tot_ms) VALUES ($1, $2)
         ON CONFLICT (id) DO UPDATE SET tot_ms = excluded.tot_ms",
    )
    .bind(lening.lener.as_bytes().as_slice())
    .bind(lening.tot.as_millis())
    .execute(&mut *c)
    .await?;
    sqlx::query("DELETE FROM bezorger WHERE tot_ms <= $1")
        .bind(lening.nu.as_millis())
        .execute(&mut *c)
        .await?;
    let ids: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id FROM bezorger ORDER BY id")
        .fetch_all(c)
        .await?;
    ids.iter().map(|id| to_uuid(id)).collect()
}

pub(super) async fn meld_bezorger_af(c: &mut PgConnection, lener: Uuid) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM bezorger WHERE id = $1")
        .bind(lener.as_bytes().as_slice())
        .execute(c)
        .await?;
    Ok(())
}

pub(super) async fn lees(
    c: &mut PgConnection,
    vragen: &[Vraag],
) -> Result<Vec<Gelezen>, StoreError> {
    let rows: Vec<MeldingRow> = sqlx::query_as(concat!(
        "SELECT ",
        melding_columns!(),
        " FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS n(abonnement, na, most)
          CROSS JOIN LATERAL (SELECT * FROM melding
            WHERE abonnement = n.abonnement AND volgnummer > n.na
            ORDER BY volgnummer LIMIT n.most) m",
        behind!(),
        "ORDER BY m.abonnement, m.volgnummer"
    ))
    .bind(ids_of(vragen))
    .bind(
        vragen
            .iter()
            .map(|vraag| vraag.na.cast_signed())
            .collect::<Vec<_>>(),
    )
    .bind(most_of(vragen))
    .fetch_all(c)
    .await?;
    rows.into_iter().map(MeldingRow::read_feed).collect()
}

pub(super) async fn achter(
    c: &mut PgConnection,
    vragen: &[Vraag],
    nu: Tijdstip,
) -> Result<Vec<Achter>, StoreError> {
    let rows: Vec<AchterRow> = sqlx::query_as(concat!(
        "SELECT ",
        melding_columns!(),
        ", a.pogingen FROM unnest($1::bytea[], $2::bigint[]) AS n(abonnement, most)
          CROSS JOIN LATERAL (SELECT * FROM achterstand
            WHERE abonnement = n.abonnement AND volgende_ms <= $3
            ORDER BY volgende_ms, vanaf LIMIT n.most) a
          CROSS JOIN LATERAL (SELECT * FROM melding
            WHERE abonnement = a.abonnement AND leerbedrijf = a.leerbedrijf
              AND (staat = 4 OR staat = 0 AND volgnummer >= a.vanaf)
            ORDER BY volgnummer LIMIT 1) m
          ORDER BY m.abonnement, a.volgende_ms, m.volgnummer"
    ))
    .bind(ids_of(vragen))
    .bind(most_of(vragen))
    .bind(nu.as_millis())
    .fetch_all(c)
    .await?;
    rows.into_iter().map(AchterRow::read).collect()
}

fn ids_of(vragen: &[Vraag]) -> Vec<Vec<u8>> {
    vragen.iter().map(|vraag| bytes(vraag.abonnement)).collect()
}

fn most_of(vragen: &[Vraag]) -> Vec<i64> {
    vragen.iter().map(|vraag| i64::from(vraag.most)).collect()
}

pub(super) async fn record(
    c: &mut PgConnection,
    lening: Lening,
    bijwerkingen: &[Bijwerking],
) -> Result<Vec<bool>, StoreError> {
    let mut tx = c.begin().await?;
    let kept = write_voortgang(&mut tx, lening, bijwerkingen).await?;
    let of = |fits: fn(&Uitkomst) -> bool| -> Vec<(AbonnementId, &Uitkomst)> {
        bijwerkingen
            .iter()
            .filter(|one| kept.contains(&one.abonnement))
            .flat_map(|one| one.uitkomsten.iter().map(|each| (one.abonnement, each)))
            .filter(|(_, uitkomst)| fits(uitkomst))
            .collect()
    };
    let ended = of(|one| one.gevolg.is_einde() && (one.achter || one.gevolg != Gevolg::Bezorgd));
    write_staten(&mut tx, &ended).await?;
    go_on(&mut tx, &of(|one| one.gevolg.is_einde() && one.achter)).await?;
    write_achterstand(&mut tx, &of(|one| !one.gevolg.is_einde())).await?;
    tx.commit().await?;
    Ok(bijwerkingen
        .iter()
        .map(|one| kept.contains(&one.abonnement))
        .collect())
}

/// What is dealt with and the records of attempts, of those that are still lent as they were.
async fn write_voortgang(
    tx: &mut PgConnection,
    lening: Lening,
    bijwerkingen: &[Bijwerking],
) -> Result<HashSet<AbonnementId>, StoreError> {
    let (mut ids, mut beurten) = (Vec::new(), Vec::new());
    let (mut klaar, mut los, mut paks) = (Vec::new(), Vec::new(), Vec::new());
    for bijwerking in bijwerkingen {
        let (up_to, loose) = bijwerking.voortgang.write()?;
        ids.push(bytes(bijwerking.abonnement));
        beurten.push(bijwerking.beurt.cast_signed());
        klaar.push(up_to);
        los.push(loose);
        paks.push(pack(&records_of(&bijwerking.uitkomsten))?);
    }
    let of = |take: fn(&Pak) -> i64| {
        paks.iter()
            .map(|pak| pak.as_ref().map(take))
            .collect::<Vec<Option<i64>>>()
    };
    let (inhoud, uitkomsten): (Vec<Option<&[u8]>>, Vec<Option<&str>>) = paks
        .iter()
        .map(|pak| {
            let pak = pak.as_ref();
            let inhoud = pak.map(|pak| pak.inhoud.as_slice());
            (inhoud, pak.map(|pak| pak.uitkomst.as_str()))
        })
        .unzip();
    let kept: Vec<Vec<u8>> = sqlx::query_scalar(
        "WITH nieuw AS MATERIALIZED (
            SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[],
                $6::bigint[], $7::bigint[], $8::bytea[], $9::text[])
            AS n(abonnement, beurt, klaar, los, eerste, laatste, tijdstip_ms, pak, uitkomst)),
         bij AS (
            UPDATE bezorging b SET klaar = n.klaar, los = n.los,
                geleend_tot_ms = greatest(b.geleend_tot_ms, $11),
                laatste_poging_ms = coalesce(n.tijdstip_ms, b.laatste_poging_ms),
                laatste_uitkomst = coalesce(n.uitkomst, b.laatste_uitkomst)
            FROM nieuw n
            WHERE b.abonnement = n.abonnement AND b.beurt = n.beurt AND b.lener = $10
            RETURNING b.abonnement),
         bewaard AS (
            INSERT INTO pogingen (abonnement, eerste, laatste, tijdstip_ms, inhoud)
            SELECT abonnement, eerste, laatste, tijdstip_ms, pak
            FROM nieuw JOIN bij USING (abonnement) WHERE pak IS NOT NULL)
         SELECT abonnement FROM bij",
    )
    .bind(ids)
    .bind(beurten)
    .bind(klaar)
    .bind(los)
    .bind(of(|pak| pak.eerste))
    .bind(of(|pak| pak.laatste))
    .bind(of(|pak| pak.tijdstip.as_millis()))
    .bind(inhoud)
    .bind(uitkomsten)
    .bind(lening.lener.as_bytes().as_slice())
    .bind(lening.tot.as_millis())
    .fetch_all(tx)
    .await?;
    kept.iter().map(|id| to_id(id)).collect()
}

fn records_of(uitkomsten: &[Uitkomst]) -> Vec<PogingRecord> {
    let record = |one: &Uitkomst| {
        one.poging.clone().map(|poging| PogingRecord {
            volgnummer: one.volgnummer,
            poging,
        })
    };
    uitkomsten.iter().filter_map(record).collect()
}

/// The states of those that are told by their own row.
async fn write_staten(
    tx: &mut PgConnection,
    ended: &[(AbonnementId, &Uitkomst)],
) -> Result<(), StoreError> {
    if ended.is_empty() {
        return Ok(());
    }
    let staat = |one: &Uitkomst| match one.gevolg {
        Gevolg::Dood => Staat::Dood as i64,
        Gevolg::Vervallen => Staat::Vervallen as i64,
        _ => 0,
    };
    let numbers: Vec<i64> = ended
        .iter()
        .map(|(_, one)| one.volgnummer.cast_signed())
        .collect();
    sqlx::query(
        "UPDATE melding m SET staat = n.staat
         FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS n(abonnement, volgnummer, staat)
         WHERE m.abonnement = n.abonnement AND m.volgnummer = n.volgnummer
           AND m.staat IN (0, 4) AND m.staat <> n.staat",
    )
    .bind(ended.iter().map(|(id, _)| bytes(*id)).collect::<Vec<_>>())
    .bind(numbers)
    .bind(ended.iter().map(|(_, one)| staat(one)).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Leerbedrijven that are behind go on with their next number; those without one are no longer behind.
async fn go_on(
    tx: &mut PgConnection,
    ended: &[(AbonnementId, &Uitkomst)],
) -> Result<(), StoreError> {
    if ended.is_empty() {
        return Ok(());
    }
    let ids: Vec<Vec<u8>> = ended.iter().map(|(id, _)| bytes(*id)).collect();
    let leerbedrijven: Vec<i64> = ended.iter().map(|(_, one)| leerbedrijf(one)).collect();
    let nummers: Vec<i64> = ended
        .iter()
        .map(|(_, one)| one.volgnummer.cast_signed())
        .collect();
    // The next one is due since this one ended; it was not sent for its own fault.
    let due: Vec<i64> = ended
        .iter()
        .map(|(_, one)| one.poging.as_ref().map_or(0, |p| p.tijdstip.as_millis()))
        .collect();
    sqlx::query(
        "UPDATE achterstand a SET pogingen = 0, volgende_ms = n.due, vanaf = coalesce(
            (SELECT min(volgnummer) FROM melding WHERE abonnement = a.abonnement
               AND leerbedrijf = a.leerbedrijf AND staat = 0 AND volgnummer >= a.vanaf
               AND volgnummer <> n.volgnummer),
            (SELECT max(volgnummer) + 1 FROM melding WHERE abonnement = a.abonnement
               AND leerbedrijf = a.leerbedrijf))
         FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[])
            AS n(abonnement, leerbedrijf, volgnummer, due)
         WHERE a.abonnement = n.abonnement AND a.leerbedrijf = n.leerbedrijf",
    )
    .bind(&ids)
    .bind(&leerbedrijven)
    .bind(nummers)
    .bind(due)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM achterstand a
         USING unnest($1::bytea[], $2::bigint[]) AS n(abonnement, leerbedrijf)
         WHERE a.abonnement = n.abonnement AND a.leerbedrijf = n.leerbedrijf
           AND NOT EXISTS (SELECT FROM melding WHERE abonnement = a.abonnement
               AND leerbedrijf = a.leerbedrijf
               AND (staat = 4 OR staat = 0 AND volgnummer >= a.vanaf))",
    )
    .bind(&ids)
    .bind(&leerbedrijven)
    .execute(tx)
    .await?;
    Ok(())
}

/// Those that go again later: their leerbedrijf is behind from now on.
async fn write_achterstand(
    tx: &mut PgConnection,
    again: &[(AbonnementId, &Uitkomst)],
) -> Result<(), StoreError> {
    let again: Vec<(AbonnementId, &Uitkomst, Tijdstip)> = again
        .iter()
        .filter_map(|(id, one)| match one.gevolg {
            Gevolg::Opnieuw(at) => Some((*id, *one, at)),
            // One that is not behind waits with the node that has it on loan.
            Gevolg::Terug(at) if one.achter => Some((*id, *one, at)),
            _ => None,
        })
        .collect();
    if again.is_empty() {
        return Ok(());
    }
    let of = |take: fn(&(AbonnementId, &Uitkomst, Tijdstip)) -> i64| {
        again.iter().map(take).collect::<Vec<i64>>()
    };
    sqlx::query(
        "INSERT INTO achterstand (abonnement, leerbedrijf, vanaf, pogingen, volgende_ms)
         SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
         ON CONFLICT (abonnement, leerbedrijf) DO UPDATE
         SET pogingen = excluded.pogingen, volgende_ms = excluded.volgende_ms",
    )
    .bind(again.iter().map(|(id, ..)| bytes(*id)).collect::<Vec<_>>())
    .bind(of(|(_, one, _)| leerbedrijf(one)))
    .bind(of(|(_, one, _)| one.volgnummer.cast_signed()))
    .bind(of(|(_, one, _)| i64::from(one.pogingen)))
    .bind(of(|(.., at)| at.as_millis()))
    .execute(tx)
    .await?;
    Ok(())
}

fn leerbedrijf(uitkomst: &Uitkomst) -> i64 {
    i64::from(uitkomst.leerbedrijf_id.as_u32())
}

pub(super) async fn keep_pogingen(
    c: &mut PgConnection,
    id: AbonnementId,
    records: &[PogingRecord],
) -> Result<(), StoreError> {
    let Some(pak) = pack(records)? else {
        return Ok(());
    };
    sqlx::query(
        "WITH bewaard AS (
            INSERT INTO pogingen (abonnement, eerste, laatste, tijdstip_ms, inhoud)
            VALUES ($1, $2, $3, $4, $5))
         UPDATE bezorging SET laatste_poging_ms = $4, laatste_uitkomst = $6
         WHERE abonnement = $1 AND coalesce(laatste_poging_ms, 0) <= $4",
    )
    .bind(bytes(id))
    .bind(pak.eerste)
    .bind(pak.laatste)
    .bind(pak.tijdstip.as_millis())
    .bind(pak.inhoud)
    .bind(pak.uitkomst)
    .execute(c)
    .await?;
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
        let record = PogingRecord {
            volgnummer: 0,
            poging: poging.clone(),
        };
        keep_pogingen(&mut tx, id, &[record]).await?;
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
    let Some(mut voortgang) = lock(&mut tx, id).await? else {
        return Ok(());
    };
    voortgang.add_up_to(tot_en_met);
    let key = bytes(id);
    sqlx::query(
        "UPDATE melding SET staat = 0
         WHERE abonnement = $1 AND volgnummer <= $2 AND staat = 4 AND staat <> 0",
    )
    .bind(&key)
    .bind(tot_en_met.cast_signed())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE achterstand SET pogingen = 0, volgende_ms = 0, vanaf = greatest(vanaf, $2 + 1)
         WHERE abonnement = $1",
    )
    .bind(&key)
    .bind(tot_en_met.cast_signed())
    .execute(&mut *tx)
    .await?;
    settle(&mut tx, id, voortgang).await?;
    tell(&mut tx).await?;
    Ok(tx.commit().await?)
}
