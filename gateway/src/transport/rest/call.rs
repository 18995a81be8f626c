//! One call from identity to answer, in the order of standards §1: who, for whom, then what.

use std::{borrow::Cow, panic::AssertUnwindSafe, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION},
    web::{Bytes, Payload},
};
use futures_util::FutureExt;
use serde::Serialize;
use uuid::Uuid;

use super::{
    endpoint::Endpoint,
    negotiation,
    problem::{IDEMPOTENCY_HEADER, Probleemsoort, Problem, SCHOOL_HEADER},
    violation::{Overtreding, Overtredingen, Plaats},
};
use crate::{
    access::Toelating,
    domain::{Caller, LeerbedrijfId, Oin, Operatie, Signaalcode, Tijdstip},
    operations::{Answer, Context, Herkenning, Uitgang},
    transport::{
        body::{self, Unread},
        bulk::in_parts,
        gateway::{Gateway, Outcome, TRACEPARENT, put_quota},
        identity::peer_identity,
    },
};

/// A request on its way to an operation.
pub(super) struct Call<'a> {
    pub(super) request: &'a HttpRequest,
    pub(super) gateway: &'a Gateway,
    operatie: Operatie,
    now: Tijdstip,
    afnemer: Option<Arc<str>>,
    /// Afnemer, and the school once its mandate was found.
    partij: Option<(Oin, Option<Oin>)>,
    /// What it has taken of its afnemer's quota.
    pub(super) toelating: Toelating,
}

/// An answer in its bytes.
pub(super) struct Reply {
    body: Vec<u8>,
    signaalcode: Signaalcode,
    /// Where what was made can be asked for; none when nothing was made.
    location: Option<String>,
}

impl<'a> Call<'a> {
    fn new(request: &'a HttpRequest, gateway: &'a Gateway, operatie: Operatie) -> Self {
        Self {
            request,
            gateway,
            operatie,
            now: gateway.clock.now(),
            afnemer: None,
            partij: None,
            toelating: Toelating::default(),
        }
    }

    /// The caller, when it may do this for the school that it names, and takes JSON.
    ///
    /// The quota comes as soon as it is known whose it is, before the rest of the request is looked
    /// at and before its body is read: so what is refused for it costs next to nothing.
    ///
    /// # Errors
    /// 401, 403, 429, 503, or 400 about the header that names the school.
    pub(super) fn authorise(&mut self) -> Result<Caller, Problem> {
        let access = &self.gateway.access;
        let peer = peer_identity(self.request);
        let identified = peer.and_then(|peer| access.identify(&peer, self.now));
        self.afnemer = identified.as_ref().ok().map(|a| Arc::clone(&a.naam));
        self.partij = identified.as_ref().ok().map(|a| (a.oin, None));
        self.toelating = access.toelating(identified.as_deref());
        self.toelating.binnen()?;
        let afnemer = identified?;
        let school = school_of(self.request)?;
        let caller = access.authorise(&afnemer, school, self.operatie, self.now)?;
        self.partij = Some((caller.afnemer_oin, Some(caller.school_oin)));
        negotiation::check_accept(self.request.headers())?;
        Ok(caller)
    }

    /// The whole body, when it has at most `limit` bytes and comes in time.
    ///
    /// # Errors
    /// 413, 408, or 400 for a body that broke off.
    pub(super) async fn body(&self, payload: Payload, limit: usize) -> Result<Bytes, Problem> {
        let announced = body::announced(self.request.headers());
        let patience = self.gateway.limits.body_timeout;
        body::read(payload, announced, limit, patience)
            .await
            .map_err(|unread| match unread {
                Unread::TooLarge { .. } => Problem::new(
                    Probleemsoort::BerichtTeGroot,
                    format!("de body mag hoogstens {limit} bytes hebben"),
                ),
                Unread::TooSlow => Problem::new(
                    Probleemsoort::TeTraag,
                    format!(
                        "de body kwam niet binnen {} seconden binnen",
                        patience.as_secs()
                    ),
                ),
                Unread::BrokenOff => Problem::invalid(Overtreding::new(
                    Plaats::Body,
                    "",
                    "AFGEBROKEN",
                    "de body is niet heel aangekomen",
                )),
            })
    }

