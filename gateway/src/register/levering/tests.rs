//! What is written reads back, and every refusal of the format.

use std::io::Write;

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::*;
use crate::register::{
    Object,
    testing::{
        REGISTRATIE, any_object, bedrijf, bpvo, closed, levering, lines, object, periode, tijdstip,
        volledig, voorloop,
    },
};

type Read = Result<(Vec<Line>, Summary), LeveringError>;

fn read(bytes: &[u8]) -> Read {
    let mut reader = LeveringReader::open(bytes, tijdstip(REGISTRATIE))?;
    let mut lines = Vec::new();
    while let Some(line) = reader.next_line()? {
        lines.push(line);
    }
    Ok((lines, reader.into_summary().unwrap()))
}

fn refusal(bytes: &[u8]) -> String {
    match read(bytes) {
        Err(error) => error.to_string(),
        Ok((_, summary)) => panic!("accepted: {summary:?}"),
    }
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// One object line of each kind, right in everything.
pub(super) fn example(soort: &str) -> Value {
    match soort {
        "leerbedrijf" => json!({
            "soort": "leerbedrijf", "leerbedrijfId": "100000001", "naam": "Bakkerij De Proef",
            "leerbedrijfStatus": "ACT", "kvkNummer": "00000001", "kvkVestigingsnummer": "000000000001",
            "vestigingsadres": {"straat": "Dorpsstraat", "huisnummer": 1, "huisnummertoevoeging": "bis",
                "postcode": "1012AB", "plaats": "Amsterdam", "land": "NL",
                "coordinaten": {"lat": 52.37403, "lon": 4.88969}},
            "telefoonnummer": "+31201234567", "emailadres": "info@proef.example",
            "website": "https://proef.example", "bijgewerktOp": "2026-01-01T00:00:00Z",
            "erkenningen": [{"code": "25180", "leerwegen": ["BOL", "BBL"], "startdatum": "2020-01-01",
                "einddatum": "2027-12-31", "reden": "NIET_VERLENGD", "gedeeltelijk": true,
                "werkprocessen": [{"code": "B1-K1-W1", "naam": "Bakt", "uitvoerbaar": true}]}],
            "leerplaatsen": [{"leerplaatsId": "L1", "code": "25180", "leerplaatsSoort": "STAGE",
                "leerweg": "BOL", "titel": "Bakker", "omschrijving": "Eerste regel\ntweede regel",
                "aantalLeerplaatsen": 2, "beschikbaarVanaf": "2026-09-01", "beschikbaarTot": "2027-07-01",
                "dagenPerWeek": 4, "vergoeding": {"soort": "PER_MAAND", "bedragVan": 100, "bedragTot": 200}}],
            "contactpersonen": [{"persoonId": "c1", "naam": "Jan Voorbeeld", "functie": "Eigenaar"}],
            "praktijkopleiders": [{"persoonId": "p1", "naam": "Els Voorbeeld", "codes": ["25180"]}],
        }),
        "opleiding" => json!({"soort": "opleiding", "code": "25180", "opleidingsnaam": "Kok",
            "niveau": 3, "leerwegen": ["BOL"]}),
        "equivalent" => json!({"soort": "equivalent", "code": "25180", "equivalentMet": "25182",
            "vanaf": "2024-08-01", "tot": "2026-07-31"}),
        "school" => json!({"soort": "school", "schoolOin": "0000009900000000A001", "brin": "00AA",
            "naam": "ROC Proef"}),
        "bpvo" => {
            json!({"soort": "bpvo", "schoolOin": "0000009900000000A001", "bpvoKenmerk": "K-1",
            "leerbedrijfId": "100000001", "code": "25180", "begindatum": "2026-09-01",
            "einddatumGepland": "2027-01-31", "einddatumWerkelijk": "2026-12-01",
            "keuzedelen": [{"code": "K0001", "begindatum": "2026-09-01", "einddatumGepland": "2026-12-31"}]})
        }
        other => panic!("{other}"),
    }
}

pub(super) const VOORLOOP: &str = r#"{"soort":"voorloop","formaatVersie":"1","leveringId":"L1","leveringSoort":"VOLLEDIG","aanmaakTijdstip":"2026-11-22T02:00:00Z","bron":"test"}"#;

/// `soort` first, as by convention; serde_json's maps would put it elsewhere.
fn as_line(value: &Value) -> String {
    let mut rest = value.as_object().unwrap().clone();
    let soort = rest.remove("soort").unwrap();
    let rest = serde_json::to_string(&rest).unwrap();
    format!(r#"{{"soort":{soort},{}"#, &rest[1..])
}

fn violations(line: &str) -> Vec<String> {
    let bytes = closed(&[VOORLOOP, line]);
    let (lines, summary) = read(&bytes).unwrap();
    match &lines[0].content {
        Content::SetAside(aside) => {
            assert_eq!((lines.len(), summary.afgekeurd), (1, 1));
            aside.violations.iter().map(ToString::to_string).collect()
        }
        _ => Vec::new(),
    }
}

/// Changes one field of the example, by JSON pointer; null takes it away.
fn with(soort: &str, pointer: &str, value: Value) -> String {
    let mut line = example(soort);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = line.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(map), Value::Null) => drop(map.remove(name)),
        (Value::Object(map), value) => drop(map.insert(name.to_owned(), value)),
        (Value::Array(list), value) => list[name.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer}"),
    }
    as_line(&line)
}

