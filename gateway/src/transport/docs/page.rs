//! The start page: a text with places that the tables of the code fill.

use std::{fmt::Write as _, time::Duration};

use super::{
    bpvos::{Bpvovoorbeeld, bpvos_in_json, bpvos_in_soap},
    soap_message::SoapMessage,
    zoekvragen::zoekvragen,
};
use crate::{
    domain::{Operatie, Signaalcode, Tijdstip},
    soap::FaultCode,
    transport::{
        gateway::{Gateway, Limits, Verbindingsgrenzen},
        rest::{
            API_VERSION, BPVO_PAGINA, ENDPOINTS, Endpoint, MAX_ABONNEMENTEN, MAX_BPVOS, MAX_CODES,
            MAX_KEUZEDELEN, MAX_LEERBEDRIJVEN, MAX_LIMIET, MAX_OVERTREDINGEN, MAX_PAGINA,
            MAX_PER_BERICHT, MAX_RIJEN, MAX_SOORTEN, MAX_STUKKEN, MAX_VERZOEKEN, MAX_WACHT_S,
            Probleemsoort, STANDAARD_LIMIET, STANDAARD_PAGINA,
        },
    },
};

const TEXT: &str = include_str!("start.html");

/// A school that gave the demo's first afnemer a mandate; the examples work beside the demo.
const DEMO_SCHOOL: &str = "00000099000090AA0000";

/// The styles of both pages.
pub(super) const STYLE: &str = include_str!("stijl.css");

/// The page of this gateway.
pub(super) fn start(gateway: &Gateway) -> String {
    let rest_answer = ENDPOINTS
        .iter()
        .find(|endpoint| endpoint.operatie == Operatie::NatrekkenErkenning)
        .and_then(|endpoint| endpoint.voorbeelden.first())
        .map_or("", |voorbeeld| voorbeeld.json.trim_end());
    let quota = &gateway.limits.quota;
    fill(
        TEXT,
        &[
            ("stijl", STYLE.to_owned()),
            ("api_versie", API_VERSION.to_owned()),
            ("api_url", escape(&gateway.api_url)),
            ("oin", escape(gateway.own_oin.as_str())),
            ("rest_antwoord", escape(rest_answer)),
            ("soap_vraag", escape(&soap_question(gateway))),
            ("bewerkingen", operations()),
            ("signaalcodes", signaalcodes()),
            ("problemen", problems()),
            ("faults", faults()),
            ("limieten", limits(&gateway.limits)),
            ("burst", quota.burst.to_string()),
            (
                "burst_s",
                quota
                    .burst
                    .get()
                    .div_ceil(quota.verzoeken_per_seconde.get())
                    .to_string(),
            ),
            ("gelijktijdig", quota.gelijktijdig.to_string()),
            ("bulkregels", quota.bulkregels_per_minuut.to_string()),
            ("zoekvragen", search_questions(gateway)),
            ("bpvos_rest", escape(&bpvos_in_json(&[bpvo()]))),
            (
                "bpvos_soap",
                escape(&bpvos_in_soap(&bpvo_message(gateway), &[bpvo()])),
            ),
            ("max_bpvos", thousands(MAX_BPVOS)),
            (
                "bpvo_bewaring",
                gateway.rules.bpvo_bewaring.dagen().to_string(),
            ),
            ("bpvo_pagina", thousands(BPVO_PAGINA)),
            ("max_pagina", thousands(MAX_PAGINA)),
            ("standaard_pagina", thousands(STANDAARD_PAGINA)),
        ],
    )
}

