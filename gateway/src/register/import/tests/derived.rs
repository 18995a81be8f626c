//! Which mutations a levering makes, and what becomes of the periods. The day of registration is
//! 2026-11-22.

use super::*;
use crate::{
    domain::{LeerbedrijfStatus, Opvolging},
    register::testing::{bedrijf, dag, mutaties, object, periode, volledig},
};

type Perioden = &'static [(&'static str, &'static str, &'static str)];

fn of(perioden: Perioden) -> Leerbedrijf {
    bedrijf(
        1,
        perioden.iter().map(|(c, s, e)| periode(c, s, e)).collect(),
    )
}

/// One leerbedrijf before and after.
async fn after(before: Leerbedrijf, now: Leerbedrijf) -> (Register, Vec<String>) {
    let register = Register::new().await;
    register.import(&volledig("L1", &[object(before)])).await;
    assert!(
        register.announced().await.is_empty(),
        "a first import announces nothing"
    );
    register.import(&volledig("L2", &[object(now)])).await;
    let announced = register.announced().await;
    (register, announced)
}

/// A name, the periods before and after, the mutaties expected, the periods expected.
type Case = (
    &'static str,
    Perioden,
    Perioden,
    &'static [&'static str],
    &'static [&'static str],
);

#[tokio::test]
async fn changes_of_an_erkenning() {
    let cases: &[Case] = &[
        (
            "the same",
            &[("25180", "2020-01-01", "")],
            &[("25180", "2020-01-01", "")],
            &[],
            &["25180 2020-01-01.."],
        ),
        (
            "granted",
            &[],
            &[("25180", "2026-10-01", "")],
            &["ERKENNING_VERLEEND 25180 2026-10-01"],
            &["25180 2026-10-01.."],
        ),
        (
            "granted from later on",
            &[],
            &[("25180", "2027-02-01", "")],
            &["ERKENNING_VERLEEND 25180 2027-02-01"],
            &["25180 2027-02-01.."],
        ),
        (
            "granted again after a gap",
            &[("25180", "2020-01-01", "2022-12-31")],
            &[
                ("25180", "2020-01-01", "2022-12-31"),
                ("25180", "2026-01-01", ""),
            ],
            &["ERKENNING_VERLEEND 25180 2026-01-01"],
            &["25180 2020-01-01..2022-12-31", "25180 2026-01-01.."],
        ),
        (
            "reinstated without a gap",
            &[("25180", "2020-01-01", "2026-10-31*")],
            &[
                ("25180", "2020-01-01", "2026-10-31*"),
                ("25180", "2026-11-01", ""),
            ],
            &["ERKENNING_HERSTELD 25180 2026-11-01"],
            &[
                "25180 2020-01-01..2026-10-31 INGETROKKEN",
                "25180 2026-11-01..",
            ],
        ),
        (
            "an end that is taken back",
            &[("25180", "2020-01-01", "2027-01-31*")],
            &[("25180", "2020-01-01", "")],
            &["ERKENNING_HERSTELD 25180 2027-02-01"],
            &["25180 2020-01-01.."],
        ),
        (
            "an end that had passed and is later after all",
            &[("25180", "2020-01-01", "2026-01-31")],
            &[("25180", "2020-01-01", "2027-01-31")],
            &["ERKENNING_HERSTELD 25180 2026-02-01"],
            &["25180 2020-01-01..2027-01-31"],
        ),
        (
            "a coming end that is later",
            &[("25180", "2020-01-01", "2027-01-31")],
            &[("25180", "2020-01-01", "2027-07-31")],
            &["ERKENNING_GEWIJZIGD 25180 2027-02-01"],
            &["25180 2020-01-01..2027-07-31"],
        ),
        (
            "a coming end that is sooner",
            &[("25180", "2020-01-01", "2027-07-31")],
            &[("25180", "2020-01-01", "2027-01-31*")],
            &["ERKENNING_BEEINDIGD 25180 2027-02-01"],
            &["25180 2020-01-01..2027-01-31 INGETROKKEN"],
        ),
        (
            "an end",
            &[("25180", "2020-01-01", "")],
            &[("25180", "2020-01-01", "2026-12-31*")],
            &["ERKENNING_BEEINDIGD 25180 2027-01-01"],
            &["25180 2020-01-01..2026-12-31 INGETROKKEN"],
        ),
        (
            "a running one is missing",
            &[("25180", "2020-01-01", "")],
            &[],
            &["ERKENNING_BEEINDIGD 25180 2026-11-22"],
            &["25180 2020-01-01..2026-11-21 INGETROKKEN"],
        ),
        (
            "one with a coming end is missing",
            &[("25180", "2020-01-01", "2027-07-31")],
            &[],
            &["ERKENNING_BEEINDIGD 25180 2026-11-22"],
            &["25180 2020-01-01..2026-11-21 INGETROKKEN"],
        ),
        (
            "a past one is missing",
            &[("25180", "2020-01-01", "2021-12-31")],
            &[],
            &[],
            &["25180 2020-01-01..2021-12-31"],
        ),
        (
            "one that would begin later is missing",
            &[("25180", "2027-02-01", "")],
            &[],
            &["ERKENNING_BEEINDIGD 25180 2027-02-01"],
            &[],
        ),
        (
            "one that began today is missing",
            &[("25180", "2026-11-22", "")],
            &[],
            &["ERKENNING_BEEINDIGD 25180 2026-11-22"],
            &[],
        ),
        (
            "another first day",
            &[("25180", "2020-01-01", "")],
            &[("25180", "2020-03-01", "")],
            &["ERKENNING_GEWIJZIGD 25180 2020-01-01"],
            &["25180 2020-03-01.."],
        ),
        (
            "two that become one",
            &[
                ("25180", "2020-01-01", "2021-12-31"),
                ("25180", "2023-01-01", ""),
            ],
            &[("25180", "2020-01-01", "")],
            &["ERKENNING_HERSTELD 25180 2022-01-01"],
            &["25180 2020-01-01.."],
        ),
        (
            "two that become one that ends sooner",
            &[
                ("25180", "2020-01-01", "2021-12-31"),
                ("25180", "2023-01-01", ""),
            ],
            &[("25180", "2020-01-01", "2026-12-31")],
            &[
                "ERKENNING_BEEINDIGD 25180 2027-01-01",
                "ERKENNING_HERSTELD 25180 2022-01-01",
            ],
            &["25180 2020-01-01..2026-12-31"],
        ),
        (
            "one code for another",
            &[("25180", "2020-01-01", "")],
            &[("25182", "2026-11-01", "")],
            &[
                "ERKENNING_BEEINDIGD 25180 2026-11-22",
                "ERKENNING_VERLEEND 25182 2026-11-01",
            ],
            &[
                "25180 2020-01-01..2026-11-21 INGETROKKEN",
                "25182 2026-11-01..",
            ],
        ),
    ];
    for (what, before, now, mutations, perioden) in cases {
        let (register, announced) = after(of(before), of(now)).await;
        assert_eq!(announced, *mutations, "{what}");
        assert_eq!(register.perioden(1).await, *perioden, "{what}");
    }
}

