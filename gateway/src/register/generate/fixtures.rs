//! The leerbedrijven written by hand: every case of the contract, for every seed.

use super::{
    EERSTE_ID, bpvos,
    dice::{Bron, Doel},
    erkenningen, leerbedrijven, namen,
    wereld::Wereld,
};
use crate::domain::{
    Adres, Bpvo, Code, Coordinaten, Eindreden, Erkenning, Gegevens, Herkomst, Kern, Keuzedeel,
    Leerbedrijf, LeerbedrijfId, LeerbedrijfStatus, Leerplaats, LeerplaatsSoort, Leerweg, Leerwegen,
    Opvolging, Personen, Vergoeding,
};

/// One leerbedrijf; days are relative to the peildatum.
#[derive(Debug)]
pub(super) struct Fixture {
    pub(super) naam: &'static str,
    straat: &'static str,
    pub(super) huisnummer: u32,
    toevoeging: &'static str,
    pub(super) postcode: &'static str,
    plaats: &'static str,
    land: &'static str,
    lat: f64,
    lon: f64,
    bijzonder: Bijzonder,
    pub(super) erkenningen: &'static [Periode],
}

/// Code, first day, last day, why it ends.
pub(super) type Periode = (&'static str, i32, Option<i32>, Option<Eindreden>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bijzonder {
    Niets,
    /// Merged into the fixture behind it, so many days ago.
    Opgevolgd(i32),
    Historisch,
    /// Its erkenningen are partial.
    Gedeeltelijk,
    /// Letters go to a postbus.
    Postbus,
    /// Nothing is known that need not be.
    Kaal,
}
use Bijzonder::{Gedeeltelijk, Historisch, Kaal, Niets, Opgevolgd, Postbus};

/// Where it is: street, number, addition, postcode, place, country, latitude, longitude.
type Plek = (
    &'static str,
    u32,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    f64,
    f64,
);

const fn fixture(
    naam: &'static str,
    plek: Plek,
    bijzonder: Bijzonder,
    erkenningen: &'static [Periode],
) -> Fixture {
    let (straat, huisnummer, toevoeging, postcode, plaats, land, lat, lon) = plek;
    Fixture {
        naam,
        straat,
        huisnummer,
        toevoeging,
        postcode,
        plaats,
        land,
        lat,
        lon,
        bijzonder,
        erkenningen,
    }
}

const INGETROKKEN: Option<Eindreden> = Some(Eindreden::Ingetrokken);
const VERVALLEN: Option<Eindreden> = Some(Eindreden::VanRechtswegeVervallen);
const NIET_VERLENGD: Option<Eindreden> = Some(Eindreden::NietVerlengd);

