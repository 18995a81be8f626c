//! The counters of one afnemer, and what a request takes of them.

use std::{
    fmt::Write as _,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use governor::{
    RateLimiter,
    clock::Clock as GovernorClock,
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};

use super::Quota;
use crate::{clock::Clock, metrics::names};

/// How soon a place may be free again: most answers take a millisecond.
const PLAATS_WACHT: Duration = Duration::from_secs(1);

/// Which of the quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaSoort {
    /// Requests a second, with their burst.
    Verzoeken,
    /// Requests at once.
    Gelijktijdig,
    /// Lines of bulk messages a minute.
    Bulkregels,
}

impl QuotaSoort {
    /// The name of the policy in `RateLimit-Policy`, and the label in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verzoeken => "verzoeken",
            Self::Gelijktijdig => "gelijktijdig",
            Self::Bulkregels => "bulkregels",
        }
    }
}

/// A request is over a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overschrijding {
    /// Over which.
    pub soort: QuotaSoort,
    /// What that quota is.
    pub grens: NonZeroU32,
    /// When it can be asked again, in whole seconds from now; at least 1.
    pub retry_after_s: u32,
}

impl std::fmt::Display for Overschrijding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (grens, s) = (self.grens, self.retry_after_s);
        match self.soort {
            QuotaSoort::Verzoeken => write!(f, "meer dan {grens} verzoeken per seconde")?,
            QuotaSoort::Gelijktijdig => write!(f, "meer dan {grens} verzoeken tegelijk")?,
            QuotaSoort::Bulkregels => write!(f, "meer dan {grens} bulkregels per minuut")?,
        }
        write!(f, "; probeer het opnieuw over {s} s")
    }
}

/// The two header fields of draft-ietf-httpapi-ratelimit-headers-11.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Koppen {
    /// `RateLimit-Policy`: what holds for this afnemer.
    pub beleid: Arc<str>,
    /// `RateLimit`: what is left of it.
    pub stand: String,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Running, StateInformationMiddleware>;

/// The counters of one afnemer, or of all that are none.
pub(in crate::access) struct Meter {
    /// Name of the afnemer, for metrics.
    naam: Option<Arc<str>>,
    quota: Quota,
    beleid: Arc<str>,
    clock: Running,
    verzoeken: Limiter,
    bulkregels: Limiter,
    /// Shared with the meter that comes after this one, since requests outlive a change of quota.
    bezet: Arc<AtomicU32>,
    /// Until when a bulk message is refused before it is read, on [`Clock::running`], in
    /// milliseconds: one was refused for its lines, and who sends it again at once should not have
    /// it read again.
    bulk_dicht_tot_ms: AtomicU64,
}

impl Meter {
    /// With nothing used yet; what is being answered is counted on from `previous`.
    pub(super) fn new(
        naam: Option<&Arc<str>>,
        quota: Quota,
        clock: &Arc<dyn Clock>,
        previous: Option<&Self>,
    ) -> Self {
        let clock = Running(Arc::clone(clock));
        let limiter = |quota| {
            RateLimiter::direct_with_clock(quota, clock.clone())
                .with_middleware::<StateInformationMiddleware>()
        };
        let verzoeken = governor::Quota::per_second(quota.verzoeken_per_seconde);
        Self {
            naam: naam.cloned(),
            quota,
            beleid: beleid(&quota).into(),
            verzoeken: limiter(verzoeken.allow_burst(quota.burst)),
            bulkregels: limiter(governor::Quota::per_minute(quota.bulkregels_per_minuut)),
            bezet: previous.map_or_else(Arc::default, |previous| Arc::clone(&previous.bezet)),
            bulk_dicht_tot_ms: AtomicU64::new(0),
            clock,
        }
    }

    pub(super) fn quota(&self) -> Quota {
        self.quota
    }

    fn refuse(&self, soort: QuotaSoort, wait: Duration) -> Overschrijding {
        let naam = self.naam.as_ref().map_or("-", |naam| naam);
        metrics::counter!(
            names::QUOTA_GEWEIGERD,
            "afnemer" => naam.to_owned(),
            "quota" => soort.as_str(),
        )
        .increment(1);
        Overschrijding {
            soort,
            grens: match soort {
                QuotaSoort::Verzoeken => self.quota.verzoeken_per_seconde,
                QuotaSoort::Gelijktijdig => self.quota.gelijktijdig,
                QuotaSoort::Bulkregels => self.quota.bulkregels_per_minuut,
            },
            retry_after_s: whole_seconds(wait),
        }
    }

    fn take_place(self: &Arc<Self>) -> Option<Plaats> {
        let most = self.quota.gelijktijdig.get();
        let taken = self
            .bezet
            .fetch_update(Relaxed, Relaxed, |bezet| (bezet < most).then(|| bezet + 1));
        taken.ok().map(|_| Plaats(Arc::clone(&self.bezet)))
    }

    fn running_ms(&self) -> u64 {
        u64::try_from(self.clock.0.running().as_millis()).unwrap_or(u64::MAX)
    }
}

/// One of the requests at once.
#[derive(Debug)]
struct Plaats(Arc<AtomicU32>);

impl Drop for Plaats {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// What one request has taken of its afnemer's quota. Its place among the requests at once is
/// free again when the last copy is dropped.
#[derive(Debug, Default, Clone)]
pub struct Toelating(Option<Arc<Taken>>);

struct Taken {
    meter: Arc<Meter>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    plaats: Option<Plaats>,
    verzoeken_over: u32,
    /// Once the message turned out to be a bulk.
    bulkregels_over: Option<u32>,
}

impl Toelating {
    /// Of these counters; nothing is taken yet.
    pub(in crate::access) fn of(meter: Arc<Meter>) -> Self {
        Self(Some(Arc::new(Taken {
            meter,
            state: Mutex::default(),
        })))
    }

