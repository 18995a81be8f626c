//! The oracle itself, against answers that were worked out by hand.

use stagepoort::domain::{Adres, Coordinaten, FoldedNaam, Leerbedrijf, LeerbedrijfStatus, Oin};

use super::{Expected, answer, place, text};
use crate::{
    bouw::{
        adres, bpvo, code, datum, equivalent, erkenning, id, leerbedrijf, leerplaats, leerwegen,
        opleiding, praktijkopleider, wereld,
    },
    kans::Kans,
    register::{ANDERE_SCHOOL, SCHOOL},
    vraag::Vraag,
    wereld::Wereld,
};

const VANDAAG: &str = "2026-11-22";

/// Kok at five leerbedrijven, of which the last is historical, and what else tells them apart.
fn example() -> Wereld {
    let of = |n, naam, at: Adres, erkenningen: Vec<_>| {
        let mut found = leerbedrijf(n, naam);
        found.gegevens.vestigingsadres = at;
        found.kern.erkenningen = erkenningen;
        found
    };
    let kok = || erkenning(code("25180"));
    let mut ended = kok();
    ended.einddatum = Some(datum(VANDAAG));
    ended.leerwegen = leerwegen("BBL");
    let mut historisch = of(
        5,
        "Restaurant De Linde",
        adres("Utrecht", "3511AB", None),
        vec![kok()],
    );
    historisch.kern.status = LeerbedrijfStatus::Historisch;
    let mut wereld = wereld(
        [
            opleiding("25180", "Kok", Some(2)),
            opleiding("25182", "Zelfstandig werkend kok", Some(3)),
            opleiding("K0072", "Ondernemend gedrag", None),
        ],
        [
            of(
                1,
                "Restaurant De Linde B.V.",
                adres("Utrecht", "3511AB", Some((52.09, 5.12))),
                vec![kok()],
            ),
            of(
                2,
                "Linde Restaurant",
                adres("Utrecht", "3511AC", Some((52.10, 5.12))),
                vec![ended],
            ),
            of(
                3,
                "Restaurant De Linden",
                adres("Zeist", "3701AA", Some((52.09, 5.24))),
                vec![erkenning(code("25182"))],
            ),
            of(
                4,
                "Restaurent",
                adres("Tiel", "4001AA", None),
                vec![kok(), erkenning(code("K0072"))],
            ),
            historisch,
        ],
    );
    let met = equivalent(
        "25180",
        "25182",
        datum("2026-01-01"),
        Some(datum("2026-12-31")),
    );
    wereld.equivalenten.insert(code("25180"), vec![met]);
    wereld
}

fn vraag(json: &str) -> Vraag {
    serde_json::from_str(json).unwrap()
}

fn ask(wereld: &Wereld, json: &str) -> Expected {
    let school = Oin::parse(SCHOOL).unwrap();
    answer(wereld, &vraag(json), datum(VANDAAG), school).unwrap()
}

/// Last digits of the ids in the order of the answer, or the signaalcodes.
fn found(wereld: &Wereld, json: &str) -> String {
    let words: Vec<String> = match ask(wereld, json) {
        Expected::Nothing(codes) => codes.iter().map(u16::to_string).collect(),
        Expected::Hits(hits) => hits
            .hits
            .iter()
            .map(|h| (h.id.as_u32() % 100).to_string())
            .collect(),
    };
    words.join(" ")
}

