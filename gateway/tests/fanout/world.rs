//! A log, the node that follows it, and the fan-out.

#[path = "../verwerkingslog/mod.rs"]
mod verwerkingslog;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use stagepoort::{
    access::{Access, Addressering, Afnemer, EigenQuota, Mandaat, Toegang},
    clock::Clock,
    domain::{
        Adres, Bpvo, BpvoInhoud, Code, Datum, Equivalent, Erkenning, Gegevens, Kern, Keuzedeel,
        Leerbedrijf, LeerbedrijfId, LeerbedrijfStatus, Leerwegen, Mutatie, MutatieSoort, Oin,
        Opleiding, Opvolging, RegisterVersie, Rol, Tijdstip,
    },
    log::{Inhoud, Line, LogStore, LogWriter, Opslag, Sleutel, Soort, SqliteStore},
    operations::{
        Profielen, Rules,
        opruimen_bpvos::{Opruimen, Opruimstap, PER_DEEL},
    },
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Fanout, FanoutParts, Kanaal, Melding, PushDesk,
        PushStore, Stap, open_push,
    },
    replica::{Follower, Replica},
    transport::{
        bulk::Bulk,
        gateway::{Freshness, Gateway, Limits},
    },
};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const SCHOOL: &str = "00000099000000000101";
pub(crate) const OTHER_SCHOOL: &str = "00000099000000000102";
/// Has a mandate of both schools.
pub(crate) const AFNEMER: &str = "00000099000000000001";
/// Has a mandate of [`OTHER_SCHOOL`] alone.
pub(crate) const OTHER_AFNEMER: &str = "00000099000000000002";

pub(crate) const KOK: &str = "25180";
pub(crate) const OUDE_KOK: &str = "95420";
pub(crate) const BAKKER: &str = "25170";
pub(crate) const KEUZEDEEL: &str = "K0072";
pub(crate) const CODES: [&str; 4] = [KOK, OUDE_KOK, BAKKER, KEUZEDEEL];

/// The day of registration of everything.
pub(crate) const VANDAAG: &str = "2026-11-22";

pub(crate) struct World {
    _folder: TempDir,
    pub(crate) log: Arc<dyn LogStore>,
    pub(crate) push: Arc<dyn PushStore>,
    pub(crate) access: Arc<Access>,
    replica: Arc<Replica>,
    waker: Arc<tokio::sync::Notify>,
    follower: tokio::task::JoinHandle<()>,
}

struct At(Tijdstip);

impl Clock for At {
    fn now(&self) -> Tijdstip {
        self.0
    }
}

