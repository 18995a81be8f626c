//! GET /v1/gebruik: how often the afnemer asked what for the school.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    call::{Call, Reply, accepted, serve},
    endpoint::{Endpoint, Methode, Uitkomst, Voorbeeld},
    field::{MINIMALE_REGISTER_VERSIE, Veld},
    problem::Problem,
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::Operatie,
    operations::opvragen_gebruik::{Request, run},
    transport::gateway::Gateway,
};

const QUERY: [Veld; 3] = [
    Veld::tekst("vanaf", "De eerste dag.", "2026-11-01"),
    Veld::tekst(
        "tot",
        "De laatste dag, die meetelt; samen hoogstens 31 dagen.",
        "2026-11-30",
    ),
    MINIMALE_REGISTER_VERSIE,
];

pub(super) const ENDPOINT: Endpoint = Endpoint {
    operatie: Operatie::OpvragenAbonnementen,
    operation_id: "opvragenGebruik",
    methode: Methode::Get,
    pad: "/v1/gebruik",
    samenvatting: "Hoe vaak de leverancier wat vroeg voor de school",
    beschrijving: "Alleen de eigen vragen, voor de school uit Onderwijsinstelling-OIN: per dag, operatie en code, over \
        SOAP, REST en alle nodes samen. Ook wat geweigerd werd telt mee, vanaf het vinden van het mandaat. Elke minuut \
        wordt bijgeteld. De cijfers zijn om op te sturen: wat een node die uitvalt in die minuut telde, ontbreekt. Er is \
        een jaar en een maand terug te zien. Nodig is het mandaat voor opvragenAbonnementen; onder die naam telt deze \
        vraag zelf mee. Is er niets geteld, dan is regels leeg (130). Alleen in REST.",
    pad_velden: &[],
    query: &QUERY,
    verzoek: None,
    antwoord: "OpvragenGebruikAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "eenDag",
        samenvatting: "Een dag waarop het quotum drie keer op was",
        json: include_str!("voorbeelden/opvragen-gebruik-antwoord.json"),
    }],
    uitkomst: Uitkomst::Antwoord,
};

pub(super) async fn handle(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &ENDPOINT, answer).await
}

async fn answer(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let query = call.request.query_string();
    let [vanaf, tot, minimale_register_versie] = uri::query(query, &QUERY, &mut fouten);
    fouten.check_versie(Plaats::Query, minimale_register_versie.as_deref());
    let versie = minimale_register_versie.as_deref();
    let context = call.context(&caller, versie, &fouten).await?;
    let request = Request {
        vanaf,
        tot,
        minimale_register_versie,
    };
    let teller = call.gateway.verwerkingslog.gebruik();
    let answer = run(&context, teller, &request).await;
    let answer = answer.map_err(Problem::gebruik_unavailable)?;
    let response = accepted(&call.uitgang(&caller), answer, fouten, |_| Plaats::Query).await?;
    Reply::json(&response, response.kop.signaalcode)
}
