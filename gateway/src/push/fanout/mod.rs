//! Numbers what each subscription must hear (domain §4).
//!
//! One cursor in the database says up to where the log was fanned out. Any node may take the next
//! step: numbers and cursor move in one transaction that counts only if the cursor still stood where
//! the step began. So nothing is told twice or left out, whichever node dies when.

mod judging;
mod piece;

use std::sync::Arc;

use super::{PushStore, store::Cursor};
use crate::{
    access::Access,
    clock::Clock,
    domain::MutatieSoort,
    log::{LogStore, StoreError},
    operations::Rules,
    replica::Replica,
};
use judging::{Judging, Made};
use piece::{behind, read};

/// What a fan-out works with.
#[derive(Clone)]
pub struct FanoutParts {
    /// Where subscriptions and numbers stand.
    pub store: Arc<dyn PushStore>,
    /// The register as this node has it.
    pub replica: Arc<Replica>,
    /// Mandates: a school hears through whom it gave one.
    pub access: Arc<Access>,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// By which a loss of erkenning is judged.
    pub rules: Rules,
}

/// Follows the log and numbers.
pub struct Fanout {
    parts: FanoutParts,
    /// As it stood at the last step.
    cursor: Cursor,
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stap {
    /// Nothing is left that this node has.
    Bij,
    /// Nobody has a subscription, so nothing is told of what was left.
    Niemand,
    /// So much was numbered, by kind; there may be more.
    Verder(Vec<MutatieSoort>),
    /// Another node took this step, or a subscription changed meanwhile: look again.
    Ingehaald,
    /// This node does not know well enough who may hear: its register or toegang is not loaded, or
    /// toegang is too old.
    Wacht,
}

/// Why a step could not be taken; the next one tries again.
#[derive(Debug, thiserror::Error)]
pub enum FanoutError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A line of the log cannot be read: a bug, never data.
    #[error("a line of commit {nummer} cannot be read")]
    Line {
        /// Which commit.
        nummer: u64,
        /// Why.
        #[source]
        source: postcard::Error,
    },
    /// The judging broke off: a bug.
    #[error("the judging broke off")]
    Judging(#[from] tokio::task::JoinError),
}

impl Fanout {
    /// With these parts.
    #[must_use]
    pub fn new(parts: FanoutParts) -> Self {
        let cursor = Cursor::default();
        Self { parts, cursor }
    }

    /// How many commits that this node has were not fanned out at the last step.
    #[must_use]
    pub fn achterstand(&self) -> u64 {
        let head = self.parts.replica.view().versie().nummer;
        (head + 1).saturating_sub(self.cursor.nummer.max(1))
    }

    /// Takes the next lines of the log, which must be that of the same database.
    ///
    /// # Errors
    /// [`FanoutError`]; nothing was done then.
    pub async fn step(&mut self, log: &dyn LogStore) -> Result<Stap, FanoutError> {
        let parts = &self.parts;
        let now = parts.clock.now();
        let view = parts.replica.view();
        let start = parts.store.fanout_start().await?;
        self.cursor = start.cursor;
        let head = view.versie();
        if start.cursor.nummer > head.nummer {
            return Ok(Stap::Bij);
        }
        if !view.is_loaded() || parts.access.is_too_old(now) {
            return Ok(Stap::Wacht);
        }
        let end = log.head().await?;
        if end.tijdlijn != head.tijdlijn {
            // This node has yet to load what the log has become.
            return Ok(Stap::Wacht);
        }
        if start.abonnementen.is_empty() {
            // What a node started with may be of another history, which was longer: what is written here
            // next must be told all the same.
            let to = behind(head.nummer.min(end.nummer));
            if to <= start.cursor {
                return Ok(Stap::Bij);
            }
            let moved = parts.store.fan_out(&start, to, &[]).await?;
            return Ok(self.moved(moved, to, Stap::Niemand));
        }
        let piece = read(log, start.cursor, head).await?;
        if piece.to == start.cursor {
            return Ok(Stap::Bij);
        }
        let judging = Judging {
            view,
            rules: parts.rules,
            toegang: parts.access.current(),
            now,
            start,
        };
        let (start, made) = tokio::task::spawn_blocking(move || {
            let made = judging.judge(&piece);
            (judging.start, made)
        })
        .await?;
        let Made { nieuw, to } = made?;
        let moved = parts.store.fan_out(&start, to, &nieuw).await?;
        let soorten = nieuw.iter().map(|melding| melding.inhoud.mutatie_soort);
        Ok(self.moved(moved, to, Stap::Verder(soorten.collect())))
    }

    fn moved(&mut self, moved: bool, to: Cursor, stap: Stap) -> Stap {
        if !moved {
            return Stap::Ingehaald;
        }
        self.cursor = to;
        stap
    }
}
