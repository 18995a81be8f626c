//! What the check of the whole log looks at in the database.

use async_trait::async_trait;

use super::{PostgresStore, READ_PATIENCE, pool::reading, query};
use crate::log::{
    Head, StoreError,
    rows::{StoredCommit, StoredLine},
    verify::Stored,
};

#[async_trait]
impl Stored for PostgresStore {
    async fn stored_head(&self) -> Result<Head, StoreError> {
        let found = reading!(self.following, READ_PATIENCE, connection => query::head(connection))?;
        Ok(found.head)
    }

    async fn stored_commits_after(
        &self,
        nummer: u64,
        limit: u32,
    ) -> Result<Vec<StoredCommit>, StoreError> {
        reading!(self.following, READ_PATIENCE, connection =>
            query::commits_after(connection, nummer, limit))
    }

    async fn stored_lines(
        &self,
        commit: &StoredCommit,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredLine>, StoreError> {
        reading!(self.following, READ_PATIENCE, connection =>
            query::lines(connection, &commit.info, from, limit))
    }

    async fn is_superseded(&self, nummer: u64, line: &StoredLine) -> Result<bool, StoreError> {
        reading!(self.following, READ_PATIENCE, connection =>
            query::is_superseded(connection, nummer, line))
    }
}