#[test]
fn the_examples_are_right_wherever_soort_stands() {
    for soort in ObjectSoort::ALL {
        let line = example(soort.as_str());
        assert_eq!(violations(&as_line(&line)), Vec::<String>::new());
        let mut rest = line.as_object().unwrap().clone();
        let tag = rest.remove("soort").unwrap();
        let rest = serde_json::to_string(&rest).unwrap();
        let last = format!(r#"{},"soort":{tag}}}"#, &rest[..rest.len() - 1]);
        assert_eq!(violations(&last), Vec::<String>::new());
    }
}

#[test]
fn a_field_that_stands_there_twice_is_wrong() {
    let line = as_line(&example("school")).replace("}", r#","brin":"00AB"}"#);
    assert_eq!(violations(&line), [".: brin staat er tweemaal"]);
}

#[test]
fn every_rule_of_the_data_dictionary_names_field_and_reason() {
    let long = |n: usize| Value::String("x".repeat(n));
    let cases: Vec<(&str, &str, Value, &str)> = vec![
        (
            "leerbedrijf",
            "/leerbedrijfId",
            json!("99ZZ9999JJ0001602"),
            "leerbedrijfId: moet de vorm [1-9][0-9]{8} hebben",
        ),
        (
            "leerbedrijf",
            "/leerbedrijfId",
            json!(100000001),
            "leerbedrijfId: moet een tekst zijn",
        ),
        (
            "leerbedrijf",
            "/leerbedrijfId",
            Value::Null,
            ".: leerbedrijfId ontbreekt",
        ),
        (
            "leerbedrijf",
            "/naam",
            json!(""),
            "naam: moet 1 tot en met 200 tekens hebben",
        ),
        (
            "leerbedrijf",
            "/naam",
            json!("   "),
            "naam: moet 1 tot en met 200 tekens hebben",
        ),
        (
            "leerbedrijf",
            "/naam",
            long(201),
            "naam: moet 1 tot en met 200 tekens hebben",
        ),
        (
            "leerbedrijf",
            "/naam",
            json!("a\u{0}b"),
            "naam: mag geen stuurtekens bevatten",
        ),
        (
            "leerbedrijf",
            "/naam",
            json!("a\nb"),
            "naam: mag geen stuurtekens bevatten",
        ),
        (
            "leerbedrijf",
            "/naam",
            json!("a\u{fffe}b"),
            "naam: mag geen stuurtekens bevatten",
        ),
        (
            "leerbedrijf",
            "/naam",
            json!("a\u{85}b"),
            "naam: mag geen stuurtekens bevatten",
        ),
        (
            "leerbedrijf",
            "/leerbedrijfStatus",
            json!("WEG"),
            "leerbedrijfStatus: moet een van ACT, HIS zijn",
        ),
        (
            "leerbedrijf",
            "/leerbedrijfStatus",
            json!("HIS"),
            "erkenningen[0].einddatum: moet bij een leerbedrijf met status HIS op of vóór de dag van aanmaak liggen",
        ),
        (
            "leerbedrijf",
            "/opvolger",
            json!("100000002"),
            "opgevolgdPer: ontbreekt terwijl er een opvolger is",
        ),
        (
            "leerbedrijf",
            "/opgevolgdPer",
            json!("2026-01-01"),
            "opvolger: ontbreekt terwijl er een opgevolgdPer is",
        ),
        (
            "leerbedrijf",
            "/kvkNummer",
            json!("1234567"),
            "kvkNummer: moet uit 8 cijfers bestaan",
        ),
        (
            "leerbedrijf",
            "/kvkVestigingsnummer",
            json!("12"),
            "kvkVestigingsnummer: moet uit 12 cijfers bestaan",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/straat",
            long(81),
            "vestigingsadres.straat: moet 1 tot en met 80 tekens hebben",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/huisnummer",
            json!(0),
            "vestigingsadres.huisnummer: moet 1 tot en met 99999 zijn",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/huisnummer",
            json!(100000),
            "vestigingsadres.huisnummer: moet 1 tot en met 99999 zijn",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/huisnummer",
            json!(-1),
            "vestigingsadres.huisnummer: moet een geheel getal van 0 of meer binnen het bereik zijn",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/huisnummertoevoeging",
            long(7),
            "vestigingsadres.huisnummertoevoeging: moet 1 tot en met 6 tekens hebben",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/postcode",
            json!("0012AB"),
            "vestigingsadres.postcode: moet in Nederland de vorm [1-9][0-9]{3}[A-Z]{2} hebben",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/plaats",
            long(41),
            "vestigingsadres.plaats: moet 1 tot en met 40 tekens hebben",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/land",
            json!("nl"),
            "vestigingsadres.land: moet een landcode van twee hoofdletters zijn (ISO 3166-1 alpha-2)",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/coordinaten/lat",
            json!(90.00000001),
            "vestigingsadres.coordinaten.lat: moet tussen -90 en 90 liggen",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/coordinaten/lon",
            json!(4.123456789),
            "vestigingsadres.coordinaten.lon: mag ten hoogste 8 decimalen hebben",
        ),
        (
            "leerbedrijf",
            "/vestigingsadres/wijk",
            json!("x"),
            "vestigingsadres.wijk: is geen bekend veld",
        ),
        (
            "leerbedrijf",
            "/telefoonnummer",
            json!("020-1234567"),
            "telefoonnummer: moet volgens E.164 zijn: een +, dan 2 tot en met 15 cijfers",
        ),
        (
            "leerbedrijf",
            "/emailadres",
            json!("info.proef.example"),
            "emailadres: moet de vorm naam@domein hebben",
        ),
        (
            "leerbedrijf",
            "/emailadres",
            json!(format!("{}@x.nl", "x".repeat(250))),
            "emailadres: moet 1 tot en met 254 tekens hebben",
        ),
        (
            "leerbedrijf",
            "/website",
            long(321),
            "website: moet 1 tot en met 320 tekens hebben",
        ),
        (
            "leerbedrijf",
            "/bijgewerktOp",
            json!("gisteren"),
            "bijgewerktOp: moet een tijdstip zijn volgens RFC 3339",
        ),
        (
            "leerbedrijf",
            "/erkenningen/0/code",
            json!("23180"),
            "erkenningen[0].code: code is geen kwalificatie of keuzedeel: 23xxx zijn dossiers, 79xxx domeinen",
        ),
        (
            "leerbedrijf",
            "/erkenningen/0/leerwegen/1",
            json!("BOL"),
            "erkenningen[0].leerwegen[1]: staat er tweemaal",
        ),
        (
            "leerbedrijf",
            "/erkenningen/0/startdatum",
            json!("2026-02-30"),
            "erkenningen[0].startdatum: datum moet een bestaande dag zijn in de vorm jjjj-mm-dd",
        ),
        (
            "leerbedrijf",
            "/erkenningen/0/einddatum",
            json!("2019-12-31"),
            "erkenningen[0].einddatum: mag niet vóór de eerste dag liggen",
        ),
        (
            "leerbedrijf",
            "/erkenningen/0/einddatum",
            Value::Null,
            "erkenningen[0].reden: mag er alleen zijn met een einddatum",
        ),
        (
            "leerbedrijf",
            "/erkenningen/0/reden",
            json!("ZOMAAR"),
            "erkenningen[0].reden: moet een van INGETROKKEN, VAN_RECHTSWEGE_VERVALLEN, NIET_VERLENGD zijn",
        ),
        (
            "leerbedrijf",
            "/erkenningen/0/werkprocessen/0/code",
            json!("B1  K1"),
            "erkenningen[0].werkprocessen[0].code: mag geen dubbele spaties bevatten",
        ),
        (
            "leerbedrijf",
            "/leerplaatsen/0/leerplaatsSoort",
            json!("BAAN"),
            "leerplaatsen[0].leerplaatsSoort: moet een van STAGE, LEERBAAN zijn",
        ),
        (
            "leerbedrijf",
            "/leerplaatsen/0/omschrijving",
            long(2001),
            "leerplaatsen[0].omschrijving: moet 1 tot en met 2000 tekens hebben",
        ),
        (
            "leerbedrijf",
            "/leerplaatsen/0/beschikbaarTot",
            json!("2026-08-31"),
            "leerplaatsen[0].beschikbaarTot: mag niet vóór de eerste dag liggen",
        ),
        (
            "leerbedrijf",
            "/leerplaatsen/0/dagenPerWeek",
            json!(8),
            "leerplaatsen[0].dagenPerWeek: moet 1 tot en met 7 zijn",
        ),
        (
            "leerbedrijf",
            "/leerplaatsen/0/vergoeding/bedragTot",
            json!(50),
            "leerplaatsen[0].vergoeding.bedragTot: mag niet lager zijn dan bedragVan",
        ),
        (
            "leerbedrijf",
            "/leerplaatsen/0/vergoeding/soort",
            json!("per maand"),
            "leerplaatsen[0].vergoeding.soort: moet de vorm [A-Z_]{1,40} hebben",
        ),
        (
            "opleiding",
            "/niveau",
            json!(5),
            "niveau: moet 1 tot en met 4 zijn",
        ),
        (
            "opleiding",
            "/niveau",
            json!(0),
            "niveau: moet 1 tot en met 4 zijn",
        ),
        (
            "opleiding",
            "/niveau",
            Value::Null,
            "niveau: ontbreekt bij een kwalificatie",
        ),
        (
            "equivalent",
            "/equivalentMet",
            json!("25180"),
            "equivalentMet: mag niet dezelfde code zijn als code",
        ),
        (
            "equivalent",
            "/tot",
            json!("2024-07-31"),
            "tot: mag niet vóór de eerste dag liggen",
        ),
        (
            "school",
            "/schoolOin",
            json!("1"),
            "schoolOin: moet de vorm [0-9]{8}[0-9A-Z]{12} hebben",
        ),
        (
            "school",
            "/brin",
            json!("AA00"),
            "brin: moet de vorm [0-9]{2}[A-Z]{2} hebben",
        ),
        (
            "bpvo",
            "/bpvoKenmerk",
            long(42),
            "bpvoKenmerk: moet 1 tot en met 41 tekens hebben",
        ),
        (
            "bpvo",
            "/einddatumGepland",
            json!("2026-08-31"),
            "einddatumGepland: mag niet vóór de eerste dag liggen",
        ),
        (
            "bpvo",
            "/einddatumWerkelijk",
            json!("2026-08-31"),
            "einddatumWerkelijk: mag niet vóór de eerste dag liggen",
        ),
        (
            "bpvo",
            "/keuzedelen/0/code",
            json!("25180"),
            "keuzedelen[0].code: moet de vorm K[0-9]{4} hebben",
        ),
        (
            "bpvo",
            "/studentnummer",
            json!("123"),
            "studentnummer: is geen bekend veld",
        ),
        (
            "bpvo",
            "/keuzedelen",
            json!({}),
            "keuzedelen: moet een lijst zijn",
        ),
    ];
    for (soort, pointer, value, expected) in cases {
        let line = with(soort, pointer, value.clone());
        assert_eq!(violations(&line), [expected], "{soort} {pointer} {value}");
    }
}

#[test]
fn all_that_is_wrong_with_a_line_is_said_at_once_and_never_what_stood_there() {
    let mut line = example("leerbedrijf");
    line["naam"] = json!("Geheim\u{7}");
    line["telefoonnummer"] = json!("0612345678");
    line["erkenningen"][0]["einddatum"] = json!("geheim");
    line["contactpersonen"][0]["emailadres"] = json!("geheim");
    let said = violations(&as_line(&line));
    assert_eq!(said.len(), 4, "{said:?}");
    line = example("leerbedrijf");
    line["contactpersonen"][0]["codes"] = json!("geheim");
    let unknown = violations(&as_line(&line));
    line = example("leerbedrijf");
    line["vestigingsadres"]["huisnummer"] = json!("geheim");
    let wrong_type = violations(&as_line(&line));
    line = example("leerbedrijf");
    line["Jan Geheim"] = json!(1);
    let odd_key = violations(&as_line(&line));
    assert_eq!(odd_key, ["?: is geen bekend veld"]);
    for text in said
        .iter()
        .chain(&unknown)
        .chain(&wrong_type)
        .chain(&odd_key)
    {
        assert!(
            !text.to_lowercase().contains("geheim") && !text.contains("0612"),
            "{text}"
        );
    }
}

#[test]
fn periods_of_a_code_may_touch_and_not_overlap() {
    let two = |eind: &str, start: &str| {
        let mut line = example("leerbedrijf");
        line["erkenningen"] = json!([
            {"code": "25180", "leerwegen": [], "startdatum": start},
            {"code": "25180", "leerwegen": [], "startdatum": "2020-01-01", "einddatum": eind},
        ]);
        violations(&as_line(&line))
    };
    assert_eq!(two("2020-12-31", "2021-01-01"), Vec::<String>::new());
    assert_eq!(
        two("2021-01-01", "2021-01-01"),
        ["erkenningen[0].startdatum: valt in een andere periode van dezelfde code"]
    );
    assert_eq!(
        two("2021-01-01", "2020-01-01"),
        ["erkenningen[1].startdatum: valt in een andere periode van dezelfde code"]
    );
}

#[test]
fn a_merger_ends_the_one_that_goes() {
    let merged = |status: &str, opvolger: &str, per: &str| {
        let mut line = example("leerbedrijf");
        line["erkenningen"] = json!([]);
        line["leerbedrijfStatus"] = json!(status);
        line["opvolger"] = json!(opvolger);
        line["opgevolgdPer"] = json!(per);
        violations(&as_line(&line))
    };
    assert!(merged("HIS", "100000002", "2026-11-01").is_empty());
    assert!(merged("ACT", "100000002", "2027-01-01").is_empty());
    assert_eq!(
        merged("HIS", "100000001", "2026-11-01"),
        ["opvolger: mag niet het leerbedrijf zelf zijn"]
    );
    assert_eq!(
        merged("ACT", "100000002", "2026-11-22"),
        ["leerbedrijfStatus: moet HIS zijn vanaf de dag waarop het leerbedrijf is opgevolgd"]
    );
}

#[test]
fn a_bad_line_keeps_its_key_where_it_can_be_read() {
    let key = |line: &str| {
        let (lines, _) = read(&closed(&[VOORLOOP, line])).unwrap();
        match lines.into_iter().next().unwrap().content {
            Content::SetAside(aside) => (
                aside.soort.map(ObjectSoort::as_str),
                aside.key.map(|k| format!("{k:?}")),
            ),
            other => panic!("{other:?}"),
        }
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        key(&with("leerbedrijf", "/naam", json!(""))),
        (Some("leerbedrijf"), some("leerbedrijf 100000001"))
    );
    assert_eq!(
        key(&with("leerbedrijf", "/leerbedrijfId", json!("x"))),
        (Some("leerbedrijf"), None)
    );
    assert_eq!(
        key(&with("bpvo", "/code", json!("x"))),
        (Some("bpvo"), some("bpvo of 0000009900000000A001"))
    );
    let broken = as_line(&example("leerbedrijf")).replace("\"naam\":", "\"naam\"");
    assert_eq!(
        key(&broken),
        (Some("leerbedrijf"), some("leerbedrijf 100000001"))
    );
    assert_eq!(key(r#"{"soort":"iets"}"#), (None, None));
    assert_eq!(key("dit is geen JSON"), (None, None));
}

#[test]
fn a_levering_that_is_not_whole_or_not_right_is_refused() {
    let school = as_line(&example("school"));
    let right = String::from_utf8(closed(&[VOORLOOP, &school])).unwrap();
    assert!(read(right.as_bytes()).is_ok());
    let body: Vec<&str> = right.lines().collect();
    let edit = |from: &str, to: &str| right.replacen(from, to, 1);
    for (bytes, expected) in [
        (String::new(), "the levering is empty"),
        ("\n\n".into(), "the levering is empty"),
        (
            right.lines().skip(1).collect::<Vec<_>>().join("\n"),
            "line 1 is not a voorloop: this is not a levering",
        ),
        (
            "<html>".into(),
            "line 1 is not a voorloop: this is not a levering",
        ),
        (
            edit(r#""formaatVersie":"1""#, r#""formaatVersie":"2","iets":1"#),
            "the levering has another formaatVersie: this program reads 1",
        ),
        (
            edit("VOLLEDIG", "HALF"),
            "the voorloop is not right: leveringSoort: moet een van VOLLEDIG, MUTATIES zijn",
        ),
        (
            edit(r#""L1""#, r#""L 1""#),
            "the voorloop is not right: leveringId: moet de vorm [0-9A-Za-z._:-]{1,64} hebben",
        ),
        (
            edit(r#""bron":"test""#, r#""bron":"""#),
            "the voorloop is not right: bron: moet 1 tot en met 200 tekens hebben",
        ),
        (
            edit(r#","bron":"test""#, ""),
            "the voorloop is not right: .: bron ontbreekt",
        ),
        (
            format!("{}\n{}\n{}\n", body[0], body[0], body[1]),
            "line 2 is a second voorloop",
        ),
        (
            body[..2].join("\n"),
            "the levering is torn: it ends after line 2 without a sluit line",
        ),
        (
            edit(r#""school":1"#, r#""school":2"#),
            "the sluit line counts 2 lines of soort school, the levering has 1",
        ),
        (
            edit(r#""bpvo":0"#, r#""bpvo":1"#),
            "the sluit line counts 1 lines of soort bpvo, the levering has 0",
        ),
        (
            edit("ROC Proef", "ROC Proeg"),
            "the checksum in the sluit line does not fit the lines before it",
        ),
        (
            edit("}\n", "} \n"),
            "the checksum in the sluit line does not fit the lines before it",
        ),
        (
            edit(r#""sha256":""#, r#""sha256":"zz"#),
            "the sluit line 3 is not right: sha256: moet uit 64 hexadecimale cijfers bestaan",
        ),
        (
            format!("{right}{}\n", body[1]),
            "line 4 comes after the sluit line",
        ),
        (
            String::from_utf8(closed(&[VOORLOOP, &school, &school])).unwrap(),
            "line 3: this school occurred before in this levering",
        ),
    ] {
        assert_eq!(refusal(bytes.as_bytes()), expected);
    }
    let bad_zstd = [&[0x28, 0xb5, 0x2f, 0xfd][..], &[0xff; 40]].concat();
    assert_eq!(refusal(&bad_zstd), "the zstd data is damaged after line 0");
    let bad_gzip = [&[0x1f, 0x8b][..], &[7; 40]].concat();
    assert_eq!(refusal(&bad_gzip), "the gzip data is damaged after line 0");
    let endless = [VOORLOOP.as_bytes(), b"\n", &vec![b'x'; MAX_LINE_BYTES + 1]].concat();
    assert_eq!(
        refusal(&endless),
        "line 2 is longer than 1048576 bytes: this is not a levering"
    );
    let blank_lines = right.replace('\n', "\n\n");
    assert_eq!(
        refusal(blank_lines.as_bytes()),
        "the checksum in the sluit line does not fit the lines before it"
    );
    assert!(
        read(format!("{right}\n\n").as_bytes()).is_ok(),
        "blank lines at the end are nothing"
    );
    assert!(
        read(right.trim_end().as_bytes()).is_ok(),
        "the last newline may be missing"
    );
}

#[test]
fn a_bad_line_of_no_kind_does_not_spoil_the_counts() {
    let bytes = closed(&[VOORLOOP, &as_line(&example("school")), "onzin"]);
    let (lines, summary) = read(&bytes).unwrap();
    assert_eq!(
        (lines.len(), summary.afgekeurd, summary.aantallen.totaal()),
        (2, 1, 2)
    );
}

#[test]
fn only_mutaties_say_that_something_is_gone() {
    let gone = |line: &str, soort: &str| {
        let first = VOORLOOP.replace("VOLLEDIG", soort);
        let (lines, _) = read(&closed(&[&first, line])).unwrap();
        match lines.into_iter().next().unwrap().content {
            Content::Gone(key) => format!("{key:?}"),
            Content::SetAside(aside) => aside
                .violations
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
            Content::Object(_) => panic!("an object"),
        }
    };
    for (line, expected) in [
        (
            r#"{"soort":"verwijderd","objectSoort":"leerbedrijf","leerbedrijfId":"100000001"}"#,
            "leerbedrijf 100000001",
        ),
        (
            r#"{"soort":"verwijderd","objectSoort":"opleiding","code":"25180"}"#,
            "opleiding 25180",
        ),
        (
            r#"{"soort":"verwijderd","objectSoort":"equivalent","code":"25180","equivalentMet":"25182","vanaf":"2024-01-01"}"#,
            "equivalent of 25180",
        ),
        (
            r#"{"soort":"verwijderd","objectSoort":"bpvo","schoolOin":"0000009900000000A001","bpvoKenmerk":"x"}"#,
            "bpvo of 0000009900000000A001",
        ),
        (
            r#"{"soort":"verwijderd","objectSoort":"school"}"#,
            "schoolOin: ontbreekt",
        ),
        (
            r#"{"soort":"verwijderd","objectSoort":"school","schoolOin":"0000009900000000A001","code":"25180"}"#,
            "code: hoort niet bij een school",
        ),
        (
            r#"{"soort":"verwijderd","objectSoort":"iets"}"#,
            "objectSoort: moet een van leerbedrijf, opleiding, equivalent, school, bpvo zijn",
        ),
    ] {
        assert_eq!(gone(line, "MUTATIES"), expected);
    }
    assert_eq!(
        gone(
            r#"{"soort":"verwijderd","objectSoort":"opleiding","code":"25180"}"#,
            "VOLLEDIG"
        ),
        "soort: verwijderd mag alleen in een levering van soort MUTATIES"
    );
}

#[test]
fn a_torn_levering_is_refused_wherever_it_breaks_off() {
    let whole = volledig(
        "L1",
        &[
            object(bedrijf(1, vec![periode("25180", "2020-01-01", "")])),
            Object::Bpvo(bpvo("K1", 1)),
        ],
    );
    // The last newline alone is nothing that is missing.
    for end in 0..whole.len() - 1 {
        assert!(read(&whole[..end]).is_err(), "accepted up to byte {end}");
    }
    for zipped in [gzip(&whole), zstd(&whole)] {
        assert!(read(&zipped).is_ok());
        for end in 0..zipped.len() - 1 {
            let cut = read(&zipped[..end]);
            assert!(cut.is_err(), "accepted up to packed byte {end}");
        }
    }
}

#[test]
fn a_changed_byte_of_zstd_is_never_taken() {
    let whole = volledig(
        "L1",
        &[object(bedrijf(1, vec![periode("25180", "2020-01-01", "")]))],
    );
    let zipped = zstd(&whole);
    for at in 0..zipped.len() {
        let mut wrong = zipped.clone();
        wrong[at] ^= 0x10;
        // Some bits of a frame say nothing of its content.
        let same = zstd::stream::decode_all(&*wrong).is_ok_and(|plain| plain == whole);
        assert!(same || read(&wrong).is_err(), "byte {at}");
    }
}

#[test]
fn a_levering_that_unpacks_to_too_much_is_refused() {
    let whole = volledig(
        "L1",
        &[object(bedrijf(1, vec![periode("25180", "2020-01-01", "")]))],
    );
    let bomb = [&whole[..], &vec![b'\n'; 1 << 22]].concat();
    let most = 1 << 20;
    for bytes in [bomb.clone(), gzip(&bomb), zstd(&bomb)] {
        let open = |most| {
            let mut reader = LeveringReader::limited(&*bytes, tijdstip(REGISTRATIE), most)?;
            while reader.next_line()?.is_some() {}
            Ok::<_, LeveringError>(())
        };
        assert!(open(u64::MAX).is_ok());
        assert!(matches!(open(most), Err(LeveringError::TooLarge { most: m }) if m == most));
    }
}

#[test]
fn a_postcode_with_a_space_and_a_name_with_blanks_are_taken_as_meant() {
    let mut line = example("leerbedrijf");
    line["naam"] = json!("  Bakkerij De Proef ");
    line["vestigingsadres"]["postcode"] = json!("1012 ab");
    let (lines, _) = read(&closed(&[VOORLOOP, &as_line(&line)])).unwrap();
    let Content::Object(Object::Leerbedrijf(l, _)) = &lines[0].content else {
        panic!("{lines:?}");
    };
    assert_eq!(l.kern.naam, "Bakkerij De Proef");
    assert_eq!(
        l.gegevens.vestigingsadres.postcode.as_deref(),
        Some("1012AB")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_back(objects in vec(any_object(), 0..12), zip in 0..3) {
        let mut seen = Seen::default();
        let objects: Vec<Object> =
            objects.into_iter().filter(|o| seen.insert(&ObjectKey::of(o))).collect();
        let voorloop = voorloop("L1", LeveringSoort::Volledig);
        let plain = levering(&voorloop, &objects);
        let bytes = match zip {
            0 => plain,
            1 => gzip(&plain),
            _ => zstd(&plain),
        };
        let (lines, summary) = read(&bytes).unwrap();
        let back: Vec<Object> = lines
            .into_iter()
            .map(|line| match line.content {
                Content::Object(object) => object,
                other => panic!("{other:?}"),
            })
            .collect();
        prop_assert_eq!(summary.aantallen.totaal(), objects.len() as u64);
        prop_assert_eq!(back, objects);
    }

    #[test]
    fn a_changed_byte_is_never_taken(at in 0..4_000_usize, to in any::<u8>()) {
        let objects = [object(bedrijf(1, vec![periode("25180", "2020-01-01", "")])), Object::Bpvo(bpvo("K1", 1))];
        let mut bytes = volledig("L1", &objects);
        let body = lines(&bytes).join("\n").len();
        let at = at % body;
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        prop_assert!(read(&bytes).is_err());
    }
}
