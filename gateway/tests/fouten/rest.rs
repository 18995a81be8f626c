//! The problems of standards §3: each with its type, title, code, HTTP status, headers and detail.

use std::fmt::Write as _;

use actix_web::test::TestRequest;
use serde_json::Value;
use stagepoort::transport::rest::Probleemsoort;

use crate::{
    antwoord::Reply,
    register::{AFNEMER_OF_TWO, OTHER_SCHOOL, SCHOOL},
    world::{ABONNEMENT, Peer, World, one_a_second, one_at_once, one_line_a_minute},
};

pub(crate) const VERIFY: &str =
    "/v1/leerbedrijven/100000001/erkenningen/25180?peildatum=2026-09-01";
pub(crate) const SEARCH: &str = "/v1/leerbedrijven/_zoek";
const BULK: &str = "/v1/erkenningen/_natrekken";

/// GET, for the school that the afnemer has.
pub(crate) fn get(path: &str) -> TestRequest {
    TestRequest::get()
        .uri(path)
        .insert_header(("onderwijsinstelling-oin", SCHOOL))
}

/// POST of a body in JSON, for the same.
pub(crate) fn post(path: &str, body: impl Into<String>) -> TestRequest {
    let body: String = body.into();
    TestRequest::post()
        .uri(path)
        .insert_header(("onderwijsinstelling-oin", SCHOOL))
        .insert_header(("content-type", "application/json"))
        .insert_header(("content-length", body.len()))
        .set_payload(body)
}

/// All that a problem says: status, type, code and title; detail; where it says so the
/// signaalcode, what is wrong and the ends of the feed; the headers that not every answer has.
pub(crate) fn told(reply: &Reply) -> String {
    let problem: Value = serde_json::from_str(&reply.body).unwrap();
    let text = |name: &str| problem[name].as_str().unwrap();
    let mut out = format!(
        "{} {} {} {}\n{}",
        reply.status,
        text("type")
            .strip_prefix("urn:stagepoort:probleem:")
            .unwrap(),
        text("code"),
        text("title"),
        text("detail")
    );
    assert_eq!(problem["status"], reply.status);
    assert!(text("instance").starts_with("urn:uuid:"));
    for name in ["signaalcode", "oudsteVolgnummer", "laatsteVolgnummer"] {
        if let Some(number) = problem[name].as_u64() {
            write!(out, "\n{name} {number}").unwrap();
        }
    }
    for wrong in problem["overtredingen"].as_array().into_iter().flatten() {
        let text = |name: &str| wrong[name].as_str().unwrap();
        let (plaats, veld, code) = (text("plaats"), text("veld"), text("code"));
        write!(out, "\n{plaats} {veld} {code}: {}", text("reden")).unwrap();
    }
    reply.write_headers("application/problem+json", &mut out);
    assert_eq!(text("code"), reply.logged);
    out
}

macro_rules! table {
    ($($name:ident: $soort:ident, $ask:expr => $told:expr;)+) => {
        $(
            #[actix_web::test]
            async fn $name() {
                let reply = $ask.await;
                assert_eq!(told(&reply), $told, "{}", reply.body);
            }
        )+

        const ROWS: &[Probleemsoort] = &[$(Probleemsoort::$soort),+];
    };
}

#[test]
fn every_type_has_a_row() {
    for soort in Probleemsoort::ALL {
        assert!(ROWS.contains(soort), "{soort:?}");
    }
}

async fn world() -> World {
    World::new().await
}

async fn ask(request: TestRequest) -> Reply {
    world().await.ask(request).await
}

async fn ask_as(peer: Peer, request: TestRequest) -> Reply {
    world().await.ask_as(peer, request, None).await
}

fn feed(more: &str) -> TestRequest {
    get(&format!("/v1/mutaties?abonnementId={ABONNEMENT}&{more}"))
}

fn bpvos() -> TestRequest {
    let body = r#"{"bpvos":[{"bpvoKenmerk":"K-1","leerbedrijfId":"100000001","code":"25180",
        "begindatum":"2026-09-01","einddatumGepland":"2027-01-31"}]}"#;
    TestRequest::put()
        .uri("/v1/bpvos")
        .insert_header(("content-type", "application/json"))
        .set_payload(body)
}