    /// Takes one request and a place among those at once.
    ///
    /// # Errors
    /// [`Overschrijding`]. A request that finds no place still counts as one.
    pub fn binnen(&self) -> Result<(), Overschrijding> {
        let Some(taken) = &self.0 else { return Ok(()) };
        let meter = &taken.meter;
        let mut state = taken.state();
        let left = meter.verzoeken.check().map_err(|not_yet| {
            let wait = not_yet.wait_time_from(meter.clock.now());
            meter.refuse(QuotaSoort::Verzoeken, wait)
        })?;
        state.verzoeken_over = left.remaining_burst_capacity();
        state.plaats = meter.take_place();
        match state.plaats {
            Some(_) => Ok(()),
            None => Err(meter.refuse(QuotaSoort::Gelijktijdig, PLAATS_WACHT)),
        }
    }

    /// Gives its place back before the answer: it waits for something new, which has a limit of
    /// its own.
    pub fn wacht(&self) {
        if let Some(taken) = &self.0 {
            taken.state().plaats = None;
        }
    }

    /// Whether a bulk message may be read: not while its afnemer has to wait for lines.
    ///
    /// # Errors
    /// [`Overschrijding`].
    pub fn bulk(&self) -> Result<(), Overschrijding> {
        let Some(taken) = &self.0 else { return Ok(()) };
        let meter = &taken.meter;
        let (until, now) = (meter.bulk_dicht_tot_ms.load(Relaxed), meter.running_ms());
        if now < until {
            taken.state().bulkregels_over = Some(0);
            let wait = Duration::from_millis(until - now);
            return Err(meter.refuse(QuotaSoort::Bulkregels, wait));
        }
        Ok(())
    }

    /// Takes the lines of a bulk message.
    ///
    /// # Errors
    /// [`Overschrijding`]; then none is taken, and bulk messages wait until these would fit.
    pub fn regels(&self, regels: usize) -> Result<(), Overschrijding> {
        let Some(taken) = &self.0 else { return Ok(()) };
        // A message has fewer lines than a quota may be small, so this never cuts any off.
        let regels = u32::try_from(regels).unwrap_or(u32::MAX);
        let Some(regels) = NonZeroU32::new(regels) else {
            return Ok(());
        };
        let meter = &taken.meter;
        let wait = match meter.bulkregels.check_n(regels) {
            Ok(Ok(left)) => {
                taken.state().bulkregels_over = Some(left.remaining_burst_capacity());
                return Ok(());
            }
            Ok(Err(not_yet)) => not_yet.wait_time_from(meter.clock.now()),
            Err(_) => Duration::from_secs(60),
        };
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let until = meter.running_ms().saturating_add(wait_ms);
        meter.bulk_dicht_tot_ms.fetch_max(until, Relaxed);
        taken.state().bulkregels_over = Some(0);
        Err(meter.refuse(QuotaSoort::Bulkregels, wait))
    }

    /// What an answer tells of the quota; nothing to who is no afnemer.
    #[must_use]
    pub fn koppen(&self) -> Option<Koppen> {
        let taken = self.0.as_ref()?;
        taken.meter.naam.as_ref()?;
        Some(Koppen {
            beleid: Arc::clone(&taken.meter.beleid),
            stand: taken.stand(),
        })
    }
}

impl Taken {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in it can be left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stand(&self) -> String {
        let quota = &self.meter.quota;
        let state = self.state();
        let over = state.verzoeken_over;
        let full_s = full_again_s(over, quota.burst, quota.verzoeken_per_seconde, 1);
        let mut stand = format!("\"verzoeken\";r={over};t={full_s}");
        let bezet = self.meter.bezet.load(Relaxed);
        // Writing to a String cannot fail.
        let _ = write!(
            stand,
            ", \"gelijktijdig\";r={}",
            quota.gelijktijdig.get().saturating_sub(bezet)
        );
        if let Some(over) = state.bulkregels_over {
            let most = quota.bulkregels_per_minuut;
            let full_s = full_again_s(over, most, most, 60);
            let _ = write!(stand, ", \"bulkregels\";r={over};t={full_s}");
        }
        stand
    }
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Taken").finish_non_exhaustive()
    }
}

/// `RateLimit-Policy`: a bucket of `q` that fills in `w` seconds.
fn beleid(quota: &Quota) -> String {
    let window_s = quota
        .burst
        .get()
        .div_ceil(quota.verzoeken_per_seconde.get());
    format!(
        "\"verzoeken\";q={};w={window_s}, \
         \"gelijktijdig\";q={};qu=\"concurrent-requests\", \
         \"bulkregels\";q={};qu=\"bulkregels\";w=60",
        quota.burst, quota.gelijktijdig, quota.bulkregels_per_minuut
    )
}

/// Seconds until a bucket is full again, when `per` come in `seconds`.
fn full_again_s(left: u32, full: NonZeroU32, per: NonZeroU32, seconds: u64) -> u64 {
    let missing = u64::from(full.get().saturating_sub(left));
    (missing * seconds).div_ceil(u64::from(per.get()))
}

/// Rounded up, so that who waits for so long is not refused again; never 0, which would invite to
/// try at once.
fn whole_seconds(wait: Duration) -> u32 {
    let up = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(up).unwrap_or(u32::MAX).max(1)
}

/// The project's clock as the library asks it.
#[derive(Clone)]
struct Running(Arc<dyn Clock>);

impl GovernorClock for Running {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.running()
    }
}
