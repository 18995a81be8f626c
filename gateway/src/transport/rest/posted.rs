//! Questions that come as a JSON body, one by one or in bulk: from the body to the answer, the
//! same for every operation.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Bytes, Payload},
};
use serde::Serialize;

use super::{
    call::{Call, Reply, accepted, not_handled, serve, traceparent},
    endpoint::Endpoint,
    json::JsonLimits,
    negotiation,
    problem::Problem,
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    access::Toelating,
    domain::{Caller, LeerbedrijfId, Oin},
    operations::{Answer, Context, Failure, Herkenning, Kop, Uitgang, Writing},
    transport::{
        bulk::{Bulk, INLINE_BYTES, INLINE_REGELS},
        gateway::Gateway,
    },
};

/// The request of an operation, as REST takes it from a body.
pub(super) trait Posted: Sized + Send + 'static {
    /// Where it is sent.
    const ENDPOINT: Endpoint;
    /// Whether the larger limits hold, and reading and answering take a turn on a thread apart.
    const BULK: bool = false;
    /// Whether it changes something. A body of the wrong form then changes nothing; else it is answered as
    /// far as it goes, so that what is wrong with the meaning is told at once too.
    const WRITES: bool = false;
    /// Bytes that hold most answers, so that what they are written to hardly grows.
    const ANSWER_BYTES: usize = Reply::SINGLE_BYTES;
    /// What is answered.
    type Response: Serialize;

    /// Reads a body, and finds all that is wrong with its form.
    fn read(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Self;
    /// Takes what the path says.
    fn at(&mut self, _request: &HttpRequest, _fouten: &mut Overtredingen) {}
    /// What it says of the register version.
    fn minimale_register_versie(&self) -> Option<&str>;
    /// The operation itself.
    async fn run(
        self,
        ctx: &Context<'_>,
        writing: &Writing<'_>,
    ) -> Result<Answer<Self::Response>, Failure>;
    /// Lines that a bulk message has, for the quota.
    fn regels(&self) -> usize {
        1
    }
    /// The leerbedrijven that an answer tells about.
    fn leerbedrijf_ids(_response: &Self::Response) -> Vec<LeerbedrijfId> {
        Vec::new()
    }
    /// The answer as JSON.
    fn write(response: &Self::Response, body: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(body, response)
    }
    /// The head of the answer.
    fn kop(response: &Self::Response) -> &Kop;
    /// Where a field of the request stands.
    fn plaats_of(_veld: &str) -> Plaats {
        Plaats::Body
    }
    /// The answer on its way out: an outcome may be a problem over REST (domain rule 1).
    fn told(_response: &Self::Response, reply: Reply) -> Result<Reply, Problem> {
        Ok(reply)
    }
}

pub(super) async fn handle<V: Posted>(
    request: HttpRequest,
    payload: Payload,
    gateway: web::Data<Gateway>,
) -> HttpResponse {
    let answer = async |call: &mut Call<'_>| answer::<V>(call, payload, &gateway).await;
    serve(&request, &gateway, &V::ENDPOINT, answer).await
}

async fn answer<V: Posted>(
    call: &mut Call<'_>,
    payload: Payload,
    gateway: &web::Data<Gateway>,
) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    negotiation::check_content(call.request.headers())?;
    let limits = &call.gateway.limits;
    let (bytes, elements) = if V::BULK {
        (limits.bulk_body_bytes, limits.bulk_elements)
    } else {
        (limits.body_bytes, limits.elements)
    };
    let json_limits = JsonLimits {
        depth: limits.depth,
        elements,
    };
    if V::BULK {
        call.toelating.bulk()?;
    }
    let body = call.body(payload, bytes).await?;
    let mut fouten = Overtredingen::default();
    uri::query(call.request.query_string(), &[], &mut fouten);
    let herkenning = call.herkenning(&mut fouten);
    if V::BULK && body.len() > INLINE_BYTES {
        let work = Work::new(call, gateway, caller, herkenning);
        let vraag = read_apart::<V>(&work, (body, json_limits), fouten).await?;
        return answer_apart(call, work, vraag).await;
    }
    let mut vraag = V::read(&body, json_limits, &mut fouten);
    vraag.at(call.request, &mut fouten);
    if (V::BULK || V::WRITES) && !fouten.is_empty() {
        return Err(Problem::invalid_input(fouten));
    }
    if V::BULK {
        call.toelating.regels(vraag.regels())?;
        if vraag.regels() > INLINE_REGELS {
            let work = Work::new(call, gateway, caller, herkenning);
            return answer_apart(call, work, vraag).await;
        }
    }
    let versie = vraag.minimale_register_versie();
    let context = call.context(&caller, versie, &fouten).await?;
    let writing = call.gateway.writing(herkenning);
    let ways = (&writing, &call.uitgang(&caller));
    reply(vraag, call.gateway, &context, ways, fouten).await
}

