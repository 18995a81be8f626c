//! What becomes of the record of a real node: it comes in the database, also of a node that was killed
//! or whose database was away; a collector gets it; who asks what was given about them is told; and an
//! end that was cut off is noticed.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::PathBuf,
};

use serde_json::{Value, json};
use stagepoort::{
    audit::Map,
    clock::{Clock, SystemClock},
};

use crate::{
    beller::{Beller, SCHOOL},
    ontvanger::{Antwoord, Ontvangen, Ontvanger},
    plek::{Node, Plek},
};

/// A bounded wait: looks at what is there so often.
const LOOKS: usize = 200;

struct Wereld {
    plek: Plek,
    beller: Beller,
    collector: Ontvanger,
    settings: PathBuf,
}

impl Wereld {
    async fn new() -> Self {
        let plek = Plek::filled(50).await;
        let beller = Beller::new(&plek);
        let certificaten = &plek.certificaten;
        let collector = Ontvanger::start(certificaten).await;
        collector.answers(|_| Antwoord::Met(200, "Content-Type: application/json", b"{}".to_vec()));
        let own = &certificaten.afnemers[0].certificaat;
        let text = fs::read_to_string(plek.settings("een", "")).unwrap();
        let export = format!(
            "[verwerkingslog]\notlp = {:?}\notlpCa = {:?}\notlpCertificaat = {:?}\notlpSleutel = {:?}\n",
            collector.url("localhost"),
            certificaten.ca,
            own.cert,
            own.key
        );
        let settings = plek.path("een.toml");
        fs::write(&settings, text.replace("[verwerkingslog]\n", &export)).unwrap();
        Self {
            plek,
            beller,
            collector,
            settings,
        }
    }

    async fn start(&self) -> Node {
        Node::start(&self.settings).await
    }

    /// What `log persoon` tells, once it is so many records.
    async fn records(&self, many: usize) -> Vec<Value> {
        let line = format!("log persoon {} --config een.toml", self.beller.persoon_id);
        let mut found = Value::Null;
        for _ in 0..LOOKS {
            let (code, answer) = self.plek.json(&line).await;
            assert_eq!(code, 0, "{answer}");
            found = answer;
            if found["records"].as_array().unwrap().len() >= many {
                break;
            }
        }
        let records = found["records"].as_array().unwrap().clone();
        assert_eq!(records.len(), many, "{found}");
        records
    }

