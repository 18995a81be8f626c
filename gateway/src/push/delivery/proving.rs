//! Asking an endpoint to prove that it is the subscriber's, and test messages.

use std::sync::Arc;

use reqwest::header::HeaderMap;

use super::{
    sending::{Brief, Tools, Uitslag, judge_soap, judge_webhook, unwritten},
    uuid_of,
};
use crate::push::{
    Abonnement, Kanaal, client,
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
    // Nobody can give it back who did not read it.
    let uitdaging = hex::encode((tools.chance)());
    let brief = tools.eindpunt(&abonnement).and_then(|eindpunt| {
        let bericht = match abonnement.kanaal {
            // Whoever answers meldenMutaties without mutaties serves the contract.
            Kanaal::Soap => tools.write(&abonnement, &eindpunt, &[])?,
            Kanaal::Webhook | Kanaal::Poll => {
                write(&abonnement, vraag, &uitdaging, &tools).map_err(|error| unwritten(&error))?
            }
        };
        Ok(Brief { eindpunt, bericht })
    });
    let (uitslag, poging) = match brief {
        Ok(brief) => {
            let (answer, poging) = tools.post(&abonnement, brief, HeaderMap::new()).await;
            match abonnement.kanaal {
                Kanaal::Soap => judge_soap(answer, poging),
                Kanaal::Webhook | Kanaal::Poll => judge(vraag, &uitdaging, answer, poging),
            }
        }
        Err(why) => tools.not_written(why),
    };
    Antwoord {
        abonnement,
        vraag,
        uitslag,
        poging,
    }
}

/// A proof counts when what was asked came back.
fn judge(
    vraag: Vraag,
    uitdaging: &str,
    answer: Option<client::Antwoord>,
    mut poging: Poging,
) -> (Uitslag, Poging) {
    let gave_back = answer
        .as_ref()
        .is_some_and(|answer| message::is_bewezen(&answer.body, uitdaging));
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
