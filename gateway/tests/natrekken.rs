//! Domain rules 4 to 7 as a table: who is erkend for what on which day, and on what grounds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::sync::Arc;

use serde_json::Value;
use stagepoort::{
    clock::SystemClock,
    domain::{
        Adres, Caller, Code, Datum, Eindreden, Equivalent, Erkenning, Gegevens, Kern, Leerbedrijf,
        LeerbedrijfId, LeerbedrijfStatus, Leerwegen, Oin, Opleiding, Opvolging, Rol, Tijdstip,
    },
    log::{Inhoud, Line, LogStore, Sleutel, Soort, SqliteStore},
    operations::{Context, KeuzedeelRegel, Profielen, Rules, natrekken_erkenning},
    replica::{Follower, Replica, View},
};
use uuid::Uuid;

const KOK: &str = "25180";
const OUDE_KOK: &str = "95420";
const KEUZEDEEL: &str = "K0072";

#[tokio::test]
async fn the_end_is_inclusive_and_the_nearest_period_tells_why() {
    let register = register().await;
    // Kok from 2020-01-01 to 2022-06-30, withdrawn, and again from 2024-01-01.
    for (dag, expect) in [
        ("2019-12-31", "NOG_NIET_INGEGAAN 2020-01-01"),
        ("2020-01-01", "ERKENNING 2020-01-01"),
        ("2022-06-30", "ERKENNING 2020-01-01"),
        ("2022-07-01", "INGETROKKEN 2020-01-01"),
        ("2023-12-31", "NOG_NIET_INGEGAAN 2024-01-01"),
        ("2024-01-01", "ERKENNING 2024-01-01"),
        ("2199-12-31", "ERKENNING 2024-01-01"),
    ] {
        register.check("100000001", KOK, dag, 0, expect);
    }
}

#[tokio::test]
async fn every_end_has_its_reason() {
    let register = register().await;
    for (id, expect) in [
        ("100000002", "VERLOPEN 2020-01-01"),
        ("100000003", "VAN_RECHTSWEGE_VERVALLEN 2020-01-01"),
        ("100000004", "NIET_VERLENGD 2020-01-01"),
    ] {
        register.check(id, KOK, "2025-01-01", 0, expect);
    }
    register.check("100000002", "25999", "2025-01-01", 110, "CODE_ONBEKEND");
    register.check("100000005", KOK, "2025-01-01", 0, "NOOIT_VERLEEND");
    register.check("999999999", KOK, "2025-01-01", 100, "LEERBEDRIJF_ONBEKEND");
}

#[tokio::test]
async fn an_equivalent_counts_while_the_equivalence_is_valid() {
    let register = register().await;
    // An erkenning for the old code counts for kok from 2021 to 2023.
    for (dag, expect) in [
        ("2020-12-31", "NOOIT_VERLEEND"),
        ("2021-01-01", "EQUIVALENT 2019-01-01 95420"),
        ("2023-12-31", "EQUIVALENT 2019-01-01 95420"),
        ("2024-01-01", "NOOIT_VERLEEND"),
    ] {
        register.check("100000005", KOK, dag, 0, expect);
    }
    register.check(
        "100000005",
        OUDE_KOK,
        "2024-01-01",
        0,
        "ERKENNING 2019-01-01",
    );
}

#[tokio::test]
async fn a_keuzedeel_is_carried_by_any_erkenning_or_by_its_own_alone() {
    let register = register().await;
    register.check(
        "100000001",
        KEUZEDEEL,
        "2021-01-01",
        0,
        "KEUZEDEEL 2020-01-01",
    );
    register.check(
        "100000001",
        KEUZEDEEL,
        "2022-07-01",
        0,
        "INGETROKKEN 2020-01-01",
    );
    register.check("100000001", "K9999", "2021-01-01", 110, "CODE_ONBEKEND");

    let own = Rules {
        keuzedeel_regel: KeuzedeelRegel::EigenErkenning,
        ..Rules::default()
    };
    let ask = |id| register.ask_by(own, id, KEUZEDEEL, "2021-01-01");
    assert_eq!(ask("100000001"), (0, "NOOIT_VERLEEND".to_owned()));
    assert_eq!(ask("100000006"), (0, "ERKENNING 2021-01-01".to_owned()));
}

