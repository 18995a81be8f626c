//! Lending subscriptions, reading what is to be delivered, and taking in what became of it.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{
    SqlitePush,
    operating::{lock, settle},
};
use crate::{
    domain::Tijdstip,
    log::StoreError,
    push::{
        AbonnementId, Staat,
        store::{
            Achter, Bijwerking, Eindpuntstaat, Geleend, Gelezen, Gevolg, Lening, Poging,
            PogingRecord, Uitkomst, Vraag,
            pak::pack,
            rows::{AchterRow, GeleendRow, MeldingRow, behind, bytes, melding_columns, to_uuid},
        },
    },
};

pub(super) async fn leen(
    push: &SqlitePush,
    lening: Lening,
    ids: &[AbonnementId],
) -> Result<Vec<Geleend>, StoreError> {
    let mut tx = push.begin().await?;
    let mut lent = Vec::with_capacity(ids.len());
    for id in ids {
        sqlx::query(
            "UPDATE bezorging SET lener = ?1, geleend_tot_ms = ?3 WHERE abonnement = ?4
               AND (lener IS NULL OR lener = ?1 AND geleend_tot_ms < (?2 + ?3) / 2
                    OR lener <> ?1 AND geleend_tot_ms <= ?2)",
        )
        .bind(lening.lener.as_bytes().as_slice())
        .bind(lening.nu.as_millis())
        .bind(lening.tot.as_millis())
        .bind(bytes(*id))
        .execute(&mut *tx)
        .await?;
        let row: Option<GeleendRow> = sqlx::query_as(
            "SELECT b.abonnement, b.klaar, b.los, b.beurt, b.geleend_tot_ms,
                (SELECT min(vanaf) FROM achterstand WHERE abonnement = b.abonnement) AS achter,
                (SELECT min(n) FROM (
                    SELECT min(volgnummer) AS n FROM melding
                    WHERE abonnement = b.abonnement AND staat = 3 AND staat <> 0 UNION ALL
                    SELECT min(volgnummer) FROM melding
                    WHERE abonnement = b.abonnement AND staat = 4 AND staat <> 0)) AS apart
             FROM bezorging b WHERE b.abonnement = ? AND b.lener = ?",
        )
        .bind(bytes(*id))
        .bind(lening.lener.as_bytes().as_slice())
        .fetch_optional(&mut *tx)
        .await?;
        lent.extend(row.map(GeleendRow::read).transpose()?);
    }
    tx.commit().await?;
    Ok(lent)
}

pub(super) async fn geef_terug(
    push: &SqlitePush,
    lener: Uuid,
    ids: &[AbonnementId],
) -> Result<(), StoreError> {
    let mut tx = push.begin().await?;
    for id in ids {
        sqlx::query("UPDATE bezorging SET lener = NULL WHERE abonnement = ? AND lener = ?")
            .bind(bytes(*id))
            .bind(lener.as_bytes().as_slice())
            .execute(&mut *tx)
            .await?;
    }
    Ok(tx.commit().await?)
}

pub(super) async fn meld_bezorger(
    push: &SqlitePush,
    lening: Lening,
) -> Result<Vec<Uuid>, StoreError> {
    let mut tx = push.begin().await?;
    sqlx::query(
        "INSERT INTO bezorger (id, tot_ms) VALUES (?, ?)
         ON CONFLICT (id) DO UPDATE SET tot_ms = excluded.tot_ms",
    )
    .bind(lening.lener.as_bytes().as_slice())
    .bind(lening.tot.as_millis())
    .execute(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM bezorger WHERE tot_ms <= ?")
        .bind(lening.nu.as_millis())
        .execute(&mut *tx)
        .await?;
    let ids: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id FROM bezorger ORDER BY id")
        .fetch_all(&mut *tx)
        .await?;
    tx.commit().await?;
    ids.iter().map(|id| to_uuid(id)).collect()
}

pub(super) async fn meld_bezorger_af(push: &SqlitePush, lener: Uuid) -> Result<(), StoreError> {
    let mut tx = push.begin().await?;
    sqlx::query("DELETE FROM bezorger WHERE id = ?")
        .bind(lener.as_bytes().as_slice())
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

pub(super) async fn lees(push: &SqlitePush, vragen: &[Vraag]) -> Result<Vec<Gelezen>, StoreError> {
    push.identity.check()?;
    let mut all = Vec::new();
    for vraag in vragen {
        let rows: Vec<MeldingRow> = sqlx::query_as(concat!(
            "SELECT ",
            melding_columns!(),
            " FROM melding m",
            behind!(),
            "WHERE m.abonnement = ? AND m.volgnummer > ? ORDER BY m.volgnummer LIMIT ?"
        ))
        .bind(bytes(vraag.abonnement))
        .bind(vraag.na.cast_signed())
        .bind(i64::from(vraag.most))
        .fetch_all(&push.read)
        .await?;
        for row in rows {
            all.push(row.read_feed()?);
        }
    }
    Ok(all)
}

pub(super) async fn achter(
    push: &SqlitePush,
    vragen: &[Vraag],
    nu: Tijdstip,
) -> Result<Vec<Achter>, StoreError> {
    push.identity.check()?;
    let mut all = Vec::new();
    for vraag in vragen {
        let rows: Vec<AchterRow> = sqlx::query_as(concat!(
            "SELECT ",
            melding_columns!(),
            ", a.pogingen FROM (SELECT *, (SELECT min(volgnummer) FROM melding
                  WHERE abonnement = s.abonnement AND leerbedrijf = s.leerbedrijf
                    AND (staat = 4 OR staat = 0 AND volgnummer >= s.vanaf)) AS eerste
                FROM achterstand s WHERE abonnement = ? AND volgende_ms <= ?
                ORDER BY volgende_ms, vanaf LIMIT ?) a
             JOIN melding m ON m.abonnement = a.abonnement AND m.volgnummer = a.eerste
             ORDER BY a.volgende_ms, m.volgnummer"
        ))
        .bind(bytes(vraag.abonnement))
        .bind(nu.as_millis())
        .bind(i64::from(vraag.most))
        .fetch_all(&push.read)
        .await?;
        for row in rows {
            all.push(row.read()?);
        }
    }
    Ok(all)
}

