//! PUT /v1/bpvos and DELETE /v1/bpvos/{bpvoKenmerk}: registrerenBpvos, up to 10,000 at once.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    call::{Call, Reply, serve},
    endpoint::{Endpoint, Methode, Uitkomst, Verzoek as Body, Voorbeeld},
    field::{CODE, LEERBEDRIJF_ID, MINIMALE_REGISTER_VERSIE, Veld},
    json::{self, Fields, JsonLimits, Node, Place},
    posted::Posted,
    problem::Problem,
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::{Operatie, Signaalcode},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        registreren_bpvos::{
            InvoerBpvo, InvoerKeuzedeel, MAX_BPVOS, MAX_KEUZEDELEN, Request, Response, run,
            verwijder,
        },
    },
    transport::gateway::Gateway,
};

const BPVOS: &str = "bpvos";
const KEUZEDELEN: &str = "keuzedelen";

pub(super) const SCHOOL_OIN: Veld = Veld::tekst(
    "schoolOin",
    "Dezelfde school als in de header Onderwijsinstelling-OIN; een andere geeft 403. Mag weg.",
    "00000099000090AA0000",
);

pub(super) const BPVO_KENMERK: Veld = Veld::tekst(
    "bpvoKenmerk",
    "Eigen kenmerk van de school, 1 tot en met 41 tekens, uniek binnen de school. Geen BSN, \
     onderwijsnummer, studentnummer of naam; negen cijfers worden daarom geweigerd.",
    "BPV-2026-000417",
);

pub(super) const VERVANG_ALLES: Veld = Veld::boolean(
    "vervangAlles",
    "De lijst is de hele lijst van de school: wat zij eerder aanmeldde en er nu niet in staat, wordt verwijderd.",
);

pub(super) const PROEF: Veld = Veld::boolean(
    "proef",
    "Alleen zeggen wat er zou veranderen; er wordt niets bewaard.",
);

const BEGINDATUM: Veld = Veld::tekst("begindatum", "Eerste dag, jjjj-mm-dd.", "2026-09-01");
const EINDDATUM_GEPLAND: Veld = Veld::tekst(
    "einddatumGepland",
    "Laatste dag volgens plan, inclusief.",
    "2027-07-15",
);
const EINDDATUM_WERKELIJK: Veld = Veld::tekst(
    "einddatumWerkelijk",
    "Laatste dag zoals die werd, zodra bekend.",
    "2027-06-30",
);

/// Fields of one bpvo but its keuzedelen, in the order of [`InvoerBpvo`].
pub(super) const VELDEN: [Veld; 6] = [
    BPVO_KENMERK,
    LEERBEDRIJF_ID,
    CODE,
    BEGINDATUM,
    EINDDATUM_GEPLAND,
    EINDDATUM_WERKELIJK,
];

/// Fields of one keuzedeel.
pub(super) const KEUZEDEEL_VELDEN: [Veld; 3] = [
    Veld::tekst("code", "Code van het keuzedeel.", "K0165"),
    BEGINDATUM,
    EINDDATUM_GEPLAND,
];

pub(super) const PUT: Endpoint = Endpoint {
    operatie: Operatie::RegistrerenBpvos,
    operation_id: "registrerenBpvos",
    methode: Methode::Put,
    pad: "/v1/bpvos",
    samenvatting: "Lopende bpvo's van de school aanmelden: een, of tot 10.000 in een keer",
    beschrijving: "Wie hoort van een wijziging, volgt hieruit. Alle goede regels worden samen bewaard, of \
        geen. Een regel die niet goed is, bederft alleen zichzelf: zij krijgt haar signaalcode (101, 111, \
        112, 120, 121 of 180) zonder erkenningStatus, en het antwoord als geheel krijgt 180. Ook een bpvo \
        bij een leerbedrijf dat niet erkend (0, 181) of niet bekend (100, 110) is, wordt bewaard: juist \
        daarvan moet de school horen. Een bpvo die langer voorbij is dan bpvo's bewaard worden, wordt niet \
        opgenomen en verdwijnt als zij er nog staat: 121 zonder erkenningStatus, ongewijzigd, en het antwoord \
        als geheel blijft 0. Twee keer hetzelfde sturen verandert niets (ongewijzigd). Met een \
        Idempotency-Key krijgt een herhaling het eerste antwoord; dezelfde sleutel bij een andere vraag \
        geeft 400. Een levering verwijdert nooit wat de school aanmeldde. Een afgekeurde regel laat bij \
        vervangAlles staan wat er onder haar bpvoKenmerk stond; is dat onleesbaar, dan wordt er niets \
        verwijderd.",
    pad_velden: &[],
    query: &[],
    verzoek: Some(Body {
        schema: "RegistrerenBpvosVerzoek",
        voorbeelden: &[Voorbeeld {
            naam: "tweeBpvos",
            samenvatting: "Twee bpvo's, waarvan een met een keuzedeel",
            json: include_str!("voorbeelden/registreren-bpvos-verzoek.json"),
        }],
    }),
    antwoord: "RegistrerenBpvosAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "tweeBpvos",
        samenvatting: "De tweede loopt langer dan de erkenning",
        json: include_str!("voorbeelden/registreren-bpvos-antwoord.json"),
    }],
    uitkomst: Uitkomst::Antwoord,
};

