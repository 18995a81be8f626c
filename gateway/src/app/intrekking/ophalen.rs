//! Following one revocation list behind a URL.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::spawn_blocking};

use super::Parts;
use crate::{
    app::chance,
    clock::Clock,
    config::TlsConfig,
    metrics::names,
    telemetry::chain,
    transport::tls::{CrlFetcher, Fetched, Taken, Tls, TlsError},
};

/// The wait after a round that failed, when the interval is longer: a host that was away for a
/// moment must not cost a whole interval.
const RETRY: Duration = Duration::from_secs(30);

/// What a round came to, as metrics name it, and what is wrong.
struct Round {
    uitkomst: &'static str,
    reden: Option<String>,
}

const NIEUW: &str = "nieuw";
const ONGEWIJZIGD: &str = "ongewijzigd";
const MISLUKT: &str = "mislukt";
const GEWEIGERD: &str = "geweigerd";

/// One URL.
pub(super) struct Following {
    tls: Arc<Tls>,
    clock: Arc<dyn Clock>,
    /// Its place among the CRLs.
    at: usize,
    /// Its name in metrics and log: the URL without what may be secret.
    bron: String,
    fetcher: CrlFetcher,
    interval: Duration,
    /// What the log says of it already.
    told: Option<(&'static str, Option<String>)>,
}

impl Following {
    /// One for each URL.
    pub(super) fn all(parts: &Parts, settings: &TlsConfig) -> Vec<Self> {
        let urls = parts.tls.crl_urls().map(|(at, url)| Self {
            tls: Arc::clone(&parts.tls),
            clock: Arc::clone(&parts.clock),
            at,
            bron: settings
                .crl
                .get(at)
                .map(ToString::to_string)
                .unwrap_or_default(),
            fetcher: CrlFetcher::new(url.clone(), settings.fetching()),
            interval: settings.crl_interval,
            told: None,
        });
        urls.collect()
    }

    /// Whether nothing of it is in force.
    pub(super) fn is_absent(&self) -> bool {
        !self.tls.has_crl(self.at)
    }

    /// Fetches every interval, from the beginning of one round to that of the next, and when
    /// somebody asks. Never later: the interval is a promise.
    pub(super) async fn run(
        mut self,
        mut asked: watch::Receiver<u64>,
        end: impl Future<Output = ()>,
    ) {
        let mut end = pin!(end);
        loop {
            let begun = Instant::now();
            let went_well = tokio::select! {
                () = &mut end => return,
                went_well = self.round() => went_well,
            };
            let most = if went_well {
                self.interval
            } else {
                self.interval.min(RETRY)
            };
            // Nodes that started together do not ask together for ever.
            let pause = most.mul_f64(0.9 + 0.1 * chance());
            tokio::select! {
                () = &mut end => return,
                Ok(()) = asked.changed() => {}
                () = tokio::time::sleep(pause.saturating_sub(begun.elapsed())) => {}
            }
        }
    }

    /// Fetches once, and puts in force what may be. Whether that went well.
    pub(super) async fn round(&mut self) -> bool {
        let round = self.try_round().await;
        let went_well = round.reden.is_none();
        self.tell(round);
        went_well
    }

    async fn try_round(&mut self) -> Round {
        let (bytes, mark) = match self.fetcher.fetch().await {
            Ok(Fetched::Unchanged) => return Round::well(ONGEWIJZIGD),
            Ok(Fetched::Bytes(bytes, mark)) => (bytes, mark),
            Err(error) => return Round::not(MISLUKT, &error),
        };
        let (tls, at, now) = (Arc::clone(&self.tls), self.at, self.clock.now());
        // A large list takes a while to read.
        let Ok(taken) = spawn_blocking(move || tls.offer(at, &bytes, now)).await else {
            return Round {
                uitkomst: MISLUKT,
                reden: Some("reading it was cut short".to_owned()),
            };
        };
        match taken {
            Ok(taken) => {
                self.fetcher.took(mark);
                Round::well(match taken {
                    Taken::New => NIEUW,
                    Taken::Same => ONGEWIJZIGD,
                })
            }
            Err(TlsError::Crl { source, .. }) => Round::not(GEWEIGERD, &source),
            Err(error) => Round::not(MISLUKT, &error),
        }
    }

    /// Metrics each time; the log once for each change.
    fn tell(&mut self, round: Round) {
        let Round { uitkomst, reden } = round;
        let bron = &self.bron;
        metrics::counter!(names::CRL_OPHALEN, "bron" => bron.clone(), "uitkomst" => uitkomst)
            .increment(1);
        if uitkomst != MISLUKT {
            let refused = f64::from(u8::from(uitkomst == GEWEIGERD));
            metrics::gauge!(names::CRL_GEWEIGERD, "bron" => bron.clone()).set(refused);
        }
        if reden.is_none() {
            let now_s = u32::try_from(self.clock.now().as_millis() / 1000).unwrap_or(u32::MAX);
            metrics::gauge!(names::CRL_OPGEHAALD, "bron" => bron.clone()).set(now_s);
        }
        let telling = (uitkomst, reden);
        if self.told.as_ref() == Some(&telling) {
            return;
        }
        match &telling {
            (GEWEIGERD, Some(reden)) => {
                tracing::error!(bron, reden, "a CRL is refused; what was in force stays so");
            }
            (_, Some(reden)) => {
                tracing::error!(
                    bron,
                    reden,
                    "a CRL could not be fetched; what was in force stays so"
                );
            }
            (uitkomst, None) => tracing::info!(bron, uitkomst, "a CRL was fetched"),
        }
        self.told = Some(telling);
    }
}

impl Round {
    fn well(uitkomst: &'static str) -> Self {
        Self {
            uitkomst,
            reden: None,
        }
    }

    fn not(uitkomst: &'static str, error: &dyn std::error::Error) -> Self {
        Self {
            uitkomst,
            reden: Some(chain(error)),
        }
    }
}
