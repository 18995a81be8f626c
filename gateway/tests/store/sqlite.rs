//! What SQLite in particular must do: its file, and that nobody can change it unnoticed.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sqlx::{Connection, SqliteConnection};
use stagepoort::log::{LogStore, Sleutel, Soort, SqliteStore, StoreError};
use uuid::Uuid;

use crate::{
    engine::{Database, Engine},
    samples::*,
};

async fn execute(path: &Path, sql: &'static str) -> u64 {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let done = sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    done.rows_affected()
}

#[tokio::test]
async fn a_changed_log_is_found_out() {
    for (sql, commit) in [
        ("UPDATE regel SET inhoud = x'00' WHERE nr = 1 << 32", 1),
        (
            "UPDATE regel SET sleutel = x'05f5e10f' WHERE nr = 1 << 32",
            1,
        ),
        ("UPDATE regel SET soort = 3 WHERE nr = 1 << 32", 1),
        ("UPDATE regel SET inhoud = NULL WHERE nr = 1 << 32", 1),
        (
            "UPDATE regel SET merk = zeroblob(32) WHERE nr = (1 << 32) + 1",
            1,
        ),
        ("UPDATE zij SET inhoud = x'00' WHERE nr = (1 << 32) + 1", 1),
        ("DELETE FROM zij WHERE nr = (1 << 32) + 1", 1),
        ("DELETE FROM regel WHERE nr = (1 << 32) + 1", 1),
        ("DELETE FROM regel WHERE nr = (1 << 32) + 2", 1),
        ("UPDATE commit_log SET tijdstip_ms = 0 WHERE nummer = 2", 2),
        (
            "UPDATE commit_log SET request_id = zeroblob(16) WHERE nummer = 2",
            2,
        ),
        ("UPDATE commit_log SET regels = 0 WHERE nummer = 2", 2),
        (
            "UPDATE commit_log SET hash = zeroblob(32) WHERE nummer = 2",
            2,
        ),
        (
            "UPDATE commit_log SET vorige_hash = zeroblob(32) WHERE nummer = 2",
            2,
        ),
        (
            "UPDATE commit_log SET digest = zeroblob(32) WHERE nummer = 2",
            2,
        ),
        ("UPDATE commit_log SET tijdlijn = 7 WHERE nummer = 2", 2),
        ("DELETE FROM commit_log WHERE nummer = 2", 3),
    ] {
        let database = Database::new(Engine::Sqlite).await;
        let store = database.sqlite().await;
        for n in 1..=3_u32 {
            let lines = vec![
                leerbedrijf_line(n, "Een"),
                personen_line(n, "Piet"),
                school_line("S"),
            ];
            let request = Uuid::from_u128(n.into());
            store.append(request, at(1), lines).await.unwrap();
        }
        store.verify().await.unwrap();
        assert_eq!(execute(&database.path(), sql).await, 1, "{sql}");
        match store.verify().await {
            Err(StoreError::Damaged(what)) => {
                assert!(
                    what.starts_with(&format!("commit {commit}: ")),
                    "{sql}: {what}"
                );
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[tokio::test]
async fn its_files_are_for_the_owner_alone() {
    let database = Database::new(Engine::Sqlite).await;
    let path = database.path();
    // Somebody made it too generously.
    fs::write(&path, b"").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = database.sqlite().await;
    let stage = store.open_stage().await.unwrap();
    store.stage(stage, vec![school_line("S")]).await.unwrap();
    for suffix in ["", "-wal", "-shm", ".import-lock"] {
        assert_eq!(mode(&beside(&path, suffix)), 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn it_opens_only_what_is_its_own() {
    let database = Database::new(Engine::Sqlite).await;
    let path = database.path();
    assert_eq!(execute(&path, "CREATE TABLE iets (a)").await, 0);
    let other = SqliteStore::open(&path).await;
    assert!(matches!(other, Err(StoreError::Damaged(_))));

    let database = Database::new(Engine::Sqlite).await;
    let path = database.path();
    drop(database.sqlite().await);
    execute(&path, "PRAGMA user_version = 99").await;
    for newer in [
        SqliteStore::open(&path).await,
        SqliteStore::migrate(&path).await,
    ] {
        assert!(matches!(
            newer,
            Err(StoreError::Schema {
                found: 99,
                needed: 3
            })
        ));
    }
    let nowhere = SqliteStore::open(Path::new("/nergens/register.db")).await;
    assert!(matches!(nowhere, Err(StoreError::File { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_make_it_at_once_have_one_store() {
    let database = Database::new(Engine::Sqlite).await;
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let path = database.path();
            tokio::spawn(async move { SqliteStore::open(&path).await.unwrap() })
        })
        .collect();
    let mut pseudonyms = Vec::new();
    for store in opening {
        pseudonyms.push(store.await.unwrap().pseudonym("x"));
    }
    assert!(pseudonyms.windows(2).all(|two| two[0] == two[1]));
}

#[tokio::test]
async fn forgotten_people_stand_nowhere_in_its_files() {
    const NAAM: &str = "Pietertje Onvindbaar-Hierna";
    let database = Database::new(Engine::Sqlite).await;
    let store = database.sqlite().await;
    let stands = || {
        ["", "-wal"].iter().any(|suffix| {
            let bytes = fs::read(beside(&database.path(), suffix)).unwrap_or_default();
            bytes
                .windows(NAAM.len())
                .any(|window| window == NAAM.as_bytes())
        })
    };
    let append = async |n, lines| {
        store
            .append(Uuid::from_u128(n), at(1), lines)
            .await
            .unwrap();
    };
    append(1, vec![personen_line(1, NAAM)]).await;
    assert!(stands());
    let gone = removed(Soort::Personen, Sleutel::leerbedrijf(id(1)));
    append(2, vec![gone]).await;
    assert_eq!(store.forget_superseded().await.unwrap(), 1);
    assert!(!stands());
    store.verify().await.unwrap();
}

/// Whether this process has a lock on the file, by the system's own list.
fn is_locked(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let inode = format!(":{} ", std::fs::metadata(path).unwrap().ino());
    let process = format!(" {} ", std::process::id());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let ours = |line: &str| line.contains(&inode) && line.contains(&process);
    locks.lines().any(ours)
}

#[tokio::test]
async fn opening_it_once_more_leaves_the_locks_of_those_who_have_it_open() {
    let database = Database::new(Engine::Sqlite).await;
    let first = database.sqlite().await;
    first.head().await.unwrap();
    assert!(is_locked(&database.path()));
    let second = database.sqlite().await;
    assert!(is_locked(&database.path()));
    second.close().await;
    assert!(is_locked(&database.path()));
    first.head().await.unwrap();
}
