//! Connections that are kept. A connection goes back only after it did what it was taken for:
//! one that failed, or whose statement was given up halfway, is never met again.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::PgConnection;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::hosts::{Connected, Hosts, Role};
use crate::log::StoreError;

/// How long a connection to a standby is kept before the primary is asked for again.
const STANDBY_FOR: Duration = Duration::from_secs(5);

/// Some connections for one purpose.
#[derive(Debug)]
pub(crate) struct Pool {
    hosts: Arc<Hosts>,
    role: Role,
    turns: Semaphore,
    idle: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    connected: Connected,
    since: Instant,
}

impl Kept {
    fn is_good(&self) -> bool {
        self.connected.is_primary || self.since.elapsed() < STANDBY_FOR
    }
}

/// A connection that is in use.
pub(crate) struct Taken<'a> {
    pool: &'a Pool,
    kept: Kept,
    _turn: Option<SemaphorePermit<'a>>,
}

impl Pool {
    /// At most `most` connections at a time.
    pub(crate) fn new(hosts: Arc<Hosts>, role: Role, most: usize) -> Self {
        Self {
            hosts,
            role,
            turns: Semaphore::new(most),
            idle: Mutex::default(),
        }
    }

    /// A kept connection, or a new one.
    ///
    /// # Errors
    /// As [`Hosts::connect`].
    pub(crate) async fn take(&self) -> Result<Taken<'_>, StoreError> {
        // The semaphore is never closed.
        let turn = self.turns.acquire().await.ok();
        let kept = match self.kept() {
            Some(kept) => kept,
            None => Kept {
                connected: self.hosts.connect(self.role).await?,
                since: Instant::now(),
            },
        };
        Ok(Taken {
            pool: self,
            kept,
            _turn: turn,
        })
    }

    fn kept(&self) -> Option<Kept> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Kept::is_good);
        idle.pop()
    }

    /// Lets go of all that is kept: where one broke, the others are likely to.
    pub(crate) fn forget(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Taken<'_> {
    /// It did its work and can be used again.
    pub(crate) fn give_back(self) {
        let mut idle = self
            .pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        idle.push(self.kept);
    }
}

impl Deref for Taken<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.kept.connected.connection
    }
}

impl DerefMut for Taken<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.kept.connected.connection
    }
}

/// Does this on a kept connection, and once more on a new one when that one turns out broken.
macro_rules! reading {
    ($pool:expr, $limit:expr, $connection:ident => $work:expr) => {{
        let mut again = true;
        loop {
            let mut taken = $pool.take().await?;
            let done = {
                let $connection: &mut sqlx::PgConnection = &mut taken;
                $crate::log::postgres::hosts::within($limit, $work).await
            };
            match done {
                Ok(value) => {
                    taken.give_back();
                    break Ok(value);
                }
                Err(error) if again && $crate::log::postgres::hosts::is_passing(&error) => {
                    drop(taken);
                    $pool.forget();
                    again = false;
                }
                Err(error) => break Err(error),
            }
        }
    }};
}
pub(crate) use reading;
