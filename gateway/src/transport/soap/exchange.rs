//! One message and its answer, in the order of checks of standards §1: envelope, identification,
//! authentication, authorisation, then the XSD of the body.
//!
//! The message is read once, to its end, before anybody is identified, because what is not
//! well-formed is DK0001 whoever sent it. What the body lacks is kept until the caller is known.

use std::{borrow::Cow, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use uuid::Uuid;

use super::{
    Bewerking,
    abonnementen::{
        AanmeldenAbonnement, BeeindigenAbonnement, OpvragenAbonnementen, WijzigenAbonnement,
    },
    admission::{self, Asked, Call},
    natrekken_erkenning::NatrekkenErkenning,
    natrekken_erkenningen::NatrekkenErkenningen,
    opvragen_bpvos::OpvragenBpvos,
    opvragen_detailgegevens::OpvragenDetailgegevens,
    opvragen_mutaties::OpvragenMutaties,
    parts,
    registreren_bpvos::RegistrerenBpvos,
    vaststellen_leerbedrijf::VaststellenLeerbedrijf,
    vaststellen_leerbedrijven::VaststellenLeerbedrijven,
    vergelijken_mutaties::VergelijkenMutaties,
    zoeken_leerplaatsen::ZoekenLeerplaatsen,
};
use crate::{
    access::Overschrijding,
    domain::{Operatie, Signaalcode, Tijdstip},
    operations::{Context, Failure, Herkenning},
    soap::{
        Addressing, BodyError, BodyReader, Envelope, Fault, FaultCode, Reply, XmlLimits, XmlWriter,
        ns, write_envelope,
    },
    transport::gateway::{Gateway, Limits, Outcome},
};

/// Action of every fault (standards §1).
const FAULT_ACTION: &str = "http://www.w3.org/2005/08/addressing/soap/fault";

/// Room for most single answers, so that the buffer grows at most once or twice.
const ANSWER_BYTES: usize = 2048;

/// An answer in its bytes.
pub(super) struct Exchanged {
    pub(super) body: Vec<u8>,
    pub(super) status: u16,
    pub(super) retry_after_s: Option<u32>,
    pub(super) outcome: Outcome,
}

/// Answers a message. Never fails: what goes wrong is an answer too, a defect of ours included.
pub(super) async fn answer(
    gateway: &Gateway,
    call: &Call,
    message: &[u8],
    message_id: Uuid,
) -> Exchanged {
    // Nothing that was begun is looked at after a panic.
    AssertUnwindSafe(exchange(gateway, call, message, message_id))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            let defect = Fault::new(FaultCode::AfhandelingFout);
            refuse_unread(gateway, call, &defect, message_id)
        })
}

async fn exchange(gateway: &Gateway, call: &Call, message: &[u8], message_id: Uuid) -> Exchanged {
    let limits = &gateway.limits;
    let mut envelope = match Envelope::open(message, xml_limits(limits)) {
        Ok(envelope) => envelope,
        Err(fault) => return refuse_unread(gateway, call, &fault, message_id),
    };
    let mut exchange = Exchange {
        gateway,
        call,
        size: message.len(),
        now: gateway.clock.now(),
        message_id,
        outcome: nobody(),
    };
    match guarded(exchange.dispatch(&mut envelope)).await {
        Ok(body) => Exchanged {
            body,
            status: 200,
            retry_after_s: None,
            outcome: exchange.outcome,
        },
        Err(fault) => {
            let mut outcome = exchange.outcome;
            outcome.afnemer = outcome.afnemer.or_else(|| sender(gateway, call));
            refuse(&fault, &envelope.addressing, message_id, outcome)
        }
    }
}

/// A fault about a message of which the headers could not be read.
pub(super) fn refuse_unread(
    gateway: &Gateway,
    call: &Call,
    fault: &Fault,
    message_id: Uuid,
) -> Exchanged {
    let outcome = Outcome {
        afnemer: sender(gateway, call),
        ..nobody()
    };
    refuse(fault, &Addressing::default(), message_id, outcome)
}

