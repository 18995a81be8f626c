//! A queue, nodes that deliver from it, and the time they have.

#[path = "../verwerkingslog/mod.rs"]
mod verwerkingslog;

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use certs_dev::{Manifest, default_plan};
use stagepoort::{
    access::{Access, Addressering, Afnemer, EigenQuota, Mandaat, Toegang},
    audit::Verwerkingslog,
    clock::Clock,
    domain::{Datum, LeerbedrijfId, MutatieSoort, Oin, RegisterVersie, Rol, Tijdstip},
    log::Opslag,
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Afzender, ClientSettings, Delivery,
        DeliveryParts, DeliverySettings, Geheim, Inhoud, Kanaal, Laatste, Lookup, Netwerken,
        PushDesk, PushStore, Sleutel, open_push,
        store::{Cursor, Eindpuntstaat, NieuweMelding, PogingRecord, Wijziging},
    },
};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    ontvanger::{Ontvanger, PATIENCE},
    postgres,
};

pub(crate) const AFNEMER: &str = "00000099000000002001";
pub(crate) const SCHOOL: &str = "00000099000000000101";
/// Of this school the afnemer has no mandate.
pub(crate) const ANDERE_SCHOOL: &str = "00000099000000000102";
/// A host name that stands for 127.0.0.1 unless a test says otherwise.
pub(crate) const HOST: &str = "localhost";
/// A host name that cannot be looked up without a defect showing.
pub(crate) const DEFECT: &str = "defect.example";
/// Of the gateway, for `v1a`.
pub(crate) const SLEUTEL: &str = "whsk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// A clock that stands still until a test sets it.
pub(crate) struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Tijdstip {
        Tijdstip::from_millis(self.0.load(Relaxed)).unwrap()
    }
}

/// What names stand for; a test may change it, and sees who asked.
pub(crate) struct Names {
    addresses: Mutex<HashMap<String, Vec<IpAddr>>>,
    pub(crate) asked: AtomicU64,
}

#[async_trait]
impl Lookup for Names {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Relaxed);
        assert_ne!(host, DEFECT, "a defect, as the test wants it");
        let known = self.addresses.lock().unwrap();
        known
            .get(host)
            .cloned()
            .ok_or(io::ErrorKind::NotFound.into())
    }
}

impl Names {
    pub(crate) fn set(&self, host: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|one| one.parse().unwrap()).collect();
        self.addresses
            .lock()
            .unwrap()
            .insert(host.to_owned(), addresses);
    }
}

pub(crate) struct World {
    _folder: TempDir,
    opslag: Opslag,
    pub(crate) manifest: Manifest,
    pub(crate) store: Arc<dyn PushStore>,
    pub(crate) access: Arc<Access>,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) names: Arc<Names>,
    netwerken: Netwerken,
}

