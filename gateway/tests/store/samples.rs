//! Small objects and their lines.

use stagepoort::{
    domain::{
        Adres, Bpvo, Code, Contactpersoon, Coordinaten, Datum, Equivalent, Erkenning, Gegevens,
        Herkomst, Kern, Leerbedrijf, LeerbedrijfId, LeerbedrijfStatus, Leerwegen, Oin, Opleiding,
        Personen, Praktijkopleider, School, Tijdstip,
    },
    geo::{Gebiedsdeel, Postcodegebied, Postcodepunt, Punt},
    log::{Inhoud, Line, LogStore, Sleutel, Soort},
};

pub(crate) const SCHOOL: &str = "00000099000000000001";

pub(crate) fn at(seconds: i64) -> Tijdstip {
    Tijdstip::from_millis(1_790_000_000_000 + seconds * 1000).unwrap()
}

pub(crate) fn id(n: u32) -> LeerbedrijfId {
    LeerbedrijfId::from_u32(100_000_000 + n).unwrap()
}

pub(crate) fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

pub(crate) fn leerbedrijf(n: u32, naam: &str, postcode: &str) -> Leerbedrijf {
    let datum = Datum::parse("2024-08-01").unwrap();
    let codes = ["25180", "25655", "K0072"];
    Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: id(n),
            naam: naam.to_owned(),
            status: LeerbedrijfStatus::Actief,
            opvolging: None,
            erkenningen: codes[..(n as usize % 4).min(3)]
                .iter()
                .map(|text| Erkenning {
                    code: code(text),
                    leerwegen: Leerwegen::default(),
                    startdatum: datum,
                    einddatum: None,
                    reden: None,
                    gedeeltelijk: false,
                    werkprocessen: Vec::new(),
                    bijgewerkt_op: at(0),
                })
                .collect(),
        },
        gegevens: Gegevens {
            kvk_nummer: None,
            kvk_vestigingsnummer: None,
            vestigingsadres: Adres {
                coordinaten: n.is_multiple_of(2).then_some(Coordinaten {
                    lat: 52.373 + f64::from(n) / 1e6,
                    lon: 4.894,
                }),
                ..adres("NL", postcode)
            },
            correspondentieadres: n.is_multiple_of(3).then(|| adres("BE", "2000")),
            telefoonnummer: None,
            emailadres: None,
            website: None,
            bijgewerkt_op: at(0),
        },
        leerplaatsen: Vec::new(),
    }
}

fn adres(land: &str, postcode: &str) -> Adres {
    Adres {
        straat: Some("Dorpsstraat".to_owned()),
        huisnummer: Some(1),
        huisnummertoevoeging: None,
        postcode: Some(postcode.to_owned()),
        plaats: "Ergens".to_owned(),
        land: land.to_owned(),
        coordinaten: None,
    }
}

pub(crate) fn leerbedrijf_line(n: u32, naam: &str) -> Line {
    let content = postcard::to_stdvec(&leerbedrijf(n, naam, "1012AB")).unwrap();
    set(Soort::Leerbedrijf, Sleutel::leerbedrijf(id(n)), content)
}

pub(crate) fn personen_line(n: u32, naam: &str) -> Line {
    let personen = Personen {
        contactpersonen: vec![Contactpersoon {
            persoon_id: format!("p{n}"),
            naam: naam.to_owned(),
            functie: None,
            emailadres: None,
            telefoonnummer: None,
            bijgewerkt_op: at(0),
        }],
        praktijkopleiders: vec![Praktijkopleider {
            persoon_id: format!("q{n}"),
            naam: naam.to_owned(),
            emailadres: None,
            telefoonnummer: None,
            codes: vec![code("25180")],
            bijgewerkt_op: at(0),
        }],
    };
    let content = postcard::to_stdvec(&personen).unwrap();
    set(Soort::Personen, Sleutel::leerbedrijf(id(n)), content)
}