/// SP0001, before anything but the headers was read: they say to what it is the answer.
pub(super) fn refuse_over_quota(
    gateway: &Gateway,
    call: &Call,
    message: &[u8],
    over: Overschrijding,
    message_id: Uuid,
) -> Exchanged {
    let fault = admission::over_quota(over);
    let outcome = Outcome {
        afnemer: sender(gateway, call),
        ..nobody()
    };
    match Envelope::open(message, xml_limits(&gateway.limits)) {
        Ok(envelope) => refuse(&fault, &envelope.addressing, message_id, outcome),
        Err(_) => refuse(&fault, &Addressing::default(), message_id, outcome),
    }
}

/// Who sent what was refused before anybody was identified, for the log.
fn sender(gateway: &Gateway, call: &Call) -> Option<Arc<str>> {
    let afnemer = admission::identify(gateway, call, gateway.clock.now()).ok()?;
    Some(afnemer.naam.clone())
}

/// A fault in an envelope.
fn refuse(
    fault: &Fault,
    request: &Addressing<'_>,
    message_id: Uuid,
    outcome: Outcome,
) -> Exchanged {
    let mut w = XmlWriter::with_capacity(ANSWER_BYTES);
    let reply = Reply {
        request,
        action: FAULT_ACTION,
        message_id,
        comment: fault.comment(),
    };
    write_envelope(&mut w, &reply, |w| fault.write(w));
    Exchanged {
        body: w.into_bytes(),
        status: fault.status,
        retry_after_s: fault.retry_after_s,
        outcome: Outcome {
            code: Cow::Borrowed(fault.code.short()),
            ..outcome
        },
    }
}

/// SP0002 for the bytes of the body.
pub(super) fn too_large(limit: usize) -> Fault {
    Fault::new(FaultCode::BerichtTeGroot).detail(format!("meer dan {limit} bytes"))
}

/// What is known of a request before anything is.
fn nobody() -> Outcome {
    Outcome {
        operatie: None,
        afnemer: None,
        partij: None,
        code: Cow::Borrowed(""),
    }
}

/// The operation whose request this element is.
pub(super) fn operatie_of(namespace: &str, local: &str) -> Option<Operatie> {
    local
        .strip_suffix("Request")
        .filter(|_| namespace == ns::WHITELABEL)
        .and_then(Operatie::parse)
}

/// The one table of dispatch: every operation to what serves it. The compiler holds it complete.
macro_rules! by_operatie {
    ($operatie:expr, $bewerking:ident => $serve:expr) => {
        match $operatie {
            Operatie::VaststellenLeerbedrijf => {
                type $bewerking = VaststellenLeerbedrijf;
                $serve
            }
            Operatie::VaststellenLeerbedrijven => {
                type $bewerking = VaststellenLeerbedrijven;
                $serve
            }
            Operatie::NatrekkenErkenning => {
                type $bewerking = NatrekkenErkenning;
                $serve
            }
            Operatie::NatrekkenErkenningen => {
                type $bewerking = NatrekkenErkenningen;
                $serve
            }
            Operatie::OpvragenDetailgegevens => {
                type $bewerking = OpvragenDetailgegevens;
                $serve
            }
            Operatie::ZoekenLeerplaatsen => {
                type $bewerking = ZoekenLeerplaatsen;
                $serve
            }
            Operatie::RegistrerenBpvos => {
                type $bewerking = RegistrerenBpvos;
                $serve
            }
            Operatie::OpvragenBpvos => {
                type $bewerking = OpvragenBpvos;
                $serve
            }
            Operatie::AanmeldenAbonnement => {
                type $bewerking = AanmeldenAbonnement;
                $serve
            }
            Operatie::OpvragenAbonnementen => {
                type $bewerking = OpvragenAbonnementen;
                $serve
            }
            Operatie::WijzigenAbonnement => {
                type $bewerking = WijzigenAbonnement;
                $serve
            }
            Operatie::BeeindigenAbonnement => {
                type $bewerking = BeeindigenAbonnement;
                $serve
            }
            Operatie::OpvragenMutaties => {
                type $bewerking = OpvragenMutaties;
                $serve
            }
            Operatie::VergelijkenMutaties => {
                type $bewerking = VergelijkenMutaties;
                $serve
            }
        }
    };
}

