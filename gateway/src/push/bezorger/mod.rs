//! What a node has on loan: subscriptions for which it alone delivers, each with its queue in memory.
//! It reads the feed in order, a window at a time, and writes which numbers are dealt with.

mod rij;

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    AbonnementId, Melding, PushStore,
    store::{Bijwerking, Gevolg, Lening, Poging, PogingRecord, Vraag},
};
use crate::{
    domain::{LeerbedrijfId, Tijdstip},
    log::StoreError,
};
use rij::Rij;

/// How many numbers are read at least, when any are.
const READ_LEAST: u32 = 64;

/// Numbers of a subscription that are in memory at most when more are read, and most that are read at once. Those
/// of a leerbedrijf wait for one another, so that more may be there than are wanted.
const IN_MEMORY: u32 = 4_096;

/// How often it looks again when others keep changing a queue.
const TRIES: usize = 3;

/// How many deliveries of a subscription are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub abonnement: AbonnementId,
    /// At most so many, of as many leerbedrijven.
    pub most: u32,
}

/// The next melding of one leerbedrijf, for an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What to deliver.
    pub melding: Arc<Melding>,
    /// Attempts before this one.
    pub pogingen: u32,
    /// Everything up to here was delivered when it was taken up.
    pub volledig_tot_en_met: u64,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Of which subscription.
    pub abonnement: AbonnementId,
    /// Of which leerbedrijf.
    pub leerbedrijf_id: LeerbedrijfId,
    /// Which number.
    pub volgnummer: u64,
    /// What to do with the melding.
    pub gevolg: Gevolg,
    /// The record of it; none when nothing was sent.
    pub poging: Option<Poging>,
}

/// The subscriptions that a node has on loan.
#[derive(Debug)]
pub struct Bezorger {
    lener: Uuid,
    rijen: HashMap<AbonnementId, Rij>,
}

