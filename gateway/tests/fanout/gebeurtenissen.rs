//! What happens to a leerbedrijf, and which schools hear of it.

use stagepoort::{
    domain::MutatieSoort,
    push::{AbonnementId, Melding, Stap, store::Wijziging},
};
use uuid::Uuid;

use crate::world::{
    AFNEMER, BAKKER, KEUZEDEEL, KOK, OTHER_AFNEMER, OTHER_SCHOOL, OUDE_KOK, SCHOOL, World, bedrijf,
    bpvo, code, dag, equivalent, equivalent_lines, leerbedrijf_line, mutatie, mutatie_line, oin,
    toegang,
};

/// `school soort leerbedrijf code status kenmerken` of each.
fn told(meldingen: &[Melding]) -> Vec<String> {
    let one = |melding: &Melding| {
        let inhoud = melding.inhoud.as_ref().unwrap();
        let code = inhoud.code.map_or("-".to_owned(), |code| code.to_string());
        let status = inhoud.erkenning_status.map_or("-", |s| s.as_str());
        format!(
            "{} {} {} {code} {status} {}",
            &melding.school_oin.as_str()[17..],
            inhoud.mutatie_soort,
            melding.leerbedrijf_id.as_u32() % 1000,
            inhoud.bpvo_kenmerken.join(","),
        )
    };
    meldingen.iter().map(one).collect()
}

use MutatieSoort::{
    ErkenningBeeindigd, ErkenningGewijzigd, ErkenningHersteld, ErkenningVerleend,
    LeerbedrijfGewijzigd, LeerbedrijfSamengevoegd,
};

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn each_school_with_a_bpvo_running_then_for_that_code_hears_once() {
    let world = World::new().await;
    world.subscribe(1, |_| {}).await;
    let einde = mutatie(ErkenningBeeindigd, 1, Some(KOK), 10, Some((-900, Some(9))));
    world
        .commit(vec![
            leerbedrijf_line(&bedrijf(1, None, &[(KOK, -900, Some(9))])),
            world.bpvo(&bpvo(SCHOOL, "past", 1, KOK, -90, 9, None)),
            world.bpvo(&bpvo(SCHOOL, "other code", 1, BAKKER, -90, 90, None)),
            world.bpvo(&bpvo(SCHOOL, "elsewhere", 2, KOK, -90, 90, None)),
            world.bpvo(&bpvo(SCHOOL, "b", 1, KOK, -90, 10, None)),
            world.bpvo(&bpvo(SCHOOL, "a", 1, KOK, 20, 90, None)),
            world.bpvo(&bpvo(OTHER_SCHOOL, "c", 1, KOK, -90, 90, None)),
            mutatie_line(&einde),
        ])
        .await;
    world.fan_out().await;
    let heard = world.heard(1, 0).await;
    assert_eq!(
        told(&heard),
        [
            "101 ERKENNING_BEEINDIGD 1 25180 NIET_ERKEND a,b",
            "102 ERKENNING_BEEINDIGD 1 25180 NIET_ERKEND c",
        ]
    );
    let inhoud = heard[0].inhoud.as_ref().unwrap();
    assert_eq!(inhoud.ingangsdatum, dag(10));
    assert_eq!(inhoud.register_versie.nummer, 2);
    assert_ne!(heard[0].mutatie_id, heard[1].mutatie_id);
    // Another look tells nothing anew.
    world.fan_out().await;
    assert_eq!(world.heard(1, 2).await, []);
}