pub(super) const DELETE: Endpoint = Endpoint {
    operatie: Operatie::RegistrerenBpvos,
    operation_id: "verwijderenBpvo",
    methode: Methode::Delete,
    pad: "/v1/bpvos/{bpvoKenmerk}",
    samenvatting: "Een bpvo uit de lijst van de school halen",
    beschrijving: "Voor een bpvo die er niet had moeten staan; een bpvo die eindigt, krijgt een \
        einddatumWerkelijk. Wat het register van de bpvo zegt, blijft staan (herkomst REGISTER). Een bpvo \
        die de school niet heeft, geeft 404 met code 130; een herhaling met dezelfde Idempotency-Key \
        krijgt het eerste antwoord.",
    pad_velden: &[BPVO_KENMERK],
    query: &[],
    verzoek: None,
    antwoord: "RegistrerenBpvosAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "verwijderd",
        samenvatting: "De bpvo is verwijderd",
        json: include_str!("voorbeelden/verwijderen-bpvo-antwoord.json"),
    }],
    uitkomst: Uitkomst::OfOnbekend,
};

impl Posted for Request {
    const ENDPOINT: Endpoint = PUT;
    const BULK: bool = true;
    const WRITES: bool = true;
    type Response = Response;

    fn read(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Self {
        read_body(body, limits, fouten)
    }

    fn minimale_register_versie(&self) -> Option<&str> {
        self.minimale_register_versie.as_deref()
    }

    async fn run(
        self,
        ctx: &Context<'_>,
        writing: &Writing<'_>,
    ) -> Result<Answer<Response>, Failure> {
        run(ctx, writing, self).await
    }

    fn regels(&self) -> usize {
        self.bpvos.len()
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }
}

/// DELETE.
pub(super) async fn delete(request: HttpRequest, gateway: web::Data<Gateway>) -> HttpResponse {
    serve(&request, &gateway, &DELETE, answer_delete).await
}

async fn answer_delete(call: &mut Call<'_>) -> Result<Reply, Problem> {
    let caller = call.authorise()?;
    let mut fouten = Overtredingen::default();
    let kenmerk = uri::segment(call.request, 2, &BPVO_KENMERK, &mut fouten);
    uri::query(call.request.query_string(), &[], &mut fouten);
    let herkenning = call.herkenning(&mut fouten);
    if !fouten.is_empty() {
        return Err(Problem::invalid_input(fouten));
    }
    let context = call.context(&caller, None, &fouten).await?;
    let writing = call.gateway.writing(herkenning);
    let answer = verwijder(&context, &writing, kenmerk).await?;
    let (response, _) = call.uitgang(&caller).open(answer).await?;
    match response.kop.signaalcode {
        Signaalcode::GeenResultaat => Err(Problem::unknown_bpvo()),
        signaalcode => Reply::json(&response, signaalcode),
    }
}

fn read_body(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Request {
    let Some(node) = json::parse(body, limits, fouten) else {
        return Request::default();
    };
    let names = [
        SCHOOL_OIN.naam,
        VERVANG_ALLES.naam,
        PROEF.naam,
        BPVOS,
        MINIMALE_REGISTER_VERSIE.naam,
    ];
    let [school, vervang, proef, bpvos, versie] = json::members(node, Place::Root, names, fouten);
    let school_oin = json::text(school, Place::Root, &SCHOOL_OIN, fouten);
    let vervang_alles = json::boolean(vervang, Place::Root, VERVANG_ALLES.naam, fouten);
    let proef = json::boolean(proef, Place::Root, PROEF.naam, fouten);
    let minimale_register_versie =
        json::text(versie, Place::Root, &MINIMALE_REGISTER_VERSIE, fouten);
    fouten.check_versie(Plaats::Body, minimale_register_versie.as_deref());
    let bpvos = json::list(bpvos, Place::Root, BPVOS, MAX_BPVOS, fouten)
        .into_iter()
        .enumerate()
        .map(|(index, node)| read_bpvo(node, index, fouten))
        .collect();
    Request {
        school_oin,
        vervang_alles: vervang_alles.unwrap_or(false),
        proef: proef.unwrap_or(false),
        bpvos,
        minimale_register_versie,
    }
}

fn read_bpvo(node: Node<'_>, index: usize, fouten: &mut Overtredingen) -> InvoerBpvo {
    let place = Place::Item { list: BPVOS, index };
    let [kenmerk, id, code, begin, gepland, werkelijk] = VELDEN.map(|veld| veld.naam);
    let names = [kenmerk, id, code, begin, gepland, werkelijk, KEUZEDELEN];
    let [texts @ .., keuzedelen] = json::members(node, place, names, fouten);
    let mut texts = texts.into_iter();
    let mut values = VELDEN.iter().map(|veld| {
        let node = texts.next().flatten();
        json::text(node, place, veld, fouten)
    });
    let mut next = || values.next().flatten();
    let bpvo = InvoerBpvo {
        bpvo_kenmerk: next(),
        leerbedrijf_id: next(),
        code: next(),
        begindatum: next(),
        einddatum_gepland: next(),
        einddatum_werkelijk: next(),
        keuzedelen: Vec::new(),
    };
    InvoerBpvo {
        keuzedelen: json::list(keuzedelen, place, KEUZEDELEN, MAX_KEUZEDELEN, fouten)
            .into_iter()
            .enumerate()
            .map(|(at, node)| read_keuzedeel(node, (index, at), fouten))
            .collect(),
        ..bpvo
    }
}

fn read_keuzedeel(
    node: Node<'_>,
    (index, at): (usize, usize),
    fouten: &mut Overtredingen,
) -> InvoerKeuzedeel {
    let place = Place::Within {
        list: BPVOS,
        index,
        inner: KEUZEDELEN,
        at,
    };
    let mut fields = Fields::new(node, place, &KEUZEDEEL_VELDEN, fouten);
    InvoerKeuzedeel {
        code: fields.text("code"),
        begindatum: fields.text("begindatum"),
        einddatum_gepland: fields.text("einddatumGepland"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (Request, Vec<String>) {
        let limits = JsonLimits {
            depth: 32,
            elements: 120_000,
        };
        let mut fouten = Overtredingen::default();
        let request = read_body(body.as_bytes(), limits, &mut fouten);
        let shown = fouten.shown().iter();
        (
            request,
            shown.map(|o| format!("{} {}", o.veld, o.code)).collect(),
        )
    }

    #[test]
    fn every_field_has_its_place() {
        let (request, shown) = read(include_str!("voorbeelden/registreren-bpvos-verzoek.json"));
        assert_eq!(shown, Vec::<String>::new());
        let bpvo = &request.bpvos[0];
        assert_eq!(bpvo.bpvo_kenmerk.as_deref(), Some("BPV-2026-000417"));
        assert_eq!(bpvo.einddatum_gepland.as_deref(), Some("2027-07-15"));
        assert_eq!(bpvo.keuzedelen[0].code.as_deref(), Some("K0165"));
        assert!(!request.vervang_alles && !request.proef);
        let (request, _) = read(r#"{"vervangAlles":true,"proef":true,"bpvos":null}"#);
        assert!(request.vervang_alles && request.proef && request.bpvos.is_empty());
    }

    #[test]
    fn a_body_of_the_wrong_form_names_every_place() {
        let (_, shown) = read(
            r#"{"vervangAlles":"ja","school":1,"bpvos":[3,{"code":25180,"keuzedelen":{}},
                {"keuzedelen":[{"code":1,"naam":"x"},null]}]}"#,
        );
        assert_eq!(
            shown,
            [
                "/school ONBEKEND_VELD",
                "/vervangAlles TYPE_ONGELDIG",
                "/bpvos/0 TYPE_ONGELDIG",
                "/bpvos/1/code TYPE_ONGELDIG",
                "/bpvos/1/keuzedelen TYPE_ONGELDIG",
                "/bpvos/2/keuzedelen/0/naam ONBEKEND_VELD",
                "/bpvos/2/keuzedelen/0/code TYPE_ONGELDIG",
                "/bpvos/2/keuzedelen/1 TYPE_ONGELDIG",
            ]
        );
    }

    #[test]
    fn ten_thousand_bpvos_fit_and_one_more_does_not() {
        let line = r#"{"bpvoKenmerk":"1","leerbedrijfId":"1","code":"1","begindatum":"1","einddatumGepland":"1"}"#;
        let body = |lines: usize| format!(r#"{{"bpvos":[{}]}}"#, vec![line; lines].join(","));
        let (request, shown) = read(&body(MAX_BPVOS));
        assert_eq!((request.bpvos.len(), shown.len()), (MAX_BPVOS, 0));
        assert_eq!(read(&body(MAX_BPVOS + 1)).1, ["/bpvos TE_VEEL_REGELS"]);
        let body = format!(
            r#"{{"bpvos":[{{"keuzedelen":[{}]}}]}}"#,
            vec!["{}"; 51].join(",")
        );
        assert_eq!(read(&body).1, ["/bpvos/0/keuzedelen TE_VEEL_REGELS"]);
    }
}
