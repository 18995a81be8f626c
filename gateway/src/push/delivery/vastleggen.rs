//! Recording whom a message is about, before it is sent (design invariant 11).

use std::collections::BTreeMap;

use super::sending::Tools;
use crate::{
    audit::{Betrokkene, NietVastgelegd, Spoor, Status, Uitgifte},
    domain::{Oin, Tijdstip},
    push::{Abonnement, MutatieBericht, soap_message},
};

impl Tools {
    /// Records what is about to be sent to a subscriber, for each school by itself. Messages that are
    /// on their way at the same time share one wait for the disk. Gives the `traceparent` to send
    /// along.
    ///
    /// # Errors
    /// [`NietVastgelegd`]: it may not be sent now.
    pub(super) async fn leg_vast(
        &self,
        abonnement: &Abonnement,
        berichten: &[MutatieBericht],
        now: Tijdstip,
    ) -> Result<String, NietVastgelegd> {
        let mut per_school: BTreeMap<Oin, Vec<Betrokkene>> = BTreeMap::new();
        for bericht in berichten {
            let over = per_school.entry(bericht.school_oin).or_default();
            over.extend(bericht.over());
        }
        let first = Spoor::new(None, (self.chance)());
        let uitgiften: Vec<(Uitgifte, Vec<Betrokkene>)> = per_school
            .into_iter()
            .enumerate()
            .map(|(nummer, (school_oin, over))| {
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
                (uitgifte, over)
            })
            .collect();
        self.verwerkingslog.leg_vast(&uitgiften).await?;
        Ok(first.traceparent())
    }
}
