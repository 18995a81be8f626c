//! Journals in real folders, and bytes that are cut and changed anywhere.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc, task::Poll, time::Duration};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{
    format::{self, HEADER_BYTES, Kop},
    segment::{self, Einde},
    *,
};
use crate::{
    clock::{Clock, SystemClock},
    domain::{LeerbedrijfId, Oin, Tijdstip},
};

const NEW: JournaalInstellingen = JournaalInstellingen {
    segment_bytes: 64 * 1024 * 1024,
    nieuw: [9; 16],
};

fn at(ms: i64) -> Tijdstip {
    Tijdstip::from_millis(ms).unwrap()
}

fn verwerking(seed: u8, people: usize) -> Verwerking {
    let sleutel = PseudonymSleutel::new([seed; 32]);
    let betrokkenen = (0..people).map(|nr| Vastgelegd {
        soort: BetrokkeneSoort::Persoon,
        pseudonym: sleutel.of_persoon(&nr.to_string()),
        leerbedrijf_id: LeerbedrijfId::parse("100000001").unwrap(),
    });
    Verwerking {
        spoor: Spoor::new(None, [seed; 32]),
        naam: "opvragenDetailgegevens".to_owned(),
        begin: at(i64::from(seed)),
        eind: at(i64::from(seed) + 1),
        status: Status::Gelukt,
        activiteit: "urn:x".to_owned(),
        afnemer_oin: Oin::parse("00000099000000002001").unwrap(),
        school_oin: Oin::parse("00000099000090AA0000").unwrap(),
        betrokkenen: betrokkenen.collect(),
    }
}

/// A segment with blocks of so many answers each, and where each block ends.
fn segment_of(blocks: &[Vec<Verwerking>]) -> (Vec<u8>, Vec<usize>) {
    let kop = Kop {
        journaal: [1; 16],
        segment: 1,
        eerste_blok: 1,
        begonnen_op: at(0),
        vorige: [0; 32],
    };
    let mut bytes = format::header(&kop).to_vec();
    let (_, mut hash) = format::read_header(&bytes).unwrap();
    let mut ends = vec![bytes.len()];
    for block in blocks {
        let (more, next) = format::block(&hash, block).unwrap();
        bytes.extend_from_slice(&more);
        hash = next;
        ends.push(bytes.len());
    }
    (bytes, ends)
}

fn read_all(bytes: &[u8]) -> (Vec<Vec<Verwerking>>, Option<Einde>) {
    let mut found = Vec::new();
    let read = segment::read(Path::new("x"), bytes, |_, _, blok| {
        found.push(blok.verwerkingen()?);
        Ok(())
    });
    (found, read.ok().map(|gelezen| gelezen.einde))
}

fn blocks() -> impl Strategy<Value = Vec<Vec<Verwerking>>> {
    let answer = (any::<u8>(), 0..4_usize).prop_map(|(seed, people)| verwerking(seed, people));
    proptest::collection::vec(proptest::collection::vec(answer, 0..3), 1..6)
}

proptest! {
    #[test]
    fn what_was_written_is_read(blocks in blocks()) {
        let (bytes, _) = segment_of(&blocks);
        prop_assert_eq!(read_all(&bytes), (blocks, Some(Einde::Heel)));
    }

    #[test]
    fn cut_anywhere_leaves_the_blocks_before_and_is_never_taken_for_damage(
        blocks in blocks(), cut: prop::sample::Index
    ) {
        let (bytes, ends) = segment_of(&blocks);
        let length = cut.index(bytes.len());
        let (found, einde) = read_all(&bytes[..length]);
        let whole = ends.iter().skip(1).filter(|end| **end <= length).count();
        prop_assert_eq!(&found[..], &blocks[..whole]);
        match einde {
            None => prop_assert!(length < HEADER_BYTES),
            Some(Einde::Heel) => prop_assert!(ends.contains(&length)),
            Some(Einde::Onaf(breuk)) => prop_assert_eq!(breuk.offset, ends[whole] as u64),
            Some(Einde::Kapot(breuk)) => prop_assert!(false, "{breuk}"),
        }
    }

    #[test]
    fn a_bit_changed_anywhere_is_noticed_and_cut_off_only_at_the_very_end(
        blocks in blocks(), at: prop::sample::Index, bit in 0..8_u8
    ) {
        let (mut bytes, ends) = segment_of(&blocks);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let (found, einde) = read_all(&bytes);
        let before = ends.iter().skip(1).filter(|end| **end <= at).count();
        match einde {
            None => prop_assert!(at < HEADER_BYTES),
            Some(Einde::Heel) => prop_assert!(false, "byte {at} was changed"),
            Some(Einde::Onaf(_)) => {
                prop_assert_eq!(before + 1, blocks.len());
                prop_assert_eq!(&found[..], &blocks[..before]);
            }
            Some(Einde::Kapot(breuk)) => {
                prop_assert!(before + 1 < blocks.len());
                prop_assert_eq!(breuk.offset, ends[before] as u64);
                prop_assert_eq!(&found[..], &blocks[..before]);
            }
        }
    }
}