#[tokio::test]
async fn other_changes_are_told_with_the_status_that_they_bring() {
    let world = World::new().await;
    world.subscribe(1, |_| {}).await;
    let changes = [
        mutatie(ErkenningVerleend, 1, Some(KOK), 5, Some((5, None))),
        mutatie(ErkenningGewijzigd, 1, Some(KOK), 3, Some((5, None))),
        mutatie(ErkenningHersteld, 1, Some(KOK), 5, Some((-90, Some(80)))),
        mutatie(LeerbedrijfGewijzigd, 1, None, 0, None),
        // Of a code for which nobody is there.
        mutatie(ErkenningVerleend, 1, Some(OUDE_KOK), 5, Some((5, None))),
    ];
    let mut lines = vec![
        leerbedrijf_line(&bedrijf(1, None, &[(KOK, 5, None)])),
        world.bpvo(&bpvo(SCHOOL, "kok", 1, KOK, 5, 90, None)),
        world.bpvo(&bpvo(SCHOOL, "bakker", 1, BAKKER, 5, 90, None)),
    ];
    lines.extend(changes.iter().map(mutatie_line));
    world.commit(lines).await;
    world.fan_out().await;
    assert_eq!(
        told(&world.heard(1, 0).await),
        [
            "101 ERKENNING_VERLEEND 1 25180 ERKEND kok",
            "101 ERKENNING_GEWIJZIGD 1 25180 NIET_ERKEND kok",
            "101 ERKENNING_HERSTELD 1 25180 ERKEND kok",
            "101 LEERBEDRIJF_GEWIJZIGD 1 - - bakker,kok",
        ]
    );
}

#[tokio::test]
async fn an_end_is_not_told_while_an_equivalent_carries_the_bpvo_and_that_of_the_equivalent_is() {
    let world = World::new().await;
    world.subscribe(1, |_| {}).await;
    let both = [(KOK, -900, Some(9)), (OUDE_KOK, -900, None)];
    let mut lines = equivalent_lines(&[equivalent(KOK, OUDE_KOK, -900, Some(60))]);
    let einde = mutatie(ErkenningBeeindigd, 1, Some(KOK), 10, Some((-900, Some(9))));
    lines.extend([
        leerbedrijf_line(&bedrijf(1, None, &both)),
        world.bpvo(&bpvo(SCHOOL, "carried", 1, KOK, 0, 60, None)),
        // Longer than the equivalence is valid.
        world.bpvo(&bpvo(SCHOOL, "not to its end", 1, KOK, 0, 61, None)),
        mutatie_line(&einde),
    ]);
    world.commit(lines).await;
    world.fan_out().await;
    assert_eq!(
        told(&world.heard(1, 0).await),
        ["101 ERKENNING_BEEINDIGD 1 25180 NIET_ERKEND not to its end"]
    );

    // The equivalent ends as well: now the other one is carried by nothing.
    let both = [(KOK, -900, Some(9)), (OUDE_KOK, -900, Some(19))];
    let einde = mutatie(
        ErkenningBeeindigd,
        1,
        Some(OUDE_KOK),
        20,
        Some((-900, Some(19))),
    );
    let lines = vec![
        leerbedrijf_line(&bedrijf(1, None, &both)),
        mutatie_line(&einde),
    ];
    world.commit(lines).await;
    world.fan_out().await;
    assert_eq!(
        told(&world.heard(1, 1).await),
        ["101 ERKENNING_BEEINDIGD 1 95420 NIET_ERKEND carried,not to its end"]
    );

    // And comes back.
    let both = [(KOK, -900, Some(9)), (OUDE_KOK, -900, None)];
    let terug = mutatie(ErkenningHersteld, 1, Some(OUDE_KOK), 20, Some((-900, None)));
    let lines = vec![
        leerbedrijf_line(&bedrijf(1, None, &both)),
        mutatie_line(&terug),
    ];
    world.commit(lines).await;
    world.fan_out().await;
    assert_eq!(
        told(&world.heard(1, 2).await),
        ["101 ERKENNING_HERSTELD 1 95420 ERKEND carried,not to its end"]
    );
}

