//! Made-up objects and leveringen for the tests of this module.

use std::fmt::Write as _;

use proptest::{collection::vec, option, prelude::*, sample::subsequence};

use super::{
    Object,
    levering::{Aantallen, LeveringSoort, LeveringWriter, ObjectSoort, Voorloop},
};
use crate::domain::*;

pub(crate) const REGISTRATIE: &str = "2026-11-22T10:00:00Z";

pub(crate) fn dag(text: &str) -> Datum {
    Datum::parse(text).unwrap()
}

pub(crate) fn tijdstip(text: &str) -> Tijdstip {
    Tijdstip::parse(text).unwrap()
}

pub(crate) fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

pub(crate) fn id(nth: u32) -> LeerbedrijfId {
    LeerbedrijfId::from_u32(100_000_000 + nth).unwrap()
}

/// A period; an empty last day is none. A star behind it stands for reden INGETROKKEN.
pub(crate) fn periode(text_code: &str, start: &str, eind: &str) -> Erkenning {
    let ingetrokken = eind.ends_with('*');
    let eind = eind.trim_end_matches('*');
    Erkenning {
        code: code(text_code),
        leerwegen: Leerwegen::default().with(Leerweg::Bol),
        startdatum: dag(start),
        einddatum: (!eind.is_empty()).then(|| dag(eind)),
        reden: ingetrokken.then_some(Eindreden::Ingetrokken),
        gedeeltelijk: false,
        werkprocessen: Vec::new(),
        bijgewerkt_op: tijdstip("2026-01-01T00:00:00Z"),
    }
}

pub(crate) fn bedrijf(nth: u32, erkenningen: Vec<Erkenning>) -> Leerbedrijf {
    Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: id(nth),
            naam: format!("Bedrijf {nth}"),
            status: LeerbedrijfStatus::Actief,
            opvolging: None,
            erkenningen,
        },
        gegevens: Gegevens {
            kvk_nummer: None,
            kvk_vestigingsnummer: None,
            vestigingsadres: Adres {
                straat: Some("Dorpsstraat".into()),
                huisnummer: Some(1),
                huisnummertoevoeging: None,
                postcode: Some("1012AB".into()),
                plaats: "Amsterdam".into(),
                land: "NL".into(),
                coordinaten: None,
            },
            correspondentieadres: None,
            telefoonnummer: None,
            emailadres: None,
            website: None,
            bijgewerkt_op: tijdstip("2026-01-01T00:00:00Z"),
        },
        leerplaatsen: Vec::new(),
    }
}

pub(crate) fn mens(persoon_id: &str) -> Personen {
    Personen {
        contactpersonen: vec![Contactpersoon {
            persoon_id: persoon_id.into(),
            naam: "Jan Voorbeeld".into(),
            functie: None,
            emailadres: None,
            telefoonnummer: None,
            bijgewerkt_op: tijdstip("2026-01-01T00:00:00Z"),
        }],
        praktijkopleiders: Vec::new(),
    }
}

pub(crate) fn object(leerbedrijf: Leerbedrijf) -> Object {
    Object::Leerbedrijf(Box::new(leerbedrijf), Personen::default())
}

pub(crate) fn school() -> Oin {
    Oin::parse("0000009900000000A001").unwrap()
}

pub(crate) fn bpvo(kenmerk: &str, nth: u32) -> Bpvo {
    Bpvo {
        school_oin: school(),
        bpvo_kenmerk: kenmerk.into(),
        leerbedrijf_id: id(nth),
        code: code("25180"),
        begindatum: dag("2026-09-01"),
        einddatum_gepland: dag("2027-01-31"),
        einddatum_werkelijk: None,
        keuzedelen: Vec::new(),
        herkomst: Herkomst::Register,
        volgens_register: None,
    }
}

pub(crate) fn voorloop(levering_id: &str, levering_soort: LeveringSoort) -> Voorloop {
    Voorloop {
        levering_id: levering_id.into(),
        levering_soort,
        aanmaak_tijdstip: tijdstip("2026-11-22T02:00:00Z"),
        bron: "test".into(),
        aangekondigde_conversies: Vec::new(),
    }
}

pub(crate) fn levering(voorloop: &Voorloop, objects: &[Object]) -> Vec<u8> {
    let mut writer = LeveringWriter::new(Vec::new(), voorloop).unwrap();
    for object in objects {
        writer.write(object).unwrap();
    }
    writer.finish().unwrap().0
}

pub(crate) fn volledig(levering_id: &str, objects: &[Object]) -> Vec<u8> {
    levering(&voorloop(levering_id, LeveringSoort::Volledig), objects)
}

pub(crate) fn mutaties(levering_id: &str, objects: &[Object]) -> Vec<u8> {
    levering(&voorloop(levering_id, LeveringSoort::Mutaties), objects)
}

