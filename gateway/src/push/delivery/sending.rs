//! One message on its way: what may be told of it, its form and signature, and what the answer
//! means.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::Relaxed},
};

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
    pub(super) client: PushClient,
    pub(super) chance: Chance,
    pub(super) settings: Settings,
    /// A turn for each message under way on this node.
    pub(super) turns: Arc<Semaphore>,
    /// Becomes true when nothing may be sent any more.
    pub(super) stopping: watch::Receiver<bool>,
}

/// So many times as many messages as are under way to an endpoint are recorded and written, or are about to
/// be: they wait together for the disk, and the next one is ready when a turn comes free.
const READY: usize = 8;

/// The turns of one endpoint, and whether it rests.
#[derive(Debug, Clone)]
pub(super) struct Beurt {
    /// To be made ready.
    voorbereiding: Arc<Semaphore>,
    /// To be sent.
    turns: Arc<Semaphore>,
    /// Nothing is sent before this moment, in milliseconds since 1970.
    pub(super) niet_voor_ms: Arc<AtomicI64>,
    /// The loan of its subscription ends at this moment.
    pub(super) geleend_tot_ms: Arc<AtomicI64>,
}

impl Beurt {
    /// For so many messages under way at once.
    pub(super) fn new(gelijktijdig: usize) -> Self {
        Self {
            voorbereiding: Arc::new(Semaphore::new(gelijktijdig * READY)),
            turns: Arc::new(Semaphore::new(gelijktijdig)),
            niet_voor_ms: Arc::new(AtomicI64::new(i64::MIN)),
            geleend_tot_ms: Arc::new(AtomicI64::new(i64::MIN)),
        }
    }
}

/// A message to send.
pub(super) struct Zending {
    pub(super) abonnement: Arc<Abonnement>,
    pub(super) claims: Vec<Claim>,
    pub(super) beurt: Beurt,
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

/// Makes it ready, waits for its turn and sends it. Whom it is about is recorded by then; when its endpoint
/// begins to rest meanwhile, or a mandate ends, it is not sent, and what is sent later is recorded again.
pub(super) async fn send(zending: Zending, tools: Arc<Tools>) -> Verslag {
    let mut verslag = Verslag {
        abonnement: zending.abonnement.id,
        claims: zending.claims,
        vervallen: Vec::new(),
        uitslag: Uitslag::NietGestuurd,
        poging: None,
    };
    let beurt = &zending.beurt;
    let preparing = beurt.voorbereiding.acquire().await;
    let now = tools.clock.now();
    if preparing.is_err() || !tools.may_send(beurt, now) {
        return verslag;
    }
    let (told, vervallen) = verslag
        .claims
        .into_iter()
        .partition(|claim| tools.may_tell(&zending.abonnement, claim, now));
    (verslag.claims, verslag.vervallen) = (told, vervallen);
    let berichten: Vec<MutatieBericht> = verslag
        .claims
        .iter()
        .filter_map(|claim| claim.melding.bericht(claim.volledig_tot_en_met, true))
        .collect();
    if berichten.is_empty() {
        return verslag;
    }
    let abonnement = &zending.abonnement;
    let Ok(traceparent) = tools.leg_vast(abonnement, &berichten, now).await else {
        verslag.uitslag = Uitslag::NietVastgelegd;
        return verslag;
    };
    let own = beurt.turns.acquire().await;
    let all = tools.turns.acquire().await;
    drop(preparing);
    let now = tools.clock.now();
    let still = |claim| tools.may_tell(abonnement, claim, now);
    let may_send = tools.may_send(beurt, now) && verslag.claims.iter().all(still);
    if own.is_err() || all.is_err() || !may_send {
        return verslag;
    }
    let (uitslag, poging) = tools.deliver(abonnement, &berichten, &traceparent).await;
    verslag.uitslag = uitslag;
    verslag.poging = Some(poging);
    verslag
}

impl Tools {
    /// Whether the endpoint, its loan and this node allow a message now.
    fn may_send(&self, beurt: &Beurt, now: Tijdstip) -> bool {
        let rests = beurt.niet_voor_ms.load(Relaxed) > now.as_millis();
        let ended = later(now, self.settings.client.bericht_tijd).as_millis();
        let in_time = ended <= beurt.geleend_tot_ms.load(Relaxed);
        !rests && in_time && !*self.stopping.borrow() && !self.access.is_too_old(now)
    }

