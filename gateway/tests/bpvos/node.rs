//! Nodes on one log, and a small register in it.

#[path = "../verwerkingslog/mod.rs"]
mod verwerkingslog;

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::web::Data;
use stagepoort::{
    access::{Access, Addressering, Afnemer, EigenQuota, Mandaat, Toegang},
    clock::Clock,
    domain::{
        Adres, Bpvo, BpvoInhoud, Code, Datum, Equivalent, Erkenning, Gegevens, Kern, Leerbedrijf,
        LeerbedrijfId, LeerbedrijfStatus, Leerwegen, Oin, Opleiding, Opvolging, Rol, Tijdstip,
    },
    log::{Inhoud, Line, LogStore, LogWriter, Sleutel, Soort, SqliteStore},
    operations::{Profielen, Rules},
    replica::{Follower, Replica},
    transport::{
        bulk::Bulk,
        gateway::{Freshness, Gateway, Limits},
    },
};
use tempfile::TempDir;
use uuid::Uuid;

/// Has a mandate of [`SCHOOL`] alone.
pub(crate) const AFNEMER: &str = "00000099000000000001";
/// Has a mandate of both schools.
pub(crate) const AFNEMER_OF_TWO: &str = "00000099000000000002";
/// May look for [`SCHOOL`] and not write.
pub(crate) const READER: &str = "00000099000000000003";
pub(crate) const SCHOOL: &str = "00000099000000000101";
pub(crate) const OTHER_SCHOOL: &str = "00000099000000000102";

pub(crate) const KOK: &str = "25180";
pub(crate) const OUDE_KOK: &str = "95420";
pub(crate) const KEUZEDEEL: &str = "K0072";

/// A log with the register in it, and one node.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) node: Node,
}

/// One gateway that follows the log.
pub(crate) struct Node {
    pub(crate) gateway: Data<Gateway>,
    pub(crate) store: Arc<dyn LogStore>,
    follower: tokio::task::JoinHandle<()>,
}

struct At(Tijdstip);

impl Clock for At {
    fn now(&self) -> Tijdstip {
        self.0
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::patient(Limits::default().versie_wait).await
    }

    /// A node that waits so long for its replica.
    pub(crate) async fn patient(versie_wait: Duration) -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::migrate(&path(&folder)).await.unwrap();
        store
            .append(Uuid::from_u128(1), moment(), lines())
            .await
            .unwrap();
        let node = Node::start(&path(&folder), versie_wait).await;
        Self { folder, node }
    }

    /// Another node on the same log.
    pub(crate) async fn second(&self) -> Node {
        Node::start(&path(&self.folder), Limits::default().versie_wait).await
    }

    /// As if a levering had this bpvo, or no longer has it.
    pub(crate) async fn levering(&self, kenmerk: &str, register: Option<BpvoInhoud>) {
        let store = &self.node.store;
        let natural = Sleutel::natural_bpvo(oin(SCHOOL), kenmerk);
        let sleutel = store.pseudonym(&natural);
        let current = store.current(Soort::Bpvo, std::slice::from_ref(&sleutel));
        let old: Option<Bpvo> = current
            .await
            .unwrap()
            .pop()
            .map(|(_, blob)| postcard::from_bytes(&blob).unwrap());
        let van_school = old.and_then(|old| old.van_school());
        let new = Bpvo::of(oin(SCHOOL), kenmerk.to_owned(), van_school, register);
        let inhoud = match new {
            Some(new) => Inhoud::Gezet(postcard::to_stdvec(&new).unwrap()),
            None => Inhoud::Verwijderd,
        };
        let soort = Soort::Bpvo;
        let line = Line {
            soort,
            sleutel,
            inhoud,
        };
        let commit = store.append(new_id(), moment(), vec![line]).await.unwrap();
        self.node.reach(commit.nummer).await;
    }
}

