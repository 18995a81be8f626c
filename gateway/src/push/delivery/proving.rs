//! Asking an endpoint to prove that it is the subscriber's, and test messages.

use std::sync::Arc;

use reqwest::header::HeaderMap;

use super::{
    sending::{Tools, Uitslag, judge_soap, judge_webhook},
    uuid_of,
};
use crate::push::{
    Abonnement, Eindpunt, Kanaal,
    message::{self, Bericht},
    schedule::Fout,
    store::Poging,
};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vraag {
    /// To prove itself.
    Bewijs,
    /// To take a test message.
    Proef,
}

/// What came of it.
pub(super) struct Antwoord {
    /// The subscription as it was then.
    pub(super) abonnement: Arc<Abonnement>,
    pub(super) vraag: Vraag,
    pub(super) uitslag: Uitslag,
    pub(super) poging: Poging,
}

/// Asks it.
pub(super) async fn ask(abonnement: Arc<Abonnement>, vraag: Vraag, tools: Arc<Tools>) -> Antwoord {
    let eindpunt = tools.eindpunt(&abonnement);
    let (uitslag, poging) = match abonnement.kanaal {
        // Whoever answers meldenMutaties without mutaties serves the contract.
        Kanaal::Soap => {
            let headers = HeaderMap::new();
            let (answer, poging) = tools.call(&abonnement, &eindpunt, &[], headers).await;
            judge_soap(answer, poging)
        }
        Kanaal::Webhook | Kanaal::Poll => webhook(&abonnement, &eindpunt, vraag, &tools).await,
    };
    Antwoord {
        abonnement,
        vraag,
        uitslag,
        poging,
    }
}

async fn webhook(
    abonnement: &Abonnement,
    eindpunt: &Result<Eindpunt, String>,
    vraag: Vraag,
    tools: &Tools,
) -> (Uitslag, Poging) {
    // Nobody can give it back who did not read it.
    let uitdaging = hex::encode((tools.chance)());
    let bericht = match write(abonnement, vraag, &uitdaging, tools) {
        Ok(bericht) => bericht,
        Err(error) => return (Uitslag::Mislukt(Fout::Bericht), tools.unwritten(&error)),
    };
    let headers = HeaderMap::new();
    let (answer, mut poging) = tools.post(abonnement, eindpunt, bericht, headers).await;
    let gave_back = answer
        .as_ref()
        .is_some_and(|answer| message::is_bewezen(&answer.body, &uitdaging));
    let uitslag = match judge_webhook(answer) {
        Uitslag::Ontvangen { .. } if vraag == Vraag::Bewijs && !gave_back => {
            poging.uitkomst.push_str(": de uitdaging kwam niet terug");
            Uitslag::Mislukt(Fout::Eindpunt { retry_after: None })
        }
        other => other,
    };
    (uitslag, poging)
}

fn write(
    abonnement: &Abonnement,
    vraag: Vraag,
    uitdaging: &str,
    tools: &Tools,
) -> serde_json::Result<Bericht> {
    let (id, now) = (uuid_of(tools.chance), tools.clock.now());
    match vraag {
        Vraag::Bewijs => message::bewijs(abonnement.id, uitdaging, id, now, &tools.afzender),
        Vraag::Proef => message::proef(abonnement.id, id, now, &tools.afzender),
    }
}
