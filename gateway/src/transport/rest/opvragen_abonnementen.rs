//! GET /v1/abonnementen, and GET and DELETE /v1/abonnementen/{abonnementId}: opvragenAbonnementen
//! and beeindigenAbonnement.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    abonnement::{self, ABONNEMENT_ID, PAD},
    call::{Call, Reply, accepted, serve},
    endpoint::{Endpoint, Methode, Uitkomst, Voorbeeld},
    field::{MINIMALE_REGISTER_VERSIE, Veld},
    problem::Problem,
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::Operatie,
    operations::abonnementen::{beeindigen, opvragen},
    transport::gateway::Gateway,
};

const QUERY: [Veld; 1] = [MINIMALE_REGISTER_VERSIE];

pub(super) const ALL: Endpoint = Endpoint {
    operatie: Operatie::OpvragenAbonnementen,
    operation_id: "opvragenAbonnementen",
    methode: Methode::Get,
    pad: PAD,
    samenvatting: "De abonnementen van de afnemer die niet beëindigd zijn, en hoe zij ervoor staan",
    beschrijving: "Alle abonnementen van de leverancier, ook die van andere scholen dan de vragende; de oudste \
        eerst. Het geheim staat er nooit bij. status, reden, laatstePogingUitkomst en faaltSinds zeggen hoe \
        het met het bezorgen gaat.",
    pad_velden: &[],
    query: &QUERY,
    verzoek: None,
    antwoord: "OpvragenAbonnementenAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "abonnementen",
        samenvatting: "Een webhook die niets meer aanneemt, en een die opgehaald wordt",
        json: include_str!("voorbeelden/opvragen-abonnementen-antwoord.json"),
    }],
    uitkomst: Uitkomst::Antwoord,
};

pub(super) const ONE: Endpoint = Endpoint {
    operatie: Operatie::OpvragenAbonnementen,
    operation_id: "opvragenAbonnement",
    methode: Methode::Get,
    pad: "/v1/abonnementen/{abonnementId}",
    samenvatting: "Een abonnement, ook als het beëindigd is",
    beschrijving: "Een abonnement dat de afnemer niet heeft, geeft 404 met code 170, ook als een andere afnemer het \
        heeft.",
    pad_velden: &[ABONNEMENT_ID],
    query: &QUERY,
    verzoek: None,
    antwoord: "AbonnementAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "abonnement",
        samenvatting: "Een webhook die bezorgd wordt",
        json: include_str!("voorbeelden/opvragen-abonnement-antwoord.json"),
    }],
    uitkomst: Uitkomst::OfOnbekend,
};

pub(super) const DELETE: Endpoint = Endpoint {
    operatie: Operatie::BeeindigenAbonnement,
    operation_id: "beeindigenAbonnement",
    methode: Methode::Delete,
    pad: "/v1/abonnementen/{abonnementId}",
    samenvatting: "Een abonnement beëindigen, voorgoed",
    beschrijving: "Er wordt niets meer bezorgd en niets meer genummerd. Wat al genummerd was, blijft tot het \
        einde van de bewaartermijn op te vragen. Een herhaling krijgt hetzelfde antwoord.",
    pad_velden: &[ABONNEMENT_ID],
    query: &[],
    verzoek: None,
    antwoord: "AbonnementAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "beeindigd",
        samenvatting: "Het abonnement is beëindigd",
        json: include_str!("voorbeelden/beeindigen-abonnement-antwoord.json"),
    }],
    uitkomst: Uitkomst::OfOnbekend,
};

pub(super) async fn all(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &ALL, answer_all).await
}

async fn answer_all(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let [versie] = uri::query(call.request.query_string(), &QUERY, &mut fouten);
    fouten.check_versie(Plaats::Query, versie.as_deref());
    let herkenning = call.herkenning(&mut fouten);
    if !fouten.is_empty() {
        return Err(Problem::invalid_input(fouten));
    }
    let context = call.context(&caller, versie.as_deref(), &fouten).await?;
    let writing = call.gateway.writing(herkenning);
    let request = opvragen::Request::default();
    let answer = opvragen::run(&context, &writing, request).await?;
    let (response, _) = call.uitgang(&caller).open(answer).await?;
    Reply::json(&response, response.kop.signaalcode)
}

pub(super) async fn one(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &ONE, answer_one).await
}

async fn answer_one(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let id = uri::segment(call.request, 2, &ABONNEMENT_ID, &mut fouten);
    let [versie] = uri::query(call.request.query_string(), &QUERY, &mut fouten);
    fouten.check_versie(Plaats::Query, versie.as_deref());
    let herkenning = call.herkenning(&mut fouten);
    if !fouten.is_empty() {
        return Err(Problem::invalid_input(fouten));
    }
    let context = call.context(&caller, versie.as_deref(), &fouten).await?;
    let writing = call.gateway.writing(herkenning);
    let answer = opvragen::run_of_one(&context, &writing, id.as_deref()).await?;
    let (response, _) = call.uitgang(&caller).open(answer).await?;
    let reply = Reply::json(&response, response.kop.signaalcode)?;
    abonnement::found(&response, reply)
}

pub(super) async fn delete(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &DELETE, answer_delete).await
}

async fn answer_delete(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let abonnement_id = uri::segment(call.request, 2, &ABONNEMENT_ID, &mut fouten);
    uri::query(call.request.query_string(), &[], &mut fouten);
    let herkenning = call.herkenning(&mut fouten);
    if !fouten.is_empty() {
        return Err(Problem::invalid_input(fouten));
    }
    let context = call.context(&caller, None, &fouten).await?;
    let writing = call.gateway.writing(herkenning);
    let request = beeindigen::Request {
        abonnement_id,
        ..beeindigen::Request::default()
    };
    let answer = beeindigen::run(&context, &writing, request).await?;
    let response = accepted(&call.uitgang(&caller), answer, fouten, |_| Plaats::Pad).await?;
    let reply = Reply::json(&response, response.kop.signaalcode)?;
    abonnement::found(&response, reply)
}
