//! The only writer of the replica: reads the log and publishes views of what came (invariants 1, 3
//! and 5).

use std::{collections::VecDeque, future::Future, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::Instant,
};

use super::{
    ApplyError, Replica, Stand, State, View,
    indexing::Touched,
    search::{Merged, SearchIndex},
};
use crate::{
    clock::{Clock, jittered},
    domain::{RegisterVersie, Tijdstip},
    log::{CommitInfo, Head, Line, LogStore, StoreError, TijdlijnBegin},
    telemetry::chain,
};

/// Commits looked up at once.
const COMMITS_PER_STEP: u32 = 64;

/// Lines applied at once, off the async threads: some ten milliseconds of work.
const LINES_PER_READ: u32 = 4_096;

/// Commits up to this many lines are read together, and their lines are applied where the follower
/// is: to hand them over would cost more than the two milliseconds that they take at most.
const FEW_LINES: usize = 64;

/// How long commits may gather at least after some were taken in: a view costs the same for one as for ten. Nobody
/// who waits for a commit waits for this.
const GATHER: Duration = Duration::from_millis(5);

/// So many times as long as it took to take them in, so that who asks has most of a core also while the register
/// changes all the time.
const GATHER_TIMES: u32 = 10;

/// How long they gather at most.
const GATHER_MOST: Duration = Duration::from_millis(100);

/// How often the log is looked at without being woken, give or take a quarter (design invariant 4).
const POLL: Duration = Duration::from_millis(200);

/// How often a standby is looked at, which wakes nobody.
const POLL_STANDBY: Duration = Duration::from_millis(100);

/// How long to wait after a database error.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There was nothing new.
    UpToDate,
    /// Some commits were applied, up to this one; there may be more.
    Applied(RegisterVersie),
    /// The log has another history than this node: it begins again, and goes on answering from
    /// what it has until it has caught up.
    Reloading,
    /// A commit could not be applied; this node stays at the last good state (invariant 5).
    Stopped,
}

/// Where the follower is, for health and metrics (invariant 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowerStatus {
    /// When the log was last read with success; none before the first time.
    pub last_step: Option<Tijdstip>,
    /// The last commit in the log then.
    pub head: u64,
    /// The last commit that was applied, perhaps not yet published during a reload.
    pub applied: u64,
    /// It was read from a standby.
    pub may_lag: bool,
    /// Since when there is more in the log than was applied; none when there is not.
    pub behind_since: Option<Tijdstip>,
    /// Which commit it stopped at, and why.
    pub stopped: Option<Stop>,
}

