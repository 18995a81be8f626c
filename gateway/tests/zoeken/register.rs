//! A register in a real store, followed into a real replica, and asked.

use std::sync::Arc;

use stagepoort::{
    clock::Clock,
    domain::{Caller, Oin, Rol, Tijdstip},
    log::{LogStore, SqliteStore},
    operations::{Answer, Context, Profielen, Rules, zoeken_leerplaatsen},
    replica::{Follower, Replica},
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{vraag::Vraag, wereld::Wereld};

/// The school that asks.
pub(crate) const SCHOOL: &str = "00000099000000000101";
/// One that does not.
pub(crate) const ANDERE_SCHOOL: &str = "00000099000000000102";
const AFNEMER: &str = "00000099000000000001";
/// Noon on 2026-11-22.
pub(crate) const NOON: &str = "2026-11-22T11:00:00Z";
/// Commits that a test may make.
const PATIENCE: u32 = 1_000;

struct At(Tijdstip);

impl Clock for At {
    fn now(&self) -> Tijdstip {
        self.0
    }
}

pub(crate) struct Register {
    pub(crate) wereld: Wereld,
    pub(crate) now: Tijdstip,
    store: Arc<dyn LogStore>,
    replica: Arc<Replica>,
    follower: Follower,
    commits: u128,
    /// The same for every state, as in a gateway.
    profielen: Profielen,
    // Last, so that the store is closed before its folder goes.
    folder: Option<TempDir>,
}

impl Register {
    pub(crate) async fn new(wereld: Wereld, now: Tijdstip) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.sqlite");
        let store: Arc<dyn LogStore> = Arc::new(SqliteStore::migrate(&path).await.unwrap());
        let replica = Arc::new(Replica::new());
        let clock = Arc::new(At(now));
        let mut register = Self {
            follower: Follower::new(Arc::clone(&store), Arc::clone(&replica), clock),
            wereld: Wereld::default(),
            now,
            store,
            replica,
            commits: 0,
            profielen: Profielen::default(),
            folder: Some(folder),
        };
        register.becomes(wereld).await;
        register
    }

    /// Nothing more is written or followed, and no file is left behind.
    pub(crate) fn at_rest(mut self) -> Self {
        self.folder = None;
        self
    }

    /// Commits what differs, and follows it.
    pub(crate) async fn becomes(&mut self, wereld: Wereld) {
        let lines = wereld.lines_since(&self.wereld, &*self.store);
        self.wereld = wereld;
        if lines.is_empty() {
            return;
        }
        self.commits += 1;
        let request_id = Uuid::from_u128(self.commits);
        let commit = self.store.append(request_id, self.now, lines).await;
        let nummer = commit.unwrap().nummer;
        for _ in 0..PATIENCE {
            if self.replica.view().versie().nummer == nummer {
                return;
            }
            self.follower.step().await.unwrap();
        }
        panic!("commit {nummer} was not followed");
    }

    pub(crate) fn search(&self, vraag: &Vraag) -> Answer<zoeken_leerplaatsen::Response> {
        self.search_as(&caller(SCHOOL), self.now, vraag)
    }

    pub(crate) fn search_as(
        &self,
        caller: &Caller,
        now: Tijdstip,
        vraag: &Vraag,
    ) -> Answer<zoeken_leerplaatsen::Response> {
        zoeken_leerplaatsen::run(&self.context(caller, now), vraag.request())
    }

    pub(crate) fn context<'a>(&'a self, caller: &'a Caller, now: Tijdstip) -> Context<'a> {
        Context {
            view: self.replica.view(),
            caller,
            rules: Rules::default(),
            now,
            profielen: &self.profielen,
        }
    }
}

pub(crate) fn caller(school: &str) -> Caller {
    Caller {
        afnemer_oin: Oin::parse(AFNEMER).unwrap(),
        afnemer_naam: "test".into(),
        rol: Rol::Sis,
        school_oin: Oin::parse(school).unwrap(),
    }
}

pub(crate) fn moment(text: &str) -> Tijdstip {
    Tijdstip::parse(text).unwrap()
}