#[tokio::test]
async fn a_keuzedeel_is_told_of_its_own_erkenning_unless_another_carries_it() {
    let world = World::new().await;
    world.subscribe(1, |_| {}).await;
    let einde = |at| {
        mutatie(
            ErkenningBeeindigd,
            at,
            Some(KEUZEDEEL),
            10,
            Some((-90, Some(9))),
        )
    };
    world
        .commit(vec![
            leerbedrijf_line(&bedrijf(1, None, &[(KEUZEDEEL, -90, Some(9))])),
            leerbedrijf_line(&bedrijf(
                2,
                None,
                &[(KEUZEDEEL, -90, Some(9)), (KOK, -90, None)],
            )),
            world.bpvo(&bpvo(SCHOOL, "lost", 1, KOK, -5, 90, Some((0, 50)))),
            world.bpvo(&bpvo(SCHOOL, "over by then", 1, KOK, -5, 90, Some((0, 9)))),
            world.bpvo(&bpvo(SCHOOL, "carried", 2, KOK, -5, 90, Some((0, 50)))),
            mutatie_line(&einde(1)),
            mutatie_line(&einde(2)),
        ])
        .await;
    world.fan_out().await;
    assert_eq!(
        told(&world.heard(1, 0).await),
        ["101 ERKENNING_BEEINDIGD 1 K0072 NIET_ERKEND lost"]
    );
}

#[tokio::test]
async fn bpvos_at_a_leerbedrijf_that_was_taken_over_hear_of_its_successor() {
    let world = World::new().await;
    world.subscribe(1, |_| {}).await;
    let mut merger = mutatie(LeerbedrijfSamengevoegd, 1, None, 10, None);
    merger.opvolger = Some(crate::world::id(2));
    let ends = mutatie(ErkenningBeeindigd, 1, Some(KOK), 10, Some((-90, Some(9))));
    world
        .commit(vec![
            leerbedrijf_line(&bedrijf(1, Some((2, 10)), &[(KOK, -90, Some(9))])),
            leerbedrijf_line(&bedrijf(2, Some((3, 20)), &[(KOK, -90, None)])),
            leerbedrijf_line(&bedrijf(3, None, &[(KOK, -90, None)])),
            world.bpvo(&bpvo(SCHOOL, "at 1", 1, KOK, -5, 90, None)),
            world.bpvo(&bpvo(SCHOOL, "at 1 before", 1, KOK, -5, 15, None)),
            mutatie_line(&merger),
            // Carried by the successor: not told.
            mutatie_line(&ends),
        ])
        .await;
    world.fan_out().await;
    assert_eq!(
        told(&world.heard(1, 0).await),
        ["101 LEERBEDRIJF_SAMENGEVOEGD 1 - - at 1,at 1 before"]
    );

    // The last of the chain moves and loses its erkenning: only who is there by then hears.
    let lines = vec![
        leerbedrijf_line(&bedrijf(3, None, &[(KOK, -90, Some(29))])),
        mutatie_line(&mutatie(LeerbedrijfGewijzigd, 3, None, 0, None)),
        mutatie_line(&mutatie(
            ErkenningBeeindigd,
            3,
            Some(KOK),
            30,
            Some((-90, Some(29))),
        )),
    ];
    world.commit(lines).await;
    world.fan_out().await;
    assert_eq!(
        told(&world.heard(1, 1).await),
        [
            "101 LEERBEDRIJF_GEWIJZIGD 3 - - at 1",
            "101 ERKENNING_BEEINDIGD 3 25180 NIET_ERKEND at 1",
        ]
    );
}

#[tokio::test]
async fn a_bpvo_registered_after_an_end_was_announced_gets_it_at_once_and_once() {
    let world = World::new().await;
    world.subscribe(1, |_| {}).await;
    world
        .commit(vec![leerbedrijf_line(&bedrijf(
            1,
            None,
            &[(KOK, -900, Some(9))],
        ))])
        .await;
    let longer = bpvo(SCHOOL, "longer", 1, KOK, 0, 90, None);
    world
        .commit(vec![
            world.bpvo(&longer),
            world.bpvo(&bpvo(SCHOOL, "within", 1, KOK, 0, 9, None)),
            // Not erkend on its first day: that was the answer when it was registered.
            world.bpvo(&bpvo(SCHOOL, "never", 1, KOK, 10, 90, None)),
        ])
        .await;
    world.fan_out().await;
    let heard = world.heard(1, 0).await;
    let expect = ["101 ERKENNING_BEEINDIGD 1 25180 NIET_ERKEND longer"];
    assert_eq!(told(&heard), expect);
    let inhoud = heard[0].inhoud.as_ref().unwrap();
    assert_eq!(
        (inhoud.einddatum, inhoud.ingangsdatum),
        (Some(dag(9)), dag(10))
    );

    let mut changed = longer.clone();
    changed.einddatum_gepland = dag(91);
    world.commit(vec![world.bpvo(&changed)]).await;
    world.fan_out().await;
    assert_eq!(world.heard(1, 1).await, []);
}

