//! Fan-out: numbers and the cursor move in one transaction.

use std::collections::hash_map::Entry;

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::SqlitePush;
use crate::{
    log::StoreError,
    push::{
        AbonnementId, Melding,
        store::{
            Cursor, FanoutStart, NieuweMelding, Voortgang,
            rows::{AbonnementRow, MeldingRow, Uitgifte, behind, bytes, melding_columns, to_uuid},
        },
    },
};

pub(super) async fn fanout_start(push: &SqlitePush) -> Result<FanoutStart, StoreError> {
    push.identity.check()?;
    let mut tx = push.read.begin().await?;
    let (nummer, regel, revisie): (i64, i64, i64) =
        sqlx::query_as("SELECT nummer, regel, revisie FROM push_stand")
            .fetch_one(&mut *tx)
            .await?;
    let rows: Vec<AbonnementRow> =
        sqlx::query_as("SELECT inhoud FROM abonnement WHERE open ORDER BY id")
            .fetch_all(&mut *tx)
            .await?;
    Ok(FanoutStart {
        cursor: Cursor {
            nummer: nummer.cast_unsigned(),
            regel: regel.cast_unsigned(),
        },
        revisie: revisie.cast_unsigned(),
        abonnementen: rows
            .into_iter()
            .map(AbonnementRow::read)
            .collect::<Result<_, _>>()?,
    })
}

pub(super) async fn fan_out(
    push: &SqlitePush,
    start: &FanoutStart,
    to: Cursor,
    nieuw: &[NieuweMelding],
) -> Result<bool, StoreError> {
    let mut tx = push.begin().await?;
    let moved = sqlx::query(
        "UPDATE push_stand SET nummer = ?, regel = ?
         WHERE nummer = ? AND regel = ? AND revisie = ?",
    )
    .bind(to.nummer.cast_signed())
    .bind(to.regel.cast_signed())
    .bind(start.cursor.nummer.cast_signed())
    .bind(start.cursor.regel.cast_signed())
    .bind(start.revisie.cast_signed())
    .execute(&mut *tx)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    let mut uitgifte = stand_of(&mut tx, nieuw).await?;
    let genummerd = uitgifte.number(nieuw)?;
    for melding in &genummerd {
        sqlx::query(
            "INSERT INTO melding (abonnement, volgnummer, mutatie_id, leerbedrijf, school, vorig,
                geregistreerd_ms, inhoud) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(bytes(melding.nieuw.abonnement))
        .bind(melding.volgnummer)
        .bind(melding.nieuw.mutatie_id.as_bytes().as_slice())
        .bind(i64::from(melding.nieuw.leerbedrijf_id.as_u32()))
        .bind(melding.nieuw.school_oin.as_str())
        .bind(melding.vorig)
        .bind(melding.nieuw.inhoud.geregistreerd_op.as_millis())
        .bind(&melding.inhoud)
        .execute(&mut *tx)
        .await?;
    }
    for (id, laatste) in &uitgifte.laatste {
        sqlx::query("UPDATE abonnement SET laatste = ? WHERE id = ?")
            .bind(laatste)
            .bind(bytes(*id))
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn meldingen(
    push: &SqlitePush,
    id: AbonnementId,
    na: u64,
    limit: u32,
) -> Result<Vec<Melding>, StoreError> {
    push.identity.check()?;
    let voortgang = voortgang(push, id).await?;
    let rows: Vec<MeldingRow> = sqlx::query_as(concat!(
        "SELECT ",
        melding_columns!(),
        " FROM melding m",
        behind!(),
        "WHERE m.abonnement = ? AND m.volgnummer > ? ORDER BY m.volgnummer LIMIT ?"
    ))
    .bind(bytes(id))
    .bind(na.cast_signed())
    .bind(i64::from(limit))
    .fetch_all(&push.read)
    .await?;
    rows.into_iter().map(|row| row.read(&voortgang)).collect()
}

pub(super) async fn nummers(
    push: &SqlitePush,
    id: AbonnementId,
    na: u64,
    limit: u32,
) -> Result<Vec<(u64, Uuid)>, StoreError> {
    push.identity.check()?;
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT volgnummer, mutatie_id FROM melding
         WHERE abonnement = ? AND volgnummer > ? ORDER BY volgnummer LIMIT ?",
    )
    .bind(bytes(id))
    .bind(na.cast_signed())
    .bind(i64::from(limit))
    .fetch_all(&push.read)
    .await?;
    let one = |(nummer, id): (i64, Vec<u8>)| Ok((nummer.cast_unsigned(), to_uuid(&id)?));
    rows.into_iter().map(one).collect()
}

pub(super) async fn melding(
    push: &SqlitePush,
    id: AbonnementId,
    mutatie_id: Uuid,
) -> Result<Option<Melding>, StoreError> {
    push.identity.check()?;
    let voortgang = voortgang(push, id).await?;
    let row: Option<MeldingRow> = sqlx::query_as(concat!(
        "SELECT ",
        melding_columns!(),
        " FROM melding m",
        behind!(),
        "WHERE m.abonnement = ? AND m.mutatie_id = ?"
    ))
    .bind(bytes(id))
    .bind(mutatie_id.as_bytes().as_slice())
    .fetch_optional(&push.read)
    .await?;
    row.map(|row| row.read(&voortgang)).transpose()
}

/// What giving out numbers needs to know.
async fn stand_of(
    tx: &mut SqliteConnection,
    nieuw: &[NieuweMelding],
) -> Result<Uitgifte, StoreError> {
    let mut uitgifte = Uitgifte::default();
    for melding in nieuw {
        let id = bytes(melding.abonnement);
        if let Entry::Vacant(counter) = uitgifte.laatste.entry(melding.abonnement) {
            let laatste: Option<i64> =
                sqlx::query_scalar("SELECT laatste FROM abonnement WHERE id = ? AND open")
                    .bind(&id)
                    .fetch_optional(&mut *tx)
                    .await?;
            let Some(laatste) = laatste else { continue };
            counter.insert(laatste);
        }
        let told: Option<i64> = sqlx::query_scalar(
            "SELECT volgnummer FROM melding WHERE abonnement = ? AND mutatie_id = ?",
        )
        .bind(&id)
        .bind(melding.mutatie_id.as_bytes().as_slice())
        .fetch_optional(&mut *tx)
        .await?;
        if told.is_some() {
            uitgifte
                .bekend
                .insert((melding.abonnement, melding.mutatie_id));
        }
        let vorig: Option<i64> = sqlx::query_scalar(
            "SELECT max(volgnummer) FROM melding WHERE abonnement = ? AND leerbedrijf = ?",
        )
        .bind(&id)
        .bind(i64::from(melding.leerbedrijf_id.as_u32()))
        .fetch_one(&mut *tx)
        .await?;
        if let Some(vorig) = vorig {
            let sleutel = (melding.abonnement, melding.leerbedrijf_id);
            uitgifte.vorig.insert(sleutel, vorig);
        }
    }
    Ok(uitgifte)
}

/// What is dealt with of a subscription.
async fn voortgang(push: &SqlitePush, id: AbonnementId) -> Result<Voortgang, StoreError> {
    let row: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT klaar, los FROM bezorging WHERE abonnement = ?")
            .bind(bytes(id))
            .fetch_optional(&push.read)
            .await?;
    row.map_or_else(
        || Ok(Voortgang::default()),
        |(klaar, los)| Voortgang::read(klaar, &los),
    )
}
