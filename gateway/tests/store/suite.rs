//! The rules of `LogStore`, which every engine keeps.

use std::sync::Arc;

use stagepoort::log::{
    CommitInfo, Inhoud, Line, LogStore, Publication, Sleutel, Soort, StageId, StoreError,
};
use uuid::Uuid;

use crate::{
    engine::{Database, Engine, on_every_engine},
    samples::*,
};

on_every_engine! {
    an_empty_log_has_head_zero,
    lines_come_back_as_they_were_appended,
    a_conditional_append_is_written_only_where_the_log_still_ends,
    a_conditional_publication_waits_for_what_others_wrote,
    many_commits_are_read_together_as_they_are_one_by_one,
    a_stage_becomes_visible_whole_and_only_by_its_publication,
    a_request_id_is_fulfilled_once,
    what_a_dead_import_staged_is_thrown_away,
    one_import_stages_at_a_time_over_all_programs,
    the_current_value_is_that_of_the_last_commit_and_not_of_the_last_stage,
    within_a_commit_the_last_line_counts_and_removed_is_gone,
    a_scan_goes_through_all_in_key_order,
    people_are_forgotten_once_superseded_and_the_log_still_holds,
    many_small_commits_are_forgotten_and_nothing_else_is,
    what_may_not_be_written_is_refused_and_leaves_nothing,
    a_pseudonym_is_the_same_over_programs_and_differs_over_stores,
    a_reader_sees_every_commit_in_order_while_many_write,
}