pub(super) async fn record(
    push: &SqlitePush,
    lening: Lening,
    bijwerkingen: &[Bijwerking],
) -> Result<Vec<bool>, StoreError> {
    let mut tx = push.begin().await?;
    let mut kept = Vec::with_capacity(bijwerkingen.len());
    for bijwerking in bijwerkingen {
        kept.push(record_one(&mut tx, lening, bijwerking).await?);
    }
    tx.commit().await?;
    Ok(kept)
}

async fn record_one(
    tx: &mut SqliteConnection,
    lening: Lening,
    bijwerking: &Bijwerking,
) -> Result<bool, StoreError> {
    let (klaar, los) = bijwerking.voortgang.write()?;
    let lent = sqlx::query(
        "UPDATE bezorging SET klaar = ?1, los = ?2, geleend_tot_ms = max(geleend_tot_ms, ?3)
         WHERE abonnement = ?4 AND beurt = ?5 AND lener = ?6",
    )
    .bind(klaar)
    .bind(los)
    .bind(lening.tot.as_millis())
    .bind(bytes(bijwerking.abonnement))
    .bind(bijwerking.beurt.cast_signed())
    .bind(lening.lener.as_bytes().as_slice())
    .execute(&mut *tx)
    .await?;
    if lent.rows_affected() == 0 {
        return Ok(false);
    }
    let records: Vec<PogingRecord> = bijwerking
        .uitkomsten
        .iter()
        .filter_map(|one| {
            one.poging.clone().map(|poging| PogingRecord {
                volgnummer: one.volgnummer,
                poging,
            })
        })
        .collect();
    write_pogingen(tx, bijwerking.abonnement, &records).await?;
    for uitkomst in &bijwerking.uitkomsten {
        write_uitkomst(tx, bijwerking.abonnement, uitkomst).await?;
    }
    Ok(true)
}

async fn write_uitkomst(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    uitkomst: &Uitkomst,
) -> Result<(), StoreError> {
    let staat = match uitkomst.gevolg {
        Gevolg::Bezorgd => 0,
        Gevolg::Dood => Staat::Dood as i64,
        Gevolg::Vervallen => Staat::Vervallen as i64,
        Gevolg::Opnieuw(at) => return behind(tx, id, uitkomst, at).await,
        Gevolg::Terug(at) if uitkomst.achter => return behind(tx, id, uitkomst, at).await,
        // One that is not behind waits with the node that has it on loan.
        Gevolg::Terug(_) => return Ok(()),
    };
    if uitkomst.achter || staat != 0 {
        // What was dropped meanwhile stays so.
        sqlx::query(
            "UPDATE melding SET staat = ? WHERE abonnement = ? AND volgnummer = ?
               AND staat IN (0, 4)",
        )
        .bind(staat)
        .bind(bytes(id))
        .bind(uitkomst.volgnummer.cast_signed())
        .execute(&mut *tx)
        .await?;
    }
    if uitkomst.achter {
        go_on(tx, id, uitkomst).await?;
    }
    Ok(())
}

