//! The OpenAPI 3.1 description, made from the tables that the endpoints themselves use.
//!
//! `openapi/stagepoort.json` holds it for readers; a test fails when it differs from this.

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    API_VERSION, ENDPOINTS, Endpoint, IDEMPOTENCY_HEADER, Probleemsoort, SCHOOL_HEADER, Uitkomst,
    Veld, Voorbeeld, abonnement,
    field::{MAX_FIELD_CHARS, MINIMALE_REGISTER_VERSIE, Veldsoort},
    natrekken_erkenningen, problem, registreren_bpvos, vaststellen_leerbedrijf,
    vaststellen_leerbedrijven, vergelijken_mutaties,
    violation::{Overtreding, Plaats},
    webhooks, zoeken_leerplaatsen,
};
use crate::{operations, transport::gateway::TRACEPARENT};

/// The base URL in the file that is kept with the source.
pub const EXAMPLE_API_URL: &str = "https://stagepoort.example";

/// The whole description, for a gateway whose api listener has this base URL.
#[must_use]
pub fn document(api_url: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [{ "url": format!("{api_url}/v1"), "description": "Tweezijdige TLS: de api-listener" }],
        "security": [{ "clientcertificaat": [] }],
        "tags": tags(),
        "paths": paths(),
        "webhooks": webhooks::webhooks(),
        "components": {
            "schemas": schemas(),
            "parameters": {
                "OnderwijsinstellingOin": school_parameter(),
                "IdempotencyKey": idempotency_parameter(),
                "Traceparent": traceparent_parameter(),
            },
            "headers": {
                "ApiVersion": version_header(),
                "RateLimit": rate_limit_header(),
                "RateLimitPolicy": rate_limit_policy_header(),
            },
            "responses": problem_responses(),
            "securitySchemes": {
                "clientcertificaat": {
                    "type": "mutualTLS",
                    "description": "Clientcertificaat van de leverancier, met zijn OIN in \
                        Subject.serialNumber. TLS 1.2 of 1.3.",
                },
            },
        },
    })
}

/// The description as text, indented, with a line end behind it.
#[must_use]
pub fn text(api_url: &str) -> String {
    format!("{:#}\n", document(api_url))
}

fn info() -> Value {
    json!({
        "title": "Stagepoort – White Label",
        "version": API_VERSION,
        "summary": "Erkende leerbedrijven vaststellen, erkenningen natrekken en leerplaatsen zoeken",
        "description": "De REST-kant van Stagepoort, naast SOAP met dezelfde betekenis. \
            Alleen scholen mogen vragen, door een leverancier die hun mandaat heeft: de leverancier \
            staat in het clientcertificaat, de school in de header Onderwijsinstelling-OIN.\n\n\
            Niet erkend en niet gevonden zijn antwoorden met een signaalcode; problemen \
            (RFC 9457) zijn er voor toegang, vorm, limieten en beschikbaarheid. Invoervelden \
            zijn teksten van hoogstens 200 tekens, of true of false; een getal mag ook als getal in \
            JSON staan. Leeg betekent afwezig. Tijdstippen zijn UTC, \
            'vandaag' is Europe/Amsterdam.",
        "contact": {
            "name": "Beheer van Stagepoort",
            "url": "https://stagepoort.example",
            "email": "beheer@stagepoort.example",
        },
        "license": { "name": "EUPL-1.2", "identifier": "EUPL-1.2" },
    })
}

fn tags() -> Value {
    json!([
        { "name": "leerbedrijven", "description": "Vaststellen en opvragen van leerbedrijven" },
        { "name": "erkenningen", "description": "Natrekken van erkenningen" },
        { "name": "leerplaatsen", "description": "Zoeken naar erkenningen en leerplaatsen" },
        { "name": "bpvos", "description": "Aanmelden en opvragen van lopende bpvo's" },
        { "name": "abonnementen", "description": "Horen van wijzigingen: aanmelden, wijzigen, beëindigen" },
        { "name": "mutaties", "description": "De mutaties van een abonnement, en of alles er is" },
        { "name": "gebruik", "description": "Hoe vaak de leverancier wat vroeg" },
        { "name": "documentatie", "description": "Deze beschrijving" },
    ])
}

