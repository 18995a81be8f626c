//! Who leaves, leaves everything (design invariant 12): people by a levering, bpvo's by their school, by a
//! levering or by time, are looked for in the raw bytes of the database with its write-ahead log, or of
//! all its tables; of the snapshot; of a backup; and of an export. What stays is found there.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    time::{Duration, Instant},
};

use futures_util::TryStreamExt;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use stagepoort::{
    clock::{Clock, SystemClock},
    domain::{
        Bewaartermijn, Bpvo, Contactpersoon, Datum, LeerbedrijfId, MutatieSoort, Oin, Personen,
        Praktijkopleider, RegisterVersie, Tijdstip,
    },
    log::{Opslag, Soort},
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Inhoud, Kanaal, PushStore, open_push,
        store::{Attempt, Cursor, Gevolg, NieuweMelding, Poging, Wanted},
    },
    register::{
        Object,
        generate::{Plan, write_levering},
        levering::{Content, LeveringReader, LeveringWriter},
    },
};
use uuid::Uuid;

use crate::{
    plek::{Node, Plek},
    postgres,
    tls::{BOTH, Connection, config},
};

const SCHOOL: &str = "00000099000000001001";
const LEERBEDRIJVEN: u32 = 250;
/// Leveringen after the first.
const RONDES: u32 = 4;
/// Of so many bpvo's of the register one is over for longer than it is kept.
const OVER: u32 = 7;
const ABONNEMENT: AbonnementId = AbonnementId(Uuid::from_u128(0xab));
/// Forgetting follows a write within some seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// Texts that lead to somebody: all that ever were, and those that are.
#[derive(Default)]
struct Sporen {
    ever: BTreeSet<String>,
    people: BTreeSet<String>,
    bpvos: BTreeSet<String>,
}

impl Sporen {
    fn left(&self) -> Vec<&String> {
        let stays = |text: &&String| self.people.contains(*text) || self.bpvos.contains(*text);
        self.ever.iter().filter(|text| !stays(text)).collect()
    }

    fn person(&mut self, text: String) -> String {
        self.ever.insert(text.clone());
        self.people.insert(text.clone());
        text
    }

    fn bpvo(&mut self, text: String) -> String {
        self.ever.insert(text.clone());
        self.bpvos.insert(text.clone());
        text
    }
}

/// How a person fares: stays, changes in every levering, or leaves at one of them.
fn versie(nth: u32, ronde: u32) -> Option<u32> {
    // Spread well, so that who leaves stood anywhere among who stays.
    match nth.wrapping_mul(2_654_435_761) >> 29 {
        0..=2 => Some(0),
        3..=4 => Some(ronde),
        leaves => (ronde < leaves - 4).then_some(0),
    }
}

fn personen(bedrijf: u32, ronde: u32, sporen: &mut Sporen) -> Personen {
    let mut personen = Personen::default();
    for k in 0..1 + bedrijf % 5 {
        let nth = bedrijf * 10 + k;
        let Some(versie) = versie(nth, ronde) else {
            continue;
        };
        let tag = format!("{nth:05}v{versie}");
        let naam = sporen.person(format!("Persoon-{tag} van der Vertrek"));
        let emailadres = Some(sporen.person(format!("post-{tag}@vertrek.example")));
        let telefoonnummer = Some(sporen.person(format!("+3185{nth:05}{versie:02}")));
        let persoon_id = format!("p-{nth:05}");
        let bijgewerkt_op = Tijdstip::EPOCH;
        if k % 2 == 0 {
            personen.contactpersonen.push(Contactpersoon {
                persoon_id,
                naam,
                functie: None,
                emailadres,
                telefoonnummer,
                bijgewerkt_op,
            });
        } else {
            personen.praktijkopleiders.push(Praktijkopleider {
                persoon_id,
                naam,
                emailadres,
                telefoonnummer,
                codes: Vec::new(),
                bijgewerkt_op,
            });
        }
    }
    personen
}