/// It goes again later: its leerbedrijf is behind from now on.
async fn behind(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    uitkomst: &Uitkomst,
    at: Tijdstip,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO achterstand (abonnement, leerbedrijf, vanaf, pogingen, volgende_ms)
         VALUES (?, ?, ?, ?, ?) ON CONFLICT (abonnement, leerbedrijf) DO UPDATE
         SET pogingen = excluded.pogingen, volgende_ms = excluded.volgende_ms",
    )
    .bind(bytes(id))
    .bind(i64::from(uitkomst.leerbedrijf_id.as_u32()))
    .bind(uitkomst.volgnummer.cast_signed())
    .bind(i64::from(uitkomst.pogingen))
    .bind(at.as_millis())
    .execute(tx)
    .await?;
    Ok(())
}

/// A leerbedrijf that is behind goes on with its next number; without one it no longer is.
async fn go_on(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    uitkomst: &Uitkomst,
) -> Result<(), StoreError> {
    let ended = uitkomst.poging.as_ref().map(|poging| poging.tijdstip);
    sqlx::query(
        "UPDATE achterstand SET pogingen = 0, volgende_ms = ?4, vanaf = coalesce(
            (SELECT min(volgnummer) FROM melding WHERE abonnement = ?1 AND leerbedrijf = ?2
               AND staat = 0 AND volgnummer >= achterstand.vanaf AND volgnummer <> ?3),
            (SELECT max(volgnummer) + 1 FROM melding WHERE abonnement = ?1 AND leerbedrijf = ?2))
         WHERE abonnement = ?1 AND leerbedrijf = ?2",
    )
    .bind(bytes(id))
    .bind(i64::from(uitkomst.leerbedrijf_id.as_u32()))
    .bind(uitkomst.volgnummer.cast_signed())
    // The next one is due since this one ended; it was not sent for its own fault.
    .bind(ended.map_or(0, Tijdstip::as_millis))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM achterstand AS a WHERE abonnement = ?1 AND leerbedrijf = ?2
           AND NOT EXISTS (SELECT 1 FROM melding WHERE abonnement = ?1 AND leerbedrijf = ?2
               AND (staat = 4 OR staat = 0 AND volgnummer >= a.vanaf))",
    )
    .bind(bytes(id))
    .bind(i64::from(uitkomst.leerbedrijf_id.as_u32()))
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn keep_pogingen(
    push: &SqlitePush,
    id: AbonnementId,
    records: &[PogingRecord],
) -> Result<(), StoreError> {
    let mut tx = push.begin().await?;
    write_pogingen(&mut tx, id, records).await?;
    Ok(tx.commit().await?)
}

async fn write_pogingen(
    tx: &mut SqliteConnection,
    id: AbonnementId,
    records: &[PogingRecord],
) -> Result<(), StoreError> {
    let Some(pak) = pack(records)? else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO pogingen (abonnement, eerste, laatste, tijdstip_ms, inhoud)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(bytes(id))
    .bind(pak.eerste)
    .bind(pak.laatste)
    .bind(pak.tijdstip.as_millis())
    .bind(pak.inhoud)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE bezorging SET laatste_poging_ms = ?1, laatste_uitkomst = ?2
         WHERE abonnement = ?3 AND coalesce(laatste_poging_ms, 0) <= ?1",
    )
    .bind(pak.tijdstip.as_millis())
    .bind(pak.uitkomst)
    .bind(bytes(id))
    .execute(tx)
    .await?;
    Ok(())
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
        let record = PogingRecord {
            volgnummer: 0,
            poging: poging.clone(),
        };
        write_pogingen(&mut tx, id, &[record]).await?;
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

pub(super) async fn confirm(
    push: &SqlitePush,
    id: AbonnementId,
    tot_en_met: u64,
) -> Result<(), StoreError> {
    let mut tx = push.begin().await?;
    let Some(mut voortgang) = lock(&mut tx, id).await? else {
        return Ok(());
    };
    voortgang.add_up_to(tot_en_met);
    let key = bytes(id);
    sqlx::query(
        "UPDATE melding SET staat = 0
         WHERE abonnement = ? AND volgnummer <= ? AND staat = 4 AND staat <> 0",
    )
    .bind(&key)
    .bind(tot_en_met.cast_signed())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE achterstand SET pogingen = 0, volgende_ms = 0, vanaf = max(vanaf, ?2 + 1)
         WHERE abonnement = ?1",
    )
    .bind(&key)
    .bind(tot_en_met.cast_signed())
    .execute(&mut *tx)
    .await?;
    settle(&mut tx, id, voortgang).await?;
    Ok(tx.commit().await?)
}
