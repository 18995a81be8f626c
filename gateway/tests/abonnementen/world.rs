//! A gateway with a queue in SQLite, into which a test numbers what it likes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use actix_web::web::Data;
use stagepoort::{
    access::{Access, Quota, Raadplegingen, Toegang},
    clock::Clock,
    domain::{Datum, LeerbedrijfId, MutatieSoort, RegisterVersie, Tijdstip},
    log::Opslag,
    push::{
        AbonnementId, AbonnementStatus, Inhoud, PushStore, Wachtgrens, open_push,
        store::{Cursor, NieuweMelding, Wijziging},
    },
    transport::gateway::Gateway,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::register::{SCHOOL, gateway, oin};

/// A clock that goes when it is told to.
pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Tijdstip {
        Tijdstip::from_millis(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

pub(crate) struct World {
    _folder: TempDir,
    pub(crate) gateway: Data<Gateway>,
    pub(crate) store: Arc<dyn PushStore>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_waiting(Wachtgrens {
            in_all: 10,
            per_afnemer: 10,
        })
        .await
    }

    /// In which so many calls may wait.
    pub(crate) async fn with_waiting(wachtenden: Wachtgrens) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opslag = Opslag::Sqlite(folder.path().join("queue.sqlite"));
        let store = open_push(&opslag).await.unwrap();
        let mut gateway = gateway().await;
        gateway.limits.wachtenden = wachtenden;
        gateway.limits.abonnementen.openbare_sleutel = Some("whpk_".to_owned());
        gateway.push.attach(Arc::clone(&store));
        Self {
            _folder: folder,
            gateway: Data::new(gateway),
            store,
        }
    }

    /// In which every afnemer may ask so much, by a clock that is set.
    pub(crate) async fn with_quota(quota: Quota) -> (Self, Arc<SetClock>) {
        let mut world = Self::new().await;
        let clock = Arc::new(SetClock(AtomicI64::new(
            world.gateway.clock.now().as_millis(),
        )));
        let mut gateway = Arc::into_inner(world.gateway.into_inner()).unwrap();
        gateway.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let toegang = Toegang::clone(&gateway.access.current());
        let access = Access::new(toegang)
            .with_quota(quota, Arc::clone(&gateway.clock))
            .with_raadplegingen(Raadplegingen::new(1, 7));
        gateway.access = Arc::new(access);
        // Who waits for a version waits for as long as the test wants it to.
        gateway.limits.versie_wait = Duration::from_secs(3600);
        world.gateway = Data::new(gateway);
        (world, clock)
    }

    /// Numbers these for a subscription, each for a school: the ids are of their numbers.
    pub(crate) async fn number(&self, id: &str, scholen: &[&str]) {
        let id = AbonnementId::parse(id).unwrap();
        let last = self.store.laatste(&[id]).await.unwrap()[0].laatste_volgnummer;
        let nieuw: Vec<NieuweMelding> = (last + 1..)
            .zip(scholen)
            .map(|(n, school)| melding(id, n, school))
            .collect();
        let start = self.store.fanout_start().await.unwrap();
        let to = Cursor {
            nummer: start.cursor.nummer + 1,
            regel: 0,
        };
        assert!(self.store.fan_out(&start, to, &nieuw).await.unwrap());
        self.gateway.push.ring();
    }

    /// The same, so many times for one school.
    pub(crate) async fn number_many(&self, id: &str, many: usize) {
        self.number(id, &vec![SCHOOL; many]).await;
    }

    /// As the delivery would, once it has been proven or stopped.
    pub(crate) async fn set_status(&self, id: &str, status: AbonnementStatus) {
        let before = self.kept(id).await;
        let mut abonnement = before.clone();
        abonnement.status = status;
        let after = Wijziging {
            abonnement,
            begin_opnieuw: false,
            proef: false,
        };
        assert!(self.store.change(&before, &after).await.unwrap());
    }

    pub(crate) async fn kept(&self, id: &str) -> stagepoort::push::Abonnement {
        let id = AbonnementId::parse(id).unwrap();
        self.store.abonnement(id).await.unwrap().unwrap()
    }

    /// Takes the contents out of all that was registered before this number.
    pub(crate) async fn forget_before(&self, volgnummer: u64) {
        self.store.forget_before(moment(volgnummer)).await.unwrap();
    }
}

pub(crate) fn mutatie_id(volgnummer: u64) -> Uuid {
    Uuid::from_u128(u128::from(volgnummer))
}

fn moment(volgnummer: u64) -> Tijdstip {
    Tijdstip::from_millis(1_700_000_000_000 + i64::try_from(volgnummer).unwrap()).unwrap()
}

fn melding(abonnement: AbonnementId, n: u64, school: &str) -> NieuweMelding {
    NieuweMelding {
        abonnement,
        mutatie_id: mutatie_id(n),
        leerbedrijf_id: LeerbedrijfId::from_u32(100_000_001).unwrap(),
        school_oin: oin(school),
        inhoud: Inhoud {
            mutatie_soort: MutatieSoort::LeerbedrijfGewijzigd,
            naam: "Bakkerij De Test B.V.".to_owned(),
            opvolger: None,
            code: None,
            erkenning_status: None,
            reden: None,
            startdatum: None,
            einddatum: None,
            ingangsdatum: Datum::parse("2026-11-22").unwrap(),
            geregistreerd_op: moment(n),
            register_versie: RegisterVersie {
                tijdlijn: 1,
                nummer: 1,
            },
            bpvo_kenmerken: vec![format!("K{n}")],
        },
    }
}
