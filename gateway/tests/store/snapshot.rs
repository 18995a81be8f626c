//! Snapshot files: what is written is read back, and nothing else is.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use stagepoort::replica::{
    Replica, View,
    snapshot::{self, SnapshotError},
};
use uuid::Uuid;

use crate::{
    engine::{Database, Engine},
    follower::{catch_up, follower},
    samples::*,
};

/// A view with something of everything.
async fn sample() -> Arc<View> {
    let database = Database::new(Engine::Sqlite).await;
    let store = database.open().await;
    let mut lines = vec![
        opleiding_line("25180", "Kok"),
        equivalenten_line("25180", &["25655"]),
        equivalenten_line("25655", &[]),
        school_line("De School"),
        personen_line(1, "Piet"),
        bpvo_line(&*store, "b1", 3),
        bpvo_line(&*store, "b2", 3),
        postcodegebied_line(1012, 2),
        postcodegebied_line(3511, 0),
    ];
    lines.extend((1..9).map(|n| leerbedrijf_line(n, &format!("Bakker {n}"))));
    store
        .append(Uuid::from_u128(1), at(1), lines)
        .await
        .unwrap();
    let replica = Arc::new(Replica::new());
    catch_up(&mut follower(&store, &replica)).await;
    replica.view()
}

fn load(path: &Path) -> Result<Option<View>, SnapshotError> {
    Ok(snapshot::load(path)?.map(|loaded| loaded.view))
}

#[tokio::test]
async fn a_snapshot_gives_back_the_view_and_the_extra_section() {
    let view = sample().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    assert!(snapshot::load(&path).unwrap().is_none());
    snapshot::write(&path, &view, b"toegang").unwrap();
    // Over an earlier one, and over what a crash left beside it.
    fs::write(folder.path().join("snapshot.new"), b"half").unwrap();
    snapshot::write(&path, &view, b"toegang 2").unwrap();

    let loaded = snapshot::load(&path).unwrap().unwrap();
    assert_eq!(loaded.view, *view);
    assert_eq!(loaded.extra, b"toegang 2");
    assert!(loaded.view.is_loaded());
    let places = loaded.view.gazetteer();
    assert_eq!(places.aantallen().postcodes, 4);
    assert!(places.plaats("ergens").is_ok());
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_snapshot_that_was_changed_anywhere_is_refused() {
    let view = sample().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    snapshot::write(&path, &view, b"extra").unwrap();
    let right = fs::read(&path).unwrap();
    for place in 0..right.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut wrong = right.clone();
            wrong[place] ^= change;
            fs::write(&path, &wrong).unwrap();
            // A changed index version asks for a new index, which does not save it.
            assert!(load(&path).is_err(), "byte {place}");
        }
    }
    for length in 0..right.len() {
        fs::write(&path, &right[..length]).unwrap();
        assert!(load(&path).is_err(), "cut off at {length}");
    }
    fs::write(&path, [right.as_slice(), &[0]].concat()).unwrap();
    assert!(load(&path).is_err(), "continued");
    fs::write(&path, &right).unwrap();
    assert_eq!(load(&path).unwrap().unwrap(), *view);
}

/// As a node would write it whose memory is not what it took in: sealed, with other sums.
fn with_other_sums(right: &[u8]) -> Vec<u8> {
    const HEADER: usize = 68;
    const NUMBER: usize = 8;
    const TIJDLIJN: usize = 4 + NUMBER;
    const EMPTY_EXTRA: usize = 4;
    const COUNTS: usize = 2 * NUMBER;
    let tijdlijnen = u64::from_be_bytes(right[HEADER..HEADER + NUMBER].try_into().unwrap());
    let tijdlijnen = NUMBER + usize::try_from(tijdlijnen).unwrap() * TIJDLIJN;
    let sums = HEADER + tijdlijnen + EMPTY_EXTRA + COUNTS;
    let mut wrong = right[..right.len() - 32].to_vec();
    wrong[sums] ^= 1;
    let seal = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &wrong);
    wrong.extend_from_slice(seal.as_ref());
    wrong
}

#[tokio::test]
async fn a_refusal_says_why() {
    let view = sample().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    snapshot::write(&path, &view, &[]).unwrap();
    let right = fs::read(&path).unwrap();
    let refusal = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        load(&path).unwrap_err()
    };
    let other = refusal(&b"{\"voorloop\": 1}".repeat(9));
    assert!(matches!(other, SnapshotError::NoSnapshot));
    let mut newer = right.clone();
    newer[11] = 9;
    assert!(matches!(
        refusal(&newer),
        SnapshotError::Schema { found: 9, .. }
    ));
    let other_state = refusal(&with_other_sums(&right));
    assert!(
        other_state.to_string().contains("state hash"),
        "{other_state}"
    );
    let mut changed = right.clone();
    *changed.last_mut().unwrap() ^= 1;
    let changed = refusal(&changed);
    assert!(matches!(changed, SnapshotError::Damaged(_)), "{changed}");
    let missing_folder = folder.path().join("nergens/snapshot");
    assert!(matches!(
        snapshot::write(&missing_folder, &view, &[]),
        Err(SnapshotError::File { .. })
    ));
}