fn request(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn publication(stage: StageId, n: u128) -> Publication {
    Publication {
        stage,
        request_id: request(n),
        tijdstip: at(i64::try_from(n).unwrap()),
        only_at: None,
    }
}

async fn append(store: &dyn LogStore, n: u128, lines: Vec<Line>) -> CommitInfo {
    let tijdstip = at(i64::try_from(n).unwrap());
    store.append(request(n), tijdstip, lines).await.unwrap()
}

async fn all_lines(store: &dyn LogStore, nummer: u64) -> Vec<Line> {
    let commit = store.commits_after(nummer - 1, 1).await.unwrap().remove(0);
    let mut lines: Vec<Line> = Vec::new();
    loop {
        let from = lines.len() as u64;
        let some = store.lines(&commit, from, 3).await.unwrap();
        assert!(some.len() <= 3);
        if some.is_empty() {
            return lines;
        }
        lines.extend(some);
    }
}

async fn an_empty_log_has_head_zero(engine: Engine) {
    let store = Database::new(engine).await;
    let store = store.open().await;
    let head = store.head().await.unwrap();
    assert_eq!((head.tijdlijn, head.nummer, head.hash), (1, 0, [0; 32]));
    assert_eq!(store.verify().await.unwrap(), head);
    assert_eq!(store.commits_after(0, 10).await.unwrap(), []);
}

async fn lines_come_back_as_they_were_appended(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let lines = vec![
        leerbedrijf_line(1, "Een"),
        personen_line(1, "Piet"),
        bpvo_line(&*store, "b1", 1),
        set(Soort::Levering, Sleutel::levering("L1"), Vec::new()),
        removed(Soort::School, Sleutel(b"weg".as_slice().into())),
        set(Soort::Mutatie, Sleutel::mutatie(request(9)), vec![0; 5000]),
    ];
    let commit = append(&*store, 1, lines.clone()).await;
    assert_eq!(
        (commit.nummer, commit.regels, commit.vorige_hash),
        (1, 6, [0; 32])
    );
    assert_eq!(all_lines(&*store, 1).await, lines);
    let head = store.head().await.unwrap();
    assert_eq!((head.nummer, head.hash), (1, commit.hash));
    assert_eq!(store.commits_after(0, 10).await.unwrap(), [commit]);
    assert_eq!(store.verify().await.unwrap(), head);
}

async fn a_conditional_publication_waits_for_what_others_wrote(engine: Engine) {
    let database = Database::new(engine).await;
    let (store, other) = (database.open().await, database.open().await);
    let stage = store.open_stage().await.unwrap();
    let line = |naam| vec![leerbedrijf_line(1, naam)];
    store.stage(stage, line("Een")).await.unwrap();
    append(&*other, 1, line("Ander")).await;
    let at = |only_at| Publication {
        only_at: Some(only_at),
        ..publication(stage, 2)
    };
    let refused = store.publish(at(0)).await;
    assert!(matches!(refused, Err(StoreError::Overtaken { nummer: 1 })));
    // The stage is still open: what was found is added, and all of it is published.
    store.stage(stage, line("Twee")).await.unwrap();
    let commit = store.publish(at(1)).await.unwrap();
    assert_eq!((commit.nummer, commit.regels), (2, 2));
    assert_eq!(store.publish(at(0)).await.unwrap(), commit, "a repeat");
    store.verify().await.unwrap();
}

async fn a_conditional_append_is_written_only_where_the_log_still_ends(engine: Engine) {
    let database = Database::new(engine).await;
    let (store, other) = (database.open().await, database.open().await);
    let append_at = async |store: &dyn LogStore, nummer, n| {
        let lines = vec![leerbedrijf_line(1, &format!("Naam {n}"))];
        let appended = store.append_at(nummer, request(n), at(1), lines);
        appended.await.unwrap().map(|commit| commit.nummer)
    };
    assert_eq!(append_at(&*store, 0, 1).await, Some(1));
    assert_eq!(append_at(&*other, 1, 2).await, Some(2));
    assert_eq!(append_at(&*store, 1, 3).await, None, "the other came first");
    assert_eq!(append_at(&*store, 1, 1).await, Some(1), "a repeat");
    assert_eq!(append_at(&*store, 2, 3).await, Some(3));
    assert_eq!(store.head().await.unwrap().nummer, 3);
    store.verify().await.unwrap();
}

async fn many_commits_are_read_together_as_they_are_one_by_one(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    // A stage that is never published lies between their lines.
    let stage = store.open_stage().await.unwrap();
    let staged = vec![leerbedrijf_line(9, "Nooit")];
    store.stage(stage, staged).await.unwrap();
    for n in 1..=70_u32 {
        let lines = match n % 4 {
            0 => Vec::new(),
            1 => vec![leerbedrijf_line(n, "Een"), personen_line(n, "Piet")],
            2 => vec![removed(Soort::School, Sleutel(b"weg".as_slice().into()))],
            _ => vec![bpvo_line(&*store, &n.to_string(), 1)],
        };
        append(&*store, u128::from(n), lines).await;
    }
    let commits = store.commits_after(0, 100).await.unwrap();
    assert_eq!(commits.len(), 70);
    let together = store.lines_of(&commits).await.unwrap();
    assert_eq!(together.len(), 70);
    for (commit, lines) in commits.iter().zip(&together) {
        assert_eq!(all_lines(&*store, commit.nummer).await, *lines);
        assert_eq!(lines.len() as u64, commit.regels);
    }
    let backwards = [commits[8].clone(), commits[4].clone()];
    let found = store.lines_of(&backwards).await.unwrap();
    assert_eq!(found, [together[8].clone(), together[4].clone()]);
    assert_eq!(store.lines_of(&[]).await.unwrap(), Vec::<Vec<Line>>::new());
}

async fn a_stage_becomes_visible_whole_and_only_by_its_publication(engine: Engine) {
    let database = Database::new(engine).await;
    let (writer, reader) = (database.open().await, database.open().await);
    let stage = writer.open_stage().await.unwrap();
    // More than one write transaction.
    let lines: Vec<Line> = (0..6_000).map(|n| leerbedrijf_line(n, "Een")).collect();
    for party in lines.chunks(1_700) {
        writer.stage(stage, party.to_vec()).await.unwrap();
        assert_eq!(reader.head().await.unwrap().nummer, 0);
        let keys = [Sleutel::leerbedrijf(id(1))];
        let seen = reader.current(Soort::Leerbedrijf, &keys).await.unwrap();
        assert_eq!(seen, []);
        let seen = reader.scan(Soort::Leerbedrijf, None, 10).await.unwrap();
        assert_eq!(seen, []);
    }
    let commit = writer.publish(publication(stage, 1)).await.unwrap();
    assert_eq!((commit.nummer, commit.regels), (1, 6_000));
    let scanned = reader.scan(Soort::Leerbedrijf, None, 10_000).await.unwrap();
    assert_eq!(scanned.len(), 6_000);
    assert_eq!(reader.verify().await.unwrap().hash, commit.hash);
    let again = writer.stage(stage, Vec::new()).await;
    assert!(matches!(again, Err(StoreError::StageNotOpen(s)) if s == stage));
}

async fn a_request_id_is_fulfilled_once(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let first = append(&*store, 1, vec![leerbedrijf_line(1, "Een")]).await;
    let repeat = append(&*store, 1, vec![leerbedrijf_line(1, "Twee")]).await;
    assert_eq!(first, repeat);

    let stage = store.open_stage().await.unwrap();
    store.stage(stage, vec![school_line("S")]).await.unwrap();
    let published = store.publish(publication(stage, 2)).await.unwrap();
    let repeat = store.publish(publication(stage, 2)).await.unwrap();
    assert_eq!(published, repeat);

    // An import that was staged anew because the answer got lost.
    let stage = store.open_stage().await.unwrap();
    store.stage(stage, vec![school_line("T")]).await.unwrap();
    let repeat = store.publish(publication(stage, 2)).await.unwrap();
    assert_eq!(published, repeat);
    store.open_stage().await.unwrap();
    assert_eq!(store.head().await.unwrap().nummer, 2);
    let seen = store.scan(Soort::School, None, 9).await.unwrap();
    assert_eq!(seen[0].1, content(&school_line("S")));
}

async fn what_a_dead_import_staged_is_thrown_away(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let dead = store.open_stage().await.unwrap();
    let lines = vec![leerbedrijf_line(1, "Een"), personen_line(1, "Piet")];
    store.stage(dead, lines.clone()).await.unwrap();
    drop(store);

    let store = database.open().await;
    assert_eq!(store.head().await.unwrap().nummer, 0);
    assert_eq!(store.scan(Soort::Personen, None, 9).await.unwrap(), []);
    let lost = store.publish(publication(dead, 1)).await;
    assert!(matches!(lost, Err(StoreError::StageNotOpen(s)) if s == dead));
    let stage = store.open_stage().await.unwrap();
    assert_ne!(stage, dead);
    store
        .stage(stage, vec![leerbedrijf_line(2, "Twee")])
        .await
        .unwrap();
    store.publish(publication(stage, 1)).await.unwrap();
    assert_eq!(all_lines(&*store, 1).await, [leerbedrijf_line(2, "Twee")]);
    store.verify().await.unwrap();
}

async fn one_import_stages_at_a_time_over_all_programs(engine: Engine) {
    let database = Database::new(engine).await;
    let (one, two) = (database.open().await, database.open().await);
    let stage = one.open_stage().await.unwrap();
    for store in [&one, &two] {
        let busy = store.open_stage().await;
        assert!(matches!(busy, Err(StoreError::StageBusy)));
    }
    assert!(matches!(
        two.stage(stage, vec![school_line("S")]).await,
        Err(StoreError::StageNotOpen(_))
    ));
    one.discard(stage).await.unwrap();
    assert!(matches!(
        one.discard(stage).await,
        Err(StoreError::StageNotOpen(_))
    ));
    let stage = two.open_stage().await.unwrap();
    two.publish(publication(stage, 1)).await.unwrap();
    one.open_stage().await.unwrap();
}

async fn the_current_value_is_that_of_the_last_commit_and_not_of_the_last_stage(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let stage = store.open_stage().await.unwrap();
    store
        .stage(stage, vec![leerbedrijf_line(1, "uit de import")])
        .await
        .unwrap();
    append(&*store, 1, vec![leerbedrijf_line(1, "tussendoor")]).await;
    let keys = [Sleutel::leerbedrijf(id(1)), Sleutel::leerbedrijf(id(2))];
    let seen = store.current(Soort::Leerbedrijf, &keys).await.unwrap();
    let between = content(&leerbedrijf_line(1, "tussendoor"));
    assert_eq!(seen, [(keys[0].clone(), between)]);
    store.publish(publication(stage, 2)).await.unwrap();
    let seen = store.current(Soort::Leerbedrijf, &keys).await.unwrap();
    let imported = content(&leerbedrijf_line(1, "uit de import"));
    assert_eq!(seen, [(keys[0].clone(), imported.clone())]);
    let scanned = store.scan(Soort::Leerbedrijf, None, 9).await.unwrap();
    assert_eq!(scanned, [(keys[0].clone(), imported)]);
}

async fn within_a_commit_the_last_line_counts_and_removed_is_gone(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let key = Sleutel::leerbedrijf(id(1));
    let lines = vec![
        leerbedrijf_line(1, "Een"),
        leerbedrijf_line(1, "Twee"),
        leerbedrijf_line(2, "Ander"),
    ];
    append(&*store, 1, lines).await;
    let seen = store
        .current(Soort::Leerbedrijf, std::slice::from_ref(&key))
        .await
        .unwrap();
    assert_eq!(seen[0].1, content(&leerbedrijf_line(1, "Twee")));
    append(&*store, 2, vec![removed(Soort::Leerbedrijf, key.clone())]).await;
    let seen = store
        .current(Soort::Leerbedrijf, std::slice::from_ref(&key))
        .await
        .unwrap();
    assert_eq!(seen, []);
    let scanned = store.scan(Soort::Leerbedrijf, None, 1).await.unwrap();
    assert_eq!(scanned[0].0, Sleutel::leerbedrijf(id(2)));
}

async fn a_scan_goes_through_all_in_key_order(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let mut lines: Vec<Line> = (0..20).rev().map(|n| personen_line(n, "Piet")).collect();
    append(&*store, 1, lines.clone()).await;
    lines.reverse();
    let mut seen = Vec::new();
    let mut after: Option<Sleutel> = None;
    loop {
        let some = store
            .scan(Soort::Personen, after.as_ref(), 7)
            .await
            .unwrap();
        let Some((last, _)) = some.last() else { break };
        after = Some(last.clone());
        seen.extend(some);
    }
    let expected: Vec<_> = lines
        .iter()
        .map(|line| (line.sleutel.clone(), content(line)))
        .collect();
    assert_eq!(seen, expected);
}

async fn people_are_forgotten_once_superseded_and_the_log_still_holds(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let first = vec![
        leerbedrijf_line(1, "Een"),
        personen_line(1, "Piet"),
        personen_line(2, "Klaas"),
        bpvo_line(&*store, "b1", 1),
    ];
    append(&*store, 1, first.clone()).await;
    assert_eq!(store.forget_superseded().await.unwrap(), 0);
    let bpvo = first[3].sleutel.clone();
    append(
        &*store,
        2,
        vec![
            leerbedrijf_line(1, "Eén"),
            personen_line(1, "Jan"),
            removed(Soort::Bpvo, bpvo.clone()),
        ],
    )
    .await;
    assert_eq!(store.forget_superseded().await.unwrap(), 2);
    assert_eq!(store.forget_superseded().await.unwrap(), 0);
    let kept: Vec<bool> = all_lines(&*store, 1)
        .await
        .iter()
        .map(|line| line.inhoud != Inhoud::Vergeten)
        .collect();
    assert_eq!(kept, [true, false, true, false]);
    let seen = store.scan(Soort::Personen, None, 9).await.unwrap();
    assert_eq!(seen[0].1, content(&personen_line(1, "Jan")));
    assert_eq!(seen.len(), 2);
    let seen = store.current(Soort::Bpvo, &[bpvo]).await.unwrap();
    assert_eq!(seen, []);
    store.verify().await.unwrap();
}

async fn many_small_commits_are_forgotten_and_nothing_else_is(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    append(&*store, 1, vec![personen_line(2, "Klaas")]).await;
    for nth in 2..=300 {
        // The second of two lines about one object in a commit counts.
        let lines = ["Piet", "Jan"].map(|naam| personen_line(1, naam));
        append(&*store, nth, lines.to_vec()).await;
    }
    assert_eq!(store.forget_superseded().await.unwrap(), 2 * 299 - 1);
    assert_eq!(store.forget_superseded().await.unwrap(), 0);
    let seen = store.scan(Soort::Personen, None, 9).await.unwrap();
    let seen: Vec<_> = seen.into_iter().map(|(_, blob)| blob).collect();
    let kept = [personen_line(1, "Jan"), personen_line(2, "Klaas")];
    assert_eq!(seen, kept.map(|line| content(&line)));
    store.verify().await.unwrap();
}

async fn what_may_not_be_written_is_refused_and_leaves_nothing(engine: Engine) {
    let database = Database::new(engine).await;
    let store = database.open().await;
    let long = set(Soort::Levering, Sleutel([1; 65].into()), vec![1]);
    let forgotten = Line {
        inhoud: Inhoud::Vergeten,
        ..personen_line(1, "Piet")
    };
    for wrong in [long, forgotten] {
        let lines = vec![leerbedrijf_line(1, "Een"), wrong];
        let refused = store.append(request(1), at(1), lines.clone()).await;
        assert!(matches!(refused, Err(StoreError::InvalidLine(_))));
        let stage = store.open_stage().await.unwrap();
        let refused = store.stage(stage, lines).await;
        assert!(matches!(refused, Err(StoreError::InvalidLine(_))));
        let broken = store.publish(publication(stage, 2)).await;
        assert!(matches!(broken, Err(StoreError::StageNotOpen(_))));
        store.discard(stage).await.unwrap();
    }
    assert_eq!(store.head().await.unwrap().nummer, 0);
}

async fn a_pseudonym_is_the_same_over_programs_and_differs_over_stores(engine: Engine) {
    let (one, other) = (Database::new(engine).await, Database::new(engine).await);
    let pseudonym = one.open().await.pseudonym("bpvo:x");
    assert_eq!(pseudonym, one.open().await.pseudonym("bpvo:x"));
    assert_ne!(pseudonym, one.open().await.pseudonym("bpvo:y"));
    assert_ne!(pseudonym, other.open().await.pseudonym("bpvo:x"));
    assert_eq!(pseudonym.0.len(), Sleutel::PSEUDONYM_BYTES);
}

async fn a_reader_sees_every_commit_in_order_while_many_write(engine: Engine) {
    const WRITERS: u128 = 4;
    const EACH: u128 = 25;
    let database = Database::new(engine).await;
    let writers: Vec<_> = {
        let mut tasks = Vec::new();
        for writer in 0..WRITERS {
            let store = database.open().await;
            tasks.push(tokio::spawn(async move {
                for n in 0..EACH {
                    let line = leerbedrijf_line(u32::try_from(n).unwrap(), "Een");
                    append(&*store, writer * 1000 + n + 1, vec![line]).await;
                }
            }));
        }
        tasks
    };
    let import = {
        let store = database.open().await;
        tokio::spawn(async move {
            let stage = store.open_stage().await.unwrap();
            for n in 0..3 {
                let lines = (0..5_000).map(|m| leerbedrijf_line(m, &format!("{n}")));
                store.stage(stage, lines.collect()).await.unwrap();
            }
            store.publish(publication(stage, 9_999)).await.unwrap();
        })
    };
    let total = u64::try_from(WRITERS * EACH).unwrap() + 1;
    let reader = database.open().await;
    let seen = follow(reader, total).await;
    for task in writers {
        task.await.unwrap();
    }
    import.await.unwrap();
    assert_eq!(seen.len() as u64, total);
    let store = database.open().await;
    assert_eq!(store.commits_after(0, 1_000).await.unwrap(), seen);
    store.verify().await.unwrap();
}

/// Reads by cursor, as a follower does; what it has seen never changes later.
async fn follow(reader: Arc<dyn LogStore>, total: u64) -> Vec<CommitInfo> {
    let mut seen: Vec<CommitInfo> = Vec::new();
    while (seen.len() as u64) < total {
        let (last, hash) = seen.last().map_or((0, [0; 32]), |c| (c.nummer, c.hash));
        let new = reader.commits_after(last, 10).await.unwrap();
        if let Some(first) = new.first() {
            assert_eq!((first.nummer, first.vorige_hash), (last + 1, hash));
            let lines = reader.lines(first, 0, 1).await.unwrap();
            assert_eq!(lines.len(), 1);
        }
        seen.extend(new.into_iter().take(1));
        tokio::task::yield_now().await;
    }
    seen
}
