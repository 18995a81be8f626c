//! The loop that fetches leveringen. Every node on a database may run it: the store lets one
//! import at a time, and who comes second finds that it was applied.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use super::chance;
use crate::{
    bron::{BronError, Mark, Memory, Outcome, Schedule, Settings, fetch_and_import},
    clock::Clock,
    config::Config,
    domain::Tijdstip,
    log::{LogStore, Opslag, StoreError},
    metrics::names,
    register::import::{ImportError, Options, Report},
    telemetry::chain,
    transport::{
        admin::{Bron, Health},
        gateway::Gateway,
    },
};

/// What a round came to, as metrics and readiness name it.
struct Round {
    uitkomst: &'static str,
    /// What is wrong, or what an operator should know.
    reden: Option<String>,
}

const TOEGEPAST: &str = "toegepast";
const ONGEWIJZIGD: &str = "ongewijzigd";
const BEZET: &str = "bezet";
const MISLUKT: &str = "mislukt";
const GEWEIGERD: &str = "geweigerd";

impl Round {
    fn well(uitkomst: &'static str) -> Self {
        Self {
            uitkomst,
            reden: None,
        }
    }

    fn failed(reden: String) -> Self {
        Self {
            uitkomst: MISLUKT,
            reden: Some(reden),
        }
    }
}

/// Looks for another levering every `register.bronInterval`, until the end. Does nothing when
/// there is no `register.bron`.
pub(super) async fn fetch_regularly(
    config: Config,
    opslag: Opslag,
    clock: Arc<dyn Clock>,
    gateway: Arc<Gateway>,
    health: Arc<Health>,
    end: impl Future<Output = ()>,
) {
    // The settings were checked when they were read.
    let Ok(Some(settings)) = config.bron() else {
        return;
    };
    let mut fetching = Fetching {
        memory: Memory::beside(&config.opslag.momentopname),
        config,
        opslag,
        settings,
        clock,
        gateway,
        health,
        refused: None,
        geslaagd_op: None,
        told: None,
    };
    let mut schedule = Schedule::new(fetching.config.register.bron_interval);
    let mut pause = schedule.first(chance());
    let mut end = pin!(end);
    loop {
        // Dropped at the end: an import that is under way is then as if it had not been.
        let round = tokio::select! {
            () = &mut end => return,
            round = async { tokio::time::sleep(pause).await; fetching.round().await } => round,
        };
        pause = schedule.after(round.uitkomst == MISLUKT, chance());
        fetching.tell(round, pause);
    }
}

struct Fetching {
    config: Config,
    opslag: Opslag,
    settings: Settings,
    memory: Memory,
    clock: Arc<dyn Clock>,
    gateway: Arc<Gateway>,
    health: Arc<Health>,
    /// The levering that was refused last, and why: it is not fetched again to be refused again,
    /// unless it was imported by hand.
    refused: Option<Refused>,
    geslaagd_op: Option<Tijdstip>,
    /// What the log says of it already.
    told: Option<(&'static str, Option<String>)>,
}

struct Refused {
    mark: Mark,
    levering_id: Option<String>,
    reden: String,
}

impl Fetching {
    async fn round(&mut self) -> Round {
        match self.try_round().await {
            Ok(round) => round,
            Err(error) => Round::failed(chain(&error)),
        }
    }

    async fn try_round(&mut self) -> Result<Round, BronError> {
        if !self.opslag.is_there() {
            return Ok(Round::failed(format!(
                "there is no database {}",
                self.opslag
            )));
        }
        let store = self.opslag.open().await?;
        if self.would_fill_a_mistake(store.as_ref()).await? {
            return Ok(Round::failed(
                "the database is empty while this node has a register: it is not filled by itself"
                    .to_owned(),
            ));
        }
        self.forget_what_was_imported_by_hand(store.as_ref())
            .await?;
        let passed_over = self.refused.as_ref().map(|refused| &refused.mark);
        let options = Options {
            maximaal_afgekeurd: self.config.register.maximaal_afgekeurd,
            maximale_bytes: self.config.register.maximale_levering_bytes,
            bpvo_bewaring: self.config.register.bpvo_bewaring,
            ..Options::default()
        };
        let outcome = fetch_and_import(
            &store,
            &self.settings,
            &self.memory,
            passed_over,
            options,
            self.clock.as_ref(),
            &mut |_| {},
        )
        .await;
        self.judge(outcome)
    }

    /// As the follower does not take an empty database for the truth, it is not filled either: an
    /// import would make every leerbedrijf a new one.
    async fn would_fill_a_mistake(&self, store: &dyn LogStore) -> Result<bool, StoreError> {
        let has_a_register = self.gateway.replica.view().versie().nummer > 0;
        Ok(has_a_register && store.head().await?.nummer == 0)
    }