/// A made-up levering of this day in which every person, and the key of every bpvo, is one of ours. A bpvo that
/// is over for longer than it is kept leaves, whatever levering names it.
fn levering(plek: &Plek, vandaag: Datum, ronde: u32, sporen: &mut Sporen) {
    let plan = Plan {
        ronde,
        ..Plan::new(LEERBEDRIJVEN, 1, vandaag)
    };
    let grens = Bewaartermijn::DEFAULT.grens(vandaag);
    let (bytes, _) = write_levering(&plan, &plan.voorloop(), Vec::new(), || ()).unwrap();
    let mut reader = LeveringReader::open(bytes.as_slice(), Tijdstip::EPOCH).unwrap();
    let mut writer = LeveringWriter::new(Vec::new(), reader.voorloop()).unwrap();
    sporen.people.clear();
    let (mut bedrijf, mut bpvo) = (0, 0);
    while let Some(line) = reader.next_line().unwrap() {
        let Content::Object(object) = line.content else {
            panic!("line {} is not right", line.nummer);
        };
        let object = match object {
            Object::Leerbedrijf(leerbedrijf, _) => {
                bedrijf += 1;
                Object::Leerbedrijf(leerbedrijf, personen(bedrijf, ronde, sporen))
            }
            Object::Bpvo(of) => {
                bpvo += 1;
                let Some(versie) = versie(bpvo, ronde) else {
                    continue;
                };
                let of = if bpvo % OVER == 0 {
                    long_over(of, vandaag)
                } else {
                    of
                };
                let bpvo_kenmerk = format!("REGISTER-{bpvo:05}-{versie}");
                match of.laatste_dag().days_after(grens) {
                    // The day may end while the test runs.
                    -1..=1 => continue,
                    ..-1 => drop(sporen.ever.insert(bpvo_kenmerk.clone())),
                    2.. => drop(sporen.bpvo(bpvo_kenmerk.clone())),
                }
                Object::Bpvo(Bpvo { bpvo_kenmerk, ..of })
            }
            other => other,
        };
        writer.write(&object).unwrap();
    }
    let (bytes, _) = writer.finish().unwrap();
    let mut file = fs::File::create(plek.path(&format!("l{ronde}.ndjson"))).unwrap();
    file.write_all(&bytes).unwrap();
}

/// As if it had ended 50 days more than a term ago.
fn long_over(of: Bpvo, vandaag: Datum) -> Bpvo {
    Bpvo {
        begindatum: vandaag.plus_days(-600),
        einddatum_gepland: Bewaartermijn::DEFAULT.grens(vandaag).plus_days(-50),
        einddatum_werkelijk: None,
        keuzedelen: Vec::new(),
        ..of
    }
}

/// The register, its node, and who stands in it.
struct World {
    plek: Plek,
    opslag: Opslag,
    /// As commands take it.
    naam: String,
    vandaag: Datum,
    sporen: Sporen,
}

impl World {
    async fn new(naam: String) -> Self {
        let plek = Plek::new();
        let opslag = match naam.strip_prefix("postgres") {
            Some(_) => Opslag::parse(&naam).unwrap(),
            None => Opslag::Sqlite(plek.path(&naam)),
        };
        let toegang = plek.ok("toegang example").await;
        fs::write(plek.path("toegang.toml"), toegang).unwrap();
        Self {
            plek,
            opslag,
            naam,
            vandaag: SystemClock.now().datum().unwrap(),
            sporen: Sporen::default(),
        }
    }

    async fn ok(&self, line: &str) -> String {
        self.plek
            .ok(&format!("{line} --opslag {}", self.naam))
            .await
    }

    /// As a node does it, which looks for each bpvo of the register among those of the levering before.
    async fn import(&mut self, ronde: u32, options: &str) {
        self.sporen.bpvos.retain(|key| !key.starts_with("REGISTER"));
        levering(&self.plek, self.vandaag, ronde, &mut self.sporen);
        self.ok(&format!(
            "register import l{ronde}.ndjson --toestaan-krimp {options}"
        ))
        .await;
    }

    /// How many bpvo's the log has that are over for longer than a node keeps them.
    async fn over(&self) -> usize {
        let store = self.opslag.open().await.unwrap();
        let found = store.scan(Soort::Bpvo, None, 100_000).await.unwrap();
        store.close().await;
        let grens = Bewaartermijn::DEFAULT.grens(self.vandaag);
        let bpvos = found.iter().map(|(_, blob)| postcard::from_bytes(blob));
        bpvos
            .filter(|bpvo: &Result<Bpvo, _>| bpvo.as_ref().unwrap().laatste_dag() < grens)
            .count()
    }