fn paths() -> Value {
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let path = endpoint.pad.trim_start_matches("/v1");
        let methods = paths
            .entry(path)
            .or_insert_with(|| Value::Object(Map::new()));
        let method = endpoint.methode.as_str().to_lowercase();
        methods[method] = operation(endpoint);
    }
    paths.insert("/openapi.json".to_owned(), own_description());
    Value::Object(paths)
}

fn operation(endpoint: &Endpoint) -> Value {
    let tag = [
        "erkenningen",
        "leerplaatsen",
        "bpvos",
        "abonnementen",
        "mutaties",
        "gebruik",
    ]
    .into_iter()
    .find(|tag| endpoint.pad.contains(tag))
    .unwrap_or("leerbedrijven");
    let mut parameters: Vec<Value> = Vec::new();
    parameters.extend(endpoint.pad_velden.iter().map(|v| parameter(v, "path")));
    parameters.extend(endpoint.query.iter().map(|v| parameter(v, "query")));
    parameters.push(json!({ "$ref": "#/components/parameters/OnderwijsinstellingOin" }));
    if endpoint.writes() {
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    parameters.push(json!({ "$ref": "#/components/parameters/Traceparent" }));
    let mut operation = json!({
        "tags": [tag],
        "operationId": endpoint.operation_id,
        "summary": endpoint.samenvatting,
        "description": endpoint.beschrijving,
        "parameters": parameters,
        "responses": responses(endpoint),
    });
    if let Some(verzoek) = endpoint.verzoek {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": {
                "schema": schema_ref(verzoek.schema),
                "examples": examples(verzoek.voorbeelden),
            } },
        });
    }
    operation
}

fn parameter(veld: &Veld, place: &str) -> Value {
    json!({
        "name": veld.naam,
        "in": place,
        "required": place == "path" || veld.verplicht,
        "description": veld.uitleg,
        "schema": { "type": "string", "maxLength": MAX_FIELD_CHARS },
        "example": veld.voorbeeld,
    })
}

fn school_parameter() -> Value {
    json!({
        "name": SCHOOL_HEADER,
        "in": "header",
        "required": false,
        "description": "OIN van de school waarvoor gevraagd wordt. Mag weg als de leverancier mandaat \
            van precies één school heeft; anders 400. Een eigen keuze van Stagepoort: de tekst van \
            Edukoppelings REST/SaaS-profiel is niet openbaar.",
        "schema": { "type": "string", "pattern": "^[0-9]{8}[0-9A-Z]{12}$" },
        "example": "00000099000090AA0000",
    })
}

fn idempotency_parameter() -> Value {
    json!({
        "name": IDEMPOTENCY_HEADER,
        "in": "header",
        "required": false,
        "description": "Kenmerk van deze vraag, bij elke nieuwe vraag een nieuwe, zoals een UUID. Een \
            herhaling met dezelfde sleutel en inhoud krijgt het eerste antwoord en verandert niets; bij \
            een andere inhoud 400. Zonder sleutel is een herhaling een nieuwe vraag.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 200 },
        "example": "8a6bd9c3-5a8f-4a36-9a1d-0f4a63f0c0de",
    })
}

fn traceparent_parameter() -> Value {
    json!({
        "name": TRACEPARENT,
        "in": "header",
        "required": false,
        "description": "Uw trace (W3C Trace Context). Wat over de vraag wordt vastgelegd, hoort dan daarbij; \
            wat niet gelezen kan worden, telt als afwezig.",
        "schema": { "type": "string", "maxLength": MAX_FIELD_CHARS },
        "example": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    })
}