impl Node {
    async fn start(path: &Path, versie_wait: Duration) -> Self {
        let store: Arc<dyn LogStore> = Arc::new(SqliteStore::open(path).await.unwrap());
        let clock: Arc<dyn Clock> = Arc::new(At(moment()));
        let replica = Arc::new(Replica::new());
        let follower = Follower::new(Arc::clone(&store), Arc::clone(&replica), Arc::clone(&clock));
        let log = LogWriter::default();
        log.attach(Arc::clone(&store), follower.waker());
        let follower = tokio::spawn(follower.run(std::future::pending()));
        replica.loaded().await;
        let gateway = Gateway {
            replica,
            log,
            push: Arc::default(),
            access: Arc::new(Access::new(toegang())),
            verwerkingslog: verwerkingslog::verwerkingslog(Arc::clone(&clock)),
            clock,
            rules: Rules::default(),
            limits: Limits {
                versie_wait,
                ..Limits::default()
            },
            own_oin: oin("00000099000000000000"),
            api_url: "https://api.test.example:8443".to_owned(),
            bulk: Bulk::default(),
            freshness: Freshness::default(),
            profielen: Profielen::default(),
        };
        Self {
            gateway: Data::new(gateway),
            store,
            follower,
        }
    }

    /// Stops following: the replica stays where it is.
    pub(crate) fn stop_following(&self) {
        self.follower.abort();
    }

    /// Waits for a commit.
    pub(crate) async fn reach(&self, nummer: u64) {
        let tijdlijn = self.store.head().await.unwrap().tijdlijn;
        let versie = stagepoort::domain::RegisterVersie { tijdlijn, nummer };
        let replica = &self.gateway.replica;
        replica
            .at_least(versie, Duration::from_secs(60))
            .await
            .unwrap();
    }

    pub(crate) async fn head(&self) -> u64 {
        self.store.head().await.unwrap().nummer
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

fn path(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("log.sqlite")
}

/// One that nobody had.
pub(crate) fn new_id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u128(0xb000_0000 + u128::from(LAST.fetch_add(1, Ordering::Relaxed)))
}

pub(crate) fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

pub(crate) fn moment() -> Tijdstip {
    Tijdstip::parse("2026-11-22T09:00:00Z").unwrap()
}

pub(crate) fn datum(text: &str) -> Datum {
    Datum::parse(text).unwrap()
}

/// What the register says of a bpvo at the first leerbedrijf, up to this day.
pub(crate) fn register_zegt(eind: &str) -> BpvoInhoud {
    BpvoInhoud {
        leerbedrijf_id: id(1),
        code: code(KOK),
        begindatum: datum("2026-09-01"),
        einddatum_gepland: datum(eind),
        einddatum_werkelijk: None,
        keuzedelen: Vec::new(),
    }
}

/// Leerbedrijven: 1 is kok from 2020 without end; 2 up to 2027-01-31; 3 up to 2027-01-31 and from
/// 2027-02-01 on; 4 up to 2026-12-31 and from 2027-02-01 on; 5 is oude kok, which counts for kok up
/// to 2027-03-31; 6 is merged into 1 per 2027-01-01, and 7 into 2; 8 was kok up to 2025; 9 only has
/// the keuzedeel's own.
fn lines() -> Vec<Line> {
    let bedrijven = [
        bedrijf(1, None, vec![period(KOK, "2020-01-01", None)]),
        bedrijf(2, None, vec![period(KOK, "2020-01-01", Some("2027-01-31"))]),
        bedrijf(
            3,
            None,
            vec![
                period(KOK, "2027-02-01", None),
                period(KOK, "2020-01-01", Some("2027-01-31")),
            ],
        ),
        bedrijf(
            4,
            None,
            vec![
                period(KOK, "2020-01-01", Some("2026-12-31")),
                period(KOK, "2027-02-01", None),
            ],
        ),
        bedrijf(5, None, vec![period(OUDE_KOK, "2019-01-01", None)]),
        bedrijf(6, Some(1), vec![period(KOK, "2020-01-01", None)]),
        bedrijf(7, Some(2), vec![period(KOK, "2020-01-01", None)]),
        bedrijf(8, None, vec![period(KOK, "2020-01-01", Some("2025-12-31"))]),
        bedrijf(9, None, vec![period(KEUZEDEEL, "2020-01-01", None)]),
    ];
    let equivalent = Equivalent {
        code: code(KOK),
        equivalent_met: code(OUDE_KOK),
        vanaf: datum("2021-01-01"),
        tot: Some(datum("2027-03-31")),
    };
    let opleidingen = [KOK, OUDE_KOK, KEUZEDEEL].map(|text| Opleiding {
        code: code(text),
        opleidingsnaam: text.to_owned(),
        niveau: Some(2),
        leerwegen: Leerwegen::default(),
    });
    let mut lines = Vec::new();
    for b in &bedrijven {
        let sleutel = Sleutel::leerbedrijf(b.kern.leerbedrijf_id);
        lines.push(set(Soort::Leerbedrijf, sleutel, b));
    }
    for o in &opleidingen {
        lines.push(set(Soort::Opleiding, Sleutel::code(o.code), o));
    }
    let sleutel = Sleutel::code(code(KOK));
    lines.push(set(Soort::Equivalenten, sleutel, &vec![equivalent]));
    lines
}

fn set(soort: Soort, sleutel: Sleutel, value: &impl serde::Serialize) -> Line {
    let inhoud = Inhoud::Gezet(postcard::to_stdvec(value).unwrap());
    Line {
        soort,
        sleutel,
        inhoud,
    }
}

fn bedrijf(number: u32, into: Option<u32>, erkenningen: Vec<Erkenning>) -> Leerbedrijf {
    Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: id(number),
            naam: format!("Bedrijf {number}"),
            status: LeerbedrijfStatus::Actief,
            opvolging: into.map(|opvolger| Opvolging {
                opvolger: id(opvolger),
                opgevolgd_per: datum("2027-01-01"),
            }),
            erkenningen,
        },
        gegevens: Gegevens {
            kvk_nummer: None,
            kvk_vestigingsnummer: None,
            vestigingsadres: Adres {
                straat: None,
                huisnummer: None,
                huisnummertoevoeging: None,
                postcode: None,
                plaats: "Utrecht".to_owned(),
                land: "NL".to_owned(),
                coordinaten: None,
            },
            correspondentieadres: None,
            telefoonnummer: None,
            emailadres: None,
            website: None,
            bijgewerkt_op: moment(),
        },
        leerplaatsen: Vec::new(),
    }
}