    async fn forget_what_was_imported_by_hand(
        &mut self,
        store: &dyn LogStore,
    ) -> Result<(), StoreError> {
        let levering_id = self.refused.as_ref().and_then(|r| r.levering_id.as_ref());
        if let Some(levering_id) = levering_id
            && crate::register::import::is_applied(store, levering_id).await?
        {
            self.refused = None;
        }
        Ok(())
    }

    fn judge(&mut self, outcome: Result<Outcome, BronError>) -> Result<Round, BronError> {
        match outcome {
            Ok(Outcome::Unchanged) => Ok(match &self.refused {
                None => Round::well(ONGEWIJZIGD),
                Some(refused) => Round {
                    uitkomst: GEWEIGERD,
                    reden: Some(refused.reden.clone()),
                },
            }),
            Ok(Outcome::Imported(Report::AlreadyApplied { .. })) => Ok(Round::well(ONGEWIJZIGD)),
            Ok(Outcome::Imported(Report::Applied(applied))) => {
                let levering = &applied.levering;
                gauge(names::BRON_AFGEKEURD, levering.afgekeurd);
                tracing::info!(
                    levering_id = levering.levering_id,
                    versie = %applied.versie,
                    afgekeurd = levering.afgekeurd,
                    "a levering was fetched and applied"
                );
                Ok(Round {
                    reden: set_aside(levering.afgekeurd),
                    ..Round::well(TOEGEPAST)
                })
            }
            Err(BronError::Import {
                source: ImportError::Store(StoreError::StageBusy),
                ..
            }) => Ok(Round::well(BEZET)),
            Err(BronError::Import {
                mark,
                levering_id,
                source,
            }) if source.is_refusal() => Ok(self.refuse(*mark, levering_id, &source)),
            Err(error) => Err(error),
        }
    }

    /// Nothing of it was applied; it waits for an operator, and for another levering.
    fn refuse(&mut self, mark: Mark, levering_id: Option<String>, why: &ImportError) -> Round {
        let name = levering_id
            .as_deref()
            .unwrap_or("without a readable leveringId");
        let reden = format!(
            "levering {name} is not applied: {}. Have the source put it right; or, when it is right, import it by hand: `stagepoort register import` says more with --rapport, and takes --toestaan-krimp and --maximaal-afgekeurd",
            chain(why)
        );
        self.refused = Some(Refused {
            mark,
            levering_id,
            reden: reden.clone(),
        });
        Round {
            uitkomst: GEWEIGERD,
            reden: Some(reden),
        }
    }

    /// Metrics and readiness each time; the log once for each change.
    fn tell(&mut self, round: Round, next: Duration) {
        let now = self.clock.now();
        if matches!(round.uitkomst, TOEGEPAST | ONGEWIJZIGD) {
            self.refused = None;
            self.geslaagd_op = Some(now);
            let seconds = u64::try_from(now.as_millis() / 1000).unwrap_or(0);
            gauge(names::BRON_GESLAAGD, seconds);
        }
        metrics::counter!(names::BRON_RONDES, "uitkomst" => round.uitkomst).increment(1);
        gauge(names::BRON_GEWEIGERD, u64::from(self.refused.is_some()));
        let telling = (round.uitkomst, round.reden.clone());
        if self.told.as_ref() != Some(&telling) {
            let next_s = next.as_secs();
            let bron = self.settings.plaats.to_string();
            match (round.uitkomst, &round.reden) {
                (GEWEIGERD, Some(reden)) => tracing::error!(bron, reden, "a levering is refused"),
                (MISLUKT, Some(reden)) => {
                    tracing::error!(bron, reden, next_s, "a levering could not be fetched");
                }
                (_, Some(reden)) => tracing::warn!(bron, reden, "a levering was applied in part"),
                (uitkomst, None) => {
                    tracing::info!(bron, uitkomst, next_s, "a levering was looked for");
                }
            }
            self.told = Some(telling);
        }
        self.health.note_bron(Bron {
            uitkomst: round.uitkomst,
            op: now,
            geslaagd_op: self.geslaagd_op,
            reden: round.reden,
        });
    }
}

fn set_aside(lines: u64) -> Option<String> {
    (lines > 0).then(|| {
        format!(
            "{lines} lines were set aside; `stagepoort register verify` with --rapport names them"
        )
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn gauge(name: &'static str, value: u64) {
    metrics::gauge!(name).set(value as f64);
}
