//! What becomes of a journal of processing, on every engine: all of it comes, once, whatever breaks;
//! what was cut off is noticed; what is removed leaves a chain that can be checked.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use proptest::prelude::{Rng, RngExt};
use stagepoort::{
    audit::{
        Gebruik, GelezenBlok, Journaal, JournaalInstellingen, Map, Partij, Pseudonym,
        PseudonymSleutel, Spoor, Stap, Status, Vastgelegd, Verwerking, VerzendParts, Verzending,
        remove_before,
        store::{Blokrij, Daad, Journaalstand, NieuweTak, VerwerkingStore, open_verwerkingen},
        verify_shipped,
    },
    clock::Clock,
    domain::{Datum, LeerbedrijfId, Oin, Tijdstip},
    log::{Opslag, Placed, PostgresStore, SqliteStore, StoreError},
};
use tempfile::TempDir;

use crate::{
    engine::{Database, Engine, on_every_engine},
    samples::at,
};

on_every_engine! {
    all_of_a_journal_comes_once_wherever_a_node_or_the_database_breaks,
    who_ships_beside_another_repeats_nothing,
    a_journal_of_which_the_end_was_cut_off_is_told_and_both_stay,
    what_never_came_and_is_gone_is_told,
    an_older_backup_of_the_database_is_filled_up_again,
    what_was_kept_long_enough_leaves_and_the_rest_can_still_be_checked,
    a_block_that_was_changed_or_taken_out_is_found,
    a_backup_of_either_engine_keeps_it,
    who_looked_is_written_down,
    counts_of_nodes_add_up_are_told_to_whose_they_are_and_leave,
}

const PERSONEN: usize = 3;

struct Stil;

impl Clock for Stil {
    fn now(&self) -> Tijdstip {
        at(1_000)
    }
}

/// A journal in small segments, so that they end often.
struct Knoop {
    folder: TempDir,
}

impl Knoop {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn map(&self) -> PathBuf {
        self.folder.path().join("verwerkingslog")
    }

    /// One block for each of these moments.
    fn write(&self, seconds: std::ops::Range<i64>) {
        let instellingen = JournaalInstellingen {
            segment_bytes: 900,
            nieuw: [7; 16],
        };
        let opened = Journaal::open(&self.map(), instellingen, at(seconds.start));
        let (mut journaal, _) = opened.unwrap();
        for second in seconds {
            journaal.append(&[verwerking(second)], at(second)).unwrap();
        }
    }

    fn verzending(&self, store: &Arc<dyn VerwerkingStore>) -> Verzending {
        Verzending::new(VerzendParts {
            map: self.map(),
            store: Arc::clone(store),
            clock: Arc::new(Stil),
            knoop: "knoop".to_owned(),
        })
    }

    /// Ships all up to this block; gives what is told of the journal.
    async fn ship(&self, store: &Arc<dyn VerwerkingStore>, tot: u64) -> Option<String> {
        let mut verzending = self.verzending(store);
        while verzending.step(tot).await.unwrap() != Stap::Bij {}
        verzending.afwijking().map(str::to_owned)
    }

    /// The folder as it is now, to be put back later.
    fn copy(&self) -> TempDir {
        let copy = TempDir::new().unwrap();
        copy_files(&self.map(), copy.path());
        copy
    }

