//! Taking in hand what is due: a fair share for every endpoint that has room.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::mpsc;

use super::{
    Delivery, IN_HAND, LOAN,
    bestemming::{Bestemming, per_bericht},
    bode,
};
use crate::{
    domain::Tijdstip,
    log::StoreError,
    push::{
        AbonnementId, Claim, PushStore, Wanted, bezorger::whose, schedule::later, store::Lening,
    },
};

impl Delivery {
    /// Tells the other nodes that this one delivers, and learns which subscriptions are for them.
    pub(super) async fn share(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        if self.bestemmingen.is_empty() {
            return self.bezorger.geef_alles_terug(store).await;
        }
        let (nu, tot) = self.lening();
        let lener = self.bezorger.lener();
        let bezorgers = store.meld_bezorger(Lening { lener, nu, tot }).await?;
        for (id, bestemming) in &mut self.bestemmingen {
            bestemming.eigen = whose(*id, &bezorgers) == Some(lener);
        }
        // What is under way of those that go to another node is waited for; one that was ended goes at once.
        let bestemmingen = &self.bestemmingen;
        let stays = |id| {
            let bestemming = bestemmingen.get(&id);
            bestemming.is_some_and(|one| one.eigen || !one.is_idle())
        };
        self.bezorger.houd_alleen(store, stays).await?;
        self.set_lent();
        Ok(())
    }

    /// Lends what is for this node, goes on with what it has, and looks what is new.
    pub(super) async fn leen(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        let ids: Vec<AbonnementId> = self
            .bestemmingen
            .iter()
            .filter(|(id, bestemming)| {
                bestemming.eigen || self.bezorger.geleend_tot(**id).is_some()
            })
            .map(|(id, _)| *id)
            .collect();
        let lening = self.lening();
        self.bezorger.leen(store, &ids, lening).await?;
        self.set_lent();
        Ok(())
    }

    /// Now, and until when a loan lasts that is made now.
    pub(super) fn lening(&self) -> (Tijdstip, Tijdstip) {
        let nu = self.tools.clock.now();
        (
            nu,
            later(nu, self.tools.settings.client.bericht_tijd * LOAN),
        )
    }

    /// Tells messages that wait for their turn until when they may be sent.
    pub(super) fn set_lent(&self) {
        for (id, bestemming) in &self.bestemmingen {
            bestemming.set_lent(self.bezorger.geleend_tot(*id));
        }
    }

    /// Takes up what is due, of every endpoint that has room, and sets it on its way.
    pub(super) async fn claim(&mut self, store: &dyn PushStore) -> Result<(), StoreError> {
        let now = self.tools.clock.now();
        // What cannot be recorded cannot be sent. It waits in the store, and no attempt is used up.
        if self.tools.access.is_too_old(now) || !self.tools.verwerkingslog.is_gezond() {
            return Ok(());
        }
        let wanted = self.wanted(now);
        if wanted.is_empty() {
            return Ok(());
        }
        let claims = self.bezorger.claim(store, &wanted, now).await?;
        let mut by_abonnement: HashMap<AbonnementId, Vec<Claim>> = HashMap::new();
        for claim in claims {
            by_abonnement
                .entry(claim.melding.abonnement)
                .or_default()
                .push(claim);
        }
        for (id, claims) in by_abonnement {
            self.set_out(id, claims);
        }
        Ok(())
    }

    /// How much each endpoint gets: what it has room for, and no more than its share of the node.
    fn wanted(&mut self, now: Tijdstip) -> Vec<Wanted> {
        let settings = &self.tools.settings;
        let mut room = (settings.gelijktijdig * IN_HAND).saturating_sub(self.onderweg);
        let mut ready: Vec<&Bestemming> = self
            .bestemmingen
            .values()
            .filter(|bestemming| bestemming.may_claim() && bestemming.room(now) > 0)
            .collect();
        if ready.is_empty() {
            return Vec::new();
        }
        self.beurt = (self.beurt + 1) % ready.len();
        ready.rotate_left(self.beurt);
        let share = (room / ready.len()).max(1);
        let mut wanted = Vec::with_capacity(ready.len());
        for bestemming in ready {
            let messages = bestemming.room(now).min(share).min(room);
            if messages == 0 {
                break;
            }
            room -= messages;
            wanted.push(Wanted {
                abonnement: bestemming.abonnement().id,
                most: bestemming.meldingen(messages),
            });
        }
        wanted
    }

    /// Puts what was lent into messages. What was refused before goes alone, so that it holds up
    /// nobody else.
    fn set_out(&mut self, id: AbonnementId, claims: Vec<Claim>) {
        let Some(bestemming) = self.bestemmingen.get_mut(&id) else {
            return;
        };
        let (again, new): (Vec<_>, Vec<_>) =
            claims.into_iter().partition(|claim| claim.pogingen > 0);
        let mut messages: Vec<Vec<Claim>> = again.into_iter().map(|claim| vec![claim]).collect();
        let size = usize::try_from(per_bericht(bestemming.abonnement())).unwrap_or(1);
        let mut new = new.into_iter().peekable();
        while new.peek().is_some() {
            messages.push(new.by_ref().take(size).collect());
        }
        for claims in messages {
            self.onderweg += 1;
            bestemming.give(claims, |beurt| {
                let (bode, komt) = mpsc::unbounded_channel();
                let (tools, klaar) = (Arc::clone(&self.tools), self.klaar.clone());
                self.tasks.spawn(bode::breng(tools, beurt, komt, klaar));
                bode
            });
        }
    }
}
