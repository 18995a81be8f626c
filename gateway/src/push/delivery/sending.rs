//! One message on its way: what may be told of it, its form and signature, and what the answer
//! means.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use arc_swap::ArcSwap;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};
use uuid::Uuid;

use super::{Chance, Settings, uuid_of};
use crate::{
    access::Access,
    audit::Verwerkingslog,
    clock::Clock,
    domain::Tijdstip,
    push::{
        Abonnement, AbonnementId, Claim, Eindpunt, Kanaal, MutatieBericht, PushClient, Sleutel,
        client::Antwoord,
        message::{self, Afzender, Bericht},
        relatie::may_hear,
        schedule::{Fout, later},
        signature::Ondertekend,
        soap_message::{self, Ontvangst},
        store::Poging,
    },
};

/// What every message needs.
pub(super) struct Tools {
    pub(super) access: Arc<Access>,
    pub(super) verwerkingslog: Arc<Verwerkingslog>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) afzender: Afzender,
    pub(super) sleutel: Option<Arc<Sleutel>>,
    pub(super) client: ArcSwap<PushClient>,
    pub(super) chance: Chance,
    pub(super) settings: Settings,
    /// A turn for each message under way on this node.
    pub(super) turns: Arc<Semaphore>,
    /// Becomes true when nothing may be sent any more.
    pub(super) stopping: watch::Receiver<bool>,
}

/// What messages of a subscription wait for: whether its endpoint may be sent anything.
#[derive(Debug)]
pub(super) struct Beurt {
    pub(super) abonnement: Arc<Abonnement>,
    /// Nothing is sent before this moment, in milliseconds since 1970.
    pub(super) niet_voor_ms: AtomicI64,
    /// The loan of its subscription ends at this moment.
    pub(super) geleend_tot_ms: AtomicI64,
}

impl Beurt {
    /// Its endpoint does not rest, and it is not on loan.
    pub(super) fn new(abonnement: Arc<Abonnement>) -> Self {
        Self {
            abonnement,
            niet_voor_ms: AtomicI64::new(i64::MIN),
            geleend_tot_ms: AtomicI64::new(i64::MIN),
        }
    }
}

/// A message to send: what it is to hold.
pub(super) type Zending = Vec<Claim>;

/// One that can leave: whom it is about is recorded.
pub(super) struct Gereed {
    /// As it is told when it does not leave after all.
    pub(super) verslag: Verslag,
    pub(super) brief: Result<Brief, Ongeschreven>,
    pub(super) traceparent: String,
}

/// A message in its form, and where it goes.
pub(super) struct Brief {
    pub(super) eindpunt: Arc<Eindpunt>,
    pub(super) bericht: Bericht,
}

/// Why there is none.
#[derive(Debug, Clone)]
pub(super) struct Ongeschreven {
    fout: Fout,
    /// For subscriber and operator.
    uitkomst: String,
}

/// What came of making it ready.
pub(super) enum Voorbereid {
    /// It waits for its turn.
    Gereed(Gereed),
    /// It does not leave now.
    Gebleven(Verslag),
}

/// What became of it.
pub(super) struct Verslag {
    pub(super) abonnement: AbonnementId,
    /// What it held.
    pub(super) claims: Vec<Claim>,
    /// What may not be told any more, and so was left out.
    pub(super) vervallen: Vec<Claim>,
    pub(super) uitslag: Uitslag,
    /// The record; none when it was not sent.
    pub(super) poging: Option<Poging>,
}

impl Verslag {
    /// Of one that nobody was asked about yet.
    pub(super) fn not_sent(abonnement: AbonnementId, claims: Vec<Claim>) -> Self {
        Self {
            abonnement,
            claims,
            vervallen: Vec::new(),
            uitslag: Uitslag::NietGestuurd,
            poging: None,
        }
    }

    /// Whether it held anything for the first time.
    pub(super) fn is_first(&self) -> bool {
        self.claims.iter().any(|claim| claim.pogingen == 0)
    }
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Uitslag {
    /// Taken, but for these mutaties.
    Ontvangen { behalve: Vec<Uuid> },
    /// Not taken.
    Mislukt(Fout),
    /// Nobody was asked.
    NietGestuurd,
    /// Nobody was asked, since it could not be recorded.
    NietVastgelegd,
}

impl Tools {
    /// Whether the endpoint, its loan and this node allow a message now.
    pub(super) fn may_send(&self, beurt: &Beurt, now: Tijdstip) -> bool {
        let rests = beurt.niet_voor_ms.load(Relaxed) > now.as_millis();
        let ended = later(now, self.settings.client.bericht_tijd).as_millis();
        let in_time = ended <= beurt.geleend_tot_ms.load(Relaxed);
        !rests && in_time && !*self.stopping.borrow() && !self.access.is_too_old(now)
    }

