//! Fetching a revocation list from a host that does not always do as it should.

use std::time::Duration;

use stagepoort::transport::tls::{CrlFetchError, CrlFetcher, FetchSettings, Fetched};

use crate::crlserver::{Antwoord, CrlServer};

fn fetcher(server: &CrlServer) -> CrlFetcher {
    let settings = FetchSettings {
        tijd: Duration::from_secs(1),
        maximale_bytes: 100,
        ca: None,
    };
    CrlFetcher::new(server.url().parse().unwrap(), settings)
}

#[tokio::test]
async fn what_was_taken_is_not_sent_again() {
    let server = CrlServer::start(Antwoord::Crl(b"lijst".to_vec())).await;
    let mut fetcher = fetcher(&server);
    for _ in 0..2 {
        // What is refused is asked for again: it may be told again.
        let Fetched::Bytes(bytes, _) = fetcher.fetch().await.unwrap() else {
            panic!("it was not taken");
        };
        assert_eq!(bytes, b"lijst");
    }
    if let Fetched::Bytes(_, mark) = fetcher.fetch().await.unwrap() {
        fetcher.took(mark);
    }
    assert!(matches!(fetcher.fetch().await.unwrap(), Fetched::Unchanged));
    server.answer_with(Antwoord::Crl(b"nieuwe lijst".to_vec()));
    assert!(matches!(fetcher.fetch().await.unwrap(), Fetched::Bytes(..)));
    assert_eq!(server.statuses(), [200, 200, 200, 304, 200]);
}

#[tokio::test]
async fn every_way_of_going_wrong_ends_and_is_told() {
    let server = CrlServer::start(Antwoord::Stil).await;
    let elsewhere = CrlServer::start(Antwoord::Crl(b"lijst".to_vec())).await;
    let fetcher = fetcher(&server);
    let check = async |antwoord, expect: fn(&CrlFetchError) -> bool| {
        server.answer_with(antwoord);
        let error = fetcher.fetch().await.unwrap_err();
        assert!(expect(&error), "{error:?}");
    };
    use CrlFetchError as E;
    check(Antwoord::Stil, |e| matches!(e, E::Unreachable(_))).await;
    check(Antwoord::Crl(vec![7; 101]), |e| {
        matches!(e, E::TooLarge(100))
    })
    .await;
    check(Antwoord::Afgebroken(vec![7; 50], 20), |e| {
        matches!(e, E::Unreachable(_))
    })
    .await;
    check(
        Antwoord::Status(503),
        |e| matches!(e, E::Status(s) if *s == 503),
    )
    .await;
    // Without a question that was conditional, 304 is no answer.
    check(Antwoord::Status(304), |e| matches!(e, E::Status(_))).await;
    let redirect = Antwoord::Elders(elsewhere.url());
    check(redirect, |e| matches!(e, E::Status(s) if *s == 302)).await;
    assert!(elsewhere.statuses().is_empty());
}
