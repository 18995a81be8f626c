//! What nobody should send: each gets its signaalcode or is plain text, and nothing stops.

use stagepoort::{
    domain::{Caller, LeerbedrijfId, Oin, Signaalcode, Tijdstip},
    operations::{Answer, zoeken_leerplaatsen::Response},
};

use crate::{
    bouw::{adres, code, erkenning, leerbedrijf, leerplaats, opleiding, wereld},
    register::{ANDERE_SCHOOL, NOON, Register, SCHOOL, caller, moment},
    vraag::{Vraag, all_pages},
    wereld::Wereld,
};

const ANDERE_AFNEMER: &str = "00000099000000000002";
const MINUTE_MS: i64 = 60_000;

/// Question, signaalcode, and the fields that may be named; `*` stands for a soort that is right.
#[rustfmt::skip]
const WRONG: &[(&str, u16, &[&str])] = &[
    (r#"{}"#, 150, &["soort"]),
    (r#"{"soort":" "}"#, 150, &["soort"]),
    (r#"{"soort":"ANDERS","naam":"linde"}"#, 150, &["soort"]),
    (r#"{"naam":"linde"}"#, 150, &["soort"]),
    (r#"{"soort":"*"}"#, 150, &[]),
    (r#"{"soort":"*","naam":"   "}"#, 150, &[]),
    (r#"{"soort":"*","sortering":"NAAM","paginaGrootte":"5","metTellingen":true}"#, 150, &[]),
    (r#"{"soort":"*","straalKm":"5"}"#, 150, &[]),
    (r#"{"soort":"*","naam":"linde","straalKm":"5"}"#, 150, &["straalKm", "plaats", "postcode"]),
    (r#"{"soort":"*","plaats":"Utrecht","straalKm":"0"}"#, 150, &["straalKm"]),
    (r#"{"soort":"*","plaats":"Utrecht","straalKm":"-1"}"#, 150, &["straalKm"]),
    (r#"{"soort":"*","plaats":"Utrecht","straalKm":"500.1"}"#, 150, &["straalKm"]),
    (r#"{"soort":"*","plaats":"Utrecht","straalKm":"NaN"}"#, 150, &["straalKm"]),
    (r#"{"soort":"*","plaats":"Utrecht","straalKm":"inf"}"#, 150, &["straalKm"]),
    (r#"{"soort":"*","plaats":"Utrecht","straalKm":"1e2"}"#, 150, &["straalKm"]),
    (r#"{"soort":"*","plaats":"Utrecht","straalKm":"1.000,5"}"#, 150, &["straalKm"]),
    (r#"{"soort":"*","plaats":"Utrecht","straalKm":"tien"}"#, 150, &["straalKm"]),
    (r#"{"soort":"*","plaats":"Utrecht","straalKm":"١٢"}"#, 150, &["straalKm"]),
    (r#"{"soort":"*","code":"2518"}"#, 111, &["code"]),
    (r#"{"soort":"*","code":"25180 OR 1=1"}"#, 111, &["code"]),
    (r#"{"soort":"*","code":"٢٥١٨٠"}"#, 111, &["code"]),
    (r#"{"soort":"*","code":"23180"}"#, 112, &["code"]),
    (r#"{"soort":"*","code":"79040"}"#, 112, &["code"]),
    (r#"{"soort":"*","code":"25999"}"#, 110, &["code"]),
    (r#"{"soort":"*","code":"K9999"}"#, 110, &["code"]),
    (r#"{"soort":"*","code":"25180","niveau":"3"}"#, 151, &["niveau", "code"]),
    (r#"{"soort":"*","adres":"Kerkstraat 1, Nergenshuizen","code":"25180","niveau":"3"}"#, 151, &["niveau"]),
    (r#"{"soort":"*","opleidingsnaam":"loodgieter"}"#, 130, &["opleidingsnaam"]),
    (r#"{"soort":"*","opleidingsnaam":"verkoper","code":"25180"}"#, 151, &["opleidingsnaam", "code"]),
    (r#"{"soort":"*","leerweg":"BOL BBL"}"#, 150, &["leerweg"]),
    (r#"{"soort":"*","niveau":"0"}"#, 150, &["niveau"]),
    (r#"{"soort":"*","niveau":"5"}"#, 150, &["niveau"]),
    (r#"{"soort":"*","niveau":"2.5"}"#, 150, &["niveau"]),
    (r#"{"soort":"*","niveau":"twee"}"#, 150, &["niveau"]),
    (r#"{"soort":"LEERPLAATS","leerplaatsSoort":"BAAN"}"#, 150, &["leerplaatsSoort"]),
    (r#"{"soort":"LEERPLAATS","leerplaatsSoort":"LEERBAAN","leerweg":"BOL"}"#, 151, &["leerplaatsSoort", "leerweg"]),
    (r#"{"soort":"LEERPLAATS","leerplaatsSoort":"STAGE","leerweg":"BBL"}"#, 151, &["leerplaatsSoort", "leerweg"]),
    (r#"{"soort":"LEERPLAATS","minimumPlaatsen":"0"}"#, 150, &["minimumPlaatsen"]),
    (r#"{"soort":"LEERPLAATS","minimumPlaatsen":"10000"}"#, 150, &["minimumPlaatsen"]),
    (r#"{"soort":"LEERPLAATS","minimumPlaatsen":"-1"}"#, 150, &["minimumPlaatsen"]),
    (r#"{"soort":"LEERPLAATS","minimumPlaatsen":"1.5"}"#, 150, &["minimumPlaatsen"]),
    (r#"{"soort":"ERKENNING","naam":"linde","leerplaatsSoort":"STAGE"}"#, 151, &["leerplaatsSoort"]),
    (r#"{"soort":"ERKENNING","naam":"linde","metVergoeding":false}"#, 151, &["metVergoeding"]),
    (r#"{"soort":"ERKENNING","naam":"linde","minimumPlaatsen":"1"}"#, 151, &["minimumPlaatsen"]),
    (r#"{"soort":"*","beschikbaarVanaf":"morgen"}"#, 120, &["beschikbaarVanaf"]),
    (r#"{"soort":"*","beschikbaarVanaf":"2026-02-30"}"#, 120, &["beschikbaarVanaf"]),
    (r#"{"soort":"*","beschikbaarTot":"22-11-2026"}"#, 120, &["beschikbaarTot"]),
    (r#"{"soort":"*","beschikbaarVanaf":"1899-12-31"}"#, 121, &["beschikbaarVanaf"]),
    (r#"{"soort":"*","beschikbaarTot":"2200-01-01"}"#, 121, &["beschikbaarTot"]),
    (r#"{"soort":"*","beschikbaarVanaf":"2026-12-02","beschikbaarTot":"2026-12-01"}"#, 151, &["beschikbaarTot", "beschikbaarVanaf"]),
    (r#"{"soort":"*","naam":"linde","sortering":"DATUM"}"#, 150, &["sortering"]),
    (r#"{"soort":"*","naam":"linde","sortering":"AFSTAND"}"#, 151, &["sortering"]),
    (r#"{"soort":"*","naam":"linde","paginaGrootte":"0"}"#, 150, &["paginaGrootte"]),
    (r#"{"soort":"*","naam":"linde","paginaGrootte":"101"}"#, 150, &["paginaGrootte"]),
    (r#"{"soort":"*","naam":"linde","paginaGrootte":"-1"}"#, 150, &["paginaGrootte"]),
    (r#"{"soort":"*","naam":"linde","paginaGrootte":"x"}"#, 150, &["paginaGrootte"]),
    (r#"{"soort":"*","naam":"linde","paginaGrootte":"99999999999999999999"}"#, 150, &["paginaGrootte"]),
    (r#"{"soort":"*","postcode":"351"}"#, 141, &["postcode"]),
    (r#"{"soort":"*","postcode":"0511AB"}"#, 141, &["postcode"]),
    (r#"{"soort":"*","postcode":"3511A"}"#, 141, &["postcode"]),
    (r#"{"soort":"*","postcode":"AB3511"}"#, 141, &["postcode"]),
    (r#"{"soort":"*","postcode":"٣٥١١"}"#, 141, &["postcode"]),
    (r#"{"soort":"*","postcode":"9998"}"#, 140, &["postcode"]),
    (r#"{"soort":"*","plaats":"Nergenshuizen"}"#, 140, &["plaats"]),
    (r#"{"soort":"*","adres":"Nergensweg 1, Nergenshuizen"}"#, 140, &["adres"]),
    (r#"{"soort":"*","plaats":"Utrecht","postcode":"9711"}"#, 151, &["plaats", "postcode"]),
    (r#"{"soort":"*","naam":"linde","cursor":"abc"}"#, 160, &["cursor"]),
];

/// Text that means something elsewhere.
#[rustfmt::skip]
const STRANGE: &[&str] = &[
    r#"a+b* OR "x" AND (y:[* TO *])"#, ".*", "%_", "(", "[a-z]+", "^linde$", "\\", "\\d{1000}",
    "(a+)+$", "linde~2", "linde^99", "*:*", "'; DROP TABLE leerbedrijf; --", "' OR '1'='1",
    "🙂", "👨‍👩‍👧‍👦", "שלום", "مرحبا بالعالم", "\u{202e}ednil", "e\u{301}\u{301}\u{301}", "\u{301}",
    "\u{200b}", "ﬃ", "Ⅷ", "½", "…", "--", "&", "en", "B.V.", "b v", "x", "İ", "ß", "ŉ", "\u{feff}linde",
    "<b>linde</b>", "${jndi:ldap://x}", "%00", "null", "NaN", "-0",
];

#[tokio::test]
async fn what_is_wrong_is_told_with_its_field() {
    let register = register().await;
    for (json, signaalcode, velden) in WRONG {
        for soort in ["ERKENNING", "LEERPLAATS"] {
            let vraag: Vraag = serde_json::from_str(&json.replace('*', soort)).unwrap();
            let answer = register.search(&vraag);
            let told = format!(
                "{}\n{:?} {:?}",
                vraag.json(),
                answer.response.kop,
                answer.bevindingen
            );
            assert_eq!(
                answer.response.kop.signaalcode.code(),
                *signaalcode,
                "{told}"
            );
            assert!(is_empty(&answer.response), "{told}");
            assert!(names_a_field(&answer, velden), "{told}");
        }
    }
}

fn is_empty(response: &Response) -> bool {
    response.leerbedrijven.is_empty()
        && response.totaal == 0
        && response.volgende_cursor.is_none()
        && response.tellingen.is_empty()
}

/// What REST refuses has a finding; every finding names one of the fields, and the text too.
fn names_a_field(answer: &Answer<Response>, velden: &[&str]) -> bool {
    let kop = &answer.response.kop;
    let Some(first) = answer.bevindingen.first() else {
        return !kop.signaalcode.is_invalid_input();
    };
    let text = kop.signaaltekst.as_deref().unwrap_or_default();
    let standard = text.starts_with(kop.signaalcode.tekst());
    first.signaalcode == kop.signaalcode
        && (velden.is_empty() || velden.contains(&first.veld))
        && !first.uitleg.is_empty()
        && standard
        && text.contains(first.veld)
}

#[tokio::test]
async fn an_unknown_place_is_named_with_what_may_have_been_meant() {
    let register = register().await;
    for (asked, suggestion) in [("Utrehct", "Utrecht"), ("Gronigen", "Groningen")] {
        let vraag = Vraag {
            plaats: Some(asked.to_owned()),
            ..erkenning_gevraagd()
        };
        let kop = register.search(&vraag).response.kop;
        let text = kop.signaaltekst.unwrap_or_default();
        assert_eq!(kop.signaalcode, Signaalcode::PlaatsOnbekend);
        assert!(text.contains(asked) && text.contains(suggestion), "{text}");
    }
}

#[tokio::test]
async fn text_that_means_something_elsewhere_is_plain_text() {
    let register = register().await;
    for (asked, same_as) in [
        ("linde*", "linde"),
        ("\"linde\"", "linde"),
        ("lin%", "lin"),
        ("(linde)", "linde"),
        ("^linde$", "linde"),
        ("+linde", "linde"),
        ("LINDE", "linde"),
        ("li\u{301}nde", "linde"),
        ("linde & bakkerij", "bakkerij linde"),
    ] {
        let (found, plain) = (ids(&register, asked), ids(&register, same_as));
        assert!(
            !plain.is_empty() && found == plain,
            "{asked}: {found:?} {plain:?}"
        );
    }
    for none in [
        ".*",
        "%_",
        "*:*",
        "🙂",
        "--",
        "\u{200b}",
        "linde OR 1=1",
        "שלום",
    ] {
        assert!(ids(&register, none).is_empty(), "{none}");
    }
}

/// In every field, alone and beside others, as it is and two hundred characters long.
#[tokio::test]
async fn no_text_stops_a_search() {
    let register = register().await;
    let long = |text: &str| text.chars().cycle().take(200).collect::<String>();
    let strange = STRANGE.iter().map(|text| (*text).to_owned());
    let longer = STRANGE
        .iter()
        .chain(&["a", "linde ", "de en "])
        .map(|text| long(text));
    for text in strange.chain(longer) {
        for vraag in everywhere(&text) {
            let answer = register.search(&vraag);
            let code = answer.response.kop.signaalcode.code();
            let known = [0, 110, 111, 120, 130, 140, 141, 150, 151, 160];
            assert!(known.contains(&code), "{} {code}", vraag.json());
            assert_eq!(code == 0, !is_empty(&answer.response), "{}", vraag.json());
        }
    }
}

fn everywhere(text: &str) -> Vec<Vraag> {
    let it = || Some(text.to_owned());
    let base = erkenning_gevraagd;
    let utrecht = || Some("Utrecht".to_owned());
    vec![
        Vraag {
            naam: it(),
            ..base()
        },
        Vraag {
            opleidingsnaam: it(),
            ..base()
        },
        Vraag {
            plaats: it(),
            ..base()
        },
        Vraag {
            adres: it(),
            ..base()
        },
        Vraag {
            postcode: it(),
            ..base()
        },
        Vraag {
            code: it(),
            ..base()
        },
        Vraag {
            leerweg: it(),
            ..base()
        },
        Vraag {
            beschikbaar_vanaf: it(),
            ..base()
        },
        Vraag {
            naam: it(),
            cursor: it(),
            ..base()
        },
        Vraag {
            naam: it(),
            sortering: it(),
            pagina_grootte: it(),
            ..base()
        },
        Vraag {
            naam: it(),
            plaats: utrecht(),
            straal_km: it(),
            ..base()
        },
        Vraag {
            soort: it(),
            naam: it(),
            plaats: it(),
            adres: it(),
            code: it(),
            ..base()
        },
    ]
}

#[tokio::test]
async fn a_cursor_is_of_one_question_and_one_asker_and_unchanged() {
    let register = register().await;
    let vraag = Vraag {
        naam: Some("linde".to_owned()),
        ..erkenning_gevraagd()
    };
    let cursor = cursor(&register, &vraag);
    let next = vraag.page(2, Some(cursor.clone()));
    assert_eq!(register.search(&next).response.kop.signaalcode.code(), 0);

    let other = Vraag {
        naam: Some("bakkerij".to_owned()),
        ..next.clone()
    };
    let narrower = Vraag {
        plaats: Some("Utrecht".to_owned()),
        ..next.clone()
    };
    let sorted = Vraag {
        sortering: Some("NAAM".to_owned()),
        ..next.clone()
    };
    for vraag in [other, narrower, sorted] {
        check(&register, &caller(SCHOOL), &vraag, 160);
    }
    let afnemer = Caller {
        afnemer_oin: Oin::parse(ANDERE_AFNEMER).unwrap(),
        ..caller(SCHOOL)
    };
    check(&register, &caller(ANDERE_SCHOOL), &next, 160);
    check(&register, &afnemer, &next, 160);
    for forged in forged(&cursor) {
        check(
            &register,
            &caller(SCHOOL),
            &vraag.page(2, Some(forged)),
            160,
        );
    }
}

/// Every character changed but the last, of which some bits may say nothing; and other lengths.
fn forged(cursor: &str) -> Vec<String> {
    let letters: Vec<char> = cursor.chars().collect();
    let changed = |at: usize| {
        let mut letters = letters.clone();
        letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
        letters.into_iter().collect()
    };
    let mut all: Vec<String> = (0..letters.len() - 1).map(changed).collect();
    all.push(cursor[..cursor.len() - 1].to_owned());
    all.push(cursor[1..].to_owned());
    all.push(cursor.repeat(2));
    all.push("A".repeat(200));
    all
}

#[tokio::test]
async fn a_cursor_lasts_until_a_quarter_of_an_hour_after_the_first_page() {
    let register = register().await;
    let vraag = Vraag {
        naam: Some("linde".to_owned()),
        ..erkenning_gevraagd()
    };
    let after = |minutes: i64, vraag: &Vraag| {
        let now = Tijdstip::from_millis(register.now.as_millis() + minutes * MINUTE_MS).unwrap();
        register.search_as(&caller(SCHOOL), now, vraag).response
    };
    let second = vraag.page(2, Some(cursor(&register, &vraag)));
    // That of the third page, given ten minutes after the first.
    let later = after(10, &second).volgende_cursor.unwrap();
    let third = vraag.page(2, Some(later));
    for (minutes, expect) in [(0, 0), (14, 0), (16, 161), (60 * 24, 161)] {
        for page in [&second, &third] {
            let response = after(minutes, page);
            let code = response.kop.signaalcode.code();
            assert_eq!(code, expect, "after {minutes} minutes");
            assert!(code == 0 || is_empty(&response));
        }
    }
}

/// That of the second page of two.
fn cursor(register: &Register, vraag: &Vraag) -> String {
    let first = register.search(&vraag.page(2, None)).response;
    first.volgende_cursor.expect("there is more than one page")
}

fn check(register: &Register, caller: &Caller, vraag: &Vraag, expect: u16) {
    let answer = register.search_as(caller, register.now, vraag);
    assert_eq!(
        answer.response.kop.signaalcode.code(),
        expect,
        "{}",
        vraag.json()
    );
    assert!(is_empty(&answer.response), "{}", vraag.json());
}

fn ids(register: &Register, naam: &str) -> Vec<LeerbedrijfId> {
    let vraag = Vraag {
        naam: Some(naam.to_owned()),
        ..erkenning_gevraagd()
    };
    all_pages(register, &vraag, 100)
        .iter()
        .map(|l| l.bedrijf.leerbedrijf_id)
        .collect()
}

fn erkenning_gevraagd() -> Vraag {
    Vraag {
        soort: Some("ERKENNING".to_owned()),
        ..Vraag::default()
    }
}

async fn register() -> Register {
    Register::new(facts(), moment(NOON)).await
}

/// Ten at two places that lie far apart, each erkend as kok and with a leerplaats.
fn facts() -> Wereld {
    let namen = [
        "De Linde",
        "Bakkerij De Linde B.V.",
        "Linde & Zonen",
        "Lindenhof",
        "Bakker Jansen",
    ];
    let leerbedrijven = (0..10).map(|n| {
        let naam = namen[n as usize % namen.len()];
        let mut found = leerbedrijf(n, naam);
        found.gegevens.vestigingsadres = match n < 5 {
            true => adres(
                "Utrecht",
                "3511AB",
                Some((52.09 + f64::from(n) / 1e3, 5.12)),
            ),
            false => adres(
                "Groningen",
                "9711AA",
                Some((53.22, 6.57 + f64::from(n) / 1e3)),
            ),
        };
        found.kern.erkenningen = vec![erkenning(code("25180"))];
        found.leerplaatsen = vec![leerplaats(&format!("L{n}"), code("25180"))];
        found
    });
    wereld(
        [
            opleiding("25180", "Kok", Some(2)),
            opleiding("25167", "Verkoper", Some(2)),
        ],
        leerbedrijven,
    )
}
