//! Group commit: all writes of this process that wait are published by one transaction, so that
//! they share one trip to the disk and to the synchronous standby. A write that the database did
//! not answer is tried again, on a new connection and perhaps another host, until its time is up;
//! its request id sees to it that it happens once (design invariant 3).

use std::{sync::Arc, time::Duration};

use sqlx::PgConnection;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    hosts::{Hosts, Role, is_passing, within},
    publish::{self, Outcomes, Wish},
};
use crate::{
    log::{CommitInfo, StoreError, hash::Keys},
    telemetry::chain,
};

/// Commits in one transaction: enough that waiting for the disk is shared, and few enough that
/// the append lock is held for some ten milliseconds.
const WISHES_PER_GROUP: usize = 256;

/// Lines after which a group is full.
const LINES_PER_GROUP: usize = 4_096;

/// Writes that may wait in this process; the next ones wait to be let in.
const QUEUE: usize = 1_024;

/// How long one attempt may take. A COMMIT may wait for the synchronous standby: then the server
/// goes on with it, and the next attempt finds what it did.
const ATTEMPT_PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before the next attempt.
const RETRY: Duration = Duration::from_millis(100);

/// Lets wishes into the queue; the task behind it ends with the last of these.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
    patience: Duration,
}

struct Job {
    wish: Wish,
    deadline: Instant,
    answer: oneshot::Sender<Result<CommitInfo, StoreError>>,
}

impl Writer {
    pub(super) fn start(hosts: Arc<Hosts>, keys: Arc<Keys>, patience: Duration) -> Self {
        let (queue, wishes) = mpsc::channel(QUEUE);
        let worker = Worker {
            hosts,
            keys,
            connection: None,
        };
        tokio::spawn(worker.run(wishes));
        Self { queue, patience }
    }

    /// Waits until the wish is fulfilled.
    ///
    /// # Errors
    /// [`StoreError::NotWritten`] when the database could not be used for as long as a write is
    /// tried; it may then yet have been written, and the same request can be repeated.
    pub(super) async fn fulfil(&self, wish: Wish) -> Result<CommitInfo, StoreError> {
        let (answer, answered) = oneshot::channel();
        let deadline = Instant::now() + self.patience;
        let job = Job {
            wish,
            deadline,
            answer,
        };
        let late = |_| self.not_written("too many writes wait");
        tokio::time::timeout_at(deadline, self.queue.send(job))
            .await
            .map_err(late)?
            .map_err(|_| self.not_written("the process is ending"))?;
        answered
            .await
            .unwrap_or_else(|_| Err(self.not_written("the process is ending")))
    }

    fn not_written(&self, reason: &str) -> StoreError {
        StoreError::NotWritten {
            reason: reason.to_owned(),
        }
    }
}

struct Worker {
    hosts: Arc<Hosts>,
    keys: Arc<Keys>,
    connection: Option<PgConnection>,
}

impl Worker {
    async fn run(mut self, mut wishes: mpsc::Receiver<Job>) {
        while let Some(first) = wishes.recv().await {
            let group = fill(first, &mut wishes);
            self.fulfil(group).await;
        }
    }

    async fn fulfil(&mut self, group: Vec<Job>) {
        let mut waiting = group;
        while !waiting.is_empty() {
            match self.attempt(&waiting).await {
                Ok(outcomes) => {
                    for (job, outcome) in waiting.drain(..).zip(outcomes) {
                        job.tell(outcome);
                    }
                }
                Err(error) if is_passing(&error) => {
                    waiting = refuse_late(waiting, &error);
                    tokio::time::sleep(RETRY).await;
                }
                // One of them cannot be written; the others should not suffer from it.
                Err(_) if waiting.len() > 1 => {
                    for job in waiting.drain(..) {
                        Box::pin(self.fulfil(vec![job])).await;
                    }
                }
                Err(error) => {
                    if let Some(job) = waiting.pop() {
                        job.tell(Err(error));
                    }
                }
            }
        }
    }

    /// A connection that an attempt failed on is not used again.
    async fn attempt(&mut self, jobs: &[Job]) -> Result<Outcomes, StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.hosts.connect(Role::Primary).await?.connection,
        };
        let wishes: Vec<&Wish> = jobs.iter().map(|job| &job.wish).collect();
        let publishing = publish::all(&mut connection, &self.keys, &wishes);
        let outcomes = within(ATTEMPT_PATIENCE, publishing).await?;
        self.connection = Some(connection);
        Ok(outcomes)
    }
}

/// The first wish with all that wait behind it, as far as they fit.
fn fill(first: Job, wishes: &mut mpsc::Receiver<Job>) -> Vec<Job> {
    let mut lines = first.wish.lines();
    let mut group = vec![first];
    while group.len() < WISHES_PER_GROUP && lines < LINES_PER_GROUP {
        let Ok(job) = wishes.try_recv() else { break };
        lines += job.wish.lines();
        group.push(job);
    }
    group
}

/// Answers those whose time is up, and gives the others back.
fn refuse_late(waiting: Vec<Job>, error: &StoreError) -> Vec<Job> {
    let now = Instant::now();
    let (in_time, late): (Vec<Job>, Vec<Job>) =
        waiting.into_iter().partition(|job| job.deadline > now);
    for job in late {
        job.tell(Err(StoreError::NotWritten {
            reason: chain(error),
        }));
    }
    in_time
}

impl Job {
    fn tell(self, outcome: Result<CommitInfo, StoreError>) {
        // Whoever asked may have stopped waiting.
        drop(self.answer.send(outcome));
    }
}
