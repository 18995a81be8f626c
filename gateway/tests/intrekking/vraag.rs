//! What the clients of these tests ask, as they would write it on the wire.

use std::{fs, future::Future, path::PathBuf, time::Duration};

use serde_json::Value;
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::{
    client::{Answer, Connection},
    crlserver::CrlServer,
    plek::{Node, Plek},
};

/// Whose mandate the first afnemer of the example has.
const SCHOOL: &str = "00000099000000001001";

/// How often the nodes of these tests look at a URL.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

/// Looks until this holds, for as long as a revocation may take: interval plus 5 s.
pub(crate) async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    let promised = INTERVAL + Duration::from_secs(5);
    let done = timeout(promised, work).await;
    done.unwrap_or_else(|_| panic!("{what}: not within {promised:?}"))
}

/// Settings of a node that finds its list there.
pub(crate) fn settings(plek: &Plek, naam: &str, host: &CrlServer, interval: &str) -> PathBuf {
    let path = plek.settings(naam, "");
    let text = fs::read_to_string(&path).unwrap();
    let file = format!("crl = [{:?}]", plek.certificaten.crl);
    let url = format!(
        "crl = [{:?}]\ncrlInterval = {interval:?}\ncrlMap = \"crl-{naam}\"",
        host.url()
    );
    assert!(text.contains(&file));
    fs::write(&path, text.replace(&file, &url)).unwrap();
    path
}

/// The list of this place, as it lies there.
pub(crate) fn list(plek: &Plek) -> Vec<u8> {
    fs::read(&plek.certificaten.crl).unwrap()
}

/// Puts this afnemer's certificate on it.
pub(crate) fn revoke(plek: &Plek, afnemer: usize) {
    let serial = plek.certificaten.afnemers[afnemer]
        .certificaat
        .serienummer
        .clone();
    let now = OffsetDateTime::now_utc();
    certs_dev::revoke(&plek.path("certs"), &[serial], now).unwrap();
}

/// A request over REST for the school, with these header lines.
pub(crate) fn rest(line: &str, headers: &str, body: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nOnderwijsinstelling-OIN: {SCHOOL}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// A request over SOAP for the school, with these header lines.
pub(crate) fn soap(operatie: &str, headers: &str, body: &str) -> String {
    let ns = "urn:stagepoort:whitelabel:v1";
    let wsa = "http://www.w3.org/2005/08/addressing";
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:a=\"{wsa}\"><s:Header>\
         <a:To>https://localhost/soap?oin=00000099000000001000</a:To><a:Action>{ns}/{operatie}</a:Action>\
         <a:MessageID>urn:uuid:0d2c1b7e-6f0b-4a4e-9a53-6f1d0b7e2c11</a:MessageID>\
         <a:From><a:Address>{wsa}/anonymous?oin={SCHOOL}</a:Address></a:From></s:Header>\
         <s:Body><{operatie}Request xmlns=\"{ns}\">{body}</{operatie}Request></s:Body></s:Envelope>"
    );
    format!(
        "POST /soap/v1/whitelabel HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml;charset=UTF-8\r\n\
         Content-Length: {}\r\n{headers}\r\n{envelope}",
        envelope.len()
    )
}

/// A call that waits for half a minute, over the one and over the other.
pub(crate) fn long_polls(id: &str, headers: &str) -> [String; 2] {
    let path = format!("/v1/mutaties?abonnementId={id}&na=0&wachtSeconden=30");
    let fields =
        format!("<abonnementId>{id}</abonnementId><na>0</na><wachtSeconden>30</wachtSeconden>");
    [
        rest(&format!("GET {path}"), headers, ""),
        soap("opvragenMutaties", headers, &fields),
    ]
}

/// A subscription that polls, in whose feed nothing is.
pub(crate) async fn subscribe(connection: &mut Connection, headers: &str) -> String {
    let ask = rest("POST /v1/abonnementen", headers, "{\"kanaal\":\"POLL\"}");
    let answer = ask_over(connection, &ask).await;
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    answer["abonnementId"].as_str().unwrap().to_owned()
}

/// Sends it, and gives the answer, which must come.
pub(crate) async fn ask_over(connection: &mut Connection, request: &str) -> Answer {
    connection.send(request).await.unwrap();
    connection.answer().await.unwrap()
}

/// The status of an answer, and the code that its body tells.
pub(crate) fn outcome(answer: &Answer) -> (u16, String) {
    let status = answer.head.split(' ').nth(1).unwrap().parse().unwrap();
    let code = match serde_json::from_str::<Value>(&answer.body) {
        Ok(json) => json["code"].as_str().unwrap_or_default().to_owned(),
        Err(_) => between(&answer.body, "<faultcode>", "</faultcode>"),
    };
    (
        status,
        code.rsplit('.').next().unwrap_or_default().to_owned(),
    )
}

fn between(text: &str, begin: &str, end: &str) -> String {
    let rest = text.split(begin).nth(1).unwrap_or_default();
    rest.split(end).next().unwrap_or_default().to_owned()
}

/// Waits until so many calls wait at this node.
pub(crate) async fn waiting(node: &Node, calls: u32) {
    shows(node, &format!("stagepoort_mutaties_wachtenden {calls}\n")).await;
}

/// Waits until the node's metrics show this.
pub(crate) async fn shows(node: &Node, line: &str) {
    let look = async {
        while !node.metrics().await.contains(line) {
            tokio::task::yield_now().await;
        }
    };
    let done = timeout(Duration::from_secs(60), look).await;
    assert!(done.is_ok(), "{line}");
}