#[tokio::test]
async fn a_merged_leerbedrijf_is_answered_for_by_its_successor_from_that_day_on() {
    let register = register().await;
    // 7 was merged into 8 per 2023-01-01, and 8 into 1 per 2024-06-01.
    let check = |dag: &str, expect: &str, answered_for: Option<&str>| {
        register.check("100000007", KOK, dag, 102, expect);
        let answer = register.answer(Rules::default(), "100000007", KOK, dag);
        assert_eq!(answer["opvolger"], "100000008");
        assert_eq!(
            answer.get("beantwoordVoor").and_then(Value::as_str),
            answered_for,
            "{dag}"
        );
        assert_eq!(answer["leerbedrijfId"], "100000007", "as it was asked");
    };
    check("2022-12-31", "ERKENNING 2018-01-01", None);
    check("2023-01-01", "NOOIT_VERLEEND", Some("100000008"));
    check("2024-06-01", "ERKENNING 2024-01-01", Some("100000001"));
}

#[tokio::test]
async fn a_circle_of_mergers_or_a_lost_successor_ends() {
    let register = register().await;
    register.check("100000009", KOK, "2025-01-01", 102, "LEERBEDRIJF_ONBEKEND");
    register.check("100000010", KOK, "2025-01-01", 102, "LEERBEDRIJF_ONBEKEND");
}

#[tokio::test]
async fn every_field_that_is_wrong_is_found_and_the_first_gives_the_signaalcode() {
    let register = register().await;
    for (fields, expect) in [
        (["", "", ""], vec![101, 111, 120]),
        (["99ZZ9999JJ0001602", KOK, "2025-01-01"], vec![101]),
        (["100000001", "23180", "2025-01-01"], vec![112]),
        (["100000001", "2518", "2025-02-30"], vec![111, 120]),
        (["100000001", KOK, "1899-12-31"], vec![121]),
        ([" 100000001 ", " k0072 ", " 2025-01-01Z "], vec![]),
    ] {
        let request = natrekken_erkenning::Request {
            leerbedrijf_id: Some(fields[0].to_owned()),
            code: Some(fields[1].to_owned()),
            peildatum: Some(fields[2].to_owned()),
            minimale_register_versie: None,
        };
        let answer = register.run(Rules::default(), request);
        let found: Vec<u16> = answer
            .bevindingen
            .iter()
            .map(|b| b.signaalcode.code())
            .collect();
        assert_eq!(found, expect, "{fields:?}");
        let first = expect.first().copied().unwrap_or(0);
        let kop = answer.response.kop;
        assert_eq!(kop.signaalcode.code(), first);
        let told = answer
            .bevindingen
            .first()
            .map(|b| format!("{}: {}: {}", b.signaalcode.tekst(), b.veld, b.uitleg));
        assert_eq!(kop.signaaltekst.as_deref(), told.as_deref());
        assert_eq!(
            answer.response.uitkomst.erkenning_status.is_some(),
            expect.is_empty()
        );
    }
}

/// A register in a real store, followed into a real replica.
struct Register {
    view: Arc<View>,
    caller: Caller,
}

impl Register {
    fn check(&self, id: &str, code: &str, dag: &str, signaalcode: u64, expect: &str) {
        let found = self.ask_by(Rules::default(), id, code, dag);
        assert_eq!(found, (signaalcode, expect.to_owned()), "{id} {code} {dag}");
    }

    /// Signaalcode, and grondslag or reden with the period's first day and the code it rests on.
    fn ask_by(&self, rules: Rules, id: &str, code: &str, dag: &str) -> (u64, String) {
        let answer = self.answer(rules, id, code, dag);
        let told = ["grondslag", "reden", "startdatum", "erkendVoorCode"];
        let words: Vec<&str> = told
            .iter()
            .filter_map(|name| answer.get(*name)?.as_str())
            .collect();
        (answer["signaalcode"].as_u64().unwrap(), words.join(" "))
    }

    fn answer(&self, rules: Rules, id: &str, code: &str, dag: &str) -> Value {
        let request = natrekken_erkenning::Request {
            leerbedrijf_id: Some(id.to_owned()),
            code: Some(code.to_owned()),
            peildatum: Some(dag.to_owned()),
            minimale_register_versie: None,
        };
        serde_json::to_value(self.run(rules, request).response).unwrap()
    }

    fn run(
        &self,
        rules: Rules,
        request: natrekken_erkenning::Request,
    ) -> stagepoort::operations::Answer<natrekken_erkenning::Response> {
        let ctx = Context {
            view: Arc::clone(&self.view),
            caller: &self.caller,
            rules,
            now: moment(),
            profielen: &Profielen::default(),
        };
        natrekken_erkenning::run(&ctx, request)
    }
}

async fn register() -> Register {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("log.db"))
        .await
        .unwrap();
    let store: Arc<dyn LogStore> = Arc::new(store);
    store
        .append(Uuid::from_u128(1), moment(), lines())
        .await
        .unwrap();
    let replica = Arc::new(Replica::new());
    let mut follower = Follower::new(store, Arc::clone(&replica), Arc::new(SystemClock));
    while !replica.view().is_loaded() {
        follower.step().await.unwrap();
    }
    let oin = Oin::parse("00000099000000002001").unwrap();
    Register {
        view: replica.view(),
        caller: Caller {
            afnemer_oin: oin,
            afnemer_naam: "test".into(),
            rol: Rol::Sis,
            school_oin: oin,
        },
    }
}

