//! What a node remembers of one endpoint.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use tokio::sync::mpsc::UnboundedSender;

use super::{
    IN_HAND,
    proving::Vraag,
    sending::{Beurt, Zending},
};
use crate::{
    domain::Tijdstip,
    push::{
        Abonnement, AbonnementStatus,
        schedule::{self, Fout, Mislukt},
        store::{Eindpuntstaat, Gevolg},
    },
};

/// The endpoint of a subscription.
pub(super) struct Bestemming {
    /// How it does.
    pub(super) staat: Eindpuntstaat,
    /// How it does by what the store has.
    pub(super) bewaard: Eindpuntstaat,
    /// Messages that may be in hand, those that wait for their turn included: it grows from one
    /// while they are taken.
    breedte: usize,
    /// The most that it grows to.
    breedst: usize,
    /// Messages in hand.
    onderweg: usize,
    /// Messages in a row that were refused at their first attempt.
    geweigerd: u32,
    /// A proof or a test is under way.
    gevraagd: bool,
    /// This node is to deliver to it, and no other.
    pub(super) eigen: bool,
    /// Of the subscription as it is now.
    beurt: Arc<Beurt>,
    /// To its courier, once it has one.
    bode: Option<UnboundedSender<Zending>>,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gevolgen {
    pub(super) gevolg: Gevolg,
    /// The push of the subscription stops.
    pub(super) stop: bool,
}

impl Bestemming {
    /// One that is well, for so many messages at once.
    pub(super) fn new(abonnement: Arc<Abonnement>, gelijktijdig: usize) -> Self {
        let breedst = gelijktijdig * IN_HAND;
        Self {
            staat: Eindpuntstaat::default(),
            bewaard: Eindpuntstaat::default(),
            breedte: breedst,
            breedst,
            onderweg: 0,
            geweigerd: 0,
            gevraagd: false,
            eigen: false,
            beurt: Arc::new(Beurt::new(abonnement)),
            bode: None,
        }
    }

    /// As it is now.
    pub(super) fn abonnement(&self) -> &Arc<Abonnement> {
        &self.beurt.abonnement
    }

    /// Until when it is on loan to this node; none when it is not.
    pub(super) fn set_lent(&self, tot: Option<Tijdstip>) {
        let tot_ms = tot.map_or(i64::MIN, Tijdstip::as_millis);
        self.beurt.geleend_tot_ms.store(tot_ms, Relaxed);
    }

    /// It is on loan, and stays so.
    pub(super) fn may_claim(&self) -> bool {
        self.eigen && self.beurt.geleend_tot_ms.load(Relaxed) > i64::MIN
    }

    /// Nothing of it is in hand.
    pub(super) fn is_idle(&self) -> bool {
        self.onderweg == 0
    }

    /// How it does by the store, where other nodes may have written.
    pub(super) fn read(&mut self, staat: Eindpuntstaat) {
        self.bewaard = staat;
        self.set(staat);
    }

    /// The subscription as it is now. When it was changed, what waits with its courier is for one that is no more, perhaps
    /// with another endpoint or other schools: it goes back, and another courier comes.
    pub(super) fn replace(&mut self, abonnement: Arc<Abonnement>) {
        if *self.abonnement() == abonnement {
            return;
        }
        let lent_ms = self.beurt.geleend_tot_ms.load(Relaxed);
        self.set_lent(None);
        self.beurt = Arc::new(Beurt::new(abonnement));
        self.beurt.geleend_tot_ms.store(lent_ms, Relaxed);
        self.dismiss();
        self.set(self.staat);
    }

    /// Messages that it can take in hand now.
    pub(super) fn room(&self, now: Tijdstip) -> usize {
        if !self.abonnement().is_pushed() || self.rests(now) {
            return 0;
        }
        let most = if self.staat.mislukt > 0 {
            1
        } else {
            self.breedte
        };
        most.saturating_sub(self.onderweg)
    }

    /// Meldingen that go in so many messages. One that is tried again is tried with one.
    pub(super) fn meldingen(&self, messages: usize) -> u32 {
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        if self.staat.mislukt > 0 {
            messages
        } else {
            messages.saturating_mul(per_bericht(self.abonnement()))
        }
    }