/// Reads a body as the request of this operation, and forgets it.
pub(super) fn check(operatie: Operatie, body: &mut BodyReader<'_, '_>) -> Result<(), BodyError> {
    by_operatie!(operatie, B => B::from_body(body).map(|_| ()))
}

/// Whether the operation asks many questions at once.
pub(super) fn is_bulk(operatie: Operatie) -> bool {
    by_operatie!(operatie, B => B::BULK)
}

struct Exchange<'g> {
    gateway: &'g Gateway,
    call: &'g Call,
    /// Bytes of the message.
    size: usize,
    now: Tijdstip,
    message_id: Uuid,
    outcome: Outcome,
}

impl Exchange<'_> {
    async fn dispatch(&mut self, envelope: &mut Envelope<'_>) -> Result<Vec<u8>, Fault> {
        let (namespace, local) = envelope.body_name();
        match operatie_of(namespace, local) {
            Some(operatie) => by_operatie!(operatie, B => self.serve::<B>(envelope).await),
            None => Err(self.unknown(envelope)),
        }
    }

    async fn serve<B: Bewerking>(&mut self, envelope: &mut Envelope<'_>) -> Result<Vec<u8>, Fault> {
        self.outcome.operatie = Some(B::OPERATIE);
        if B::BULK {
            self.call.toelating.bulk().map_err(admission::over_quota)?;
            envelope.set_element_limit(self.gateway.limits.bulk_elements);
        } else {
            self.check_size()?;
        }
        let request = envelope.read_body(B::from_body)?;
        let afnemer = admission::identify(self.gateway, self.call, self.now)?;
        self.outcome.afnemer = Some(afnemer.naam.clone());
        self.outcome.partij = Some(Gateway::partij(afnemer.oin, None));
        let (ns, local) = envelope.body_name();
        let asked = Asked {
            operatie: Some(B::OPERATIE),
            ns,
            local,
        };
        let addressing = &envelope.addressing;
        let school =
            admission::check_headers(self.gateway, self.call, &afnemer, addressing, asked)?;
        let caller = admission::authorise(self.gateway, &afnemer, school, B::OPERATIE, self.now)?;
        self.outcome.partij = Some(Gateway::partij(afnemer.oin, Some(caller.school_oin)));
        let request = request?;
        if B::BULK {
            let taken = self.call.toelating.regels(B::regels(&request));
            taken.map_err(admission::over_quota)?;
        }
        if B::may_wait(&request) {
            self.call.toelating.wacht();
        }
        let versie = B::minimale_register_versie(&request);
        let view = self.gateway.view_for(versie).await.map_err(fault_of)?;
        let ctx = Context {
            view,
            caller: &caller,
            rules: self.gateway.rules,
            now: self.now,
            profielen: &self.gateway.profielen,
        };
        let herkenning = match addressing.message_uuid() {
            Some(uuid) => Herkenning::Sleutel(uuid.to_string()),
            None => Herkenning::Eenmalig(self.message_id),
        };
        let writing = self.gateway.writing(herkenning);
        let run = B::run(&ctx, &writing, request);
        let peer = self.call.peer.as_deref().ok();
        let answered = self.gateway.while_admitted(peer, run).await;
        let answered = answered.map_err(|rejection| admission::fault_of(&rejection))?;
        let answer = answered.map_err(fault_of)?;
        let traceparent = self.call.traceparent.as_deref();
        let uitgang = self
            .gateway
            .uitgang(&caller, B::OPERATIE, self.now, traceparent);
        let (response, _) = uitgang.open(answer).await.map_err(fault_of)?;
        self.outcome.code = signaalcode_text(B::kop(&response).signaalcode);
        self.gateway.note(&ctx, B::leerbedrijf_ids(&response));
        Ok(self.render::<B>(&response, addressing))
    }

    fn render<B: Bewerking>(&self, response: &B::Response, request: &Addressing<'_>) -> Vec<u8> {
        let name = [B::OPERATIE.as_str(), "Response"].concat();
        let action = [ns::WHITELABEL, "/", &name].concat();
        // An answer is at most a few times its request.
        let mut w = XmlWriter::with_capacity(ANSWER_BYTES.max(self.size));
        let reply = Reply {
            request,
            action: &action,
            message_id: self.message_id,
            comment: None,
        };
        write_envelope(&mut w, &reply, |w| {
            w.root(&name, ns::WHITELABEL, |w| {
                parts::kop(w, B::kop(response));
                B::write(response, w);
            });
        });
        w.into_bytes()
    }

    /// An element that is no request of ours: DK0004, unless something else goes before it, a
    /// school without any mandate among them.
    fn unknown(&mut self, envelope: &mut Envelope<'_>) -> Fault {
        let refused = self.check_size().and_then(|()| {
            let read: Result<(), Fault> = envelope.read_body(|body| {
                let known: Vec<String> = Operatie::ALL
                    .iter()
                    .map(|operatie| format!("{operatie}Request"))
                    .collect();
                Err(body.refuse(format!(
                    "Geen vraag van deze service; verwacht in {}: {}.",
                    ns::WHITELABEL,
                    known.join(", ")
                )))
            })?;
            let afnemer = admission::identify(self.gateway, self.call, self.now)?;
            self.outcome.afnemer = Some(afnemer.naam.clone());
            let (ns, local) = envelope.body_name();
            let asked = Asked {
                operatie: None,
                ns,
                local,
            };
            let addressing = &envelope.addressing;
            let school =
                admission::check_headers(self.gateway, self.call, &afnemer, addressing, asked)?;
            admission::check_school(&afnemer, school, self.now)?;
            read
        });
        // It was refused above in any case.
        refused
            .err()
            .unwrap_or(Fault::new(FaultCode::NietConformXsd))
    }

    /// The limit of a single message; that of a bulk message was kept while it was read.
    fn check_size(&self) -> Result<(), Fault> {
        let limit = self.gateway.limits.body_bytes;
        if self.size <= limit {
            return Ok(());
        }
        let status = if self.call.size_announced { 413 } else { 500 };
        Err(Fault {
            status,
            ..too_large(limit)
        })
    }
}

