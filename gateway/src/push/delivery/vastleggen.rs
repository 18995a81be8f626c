//! Making messages ready: in their form, and recorded whom they are about before they are sent (design invariant
//! 11).

use std::{collections::BTreeMap, sync::Arc};

use super::sending::{Beurt, Brief, Gereed, Tools, Uitslag, Verslag, Voorbereid, Zending};
use crate::{
    audit::{Betrokkene, Spoor, Status, Uitgifte},
    domain::{Oin, Tijdstip},
    push::{Abonnement, MutatieBericht, soap_message},
};

/// Students of whom is recorded in one go; a message about more goes by itself.
const MOST: usize = 20_000;

/// Makes messages ready to be sent: what may be told, in its form and recorded. What came of the others, when there
/// is nothing to send or it could not be recorded.
pub(super) async fn record(
    zendingen: Vec<Zending>,
    beurt: Arc<Beurt>,
    tools: Arc<Tools>,
) -> Vec<Voorbereid> {
    let mut done = Vec::with_capacity(zendingen.len());
    let mut batch = Batch::default();
    let now = tools.clock.now();
    let may_send = tools.may_send(&beurt, now);
    let abonnement = &*beurt.abonnement;
    let eindpunt = tools.eindpunt(abonnement);
    for claims in zendingen {
        let mut verslag = Verslag::not_sent(abonnement.id, claims);
        let berichten = match may_send {
            true => tools.tell(abonnement, &mut verslag, now),
            false => Vec::new(),
        };
        if berichten.is_empty() {
            done.push(Voorbereid::Gebleven(verslag));
            continue;
        }
        let people = berichten.iter().map(|one| one.bpvo_kenmerken.len()).sum();
        if batch.is_full_with(people) {
            done.extend(std::mem::take(&mut batch).leg_vast(&tools).await);
        }
        let brief = eindpunt.clone().and_then(|eindpunt| {
            let bericht = tools.write(abonnement, &eindpunt, &berichten)?;
            Ok(Brief { eindpunt, bericht })
        });
        let spoor = Spoor::new(None, (tools.chance)());
        tools.uitgiften(abonnement, &berichten, spoor, now, &mut batch.uitgiften);
        batch.people += people;
        batch.gereed.push(Gereed {
            verslag,
            brief,
            traceparent: spoor.traceparent(),
        });
    }
    done.extend(batch.leg_vast(&tools).await);
    done
}

/// What is recorded in one go.
#[derive(Default)]
struct Batch {
    gereed: Vec<Gereed>,
    uitgiften: Vec<(Uitgifte, Vec<Betrokkene>)>,
    people: usize,
}

impl Batch {
    fn is_full_with(&self, people: usize) -> bool {
        !self.gereed.is_empty() && self.people + people > MOST
    }

    /// With one wait for the disk. When it cannot be recorded, none of it may be sent now.
    async fn leg_vast(self, tools: &Tools) -> Vec<Voorbereid> {
        let recorded = tools.verwerkingslog.leg_vast(&self.uitgiften).await;
        let all = self.gereed.into_iter();
        all.map(|one| match recorded {
            Ok(()) => Voorbereid::Gereed(one),
            Err(_) => Voorbereid::Gebleven(Verslag {
                uitslag: Uitslag::NietVastgelegd,
                ..one.verslag
            }),
        })
        .collect()
    }
}

impl Tools {
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
