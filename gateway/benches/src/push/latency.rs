//! From the commit of a change to its receipt.

use std::{
    collections::HashMap,
    io,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use stagepoort::log::LogStore;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{Field, LOOK, PATIENCE, register};
use crate::{report::Section, zoeken::asking::Waits};

/// Changes a second, one to a commit.
const RATE: u32 = 200;

/// How long they go on.
const SECONDS: u32 = 30;
const SECONDS_SMALL: u32 = 5;

/// The slowest but one in a hundred may take.
const TARGET: Duration = Duration::from_millis(250);

pub(super) fn figures(field: &mut Field<'_>, section: &mut Section) -> io::Result<()> {
    let seconds = if field.plan.small {
        SECONDS_SMALL
    } else {
        SECONDS
    };
    let schools = field.abonnementen.len();
    let changes = (0..(RATE * seconds) as usize).map(|nth| field.register.change(nth % schools));
    let changes = changes.collect::<io::Result<Vec<_>>>()?;
    let writing = write(field.register.store(), changes);
    let committed = field.runtime.block_on(writing)?;
    let begun = Instant::now();
    while field.receiver.count() < committed.len() {
        if begun.elapsed() > PATIENCE {
            return Err(io::Error::other("a change was never received"));
        }
        sleep(LOOK);
    }
    let (came, _) = field.receiver.take();
    let times = committed.iter().map(|(id, at)| {
        let received = came.get(id);
        received
            .map(|received| received.saturating_duration_since(*at))
            .ok_or_else(|| io::Error::other("a change was not received"))
    });
    let waits = Waits::of(times.collect::<io::Result<_>>()?);
    section.against(
        format!("from a commit to its receipt, {RATE} mutaties a second, p50 and p99"),
        waits.show(),
        format!("p99 < {} ms", TARGET.as_millis()),
        waits.percentile(99) < TARGET,
    );
    field.settle()
}

/// Writes at [`RATE`]; none waits for the one before. Gives when each commit returned, by the id of
/// its message.
async fn write(
    store: Arc<dyn LogStore>,
    changes: Vec<register::Change>,
) -> io::Result<HashMap<Uuid, Instant>> {
    let begin = Instant::now();
    let mut under_way = JoinSet::new();
    for (nth, change) in (0..).zip(changes) {
        let due = begin + Duration::from_secs(1) * nth / RATE;
        tokio::time::sleep_until(due.into()).await;
        let store = Arc::clone(&store);
        under_way.spawn(async move {
            let id = change.mutatie_id;
            let done = register::commit(store, vec![change]).await;
            done.map(|_| (id, Instant::now()))
        });
    }
    let mut committed = HashMap::new();
    while let Some(ended) = under_way.join_next().await {
        committed.extend([ended.map_err(io::Error::other)??]);
    }
    Ok(committed)
}
