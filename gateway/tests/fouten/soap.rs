//! The faults of standards §1: each with its faultcode, faultstring, HTTP status, headers, and
//! where it says what is wrong.

use std::fmt::Write as _;

use stagepoort::soap::FaultCode;

use crate::{
    antwoord::Reply,
    register::{AFNEMER_OF_TWO, OTHER_SCHOOL, SCHOOL},
    soap_messages::{SOAP11, WL, WSA},
    vraag::{Ask, KEPT, OWN, UUID, lost, padded, waiting},
    world::{Peer, World, one_a_second, one_at_once, one_line_a_minute},
};

/// All that a fault says: status, code, text; its detail or comment; the headers that not every
/// answer has.
pub(crate) fn told(reply: &Reply) -> String {
    let part = |before: &str, after: &str| {
        let (_, rest) = reply.body.split_once(before)?;
        Some(rest.split_once(after)?.0.to_owned())
    };
    let code = part("<faultcode>SOAP-ENV:", "</faultcode>").unwrap_or_default();
    let text = part("<faultstring xml:lang=\"nl\">", "</faultstring>").unwrap_or_default();
    let mut out = format!("{} {code} {text}", reply.status);
    if let Some(detail) = part("<detail>", "</detail>") {
        let ours = format!("<foutDetail xmlns=\"{WL}\"><code>{}</code>", reply.logged);
        let detail = detail.strip_prefix(&ours).expect("detail of the same code");
        let detail = detail.strip_suffix("</foutDetail>").unwrap();
        write!(out, "\n{detail}").unwrap();
    }
    if let Some(comment) = part("<!-- ", " -->") {
        // XML has no room for two hyphens in a comment, so it has another one.
        let comment = comment.replace('\u{2010}', "-");
        write!(out, "\n<!-- {comment} -->").unwrap();
    }
    reply.write_headers("text/xml; charset=utf-8", &mut out);
    assert!(code.ends_with(&format!(".{}", reply.logged)), "{out}");
    // WA001: an answer to what had wsa headers has them, and that of a fault is of its own.
    if let Some(action) = part("<wsa:Action>", "</wsa:Action>") {
        assert_eq!(action, format!("{WSA}/soap/fault"));
        assert!(
            part("<wsa:MessageID>", "</")
                .unwrap()
                .starts_with("urn:uuid:")
        );
    }
    out
}

macro_rules! table {
    ($($name:ident: $code:ident, $ask:expr => $told:expr;)+) => {
        $(
            #[actix_web::test]
            async fn $name() {
                let reply = $ask.send().await;
                assert_eq!(told(&reply), $told, "{}", reply.body);
            }
        )+

        const ROWS: &[(FaultCode, &str)] = &[$((FaultCode::$code, stringify!($name))),+];
    };
}

/// Codes that no request can provoke.
const NEVER: &[(FaultCode, &str)] = &[
    (
        FaultCode::RelatesToOntbreekt,
        "only an answer has to have it; that of a subscriber to meldenMutaties is read by its status and body",
    ),
    (
        FaultCode::Berichtondertekening,
        "the profile is 2W-be, without signing; a wsse:Security header that must be understood is DK0010",
    ),
];

#[test]
fn every_code_has_a_row() {
    for code in FaultCode::ALL {
        let rows = ROWS.iter().filter(|row| row.0 == *code).count();
        let never = NEVER.iter().filter(|one| one.0 == *code).count();
        assert!((rows > 0) != (never > 0), "{code:?}: {rows} rows");
    }
    for (code, name) in ROWS {
        let begin = format!("{}_", code.short().to_lowercase());
        assert!(name.starts_with(&begin), "{name}");
    }
}

