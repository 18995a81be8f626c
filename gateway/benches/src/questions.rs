//! Questions about leerbedrijven of the levering, spread over all of it, as both transports put
//! them.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufRead, BufReader},
};

use serde::Deserialize;

use super::{Plan, folder::Demo};

/// The day that is asked about: the first of a school year.
const PEILDATUM: &str = "2026-09-01";

/// One question.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) leerbedrijf_id: String,
    pub(crate) code: String,
}

/// As many questions, each about another leerbedrijf while there are enough.
pub(crate) fn questions(plan: &Plan, count: usize) -> io::Result<Vec<Question>> {
    let levering = BufReader::with_capacity(1 << 20, File::open(plan.folder.levering(0))?);
    let every = (plan.leerbedrijven as usize / count).max(1);
    let found = levering
        .lines()
        .filter(|line| line.as_ref().map_or(true, |l| l.starts_with(LEERBEDRIJF)))
        .step_by(every)
        .take(count)
        .map(|line| Question::about(&line?))
        .filter_map(Result::transpose)
        .collect::<io::Result<Vec<_>>>()?;
    if found.is_empty() {
        return Err(io::Error::other("the levering has no erkenning"));
    }
    Ok(found.iter().cycle().take(count).cloned().collect())
}

/// How the writer of leveringen begins such a line.
const LEERBEDRIJF: &str = r#"{"soort":"leerbedrijf""#;

impl Question {
    /// None for a leerbedrijf without erkenning.
    fn about(line: &str) -> io::Result<Option<Self>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Leerbedrijf {
            leerbedrijf_id: String,
            #[serde(default)]
            erkenningen: Vec<Erkenning>,
        }
        #[derive(Deserialize)]
        struct Erkenning {
            code: String,
        }
        let leerbedrijf: Leerbedrijf = serde_json::from_str(line)?;
        let first = leerbedrijf.erkenningen.into_iter().next();
        Ok(first.map(|erkenning| Self {
            leerbedrijf_id: leerbedrijf.leerbedrijf_id,
            code: erkenning.code,
        }))
    }

    /// GET of one verification.
    pub(crate) fn rest(&self, school: &str) -> Vec<u8> {
        let Self {
            leerbedrijf_id,
            code,
        } = self;
        format!(
            "GET /v1/leerbedrijven/{leerbedrijf_id}/erkenningen/{code}?peildatum={PEILDATUM} HTTP/1.1\r\n\
             Host: localhost\r\nUser-Agent: stagepoort-bench\r\nAccept: application/json\r\n\
             Onderwijsinstelling-OIN: {school}\r\n\r\n"
        )
        .into_bytes()
    }

    /// The envelope of one verification.
    pub(crate) fn soap(&self, demo: &Demo, school: &str) -> Vec<u8> {
        let fields = self.xml();
        soap_post(demo, school, "natrekkenErkenning", &fields)
    }

    fn xml(&self) -> String {
        let Self {
            leerbedrijf_id,
            code,
        } = self;
        format!(
            "<w:leerbedrijfId>{leerbedrijf_id}</w:leerbedrijfId><w:code>{code}</w:code>\
             <w:peildatum>{PEILDATUM}</w:peildatum>"
        )
    }
}

/// POST of many verifications at once.
pub(crate) fn rest_bulk(all: &[Question], school: &str) -> Vec<u8> {
    let lines: Vec<_> = all
        .iter()
        .enumerate()
        .map(|(nth, q)| {
            serde_json::json!({
                "kenmerk": format!("regel-{nth}"),
                "leerbedrijfId": q.leerbedrijf_id,
                "code": q.code,
                "peildatum": PEILDATUM,
            })
        })
        .collect();
    let body = serde_json::json!({ "verzoeken": lines }).to_string();
    post("POST", "/v1/erkenningen/_natrekken", school, &body)
}

/// A request with a body of JSON.
pub(crate) fn post(method: &str, path: &str, school: &str, body: &str) -> Vec<u8> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n\
         User-Agent: stagepoort-bench\r\nAccept: application/json\r\n\
         Content-Type: application/json\r\nOnderwijsinstelling-OIN: {school}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    (head + body).into_bytes()
}

/// The envelope of many verifications at once.
pub(crate) fn soap_bulk(all: &[Question], demo: &Demo, school: &str) -> Vec<u8> {
    let mut lines = String::from("<w:verzoeken>");
    for (nth, question) in all.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(
            lines,
            "<w:verzoek><w:kenmerk>regel-{nth}</w:kenmerk>{}</w:verzoek>",
            question.xml()
        );
    }
    lines += "</w:verzoeken>";
    soap_post(demo, school, "natrekkenErkenningen", &lines)
}

fn soap_post(demo: &Demo, school: &str, operatie: &str, fields: &str) -> Vec<u8> {
    let oin = &demo.oin;
    let body = format!(
        r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:w="urn:stagepoort:whitelabel:v1"><s:Header><a:To>https://localhost/soap/v1/whitelabel?oin={oin}</a:To><a:Action>urn:stagepoort:whitelabel:v1/{operatie}</a:Action><a:MessageID>urn:uuid:6f1ed002-ab5c-4ea6-b0a5-9d9b8f0c7d11</a:MessageID><a:From><a:Address>http://www.w3.org/2005/08/addressing/anonymous?oin={school}</a:Address></a:From></s:Header><s:Body><w:{operatie}Request>{fields}</w:{operatie}Request></s:Body></s:Envelope>"#
    );
    let head = format!(
        "POST /soap/v1/whitelabel HTTP/1.1\r\nHost: localhost\r\n\
         User-Agent: stagepoort-bench\r\nContent-Type: text/xml;charset=UTF-8\r\n\
         SOAPAction: \"\"\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}
