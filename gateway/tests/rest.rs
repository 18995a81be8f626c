//! The REST side, request by request: one test for each rule of standards §3. Problems have a table
//! of their own, in `fouten`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod register;

use std::{sync::Arc, time::Duration};

use actix_web::{
    App, HttpMessage,
    body::BoxBody,
    dev::{Payload, Service, ServiceResponse},
    error::PayloadError,
    http::{StatusCode, header},
    test::{TestRequest, init_service, read_body},
    web::{Bytes, Data},
};
use serde_json::{Value, json};
use stagepoort::{
    access::PeerIdentity,
    domain::{Operatie, Tijdstip},
    transport::{
        docs,
        gateway::{Gateway, Outcome, Verbindingsgrenzen},
        rest::{self, Instance, SCHOOL_HEADER},
    },
};

use register::{AFNEMER, AFNEMER_OF_TWO, BEDRIJF, OTHER_SCHOOL, SCHOOL, gateway, oin};

/// As `actix_http` boxes a payload; it does not export the name.
type BoxedPayloadStream =
    std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, PayloadError>>>>;

const VERIFY: &str = "/v1/leerbedrijven/100000001/erkenningen/25180?peildatum=2026-09-01";
const SEARCH: &str = "/v1/leerbedrijven/_zoek";
const BULK: &str = "/v1/erkenningen/_natrekken";
const ROWS: &str = "/v1/leerbedrijven/_vaststellen";
const PLACES: &str = "/v1/leerplaatsen/_zoek";

/// What came back.
struct Reply {
    status: StatusCode,
    headers: header::HeaderMap,
    outcome: Option<Outcome>,
    instance: Option<Instance>,
    body: Bytes,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// `plaats veld code` of every violation, of what must be a 400.
    fn violations(&self) -> Vec<String> {
        let problem = self.problem(400);
        let one = |o: &Value| {
            let part = |name: &str| o[name].as_str().unwrap().to_owned();
            assert!(!part("reden").is_empty());
            format!("{} {} {}", part("plaats"), part("veld"), part("code"))
        };
        problem["overtredingen"]
            .as_array()
            .unwrap()
            .iter()
            .map(one)
            .collect()
    }

    /// The problem, of what must be one with this status.
    fn problem(&self, status: u16) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for name in ["type", "title", "detail", "instance", "code"] {
            assert!(problem[name].is_string(), "{name}");
        }
        problem
    }
}

/// A peer whose certificate names the afnemer.
fn peer(of: &str) -> Arc<PeerIdentity> {
    Arc::new(PeerIdentity {
        oin: Some(oin(of)),
        issuer: vec![1],
        serial: vec![1],
        not_after: Tijdstip::parse("2099-01-01T00:00:00Z").unwrap(),
    })
}

/// As the peer of this OIN, or without a certificate.
async fn send(gateway: Gateway, request: TestRequest, from: Option<&str>) -> Reply {
    send_with(gateway, request, from, None).await
}

async fn send_with(
    gateway: Gateway,
    request: TestRequest,
    from: Option<&str>,
    payload: Option<Payload>,
) -> Reply {
    let mut request = request.to_request();
    if let Some(oin) = from {
        request.extensions_mut().insert(peer(oin));
    }
    if let Some(payload) = payload {
        request = request.replace_payload(payload).0;
    }
    let app = App::new()
        .wrap(rest::Headers)
        .app_data(Data::new(gateway))
        .configure(rest::configure)
        .configure(docs::configure_documents);
    let app = init_service(app).await;
    let response: ServiceResponse<BoxBody> = app.call(request).await.unwrap().map_into_boxed_body();
    let (outcome, instance) = {
        let extensions = response.response().extensions();
        (
            extensions.get::<Outcome>().cloned(),
            extensions.get::<Instance>().copied(),
        )
    };
    Reply {
        status: response.status(),
        headers: response.headers().clone(),
        outcome,
        instance,
        body: read_body(response).await,
    }
}

/// As the afnemer, for its school.
async fn known(request: TestRequest) -> Reply {
    let request = request.insert_header((SCHOOL_HEADER, SCHOOL));
    send(gateway().await, request, Some(AFNEMER)).await
}

async fn get(path: &str) -> Reply {
    known(TestRequest::get().uri(path)).await
}

