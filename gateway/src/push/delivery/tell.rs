//! What operators see of the delivery: metrics, and a line for every change. Never what a message
//! or an answer holds.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::bestemming::Bestemming;
use crate::{
    clock::Clock,
    log::StoreError,
    metrics::names,
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Claim, PushStore,
        store::{Eindpuntstaat, Gevolg},
    },
};

/// How often the queue is counted.
const COUNT: Duration = Duration::from_secs(15);

/// Gauges of the queue.
#[derive(Default)]
pub(super) struct Gauges {
    counted: Option<Instant>,
    /// What was shown last: what is no longer there becomes 0.
    shown: Vec<AbonnementId>,
}

impl Gauges {
    /// Counts what waits, from time to time.
    pub(super) async fn refresh(
        &mut self,
        store: &dyn PushStore,
        bestemmingen: &HashMap<AbonnementId, Bestemming>,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        if self.counted.is_some_and(|at| at.elapsed() < COUNT) {
            return Ok(());
        }
        self.counted = Some(Instant::now());
        let tellingen: HashMap<AbonnementId, _> = store
            .tellingen()
            .await?
            .into_iter()
            .map(|telling| (telling.abonnement, telling))
            .collect();
        let ids: Vec<AbonnementId> = bestemmingen.keys().copied().collect();
        let laatste = store.laatste(&ids).await?;
        let now = clock.now();
        for id in self
            .shown
            .iter()
            .filter(|id| !bestemmingen.contains_key(id))
        {
            for name in [
                names::PUSH_WACHT,
                names::PUSH_DOOD,
                names::PUSH_OUDSTE,
                names::PUSH_FAALT,
                names::PUSH_GESTOPT,
            ] {
                set(name, *id, 0);
            }
        }
        for (bestemming, laatste) in bestemmingen.values().zip(laatste) {
            let abonnement = bestemming.abonnement();
            let telling = tellingen.get(&abonnement.id);
            let since = |moment: Option<_>| moment.map_or(0, |moment| now.seconds_since(moment));
            let gestopt = abonnement.status == AbonnementStatus::PushGestopt;
            for (name, value) in [
                (names::PUSH_WACHT, telling.map_or(0, |t| t.wacht)),
                (names::PUSH_DOOD, telling.map_or(0, |t| t.dood)),
                (names::PUSH_OUDSTE, since(laatste.oudste_onbezorgd_op)),
                (names::PUSH_FAALT, since(bestemming.staat.faalt_sinds)),
                (names::PUSH_GESTOPT, u64::from(gestopt)),
            ] {
                set(name, abonnement.id, value);
            }
        }
        self.shown = ids;
        Ok(())
    }
}

/// Messages in hand on this node.
pub(super) fn onderweg(messages: usize) {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    metrics::gauge!(names::PUSH_ONDERWEG).set(messages as f64);
}

/// What became of one melding.
pub(super) fn gevolg(abonnement: &Abonnement, claim: &Claim, gevolg: Gevolg) {
    let uitkomst = match gevolg {
        Gevolg::Bezorgd => "bezorgd",
        Gevolg::Opnieuw(_) => "opnieuw",
        Gevolg::Terug(_) => "terug",
        Gevolg::Dood => "dood",
        Gevolg::Vervallen => "vervallen",
    };
    metrics::counter!(
        names::PUSH_BEZORGINGEN,
        "kanaal" => abonnement.kanaal.as_str(),
        "uitkomst" => uitkomst,
    )
    .increment(1);
    let volgnummer = claim.melding.volgnummer;
    match gevolg {
        Gevolg::Dood => tracing::error!(
            abonnement = %abonnement.id,
            afnemer = %abonnement.afnemer_oin,
            volgnummer,
            "a melding is a dead letter: the endpoint refused it until its attempts were used up"
        ),
        Gevolg::Vervallen => tracing::warn!(
            abonnement = %abonnement.id,
            afnemer = %abonnement.afnemer_oin,
            volgnummer,
            "a melding is not sent: there is no mandate of its school, or its retention has passed"
        ),
        _ => {}
    }
}

/// How an endpoint does, when that changed.
pub(super) fn staat(
    abonnement: &Abonnement,
    before: Eindpuntstaat,
    after: Eindpuntstaat,
    uitkomst: &str,
) {
    if before.mislukt > 0 && after.mislukt == 0 {
        tracing::info!(
            abonnement = %abonnement.id,
            afnemer = %abonnement.afnemer_oin,
            "an endpoint takes messages again"
        );
    } else if after.mislukt > before.mislukt {
        let niet_voor = after.niet_voor.map(|moment| moment.to_string());
        tracing::warn!(
            abonnement = %abonnement.id,
            afnemer = %abonnement.afnemer_oin,
            mislukt = after.mislukt,
            niet_voor,
            uitkomst,
            "an endpoint takes no messages; they wait, and one of them tries again"
        );
    }
}

/// An endpoint proved that it is the subscriber's.
pub(super) fn proven(abonnement: &Abonnement) {
    tracing::info!(
        abonnement = %abonnement.id,
        afnemer = %abonnement.afnemer_oin,
        "an endpoint proved itself; delivery begins"
    );
}

/// The push of a subscription stopped.
pub(super) fn stopped(abonnement: &Abonnement, uitkomst: &str) {
    tracing::error!(
        abonnement = %abonnement.id,
        afnemer = %abonnement.afnemer_oin,
        uitkomst,
        "the push of a subscription stopped; its feed stays open, and it goes on once it is resumed"
    );
}

fn set(name: &'static str, abonnement: AbonnementId, value: u64) {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    metrics::gauge!(name, "abonnement" => abonnement.to_string()).set(value as f64);
}
