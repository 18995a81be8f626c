//! What the operator gets to see of a refusal: one line and a count.

use std::{
    io::{self, Write},
    sync::{Arc, LazyLock, Mutex},
};

use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::Value;
use stagepoort::metrics;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    client::{BOTH, Connection, config, get_once, until},
    server::{Certificates, TestServer},
};

/// The lines of all tests of this process; each test looks for its own certificates.
static LOG: LazyLock<Lines> = LazyLock::new(|| {
    let lines = Lines::default();
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(lines.clone())
        .init();
    lines
});

static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| metrics::start().unwrap());

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn with(&self, part: &str) -> Vec<Value> {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        let lines = text.lines().filter(|line| line.contains(part));
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_refusal_is_one_line_that_says_who_and_why() {
    LazyLock::force(&LOG);
    LazyLock::force(&METRICS);
    let certificates = Certificates::own();
    let server = TestServer::start(certificates.paths());
    for (naam, reden) in [
        ("ingetrokken", "ingetrokken"),
        ("verlopen", "verlopen"),
        ("andere-ca", "onbekende_uitgever"),
    ] {
        let certificate = &certificates.manifest.geweigerde(naam).unwrap().certificaat;
        let config = config(&certificates.manifest, Some(certificate), &BOTH);
        for _ in 0..3 {
            get_once(server.address, &config, "/oin").await.unwrap_err();
        }
        let serial = certificate.serienummer.to_string();
        // The client may hear of it before the line is written.
        until(|| !LOG.with(&serial).is_empty()).await;
        let lines = LOG.with(&serial);
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = &lines[0];
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["reden"], reden);
        assert_eq!(line["listener"], "api");
        assert_eq!(line["serial"], serial);
        assert!(line["address"].as_str().unwrap().starts_with("127.0.0.1:"));
        let subject = line["subject"].as_str().unwrap();
        assert!(subject.contains(&format!("CN={naam}")), "{subject}");
        let counted =
            format!("stagepoort_tls_weigeringen_total{{listener=\"api\",reden=\"{reden}\"}}");
        let metrics = METRICS.render();
        assert!(metrics.contains(&counted), "{metrics}");
    }
}

#[tokio::test]
async fn a_connection_without_certificate_is_a_line_with_the_address() {
    LazyLock::force(&LOG);
    let certificates = Certificates::own();
    let server = TestServer::start(certificates.paths());
    let config = config(&certificates.manifest, None, &BOTH);
    let tcp = Connection::open(server.address, &config).await;
    // Over TLS 1.3 the client learns of the refusal after its own part is done.
    let port = match &tcp {
        Ok(connection) => connection.stream.get_ref().0.local_addr().unwrap().port(),
        Err(gone) => panic!("{gone:?}"),
    };
    tcp.unwrap().get("/oin").await.unwrap_err();
    let address = format!("127.0.0.1:{port}\"");
    until(|| !LOG.with(&address).is_empty()).await;
    let lines = LOG.with(&address);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["reden"], "geen_certificaat");
}

#[tokio::test]
async fn open_connections_are_counted() {
    LazyLock::force(&METRICS);
    let certificates = Certificates::own();
    let server = TestServer::start(certificates.paths());
    let afnemer = &certificates.manifest.afnemers[0];
    let config = config(&certificates.manifest, Some(&afnemer.certificaat), &BOTH);
    let mut connection = Connection::open(server.address, &config).await.unwrap();
    connection.get("/oin").await.unwrap();
    let metrics = METRICS.render();
    assert!(
        metrics.contains("stagepoort_verbindingen{listener=\"api\"}"),
        "{metrics}"
    );
}