/// The examples of a search, each to be pasted beside the demo.
fn search_questions(gateway: &Gateway) -> String {
    // A clock that is wrong makes examples of long ago, which is the least that is wrong then.
    let vandaag = gateway.clock.now().datum().or(Tijdstip::EPOCH.datum());
    let questions = vandaag.map(zoekvragen).unwrap_or_default();
    let (url, oin) = (&gateway.api_url, gateway.own_oin.as_str());
    let mut html = String::new();
    for vraag in questions {
        let rest = format!(
            "curl -K demo-map/rest.curl -d @- '{url}/v1/leerplaatsen/_zoek' <<'JSON'\n{}\nJSON",
            vraag.json
        );
        let soap = format!(
            "curl -K demo-map/soap.curl -d @- '{url}/soap/v1/whitelabel' <<'XML'\n{}\nXML",
            vraag.soap(url, oin, DEMO_SCHOOL)
        );
        let _ = writeln!(
            html,
            "<details id=\"zoekvraag-{naam}\"><summary>{what}</summary>\
             <pre tabindex=\"0\"><code>{rest}</code></pre>\
             <pre tabindex=\"0\"><code>{soap}</code></pre></details>",
            naam = vraag.naam,
            what = escape(vraag.samenvatting),
            rest = escape(&rest),
            soap = escape(&soap),
        );
    }
    html
}

/// Puts the values in the places `{{name}}`.
pub(super) fn fill(text: &str, values: &[(&str, String)]) -> String {
    let mut page = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        page.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Text as HTML shows it.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn soap_question(gateway: &Gateway) -> String {
    let message = SoapMessage {
        api_url: &gateway.api_url,
        own_oin: gateway.own_oin.as_str(),
        school_oin: DEMO_SCHOOL,
        operatie: Operatie::NatrekkenErkenning,
    };
    let fields = [
        ("leerbedrijfId", "100000001"),
        ("code", "25180"),
        ("peildatum", "2026-09-01"),
    ];
    message.with(&fields.map(|(naam, waarde)| (naam, waarde.to_owned())))
}

/// At a leerbedrijf that every demo has.
fn bpvo() -> Bpvovoorbeeld {
    Bpvovoorbeeld {
        bpvo_kenmerk: "BPV-2026-000417".to_owned(),
        leerbedrijf_id: "100000001".to_owned(),
        code: "25180".to_owned(),
        begindatum: "2026-09-01".to_owned(),
        einddatum_gepland: "2027-01-31".to_owned(),
    }
}

fn bpvo_message(gateway: &Gateway) -> SoapMessage<'_> {
    SoapMessage {
        api_url: &gateway.api_url,
        own_oin: gateway.own_oin.as_str(),
        school_oin: DEMO_SCHOOL,
        operatie: Operatie::RegistrerenBpvos,
    }
}

fn operations() -> String {
    let mut rows = String::new();
    for operatie in Operatie::ALL {
        let offered: Vec<&Endpoint> = ENDPOINTS
            .iter()
            .filter(|endpoint| endpoint.operatie == *operatie)
            .collect();
        let mut rest = String::new();
        let mut what = String::new();
        for endpoint in offered {
            let (method, path) = (endpoint.methode.as_str(), escape(endpoint.pad));
            let _ = write!(
                rest,
                "<span class=\"methode\">{method}</span><code>{path}</code><br>"
            );
            let _ = write!(what, "{}<br>", escape(endpoint.samenvatting));
        }
        let _ = writeln!(
            rows,
            "<tr><td><code>{operatie}</code></td><td class=\"pad\">{rest}</td><td>{what}</td></tr>"
        );
    }
    rows
}

fn signaalcodes() -> String {
    let mut rows = String::new();
    for signaalcode in Signaalcode::ALL {
        let rest = match signaalcode {
            Signaalcode::LeerbedrijfOnbekend => "200; bij GET van het leerbedrijf zelf 404",
            Signaalcode::AbonnementOnbekend => "404",
            Signaalcode::VolgnummerVerlopen => "410",
            Signaalcode::GeenResultaat => "200; bij GET of DELETE van een bpvo 404",
            s if s.is_invalid_input() => "400, ongeldige invoer",
            _ => "200",
        };
        let (code, text) = (signaalcode.code(), escape(signaalcode.tekst()));
        let _ = writeln!(
            rows,
            "<tr><td><code>{code}</code></td><td>{text}</td><td>{rest}</td></tr>"
        );
    }
    rows
}