impl Bezorger {
    /// One that has nothing yet. `lener` names this run of this node, and nothing else.
    #[must_use]
    pub fn new(lener: Uuid) -> Self {
        Self {
            lener,
            rijen: HashMap::new(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn lener(&self) -> Uuid {
        self.lener
    }

    /// Until when it has this one on loan, if it has.
    #[must_use]
    pub fn geleend_tot(&self, id: AbonnementId) -> Option<Tijdstip> {
        self.rijen.get(&id).map(|rij| rij.geleend_tot)
    }

    /// Goes on with the loans of these, takes up those that nobody has, and looks again at what is to be
    /// delivered. What it has no longer it forgets.
    ///
    /// # Errors
    /// As every statement.
    pub async fn leen(
        &mut self,
        store: &dyn PushStore,
        ids: &[AbonnementId],
        (nu, tot): (Tijdstip, Tijdstip),
    ) -> Result<(), StoreError> {
        let lent = store.leen(self.lening(nu, tot), ids).await?;
        let mut lent: HashMap<_, _> = lent.into_iter().map(|one| (one.abonnement, one)).collect();
        for id in ids {
            match (lent.remove(id), self.rijen.entry(*id)) {
                (Some(geleend), Entry::Occupied(mut rij)) => rij.get_mut().look(geleend),
                (Some(geleend), Entry::Vacant(place)) => {
                    place.insert(Rij::new(geleend));
                }
                (None, Entry::Occupied(rij)) => {
                    rij.remove();
                }
                (None, Entry::Vacant(_)) => {}
            }
        }
        Ok(())
    }

    /// Gives these back.
    ///
    /// # Errors
    /// As every statement; then they are free when their loan ends.
    pub async fn geef_terug(
        &mut self,
        store: &dyn PushStore,
        ids: &[AbonnementId],
    ) -> Result<(), StoreError> {
        let held: Vec<AbonnementId> = ids
            .iter()
            .filter(|id| self.rijen.remove(id).is_some())
            .copied()
            .collect();
        match held.is_empty() {
            true => Ok(()),
            false => store.geef_terug(self.lener, &held).await,
        }
    }

    /// Gives back all but these.
    ///
    /// # Errors
    /// As [`Self::geef_terug`].
    pub async fn houd_alleen(
        &mut self,
        store: &dyn PushStore,
        fits: impl Fn(AbonnementId) -> bool,
    ) -> Result<(), StoreError> {
        let others = self.rijen.keys().copied().filter(|id| !fits(*id));
        let others: Vec<AbonnementId> = others.collect();
        self.geef_terug(store, &others).await
    }

    /// Gives everything back.
    ///
    /// # Errors
    /// As [`Self::geef_terug`].
    pub async fn geef_alles_terug(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        self.houd_alleen(store, |_| false).await
    }

    /// Takes up what is due, of each subscription on loan at most as many as wanted, ascending by
    /// number.
    ///
    /// # Errors
    /// As every statement; what was taken up before is due again.
    pub async fn claim(
        &mut self,
        store: &dyn PushStore,
        wanted: &[Wanted],
        now: Tijdstip,
    ) -> Result<Vec<Claim>, StoreError> {
        let (mut behind, mut feed) = (Vec::new(), Vec::new());
        for wish in wanted {
            let Some(rij) = self.rijen.get_mut(&wish.abonnement) else {
                continue;
            };
            let missing = wish.most.saturating_sub(rij.ready(now)).min(IN_MEMORY);
            if missing == 0 || rij.in_geheugen() >= IN_MEMORY as usize {
                continue;
            }
            if rij.kijk_achter {
                behind.push(Vraag {
                    abonnement: wish.abonnement,
                    na: 0,
                    most: missing.saturating_add(rij.behind()),
                });
            }
            if rij.meer {
                feed.push(Vraag {
                    abonnement: wish.abonnement,
                    na: rij.gelezen(),
                    most: (missing * 2).clamp(READ_LEAST, IN_MEMORY),
                });
            }
        }
        if !behind.is_empty() {
            let mut found: HashMap<_, Vec<_>> = HashMap::new();
            for one in store.achter(&behind, now).await? {
                found.entry(one.melding.abonnement).or_default().push(one);
            }
            for vraag in behind {
                let found = found.remove(&vraag.abonnement).unwrap_or_default();
                if let Some(rij) = self.rijen.get_mut(&vraag.abonnement) {
                    rij.take_behind(found, vraag.most);
                }
            }
        }
        if !feed.is_empty() {
            let mut found: HashMap<_, Vec<_>> = HashMap::new();
            for one in store.lees(&feed).await? {
                found.entry(one.melding.abonnement).or_default().push(one);
            }
            for vraag in feed {
                let found = found.remove(&vraag.abonnement).unwrap_or_default();
                if let Some(rij) = self.rijen.get_mut(&vraag.abonnement) {
                    rij.take_feed(found, vraag.most);
                }
            }
        }
        let mut claims = Vec::new();
        for wish in wanted {
            if let Some(rij) = self.rijen.get_mut(&wish.abonnement) {
                let begin = claims.len();
                rij.claim(wish.most, now, &mut claims);
                claims[begin..].sort_by_key(|claim: &Claim| claim.melding.volgnummer);
            }
        }
        Ok(claims)
    }

    /// Writes what became of attempts. Of a subscription that is another's by now the records alone are
    /// kept.
    ///
    /// # Errors
    /// As every statement; the same attempts can be written again.
    pub async fn record(
        &mut self,
        store: &dyn PushStore,
        attempts: &[Attempt],
        (nu, tot): (Tijdstip, Tijdstip),
    ) -> Result<(), StoreError> {
        let mut left: HashMap<AbonnementId, Vec<&Attempt>> = HashMap::new();
        for attempt in attempts {
            left.entry(attempt.abonnement).or_default().push(attempt);
        }
        let mut changed = Vec::new();
        for _ in 0..TRIES {
            let bijwerkingen = self.bijwerkingen(&left);
            if bijwerkingen.is_empty() {
                break;
            }
            let lening = self.lening(nu, tot);
            let counted = store.record(lening, &bijwerkingen).await?;
            changed.clear();
            for (bijwerking, counts) in bijwerkingen.iter().zip(counted) {
                let id = bijwerking.abonnement;
                if !counts {
                    changed.push(id);
                    continue;
                }
                self.written(id, &left.remove(&id).unwrap_or_default());
                if let Some(rij) = self.rijen.get_mut(&id) {
                    rij.geleend_tot = tot.max(rij.geleend_tot);
                }
            }
            if changed.is_empty() {
                break;
            }
            self.leen(store, &changed, (nu, tot)).await?;
        }
        // Others change these faster than it looks: they are read anew, and what is under way goes once more.
        for id in changed {
            self.rijen.remove(&id);
        }
        for (id, attempts) in left {
            let records: Vec<PogingRecord> =
                attempts.iter().filter_map(|one| record(one)).collect();
            if !records.is_empty() {
                store.keep_pogingen(id, &records).await?;
            }
        }
        Ok(())
    }

    /// What is to be written, by subscription. What is not under way here is left out.
    fn bijwerkingen(&mut self, left: &HashMap<AbonnementId, Vec<&Attempt>>) -> Vec<Bijwerking> {
        let mut all = Vec::with_capacity(left.len());
        for (id, attempts) in left {
            let Some(rij) = self.rijen.get_mut(id) else {
                continue;
            };
            let uitkomsten: Vec<_> = attempts
                .iter()
                .filter_map(|attempt| rij.ended(attempt))
                .collect();
            if !uitkomsten.is_empty() {
                all.push(Bijwerking {
                    abonnement: *id,
                    beurt: rij.beurt(),
                    voortgang: rij.voortgang().clone(),
                    uitkomsten,
                });
            }
        }
        all.sort_by_key(|one| one.abonnement);
        all
    }

    fn written(&mut self, id: AbonnementId, attempts: &[&Attempt]) {
        if let Some(rij) = self.rijen.get_mut(&id) {
            for attempt in attempts {
                rij.written(attempt);
            }
        }
    }

    fn lening(&self, nu: Tijdstip, tot: Tijdstip) -> Lening {
        Lening {
            lener: self.lener,
            nu,
            tot,
        }
    }
}

fn record(attempt: &Attempt) -> Option<PogingRecord> {
    Some(PogingRecord {
        volgnummer: attempt.volgnummer,
        poging: attempt.poging.clone()?,
    })
}

/// Which of these nodes delivers for a subscription, as all of them reckon: each gets about as many, and
/// when one goes or comes only what it has, or gets, changes hands.
#[must_use]
pub fn whose(id: AbonnementId, bezorgers: &[Uuid]) -> Option<Uuid> {
    /// An odd number without a pattern.
    const MIX: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    let weight = |bezorger: &Uuid| {
        let once = (id.0.as_u128() ^ bezorger.as_u128()).wrapping_mul(MIX);
        (once ^ (once >> 64)).wrapping_mul(MIX) >> 32
    };
    bezorgers
        .iter()
        .copied()
        .max_by_key(|bezorger| (weight(bezorger), *bezorger))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_share_subscriptions_and_only_what_must_changes_hands() {
        let nodes: Vec<Uuid> = (1..=4).map(|n| Uuid::from_u128(n << 96 | n)).collect();
        let three = &nodes[..3];
        let (mut each, mut moved) = (HashMap::new(), 0);
        for n in 0..3_000 {
            let id = AbonnementId(Uuid::from_u128(n));
            let owner = whose(id, three);
            let mut turned = three.to_vec();
            turned.reverse();
            assert_eq!(whose(id, &turned), owner, "all reckon alike");
            *each.entry(owner).or_insert(0) += 1;
            let after = whose(id, &nodes);
            moved += u32::from(after != owner);
            assert!(after == owner || after == Some(nodes[3]));
        }
        assert!(
            each.values().all(|count| (800..1_200).contains(count)),
            "{each:?}"
        );
        assert!((600..900).contains(&moved), "{moved}");
        assert_eq!(whose(AbonnementId(Uuid::from_u128(1)), &[]), None);
    }
}