impl World {
    /// With the opleidingen alone.
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("log.sqlite");
        let log: Arc<dyn LogStore> = Arc::new(SqliteStore::migrate(&path).await.unwrap());
        let push = open_push(&Opslag::Sqlite(path)).await.unwrap();
        let replica = Arc::new(Replica::new());
        let clock: Arc<dyn Clock> = Arc::new(At(moment()));
        let follower = Follower::new(Arc::clone(&log), Arc::clone(&replica), clock);
        let waker = follower.waker();
        let follower = tokio::spawn(follower.run(std::future::pending()));
        let world = Self {
            _folder: folder,
            log,
            push,
            access: Arc::new(Access::new(toegang(&[
                (AFNEMER, &[SCHOOL, OTHER_SCHOOL]),
                (OTHER_AFNEMER, &[OTHER_SCHOOL]),
            ]))),
            replica,
            waker,
            follower,
        };
        let opleidingen = CODES.map(|text| Opleiding {
            code: code(text),
            opleidingsnaam: text.to_owned(),
            niveau: Some(2),
            leerwegen: Leerwegen::default(),
        });
        let lines = opleidingen.map(|o| set(Soort::Opleiding, Sleutel::code(o.code), &o));
        world.commit(lines.to_vec()).await;
        world
    }

    /// Publishes these lines together and waits until the node has them.
    pub(crate) async fn commit(&self, lines: Vec<Line>) -> u64 {
        let commit = self.log.append(new_id(), moment(), lines).await.unwrap();
        self.waker.notify_one();
        let versie = RegisterVersie {
            tijdlijn: commit.tijdlijn,
            nummer: commit.nummer,
        };
        let wait = Duration::from_secs(60);
        self.replica.at_least(versie, wait).await.unwrap();
        commit.nummer
    }

    /// The node, as callers see it.
    pub(crate) fn gateway(&self) -> Gateway {
        let (log, push) = (LogWriter::default(), PushDesk::default());
        log.attach(Arc::clone(&self.log), Arc::clone(&self.waker));
        push.attach(Arc::clone(&self.push));
        Gateway {
            replica: Arc::clone(&self.replica),
            log,
            push: Arc::new(push),
            access: Arc::clone(&self.access),
            verwerkingslog: verwerkingslog::verwerkingslog(Arc::new(At(moment()))),
            clock: Arc::new(At(moment())),
            rules: Rules::default(),
            limits: Limits::default(),
            own_oin: oin("00000099000000000000"),
            api_url: "https://api.test.example:8443".to_owned(),
            bulk: Bulk::default(),
            freshness: Freshness::default(),
            profielen: Profielen::default(),
        }
    }

    pub(crate) fn fanout(&self) -> Fanout {
        Fanout::new(FanoutParts {
            store: Arc::clone(&self.push),
            replica: Arc::clone(&self.replica),
            access: Arc::clone(&self.access),
            clock: Arc::new(At(moment())),
            rules: Rules::default(),
        })
    }

    /// That of a node whose snapshot is of another register.
    pub(crate) fn fanout_of_stranger(&self, other: &World) -> Fanout {
        Fanout::new(FanoutParts {
            store: Arc::clone(&self.push),
            replica: Arc::clone(&other.replica),
            access: Arc::clone(&self.access),
            clock: Arc::new(At(moment())),
            rules: Rules::default(),
        })
    }

    /// Steps until nothing is left.
    pub(crate) async fn fan_out(&self) {
        let mut fanout = self.fanout();
        while !matches!(
            fanout.step(&*self.log).await.unwrap(),
            Stap::Bij | Stap::Niemand
        ) {}
    }

    /// Removes what is over for longer than it is kept; how many.
    pub(crate) async fn opruimen(&self) -> usize {
        let gateway = self.gateway();
        let log = gateway.log.open().unwrap();
        let opruimen = Opruimen {
            log: &log,
            replica: &self.replica,
            grens: gateway.rules.bpvo_bewaring.grens(datum(VANDAAG)),
            per_deel: PER_DEEL,
            nu: moment(),
            write_wait: Duration::from_secs(60),
            replica_wait: Duration::from_secs(60),
        };
        match opruimen.step(new_id()).await.unwrap() {
            Opruimstap::Verwijderd(bpvos) => bpvos,
            Opruimstap::Opnieuw | Opruimstap::Klaar => 0,
        }
    }

    pub(crate) async fn subscribe(&self, n: u128, change: impl FnOnce(&mut Abonnement)) {
        let mut new = Abonnement {
            id: AbonnementId(Uuid::from_u128(n)),
            afnemer_oin: oin(AFNEMER),
            school_oin: None,
            kanaal: Kanaal::Poll,
            eindpunt: None,
            mutatie_soorten: Vec::new(),
            codes: Vec::new(),
            per_bericht: 1,
            ed25519: false,
            geheimen: Vec::new(),
            status: AbonnementStatus::Actief,
            reden: None,
            aangemaakt_op: moment(),
        };
        change(&mut new);
        self.push.insert(&new).await.unwrap();
    }

    /// Everything behind this number.
    pub(crate) async fn heard(&self, n: u128, na: u64) -> Vec<Melding> {
        let id = AbonnementId(Uuid::from_u128(n));
        self.push.meldingen(id, na, 100_000).await.unwrap()
    }

    /// The last number that was given out.
    pub(crate) async fn last(&self, n: u128) -> u64 {
        let id = AbonnementId(Uuid::from_u128(n));
        self.push.laatste(&[id]).await.unwrap()[0].laatste_volgnummer
    }

    pub(crate) fn bpvo(&self, bpvo: &Bpvo) -> Line {
        set(Soort::Bpvo, self.sleutel(bpvo), bpvo)
    }

    pub(crate) fn without(&self, bpvo: &Bpvo) -> Line {
        Line {
            soort: Soort::Bpvo,
            sleutel: self.sleutel(bpvo),
            inhoud: Inhoud::Verwijderd,
        }
    }

    fn sleutel(&self, bpvo: &Bpvo) -> Sleutel {
        let natural = Sleutel::natural_bpvo(bpvo.school_oin, &bpvo.bpvo_kenmerk);
        self.log.pseudonym(&natural)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

pub(crate) fn toegang(mandaten: &[(&str, &[&str])]) -> Toegang {
    let afnemers = mandaten.iter().map(|(afnemer, scholen)| {
        let afnemer = Afnemer {
            oin: oin(afnemer),
            naam: "SIS".into(),
            rol: Rol::Sis,
            addressering: Addressering::Verplicht,
            geblokkeerde_certificaten: Vec::new(),
            quota: EigenQuota::default(),
            mandaten: scholen
                .iter()
                .map(|school| Mandaat {
                    school_oin: oin(school),
                    operaties: Vec::new(),
                    vanaf: None,
                    tot: None,
                })
                .collect(),
        };
        (afnemer.oin, Arc::new(afnemer))
    });
    Toegang {
        versie: 1,
        afnemers: afnemers.collect(),
        scholen: HashMap::new(),
    }
}

pub(crate) fn set(soort: Soort, sleutel: Sleutel, value: &impl serde::Serialize) -> Line {
    let inhoud = Inhoud::Gezet(postcard::to_stdvec(value).unwrap());
    Line {
        soort,
        sleutel,
        inhoud,
    }
}

pub(crate) fn new_id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u128(0xc000_0000 + u128::from(LAST.fetch_add(1, Ordering::Relaxed)))
}

