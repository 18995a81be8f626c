//! A gateway that serves both transports as the api listener does, what can be wrong with it, and
//! what comes back.

use std::{
    num::NonZeroU32,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use actix_web::{
    App, HttpMessage,
    dev::{Payload, Service},
    error::PayloadError,
    test::{TestRequest, init_service},
    web::{self, Bytes, Data},
};
use futures_util::future::{Either, select};
use stagepoort::{
    access::{Access, PeerIdentity, Quota, Rejection, Toegang},
    clock::Clock,
    domain::Tijdstip,
    log::{LogStore, Opslag, SqliteStore},
    push::{Abonnement, AbonnementId, AbonnementStatus, Kanaal, Wachtgrens, open_push},
    replica::{Follower, Replica},
    transport::{gateway::Gateway, rest, soap},
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    antwoord::Reply,
    register::{AFNEMER, gateway, oin},
};

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Peer {
    /// Nobody that is known: no certificate.
    None,
    /// A certificate without an OIN.
    WithoutOin,
    /// One that ended while the connection lived.
    Expired,
    /// One that a proxy passed on, of an authority that nobody trusts.
    Untrusted,
    /// Whoever says so itself, in the header of a proxy.
    ForeignHeader,
    /// One with this OIN.
    Of(&'static str),
}

/// The subscription of the afnemer with one school; it polls, and nothing was numbered for it.
pub(crate) const ABONNEMENT: &str = "00000000-0000-0000-0000-0000000000a1";

/// A gateway with a register and a queue.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) gateway: Gateway,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let opslag = Opslag::Sqlite(folder.path().join("queue.sqlite"));
        let gateway = gateway().await;
        let store = open_push(&opslag).await.unwrap();
        store
            .insert(&abonnement(gateway.clock.now()))
            .await
            .unwrap();
        gateway.push.attach(store);
        Self { folder, gateway }
    }

    /// Nothing was loaded yet.
    pub(crate) fn without_register(mut self) -> Self {
        self.gateway.replica = Arc::new(Replica::new());
        self
    }

    /// What is asked for and not here is not waited for.
    pub(crate) fn impatient(mut self) -> Self {
        self.gateway.limits.versie_wait = Duration::ZERO;
        self
    }

    /// A register that was restored after its first commit: 1.2 and on are lost.
    pub(crate) async fn restored(mut self) -> Self {
        let path = self.folder.path().join("log.sqlite");
        let store = SqliteStore::migrate(&path).await.unwrap();
        let now = self.gateway.clock.now();
        let first = store.append(Uuid::from_u128(1), now, Vec::new());
        first.await.unwrap();
        store.begin_tijdlijn().await.unwrap();
        let second = store.append(Uuid::from_u128(2), now, Vec::new());
        second.await.unwrap();
        let (store, replica): (Arc<dyn LogStore>, _) = (Arc::new(store), Arc::new(Replica::new()));
        let clock = Arc::clone(&self.gateway.clock);
        let mut follower = Follower::new(store, Arc::clone(&replica), clock);
        while replica.view().versie().nummer < 2 {
            follower.step().await.unwrap();
        }
        self.gateway.replica = replica;
        self
    }

    /// Who may ask what was never confirmed.
    pub(crate) fn toegang_too_old(mut self) -> Self {
        self.gateway.access = Arc::new(Access::ageing(Duration::from_secs(3600)));
        self
    }

    /// The database of the queue is away.
    pub(crate) fn without_queue(self) -> Self {
        self.gateway.push.detach();
        self
    }

    /// What is given cannot be recorded.
    pub(crate) fn without_record(self) -> Self {
        self.gateway.verwerkingslog.close();
        self
    }

    /// No call may wait for something new.
    pub(crate) fn no_waiting(mut self) -> Self {
        self.gateway.limits.wachtenden = Wachtgrens {
            in_all: 0,
            per_afnemer: 0,
        };
        self
    }

    /// An afnemer may ask for so much.
    pub(crate) fn with_quota(mut self, change: impl FnOnce(&mut Quota)) -> Self {
        let mut quota = Quota::default();
        change(&mut quota);
        let toegang = Toegang::clone(&self.gateway.access.current());
        let clock = Arc::clone(&self.gateway.clock);
        self.gateway.access = Arc::new(Access::new(toegang).with_quota(quota, clock));
        self
    }

    /// No body comes in time.
    pub(crate) fn no_patience_for_bodies(mut self) -> Self {
        self.gateway.limits.body_timeout = Duration::from_millis(1);
        self
    }

    /// A part of ours that panics when it is asked for the second time.
    pub(crate) fn with_a_bug(mut self) -> Self {
        let good = Arc::clone(&self.gateway.clock);
        self.gateway.freshness.confirm(good.now());
        self.gateway.clock = Arc::new(Buggy {
            good,
            looks: AtomicUsize::new(0),
        });
        self
    }

    /// What this request gets, of the afnemer with one school.
    pub(crate) async fn ask(self, request: TestRequest) -> Reply {
        self.ask_as(Peer::Of(AFNEMER), request, None).await
    }

    /// What it gets when its body never ends.
    pub(crate) async fn ask_without_end(self, request: TestRequest) -> Reply {
        self.ask_as(Peer::Of(AFNEMER), request, Some(never())).await
    }

    pub(crate) async fn ask_as(
        self,
        peer: Peer,
        request: TestRequest,
        payload: Option<Payload>,
    ) -> Reply {
        ask_of(Data::new(self.gateway), peer, request, payload).await
    }

    /// What the first request gets, and then the second.
    pub(crate) async fn ask_twice(self, first: TestRequest, then: TestRequest) -> [Reply; 2] {
        let gateway = Data::new(self.gateway);
        let peer = Peer::Of(AFNEMER);
        let first = ask_of(gateway.clone(), peer, first, None).await;
        [first, ask_of(gateway, peer, then, None).await]
    }

    /// What the second request gets while the body of the first is still on its way.
    pub(crate) async fn ask_beside(self, first: TestRequest, then: TestRequest) -> Reply {
        let gateway = Data::new(self.gateway);
        let peer = Peer::Of(AFNEMER);
        let first = pin!(ask_of(gateway.clone(), peer, first, Some(never())));
        let then = pin!(ask_of(gateway, peer, then, None));
        match select(first, then).await {
            Either::Left(_) => panic!("it has no end"),
            Either::Right((reply, _)) => reply,
        }
    }
}

