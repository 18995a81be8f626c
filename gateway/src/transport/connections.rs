//! Open connections: how many there are of each party, how long each may live, and how to cut
//! them.
//!
//! The HTTP library times out the first head of a connection and an idle one. It does not time
//! out a second head of which only a part comes, a body, or a reader that stops reading; and it
//! knows nothing of age or revocation. [`Guarded`], the stream under it, does.

use std::{
    collections::HashMap,
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::task::AtomicWaker;
use metrics::Gauge;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use crate::{access::PeerIdentity, domain::Oin, metrics::names};

/// Time for the refusal of the call that a connection is in when it is cut, in milliseconds: well
/// within the 5 s that a revocation may take, and enough to wake the call and write some bytes.
const REFUSAL_MS: u64 = 1_000;

/// Beyond the age of any connection, in milliseconds.
const NEVER: u64 = u64::MAX;

/// How long a connection may be in each state. The names are those of
/// [`ListenerLimits`](super::listener::ListenerLimits), where the reasons stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    pub(crate) between_requests: Duration,
    pub(crate) request: Duration,
    pub(crate) write_stall: Duration,
    pub(crate) age: Duration,
    pub(crate) requests: u32,
}

/// How many connections a listener may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    pub(crate) in_all: usize,
    pub(crate) of_party: usize,
}

/// Why there is no room for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    #[error("{0} connections are open, which is all there may be")]
    InAll(usize),
    #[error("{0} connections of this party are open")]
    OfParty(usize),
}

/// The connections of this node's listeners.
#[derive(Debug, Default)]
pub struct Connections {
    open: Mutex<HashMap<Party, Vec<Arc<Connection>>>>,
    draining: AtomicBool,
}

/// Whose connections are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Party {
    Oin(Oin),
    /// A certificate without OIN: counted by itself.
    Certificate(Vec<u8>, Vec<u8>),
    /// The docs listener asks for no certificate.
    Anonymous,
}

impl Party {
    fn of(peer: Option<&PeerIdentity>) -> Self {
        match peer {
            None => Self::Anonymous,
            Some(PeerIdentity { oin: Some(oin), .. }) => Self::Oin(*oin),
            Some(peer) => Self::Certificate(peer.issuer.clone(), peer.serial.clone()),
        }
    }
}

impl Connections {
    /// Registers a connection, unless there are as many as there may be; nobody in particular
    /// has no limit of a party. It is open until the returned value is dropped.
    ///
    /// # Errors
    /// [`Full`].
    pub(crate) fn open(
        self: &Arc<Self>,
        peer: Option<Arc<PeerIdentity>>,
        most: Most,
        limits: ConnectionLimits,
        gauge: &Gauge,
    ) -> Result<OpenConnection, Full> {
        let party = Party::of(peer.as_deref());
        let mut open = self.lock();
        if open.values().map(Vec::len).sum::<usize>() >= most.in_all {
            return Err(Full::InAll(most.in_all));
        }
        let present = open.get(&party).map_or(0, Vec::len);
        if party != Party::Anonymous && present >= most.of_party {
            return Err(Full::OfParty(most.of_party));
        }
        let of_party = open.entry(party.clone()).or_default();
        let connection = Arc::new(Connection::new(peer, limits));
        of_party.push(Arc::clone(&connection));
        drop(open);
        if self.draining.load(Relaxed) {
            connection.close_soon();
        }
        gauge.increment(1.0);
        Ok(OpenConnection {
            connection,
            gauge: gauge.clone(),
            party,
            connections: Arc::clone(self),
        })
    }

    /// Cuts every connection whose certificate the question names: an idle one at once, one that
    /// is in the middle of a call or a long-poll as soon as the refusal is out, and within a
    /// second in any case. Gives how many were not cut before.
    pub fn cut_where(&self, mut matches: impl FnMut(&PeerIdentity) -> bool) -> usize {
        let mut cut = 0;
        for connection in self.lock().values().flatten() {
            if connection.peer.as_deref().is_some_and(&mut matches) && connection.cut() {
                cut += 1;
            }
        }
        if cut > 0 {
            metrics::counter!(names::VERBINDINGEN_VERBROKEN).increment(cut as u64);
        }
        cut
    }

