//! The way of a write to the log: look, work out the difference, and write it as one commit while
//! nobody else wrote; otherwise look again.
//!
//! A long list is looked at before its turn, in what this node has, by the thread that it came on: one
//! for bulk messages. So it holds up neither the log, whose threads go before those, nor other writes.

use std::{collections::HashMap, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::sync::MutexGuard;
use uuid::Uuid;

use super::plan::{Plan, Telling, Wens};
use crate::{
    domain::{Bpvo, Oin, RegisterVersie, Tijdstip},
    log::{CommitInfo, Inhoud, Line, LogStore, OpenLog, Sleutel, Soort, StoreError},
    operations::{Failure, Writing},
    replica::{BpvoSleutel, Replica, View},
    telemetry::chain,
};

/// Under which the ids of callers' writes are made, so that they never meet others.
const NAMESPACE: Uuid = Uuid::from_u128(0x2f0d_77a4_51c9_4e0a_9b1e_c60a_4d3c_95b8);

/// How often a write looks anew because others wrote meanwhile. Commits of others are rare and
/// looking takes milliseconds, so that running out of tries means that something is wrong.
const TRIES: usize = 20;

/// When a caller whose write was refused tries again, in seconds: a database is rarely back sooner.
const RETRY_AFTER_S: u32 = 5;

/// Keys looked up by one question to the store.
const KEYS_PER_READ: usize = 5_000;

/// A list of more bpvo's is a long one: to look that many up in the log takes a millisecond.
const SHORT: usize = 100;

/// How a write is known again (domain rule 15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Herkenning {
    /// By what the caller named it with: wsa:MessageID or `Idempotency-Key`.
    Sleutel(String),
    /// Not at all: the caller gave nothing to know it by. An id for this once.
    Eenmalig(Uuid),
}

/// What is to be kept.
pub(super) struct Opdracht {
    pub(super) wens: Wens,
    /// Look only.
    pub(super) proef: bool,
    /// SHA-256 of what was asked.
    pub(super) vraag: [u8; 32],
    pub(super) nu: Tijdstip,
}

/// What became of it.
pub(super) struct Bewaard {
    pub(super) telling: Telling,
    /// The state of the log that holds it.
    pub(super) versie: RegisterVersie,
    /// The commit, when one was made for it just now.
    pub(super) commit: Option<CommitInfo>,
    /// It was done before, and this is the answer of that time.
    pub(super) herhaald: bool,
}

/// What the log keeps of a write, so that a repeat gets the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Antwoord {
    /// Keyed hash of what was asked: the key may not be used for something else.
    vraag: Vec<u8>,
    telling: Telling,
}

