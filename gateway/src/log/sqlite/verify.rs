//! What the check of the whole log looks at in the file.

use async_trait::async_trait;
use sqlx::SqlitePool;

use super::{StoreError, lines, query};
use crate::log::{
    Head,
    rows::{StoredCommit, StoredLine, stage_of},
    verify::Stored,
};

#[async_trait]
impl Stored for SqlitePool {
    async fn stored_head(&self) -> Result<Head, StoreError> {
        query::head(self).await
    }

    async fn stored_commits_after(
        &self,
        nummer: u64,
        limit: u32,
    ) -> Result<Vec<StoredCommit>, StoreError> {
        query::stored_commits_after(self, nummer, limit).await
    }

    async fn stored_lines(
        &self,
        commit: &StoredCommit,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredLine>, StoreError> {
        let info = &commit.info;
        lines::read(self, info.stage, info.regels, from, limit).await
    }

    async fn is_superseded(&self, nummer: u64, line: &StoredLine) -> Result<bool, StoreError> {
        const LATER: &str = concat!(
            "SELECT EXISTS (SELECT 1 FROM regel l JOIN commit_log c ON c.stage = ",
            stage_of!("l.nr"),
            " WHERE l.soort = ? AND l.sleutel = ?
                AND (c.nummer > ? OR (c.nummer = ? AND l.nr > ?)))"
        );
        let later: i64 = sqlx::query_scalar(LATER)
            .bind(line.soort)
            .bind(&line.sleutel)
            .bind(nummer.cast_signed())
            .bind(nummer.cast_signed())
            .bind(line.nr)
            .fetch_one(self)
            .await?;
        Ok(later != 0)
    }
}