    /// Waits until a node removed them all.
    async fn cleared(&self) {
        let begin = Instant::now();
        while self.over().await > 0 {
            assert!(begin.elapsed() < PATIENCE, "{} stay", self.over().await);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn node(&self) -> Node {
        let opslag = match &self.opslag {
            Opslag::Sqlite(_) => "bestand = \"register.db\"".to_owned(),
            Opslag::Postgres(_) => format!("soort = \"postgres\"\ndatabases = [\"{}\"]", self.naam),
        };
        Node::start(&self.plek.settings_on("node", &opslag, "")).await
    }

    /// A subscription with mutaties of long ago, delivered: the retention has passed.
    async fn queue(&mut self) {
        let store = open_push(&self.opslag).await.unwrap();
        store.insert(&abonnement()).await.unwrap();
        let start = store.fanout_start().await.unwrap();
        let keys: Vec<String> = (0..200).map(|n| format!("WACHTRIJ-{n:05}")).collect();
        self.sporen.ever.extend(keys.iter().cloned());
        let nieuw: Vec<_> = (1..).zip(&keys).map(|(n, key)| melding(n, key)).collect();
        let to = Cursor {
            nummer: start.cursor.nummer + 1,
            regel: 0,
        };
        assert!(store.fan_out(&start, to, &nieuw).await.unwrap());
        deliver(&*store).await;
        store.close().await;
    }

    /// The bytes in which what left may not stand any more.
    async fn database(&self) -> Vec<u8> {
        let Opslag::Sqlite(path) = &self.opslag else {
            return all_tables(&self.naam).await;
        };
        let mut bytes = fs::read(path).unwrap();
        for beside in ["-wal", "-shm"] {
            let name = format!("{}{beside}", self.naam);
            bytes.extend(fs::read(self.plek.path(&name)).unwrap_or_default());
        }
        bytes
    }

    #[track_caller]
    fn assert_clean(&self, place: &str, bytes: &[u8]) {
        let found = Found::of(bytes);
        let left: Vec<_> = self.sporen.left();
        assert!(left.len() > 300, "too little leaves: {}", left.len());
        let traces: Vec<_> = left.iter().filter(|text| found.has(text)).collect();
        assert!(
            traces.is_empty(),
            "{place}: {} traces of {}: {:?}",
            traces.len(),
            left.len(),
            &traces[..1]
        );
        let stays = self.sporen.people.iter().chain(&self.sporen.bpvos);
        for text in stays {
            assert!(found.has(text), "{place}: {text} is gone");
        }
    }
}

/// Every text of ours that stands somewhere in some bytes.
struct Found(BTreeSet<Vec<u8>>);

impl Found {
    const BEGINNINGS: [&[u8]; 6] = [
        b"Persoon-",
        b"post-",
        b"+3185",
        b"REGISTER-",
        b"SCHOOL-",
        b"WACHTRIJ-",
    ];

    fn of(bytes: &[u8]) -> Self {
        let mut found = BTreeSet::new();
        for at in 0..bytes.len() {
            let rest = &bytes[at..];
            if Self::BEGINNINGS.iter().any(|begin| rest.starts_with(begin)) {
                found.insert(rest[..rest.len().min(40)].to_vec());
            }
        }
        Self(found)
    }

    fn has(&self, text: &str) -> bool {
        // What stands behind a text sorts after the text itself.
        let from = text.as_bytes().to_vec();
        let next = self.0.range(from..).next();
        next.is_some_and(|found| found.starts_with(text.as_bytes()))
    }
}

async fn all_tables(url: &str) -> Vec<u8> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
         WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut bytes = Vec::new();
    for name in names {
        let copy = format!("COPY {name} TO STDOUT (FORMAT binary)");
        let mut rows = connection.copy_out_raw(&copy).await.unwrap();
        while let Some(part) = rows.try_next().await.unwrap() {
            bytes.extend_from_slice(&part);
        }
    }
    bytes
}

fn abonnement() -> Abonnement {
    Abonnement {
        id: ABONNEMENT,
        afnemer_oin: Oin::parse("00000099000000002001").unwrap(),
        school_oin: None,
        kanaal: Kanaal::Webhook,
        eindpunt: Some("https://sis.example/mutaties".to_owned()),
        mutatie_soorten: Vec::new(),
        codes: Vec::new(),
        per_bericht: 1,
        ed25519: false,
        geheimen: Vec::new(),
        status: AbonnementStatus::Actief,
        reden: None,
        aangemaakt_op: long_ago(),
    }
}

fn long_ago() -> Tijdstip {
    Tijdstip::parse("2020-01-01T00:00:00Z").unwrap()
}

fn melding(n: u32, kenmerk: &str) -> NieuweMelding {
    NieuweMelding {
        abonnement: ABONNEMENT,
        mutatie_id: Uuid::from_u128(n.into()),
        leerbedrijf_id: LeerbedrijfId::from_u32(100_000_000 + n).unwrap(),
        school_oin: Oin::parse(SCHOOL).unwrap(),
        inhoud: Inhoud {
            mutatie_soort: MutatieSoort::LeerbedrijfGewijzigd,
            naam: format!("Bedrijf {n}"),
            opvolger: None,
            code: None,
            erkenning_status: None,
            reden: None,
            startdatum: None,
            einddatum: None,
            ingangsdatum: Datum::parse("2020-01-01").unwrap(),
            geregistreerd_op: long_ago(),
            register_versie: RegisterVersie {
                tijdlijn: 1,
                nummer: 1,
            },
            bpvo_kenmerken: vec![kenmerk.to_owned()],
        },
    }
}

/// Half of what waits, as a node would; the rest waits until it is too old.
async fn deliver(store: &dyn PushStore) {
    let (lease, now) = (Uuid::from_u128(9), SystemClock.now());
    let wanted = [Wanted {
        abonnement: ABONNEMENT,
        most: 100,
    }];
    let lent = store.claim(&wanted, now, now, lease).await.unwrap();
    assert_eq!(lent.len(), 100);
    let attempts: Vec<_> = lent
        .iter()
        .map(|claim| Attempt {
            abonnement: claim.melding.abonnement,
            leerbedrijf_id: claim.melding.leerbedrijf_id,
            volgnummer: claim.melding.volgnummer,
            lease,
            gevolg: Gevolg::Bezorgd,
            poging: Some(Poging {
                tijdstip: long_ago(),
                http_status: Some(204),
                duur_ms: 12,
                antwoord_sha256: None,
                uitkomst: "HTTP 204".to_owned(),
            }),
        })
        .collect();
    store.record(&attempts).await.unwrap();
}

/// What the school writes over mutual TLS.
struct Schrijver {
    connection: Connection,
    vandaag: Datum,
}

impl Schrijver {
    async fn new(world: &World, node: &Node) -> Self {
        let certificaten = &world.plek.certificaten;
        let first = &certificaten.afnemers[0].certificaat;
        let config = config(certificaten, Some(first), &BOTH);
        Self {
            connection: Connection::open(node.api(), &config).await.unwrap(),
            vandaag: world.vandaag,
        }
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nOnderwijsinstelling-OIN: {SCHOOL}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.connection.send(&request).await.unwrap();
        let answer = self.connection.answer().await.unwrap();
        assert!(answer.head.starts_with("HTTP/1.1 200"), "{}", answer.body);
    }