/// Why it was not kept.
#[derive(Debug, thiserror::Error)]
enum BewaarError {
    #[error("the log could not be used")]
    Store(#[from] StoreError),
    #[error("a value in the log cannot be read or written")]
    Value(#[from] postcard::Error),
    #[error("others were writing all the time")]
    Busy,
    #[error("this node is too far behind the log")]
    Behind,
    #[error("the request id was used for another write")]
    KeyReused,
    #[error("the write failed by a defect")]
    Defect(#[from] tokio::task::JoinError),
}

/// Keeps what is wished, or tells what keeping it would change.
///
/// It is finished where the store was opened, whatever becomes of the caller: who goes away
/// leaves no half a write behind.
///
/// # Errors
/// [`Failure::WriteUnavailable`]: nothing is known to be kept, and the same request may be sent
/// again. [`Failure::KeyReused`].
pub(super) async fn bewaar(
    writing: &Writing<'_>,
    afnemer_oin: Oin,
    opdracht: Opdracht,
) -> Result<Bewaard, Failure> {
    let Some(log) = writing.log.open() else {
        return Err(unavailable());
    };
    let job = Arc::new(Job {
        request_id: request_id(afnemer_oin, opdracht.wens.school_oin, &writing.herkenning),
        herkenbaar: matches!(writing.herkenning, Herkenning::Sleutel(_)),
        replica: Arc::clone(writing.replica),
        replica_wait: writing.replica_wait,
        log,
        opdracht,
    });
    let patience = writing.write_wait;
    let outcome = tokio::time::timeout(patience, keep(&job, patience)).await;
    let error = match outcome {
        Ok(Ok(bewaard)) => return Ok(bewaard),
        Ok(Err(BewaarError::KeyReused)) => return Err(Failure::KeyReused),
        Ok(Err(error)) => chain(&error),
        Err(_) => "the log took too long".to_owned(),
    };
    tracing::error!(reason = error, "bpvos were not kept");
    Err(unavailable())
}

async fn keep(job: &Arc<Job>, patience: Duration) -> Result<Bewaard, BewaarError> {
    if job.opdracht.wens.zet.len() > SHORT
        && let Some(bewaard) = ahead(job, patience).await?
    {
        return Ok(bewaard);
    }
    finished(job, async move |job| job.run(patience).await).await
}

/// Looks before its turn; none when others wrote meanwhile, or this node is behind the log.
async fn ahead(job: &Arc<Job>, patience: Duration) -> Result<Option<Bewaard>, BewaarError> {
    let head = match finished(job, async |job| job.look().await).await? {
        Found::Answered(bewaard) => return Ok(Some(bewaard)),
        Found::Head(versie) => versie,
    };
    let Ok(view) = job.reached(head).await else {
        return Ok(None);
    };
    let (versie, plan) = (view.versie(), job.plan_in(&view)?);
    if job.opdracht.proef || plan.lines.is_empty() {
        return Ok(Some(Bewaard::nothing(plan.telling, versie)));
    }
    finished(job, async move |job| {
        let turn = job.turn(patience).await?;
        let bewaard = job.write(versie, plan).await?;
        drop(turn);
        Ok(bewaard)
    })
    .await
}

/// Does this where the store was opened, to its end.
async fn finished<T, F>(job: &Arc<Job>, work: impl FnOnce(Arc<Job>) -> F) -> Result<T, BewaarError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, BewaarError>> + Send + 'static,
{
    let running = job.log.runtime().spawn(work(Arc::clone(job)));
    running.await?
}

fn unavailable() -> Failure {
    Failure::WriteUnavailable {
        retry_after_s: RETRY_AFTER_S,
    }
}

/// The same wish of the same caller has the same id; no two callers' ever meet.
fn request_id(afnemer_oin: Oin, school_oin: Oin, herkenning: &Herkenning) -> Uuid {
    match herkenning {
        Herkenning::Sleutel(sleutel) => {
            let name = format!("bpvos|{afnemer_oin}|{school_oin}|{sleutel}");
            Uuid::new_v5(&NAMESPACE, name.as_bytes())
        }
        Herkenning::Eenmalig(id) => *id,
    }
}

struct Job {
    opdracht: Opdracht,
    request_id: Uuid,
    herkenbaar: bool,
    log: Arc<OpenLog>,
    replica: Arc<Replica>,
    replica_wait: Duration,
}

/// What a look at the log finds.
enum Found {
    /// What was done when this write came before.
    Answered(Bewaard),
    /// Where the log ends.
    Head(RegisterVersie),
}

impl Bewaard {
    /// There was nothing to write.
    fn nothing(telling: Telling, versie: RegisterVersie) -> Self {
        Self {
            telling,
            versie,
            commit: None,
            herhaald: false,
        }
    }
}

impl Job {
    async fn run(&self, patience: Duration) -> Result<Bewaard, BewaarError> {
        let turn = self.turn(patience).await?;
        let mut tries = 0;
        let bewaard = loop {
            tries += 1;
            match self.attempt().await? {
                Some(bewaard) => break bewaard,
                None if tries == TRIES => return Err(BewaarError::Busy),
                None => {}
            }
        };
        drop(turn);
        Ok(bewaard)
    }

    async fn turn(&self, patience: Duration) -> Result<MutexGuard<'_, ()>, BewaarError> {
        self.log.turn(patience).await.ok_or(BewaarError::Busy)
    }

    /// Looks and writes; none when others wrote in between.
    async fn attempt(&self) -> Result<Option<Bewaard>, BewaarError> {
        let versie = match self.look().await? {
            Found::Answered(bewaard) => return Ok(Some(bewaard)),
            Found::Head(versie) => versie,
        };
        let plan = self.plan(versie).await?;
        if self.opdracht.proef || plan.lines.is_empty() {
            return Ok(Some(Bewaard::nothing(plan.telling, versie)));
        }
        self.write(versie, plan).await
    }

    async fn look(&self) -> Result<Found, BewaarError> {
        let head = self.log.store().head().await?;
        let versie = RegisterVersie {
            tijdlijn: head.tijdlijn,
            nummer: head.nummer,
        };
        Ok(match self.answered().await? {
            None => Found::Head(versie),
            Some(telling) => Found::Answered(Bewaard {
                herhaald: true,
                ..Bewaard::nothing(telling, versie)
            }),
        })
    }

    /// Writes what was worked out from this version; none when the log no longer ends there.
    async fn write(
        &self,
        versie: RegisterVersie,
        plan: Plan,
    ) -> Result<Option<Bewaard>, BewaarError> {
        let Plan { mut lines, telling } = plan;
        if self.herkenbaar {
            lines.push(self.answer_line(telling)?);
        }
        let store = self.log.store();
        let written = store.append_at(versie.nummer, self.request_id, self.opdracht.nu, lines);
        let Some(commit) = written.await? else {
            return Ok(None);
        };
        // That the file is still the log: what goes to one that was replaced is lost.
        store.head().await?;
        self.log.ring();
        self.log.forget_soon();
        let nummer = commit.nummer;
        Ok(Some(Bewaard {
            commit: Some(commit),
            ..Bewaard::nothing(telling, RegisterVersie { nummer, ..versie })
        }))
    }

    /// What this write did when it came before.
    async fn answered(&self) -> Result<Option<Telling>, BewaarError> {
        if !self.herkenbaar || self.opdracht.proef {
            return Ok(None);
        }
        let sleutel = Sleutel::antwoord(self.request_id);
        let store = self.log.store();
        let found = store.current(Soort::Antwoord, &[sleutel]).await?;
        let Some((_, blob)) = found.into_iter().next() else {
            return Ok(None);
        };
        let antwoord: Antwoord = postcard::from_bytes(&blob)?;
        if antwoord.vraag != self.mark() {
            return Err(BewaarError::KeyReused);
        }
        Ok(Some(antwoord.telling))
    }

    /// The difference with what the log says now.
    async fn plan(&self, head: RegisterVersie) -> Result<Plan, BewaarError> {
        let wens = &self.opdracht.wens;
        let store = self.log.store();
        let mut sleutels = wens.sleutels(&self.key_of());
        if wens.is_about_all() {
            let view = self.reached(head).await?;
            sleutels.extend(self.sleutels_of_school(&view));
            sleutels.sort_unstable();
            sleutels.dedup();
        }
        let there = read(store.as_ref(), &sleutels).await?;
        Ok(wens.plan(&there, &self.key_of())?)
    }

    /// The difference with what this node has.
    fn plan_in(&self, view: &View) -> Result<Plan, BewaarError> {
        let wens = &self.opdracht.wens;
        let mut sleutels = wens.sleutels(&self.key_of());
        if wens.is_about_all() {
            sleutels.extend(self.sleutels_of_school(view));
        }
        let found = sleutels.into_iter().filter_map(|sleutel| {
            let bpvo = view.bpvo(&BpvoSleutel::try_from(&*sleutel.0).ok()?)?;
            Some((sleutel, bpvo))
        });
        Ok(wens.plan(&found.collect(), &self.key_of())?)
    }

    fn key_of(&self) -> impl Fn(&str) -> Sleutel {
        let (store, school_oin) = (self.log.store(), self.opdracht.wens.school_oin);
        move |kenmerk| store.pseudonym(&Sleutel::natural_bpvo(school_oin, kenmerk))
    }

    /// What this node has once it is as far as this version.
    async fn reached(&self, versie: RegisterVersie) -> Result<Arc<View>, BewaarError> {
        self.log.ring();
        let view = self.replica.at_least(versie, self.replica_wait).await;
        view.map_err(|_| BewaarError::Behind)
    }

    /// Keys of all that the school has.
    fn sleutels_of_school(&self, view: &View) -> impl Iterator<Item = Sleutel> {
        let all = view.bpvo_sleutels_of(self.opdracht.wens.school_oin, None);
        all.map(|sleutel| Sleutel(sleutel.as_slice().into()))
    }

    fn answer_line(&self, telling: Telling) -> Result<Line, BewaarError> {
        let antwoord = Antwoord {
            vraag: self.mark(),
            telling,
        };
        Ok(Line {
            soort: Soort::Antwoord,
            sleutel: Sleutel::antwoord(self.request_id),
            inhoud: Inhoud::Gezet(postcard::to_stdvec(&antwoord)?),
        })
    }

    /// The log keeps a keyed hash of what was asked, so that nobody can try out what it was.
    fn mark(&self) -> Vec<u8> {
        let natural = format!("vraag:{}", hex::encode(self.opdracht.vraag));
        self.log.store().pseudonym(&natural).0.into_vec()
    }
}

async fn read(
    store: &dyn LogStore,
    sleutels: &[Sleutel],
) -> Result<HashMap<Sleutel, Bpvo>, BewaarError> {
    let mut there = HashMap::with_capacity(sleutels.len());
    for some in sleutels.chunks(KEYS_PER_READ) {
        for (sleutel, blob) in store.current(Soort::Bpvo, some).await? {
            there.insert(sleutel, postcard::from_bytes(&blob)?);
        }
    }
    Ok(there)
}
