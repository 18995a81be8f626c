//! Reading what is published.

use sqlx::{Row, SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::{StoreError, open::TIJDLIJN};
use crate::log::{
    CommitInfo, Head, Sleutel, Soort, TijdlijnBegin,
    hash::{Hash, ZERO},
    rows::{CommitRow, StoredCommit, damaged, stage_of, to_begin, to_hash},
};

/// Keys asked for in one statement.
const KEYS_PER_QUERY: usize = 500;

const COMMIT_COLUMNS: &str = "SELECT nummer, tijdlijn, stage, tijdstip_ms, request_id, regels,
     digest, vorige_hash, hash FROM commit_log";

pub(super) async fn head(read: &SqlitePool) -> Result<Head, StoreError> {
    // One statement is one state of the file.
    let row = sqlx::query(
        "SELECT m.waarde, c.nummer, c.hash FROM meta m
         LEFT JOIN (SELECT nummer, hash FROM commit_log ORDER BY nummer DESC LIMIT 1) c
         WHERE m.sleutel = ?",
    )
    .bind(TIJDLIJN)
    .fetch_one(read)
    .await?;
    let tijdlijn: i64 = row.try_get(0)?;
    let nummer: Option<i64> = row.try_get(1)?;
    let hash: Option<Vec<u8>> = row.try_get(2)?;
    Ok(Head {
        tijdlijn: u32::try_from(tijdlijn).map_err(|_| damaged("tijdlijn out of range"))?,
        nummer: nummer.unwrap_or(0).cast_unsigned(),
        hash: hash.map_or(Ok(ZERO), |h| to_hash(&h))?,
        may_lag: false,
    })
}

/// From the commits themselves; the last one may have none yet.
pub(super) async fn tijdlijnen(read: &SqlitePool) -> Result<Vec<TijdlijnBegin>, StoreError> {
    let begun: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT tijdlijn, min(nummer) - 1 FROM commit_log GROUP BY tijdlijn ORDER BY tijdlijn",
    )
    .fetch_all(read)
    .await?;
    let mut all = begun
        .into_iter()
        .map(to_begin)
        .collect::<Result<Vec<_>, _>>()?;
    let head = head(read).await?;
    if all.last().is_none_or(|last| last.tijdlijn < head.tijdlijn) {
        all.push(TijdlijnBegin {
            tijdlijn: head.tijdlijn,
            na_nummer: head.nummer,
        });
    }
    Ok(all)
}

/// The last commit, as a writer sees it.
pub(super) async fn last(tx: &mut SqliteConnection) -> Result<(u64, Hash), StoreError> {
    let row = sqlx::query("SELECT nummer, hash FROM commit_log ORDER BY nummer DESC LIMIT 1")
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else {
        return Ok((0, ZERO));
    };
    let nummer: i64 = row.try_get(0)?;
    let hash: Vec<u8> = row.try_get(1)?;
    Ok((nummer.cast_unsigned(), to_hash(&hash)?))
}

pub(super) async fn commit_of_request(
    tx: &mut SqliteConnection,
    request_id: Uuid,
) -> Result<Option<CommitInfo>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COMMIT_COLUMNS} WHERE request_id = ?"));
    let row: Option<CommitRow> = sqlx::query_as(sql)
        .bind(request_id.as_bytes().as_slice())
        .fetch_optional(tx)
        .await?;
    row.map(|row| Ok(StoredCommit::try_from(row)?.info))
        .transpose()
}

pub(super) async fn commits_after(
    read: &SqlitePool,
    nummer: u64,
    limit: u32,
) -> Result<Vec<CommitInfo>, StoreError> {
    let stored = stored_commits_after(read, nummer, limit).await?;
    Ok(stored.into_iter().map(|c| c.info).collect())
}

pub(super) async fn stored_commits_after(
    read: &SqlitePool,
    nummer: u64,
    limit: u32,
) -> Result<Vec<StoredCommit>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!(
        "{COMMIT_COLUMNS} WHERE nummer > ? ORDER BY nummer LIMIT ?"
    ));
    let rows: Vec<CommitRow> = sqlx::query_as(sql)
        .bind(nummer.cast_signed())
        .bind(limit)
        .fetch_all(read)
        .await?;
    rows.into_iter().map(StoredCommit::try_from).collect()
}

/// The last published line of each asked object, by commit and not by stage: an append may be
/// published between the opening and the publication of an import's stage.
const CURRENT: &str = concat!(
    "JOIN regel r ON r.nr = (
       SELECT o.nr FROM regel o JOIN commit_log c ON c.stage = ",
    stage_of!("o.nr"),
    "  WHERE o.soort = ? AND o.sleutel = k.sleutel
       ORDER BY c.nummer DESC, o.nr DESC LIMIT 1)
     LEFT JOIN zij z ON z.nr = r.nr"
);

pub(super) async fn current(
    read: &SqlitePool,
    soort: Soort,
    sleutels: &[Sleutel],
) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
    let mut found = Vec::with_capacity(sleutels.len());
    for some in sleutels.chunks(KEYS_PER_QUERY) {
        let values = vec!["(?)"; some.len()].join(", ");
        let sql = sqlx::AssertSqlSafe(format!(
            "WITH k (sleutel) AS (VALUES {values})
             SELECT k.sleutel, coalesce(r.inhoud, z.inhoud) FROM k {CURRENT}
             WHERE coalesce(r.inhoud, z.inhoud) IS NOT NULL"
        ));
        let query = some
            .iter()
            .fold(sqlx::query(sql), |q, sleutel| q.bind(&*sleutel.0));
        let rows = query
            .bind(i64::from(soort.number()))
            // The length of the list differs from call to call.
            .persistent(some.len() == KEYS_PER_QUERY || some.len() == 1)
            .fetch_all(read)
            .await?;
        for row in rows {
            found.push((
                Sleutel(row.try_get::<Vec<u8>, _>(0)?.into()),
                row.try_get(1)?,
            ));
        }
    }
    Ok(found)
}

pub(super) async fn scan(
    read: &SqlitePool,
    soort: Soort,
    after: Option<&Sleutel>,
    limit: u32,
) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT k.sleutel, coalesce(r.inhoud, z.inhoud)
         FROM (SELECT DISTINCT sleutel FROM regel WHERE soort = ? AND sleutel > ?
               ORDER BY sleutel) k {CURRENT}
         WHERE coalesce(r.inhoud, z.inhoud) IS NOT NULL
         ORDER BY k.sleutel LIMIT ?"
    ));
    // No key is empty, so that the empty one stands before all.
    let after: &[u8] = after.map_or(&[], |s| &s.0);
    let rows = sqlx::query(sql)
        .bind(i64::from(soort.number()))
        .bind(after)
        .bind(i64::from(soort.number()))
        .bind(limit)
        .fetch_all(read)
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                Sleutel(row.try_get::<Vec<u8>, _>(0)?.into()),
                row.try_get(1)?,
            ))
        })
        .collect()
}

/// From the index alone, so that no row has to be fetched.
pub(super) async fn keys(
    read: &SqlitePool,
    soort: Soort,
    after: Option<&Sleutel>,
    limit: u32,
) -> Result<Vec<Sleutel>, StoreError> {
    let after: &[u8] = after.map_or(&[], |s| &s.0);
    let found: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT DISTINCT sleutel FROM regel WHERE soort = ? AND sleutel > ?
         ORDER BY sleutel LIMIT ?",
    )
    .bind(i64::from(soort.number()))
    .bind(after)
    .bind(limit)
    .fetch_all(read)
    .await?;
    Ok(found.into_iter().map(|key| Sleutel(key.into())).collect())
}
