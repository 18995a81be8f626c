//! vaststellenLeerbedrijf, by id and by name and address:
//! GET /v1/leerbedrijven/{leerbedrijfId} and POST /v1/leerbedrijven/_zoek.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    call::{Call, Reply, accepted, serve},
    endpoint::{Endpoint, Methode, Uitkomst, Verzoek, Voorbeeld},
    field::{LEERBEDRIJF_ID, MINIMALE_REGISTER_VERSIE, Veld},
    json::{self, Fields, JsonLimits, Place},
    posted::Posted,
    problem::Problem,
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::{LeerbedrijfId, Operatie, Signaalcode},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        vaststellen_leerbedrijf::{Request, Response, run},
    },
    transport::gateway::Gateway,
};

const QUERY: [Veld; 1] = [MINIMALE_REGISTER_VERSIE];

/// Fields of the body of `_zoek`, in the order of [`Request`].
pub(super) const VELDEN: [Veld; 7] = [
    Veld {
        verplicht: false,
        ..LEERBEDRIJF_ID
    },
    Veld::tekst(
        "naam",
        "Naam van het leerbedrijf. Hoofdletters, accenten, leestekens en rechtsvormen doen er niet toe.",
        "Bakkerij Van Dijk",
    ),
    Veld::tekst(
        "postcode",
        "Nederlandse postcode; met land erbij een buitenlandse.",
        "1012AB",
    ),
    Veld::getal(
        "huisnummer",
        "Huisnummer, 1 tot en met 99999, zonder toevoeging.",
        "12",
    ),
    Veld::tekst("plaats", "Plaatsnaam.", "Amsterdam"),
    Veld::tekst("land", "ISO 3166-1 alpha-2; NL als het ontbreekt.", "NL"),
    MINIMALE_REGISTER_VERSIE,
];

const ANTWOORD: &str = "VaststellenLeerbedrijfAntwoord";

pub(super) const BY_ID: Endpoint = Endpoint {
    operatie: Operatie::VaststellenLeerbedrijf,
    operation_id: "opvragenLeerbedrijf",
    methode: Methode::Get,
    pad: "/v1/leerbedrijven/{leerbedrijfId}",
    samenvatting: "Een leerbedrijf bij zijn leerbedrijfId",
    beschrijving: "Hetzelfde als vaststellenLeerbedrijf met alleen een leerbedrijfId. Een leerbedrijf \
        dat het register niet kent, geeft 404 met code 100. Een historisch leerbedrijf wordt \
        gevonden (signaalcode 102); is het gefuseerd, dan staat de opvolger erbij.",
    pad_velden: &[LEERBEDRIJF_ID],
    query: &QUERY,
    verzoek: None,
    antwoord: ANTWOORD,
    voorbeelden: &[VOORBEELD],
    uitkomst: Uitkomst::OfOnbekend,
};

pub(super) const SEARCH: Endpoint = Endpoint {
    operatie: Operatie::VaststellenLeerbedrijf,
    operation_id: "vaststellenLeerbedrijf",
    methode: Methode::Post,
    pad: "/v1/leerbedrijven/_zoek",
    samenvatting: "Welk leerbedrijf is dit? Op id, of op naam en adres",
    beschrijving: "Genoeg is: leerbedrijfId; naam met postcode; naam met plaats; of postcode met \
        huisnummer. Het best passende leerbedrijf staat voorop, hoogstens 25. Niets gevonden is \
        een antwoord (200) met signaalcode 130. Namen gaan in de body en niet in de URI.",
    pad_velden: &[],
    query: &[],
    verzoek: Some(Verzoek {
        schema: "VaststellenLeerbedrijfVerzoek",
        voorbeelden: &[
            Voorbeeld {
                naam: "naamEnPlaats",
                samenvatting: "Op naam en plaats",
                json: r#"{"naam":"Bakkerij Van Dijk","plaats":"Amsterdam"}"#,
            },
            Voorbeeld {
                naam: "postcodeEnHuisnummer",
                samenvatting: "Op postcode en huisnummer",
                json: r#"{"postcode":"1012AB","huisnummer":"12"}"#,
            },
        ],
    }),
    antwoord: ANTWOORD,
    voorbeelden: &[VOORBEELD],
    uitkomst: Uitkomst::Antwoord,
};

