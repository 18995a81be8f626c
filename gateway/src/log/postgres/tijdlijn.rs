//! Which physical history of the database the log is in. A promotion gives another timeline, a
//! restore another timeline or system identifier; either may have lost the last commits. So a new
//! tijdlijn begins with it, and a registerVersie never means two things (design invariant 3).

use sqlx::{Connection, FromRow, PgConnection};

use super::publish;
use crate::log::{
    StoreError, TijdlijnBegin,
    hash::{Hash, ZERO},
    rows::{damaged, to_hash},
};

/// Where the log stands once the append lock is held.
pub(super) struct Stand {
    pub(super) tijdlijn: u32,
    pub(super) nummer: u64,
    pub(super) hash: Hash,
    /// Numbers of stages to give out.
    pub(super) stages: Vec<i64>,
}

#[derive(FromRow)]
struct StandRow {
    tijdlijn: i64,
    systeem: i64,
    db_tijdlijn: String,
    nu_systeem: i64,
    nu_db_tijdlijn: String,
    nummer: Option<i64>,
    hash: Option<Vec<u8>>,
    stages: Vec<i64>,
}

const STAND: &str = "
SELECT t.tijdlijn, t.systeem, t.db_tijdlijn, s.system_identifier AS nu_systeem,
       substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS nu_db_tijdlijn,
       c.nummer, c.hash,
       ARRAY(SELECT nextval('stage_nummer') FROM generate_series(1, $1)) AS stages
FROM (SELECT * FROM tijdlijn ORDER BY tijdlijn DESC LIMIT 1) t
CROSS JOIN pg_control_system() s
LEFT JOIN (SELECT nummer, hash FROM commit_log ORDER BY nummer DESC LIMIT 1) c ON true";

impl Stand {
    /// Begins the next tijdlijn when the database has another history than that of the last one.
    /// The append lock must be held.
    pub(super) async fn read(tx: &mut PgConnection, stages: usize) -> Result<Self, StoreError> {
        let row: StandRow = sqlx::query_as(STAND)
            .bind(i64::try_from(stages).unwrap_or(i64::MAX))
            .fetch_one(&mut *tx)
            .await?;
        let tijdlijn = if row.is_known() {
            row.tijdlijn
        } else {
            begin(tx, &row).await?
        };
        Ok(Self {
            tijdlijn: u32::try_from(tijdlijn).map_err(|_| damaged("tijdlijn out of range"))?,
            nummer: row.nummer.unwrap_or(0).cast_unsigned(),
            hash: row.hash.as_deref().map_or(Ok(ZERO), to_hash)?,
            stages: row.stages,
        })
    }
}

impl StandRow {
    fn is_known(&self) -> bool {
        self.systeem == self.nu_systeem && self.db_tijdlijn == self.nu_db_tijdlijn
    }

    /// After every tijdlijn that is known here. Not before the database's own timeline either: a
    /// backup from before a promotion does not know of the tijdlijn that it gave.
    fn next(&self) -> i64 {
        let own = i64::from_str_radix(&self.nu_db_tijdlijn, 16).unwrap_or(0);
        own.max(self.tijdlijn + 1)
    }
}

async fn begin(tx: &mut PgConnection, row: &StandRow) -> Result<i64, StoreError> {
    let (tijdlijn, na_nummer) = (row.next(), row.nummer.unwrap_or(0));
    sqlx::query(
        "INSERT INTO tijdlijn (tijdlijn, na_nummer, systeem, db_tijdlijn) VALUES ($1, $2, $3, $4)",
    )
    .bind(tijdlijn)
    .bind(na_nummer)
    .bind(row.nu_systeem)
    .bind(&row.nu_db_tijdlijn)
    .execute(tx)
    .await?;
    tracing::warn!(
        tijdlijn,
        na_nummer,
        "the database was promoted or restored: a new tijdlijn begins"
    );
    Ok(tijdlijn)
}

/// Begins the next tijdlijn when it is due, with no write that waits for it.
pub(super) async fn note(connection: &mut PgConnection) -> Result<(), StoreError> {
    let mut tx = connection.begin_with(publish::BEGIN).await?;
    Stand::read(&mut tx, 0).await?;
    tx.commit().await?;
    Ok(())
}

/// The latest tijdlijn that the database knows of.
pub(super) async fn last(tx: &mut PgConnection) -> Result<u32, StoreError> {
    let last: Option<i64> = sqlx::query_scalar("SELECT max(tijdlijn) FROM tijdlijn")
        .fetch_one(tx)
        .await?;
    u32::try_from(last.unwrap_or(0)).map_err(|_| damaged("tijdlijn out of range"))
}

/// Writes down one that another database, or another engine, was in.
pub(super) async fn insert_elsewhere(
    tx: &mut PgConnection,
    begin: TijdlijnBegin,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO tijdlijn (tijdlijn, na_nummer, systeem, db_tijdlijn) VALUES ($1, $2, 0, '')",
    )
    .bind(i64::from(begin.tijdlijn))
    .bind(begin.na_nummer.cast_signed())
    .execute(tx)
    .await?;
    Ok(())
}

/// Begins one after a commit, later than `after` and than all that are written down.
pub(super) async fn begin_after(
    tx: &mut PgConnection,
    after: u32,
    nummer: u64,
) -> Result<u32, StoreError> {
    let begun: i64 = sqlx::query_scalar(
        "INSERT INTO tijdlijn (tijdlijn, na_nummer, systeem, db_tijdlijn)
         SELECT 1 + greatest($1, (SELECT coalesce(max(tijdlijn), 0) FROM tijdlijn)), $2,
                system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
         FROM pg_control_system()
         RETURNING tijdlijn",
    )
    .bind(i64::from(after))
    .bind(nummer.cast_signed())
    .fetch_one(tx)
    .await?;
    u32::try_from(begun).map_err(|_| damaged("tijdlijn out of range"))
}
