//! What operations on subscriptions and their feeds need, and how they ask the queue.

use std::sync::Arc;

use super::{Failure, Writing};
use crate::{
    log::StoreError,
    push::{Mandaten, PushDesk, PushStore, Voorwaarden, Wachtgrens},
    telemetry::chain,
};

/// What operations on subscriptions and their feeds need.
#[derive(Debug, Clone, Copy)]
pub struct Pushing<'a> {
    /// The way to the queue.
    pub desk: &'a PushDesk,
    /// Whose mutaties may be told.
    pub mandaten: Mandaten<'a>,
    /// What may be asked for.
    pub voorwaarden: &'a Voorwaarden,
    /// How many calls may wait for something new.
    pub wachtgrens: Wachtgrens,
    /// Draws a secret.
    pub random: fn() -> [u8; 32],
}

/// Asks the queue, on the runtime that opened it. What was begun is finished there, whatever becomes
/// of the caller.
///
/// # Errors
/// [`Failure::PushUnavailable`]: the database is away, or did not answer in time.
pub(super) async fn ask<T, F>(
    writing: &Writing<'_>,
    question: impl FnOnce(Arc<dyn PushStore>) -> F,
) -> Result<T, Failure>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let Some(open) = writing.pushing.desk.open() else {
        return Err(Failure::push_unavailable());
    };
    let running = open.runtime().spawn(question(Arc::clone(open.store())));
    let reason = match tokio::time::timeout(writing.write_wait, running).await {
        Ok(Ok(Ok(answer))) => return Ok(answer),
        Ok(Ok(Err(error))) => chain(&error),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the queue took too long".to_owned(),
    };
    tracing::error!(reason, "subscriptions could not be asked or changed");
    Err(Failure::push_unavailable())
}
