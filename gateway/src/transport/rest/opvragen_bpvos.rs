//! GET /v1/bpvos and GET /v1/bpvos/{bpvoKenmerk}: opvragenBpvos.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    call::{Call, Reply, accepted, serve},
    endpoint::{Endpoint, Methode, Uitkomst, Voorbeeld},
    field::{MINIMALE_REGISTER_VERSIE, Veld},
    problem::Problem,
    registreren_bpvos::{BPVO_KENMERK, SCHOOL_OIN},
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::{Operatie, Signaalcode},
    operations::opvragen_bpvos::{Request, run, run_of_one},
    transport::gateway::Gateway,
};

const CURSOR: Veld = Veld::tekst(
    "cursor",
    "volgendeCursor van het vorige antwoord, ongewijzigd.",
    "02143030",
);
const QUERY: [Veld; 3] = [SCHOOL_OIN, CURSOR, MINIMALE_REGISTER_VERSIE];
const QUERY_OF_ONE: [Veld; 1] = [MINIMALE_REGISTER_VERSIE];

pub(super) const ALL: Endpoint = Endpoint {
    operatie: Operatie::OpvragenBpvos,
    operation_id: "opvragenBpvos",
    methode: Methode::Get,
    pad: "/v1/bpvos",
    samenvatting: "Wat er voor de school geregistreerd staat, door haarzelf en door het register",
    beschrijving: "Alleen de bpvo's van de eigen school, 100 op een pagina, in een vaste volgorde zonder \
        betekenis. Bladeren houdt stand terwijl het register verandert: niets komt dubbel en wat blijft, \
        wordt niet overgeslagen. herkomst zegt wie de bpvo aanmeldde; verschil noemt wat het register \
        anders heeft dan de school.",
    pad_velden: &[],
    query: &QUERY,
    verzoek: None,
    antwoord: "OpvragenBpvosAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "bpvos",
        samenvatting: "Twee bpvo's, waarvan een ook in het register",
        json: include_str!("voorbeelden/opvragen-bpvos-antwoord.json"),
    }],
    uitkomst: Uitkomst::Antwoord,
};

pub(super) const ONE: Endpoint = Endpoint {
    operatie: Operatie::OpvragenBpvos,
    operation_id: "opvragenBpvo",
    methode: Methode::Get,
    pad: "/v1/bpvos/{bpvoKenmerk}",
    samenvatting: "Een bpvo van de school",
    beschrijving: "Een bpvo die de eigen school niet heeft, geeft 404 met code 130, ook als een andere \
        school er een met dit kenmerk heeft.",
    pad_velden: &[BPVO_KENMERK],
    query: &QUERY_OF_ONE,
    verzoek: None,
    antwoord: "OpvragenBpvoAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "bpvo",
        samenvatting: "Een bpvo die alleen de school aanmeldde",
        json: include_str!("voorbeelden/opvragen-bpvo-antwoord.json"),
    }],
    uitkomst: Uitkomst::OfOnbekend,
};

pub(super) async fn all(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &ALL, answer_all).await
}

async fn answer_all(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let query = call.request.query_string();
    let [school_oin, cursor, minimale_register_versie] = uri::query(query, &QUERY, &mut fouten);
    fouten.check_versie(Plaats::Query, minimale_register_versie.as_deref());
    let versie = minimale_register_versie.as_deref();
    let context = call.context(&caller, versie, &fouten).await?;
    let request = Request {
        school_oin,
        cursor,
        minimale_register_versie,
    };
    let response = accepted(
        &call.uitgang(&caller),
        run(&context, request)?,
        fouten,
        |_| Plaats::Query,
    )
    .await?;
    Reply::json(&response, response.kop.signaalcode)
}

pub(super) async fn one(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &ONE, answer_one).await
}

async fn answer_one(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let kenmerk = uri::segment(call.request, 2, &BPVO_KENMERK, &mut fouten);
    let query = call.request.query_string();
    let [versie] = uri::query(query, &QUERY_OF_ONE, &mut fouten);
    fouten.check_versie(Plaats::Query, versie.as_deref());
    let context = call.context(&caller, versie.as_deref(), &fouten).await?;
    let answer = run_of_one(&context, kenmerk.as_deref());
    let response = accepted(&call.uitgang(&caller), answer, fouten, |_| Plaats::Pad).await?;
    match response.kop.signaalcode {
        Signaalcode::GeenResultaat => Err(Problem::unknown_bpvo()),
        signaalcode => Reply::json(&response, signaalcode),
    }
}
