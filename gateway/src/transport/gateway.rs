//! What both transports share: the parts they call and the limits they keep.

use std::{
    borrow::Cow,
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    access::{Access, Koppen, PeerIdentity, Quota, Rejection},
    audit::{Partij, Verwerkingslog},
    clock::Clock,
    domain::{Caller, LeerbedrijfId, Oin, Operatie, Tijdstip},
    log::LogWriter,
    operations::{
        Context, Failure, Herkenning, Profielen, Pushing, Rules, Uitgang, Writing, view_for,
    },
    push::{Mandaten, PushDesk, Voorwaarden, Wachtgrens},
    replica::{Replica, View},
    transport::bulk::Bulk,
};

/// One per process, shared by all workers.
pub struct Gateway {
    /// The register.
    pub replica: Arc<Replica>,
    /// The way to the log, for what callers write.
    pub log: LogWriter,
    /// The way to subscriptions and their feeds.
    pub push: Arc<PushDesk>,
    /// Who may ask what.
    pub access: Arc<Access>,
    /// Who was given what about whom.
    pub verwerkingslog: Arc<Verwerkingslog>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Settings that change an answer.
    pub rules: Rules,
    /// The limits in force, published in the docs.
    pub limits: Limits,
    /// The gateway's own OIN, to which wsa:To must be addressed.
    pub own_oin: Oin,
    /// Public base URL of the api listener, without a slash at the end.
    pub api_url: String,
    /// Where bulk messages are read and answered.
    pub bulk: Bulk,
    /// How fresh the register on this node is known to be.
    pub freshness: Freshness,
    /// What was read from the register for earlier answers.
    pub profielen: Profielen,
}

/// When this node last heard from the log, whether or not there was anything new.
#[derive(Debug, Default)]
pub struct Freshness {
    /// Milliseconds since 1970; 0 for never.
    confirmed_ms: AtomicI64,
}

impl Freshness {
    /// The log was read with success at this moment. An earlier moment than is known changes
    /// nothing.
    pub fn confirm(&self, at: Tijdstip) {
        self.confirmed_ms
            .fetch_max(at.as_millis(), Ordering::Relaxed);
    }

    /// When the log was last read with success; none before the first time.
    #[must_use]
    pub fn confirmed(&self) -> Option<Tijdstip> {
        let millis = self.confirmed_ms.load(Ordering::Relaxed);
        (millis > 0)
            .then(|| Tijdstip::from_millis(millis))
            .flatten()
    }
}

/// What a caller's connection may take, as the listener keeps it; published beside the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verbindingsgrenzen {
    /// Open connections of one party.
    pub of_party: usize,
    /// Time for a handshake.
    pub handshake: Duration,
    /// Time for the head of a request.
    pub head: Duration,
    /// Time between requests.
    pub idle: Duration,
    /// Time from the head of a request to its answer.
    pub request: Duration,
    /// Time that an answer waits for a client that does not read.
    pub write_stall: Duration,
    /// Age at which a connection ends.
    pub age: Duration,
    /// Requests on one connection.
    pub requests: u32,
}

/// Limits of standards §1 and domain §2, each with its reason in `config.rs`.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes in the body of a single request.
    pub body_bytes: usize,
    /// Bytes in the body of a bulk request.
    pub bulk_body_bytes: usize,
    /// Depth of elements in XML, and of arrays and objects in JSON.
    pub depth: usize,
    /// Elements in a single XML request.
    pub elements: usize,
    /// Elements in a bulk XML request.
    pub bulk_elements: usize,
    /// Attributes of one XML element, namespace declarations included.
    pub attributes: usize,
    /// What an afnemer may ask where toegang does not say otherwise; kept by `access`.
    pub quota: Quota,
    /// Time to read a whole body.
    pub body_timeout: Duration,
    /// Wait for `minimaleRegisterVersie` (domain rule 3).
    pub versie_wait: Duration,
    /// Wait for the log to keep what a caller writes.
    pub write_wait: Duration,
    /// Calls that may wait for something new in a feed.
    pub wachtenden: Wachtgrens,
    /// Of a connection.
    pub verbinding: Verbindingsgrenzen,
    /// What subscribers may ask for.
    pub abonnementen: Voorwaarden,
    /// Oldest register this node answers from; older is "not available" (design invariant 6).
    pub maximale_veroudering: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            bulk_body_bytes: 6 * 1024 * 1024,
            depth: 32,
            elements: 10_000,
            bulk_elements: 120_000,
            attributes: 64,
            quota: Quota::default(),
            body_timeout: Duration::from_secs(30),
            versie_wait: Duration::from_secs(2),
            write_wait: Duration::from_secs(20),
            wachtenden: Wachtgrens {
                in_all: 1_000,
                per_afnemer: 100,
            },
            verbinding: Verbindingsgrenzen {
                of_party: 256,
                handshake: Duration::from_secs(10),
                head: Duration::from_secs(10),
                idle: Duration::from_secs(75),
                request: Duration::from_secs(120),
                write_stall: Duration::from_secs(30),
                age: Duration::from_secs(3600),
                requests: 10_000,
            },
            abonnementen: Voorwaarden::default(),
            maximale_veroudering: Duration::from_secs(24 * 3600),
        }
    }
}

/// What became of a request, for metrics and the access log. A transport leaves it in the
/// extensions of its response; a middleware around both counts and logs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which operation, once it was known.
    pub operatie: Option<Operatie>,
    /// Name of the afnemer, once it was known.
    pub afnemer: Option<Arc<str>>,
    /// Afnemer and school, for what an afnemer reads of its own requests.
    pub partij: Option<Partij>,
    /// The signaalcode of an answer, such as `0`; the faultcode or the problem's code otherwise.
    pub code: Cow<'static, str>,
}