fn lines() -> Vec<Line> {
    let start = "2020-01-01";
    let ended = |reden| period(KOK, start, Some("2024-12-31"), reden);
    let bedrijven = [
        bedrijf(
            1,
            None,
            vec![
                period(KOK, start, Some("2022-06-30"), Some(Eindreden::Ingetrokken)),
                period(KOK, "2024-01-01", None, None),
            ],
        ),
        bedrijf(2, None, vec![ended(None)]),
        bedrijf(
            3,
            None,
            vec![ended(Some(Eindreden::VanRechtswegeVervallen))],
        ),
        bedrijf(4, None, vec![ended(Some(Eindreden::NietVerlengd))]),
        bedrijf(5, None, vec![period(OUDE_KOK, "2019-01-01", None, None)]),
        bedrijf(6, None, vec![period(KEUZEDEEL, "2021-01-01", None, None)]),
        bedrijf(
            7,
            Some((8, "2023-01-01")),
            vec![period(KOK, "2018-01-01", None, None)],
        ),
        bedrijf(8, Some((1, "2024-06-01")), vec![]),
        bedrijf(9, Some((10, start)), vec![]),
        bedrijf(10, Some((9, start)), vec![]),
    ];
    let equivalent = Equivalent {
        code: code(KOK),
        equivalent_met: code(OUDE_KOK),
        vanaf: datum("2021-01-01"),
        tot: Some(datum("2023-12-31")),
    };
    let opleidingen = [KOK, OUDE_KOK, KEUZEDEEL].map(|text| Opleiding {
        code: code(text),
        opleidingsnaam: text.to_owned(),
        niveau: Some(2),
        leerwegen: Leerwegen::default(),
    });
    let mut lines: Vec<Line> = bedrijven
        .iter()
        .map(|b| {
            set(
                Soort::Leerbedrijf,
                Sleutel::leerbedrijf(b.kern.leerbedrijf_id),
                b,
            )
        })
        .collect();
    lines.extend(
        opleidingen
            .iter()
            .map(|o| set(Soort::Opleiding, Sleutel::code(o.code), o)),
    );
    lines.push(set(
        Soort::Equivalenten,
        Sleutel::code(code(KOK)),
        &vec![equivalent],
    ));
    lines
}

fn set(soort: Soort, sleutel: Sleutel, value: &impl serde::Serialize) -> Line {
    let inhoud = Inhoud::Gezet(postcard::to_stdvec(value).unwrap());
    Line {
        soort,
        sleutel,
        inhoud,
    }
}

fn bedrijf(
    number: u32,
    opvolging: Option<(u32, &str)>,
    erkenningen: Vec<Erkenning>,
) -> Leerbedrijf {
    let adres = Adres {
        straat: None,
        huisnummer: None,
        huisnummertoevoeging: None,
        postcode: None,
        plaats: "Utrecht".to_owned(),
        land: "NL".to_owned(),
        coordinaten: None,
    };
    Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: id(number),
            naam: format!("Bedrijf {number}"),
            status: match opvolging {
                Some(_) => LeerbedrijfStatus::Historisch,
                None => LeerbedrijfStatus::Actief,
            },
            opvolging: opvolging.map(|(opvolger, per)| Opvolging {
                opvolger: id(opvolger),
                opgevolgd_per: datum(per),
            }),
            erkenningen,
        },
        gegevens: Gegevens {
            kvk_nummer: None,
            kvk_vestigingsnummer: None,
            vestigingsadres: adres,
            correspondentieadres: None,
            telefoonnummer: None,
            emailadres: None,
            website: None,
            bijgewerkt_op: moment(),
        },
        leerplaatsen: Vec::new(),
    }
}

fn period(text: &str, van: &str, tot: Option<&str>, reden: Option<Eindreden>) -> Erkenning {
    Erkenning {
        code: code(text),
        leerwegen: Leerwegen::default(),
        startdatum: datum(van),
        einddatum: tot.map(datum),
        reden,
        gedeeltelijk: false,
        werkprocessen: Vec::new(),
        bijgewerkt_op: moment(),
    }
}

fn id(number: u32) -> LeerbedrijfId {
    LeerbedrijfId::from_u32(100_000_000 + number).unwrap()
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

fn datum(text: &str) -> Datum {
    Datum::parse(text).unwrap()
}

fn moment() -> Tijdstip {
    Tijdstip::parse("2026-11-22T09:00:00Z").unwrap()
}
