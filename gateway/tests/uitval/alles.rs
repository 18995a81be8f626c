//! Nodes are killed, the database is restarted, receivers fail: at the end everything was received by
//! whom it is for, and by nobody else, in order and without gaps.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use aws_lc_rs::digest;
use stagepoort::{
    clock::{Clock, SystemClock},
    domain::Oin,
    log::Opslag,
    push::{Abonnement, AbonnementId, AbonnementStatus, Geheim, Kanaal, PushStore, open_push},
};
use uuid::Uuid;

use crate::{
    ontvanger::{Antwoord, Ontvangen, Ontvanger},
    plek::{Node, Plek},
    postgres::{Server, new_database},
    register::{LEERBEDRIJVEN, Register, SCHOLEN, id, school_at},
};

/// Leveringen, each of which changes every leerbedrijf: 20,000 mutaties.
const RONDEN: u32 = 100;

/// How often each node is killed.
const DOODGESLAGEN: usize = 10;

/// How often the database is restarted.
const HERSTARTEN: usize = 2;

/// So much of what comes in is answered badly until the end.
const SLECHT_VAN_DE_HONDERD: u64 = 3;

/// Without any progress for so long nothing will come any more.
const STIL: Duration = Duration::from_secs(120);

const AFNEMERS: [&str; 2] = ["00000099000000002001", "00000099000000002002"];

/// Who subscribes, for which school (or all), and how many mutaties a message may hold.
const ABONNEES: [(u128, usize, Option<usize>, u16); 3] =
    [(1, 0, None, 1), (2, 1, Some(1), 1), (3, 0, Some(0), 20)];

/// SHA-256 over `volgnummer:mutatieId\n`, ascending, as vergelijkenMutaties takes it.
fn digest_of<'a>(all: impl Iterator<Item = (u64, &'a str)>) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for (volgnummer, mutatie_id) in all {
        context.update(format!("{volgnummer}:{mutatie_id}\n").as_bytes());
    }
    hex::encode(context.finish())
}

/// A mutatie as it came in: number, id, leerbedrijf, school.
#[derive(Debug, Clone)]
struct Gezien {
    volgnummer: u64,
    mutatie_id: String,
    leerbedrijf: String,
    school: String,
}

/// Chance that is the same in every run; what it meets is not.
struct Toeval(AtomicU64);

impl Toeval {
    fn next(&self) -> u64 {
        let mut x = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
}

struct Veld {
    plek: Plek,
    server: Server,
    url: String,
    push: Arc<dyn PushStore>,
}

impl Veld {
    async fn new() -> (Self, Register) {
        let plek = Plek::new();
        let server = Server::start(&[]);
        let url = new_database(&server).await;
        let register = Register::filled(&url).await;
        let toegang = toegang();
        fs::write(plek.path("toegang.toml"), toegang).unwrap();
        let apply = format!("toegang apply toegang.toml --yes --opslag {url}");
        plek.ok(&apply).await;
        let push = open_push(&Opslag::parse(&url).unwrap()).await.unwrap();
        let veld = Self {
            plek,
            server,
            url,
            push,
        };
        (veld, register)
    }

    fn settings(&self, naam: &str) -> PathBuf {
        let opslag = format!("soort = \"postgres\"\ndatabases = [{:?}]", self.url);
        let more = format!(
            "[push]\ntoegestaneNetwerken = [\"127.0.0.0/8\"]\nca = {:?}\nberichtTijd = \"3s\"\n",
            self.plek.certificaten.ca
        );
        self.plek.settings_on(naam, &opslag, &more)
    }

    async fn subscribe(&self, n: usize, eindpunt: String) {
        let (id, afnemer, school, per_bericht) = ABONNEES[n];
        let new = Abonnement {
            id: AbonnementId(Uuid::from_u128(id)),
            afnemer_oin: Oin::parse(AFNEMERS[afnemer]).unwrap(),
            school_oin: school.map(|at| Oin::parse(SCHOLEN[at]).unwrap()),
            kanaal: Kanaal::Webhook,
            eindpunt: Some(eindpunt),
            mutatie_soorten: Vec::new(),
            codes: Vec::new(),
            per_bericht,
            ed25519: false,
            geheimen: vec![Geheim::of_random([7; 32])],
            status: AbonnementStatus::Actief,
            reden: None,
            aangemaakt_op: SystemClock.now(),
        };
        self.push.insert(&new).await.unwrap();
    }

    /// What waits may go at once, as an operator would have it.
    async fn retry(&self) {
        for (id, ..) in ABONNEES {
            let id = AbonnementId(Uuid::from_u128(id));
            let line = format!("push retry {id} --reden uitval --opslag {}", self.url);
            drop(self.plek.run(&line).await);
        }
    }

