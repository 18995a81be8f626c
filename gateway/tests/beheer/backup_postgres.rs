//! The drill on PostgreSQL: backup while it is written to, restore under running nodes and after all
//! is lost, and what must never happen.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::json;
use sqlx::{Connection, PgConnection};
use stagepoort::{
    domain::Tijdstip,
    log::{Inhoud, Line, Opslag, Sleutel, Soort, SqliteStore},
};
use uuid::Uuid;

use crate::{
    backup::{hash_at, write},
    database::push_as_a_node,
    plek::{Node, Plek},
    postgres,
};

/// A register in a database of its own: imports, toegang, subscriptions and a queue.
struct World {
    plek: Plek,
    url: String,
}

impl World {
    async fn new(leerbedrijven: u32) -> Self {
        let plek = Plek::new();
        let url = postgres::new_database(postgres::shared()).await;
        let world = Self { plek, url };
        let settings = world.settings("een");
        for (naam, ronde) in [("eerste.ndjson", 0), ("tweede.ndjson", 1)] {
            world.plek.levering(naam, leerbedrijven, ronde).await;
            world
                .ok(&format!("register import {naam} --config een.toml"))
                .await;
        }
        let toegang = world.ok("toegang example").await;
        fs::write(world.plek.path("toegang.toml"), toegang).unwrap();
        world
            .ok("toegang apply toegang.toml --config een.toml --yes")
            .await;
        push_as_a_node(&settings).await;
        world
    }

    /// Settings of a node on it.
    fn settings(&self, naam: &str) -> String {
        let opslag = format!("soort = \"postgres\"\ndatabases = [\"{}\"]", self.url);
        let path = self.plek.settings_on(naam, &opslag, "");
        path.display().to_string()
    }

    async fn ok(&self, line: &str) -> String {
        self.plek.ok(line).await
    }

    async fn execute(&self, sql: &'static str) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }

    /// Waits until the server has noticed that every program of ours let go.
    async fn nobody_is_connected(&self) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'stagepoort'";
        while sqlx::query_scalar::<_, i64>(others)
            .fetch_one(&mut connection)
            .await
            .unwrap()
            > 0
        {
            tokio::task::yield_now().await;
        }
    }

