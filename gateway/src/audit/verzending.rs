//! Shipping a journal to the database. The cursor moves with the rows, in one transaction, so a node
//! that is killed repeats nothing and skips nothing; it is the database that says how far it is.
//!
//! A journal that is not what had come of it (its end was cut off, its folder or the database was put
//! back from a backup) is told, and shipped as another one (`tak`) from where the two part: what had
//! come stays, and what stands here comes too.

use std::{path::PathBuf, sync::Arc};

use super::{
    lezer::{self, GelezenBlok, LeesError, Lezer, Positie},
    map::MapError,
    store::{Journaalstand, NieuweTak, VerwerkingStore},
};
use crate::{clock::Clock, log::StoreError};

/// Bytes of a journal that are shipped at a time: some thousand answers, and a transaction of some
/// tens of milliseconds, which other writers of a SQLite file wait for.
const PARTIJ_BYTES: usize = 256 * 1024;

/// Why nothing was shipped.
#[derive(Debug, thiserror::Error)]
pub enum VerzendError {
    /// The journal cannot be read.
    #[error(transparent)]
    Lees(#[from] LeesError),
    /// The database does not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread that reads broke off.
    #[error("the journal could not be read: {0}")]
    Draad(String),
}

impl From<MapError> for VerzendError {
    fn from(error: MapError) -> Self {
        Self::Lees(LeesError::Map(error))
    }
}

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stap {
    /// So many blocks came, up to this number.
    Verder {
        /// How many.
        blokken: u64,
        /// Number of the last.
        tot: u64,
    },
    /// All that there is has come.
    Bij,
    /// The database was somewhere else than was thought: look again.
    Opnieuw,
}

/// What is shipped, and where to.
pub struct VerzendParts {
    /// Folder of the journal.
    pub map: PathBuf,
    /// Where it goes.
    pub store: Arc<dyn VerwerkingStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What the machine is called.
    pub knoop: String,
}

/// Ships one journal.
pub struct Verzending {
    parts: VerzendParts,
    plek: Option<Plek>,
    afwijking: Option<String>,
}

/// Where it goes on.
struct Plek {
    stand: Journaalstand,
    lezer: Lezer,
}

impl Verzending {
    /// Of this journal.
    #[must_use]
    pub fn new(parts: VerzendParts) -> Self {
        Self {
            parts,
            plek: None,
            afwijking: None,
        }
    }

    /// In what way the journal is not what had come of it, as long as no operator took note of it.
    #[must_use]
    pub fn afwijking(&self) -> Option<&str> {
        self.afwijking.as_deref()
    }

    /// The last block that came, as far as is known.
    #[must_use]
    pub fn na(&self) -> Option<Positie> {
        self.plek.as_ref().map(|plek| plek.stand.na)
    }

    /// Ships the next blocks up to number `tot`, which must be on the disk; after an error the next
    /// call begins by asking the database where it is.
    ///
    /// # Errors
    /// [`VerzendError`].
    pub async fn step(&mut self, tot: u64) -> Result<Stap, VerzendError> {
        let plek = match self.plek.take() {
            Some(plek) => Some(plek),
            None => self.find(tot).await?,
        };
        let Some(Plek { mut stand, lezer }) = plek else {
            return Ok(Stap::Bij);
        };
        let (lezer, blokken) = read(lezer, tot).await?;
        let Some(last) = blokken.last().map(|blok| blok.na) else {
            if self.afwijking.is_some() {
                // An operator may have taken note of it.
                let known = self.last(stand.journaal).await?;
                self.afwijking = known.and_then(|stand| unseen(&stand));
            }
            self.plek = Some(Plek { stand, lezer });
            return Ok(Stap::Bij);
        };
        let now = self.parts.clock.now();
        if !self.parts.store.ship(&stand, &blokken, now).await? {
            return Ok(Stap::Opnieuw);
        }
        stand.na = last;
        stand.bijgewerkt_op = now;
        self.plek = Some(Plek { stand, lezer });
        Ok(Stap::Verder {
            blokken: blokken.len() as u64,
            tot: last.blok,
        })
    }

    /// Looks where the database is, and whether the journal goes on there. None while nothing was
    /// written yet.
    async fn find(&mut self, tot: u64) -> Result<Option<Plek>, VerzendError> {
        if tot == 0 {
            // Nothing is known to be on the disk: the journal is empty, or could not be opened yet.
            return Ok(None);
        }
        let Some(journaal) = lezer::journaal_in(&self.parts.map)? else {
            return Ok(None);
        };
        let stand = match self.last(journaal).await? {
            None => match self.begin(journaal, tot).await? {
                Some(stand) => stand,
                None => return Ok(None),
            },
            Some(stand) if lezer::holds(&self.parts.map, &stand.na)? => stand,
            Some(stand) => self.part(&stand, tot).await?,
        };
        self.afwijking = unseen(&stand);
        let lezer = Lezer::new(&self.parts.map, Some(stand.na));
        Ok(Some(Plek { stand, lezer }))
    }

