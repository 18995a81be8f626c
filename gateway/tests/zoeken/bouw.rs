//! Objects with as few words as a test can do with.

use stagepoort::domain::{
    Adres, Bpvo, Code, Coordinaten, Datum, Equivalent, Erkenning, Gegevens, Herkomst, Kern,
    Leerbedrijf, LeerbedrijfId, LeerbedrijfStatus, Leerplaats, LeerplaatsSoort, Leerweg, Leerwegen,
    Oin, Opleiding, Praktijkopleider, Tijdstip,
};

use crate::wereld::Wereld;

pub(crate) fn id(n: u32) -> LeerbedrijfId {
    LeerbedrijfId::from_u32(100_000_000 + n).unwrap()
}

pub(crate) fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

pub(crate) fn datum(text: &str) -> Datum {
    Datum::parse(text).unwrap()
}

pub(crate) fn leerwegen(text: &str) -> Leerwegen {
    text.split_whitespace().filter_map(Leerweg::parse).collect()
}

/// In Utrecht, without coordinates, erkenningen or leerplaatsen.
pub(crate) fn leerbedrijf(n: u32, naam: &str) -> Leerbedrijf {
    Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: id(n),
            naam: naam.to_owned(),
            status: LeerbedrijfStatus::Actief,
            opvolging: None,
            erkenningen: Vec::new(),
        },
        gegevens: Gegevens {
            kvk_nummer: None,
            kvk_vestigingsnummer: None,
            vestigingsadres: adres("Utrecht", "3511AB", None),
            correspondentieadres: None,
            telefoonnummer: n.is_multiple_of(2).then(|| format!("+31199{n:06}")),
            emailadres: None,
            website: None,
            bijgewerkt_op: Tijdstip::EPOCH,
        },
        leerplaatsen: Vec::new(),
    }
}

pub(crate) fn adres(plaats: &str, postcode: &str, at: Option<(f64, f64)>) -> Adres {
    Adres {
        straat: Some("Dorpsstraat".to_owned()),
        huisnummer: Some(1),
        huisnummertoevoeging: None,
        postcode: Some(postcode.to_owned()).filter(|p| !p.is_empty()),
        plaats: plaats.to_owned(),
        land: "NL".to_owned(),
        coordinaten: at.map(|(lat, lon)| Coordinaten { lat, lon }),
    }
}

/// From 2020 on, BOL and BBL.
pub(crate) fn erkenning(of: Code) -> Erkenning {
    Erkenning {
        code: of,
        leerwegen: leerwegen("BOL BBL"),
        startdatum: datum("2020-01-01"),
        einddatum: None,
        reden: None,
        gedeeltelijk: false,
        werkprocessen: Vec::new(),
        bijgewerkt_op: Tijdstip::EPOCH,
    }
}

/// One place, a stage BOL, at any time, unpaid.
pub(crate) fn leerplaats(key: &str, of: Code) -> Leerplaats {
    Leerplaats {
        leerplaats_id: key.to_owned(),
        code: of,
        leerplaats_soort: LeerplaatsSoort::Stage,
        leerweg: Leerweg::Bol,
        titel: "Stage".to_owned(),
        omschrijving: None,
        aantal_leerplaatsen: 1,
        beschikbaar_vanaf: None,
        beschikbaar_tot: None,
        dagen_per_week: None,
        vergoeding: None,
    }
}

pub(crate) fn opleiding(text: &str, naam: &str, niveau: Option<u8>) -> Opleiding {
    Opleiding {
        code: code(text),
        opleidingsnaam: naam.to_owned(),
        niveau,
        leerwegen: leerwegen("BOL BBL"),
    }
}

pub(crate) fn equivalent(of: &str, met: &str, vanaf: Datum, tot: Option<Datum>) -> Equivalent {
    Equivalent {
        code: code(of),
        equivalent_met: code(met),
        vanaf,
        tot,
    }
}

pub(crate) fn praktijkopleider(key: &str, codes: Vec<Code>) -> Praktijkopleider {
    Praktijkopleider {
        persoon_id: key.to_owned(),
        naam: "A. Test".to_owned(),
        emailadres: None,
        telefoonnummer: None,
        codes,
        bijgewerkt_op: Tijdstip::EPOCH,
    }
}

pub(crate) fn bpvo(school: &str, kenmerk: &str, at: LeerbedrijfId, period: (Datum, Datum)) -> Bpvo {
    Bpvo {
        school_oin: Oin::parse(school).unwrap(),
        bpvo_kenmerk: kenmerk.to_owned(),
        leerbedrijf_id: at,
        code: code("25180"),
        begindatum: period.0,
        einddatum_gepland: period.1,
        einddatum_werkelijk: None,
        keuzedelen: Vec::new(),
        herkomst: Herkomst::School,
        volgens_register: None,
    }
}

pub(crate) fn wereld(
    opleidingen: impl IntoIterator<Item = Opleiding>,
    leerbedrijven: impl IntoIterator<Item = Leerbedrijf>,
) -> Wereld {
    Wereld {
        opleidingen: opleidingen.into_iter().map(|o| (o.code, o)).collect(),
        leerbedrijven: leerbedrijven
            .into_iter()
            .map(|l| (l.kern.leerbedrijf_id, l))
            .collect(),
        ..Wereld::default()
    }
}
