//! What the store is told, after the fact: nothing is held while a message is under way.

use tokio::time::Instant;

use super::{Delivery, bestemming::Bestemming};
use crate::{
    log::StoreError,
    push::{
        Abonnement, AbonnementId, Attempt, PushStore,
        store::{Poging, Wijziging},
    },
};

/// What the store must still take in.
#[derive(Default)]
pub(super) struct TeSchrijven {
    pub(super) attempts: Vec<Attempt>,
    pub(super) proeven: Vec<(AbonnementId, Poging)>,
    pub(super) wijzigingen: Vec<(Abonnement, Wijziging)>,
}

impl Delivery {
    /// Writes down what came of attempts, and then how endpoints do.
    pub(super) async fn write(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        let lening = self.lening();
        let te_schrijven = &mut self.te_schrijven;
        if !te_schrijven.attempts.is_empty() {
            let attempts = &te_schrijven.attempts;
            self.bezorger.record(store, attempts, lening).await?;
            te_schrijven.attempts.clear();
            self.written = Instant::now();
            self.set_lent();
        }
        let te_schrijven = &mut self.te_schrijven;
        while let Some((id, poging)) = te_schrijven.proeven.last() {
            if let Some(bestemming) = self.bestemmingen.get_mut(id) {
                keep(store, *id, bestemming, Some(poging)).await?;
            }
            te_schrijven.proeven.pop();
        }
        for (id, bestemming) in &mut self.bestemmingen {
            if bestemming.staat != bestemming.bewaard {
                keep(store, *id, bestemming, None).await?;
            }
        }
        while let Some((before, wijziging)) = te_schrijven.wijzigingen.last() {
            // When somebody else changed it, what they say counts.
            store.change(before, wijziging).await?;
            self.revisie = None;
            te_schrijven.wijzigingen.pop();
        }
        Ok(())
    }
}

/// Writes how an endpoint does. False when the store says otherwise meanwhile, and that counts.
pub(super) async fn keep(
    store: &dyn PushStore,
    id: AbonnementId,
    bestemming: &mut Bestemming,
    proef: Option<&Poging>,
) -> Result<bool, StoreError> {
    let (before, after) = (bestemming.bewaard, bestemming.staat);
    let kept = store.set_eindpunt(id, before, after, proef).await?;
    if kept {
        bestemming.bewaard = after;
    } else {
        let there = store.eindpunten(&[id]).await?;
        there.into_iter().for_each(|staat| bestemming.read(staat));
    }
    Ok(kept)
}