    /// How a write is known again: by `Idempotency-Key`, or not at all (domain rule 15).
    pub(super) fn herkenning(&self, fouten: &mut Overtredingen) -> Herkenning {
        let mut values = self.request.headers().get_all(IDEMPOTENCY_HEADER);
        let mut refuse = |code, reden| {
            let overtreding = Overtreding::new(Plaats::Header, IDEMPOTENCY_HEADER, code, reden);
            fouten.add(overtreding);
        };
        if let Some(value) = values.next() {
            match value.to_str().ok().and_then(idempotency_key) {
                _ if values.next().is_some() => {
                    refuse("DUBBEL", "staat er meer dan één keer; geef één sleutel");
                }
                Some(sleutel) => return Herkenning::Sleutel(sleutel),
                None => refuse(
                    "VORM_ONGELDIG",
                    "geef 1 tot en met 200 zichtbare ASCII-tekens, bij elke nieuwe vraag een nieuwe, zoals een UUID",
                ),
            }
        }
        Herkenning::Eenmalig(new_id())
    }

    /// The way out for the answer.
    pub(super) fn uitgang<'c>(&'c self, caller: &'c Caller) -> Uitgang<'c> {
        let traceparent = traceparent(self.request);
        self.gateway
            .uitgang(caller, self.operatie, self.now, traceparent)
    }

    /// What an operation gets besides its request. A request whose input is wrong anyway does not
    /// wait for a version: its other fields are checked against what is here.
    ///
    /// # Errors
    /// 503 when the version asked for, or any register, is not here.
    pub(super) async fn context<'c>(
        &'c self,
        caller: &'c Caller,
        minimale_register_versie: Option<&str>,
        fouten: &Overtredingen,
    ) -> Result<Context<'c>, Problem> {
        let view = if fouten.is_empty() {
            self.gateway.view_for(minimale_register_versie).await?
        } else {
            self.gateway.replica.view()
        };
        Ok(Context {
            view,
            caller,
            rules: self.gateway.rules,
            now: self.now,
            profielen: &self.gateway.profielen,
        })
    }

    /// Keeps account of whom the answer tells about (design §1, "fair use").
    pub(super) fn note(&self, context: &Context<'_>, leerbedrijven: Vec<LeerbedrijfId>) {
        self.gateway.note(context, leerbedrijven);
    }

    /// The response, with what the log and the metrics want to know of it.
    fn finish(self, result: Result<Reply, Problem>) -> HttpResponse {
        let (mut response, code) = match result {
            Ok(reply) => {
                let mut response = match reply.location {
                    None => HttpResponse::Ok(),
                    Some(location) => {
                        let mut created = HttpResponse::Created();
                        created.insert_header((LOCATION, location));
                        created
                    }
                }
                .body(in_parts(reply.body));
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                (response, signaalcode_text(reply.signaalcode))
            }
            Err(problem) => {
                let code = Cow::Borrowed(problem.soort.code());
                (problem.into_response(), code)
            }
        };
        if let Some(koppen) = self.toelating.koppen() {
            put_quota(response.headers_mut(), &koppen);
        }
        response.extensions_mut().insert(Outcome {
            operatie: Some(self.operatie),
            afnemer: self.afnemer,
            partij: self
                .partij
                .map(|(oin, school)| Gateway::partij(oin, school)),
            code,
        });
        response
    }
}

impl Reply {
    /// Bytes that hold most single answers, so that the buffer grows at most once or twice.
    pub(super) const SINGLE_BYTES: usize = 1024;

    /// The answer as JSON.
    ///
    /// # Errors
    /// 500, if the answer could not be written down.
    pub(super) fn json(answer: &impl Serialize, signaalcode: Signaalcode) -> Result<Self, Problem> {
        Self::json_within(Self::SINGLE_BYTES, answer, signaalcode)
    }

    /// The same, when it is known how many bytes most of these answers have.
    pub(super) fn json_within(
        bytes: usize,
        answer: &impl Serialize,
        signaalcode: Signaalcode,
    ) -> Result<Self, Problem> {
        let write = |body: &mut Vec<u8>| serde_json::to_writer(body, answer);
        Self::written(bytes, write, signaalcode)
    }