#[rustfmt::skip]
pub(super) const ALLE: [Fixture; super::FIXTURES as usize] = [
    fixture(
        "Restaurant 't Veerhuis",
        ("Waalkade", 12, "", "4001AB", "Tiel", "NL", 51.885_612, 5.437_204),
        Niets,
        &[("25180", -2_400, None, None), ("25182", -900, None, None)],
    ),
    fixture(
        "Bouwbedrijf De Vries B.V.",
        ("Ambachtsweg", 7, "A", "3811AC", "Amersfoort", "NL", 52.157_033, 5.390_118),
        Niets,
        &[
            ("25118", -2_900, Some(-90), INGETROKKEN),
            ("25128", -3_100, Some(-1_500), None),
            ("25128", -1_200, None, None),
        ],
    ),
    // Has the old crebo only: the new one is equivalent.
    fixture(
        "Zorggroep De Linde",
        ("Lindelaan", 150, "", "7311BD", "Apeldoorn", "NL", 52.213_406, 5.962_951),
        Postbus,
        &[("25480", -3_300, None, None), ("25491", -3_300, None, None)],
    ),
    fixture(
        "Kapsalon Anja",
        ("Kerkstraat", 3, "bis", "8011EH", "Zwolle", "NL", 52.511_377, 6.092_846),
        Niets,
        &[("25167", -200, None, None), ("25400", -1_900, Some(-45), VERVALLEN)],
    ),
    fixture(
        "Autobedrijf Jansen & Zn.",
        ("Industrieweg", 44, "", "5701HB", "Helmond", "NL", 51.480_254, 5.655_733),
        Niets,
        &[("25242", -1_700, Some(-120), NIET_VERLENGD), ("25371", -600, None, None)],
    ),
    fixture(
        "Kinderdagverblijf 't Hummelhuis",
        ("Schoolstraat", 21, "", "9401CJ", "Assen", "NL", 52.995_108, 6.560_442),
        Niets,
        &[("25486", -2_000, Some(-30), None)],
    ),
    fixture(
        "Gebr. Van den Heuvel Installatietechniek V.O.F.",
        ("Energieweg", 9, "", "5341GT", "Oss", "NL", 51.767_281, 5.524_019),
        Niets,
        &[("25332", 45, None, None), ("25371", -300, None, None)],
    ),
    fixture(
        "Bakkerij Café Crème",
        ("Grote Markt", 1, "hs", "2011RD", "Haarlem", "NL", 52.381_243, 4.636_507),
        Gedeeltelijk,
        &[("25174", -800, None, None)],
    ),
    fixture(
        "Drukkerij Het Letterhuys B.V.",
        ("Handelskade", 30, "", "9711KL", "Groningen", "NL", 53.217_448, 6.568_832),
        Opgevolgd(-200),
        &[("25208", -4_000, Some(-201), VERVALLEN)],
    ),
    fixture(
        "Grafisch Bedrijf Noord B.V.",
        ("Handelskade", 34, "", "9711KL", "Groningen", "NL", 53.217_502, 6.568_911),
        Niets,
        &[("25208", -2_600, None, None)],
    ),
    fixture(
        "Stichting Thuiszorg 't Gooi",
        ("Burgemeester Visserlaan", 88, "", "1211PW", "Hilversum", "NL", 52.222_917, 5.177_360),
        Historisch,
        &[("25491", -5_000, Some(-700), None), ("25656", -2_500, Some(-700), VERVALLEN)],
    ),
    // Has an erkenning for a keuzedeel itself, beside one that is over.
    fixture(
        "Coöperatie Zonnepit U.A.",
        ("Akkerweg", 5, "", "8232XZ", "Lelystad", "NL", 52.513_664, 5.478_125),
        Niets,
        &[("25371", -1_500, Some(-400), NIET_VERLENGD), ("K0072", -350, None, None)],
    ),
    fixture(
        "Bakkerij Wouters & Zonen BV",
        ("Steenweg op Merksplas", 61, "", "2300", "Turnhout", "BE", 51.326_640, 4.939_482),
        Niets,
        &[("25174", -1_000, None, None)],
    ),
    fixture(
        "Metallbau Schröder GmbH & Co. KG",
        ("Rheinpromenade", 17, "", "46446", "Emmerich am Rhein", "DE", 51.833_279, 6.243_905),
        Niets,
        &[("25290", -700, None, None)],
    ),
    fixture(
        "Transportbedrijf Ö. Yıldız & Zonen B.V.",
        ("Havenstraat", 102, "unit 4", "3072AP", "Rotterdam", "NL", 51.901_555, 4.503_768),
        Postbus,
        &[("25364", -1_100, None, None), ("25371", -1_100, None, None)],
    ),
    // Counted for the new crebo while the equivalence lasted.
    fixture(
        "Software & Co B.V.",
        ("Stationsweg", 230, "", "5611BV", "Eindhoven", "NL", 51.438_871, 5.480_613),
        Niets,
        &[("25187", -3_200, None, None)],
    ),
    // The end is announced and still to come.
    fixture(
        "Hoveniersbedrijf De Groene Hand",
        ("Veldweg", 2, "", "6701DN", "Wageningen", "NL", 51.968_320, 5.661_747),
        Niets,
        &[("25452", -1_300, None, None), ("25455", -1_300, Some(60), INGETROKKEN)],
    ),
    // The peildatum is the last day, which counts.
    fixture(
        "Apotheek De Molen",
        ("Molenstraat", 40, "", "4811GS", "Breda", "NL", 51.587_702, 4.776_331),
        Niets,
        &[("25471", -1_825, Some(0), None)],
    ),
    fixture(
        "Apotheek De Molen",
        ("Molenstraat", 40, "", "8601CM", "Sneek", "NL", 53.032_094, 5.657_880),
        Niets,
        &[("25471", -500, None, None)],
    ),
    fixture(
        "Klussenbedrijf El Idrissi",
        ("Parallelweg", 15, "", "6411AE", "Heerlen", "NL", 50.888_190, 5.980_244),
        Kaal,
        &[("25128", -60, None, None)],
    ),
];