    /// Whether the school still allows it, and the retention has left anything to tell.
    pub(super) fn may_tell(&self, abonnement: &Abonnement, claim: &Claim, now: Tijdstip) -> bool {
        let melding = &claim.melding;
        let toegang = self.access.current();
        melding.inhoud.is_some() && may_hear(&toegang, abonnement, melding.school_oin, now)
    }

    /// What is told of what it holds; the rest lapses.
    pub(super) fn tell(
        &self,
        abonnement: &Abonnement,
        verslag: &mut Verslag,
        now: Tijdstip,
    ) -> Vec<MutatieBericht> {
        let all = std::mem::take(&mut verslag.claims).into_iter();
        (verslag.claims, verslag.vervallen) =
            all.partition(|claim| self.may_tell(abonnement, claim, now));
        let told = verslag.claims.iter();
        told.filter_map(|claim| claim.melding.bericht(claim.volledig_tot_en_met, true))
            .collect()
    }

    /// In the form that the subscriber takes; over SOAP without mutaties it is a test.
    pub(super) fn write(
        &self,
        abonnement: &Abonnement,
        eindpunt: &Eindpunt,
        berichten: &[MutatieBericht],
    ) -> Result<Bericht, Ongeschreven> {
        if abonnement.kanaal != Kanaal::Soap {
            return message::mutaties(abonnement, berichten, &self.afzender)
                .map_err(|error| unwritten(&error));
        }
        let message_id = uuid_of(self.chance);
        let melding = soap_message::Melding {
            abonnement: abonnement.id,
            afnemer_oin: abonnement.afnemer_oin,
            eindpunt,
            berichten,
            message_id,
        };
        Ok(Bericht {
            // As of a webhook, for receivers that want a signature.
            id: match berichten {
                [] => message_id.to_string(),
                [one] => one.mutatie_id.to_string(),
                several => message::batch_id(several).to_string(),
            },
            content_type: soap_message::CONTENT_TYPE,
            body: soap_message::melden_mutaties(&melding, &self.afzender),
        })
    }

    /// Sends it; none is a failure by itself.
    pub(super) async fn deliver(
        &self,
        abonnement: &Abonnement,
        brief: Result<Brief, Ongeschreven>,
        traceparent: &str,
    ) -> (Uitslag, Poging) {
        let brief = match brief {
            Ok(brief) => brief,
            Err(why) => return self.not_written(why),
        };
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("traceparent");
        insert(&mut headers, name, traceparent);
        let (answer, poging) = self.post(abonnement, brief, headers).await;
        match abonnement.kanaal {
            Kanaal::Soap => judge_soap(answer, poging),
            Kanaal::Webhook | Kanaal::Poll => (judge_webhook(answer), poging),
        }
    }

    /// Signs a message and posts it.
    pub(super) async fn post(
        &self,
        abonnement: &Abonnement,
        Brief { eindpunt, bericht }: Brief,
        mut headers: HeaderMap,
    ) -> (Option<Antwoord>, Poging) {
        let ondertekend = Ondertekend {
            id: &bericht.id,
            tijdstip: self.clock.now(),
            body: &bericht.body,
        };
        let sleutel = self.sleutel.as_deref().filter(|_| abonnement.ed25519);
        let signature = ondertekend.signature(&abonnement.geheimen, sleutel);
        insert(&mut headers, CONTENT_TYPE, bericht.content_type);
        for (name, value) in [
            ("webhook-id", bericht.id.as_str()),
            ("webhook-timestamp", &ondertekend.timestamp_s().to_string()),
            ("webhook-signature", &signature),
        ] {
            insert(&mut headers, HeaderName::from_static(name), value);
        }
        if abonnement.kanaal == Kanaal::Soap {
            let name = HeaderName::from_static("soapaction");
            insert(&mut headers, name, &format!("\"{}\"", soap_message::ACTION));
        }
        let begun = Instant::now();
        let client = self.client.load_full();
        let answer = client.post(&eindpunt, headers, bericht.body).await;
        let duur = begun.elapsed();
        metrics::histogram!(crate::metrics::names::PUSH_DUUR, "kanaal" => abonnement.kanaal.as_str())
            .record(duur.as_secs_f64());
        let poging = Poging {
            tijdstip: self.clock.now(),
            http_status: answer.as_ref().ok().map(|answer| answer.status),
            duur_ms: u32::try_from(duur.as_millis()).unwrap_or(u32::MAX),
            antwoord_sha256: answer.as_ref().ok().map(|answer| answer.sha256),
            uitkomst: match &answer {
                Ok(answer) => format!("HTTP {}", answer.status),
                Err(why) => why.to_string(),
            },
        };
        (answer.ok(), poging)
    }

