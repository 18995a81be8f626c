//! Whether this node lives, and whether it can answer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use serde::Serialize;
use tokio::sync::watch;

use crate::{
    audit::Verzendtoestand,
    clock::Clock,
    domain::{RegisterVersie, Tijdstip},
    metrics::names,
    replica::{FollowerStatus, search::Size},
    transport::gateway::Gateway,
};

/// A loop that has not stepped for so long hangs: they step every second.
const HANGS_AFTER_S: u64 = 30;

/// A log that was not read for so long is away: it is read five times a second.
const AWAY_AFTER_S: u64 = 10;

/// A node that has been behind the log for so long does not keep up: applying a national levering
/// takes some ten seconds.
const BEHIND_AFTER_S: u64 = 30;

/// The record of processing is shipped every second; a database that fails over takes a minute.
const UNSHIPPED_AFTER_S: u64 = 300;

/// What health is judged from.
pub struct Sources {
    /// Register, toegang and limits.
    pub gateway: Arc<Gateway>,
    /// Where the follower is.
    pub follower: watch::Receiver<FollowerStatus>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Health of this node, judged from the ages of its loops' last steps (design invariant 6).
pub struct Health {
    sources: Sources,
    draining: AtomicBool,
    last_beat_ms: AtomicI64,
    last_snapshot_ms: AtomicI64,
    bron: ArcSwapOption<Bron>,
    tls: ArcSwap<Vec<String>>,
}

/// What readiness tells a load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Answers, and nothing is remarkable.
    Gereed,
    /// Answers, and an operator should look.
    Verminderd,
    /// Does not answer.
    NietGereed,
}

impl Status {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Gereed, "gereed"),
        (Self::Verminderd, "verminderd"),
        (Self::NietGereed, "niet-gereed"),
    ];

    /// As it stands in the body of `/health/ready`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let found = Self::ALL.iter().find(|(status, _)| *status == self);
        found.map_or("", |(_, name)| name)
    }
}

/// The body of `/health/ready`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// Whether it answers.
    pub status: Status,
    /// Why the status is not `gereed`, one sentence each.
    pub redenen: Vec<String>,
    /// What it answers from.
    pub register_versie: RegisterVersie,
    /// When that state was registered.
    pub register_tijdstip: Tijdstip,
    /// Hash of that state: equal on every node at this version.
    pub register_hash: String,
    /// Hash of its people and bpvo's: equal on every node that has read the log to its end.
    pub persoonsgegevens_hash: String,
    /// Last commit in the log that this node has seen.
    pub log_nummer: u64,
    /// Whether the follower stopped at a commit that it could not apply.
    pub volger_gestopt: bool,
    /// Which commit that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volger_gestopt_bij: Option<u64>,
    /// Which program runs.
    pub programma_versie: &'static str,
    /// When this process last wrote the snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentopname_op: Option<Tijdstip>,
    /// When the log was last read with success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_bevestigd_op: Option<Tijdstip>,
    /// How far this node is behind the log; absent when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub achterstand: Option<Achterstand>,
    /// When toegang was last confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toegang_bevestigd_op: Option<Tijdstip>,
    /// How fetching leveringen goes, when this node does that. Never a reason not to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bron: Option<Bron>,
}

/// How fetching leveringen goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bron {
    /// `toegepast`, `ongewijzigd`, `bezet`, `mislukt` or `geweigerd`.
    pub uitkomst: &'static str,
    /// When that was.
    pub op: Tijdstip,
    /// When it last went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geslaagd_op: Option<Tijdstip>,
    /// What is wrong, for an operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reden: Option<String>,
}

/// How far a node is behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Achterstand {
    /// Commits that were not applied yet.
    pub versies: u64,
    /// For how long there have been any.
    pub seconden: u64,
}

fn behind(follower: &FollowerStatus, now: Tijdstip) -> Option<Achterstand> {
    follower.behind_since.map(|since| Achterstand {
        versies: follower.head.saturating_sub(follower.applied),
        seconden: now.seconds_since(since),
    })
}