/// Id of the fixture with this place in [`ALLE`].
pub(super) fn id(index: u32) -> Option<LeerbedrijfId> {
    LeerbedrijfId::from_u32(EERSTE_ID + index)
}

pub(super) fn leerbedrijf(wereld: &Wereld, index: u32) -> Option<(Leerbedrijf, Personen)> {
    let fixture = ALLE.get(index as usize)?;
    let kern = kern(wereld, index, fixture)?;
    let gegevens = gegevens(wereld, index, fixture);
    let codes = leerbedrijven::running(wereld, &kern);
    let personen = match codes.as_slice() {
        [] => Personen::default(),
        codes => Personen {
            contactpersonen: Vec::new(),
            praktijkopleiders: (0..codes.len().min(2) as u32)
                .map(|n| {
                    let dice = &mut chance().dice(index * 2 + n, Doel::Personen);
                    let id = leerbedrijven::persoon_id(wereld, index, 16 + n);
                    leerbedrijven::praktijkopleider(wereld, id, codes, &gegevens, dice)
                })
                .collect(),
        },
    };
    let leerplaatsen = codes.first().map(|&code| leerplaats(wereld, index, code));
    let leerbedrijf = Leerbedrijf {
        kern,
        gegevens,
        leerplaatsen: leerplaatsen.into_iter().collect(),
    };
    Some((leerbedrijf, personen))
}

/// Chance for fixtures does not follow the seed.
fn chance() -> Bron {
    Bron::new(0)
}

fn kern(wereld: &Wereld, index: u32, fixture: &Fixture) -> Option<Kern> {
    let opvolging = match fixture.bijzonder {
        Opgevolgd(sinds) => Some(Opvolging {
            opvolger: id(index + 1)?,
            opgevolgd_per: wereld.dag(sinds),
        }),
        _ => None,
    };
    let status = match fixture.bijzonder {
        Opgevolgd(_) | Historisch => LeerbedrijfStatus::Historisch,
        Niets | Gedeeltelijk | Postbus | Kaal => LeerbedrijfStatus::Actief,
    };
    let erkenning = |periode| erkenning(wereld, index, fixture.bijzonder, periode);
    Some(Kern {
        leerbedrijf_id: id(index)?,
        naam: fixture.naam.to_owned(),
        status,
        opvolging,
        erkenningen: fixture.erkenningen.iter().filter_map(erkenning).collect(),
    })
}

fn erkenning(
    wereld: &Wereld,
    index: u32,
    bijzonder: Bijzonder,
    &(code, begin, eind, reden): &Periode,
) -> Option<Erkenning> {
    let dice = &mut chance().dice(index, Doel::Erkenningen);
    let gedeeltelijk = bijzonder == Gedeeltelijk;
    Some(Erkenning {
        code: Code::parse(code).ok()?,
        leerwegen: Leerwegen::from_iter([Leerweg::Bol, Leerweg::Bbl]),
        startdatum: wereld.dag(begin),
        einddatum: eind.map(|na| wereld.dag(na)),
        reden,
        gedeeltelijk,
        werkprocessen: if gedeeltelijk {
            erkenningen::werkprocessen(dice)
        } else {
            Vec::new()
        },
        bijgewerkt_op: wereld.moment(eind.unwrap_or(begin).min(-10), dice),
    })
}

