//! Bpvo's that are over for longer than the retention leave the register, part by part (design
//! invariant 12). No caller asks for it: every node does it from time to time.
//!
//! A part is chosen from the state that the log ends with and written only while it still does. So
//! each bpvo is removed once, whichever nodes are at it, and none that a school or a levering changed
//! meanwhile. Nobody is told: that a bpvo leaves is no mutatie.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    domain::{Datum, RegisterVersie, Tijdstip},
    log::{Inhoud, Line, OpenLog, Sleutel, Soort, StoreError},
    replica::{BpvoSleutel, Replica},
};

/// Most bpvo's that one commit removes: half a list of a school, which waits for it no longer than
/// for another's.
pub const PER_DEEL: usize = 5_000;

/// Removing what is over.
#[derive(Clone, Copy)]
pub struct Opruimen<'a> {
    /// Where it is removed from.
    pub log: &'a OpenLog,
    /// Where it is found.
    pub replica: &'a Replica,
    /// Bpvo's whose last day lies before this one leave.
    pub grens: Datum,
    /// Most that one step removes, such as [`PER_DEEL`].
    pub per_deel: usize,
    /// The present moment.
    pub nu: Tijdstip,
    /// How long to wait for a turn to write.
    pub write_wait: Duration,
    /// How long to wait for this node to have what the log ends with; callers' writes wait with it.
    pub replica_wait: Duration,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opruimstap {
    /// So many were removed; there may be more.
    Verwijderd(usize),
    /// Others wrote meanwhile, and nothing was removed.
    Opnieuw,
    /// None is over for longer than it may be.
    Klaar,
}

/// Why it could not be done. Nothing is known to be removed by that step; the next one sees.
#[derive(Debug, thiserror::Error)]
pub enum OpruimError {
    /// The log.
    #[error("the log could not be used")]
    Store(#[from] StoreError),
    /// Writes of callers took longer than may be waited for.
    #[error("others were writing all the time")]
    Busy,
    /// The replica did not come to where the log ends.
    #[error("this node is too far behind the log")]
    Behind,
    /// The process is ending.
    #[error("looking for what is over was broken off")]
    Ended,
}

impl Opruimen<'_> {
    /// Removes one part, under a request id that nobody had.
    ///
    /// # Errors
    /// [`OpruimError`].
    pub async fn step(self, request_id: Uuid) -> Result<Opruimstap, OpruimError> {
        let turn = self
            .log
            .turn(self.write_wait)
            .await
            .ok_or(OpruimError::Busy)?;
        let store = self.log.store();
        let head = store.head().await?;
        let over = self.over_at(RegisterVersie {
            tijdlijn: head.tijdlijn,
            nummer: head.nummer,
        });
        let Some(over) = over.await? else {
            return Ok(Opruimstap::Opnieuw);
        };
        if over.is_empty() {
            return Ok(Opruimstap::Klaar);
        }
        let lines = over.iter().map(gone).collect();
        let written = store.append_at(head.nummer, request_id, self.nu, lines);
        if written.await?.is_none() {
            return Ok(Opruimstap::Opnieuw);
        }
        drop(turn);
        self.log.ring();
        self.log.forget_soon();
        Ok(Opruimstap::Verwijderd(over.len()))
    }

    /// What is over in exactly this state; none when this node is past it.
    async fn over_at(
        self,
        versie: RegisterVersie,
    ) -> Result<Option<Vec<BpvoSleutel>>, OpruimError> {
        self.log.ring();
        let view = self.replica.at_least(versie, self.replica_wait).await;
        let view = view.map_err(|_| OpruimError::Behind)?;
        if view.versie().nummer != versie.nummer {
            return Ok(None);
        }
        let (grens, most) = (self.grens, self.per_deel);
        // A look at every bpvo of the country: beside what answers.
        let look = move || view.bpvos_over_before(grens, most);
        let over = tokio::task::spawn_blocking(look).await;
        over.map(Some).map_err(|_| OpruimError::Ended)
    }
}

fn gone(sleutel: &BpvoSleutel) -> Line {
    Line {
        soort: Soort::Bpvo,
        sleutel: Sleutel(sleutel.as_slice().into()),
        inhoud: Inhoud::Verwijderd,
    }
}