impl Health {
    /// Lives from now on.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        let now_ms = sources.clock.now().as_millis();
        Self {
            sources,
            draining: AtomicBool::new(false),
            last_beat_ms: AtomicI64::new(now_ms),
            last_snapshot_ms: AtomicI64::new(0),
            bron: ArcSwapOption::empty(),
            tls: ArcSwap::default(),
        }
    }

    /// A loop has stepped.
    pub fn beat(&self) {
        let now_ms = self.sources.clock.now().as_millis();
        self.last_beat_ms.store(now_ms, Ordering::Relaxed);
    }

    /// A snapshot has been written.
    pub fn snapshot_written(&self) {
        let now_ms = self.sources.clock.now().as_millis();
        self.last_snapshot_ms.store(now_ms, Ordering::Relaxed);
    }

    /// A levering was looked for.
    pub fn note_bron(&self, bron: Bron) {
        self.bron.store(Some(Arc::new(bron)));
    }

    /// What is to be said of certificates and revocation lists, one sentence each.
    pub fn note_tls(&self, warnings: Vec<String>) {
        self.tls.store(Arc::new(warnings));
    }

    /// Says no from now on, so that a load balancer stops sending.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the loops step.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let last = Tijdstip::from_millis(self.last_beat_ms.load(Ordering::Relaxed));
        last.is_some_and(|last| self.sources.clock.now().seconds_since(last) < HANGS_AFTER_S)
    }

    /// Whether it can answer, and what an operator should look at.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let Sources {
            gateway,
            follower,
            clock,
        } = &self.sources;
        let view = gateway.replica.view();
        let hash = view.state_hash();
        let follower = follower.borrow().clone();
        let seen = Seen {
            now: clock.now(),
            loaded: view.is_loaded(),
            draining: self.draining.load(Ordering::Relaxed),
            register_confirmed: gateway.freshness.confirmed(),
            register_max_age_s: gateway.limits.maximale_veroudering.as_secs(),
            behind: behind(&follower, clock.now()),
            follower_stopped: follower.stopped.as_ref().map(|stop| stop.reden.clone()),
            toegang_confirmed: gateway.access.confirmed_at(),
            toegang_too_old: gateway.access.is_too_old(clock.now()),
            tls: Vec::clone(&self.tls.load()),
            verwerkingslog: gateway.verwerkingslog.toestand().reden,
            verzending: gateway.verwerkingslog.verzendtoestand(),
        };
        let (status, redenen) = judge(&seen);
        Readiness {
            register_hash: hex::encode(hash.register),
            persoonsgegevens_hash: hex::encode(hash.persoonsgegevens),
            log_nummer: follower.head,
            volger_gestopt: follower.stopped.is_some(),
            volger_gestopt_bij: follower.stopped.map(|stop| stop.nummer),
            programma_versie: env!("CARGO_PKG_VERSION"),
            momentopname_op: self.last_snapshot(),
            bron: self.bron.load().as_deref().cloned(),
            status,
            redenen,
            register_versie: view.versie(),
            register_tijdstip: view.tijdstip(),
            register_bevestigd_op: seen.register_confirmed,
            achterstand: seen.behind,
            toegang_bevestigd_op: seen.toegang_confirmed,
        }
    }

    fn last_snapshot(&self) -> Option<Tijdstip> {
        let ms = self.last_snapshot_ms.load(Ordering::Relaxed);
        Tijdstip::from_millis(ms).filter(|_| ms > 0)
    }

    /// Sets the gauges to what is now.
    pub fn record(&self) {
        let gateway = &self.sources.gateway;
        let view = gateway.replica.view();
        let readiness = self.readiness();
        let follower = self.sources.follower.borrow().clone();
        for (status, name) in Status::ALL {
            let value = f64::from(u8::from(status == readiness.status));
            metrics::gauge!(names::GEREED, "status" => name).set(value);
        }
        let tijdlijn = view.versie().tijdlijn.to_string();
        gauge(
            metrics::gauge!(names::REGISTER_NUMMER, "tijdlijn" => tijdlijn),
            view.versie().nummer,
        );
        gauge(metrics::gauge!(names::REGISTER_HEAD), follower.head);
        gauge(
            metrics::gauge!(names::REGISTER_ACHTERSTAND),
            readiness.achterstand.map_or(0, |behind| behind.versies),
        );
        gauge(
            metrics::gauge!(names::REGISTER_ACHTERSTAND_S),
            readiness.achterstand.map_or(0, |behind| behind.seconden),
        );
        gauge(
            metrics::gauge!(names::REGISTER_STANDBY),
            u64::from(follower.may_lag),
        );
        gauge(
            metrics::gauge!(names::REGISTER_GESTOPT),
            u64::from(follower.stopped.is_some()),
        );
        gauge(
            metrics::gauge!(names::REGISTER_GESTOPT_BIJ),
            follower.stopped.as_ref().map_or(0, |stop| stop.nummer),
        );
        gauge(
            metrics::gauge!(names::TOEGANG_VERSIE),
            gateway.access.current().versie,
        );
        moment(names::REGISTER_TIJDSTIP, Some(view.tijdstip()));
        moment(names::REGISTER_BEVESTIGD, readiness.register_bevestigd_op);
        moment(names::TOEGANG_BEVESTIGD, readiness.toegang_bevestigd_op);
        moment(names::MOMENTOPNAME, readiness.momentopname_op);
        let verwerkingslog = gateway.verwerkingslog.toestand();
        moment(
            names::VERWERKINGSLOG_GESCHREVEN,
            verwerkingslog.geschreven_op,
        );
        gauge(
            metrics::gauge!(names::VERWERKINGSLOG_GEZOND),
            u64::from(verwerkingslog.reden.is_none()),
        );
        record_verzending(&gateway.verwerkingslog.verzendtoestand());
        let hash = view.state_hash();
        for (deel, hash) in [
            ("register", hash.register),
            ("persoonsgegevens", hash.persoonsgegevens),
        ] {
            gauge(
                metrics::gauge!(names::REGISTER_HASH, "deel" => deel),
                first_48_bits(&hash),
            );
        }
        let aantallen = view.aantallen();
        for (soort, aantal) in [
            ("leerbedrijf", aantallen.leerbedrijven),
            ("erkenning", aantallen.erkenningen),
            ("persoon", aantallen.personen),
            ("bpvo", aantallen.bpvos),
            ("postcodegebied", aantallen.postcodegebieden),
            ("postcode", aantallen.postcodes),
            ("plaats", aantallen.plaatsen),
        ] {
            gauge(
                metrics::gauge!(names::REGISTER_OBJECTEN, "soort" => soort),
                aantal,
            );
        }
        record_search(&view.search_size());
    }
}

