//! What an import leaves in the register, kind by kind.

use super::*;
use crate::{
    domain::{Herkomst, Opleiding, School},
    log::{Inhoud, Line},
    register::{
        Object,
        testing::{
            bedrijf, bpvo, closed, code, dag, lines, mens, mutaties, object, periode, school,
            volledig,
        },
    },
};

fn with_people(nth: u32, persoon_id: &str) -> Object {
    Object::Leerbedrijf(Box::new(bedrijf(nth, Vec::new())), mens(persoon_id))
}

fn equivalent(met: &str, tot: Option<&str>) -> Object {
    Object::Equivalent(Equivalent {
        code: code("25180"),
        equivalent_met: code(met),
        vanaf: dag("2020-01-01"),
        tot: tot.map(dag),
    })
}

fn base() -> Vec<Object> {
    vec![
        Object::Opleiding(Opleiding {
            code: code("25180"),
            opleidingsnaam: "Kok".into(),
            niveau: Some(3),
            leerwegen: crate::domain::Leerwegen::default(),
        }),
        equivalent("25001", None),
        equivalent("25002", None),
        Object::School(School {
            oin: school(),
            brin: crate::domain::Brin::parse("00AA").unwrap(),
            naam: "ROC Proef".into(),
        }),
        with_people(1, "a"),
        with_people(2, "b"),
        Object::Bpvo(bpvo("K1", 1)),
        Object::Bpvo(bpvo("K2", 2)),
    ]
}

async fn append(register: &Register, nth: u128, bpvo: &Bpvo, inhoud: Option<()>) {
    let natural = Sleutel::natural_bpvo(bpvo.school_oin, &bpvo.bpvo_kenmerk);
    let line = Line {
        soort: Soort::Bpvo,
        sleutel: register.store.pseudonym(&natural),
        inhoud: inhoud.map_or(Inhoud::Verwijderd, |()| {
            Inhoud::Gezet(postcard::to_stdvec(bpvo).unwrap())
        }),
    };
    let request = uuid::Uuid::from_u128(nth);
    register
        .store
        .append(request, tijdstip(REGISTRATIE), vec![line])
        .await
        .unwrap();
}

pub(super) fn own(kenmerk: &str) -> Bpvo {
    Bpvo {
        herkomst: Herkomst::School,
        einddatum_gepland: dag("2027-06-30"),
        ..bpvo(kenmerk, 1)
    }
}

async fn herkomsten(register: &Register) -> Vec<(String, Herkomst)> {
    let mut list: Vec<(String, Herkomst)> = register
        .all::<Bpvo>(Soort::Bpvo)
        .await
        .into_iter()
        .map(|b| (b.bpvo_kenmerk, b.herkomst))
        .collect();
    list.sort();
    list
}

#[tokio::test]
async fn the_same_content_under_another_name_changes_nothing() {
    let register = Register::new().await;
    let first = register.import(&volledig("L1", &base())).await;
    assert_eq!(first.objecten.leerbedrijf.toegevoegd, 2);
    assert_eq!(first.versie.to_string(), "1.1");
    let before = register.everything().await;
    let second = register.import(&volledig("L2", &base())).await;
    for (name, tally) in second.objecten.iter() {
        let touched = tally.toegevoegd + tally.gewijzigd + tally.beeindigd;
        assert_eq!(touched, 0, "{name}");
        assert!(tally.ongewijzigd > 0, "{name}");
    }
    let after = register.everything().await;
    assert_eq!(
        (before.1, before.2, before.3, before.4),
        (after.1, after.2, after.3, after.4)
    );
}

#[tokio::test]
async fn a_bpvo_that_is_over_for_too_long_is_not_taken_up_and_is_changed_where_it_stands() {
    let register = Register::new().await;
    let ended = |kenmerk, eind| {
        Object::Bpvo(Bpvo {
            begindatum: dag("2025-02-01"),
            einddatum_werkelijk: Some(dag(eind)),
            ..bpvo(kenmerk, 1)
        })
    };
    // It is registered 400 days after 2025-10-18.
    let (over, on_it) = (ended("K1", "2025-10-17"), ended("K2", "2025-10-18"));
    let runs = Object::Bpvo(bpvo("K3", 1));
    let there = || async {
        let list = herkomsten(&register).await;
        list.into_iter()
            .map(|(kenmerk, _)| kenmerk)
            .collect::<Vec<_>>()
    };
    let counts = |applied: Applied| {
        let Tally {
            toegevoegd,
            gewijzigd,
            beeindigd,
            ongewijzigd,
        } = applied.objecten.bpvo;
        let counts = [toegevoegd, gewijzigd, beeindigd, ongewijzigd];
        (counts, applied.bpvos_voorbij)
    };
    let first = [over.clone(), on_it.clone(), runs];
    let applied = register.import(&volledig("L1", &first)).await;
    assert_eq!(counts(applied), ([2, 0, 0, 0], 1));
    assert_eq!(there().await, ["K2", "K3"]);
    let applied = register.import(&volledig("L2", &first)).await;
    assert_eq!(
        counts(applied),
        ([0, 0, 0, 2], 1),
        "it does not come and go"
    );
    let late = [over, on_it, ended("K3", "2025-06-30")];
    let applied = register.import(&volledig("L3", &late)).await;
    assert_eq!(
        counts(applied),
        ([0, 1, 0, 1], 1),
        "an end that is told late"
    );
    let applied = register.import(&volledig("L4", &late[..1])).await;
    assert_eq!(
        counts(applied),
        ([0, 0, 2, 0], 1),
        "what is absent goes as ever"
    );
}