    /// Where it goes, judged again: what the operator allows may have changed.
    pub(super) fn eindpunt(&self, abonnement: &Abonnement) -> Result<Arc<Eindpunt>, Ongeschreven> {
        let text = abonnement.eindpunt.as_deref().unwrap_or_default();
        match Eindpunt::parse(text, &self.settings.client.netwerken) {
            Ok(eindpunt) => Ok(Arc::new(eindpunt)),
            Err(why) => Err(Ongeschreven {
                fout: Fout::Eindpunt { retry_after: None },
                uitkomst: why.to_string(),
            }),
        }
    }

    /// What follows when there is no message.
    pub(super) fn not_written(&self, why: Ongeschreven) -> (Uitslag, Poging) {
        (Uitslag::Mislukt(why.fout), self.not_sent(why.uitkomst))
    }

    /// The record of what broke off by a defect of ours, of which the line of the panic tells more.
    pub(super) fn not_handled(&self) -> Poging {
        tracing::error!("a message could not be handled");
        self.not_sent("het bericht kon niet verwerkt worden".to_owned())
    }

    fn not_sent(&self, uitkomst: String) -> Poging {
        Poging {
            tijdstip: self.clock.now(),
            http_status: None,
            duur_ms: 0,
            antwoord_sha256: None,
            uitkomst,
        }
    }
}

/// It is a defect of ours.
pub(super) fn unwritten(error: &serde_json::Error) -> Ongeschreven {
    tracing::error!(%error, "a message could not be written");
    Ongeschreven {
        fout: Fout::Bericht,
        uitkomst: "het bericht kon niet geschreven worden".to_owned(),
    }
}

/// What is no header value is left out; there is none: ids, numbers and base64 all are.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}

/// By the status alone; without one it is the endpoint.
pub(super) fn judge_webhook(answer: Option<Antwoord>) -> Uitslag {
    match answer {
        Some(answer) if (200..300).contains(&answer.status) => Uitslag::Ontvangen {
            behalve: Vec::new(),
        },
        Some(answer) => Uitslag::Mislukt(Fout::of_status(answer.status, answer.retry_after)),
        None => Uitslag::Mislukt(Fout::Eindpunt { retry_after: None }),
    }
}

/// By the status and by what the answer says.
pub(super) fn judge_soap(answer: Option<Antwoord>, mut poging: Poging) -> (Uitslag, Poging) {
    let ontvangst = answer
        .as_ref()
        .map(|answer| soap_message::ontvangst(&answer.body));
    let uitslag = match (judge_webhook(answer), ontvangst) {
        (Uitslag::Ontvangen { .. }, Some(Ontvangst::Ontvangen { behalve })) => {
            return (Uitslag::Ontvangen { behalve }, poging);
        }
        (Uitslag::Ontvangen { .. }, Some(Ontvangst::Geweigerd)) => {
            poging.uitkomst.push_str(": ontvangen is false");
            Uitslag::Mislukt(Fout::Bericht)
        }
        (Uitslag::Ontvangen { .. }, Some(Ontvangst::Fault)) => {
            poging.uitkomst.push_str(": een SOAP-fault");
            Uitslag::Mislukt(Fout::Bericht)
        }
        (Uitslag::Ontvangen { .. }, _) => {
            poging.uitkomst.push_str(": geen meldenMutatiesResponse");
            Uitslag::Mislukt(Fout::Eindpunt { retry_after: None })
        }
        (failed, Some(Ontvangst::Fault)) => {
            poging.uitkomst.push_str(": een SOAP-fault");
            failed
        }
        (failed, _) => failed,
    };
    (uitslag, poging)
}
