//! LISTEN on the primary: a notification only wakes whoever polls (design invariant 4), so one that
//! is lost costs a moment and nothing else.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    Executor,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::{sync::Notify, task::JoinSet};

use super::hosts::{Hosts, Role, within};
use crate::log::StoreError;

/// How long to wait before listening anew, and how often a silent connection is tried.
const RETRY: Duration = Duration::from_secs(1);
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// How long connecting and trying may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The tasks that listen; they end with it.
#[derive(Debug, Default)]
pub(crate) struct Bells(Mutex<JoinSet<()>>);

impl Bells {
    /// Rings this bell whenever something was written, from now on.
    pub(crate) fn ring(&self, hosts: Arc<Hosts>, channel: &'static str, bell: Arc<Notify>) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(async move {
            loop {
                // Whoever polls tells that the database is away.
                drop(listen(&hosts, channel, &bell).await);
                tokio::time::sleep(RETRY).await;
            }
        });
    }
}

/// Listens until the connection breaks.
async fn listen(hosts: &Hosts, channel: &str, bell: &Notify) -> Result<(), StoreError> {
    let host = hosts.connect(Role::Primary).await?.host;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(host);
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    within(PATIENCE, async { Ok(listener.listen(channel).await?) }).await?;
    // Something may have been written before.
    bell.notify_one();
    loop {
        match tokio::time::timeout(ALIVE_EVERY, listener.try_recv()).await {
            Ok(Ok(Some(_))) => bell.notify_one(),
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => {
                within(PATIENCE, async { Ok(listener.execute("SELECT 1").await?) }).await?;
            }
        }
    }
}
