//! Fan-out: numbers and the cursor move in one transaction.

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{bytes_of, tell};
use crate::{
    log::StoreError,
    push::{
        AbonnementId, Melding,
        store::{
            Cursor, FanoutStart, NieuweMelding, Voortgang,
            rows::{
                AbonnementRow, Genummerd, MeldingRow, Uitgifte, behind, bytes, melding_columns,
                to_id, to_leerbedrijf, to_uuid,
            },
        },
    },
};

pub(super) async fn start(c: &mut PgConnection) -> Result<FanoutStart, StoreError> {
    // The count of changes first: a subscription that changes between the two makes the fan-out
    // begin anew, and never the other way round.
    let (nummer, regel, revisie): (i64, i64, i64) =
        sqlx::query_as("SELECT nummer, regel, revisie FROM push_stand")
            .fetch_one(&mut *c)
            .await?;
    let rows: Vec<AbonnementRow> =
        sqlx::query_as("SELECT inhoud FROM abonnement WHERE open ORDER BY id")
            .fetch_all(c)
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
    c: &mut PgConnection,
    start: &FanoutStart,
    to: Cursor,
    nieuw: &[NieuweMelding],
) -> Result<bool, StoreError> {
    let mut tx = c.begin().await?;
    let moved = sqlx::query(
        "UPDATE push_stand SET nummer = $1, regel = $2
         WHERE nummer = $3 AND regel = $4 AND revisie = $5",
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
    if !nieuw.is_empty() {
        let mut uitgifte = stand_of(&mut tx, nieuw).await?;
        let genummerd = uitgifte.number(nieuw)?;
        write_meldingen(&mut tx, &genummerd).await?;
        write_counters(&mut tx, &uitgifte).await?;
        tell(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// What giving out numbers needs to know.
async fn stand_of(tx: &mut PgConnection, nieuw: &[NieuweMelding]) -> Result<Uitgifte, StoreError> {
    let ids: Vec<Vec<u8>> = nieuw
        .iter()
        .map(|melding| bytes(melding.abonnement))
        .collect();
    let leerbedrijven: Vec<i64> = nieuw.iter().map(leerbedrijf).collect();
    let mutaties: Vec<Vec<u8>> = nieuw.iter().map(mutatie).collect();
    let mut uitgifte = Uitgifte::default();
    let counters: Vec<(Vec<u8>, i64)> =
        sqlx::query_as("SELECT id, laatste FROM abonnement WHERE id = ANY($1) AND open")
            .bind(&ids)
            .fetch_all(&mut *tx)
            .await?;
    for (id, laatste) in counters {
        uitgifte.laatste.insert(to_id(&id)?, laatste);
    }
    let told: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT m.abonnement, m.mutatie_id FROM unnest($1::bytea[], $2::bytea[]) AS n(abonnement, id)
         JOIN melding m ON m.abonnement = n.abonnement AND m.mutatie_id = n.id",
    )
    .bind(&ids)
    .bind(&mutaties)
    .fetch_all(&mut *tx)
    .await?;
    for (id, mutatie) in told {
        uitgifte.bekend.insert((to_id(&id)?, to_uuid(&mutatie)?));
    }
    let vorig: Vec<(Vec<u8>, i64, Option<i64>)> = sqlx::query_as(
        "SELECT n.abonnement, n.leerbedrijf, (SELECT max(m.volgnummer) FROM melding m
            WHERE m.abonnement = n.abonnement AND m.leerbedrijf = n.leerbedrijf)
         FROM (SELECT DISTINCT abonnement, leerbedrijf
               FROM unnest($1::bytea[], $2::bigint[]) AS n(abonnement, leerbedrijf)) n",
    )
    .bind(&ids)
    .bind(&leerbedrijven)
    .fetch_all(tx)
    .await?;
    for (id, leerbedrijf, laatste) in vorig {
        if let Some(laatste) = laatste {
            let sleutel = (to_id(&id)?, to_leerbedrijf(leerbedrijf)?);
            uitgifte.vorig.insert(sleutel, laatste);
        }
    }
    Ok(uitgifte)
}

async fn write_meldingen(
    tx: &mut PgConnection,
    genummerd: &[Genummerd<'_>],
) -> Result<(), StoreError> {
    let of = |take: fn(&Genummerd<'_>) -> i64| genummerd.iter().map(take).collect::<Vec<i64>>();
    let blobs =
        |take: fn(&Genummerd<'_>) -> Vec<u8>| genummerd.iter().map(take).collect::<Vec<_>>();
    let scholen: Vec<&str> = genummerd
        .iter()
        .map(|m| m.nieuw.school_oin.as_str())
        .collect();
    let vorig: Vec<Option<i64>> = genummerd.iter().map(|m| m.vorig).collect();
    sqlx::query(
        "INSERT INTO melding (abonnement, volgnummer, mutatie_id, leerbedrijf, school, vorig,
            geregistreerd_ms, inhoud)
         SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bigint[], $5::text[],
            $6::bigint[], $7::bigint[], $8::bytea[])",
    )
    .bind(blobs(|m| bytes(m.nieuw.abonnement)))
    .bind(of(|m| m.volgnummer))
    .bind(blobs(|m| mutatie(m.nieuw)))
    .bind(of(|m| leerbedrijf(m.nieuw)))
    .bind(scholen)
    .bind(vorig)
    .bind(of(|m| m.nieuw.inhoud.geregistreerd_op.as_millis()))
    .bind(blobs(|m| m.inhoud.clone()))
    .execute(tx)
    .await?;
    Ok(())
}

async fn write_counters(tx: &mut PgConnection, uitgifte: &Uitgifte) -> Result<(), StoreError> {
    let ids: Vec<AbonnementId> = uitgifte.laatste.keys().copied().collect();
    let laatste: Vec<i64> = uitgifte.laatste.values().copied().collect();
    sqlx::query(
        "UPDATE abonnement a SET laatste = n.laatste
         FROM unnest($1::bytea[], $2::bigint[]) AS n(id, laatste) WHERE a.id = n.id",
    )
    .bind(bytes_of(&ids))
    .bind(laatste)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn meldingen(
    c: &mut PgConnection,
    id: AbonnementId,
    na: u64,
    limit: u32,
) -> Result<Vec<Melding>, StoreError> {
    let voortgang = voortgang(&mut *c, id).await?;
    let rows: Vec<MeldingRow> = sqlx::query_as(concat!(
        "SELECT ",
        melding_columns!(),
        " FROM melding m",
        behind!(),
        "WHERE m.abonnement = $1 AND m.volgnummer > $2 ORDER BY m.volgnummer LIMIT $3"
    ))
    .bind(bytes(id))
    .bind(na.cast_signed())
    .bind(i64::from(limit))
    .fetch_all(c)
    .await?;
    rows.into_iter().map(|row| row.read(&voortgang)).collect()
}

/// What is dealt with of a subscription.
async fn voortgang(c: &mut PgConnection, id: AbonnementId) -> Result<Voortgang, StoreError> {
    let row: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT klaar, los FROM bezorging WHERE abonnement = $1")
            .bind(bytes(id))
            .fetch_optional(c)
            .await?;
    row.map_or_else(
        || Ok(Voortgang::default()),
        |(klaar, los)| Voortgang::read(klaar, &los),
    )
}

pub(super) async fn nummers(
    c: &mut PgConnection,
    id: AbonnementId,
    na: u64,
    limit: u32,
) -> Result<Vec<(u64, Uuid)>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT volgnummer, mutatie_id FROM melding
         WHERE abonnement = $1 AND volgnummer > $2 ORDER BY volgnummer LIMIT $3",
    )
    .bind(bytes(id))
    .bind(na.cast_signed())
    .bind(i64::from(limit))
    .fetch_all(c)
    .await?;
    let one = |(nummer, id): (i64, Vec<u8>)| Ok((nummer.cast_unsigned(), to_uuid(&id)?));
    rows.into_iter().map(one).collect()
}

pub(super) async fn melding(
    c: &mut PgConnection,
    id: AbonnementId,
    mutatie_id: Uuid,
) -> Result<Option<Melding>, StoreError> {
    let voortgang = voortgang(&mut *c, id).await?;
    let row: Option<MeldingRow> = sqlx::query_as(concat!(
        "SELECT ",
        melding_columns!(),
        " FROM melding m",
        behind!(),
        "WHERE m.abonnement = $1 AND m.mutatie_id = $2"
    ))
    .bind(bytes(id))
    .bind(mutatie_id.as_bytes().as_slice())
    .fetch_optional(c)
    .await?;
    row.map(|row| row.read(&voortgang)).transpose()
}

fn leerbedrijf(melding: &NieuweMelding) -> i64 {
    i64::from(melding.leerbedrijf_id.as_u32())
}

fn mutatie(melding: &NieuweMelding) -> Vec<u8> {
    melding.mutatie_id.as_bytes().to_vec()
}
