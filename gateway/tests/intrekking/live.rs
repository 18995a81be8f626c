//! A client that is put on a list behind a URL, at two nodes on one store.

use rustls::{AlertDescription, HandshakeKind};

use crate::{
    client::{BOTH, Connection, Gone, config, get_once},
    crlserver::{Antwoord, CrlServer},
    plek::{Node, Plek},
    vraag::{
        ask_over, in_time, list, long_polls, outcome, rest, revoke, settings, shows, subscribe,
        waiting,
    },
};

const SOMETHING: &str = "/v1/nergens";

/// What the client has open at a node.
struct Open {
    idle: Connection,
    polling: Connection,
    innocent: Connection,
}

#[tokio::test]
async fn who_is_put_on_the_list_is_refused_in_time_on_two_nodes() {
    let plek = Plek::filled(30).await;
    let host = CrlServer::start(Antwoord::Crl(list(&plek))).await;
    let mut nodes = Vec::new();
    for naam in ["een", "twee"] {
        nodes.push(Node::start(&settings(&plek, naam, &host, "1s")).await);
    }
    let certs = &plek.certificaten;
    // Each configuration holds the client's store of sessions and tickets.
    let client = config(certs, Some(&certs.afnemers[0].certificaat), &BOTH);
    let other = config(certs, Some(&certs.afnemers[1].certificaat), &BOTH);

    let mut first = Connection::open(nodes[0].api(), &client).await.unwrap();
    let id = subscribe(&mut first, "").await;
    let mut open = Vec::new();
    for (node, poll) in nodes.iter().zip(long_polls(&id, "")) {
        let connect = async |config| {
            let mut connection = Connection::open(node.api(), config).await.unwrap();
            connection.get(SOMETHING).await.unwrap();
            // There is nothing to be resumed: each of these is a session of its own.
            let tls = connection.stream.get_ref().1;
            assert_eq!(tls.handshake_kind(), Some(HandshakeKind::Full));
            assert_eq!(tls.tls13_tickets_received(), 0);
            connection
        };
        let mut all = Open {
            idle: connect(&client).await,
            polling: connect(&client).await,
            innocent: connect(&other).await,
        };
        all.polling.send(&poll).await.unwrap();
        waiting(node, 1).await;
        open.push(all);
    }

    revoke(&plek, 0);
    host.answer_with(Antwoord::Crl(list(&plek)));
    let expected = [(401, "CERTIFICAAT_NIET_MEER_GELDIG"), (500, "DK0002")];
    let all_over = async {
        for (all, (status, code)) in open.iter_mut().zip(expected) {
            let refusal = all.polling.answer().await.unwrap();
            assert_eq!(outcome(&refusal), (status, code.to_owned()), "{refusal:?}");
            assert!(refusal.closes());
            assert_eq!(all.polling.until_closed().await, "");
            assert_eq!(all.idle.until_closed().await, "");
        }
        for node in &nodes {
            let again = get_once(node.api(), &client, SOMETHING).await;
            let revoked = Gone::Alert(AlertDescription::CertificateRevoked);
            assert_eq!(again.unwrap_err(), revoked);
        }
    };
    in_time(
        "refused on new, live and long-polling connections",
        all_over,
    )
    .await;

    for (node, all) in nodes.iter().zip(&mut open) {
        all.innocent.get(SOMETHING).await.unwrap();
        get_once(node.api(), &other, SOMETHING).await.unwrap();
        let cut = "stagepoort_verbindingen_verbroken_total ";
        assert!(node.metrics().await.contains(cut));
    }
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test]
async fn a_host_that_is_away_or_gives_nonsense_undoes_no_revocation() {
    let plek = Plek::filled(30).await;
    revoke(&plek, 0);
    let host = CrlServer::start(Antwoord::Crl(list(&plek))).await;
    let certs = &plek.certificaten;
    let [revoked, other] =
        [0, 1].map(|at| config(certs, Some(&certs.afnemers[at].certificaat), &BOTH));
    let settings = settings(&plek, "een", &host, "1s");
    let holds = async |node: &Node| {
        let refused = get_once(node.api(), &revoked, SOMETHING).await;
        let alert = Gone::Alert(AlertDescription::CertificateRevoked);
        assert_eq!(refused.unwrap_err(), alert);
        get_once(node.api(), &other, SOMETHING).await.unwrap();
    };

    // The first fetch comes before the first caller.
    let node = Node::start(&settings).await;
    holds(&node).await;
    host.answer_with(Antwoord::Pagina("<html>Onderhoud</html>"));
    let bron = format!("{{bron=\"{}\"}}", host.url());
    shows(&node, &format!("stagepoort_crl_geweigerd{bron} 1\n")).await;
    holds(&node).await;
    assert_eq!(node.logged("a CRL is refused"), 1);
    host.answer_with(Antwoord::Crl(list(&plek)));
    shows(&node, &format!("stagepoort_crl_geweigerd{bron} 0\n")).await;
    node.stop().await;

    // After a restart there is the copy.
    host.answer_with(Antwoord::Stil);
    let node = Node::start(&settings).await;
    holds(&node).await;
    node.stop().await;

    // Without a copy everybody is refused, and readiness says why.
    std::fs::remove_dir_all(plek.path("crl-een")).unwrap();
    host.answer_with(Antwoord::Status(503));
    let node = Node::start(&settings).await;
    let refused = get_once(node.api(), &other, SOMETHING).await;
    assert!(matches!(refused, Err(Gone::Alert(_))));
    let ready = node
        .ready_when(|ready| ready["status"] == "verminderd")
        .await;
    assert!(ready["redenen"].to_string().contains("was not fetched yet"));
    host.answer_with(Antwoord::Crl(list(&plek)));
    in_time("the list is fetched", async {
        while get_once(node.api(), &other, SOMETHING).await.is_err() {}
    })
    .await;
    holds(&node).await;
    node.stop().await;
}

#[tokio::test]
async fn sighup_fetches_without_waiting_for_the_interval() {
    let plek = Plek::filled(30).await;
    let host = CrlServer::start(Antwoord::Crl(list(&plek))).await;
    let node = Node::start(&settings(&plek, "een", &host, "1h")).await;
    let certs = &plek.certificaten;
    let client = config(certs, Some(&certs.afnemers[0].certificaat), &BOTH);
    let mut idle = Connection::open(node.api(), &client).await.unwrap();
    let ask = rest("GET /v1/abonnementen", "", "");
    assert_eq!(outcome(&ask_over(&mut idle, &ask).await).0, 200);
    revoke(&plek, 0);
    host.answer_with(Antwoord::Crl(list(&plek)));
    node.hang_up().await;
    in_time("cut after SIGHUP", idle.until_closed()).await;
    node.stop().await;
}