    /// These keys, and no others.
    async fn list(&mut self, keys: &[String]) {
        let day = |after| self.vandaag.plus_days(after).to_string();
        let (begin, eind) = (day(-90), day(60));
        let one = |key: &String| {
            json!({ "bpvoKenmerk": key, "leerbedrijfId": "100000001", "code": "25180",
                "begindatum": begin, "einddatumGepland": eind })
        };
        let bpvos: Vec<_> = keys.iter().map(one).collect();
        let body = json!({ "vervangAlles": true, "bpvos": bpvos }).to_string();
        self.ask("PUT", "/v1/bpvos", &body).await;
    }
}

async fn who_leaves_leaves_everything(naam: String) {
    let mut world = World::new(naam).await;
    world.import(0, "--bpvo-bewaring 87600h").await;
    assert!(world.over().await > 20, "too few are over");
    world.ok("toegang apply toegang.toml --yes").await;
    world.queue().await;
    let node = world.node().await;
    let mut school = Schrijver::new(&world, &node).await;
    world.cleared().await;
    for ronde in 1..=RONDES {
        world.sporen.bpvos.retain(|key| !key.starts_with("SCHOOL"));
        let mut keys = Vec::new();
        for n in 0..200 {
            if let Some(versie) = versie(n + 7, ronde) {
                keys.push(world.sporen.bpvo(format!("SCHOOL-{n:05}-{versie}")));
            }
        }
        school.list(&keys).await;
        let gone = keys[usize::try_from(ronde).unwrap()].clone();
        school.ask("DELETE", &format!("/v1/bpvos/{gone}"), "").await;
        world.sporen.bpvos.remove(&gone);
        world.import(ronde, "").await;
    }
    let begin = Instant::now();
    loop {
        let found = Found::of(&world.database().await);
        if !world.sporen.left().iter().any(|text| found.has(text)) || begin.elapsed() > PATIENCE {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    world.assert_clean("the database", &world.database().await);

    let head = world.opslag.open().await.unwrap().head().await.unwrap();
    let versie = format!("{}.{}", head.tijdlijn, head.nummer);
    node.ready_when(|ready| ready["registerVersie"] == versie)
        .await;
    node.stop().await;
    let read = |naam: &str| fs::read(world.plek.path(naam)).unwrap();
    world.assert_clean("the snapshot", &read("node.snapshot"));
    world.ok("backup kopie.db").await;
    world.assert_clean("a backup", &read("kopie.db"));
    world
        .ok("register export uit.ndjson --met-personen --met-bpvos")
        .await;
    world.sporen.bpvos.retain(|key| key.starts_with("REGISTER"));
    world.assert_clean("an export", &read("uit.ndjson"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_leaves_everything_on_sqlite() {
    who_leaves_leaves_everything("register.db".to_owned()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_leaves_everything_on_postgres() {
    let url = postgres::new_database(postgres::shared()).await;
    who_leaves_leaves_everything(url).await;
}
