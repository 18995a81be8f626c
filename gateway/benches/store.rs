//! How fast the log takes in a whole country, and how much memory the replica then needs.
//!
//! `cargo bench --bench store -- [leerbedrijven]`; 250,000 when not said. The phases run one
//! after another as processes of their own, so that each has its own peak of memory.

#![expect(clippy::print_stdout, reason = "the output is what it is for")]

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Instant,
};

use stagepoort::{
    clock::SystemClock,
    domain::{
        Adres, Bpvo, Code, Coordinaten, Datum, Erkenning, Gegevens, Herkomst, Kern, Leerbedrijf,
        LeerbedrijfId, LeerbedrijfStatus, Leerweg, Leerwegen, Oin, Personen, Praktijkopleider,
        Tijdstip,
    },
    log::{Inhoud, Line, LogStore, Publication, Sleutel, Soort, SqliteStore},
    replica::{Follower, Progress, Replica, snapshot},
};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome = Result<(), Box<dyn Error>>;

/// Lines that the import gives to the store at once.
const LINES_PER_PARTY: u32 = 8_192;

fn main() -> Outcome {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs this too, without that word.
    let measure = args.iter().any(|a| a == "--bench");
    args.retain(|a| a != "--bench");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match args[..] {
        ["fill", folder, n, round] => {
            runtime.block_on(fill(Path::new(folder), n.parse()?, round.parse()?))
        }
        ["replay", folder] => runtime.block_on(replay(Path::new(folder))),
        ["start", folder] => runtime.block_on(start(Path::new(folder))),
        ["forget", folder] => runtime.block_on(forget(Path::new(folder))),
        [n] if measure => all(n),
        _ if measure => all("250000"),
        [] => all("100"),
        _ => Err("give the number after --: cargo bench --bench store -- [leerbedrijven]".into()),
    }
}

fn all(n: &str) -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().display().to_string();
    for phase in [
        &["fill", &path, n, "1"][..],
        &["replay", &path],
        &["start", &path],
        &["fill", &path, n, "2"],
        &["start", &path],
        &["forget", &path],
    ] {
        let done = Command::new(std::env::current_exe()?)
            .args(phase)
            .status()?;
        if !done.success() {
            return Err(format!("{phase:?} failed").into());
        }
    }
    Ok(())
}

async fn fill(folder: &Path, n: u32, round: u32) -> Outcome {
    let store = SqliteStore::open(&database(folder)).await?;
    let mut lines = 0;
    let mut bytes = 0;
    let mut staging = std::time::Duration::ZERO;
    let stage = store.open_stage().await?;
    for from in (0..n).step_by(LINES_PER_PARTY as usize / 4) {
        let to = (from + LINES_PER_PARTY / 4).min(n);
        let mut party = Vec::new();
        for number in from..to {
            party.extend(of_one(&store, number, round)?);
        }
        lines += party.len();
        bytes += party.iter().map(size).sum::<usize>();
        let begin = Instant::now();
        store.stage(stage, party).await?;
        staging += begin.elapsed();
    }
    let begin = Instant::now();
    let publication = Publication {
        stage,
        request_id: Uuid::from_u128(round.into()),
        tijdstip: Tijdstip::EPOCH,
        only_at: None,
    };
    store.publish(publication).await?;
    println!(
        "stage    {lines} lines of {} bytes: {:.0} lines/s; publish {} ms",
        bytes / lines,
        lines as f64 / staging.as_secs_f64(),
        begin.elapsed().as_millis()
    );
    memory("import")
}

async fn replay(folder: &Path) -> Outcome {
    let store = Arc::new(SqliteStore::open(&database(folder)).await?);
    let replica = Arc::new(Replica::new());
    let begin = Instant::now();
    follow(store, &replica).await?;
    println!(
        "replay   {} ms: {:?}",
        begin.elapsed().as_millis(),
        replica.view().aantallen()
    );
    let begin = Instant::now();
    snapshot::write(&snapshot_file(folder), &replica.view(), &[])?;
    let written = std::fs::metadata(snapshot_file(folder))?.len();
    println!(
        "snapshot {} MB written in {} ms",
        written / 1_000_000,
        begin.elapsed().as_millis()
    );
    memory("replayed")
}

async fn start(folder: &Path) -> Outcome {
    let begin = Instant::now();
    let loaded = snapshot::load(&snapshot_file(folder))?.ok_or("no snapshot")?;
    println!("load     {} ms", begin.elapsed().as_millis());
    memory("started")?;
    let replica = Arc::new(Replica::with(loaded.view));
    let store = Arc::new(SqliteStore::open(&database(folder)).await?);
    let begin = Instant::now();
    follow(store, &replica).await?;
    println!(
        "follow   {} ms to {}",
        begin.elapsed().as_millis(),
        replica.view().versie()
    );
    memory("followed")
}

async fn forget(folder: &Path) -> Outcome {
    let store = SqliteStore::open(&database(folder)).await?;
    let begin = Instant::now();
    let forgotten = store.forget_superseded().await?;
    println!("forget   {forgotten} in {} ms", begin.elapsed().as_millis());
    let begin = Instant::now();
    store.verify().await?;
    println!("verify   {} ms", begin.elapsed().as_millis());
    memory("verified")
}

async fn follow(store: Arc<SqliteStore>, replica: &Arc<Replica>) -> Outcome {
    let mut follower = Follower::new(store, Arc::clone(replica), Arc::new(SystemClock));
    while follower.step().await? != Progress::UpToDate {}
    Ok(())
}

fn memory(when: &str) -> Outcome {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map_or("?", str::trim).to_owned()
    };
    println!(
        "memory   {when}: {} now, {} at most",
        line("VmRSS:"),
        line("VmHWM:")
    );
    Ok(())
}

