//! The follower: what a replica shows while the log grows, breaks or is replaced.

use std::{sync::Arc, time::Duration};

use stagepoort::{
    clock::Clock,
    domain::{FoldedNaam, Oin, RegisterVersie, Tijdstip},
    geo::PlaatsSleutel,
    log::{Line, LogStore, Publication, Sleutel, Soort},
    register::import::import_postcodes,
    replica::{Follower, FollowerError, Progress, Replica, View},
};
use uuid::Uuid;

use crate::{
    engine::{Database, Engine, on_every_engine},
    samples::*,
};

on_every_engine! {
    a_view_answers_from_what_was_published,
    each_commit_replaces_what_it_names_and_old_views_stay,
    an_imported_table_is_followed_as_any_commit_is,
    nothing_is_shown_before_the_first_head_is_reached,
    a_commit_that_cannot_be_applied_stops_it_on_the_last_good_state,
    another_history_is_loaded_anew_while_the_old_one_answers,
    at_least_waits_for_the_version_and_no_longer,
    an_import_of_many_lines_becomes_one_view,
}

pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Tijdstip {
        at(500)
    }
}

pub(crate) fn follower(store: &Arc<dyn LogStore>, replica: &Arc<Replica>) -> Follower {
    Follower::new(Arc::clone(store), Arc::clone(replica), Arc::new(FixedClock))
}

pub(crate) async fn catch_up(follower: &mut Follower) {
    while follower.step().await.unwrap() != Progress::UpToDate {}
}

async fn append(store: &dyn LogStore, n: u128, lines: Vec<Line>) {
    store
        .append(Uuid::from_u128(n), at(i64::try_from(n).unwrap()), lines)
        .await
        .unwrap();
}

fn versie(tijdlijn: u32, nummer: u64) -> RegisterVersie {
    RegisterVersie { tijdlijn, nummer }
}

async fn a_view_answers_from_what_was_published(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let mut lines = vec![
        opleiding_line("25180", "Kok"),
        equivalenten_line("25180", &["25655"]),
        school_line("De School"),
        personen_line(1, "Piet"),
        bpvo_line(&*store, "b1", 3),
        bpvo_line(&*store, "b2", 3),
        bpvo_line(&*store, "b3", 4),
    ];
    lines.extend((1..6).map(|n| leerbedrijf_line(n, &format!("Bakker {} B.V.", n % 2))));
    append(&*store, 1, lines).await;
    let replica = Arc::new(Replica::new());
    catch_up(&mut follower(&store, &replica)).await;

    let view = replica.view();
    assert!(view.is_loaded());
    assert_eq!((view.versie(), view.tijdstip()), (versie(1, 1), at(1)));
    assert_eq!(view.head_hash(), store.head().await.unwrap().hash);
    assert_eq!(view.kern(id(1)).unwrap().naam, "Bakker 1 B.V.");
    let whole = leerbedrijf(1, "Bakker 1 B.V.", "1012AB");
    assert_eq!(view.leerbedrijf(id(1)), Some(whole));
    assert_eq!(view.kern(id(9)), None);
    assert_eq!(view.personen(id(1)).unwrap().contactpersonen.len(), 1);
    assert_eq!(view.personen(id(2)), None);
    assert_eq!(view.opleiding(code("25180")).unwrap().opleidingsnaam, "Kok");
    assert_eq!(view.equivalenten(code("25180")).len(), 1);
    assert_eq!(view.equivalenten(code("25655")), []);
    let oin = Oin::parse(SCHOOL).unwrap();
    assert_eq!(view.school(oin).unwrap().naam, "De School");
    assert_eq!(view.bpvos_at(id(3)).count(), 2);
    assert_eq!(view.bpvos_at(id(2)).count(), 0);
    let odd = FoldedNaam::new("BAKKER 1 bv");
    assert_eq!(view.by_naam(&odd), [id(1), id(3), id(5)]);
    assert_eq!(view.by_naam(&FoldedNaam::new("")), []);
    assert_eq!(view.by_postcode("NL", "1012 ab").len(), 5);
    assert_eq!(view.by_postcode("BE", "1012AB"), []);
    assert_eq!(view.by_postcode("be", "2000"), [id(3)]);
    let aantallen = view.aantallen();
    assert_eq!((aantallen.leerbedrijven, aantallen.erkenningen), (5, 7));
    assert_eq!((aantallen.personen, aantallen.bpvos), (2, 3));
    assert_eq!(view.leerbedrijf_ids().count(), 5);
}