#[tokio::test]
async fn other_content_of_an_erkenning_is_a_change_and_another_moment_alone_is_not() {
    let before = of(&[("25180", "2020-01-01", "")]);
    let mut partial = before.clone();
    partial.kern.erkenningen[0].gedeeltelijk = true;
    let (_, announced) = after(before.clone(), partial).await;
    assert_eq!(announced, ["ERKENNING_GEWIJZIGD 25180 2026-11-22"]);

    let mut later = before.clone();
    later.kern.erkenningen[0].bijgewerkt_op = tijdstip("2026-11-01T00:00:00Z");
    let (register, announced) = after(before, later).await;
    assert!(announced.is_empty());
    let kept = register.kern(1).await.erkenningen[0].bijgewerkt_op;
    assert_eq!(kept, tijdstip("2026-11-01T00:00:00Z"));
}

#[tokio::test]
async fn changes_of_identity() {
    let before = of(&[]);
    type Edit = fn(&mut Leerbedrijf);
    let cases: &[(&str, Edit, &[&str])] = &[
        (
            "renamed",
            |l| l.kern.naam = "Anders".into(),
            &["LEERBEDRIJF_GEWIJZIGD - 2026-11-22"],
        ),
        (
            "moved",
            |l| l.gegevens.vestigingsadres.huisnummer = Some(2),
            &["LEERBEDRIJF_GEWIJZIGD - 2026-11-22"],
        ),
        (
            "found on the map",
            |l| {
                l.gegevens.vestigingsadres.coordinaten = Some(crate::domain::Coordinaten {
                    lat: 52.0,
                    lon: 5.0,
                });
            },
            &[],
        ),
        (
            "another phone number",
            |l| l.gegevens.telefoonnummer = Some("+31201234567".into()),
            &[],
        ),
        (
            "ended",
            |l| l.kern.status = LeerbedrijfStatus::Historisch,
            &["LEERBEDRIJF_BEEINDIGD - 2026-11-22"],
        ),
        (
            "merged",
            |l| {
                l.kern.status = LeerbedrijfStatus::Historisch;
                l.kern.opvolging = Some(Opvolging {
                    opvolger: id(2),
                    opgevolgd_per: dag("2026-11-01"),
                });
            },
            &["LEERBEDRIJF_SAMENGEVOEGD - 2026-11-01"],
        ),
        (
            "to be merged",
            |l| {
                l.kern.opvolging = Some(Opvolging {
                    opvolger: id(2),
                    opgevolgd_per: dag("2027-01-01"),
                });
            },
            &["LEERBEDRIJF_SAMENGEVOEGD - 2027-01-01"],
        ),
        (
            "renamed and merged",
            |l| {
                l.kern.naam = "Anders".into();
                l.kern.status = LeerbedrijfStatus::Historisch;
                l.kern.opvolging = Some(Opvolging {
                    opvolger: id(2),
                    opgevolgd_per: dag("2026-11-01"),
                });
            },
            &["LEERBEDRIJF_SAMENGEVOEGD - 2026-11-01"],
        ),
    ];
    for (what, edit, expected) in cases {
        let mut now = before.clone();
        edit(&mut now);
        let (_, announced) = after(before.clone(), now).await;
        assert_eq!(announced, *expected, "{what}");
    }
}