async fn post(path: &str, body: impl Into<Bytes>) -> Reply {
    let request = TestRequest::post()
        .uri(path)
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .set_payload(body);
    known(request).await
}

// ---- answers

#[actix_web::test]
async fn natrekken_answers_erkend() {
    let reply = get(VERIFY).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    let answer = reply.json();
    assert_eq!(answer["erkenningStatus"], "ERKEND");
    assert_eq!(answer["grondslag"], "ERKENNING");
    assert_eq!(answer["peildatum"], "2026-09-01");
    let outcome = reply.outcome.unwrap();
    assert_eq!(outcome.operatie, Some(Operatie::NatrekkenErkenning));
    assert_eq!(outcome.afnemer.as_deref(), Some("Testpakket"));
    assert_eq!(outcome.code, "0");
}

#[actix_web::test]
async fn natrekken_always_answers() {
    let reply = get("/v1/leerbedrijven/999999999/erkenningen/25180?peildatum=2026-09-01").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["signaalcode"], 100);
    assert_eq!(reply.json()["reden"], "LEERBEDRIJF_ONBEKEND");
    assert_eq!(reply.outcome.unwrap().code, "100");
    let reply = get("/v1/leerbedrijven/100000001/erkenningen/23123?peildatum=2026-09-01").await;
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["signaalcode"]),
        (200, &json!(112))
    );
}

#[actix_web::test]
async fn an_unknown_leerbedrijf_is_404_with_the_code() {
    for path in [
        "/v1/leerbedrijven/999999999",
        "/v1/leerbedrijven/999999999/detailgegevens",
    ] {
        let problem = get(path).await.problem(404);
        assert_eq!(
            (&problem["code"], &problem["signaalcode"]),
            (&json!("100"), &json!(100))
        );
    }
}

#[actix_web::test]
async fn a_leerbedrijf_is_found_by_id_by_name_and_in_detail() {
    let by_id = get(&format!("/v1/leerbedrijven/{BEDRIJF}")).await.json();
    assert_eq!(by_id["leerbedrijven"][0]["leerbedrijfId"], BEDRIJF);
    let found = post(
        SEARCH,
        r#"{"naam":"bakkerij de test","plaats":"amsterdam"}"#,
    )
    .await;
    assert_eq!(found.json()["leerbedrijven"][0]["leerbedrijfId"], BEDRIJF);
    let detail = get(&format!("/v1/leerbedrijven/{BEDRIJF}/detailgegevens"))
        .await
        .json();
    assert_eq!(detail["detail"]["erkenningen"][0]["code"], "25180");
    assert_eq!(
        detail["detail"]["contactpersonen"][0]["naam"],
        "A. Voorbeeld"
    );
}

#[actix_web::test]
async fn a_bad_line_of_bulk_spoils_only_itself() {
    let line = |id: &str| json!({"kenmerk": id, "leerbedrijfId": id, "code": "25180", "peildatum": "2026-09-01"});
    let body = json!({ "verzoeken": [line(BEDRIJF), line("99ZZ9999JJ0001602"), {}] }).to_string();
    let reply = post(BULK, body).await;
    assert_eq!(reply.status, 200);
    let answer = reply.json();
    let codes: Vec<&Value> = answer["resultaten"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["signaalcode"])
        .collect();
    assert_eq!(codes, [0, 101, 101]);
    assert_eq!(
        answer["resultaten"][1]["leerbedrijfId"],
        "99ZZ9999JJ0001602"
    );
    assert_eq!(post(BULK, "{}").await.json()["resultaten"], json!([]));
}