impl Gateway {
    /// Counts a request of a known afnemer.
    pub fn tel(&self, outcome: &Outcome) {
        if let Some(partij) = outcome.partij
            && let Ok(dag) = self.clock.now().datum()
        {
            let gebruik = self.verwerkingslog.gebruik();
            gebruik.count(dag, partij, outcome.operatie, outcome.code.clone());
        }
    }

    /// A party as it is counted.
    #[must_use]
    pub fn partij(afnemer_oin: Oin, school_oin: Option<Oin>) -> Partij {
        Partij {
            afnemer_oin,
            school_oin,
        }
    }

    /// See [`view_for`]. A register that was not confirmed for longer than `maximaleVeroudering`
    /// is not available: what was withdrawn meanwhile would still be confirmed.
    ///
    /// # Errors
    /// As [`view_for`].
    pub async fn view_for(
        &self,
        minimale_register_versie: Option<&str>,
    ) -> Result<Arc<View>, Failure> {
        if self.is_register_too_old() {
            return Err(Failure::RegisterUnavailable {
                retry_after_s: RETRY_AFTER_TOO_OLD_S,
            });
        }
        view_for(
            &self.replica,
            minimale_register_versie,
            self.limits.versie_wait,
        )
        .await
    }

    /// What an operation needs that does more than read the register, for a write that is known
    /// again by this.
    #[must_use]
    pub fn writing(&self, herkenning: Herkenning) -> Writing<'_> {
        Writing {
            log: &self.log,
            replica: &self.replica,
            herkenning,
            pushing: Pushing {
                desk: &self.push,
                mandaten: Mandaten {
                    access: &self.access,
                    clock: &*self.clock,
                },
                voorwaarden: &self.limits.abonnementen,
                wachtgrens: self.limits.wachtenden,
                random: random_bytes,
            },
            write_wait: self.limits.write_wait,
            replica_wait: self.limits.versie_wait,
        }
    }

    /// Keeps account of the leerbedrijven that an answer tells about: very many of them, where the
    /// school has no student, may be a copy of the register.
    pub fn note(&self, context: &Context<'_>, leerbedrijven: Vec<LeerbedrijfId>) {
        /// Nobody waits long for another's large answer.
        const AT_ONCE: usize = 100;
        let Some(raadplegingen) = self.access.raadplegingen() else {
            return;
        };
        let Context {
            view, caller, now, ..
        } = context;
        let school = caller.school_oin;
        for part in leerbedrijven.chunks(AT_ONCE) {
            raadplegingen.note(caller, *now, part.iter().copied(), |id| {
                view.has_bpvo_at(school, id)
            });
        }
    }

    /// What `work` comes to, unless the caller behind this certificate is refused before it does:
    /// revoked, blocked, or no afnemer any more. A call that waits ends then, and an answer that
    /// came in the same moment is not given.
    ///
    /// # Errors
    /// As [`Access::identify`].
    pub async fn while_admitted<T>(
        &self,
        peer: Option<&PeerIdentity>,
        work: impl Future<Output = T>,
    ) -> Result<T, Rejection> {
        let Some(peer) = peer else {
            return Ok(work.await);
        };
        let revocations = self.access.revocations();
        let mut seen = revocations.changes();
        let mut work = pin!(work);
        loop {
            // Most work is done at the first look, and then nothing of this costs anything.
            let done = tokio::select! {
                biased;
                done = &mut work => Some(done),
                () = revocations.changed(seen) => None,
            };
            let changes = revocations.changes();
            if changes != seen {
                seen = changes;
                self.access.identify(peer, self.clock.now())?;
            }
            if let Some(done) = done {
                return Ok(done);
            }
        }
    }

    /// The way out for the answer to a call that came at this moment. `traceparent` is the caller's
    /// header of that name.
    #[must_use]
    pub fn uitgang<'a>(
        &'a self,
        caller: &'a Caller,
        operatie: Operatie,
        begin: Tijdstip,
        traceparent: Option<&'a str>,
    ) -> Uitgang<'a> {
        Uitgang {
            verwerkingslog: &self.verwerkingslog,
            caller,
            operatie,
            begin,
            traceparent,
            random: random_bytes,
        }
    }

    fn is_register_too_old(&self) -> bool {
        let limit_s = self.limits.maximale_veroudering.as_secs();
        self.freshness
            .confirmed()
            .is_some_and(|at| self.clock.now().seconds_since(at) > limit_s)
    }
}

/// Says what an afnemer may ask and what is left of it (draft-ietf-httpapi-ratelimit-headers-11).
pub(super) fn put_quota(headers: &mut HeaderMap, koppen: &Koppen) {
    static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
    static LEFT: HeaderName = HeaderName::from_static("ratelimit");
    for (name, value) in [(&POLICY, &*koppen.beleid), (&LEFT, &koppen.stand)] {
        // Both are made of numbers and names of ours.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name.clone(), value);
        }
    }
}

/// What nobody can guess, drawn here at the edge: a secret is made of it. It fails only while the
/// system has none yet, and is waited for.
fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    while aws_lc_rs::rand::fill(&mut bytes).is_err() {
        std::thread::yield_now();
    }
    bytes
}

/// HTTP header with a caller's trace (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// A node that was cut off for a day is not back in a second.
const RETRY_AFTER_TOO_OLD_S: u32 = 60;