    /// Up to where each is complete; none while the database is away.
    async fn volledig(&self) -> Option<Vec<(u64, u64)>> {
        let ids = ABONNEES.map(|(id, ..)| AbonnementId(Uuid::from_u128(id)));
        let all = self.push.laatste(&ids).await.ok()?;
        let far =
            |one: &stagepoort::push::Laatste| (one.volledig_tot_en_met, one.laatste_volgnummer);
        Some(all.iter().map(far).collect())
    }
}

fn toegang() -> String {
    let mut text = String::new();
    for (n, school) in SCHOLEN.iter().enumerate() {
        text +=
            &format!("[[scholen]]\noin = \"{school}\"\nbrin = \"2{n}AA\"\nnaam = \"School {n}\"\n");
    }
    for (n, afnemer) in AFNEMERS.iter().enumerate() {
        text += &format!("[[afnemers]]\noin = \"{afnemer}\"\nnaam = \"SIS {n}\"\nrol = \"SIS\"\n");
        for school in SCHOLEN.iter().skip(n) {
            text += &format!("[[afnemers.mandaten]]\nschoolOin = \"{school}\"\n");
        }
    }
    text
}

/// A receiver that fails now and then, each time in another way, until the storm is over.
fn unreliable(
    storm: &Arc<AtomicBool>,
    seed: u64,
) -> impl Fn(&Ontvangen) -> Antwoord + Send + Sync + use<> {
    let (storm, toeval) = (Arc::clone(storm), Toeval(AtomicU64::new(seed)));
    move |_| {
        if !storm.load(Relaxed) || toeval.next() % 100 >= SLECHT_VAN_DE_HONDERD {
            return Antwoord::Status(204);
        }
        match toeval.next() % 5 {
            0 => Antwoord::Status(500),
            1 => Antwoord::Met(429, "Retry-After: 1", Vec::new()),
            2 => Antwoord::Status(302),
            3 => Antwoord::Bytes(100_000),
            _ => Antwoord::Niets,
        }
    }
}

fn gezien(ontvanger: &Ontvanger) -> Vec<Gezien> {
    let mut all = Vec::new();
    for one in ontvanger.all() {
        let events = match one.json() {
            serde_json::Value::Array(events) => events,
            one => vec![one],
        };
        all.extend(events.iter().map(|event| {
            let data = &event["data"];
            let text = |name: &str| data[name].as_str().unwrap().to_owned();
            Gezien {
                volgnummer: data["volgnummer"].as_u64().unwrap(),
                mutatie_id: text("mutatieId"),
                leerbedrijf: text("leerbedrijfId"),
                school: text("schoolOin"),
            }
        }));
    }
    all
}

/// Kills a node again and again and starts it anew; gives the last one.
async fn kill_again_and_again(
    settings: PathBuf,
    toeval: Arc<Toeval>,
    times: usize,
    over: Arc<AtomicBool>,
) -> Node {
    let mut node = Node::start(&settings).await;
    for _ in 0..times {
        let pause = Duration::from_millis(500 + toeval.next() % 2_500);
        tokio::time::sleep(pause).await;
        // Dropping it is SIGKILL.
        drop(node);
        node = Node::start(&settings).await;
    }
    over.store(true, Relaxed);
    node
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_received_by_whom_it_is_for_in_order_and_without_gaps() {
    let (mut veld, register) = Veld::new().await;
    let storm = Arc::new(AtomicBool::new(true));
    let mut receivers = Vec::new();
    for n in 0..ABONNEES.len() {
        let ontvanger = Ontvanger::start(&veld.plek.certificaten).await;
        ontvanger.answers(unreliable(&storm, n as u64 + 1));
        veld.subscribe(n, ontvanger.url("localhost")).await;
        receivers.push(ontvanger);
    }
    let toeval = Arc::new(Toeval(AtomicU64::new(42)));
    let mut nodes = Vec::new();
    for naam in ["een", "twee"] {
        let over = Arc::new(AtomicBool::new(false));
        let killing = kill_again_and_again(
            veld.settings(naam),
            Arc::clone(&toeval),
            DOODGESLAGEN,
            Arc::clone(&over),
        );
        nodes.push((tokio::spawn(killing), over));
    }

    let changing = tokio::spawn(async move {
        for ronde in 1..=RONDEN {
            register.change(ronde).await;
        }
    });
    let mut herstarten = 0;
    while !changing.is_finished() || herstarten < HERSTARTEN {
        tokio::time::sleep(Duration::from_secs(4)).await;
        if herstarten < HERSTARTEN {
            herstarten += 1;
            veld.server.kill9();
            veld.server.up();
        }
        veld.retry().await;
    }
    changing.await.unwrap();
    let mut living = Vec::new();
    for (node, over) in nodes {
        living.push(node.await.unwrap());
        assert!(over.load(Relaxed));
    }
    // Calm again: what still waits comes, whatever it waits for.
    storm.store(false, Relaxed);
    let total = u64::from(RONDEN * LEERBEDRIJVEN);
    let expect = [total, total / 2, total / 2];
    let mut last = (Vec::new(), tokio::time::Instant::now());
    loop {
        let far = veld.volledig().await.unwrap_or_default();
        if far
            .iter()
            .zip(expect)
            .filter(|((volledig, _), expect)| volledig == expect)
            .count()
            == 3
        {
            break;
        }
        if far != last.0 {
            last = (far, tokio::time::Instant::now());
        }
        assert!(
            last.1.elapsed() < STIL,
            "of {expect:?} only {:?} came",
            last.0
        );
        veld.retry().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    for (n, ontvanger) in receivers.iter().enumerate() {
        check(n, &gezien(ontvanger), expect[n]);
    }
    for (n, ontvanger) in receivers.iter().enumerate() {
        compare(&veld, &living[n % 2], n, &gezien(ontvanger)).await;
    }
    for node in living {
        node.stop().await;
    }
}

/// Everything at least once, by nobody else, in order per leerbedrijf, numbered without gaps.
fn check(n: usize, all: &[Gezien], expect: u64) {
    let (_, _, school, _) = ABONNEES[n];
    let mut ids: BTreeMap<u64, &str> = BTreeMap::new();
    let mut newest: BTreeMap<&str, u64> = BTreeMap::new();
    let mut per_leerbedrijf: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for one in all {
        let at: u32 = one.leerbedrijf.parse::<u32>().unwrap() - 100_000_000;
        assert_eq!(one.school, school_at(at), "a school hears of its own alone");
        assert!(school.is_none_or(|only| SCHOLEN[only] == one.school));
        let known = ids.insert(one.volgnummer, &one.mutatie_id);
        assert!(
            known.is_none_or(|id| id == one.mutatie_id),
            "one id at every attempt"
        );
        // The first time that each comes, it comes after those before it.
        if per_leerbedrijf
            .entry(&one.leerbedrijf)
            .or_default()
            .insert(one.volgnummer)
        {
            let before = newest.insert(&one.leerbedrijf, one.volgnummer).unwrap_or(0);
            assert!(before < one.volgnummer, "{} after {before}", one.volgnummer);
        }
    }
    let numbers: Vec<u64> = ids.keys().copied().collect();
    assert_eq!(numbers, (1..=expect).collect::<Vec<_>>(), "no gaps");
    assert!(
        per_leerbedrijf
            .values()
            .all(|of| of.len() == RONDEN as usize)
    );
    let different: BTreeSet<&str> = ids.values().copied().collect();
    assert_eq!(different.len(), ids.len());
    let heard =
        (1..=LEERBEDRIJVEN).filter(|at| school.is_none_or(|only| SCHOLEN[only] == school_at(*at)));
    assert!(
        heard
            .map(|at| id(at).to_string())
            .all(|of| per_leerbedrijf.contains_key(&*of))
    );
    println!(
        "subscription {}: {expect} mutaties received, {} of them more than once",
        n + 1,
        all.len() as u64 - expect
    );
}

/// vergelijkenMutaties says that the receiver has everything.
async fn compare(veld: &Veld, node: &Node, n: usize, all: &[Gezien]) {
    let (id, afnemer, school, _) = ABONNEES[n];
    let ids: BTreeMap<u64, &str> = all
        .iter()
        .map(|one| (one.volgnummer, one.mutatie_id.as_str()))
        .collect();
    let (last, _) = ids.last_key_value().unwrap();
    let certificaat = &veld.plek.certificaten.afnemers[afnemer].certificaat;
    let pem = [
        fs::read(&certificaat.cert).unwrap(),
        fs::read(&certificaat.key).unwrap(),
    ]
    .concat();
    let ca = fs::read(&veld.plek.certificaten.ca).unwrap();
    let client = reqwest::Client::builder()
        .identity(reqwest::Identity::from_pem(&pem).unwrap())
        .tls_certs_only([reqwest::Certificate::from_pem(&ca).unwrap()])
        .build()
        .unwrap();
    let url = format!(
        "https://localhost:{}/v1/mutaties/_vergelijken",
        node.api().port()
    );
    let body = serde_json::json!({
        "abonnementId": AbonnementId(Uuid::from_u128(id)).to_string(),
        "totEnMet": last,
        "digest": digest_of(ids.iter().map(|(n, id)| (*n, *id))),
    });
    let school = SCHOLEN[school.unwrap_or(0)];
    let answer = client
        .post(url)
        .header("Onderwijsinstelling-OIN", school)
        .header("Content-Type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status.as_u16(), &answer["gelijk"]),
        (200, &serde_json::json!(true)),
        "{text}"
    );
}