#[actix_web::test]
async fn a_bad_row_of_bulk_spoils_only_itself_and_says_what_would_be_right() {
    let body = json!({ "rijen": [
        { "kenmerk": "1", "naam": "bakkerij de test", "postcode": "1012 ab", "huisnummer": 12 },
        { "naam": "bakkerij de test", "postcode": "1012" },
        {},
    ] });
    let reply = post(ROWS, body.to_string()).await;
    assert_eq!(reply.status, 200);
    let answer = reply.json();
    let [found, postcode, nothing] = answer["resultaten"].as_array().unwrap().as_slice() else {
        panic!("{answer}")
    };
    assert_eq!(
        (&found["kenmerk"], &found["signaalcode"]),
        (&json!("1"), &json!(0))
    );
    assert_eq!(found["leerbedrijf"]["leerbedrijfId"], BEDRIJF);
    assert_eq!(found["leerbedrijf"]["matchKwaliteit"], "EXACT");
    assert_eq!(
        postcode["signaaltekst"],
        "postcode ongeldig: postcode: geef vier cijfers en twee letters, zoals 1012AB, of noem het land"
    );
    assert_eq!(nothing["signaalcode"], 150);
    assert!(nothing.get("leerbedrijf").is_none());
    assert_eq!(post(ROWS, "{}").await.json()["resultaten"], json!([]));
}

#[actix_web::test]
async fn a_search_takes_booleans_and_numbers_as_json_has_them() {
    let body = r#"{"soort":"ERKENNING","naam":"Qwzxvbnm","niveau":2,"paginaGrootte":10,
        "metTellingen":true,"metToelichting":null}"#;
    let reply = post(PLACES, body).await;
    assert_eq!(reply.status, 200);
    let answer = reply.json();
    for list in ["leerbedrijven", "tellingen"] {
        assert!(answer[list].is_array(), "{list}: {answer}");
    }
    assert!(answer["totaal"].is_u64(), "{answer}");
    assert_eq!(
        reply.outcome.unwrap().operatie,
        Some(Operatie::ZoekenLeerplaatsen)
    );
    let wrong = r#"{"soort":true,"naam":7,"niveau":{},"metTellingen":"true","metVergoeding":0,
        "radius":15}"#;
    let mut found = post(PLACES, wrong).await.violations();
    // What the operation itself says of the other fields stands behind these.
    found.truncate(6);
    assert_eq!(
        found,
        [
            "body /radius ONBEKEND_VELD",
            "body /soort TYPE_ONGELDIG",
            "body /naam TYPE_ONGELDIG",
            "body /niveau TYPE_ONGELDIG",
            "body /metVergoeding TYPE_ONGELDIG",
            "body /metTellingen TYPE_ONGELDIG",
        ]
    );
}

// ---- errors

#[actix_web::test]
async fn all_errors_come_at_once() {
    let reply =
        get("/v1/leerbedrijven/abc/erkenningen/def?peildatum=x&a=1&minimaleRegisterVersie=y").await;
    let mut found = reply.violations();
    found.sort();
    assert_eq!(
        found,
        [
            "pad code 111",
            "pad leerbedrijfId 101",
            "query a ONBEKEND_VELD",
            "query minimaleRegisterVersie VORM_ONGELDIG",
            "query peildatum 120",
        ]
    );
    assert_eq!(
        get("/v1/leerbedrijven/abc").await.violations(),
        ["pad leerbedrijfId 101"]
    );
    assert_eq!(
        get("/v1/leerbedrijven/%20").await.violations(),
        ["pad leerbedrijfId 101"]
    );
    assert_eq!(
        get("/v1/leerbedrijven/%ff").await.violations(),
        ["pad leerbedrijfId CODERING_ONGELDIG"]
    );
    assert_eq!(
        get("/v1/leerbedrijven/1%2F2").await.violations(),
        ["pad leerbedrijfId 101"]
    );
    assert_eq!(get("/v1/leerbedrijven/%3100000001").await.status, 200);
}