async fn each_commit_replaces_what_it_names_and_old_views_stay(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    append(&*store, 1, vec![leerbedrijf_line(3, "Oud")]).await;
    let replica = Arc::new(Replica::new());
    let mut follower = follower(&store, &replica);
    catch_up(&mut follower).await;
    let old = replica.view();

    append(
        &*store,
        2,
        vec![leerbedrijf_line(3, "Nieuw"), bpvo_line(&*store, "b1", 3)],
    )
    .await;
    assert_eq!(
        follower.step().await.unwrap(),
        Progress::Applied(versie(1, 2))
    );
    let new = replica.view();
    assert_eq!(old.by_naam(&FoldedNaam::new("oud")), [id(3)]);
    assert_eq!(new.by_naam(&FoldedNaam::new("oud")), []);
    assert_eq!(new.by_naam(&FoldedNaam::new("nieuw")), [id(3)]);

    // The bpvo moves, the leerbedrijf goes.
    let gone = removed(Soort::Leerbedrijf, Sleutel::leerbedrijf(id(3)));
    append(&*store, 3, vec![bpvo_line(&*store, "b1", 4), gone]).await;
    catch_up(&mut follower).await;
    let last = replica.view();
    assert_eq!(last.bpvos_at(id(3)).count(), 0);
    assert_eq!(last.bpvos_at(id(4)).count(), 1);
    assert_eq!(last.by_postcode("NL", "1012AB"), []);
    assert_eq!(last.aantallen().erkenningen, 0);
    assert!(!last.is_loaded(), "no leerbedrijf, no answers");
}

async fn an_imported_table_is_followed_as_any_commit_is(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let replica = Arc::new(Replica::new());
    let mut follower = follower(&store, &replica);
    append(&*store, 1, vec![leerbedrijf_line(2, "Twee")]).await;
    catch_up(&mut follower).await;
    let own = replica.view();
    let place = |view: &View| view.gazetteer().plaats("Ergens").unwrap();
    assert_eq!(place(&own).centrum.unwrap().lat, 52.373_002);

    for (tables, areas, lat) in [
        (&[(1012, 1), (3511, 2)][..], 2, 52.001_5),
        (&[(1012, 2)], 1, 52.002),
        (&[(1012, 2)], 1, 52.002),
    ] {
        let table: Vec<_> = tables.iter().map(|(a, k)| postcodegebied(*a, *k)).collect();
        let report = import_postcodes(&store, &table, &FixedClock).await.unwrap();
        catch_up(&mut follower).await;
        let view = replica.view();
        assert_eq!(view.versie(), report.versie);
        assert_eq!(view.aantallen().postcodegebieden, areas);
        let place = place(&view);
        assert_eq!(place.centrum.unwrap().lat, lat);
        let here = leerbedrijf(3, "Drie", "1012AB").gegevens.vestigingsadres;
        assert_eq!(PlaatsSleutel::of(&here), Some(place.sleutel));
    }
    assert_eq!(
        replica.view().versie(),
        versie(1, 3),
        "a repeat is no commit"
    );
    assert_eq!(own.aantallen().postcodegebieden, 0, "old views stay");
}

async fn nothing_is_shown_before_the_first_head_is_reached(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    for n in 1..=70 {
        append(&*store, n, vec![leerbedrijf_line(1, "Een")]).await;
    }
    let replica = Arc::new(Replica::new());
    let mut follower = follower(&store, &replica);
    let status = follower.status();
    assert_eq!(
        follower.step().await.unwrap(),
        Progress::Applied(versie(1, 64))
    );
    assert!(!replica.view().is_loaded());
    assert_eq!(replica.view().versie(), versie(0, 0));
    let seen = status.borrow().clone();
    assert_eq!((seen.head, seen.applied), (70, 64));
    assert_eq!(seen.last_step, Some(at(500)));
    catch_up(&mut follower).await;
    assert!(replica.view().is_loaded());
    assert_eq!(replica.view().versie(), versie(1, 70));
}

async fn a_commit_that_cannot_be_applied_stops_it_on_the_last_good_state(engine: Engine) {
    for (what, wrong) in [
        (
            "unreadable",
            set(
                Soort::Leerbedrijf,
                Sleutel::leerbedrijf(id(2)),
                vec![1, 2, 3],
            ),
        ),
        (
            "other object",
            Line {
                sleutel: Sleutel::leerbedrijf(id(2)),
                ..leerbedrijf_line(3, "Drie")
            },
        ),
        (
            "postcodes out of order",
            set(Soort::Postcodegebied, Sleutel::postcodegebied(1012), {
                let mut wrong = postcodegebied(1012, 1);
                wrong.postcodes.reverse();
                postcard::to_stdvec(&wrong).unwrap()
            }),
        ),
        (
            "other area",
            Line {
                sleutel: Sleutel::postcodegebied(1013),
                ..postcodegebied_line(1012, 0)
            },
        ),
        ("wrong key", set(Soort::Bpvo, Sleutel([1].into()), vec![0])),
        (
            "longer than it is",
            set(
                Soort::School,
                school_line("S").sleutel,
                [content(&school_line("S")), vec![0]].concat(),
            ),
        ),
    ] {
        let database = Database::new(engine).await;
        let store = database.open().await;
        append(&*store, 1, vec![leerbedrijf_line(1, "Een")]).await;
        let replica = Arc::new(Replica::new());
        let mut follower = follower(&store, &replica);
        catch_up(&mut follower).await;
        let good = replica.view();
        append(&*store, 2, vec![leerbedrijf_line(1, "Twee"), wrong]).await;
        append(&*store, 3, vec![leerbedrijf_line(1, "Drie")]).await;

        let error = follower.step().await.unwrap_err();
        assert!(
            matches!(
                error,
                FollowerError::Apply {
                    nummer: 2,
                    line: 1,
                    ..
                }
            ),
            "{what}: {error}"
        );
        for _ in 0..2 {
            assert_eq!(follower.step().await.unwrap(), Progress::Stopped, "{what}");
        }
        assert_eq!(replica.view(), good, "{what}");
        let status = follower.status().borrow().clone();
        assert!(
            status.stopped.unwrap().reden.starts_with("commit 2 "),
            "{what}"
        );
        assert_eq!((status.head, status.applied), (3, 1), "{what}");
    }
}