/// As many as a gauge holds exactly. A label with the whole hash would begin a new series with
/// every commit.
fn first_48_bits(hash: &[u8; 32]) -> u64 {
    hash[..6]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn record_verzending(toestand: &Verzendtoestand) {
    moment(names::VERWERKINGSLOG_BIJ, toestand.gelukt_op);
    for (name, value) in [
        (names::VERWERKINGSLOG_ACHTERSTAND, toestand.achterstand),
        (names::VERWERKINGSLOG_ACHTERSTAND_S, toestand.achterstand_s),
        (
            names::VERWERKINGSLOG_AFWIJKING,
            u64::from(toestand.afwijking.is_some()),
        ),
    ] {
        gauge(metrics::gauge!(name), value);
    }
}

fn record_search(size: &Size) {
    let old = size.dead as u64;
    for (gauge_of, value) in [
        (metrics::gauge!(names::ZOEKINDEX_BYTES), size.bytes as u64),
        (
            metrics::gauge!(names::ZOEKINDEX_SEGMENTEN),
            size.segments as u64,
        ),
        (
            metrics::gauge!(names::ZOEKINDEX_RIJEN, "staat" => "levend"),
            size.rows as u64 - old,
        ),
        (
            metrics::gauge!(names::ZOEKINDEX_RIJEN, "staat" => "oud"),
            old,
        ),
    ] {
        gauge(gauge_of, value);
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn gauge(gauge: metrics::Gauge, value: u64) {
    gauge.set(value as f64);
}

fn moment(name: &'static str, at: Option<Tijdstip>) {
    if let Some(seconds) = at.and_then(|at| u64::try_from(at.as_millis() / 1000).ok()) {
        gauge(metrics::gauge!(name), seconds);
    }
}

/// Everything that the judgement rests on.
struct Seen {
    now: Tijdstip,
    loaded: bool,
    draining: bool,
    register_confirmed: Option<Tijdstip>,
    register_max_age_s: u64,
    behind: Option<Achterstand>,
    follower_stopped: Option<String>,
    toegang_confirmed: Option<Tijdstip>,
    toegang_too_old: bool,
    tls: Vec<String>,
    /// Why processing cannot be recorded.
    verwerkingslog: Option<String>,
    /// How the record of processing comes in the database.
    verzending: Verzendtoestand,
}

/// One cause must not take every node out at once: a database that is away, or a commit that no
/// node can apply, lessens readiness and leaves it routable (design invariant 6).
fn judge(seen: &Seen) -> (Status, Vec<String>) {
    let age_s = |at: Option<Tijdstip>| at.map(|at| seen.now.seconds_since(at));
    let register_age_s = age_s(seen.register_confirmed);
    let mut refusing = Vec::new();
    let mut lessened = Vec::new();
    if seen.draining {
        refusing.push("the node is draining".to_owned());
    }
    if !seen.loaded {
        refusing.push("the register has not been loaded yet".to_owned());
    }
    match register_age_s {
        Some(age_s) if age_s > seen.register_max_age_s => refusing.push(format!(
            "the log was last read {age_s} s ago; register.maximaleVeroudering is {} s",
            seen.register_max_age_s
        )),
        Some(age_s) if age_s > AWAY_AFTER_S => {
            lessened.push(format!(
                "the database is away: the log was last read {age_s} s ago"
            ));
        }
        Some(_) => {}
        None => lessened.push("the log has not been read yet".to_owned()),
    }
    if let Some(Achterstand { versies, seconden }) = seen
        .behind
        .filter(|behind| behind.seconden > BEHIND_AFTER_S)
    {
        lessened.push(format!(
            "the register has been behind the log for {seconden} s, now by {versies} versies"
        ));
    }
    if let Some(reason) = &seen.follower_stopped {
        lessened.push(format!("the follower stopped: {reason}"));
    }
    if let Some(reason) = &seen.verwerkingslog {
        lessened.push(format!(
            "processing cannot be recorded, and answers about people are refused: {reason}"
        ));
    }
    if seen.verzending.achterstand_s > UNSHIPPED_AFTER_S {
        lessened.push(format!(
            "the record of processing has not come in the database for {} s: {} blocks wait in the journal",
            seen.verzending.achterstand_s, seen.verzending.achterstand
        ));
    }
    if let Some(afwijking) = &seen.verzending.afwijking {
        lessened.push(format!(
            "the record of processing is not what had come in the database: {afwijking}; see `stagepoort log verify --config`"
        ));
    }
    match age_s(seen.toegang_confirmed) {
        _ if seen.toegang_too_old => refusing
            .push("toegang was not confirmed for longer than toegang.maximaleLeeftijd".to_owned()),
        Some(age_s) if age_s > AWAY_AFTER_S => {
            lessened.push(format!("toegang was last confirmed {age_s} s ago"));
        }
        _ => {}
    }
    // An authority that does not publish takes no node out: its own certificates alone are refused.
    lessened.extend(seen.tls.iter().cloned());
    let status = match (refusing.is_empty(), lessened.is_empty()) {
        (false, _) => Status::NietGereed,
        (true, false) => Status::Verminderd,
        (true, true) => Status::Gereed,
    };
    refusing.append(&mut lessened);
    (status, refusing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_follows_invariant_6() {
        let now = Tijdstip::parse("2026-11-22T12:00:00Z").unwrap();
        let ago = |s: i64| Tijdstip::from_millis(now.as_millis() - s * 1000);
        let well = || Seen {
            now,
            loaded: true,
            draining: false,
            register_confirmed: ago(1),
            register_max_age_s: 86_400,
            behind: None,
            follower_stopped: None,
            toegang_confirmed: ago(1),
            toegang_too_old: false,
            tls: Vec::new(),
            verwerkingslog: None,
            verzending: Verzendtoestand {
                achterstand: 0,
                achterstand_s: 0,
                gelukt_op: None,
                afwijking: None,
            },
        };
        let check = |seen: Seen, status: Status, word: &str| {
            let (found, redenen) = judge(&seen);
            assert_eq!(found, status, "{redenen:?}");
            assert!(redenen.join("; ").contains(word), "{redenen:?}");
        };
        check(well(), Status::Gereed, "");
        check(
            Seen {
                loaded: false,
                ..well()
            },
            Status::NietGereed,
            "loaded",
        );
        check(
            Seen {
                draining: true,
                ..well()
            },
            Status::NietGereed,
            "draining",
        );
        check(
            Seen {
                register_confirmed: ago(60),
                ..well()
            },
            Status::Verminderd,
            "60 s ago",
        );
        check(
            Seen {
                register_confirmed: ago(90_000),
                ..well()
            },
            Status::NietGereed,
            "maximaleVeroudering",
        );
        check(
            Seen {
                register_confirmed: None,
                ..well()
            },
            Status::Verminderd,
            "not been read",
        );
        check(
            Seen {
                follower_stopped: Some("commit 7".into()),
                ..well()
            },
            Status::Verminderd,
            "commit 7",
        );
        check(
            Seen {
                toegang_confirmed: ago(60),
                ..well()
            },
            Status::Verminderd,
            "toegang",
        );
        check(
            Seen {
                tls: vec!["the CRL of X should have been replaced".to_owned()],
                ..well()
            },
            Status::Verminderd,
            "CRL of X",
        );
        check(
            Seen {
                verwerkingslog: Some("No space left".into()),
                ..well()
            },
            Status::Verminderd,
            "No space left",
        );
        check(
            Seen {
                toegang_too_old: true,
                ..well()
            },
            Status::NietGereed,
            "maximaleLeeftijd",
        );
    }
}