#[tokio::test]
async fn a_leerbedrijf_that_is_missing_becomes_historical_and_may_come_back() {
    let register = Register::new().await;
    let one = of(&[
        ("25180", "2020-01-01", ""),
        ("25182", "2015-01-01", "2019-12-31"),
    ]);
    let other = bedrijf(2, Vec::new());
    register
        .import(&volledig(
            "L1",
            &[object(one.clone()), object(other.clone())],
        ))
        .await;
    register
        .import(&volledig("L2", &[object(other.clone())]))
        .await;
    assert_eq!(
        register.announced().await,
        [
            "ERKENNING_BEEINDIGD 25180 2026-11-22",
            "LEERBEDRIJF_BEEINDIGD - 2026-11-22"
        ]
    );
    assert_eq!(register.kern(1).await.status, LeerbedrijfStatus::Historisch);
    assert_eq!(
        register.perioden(1).await,
        [
            "25180 2020-01-01..2026-11-21 INGETROKKEN",
            "25182 2015-01-01..2019-12-31"
        ]
    );

    let again = register
        .import(&volledig("L3", &[object(other.clone())]))
        .await;
    assert!(
        register.announced().await.is_empty(),
        "what is historical stays as it is"
    );
    assert_eq!(again.objecten.leerbedrijf.beeindigd, 0);

    register
        .import(&volledig("L4", &[object(one), object(other)]))
        .await;
    assert_eq!(
        register.announced().await,
        [
            "ERKENNING_HERSTELD 25180 2026-11-22",
            "LEERBEDRIJF_GEWIJZIGD - 2026-11-22"
        ]
    );
    assert_eq!(register.kern(1).await.status, LeerbedrijfStatus::Actief);
}

#[tokio::test]
async fn ids_of_mutations_follow_from_the_levering() {
    let ids = async |levering_id: &str| {
        let register = Register::new().await;
        register.import(&volledig("L1", &[object(of(&[]))])).await;
        let now = object(of(&[("25180", "2020-01-01", "")]));
        register.import(&mutaties(levering_id, &[now])).await;
        let list: Vec<Mutatie> = register.all(Soort::Mutatie).await;
        assert_eq!(list[0].geregistreerd_op, tijdstip(REGISTRATIE));
        list[0].mutatie_id
    };
    let first = ids("M1").await;
    assert_eq!(first, ids("M1").await);
    assert_ne!(first, ids("M2").await);
}
