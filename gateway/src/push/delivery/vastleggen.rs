//! Recording whom messages are about, before they are sent (design invariant 11).

use std::{collections::BTreeMap, sync::Arc};

use super::sending::{Beurt, Gereed, Tools, Uitslag, Verslag, Voorbereid, Zending};
use crate::{
    audit::{Betrokkene, NietVastgelegd, Spoor, Status, Uitgifte},
    domain::{Oin, Tijdstip},
    push::{Abonnement, MutatieBericht, soap_message},
};

/// Students of whom is recorded in one go; a message about more goes by itself.
const MOST: usize = 20_000;

/// Makes messages ready to be sent: what may be told, recorded. What came of the others, when there is nothing to
/// send or it could not be recorded.
pub(super) async fn record(
    zendingen: Vec<Zending>,
    beurt: &Beurt,
    tools: &Tools,
) -> Vec<Voorbereid> {
    let mut done = Vec::with_capacity(zendingen.len());
    let (mut batch, mut people) = (Vec::with_capacity(zendingen.len()), 0);
    let now = tools.clock.now();
    let may_send = tools.may_send(beurt, now);
    let mut eindpunt = None;
    for zending in zendingen {
        let mut verslag = Verslag::not_sent(zending.abonnement.id, zending.claims);
        if !may_send {
            done.push(Voorbereid::Gebleven(verslag));
            continue;
        }
        let abonnement = zending.abonnement;
        let berichten = tools.tell(&abonnement, &mut verslag, now);
        if berichten.is_empty() {
            done.push(Voorbereid::Gebleven(verslag));
            continue;
        }
        // Those of one batch are of one subscription, unless it was changed meanwhile.
        let known = eindpunt.take_if(|(of, _)| Arc::ptr_eq(of, &abonnement));
        let (_, judged) = eindpunt.insert(known.unwrap_or_else(|| {
            let judged = Arc::new(tools.eindpunt(&abonnement));
            (Arc::clone(&abonnement), judged)
        }));
        let about: usize = berichten.iter().map(|one| one.bpvo_kenmerken.len()).sum();
        if people + about > MOST && !batch.is_empty() {
            done.extend(tools.leg_vast(std::mem::take(&mut batch), now).await);
            people = 0;
        }
        people += about;
        batch.push(Gereed {
            verslag,
            abonnement,
            eindpunt: Arc::clone(judged),
            berichten,
            traceparent: String::new(),
        });
    }
    done.extend(tools.leg_vast(batch, now).await);
    done
}

impl Tools {
    /// Records what is about to be sent, with one wait for the disk, and gives each message the `traceparent` to send
    /// along; when it cannot be recorded, none of it may be sent now.
    async fn leg_vast(&self, batch: Vec<Gereed>, now: Tijdstip) -> Vec<Voorbereid> {
        let mut uitgiften = Vec::with_capacity(batch.len());
        let mut sporen = Vec::with_capacity(batch.len());
        for one in &batch {
            let first = Spoor::new(None, (self.chance)());
            self.uitgiften(&one.abonnement, &one.berichten, first, now, &mut uitgiften);
            sporen.push(first);
        }
        let recorded: Result<(), NietVastgelegd> = self.verwerkingslog.leg_vast(&uitgiften).await;
        let all = batch.into_iter().zip(sporen);
        all.map(|(one, spoor)| match recorded {
            Ok(()) => Voorbereid::Gereed(Gereed {
                traceparent: spoor.traceparent(),
                ..one
            }),
            Err(_) => Voorbereid::Gebleven(Verslag {
                uitslag: Uitslag::NietVastgelegd,
                ..one.verslag
            }),
        })
        .collect()
    }

    /// What one message gives, for each school by itself.
    fn uitgiften(
        &self,
        abonnement: &Abonnement,
        berichten: &[MutatieBericht],
        first: Spoor,
        now: Tijdstip,
        uitgiften: &mut Vec<(Uitgifte, Vec<Betrokkene>)>,
    ) {
        let mut per_school: BTreeMap<Oin, Vec<Betrokkene>> = BTreeMap::new();
        for bericht in berichten {
            let over = per_school.entry(bericht.school_oin).or_default();
            over.extend(bericht.over());
        }
        for (nummer, (school_oin, over)) in per_school.into_iter().enumerate() {
            let uitgifte = Uitgifte {
                naam: soap_message::OPERATIE,
                spoor: if nummer == 0 {
                    first
                } else {
                    first.sibling((self.chance)())
                },
                begin: now,
                // Whether it arrives stands with the attempt.
                status: Status::Onbekend,
                afnemer_oin: abonnement.afnemer_oin,
                school_oin,
            };
            uitgiften.push((uitgifte, over));
        }
    }
}