    /// A hash of every table of ours, but for what tells where the database has been.
    async fn tables(&self) -> Vec<(String, String)> {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class
             WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
               AND relname NOT IN ('_sqlx_migrations', 'tijdlijn') ORDER BY 1",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        let mut tables = Vec::new();
        for name in names {
            let sql = format!(
                "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t"
            );
            let hash = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .fetch_one(&mut connection)
                .await
                .unwrap();
            tables.push((name, hash));
        }
        tables
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_writes_is_restored_under_a_running_node_and_after_all_is_lost() {
    let world = World::new(60).await;
    let plek = &world.plek;
    let node = Node::start(&plek.path("een.toml")).await;
    let (stop, writes) = (AtomicBool::new(false), AtomicBool::new(false));
    let making = async {
        while !writes.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        let made = plek.json("backup kopie.db --config een.toml").await;
        stop.store(true, Ordering::Relaxed);
        made
    };
    let (_, (code, manifest)) = tokio::join!(write(&world.url, &stop, &writes), making);
    assert_eq!(
        (code, &manifest["opslag"]),
        (0, &json!("postgres")),
        "{manifest}"
    );
    assert_eq!(plek.files("kopie"), ["kopie.db", "kopie.db.manifest.json"]);
    let nummer = manifest["nummer"].as_u64().unwrap();
    assert!(nummer > 10, "{manifest}");
    let then = hash_at(&world.url, nummer).await;
    let (code, verified) = plek.json("restore kopie.db --verify").await;
    assert_eq!((code, &verified["manifest"]), (0, &manifest));

    let (code, stderr) = plek.refused("restore kopie.db --config een.toml").await;
    assert!(
        code == 4 && stderr.contains("--vervang"),
        "{code}: {stderr}"
    );
    let (code, restored) = plek
        .json("restore kopie.db --config een.toml --vervang")
        .await;
    assert_eq!(code, 0, "{restored}");
    let versie = format!("2.{nummer}");
    assert_eq!(restored["registerVersie"], versie);
    let ready = node.ready_when(|r| r["registerVersie"] == versie).await;
    assert_eq!(ready["registerHash"], then);

    // Life goes on in the new tijdlijn.
    plek.levering("derde.ndjson", 60, 2).await;
    world
        .ok("register import derde.ndjson --config een.toml")
        .await;
    let next = format!("2.{}", nummer + 1);
    let ready = node.ready_when(|r| r["registerVersie"] == next).await;
    let hashes = (&ready["registerHash"], &ready["personenHash"]);

    // All of it is lost, while the node goes on.
    world.ok("backup later.db --config een.toml").await;
    let before = world.tables().await;
    world
        .execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await;
    let (code, restored) = plek
        .json("restore later.db --config een.toml --tijdlijn 6")
        .await;
    let versie = format!("7.{}", nummer + 1);
    assert_eq!((code, &restored["registerVersie"]), (0, &json!(versie)));
    node.ready_when(|r| r["registerVersie"] == versie).await;
    node.stop().await;
    assert_eq!(world.tables().await, before);
    let store = Opslag::parse(&world.url).unwrap().open().await.unwrap();
    let head = store.verify().await.unwrap();
    assert_eq!((head.tijdlijn, head.nummer), (7, nummer + 1));
    let node = Node::start(Path::new(&world.settings("twee"))).await;
    let ready = node.ready_when(|r| r["registerVersie"] == versie).await;
    assert_eq!((&ready["registerHash"], &ready["personenHash"]), hashes);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_either_engine_goes_into_either() {
    let world = World::new(20).await;
    let plek = &world.plek;
    world.ok("backup kopie.db --config een.toml").await;
    let (_, into_file) = plek.json("restore kopie.db --opslag register.db").await;
    let (_, again) = plek.json("backup bestand.db --opslag register.db").await;
    assert_eq!(again["opslag"], "sqlite");
    assert_eq!(into_file["registerVersie"], "2.2");
    let other = postgres::new_database(postgres::shared()).await;
    let line = format!("restore bestand.db --opslag {other}");
    // Whoever is connected would go on with the keys of an empty database.
    let store = Opslag::parse(&other).unwrap().open().await.unwrap();
    store.head().await.unwrap();
    let (code, stderr) = plek.refused(&line).await;
    assert!(
        code == 4 && stderr.contains("stop them"),
        "{code}: {stderr}"
    );
    drop(store);
    let there = World {
        plek: Plek::new(),
        url: other,
    };
    there.nobody_is_connected().await;
    let (code, into_database) = plek.json(&line).await;
    assert_eq!((code, &into_database["registerVersie"]), (0, &json!("3.2")));
    assert_eq!(there.tables().await, world.tables().await);

    // Numbers go on after those of the backup.
    there
        .execute(
            "INSERT INTO beheerdaad (tijdstip_ms, wie, daad, abonnement, toelichting)
             VALUES (1, 'beheerder', 'drop', '\\x00', '')",
        )
        .await;
    there.settings("een");
    there.plek.levering("derde.ndjson", 20, 2).await;
    there
        .ok("register import derde.ndjson --config een.toml")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_forgotten_or_not_published_is_not_in_a_backup() {
    let plek = Plek::new();
    let url = postgres::new_database(postgres::shared()).await;
    let store = Opslag::parse(&url).unwrap().open().await.unwrap();
    let personen = |sleutel: u32, text: &str| Line {
        soort: Soort::Personen,
        sleutel: Sleutel(Box::new(sleutel.to_be_bytes())),
        inhoud: Inhoud::Gezet(text.repeat(40).into_bytes()),
    };
    for (nth, text) in (1..).zip(["EERSTE-NAAM", "TWEEDE-NAAM"]) {
        let request = Uuid::from_u128(nth);
        let lines = vec![personen(1, text)];
        store.append(request, Tijdstip::EPOCH, lines).await.unwrap();
    }
    let stage = store.open_stage().await.unwrap();
    let staged = vec![personen(2, "DERDE-NAAM")];
    store.stage(stage, staged).await.unwrap();

    let (code, manifest) = plek.json(&format!("backup kopie.db --opslag {url}")).await;
    assert_eq!((code, &manifest["nummer"]), (0, &json!(2)));
    let bytes = fs::read(plek.path("kopie.db")).unwrap();
    let has = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("TWEEDE-NAAM"));
    assert!(!has("EERSTE-NAAM") && !has("DERDE-NAAM"));

    // The import that is staging is not disturbed, and nothing takes its place meanwhile.
    let line = format!("restore kopie.db --opslag {url} --vervang");
    let (code, stderr) = plek.refused(&line).await;
    assert!(
        code == 4 && stderr.contains("another import"),
        "{code}: {stderr}"
    );
    store.discard(stage).await.unwrap();
    let (code, restored) = plek.json(&line).await;
    assert_eq!((code, &restored["registerVersie"]), (0, &json!("2.2")));
    // This program went on with the same keys.
    let request = Uuid::from_u128(9);
    let lines = vec![personen(1, "VIERDE-NAAM")];
    let commit = store.append(request, Tijdstip::EPOCH, lines).await.unwrap();
    assert_eq!((commit.tijdlijn, commit.nummer), (2, 3));
    store.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_changes_nothing() {
    let world = World::new(20).await;
    let plek = &world.plek;
    world.ok("backup kopie.db --config een.toml").await;
    let right = fs::read(plek.path("kopie.db")).unwrap();
    let before = world.tables().await;
    let check = async |words: &str| {
        for more in ["--verify", "--config een.toml --vervang"] {
            let (code, stderr) = plek.refused(&format!("restore kopie.db {more}")).await;
            assert!(code == 3 && stderr.contains(words), "{code}: {stderr}");
        }
        assert_eq!(world.tables().await, before);
    };
    let mut wrong = right.clone();
    wrong[right.len() / 2] ^= 1;
    fs::write(plek.path("kopie.db"), &wrong).unwrap();
    check("its SHA-256 differs").await;
    fs::write(plek.path("kopie.db"), &right[..right.len() / 2]).unwrap();
    check("its length differs").await;

    // Changed by who can make the manifest fit: the hash chain tells.
    fs::write(plek.path("kopie.db"), &right).unwrap();
    let pool = sqlx::SqlitePool::connect(&plek.path("kopie.db").display().to_string())
        .await
        .unwrap();
    sqlx::query("UPDATE regel SET inhoud = x'00' WHERE nr = (SELECT max(nr) FROM regel WHERE inhoud IS NOT NULL)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let wrong = fs::read(plek.path("kopie.db")).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &wrong);
    let beside = plek.path("kopie.db.manifest.json");
    let mut forged: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&beside).unwrap()).unwrap();
    forged["sha256"] = json!(hex::encode(digest.as_ref()));
    forged["bytes"] = json!(wrong.len());
    fs::write(&beside, forged.to_string()).unwrap();
    check("the log is damaged").await;
    assert!(
        SqliteStore::verify_backup(&plek.path("kopie.db"))
            .await
            .is_err()
    );
}