fn problems() -> String {
    let mut rows = String::new();
    for soort in Probleemsoort::ALL {
        let _ = writeln!(
            rows,
            "<tr id=\"{id}\"><td>{status}</td><td class=\"pad\"><code>{uri}</code><br><code>{code}</code></td>\
             <td><strong>{title}</strong><br>{what}</td></tr>",
            id = soort.type_uri().rsplit(':').next().unwrap_or_default(),
            status = soort.status().as_u16(),
            uri = soort.type_uri(),
            code = soort.code(),
            title = escape(soort.titel()),
            what = escape(soort.uitleg()),
        );
    }
    rows
}

fn faults() -> String {
    let mut rows = String::new();
    for code in FaultCode::ALL {
        let (code, text) = (code.faultcode(), escape(code.text()));
        let _ = writeln!(rows, "<tr><td><code>{code}</code></td><td>{text}</td></tr>");
    }
    rows
}

/// What the HTTP library takes of a request's head; it has no setting for either.
const MAX_HEADERS: usize = 96;
const MAX_HEAD_BYTES: usize = 128 * 1024;

fn limits(limits: &Limits) -> String {
    let rows: [(&str, String); 32] = [
        ("Headers van een HTTP-verzoek", thousands(MAX_HEADERS)),
        (
            "Kop van een HTTP-verzoek: eerste regel en headers",
            bytes(MAX_HEAD_BYTES),
        ),
        (
            "Verzoeken van een afnemer per seconde, per node",
            thousands(limits.quota.verzoeken_per_seconde.get() as usize),
        ),
        (
            "Verzoeken van een afnemer die na een pauze in een keer mogen",
            thousands(limits.quota.burst.get() as usize),
        ),
        (
            "Verzoeken van een afnemer tegelijk",
            thousands(limits.quota.gelijktijdig.get() as usize),
        ),
        (
            "Regels van bulkvragen van een afnemer per minuut",
            thousands(limits.quota.bulkregels_per_minuut.get() as usize),
        ),
        ("Body van een gewone vraag", bytes(limits.body_bytes)),
        ("Body van een bulkvraag", bytes(limits.bulk_body_bytes)),
        (
            "Verzoeken in natrekkenErkenningen",
            thousands(MAX_VERZOEKEN),
        ),
        (
            "Leerbedrijven in een antwoord van vaststellenLeerbedrijf",
            thousands(MAX_LEERBEDRIJVEN),
        ),
        ("Rijen in vaststellenLeerbedrijven", thousands(MAX_RIJEN)),
        ("Bpvo's in registrerenBpvos", thousands(MAX_BPVOS)),
        ("Keuzedelen in een bpvo", thousands(MAX_KEUZEDELEN)),
        (
            "Bpvo's op een pagina van opvragenBpvos",
            thousands(BPVO_PAGINA),
        ),
        (
            "Leerbedrijven op een pagina van zoekenLeerplaatsen",
            format!(
                "{}; als het ontbreekt {}",
                thousands(MAX_PAGINA),
                thousands(STANDAARD_PAGINA)
            ),
        ),
        (
            "Abonnementen van een afnemer die niet beëindigd zijn",
            thousands(MAX_ABONNEMENTEN),
        ),
        (
            "Soorten en codes in een filter van een abonnement",
            format!("{} en {}", thousands(MAX_SOORTEN), thousands(MAX_CODES)),
        ),
        (
            "Mutaties in een antwoord van opvragenMutaties",
            format!("{MAX_LIMIET}; als limiet ontbreekt {STANDAARD_LIMIET}"),
        ),
        (
            "Mutaties in een bericht van de push",
            thousands(MAX_PER_BERICHT.into()),
        ),
        ("Wachten op nieuwe mutaties", format!("{MAX_WACHT_S} s")),
        (
            "Vragen van een afnemer die tegelijk op nieuwe mutaties wachten",
            thousands(limits.wachtenden.per_afnemer),
        ),
        ("Stukken in vergelijkenMutaties", thousands(MAX_STUKKEN)),
        ("Tekens in een invoerveld", "200".to_owned()),
        (
            "Diepte van elementen (XML), objecten en lijsten (JSON)",
            thousands(limits.depth),
        ),
        (
            "Elementen of JSON-waarden in een gewone vraag",
            thousands(limits.elements),
        ),
        (
            "Elementen of JSON-waarden in een bulkvraag",
            thousands(limits.bulk_elements),
        ),
        (
            "Attributen van een XML-element",
            thousands(limits.attributes),
        ),
        (
            "Overtredingen die een probleem noemt",
            thousands(MAX_OVERTREDINGEN),
        ),
        (
            "Tijd om een body te sturen",
            seconds(limits.body_timeout.as_secs()),
        ),
        (
            "Wachten op minimaleRegisterVersie",
            seconds(limits.versie_wait.as_secs()),
        ),
        (
            "Wachten tot iets bewaard is",
            seconds(limits.write_wait.as_secs()),
        ),
        (
            "Oudste register waaruit geantwoord wordt",
            format!("{} uur", limits.maximale_veroudering.as_secs() / 3600),
        ),
    ];
    let mut html = String::new();
    for (what, value) in rows {
        let _ = writeln!(html, "<tr><td>{what}</td><td>{value}</td></tr>");
    }
    for (what, value) in connection(&limits.verbinding) {
        let _ = writeln!(html, "<tr><td>{what}</td><td>{value}</td></tr>");
    }
    html.push_str("<tr><td>DTD en externe entiteiten in XML</td><td>geen</td></tr>\n");
    html
}

