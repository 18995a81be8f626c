//! Writing and reading lines, with their side content.

use std::{collections::HashMap, sync::LazyLock};

use sqlx::{Sqlite, SqliteConnection, SqlitePool, query::Query, sqlite::SqliteArguments};

use super::StoreError;
use crate::log::{
    CommitInfo, Line, StageId,
    hash::{Keys, LinesDigest},
    rows::{self, StoredLine, nr},
};

/// Rows in one INSERT. sqlx costs some 20 µs a statement, so most lines go by the largest, and
/// only three texts have to be kept prepared.
const ROWS: [usize; 3] = [500, 50, 1];

fn inserts(head: &str, row: &str) -> [String; 3] {
    ROWS.map(|n| format!("{head} VALUES {}", vec![row; n].join(", ")))
}

static INSERT_LINE: LazyLock<[String; 3]> = LazyLock::new(|| {
    inserts(
        "INSERT INTO regel (nr, soort, sleutel, inhoud, merk)",
        "(?, ?, ?, ?, ?)",
    )
});
static INSERT_SIDE: LazyLock<[String; 3]> =
    LazyLock::new(|| inserts("INSERT INTO zij (nr, inhoud)", "(?, ?)"));

/// Writes lines from this index of the stage on and adds them to the digest.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    keys: &Keys,
    stage: StageId,
    from: u64,
    lines: &[Line],
    digest: &mut LinesDigest,
) -> Result<(), StoreError> {
    let rows = rows::prepare(keys, stage, from, lines, digest)?;
    insert_all(connection, &INSERT_LINE, &rows, |query, row| {
        query
            .bind(row.nr)
            .bind(i64::from(row.line.soort.number()))
            .bind(&*row.line.sleutel.0)
            .bind(row.content())
            .bind(row.mark.as_deref())
    })
    .await?;
    let side: Vec<(i64, &[u8])> = rows
        .iter()
        .filter_map(|row| Some((row.nr, row.side()?)))
        .collect();
    insert_all(connection, &INSERT_SIDE, &side, |query, (nr, content)| {
        query.bind(*nr).bind(*content)
    })
    .await
}

type Insert = Query<'static, Sqlite, SqliteArguments>;

async fn insert_all<T>(
    connection: &mut SqliteConnection,
    statements: &'static [String; 3],
    rows: &[T],
    bind: impl Fn(Insert, &T) -> Insert,
) -> Result<(), StoreError> {
    let mut rest = rows;
    for (statement, size) in statements.iter().zip(ROWS) {
        while let Some((now, later)) = rest.split_at_checked(size) {
            let query = now.iter().fold(sqlx::query(statement.as_str()), &bind);
            query.execute(&mut *connection).await?;
            rest = later;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Lines of a stage from this index on, at most `limit`, in order.
pub(super) async fn read(
    pool: &SqlitePool,
    stage: StageId,
    regels: u64,
    from: u64,
    limit: u32,
) -> Result<Vec<StoredLine>, StoreError> {
    if from >= regels {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as(
        "SELECT r.nr, r.soort, r.sleutel, r.inhoud, r.merk, z.inhoud AS zij
         FROM regel r LEFT JOIN zij z ON z.nr = r.nr
         WHERE r.nr >= ? AND r.nr < ? ORDER BY r.nr LIMIT ?",
    )
    .bind(nr(stage, from))
    .bind(nr(stage, regels))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// Commits read by one statement: two values each, of the thousands that it may have.
const COMMITS_PER_QUERY: usize = 64;

/// All lines of each of these commits.
pub(super) async fn read_of(
    pool: &SqlitePool,
    commits: &[CommitInfo],
) -> Result<Vec<Vec<Line>>, StoreError> {
    let mut all = Vec::with_capacity(commits.len());
    for commits in commits.chunks(COMMITS_PER_QUERY) {
        // CROSS JOIN keeps the commits on the outside: a range of the primary key for each.
        let sql = sqlx::AssertSqlSafe(format!(
            "WITH gevraagd(van, tot) AS (VALUES {})
             SELECT r.nr, r.soort, r.sleutel, r.inhoud, r.merk, z.inhoud AS zij
             FROM gevraagd g CROSS JOIN regel r ON r.nr >= g.van AND r.nr < g.tot
             LEFT JOIN zij z ON z.nr = r.nr",
            vec!["(?, ?)"; commits.len()].join(", ")
        ));
        let query = commits.iter().fold(sqlx::query_as(sql), |query, commit| {
            let from = nr(commit.stage, 0);
            query.bind(from).bind(nr(commit.stage, commit.regels))
        });
        let mut rows: Vec<StoredLine> = query.fetch_all(pool).await?;
        rows.sort_unstable_by_key(|row| row.nr);
        let mut of_stage: HashMap<StageId, Vec<Line>> = HashMap::new();
        for row in rows {
            of_stage
                .entry(rows::stage_at(row.nr))
                .or_default()
                .push(row.into_line()?);
        }
        all.extend(
            commits
                .iter()
                .map(|commit| of_stage.remove(&commit.stage).unwrap_or_default()),
        );
    }
    Ok(all)
}