/// Puts a right `sluit` behind lines that may be wrong. Lines of no known kind count as something,
/// as they do for whoever wrote them.
pub(crate) fn closed(lines: &[&str]) -> Vec<u8> {
    let mut text = lines.join("\n");
    text.push('\n');
    let mut aantallen = Aantallen::default();
    for line in &lines[1..] {
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        match value["soort"].as_str() {
            Some("verwijderd") => aantallen.verwijderd += 1,
            soort => aantallen.add(
                soort
                    .and_then(ObjectSoort::parse)
                    .unwrap_or(ObjectSoort::Leerbedrijf),
            ),
        }
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    writeln!(
        text,
        r#"{{"soort":"sluit","aantallen":{},"sha256":"{}"}}"#,
        serde_json::to_string(&aantallen).unwrap(),
        hex::encode(digest)
    )
    .unwrap();
    text.into_bytes()
}

/// The lines of a levering without its `sluit`, to be changed and closed again.
pub(crate) fn lines(levering: &[u8]) -> Vec<String> {
    let text = String::from_utf8(levering.to_vec()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.pop();
    lines
}

fn any_text(max: usize) -> impl Strategy<Value = String> {
    // Letters of the field and what JSON has to escape; never blank at the ends.
    let pattern = format!(
        r#"[A-Za-zéÉïß"\\/<>&'’0-9]([A-Za-zéÉïß "\\/<>&'’0-9]{{0,{}}}[a-zé0-9])?"#,
        max - 2
    );
    proptest::string::string_regex(&pattern).unwrap()
}

fn any_day() -> impl Strategy<Value = Datum> {
    (0..20_000_i32).prop_map(|days| dag("1990-01-01").plus_days(days))
}

fn any_moment() -> impl Strategy<Value = Tijdstip> {
    (0..2_000_000_000_000_i64).prop_map(|ms| Tijdstip::from_millis(ms).unwrap())
}

fn any_code() -> impl Strategy<Value = Code> {
    prop_oneof![
        (25_000..26_999_u32).prop_map(|n| code(&format!("{n:05}"))),
        any_keuzedeel()
    ]
}

fn any_keuzedeel() -> impl Strategy<Value = Code> {
    (0..9_999_u32).prop_map(|n| code(&format!("K{n:04}")))
}

fn any_leerwegen() -> impl Strategy<Value = Leerwegen> {
    subsequence(Leerweg::ALL.to_vec(), 0..=2).prop_map(|list| list.into_iter().collect())
}

fn any_adres() -> impl Strategy<Value = Adres> {
    let coordinaten = (
        -90_00000000_i64..=90_00000000,
        -180_00000000_i64..=180_00000000,
    )
        .prop_map(|(lat, lon)| Coordinaten {
            lat: lat as f64 / 1e8,
            lon: lon as f64 / 1e8,
        });
    (
        option::of(any_text(80)),
        option::of(1..=99_999_u32),
        option::of("[a-zA-Z0-9]{1,6}"),
        option::of(prop_oneof![
            ("[1-9][0-9]{3}[A-Z]{2}", Just("NL".to_owned())),
            ("[A-Z0-9]{3,8}", Just("BE".to_owned()))
        ]),
        any_text(40),
        option::of(coordinaten),
    )
        .prop_map(
            |(straat, huisnummer, toevoeging, postcode, plaats, coordinaten)| {
                let (postcode, land) = postcode.map_or((None, "DE".into()), |(p, l)| (Some(p), l));
                Adres {
                    straat,
                    huisnummer,
                    huisnummertoevoeging: toevoeging,
                    postcode,
                    plaats,
                    land,
                    coordinaten,
                }
            },
        )
}

/// Periods that do not overlap, ordered as they are kept.
fn any_erkenningen() -> impl Strategy<Value = Vec<Erkenning>> {
    let one = (
        any_code(),
        any_leerwegen(),
        any_day(),
        option::of((
            0..4_000_i32,
            option::of(prop::sample::select(Eindreden::ALL)),
        )),
        any::<bool>(),
        vec(
            (
                // A token: no spaces doubled, nor three in a row.
                any_text(20).prop_map(|t| t.split_whitespace().collect::<Vec<_>>().join(" ")),
                any_text(60),
                any::<bool>(),
            ),
            0..3,
        ),
        any_moment(),
    )
        .prop_map(
            |(code, leerwegen, start, eind, gedeeltelijk, processen, moment)| Erkenning {
                code,
                leerwegen,
                startdatum: start,
                einddatum: eind.map(|(days, _)| start.plus_days(days)),
                reden: eind.and_then(|(_, reden)| reden),
                gedeeltelijk,
                werkprocessen: processen
                    .into_iter()
                    .map(|(code, naam, uitvoerbaar)| Werkproces {
                        code,
                        naam,
                        uitvoerbaar,
                    })
                    .collect(),
                bijgewerkt_op: moment,
            },
        );
    vec(one, 0..6).prop_map(|mut list| {
        list.sort_by_key(|e| (e.code, e.startdatum));
        list.dedup_by_key(|e| e.code);
        list
    })
}

fn any_people() -> impl Strategy<Value = Personen> {
    let contact = (
        any_text(200),
        option::of(any_text(50)),
        option::of("[a-z]{1,9}@[a-z]{1,9}\\.nl"),
        option::of("\\+31[0-9]{9}"),
        any_moment(),
    );
    let trainer = (
        any_text(60),
        option::of("[a-z]{1,9}@[a-z]{1,9}\\.nl"),
        vec(any_code(), 0..4),
        any_moment(),
    );
    (vec(contact, 0..3), vec(trainer, 0..3)).prop_map(|(contacts, trainers)| Personen {
        contactpersonen: contacts
            .into_iter()
            .enumerate()
            .map(
                |(n, (naam, functie, emailadres, telefoonnummer, bijgewerkt_op))| Contactpersoon {
                    persoon_id: format!("c{n}"),
                    naam,
                    functie,
                    emailadres,
                    telefoonnummer,
                    bijgewerkt_op,
                },
            )
            .collect(),
        praktijkopleiders: trainers
            .into_iter()
            .enumerate()
            .map(
                |(n, (naam, emailadres, codes, bijgewerkt_op))| Praktijkopleider {
                    persoon_id: format!("p{n}"),
                    naam,
                    emailadres,
                    telefoonnummer: None,
                    codes,
                    bijgewerkt_op,
                },
            )
            .collect(),
    })
}

fn any_leerplaatsen() -> impl Strategy<Value = Vec<Leerplaats>> {
    let one = (
        any_code(),
        prop::sample::select(LeerplaatsSoort::ALL),
        any_text(200),
        option::of(any_text(300)),
        0..100_u32,
        option::of(any_day()),
        option::of(1..=7_u8),
        option::of((
            "[A-Z_]{1,20}",
            option::of(0..500_u32),
            option::of(500..900_u32),
        )),
    );
    vec(one, 0..3).prop_map(|list| {
        list.into_iter()
            .enumerate()
            .map(
                |(n, (code, soort, titel, omschrijving, aantal, vanaf, dagen, vergoeding))| {
                    Leerplaats {
                        leerplaats_id: format!("L{n}"),
                        code,
                        leerplaats_soort: soort,
                        leerweg: Leerweg::Bbl,
                        titel,
                        omschrijving,
                        aantal_leerplaatsen: aantal,
                        beschikbaar_vanaf: vanaf,
                        beschikbaar_tot: vanaf.map(|d| d.plus_days(30)),
                        dagen_per_week: dagen,
                        vergoeding: vergoeding.map(|(soort, van, tot)| Vergoeding {
                            soort,
                            bedrag_van: van,
                            bedrag_tot: tot,
                        }),
                    }
                },
            )
            .collect()
    })
}

fn any_leerbedrijf() -> impl Strategy<Value = Object> {
    (
        (1..1_000_u32, any_text(200), any_erkenningen()),
        (
            any_adres(),
            option::of(any_adres()),
            option::of("[0-9]{8}"),
            option::of("[0-9]{12}"),
        ),
        (any_leerplaatsen(), any_people(), any_moment()),
    )
        .prop_map(
            |((nth, naam, erkenningen), (adres, post, kvk, vestiging), (plaatsen, mensen, op))| {
                let mut l = bedrijf(nth, erkenningen);
                l.kern.naam = naam;
                l.gegevens.vestigingsadres = adres;
                l.gegevens.correspondentieadres = post;
                l.gegevens.kvk_nummer = kvk;
                l.gegevens.kvk_vestigingsnummer = vestiging;
                l.gegevens.bijgewerkt_op = op;
                l.leerplaatsen = plaatsen;
                Object::Leerbedrijf(Box::new(l), mensen)
            },
        )
}

/// Any object that a levering can hold.
pub(crate) fn any_object() -> impl Strategy<Value = Object> {
    prop_oneof![
        4 => any_leerbedrijf(),
        1 => (any_code(), any_text(200), 1..=4_u8, any_leerwegen()).prop_map(|(code, naam, n, w)| {
            Object::Opleiding(Opleiding { code, opleidingsnaam: naam, niveau: Some(n), leerwegen: w })
        }),
        1 => (any_code(), any_day(), option::of(0..999_i32)).prop_map(|(c, vanaf, days)| {
            Object::Equivalent(Equivalent {
                code: c,
                equivalent_met: code("27001"),
                vanaf,
                tot: days.map(|d| vanaf.plus_days(d)),
            })
        }),
        1 => ("0000009900000000[0-9A-Z]{4}", "[0-9]{2}[A-Z]{2}", any_text(200)).prop_map(|(oin, brin, naam)| {
            Object::School(School { oin: Oin::parse(&oin).unwrap(), brin: Brin::parse(&brin).unwrap(), naam })
        }),
        2 => (any_text(41), 1..999_u32, vec((any_keuzedeel(), 0..99_i32), 0..3)).prop_map(|(k, nth, keuzedelen)| {
            let mut b = bpvo(&k, nth);
            b.keuzedelen = keuzedelen
                .into_iter()
                .map(|(code, days)| Keuzedeel {
                    code,
                    begindatum: b.begindatum,
                    einddatum_gepland: b.begindatum.plus_days(days),
                })
                .collect();
            Object::Bpvo(b)
        }),
    ]
}