#[actix_web::test]
async fn invalid_input_is_400_and_never_422() {
    assert_eq!(post(SEARCH, r#"{"naam":"x"}"#).await.violations().len(), 1);
    assert_eq!(
        post(SEARCH, r#"{"naam":7,"postcode":"x","telefoon":"y"}"#)
            .await
            .violations(),
        [
            "body /telefoon ONBEKEND_VELD",
            "body /naam TYPE_ONGELDIG",
            "body /postcode 141"
        ]
    );
    assert_eq!(post(SEARCH, "{").await.violations(), ["body  GEEN_JSON"]);
    assert_eq!(
        post(&format!("{SEARCH}?naam=x"), "{}").await.violations()[0],
        "query naam ONBEKEND_VELD"
    );
    assert_eq!(
        post(BULK, r#"{"verzoeken":[{"code":25180}]}"#)
            .await
            .violations(),
        ["body /verzoeken/0/code TYPE_ONGELDIG"]
    );
}

#[actix_web::test]
async fn a_problem_repeats_no_address_that_is_not_known() {
    for (body, expect) in [
        (
            r#"{"soort":"ERKENNING","adres":"Kerkstraat 1, Nergenshuizen","code":"25180","niveau":"3"}"#,
            "body /niveau 151",
        ),
        (
            r#"{"soort":"ERKENNING","plaats":"Nergenshuizen","x":"y"}"#,
            "body /x ONBEKEND_VELD",
        ),
    ] {
        let reply = post(PLACES, body).await;
        assert_eq!(reply.violations(), [expect]);
        let text = String::from_utf8_lossy(&reply.body);
        assert!(!text.contains("Nergenshuizen"), "{text}");
    }
}

#[actix_web::test]
async fn a_problem_repeats_no_content_and_has_an_instance_of_its_own() {
    let path = "/v1/leerbedrijven/GEHEIM/erkenningen/GEHEIM?peildatum=GEHEIM";
    let (first, second) = (get(path).await, get(path).await);
    assert!(!String::from_utf8_lossy(&first.body).contains("GEHEIM"));
    assert_ne!(first.json()["instance"], second.json()["instance"]);
    let Instance(id) = first.instance.unwrap();
    assert_eq!(first.json()["instance"], format!("urn:uuid:{id}"));
}

#[actix_web::test]
async fn no_trailing_slash_and_no_redirect() {
    for path in [
        "/v1/leerbedrijven/100000001/",
        "/v1/leerbedrijven/_zoek/",
        "/v1/leerplaatsen",
        "/v1/leerplaatsen/1",
        "/v1/openapi.json/",
        "/v1",
        "/v1/",
        "/v1/leerbedrijven",
        "/v1//leerbedrijven/100000001",
        "/v2/leerbedrijven/100000001",
        "/v1/Leerbedrijven/100000001",
    ] {
        let reply = get(path).await;
        assert_eq!(reply.problem(404)["code"], "NIET_GEVONDEN", "{path}");
        assert_eq!(reply.outcome.unwrap().code, "NIET_GEVONDEN", "{path}");
    }
}

#[actix_web::test]
async fn another_method_is_405_with_allow() {
    for (request, allow) in [
        (
            TestRequest::delete().uri("/v1/leerbedrijven/100000001"),
            "GET, HEAD",
        ),
        (TestRequest::post().uri("/v1/openapi.json"), "GET, HEAD"),
        (TestRequest::get().uri(SEARCH), "POST"),
        (TestRequest::put().uri(BULK), "POST"),
        (TestRequest::get().uri(ROWS), "POST"),
        (TestRequest::get().uri(PLACES), "POST"),
    ] {
        let reply = known(request).await;
        reply.problem(405);
        assert_eq!(reply.header("allow"), allow);
        assert_eq!(reply.outcome.unwrap().code, "METHODE_NIET_TOEGESTAAN");
    }
}

#[actix_web::test]
async fn a_body_over_the_limit_is_413() {
    let large = format!(r#"{{"naam":"{}"}}"#, "x".repeat(300_000));
    post(SEARCH, large.clone()).await.problem(413);
    // The bulk path takes more; this body has another fault.
    assert_eq!(
        post(BULK, large).await.violations(),
        ["body /naam ONBEKEND_VELD"]
    );
}

#[actix_web::test]
async fn a_length_over_every_limit_is_413_without_waiting_for_the_body() {
    for path in [SEARCH, BULK, ROWS, PLACES] {
        let mut gateway = gateway().await;
        // Waiting for the body would end in 408.
        gateway.limits.body_timeout = Duration::ZERO;
        let request = TestRequest::post()
            .uri(path)
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header((header::CONTENT_LENGTH, "1000000000"));
        let never: BoxedPayloadStream = Box::pin(futures_util::stream::pending());
        let never = Payload::Stream { payload: never };
        send_with(gateway, request, Some(AFNEMER), Some(never))
            .await
            .problem(413);
    }
}

// ---- identity

#[actix_web::test]
async fn a_header_that_names_no_school_is_400_and_named() {
    for value in ["abc", "", "0000009900000000010a"] {
        let request = TestRequest::get()
            .uri(VERIFY)
            .insert_header((SCHOOL_HEADER, value));
        let reply = send(gateway().await, request, Some(AFNEMER)).await;
        assert_eq!(
            reply.violations(),
            [format!("header {SCHOOL_HEADER} VORM_ONGELDIG")]
        );
    }
    let twice = TestRequest::get()
        .uri(VERIFY)
        .append_header((SCHOOL_HEADER, SCHOOL))
        .append_header((SCHOOL_HEADER, OTHER_SCHOOL));
    let reply = send(gateway().await, twice, Some(AFNEMER)).await;
    assert_eq!(
        reply.violations(),
        [format!("header {SCHOOL_HEADER} DUBBEL")]
    );
}

#[actix_web::test]
async fn the_only_mandate_names_the_school() {
    let request = || TestRequest::get().uri(VERIFY);
    assert_eq!(
        send(gateway().await, request(), Some(AFNEMER)).await.status,
        200
    );
    let reply = send(gateway().await, request(), Some(AFNEMER_OF_TWO)).await;
    assert_eq!(
        reply.violations(),
        [format!("header {SCHOOL_HEADER} ONTBREEKT")]
    );
}

// ---- headers and documents

#[actix_web::test]
async fn every_response_has_the_headers() {
    let nobody = send(gateway().await, TestRequest::get().uri(VERIFY), None).await;
    for reply in [
        nobody,
        get(VERIFY).await,
        get("/nergens").await,
        get("/v1/leerbedrijven/x").await,
        get(SEARCH).await,
        get("/v1/openapi.json").await,
    ] {
        assert_eq!(reply.header("api-version"), rest::API_VERSION);
        assert_eq!(reply.header("cache-control"), "no-store");
        assert!(
            reply
                .header("strict-transport-security")
                .starts_with("max-age=")
        );
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(
            reply.header("content-security-policy"),
            "frame-ancestors 'none'"
        );
    }
}

#[actix_web::test]
async fn publish_openapi_without_identity_to_any_origin() {
    let reply = send(
        gateway().await,
        TestRequest::get().uri("/v1/openapi.json"),
        None,
    )
    .await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    let document = reply.json();
    assert_eq!(
        document["servers"][0]["url"],
        "https://api.test.example:8443/v1"
    );
}

#[actix_web::test]
async fn every_limit_in_force_is_published() {
    let mut gateway = gateway().await;
    let s = Duration::from_secs;
    let limits = &mut gateway.limits;
    (limits.body_bytes, limits.bulk_body_bytes) = (70_001, 70_002);
    (limits.depth, limits.attributes) = (70_003, 70_004);
    (limits.elements, limits.bulk_elements) = (70_005, 70_006);
    (limits.body_timeout, limits.versie_wait) = (s(7_101), s(7_102));
    (limits.write_wait, limits.maximale_veroudering) = (s(7_103), s(7_104 * 3600));
    limits.wachtenden.per_afnemer = 70_007;
    limits.verbinding = Verbindingsgrenzen {
        of_party: 70_008,
        requests: 70_009,
        handshake: s(7_105),
        head: s(7_106),
        idle: s(7_107),
        request: s(7_108),
        write_stall: s(7_109),
        age: s(7_110),
    };
    let reply = send(gateway, TestRequest::get().uri("/"), None).await;
    let page = String::from_utf8(reply.body.to_vec()).unwrap();
    for n in 1..=9 {
        assert!(page.contains(&format!("70.00{n}")), "70.00{n}");
    }
    for n in 7_101..=7_110 {
        let shown = [format!("{n} seconden"), format!("{n} uur")];
        assert!(shown.iter().any(|text| page.contains(text)), "{n}");
    }
}

#[actix_web::test]
async fn the_pages_are_whole_and_load_nothing() {
    for path in ["/", "/api.html", "/mutaties.html"] {
        let reply = send(gateway().await, TestRequest::get().uri(path), None).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        assert!(
            reply
                .header("content-security-policy")
                .contains("frame-ancestors 'none'")
        );
        let page = String::from_utf8(reply.body.to_vec()).unwrap();
        assert!(page.contains("<html lang=\"nl\">") && page.ends_with("</html>\n"));
        assert!(!page.contains("{{") && !page.contains("<script") && !page.contains("src="));
    }
}