    /// The answer as it is written to a body of about so many bytes.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub(super) fn written(
        bytes: usize,
        write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
        signaalcode: Signaalcode,
    ) -> Result<Self, Problem> {
        let mut body = Vec::with_capacity(bytes);
        write(&mut body).map_err(|error| {
            tracing::error!(%error, "an answer could not be written as JSON");
            Problem::new(
                Probleemsoort::InterneFout,
                "het antwoord kon niet worden opgesteld",
            )
        })?;
        Ok(Self {
            body,
            signaalcode,
            location: None,
        })
    }

    /// As the answer about something that was made: 201, and where it can be asked for.
    pub(super) fn created(self, location: String) -> Self {
        Self {
            location: Some(location),
            ..self
        }
    }
}

/// One call from beginning to end: what `answer` makes of it, unless the caller's certificate is
/// refused before it does, which is 401 or 403 as soon as it does not count any more. A defect of ours is
/// a problem, and no broken connection.
pub(super) async fn serve(
    request: &HttpRequest,
    gateway: &Gateway,
    endpoint: &Endpoint,
    answer: impl AsyncFnOnce(&mut Call<'_>) -> Result<Reply, Problem>,
) -> HttpResponse {
    let mut call = Call::new(request, gateway, endpoint.operatie);
    // Who has none is refused by the answer itself.
    let peer = peer_identity(request).ok();
    let admitted = gateway.while_admitted(peer.as_deref(), answer(&mut call));
    // What is looked at after a panic is who called, which was set before or not at all.
    let result = match AssertUnwindSafe(admitted).catch_unwind().await {
        Ok(Ok(answered)) => answered,
        Ok(Err(rejection)) => Err(rejection.into()),
        Err(_) => Err(not_handled()),
    };
    call.finish(result)
}

/// 500: a bug of ours, of which the line of the panic tells more.
pub(super) fn not_handled() -> Problem {
    Problem::new(
        Probleemsoort::InterneFout,
        "de vraag kon niet worden afgehandeld",
    )
}

/// The response of an operation, recorded where it is about people, or all that was wrong with its
/// input.
///
/// # Errors
/// 400 with every violation of form and every invalid field that the operation named; 503 when it
/// cannot be recorded.
pub(super) async fn accepted<R>(
    uitgang: &Uitgang<'_>,
    mut answer: Answer<R>,
    mut fouten: Overtredingen,
    plaats_of: fn(&str) -> Plaats,
) -> Result<R, Problem> {
    fouten.add_bevindingen(std::mem::take(&mut answer.bevindingen), plaats_of);
    if !fouten.is_empty() {
        return Err(Problem::invalid_input(fouten));
    }
    let (response, _) = uitgang.open(answer).await?;
    Ok(response)
}

/// The caller's trace, when it names one.
pub(super) fn traceparent(request: &HttpRequest) -> Option<&str> {
    request.headers().get(TRACEPARENT)?.to_str().ok()
}

fn school_of(request: &HttpRequest) -> Result<Option<Oin>, Problem> {
    /// [`SCHOOL_HEADER`] as the header map has it, made once.
    static NAME: HeaderName = HeaderName::from_static("onderwijsinstelling-oin");
    let mut values = request.headers().get_all(&NAME);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let refuse = |code, reden: &'static str| {
        let overtreding = Overtreding::new(Plaats::Header, SCHOOL_HEADER, code, reden);
        Err(Problem::invalid(overtreding))
    };
    if values.next().is_some() {
        return refuse("DUBBEL", "staat er meer dan één keer; noem één school");
    }
    match value.to_str().ok().map(Oin::parse) {
        Some(Ok(oin)) => Ok(Some(oin)),
        _ => refuse(
            "VORM_ONGELDIG",
            "moet een OIN zijn: acht cijfers en dan twaalf cijfers of hoofdletters",
        ),
    }
}

/// The key without the quotes of a structured field.
fn idempotency_key(value: &str) -> Option<String> {
    /// As long as any field of a request may be.
    const MAX: usize = 200;
    let value = value.trim();
    let bare = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    let fits = !bare.is_empty() && bare.len() <= MAX && bare.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| bare.to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: names a write that nobody can repeat"
)]
fn new_id() -> Uuid {
    Uuid::new_v4()
}

fn signaalcode_text(signaalcode: Signaalcode) -> Cow<'static, str> {
    match signaalcode {
        Signaalcode::GeenBijzonderheden => Cow::Borrowed("0"),
        other => Cow::Owned(other.code().to_string()),
    }
}
