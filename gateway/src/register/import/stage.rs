//! The stage of an import: lines go in, and whatever way the import ends other than by
//! publishing, it is thrown away.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    domain::Tijdstip,
    log::{CommitInfo, Line, LogStore, Publication, StageId, StoreError},
};

/// An open stage.
pub(super) struct Stage {
    store: Arc<dyn LogStore>,
    id: Option<StageId>,
}

impl Stage {
    pub(super) async fn open(store: &Arc<dyn LogStore>) -> Result<Self, StoreError> {
        Ok(Self {
            id: Some(store.open_stage().await?),
            store: Arc::clone(store),
        })
    }

    pub(super) async fn add(&self, lines: Vec<Line>) -> Result<(), StoreError> {
        match self.id {
            Some(id) if !lines.is_empty() => self.store.stage(id, lines).await,
            _ => Ok(()),
        }
    }

    /// Makes it visible, if one is named while the log still ends at that commit.
    ///
    /// # Errors
    /// As [`LogStore::publish`]; after [`StoreError::Overtaken`] lines can be added and published.
    pub(super) async fn publish(
        &mut self,
        request_id: Uuid,
        tijdstip: Tijdstip,
        only_at: Option<u64>,
    ) -> Result<CommitInfo, StoreError> {
        let stage = self.id.ok_or(StoreError::StageNotOpen(StageId(0)))?;
        let commit = self
            .store
            .publish(Publication {
                stage,
                request_id,
                tijdstip,
                only_at,
            })
            .await?;
        self.id = None;
        Ok(commit)
    }

    pub(super) async fn discard(mut self) -> Result<(), StoreError> {
        match self.id.take() {
            Some(id) => self.store.discard(id).await,
            None => Ok(()),
        }
    }

    /// Throws it away after a failure, which is what the caller wants to hear of: what cannot be
    /// thrown away now, the next import throws away.
    pub(super) async fn give_up(self) {
        if let Err(error) = self.discard().await {
            tracing::warn!(%error, "the stage of a failed import is still there");
        }
    }
}

/// An import that is dropped halfway leaves its stage to a task. Should that not run any more,
/// the next import throws it away.
impl Drop for Stage {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let store = Arc::clone(&self.store);
        runtime.spawn(async move {
            if let Err(error) = store.discard(id).await {
                tracing::warn!(%error, "the stage of a broken-off import is still there");
            }
        });
    }
}
