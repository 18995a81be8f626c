//! Reading what is published.

use sqlx::PgConnection;

use crate::log::{
    CommitInfo, Head, Line, Sleutel, Soort, StoreError, TijdlijnBegin,
    hash::ZERO,
    rows::{
        CommitRow, StoredCommit, StoredLine, damaged, nr, stage_at, stage_of, to_begin, to_hash,
    },
};

pub(super) const COMMIT_COLUMNS: &str = "SELECT nummer, tijdlijn, stage, tijdstip_ms, request_id,
     regels, digest, vorige_hash, hash FROM commit_log";

/// A head, and whether the physical history of the database is that of its tijdlijn.
pub(super) struct HeadFound {
    pub(super) head: Head,
    pub(super) is_known: bool,
}

/// The row of [`HeadFound`]; one statement is one state of the database. A standby cannot tell
/// which history it will have.
const HEAD: &str = "
SELECT t.tijdlijn, c.nummer, c.hash, pg_is_in_recovery() AS may_lag,
       CASE WHEN pg_is_in_recovery() THEN true
            ELSE t.systeem = s.system_identifier
                 AND t.db_tijdlijn = substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
       END AS is_known
FROM (SELECT * FROM tijdlijn ORDER BY tijdlijn DESC LIMIT 1) t
CROSS JOIN pg_control_system() s
LEFT JOIN (SELECT nummer, hash FROM commit_log ORDER BY nummer DESC LIMIT 1) c ON true";

#[derive(sqlx::FromRow)]
struct HeadRow {
    tijdlijn: i64,
    nummer: Option<i64>,
    hash: Option<Vec<u8>>,
    may_lag: bool,
    is_known: bool,
}

pub(super) async fn head(connection: &mut PgConnection) -> Result<HeadFound, StoreError> {
    let row: HeadRow = sqlx::query_as(HEAD).fetch_one(connection).await?;
    let head = Head {
        tijdlijn: u32::try_from(row.tijdlijn).map_err(|_| damaged("tijdlijn out of range"))?,
        nummer: row.nummer.unwrap_or(0).cast_unsigned(),
        hash: row.hash.map_or(Ok(ZERO), |h| to_hash(&h))?,
        may_lag: row.may_lag,
    };
    Ok(HeadFound {
        head,
        is_known: row.is_known,
    })
}

pub(super) async fn tijdlijnen(
    connection: &mut PgConnection,
) -> Result<Vec<TijdlijnBegin>, StoreError> {
    let all: Vec<(i64, i64)> =
        sqlx::query_as("SELECT tijdlijn, na_nummer FROM tijdlijn ORDER BY tijdlijn")
            .fetch_all(connection)
            .await?;
    all.into_iter().map(to_begin).collect()
}

pub(super) async fn commits_after(
    connection: &mut PgConnection,
    nummer: u64,
    limit: u32,
) -> Result<Vec<StoredCommit>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!(
        "{COMMIT_COLUMNS} WHERE nummer > $1 ORDER BY nummer LIMIT $2"
    ));
    let rows: Vec<CommitRow> = sqlx::query_as(sql)
        .bind(nummer.cast_signed())
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(StoredCommit::try_from).collect()
}