/// Turns a defect of ours into DK0050, in an envelope with the headers that belong to the request.
async fn guarded<T>(answering: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    // Of what was begun only who called and what for is looked at after a panic.
    AssertUnwindSafe(answering)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Fault::new(FaultCode::AfhandelingFout)))
}

/// The one place where a failure becomes a fault.
fn fault_of(failure: Failure) -> Fault {
    let reason = failure.to_string();
    match failure {
        Failure::InvalidRegisterVersie(_) | Failure::VersionLost { .. } => {
            Fault::new(FaultCode::NietConformXsd)
                .detail(reason)
                .field("minimaleRegisterVersie".to_owned())
        }
        Failure::VersionNotReached { retry_after_s, .. }
        | Failure::WriteUnavailable { retry_after_s }
        | Failure::PushUnavailable { retry_after_s }
        | Failure::NotRecorded { retry_after_s }
        | Failure::RegisterUnavailable { retry_after_s } => Fault::new(FaultCode::NietBeschikbaar)
            .detail(reason)
            .retry_after(retry_after_s),
        Failure::TooManyWaiting { retry_after_s } => Fault::new(FaultCode::TeVeelVerzoeken)
            .detail(reason)
            .retry_after(retry_after_s),
        Failure::OtherSchool => Fault::new(FaultCode::NietGeautoriseerd).explain(reason),
        Failure::KeyReused => {
            Fault::new(FaultCode::OnjuisteWaarde).explain(format!("wsa:MessageID {reason}"))
        }
    }
}

fn signaalcode_text(signaalcode: Signaalcode) -> Cow<'static, str> {
    match signaalcode {
        Signaalcode::GeenBijzonderheden => Cow::Borrowed("0"),
        other => Cow::Owned(other.code().to_string()),
    }
}

fn xml_limits(limits: &Limits) -> XmlLimits {
    XmlLimits {
        depth: limits.depth,
        elements: limits.elements,
        attributes: limits.attributes,
    }
}
