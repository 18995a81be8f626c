//! What follows from a message that ended, and from a proof or a test.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinError};

use super::{
    Delivery, Klaar,
    bestemming::Bestemming,
    proving::{self, Vraag},
    sending::{Uitslag, Verslag},
    share_of, tell,
};
use crate::push::{
    Abonnement, AbonnementStatus, Attempt, Claim,
    schedule::{Fout, later},
    store::{Gevolg, Poging, Wijziging},
};

/// How long what could not be recorded is put off at least; no attempt of it is used up. Nothing is
/// lent while the journal is known to be away.
const NOT_RECORDED: Duration = Duration::from_secs(5);

impl Delivery {
    /// Takes in all that ended.
    pub(super) fn take_in_all(&mut self) {
        while let Ok(klaar) = self.ingekomen.try_recv() {
            self.take_in(klaar);
        }
        while let Some(ended) = self.tasks.try_join_next() {
            self.ended(ended);
        }
        tell::onderweg(self.onderweg);
    }

    /// Takes in what ended.
    pub(super) fn take_in(&mut self, klaar: Klaar) {
        match klaar {
            Klaar::Zending(verslag) => self.take_in_zending(verslag),
            Klaar::Vraag(antwoord) => self.take_in_vraag(antwoord),
        }
    }

    /// A task ended. When it broke off, nobody knows what became of what it held: that goes once more, and so does
    /// all else that is under way. What the other couriers tell of it is not heard.
    pub(super) fn ended(&mut self, ended: Result<Result<(), JoinError>, JoinError>) {
        if !matches!(ended, Ok(Ok(()))) {
            tracing::error!("a task of the delivery broke off");
            for bestemming in self.bestemmingen.values() {
                bestemming.set_lent(None);
            }
            self.bestemmingen.clear();
            (self.revisie, self.refreshed) = (None, None);
            (self.klaar, self.ingekomen) = mpsc::unbounded_channel();
            (self.onderweg, self.anew) = (0, true);
        }
    }

    fn take_in_zending(&mut self, verslag: Verslag) {
        self.onderweg = self.onderweg.saturating_sub(1);
        let Some(bestemming) = self.bestemmingen.get_mut(&verslag.abonnement) else {
            // The subscription ended meanwhile; so do its loans.
            return;
        };
        bestemming.done();
        let now = self.tools.clock.now();
        let before = bestemming.staat;
        let alleen = verslag.claims.len() == 1;
        let mut stop = false;
        let mut fail = |bestemming: &mut Bestemming, claim: &Claim, fout, alleen| {
            let chance = share_of(self.tools.chance);
            let gevolgen = bestemming.failed(fout, claim.pogingen, alleen, now, chance);
            stop |= gevolgen.stop;
            gevolgen.gevolg
        };
        let mut gevolgen: Vec<Gevolg> = Vec::with_capacity(verslag.claims.len());
        match &verslag.uitslag {
            Uitslag::NietGestuurd => {
                let again = Gevolg::Terug(bestemming.earliest(now));
                gevolgen.resize(verslag.claims.len(), again);
            }
            Uitslag::NietVastgelegd => {
                let again = later(bestemming.earliest(now), NOT_RECORDED);
                gevolgen.resize(verslag.claims.len(), Gevolg::Terug(again));
            }
            Uitslag::Mislukt(fout) => {
                for claim in &verslag.claims {
                    gevolgen.push(fail(bestemming, claim, *fout, alleen));
                }
                if *fout == Fout::Bericht && verslag.is_first() {
                    bestemming.refused();
                }
            }
            Uitslag::Ontvangen { behalve } => {
                let is_taken = |claim: &Claim| !behalve.contains(&claim.melding.mutatie_id);
                if verslag.claims.iter().any(is_taken) {
                    bestemming.succeeded();
                }
                for claim in &verslag.claims {
                    gevolgen.push(if is_taken(claim) {
                        Gevolg::Bezorgd
                    } else {
                        fail(bestemming, claim, Fout::Bericht, true)
                    });
                }
                if !verslag.claims.iter().any(is_taken) && verslag.is_first() {
                    bestemming.refused();
                }
            }
        }
        let sent = verslag.claims.iter().zip(gevolgen);
        let dropped = verslag
            .vervallen
            .iter()
            .map(|claim| (claim, Gevolg::Vervallen));
        for (claim, gevolg) in sent.chain(dropped) {
            tell::gevolg(bestemming.abonnement(), claim, gevolg);
            let poging = match gevolg {
                Gevolg::Vervallen => None,
                _ => verslag.poging.clone(),
            };
            self.te_schrijven
                .attempts
                .push(attempt(claim, gevolg, poging));
        }
        let uitkomst = verslag.poging.as_ref().map_or("", |p| p.uitkomst.as_str());
        tell::staat(bestemming.abonnement(), before, bestemming.staat, uitkomst);
        if stop {
            self.te_schrijven
                .wijzigingen
                .extend(stopped(bestemming, uitkomst));
        }
    }

