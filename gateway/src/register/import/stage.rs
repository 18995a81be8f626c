//! The stage of an import: lines go in, and whatever way the import ends other than by
//! publishing, it is thrown away.

use std::sync::Arc;

use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{
    domain::Tijdstip,
    log::{CommitInfo, Line, LogStore, Publication, StageId, StoreError},
};

/// An open stage.
pub(super) struct Stage {
    store: Arc<dyn LogStore>,
    id: Option<StageId>,
    /// The lines that are being written, while the next ones are read and compared.
    writing: Option<JoinHandle<Result<(), StoreError>>>,
}

impl Stage {
    pub(super) async fn open(store: &Arc<dyn LogStore>) -> Result<Self, StoreError> {
        Ok(Self {
            id: Some(store.open_stage().await?),
            store: Arc::clone(store),
            writing: None,
        })
    }

    /// Begins to write these lines, once those before them are written.
    ///
    /// # Errors
    /// As [`LogStore::stage`], for the lines before.
    pub(super) async fn add(&mut self, lines: Vec<Line>) -> Result<(), StoreError> {
        let Some(id) = self.id.filter(|_| !lines.is_empty()) else {
            return Ok(());
        };
        self.written().await?;
        let store = Arc::clone(&self.store);
        self.writing = Some(tokio::spawn(async move { store.stage(id, lines).await }));
        Ok(())
    }

    /// Waits until all lines are written.
    async fn written(&mut self) -> Result<(), StoreError> {
        let Some(writing) = &mut self.writing else {
            return Ok(());
        };
        let written = writing.await;
        self.writing = None;
        written.unwrap_or_else(|_| Err(StoreError::StageNotOpen(self.id.unwrap_or(StageId(0)))))
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
        self.written().await?;
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
        // What becomes of them does not matter any more.
        drop(self.written().await);
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
        let writing = self.writing.take();
        runtime.spawn(async move {
            if let Some(writing) = writing {
                drop(writing.await);
            }
            if let Err(error) = store.discard(id).await {
                tracing::warn!(%error, "the stage of a broken-off import is still there");
            }
        });
    }
}