async fn another_history_is_loaded_anew_while_the_old_one_answers(engine: Engine) {
    let (one, two) = (Database::new(engine).await, Database::new(engine).await);
    let (first, second) = (one.open().await, two.open().await);
    for n in 1..=3 {
        append(&*first, n, vec![leerbedrijf_line(1, "Een")]).await;
    }
    let replica = Arc::new(Replica::new());
    catch_up(&mut follower(&first, &replica)).await;

    // Shorter, as long, longer than the one before.
    for n in 1..=70 {
        append(&*second, n + 100, vec![leerbedrijf_line(2, "Twee")]).await;
        let new = Arc::new(Replica::with((*replica.view()).clone()));
        let mut follower = follower(&second, &new);
        if n == 70 {
            assert_eq!(follower.step().await.unwrap(), Progress::Reloading);
            follower.step().await.unwrap();
            assert_eq!(new.view().versie(), versie(1, 3), "not half of it");
        }
        if n % 23 < 5 {
            catch_up(&mut follower).await;
            assert_eq!(new.view().versie().nummer, u64::try_from(n).unwrap());
            assert_eq!(new.view().kern(id(1)), None);
            assert!(new.view().kern(id(2)).is_some());
        }
    }
}

#[tokio::test]
async fn a_restore_gives_the_same_register_another_tijdlijn() {
    let database = Database::new(Engine::Sqlite).await;
    let sqlite = database.sqlite().await;
    append(&sqlite, 1, vec![leerbedrijf_line(1, "Een")]).await;
    let store: Arc<dyn LogStore> = database.open().await;
    let replica = Arc::new(Replica::new());
    let mut follower = follower(&store, &replica);
    catch_up(&mut follower).await;

    assert_eq!(sqlite.begin_tijdlijn().await.unwrap(), 2);
    catch_up(&mut follower).await;
    assert_eq!(replica.view().versie(), versie(2, 1), "nothing else is new");
    append(&sqlite, 2, vec![leerbedrijf_line(2, "Twee")]).await;
    assert_eq!(
        follower.step().await.unwrap(),
        Progress::Applied(versie(2, 2)),
        "it goes on from what this node has"
    );
    sqlite.verify().await.unwrap();
    let long = Duration::from_secs(3600);
    let old = replica.at_least(versie(1, 1), long).await.unwrap();
    assert_eq!(old.versie(), versie(2, 2), "the new tijdlijn holds it");
    let lost = replica.at_least(versie(1, 2), long).await.unwrap_err();
    assert_eq!(
        (lost.aanwezig, lost.vervallen_sinds),
        (versie(2, 2), Some(2)),
        "it never comes back"
    );
}

async fn at_least_waits_for_the_version_and_no_longer(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    append(&*store, 1, vec![leerbedrijf_line(1, "Een")]).await;
    let replica = Arc::new(Replica::new());
    let runner = follower(&store, &replica);
    let waker = runner.waker();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(runner.run(async move {
        let _ = stopped.await;
    }));
    let long = Duration::from_secs(60);
    assert_eq!(
        replica.at_least(versie(1, 1), long).await.unwrap().versie(),
        versie(1, 1)
    );
    append(&*store, 2, vec![leerbedrijf_line(2, "Twee")]).await;
    waker.notify_one();
    let view = replica.at_least(versie(1, 2), long).await.unwrap();
    assert!(view.kern(id(2)).is_some());
    let have = replica.at_least(versie(1, 3), Duration::ZERO).await;
    let have = have.unwrap_err();
    assert_eq!((have.aanwezig, have.vervallen_sinds), (versie(1, 2), None));
    drop(stop);
    running.await.unwrap();
}

async fn an_import_of_many_lines_becomes_one_view(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let replica = Arc::new(Replica::new());
    let mut follower = follower(&store, &replica);
    catch_up(&mut follower).await;
    let stage = store.open_stage().await.unwrap();
    let lines = (0..5_000).map(|n| leerbedrijf_line(n, "Een"));
    store.stage(stage, lines.collect()).await.unwrap();
    assert_eq!(follower.step().await.unwrap(), Progress::UpToDate);
    let publication = Publication {
        stage,
        request_id: Uuid::from_u128(1),
        tijdstip: at(1),
        only_at: None,
    };
    store.publish(publication).await.unwrap();
    catch_up(&mut follower).await;
    assert_eq!(replica.view().aantallen().leerbedrijven, 5_000);
    assert_eq!(replica.view().by_naam(&FoldedNaam::new("een")).len(), 5_000);
}