    /// Whether the school still allows it, and the retention has left anything to tell.
    fn may_tell(&self, abonnement: &Abonnement, claim: &Claim, now: Tijdstip) -> bool {
        let melding = &claim.melding;
        let toegang = self.access.current();
        melding.inhoud.is_some() && may_hear(&toegang, abonnement, melding.school_oin, now)
    }

    async fn deliver(
        &self,
        abonnement: &Abonnement,
        berichten: &[MutatieBericht],
        traceparent: &str,
    ) -> (Uitslag, Poging) {
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("traceparent");
        insert(&mut headers, name, traceparent);
        if abonnement.kanaal == Kanaal::Soap {
            let (answer, poging) = self.call(abonnement, berichten, headers).await;
            return judge_soap(answer, poging);
        }
        match message::mutaties(abonnement, berichten, &self.afzender) {
            Ok(bericht) => {
                let (answer, poging) = self.post(abonnement, bericht, headers).await;
                (judge_webhook(answer), poging)
            }
            Err(error) => (Uitslag::Mislukt(Fout::Bericht), self.unwritten(&error)),
        }
    }

    /// Calls meldenMutaties; without mutaties it is a test.
    pub(super) async fn call(
        &self,
        abonnement: &Abonnement,
        berichten: &[MutatieBericht],
        mut headers: HeaderMap,
    ) -> (Option<Antwoord>, Poging) {
        let message_id = uuid_of(self.chance);
        let eindpunt = match self.eindpunt(abonnement) {
            Ok(eindpunt) => eindpunt,
            Err(why) => return (None, self.not_sent(why)),
        };
        let melding = soap_message::Melding {
            abonnement: abonnement.id,
            afnemer_oin: abonnement.afnemer_oin,
            eindpunt: &eindpunt,
            berichten,
            message_id,
        };
        let bericht = Bericht {
            // As of a webhook, for receivers that want a signature.
            id: match berichten {
                [] => message_id.to_string(),
                [one] => one.mutatie_id.to_string(),
                several => message::batch_id(several).to_string(),
            },
            content_type: soap_message::CONTENT_TYPE,
            body: soap_message::melden_mutaties(&melding, &self.afzender),
        };
        insert(
            &mut headers,
            HeaderName::from_static("soapaction"),
            &format!("\"{}\"", soap_message::ACTION),
        );
        self.post(abonnement, bericht, headers).await
    }

    /// Signs a message and posts it.
    pub(super) async fn post(
        &self,
        abonnement: &Abonnement,
        bericht: Bericht,
        mut headers: HeaderMap,
    ) -> (Option<Antwoord>, Poging) {
        let eindpunt = match self.eindpunt(abonnement) {
            Ok(eindpunt) => eindpunt,
            Err(why) => return (None, self.not_sent(why)),
        };
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
        let begun = Instant::now();
        let answer = self.client.post(&eindpunt, headers, bericht.body).await;
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
    fn eindpunt(&self, abonnement: &Abonnement) -> Result<Eindpunt, String> {
        let text = abonnement.eindpunt.as_deref().unwrap_or_default();
        Eindpunt::parse(text, &self.settings.client.netwerken).map_err(|why| why.to_string())
    }

    /// The record of what could not be written.
    pub(super) fn unwritten(&self, error: &serde_json::Error) -> Poging {
        tracing::error!(%error, "a message could not be written");
        self.not_sent("het bericht kon niet geschreven worden".to_owned())
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