    fn put_back(&self, copy: &TempDir) {
        for entry in fs::read_dir(self.map()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        copy_files(copy.path(), &self.map());
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn sleutel() -> PseudonymSleutel {
    PseudonymSleutel::new([9; 32])
}

/// About person `second % PERSONEN` and one bpvo.
fn verwerking(second: i64) -> Verwerking {
    let leerbedrijf_id = LeerbedrijfId::parse("100000001").unwrap();
    let persoon = sleutel().of_persoon(&naam(second));
    let vastgelegd = |soort, pseudonym| Vastgelegd {
        soort,
        pseudonym,
        leerbedrijf_id,
    };
    let school_oin = Oin::parse("00000099000090AA0000").unwrap();
    Verwerking {
        spoor: Spoor::new(None, [u8::try_from(second % 251).unwrap(); 32]),
        naam: "opvragenDetailgegevens".to_owned(),
        begin: at(second),
        eind: at(second),
        status: Status::Gelukt,
        activiteit: "urn:x".to_owned(),
        afnemer_oin: Oin::parse("00000099000000002001").unwrap(),
        school_oin,
        betrokkenen: vec![
            vastgelegd(stagepoort::audit::BetrokkeneSoort::Persoon, persoon),
            vastgelegd(
                stagepoort::audit::BetrokkeneSoort::Bpvo,
                sleutel().of_bpvo(school_oin, "B1"),
            ),
        ],
    }
}

fn naam(second: i64) -> String {
    format!("P{}", second.unsigned_abs() as usize % PERSONEN)
}

async fn open(database: &Database) -> Arc<dyn VerwerkingStore> {
    open_verwerkingen(database.opslag()).await.unwrap()
}

/// Moments of all that is there about somebody.
async fn over(store: &dyn VerwerkingStore, wie: Pseudonym) -> Vec<Tijdstip> {
    let mut found = Vec::new();
    let mut na = (i64::MIN, 0);
    loop {
        let party = store.over(wie, na, 4).await.unwrap();
        let Some(last) = party.last() else {
            return found;
        };
        na = (last.journaal, last.blok);
        for blok in &party {
            found.extend(blok.verwerkingen().unwrap().iter().map(|one| one.eind));
        }
    }
}

/// That each of these moments is there once, about whom it was, with a whole chain.
async fn holds_exactly(store: &dyn VerwerkingStore, seconds: std::ops::Range<i64>) {
    let all = verify_shipped(store).await.unwrap();
    assert!(all.iter().all(|one| one.breuk.is_none()), "{all:?}");
    let count: u64 = all.iter().map(|one| one.verwerkingen).sum();
    assert_eq!(
        count,
        (seconds.end - seconds.start).unsigned_abs(),
        "{all:?}"
    );
    for persoon in 0..PERSONEN as i64 {
        let expect = seconds.clone().filter(|s| s % PERSONEN as i64 == persoon);
        let expect: Vec<Tijdstip> = expect.map(at).collect();
        let found = over(store, sleutel().of_persoon(&naam(persoon))).await;
        assert_eq!(found, expect);
    }
    let school = Oin::parse("00000099000090AA0000").unwrap();
    let bpvo = over(store, sleutel().of_bpvo(school, "B1")).await;
    assert_eq!(bpvo, seconds.map(at).collect::<Vec<_>>());
}

/// Does as it is told, or says that it could not: before it did, or after.
struct Breekt {
    store: Arc<dyn VerwerkingStore>,
    kans: Mutex<proptest::test_runner::TestRng>,
}

impl Breekt {
    fn chance(&self, of: u32) -> bool {
        self.kans.lock().unwrap().random_ratio(1, of)
    }

    fn breaks(&self) -> Result<(), StoreError> {
        if self.chance(3) {
            return Err(StoreError::Damaged("a test broke it off".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl VerwerkingStore for Breekt {
    async fn journalen(&self) -> Result<Vec<Journaalstand>, StoreError> {
        self.breaks()?;
        self.store.journalen().await
    }

    async fn begin(&self, nieuw: &NieuweTak) -> Result<(), StoreError> {
        self.breaks()?;
        self.store.begin(nieuw).await?;
        self.breaks()
    }

    async fn ship(
        &self,
        stand: &Journaalstand,
        blokken: &[GelezenBlok],
        now: Tijdstip,
    ) -> Result<bool, StoreError> {
        self.breaks()?;
        // Some of what could come at once, so that it breaks in many places.
        let some = 1 + self.kans.lock().unwrap().next_u32() as usize % blokken.len();
        let done = self.store.ship(stand, &blokken[..some], now).await?;
        if some < blokken.len() {
            return Err(StoreError::Damaged("the node was killed".to_owned()));
        }
        self.breaks()?;
        Ok(done)
    }

    async fn hashes(
        &self,
        journaal: [u8; 16],
        van: u64,
        tot: u64,
    ) -> Result<BTreeSet<(u64, [u8; 32])>, StoreError> {
        self.breaks()?;
        self.store.hashes(journaal, van, tot).await
    }

    async fn blokken(&self, nr: i64, na: u64, limit: u32) -> Result<Vec<Blokrij>, StoreError> {
        self.store.blokken(nr, na, limit).await
    }

    async fn over(
        &self,
        wie: Pseudonym,
        na: (i64, u64),
        limit: u32,
    ) -> Result<Vec<Blokrij>, StoreError> {
        self.store.over(wie, na, limit).await
    }

    async fn verwijder(
        &self,
        stand: &Journaalstand,
        blokken: &[Blokrij],
    ) -> Result<bool, StoreError> {
        self.store.verwijder(stand, blokken).await
    }

    async fn erken(&self, daad: &Daad) -> Result<u64, StoreError> {
        self.store.erken(daad).await
    }

    async fn note(&self, daad: &Daad) -> Result<(), StoreError> {
        self.store.note(daad).await
    }

    async fn daden(&self, limit: u32) -> Result<Vec<Daad>, StoreError> {
        self.store.daden(limit).await
    }

    async fn tel(&self, gebruik: &[Gebruik]) -> Result<(), StoreError> {
        self.store.tel(gebruik).await
    }

    async fn gebruik(
        &self,
        afnemer_oin: Oin,
        school_oin: Option<Oin>,
        dagen: (Datum, Datum),
        limit: u32,
    ) -> Result<Vec<Gebruik>, StoreError> {
        self.store
            .gebruik(afnemer_oin, school_oin, dagen, limit)
            .await
    }

    async fn vergeet_gebruik(&self, voor: Datum) -> Result<u64, StoreError> {
        self.store.vergeet_gebruik(voor).await
    }
}

async fn all_of_a_journal_comes_once_wherever_a_node_or_the_database_breaks(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database).await;
    let knoop = Knoop::new();
    let rng = proptest::test_runner::TestRng::deterministic_rng(
        proptest::test_runner::RngAlgorithm::ChaCha,
    );
    let breekt = Arc::new(Breekt {
        store: Arc::clone(&store),
        kans: Mutex::new(rng),
    });
    let broken: Arc<dyn VerwerkingStore> = breekt.clone();
    let mut verzending = knoop.verzending(&broken);
    let (mut written, mut errors) = (0, 0);
    while written < 60 {
        // While nothing can be shipped a node goes on writing.
        knoop.write(written..written + 4);
        written += 4;
        for _ in 0..4 {
            match verzending.step(written.unsigned_abs()).await {
                Ok(_) => {}
                Err(_) => errors += 1,
            }
            if breekt.chance(2) {
                // It was killed, and starts again.
                verzending = knoop.verzending(&broken);
            }
        }
    }
    assert!(errors > 10, "{errors}");
    assert_eq!(knoop.ship(&store, 60).await, None);
    holds_exactly(&*store, 0..60).await;
    assert_eq!(store.journalen().await.unwrap().len(), 1);
}

async fn who_ships_beside_another_repeats_nothing(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database).await;
    let knoop = Knoop::new();
    let (mut one, mut other) = (knoop.verzending(&store), knoop.verzending(&store));
    for from in (0..40).step_by(8) {
        knoop.write(from..from + 8);
        let tot = (from + 8).unsigned_abs();
        let both = async |verzending: &mut Verzending| {
            while verzending
                .step(tot)
                .await
                .is_ok_and(|stap| stap != Stap::Bij)
            {}
        };
        tokio::join!(both(&mut one), both(&mut other));
    }
    knoop.ship(&store, 40).await;
    holds_exactly(&*store, 0..40).await;
}

async fn a_journal_of_which_the_end_was_cut_off_is_told_and_both_stay(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database).await;
    let knoop = Knoop::new();
    knoop.write(0..10);
    let older = knoop.copy();
    knoop.write(10..20);
    assert_eq!(knoop.ship(&store, 20).await, None);

    knoop.put_back(&older);
    let told = knoop.ship(&store, 10).await.unwrap();
    assert!(
        told.contains("block 20 had come") && told.contains("block 10"),
        "{told}"
    );
    // It goes on otherwise, and that comes too. After a restart it is still told.
    knoop.write(20..25);
    assert_eq!(knoop.ship(&store, 15).await, Some(told));
    let journalen = store.journalen().await.unwrap();
    let ends: Vec<(u32, u64, u64)> = journalen
        .iter()
        .map(|stand| (stand.tak, stand.basis.0, stand.na.blok))
        .collect();
    assert_eq!(ends, [(1, 0, 20), (2, 10, 15)]);
    holds_exactly(&*store, 0..25).await;

    assert_eq!(store.erken(&daad(1)).await.unwrap(), 1);
    assert_eq!(knoop.ship(&store, 15).await, None);
    // Cut off where a block had come and another one took its place.
    knoop.put_back(&older);
    knoop.write(30..40);
    let told = knoop.ship(&store, 20).await.unwrap();
    assert!(
        told.contains("block 15 had come, and another one"),
        "{told}"
    );
    assert_eq!(store.erken(&daad(2)).await.unwrap(), 1);
}

async fn what_never_came_and_is_gone_is_told(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database).await;
    let knoop = Knoop::new();
    knoop.write(0..20);
    knoop.ship(&store, 5).await;
    // Nobody removes what did not come, but by hand.
    let first = Map::new(&knoop.map()).segmenten().unwrap().len() as u64;
    let removed = Map::new(&knoop.map())
        .remove_before(first, at(10_000))
        .unwrap();
    assert!(removed > 1, "{removed}");
    let told = knoop.ship(&store, 20).await.unwrap();
    assert!(told.contains("blocks 6 to"), "{told}");

    let other = Database::new(engine).await;
    let store = open(&other).await;
    let told = knoop.ship(&store, 20).await.unwrap();
    assert!(told.contains("blocks 1 to"), "{told}");
    let all = verify_shipped(&*store).await.unwrap();
    assert!(all.iter().all(|one| one.breuk.is_none()), "{all:?}");
}

async fn an_older_backup_of_the_database_is_filled_up_again(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database).await;
    let knoop = Knoop::new();
    knoop.write(0..30);
    let mut verzending = knoop.verzending(&store);
    while verzending.step(12).await.unwrap() != Stap::Bij {}
    let backup = database.path().with_file_name("kopie.db");
    back_up(&database, &backup).await;
    while verzending.step(30).await.unwrap() != Stap::Bij {}

    let other = Database::new(engine).await;
    restore(&other, &backup).await;
    let store = open(&other).await;
    assert_eq!(store.journalen().await.unwrap()[0].na.blok, 12);
    assert_eq!(knoop.ship(&store, 30).await, None);
    holds_exactly(&*store, 0..30).await;
}

async fn what_was_kept_long_enough_leaves_and_the_rest_can_still_be_checked(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database).await;
    let knoop = Knoop::new();
    knoop.write(0..600);
    knoop.ship(&store, 600).await;
    assert_eq!(remove_before(&*store, at(0)).await.unwrap(), 0);
    // More than one party.
    assert_eq!(remove_before(&*store, at(550)).await.unwrap(), 550);
    holds_exactly(&*store, 550..600).await;
    let stand = store.journalen().await.unwrap().remove(0);
    assert_eq!((stand.basis.0, stand.na.blok), (550, 600));
    // What a node keeps itself goes too, but for what did not come and the last segment.
    let map = Map::new(&knoop.map());
    let before = map.segmenten().unwrap();
    map.remove_before(stand.na.segment, at(580)).unwrap();
    let after = map.segmenten().unwrap();
    assert!(after.len() < before.len() && after.last() == before.last());
    map.remove_before(stand.na.segment, at(10_000)).unwrap();
    assert_eq!(map.segmenten().unwrap(), [stand.na.segment]);
    knoop.write(600..610);
    assert_eq!(knoop.ship(&store, 610).await, None);
    holds_exactly(&*store, 550..610).await;
    assert_eq!(remove_before(&*store, at(10_000)).await.unwrap(), 60);
    holds_exactly(&*store, 0..0).await;
    knoop.write(610..613);
    assert_eq!(knoop.ship(&store, 613).await, None);
    holds_exactly(&*store, 610..613).await;
}

async fn a_block_that_was_changed_or_taken_out_is_found(engine: Engine) {
    for (sql, expect) in [
        (
            "UPDATE verwerking_blok SET inhoud = (SELECT inhoud FROM verwerking_blok WHERE blok = 3) WHERE blok = 5",
            5,
        ),
        ("DELETE FROM verwerking_blok WHERE blok = 5", 5),
        ("DELETE FROM verwerking_blok WHERE blok = 9", 9),
        (
            "UPDATE verwerking_blok SET hash = (SELECT hash FROM verwerking_blok WHERE blok = 3) WHERE blok = 7",
            7,
        ),
    ] {
        let database = Database::new(engine).await;
        let store = open(&database).await;
        let knoop = Knoop::new();
        knoop.write(0..9);
        knoop.ship(&store, 9).await;
        execute(&database, sql).await;
        let found = verify_shipped(&*store).await.unwrap().remove(0);
        assert_eq!(found.breuk.map(|(blok, _)| blok), Some(expect), "{sql}");
    }
}

async fn a_backup_of_either_engine_keeps_it(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database).await;
    let knoop = Knoop::new();
    knoop.write(0..9);
    knoop.ship(&store, 9).await;
    store.note(&daad(1)).await.unwrap();
    let backup = database.path().with_file_name("kopie.db");
    back_up(&database, &backup).await;
    for other in [Engine::Sqlite, Engine::Postgres] {
        let database = Database::new(other).await;
        restore(&database, &backup).await;
        let store = open(&database).await;
        holds_exactly(&*store, 0..9).await;
        assert_eq!(store.daden(9).await.unwrap(), [daad(1)]);
    }
}

async fn who_looked_is_written_down(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open(&database).await;
    for nr in [1, 3, 2] {
        store.note(&daad(nr)).await.unwrap();
    }
    assert_eq!(store.daden(2).await.unwrap(), [daad(3), daad(2)]);
}

async fn counts_of_nodes_add_up_are_told_to_whose_they_are_and_leave(engine: Engine) {
    let database = Database::new(engine).await;
    let (een, twee) = (open(&database).await, open(&database).await);
    let oin = |text: &str| Oin::parse(text).unwrap();
    let (afnemer, ander) = (oin("00000099000000002001"), oin("00000099000000002002"));
    let school = oin("00000099000090AA0000");
    let dag = |text: &str| Datum::parse(text).unwrap();
    let gebruik = |afnemer_oin, school_oin, day: &str, aantal| Gebruik {
        dag: dag(day),
        partij: Partij {
            afnemer_oin,
            school_oin,
        },
        operatie: "natrekkenErkenning".to_owned(),
        uitkomst: "0".to_owned(),
        aantal,
    };
    let own = gebruik(afnemer, Some(school), "2026-11-02", 3);
    let refused = gebruik(afnemer, None, "2026-11-02", 1);
    let older = gebruik(afnemer, Some(school), "2026-11-01", 5);
    let others = gebruik(ander, Some(school), "2026-11-02", 9);
    let all = [own.clone(), refused.clone(), older.clone(), others];
    let (one, other) = tokio::join!(een.tel(&all), twee.tel(&all));
    one.and(other).unwrap();
    let twice = |one: &Gebruik| Gebruik {
        aantal: 2 * one.aantal,
        ..one.clone()
    };
    let month = (dag("2026-11-01"), dag("2026-11-30"));
    let found = een.gebruik(afnemer, Some(school), month, 10).await.unwrap();
    assert_eq!(found, [twice(&older), twice(&own)]);
    let found = een.gebruik(afnemer, None, month, 10).await.unwrap();
    assert_eq!(found, [twice(&older), twice(&refused), twice(&own)]);
    assert_eq!(een.vergeet_gebruik(dag("2026-11-02")).await.unwrap(), 1);
    let found = een.gebruik(afnemer, Some(school), month, 10).await.unwrap();
    assert_eq!(found, [twice(&own)]);
}

fn daad(nr: u8) -> Daad {
    Daad {
        id: [nr; 16],
        tijdstip: at(i64::from(nr)),
        wie: "an operator".to_owned(),
        daad: "persoon".to_owned(),
        toelichting: "pseudonym x".to_owned(),
    }
}

async fn back_up(database: &Database, place: &Path) {
    let done = match database.opslag() {
        Opslag::Sqlite(path) => SqliteStore::open(path).await.unwrap().back_up(place).await,
        Opslag::Postgres(settings) => {
            let store = PostgresStore::open(settings).await.unwrap();
            store.back_up(place).await
        }
    };
    done.unwrap();
}

async fn restore(database: &Database, backup: &Path) {
    match database.opslag() {
        Opslag::Sqlite(path) => drop(fs::copy(backup, path).unwrap()),
        Opslag::Postgres(settings) => {
            let placed = PostgresStore::restore(settings, backup, false, 0).await;
            assert!(matches!(placed.unwrap(), Placed::In(_)));
        }
    }
}

async fn execute(database: &Database, sql: &'static str) {
    match database.opslag() {
        Opslag::Sqlite(path) => {
            let url = format!("sqlite://{}", path.display());
            let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
            sqlx::query(sql).execute(&pool).await.unwrap();
            pool.close().await;
        }
        Opslag::Postgres(_) => {
            use sqlx::Connection;
            let url = database.url().unwrap();
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::query(sql).execute(&mut connection).await.unwrap();
        }
    }
}