table! {
    ongeldige_invoer_in_path_query_and_header: OngeldigeInvoer,
        ask(get("/v1/leerbedrijven/abc/erkenningen/25180?peildatum=x&a=1")) =>
        "400 ongeldige-invoer ONGELDIGE_INVOER Ongeldige invoer\n\
         de invoer bevat 3 fouten; zie overtredingen\n\
         signaalcode 101\n\
         query a ONBEKEND_VELD: onbekend; bekend zijn peildatum, minimaleRegisterVersie\n\
         pad leerbedrijfId 101: leerbedrijfId ongeldig: geef negen cijfers, het eerste geen nul, \
         zoals 100000001\n\
         query peildatum 120: datum ongeldig: geef een bestaande dag als jjjj-mm-dd, zoals \
         2026-09-01; de datum is verplicht";
    ongeldige_invoer_in_the_body: OngeldigeInvoer, ask(post(SEARCH, r#"{"naam":7}"#)) =>
        "400 ongeldige-invoer ONGELDIGE_INVOER Ongeldige invoer\n\
         de invoer bevat een fout; zie overtredingen\n\
         body /naam TYPE_ONGELDIG: moet een tekst, tussen aanhalingstekens zijn";
    ongeldige_invoer_no_json: OngeldigeInvoer, ask(post(SEARCH, "{")) =>
        "400 ongeldige-invoer ONGELDIGE_INVOER Ongeldige invoer\n\
         de invoer bevat een fout; zie overtredingen\n\
         body  GEEN_JSON: de body is geen geldige JSON: regel 1, kolom 1";
    ongeldige_invoer_which_of_two_schools: OngeldigeInvoer,
        ask_as(Peer::Of(AFNEMER_OF_TWO), TestRequest::get().uri(VERIFY)) =>
        "400 ongeldige-invoer ONGELDIGE_INVOER Ongeldige invoer\n\
         de invoer bevat een fout; zie overtredingen\n\
         header Onderwijsinstelling-OIN ONTBREEKT: noem het OIN van de school waarvoor gevraagd \
         wordt; er is niet precies één mandaat";
    ongeldige_invoer_a_key_of_another_write: OngeldigeInvoer, reused() =>
        "400 ongeldige-invoer ONGELDIGE_INVOER Ongeldige invoer\n\
         de invoer bevat een fout; zie overtredingen\n\
         header Idempotency-Key AL_GEBRUIKT: is al gebruikt voor een andere vraag; geef elke nieuwe \
         vraag een nieuwe";
    registerversie_vervallen: RegisterversieVervallen,
        async { world().await.restored().await.ask(get(&format!("{VERIFY}&minimaleRegisterVersie=1.5"))).await } =>
        "400 registerversie-vervallen REGISTERVERSIE_VERVALLEN Registerversie vervallen\n\
         registerVersie 1.5 bestaat niet meer: de geschiedenis van het register ging in tijdlijn 2 \
         verder zonder deze versie; hier is nu 2.2";
    geen_certificaat: GeenCertificaat, ask_as(Peer::None, get(VERIFY)) =>
        "401 geen-certificaat GEEN_CERTIFICAAT Geen clientcertificaat\n\
         er is geen clientcertificaat aangeboden\n\
         www-authenticate: ClientCertificate";
    oin_in_certificaat_ongeldig: OinInCertificaatOngeldig, ask_as(Peer::WithoutOin, get(VERIFY)) =>
        "401 oin-in-certificaat-ongeldig OIN_IN_CERTIFICAAT_ONGELDIG Certificaat zonder geldig OIN\n\
         het OIN in het TLS-certificaat ontbreekt of is ongeldig\n\
         www-authenticate: ClientCertificate";
    certificaat_niet_meer_geldig: CertificaatNietMeerGeldig, ask_as(Peer::Expired, get(VERIFY)) =>
        "401 certificaat-niet-meer-geldig CERTIFICAAT_NIET_MEER_GELDIG Certificaat niet meer geldig\n\
         het clientcertificaat is verlopen of ingetrokken\n\
         www-authenticate: ClientCertificate";
    certificaat_niet_vertrouwd: CertificaatNietVertrouwd, ask_as(Peer::Untrusted, get(VERIFY)) =>
        "401 certificaat-niet-vertrouwd CERTIFICAAT_NIET_VERTROUWD Certificaat niet vertrouwd\n\
         het certificaat in Client-Cert is onleesbaar of niet van een vertrouwde uitgever\n\
         www-authenticate: ClientCertificate";
    client_cert_niet_toegestaan: ClientCertNietToegestaan,
        ask_as(Peer::ForeignHeader, get(VERIFY)) =>
        "403 client-cert-niet-toegestaan CLIENT_CERT_NIET_TOEGESTAAN Client-Cert alleen van de proxy\n\
         de header Client-Cert wordt alleen aangenomen van een ingestelde proxy";
    onbekende_afnemer: OnbekendeAfnemer, ask_as(Peer::Of(SCHOOL), get(VERIFY)) =>
        "403 onbekende-afnemer ONBEKENDE_AFNEMER Onbekende afnemer\n\
         het OIN in het TLS-certificaat is niet van een bekende afnemer";
    geen_mandaat: GeenMandaat,
        ask(TestRequest::get().uri(VERIFY).insert_header(("onderwijsinstelling-oin", OTHER_SCHOOL))) =>
        "403 geen-mandaat GEEN_MANDAAT Geen mandaat van deze school\n\
         er is geen mandaat van deze school voor deze bewerking";
    geen_mandaat_another_school_in_the_query: GeenMandaat,
        ask(get(&format!("/v1/bpvos?schoolOin={OTHER_SCHOOL}"))) =>
        "403 geen-mandaat GEEN_MANDAAT Geen mandaat van deze school\n\
         schoolOin is niet de school waarvoor gevraagd wordt";
    niet_gevonden: NietGevonden, ask(get("/v1/nergens")) =>
        "404 niet-gevonden NIET_GEVONDEN Pad bestaat niet\n\
         dit pad bestaat niet";
    niet_gevonden_with_a_slash: NietGevonden, ask(get("/v1/leerbedrijven/100000001/")) =>
        "404 niet-gevonden NIET_GEVONDEN Pad bestaat niet\n\
         dit pad bestaat niet; een pad eindigt nooit op een schuine streep";
    leerbedrijf_onbekend: LeerbedrijfOnbekend, ask(get("/v1/leerbedrijven/999999999")) =>
        "404 leerbedrijf-onbekend 100 Leerbedrijf onbekend\n\
         het register kent geen leerbedrijf met dit leerbedrijfId\n\
         signaalcode 100";
    bpvo_onbekend: BpvoOnbekend, ask(get("/v1/bpvos/K-1")) =>
        "404 bpvo-onbekend 130 Bpvo onbekend\n\
         de school heeft geen bpvo met dit bpvoKenmerk\n\
         signaalcode 130";
    abonnement_onbekend: AbonnementOnbekend,
        ask(get("/v1/abonnementen/00000000-0000-0000-0000-0000000000ff")) =>
        "404 abonnement-onbekend 170 Abonnement onbekend\n\
         de afnemer heeft geen abonnement met dit abonnementId\n\
         signaalcode 170";
    methode_niet_toegestaan: MethodeNietToegestaan, ask(TestRequest::delete().uri(SEARCH)) =>
        "405 methode-niet-toegestaan METHODE_NIET_TOEGESTAAN Methode niet toegestaan\n\
         dit pad kent alleen POST\n\
         allow: POST";
    antwoordvorm_niet_mogelijk: AntwoordvormNietMogelijk,
        ask(get(VERIFY).insert_header(("accept", "text/html"))) =>
        "406 antwoordvorm-niet-mogelijk ANTWOORDVORM_NIET_MOGELIJK Gevraagde antwoordvorm niet \
         mogelijk\n\
         antwoorden zijn application/json, fouten application/problem+json";
    te_traag: TeTraag, async {
        let request = TestRequest::post().uri(SEARCH).insert_header(("content-type", "application/json"));
        world().await.no_patience_for_bodies().ask_without_end(request).await
    } =>
        "408 te-traag TE_TRAAG Bericht kwam niet op tijd binnen\n\
         de body kwam niet binnen 0 seconden binnen\n\
         connection: close";
    volgnummer_verlopen: VolgnummerVerlopen, ask(feed("na=5")) =>
        "410 volgnummer-verlopen 171 Volgnummer verlopen\n\
         de stroom heeft niet wat op dit volgnummer volgt\n\
         signaalcode 171\n\
         oudsteVolgnummer 1\n\
         laatsteVolgnummer 0";
    bericht_te_groot: BerichtTeGroot,
        ask(post(SEARCH, format!(r#"{{"naam":"{}"}}"#, "x".repeat(256 * 1024)))) =>
        "413 bericht-te-groot BERICHT_TE_GROOT Bericht te groot\n\
         de body mag hoogstens 262144 bytes hebben\n\
         connection: close";
    bericht_te_groot_for_bulk: BerichtTeGroot,
        ask(post(BULK, " ".repeat(6 * 1024 * 1024 + 1))) =>
        "413 bericht-te-groot BERICHT_TE_GROOT Bericht te groot\n\
         de body mag hoogstens 6291456 bytes hebben\n\
         connection: close";
    mediatype_niet_ondersteund: MediatypeNietOndersteund,
        ask(post(SEARCH, "{}").insert_header(("content-type", "text/xml"))) =>
        "415 mediatype-niet-ondersteund MEDIATYPE_NIET_ONDERSTEUND Mediatype niet ondersteund\n\
         Content-Type moet application/json zijn\n\
         accept: application/json\n\
         accept-encoding: identity";
    mediatype_niet_ondersteund_compressed: MediatypeNietOndersteund,
        ask(post(SEARCH, "{}").insert_header(("content-encoding", "gzip"))) =>
        "415 mediatype-niet-ondersteund MEDIATYPE_NIET_ONDERSTEUND Mediatype niet ondersteund\n\
         stuur de body zonder Content-Encoding\n\
         accept: application/json\n\
         accept-encoding: identity";
    te_veel_verzoeken_a_second: TeVeelVerzoeken, async {
        let world = world().await.with_quota(one_a_second);
        let [_, second] = world.ask_twice(get(VERIFY), get(VERIFY)).await;
        second
    } =>
        "429 te-veel-verzoeken TE_VEEL_VERZOEKEN Te veel verzoeken\n\
         meer dan 1 verzoeken per seconde; probeer het opnieuw over 1 s\n\
         ratelimit: \"verzoeken\";r=0;t=1, \"gelijktijdig\";r=32\n\
         ratelimit-policy: \"verzoeken\";q=1;w=1, \"gelijktijdig\";q=32;qu=\"concurrent-requests\", \
         \"bulkregels\";q=300000;qu=\"bulkregels\";w=60\n\
         retry-after: 1";
    te_veel_gelijktijdig: TeVeelGelijktijdig, async {
        let first = TestRequest::post().uri(SEARCH).insert_header(("content-type", "application/json"));
        world().await.with_quota(one_at_once).ask_beside(first, get(VERIFY)).await
    } =>
        "429 te-veel-gelijktijdig TE_VEEL_GELIJKTIJDIG Te veel verzoeken tegelijk\n\
         meer dan 1 verzoeken tegelijk; probeer het opnieuw over 1 s\n\
         ratelimit: \"verzoeken\";r=998;t=1, \"gelijktijdig\";r=0\n\
         ratelimit-policy: \"verzoeken\";q=1000;w=5, \
         \"gelijktijdig\";q=1;qu=\"concurrent-requests\", \
         \"bulkregels\";q=300000;qu=\"bulkregels\";w=60\n\
         retry-after: 1";
    te_veel_bulkregels: TeVeelBulkregels, async {
        let two = post(BULK, r#"{"verzoeken":[{},{}]}"#);
        world().await.with_quota(one_line_a_minute).ask(two).await
    } =>
        "429 te-veel-bulkregels TE_VEEL_BULKREGELS Te veel bulkregels\n\
         meer dan 1 bulkregels per minuut; probeer het opnieuw over 60 s\n\
         ratelimit: \"verzoeken\";r=999;t=1, \"gelijktijdig\";r=31, \"bulkregels\";r=0;t=60\n\
         ratelimit-policy: \"verzoeken\";q=1000;w=5, \
         \"gelijktijdig\";q=32;qu=\"concurrent-requests\", \"bulkregels\";q=1;qu=\"bulkregels\";w=60\n\
         retry-after: 60";
    persoonsgegevens_niet_beschikbaar: PersonenNietBeschikbaar, async {
        let request = get("/v1/leerbedrijven/100000001/detailgegevens");
        world().await.without_record().ask(request).await
    } =>
        "503 persoonsgegevens-niet-beschikbaar PERSOONSGEGEVENS_NIET_BESCHIKBAAR Persoonsgegevens \
         even niet beschikbaar\n\
         er kan nu niet worden vastgelegd aan wie persoonsgegevens zijn gegeven, daarom worden ze \
         niet gegeven; vragen zonder persoonsgegevens worden wel beantwoord\n\
         retry-after: 10";
    te_veel_verzoeken: TeVeelVerzoeken,
        async { world().await.no_waiting().ask(feed("na=0&wachtSeconden=1")).await } =>
        "429 te-veel-verzoeken TE_VEEL_VERZOEKEN Te veel verzoeken\n\
         er wachten al te veel vragen op nieuwe mutaties; vraag later, of zonder wachtSeconden\n\
         retry-after: 10";
    interne_fout: InterneFout, async { world().await.with_a_bug().ask(get(VERIFY)).await } =>
        "500 interne-fout INTERNE_FOUT Interne fout\n\
         de vraag kon niet worden afgehandeld";
    interne_fout_in_bulk: InterneFout,
        async { world().await.with_a_bug().ask(post(BULK, "{}")).await } =>
        "500 interne-fout INTERNE_FOUT Interne fout\n\
         de vraag kon niet worden afgehandeld";
    registerversie_niet_bereikt: RegisterversieNietBereikt, async {
        let request = get(&format!("{VERIFY}&minimaleRegisterVersie=1.99"));
        world().await.impatient().ask(request).await
    } =>
        "503 registerversie-niet-bereikt REGISTERVERSIE_NIET_BEREIKT Registerversie nog niet \
         beschikbaar\n\
         registerVersie 1.99 is hier nog niet bekend; deze node heeft 1.1\n\
         retry-after: 2";
    register_niet_beschikbaar: RegisterNietBeschikbaar,
        async { world().await.without_register().ask(get(VERIFY)).await } =>
        "503 register-niet-beschikbaar REGISTER_NIET_BESCHIKBAAR Register niet beschikbaar\n\
         het register is op deze node niet beschikbaar\n\
         retry-after: 2";
    schrijven_niet_mogelijk: SchrijvenNietMogelijk, ask(bpvos()) =>
        "503 schrijven-niet-mogelijk SCHRIJVEN_NIET_MOGELIJK Bewaren is nu niet mogelijk\n\
         er kan nu niets worden bewaard; dezelfde vraag mag opnieuw, met hetzelfde wsa:MessageID of \
         dezelfde Idempotency-Key\n\
         retry-after: 5";
    abonnementen_niet_beschikbaar: AbonnementenNietBeschikbaar,
        async { world().await.without_queue().ask(get("/v1/abonnementen")).await } =>
        "503 abonnementen-niet-beschikbaar ABONNEMENTEN_NIET_BESCHIKBAAR Abonnementen even niet \
         beschikbaar\n\
         abonnementen zijn even niet beschikbaar; dezelfde vraag mag opnieuw\n\
         retry-after: 5";
    gebruik_niet_beschikbaar: GebruikNietBeschikbaar,
        async { world().await.ask(get("/v1/gebruik?vanaf=2026-11-01&tot=2026-11-22")).await } =>
        "503 gebruik-niet-beschikbaar GEBRUIK_NIET_BESCHIKBAAR Gebruik even niet op te vragen\n\
         het gebruik is even niet op te vragen; dezelfde vraag mag opnieuw\n\
         retry-after: 5";
    toegang_te_oud: ToegangTeOud,
        async { world().await.toegang_too_old().ask(get(VERIFY)).await } =>
        "503 toegang-te-oud TOEGANG_TE_OUD Toegangsgegevens te oud\n\
         de toegangsgegevens op deze node zijn te oud\n\
         retry-after: 60";
}

/// A subscription, and then another one by the same key.
async fn reused() -> Reply {
    let wish = |codes: &str| {
        post(
            "/v1/abonnementen",
            format!(r#"{{"kanaal":"POLL","codes":[{codes}]}}"#),
        )
        .insert_header(("idempotency-key", "een"))
    };
    let asked = world().await.ask_twice(wish(""), wish("\"25180\""));
    let [first, second] = asked.await;
    assert_eq!(first.status, 201, "{}", first.body);
    second
}