impl World {
    /// On SQLite, where loopback is allowed.
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let opslag = Opslag::Sqlite(folder.path().join("register.db"));
        Self::on(folder, opslag).await
    }

    pub(crate) async fn on_postgres() -> Self {
        let url = postgres::new_database(postgres::shared()).await;
        let opslag = Opslag::parse(&url).unwrap();
        Self::on(TempDir::new().unwrap(), opslag).await
    }

    async fn on(folder: TempDir, opslag: Opslag) -> Self {
        let mut plan = default_plan();
        plan.afnemers.clear();
        plan.geweigerd.clear();
        plan.server_namen.push("sis.example".to_owned());
        let certs = folder.path().join("certs");
        let manifest = certs_dev::generate(&certs, &plan, OffsetDateTime::now_utc()).unwrap();
        let names = Names {
            addresses: Mutex::default(),
            asked: AtomicU64::new(0),
        };
        names.set(HOST, &["127.0.0.1"]);
        Self {
            store: open_push(&opslag).await.unwrap(),
            _folder: folder,
            opslag,
            manifest,
            access: Arc::new(Access::new(toegang(&[SCHOOL]))),
            clock: Arc::new(SetClock(AtomicI64::new(1_800_000_000_000))),
            names: Arc::new(names),
            netwerken: Netwerken::new(vec!["127.0.0.0/8".parse().unwrap()]),
        }
    }

    /// Without a network that is allowed besides the public ones.
    pub(crate) fn strict(mut self) -> Self {
        self.netwerken = Netwerken::default();
        self
    }

    pub(crate) fn now(&self) -> Tijdstip {
        self.clock.now()
    }

    /// For receivers that have a clock of their own.
    pub(crate) fn set_to_present(&self) {
        let now_s = OffsetDateTime::now_utc().unix_timestamp();
        self.clock.0.store(now_s * 1_000, Relaxed);
    }

    pub(crate) fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        self.clock.0.fetch_add(millis, Relaxed);
    }

    pub(crate) async fn ontvanger(&self) -> Ontvanger {
        Ontvanger::start(&self.manifest).await
    }

    /// A node of its own on the same database.
    pub(crate) async fn node(&self) -> Node {
        self.node_by(chance).await
    }

    /// One that takes its chance from here.
    pub(crate) async fn node_by(&self, chance: fn() -> [u8; 32]) -> Node {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let verwerkingslog = verwerkingslog::verwerkingslog(clock);
        self.start(verwerkingslog, chance).await
    }

    /// One that records what it sends here.
    pub(crate) async fn node_with(&self, verwerkingslog: Arc<Verwerkingslog>) -> Node {
        self.start(verwerkingslog, chance).await
    }

    async fn start(&self, verwerkingslog: Arc<Verwerkingslog>, chance: fn() -> [u8; 32]) -> Node {
        let store = open_push(&self.opslag).await.unwrap();
        let desk = Arc::new(PushDesk::default());
        desk.attach(Arc::clone(&store));
        let server = &self.manifest.server.certificaat;
        let delivery = Delivery::new(DeliveryParts {
            desk: Arc::clone(&desk),
            access: Arc::clone(&self.access),
            verwerkingslog,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            afzender: Afzender {
                oin: Oin::parse("00000099000000001000").unwrap(),
                publieke_url: "https://poort.example".to_owned(),
            },
            sleutel: Sleutel::parse(SLEUTEL).map(Arc::new),
            lookup: Arc::clone(&self.names) as Arc<dyn Lookup>,
            chance,
            settings: DeliverySettings {
                client: ClientSettings {
                    netwerken: self.netwerken.clone(),
                    ca: Some(self.manifest.ca.clone()),
                    certificaat: server.cert.clone(),
                    sleutel: server.key.clone(),
                    verbind_tijd: Duration::from_secs(5),
                    bericht_tijd: Duration::from_secs(20),
                    verbindingen: 8,
                },
                gelijktijdig: 32,
                gelijktijdig_per_eindpunt: 8,
            },
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(delivery.unwrap().run(async { drop(stopped.await) }));
        Node {
            desk,
            store,
            stop,
            running,
        }
    }

    /// Keeps a subscription with this endpoint, as `with` changes it.
    pub(crate) async fn abonnement(
        &self,
        n: u128,
        eindpunt: &str,
        with: impl FnOnce(&mut Abonnement),
    ) -> Abonnement {
        let mut abonnement = Abonnement {
            id: AbonnementId(Uuid::from_u128(n)),
            afnemer_oin: Oin::parse(AFNEMER).unwrap(),
            school_oin: None,
            kanaal: Kanaal::Webhook,
            eindpunt: Some(eindpunt.to_owned()),
            mutatie_soorten: Vec::new(),
            codes: Vec::new(),
            per_bericht: 1,
            ed25519: false,
            geheimen: vec![Geheim::of_random([5; 32])],
            status: AbonnementStatus::Actief,
            reden: None,
            aangemaakt_op: self.now(),
        };
        with(&mut abonnement);
        self.store.insert(&abonnement).await.unwrap();
        abonnement
    }

    /// Numbers a mutatie of each of these leerbedrijven.
    pub(crate) async fn melden(&self, abonnement: &Abonnement, leerbedrijven: &[u32]) {
        self.melden_voor(abonnement, leerbedrijven, SCHOOL).await;
    }

    pub(crate) async fn melden_voor(
        &self,
        abonnement: &Abonnement,
        leerbedrijven: &[u32],
        school: &str,
    ) {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let nieuw: Vec<NieuweMelding> = leerbedrijven
            .iter()
            .map(|leerbedrijf| NieuweMelding {
                abonnement: abonnement.id,
                mutatie_id: Uuid::from_u128(LAST.fetch_add(1, Relaxed).into()),
                leerbedrijf_id: LeerbedrijfId::from_u32(100_000_000 + leerbedrijf).unwrap(),
                school_oin: Oin::parse(school).unwrap(),
                inhoud: self.inhoud(*leerbedrijf),
            })
            .collect();
        let start = self.store.fanout_start().await.unwrap();
        let to = Cursor {
            nummer: start.cursor.nummer + 1,
            regel: 0,
        };
        assert!(self.store.fan_out(&start, to, &nieuw).await.unwrap());
    }

    pub(crate) fn inhoud(&self, leerbedrijf: u32) -> Inhoud {
        Inhoud {
            mutatie_soort: MutatieSoort::LeerbedrijfGewijzigd,
            naam: format!("Bedrijf {leerbedrijf}"),
            opvolger: None,
            code: None,
            erkenning_status: None,
            reden: None,
            startdatum: None,
            einddatum: None,
            ingangsdatum: Datum::parse("2026-09-01").unwrap(),
            geregistreerd_op: self.now(),
            register_versie: RegisterVersie {
                tijdlijn: 1,
                nummer: 1,
            },
            bpvo_kenmerken: vec!["K-1".to_owned()],
        }
    }

    pub(crate) async fn laatste(&self, abonnement: &Abonnement) -> Laatste {
        self.store
            .laatste(&[abonnement.id])
            .await
            .unwrap()
            .remove(0)
    }

    pub(crate) async fn eindpunt(&self, abonnement: &Abonnement) -> Eindpuntstaat {
        self.store.eindpunten(&[abonnement.id]).await.unwrap()[0]
    }

    pub(crate) async fn pogingen(&self, abonnement: &Abonnement) -> Vec<PogingRecord> {
        self.store
            .pogingen(abonnement.id, None, 10_000)
            .await
            .unwrap()
    }

    pub(crate) async fn status(&self, abonnement: &Abonnement) -> (AbonnementStatus, String) {
        let now = self.store.abonnement(abonnement.id).await.unwrap().unwrap();
        (now.status, now.reden.unwrap_or_default())
    }

    /// Changes a subscription as its subscriber or an operator would.
    pub(crate) async fn wijzig(
        &self,
        abonnement: &Abonnement,
        proef: bool,
        with: impl FnOnce(&mut Abonnement),
    ) {
        let before = self.store.abonnement(abonnement.id).await.unwrap().unwrap();
        let mut after = before.clone();
        with(&mut after);
        let wijziging = Wijziging {
            abonnement: after,
            begin_opnieuw: true,
            proef,
        };
        assert!(self.store.change(&before, &wijziging).await.unwrap());
    }

    /// Gives a subscription another endpoint, and waits until that proved itself.
    pub(crate) async fn verhuis(&self, abonnement: &Abonnement, eindpunt: &str) {
        self.wijzig(abonnement, false, |one| {
            one.eindpunt = Some(eindpunt.to_owned());
            one.status = AbonnementStatus::WachtOpBewijs;
        })
        .await;
        self.until("its proof", || async {
            self.status(abonnement).await.0 == AbonnementStatus::Actief
        })
        .await;
    }

    /// Waits until the store says what is asked.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, what: &str, fits: impl Fn() -> F) {
        let wait = async {
            while !fits().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        assert!(waited.is_ok(), "waited for {what} in vain");
    }

    /// Waits until everything was delivered up to here.
    pub(crate) async fn until_volledig(&self, abonnement: &Abonnement, volgnummer: u64) {
        self.until("everything to be delivered", || async {
            self.laatste(abonnement).await.volledig_tot_en_met >= volgnummer
        })
        .await;
    }
}

/// A delivery that runs.
pub(crate) struct Node {
    desk: Arc<PushDesk>,
    store: Arc<dyn PushStore>,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<()>,
}

impl Node {
    /// Something was numbered, or the time was set.
    pub(crate) fn ring(&self) {
        self.desk.ring();
    }

    /// Ends it as a kill does.
    pub(crate) async fn kill(self) {
        self.running.abort();
        assert!(self.running.await.unwrap_err().is_cancelled());
    }

    /// Tells it to end; it has ended once what this gives has.
    pub(crate) fn begin_to_stop(self) -> tokio::task::JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.running
    }

    /// Ends it as a shutdown does.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
        self.store.close().await;
    }
}

/// A toegang in which the afnemer has a mandate of these schools.
pub(crate) fn toegang(scholen: &[&str]) -> Toegang {
    let oin = Oin::parse(AFNEMER).unwrap();
    let afnemer = Afnemer {
        oin,
        naam: "Onderwijs Online".into(),
        rol: Rol::Sis,
        addressering: Addressering::Verplicht,
        geblokkeerde_certificaten: Vec::new(),
        quota: EigenQuota::default(),
        mandaten: scholen
            .iter()
            .map(|school| Mandaat {
                school_oin: Oin::parse(school).unwrap(),
                operaties: Vec::new(),
                vanaf: None,
                tot: None,
            })
            .collect(),
    };
    Toegang {
        versie: 1,
        afnemers: HashMap::from([(oin, Arc::new(afnemer))]),
        scholen: HashMap::new(),
    }
}

/// Different each time.
pub(crate) fn chance() -> [u8; 32] {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [0; 32];
    bytes[8..16].copy_from_slice(&COUNT.fetch_add(1, Relaxed).to_be_bytes());
    bytes
}
