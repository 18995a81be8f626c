//! Writing and reading lines, with their side content.

use std::{collections::HashMap, sync::LazyLock};

use sqlx::{Sqlite, SqliteConnection, SqlitePool, query::Query, sqlite::SqliteArguments};

use super::{StoreError, damaged};
use crate::log::{
    CommitInfo, Inhoud, Line, Sleutel, Soort, StageId,
    hash::{Kept, Keys, LinesDigest},
};

/// Bits of a row's `nr` that count the lines of one stage.
const INDEX_BITS: u32 = 32;

/// The row of a line.
pub(super) fn nr(stage: StageId, index: u64) -> i64 {
    ((stage.0 << INDEX_BITS) | index).cast_signed()
}

/// The most lines that one stage can hold.
pub(super) const MAX_LINES: u64 = 1 << INDEX_BITS;

/// The stage part of `nr`, in SQL.
macro_rules! stage_of {
    ($nr:literal) => {
        concat!("(", $nr, " >> 32)")
    };
}
pub(super) use stage_of;

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

/// A line that is about to be written at its row.
struct Row<'a> {
    nr: i64,
    line: &'a Line,
    mark: Option<Vec<u8>>,
}

/// Writes lines from this index of the stage on and adds them to the digest.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    keys: &Keys,
    stage: StageId,
    from: u64,
    lines: &[Line],
    digest: &mut LinesDigest,
) -> Result<(), StoreError> {
    let rows = lines
        .iter()
        .zip(from..)
        .map(|(line, index)| prepare(keys, nr(stage, index), line, digest))
        .collect::<Result<Vec<_>, _>>()?;
    insert_all(connection, &INSERT_LINE, &rows, |query, row| {
        let content = match &row.line.inhoud {
            Inhoud::Gezet(content) if row.mark.is_none() => Some(content.as_slice()),
            _ => None,
        };
        query
            .bind(row.nr)
            .bind(i64::from(row.line.soort.number()))
            .bind(&*row.line.sleutel.0)
            .bind(content)
            .bind(row.mark.as_deref())
    })
    .await?;
    let side: Vec<(i64, &[u8])> = rows
        .iter()
        .filter(|row| row.mark.is_some())
        .filter_map(|row| match &row.line.inhoud {
            Inhoud::Gezet(content) => Some((row.nr, content.as_slice())),
            Inhoud::Verwijderd | Inhoud::Vergeten => None,
        })
        .collect();
    insert_all(connection, &INSERT_SIDE, &side, |query, (nr, content)| {
        query.bind(*nr).bind(*content)
    })
    .await
}

fn prepare<'a>(
    keys: &Keys,
    nr: i64,
    line: &'a Line,
    digest: &mut LinesDigest,
) -> Result<Row<'a>, StoreError> {
    let soort = line.soort.number();
    let sleutel = &*line.sleutel.0;
    if sleutel.len() > Sleutel::MAX_BYTES {
        return Err(StoreError::InvalidLine("its key is longer than 64 bytes"));
    }
    let mark = match &line.inhoud {
        Inhoud::Gezet(content) if line.soort.is_side() => {
            Some(keys.mark(nr, soort, sleutel, content).to_vec())
        }
        Inhoud::Gezet(_) | Inhoud::Verwijderd => None,
        Inhoud::Vergeten => {
            return Err(StoreError::InvalidLine(
                "forgotten content is read, never written",
            ));
        }
    };
    let kept = match (&line.inhoud, &mark) {
        (_, Some(mark)) => Kept::Mark(mark),
        (Inhoud::Gezet(content), None) => Kept::Content(content),
        (Inhoud::Verwijderd | Inhoud::Vergeten, None) => Kept::Nothing,
    };
    digest.push(soort, sleutel, kept);
    Ok(Row { nr, line, mark })
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

/// A line as it stands in the file.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct StoredLine {
    pub(super) nr: i64,
    pub(super) soort: i64,
    pub(super) sleutel: Vec<u8>,
    pub(super) inhoud: Option<Vec<u8>>,
    pub(super) merk: Option<Vec<u8>>,
    pub(super) zij: Option<Vec<u8>>,
}

impl StoredLine {
    pub(super) fn into_line(self) -> Result<Line, StoreError> {
        let soort = u8::try_from(self.soort)
            .ok()
            .and_then(Soort::from_number)
            .ok_or_else(|| damaged(format!("line {} has unknown kind {}", self.nr, self.soort)))?;
        let inhoud = match (self.inhoud, self.merk, self.zij) {
            (Some(content), None, _) | (None, Some(_), Some(content)) => Inhoud::Gezet(content),
            (None, Some(_), None) => Inhoud::Vergeten,
            (None, None, _) => Inhoud::Verwijderd,
            (Some(_), Some(_), _) => {
                return Err(damaged(format!("line {} holds two contents", self.nr)));
            }
        };
        Ok(Line {
            soort,
            sleutel: Sleutel(self.sleutel.into()),
            inhoud,
        })
    }
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
        let mut of_stage: HashMap<u64, Vec<Line>> = HashMap::new();
        for row in rows {
            let stage = row.nr.cast_unsigned() >> INDEX_BITS;
            of_stage.entry(stage).or_default().push(row.into_line()?);
        }
        all.extend(
            commits
                .iter()
                .map(|commit| of_stage.remove(&commit.stage.0).unwrap_or_default()),
        );
    }
    Ok(all)
}