table! {
    dk0001_no_envelope: InvalideEnvelope, Ask::new().await.message("hallo") =>
        "500 VersionMismatch.DK0001 Invalide envelope\n\
         <!-- regel 1, kolom 1: tekst buiten het bericht -->";
    dk0001_nothing: InvalideEnvelope, Ask::new().await.message("") =>
        "500 VersionMismatch.DK0001 Invalide envelope\n\
         <!-- regel 1, kolom 1: het bericht houdt op voor zijn einde -->";
    dk0001_another_element: InvalideEnvelope, Ask::new().await.with(SOAP11, "urn:x") =>
        "500 VersionMismatch.DK0001 Invalide envelope\n\
         <!-- het buitenste element is geen Envelope van SOAP 1.1 -->";
    dk0001_soap_1_2: InvalideEnvelope,
        Ask::new().await.with(SOAP11, "http://www.w3.org/2003/05/soap-envelope") =>
        "500 VersionMismatch.DK0001 Invalide envelope\n\
         <!-- dit is SOAP 1.2; alleen SOAP 1.1 wordt aangeboden -->";
    dk0001_the_media_type_of_soap_1_2: InvalideEnvelope,
        Ask::new().await.header("content-type", "application/soap+xml; charset=utf-8") =>
        "500 VersionMismatch.DK0001 Invalide envelope\n\
         <!-- dit is SOAP 1.2; alleen SOAP 1.1 (Content-Type: text/xml) wordt aangeboden -->";
    dk0001_too_slow: InvalideEnvelope,
        Ask::new().await.in_world(World::no_patience_for_bodies).never_ends() =>
        "408 VersionMismatch.DK0001 Invalide envelope\n\
         <!-- niet binnen 0 s geheel ontvangen -->\nconnection: close";
    dk0002_no_afnemer: NietGeautoriseerd, Ask::new().await.peer(Peer::Of(SCHOOL)) =>
        "500 Client.DK0002 Niet geautoriseerd\n\
         <!-- het OIN in het TLS-certificaat is niet van een bekende afnemer -->";
    dk0002_no_mandate: NietGeautoriseerd, Ask::new().await.with(SCHOOL, OTHER_SCHOOL) =>
        "500 Client.DK0002 Niet geautoriseerd\n\
         <!-- er is geen mandaat van deze school voor deze bewerking -->";
    dk0002_a_certificate_that_ended: NietGeautoriseerd, Ask::new().await.peer(Peer::Expired) =>
        "500 Client.DK0002 Niet geautoriseerd\n\
         <!-- het clientcertificaat is verlopen of ingetrokken -->";
    dk0002_an_untrusted_certificate_behind_a_proxy: NietGeautoriseerd,
        Ask::new().await.peer(Peer::Untrusted) =>
        "500 Client.DK0002 Niet geautoriseerd\n\
         <!-- het certificaat in Client-Cert is onleesbaar of niet van een vertrouwde uitgever -->";
    dk0002_the_header_of_a_proxy_from_elsewhere: NietGeautoriseerd,
        Ask::new().await.peer(Peer::ForeignHeader) =>
        "500 Client.DK0002 Niet geautoriseerd\n\
         <!-- de header Client-Cert wordt alleen aangenomen van een ingestelde proxy -->";
    dk0002_two_schools_named: NietGeautoriseerd,
        Ask::new().await.header("onderwijsinstelling-oin", OTHER_SCHOOL) =>
        "500 Client.DK0002 Niet geautoriseerd\n\
         <!-- wsa:From en Onderwijsinstelling-OIN noemen verschillende scholen -->";
    dk0002_another_school_in_the_body: NietGeautoriseerd,
        Ask::of("opvragenBpvos", &format!("<schoolOin>{OTHER_SCHOOL}</schoolOin>")).await =>
        "500 Client.DK0002 Niet geautoriseerd\n\
         <!-- schoolOin is niet de school waarvoor gevraagd wordt -->";
    dk0003_another_soapaction: InvalideSoapaction,
        Ask::new().await.header("soapaction", "\"urn:x/y\"") =>
        "500 Client.DK0003 Invalide soapaction\n\
         <!-- verwacht urn:stagepoort:whitelabel:v1/natrekkenErkenning -->";
    dk0004_another_element: NietConformXsd, Ask::of("natrekkenErkenning", "<x/>").await =>
        "500 Client.DK0004 Niet conform XSD\n\
         <reden>Element is hier niet toegestaan; verwacht: leerbedrijfId, code, peildatum, \
         minimaleRegisterVersie.</reden><veld>x</veld><regel>1</regel><kolom>504</kolom>";
    dk0004_no_request_of_ours: NietConformXsd,
        Ask::new().await.with("natrekkenErkenningRequest", "natrekkenRequest") =>
        "500 Client.DK0004 Niet conform XSD\n\
         <reden>Geen vraag van deze service; verwacht in urn:stagepoort:whitelabel:v1: \
         vaststellenLeerbedrijfRequest, vaststellenLeerbedrijvenRequest, natrekkenErkenningRequest, \
         natrekkenErkenningenRequest, opvragenDetailgegevensRequest, zoekenLeerplaatsenRequest, \
         registrerenBpvosRequest, opvragenBpvosRequest, aanmeldenAbonnementRequest, \
         opvragenAbonnementenRequest, wijzigenAbonnementRequest, beeindigenAbonnementRequest, \
         opvragenMutatiesRequest, \
         vergelijkenMutatiesRequest.</reden><veld>natrekkenRequest</veld><regel>1</regel><kolom>440</kolom>";
    dk0004_a_version_of_another_form: NietConformXsd,
        Ask::of("natrekkenErkenning", "<minimaleRegisterVersie>morgen</minimaleRegisterVersie>").await =>
        "500 Client.DK0004 Niet conform XSD\n\
         <reden>minimaleRegisterVersie moet de vorm [0-9]+\\.[0-9]+ \
         hebben</reden><veld>minimaleRegisterVersie</veld>";
    dk0004_a_version_that_was_lost: NietConformXsd, lost().await =>
        "500 Client.DK0004 Niet conform XSD\n\
         <reden>registerVersie 1.5 bestaat niet meer: de geschiedenis van het register ging in \
         tijdlijn 2 verder zonder deze versie; hier is nu \
         2.2</reden><veld>minimaleRegisterVersie</veld>";
    dk0005_no_to: ToOntbreekt, Ask::new().await.without("To") =>
        "500 Client.DK0005 wsa:To ontbreekt";
    dk0006_no_action: ActionOntbreekt, Ask::new().await.without("Action") =>
        "500 Client.DK0006 wsa:Action ontbreekt";
    dk0007_no_message_id: MessageIdOntbreekt, Ask::new().await.without("MessageID") =>
        "500 Client.DK0007 wsa:MessageID ontbreekt";
    dk0009_another_charset: NietConformUtf8,
        Ask::new().await.header("content-type", "text/xml; charset=iso-8859-1") =>
        "500 Client.DK0009 Niet conform UTF-8\n\
         <!-- Content-Type noemt een andere charset dan UTF-8 -->";
    dk0009_other_bytes: NietConformUtf8, Ask::new().await.message(b"<a>\xe9</a>".as_slice()) =>
        "500 Client.DK0009 Niet conform UTF-8\n<!-- byte 4 is ongeldig -->";
    dk0009_another_declaration: NietConformUtf8,
        Ask::new().await.with("<s:Envelope", "<?xml version='1.0' encoding='utf-16'?><s:Envelope") =>
        "500 Client.DK0009 Niet conform UTF-8\n\
         <!-- de XML-declaratie noemt een andere codering dan UTF-8 -->";
    dk0010_a_header_that_must_be_understood: AndereHeaders,
        Ask::new().await.with("<s:Header>", "<s:Header><h:Security xmlns:h='urn:h' s:mustUnderstand='1'/>") =>
        "500 Client.DK0010 Andere headers: {urn:h}Security heeft mustUnderstand=\"1\" en wordt hier \
         niet begrepen";
    dk0011_an_action_that_does_not_fit: OnjuisteWaarde,
        Ask::new().await.with("/natrekkenErkenning<", "/opvragenDetailgegevens<") =>
        "500 Client.DK0011 Onjuiste waarde in wsa header: wsa:Action past niet bij de Body: \
         verwacht urn:stagepoort:whitelabel:v1/natrekkenErkenning";
    dk0011_an_answer_elsewhere: OnjuisteWaarde,
        Ask::new().await.with("<a:From>", "<a:ReplyTo><a:Address>https://x/</a:Address></a:ReplyTo><a:From>") =>
        "500 Client.DK0011 Onjuiste waarde in wsa header: wsa:ReplyTo moet \
         http://www.w3.org/2005/08/addressing/anonymous zijn, of ontbreken";
    dk0011_twice: OnjuisteWaarde, Ask::new().await.with("<a:From>", "<a:To>x</a:To><a:From>") =>
        "500 Client.DK0011 Onjuiste waarde in wsa header: wsa:To komt meer dan eens voor";
    ek0020_no_from: FromOntbreekt, Ask::new().await.without("From") =>
        "500 Client.EK0020 wsa:From ontbreekt";
    ek0020_which_of_two_schools: FromOntbreekt,
        Ask::new().await.optioneel().peer(Peer::Of(AFNEMER_OF_TWO)).without("From") =>
        "500 Client.EK0020 wsa:From ontbreekt\n<!-- noem de school waarvoor gevraagd wordt -->";
    ek0021_from_without_oin: FromZonderOin, Ask::new().await.with(SCHOOL, "123") =>
        "500 Client.EK0021 wsa:From bevat geen geldig OIN\n\
         <!-- verwacht http://www.w3.org/2005/08/addressing/anonymous?oin= en het OIN van de school -->";
    ek0022_to_without_our_oin: ToZonderOin, Ask::new().await.with(OWN, SCHOOL) =>
        "500 Client.EK0022 wsa:To bevat geen geldig OIN\n\
         <!-- verwacht het adres uit de WSDL, met ?oin=00000099000000000000 -->";
    ek0023_message_id_without_uuid: MessageIdZonderUuid, Ask::new().await.with(UUID, "1") =>
        "500 Client.EK0023 wsa:MessageID bevat geen UUID\n\
         <!-- verwacht bijvoorbeeld urn:uuid: en een UUID -->";
    ek0030_no_certificate: CertificaatZonderOin, Ask::new().await.peer(Peer::None) =>
        "500 Client.EK0030 OIN in TLS certificaat ontbreekt of is ongeldig\n\
         <!-- er is geen clientcertificaat aangeboden -->";
    ek0030_a_certificate_without_oin: CertificaatZonderOin, Ask::new().await.peer(Peer::WithoutOin) =>
        "500 Client.EK0030 OIN in TLS certificaat ontbreekt of is ongeldig\n\
         <!-- het OIN in het TLS-certificaat ontbreekt of is ongeldig -->";
    dk0050_a_bug: AfhandelingFout, Ask::new().await.in_world(World::with_a_bug) =>
        "500 Server.DK0050 Service afhandeling geeft fout\n<reden>Service afhandeling geeft fout</reden>";
    dk0051_no_register: NietBeschikbaar, Ask::new().await.in_world(World::without_register) =>
        "500 Server.DK0051 Service niet beschikbaar\n\
         <reden>het register is op deze node niet beschikbaar</reden>\
         <opnieuwNaSeconden>2</opnieuwNaSeconden>\nretry-after: 2";
    dk0051_a_version_that_does_not_come: NietBeschikbaar,
        Ask::of("natrekkenErkenning", "<minimaleRegisterVersie>1.99</minimaleRegisterVersie>")
            .await.in_world(World::impatient) =>
        "500 Server.DK0051 Service niet beschikbaar\n\
         <reden>registerVersie 1.99 is hier nog niet bekend; deze node heeft 1.1</reden>\
         <opnieuwNaSeconden>2</opnieuwNaSeconden>\nretry-after: 2";
    dk0051_nothing_can_be_kept: NietBeschikbaar, Ask::of("registrerenBpvos", KEPT).await =>
        "500 Server.DK0051 Service niet beschikbaar\n\
         <reden>er kan nu niets worden bewaard; dezelfde vraag mag opnieuw, met hetzelfde \
         wsa:MessageID of dezelfde Idempotency-Key</reden><opnieuwNaSeconden>5</opnieuwNaSeconden>\n\
         retry-after: 5";
    dk0051_no_queue: NietBeschikbaar,
        Ask::of("opvragenAbonnementen", "").await.in_world(World::without_queue) =>
        "500 Server.DK0051 Service niet beschikbaar\n\
         <reden>abonnementen zijn even niet beschikbaar; dezelfde vraag mag opnieuw</reden>\
         <opnieuwNaSeconden>5</opnieuwNaSeconden>\nretry-after: 5";
    dk0051_not_recorded: NietBeschikbaar,
        Ask::of("opvragenDetailgegevens", "<leerbedrijfId>100000001</leerbedrijfId>")
            .await.in_world(World::without_record) =>
        "500 Server.DK0051 Service niet beschikbaar\n\
         <reden>er kan nu niet worden vastgelegd aan wie persoonsgegevens zijn gegeven, daarom worden \
         ze niet gegeven; vragen zonder persoonsgegevens worden wel beantwoord</reden>\
         <opnieuwNaSeconden>10</opnieuwNaSeconden>\nretry-after: 10";
    dk0051_toegang_too_old: NietBeschikbaar, Ask::new().await.in_world(World::toegang_too_old) =>
        "500 Server.DK0051 Service niet beschikbaar\n\
         <reden>de toegangsgegevens op deze node zijn te oud</reden>\
         <opnieuwNaSeconden>60</opnieuwNaSeconden>\nretry-after: 60";
    sp0001_requests_a_second: TeVeelVerzoeken,
        Ask::new().await.in_world(|world| world.with_quota(one_a_second)).twice() =>
        "500 Client.SP0001 Te veel verzoeken\n\
         <reden>meer dan 1 verzoeken per seconde; probeer het opnieuw over 1 \
         s</reden><opnieuwNaSeconden>1</opnieuwNaSeconden>\n\
         ratelimit: \"verzoeken\";r=0;t=1, \"gelijktijdig\";r=32\n\
         ratelimit-policy: \"verzoeken\";q=1;w=1, \"gelijktijdig\";q=32;qu=\"concurrent-requests\", \
         \"bulkregels\";q=300000;qu=\"bulkregels\";w=60\n\
         retry-after: 1";
    sp0001_requests_at_once: TeVeelVerzoeken,
        Ask::new().await.in_world(|world| world.with_quota(one_at_once)).beside_another() =>
        "500 Client.SP0001 Te veel verzoeken\n\
         <reden>meer dan 1 verzoeken tegelijk; probeer het opnieuw over 1 \
         s</reden><opnieuwNaSeconden>1</opnieuwNaSeconden>\n\
         ratelimit: \"verzoeken\";r=998;t=1, \"gelijktijdig\";r=0\n\
         ratelimit-policy: \"verzoeken\";q=1000;w=5, \
         \"gelijktijdig\";q=1;qu=\"concurrent-requests\", \
         \"bulkregels\";q=300000;qu=\"bulkregels\";w=60\n\
         retry-after: 1";
    sp0001_lines_of_bulk: TeVeelVerzoeken,
        Ask::of("natrekkenErkenningen", "<verzoeken><verzoek/><verzoek/></verzoeken>")
            .await.in_world(|world| world.with_quota(one_line_a_minute)) =>
        "500 Client.SP0001 Te veel verzoeken\n\
         <reden>meer dan 1 bulkregels per minuut; probeer het opnieuw over 60 s; van dit bericht is \
         niets verwerkt</reden><opnieuwNaSeconden>60</opnieuwNaSeconden>\n\
         ratelimit: \"verzoeken\";r=999;t=1, \"gelijktijdig\";r=31, \"bulkregels\";r=0;t=60\n\
         ratelimit-policy: \"verzoeken\";q=1000;w=5, \
         \"gelijktijdig\";q=32;qu=\"concurrent-requests\", \"bulkregels\";q=1;qu=\"bulkregels\";w=60\n\
         retry-after: 60";
    sp0001_too_many_wait: TeVeelVerzoeken, waiting().await =>
        "500 Client.SP0001 Te veel verzoeken\n\
         <reden>er wachten al te veel vragen op nieuwe mutaties; vraag later, of zonder \
         wachtSeconden</reden><opnieuwNaSeconden>10</opnieuwNaSeconden>\n\
         retry-after: 10";
    sp0002_more_bytes_than_a_single_message: BerichtTeGroot, padded(256 * 1024).await =>
        "413 Client.SP0002 Bericht te groot of te diep\n<reden>meer dan 262144 bytes</reden>";
    sp0002_more_bytes_than_any_message: BerichtTeGroot, padded(6 * 1024 * 1024).await =>
        "413 Client.SP0002 Bericht te groot of te diep\n<reden>meer dan 6291456 bytes</reden>";
    sp0002_more_elements: BerichtTeGroot,
        Ask::of("natrekkenErkenning", &"<x/>".repeat(10_001)).await =>
        "500 Client.SP0002 Bericht te groot of te diep\n\
         <reden>meer dan 10000 elementen</reden><regel>1</regel><kolom>40468</kolom>";
    sp0002_deeper: BerichtTeGroot,
        Ask::of("natrekkenErkenning", &"<x>".repeat(32)).await =>
        "500 Client.SP0002 Bericht te groot of te diep\n\
         <reden>dieper dan 32 elementen</reden><regel>1</regel><kolom>591</kolom>";
    sp0002_in_a_header_without_detail: BerichtTeGroot,
        Ask::new().await.with("<a:To>", &format!("{}<a:To>", "<x>".repeat(31))) =>
        "500 Client.SP0002 Bericht te groot of te diep\n<!-- dieper dan 32 elementen -->";
}