async fn ask_of(
    gateway: Data<Gateway>,
    peer: Peer,
    request: TestRequest,
    payload: Option<Payload>,
) -> Reply {
    let mut request = request.to_request();
    if let Some(identity) = identity(peer) {
        request.extensions_mut().insert(identity);
    }
    // As what judges the headers of a proxy leaves it.
    let rejected = match peer {
        Peer::Untrusted => Some(Rejection::UntrustedCertificate),
        Peer::ForeignHeader => Some(Rejection::ForeignClientCert),
        _ => None,
    };
    if let Some(rejected) = rejected {
        request.extensions_mut().insert(rejected);
    }
    if let Some(payload) = payload {
        request = request.replace_payload(payload).0;
    }
    let app = App::new()
        .app_data(gateway)
        .wrap(rest::Headers)
        .configure(soap::configure)
        .configure(rest::configure)
        .default_service(web::to(rest::not_found));
    let response = init_service(app).await.call(request).await.unwrap();
    Reply::of(response.map_into_boxed_body()).await
}

pub(crate) fn one_a_second(quota: &mut Quota) {
    (quota.verzoeken_per_seconde, quota.burst) = (NonZeroU32::MIN, NonZeroU32::MIN);
}

pub(crate) fn one_at_once(quota: &mut Quota) {
    quota.gelijktijdig = NonZeroU32::MIN;
}

pub(crate) fn one_line_a_minute(quota: &mut Quota) {
    quota.bulkregels_per_minuut = NonZeroU32::MIN;
}

/// As `actix_http` boxes a payload; it does not export the name.
type BoxedPayloadStream =
    std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, PayloadError>>>>;

/// A body that never ends.
fn never() -> Payload {
    let payload: BoxedPayloadStream = Box::pin(futures_util::stream::pending());
    Payload::Stream { payload }
}

struct Buggy {
    good: Arc<dyn Clock>,
    looks: AtomicUsize,
}

impl Clock for Buggy {
    fn now(&self) -> Tijdstip {
        let before = self.looks.fetch_add(1, Relaxed);
        assert!(before != 1, "a bug that a test put here");
        self.good.now()
    }
}

fn abonnement(now: Tijdstip) -> Abonnement {
    Abonnement {
        id: AbonnementId::parse(ABONNEMENT).unwrap(),
        afnemer_oin: oin(AFNEMER),
        school_oin: None,
        kanaal: Kanaal::Poll,
        eindpunt: None,
        mutatie_soorten: Vec::new(),
        codes: Vec::new(),
        per_bericht: 1,
        ed25519: false,
        geheimen: Vec::new(),
        status: AbonnementStatus::Actief,
        reden: None,
        aangemaakt_op: now,
    }
}

fn identity(peer: Peer) -> Option<Arc<PeerIdentity>> {
    let (of, not_after) = match peer {
        Peer::None | Peer::Untrusted | Peer::ForeignHeader => return None,
        Peer::WithoutOin => (None, "2099-01-01T00:00:00Z"),
        Peer::Expired => (Some(oin(AFNEMER)), "2026-11-22T08:59:59Z"),
        Peer::Of(of) => (Some(oin(of)), "2099-01-01T00:00:00Z"),
    };
    Some(Arc::new(PeerIdentity {
        oin: of,
        issuer: vec![1],
        serial: vec![1],
        not_after: Tijdstip::parse(not_after).unwrap(),
    }))
}