    async fn last(&self, journaal: [u8; 16]) -> Result<Option<Journaalstand>, StoreError> {
        let all = self.parts.store.journalen().await?;
        let own = all.into_iter().filter(|stand| stand.journaal == journaal);
        Ok(own.max_by_key(|stand| stand.tak))
    }

    /// A journal of which nothing had come.
    async fn begin(
        &self,
        journaal: [u8; 16],
        tot: u64,
    ) -> Result<Option<Journaalstand>, VerzendError> {
        let (_, first) = read(Lezer::new(&self.parts.map, None), tot).await?;
        let Some(basis) = first.first().and_then(GelezenBlok::basis) else {
            return Ok(None);
        };
        let afwijking = (basis.blok > 0).then(|| {
            format!(
                "blocks 1 to {} never came here, and are not in the journal any more",
                basis.blok
            )
        });
        self.enter(journaal, 1, basis, afwijking).await
    }

    /// Another journal goes on where this one and what had come of it part.
    async fn part(&self, stand: &Journaalstand, tot: u64) -> Result<Journaalstand, VerzendError> {
        let parting = self.parting(stand.journaal, tot).await?;
        let came = stand.na.blok;
        let what = if parting.first > came + 1 {
            format!(
                "blocks {} to {} never came here, and are not in the journal any more",
                came + 1,
                parting.first - 1
            )
        } else if tot < came {
            format!(
                "block {came} had come, and the journal ends with block {tot}: its end was cut off, or its folder was put back from a backup"
            )
        } else {
            format!(
                "block {came} had come, and another one stands in the journal, which parts from it behind block {}",
                parting.na.blok
            )
        };
        let entered = self.enter(stand.journaal, stand.tak + 1, parting.na, Some(what));
        let entered = entered.await?;
        Ok(
            entered
                .ok_or_else(|| StoreError::Damaged("a journal that was begun is gone".into()))?,
        )
    }

    /// Behind which block of the journal the database has another one, or none; and the first block
    /// that is there.
    async fn parting(&self, journaal: [u8; 16], tot: u64) -> Result<Parting, VerzendError> {
        let mut lezer = Lezer::new(&self.parts.map, None);
        let mut parting: Option<Parting> = None;
        loop {
            let (next, blokken) = read(lezer, tot).await?;
            lezer = next;
            let (Some(van), Some(last)) = (blokken.first(), blokken.last()) else {
                break;
            };
            let known = self.parts.store.hashes(journaal, van.na.blok, last.na.blok);
            let known = known.await?;
            for blok in &blokken {
                let parting = parting.get_or_insert(Parting {
                    first: blok.na.blok,
                    na: blok.basis().unwrap_or(blok.na),
                });
                if !known.contains(&(blok.na.blok, blok.na.hash)) {
                    return Ok(*parting);
                }
                parting.na = blok.na;
            }
        }
        // No block is left of it.
        Ok(parting.unwrap_or(Parting {
            first: 1,
            na: Positie::BEGIN,
        }))
    }

    async fn enter(
        &self,
        journaal: [u8; 16],
        tak: u32,
        basis: Positie,
        afwijking: Option<String>,
    ) -> Result<Option<Journaalstand>, VerzendError> {
        let knoop = &self.parts.knoop;
        if let Some(afwijking) = &afwijking {
            let journaal = hex::encode(journaal);
            tracing::error!(
                journaal,
                knoop,
                afwijking,
                "the record of processing is not what had come of it; both are kept"
            );
        }
        let nieuw = NieuweTak {
            journaal,
            tak,
            knoop: knoop.clone(),
            afwijking,
            basis,
            op: self.parts.clock.now(),
        };
        self.parts.store.begin(&nieuw).await?;
        Ok(self.last(journaal).await?)
    }
}

/// What is told of it, unless an operator took note.
fn unseen(stand: &Journaalstand) -> Option<String> {
    let is_new = stand.erkend_op.is_none();
    stand.afwijking.clone().filter(|_| is_new)
}

#[derive(Debug, Clone, Copy)]
struct Parting {
    first: u64,
    na: Positie,
}

/// Reads on another thread: a disk may be slow.
async fn read(mut lezer: Lezer, tot: u64) -> Result<(Lezer, Vec<GelezenBlok>), VerzendError> {
    let reading = tokio::task::spawn_blocking(move || {
        let blokken = lezer.volgende(tot, PARTIJ_BYTES);
        (lezer, blokken)
    });
    let (lezer, blokken) = reading
        .await
        .map_err(|error| VerzendError::Draad(error.to_string()))?;
    Ok((lezer, blokken?))
}