fn version_header() -> Value {
    json!({
        "description": "Volledige versie van het contract",
        "schema": { "type": "string" },
        "example": API_VERSION,
    })
}

fn rate_limit_header() -> Value {
    json!({
        "description": "Wat er op deze node over is van het quotum van de afnemer (r) en over hoeveel seconden het \
            weer vol is (t); bulkregels alleen bij een bulkvraag. Volgens draft-ietf-httpapi-ratelimit-headers-11.",
        "schema": { "type": "string" },
        "example": "\"verzoeken\";r=999;t=1, \"gelijktijdig\";r=31",
    })
}

fn rate_limit_policy_header() -> Value {
    json!({
        "description": "Het quotum van de afnemer op elke node: verzoeken (q in w seconden, ook in een keer), \
            gelijktijdig, en regels van bulkvragen. Volgens draft-ietf-httpapi-ratelimit-headers-11; de eenheid \
            bulkregels is van Stagepoort.",
        "schema": { "type": "string" },
        "example": "\"verzoeken\";q=1000;w=5, \"gelijktijdig\";q=32;qu=\"concurrent-requests\", \
            \"bulkregels\";q=300000;qu=\"bulkregels\";w=60",
    })
}

fn responses(endpoint: &Endpoint) -> Value {
    let mut answer = json!({
        "description": "Het antwoord. Ook niet erkend en niet gevonden zijn antwoorden.",
        "headers": common_headers(),
        "content": { "application/json": {
            "schema": schema_ref(endpoint.antwoord),
            "examples": examples(endpoint.voorbeelden),
        } },
    });
    if endpoint.uitkomst == Uitkomst::Gemaakt {
        answer["description"] = json!("Gemaakt. Een herhaling krijgt hetzelfde antwoord.");
        answer["headers"]["Location"] = json!({
            "description": "Waar het op te vragen is",
            "schema": { "type": "string", "format": "uri-reference" },
        });
    }
    let mut responses = json!({ endpoint.status().to_string(): answer });
    for status in statuses(endpoint) {
        responses[status.to_string()] =
            json!({ "$ref": format!("#/components/responses/Probleem{status}") });
    }
    responses
}

/// The statuses of the problems that an endpoint can answer with.
fn statuses(endpoint: &Endpoint) -> Vec<u16> {
    let mut all: Vec<u16> = Probleemsoort::ALL
        .iter()
        .map(|soort| soort.status().as_u16())
        .filter(|status| match status {
            404 => matches!(
                endpoint.uitkomst,
                Uitkomst::OfOnbekend | Uitkomst::OfVerlopen
            ),
            410 => endpoint.uitkomst == Uitkomst::OfVerlopen,
            408 | 413 | 415 => endpoint.methode.has_body(),
            _ => true,
        })
        .collect();
    all.dedup();
    all
}

fn problem_responses() -> Value {
    let mut responses = Map::new();
    for soort in Probleemsoort::ALL {
        let status = soort.status().as_u16();
        let response = responses
            .entry(format!("Probleem{status}"))
            .or_insert_with(|| empty_problem_response(*soort));
        response["content"]["application/problem+json"]["examples"][soort.type_uri()] = json!({
            "summary": soort.titel(),
            "value": problem_example(*soort),
        });
    }
    // An example's key may hold no colon (Components Object), so the last part names it.
    for response in responses.values_mut() {
        let examples = &mut response["content"]["application/problem+json"]["examples"];
        if let Value::Object(old) = examples.take() {
            *examples = old
                .into_iter()
                .map(|(key, value)| (key.rsplit(':').next().unwrap_or(&key).to_owned(), value))
                .collect();
        }
    }
    Value::Object(responses)
}

