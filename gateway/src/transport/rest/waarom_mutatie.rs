//! GET /v1/mutaties/_waarom: why a school did, or did not, hear of a mutatie.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    abonnement::ABONNEMENT_ID,
    call::{Call, Reply, accepted, serve},
    endpoint::{Endpoint, Methode, Uitkomst, Voorbeeld},
    field::{MINIMALE_REGISTER_VERSIE, Veld},
    problem::Problem,
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::{Operatie, Signaalcode},
    operations::waarom_mutatie::{Request, run},
    transport::gateway::Gateway,
};

const QUERY: [Veld; 5] = [
    ABONNEMENT_ID,
    Veld::tekst(
        "mutatieId",
        "De mutatie zoals zij gemeld werd. Of, voor wat niet gemeld werd, leerbedrijfId en registerVersie.",
        "0b6f7c1e-52d4-5a8e-b7f3-1c9d2e4a6b80",
    ),
    Veld::tekst(
        "leerbedrijfId",
        "Het leerbedrijf dat wijzigde.",
        "100000001",
    ),
    Veld::tekst(
        "registerVersie",
        "De registerversie waarin het wijzigde.",
        "1.48210",
    ),
    MINIMALE_REGISTER_VERSIE,
];

pub(super) const ENDPOINT: Endpoint = Endpoint {
    operatie: Operatie::OpvragenMutaties,
    operation_id: "waaromMutatie",
    methode: Methode::Get,
    pad: "/v1/mutaties/_waarom",
    samenvatting: "Waarom hoorde de school wel of niet van deze mutatie?",
    beschrijving: "Voor de school uit Onderwijsinstelling-OIN en dit abonnement. Met mutatieId: het volgnummer en wat er \
        van het bezorgen werd. Met leerbedrijfId en registerVersie: per mutatie van dat leerbedrijf in die \
        versie of zij gemeld is, en zo niet waarom niet, geoordeeld naar het register en de mandaten van nu. Was er geen \
        mutatie, dan is resultaten leeg (130). Een abonnement dat de afnemer niet heeft, geeft 404 met code 170. \
        Alleen in REST.",
    pad_velden: &[],
    query: &QUERY,
    verzoek: None,
    antwoord: "WaaromMutatieAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "tweeMutaties",
        samenvatting: "Een is gemeld, de andere past niet bij het filter",
        json: include_str!("voorbeelden/waarom-mutatie-antwoord.json"),
    }],
    uitkomst: Uitkomst::OfOnbekend,
};

pub(super) async fn handle(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &ENDPOINT, answer).await
}

async fn answer(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let query = call.request.query_string();
    let [
        abonnement_id,
        mutatie_id,
        leerbedrijf_id,
        register_versie,
        minimale_register_versie,
    ] = uri::query(query, &QUERY, &mut fouten);
    fouten.check_versie(Plaats::Query, minimale_register_versie.as_deref());
    let herkenning = call.herkenning(&mut fouten);
    if !fouten.is_empty() {
        return Err(Problem::invalid_input(fouten));
    }
    let versie = minimale_register_versie.as_deref();
    let context = call.context(&caller, versie, &fouten).await?;
    let writing = call.gateway.writing(herkenning);
    let request = Request {
        abonnement_id,
        mutatie_id,
        leerbedrijf_id,
        register_versie,
        minimale_register_versie,
    };
    let answer = run(&context, &writing, request).await?;
    let response = accepted(&call.uitgang(&caller), answer, fouten, |_| Plaats::Query).await?;
    match response.kop.signaalcode {
        Signaalcode::AbonnementOnbekend => Err(Problem::unknown_abonnement()),
        signaalcode => Reply::json(&response, signaalcode),
    }
}