/// Lines of a commit from this index on, at most `limit`, in order.
pub(super) async fn lines(
    connection: &mut PgConnection,
    commit: &CommitInfo,
    from: u64,
    limit: u32,
) -> Result<Vec<StoredLine>, StoreError> {
    if from >= commit.regels {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as(
        "SELECT r.nr, r.soort::int8 AS soort, r.sleutel, r.inhoud, r.merk, z.inhoud AS zij
         FROM regel r LEFT JOIN zij z ON z.nr = r.nr
         WHERE r.nr >= $1 AND r.nr < $2 ORDER BY r.nr LIMIT $3",
    )
    .bind(nr(commit.stage, from))
    .bind(nr(commit.stage, commit.regels))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// All lines of each of these commits. OFFSET 0 keeps the commits on the outside: a range of the
/// primary key for each.
pub(super) async fn lines_of(
    connection: &mut PgConnection,
    commits: &[CommitInfo],
) -> Result<Vec<Vec<Line>>, StoreError> {
    let from: Vec<i64> = commits.iter().map(|c| nr(c.stage, 0)).collect();
    let to: Vec<i64> = commits.iter().map(|c| nr(c.stage, c.regels)).collect();
    let rows: Vec<StoredLine> = sqlx::query_as(
        "SELECT r.nr, r.soort::int8 AS soort, r.sleutel, r.inhoud, r.merk, z.inhoud AS zij
         FROM unnest($1::int8[], $2::int8[]) g(van, tot)
         CROSS JOIN LATERAL
              (SELECT * FROM regel r WHERE r.nr >= g.van AND r.nr < g.tot OFFSET 0) r
         LEFT JOIN zij z ON z.nr = r.nr
         ORDER BY r.nr",
    )
    .bind(&from)
    .bind(&to)
    .fetch_all(connection)
    .await?;
    let mut of_stage: std::collections::HashMap<_, Vec<Line>> = std::collections::HashMap::new();
    for row in rows {
        of_stage
            .entry(stage_at(row.nr))
            .or_default()
            .push(row.into_line()?);
    }
    Ok(commits
        .iter()
        .map(|commit| of_stage.remove(&commit.stage).unwrap_or_default())
        .collect())
}

/// The last published line of each asked object, by commit and not by stage: an append may be
/// published between the opening and the publication of an import's stage. In the order asked.
const CURRENT: &str = concat!(
    "SELECT k.sleutel, coalesce(r.inhoud, z.inhoud)
     FROM unnest($2::bytea[]) WITH ORDINALITY AS k(sleutel, nth)
     CROSS JOIN LATERAL (
       SELECT o.nr, o.inhoud FROM regel o
       CROSS JOIN LATERAL (SELECT c.nummer FROM commit_log c WHERE c.stage = ",
    stage_of!("o.nr"),
    "    OFFSET 0) c
       WHERE o.soort = $1 AND o.sleutel = k.sleutel
       ORDER BY c.nummer DESC, o.nr DESC LIMIT 1) r
     LEFT JOIN zij z ON z.nr = r.nr
     WHERE coalesce(r.inhoud, z.inhoud) IS NOT NULL
     ORDER BY k.nth"
);

pub(super) async fn current(
    connection: &mut PgConnection,
    soort: Soort,
    sleutels: &[Sleutel],
) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
    let asked: Vec<&[u8]> = sleutels.iter().map(|sleutel| &*sleutel.0).collect();
    let rows: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(CURRENT)
        .bind(i16::from(soort.number()))
        .bind(&asked)
        .fetch_all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(sleutel, content)| (Sleutel(sleutel.into()), content))
        .collect())
}

/// From the index alone, so that no row has to be fetched.
pub(super) async fn keys(
    connection: &mut PgConnection,
    soort: Soort,
    after: Option<&Sleutel>,
    limit: u32,
) -> Result<Vec<Sleutel>, StoreError> {
    // No key is empty, so that the empty one stands before all.
    let after: &[u8] = after.map_or(&[], |s| &s.0);
    let found: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT DISTINCT sleutel FROM regel WHERE soort = $1 AND sleutel > $2
         ORDER BY sleutel LIMIT $3",
    )
    .bind(i16::from(soort.number()))
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().map(|key| Sleutel(key.into())).collect())
}

/// Whether a published line after this one is about the same object.
pub(super) async fn is_superseded(
    connection: &mut PgConnection,
    nummer: u64,
    line: &StoredLine,
) -> Result<bool, StoreError> {
    const LATER: &str = concat!(
        "SELECT EXISTS (SELECT FROM regel l
           CROSS JOIN LATERAL (SELECT c.nummer FROM commit_log c WHERE c.stage = ",
        stage_of!("l.nr"),
        "    OFFSET 0) c
           WHERE l.soort = $1::int8::int2 AND l.sleutel = $2
             AND (c.nummer > $3 OR (c.nummer = $3 AND l.nr > $4)))"
    );
    let later = sqlx::query_scalar(LATER)
        .bind(line.soort)
        .bind(&line.sleutel)
        .bind(nummer.cast_signed())
        .bind(line.nr)
        .fetch_one(connection)
        .await?;
    Ok(later)
}
