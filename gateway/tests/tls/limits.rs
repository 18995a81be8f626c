//! Connections that last too long, in each way that a connection can.

use std::time::Duration;

use stagepoort::transport::{listener::ListenerLimits, tls::CRL_GRACE};

use crate::{
    client::{BOTH, Connection, config, until},
    server::{SHARED, TestServer, limits},
};

/// Long enough for a slow machine to get as far as the test means to. Where it does not, the
/// connection ends all the same, so the steps before that are not asserted. The exact times are
/// tested on paused time, beside the code.
const SHORT: Duration = Duration::from_millis(500);

async fn start(change: impl FnOnce(&mut ListenerLimits)) -> (TestServer, Connection) {
    let mut limits = limits();
    change(&mut limits);
    let server = TestServer::start_with(SHARED.paths(), CRL_GRACE, limits);
    let connection = connect(&server, 1).await;
    (server, connection)
}

async fn connect(server: &TestServer, afnemer: usize) -> Connection {
    let certificate = &SHARED.manifest.afnemers[afnemer].certificaat;
    let config = config(&SHARED.manifest, Some(certificate), &BOTH);
    Connection::open(server.address, &config).await.unwrap()
}

#[tokio::test]
async fn a_first_head_that_does_not_end() {
    let (_server, mut connection) = start(|l| l.head_timeout = SHORT).await;
    connection.send("GET /oin HTTP/1.1\r\nHost:").await.unwrap();
    let said = connection.until_closed().await;
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
}

#[tokio::test]
async fn a_second_head_that_does_not_end() {
    let (_server, mut connection) = start(|l| {
        l.keep_alive = SHORT;
        l.head_timeout = SHORT;
    })
    .await;
    drop(connection.get("/oin").await);
    drop(connection.send("GET /oin HTTP/1.1\r\nHost:").await);
    assert_eq!(connection.until_closed().await, "");
}

#[tokio::test]
async fn a_second_head_that_began_with_the_first_request() {
    let (_server, mut connection) = start(|l| {
        l.keep_alive = SHORT;
        l.head_timeout = SHORT;
    })
    .await;
    let both = "GET /oin HTTP/1.1\r\nHost: localhost\r\n\r\nGET /oin HTTP/1.1\r\nHost:";
    drop(connection.send(both).await);
    drop(connection.answer().await);
    assert_eq!(connection.until_closed().await, "");
}

#[tokio::test]
async fn an_idle_connection() {
    let (_server, mut connection) = start(|l| l.keep_alive = SHORT).await;
    drop(connection.get("/oin").await);
    assert_eq!(connection.until_closed().await, "");
}

#[tokio::test]
async fn a_body_that_does_not_come() {
    let (_server, mut connection) = start(|l| {
        l.request_timeout = SHORT;
        l.keep_alive = SHORT;
        l.head_timeout = SHORT;
    })
    .await;
    let part = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab";
    drop(connection.send(part).await);
    assert_eq!(connection.until_closed().await, "");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer() {
    let (server, mut connection) = start(|l| l.write_stall_timeout = SHORT).await;
    // More than the buffers of both sides of a loopback connection can hold.
    let body = "x".repeat(200_000);
    let request = format!(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut sent = 0;
    while connection.send_some(&request).await {
        sent += 1;
        assert!(sent < 1_000, "the answers must have gone somewhere");
    }
    until(|| server.tls.connections().is_empty()).await;
}

#[tokio::test]
async fn wt008_a_connection_of_a_certain_age() {
    let (_server, mut connection) = start(|l| l.max_age = Duration::ZERO).await;
    // So old that it is closed, whether or not it was in time for one answer that says so.
    if let Ok(answer) = connection.get("/oin").await {
        assert!(answer.closes());
    }
    assert_eq!(connection.until_closed().await, "");
}

#[tokio::test]
async fn the_last_of_many_requests_says_so() {
    let (_server, mut connection) = start(|l| l.max_requests = 2).await;
    assert!(!connection.get("/oin").await.unwrap().closes());
    assert!(connection.get("/oin").await.unwrap().closes());
    assert_eq!(connection.until_closed().await, "");
}

#[tokio::test]
async fn a_party_gets_so_many_connections_and_another_its_own() {
    let (server, mut first) = start(|l| l.max_connections_of_party = 1).await;
    first.get("/oin").await.unwrap();
    let mut second = connect(&server, 1).await;
    assert!(second.get("/oin").await.is_err());
    connect(&server, 3).await.get("/oin").await.unwrap();

    drop(first);
    until(|| server.tls.connections().len() < 2).await;
    connect(&server, 1).await.get("/oin").await.unwrap();
}

#[tokio::test]
async fn a_shutdown_closes_idle_connections_and_lets_requests_end() {
    let (server, mut idle) = start(|_| {}).await;
    idle.get("/oin").await.unwrap();
    let mut busy = connect(&server, 1).await;
    busy.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        .await
        .unwrap();
    busy.send("c").await.unwrap();
    until(|| server.tls.connections().busy() == 1).await;

    let stopping = tokio::spawn(server.handle.stop(true));
    assert_eq!(idle.until_closed().await, "");
    busy.send("d").await.unwrap();
    let answer = busy.answer().await.unwrap();
    assert_eq!((answer.body.as_str(), answer.closes()), ("abcd", true));
    stopping.await.unwrap();
}