#[test]
fn erkenningen_are_found_by_every_filter() {
    let wereld = example();
    for (asked, expect) in [
        (r#""code":"25180""#, "2 1 4 3"),
        (r#""code":"25182""#, "3"),
        (r#""code":"25180","beschikbaarVanaf":"2027-01-01""#, "1 4"),
        (r#""code":"25180","beschikbaarTot":"2026-11-23""#, "1 4 3"),
        (r#""code":"25180","leerweg":"BOL""#, "1 4 3"),
        (r#""code":"K0072""#, "4"),
        (r#""code":"K0073""#, "110"),
        (r#""code":"23180""#, "112"),
        (r#""code":"2518""#, "111"),
        (r#""code":"25180","niveau":"3""#, "151"),
        (r#""niveau":"3""#, "3"),
        (r#""opleidingsnaam":"KOK""#, "2 1 3 4"),
        (r#""opleidingsnaam":"zelfstandg""#, "3"),
        (r#""opleidingsnaam":"loodgieter""#, "130"),
        (r#""opleidingsnaam":"zelfstandig","code":"25180""#, "151"),
        (r#""leerweg":"BBL","sortering":"NAAM""#, "2 1 3 4"),
        (r#""leerplaatsSoort":"STAGE""#, "151"),
        (
            r#""beschikbaarVanaf":"2026-12-02","beschikbaarTot":"2026-12-01""#,
            "151",
        ),
        (r#""sortering":"NAAM""#, "150"),
    ] {
        let asked = format!(r#"{{"soort":"ERKENNING",{asked}}}"#);
        assert_eq!(found(&wereld, &asked), expect, "{asked}");
    }
}

#[test]
fn names_are_found_best_first() {
    let wereld = example();
    for (asked, expect) in [
        ("restaurant de linde", "1 3"),
        ("LINDE", "2 1 3"),
        ("de linde restaurant b.v.", "1 3"),
        ("linde restaurant", "2 1 3"),
        ("restaurant linde", "2 1 3"),
        ("resta", "2 1 3 4"),
        ("restaurent", "4 2 1 3"),
        ("lindn", "2 1 3"),
        ("r", "130"),
        ("molen", "130"),
    ] {
        let json = format!(r#"{{"soort":"ERKENNING","naam":"{asked}"}}"#);
        assert_eq!(found(&wereld, &json), expect, "{asked}");
    }
}

#[test]
fn places_are_found_and_measured() {
    let wereld = example();
    for (asked, expect) in [
        (r#""plaats":"UTRECHT""#, "1 2"),
        (r#""plaats":"Amsterdam""#, "140"),
        (r#""postcode":"3511""#, "1 2"),
        (r#""postcode":"3511 ab""#, "1"),
        (r#""postcode":"3511AZ""#, "130"),
        (r#""postcode":"9999""#, "140"),
        (r#""postcode":"0123""#, "141"),
        (r#""plaats":"Zeist","straalKm":"8,4""#, "3 1 2"),
        (r#""plaats":"Zeist","straalKm":"8.1""#, "3"),
        (r#""plaats":"Zeist","straalKm":"0""#, "150"),
        (r#""plaats":"Zeist","straalKm":"500.1""#, "150"),
        (r#""niveau":"2","straalKm":"5""#, "150"),
        (r#""niveau":"2","sortering":"AFSTAND""#, "151"),
        (
            r#""plaats":"Zeist","straalKm":"30","sortering":"NAAM""#,
            "2 1 3",
        ),
        (r#""adres":"Dorpsstraat 1, Zeist""#, "3"),
        (r#""postcode":"3511","plaats":"Zeist""#, "1 2"),
    ] {
        let asked = format!(r#"{{"soort":"ERKENNING",{asked}}}"#);
        assert_eq!(found(&wereld, &asked), expect, "{asked}");
    }
    let point = |lat, lon| Coordinaten { lat, lon };
    let tenths = |a, b| (place::km(a, b) * 10.0).round() / 10.0;
    // Rule 9: 1012-3511 is 35.0 km.
    assert_eq!(
        tenths(point(52.37339, 4.89406), point(52.09062, 5.11950)),
        35.0
    );
}

/// One leerplaats per leerbedrijf, in words that differ in one thing.
#[test]
fn leerplaatsen_are_found_by_every_filter() {
    let of = |n: u32, change: &dyn Fn(&mut Leerbedrijf)| {
        let mut found = leerbedrijf(n, &format!("Bedrijf {n}"));
        found.kern.erkenningen = vec![erkenning(code("25180"))];
        found.leerplaatsen = vec![leerplaats(&format!("L{n}"), code("25180"))];
        change(&mut found);
        found
    };
    let wereld = wereld(
        [opleiding("25180", "Kok", Some(2))],
        [
            of(1, &|l| {
                l.leerplaatsen[0].beschikbaar_vanaf = Some(datum("2026-11-23"));
            }),
            of(2, &|l| {
                l.leerplaatsen[0].beschikbaar_tot = Some(datum(VANDAAG));
            }),
            of(3, &|l| {
                l.leerplaatsen[0].beschikbaar_tot = Some(datum("2026-11-21"));
            }),
            of(4, &|l| {
                l.leerplaatsen[0].aantal_leerplaatsen = 3;
            }),
            of(5, &|l| {
                l.kern.erkenningen[0].leerwegen = leerwegen("BBL");
            }),
            of(6, &|l| {
                l.kern.erkenningen[0].startdatum = datum("2026-11-23");
            }),
        ],
    );
    for (asked, expect) in [
        (r#""code":"25180""#, "1 2 4"),
        (r#""beschikbaarVanaf":"2026-11-22""#, "2 4"),
        (r#""beschikbaarVanaf":"2026-11-23""#, "1 4 6"),
        (r#""beschikbaarTot":"2026-11-22""#, "2 4"),
        (r#""beschikbaarTot":"2026-11-23""#, "1 4"),
        (r#""minimumPlaatsen":"2""#, "4"),
        (r#""minimumPlaatsen":"0""#, "150"),
        (r#""metVergoeding":false"#, "1 2 4"),
        (r#""metVergoeding":true"#, "130"),
        (r#""leerplaatsSoort":"LEERBAAN""#, "130"),
        (r#""leerplaatsSoort":"LEERBAAN","leerweg":"BOL""#, "151"),
        (r#""leerweg":"BBL""#, "130"),
    ] {
        let asked = format!(r#"{{"soort":"LEERPLAATS",{asked}}}"#);
        assert_eq!(found(&wereld, &asked), expect, "{asked}");
    }
}

#[test]
fn a_hit_tells_what_fits_and_who_is_there() {
    let mut wereld = example();
    let period = (datum("2026-09-01"), datum(VANDAAG));
    for (school, kenmerk) in [(SCHOOL, "a"), (SCHOOL, "b"), (ANDERE_SCHOOL, "a")] {
        let key = format!("{school}{kenmerk}");
        wereld
            .bpvos
            .insert(key, bpvo(school, kenmerk, id(3), period));
    }
    let opleiders = vec![praktijkopleider("p", vec![code("25182")])];
    wereld.personen.entry(id(3)).or_default().praktijkopleiders = opleiders;
    let Expected::Hits(hits) = ask(&wereld, r#"{"soort":"ERKENNING","code":"25180"}"#) else {
        panic!("nothing was found");
    };
    let last = hits.hits.last().unwrap();
    let expect = (code("25182"), datum("2020-01-01"), Some(code("25180")), 1);
    assert_eq!((last.id, last.erkenningen.clone()), (id(3), vec![expect]));
    assert_eq!((last.eigen, last.overig), (2, 1));
    let told: Vec<String> = hits
        .tellingen
        .iter()
        .map(|(v, w, n)| format!("{v} {w} {n}"))
        .collect();
    let expect = [
        "leerweg BOL 3",
        "leerweg BBL 4",
        "niveau 2 3",
        "niveau 3 1",
        "code 25180 3",
        "code 25182 1",
    ];
    assert_eq!(told, expect);
}

#[test]
fn words_are_folded_and_typos_told_as_the_domain_does() {
    const PARTS: &[&str] = &[
        "Bakkerij",
        "B.V.",
        "BV",
        "b v",
        "&",
        "en",
        "Café",
        "'t",
        "Müller",
        "Straße",
        "V.O.F.",
        "Stichting",
        "J.",
        "P.",
        "Coöperatie",
        "U.A.",
        "-",
        "Zn.",
        "24",
        "besloten vennootschap",
        "Çelik",
        "Łukasz",
        "e\u{301}",
        "x",
    ];
    let mut kans = Kans::new(1);
    for _ in 0..5_000 {
        let many = 1 + kans.below(5);
        let parts: Vec<&str> = (0..many).map(|_| kans.pick(PARTS)).collect();
        let naam = parts.join(kans.pick(&[" ", "-", "  "]));
        assert_eq!(
            text::words(&naam).join(" "),
            FoldedNaam::new(&naam).as_str(),
            "{naam}"
        );
    }
    for _ in 0..20_000 {
        let [left, right] = [(); 2].map(|()| -> String {
            let many = kans.below(6);
            (0..many).map(|_| kans.pick(&['a', 'b', 'é'])).collect()
        });
        let expect = strsim::osa_distance(&left, &right) <= 1;
        assert_eq!(text::one_typo(&left, &right), expect, "{left} {right}");
    }
}