fn folder() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let map = folder.path().join("verwerkingslog");
    (folder, map)
}

fn write(map: &Path, instellingen: JournaalInstellingen, seeds: std::ops::Range<u8>) -> Geopend {
    let (mut journaal, geopend) = Journaal::open(map, instellingen, at(0)).unwrap();
    for seed in seeds {
        journaal.append(&[verwerking(seed, 2)], at(1)).unwrap();
    }
    geopend
}

#[test]
fn a_journal_goes_on_over_restarts_and_segments() {
    let (_folder, map) = folder();
    let small = JournaalInstellingen {
        segment_bytes: 600,
        ..NEW
    };
    write(&map, small, 0..5);
    let geopend = write(&map, small, 5..9);
    assert_eq!((geopend.laatste_blok, geopend.afgekapt_bytes), (5, 0));
    let oordeel = verify(&map).unwrap();
    assert!(oordeel.is_heel() && oordeel.onaf.is_none(), "{oordeel:?}");
    assert_eq!(oordeel.blokken, Some((1, 9)));
    assert_eq!((oordeel.verwerkingen, oordeel.records), (9, 18));
    let (_, last) = oordeel.segmenten.unwrap();
    assert!(last > 2, "{last}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&map), 0o700);
    for entry in fs::read_dir(&map).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    // Read in parts, on from any place, it is the same.
    let mut lezer = Lezer::new(&map, None);
    let mut found = Vec::new();
    loop {
        let some = lezer.volgende(u64::MAX, 1).unwrap();
        let Some(last) = some.last() else { break };
        lezer = Lezer::new(&map, Some(last.na));
        found.extend(some);
    }
    let seeds: Vec<u8> = (0..9).collect();
    let expect: Vec<Vec<Verwerking>> = seeds.iter().map(|s| vec![verwerking(*s, 2)]).collect();
    let answers: Vec<Vec<Verwerking>> = found.iter().map(|b| b.verwerkingen.clone()).collect();
    assert_eq!(answers, expect);
    assert!(found.iter().all(|blok| blok.journaal == NEW.nieuw));
    assert_eq!(found[8].na.hash, oordeel.laatste_hash);
    // No further than what is said to be on the disk.
    let some = Lezer::new(&map, None).volgende(1, usize::MAX).unwrap();
    assert_eq!(some.len(), 1);
    // What was shipped may be removed, from the front.
    fs::remove_file(Map::new(&map).segment(1)).unwrap();
    assert!(verify(&map).unwrap().is_heel());
    write(&map, small, 9..20);
    // In the middle it is missed.
    fs::remove_file(Map::new(&map).segment(3)).unwrap();
    let oordeel = verify(&map).unwrap();
    assert_eq!(oordeel.breuken[0].fout, Fout::Aansluiting, "{oordeel:?}");
}

#[test]
fn an_unfinished_write_is_cut_off_and_kept_aside() {
    let (_folder, map) = folder();
    write(&map, NEW, 0..3);
    let path = Map::new(&map).segment(1);
    let whole = fs::read(&path).unwrap();
    let torn = [&whole[..], &[0, 0, 1, 0, 7, 7, 7]].concat();
    fs::write(&path, &torn).unwrap();
    assert_eq!(verify(&map).unwrap().onaf.unwrap().fout, Fout::Afgebroken);
    let geopend = write(&map, NEW, 0..0);
    assert_eq!((geopend.laatste_blok, geopend.afgekapt_bytes), (3, 7));
    assert_eq!(fs::read(&path).unwrap(), whole);
    let aside = map.join(format!("verwerkingen-00000001.afgekapt-{}", whole.len()));
    assert_eq!(fs::read(aside).unwrap(), [0, 0, 1, 0, 7, 7, 7]);
    write(&map, NEW, 3..4);
    assert_eq!(verify(&map).unwrap().blokken, Some((1, 4)));
}

#[test]
fn a_segment_that_was_not_begun_is_begun_anew() {
    for length in [0, 40, HEADER_BYTES] {
        let (_folder, map) = folder();
        let one = JournaalInstellingen {
            segment_bytes: 1,
            ..NEW
        };
        write(&map, one, 0..1);
        fs::write(Map::new(&map).segment(2), vec![0; length]).unwrap();
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(Map::new(&map).segment(2), mode).unwrap();
        assert!(verify(&map).unwrap().onaf.is_some(), "{length}");
        write(&map, one, 1..2);
        let oordeel = verify(&map).unwrap();
        assert!(oordeel.is_heel() && oordeel.onaf.is_none(), "{length}");
        assert_eq!(oordeel.blokken, Some((1, 2)));
    }
}

#[test]
fn nothing_is_written_behind_a_broken_chain() {
    let (_folder, map) = folder();
    let small = JournaalInstellingen {
        segment_bytes: 400,
        ..NEW
    };
    write(&map, small, 0..6);
    let files = Map::new(&map);
    let (_, last) = verify(&map).unwrap().segmenten.unwrap();
    let flip = |nummer: u64, at: usize| {
        let path = files.segment(nummer);
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
    };
    let refused = || Journaal::open(&map, small, at(9)).unwrap_err();
    // In the last segment, before its end.
    flip(last, HEADER_BYTES + 10);
    let JournaalError::Kapot(breuk) = refused() else {
        panic!("it was opened")
    };
    assert_eq!(breuk.offset, HEADER_BYTES as u64);
    let oordeel = verify(&map).unwrap();
    assert_eq!(oordeel.breuken, [breuk]);
    flip(last, HEADER_BYTES + 10);
    // At the end of the one before.
    let end = fs::read(files.segment(last - 1)).unwrap().len() - 1;
    flip(last - 1, end);
    assert!(matches!(refused(), JournaalError::Kapot(_)));
    flip(last - 1, end);
    // Further back it takes the whole look.
    flip(1, HEADER_BYTES + 10);
    drop(Journaal::open(&map, small, at(9)).unwrap());
    assert_eq!(verify(&map).unwrap().breuken.len(), 1);
}

#[test]
fn one_process_writes_and_nobody_else_reads() {
    let (_folder, map) = folder();
    let open = || Journaal::open(&map, NEW, at(0));
    let (journaal, _) = open().unwrap();
    let second = open().unwrap_err();
    assert!(
        matches!(second, JournaalError::Map(MapError::Bezet(_))),
        "{second}"
    );
    drop(journaal);
    drop(open().unwrap());
    for path in [map.clone(), Map::new(&map).segment(1)] {
        let before = fs::metadata(&path).unwrap().permissions();
        let mode = before.mode() | 0o040;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = open().unwrap_err();
        assert!(matches!(refused, JournaalError::Map(MapError::Open { .. })));
        fs::set_permissions(&path, before).unwrap();
    }
    drop(open().unwrap());
}

fn grenzen(wachtrij: usize) -> Grenzen {
    Grenzen {
        wachtrij,
        wacht: Duration::from_secs(2),
        activiteit: "urn:x:".to_owned(),
    }
}

fn uitgifte() -> Uitgifte {
    Uitgifte {
        naam: "opvragenDetailgegevens",
        spoor: Spoor::new(None, [4; 32]),
        begin: at(0),
        status: Status::Gelukt,
        afnemer_oin: Oin::parse("00000099000000002001").unwrap(),
        school_oin: Oin::parse("00000099000090AA0000").unwrap(),
    }
}

fn over(ids: &[&str]) -> Vec<(Uitgifte, Vec<Betrokkene>)> {
    let people = ids.iter().map(|id| Betrokkene::Persoon {
        persoon_id: (*id).to_owned(),
        leerbedrijf_id: LeerbedrijfId::parse("100000001").unwrap(),
    });
    vec![(uitgifte(), people.collect())]
}

/// Whether a future is not ready yet.
async fn waits<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

#[tokio::test]
async fn an_answer_waits_for_its_record_and_those_that_wait_go_together() {
    let (log, wachtrij) = Verwerkingslog::with_queue(grenzen(8), clock());
    let (two, one) = (over(&["P2", "P1", "P2"]), over(&["P3"]));
    assert_eq!(log.leg_vast(&two).await, Err(NietVastgelegd::GeenSleutel));
    log.set_sleutel(PseudonymSleutel::new([1; 32]));
    let mut first = std::pin::pin!(log.leg_vast(&two));
    let mut second = std::pin::pin!(log.leg_vast(&one));
    assert!(waits(first.as_mut()).await);
    assert!(waits(second.as_mut()).await);
    let Volgende::Groepen(groepen) = wachtrij.volgende(None) else {
        panic!("nothing came")
    };
    assert_eq!(groepen.len(), 2);
    let written = &groepen[0].verwerkingen()[0];
    assert_eq!(written.betrokkenen.len(), 2, "each person once");
    assert_eq!(written.activiteit, "urn:x:opvragenDetailgegevens");
    assert!(waits(first.as_mut()).await);
    let mut groepen = groepen.into_iter();
    groepen.next().unwrap().klaar(Ok(()));
    groepen.next().unwrap().klaar(Err(NietVastgelegd::Schijf));
    assert_eq!(first.await, Ok(()));
    assert_eq!(second.await, Err(NietVastgelegd::Schijf));
    // About nobody: nothing is asked.
    assert_eq!(log.leg_vast(&over(&[])).await, Ok(()));
    assert!(matches!(
        wachtrij.volgende(Some(Duration::ZERO)),
        Volgende::Stil
    ));
}

#[tokio::test(start_paused = true)]
async fn waiting_is_bounded_in_number_and_time() {
    let (log, wachtrij) = Verwerkingslog::with_queue(grenzen(1), clock());
    log.set_sleutel(PseudonymSleutel::new([1; 32]));
    let people = over(&["P1"]);
    let first = log.leg_vast(&people);
    let mut first = std::pin::pin!(first);
    assert!(waits(first.as_mut()).await);
    assert_eq!(log.leg_vast(&people).await, Err(NietVastgelegd::Vol));
    assert_eq!(first.await, Err(NietVastgelegd::TeLaat));
    drop(wachtrij);
    assert_eq!(log.leg_vast(&people).await, Err(NietVastgelegd::Gesloten));
}

#[tokio::test]
async fn what_is_recorded_is_on_the_disk_and_a_closed_log_lets_go_of_it() {
    let (_folder, map) = folder();
    let start = || {
        let instellingen = Instellingen {
            map: map.clone(),
            journaal: NEW,
            grenzen: grenzen(8),
        };
        let log = Verwerkingslog::start(instellingen, clock()).unwrap();
        log.set_sleutel(PseudonymSleutel::new([1; 32]));
        log
    };
    for answers in 1..=2 {
        let log = start();
        assert!(log.is_gezond());
        log.leg_vast(&over(&["P1", "P2"])).await.unwrap();
        assert_eq!(verify(&map).unwrap().verwerkingen, answers);
        assert_eq!(*log.volg().borrow(), answers);
        assert!(log.toestand().geschreven_op.is_some());
        log.close();
        let closed = log.leg_vast(&over(&["P1"])).await;
        assert_eq!(closed, Err(NietVastgelegd::Gesloten));
    }
    let text: Vec<u8> = fs::read(Map::new(&map).segment(1)).unwrap();
    let holds = |needle: &[u8]| text.windows(needle.len()).any(|part| part == needle);
    assert!(holds(b"opvragenDetailgegevens") && !holds(b"P1"));
}

#[tokio::test]
async fn a_journal_that_cannot_be_opened_refuses_until_it_can() {
    let (_folder, map) = folder();
    write(&map, NEW, 0..1);
    let (other, _) = Journaal::open(&map, NEW, at(0)).unwrap();
    let instellingen = Instellingen {
        map: map.clone(),
        journaal: NEW,
        grenzen: grenzen(8),
    };
    let log = Verwerkingslog::start(instellingen, clock()).unwrap();
    log.set_sleutel(PseudonymSleutel::new([1; 32]));
    assert!(log.toestand().reden.unwrap().contains("another process"));
    let people = over(&["P1"]);
    assert_eq!(log.leg_vast(&people).await, Err(NietVastgelegd::Schijf));
    drop(other);
    let mut seen = log.volg();
    // By itself, within a second or so.
    seen.wait_for(|blok| *blok > 0).await.unwrap();
    assert_eq!(log.leg_vast(&people).await, Ok(()));
    assert_eq!(log.toestand().reden, None);
    log.close();
    assert!(!log.is_gezond());
}

#[test]
fn a_disk_that_hangs_is_told() {
    struct At(i64);
    impl Clock for At {
        fn now(&self) -> Tijdstip {
            at(self.0)
        }
    }
    let (log, _wachtrij) = Verwerkingslog::with_queue(grenzen(1), Arc::new(At(10_000)));
    log.set_sleutel(PseudonymSleutel::new([1; 32]));
    log.stand.set_busy(Some(at(8_000)));
    assert_eq!(log.toestand().reden, None);
    log.stand.set_busy(Some(at(7_000)));
    assert!(log.toestand().reden.unwrap().contains("too long"));
    log.stand.set_busy(None);
    assert!(log.is_gezond());
}