/// What the listener keeps of a connection, whatever is asked over it.
fn connection(limits: &Verbindingsgrenzen) -> [(&'static str, String); 8] {
    let time = |duration: Duration| seconds(duration.as_secs());
    [
        (
            "Open verbindingen van een partij",
            thousands(limits.of_party),
        ),
        (
            "Verzoeken over een verbinding",
            format!("{}; daarna sluit zij", thousands(limits.requests as usize)),
        ),
        (
            "Leeftijd van een verbinding",
            format!("{}; daarna sluit zij met een antwoord", time(limits.age)),
        ),
        ("Tijd voor een TLS-handshake", time(limits.handshake)),
        ("Tijd voor de kop van een verzoek", time(limits.head)),
        ("Stilte tussen twee verzoeken", time(limits.idle)),
        (
            "Tijd van de kop van een verzoek tot het antwoord",
            time(limits.request),
        ),
        (
            "Tijd dat een antwoord wacht op een client die niet leest",
            time(limits.write_stall),
        ),
    ]
}

fn bytes(count: usize) -> String {
    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    match count {
        n if n >= MIB && n % MIB == 0 => format!("{} MiB", n / MIB),
        n if n >= KIB && n % KIB == 0 => format!("{} KiB", n / KIB),
        n => format!("{} bytes", thousands(n)),
    }
}

fn seconds(count: u64) -> String {
    format!("{count} seconden")
}

/// With a point between thousands, as Dutch writes them.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_puts_each_value_in_its_place() {
        let values = [("a", "1".to_owned()), ("b", "{{a}}".to_owned())];
        assert_eq!(fill("x{{a}}y{{b}}z{{a}}", &values), "x1y{{a}}z1");
    }

    #[test]
    fn numbers_read_as_dutch_writes_them() {
        assert_eq!(thousands(25), "25");
        assert_eq!(thousands(10_000), "10.000");
        assert_eq!(thousands(1_200_000), "1.200.000");
        assert_eq!(bytes(256 * 1024), "256 KiB");
        assert_eq!(bytes(6 * 1024 * 1024), "6 MiB");
        assert_eq!(bytes(1000), "1.000 bytes");
    }
}
