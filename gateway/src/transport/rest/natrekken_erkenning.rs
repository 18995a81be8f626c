//! GET /v1/leerbedrijven/{leerbedrijfId}/erkenningen/{code}: natrekkenErkenning.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    call::{Call, Reply, accepted, serve},
    endpoint::{Endpoint, Methode, Uitkomst, Voorbeeld},
    field::{CODE, LEERBEDRIJF_ID, MINIMALE_REGISTER_VERSIE, PEILDATUM, Veld},
    problem::Problem,
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::Operatie,
    operations::natrekken_erkenning::{Request, run},
    transport::gateway::Gateway,
};

const QUERY: [Veld; 2] = [PEILDATUM, MINIMALE_REGISTER_VERSIE];

pub(super) const ENDPOINT: Endpoint = Endpoint {
    operatie: Operatie::NatrekkenErkenning,
    operation_id: "natrekkenErkenning",
    methode: Methode::Get,
    pad: "/v1/leerbedrijven/{leerbedrijfId}/erkenningen/{code}",
    samenvatting: "Is dit leerbedrijf op deze dag erkend voor deze code?",
    beschrijving: "Niet erkend en niet gevonden zijn antwoorden (200) met een signaalcode en een reden. \
        Een leerbedrijfId, code of peildatum die ontbreekt of de verkeerde vorm heeft, geeft 400. \
        Een dossier- of domeincode (23xxx, 79xxx) geeft 200 met signaalcode 112.",
    pad_velden: &[LEERBEDRIJF_ID, CODE],
    query: &QUERY,
    verzoek: None,
    antwoord: "NatrekkenErkenningAntwoord",
    voorbeelden: &[
        Voorbeeld {
            naam: "erkend",
            samenvatting: "Erkend op de peildatum",
            json: include_str!("voorbeelden/natrekken-erkend.json"),
        },
        Voorbeeld {
            naam: "nietErkend",
            samenvatting: "De erkenning is ingetrokken",
            json: include_str!("voorbeelden/natrekken-niet-erkend.json"),
        },
    ],
    uitkomst: Uitkomst::Antwoord,
};

pub(super) async fn handle(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &ENDPOINT, answer).await
}

async fn answer(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let request = read(call.request, &mut fouten);
    let versie = request.minimale_register_versie.as_deref();
    let context = call.context(&caller, versie, &fouten).await?;
    let answer = run(&context, request);
    let response = accepted(&call.uitgang(&caller), answer, fouten, plaats_of).await?;
    call.note(&context, response.leerbedrijf_ids());
    Reply::json(&response, response.kop.signaalcode)
}

fn read(http: &HttpRequest, fouten: &mut Overtredingen) -> Request {
    let leerbedrijf_id = uri::segment(http, 2, &LEERBEDRIJF_ID, fouten);
    let code = uri::segment(http, 4, &CODE, fouten);
    let [peildatum, minimale_register_versie] = uri::query(http.query_string(), &QUERY, fouten);
    fouten.check_versie(Plaats::Query, minimale_register_versie.as_deref());
    Request {
        leerbedrijf_id,
        code,
        peildatum,
        minimale_register_versie,
    }
}

fn plaats_of(veld: &str) -> Plaats {
    match veld {
        "leerbedrijfId" | "code" => Plaats::Pad,
        _ => Plaats::Query,
    }
}