/// What an answer on a thread apart takes along.
struct Work {
    gateway: web::Data<Gateway>,
    caller: Caller,
    herkenning: Herkenning,
    /// Held until the work is done, also when its caller is gone.
    toelating: Toelating,
    traceparent: Option<String>,
}

impl Work {
    fn new(
        call: &Call<'_>,
        gateway: &web::Data<Gateway>,
        caller: Caller,
        herkenning: Herkenning,
    ) -> Self {
        Self {
            gateway: gateway.clone(),
            caller,
            herkenning,
            toelating: call.toelating.clone(),
            traceparent: traceparent(call.request).map(str::to_owned),
        }
    }

    fn of(&self) -> Option<Oin> {
        Some(self.caller.afnemer_oin)
    }
}

/// Thousands of lines take tens of milliseconds, in which this worker would serve nobody else:
/// they are read and answered on a thread apart (domain §1, "a batch must never slow …").
async fn read_apart<V: Posted>(
    work: &Work,
    (body, limits): (Bytes, JsonLimits),
    mut fouten: Overtredingen,
) -> Result<V, Problem> {
    let toelating = work.toelating.clone();
    apart(&work.gateway.bulk, work.of(), move || {
        let vraag = V::read(&body, limits, &mut fouten);
        if !fouten.is_empty() {
            return Err(Problem::invalid_input(fouten));
        }
        toelating.regels(vraag.regels())?;
        Ok(vraag)
    })
    .await
}

async fn answer_apart<V: Posted>(call: &Call<'_>, work: Work, vraag: V) -> Result<Reply, Problem> {
    let versie = vraag.minimale_register_versie();
    let Context {
        view, rules, now, ..
    } = call
        .context(&work.caller, versie, &Overtredingen::default())
        .await?;
    let runtime = tokio::runtime::Handle::current();
    apart(&call.gateway.bulk, work.of(), move || {
        let context = Context {
            view,
            caller: &work.caller,
            rules,
            now,
            profielen: &work.gateway.profielen,
        };
        let writing = work.gateway.writing(work.herkenning);
        let operatie = V::ENDPOINT.operatie;
        let traceparent = work.traceparent.as_deref();
        let uitgang = work
            .gateway
            .uitgang(&work.caller, operatie, now, traceparent);
        let fouten = Overtredingen::default();
        let ways = (&writing, &uitgang);
        let answering = reply(vraag, &work.gateway, &context, ways, fouten);
        let answer = runtime.block_on(answering);
        drop(work.toelating);
        answer
    })
    .await
}

async fn apart<T: Send + 'static>(
    bulk: &Bulk,
    of: Option<Oin>,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    bulk.run(of, work)
        .await
        .unwrap_or_else(|_| Err(not_handled()))
}

async fn reply<V: Posted>(
    vraag: V,
    gateway: &Gateway,
    context: &Context<'_>,
    (writing, uitgang): (&Writing<'_>, &Uitgang<'_>),
    fouten: Overtredingen,
) -> Result<Reply, Problem> {
    let answer = vraag.run(context, writing).await?;
    let response = accepted(uitgang, answer, fouten, V::plaats_of).await?;
    gateway.note(context, V::leerbedrijf_ids(&response));
    let signaalcode = V::kop(&response).signaalcode;
    let write = |body: &mut Vec<u8>| V::write(&response, body);
    let reply = Reply::written(V::ANSWER_BYTES, write, signaalcode)?;
    V::told(&response, reply)
}
