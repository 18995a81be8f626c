//! GET /v1/leerbedrijven/{leerbedrijfId}/detailgegevens: opvragenDetailgegevens.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    call::{Call, Reply, accepted, serve},
    endpoint::{Endpoint, Methode, Uitkomst, Voorbeeld},
    field::{LEERBEDRIJF_ID, MINIMALE_REGISTER_VERSIE, Veld},
    problem::Problem,
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::{Operatie, Signaalcode},
    operations::opvragen_detailgegevens::{Request, run},
    transport::gateway::Gateway,
};

const QUERY: [Veld; 1] = [MINIMALE_REGISTER_VERSIE];

pub(super) const ENDPOINT: Endpoint = Endpoint {
    operatie: Operatie::OpvragenDetailgegevens,
    operation_id: "opvragenDetailgegevens",
    methode: Methode::Get,
    pad: "/v1/leerbedrijven/{leerbedrijfId}/detailgegevens",
    samenvatting: "Adres, contactgegevens en erkenningen van een leerbedrijf",
    beschrijving: "Een leerbedrijf dat het register niet kent, geeft 404 met code 100. Een historisch \
        leerbedrijf wordt gevonden en houdt zijn geschiedenis (signaalcode 102). Staan er \
        contactpersonen of praktijkopleiders in het antwoord, dan is vastgelegd aan wie zij gegeven zijn \
        voordat het vertrekt. Kan dat even niet, dan volgt 503 met code \
        PERSOONSGEGEVENS_NIET_BESCHIKBAAR.",
    pad_velden: &[LEERBEDRIJF_ID],
    query: &QUERY,
    verzoek: None,
    antwoord: "OpvragenDetailgegevensAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "detail",
        samenvatting: "Een leerbedrijf met één erkenning",
        json: include_str!("voorbeelden/detailgegevens.json"),
    }],
    uitkomst: Uitkomst::OfOnbekend,
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
    match response.kop.signaalcode {
        Signaalcode::LeerbedrijfOnbekend => Err(Problem::unknown_leerbedrijf()),
        signaalcode => Reply::json(&response, signaalcode),
    }
}

fn read(http: &HttpRequest, fouten: &mut Overtredingen) -> Request {
    let leerbedrijf_id = uri::segment(http, 2, &LEERBEDRIJF_ID, fouten);
    let [minimale_register_versie] = uri::query(http.query_string(), &QUERY, fouten);
    fouten.check_versie(Plaats::Query, minimale_register_versie.as_deref());
    Request {
        leerbedrijf_id,
        minimale_register_versie,
    }
}

fn plaats_of(veld: &str) -> Plaats {
    match veld {
        "leerbedrijfId" => Plaats::Pad,
        _ => Plaats::Query,
    }
}