fn period(text: &str, van: &str, tot: Option<&str>) -> Erkenning {
    Erkenning {
        code: code(text),
        leerwegen: Leerwegen::default(),
        startdatum: datum(van),
        einddatum: tot.map(datum),
        reden: None,
        gedeeltelijk: false,
        werkprocessen: Vec::new(),
        bijgewerkt_op: moment(),
    }
}

pub(crate) fn id(number: u32) -> LeerbedrijfId {
    LeerbedrijfId::from_u32(100_000_000 + number).unwrap()
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

fn toegang() -> Toegang {
    let afnemer = |of: &str, scholen: &[&str], operaties: &[&str]| {
        let operaties: Vec<_> = operaties
            .iter()
            .filter_map(|name| stagepoort::domain::Operatie::parse(name))
            .collect();
        let mandaten = scholen.iter().map(|school| Mandaat {
            school_oin: oin(school),
            operaties: operaties.clone(),
            vanaf: None,
            tot: None,
        });
        let afnemer = Afnemer {
            oin: oin(of),
            naam: "Testpakket".into(),
            rol: Rol::Sis,
            addressering: Addressering::Verplicht,
            geblokkeerde_certificaten: Vec::new(),
            quota: EigenQuota::default(),
            mandaten: mandaten.collect(),
        };
        (oin(of), Arc::new(afnemer))
    };
    Toegang {
        versie: 1,
        afnemers: HashMap::from([
            afnemer(AFNEMER, &[SCHOOL], &[]),
            afnemer(AFNEMER_OF_TWO, &[SCHOOL, OTHER_SCHOOL], &[]),
            afnemer(READER, &[SCHOOL], &["opvragenBpvos"]),
        ]),
        scholen: HashMap::new(),
    }
}
