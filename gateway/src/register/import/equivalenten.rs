//! Equivalences stand together by code, so they are compared when all of them have been read.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ImportError, Tally,
    compare::{Run, decode},
};
use crate::{
    domain::{Code, Datum, Equivalent},
    log::{Sleutel, Soort},
    register::levering::{LeveringSoort, ObjectSoort, Seen},
};

/// Codes looked up at once.
const CODES_PER_SCAN: u32 = 1_000;

impl Run<'_> {
    /// Stages the codes whose equivalences are other than before.
    pub(super) async fn equivalenten(&mut self, seen: &Seen) -> Result<(), ImportError> {
        let mut said = std::mem::take(&mut self.said_equivalenten);
        let mut after: Option<Sleutel> = None;
        loop {
            let page = self
                .store
                .scan(Soort::Equivalenten, after.as_ref(), CODES_PER_SCAN)
                .await?;
            let Some((last, _)) = page.last() else {
                break;
            };
            after = Some(last.clone());
            for (sleutel, blob) in page {
                let old: Vec<Equivalent> = decode(&blob)?;
                let new = old
                    .first()
                    .and_then(|e| said.remove(&e.code))
                    .unwrap_or_default();
                self.replace_equivalenten(sleutel, old, new, seen)?;
            }
        }
        for (code, new) in said {
            self.replace_equivalenten(Sleutel::code(code), Vec::new(), new, seen)?;
        }
        Ok(())
    }

    fn replace_equivalenten(
        &mut self,
        sleutel: Sleutel,
        old: Vec<Equivalent>,
        said: Vec<Equivalent>,
        seen: &Seen,
    ) -> Result<(), ImportError> {
        let volledig = self.voorloop.levering_soort == LeveringSoort::Volledig;
        let blind = self.blind.contains(&ObjectSoort::Equivalent);
        let gone = &self.gone_equivalenten;
        let stays = |e: &Equivalent| {
            if volledig {
                blind || seen.has_equivalent(e.code, e.equivalent_met, e.vanaf)
            } else {
                !gone.contains(&(e.code, e.equivalent_met, e.vanaf))
            }
        };
        let mut by_key: BTreeMap<(Code, Datum), Equivalent> = BTreeMap::new();
        for e in old.iter().filter(|e| stays(e)).chain(&said) {
            by_key.insert((e.equivalent_met, e.vanaf), *e);
        }
        let new: Vec<Equivalent> = by_key.into_values().collect();
        tally(&mut self.objecten.equivalent, &old, &new);
        if new == old {
            return Ok(());
        }
        if new.is_empty() {
            self.remove(Soort::Equivalenten, sleutel);
        } else {
            let blob = postcard::to_stdvec(&new)?;
            self.set(Soort::Equivalenten, sleutel, blob);
        }
        Ok(())
    }
}

fn tally(tally: &mut Tally, old: &[Equivalent], new: &[Equivalent]) {
    let key = |e: &Equivalent| (e.equivalent_met, e.vanaf);
    let before: BTreeSet<_> = old.iter().map(key).collect();
    let after: BTreeSet<_> = new.iter().map(key).collect();
    tally.beeindigd += before.difference(&after).count() as u64;
    tally.toegevoegd += after.difference(&before).count() as u64;
    let same = new.iter().filter(|e| old.contains(e)).count() as u64;
    tally.ongewijzigd += same;
    tally.gewijzigd += before.intersection(&after).count() as u64 - same;
}