#[tokio::test]
async fn that_a_bpvo_leaves_after_its_term_is_told_to_nobody() {
    let world = World::new().await;
    world.subscribe(1, |_| {}).await;
    let ended = bedrijf(1, None, &[(KOK, -900, Some(-450))]);
    world.commit(vec![leerbedrijf_line(&ended)]).await;
    let over = world.bpvo(&bpvo(SCHOOL, "over", 1, KOK, -500, -401, None));
    let kept = world.bpvo(&bpvo(SCHOOL, "kept", 1, KOK, -500, -400, None));
    world.commit(vec![over, kept]).await;
    world.fan_out().await;
    assert_eq!(told(&world.heard(1, 0).await), NOTHING);
    assert_eq!(world.opruimen().await, 1);
    world.fan_out().await;
    assert_eq!(told(&world.heard(1, 0).await), NOTHING);
    // An end of that time which is registered now is told of who stands, and not of who left.
    let einde = mutatie(
        ErkenningBeeindigd,
        1,
        Some(KOK),
        -449,
        Some((-900, Some(-450))),
    );
    world.commit(vec![mutatie_line(&einde)]).await;
    world.fan_out().await;
    let expect = ["101 ERKENNING_BEEINDIGD 1 25180 NIET_ERKEND kept"];
    assert_eq!(told(&world.heard(1, 0).await), expect);
}

#[tokio::test]
async fn what_is_heard_is_what_was_subscribed_to_and_what_there_is_a_mandate_for() {
    let world = World::new().await;
    world
        .subscribe(1, |a| a.school_oin = Some(oin(OTHER_SCHOOL)))
        .await;
    world
        .subscribe(2, |a| a.afnemer_oin = oin(OTHER_AFNEMER))
        .await;
    world.subscribe(3, |a| a.codes = vec![code(BAKKER)]).await;
    world
        .subscribe(4, |a| a.mutatie_soorten = vec![LeerbedrijfGewijzigd])
        .await;
    // Without the mandate of the school that it is for.
    let no_mandate = |a: &mut stagepoort::push::Abonnement| {
        a.afnemer_oin = oin(OTHER_AFNEMER);
        a.school_oin = Some(oin(SCHOOL));
    };
    world.subscribe(5, no_mandate).await;
    let verleend = |of| mutatie(ErkenningVerleend, 1, Some(of), 0, Some((0, None)));
    let tell = || {
        vec![
            mutatie_line(&verleend(KOK)),
            mutatie_line(&verleend(BAKKER)),
            mutatie_line(&mutatie(LeerbedrijfGewijzigd, 1, None, 0, None)),
        ]
    };
    let mut lines = vec![
        leerbedrijf_line(&bedrijf(1, None, &[(KOK, 0, None), (BAKKER, 0, None)])),
        world.bpvo(&bpvo(SCHOOL, "a", 1, KOK, 0, 90, None)),
        world.bpvo(&bpvo(OTHER_SCHOOL, "b", 1, BAKKER, 0, 90, None)),
    ];
    lines.extend(tell());
    world.commit(lines).await;
    world.fan_out().await;
    let b = "102 ERKENNING_VERLEEND 1 25170 ERKEND b";
    let of_b = "102 LEERBEDRIJF_GEWIJZIGD 1 - - b";
    let of_a = "101 LEERBEDRIJF_GEWIJZIGD 1 - - a";
    assert_eq!(told(&world.heard(1, 0).await), [b, of_b]);
    assert_eq!(told(&world.heard(2, 0).await), [b, of_b]);
    assert_eq!(told(&world.heard(3, 0).await), [b, of_a, of_b]);
    assert_eq!(told(&world.heard(4, 0).await), [of_a, of_b]);
    assert_eq!(told(&world.heard(5, 0).await), NOTHING);

    // The other school takes its mandate back.
    world.access.replace(toegang(&[(AFNEMER, &[SCHOOL])]));
    world.commit(tell()).await;
    world.fan_out().await;
    assert_eq!(told(&world.heard(1, 2).await), NOTHING);
    assert_eq!(told(&world.heard(2, 2).await), NOTHING);
    assert_eq!(told(&world.heard(3, 3).await), [of_a]);
}