fn gegevens(wereld: &Wereld, index: u32, fixture: &Fixture) -> Gegevens {
    let dice = &mut chance().dice(index, Doel::Gegevens);
    let known = fixture.bijzonder != Kaal;
    let binnenland = known && fixture.land == "NL";
    let vestigingsadres = Adres {
        straat: Some(fixture.straat.to_owned()),
        huisnummer: Some(fixture.huisnummer),
        huisnummertoevoeging: Some(fixture.toevoeging.to_owned()).filter(|t| !t.is_empty()),
        postcode: Some(fixture.postcode.to_owned()),
        plaats: fixture.plaats.to_owned(),
        land: fixture.land.to_owned(),
        coordinaten: known.then_some(Coordinaten {
            lat: fixture.lat,
            lon: fixture.lon,
        }),
    };
    let postbus = fixture.bijzonder == Postbus;
    let domein = namen::slug(fixture.naam);
    Gegevens {
        kvk_nummer: binnenland.then(|| format!("0000{:04}", index + 1)),
        kvk_vestigingsnummer: binnenland.then(|| format!("99990000{:04}", index + 1)),
        correspondentieadres: postbus.then(|| Adres {
            straat: Some("Postbus".to_owned()),
            huisnummer: Some(100 + index),
            huisnummertoevoeging: None,
            postcode: Some(format!("{}AA", &fixture.postcode[..4])),
            coordinaten: None,
            ..vestigingsadres.clone()
        }),
        telefoonnummer: binnenland.then(|| format!("+31199000{:03}", index + 1)),
        emailadres: known.then(|| format!("info@{domein}.example")),
        website: known.then(|| format!("https://www.{domein}.example")),
        bijgewerkt_op: wereld.moment(-10, dice),
        vestigingsadres,
    }
}

fn leerplaats(wereld: &Wereld, index: u32, code: Code) -> Leerplaats {
    let bbl = index % 2 == 1;
    Leerplaats {
        leerplaats_id: format!("LP{:010}", index * 10),
        code,
        leerplaats_soort: if bbl {
            LeerplaatsSoort::Leerbaan
        } else {
            LeerplaatsSoort::Stage
        },
        leerweg: if bbl { Leerweg::Bbl } else { Leerweg::Bol },
        titel: if bbl {
            "Leren en werken bij ons"
        } else {
            "Stage bij ons"
        }
        .to_owned(),
        omschrijving: Some("Je krijgt een vaste begeleider.".to_owned()),
        aantal_leerplaatsen: 1 + index % 3,
        beschikbaar_vanaf: Some(wereld.dag(-14)),
        beschikbaar_tot: None,
        dagen_per_week: Some(if bbl { 4 } else { 3 }),
        vergoeding: Some(Vergoeding {
            soort: "PER_MAAND".to_owned(),
            bedrag_van: Some(if bbl { 1_400 } else { 300 }),
            bedrag_tot: None,
        }),
    }
}

/// Two running bpvo's at every fixture: one of the first school, one of another of the first
/// eight, whether or not the erkenning still runs, so that a push has someone to go to.
pub(super) fn bpvos(wereld: &Wereld, index: u32) -> Vec<Bpvo> {
    let Some(fixture) = ALLE.get(index as usize) else {
        return Vec::new();
    };
    // Where only a keuzedeel runs, a kwalificatie that is over still stands first.
    let code = fixture
        .erkenningen
        .first()
        .and_then(|e| Code::parse(e.0).ok());
    let (Some(code), Some(leerbedrijf_id)) = (code, id(index)) else {
        return Vec::new();
    };
    let eight = wereld.scholen.len().min(8);
    let begindatum = wereld.dag(-75);
    let einddatum_gepland = wereld.dag(225);
    let keuzedeel = Code::parse("K0072").ok().map(|code| Keuzedeel {
        code,
        begindatum,
        einddatum_gepland,
    });
    [0, 1 + index as usize % 7]
        .into_iter()
        .zip(0..)
        .map(|(school, n)| Bpvo {
            school_oin: wereld.scholen[school % eight].oin,
            bpvo_kenmerk: bpvos::kenmerk(wereld, index, n),
            leerbedrijf_id,
            code,
            begindatum,
            einddatum_gepland,
            einddatum_werkelijk: None,
            keuzedelen: keuzedeel.into_iter().filter(|_| n == 0).collect(),
            herkomst: Herkomst::Register,
            volgens_register: None,
        })
        .collect()
}