    /// Closes idle connections now, and the others after the answer that they wait for.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
        for connection in self.lock().values().flatten() {
            connection.close_soon();
        }
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().values().map(Vec::len).sum()
    }

    /// How many of them are answering a request.
    #[must_use]
    pub fn busy(&self) -> usize {
        let open = self.lock();
        let busy = open.values().flatten().filter(|c| c.busy.load(Relaxed));
        busy.count()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn close(&self, party: &Party, connection: &Arc<Connection>) {
        let mut open = self.lock();
        if let Some(of_party) = open.get_mut(party) {
            of_party.retain(|other| !Arc::ptr_eq(other, connection));
            if of_party.is_empty() {
                open.remove(party);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Party, Vec<Arc<Connection>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of one connection, shared by its stream, its requests and the registry.
#[derive(Debug)]
pub(crate) struct Connection {
    peer: Option<Arc<PeerIdentity>>,
    limits: ConnectionLimits,
    opened: Instant,
    /// Milliseconds after `opened` at which the present state began.
    since_ms: AtomicU64,
    busy: AtomicBool,
    requests: AtomicU32,
    close_soon: AtomicBool,
    /// Milliseconds after `opened` at which it ends whatever it does; [`NEVER`] before a cut.
    cut_ms: AtomicU64,
    waker: AtomicWaker,
}

impl Connection {
    fn new(peer: Option<Arc<PeerIdentity>>, limits: ConnectionLimits) -> Self {
        Self {
            peer,
            limits,
            opened: Instant::now(),
            since_ms: AtomicU64::new(0),
            busy: AtomicBool::new(false),
            requests: AtomicU32::new(0),
            close_soon: AtomicBool::new(false),
            cut_ms: AtomicU64::new(NEVER),
            waker: AtomicWaker::new(),
        }
    }

    /// Whose it is.
    pub(crate) fn peer(&self) -> Option<&Arc<PeerIdentity>> {
        self.peer.as_ref()
    }

    /// A request's head was read; it is being answered until the returned value is dropped.
    pub(crate) fn begin_request(self: &Arc<Self>) -> BusyConnection {
        self.requests.fetch_add(1, Relaxed);
        self.enter(true);
        BusyConnection(Arc::clone(self))
    }

    /// Whether the answer that is now given should be the last one.
    pub(crate) fn should_close(&self) -> bool {
        self.close_soon.load(Relaxed)
            || self.requests.load(Relaxed) >= self.limits.requests
            || self.opened.elapsed() >= self.limits.age
    }

    fn enter(&self, busy: bool) {
        self.since_ms.store(self.age_ms(), Relaxed);
        self.busy.store(busy, Relaxed);
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(NEVER)
    }

    /// Whether it was not cut before.
    fn cut(&self) -> bool {
        let end_ms = self.age_ms().saturating_add(REFUSAL_MS);
        let first = self
            .cut_ms
            .compare_exchange(NEVER, end_ms, Relaxed, Relaxed)
            .is_ok();
        self.close_soon();
        first
    }

    /// When it ends whatever it does, once it was cut.
    fn cut_at(&self) -> Option<Instant> {
        match self.cut_ms.load(Relaxed) {
            NEVER => None,
            ms => Some(self.opened + Duration::from_millis(ms)),
        }
    }

    fn close_soon(&self) {
        self.close_soon.store(true, Relaxed);
        self.waker.wake();
    }

    /// When the present state has lasted too long.
    fn deadline(&self) -> Instant {
        let since = self.opened + Duration::from_millis(self.since_ms.load(Relaxed));
        if self.busy.load(Relaxed) {
            since + self.limits.request
        } else {
            (since + self.limits.between_requests).min(self.opened + self.limits.age)
        }
    }

    fn is_idle_and_unwanted(&self) -> bool {
        self.close_soon.load(Relaxed) && !self.busy.load(Relaxed)
    }
}

/// A request in progress.
#[derive(Debug)]
pub(crate) struct BusyConnection(Arc<Connection>);

impl Drop for BusyConnection {
    fn drop(&mut self) {
        self.0.enter(false);
    }
}

/// A registered connection.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    connection: Arc<Connection>,
    party: Party,
    connections: Arc<Connections>,
    gauge: Gauge,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.connections.close(&self.party, &self.connection);
        self.gauge.decrement(1.0);
    }
}

/// A stream that fails once its connection's time is up.
///
/// The HTTP library reads whenever it is woken, and stops at the first error, so it is enough
/// to keep a timer here and to answer the read that it causes with an error.
#[derive(Debug)]
pub(crate) struct Guarded<Io> {
    io: Io,
    open: OpenConnection,
    timer: Pin<Box<Sleep>>,
    /// When the other side stopped taking what we write.
    stalled: Option<Instant>,
}

impl<Io> Guarded<Io> {
    pub(crate) fn new(io: Io, open: OpenConnection) -> Self {
        let timer = Box::pin(sleep_until(open.connection.deadline()));
        Self {
            io,
            open,
            timer,
            stalled: None,
        }
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.open.connection
    }

    /// Ready when the connection's time is up; else the task is woken when that may be.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let connection = &self.open.connection;
        connection.waker.register(cx.waker());
        // While a write stalls, an answer is still on its way out.
        let unwanted = self.stalled.is_none() && connection.is_idle_and_unwanted();
        let cut_at = connection.cut_at();
        if unwanted || cut_at.is_some_and(|at| at <= Instant::now()) {
            return Poll::Ready(io::ErrorKind::ConnectionAborted.into());
        }
        if let Some(at) = cut_at.filter(|at| *at < self.timer.deadline()) {
            self.timer.as_mut().reset(at);
        }
        // The timer is not moved at every change of state, which costs more than to look again
        // when it goes off.
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            let deadline = match self.stalled {
                Some(since) => since + connection.limits.write_stall,
                None => connection.deadline(),
            };
            if cut_at.is_some_and(|at| at <= now) {
                return Poll::Ready(io::ErrorKind::ConnectionAborted.into());
            }
            if deadline <= now {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            let next = cut_at.map_or(deadline, |at| at.min(deadline));
            self.timer.as_mut().reset(next);
        }
    }

    /// Keeps account of a write: refused once the time is up, and stalled while it waits.
    fn guard_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.stalled.take().is_some() {
                // Has the library read again, and so notice a drain that came meanwhile.
                cx.waker().wake_by_ref();
            }
            return written;
        }
        if self.stalled.is_none() {
            let now = Instant::now();
            self.stalled = Some(now);
            self.timer
                .as_mut()
                .reset(now + self.open.connection.limits.write_stall);
        }
        self.poll_over(cx).map(Err)
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Guarded<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(error) = self.poll_over(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Guarded<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.guard_write(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.guard_write(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(cx);
        self.guard_write(cx, shut)
    }
}

#[cfg(test)]
#[path = "connections_tests.rs"]
mod tests;