#[tokio::test]
async fn one_who_subscribes_hears_what_comes_and_one_who_ends_it_nothing_more() {
    let world = World::new().await;
    let wijziging = || mutatie_line(&mutatie(LeerbedrijfGewijzigd, 1, None, 0, None));
    world
        .commit(vec![
            leerbedrijf_line(&bedrijf(1, None, &[(KOK, 0, None)])),
            world.bpvo(&bpvo(SCHOOL, "a", 1, KOK, 0, 90, None)),
            wijziging(),
        ])
        .await;
    world.fan_out().await;
    world.subscribe(1, |_| {}).await;
    world.fan_out().await;
    assert_eq!(world.heard(1, 0).await, []);
    world.commit(vec![wijziging()]).await;
    world.fan_out().await;
    assert_eq!(world.heard(1, 0).await.len(), 1);

    let id = AbonnementId(Uuid::from_u128(1));
    let before = world.push.abonnement(id).await.unwrap().unwrap();
    let mut ended = before.clone();
    ended.status = stagepoort::push::AbonnementStatus::Beeindigd;
    let wijziging_van = Wijziging {
        abonnement: ended,
        begin_opnieuw: false,
        proef: false,
    };
    assert!(world.push.change(&before, &wijziging_van).await.unwrap());
    world.commit(vec![wijziging()]).await;
    world.fan_out().await;
    assert_eq!(world.heard(1, 1).await, []);
}

#[tokio::test]
async fn steps_of_several_nodes_number_a_large_levering_once_and_in_order() {
    let world = World::new().await;
    world.subscribe(1, |_| {}).await;
    let mut lines: Vec<_> = (1..=50_u32)
        .flat_map(|at| {
            [
                leerbedrijf_line(&bedrijf(at, None, &[(KOK, 0, None)])),
                world.bpvo(&bpvo(SCHOOL, &format!("k{at}"), at, KOK, 0, 90, None)),
                world.bpvo(&bpvo(OTHER_SCHOOL, &format!("k{at}"), at, KOK, 0, 90, None)),
            ]
        })
        .collect();
    // More than one step reads, and more than one step numbers.
    lines.extend((0..5_000).map(|n| {
        let soort = LeerbedrijfGewijzigd;
        mutatie_line(&mutatie(soort, n % 50 + 1, None, 0, None))
    }));
    world.commit(lines).await;
    let (mut one, mut other) = (world.fanout(), world.fanout());
    let mut steps = 0;
    loop {
        let log = &*world.log;
        let (a, b) = tokio::join!(one.step(log), other.step(log));
        steps += 1;
        if [a.unwrap(), b.unwrap()] == [Stap::Bij, Stap::Bij] {
            break;
        }
    }
    assert!(steps > 2);
    let heard = world.heard(1, 0).await;
    assert_eq!(heard.len(), 10_000);
    for (melding, volgnummer) in heard.iter().zip(1..) {
        assert_eq!(melding.volgnummer, volgnummer);
        let at = u32::try_from((volgnummer - 1) / 2 % 50 + 1).unwrap();
        assert_eq!(melding.leerbedrijf_id, crate::world::id(at));
    }
}