pub(crate) fn moment() -> Tijdstip {
    Tijdstip::parse(&format!("{VANDAAG}T09:00:00Z")).unwrap()
}

pub(crate) fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

pub(crate) fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

pub(crate) fn datum(text: &str) -> Datum {
    Datum::parse(text).unwrap()
}

/// So many days after today.
pub(crate) fn dag(after: i32) -> Datum {
    datum(VANDAAG).plus_days(after)
}

pub(crate) fn id(number: u32) -> LeerbedrijfId {
    LeerbedrijfId::from_u32(100_000_000 + number).unwrap()
}

/// A leerbedrijf, merged into another from a day on, with periods from one day to another.
pub(crate) fn bedrijf(
    number: u32,
    into: Option<(u32, i32)>,
    perioden: &[(&str, i32, Option<i32>)],
) -> Leerbedrijf {
    let erkenningen = perioden.iter().map(|(of, van, tot)| Erkenning {
        code: code(of),
        leerwegen: Leerwegen::default(),
        startdatum: dag(*van),
        einddatum: tot.map(dag),
        reden: None,
        gedeeltelijk: false,
        werkprocessen: Vec::new(),
        bijgewerkt_op: moment(),
    });
    Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: id(number),
            naam: format!("Bedrijf {number}"),
            status: LeerbedrijfStatus::Actief,
            opvolging: into.map(|(opvolger, per)| Opvolging {
                opvolger: id(opvolger),
                opgevolgd_per: dag(per),
            }),
            erkenningen: erkenningen.collect(),
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

pub(crate) fn leerbedrijf_line(of: &Leerbedrijf) -> Line {
    let sleutel = Sleutel::leerbedrijf(of.kern.leerbedrijf_id);
    set(Soort::Leerbedrijf, sleutel, of)
}

pub(crate) fn equivalent_lines(all: &[Equivalent]) -> Vec<Line> {
    let codes = CODES.map(code);
    let line = |of: &Code| {
        let own: Vec<_> = all.iter().filter(|e| e.code == *of).copied().collect();
        set(Soort::Equivalenten, Sleutel::code(*of), &own)
    };
    codes.iter().map(line).collect()
}

pub(crate) fn equivalent(of: &str, met: &str, van: i32, tot: Option<i32>) -> Equivalent {
    Equivalent {
        code: code(of),
        equivalent_met: code(met),
        vanaf: dag(van),
        tot: tot.map(dag),
    }
}

pub(crate) fn bpvo(
    school: &str,
    kenmerk: &str,
    at: u32,
    of: &str,
    van: i32,
    tot: i32,
    keuzedeel: Option<(i32, i32)>,
) -> Bpvo {
    let inhoud = BpvoInhoud {
        leerbedrijf_id: id(at),
        code: code(of),
        begindatum: dag(van),
        einddatum_gepland: dag(tot),
        einddatum_werkelijk: None,
        keuzedelen: keuzedeel
            .into_iter()
            .map(|(van, tot)| Keuzedeel {
                code: code(KEUZEDEEL),
                begindatum: dag(van),
                einddatum_gepland: dag(tot),
            })
            .collect(),
    };
    Bpvo::of(oin(school), kenmerk.to_owned(), Some(inhoud), None).unwrap()
}

/// A mutatie that nobody had; of a code, for a period.
pub(crate) fn mutatie(
    soort: MutatieSoort,
    at: u32,
    of: Option<&str>,
    ingang: i32,
    periode: Option<(i32, Option<i32>)>,
) -> Mutatie {
    Mutatie {
        mutatie_id: new_id(),
        mutatie_soort: soort,
        leerbedrijf_id: id(at),
        naam: format!("Bedrijf {at}"),
        opvolger: None,
        code: of.map(code),
        reden: None,
        startdatum: periode.map(|(van, _)| dag(van)),
        einddatum: periode.and_then(|(_, tot)| tot).map(dag),
        ingangsdatum: dag(ingang),
        geregistreerd_op: moment(),
    }
}

pub(crate) fn mutatie_line(of: &Mutatie) -> Line {
    set(Soort::Mutatie, Sleutel::mutatie(of.mutatie_id), of)
}