    /// The last segment, with so many bytes of its end taken off.
    fn cut(&self, bytes: u64) {
        let map = Map::new(&self.plek.path("een.verwerkingslog"));
        let last = map.segment(*map.segmenten().unwrap().last().unwrap());
        let file = fs::File::options().write(true).open(last).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len(length - bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_comes_and_is_found_and_an_end_that_was_cut_off_is_noticed() {
    let wereld = Wereld::new().await;
    let (plek, beller) = (&wereld.plek, &wereld.beller);
    let node = wereld.start().await;
    beller.is_told(&node).await;
    node.kill().await;
    let node = wereld.start().await;
    beller.is_told(&node).await;
    let records = wereld.records(4).await;
    is_complete(&records, plek);
    node.stop().await;

    // The database is away: a node that starts from its snapshot answers, and it comes later.
    fs::rename(plek.path("register.db"), plek.path("weg.db")).unwrap();
    let node = wereld.start().await;
    beller.is_told(&node).await;
    let today = SystemClock.now().datum().unwrap();
    fs::rename(plek.path("weg.db"), plek.path("register.db")).unwrap();
    let records = wereld.records(6).await;
    is_exported(&wereld.collector, &records).await;
    node.ready_when(|r| r["status"] == "gereed").await;
    let metrics = node.metrics().await;
    for line in [
        "stagepoort_verwerkingslog_achterstand_blokken 0",
        "stagepoort_verwerkingslog_afwijking 0",
    ] {
        assert!(metrics.contains(&format!("\n{line}\n")), "{metrics}");
    }
    // What the second node had counted when it stopped; the first was killed.
    let (first, last) = (today.plus_days(-1), today.plus_days(1));
    let pad = format!("/v1/gebruik?vanaf={first}&tot={last}");
    let gebruik = beller.get(&node, &pad).await;
    let counted = gebruik["regels"].as_array().unwrap().iter();
    let counted = counted.filter(|one| one["operatie"] == "opvragenDetailgegevens");
    let counted: Vec<(&Value, u64)> = counted
        .map(|one| (&one["code"], one["aantal"].as_u64().unwrap()))
        .collect();
    assert_eq!(counted, [(&json!("0"), 2)], "{gebruik}");
    node.stop().await;

    let daden = plek.ok("log daden --config een.toml").await;
    assert!(
        daden.contains("pseudonym ") && !daden.contains(&beller.persoon_id),
        "{daden}"
    );
    let nobody = format!("log persoon --school {SCHOOL} --bpvo NIEMAND --config een.toml");
    let (code, found) = plek.json(&nobody).await;
    assert_eq!((code, &found["records"]), (0, &json!([])));
    let (code, found) = plek.json("log verify --config een.toml").await;
    assert_eq!(
        (code, &found["database"]["pastNiet"]),
        (0, &Value::Null),
        "{found}"
    );
    is_noticed(&wereld).await;
}

async fn is_noticed(wereld: &Wereld) {
    let plek = &wereld.plek;
    wereld.cut(5);
    let (code, found) = plek.json("log verify --config een.toml").await;
    assert_eq!(code, 5, "{found}");
    assert!(found["database"]["pastNiet"].is_string(), "{found}");
    let node = wereld.start().await;
    let told = |ready: &Value| ready["redenen"].to_string().contains("had come");
    node.ready_when(|r| r["status"] == "verminderd" && told(r))
        .await;
    assert!(
        node.metrics()
            .await
            .contains("\nstagepoort_verwerkingslog_afwijking 1\n")
    );
    assert!(node.logged("is not what had come of it") > 0);
    wereld.beller.is_told(&node).await;
    // What had come of the end that was cut off is still told, and what came since.
    wereld.records(8).await;
    plek.ok("log erken --config een.toml --reden onderzocht")
        .await;
    node.ready_when(|r| r["status"] == "gereed").await;
    assert_eq!(node.logged(&wereld.beller.persoon_id), 0);
    node.stop().await;
    let (code, found) = plek.json("log verify --config een.toml").await;
    assert_eq!(code, 0, "{found}");
    assert_eq!(found["database"]["journalen"].as_array().unwrap().len(), 2);
}

/// Each record as Logboek Dataverwerkingen has it, with to whom it was given.
fn is_complete(records: &[Value], plek: &Plek) {
    let afnemer = plek.certificaten.afnemers[0].oin.as_str();
    for record in records {
        assert_eq!(record["name"], "opvragenDetailgegevens");
        assert_eq!(record["status"], "OK");
        assert_eq!(
            (&record["afnemerOin"], &record["schoolOin"]),
            (&json!(afnemer), &json!(SCHOOL))
        );
        let attributes = &record["attributes"];
        assert_eq!(attributes["dpl.core.data_subject_id_type"], "PERSOON");
        let activiteit = attributes["dpl.core.processing_activity_id"]
            .as_str()
            .unwrap();
        assert!(
            activiteit.ends_with(":opvragenDetailgegevens"),
            "{activiteit}"
        );
        assert_eq!(
            attributes["dpl.core.data_subject_id"],
            records[0]["attributes"]["dpl.core.data_subject_id"]
        );
    }
    let spans: BTreeSet<&str> = records
        .iter()
        .map(|r| r["span_id"].as_str().unwrap())
        .collect();
    assert_eq!(spans.len(), records.len());
}

/// The collector has each of these, in the JSON form of the protocol.
async fn is_exported(collector: &Ontvanger, records: &[Value]) {
    let wanted: BTreeSet<&str> = records
        .iter()
        .map(|r| r["span_id"].as_str().unwrap())
        .collect();
    let all = collector
        .until(|came| wanted.iter().all(|id| spans(came).contains_key(*id)))
        .await;
    for one in &all {
        assert!(one.certificate, "without the client certificate");
        assert_eq!(one.headers["content-type"], "application/json");
        assert!(one.line.starts_with("POST "), "{}", one.line);
    }
    let spans = spans(&all);
    for record in records {
        let span = &spans[record["span_id"].as_str().unwrap()];
        assert_eq!(span["traceId"], record["trace_id"]);
        assert_eq!((&span["name"], &span["kind"]), (&record["name"], &json!(2)));
        assert_eq!(span["status"], json!({"code": 1}));
        let nanos = span["startTimeUnixNano"].as_str().unwrap();
        assert!(nanos.len() == 19 && nanos.parse::<u64>().is_ok(), "{nanos}");
        let attributes = span["attributes"].as_array().unwrap();
        for (name, value) in record["attributes"].as_object().unwrap() {
            let expect = json!({"key": name, "value": {"stringValue": value}});
            assert!(attributes.contains(&expect), "{expect} in {span}");
        }
    }
}

/// All spans that came, by id.
fn spans(came: &[Ontvangen]) -> HashMap<String, Value> {
    let mut found = HashMap::new();
    for one in came {
        let json = one.json();
        let resource = &json["resourceSpans"][0];
        assert_eq!(
            resource["resource"]["attributes"],
            json!([{"key": "service.name", "value": {"stringValue": "stagepoort"}}])
        );
        for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
            found.insert(span["spanId"].as_str().unwrap().to_owned(), span.clone());
        }
    }
    found
}