pub(crate) fn bpvo_line(store: &dyn LogStore, kenmerk: &str, leerbedrijf: u32) -> Line {
    let school_oin = Oin::parse(SCHOOL).unwrap();
    let bpvo = Bpvo {
        school_oin,
        bpvo_kenmerk: kenmerk.to_owned(),
        leerbedrijf_id: id(leerbedrijf),
        code: code("25180"),
        begindatum: Datum::parse("2026-09-01").unwrap(),
        einddatum_gepland: Datum::parse("2027-07-01").unwrap(),
        einddatum_werkelijk: None,
        keuzedelen: Vec::new(),
        herkomst: Herkomst::School,
        volgens_register: None,
    };
    let natural = Sleutel::natural_bpvo(school_oin, kenmerk);
    let content = postcard::to_stdvec(&bpvo).unwrap();
    set(Soort::Bpvo, store.pseudonym(&natural), content)
}

pub(crate) fn opleiding_line(text: &str, naam: &str) -> Line {
    let opleiding = Opleiding {
        code: code(text),
        opleidingsnaam: naam.to_owned(),
        niveau: Some(3),
        leerwegen: Leerwegen::default(),
    };
    let content = postcard::to_stdvec(&opleiding).unwrap();
    set(Soort::Opleiding, Sleutel::code(code(text)), content)
}

pub(crate) fn equivalenten_line(text: &str, with: &[&str]) -> Line {
    let all: Vec<Equivalent> = with
        .iter()
        .map(|other| Equivalent {
            code: code(text),
            equivalent_met: code(other),
            vanaf: Datum::parse("2020-01-01").unwrap(),
            tot: None,
        })
        .collect();
    let content = postcard::to_stdvec(&all).unwrap();
    set(Soort::Equivalenten, Sleutel::code(code(text)), content)
}

pub(crate) fn school_line(naam: &str) -> Line {
    let oin = Oin::parse(SCHOOL).unwrap();
    let school = School {
        oin,
        brin: stagepoort::domain::Brin::parse("25LX").unwrap(),
        naam: naam.to_owned(),
    };
    let content = postcard::to_stdvec(&school).unwrap();
    set(Soort::School, Sleutel::school(oin), content)
}

/// An area; `kind` tells one import of it from another.
pub(crate) fn postcodegebied(postcode4: u16, kind: u8) -> Postcodegebied {
    let punt = |steps: i32| Punt {
        lat: 52_000_000 + 1_000 * steps,
        lon: 5_000_000,
    };
    let steps = i32::from(kind);
    Postcodegebied {
        postcode4,
        centrum: punt(steps),
        delen: vec![Gebiedsdeel {
            plaats: Some("Ergens".to_owned()),
            gemeente: (kind > 1).then(|| format!("Gemeente {kind}")),
            provincie: Some("Utrecht".to_owned()),
            centrum: punt(steps),
        }],
        postcodes: (b'A'..=b'A' + kind)
            .map(|letter| Postcodepunt {
                letters: [letter, b'B'],
                punt: punt(steps + i32::from(letter)),
            })
            .collect(),
    }
}

pub(crate) fn postcodegebied_line(postcode4: u16, kind: u8) -> Line {
    let content = postcard::to_stdvec(&postcodegebied(postcode4, kind)).unwrap();
    let sleutel = Sleutel::postcodegebied(postcode4);
    set(Soort::Postcodegebied, sleutel, content)
}

pub(crate) fn set(soort: Soort, sleutel: Sleutel, content: Vec<u8>) -> Line {
    Line {
        soort,
        sleutel,
        inhoud: Inhoud::Gezet(content),
    }
}

pub(crate) fn removed(soort: Soort, sleutel: Sleutel) -> Line {
    Line {
        soort,
        sleutel,
        inhoud: Inhoud::Verwijderd,
    }
}

pub(crate) fn content(line: &Line) -> Vec<u8> {
    match &line.inhoud {
        Inhoud::Gezet(content) => content.clone(),
        other => panic!("{other:?}"),
    }
}