fn empty_problem_response(soort: Probleemsoort) -> Value {
    let status = soort.status();
    let mut headers = common_headers();
    match status.as_u16() {
        401 => {
            // It is not known of whom the quota would be.
            headers = json!({ "API-Version": headers["API-Version"].take() });
            headers["WWW-Authenticate"] = json!({
                "description": "Altijd ClientCertificate",
                "schema": { "type": "string" },
            });
        }
        405 => {
            headers["Allow"] = json!({
                "description": "De methoden van dit pad",
                "schema": { "type": "string" },
            });
        }
        429 | 503 => {
            headers["Retry-After"] = json!({
                "description": "Na hoeveel seconden het opnieuw kan",
                "schema": { "type": "integer", "minimum": 0 },
            });
        }
        _ => {}
    }
    json!({
        "description": titles(status),
        "headers": headers,
        "content": { "application/problem+json": {
            "schema": schema_ref("Probleem"),
            "examples": {},
        } },
    })
}

/// The kinds of problem that share a status.
fn titles(status: StatusCode) -> String {
    let kinds = Probleemsoort::ALL
        .iter()
        .filter(|soort| soort.status() == status);
    let titles: Vec<&str> = kinds.map(|soort| soort.titel()).collect();
    titles.join("; ")
}

fn problem_example(soort: Probleemsoort) -> Value {
    let mut example = json!({
        "type": soort.type_uri(),
        "title": soort.titel(),
        "status": soort.status().as_u16(),
        "detail": soort.uitleg(),
        "instance": "urn:uuid:8a6bd9c3-5a8f-4a36-9a1d-0f4a63f0c0de",
        "code": soort.code(),
    });
    match soort {
        Probleemsoort::LeerbedrijfOnbekend => example["signaalcode"] = json!(100),
        Probleemsoort::BpvoOnbekend => example["signaalcode"] = json!(130),
        Probleemsoort::AbonnementOnbekend => example["signaalcode"] = json!(170),
        Probleemsoort::VolgnummerVerlopen => {
            example["signaalcode"] = json!(171);
            example["oudsteVolgnummer"] = json!(900);
            example["laatsteVolgnummer"] = json!(1041);
        }
        Probleemsoort::OngeldigeInvoer => {
            example["detail"] = json!("de invoer bevat 2 fouten; zie overtredingen");
            example["signaalcode"] = json!(101);
            example["overtredingen"] = json!([
                {
                    "plaats": "pad",
                    "veld": "leerbedrijfId",
                    "code": "101",
                    "reden": "leerbedrijfId ongeldig: geef negen cijfers, het eerste geen nul, zoals 100000001",
                },
                {
                    "plaats": "query",
                    "veld": "datum",
                    "code": "ONBEKEND_VELD",
                    "reden": "onbekend; bekend zijn peildatum, minimaleRegisterVersie",
                },
            ]);
        }
        _ => {}
    }
    example
}

fn own_description() -> Value {
    json!({ "get": {
        "tags": ["documentatie"],
        "operationId": "opvragenOpenapi",
        "summary": "Deze beschrijving",
        "description": "Ook zonder clientcertificaat te lezen, op de docs-listener.",
        "security": [],
        "responses": { "200": {
            "description": "OpenAPI 3.1",
            "headers": {
                "API-Version": { "$ref": "#/components/headers/ApiVersion" },
                "Access-Control-Allow-Origin": {
                    "description": "Elke herkomst mag deze beschrijving lezen",
                    "schema": { "type": "string" },
                    "example": "*",
                },
            },
            "content": { "application/json": {
                "schema": { "type": "object" },
                "example": { "openapi": "3.1.0" },
            } },
        } },
    } })
}

fn common_headers() -> Value {
    json!({
        "API-Version": { "$ref": "#/components/headers/ApiVersion" },
        "RateLimit": { "$ref": "#/components/headers/RateLimit" },
        "RateLimit-Policy": { "$ref": "#/components/headers/RateLimitPolicy" },
    })
}