    fn take_in_vraag(&mut self, antwoord: proving::Antwoord) {
        let Some(bestemming) = self.bestemmingen.get_mut(&antwoord.abonnement.id) else {
            return;
        };
        bestemming.answered(antwoord.vraag);
        if *bestemming.abonnement() != antwoord.abonnement {
            // It may have another endpoint by now, which is asked anew.
            return;
        }
        let now = self.tools.clock.now();
        let before = bestemming.staat;
        let uitkomst = antwoord.poging.uitkomst.as_str();
        match (antwoord.vraag, antwoord.uitslag) {
            (Vraag::Bewijs, Uitslag::Mislukt(fout)) => {
                let fout = match fout {
                    Fout::Bericht => Fout::Eindpunt { retry_after: None },
                    other => other,
                };
                let chance = share_of(self.tools.chance);
                if bestemming.failed(fout, 0, true, now, chance).stop {
                    self.te_schrijven
                        .wijzigingen
                        .extend(stopped(bestemming, uitkomst));
                }
            }
            (Vraag::Bewijs, _) => {
                bestemming.succeeded();
                tell::proven(&antwoord.abonnement);
                self.te_schrijven.wijzigingen.extend(changed(
                    bestemming,
                    &antwoord.abonnement,
                    AbonnementStatus::Actief,
                    None,
                ));
            }
            // A test of a healthy way; what waits is judged by its own attempts.
            (Vraag::Proef, Uitslag::Ontvangen { .. }) => bestemming.succeeded(),
            (Vraag::Proef, _) => {}
        }
        tell::staat(bestemming.abonnement(), before, bestemming.staat, uitkomst);
        self.te_schrijven
            .proeven
            .push((antwoord.abonnement.id, antwoord.poging));
    }
}

fn attempt(claim: &Claim, gevolg: Gevolg, poging: Option<Poging>) -> Attempt {
    Attempt {
        abonnement: claim.melding.abonnement,
        leerbedrijf_id: claim.melding.leerbedrijf_id,
        volgnummer: claim.melding.volgnummer,
        gevolg,
        poging,
    }
}

/// The push stops; the feed stays open.
fn stopped(bestemming: &mut Bestemming, uitkomst: &str) -> Option<(Abonnement, Wijziging)> {
    let before = Arc::clone(bestemming.abonnement());
    // Of messages that were under way together the first one stopped it.
    if before.status == AbonnementStatus::PushGestopt {
        return None;
    }
    let reden = format!("het eindpunt neemt niets aan; de laatste keer: {uitkomst}");
    tell::stopped(&before, uitkomst);
    changed(
        bestemming,
        &before,
        AbonnementStatus::PushGestopt,
        Some(reden),
    )
}

/// Another status, from what the subscription was; none when it was changed meanwhile.
fn changed(
    bestemming: &mut Bestemming,
    before: &Arc<Abonnement>,
    status: AbonnementStatus,
    reden: Option<String>,
) -> Option<(Abonnement, Wijziging)> {
    if *bestemming.abonnement() != *before {
        return None;
    }
    let after = Abonnement {
        status,
        reden,
        ..Abonnement::clone(before)
    };
    bestemming.replace(Arc::new(after.clone()));
    let wijziging = Wijziging {
        abonnement: after,
        begin_opnieuw: false,
        proef: false,
    };
    Some((Abonnement::clone(before), wijziging))
}
