//! A school that writes in the very moment between the last look of an import and its publication.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use uuid::Uuid;

use super::{Register, Wish, whole::own};
use crate::{
    domain::{Bpvo, Herkomst, Tijdstip},
    log::{
        CommitInfo, Head, Inhoud, Line, LogStore, Publication, Sleutel, Soort, StageId, StoreError,
        TijdlijnBegin,
    },
    register::{
        Object,
        import::Report,
        testing::{REGISTRATIE, bpvo, tijdstip, volledig},
    },
};

/// A store in which somebody else writes just before the first publication.
struct Interrupted {
    inner: Arc<dyn LogStore>,
    between: Mutex<Option<Vec<Line>>>,
}

#[async_trait]
impl LogStore for Interrupted {
    async fn publish(&self, publication: Publication) -> Result<CommitInfo, StoreError> {
        let between = self.between.lock().unwrap().take();
        if let Some(lines) = between {
            let request = Uuid::from_u128(77);
            let written = self.inner.append(request, tijdstip(REGISTRATIE), lines);
            written.await?;
        }
        self.inner.publish(publication).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.inner.head().await
    }

    async fn tijdlijnen(&self) -> Result<Vec<TijdlijnBegin>, StoreError> {
        self.inner.tijdlijnen().await
    }

    async fn commits_after(&self, nummer: u64, limit: u32) -> Result<Vec<CommitInfo>, StoreError> {
        self.inner.commits_after(nummer, limit).await
    }

    async fn lines(
        &self,
        commit: &CommitInfo,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError> {
        self.inner.lines(commit, from, limit).await
    }

    async fn current(
        &self,
        soort: Soort,
        sleutels: &[Sleutel],
    ) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
        self.inner.current(soort, sleutels).await
    }

    async fn scan(
        &self,
        soort: Soort,
        after: Option<&Sleutel>,
        limit: u32,
    ) -> Result<Vec<(Sleutel, Vec<u8>)>, StoreError> {
        self.inner.scan(soort, after, limit).await
    }

    async fn open_stage(&self) -> Result<StageId, StoreError> {
        self.inner.open_stage().await
    }

    async fn stage(&self, stage: StageId, lines: Vec<Line>) -> Result<(), StoreError> {
        self.inner.stage(stage, lines).await
    }

    async fn discard(&self, stage: StageId) -> Result<(), StoreError> {
        self.inner.discard(stage).await
    }

    async fn append(
        &self,
        request_id: Uuid,
        moment: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<CommitInfo, StoreError> {
        self.inner.append(request_id, moment, lines).await
    }

    async fn append_at(
        &self,
        nummer: u64,
        request_id: Uuid,
        moment: Tijdstip,
        lines: Vec<Line>,
    ) -> Result<Option<CommitInfo>, StoreError> {
        self.inner
            .append_at(nummer, request_id, moment, lines)
            .await
    }

    fn pseudonym(&self, natural_key: &str) -> Sleutel {
        self.inner.pseudonym(natural_key)
    }

    fn derived_key(&self, label: &str) -> [u8; 32] {
        self.inner.derived_key(label)
    }

    async fn forget_superseded(&self) -> Result<u64, StoreError> {
        self.inner.forget_superseded().await
    }

    async fn verify(&self) -> Result<Head, StoreError> {
        self.inner.verify().await
    }
}

#[tokio::test]
async fn what_a_school_writes_just_before_publication_is_not_written_over() {
    let mut register = Register::new().await;
    let kept = own("K1");
    let line = Line {
        soort: Soort::Bpvo,
        sleutel: register
            .store
            .pseudonym(&Sleutel::natural_bpvo(kept.school_oin, "K1")),
        inhoud: Inhoud::Gezet(postcard::to_stdvec(&kept).unwrap()),
    };
    register.store = Arc::new(Interrupted {
        inner: Arc::clone(&register.store),
        between: Mutex::new(Some(vec![line])),
    });
    let levering = volledig("L1", &[Object::Bpvo(bpvo("K1", 1))]);
    let (outcome, _) = register.try_import(&levering, Wish::default()).await;
    assert!(matches!(outcome.unwrap(), Report::Applied(_)));
    let all: Vec<Bpvo> = register.all(Soort::Bpvo).await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].herkomst, Herkomst::Beide);
    assert_eq!(all[0].van_school(), kept.van_school());
    register.store.verify().await.unwrap();
}