fn schema_ref(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn examples(all: &[Voorbeeld]) -> Value {
    let mut map = Map::new();
    for voorbeeld in all {
        // The tests read every example, so that none is null.
        let value: Value = serde_json::from_str(voorbeeld.json).unwrap_or_default();
        let example = json!({ "summary": voorbeeld.samenvatting, "value": value });
        map.insert(voorbeeld.naam.to_owned(), example);
    }
    Value::Object(map)
}

fn schemas() -> Value {
    let mut schemas: Vec<(String, RefOr<Schema>)> = Vec::new();
    add::<operations::vaststellen_leerbedrijf::Response>(&mut schemas);
    add::<operations::vaststellen_leerbedrijven::Response>(&mut schemas);
    add::<operations::natrekken_erkenning::Response>(&mut schemas);
    add::<operations::natrekken_erkenningen::Response>(&mut schemas);
    add::<operations::opvragen_detailgegevens::Response>(&mut schemas);
    add::<operations::zoeken_leerplaatsen::Response>(&mut schemas);
    add::<operations::registreren_bpvos::Response>(&mut schemas);
    add::<operations::opvragen_bpvos::Response>(&mut schemas);
    add::<operations::opvragen_bpvos::ResponseOfOne>(&mut schemas);
    add::<operations::abonnementen::Response>(&mut schemas);
    add::<operations::abonnementen::opvragen::Response>(&mut schemas);
    add::<operations::opvragen_mutaties::Response>(&mut schemas);
    add::<operations::waarom_mutatie::Response>(&mut schemas);
    add::<operations::opvragen_gebruik::Response>(&mut schemas);
    add::<operations::vergelijken_mutaties::Response>(&mut schemas);
    add::<problem::Probleem<'_>>(&mut schemas);
    add::<Overtreding>(&mut schemas);
    add::<Plaats>(&mut schemas);
    let mut map = Map::new();
    for (name, schema) in schemas {
        let mut schema = serde_json::to_value(schema).unwrap_or_default();
        for (described, text) in DESCRIPTIONS {
            if *described == name {
                schema["description"] = json!(text);
            }
        }
        without_null(&mut schema);
        map.insert(name, schema);
    }
    request_schemas(&mut map);
    map.extend(webhooks::schemas().map(|(name, schema)| (name.to_owned(), schema)));
    Value::Object(map)
}

/// What is not known is left out of an answer, never null; utoipa takes every `Option` for both.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|one| one != "null");
                if let [one] = types.as_mut_slice() {
                    let one = one.take();
                    members.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(choices)) = members.get_mut("oneOf") {
                choices.retain(|one| one["type"] != "null");
                if let [Value::Object(one)] = choices.as_mut_slice() {
                    let one = std::mem::take(one);
                    members.remove("oneOf");
                    members.extend(one);
                }
            }
            members.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

/// Descriptions for readers of the API, where the source speaks to its own readers.
const DESCRIPTIONS: &[(&str, &str)] = &[
    (
        "VaststellenLeerbedrijfAntwoord",
        "Antwoord van vaststellenLeerbedrijf, beste eerst.",
    ),
    (
        "VaststellenLeerbedrijvenAntwoord",
        "Antwoord van vaststellenLeerbedrijven, alle resultaten uit één registerversie.",
    ),
    (
        "VaststelResultaat",
        "Het resultaat van één rij: de beste treffer.",
    ),
    (
        "NatrekkenErkenningAntwoord",
        "Antwoord van natrekkenErkenning.",
    ),
    (
        "NatrekkenErkenningenAntwoord",
        "Antwoord van natrekkenErkenningen, alle resultaten uit één registerversie.",
    ),
    (
        "OpvragenDetailgegevensAntwoord",
        "Antwoord van opvragenDetailgegevens.",
    ),
    (
        "ZoekenLeerplaatsenAntwoord",
        "Antwoord van zoekenLeerplaatsen, gegroepeerd per leerbedrijf.",
    ),
    (
        "RegistrerenBpvosAntwoord",
        "Antwoord van registrerenBpvos: hoeveel er veranderde, en per bpvo wat er van werd.",
    ),
    (
        "BpvoResultaat",
        "Wat er van een bpvo werd, en of haar leerbedrijf over de hele periode erkend is.",
    ),
    (
        "BpvoTelling",
        "Hoeveel er in de lijst van de school veranderde.",
    ),
    (
        "OpvragenBpvosAntwoord",
        "Antwoord van opvragenBpvos: een pagina van de bpvo's van de school.",
    ),
    ("OpvragenBpvoAntwoord", "Een bpvo van de school."),
    (
        "AbonnementAntwoord",
        "Een abonnement en hoe het ervoor staat.",
    ),
    ("Abonnement", "Een abonnement zoals de abonnee het ziet."),
    (
        "OpvragenAbonnementenAntwoord",
        "Antwoord van opvragenAbonnementen.",
    ),
    (
        "Kanaal",
        "Hoe de abonnee hoort: een aanroep van meldenMutaties, een webhook, of alleen op vraag.",
    ),
    ("AbonnementStatus", "Hoe het met een abonnement staat."),
    ("MutatieSoort", "Wat er veranderde. De lijst kan groeien."),
    (
        "OpvragenMutatiesAntwoord",
        "Antwoord van opvragenMutaties: een deel van de stroom.",
    ),
    (
        "Mutatie",
        "Een wijziging in een erkenning of een leerbedrijf, voor één school. Zonder personen.",
    ),
    (
        "GemeldeStatus",
        "Of een leerbedrijf na de wijziging erkend is.",
    ),
    (
        "VergelijkenMutatiesAntwoord",
        "Antwoord van vergelijkenMutaties.",
    ),
    ("Interval", "Opeenvolgende volgnummers."),
    (
        "WaaromMutatieAntwoord",
        "Waarom de school wel of niet van mutaties hoorde.",
    ),
    ("WaaromResultaat", "Wat er van één mutatie werd."),
    (
        "OpvragenGebruikAntwoord",
        "Hoe vaak de leverancier wat vroeg voor de school.",
    ),
    (
        "GebruikRegel",
        "Hoe vaak iets op één dag gevraagd werd, met welke uitkomst.",
    ),
    (
        "Waarom",
        "Of een mutatie gemeld is, en zo niet waarom niet. De lijst kan groeien.",
    ),
    ("Bpvo", "Een bpvo zoals zij geregistreerd staat."),
    ("BpvoKeuzedeel", "Een keuzedeel binnen een bpvo."),
    ("Herkomst", "Wie een bpvo aanmeldde."),
    ("GevondenLeerbedrijf", "Een gevonden leerbedrijf."),
    (
        "GevondenBedrijf",
        "Wie een leerbedrijf is, en hoe het te bereiken is.",
    ),
    (
        "GevondenErkenning",
        "Een erkenning die bij de vraag past, en hoeveel praktijkopleiders er voor haar code zijn.",
    ),
    (
        "GevondenLeerplaats",
        "Een leerplaats die bij de vraag past.",
    ),
    ("Vergoeding", "Vergoeding voor de student, in hele euro's."),
    (
        "Telling",
        "Hoeveel van de gevonden leerbedrijven deze waarde hebben.",
    ),
    (
        "LeerplaatsSoort",
        "Een plaats voor een stage (STAGE, bij BOL) of een leerbaan (LEERBAAN, bij BBL).",
    ),
    ("Kop", "Het begin van elk antwoord."),
    ("Uitkomst", "Wat het natrekken opleverde."),
    ("Resultaat", "Het resultaat van één verzoek."),
    (
        "Gevonden",
        "Een gevonden leerbedrijf, en hoe goed het past.",
    ),
    ("Detail", "Alles wat van een leerbedrijf bekend is."),
    ("ContactpersoonDetail", "Een contactpersoon."),
    ("PraktijkopleiderDetail", "Een praktijkopleider."),
    ("ErkenningDetail", "Eén periode van een erkenning."),
    (
        "Adres",
        "Een vestigings- of postadres. Wat niet bekend is, ontbreekt.",
    ),
    ("Coordinaten", "Een punt in WGS 84, in graden."),
    (
        "Werkproces",
        "Een werkproces en of het bij dit leerbedrijf geleerd kan worden.",
    ),
    ("ErkenningStatus", "Of het leerbedrijf erkend is."),
    ("Grondslag", "Waarop 'erkend' berust."),
    ("Reden", "Waarom niet erkend. De lijst kan groeien."),
    ("Plaats", "In welk deel van het verzoek een veld staat."),
    (
        "Leerweg",
        "De leerweg: beroepsopleidend (BOL) of beroepsbegeleidend (BBL).",
    ),
    (
        "LeerbedrijfStatus",
        "Of een leerbedrijf nu in het register staat (ACT) of historisch is (HIS).",
    ),
    (
        "Eindreden",
        "Waarom een erkenning eindigde; zonder reden is zij verlopen.",
    ),
    (
        "MatchKwaliteit",
        "Hoe goed een leerbedrijf bij de vraag past.",
    ),
];

fn request_schemas(map: &mut Map<String, Value>) {
    let zoek = object(
        "Zoekgegevens. Genoeg is: leerbedrijfId; naam met postcode; naam met plaats; postcode met huisnummer.",
        fields(&vaststellen_leerbedrijf::VELDEN),
    );
    let rij = object(
        "Eén rij, met de velden van vaststellenLeerbedrijf. Wat te weinig is of de verkeerde vorm heeft, krijgt in het resultaat zijn signaalcode.",
        fields(&vaststellen_leerbedrijven::VELDEN),
    );
    let rijen = bulk(
        "De rijen, alle beantwoord uit één registerversie.",
        "rijen",
        operations::vaststellen_leerbedrijven::MAX_RIJEN,
        "VaststelRij",
    );
    let verzoek = object(
        "Eén vraag. Wat ontbreekt of de verkeerde vorm heeft, krijgt in het resultaat zijn signaalcode.",
        fields(&natrekken_erkenningen::VELDEN),
    );
    let verzoeken = bulk(
        "De vragen, alle beantwoord uit één registerversie.",
        "verzoeken",
        operations::natrekken_erkenningen::MAX_VERZOEKEN,
        "NatrekVerzoek",
    );
    let leerplaatsen = object(
        "De vraag: soort en minstens één filter.",
        fields(&zoeken_leerplaatsen::VELDEN),
    );
    let keuzedeel = object(
        "Een keuzedeel binnen de bpvo.",
        fields(&registreren_bpvos::KEUZEDEEL_VELDEN),
    );
    for (name, schema) in [
        ("VaststellenLeerbedrijfVerzoek", zoek),
        ("VaststelRij", rij),
        ("VaststellenLeerbedrijvenVerzoek", rijen),
        ("NatrekVerzoek", verzoek),
        ("NatrekkenErkenningenVerzoek", verzoeken),
        ("ZoekenLeerplaatsenVerzoek", leerplaatsen),
        ("KeuzedeelVerzoek", keuzedeel),
        ("BpvoVerzoek", bpvo()),
        ("RegistrerenBpvosVerzoek", bpvos()),
        (
            "AanmeldenAbonnementVerzoek",
            instellingen("Wat de abonnee wil horen, en hoe.", &abonnement::VELDEN),
        ),
        (
            "WijzigenAbonnementVerzoek",
            instellingen(
                "Hoe het abonnement wordt; zonder geheim of status blijven die zoals zij zijn.",
                &abonnement::VELDEN_VAN_WIJZIGEN,
            ),
        ),
        (
            "MutatieStukVerzoek",
            object(
                "Een deel van de stroom, en wat de ontvanger daarvan heeft.",
                fields(&vergelijken_mutaties::STUK_VELDEN),
            ),
        ),
        ("VergelijkenMutatiesVerzoek", vergelijken()),
    ] {
        map.insert(name.to_owned(), schema);
    }
}

fn bpvo() -> Value {
    let mut velden = fields(&registreren_bpvos::VELDEN);
    velden["keuzedelen"] = json!({
        "type": "array",
        "maxItems": operations::registreren_bpvos::MAX_KEUZEDELEN,
        "description": "Keuzedelen binnen de bpvo.",
        "items": schema_ref("KeuzedeelVerzoek"),
    });
    object(
        "Een bpvo. Wat ontbreekt of de verkeerde vorm heeft, krijgt in het resultaat zijn signaalcode.",
        velden,
    )
}

fn bpvos() -> Value {
    let mut schema = bulk(
        "Bpvo's van de school; met vervangAlles haar hele lijst.",
        "bpvos",
        operations::registreren_bpvos::MAX_BPVOS,
        "BpvoVerzoek",
    );
    let own = fields(&[
        registreren_bpvos::SCHOOL_OIN,
        registreren_bpvos::VERVANG_ALLES,
        registreren_bpvos::PROEF,
    ]);
    if let (Some(all), Value::Object(own)) = (schema["properties"].as_object_mut(), own) {
        all.extend(own);
    }
    schema
}

fn instellingen(description: &str, velden: &[Veld]) -> Value {
    let mut velden = fields(velden);
    velden[abonnement::MUTATIE_SOORTEN] = json!({
        "type": "array",
        "maxItems": operations::abonnementen::MAX_SOORTEN,
        "description": "Alleen deze soorten; leeg of weggelaten is alle.",
        "items": { "type": "string", "maxLength": MAX_FIELD_CHARS },
        "examples": [["ERKENNING_BEEINDIGD"]],
    });
    velden[abonnement::CODES] = json!({
        "type": "array",
        "maxItems": operations::abonnementen::MAX_CODES,
        "description": "Alleen mutaties van deze codes, en wat het leerbedrijf zelf betreft; leeg of weggelaten is alle.",
        "items": { "type": "string", "maxLength": MAX_FIELD_CHARS },
        "examples": [["25180", "K0165"]],
    });
    object(description, velden)
}

fn vergelijken() -> Value {
    let mut velden = fields(&vergelijken_mutaties::VELDEN);
    velden["stukken"] = json!({
        "type": "array",
        "maxItems": operations::vergelijken_mutaties::MAX_STUKKEN,
        "description": "Oplopende, niet overlappende delen van 1 tot en met totEnMet, elk met een eigen digest.",
        "items": schema_ref("MutatieStukVerzoek"),
    });
    object("Wat de ontvanger heeft.", velden)
}

/// The body of a bulk request: a list of at most `max` of `item`.
fn bulk(description: &str, list: &str, max: usize, item: &str) -> Value {
    let mut velden = fields(&[MINIMALE_REGISTER_VERSIE]);
    velden[list] = json!({
        "type": "array",
        "maxItems": max,
        "description": format!("Hoogstens {max} tegelijk."),
        "items": schema_ref(item),
    });
    object(description, velden)
}

fn object(description: &str, properties: Value) -> Value {
    json!({
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": false,
    })
}

fn fields(velden: &[Veld]) -> Value {
    let mut properties = Map::new();
    for veld in velden {
        let mut schema = match veld.soort {
            Veldsoort::Tekst => json!({
                "type": "string",
                "maxLength": MAX_FIELD_CHARS,
                "examples": [veld.voorbeeld],
            }),
            Veldsoort::Getal => json!({
                "type": ["string", "number"],
                "maxLength": MAX_FIELD_CHARS,
                // The number itself, as it is in JSON; a test reads every one.
                "examples": [serde_json::from_str(veld.voorbeeld).unwrap_or(Value::Null), veld.voorbeeld],
            }),
            Veldsoort::Boolean => json!({ "type": "boolean", "examples": [true] }),
        };
        schema["description"] = json!(veld.uitleg);
        properties.insert(veld.naam.to_owned(), schema);
    }
    Value::Object(properties)
}
