//! What is refused changes nothing, however far it came.

use std::collections::BTreeSet;

use super::*;
use crate::{
    domain::Opleiding,
    log::StoreError,
    register::{
        Object,
        levering::ObjectSoort,
        testing::{
            bedrijf, bpvo, closed, code, id, lines, mens, mutaties, object, periode, volledig,
        },
    },
};

fn bedrijven(range: std::ops::Range<u32>) -> Vec<Object> {
    range
        .map(|nth| object(bedrijf(nth, vec![periode("25180", "2020-01-01", "")])))
        .collect()
}

/// The levering with these lines changed and a right `sluit` behind them.
fn edited(levering: &[u8], edit: impl Fn(usize, &str) -> String) -> Vec<u8> {
    let lines: Vec<String> = lines(levering)
        .iter()
        .enumerate()
        .map(|(nth, line)| edit(nth, line))
        .collect();
    closed(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

#[tokio::test]
async fn the_same_levering_twice_changes_nothing_and_says_so() {
    let register = Register::new().await;
    register.import(&volledig("L1", &bedrijven(1..5))).await;
    register.import(&mutaties("M1", &bedrijven(5..6))).await;
    let before = register.everything().await;
    let (outcome, _) = register
        .try_import(&volledig("L1", &bedrijven(1..3)), Wish::default())
        .await;
    match outcome.unwrap() {
        Report::AlreadyApplied {
            levering_id,
            versie,
        } => {
            assert_eq!(
                (levering_id.as_str(), versie.to_string().as_str()),
                ("L1", "1.1")
            );
        }
        other @ Report::Applied(_) => panic!("{other:?}"),
    }
    assert_eq!(register.everything().await, before);
}

#[tokio::test]
async fn a_torn_levering_leaves_everything_as_it_was() {
    let register = Register::new().await;
    register.import(&volledig("L1", &bedrijven(1..4))).await;
    let before = register.everything().await;
    let mut objects = bedrijven(2..5);
    objects.push(Object::Leerbedrijf(
        Box::new(bedrijf(9, Vec::new())),
        mens("x"),
    ));
    objects.push(Object::Bpvo(bpvo("K1", 9)));
    let whole = volledig("L2", &objects);
    let mut ends: BTreeSet<usize> = whole
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'\n')
        .map(|(at, _)| at + 1)
        .collect();
    ends.extend((0..whole.len()).step_by(97));
    ends.remove(&whole.len());
    for end in ends {
        let wish = Wish {
            krimp: true,
            ..Wish::default()
        };
        let (outcome, _) = register.try_import(&whole[..end], wish).await;
        assert!(
            matches!(outcome, Err(ImportError::Levering(_))),
            "byte {end}: {outcome:?}"
        );
        assert_eq!(register.everything().await, before, "byte {end}");
    }
    register.import(&whole).await;
    assert_eq!(register.ids().await.len(), 5);
    assert!(register.store.verify().await.is_ok());
}

#[tokio::test]
async fn bad_lines_up_to_the_share_are_set_aside_and_above_it_the_levering_is_refused() {
    let register = Register::new().await;
    register.import(&volledig("L1", &bedrijven(1..101))).await;
    let bad = |id: &str, most: usize| {
        edited(&volledig(id, &bedrijven(1..101)), |nth, line| match nth {
            nth if nth >= 1 && nth <= most => line.replace("Dorpsstraat", "Dorps\\u0007straat"),
            _ => line.replace("Bedrijf", "Firma"),
        })
    };
    let before = register.everything().await;
    let wish = |share| Wish {
        share: Some(share),
        ..Wish::default()
    };
    let (outcome, rapport) = register.try_import(&bad("L2", 2), wish("1%")).await;
    let error = outcome.unwrap_err().to_string();
    assert_eq!(
        error,
        "the levering is refused: 2 of 100 lines are bad, at most 1 may be set aside"
    );
    assert_eq!(rapport.lines().count(), 2);
    assert_eq!(register.everything().await, before);

    let (outcome, rapport) = register.try_import(&bad("L3", 1), wish("1%")).await;
    let Report::Applied(applied) = outcome.unwrap() else {
        panic!()
    };
    assert_eq!(
        rapport,
        "{\"regel\":2,\"veld\":\"vestigingsadres.straat\",\"reden\":\"mag geen stuurtekens bevatten\"}\n"
    );
    assert_eq!(applied.levering.afgekeurd, 1);
    assert_eq!(applied.objecten.leerbedrijf.gewijzigd, 99);
    let first = register.kern(1).await;
    assert_eq!(first.naam, "Bedrijf 1", "it stays as it was");
    assert_eq!(register.perioden(1).await, ["25180 2020-01-01.."]);
    assert!(applied.niet_beeindigd.is_empty());
}

#[tokio::test]
async fn while_a_bad_line_may_be_about_anything_nothing_is_ended_by_its_absence() {
    let register = Register::new().await;
    register.import(&volledig("L1", &bedrijven(1..101))).await;
    // 100 is missing, and one line cannot be told apart.
    let levering = edited(&volledig("L2", &bedrijven(1..100)), |nth, line| match nth {
        1 => line.replace("100000001", "1"),
        _ => line.to_owned(),
    });
    let wish = Wish {
        share: Some("2%"),
        krimp: true,
        ..Wish::default()
    };
    let Report::Applied(applied) = register.try_import(&levering, wish).await.0.unwrap() else {
        panic!()
    };
    assert_eq!(applied.objecten.leerbedrijf.beeindigd, 0);
    assert_eq!(applied.niet_beeindigd, [ObjectSoort::Leerbedrijf]);
    assert_eq!(register.perioden(100).await, ["25180 2020-01-01.."]);
    assert_eq!(register.perioden(1).await, ["25180 2020-01-01.."]);
}

#[tokio::test]
async fn a_levering_that_shrinks_the_register_is_refused() {
    let register = Register::new().await;
    let mut objects = bedrijven(1..1001);
    objects.extend(
        (2001..2041).map(|nth| object(bedrijf(nth, vec![periode("25182", "2020-01-01", "")]))),
    );
    register.import(&volledig("L1", &objects)).await;
    let before = register.everything().await;
    let refused = async |levering: Vec<u8>| {
        let (outcome, _) = register.try_import(&levering, Wish::default()).await;
        let text = outcome.unwrap_err().to_string();
        assert_eq!(register.everything().await, before, "{text}");
        text
    };
    // 5 % of 1,040 is 52.
    assert_eq!(
        refused(volledig("L2", &objects[53..])).await,
        "the levering is refused: it would end 53 of 1040 running erkenningen. Use --toestaan-krimp if that is right"
    );
    assert_eq!(
        refused(volledig("L3", &objects[..1019])).await,
        "the levering is refused: it would end 21 of 1040 running erkenningen; by code: 25182 21 of 40. Use --toestaan-krimp if that is right"
    );
    assert!(
        refused(volledig("L4", &[]))
            .await
            .contains("it has no leerbedrijf at all, the register has 1040")
    );

    let announced = crate::register::testing::levering(
        &crate::register::levering::Voorloop {
            aangekondigde_conversies: vec![code("25182")],
            ..crate::register::testing::voorloop("L5", LeveringSoort::Volledig)
        },
        &objects[..1000],
    );
    let (outcome, _) = register.try_import(&announced, Wish::default()).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    let (outcome, _) = register
        .try_import(&volledig("L6", &objects[52..1000]), Wish::default())
        .await;
    let text = outcome.unwrap_err().to_string();
    assert!(text.contains("52 of 1000"), "{text}");
    let krimp = Wish {
        krimp: true,
        ..Wish::default()
    };
    assert!(
        register
            .try_import(&volledig("L6", &objects[52..1000]), krimp)
            .await
            .0
            .is_ok()
    );
}

#[tokio::test]
async fn exactly_the_limits_pass() {
    let register = Register::new().await;
    let mut objects = bedrijven(1..1001);
    objects.extend(
        (2001..2041).map(|nth| object(bedrijf(nth, vec![periode("25182", "2020-01-01", "")]))),
    );
    register.import(&volledig("L1", &objects)).await;
    // 52 of 1,040 is 5 %, 20 of 40 is half.
    let (outcome, _) = register
        .try_import(&volledig("L2", &objects[32..1020]), Wish::default())
        .await;
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn a_kind_that_is_missing_altogether_is_refused() {
    let register = Register::new().await;
    let mut objects = bedrijven(1..2);
    objects.extend((0..20).map(|n| {
        Object::Opleiding(Opleiding {
            code: code(&format!("25{n:03}")),
            opleidingsnaam: "Kok".into(),
            niveau: Some(2),
            leerwegen: crate::domain::Leerwegen::default(),
        })
    }));
    register.import(&volledig("L1", &objects)).await;
    let (outcome, _) = register
        .try_import(&volledig("L2", &objects[..1]), Wish::default())
        .await;
    let text = outcome.unwrap_err().to_string();
    assert!(
        text.contains("it has no opleiding at all, the register has 20"),
        "{text}"
    );
}

#[tokio::test]
async fn a_second_import_at_the_same_time_is_told_so() {
    let register = Register::new().await;
    let stage = register.store.open_stage().await.unwrap();
    let (outcome, _) = register
        .try_import(&volledig("L1", &bedrijven(1..3)), Wish::default())
        .await;
    assert!(
        matches!(outcome, Err(ImportError::Store(StoreError::StageBusy))),
        "{outcome:?}"
    );
    register.store.discard(stage).await.unwrap();
    register.import(&volledig("L1", &bedrijven(1..3))).await;
}

/// Gives a levering, and then nothing any more until it is let go.
struct Stuck {
    begin: std::io::Cursor<Vec<u8>>,
    go_on: std::sync::mpsc::Receiver<()>,
}

impl Read for Stuck {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.begin.read(buffer)? {
            0 => {
                // Ends when the sender is dropped.
                match self.go_on.recv() {
                    Ok(()) | Err(_) => Ok(0),
                }
            }
            count => Ok(count),
        }
    }
}

#[tokio::test]
async fn an_import_that_is_dropped_halfway_can_be_done_again() {
    let register = Register::new().await;
    register.import(&volledig("L1", &bedrijven(1..4))).await;
    let before = register.everything().await;
    let whole = volledig("L2", &bedrijven(1..5_000));
    let (keep, go_on) = std::sync::mpsc::channel();
    let stuck = Stuck {
        begin: std::io::Cursor::new(whole[..whole.len() / 2].to_vec()),
        go_on,
    };
    let (send, mut staged) = tokio::sync::mpsc::unbounded_channel();
    let clock = At(tijdstip(REGISTRATIE));
    let mut progress = |done: Progress| assert!(send.send(done).is_ok());
    let options = Options {
        toestaan_krimp: true,
        ..Options::default()
    };
    {
        let running = import(&register.store, stuck, options, &clock, &mut progress);
        tokio::select! {
            outcome = running => panic!("{outcome:?}"),
            done = staged.recv() => assert!(done.unwrap().leerbedrijven > 0),
        }
    }
    drop(keep);
    assert_eq!(register.everything().await, before);
    loop {
        let wish = Wish {
            krimp: true,
            ..Wish::default()
        };
        match register.try_import(&whole, wish).await.0 {
            // The stage of the one that was dropped is being thrown away.
            Err(ImportError::Store(StoreError::StageBusy)) => tokio::task::yield_now().await,
            outcome => break drop(outcome.unwrap()),
        }
    }
    assert_eq!(register.ids().await.len(), 4_999);
    assert_eq!(register.ids().await[0], id(1));
}
