//! Questions that come as a JSON body, one by one or in bulk: from the body to the answer, the
//! same for every operation.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Bytes, Payload},
};
use serde::Serialize;

use super::{
    call::{Call, Reply, accepted},
    endpoint::Endpoint,
    json::JsonLimits,
    negotiation,
    problem::{Probleemsoort, Problem},
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::Caller,
    operations::{Answer, Context, Kop},
    transport::gateway::Gateway,
};

/// The request of an operation, as REST takes it from a body.
pub(super) trait Posted: Sized + Send + 'static {
    /// Where it is sent.
    const ENDPOINT: Endpoint;
    /// Whether the larger limits hold, and reading and answering take a thread apart.
    const BULK: bool = false;
    /// Bytes that hold most answers, so that what they are written to hardly grows.
    const ANSWER_BYTES: usize = Reply::SINGLE_BYTES;
    /// What is answered.
    type Response: Serialize;

    /// Reads a body, and finds all that is wrong with its form.
    fn read(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Self;
    /// What it says of the register version.
    fn minimale_register_versie(&self) -> Option<&str>;
    /// The operation itself.
    fn run(self, ctx: &Context<'_>) -> Answer<Self::Response>;
    /// The head of the answer.
    fn kop(response: &Self::Response) -> &Kop;
}

pub(super) async fn handle<V: Posted>(
    request: HttpRequest,
    payload: Payload,
    gateway: web::Data<Gateway>,
) -> HttpResponse {
    let mut call = Call::new(&request, &gateway, V::ENDPOINT.operatie);
    let result = answer::<V>(&mut call, payload).await;
    call.finish(result)
}

async fn answer<V: Posted>(call: &mut Call<'_>, payload: Payload) -> Result<Reply, Problem> {
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
    let body = call.body(payload, bytes).await?;
    let mut fouten = Overtredingen::default();
    uri::query(call.request.query_string(), &[], &mut fouten);
    if V::BULK {
        answer_apart::<V>(call, caller, body, json_limits, fouten).await
    } else {
        let vraag = V::read(&body, json_limits, &mut fouten);
        let versie = vraag.minimale_register_versie();
        let context = call.context(&caller, versie, &fouten).await?;
        reply(vraag, &context, fouten)
    }
}

/// Thousands of lines take tens of milliseconds, in which this worker would serve nobody else:
/// they are read and answered on a thread apart (domain §1, "a batch must never slow …").
async fn answer_apart<V: Posted>(
    call: &Call<'_>,
    caller: Caller,
    body: Bytes,
    limits: JsonLimits,
    mut fouten: Overtredingen,
) -> Result<Reply, Problem> {
    let vraag = apart(move || {
        let vraag = V::read(&body, limits, &mut fouten);
        if fouten.is_empty() {
            Ok(vraag)
        } else {
            Err(Problem::invalid_input(fouten))
        }
    })
    .await?;
    let versie = vraag.minimale_register_versie();
    let Context {
        view, rules, now, ..
    } = call
        .context(&caller, versie, &Overtredingen::default())
        .await?;
    apart(move || {
        let context = Context {
            view,
            caller: &caller,
            rules,
            now,
        };
        reply(vraag, &context, Overtredingen::default())
    })
    .await
}

async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    web::block(work).await.unwrap_or_else(|_| {
        Err(Problem::new(
            Probleemsoort::InterneFout,
            "de vraag kon niet worden afgehandeld",
        ))
    })
}

fn reply<V: Posted>(
    vraag: V,
    context: &Context<'_>,
    fouten: Overtredingen,
) -> Result<Reply, Problem> {
    let response = accepted(vraag.run(context), fouten, |_| Plaats::Body)?;
    Reply::json_within(V::ANSWER_BYTES, &response, V::kop(&response).signaalcode)
}
