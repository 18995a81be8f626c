//! GET /v1/mutaties: opvragenMutaties.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    abonnement::ABONNEMENT_ID,
    call::{Call, Reply, accepted, serve},
    endpoint::{Endpoint, Methode, Uitkomst, Voorbeeld},
    field::{MINIMALE_REGISTER_VERSIE, Veld},
    problem::{Problem, Stroom},
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::{Operatie, Signaalcode},
    operations::opvragen_mutaties::{Request, may_wait, run},
    transport::gateway::Gateway,
};

const QUERY: [Veld; 5] = [
    ABONNEMENT_ID,
    Veld::tekst(
        "na",
        "Het laatst verwerkte volgnummer; 0 om bij het begin te beginnen. Verplicht.",
        "1041",
    ),
    Veld::tekst(
        "limiet",
        "Hoeveel mutaties er hoogstens komen, 1 tot en met 1.000; zonder 100.",
        "100",
    ),
    Veld::tekst(
        "wachtSeconden",
        "0 tot en met 30: zo lang wachten als er nog niets is. Zonder is het 0.",
        "30",
    ),
    MINIMALE_REGISTER_VERSIE,
];

pub(super) const ENDPOINT: Endpoint = Endpoint {
    operatie: Operatie::OpvragenMutaties,
    operation_id: "opvragenMutaties",
    methode: Methode::Get,
    pad: "/v1/mutaties",
    samenvatting: "De mutaties van een abonnement na een volgnummer",
    beschrijving: "Dezelfde stroom als de push, bij elk kanaal. Geef in na het laatste volgnummer dat verwerkt is; bij POLL \
        bevestigt dat alles tot en met dat nummer. Is er niets, dan wacht de vraag zo lang als wachtSeconden zegt \
        en komt zij terug zodra er iets is. Wachten er te veel, dan volgt 429. Bij elke mutatie wordt op dat moment gekeken of haar \
        school nog mandaat geeft; anders staat er VERVALLEN op haar nummer. Is na ouder dan oudsteVolgnummer - 1, of \
        nieuwer dan laatsteVolgnummer, dan volgt 410 met code 171. Een abonnement dat de afnemer niet heeft, \
        geeft 404 met code 170.",
    pad_velden: &[],
    query: &QUERY,
    verzoek: None,
    antwoord: "OpvragenMutatiesAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "mutaties",
        samenvatting: "Een erkenning is ingetrokken, en een nummer is vervallen",
        json: include_str!("voorbeelden/opvragen-mutaties-antwoord.json"),
    }],
    uitkomst: Uitkomst::OfVerlopen,
};

/// Bytes of a mutatie in JSON, by and large.
const MUTATIE_BYTES: usize = 600;

pub(super) async fn handle(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &ENDPOINT, answer).await
}

async fn answer(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let query = call.request.query_string();
    let [
        abonnement_id,
        na,
        limiet,
        wacht_seconden,
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
    if wacht_seconden.as_deref().is_some_and(may_wait) {
        call.toelating.wacht();
    }
    let request = Request {
        abonnement_id,
        na,
        limiet,
        wacht_seconden,
        minimale_register_versie,
    };
    let answer = run(&context, &writing, request).await?;
    let response = accepted(&call.uitgang(&caller), answer, fouten, |_| Plaats::Query).await?;
    match response.kop.signaalcode {
        Signaalcode::AbonnementOnbekend => Err(Problem::unknown_abonnement()),
        Signaalcode::VolgnummerVerlopen => Err(Problem::gone(Stroom {
            oudste: response.oudste_volgnummer.unwrap_or_default(),
            laatste: response.laatste_volgnummer.unwrap_or_default(),
        })),
        signaalcode => {
            let bytes = Reply::SINGLE_BYTES + response.mutaties.len() * MUTATIE_BYTES;
            Reply::json_within(bytes, &response, signaalcode)
        }
    }
}