const VOORBEELD: Voorbeeld = Voorbeeld {
    naam: "gevonden",
    samenvatting: "Eén leerbedrijf gevonden",
    json: include_str!("voorbeelden/vaststellen-gevonden.json"),
};

pub(super) async fn by_id(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &BY_ID, answer_by_id).await
}

async fn answer_by_id(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let request = read_uri(call.request, &mut fouten);
    let versie = request.minimale_register_versie.as_deref();
    let context = call.context(&caller, versie, &fouten).await?;
    let answer = run(&context, request);
    let response = accepted(&call.uitgang(&caller), answer, fouten, |veld| match veld {
        "minimaleRegisterVersie" => Plaats::Query,
        _ => Plaats::Pad,
    })
    .await?;
    call.note(&context, response.leerbedrijf_ids());
    match response.kop.signaalcode {
        Signaalcode::LeerbedrijfOnbekend => Err(Problem::unknown_leerbedrijf()),
        signaalcode => Reply::json(&response, signaalcode),
    }
}

fn read_uri(http: &HttpRequest, fouten: &mut Overtredingen) -> Request {
    let leerbedrijf_id = uri::segment(http, 2, &LEERBEDRIJF_ID, fouten);
    // An empty id would be no id to the operation, which would then ask for a name.
    let leerbedrijf_id = leerbedrijf_id.filter(|id| !id.trim().is_empty());
    let [minimale_register_versie] = uri::query(http.query_string(), &QUERY, fouten);
    fouten.check_versie(Plaats::Query, minimale_register_versie.as_deref());
    Request {
        leerbedrijf_id: Some(leerbedrijf_id.unwrap_or_else(|| "-".to_owned())),
        minimale_register_versie,
        ..Request::default()
    }
}

impl Posted for Request {
    const ENDPOINT: Endpoint = SEARCH;
    type Response = Response;

    fn read(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Self {
        read_body(body, limits, fouten)
    }

    fn minimale_register_versie(&self) -> Option<&str> {
        self.minimale_register_versie.as_deref()
    }

    async fn run(self, ctx: &Context<'_>, _: &Writing<'_>) -> Result<Answer<Response>, Failure> {
        Ok(run(ctx, self))
    }

    fn leerbedrijf_ids(response: &Response) -> Vec<LeerbedrijfId> {
        response.leerbedrijf_ids()
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }
}

fn read_body(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Request {
    let Some(node) = json::parse(body, limits, fouten) else {
        return Request::default();
    };
    let mut fields = Fields::new(node, Place::Root, &VELDEN, fouten);
    let vraag = read_vraag(&mut fields);
    let minimale_register_versie = fields.text("minimaleRegisterVersie");
    fouten.check_versie(Plaats::Body, minimale_register_versie.as_deref());
    Request {
        minimale_register_versie,
        ..vraag
    }
}

/// The question itself, which a line of the bulk request has as well.
pub(super) fn read_vraag<const N: usize>(fields: &mut Fields<'_, '_, N>) -> Request {
    Request {
        leerbedrijf_id: fields.text("leerbedrijfId"),
        naam: fields.text("naam"),
        postcode: fields.text("postcode"),
        huisnummer: fields.text("huisnummer"),
        plaats: fields.text("plaats"),
        land: fields.text("land"),
        minimale_register_versie: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_table_reaches_the_request() {
        let limits = JsonLimits {
            depth: 32,
            elements: 100,
        };
        let body: serde_json::Map<_, _> = VELDEN
            .iter()
            .map(|veld| (veld.naam.to_owned(), veld.voorbeeld.into()))
            .collect();
        let body = serde_json::to_vec(&body).unwrap();
        let mut fouten = Overtredingen::default();
        let request = read_body(&body, limits, &mut fouten);
        assert!(fouten.is_empty(), "{fouten:?}");
        assert_eq!(
            request,
            Request {
                leerbedrijf_id: Some("100000001".to_owned()),
                naam: Some("Bakkerij Van Dijk".to_owned()),
                postcode: Some("1012AB".to_owned()),
                huisnummer: Some("12".to_owned()),
                plaats: Some("Amsterdam".to_owned()),
                land: Some("NL".to_owned()),
                minimale_register_versie: Some("1.48210".to_owned()),
            }
        );
    }
}