#[tokio::test]
async fn a_source_that_does_not_say_when_gets_the_moment_of_registration_once() {
    let register = Register::new().await;
    let silent = |id: &str, naam: &str| {
        let mut list = vec![with_people(1, "a")];
        let Object::Leerbedrijf(l, _) = &mut list[0] else {
            unreachable!()
        };
        l.kern.naam = naam.into();
        l.kern.erkenningen.push(periode("25180", "2020-01-01", ""));
        let kept: Vec<String> = lines(&volledig(id, &list))
            .iter()
            .map(|line| line.replace(r#","bijgewerktOp":"2026-01-01T00:00:00Z""#, ""))
            .collect();
        closed(&kept.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let moments = async || {
        let l: Vec<Leerbedrijf> = register.all(Soort::Leerbedrijf).await;
        let p: Vec<Personen> = register.all(Soort::Personen).await;
        let (l, p) = (&l[0], &p[0]);
        [
            l.gegevens.bijgewerkt_op,
            l.kern.erkenningen[0].bijgewerkt_op,
            p.contactpersonen[0].bijgewerkt_op,
        ]
        .map(|t| t.to_string())
    };
    let on = |op: &'static str| Wish {
        op: Some(op),
        krimp: true,
        ..Wish::default()
    };
    register
        .try_import(&silent("L1", "Een"), on("2026-11-22T10:00:00Z"))
        .await
        .0
        .unwrap();
    assert_eq!(moments().await, ["2026-11-22T10:00:00Z"; 3]);
    register
        .try_import(&silent("L2", "Een"), on("2026-11-23T10:00:00Z"))
        .await
        .0
        .unwrap();
    assert_eq!(moments().await, ["2026-11-22T10:00:00Z"; 3]);
    register
        .try_import(&silent("L3", "Twee"), on("2026-11-24T10:00:00Z"))
        .await
        .0
        .unwrap();
    let [gegevens, erkenning, mens] = moments().await;
    assert_eq!(gegevens, "2026-11-24T10:00:00Z");
    assert_eq!([erkenning, mens], ["2026-11-22T10:00:00Z"; 2]);
}

#[tokio::test]
async fn volledig_ends_what_it_does_not_have() {
    let register = Register::new().await;
    register.import(&volledig("L1", &base())).await;
    let left = vec![
        equivalent("25002", Some("2026-12-31")),
        object(bedrijf(1, Vec::new())),
        with_people(2, "c"),
    ];
    let applied = register.import(&volledig("L2", &left)).await;
    assert_eq!(applied.objecten.opleiding.beeindigd, 1);
    assert_eq!(applied.objecten.school.beeindigd, 1);
    assert_eq!(
        (
            applied.objecten.equivalent.beeindigd,
            applied.objecten.equivalent.gewijzigd
        ),
        (1, 1)
    );
    assert_eq!(
        (
            applied.objecten.personen.beeindigd,
            applied.objecten.personen.gewijzigd
        ),
        (1, 1)
    );
    assert_eq!(applied.objecten.bpvo.beeindigd, 2);
    let (_, bedrijven, mensen, bpvos, equivalenten) = register.everything().await;
    assert_eq!((bedrijven.len(), mensen.len(), bpvos.len()), (2, 1, 0));
    assert_eq!(equivalenten[0].len(), 1);
    assert_eq!(mensen[0].contactpersonen[0].persoon_id, "c");
}

#[tokio::test]
async fn mutaties_leave_alone_what_they_do_not_name() {
    let register = Register::new().await;
    register.import(&volledig("L1", &base())).await;
    let changes = [
        equivalent("25003", None),
        with_people(3, "c"),
        Object::Bpvo(bpvo("K3", 3)),
    ];
    register.import(&mutaties("M1", &changes)).await;
    let (_, bedrijven, mensen, bpvos, equivalenten) = register.everything().await;
    assert_eq!((bedrijven.len(), mensen.len(), bpvos.len()), (3, 3, 3));
    assert_eq!(equivalenten[0].len(), 3);

    let mut text = lines(&mutaties("M2", &[]));
    let oin = school();
    text.extend([
        r#"{"soort":"verwijderd","objectSoort":"leerbedrijf","leerbedrijfId":"100000001"}"#.into(),
        r#"{"soort":"verwijderd","objectSoort":"leerbedrijf","leerbedrijfId":"100000009"}"#.into(),
        r#"{"soort":"verwijderd","objectSoort":"opleiding","code":"25180"}"#.into(),
        r#"{"soort":"verwijderd","objectSoort":"equivalent","code":"25180","equivalentMet":"25001","vanaf":"2020-01-01"}"#.into(),
        format!(r#"{{"soort":"verwijderd","objectSoort":"school","schoolOin":"{oin}"}}"#),
        format!(r#"{{"soort":"verwijderd","objectSoort":"bpvo","schoolOin":"{oin}","bpvoKenmerk":"K2"}}"#),
    ]);
    let applied = register
        .import(&closed(
            &text.iter().map(String::as_str).collect::<Vec<_>>(),
        ))
        .await;
    for (name, tally) in applied.objecten.iter() {
        assert_eq!(tally.beeindigd, 1, "{name}");
    }
    assert_eq!(
        register.announced().await,
        ["LEERBEDRIJF_BEEINDIGD - 2026-11-22"]
    );
    let (_, bedrijven, mensen, bpvos, equivalenten) = register.everything().await;
    assert_eq!(
        (bedrijven.len(), mensen.len(), bpvos.len()),
        (3, 2, 2),
        "a leerbedrijf stays, as history"
    );
    assert_eq!(equivalenten[0].len(), 2);
}

#[tokio::test]
async fn a_bpvo_of_a_school_is_the_schools() {
    let register = Register::new().await;
    append(&register, 1, &own("own"), Some(())).await;
    append(&register, 2, &own("both"), Some(())).await;
    let arrives = [
        Object::Bpvo(bpvo("both", 1)),
        Object::Bpvo(bpvo("theirs", 1)),
    ];
    register.import(&volledig("L1", &arrives)).await;
    let name = str::to_owned;
    assert_eq!(
        herkomsten(&register).await,
        [
            (name("both"), Herkomst::Beide),
            (name("own"), Herkomst::School),
            (name("theirs"), Herkomst::Register)
        ]
    );
    let both = register
        .all::<Bpvo>(Soort::Bpvo)
        .await
        .into_iter()
        .find(|b| b.herkomst == Herkomst::Beide);
    let both = both.unwrap();
    assert_eq!(
        both.einddatum_gepland,
        dag("2027-06-30"),
        "what the school said stays"
    );
    assert_eq!(both.verschillen(), ["einddatumGepland"]);

    register.import(&volledig("L2", &[])).await;
    assert_eq!(
        herkomsten(&register).await,
        [
            (name("both"), Herkomst::School),
            (name("own"), Herkomst::School)
        ]
    );
}

/// Gives the levering piece by piece, and lets something happen before the last piece.
struct Interrupted<F> {
    first: std::io::Cursor<Vec<u8>>,
    last: std::io::Cursor<Vec<u8>>,
    between: Option<F>,
}

impl<F: FnOnce()> Read for Interrupted<F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.first.read(buffer)?;
        if count > 0 {
            return Ok(count);
        }
        if let Some(between) = self.between.take() {
            between();
        }
        self.last.read(buffer)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_that_writes_meanwhile_is_not_written_over() {
    let register = Register::new().await;
    register
        .import(&volledig("L1", &[Object::Bpvo(bpvo("gone", 1))]))
        .await;
    // Filled with leerbedrijven, so that the first party is compared before the school writes.
    let mut objects = vec![Object::Bpvo(bpvo("new", 1))];
    objects.extend((1..4_500).map(|nth| object(bedrijf(nth, Vec::new()))));
    let mut first = volledig("L2", &objects);
    let last = first.split_off(first.len() - 20);
    let store = Arc::clone(&register.store);
    let runtime = tokio::runtime::Handle::current();
    let input = Interrupted {
        first: std::io::Cursor::new(first),
        last: std::io::Cursor::new(last),
        between: Some(move || {
            for (nth, kenmerk) in [(11, "new"), (12, "gone")] {
                let bpvo = own(kenmerk);
                let natural = Sleutel::natural_bpvo(bpvo.school_oin, kenmerk);
                let line = Line {
                    soort: Soort::Bpvo,
                    sleutel: store.pseudonym(&natural),
                    inhoud: Inhoud::Gezet(postcard::to_stdvec(&bpvo).unwrap()),
                };
                let request = uuid::Uuid::from_u128(nth);
                runtime
                    .block_on(store.append(request, tijdstip(REGISTRATIE), vec![line]))
                    .unwrap();
            }
        }),
    };
    let wish = Wish {
        krimp: true,
        ..Wish::default()
    };
    register.try_import_from(input, wish).await.0.unwrap();
    assert_eq!(
        herkomsten(&register).await,
        [
            ("gone".to_owned(), Herkomst::School),
            ("new".to_owned(), Herkomst::Beide)
        ]
    );
}
