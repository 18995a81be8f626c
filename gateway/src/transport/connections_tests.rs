//! On paused time: the clock jumps to the next timer when nothing else is left to do.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const S: Duration = Duration::from_secs(1);

const LIMITS: ConnectionLimits = ConnectionLimits {
    between_requests: Duration::from_secs(85),
    request: Duration::from_secs(120),
    write_stall: Duration::from_secs(30),
    age: Duration::from_secs(3600),
    requests: 1000,
};

const MOST: Most = Most {
    in_all: 3,
    of_party: 3,
};

/// A connection with room for 16 bytes that were not read yet.
fn open(connections: &Arc<Connections>) -> (Guarded<DuplexStream>, DuplexStream) {
    let (near, far) = duplex(16);
    let open = connections
        .open(None, MOST, LIMITS, &Gauge::noop())
        .expect("nobody in particular has no limit");
    (Guarded::new(near, open), far)
}

async fn read_error(guarded: &mut Guarded<DuplexStream>) -> io::ErrorKind {
    let mut buffer = [0; 64];
    loop {
        match guarded.read(&mut buffer).await {
            Ok(n) => assert_ne!(n, 0, "the other side is there"),
            Err(error) => return error.kind(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_and_bytes_that_make_no_request_do_not_help() {
    let (mut guarded, mut far) = open(&Arc::default());
    let start = Instant::now();
    let dribble = async {
        loop {
            far.write_all(b"x").await.unwrap();
            tokio::time::sleep(S).await;
        }
    };
    tokio::select! {
        kind = read_error(&mut guarded) => assert_eq!(kind, io::ErrorKind::TimedOut),
        () = dribble => {}
    }
    assert_eq!(start.elapsed().as_secs(), 85);
}

#[tokio::test(start_paused = true)]
async fn a_request_has_its_own_time_and_idling_begins_after_it() {
    let (mut guarded, _far) = open(&Arc::default());
    let connection = Arc::clone(guarded.connection());
    let start = Instant::now();
    let busy = connection.begin_request();
    tokio::select! {
        kind = read_error(&mut guarded) => panic!("{kind} in the middle of a request"),
        () = tokio::time::sleep(100 * S) => {}
    }
    drop(busy);
    assert_eq!(read_error(&mut guarded).await, io::ErrorKind::TimedOut);
    // The timer that was set for the request goes off first, at 120 s, and is set again.
    assert_eq!(start.elapsed().as_secs(), 185);
}

#[tokio::test(start_paused = true)]
async fn a_request_does_not_last_for_ever() {
    let (mut guarded, _far) = open(&Arc::default());
    let _busy = Arc::clone(guarded.connection()).begin_request();
    let start = Instant::now();
    assert_eq!(read_error(&mut guarded).await, io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed().as_secs(), 120);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stops_is_given_up() {
    let (mut guarded, mut far) = open(&Arc::default());
    let start = Instant::now();
    // Each time some bytes are read the writer has got on.
    let slow_reader = async {
        for _ in 0..3 {
            tokio::time::sleep(20 * S).await;
            far.read_exact(&mut [0; 16]).await.unwrap();
        }
        std::future::pending::<()>().await;
    };
    let error = tokio::select! {
        written = guarded.write_all(&[0; 1000]) => written.unwrap_err(),
        () = slow_reader => unreachable!(),
    };
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed().as_secs(), 3 * 20 + 30);
}

#[tokio::test(start_paused = true)]
async fn wt008_age_ends_an_idle_connection_and_closes_with_an_answer() {
    let (mut guarded, _far) = open(&Arc::default());
    let connection = Arc::clone(guarded.connection());
    let start = Instant::now();
    let requests = async {
        loop {
            let busy = connection.begin_request();
            assert_eq!(connection.should_close(), start.elapsed() >= LIMITS.age);
            drop(busy);
            tokio::time::sleep(60 * S).await;
        }
    };
    tokio::select! {
        kind = read_error(&mut guarded) => assert_eq!(kind, io::ErrorKind::TimedOut),
        () = requests => {}
    }
    assert!(start.elapsed() >= LIMITS.age);
    assert!(start.elapsed() <= LIMITS.age + LIMITS.between_requests);
    assert!(connection.should_close());
}

/// A connection of somebody, who is cut when asked.
fn open_of_somebody(connections: &Arc<Connections>) -> (Guarded<DuplexStream>, DuplexStream) {
    let (near, far) = duplex(16);
    let peer = PeerIdentity {
        oin: None,
        issuer: vec![1],
        serial: vec![2],
        not_after: crate::domain::Tijdstip::EPOCH,
    };
    let most = Most {
        in_all: 3,
        of_party: 3,
    };
    let open = connections
        .open(Some(Arc::new(peer)), most, LIMITS, &Gauge::noop())
        .expect("there is room");
    (Guarded::new(near, open), far)
}

#[tokio::test(start_paused = true)]
async fn a_cut_ends_what_idles_at_once_and_a_call_once_it_was_refused() {
    let connections = Arc::new(Connections::default());
    let (mut idle, _idle_far) = open_of_somebody(&connections);
    let (mut busy, _busy_far) = open_of_somebody(&connections);
    let (mut stuck, _stuck_far) = open_of_somebody(&connections);
    let call = Arc::clone(busy.connection()).begin_request();
    let _never_ends = Arc::clone(stuck.connection()).begin_request();
    assert_eq!(connections.cut_where(|_| false), 0);
    assert_eq!(connections.cut_where(|_| true), 3);
    assert_eq!(connections.cut_where(|_| true), 0, "they were");
    let start = Instant::now();
    let aborted = io::ErrorKind::ConnectionAborted;
    assert_eq!(read_error(&mut idle).await, aborted);
    assert_eq!(start.elapsed().as_millis(), 0);
    assert!(busy.connection().should_close());
    busy.write_all(b"refusal").await.unwrap();
    drop(call);
    assert_eq!(read_error(&mut busy).await, aborted);
    assert_eq!(start.elapsed().as_millis(), 0);
    assert_eq!(read_error(&mut stuck).await, aborted);
    assert_eq!(start.elapsed().as_millis(), u128::from(REFUSAL_MS));
}

#[tokio::test(start_paused = true)]
async fn a_cut_ends_a_reader_that_stalls() {
    let connections = Arc::new(Connections::default());
    let (mut guarded, _far) = open_of_somebody(&connections);
    let start = Instant::now();
    let cut = async {
        tokio::time::sleep(S).await;
        connections.cut_where(|_| true);
        std::future::pending::<()>().await;
    };
    let error = tokio::select! {
        written = guarded.write_all(&[0; 1000]) => written.unwrap_err(),
        () = cut => unreachable!(),
    };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(start.elapsed().as_millis(), 1_000 + u128::from(REFUSAL_MS));
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_what_idles_and_waits_for_an_answer() {
    let connections = Arc::new(Connections::default());
    let (mut idle, _idle_far) = open(&connections);
    let (mut busy, _busy_far) = open(&connections);
    let request = Arc::clone(busy.connection()).begin_request();
    assert_eq!((connections.len(), connections.busy()), (2, 1));
    connections.drain();
    assert_eq!(
        read_error(&mut idle).await,
        io::ErrorKind::ConnectionAborted
    );
    tokio::select! {
        kind = read_error(&mut busy) => panic!("{kind} in the middle of a request"),
        () = tokio::time::sleep(S) => {}
    }
    assert!(busy.connection().should_close());
    busy.write_all(b"answer").await.unwrap();
    drop(request);
    assert_eq!(
        read_error(&mut busy).await,
        io::ErrorKind::ConnectionAborted
    );
    drop((idle, busy));
    assert!(connections.is_empty());
    let (mut late, _far) = open(&connections);
    assert_eq!(
        read_error(&mut late).await,
        io::ErrorKind::ConnectionAborted
    );
}

#[tokio::test(start_paused = true)]
async fn there_are_no_more_than_there_may_be_in_all() {
    let connections: Arc<Connections> = Arc::default();
    let first = open(&connections);
    let _others = (open(&connections), open(&connections));
    let full = connections.open(None, MOST, LIMITS, &Gauge::noop());
    assert_eq!(full.map(drop), Err(Full::InAll(3)));
    drop(first);
    drop(open(&connections));
}
