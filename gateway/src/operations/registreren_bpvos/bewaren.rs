//! The way of a write to the log: look, work out the difference, and write it as one commit while
//! nobody else wrote; otherwise look again.

use std::{collections::HashMap, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::plan::{Plan, Telling, Wens};
use crate::{
    domain::{Bpvo, Oin, RegisterVersie, Tijdstip},
    log::{CommitInfo, Head, Inhoud, Line, LogStore, OpenLog, Sleutel, Soort, StoreError},
    operations::{Failure, Writing},
    replica::{BpvoSleutel, Replica},
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
    let job = Job {
        request_id: request_id(afnemer_oin, opdracht.wens.school_oin, &writing.herkenning),
        herkenbaar: matches!(writing.herkenning, Herkenning::Sleutel(_)),
        replica: Arc::clone(writing.replica),
        replica_wait: writing.replica_wait,
        log: Arc::clone(&log),
        opdracht,
    };
    let patience = writing.write_wait;
    let running = log.runtime().spawn(job.run(patience));
    let outcome = tokio::time::timeout(patience, running).await;
    let error = match outcome {
        Ok(Ok(Ok(bewaard))) => return Ok(bewaard),
        Ok(Ok(Err(BewaarError::KeyReused))) => return Err(Failure::KeyReused),
        Ok(Ok(Err(error))) => chain(&error),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the log took too long".to_owned(),
    };
    tracing::error!(reason = error, "bpvos were not kept");
    Err(unavailable())
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

impl Job {
    async fn run(self, patience: Duration) -> Result<Bewaard, BewaarError> {
        let turn = self.log.turn(patience).await.ok_or(BewaarError::Busy)?;
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
        if bewaard.commit.is_some() {
            self.log.ring();
            self.log.forget_soon();
        }
        Ok(bewaard)
    }

    /// Looks and writes; none when others wrote in between.
    async fn attempt(&self) -> Result<Option<Bewaard>, BewaarError> {
        let store = self.log.store();
        let head = store.head().await?;
        let versie = RegisterVersie {
            tijdlijn: head.tijdlijn,
            nummer: head.nummer,
        };
        if let Some(telling) = self.answered().await? {
            return Ok(Some(Bewaard {
                telling,
                versie,
                commit: None,
                herhaald: true,
            }));
        }
        let Plan { mut lines, telling } = self.plan(head).await?;
        if self.opdracht.proef || lines.is_empty() {
            return Ok(Some(Bewaard {
                telling,
                versie,
                commit: None,
                herhaald: false,
            }));
        }
        if self.herkenbaar {
            lines.push(self.answer_line(telling)?);
        }
        let written = store.append_at(head.nummer, self.request_id, self.opdracht.nu, lines);
        let Some(commit) = written.await? else {
            return Ok(None);
        };
        // That the file is still the log: what goes to one that was replaced is lost.
        store.head().await?;
        Ok(Some(Bewaard {
            telling,
            versie: RegisterVersie {
                nummer: commit.nummer,
                ..versie
            },
            commit: Some(commit),
            herhaald: false,
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

    async fn plan(&self, head: Head) -> Result<Plan, BewaarError> {
        let wens = &self.opdracht.wens;
        let store = self.log.store();
        let key_of =
            |kenmerk: &str| store.pseudonym(&Sleutel::natural_bpvo(wens.school_oin, kenmerk));
        let mut sleutels = wens.sleutels(&key_of);
        if wens.is_about_all() {
            let all = self.sleutels_of_school(head).await?;
            sleutels.extend(all.map(|sleutel| Sleutel(sleutel.as_slice().into())));
            sleutels.sort_unstable();
            sleutels.dedup();
        }
        let there = read(store.as_ref(), &sleutels).await?;
        Ok(wens.plan(&there, &key_of)?)
    }

    /// Keys of all that the school has, in the state that the log ends with.
    async fn sleutels_of_school(
        &self,
        head: Head,
    ) -> Result<impl Iterator<Item = BpvoSleutel> + use<>, BewaarError> {
        self.log.ring();
        let versie = RegisterVersie {
            tijdlijn: head.tijdlijn,
            nummer: head.nummer,
        };
        let view = self.replica.at_least(versie, self.replica_wait).await;
        let view = view.map_err(|_| BewaarError::Behind)?;
        let school_oin = self.opdracht.wens.school_oin;
        let all: Vec<_> = view.bpvo_sleutels_of(school_oin, None).collect();
        Ok(all.into_iter())
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