    /// What is to be asked of it now.
    pub(super) fn vraag(&self, now: Tijdstip) -> Option<Vraag> {
        if self.gevraagd {
            return None;
        }
        let waits = self.abonnement().status == AbonnementStatus::WachtOpBewijs;
        if waits && !self.rests(now) {
            Some(Vraag::Bewijs)
        } else if self.staat.proef_gevraagd {
            Some(Vraag::Proef)
        } else {
            None
        }
    }

    /// It is asked to prove itself, until `niet_voor` by this node alone.
    pub(super) fn ask_bewijs(&mut self, niet_voor: Tijdstip) {
        self.gevraagd = true;
        self.set(Eindpuntstaat {
            niet_voor: Some(niet_voor),
            ..self.staat
        });
    }

    /// Another node asks it, or it was changed.
    pub(super) fn not_asked(&mut self) {
        self.gevraagd = false;
    }

    /// It is sent a test.
    pub(super) fn ask_proef(&mut self) {
        self.gevraagd = true;
        self.staat.proef_gevraagd = false;
        self.bewaard.proef_gevraagd = false;
    }

    /// The answer came.
    pub(super) fn answered(&mut self, vraag: Vraag) {
        self.gevraagd = false;
        if vraag == Vraag::Bewijs {
            self.set(Eindpuntstaat {
                niet_voor: None,
                ..self.staat
            });
        }
    }

    /// A message goes in hand, and to the courier: one that `hire` makes, if there is none.
    pub(super) fn give(
        &mut self,
        zending: Zending,
        hire: impl FnOnce(Arc<Beurt>) -> UnboundedSender<Zending>,
    ) {
        self.onderweg += 1;
        let bode = self
            .bode
            .get_or_insert_with(|| hire(Arc::clone(&self.beurt)));
        // One that broke off is noticed by its end.
        drop(bode.send(zending));
    }

    /// The courier ends when it has brought what it holds.
    pub(super) fn dismiss(&mut self) {
        self.bode = None;
    }

    /// A message is no longer in hand.
    pub(super) fn done(&mut self) {
        self.onderweg = self.onderweg.saturating_sub(1);
    }

    /// It took a message.
    pub(super) fn succeeded(&mut self) {
        self.geweigerd = 0;
        self.breedte = (self.breedte * 2).min(self.breedst);
        self.set(schedule::na_succes(self.staat));
    }

    /// It took no message.
    pub(super) fn failed(
        &mut self,
        fout: Fout,
        pogingen: u32,
        alleen: bool,
        now: Tijdstip,
        chance: f64,
    ) -> Gevolgen {
        let mislukt = Mislukt {
            fout,
            pogingen,
            geweigerd: self.geweigerd,
            alleen,
        };
        let after = schedule::na_mislukking(self.staat, mislukt, now, chance);
        if after.staat.mislukt > 0 {
            self.breedte = 1;
        }
        self.set(after.staat);
        Gevolgen {
            gevolg: after.gevolg,
            stop: after.stop,
        }
    }

    /// One more message was refused, at its first attempt.
    pub(super) fn refused(&mut self) {
        self.geweigerd = self.geweigerd.saturating_add(1);
    }

    /// When what was not sent can go.
    pub(super) fn earliest(&self, now: Tijdstip) -> Tijdstip {
        self.staat
            .niet_voor
            .map_or(now, |niet_voor| niet_voor.max(now))
    }

    fn rests(&self, now: Tijdstip) -> bool {
        self.staat
            .niet_voor
            .is_some_and(|niet_voor| niet_voor > now)
    }

    fn set(&mut self, staat: Eindpuntstaat) {
        self.staat = staat;
        let niet_voor_ms = match staat.niet_voor {
            // What waits for its turn goes back.
            _ if !self.abonnement().is_pushed() => i64::MAX,
            Some(niet_voor) => niet_voor.as_millis(),
            None => i64::MIN,
        };
        self.beurt.niet_voor_ms.store(niet_voor_ms, Relaxed);
    }
}

/// How many mutaties a message may hold, at least one.
pub(super) fn per_bericht(abonnement: &Abonnement) -> u32 {
    u32::from(abonnement.per_bericht.max(1))
}