fn database(folder: &Path) -> PathBuf {
    folder.join("register.db")
}

fn snapshot_file(folder: &Path) -> PathBuf {
    folder.join("register.snapshot")
}

fn size(line: &Line) -> usize {
    match &line.inhoud {
        Inhoud::Gezet(content) => content.len(),
        Inhoud::Verwijderd | Inhoud::Vergeten => 0,
    }
}

/// A leerbedrijf of some 600 bytes with five erkenningen, its people, and two bpvo's.
fn of_one(
    store: &SqliteStore,
    number: u32,
    round: u32,
) -> Result<impl Iterator<Item = Line> + use<>, Box<dyn Error>> {
    let id = LeerbedrijfId::from_u32(100_000_000 + number).ok_or("id")?;
    let key = Sleutel::leerbedrijf(id);
    let school_oin = Oin::parse("00000099000000000001")?;
    let mut lines = vec![
        line(Soort::Leerbedrijf, key.clone(), &leerbedrijf(id, round)?)?,
        line(Soort::Personen, key, &personen(id, round)?)?,
    ];
    for nth in 0..2 {
        let bpvo = Bpvo {
            school_oin,
            bpvo_kenmerk: format!("2026-{id}-{nth}"),
            leerbedrijf_id: id,
            code: Code::parse("25180")?,
            begindatum: Datum::parse("2026-09-01")?,
            einddatum_gepland: Datum::parse("2027-07-01")?.plus_days(round.cast_signed()),
            einddatum_werkelijk: None,
            keuzedelen: Vec::new(),
            herkomst: Herkomst::Register,
            volgens_register: None,
        };
        let natural = Sleutel::natural_bpvo(school_oin, &bpvo.bpvo_kenmerk);
        lines.push(line(Soort::Bpvo, store.pseudonym(&natural), &bpvo)?);
    }
    Ok(lines.into_iter())
}

fn line(
    soort: Soort,
    sleutel: Sleutel,
    value: &impl serde::Serialize,
) -> Result<Line, postcard::Error> {
    let inhoud = Inhoud::Gezet(postcard::to_stdvec(value)?);
    Ok(Line {
        soort,
        sleutel,
        inhoud,
    })
}

fn leerbedrijf(id: LeerbedrijfId, round: u32) -> Result<Leerbedrijf, Box<dyn Error>> {
    let codes = ["25180", "25655", "25168", "25297", "25998"];
    let erkenning = |code: &&str| -> Result<Erkenning, Box<dyn Error>> {
        Ok(Erkenning {
            code: Code::parse(code)?,
            leerwegen: Leerwegen::default().with(Leerweg::Bol).with(Leerweg::Bbl),
            startdatum: Datum::parse("2019-08-01")?,
            einddatum: None,
            reden: None,
            gedeeltelijk: false,
            werkprocessen: Vec::new(),
            bijgewerkt_op: Tijdstip::EPOCH,
        })
    };
    let adres = Adres {
        straat: Some("Burgemeester van Tuyllkade".to_owned()),
        huisnummer: Some(id.as_u32() % 500 + 1),
        huisnummertoevoeging: None,
        postcode: Some(format!("{:04}{}", 1000 + id.as_u32() / 7 % 9000, "AB")),
        plaats: "'s-Hertogenbosch".to_owned(),
        land: "NL".to_owned(),
        coordinaten: Some(Coordinaten {
            lat: 51.7,
            lon: 5.3,
        }),
    };
    Ok(Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: id,
            naam: format!("Installatiebedrijf Van den Berg {round} {id} B.V."),
            status: LeerbedrijfStatus::Actief,
            opvolging: None,
            erkenningen: codes.iter().map(erkenning).collect::<Result<_, _>>()?,
        },
        gegevens: Gegevens {
            kvk_nummer: Some("12345678".to_owned()),
            kvk_vestigingsnummer: Some("000012345678".to_owned()),
            correspondentieadres: id.as_u32().is_multiple_of(5).then(|| adres.clone()),
            vestigingsadres: adres,
            telefoonnummer: Some("+31731234567".to_owned()),
            emailadres: Some(format!("stage-{id}@vandenberg-installatie.example")),
            website: Some("https://www.vandenberg-installatie.example/stage".to_owned()),
            bijgewerkt_op: Tijdstip::EPOCH,
        },
        leerplaatsen: vec![stagepoort::domain::Leerplaats {
            leerplaats_id: format!("LP{id}"),
            code: Code::parse("25180")?,
            leerplaats_soort: stagepoort::domain::LeerplaatsSoort::Stage,
            leerweg: Leerweg::Bol,
            titel: "Stage bij een installatiebedrijf".to_owned(),
            omschrijving: Some("Je werkt mee aan installaties in woningen. ".repeat(5)),
            aantal_leerplaatsen: 2,
            beschikbaar_vanaf: None,
            beschikbaar_tot: None,
            dagen_per_week: Some(4),
            vergoeding: None,
        }],
    })
}

fn personen(id: LeerbedrijfId, round: u32) -> Result<Personen, Box<dyn Error>> {
    Ok(Personen {
        contactpersonen: Vec::new(),
        praktijkopleiders: vec![Praktijkopleider {
            persoon_id: format!("{id}-1"),
            naam: format!("P. van den Berg {round}"),
            emailadres: Some(format!("p.vandenberg-{id}@example.nl")),
            telefoonnummer: Some("+31612345678".to_owned()),
            codes: vec![Code::parse("25180")?, Code::parse("25655")?],
            bijgewerkt_op: Tijdstip::EPOCH,
        }],
    })
}