/// A commit that could not be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Its number.
    pub nummer: u64,
    /// What is wrong with it, without any content.
    pub reden: String,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum FollowerError {
    /// The log could not be read; the next step tries again.
    #[error("the log could not be read")]
    Store(#[from] StoreError),
    /// A commit does not fit the state before it; the follower stops.
    #[error("commit {nummer} cannot be applied, line {line}")]
    Apply {
        /// Which commit.
        nummer: u64,
        /// Which of its lines, from 0.
        line: u64,
        /// Why.
        #[source]
        source: ApplyError,
    },
    /// Commits do not follow one another; the follower stops.
    #[error("the log is broken at commit {nummer}: {what}")]
    Broken {
        /// Which commit.
        nummer: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The search index cannot follow; the follower stops.
    #[error("the search index cannot follow commit {nummer}: {what}")]
    Index {
        /// Which commit.
        nummer: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The process is ending.
    #[error("applying a commit was cut short")]
    CutShort,
}

/// Follows one log into one replica.
pub struct Follower {
    store: Arc<dyn LogStore>,
    replica: Arc<Replica>,
    clock: Arc<dyn Clock>,
    chance: fn() -> f64,
    wake: Arc<Notify>,
    status: watch::Sender<FollowerStatus>,
    /// What was applied so far; ahead of what is published only while loading.
    state: State,
    stand: Stand,
    /// Where the tijdlijnen began, as far as the tijdlijn of `stand`.
    tijdlijnen: Arc<[TijdlijnBegin]>,
    /// Follows the state; none while loading, when it would have to follow too much.
    search: Option<SearchIndex>,
    /// A merge of the index under way beside the follower.
    merge: Option<JoinHandle<Merged>>,
    /// Nothing is published before this commit is there: half a history is no answer.
    publish_from: PublishFrom,
}

/// How the log stands to what this node has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum History {
    /// It goes on from it.
    Ours,
    /// It does not hold it.
    Other,
    /// It was read from a standby, which has not come as far.
    Behind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PublishFrom {
    /// Decided by the head of the first step.
    FirstHead,
    /// This commit.
    Nummer(u64),
}

impl Follower {
    /// Goes on from what the replica has: nothing, or the view of a snapshot.
    #[must_use]
    pub fn new(store: Arc<dyn LogStore>, replica: Arc<Replica>, clock: Arc<dyn Clock>) -> Self {
        let view = replica.view();
        let applied = view.versie().nummer;
        let (status, _) = watch::channel(FollowerStatus {
            last_step: None,
            head: applied,
            applied,
            may_lag: false,
            behind_since: None,
            stopped: None,
        });
        Self {
            store,
            replica,
            clock,
            chance: || 0.5,
            wake: Arc::new(Notify::new()),
            status,
            state: view.state().clone(),
            stand: view.stand(),
            tijdlijnen: Arc::clone(view.tijdlijnen()),
            search: Some(view.search_index().clone()),
            merge: None,
            publish_from: if applied > 0 {
                PublishFrom::Nummer(0)
            } else {
                PublishFrom::FirstHead
            },
        }
    }

    /// With pauses that differ by this, 0 to 1, so that nodes do not ask the database together.
    #[must_use]
    pub fn with_chance(mut self, chance: fn() -> f64) -> Self {
        self.chance = chance;
        self
    }

    /// Rung by whoever wrote to the log, so that the next step comes at once.
    #[must_use]
    pub fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Where the follower is.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<FollowerStatus> {
        self.status.subscribe()
    }

    /// Steps until `shutdown`, or until the store's file was replaced: then it must be opened
    /// anew. Errors are logged here, once each time they begin.
    pub async fn run(mut self, shutdown: impl Future<Output = ()> + Send) {
        let wake = self.waker();
        self.store.ring(Arc::clone(&wake));
        let mut shutdown = pin!(shutdown);
        let mut failing = false;
        loop {
            let begun = Instant::now();
            let step = tokio::select! {
                biased;
                () = &mut shutdown => return,
                step = self.step() => step,
            };
            let gather = (begun.elapsed() * GATHER_TIMES).clamp(GATHER, GATHER_MOST);
            let pause = match step {
                Ok(Progress::Applied(_) | Progress::Reloading) => Duration::ZERO,
                Ok(Progress::UpToDate) if self.status.borrow().may_lag => POLL_STANDBY,
                Ok(Progress::UpToDate | Progress::Stopped) => POLL,
                Err(_) => AFTER_ERROR,
            };
            report(&step, &mut failing);
            if let Err(FollowerError::Store(StoreError::Replaced { .. })) = step {
                return;
            }
            if pause.is_zero() {
                if self.is_at_head() {
                    tokio::select! {
                        biased;
                        () = &mut shutdown => return,
                        () = self.replica.awaited() => {}
                        () = tokio::time::sleep(gather) => {}
                    }
                }
                continue;
            }
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                () = wake.notified() => {}
                () = tokio::time::sleep(jittered(pause, (self.chance)())) => {}
            }
        }
    }

    /// Looks at the log once and takes in what is new, at most some commits.
    ///
    /// # Errors
    /// [`FollowerError`]. After [`FollowerError::Apply`] and [`FollowerError::Broken`] the replica
    /// stays as it is and further steps give [`Progress::Stopped`], until the log begins another
    /// tijdlijn.
    pub async fn step(&mut self) -> Result<Progress, FollowerError> {
        let head = self.store.head().await?;
        if self.publish_from == PublishFrom::FirstHead {
            self.begin_again(&head);
        }
        match self.compare(&head).await? {
            History::Ours => self.enter(&head).await?,
            History::Other => {
                self.begin_again(&head);
                return Ok(Progress::Reloading);
            }
            History::Behind => {
                // What a standby does not know yet is no news, and confirms nothing.
                self.status.send_modify(|status| status.may_lag = true);
                return Ok(Progress::UpToDate);
            }
        }
        let stopped = self.status.borrow().stopped.is_some();
        let progress = if stopped {
            Ok(Progress::Stopped)
        } else {
            self.catch_up(&head).await
        };
        self.note(&head, &progress);
        progress
    }

    /// Whether the log goes on from what this node has. A later tijdlijn does when the last commit
    /// that this node applied is in it.
    async fn compare(&self, head: &Head) -> Result<History, StoreError> {
        let ours = &self.stand;
        if ours.versie.tijdlijn == 0 {
            return Ok(History::Ours);
        }
        if head.tijdlijn > ours.versie.tijdlijn {
            let stopped = self.status.borrow().stopped.is_some();
            return Ok(if !stopped && self.is_in_log().await? {
                History::Ours
            } else {
                History::Other
            });
        }
        let is_less = head.tijdlijn < ours.versie.tijdlijn || head.nummer < ours.versie.nummer;
        let is_same = head.nummer != ours.versie.nummer || head.hash == ours.hash;
        Ok(match (is_less, is_same) {
            (true, _) if head.may_lag => History::Behind,
            (false, true) => History::Ours,
            _ => History::Other,
        })
    }

    async fn is_in_log(&self) -> Result<bool, StoreError> {
        let Some(before) = self.stand.versie.nummer.checked_sub(1) else {
            return Ok(true);
        };
        let found = self.store.commits_after(before, 1).await?;
        Ok(found.first().is_some_and(|commit| {
            commit.nummer == self.stand.versie.nummer && commit.hash == self.stand.hash
        }))
    }

    /// Takes over the tijdlijn of the log, which goes on from what this node has.
    async fn enter(&mut self, head: &Head) -> Result<(), StoreError> {
        let known = self.tijdlijnen.last().map_or(0, |begin| begin.tijdlijn);
        if known < head.tijdlijn {
            self.tijdlijnen = self.store.tijdlijnen().await?.into();
        }
        let ours = &mut self.stand.versie.tijdlijn;
        if *ours != 0 && *ours != head.tijdlijn {
            *ours = head.tijdlijn;
            if !self.is_loading() {
                self.put_in_place();
            }
        }
        Ok(())
    }

    fn begin_again(&mut self, head: &Head) {
        self.state = State::default();
        self.stand = Stand::before_first(head.tijdlijn);
        self.tijdlijnen = Arc::default();
        self.search = None;
        self.merge = None;
        self.publish_from = PublishFrom::Nummer(head.nummer);
        self.status.send_modify(|status| status.stopped = None);
    }

    /// Applies what is new and publishes it at once: a reader sees a later state, never a part of
    /// a commit.
    async fn catch_up(&mut self, head: &Head) -> Result<Progress, FollowerError> {
        let before = self.stand.versie.nummer;
        let commits = self.store.commits_after(before, COMMITS_PER_STEP).await?;
        let mut touched = Touched::default();
        let applied = self.apply_all(&commits, head, &mut touched).await;
        // Also after an error: what came before it is good.
        self.publish(touched).await?;
        self.merge_search().await?;
        applied
    }

    async fn apply_all(
        &mut self,
        commits: &[CommitInfo],
        head: &Head,
        touched: &mut Touched,
    ) -> Result<Progress, FollowerError> {
        let mut ahead = VecDeque::new();
        for (at, commit) in commits.iter().enumerate() {
            if commit.nummer != self.stand.versie.nummer + 1 {
                return Err(FollowerError::Broken {
                    nummer: commit.nummer,
                    what: "commits before it are missing",
                });
            }
            if commit.vorige_hash != self.stand.hash {
                // What came before it is good.
                self.publish(std::mem::take(touched)).await?;
                return self.other_history_at(commit, head);
            }
            if ahead.is_empty() {
                ahead = self.read_ahead(&commits[at..]).await?;
            }
            self.apply(commit, ahead.pop_front(), touched).await?;
        }
        Ok(match commits {
            [] => Progress::UpToDate,
            _ => Progress::Applied(self.stand.versie),
        })
    }

    /// What this node has is not what the log says came before: the log was replaced, or, when
    /// all of it came from this log a moment ago, the log is broken.
    fn other_history_at(
        &mut self,
        commit: &CommitInfo,
        head: &Head,
    ) -> Result<Progress, FollowerError> {
        if self.is_loading() {
            return Err(FollowerError::Broken {
                nummer: commit.nummer,
                what: "it does not follow the commit before it",
            });
        }
        self.begin_again(head);
        Ok(Progress::Reloading)
    }

    fn is_loading(&self) -> bool {
        match self.publish_from {
            PublishFrom::FirstHead => true,
            PublishFrom::Nummer(from) => self.stand.versie.nummer < from,
        }
    }

    /// Lines of the first of these commits, as far as they are small; of none when the first is not.
    async fn read_ahead(
        &self,
        commits: &[CommitInfo],
    ) -> Result<VecDeque<Vec<Line>>, FollowerError> {
        let small = |commit: &&CommitInfo| commit.regels <= FEW_LINES as u64;
        let few = commits.iter().take_while(small).count();
        if few == 0 {
            return Ok(VecDeque::new());
        }
        Ok(self.store.lines_of(&commits[..few]).await?.into())
    }

    /// Applies a whole commit.
    async fn apply(
        &mut self,
        commit: &CommitInfo,
        ready: Option<Vec<Line>>,
        touched: &mut Touched,
    ) -> Result<(), FollowerError> {
        match ready.as_deref() {
            Some([line]) if commit.regels == 1 => self.apply_only(commit, line, touched)?,
            _ => self.apply_to_copy(commit, ready, touched).await?,
        }
        self.stand.versie.nummer = commit.nummer;
        self.stand.hash = commit.hash;
        self.stand.tijdstip = commit.tijdstip;
        Ok(())
    }

    /// A line that fails changes nothing: no copy is needed to fall back on, and without one the
    /// commits of a step share what they must copy from the published state.
    fn apply_only(
        &mut self,
        commit: &CommitInfo,
        line: &Line,
        touched: &mut Touched,
    ) -> Result<(), FollowerError> {
        self.state
            .apply(line)
            .map_err(|source| FollowerError::Apply {
                nummer: commit.nummer,
                line: 0,
                source,
            })?;
        touched.note(std::slice::from_ref(line));
        Ok(())
    }

    /// The copy takes the place of the state when all went well.
    async fn apply_to_copy(
        &mut self,
        commit: &CommitInfo,
        mut ready: Option<Vec<Line>>,
        touched: &mut Touched,
    ) -> Result<(), FollowerError> {
        let mut state = self.state.clone();
        let mut noted = Touched::default();
        let mut index = 0;
        while index < commit.regels {
            let lines = match ready.take() {
                Some(lines) => lines,
                None => self.store.lines(commit, index, LINES_PER_READ).await?,
            };
            if lines.is_empty() {
                return Err(FollowerError::Broken {
                    nummer: commit.nummer,
                    what: "lines are missing",
                });
            }
            let from = index;
            index += lines.len() as u64;
            noted.note(&lines);
            state = apply_lines(state, lines).await?.map_err(|(line, source)| {
                FollowerError::Apply {
                    nummer: commit.nummer,
                    line: from + line,
                    source,
                }
            })?;
        }
        self.state = state;
        touched.extend(noted);
        Ok(())
    }

    async fn publish(&mut self, touched: Touched) -> Result<(), FollowerError> {
        if self.is_loading() {
            // Following every commit of a whole history would cost more than one look at its end.
            self.search = None;
            return Ok(());
        }
        if self.replica.view().stand() == self.stand {
            return Ok(());
        }
        self.search = Some(match self.search.take() {
            Some(search) => self.follow_search(search, touched).await?,
            None => self.whole_search().await?,
        });
        self.put_in_place();
        Ok(())
    }

    /// Takes what was touched into the search index.
    async fn follow_search(
        &self,
        mut search: SearchIndex,
        touched: Touched,
    ) -> Result<SearchIndex, FollowerError> {
        let state = self.state.clone();
        let commit = (self.stand.versie.nummer, self.stand.tijdstip);
        let followed = aside(move || {
            let followed = state.follow_search(&mut search, commit, touched);
            followed.map(|()| search)
        });
        followed.await?.map_err(|what| self.index_error(what))
    }

    async fn whole_search(&self) -> Result<SearchIndex, FollowerError> {
        let state = self.state.clone();
        let nummer = self.stand.versie.nummer;
        let made = aside(move || state.search_index(nummer));
        made.await?.map_err(|what| self.index_error(what))
    }

    /// What was applied can be decoded, so this is a bug. An index that lacks anybody would answer
    /// with confidence and be wrong.
    fn index_error(&self, what: &'static str) -> FollowerError {
        FollowerError::Index {
            nummer: self.stand.versie.nummer,
            what,
        }
    }

    fn put_in_place(&self) {
        let search = self.search.clone().unwrap_or_default();
        let view = View::loaded(
            self.state.clone(),
            self.stand,
            Arc::clone(&self.tijdlijnen),
            search,
        );
        let before = self.replica.publish(view);
        // The last one to let go of a state frees all that the next one does not share with it.
        tokio::task::spawn_blocking(move || drop(before));
    }

    /// Begins a large merge of the index, or puts one in place that is done. It runs beside the
    /// follower, so that commits are not held up by it.
    async fn merge_search(&mut self) -> Result<(), FollowerError> {
        let Some(search) = &mut self.search else {
            return Ok(());
        };
        match self.merge.take() {
            Some(merge) if merge.is_finished() => {
                let Ok(merged) = merge.await else {
                    search.abandon_merge();
                    return Err(FollowerError::CutShort);
                };
                if search.install(merged) && !self.is_loading() {
                    self.put_in_place();
                }
            }
            Some(merge) => self.merge = Some(merge),
            None => {
                let due = search.merge();
                self.merge = due.map(|merge| tokio::task::spawn_blocking(move || merge.run()));
            }
        }
        Ok(())
    }

    /// Whether all is taken in that was in the log at the last look.
    fn is_at_head(&self) -> bool {
        let status = self.status.borrow();
        status.applied >= status.head
    }

    fn note(&self, head: &Head, progress: &Result<Progress, FollowerError>) {
        let stop = match progress {
            Err(
                error @ (FollowerError::Apply { nummer, .. }
                | FollowerError::Broken { nummer, .. }
                | FollowerError::Index { nummer, .. }),
            ) => Some(Stop {
                nummer: *nummer,
                reden: chain(error),
            }),
            Ok(_) | Err(FollowerError::Store(_) | FollowerError::CutShort) => None,
        };
        let read = !matches!(progress, Err(FollowerError::Store(_)));
        let now = self.clock.now();
        self.status.send_modify(|status| {
            if read {
                status.last_step = Some(now);
            }
            status.head = head.nummer;
            status.may_lag = head.may_lag;
            status.applied = self.stand.versie.nummer;
            let is_behind = status.applied < status.head;
            status.behind_since = is_behind.then(|| status.behind_since.unwrap_or(now));
            if stop.is_some() {
                status.stopped = stop;
            }
        });
    }
}

/// Off the async threads.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, FollowerError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| FollowerError::CutShort)
}

/// Off the async threads unless there are few; gives the state back, or which of the lines failed.
async fn apply_lines(
    mut state: State,
    lines: Vec<Line>,
) -> Result<Result<State, (u64, ApplyError)>, FollowerError> {
    let few = lines.len() <= FEW_LINES;
    let work = move || {
        for (index, line) in (0..).zip(&lines) {
            state.apply(line).map_err(|error| (index, error))?;
        }
        Ok(state)
    };
    if few {
        return Ok(work());
    }
    aside(work).await
}

fn report(step: &Result<Progress, FollowerError>, failing: &mut bool) {
    match step {
        Err(error) if !*failing => {
            *failing = true;
            tracing::error!(error = chain(error), "the register does not follow the log");
        }
        Err(_) => {}
        Ok(Progress::Stopped) => {}
        Ok(Progress::Reloading) => {
            tracing::warn!("the log has another history than this node; loading it anew");
        }
        Ok(Progress::UpToDate | Progress::Applied(_)) => {
            if std::mem::take(failing) {
                tracing::info!("the register follows the log again");
            }
        }
    }
}
