//! Schools go on registering bpvo's while a levering is imported. What they changed since the
//! comparing began is looked at again, so that the import does not write over it.

use std::collections::BTreeSet;

use super::{
    ImportError,
    compare::{Run, decode, half},
};
use crate::{
    domain::Bpvo,
    log::{Sleutel, Soort, StoreError},
};

/// Commits and lines read at once.
const PAGE: u32 = 1_000;

impl Run<'_> {
    /// Stages anew every bpvo that this import changes and that somebody else changed since this was
    /// last looked at. Gives the commit up to which it looked.
    ///
    /// # Errors
    /// [`ImportError::Overtaken`] when it was removed meanwhile: what the register said of it is
    /// no longer at hand.
    pub(super) async fn overtaken(&mut self) -> Result<u64, ImportError> {
        for sleutel in self.changed_meanwhile().await? {
            let Some(set) = self.touched_bpvos.get(&half(&sleutel)).copied() else {
                continue;
            };
            let current = self
                .store
                .current(Soort::Bpvo, std::slice::from_ref(&sleutel))
                .await?;
            let theirs = match current.into_iter().next() {
                Some((_, blob)) => decode::<Bpvo>(&blob)?,
                None if set => return Err(ImportError::Overtaken),
                None => {
                    self.remove(Soort::Bpvo, sleutel);
                    continue;
                }
            };
            match merged(theirs, set) {
                Some(bpvo) => {
                    let blob = postcard::to_stdvec(&bpvo)?;
                    self.set(Soort::Bpvo, sleutel, blob);
                }
                None => self.remove(Soort::Bpvo, sleutel),
            }
        }
        Ok(self.since)
    }

    async fn changed_meanwhile(&mut self) -> Result<BTreeSet<Sleutel>, StoreError> {
        let mut changed = BTreeSet::new();
        loop {
            let commits = self.store.commits_after(self.since, PAGE).await?;
            let Some(last) = commits.last() else {
                return Ok(changed);
            };
            self.since = last.nummer;
            for commit in &commits {
                let mut from = 0;
                while from < commit.regels {
                    let lines = self.store.lines(commit, from, PAGE).await?;
                    if lines.is_empty() {
                        break;
                    }
                    from += lines.len() as u64;
                    let bpvos = lines.into_iter().filter(|line| line.soort == Soort::Bpvo);
                    changed.extend(bpvos.map(|line| line.sleutel));
                }
            }
        }
    }
}

/// What the school wrote meanwhile, with that the register has it or not. What exactly the
/// register says of it is no longer at hand: the next levering tells a difference.
fn merged(theirs: Bpvo, set: bool) -> Option<Bpvo> {
    let van_school = theirs.van_school();
    let known = theirs.van_register().unwrap_or_else(|| theirs.inhoud());
    Bpvo::of(
        theirs.school_oin,
        theirs.bpvo_kenmerk,
        van_school,
        set.then_some(known),
    )
}
