//! The small tables of our own, for when the operator gives no others.

use super::PostcodeRow;
use crate::domain::{Code, Datum, Equivalent, Leerweg, Leerwegen, Opleiding};

/// Four-digit postcode, place, and its centre in degrees.
const POSTCODES: &[(u16, &str, f64, f64)] = &[
    (1012, "Amsterdam", 52.373, 4.894),
    (1054, "Amsterdam", 52.363, 4.868),
    (1103, "Amsterdam", 52.322, 4.969),
    (1211, "Hilversum", 52.224, 5.176),
    (1315, "Almere", 52.371, 5.220),
    (1441, "Purmerend", 52.509, 4.949),
    (1506, "Zaandam", 52.441, 4.826),
    (1621, "Hoorn", 52.643, 5.060),
    (1781, "Den Helder", 52.957, 4.760),
    (1811, "Alkmaar", 52.632, 4.747),
    (1941, "Beverwijk", 52.484, 4.657),
    (2011, "Haarlem", 52.381, 4.637),
    (2132, "Hoofddorp", 52.304, 4.688),
    (2312, "Leiden", 52.160, 4.493),
    (2405, "Alphen aan den Rijn", 52.129, 4.652),
    (2511, "'s-Gravenhage", 52.079, 4.312),
    (2611, "Delft", 52.011, 4.358),
    (2711, "Zoetermeer", 52.060, 4.494),
    (2801, "Gouda", 52.012, 4.709),
    (3011, "Rotterdam", 51.920, 4.488),
    (3072, "Rotterdam", 51.902, 4.502),
    (3201, "Spijkenisse", 51.846, 4.329),
    (3311, "Dordrecht", 51.814, 4.668),
    (3401, "IJsselstein", 52.021, 5.045),
    (3511, "Utrecht", 52.092, 5.120),
    (3707, "Zeist", 52.091, 5.240),
    (3811, "Amersfoort", 52.156, 5.389),
    (3901, "Veenendaal", 52.027, 5.554),
    (4001, "Tiel", 51.888, 5.434),
    (4201, "Gorinchem", 51.831, 4.975),
    (4331, "Middelburg", 51.499, 3.612),
    (4461, "Goes", 51.505, 3.890),
    (4701, "Roosendaal", 51.532, 4.462),
    (4811, "Breda", 51.588, 4.777),
    (5038, "Tilburg", 51.556, 5.087),
    (5211, "'s-Hertogenbosch", 51.689, 5.304),
    (5341, "Oss", 51.766, 5.525),
    (5461, "Veghel", 51.616, 5.541),
    (5611, "Eindhoven", 51.437, 5.479),
    (5701, "Helmond", 51.479, 5.657),
    (5801, "Venray", 51.526, 5.974),
    (5911, "Venlo", 51.370, 6.170),
    (6041, "Roermond", 51.193, 5.987),
    (6131, "Sittard", 51.000, 5.867),
    (6211, "Maastricht", 50.849, 5.690),
    (6411, "Heerlen", 50.889, 5.979),
    (6511, "Nijmegen", 51.846, 5.864),
    (6701, "Wageningen", 51.967, 5.663),
    (6811, "Arnhem", 51.983, 5.909),
    (7001, "Doetinchem", 51.965, 6.290),
    (7201, "Zutphen", 52.139, 6.197),
    (7311, "Apeldoorn", 52.214, 5.964),
    (7411, "Deventer", 52.253, 6.159),
    (7511, "Enschede", 52.221, 6.894),
    (7607, "Almelo", 52.356, 6.663),
    (7811, "Emmen", 52.786, 6.897),
    (7941, "Meppel", 52.696, 6.193),
    (8011, "Zwolle", 52.512, 6.094),
    (8232, "Lelystad", 52.512, 5.480),
    (8441, "Heerenveen", 52.959, 5.921),
    (8601, "Sneek", 53.033, 5.659),
    (8911, "Leeuwarden", 53.201, 5.799),
    (9203, "Drachten", 53.106, 6.099),
    (9401, "Assen", 52.996, 6.562),
    (9711, "Groningen", 53.216, 6.570),
    (9934, "Delfzijl", 53.330, 6.920),
];

/// Crebo, name, niveau, leerwegen (`o` BOL, `b` BBL). The list keeps to well-known ones.
const KWALIFICATIES: &[(&str, &str, u8, &str)] = &[
    ("25102", "Allround metselaar", 3, "b"),
    ("25103", "Metselaar", 2, "b"),
    ("25118", "Allround timmerman", 3, "ob"),
    ("25128", "Timmerman", 2, "ob"),
    ("25030", "Schilder", 2, "ob"),
    ("25119", "Uitvoerder bouw/infra", 4, "ob"),
    ("25134", "Commercieel medewerker", 3, "ob"),
    ("25138", "Bedrijfsadministrateur", 4, "ob"),
    ("25149", "Medewerker (financiële) administratie", 2, "ob"),
    ("25151", "Managementassistent/directiesecretaresse", 4, "ob"),
    ("25153", "Eerste verkoper", 3, "ob"),
    ("25162", "Manager retail", 4, "ob"),
    ("25167", "Verkoper", 2, "ob"),
    ("25168", "Gastheer/-vrouw", 2, "ob"),
    ("25171", "Zelfstandig werkend gastheer/-vrouw", 3, "ob"),
    ("25173", "Uitvoerend bakker", 2, "ob"),
    ("25174", "Zelfstandig werkend bakker", 3, "ob"),
    ("25180", "Kok", 2, "ob"),
    ("25181", "Leidinggevende keuken", 4, "ob"),
    ("25182", "Zelfstandig werkend kok", 3, "ob"),
    ("25187", "Applicatie- en mediaontwikkelaar", 4, "o"),
    ("25189", "ICT-beheerder", 4, "ob"),
    ("25201", "Mediavormgever", 4, "o"),
    ("25208", "Drukker", 3, "ob"),
    ("25242", "Autotechnicus", 2, "ob"),
    ("25244", "Eerste autotechnicus", 3, "ob"),
    ("25245", "Eerste bedrijfsautotechnicus", 3, "ob"),
    ("25290", "Basislasser", 2, "ob"),
    ("25297", "Technicus engineering", 4, "ob"),
    (
        "25332",
        "Eerste monteur elektrotechnische installaties woning en utiliteit",
        3,
        "ob",
    ),
    ("25333", "Monteur elektrotechnische installaties", 2, "ob"),
    ("25364", "Chauffeur wegvervoer", 2, "b"),
    ("25371", "Logistiek medewerker", 2, "ob"),
    ("25372", "Logistiek teamleider", 3, "ob"),
    ("25399", "Allround kapper", 3, "ob"),
    ("25400", "Kapper", 2, "ob"),
    ("25404", "Schoonheidsspecialist", 3, "ob"),
    ("25407", "Beveiliger", 2, "ob"),
    ("25415", "Sport- en bewegingsleider", 3, "o"),
    ("25432", "Medewerker veehouderij", 2, "ob"),
    ("25452", "Medewerker hovenier", 2, "ob"),
    ("25455", "Vakbekwaam hovenier", 3, "ob"),
    ("25471", "Apothekersassistent", 4, "ob"),
    ("25473", "Doktersassistent", 4, "ob"),
    ("25480", "Mbo-verpleegkundige", 4, "ob"),
    ("25486", "Pedagogisch medewerker kinderopvang", 3, "ob"),
    ("25485", "Onderwijsassistent", 4, "ob"),
    ("25491", "Verzorgende IG", 3, "ob"),
    ("25498", "Helpende zorg en welzijn", 2, "ob"),
    ("25499", "Medewerker facilitaire dienstverlening", 2, "ob"),
    ("25604", "Software developer", 4, "ob"),
    ("25606", "Expert IT systems and devices", 4, "ob"),
    ("25655", "Mbo-verpleegkundige", 4, "ob"),
    ("25656", "Verzorgende IG", 3, "ob"),
];

/// Keuzedelen; they have no niveau of their own.
const KEUZEDELEN: &[(&str, &str)] = &[
    ("K0023", "Digitale vaardigheden gevorderd"),
    ("K0072", "Ondernemend gedrag"),
    ("K0080", "Oriëntatie op ondernemerschap"),
    ("K0125", "Voorbereiding hbo"),
    ("K0211", "Zorg en technologie"),
    ("K0485", "Verdieping duurzaamheid"),
];

/// New crebo, old crebo that counts for it, and the school years, relative to the peildatum's
/// calendar year, in whose August it begins and in whose July it ends.
const EQUIVALENTEN: &[(&str, &str, i16, Option<i16>)] = &[
    ("25656", "25491", -10, None),
    ("25655", "25480", -10, None),
    ("25606", "25189", -6, Some(4)),
    // This one is over: what counted once does not count for ever.
    ("25604", "25187", -6, Some(-1)),
];

/// Codes that the fixtures hold; they are in every register, whatever table the operator gives.
#[rustfmt::skip]
const FIXTURE_CODES: &[&str] = &[
    "25118", "25128", "25167", "25174", "25180", "25182", "25187", "25208", "25242", "25290",
    "25332", "25364", "25371", "25400", "25452", "25455", "25471", "25480", "25486", "25491",
    "25604", "25655", "25656",
];

pub(super) fn postcodes() -> Vec<PostcodeRow> {
    let row = |&(postcode4, plaats, lat, lon): &(u16, &str, f64, f64)| PostcodeRow {
        postcode4,
        plaats: plaats.to_owned(),
        lat,
        lon,
    };
    POSTCODES.iter().map(row).collect()
}

/// The compiled-in kwalificaties, without keuzedelen.
pub(super) fn kwalificaties() -> Vec<Opleiding> {
    KWALIFICATIES.iter().filter_map(kwalificatie).collect()
}

/// What is added to every table: keuzedelen, and the kwalificaties of fixtures and equivalents.
pub(super) fn always() -> Vec<Opleiding> {
    let of_fixtures = KWALIFICATIES
        .iter()
        .filter(|row| {
            FIXTURE_CODES.contains(&row.0)
                || EQUIVALENTEN.iter().any(|e| e.0 == row.0 || e.1 == row.0)
        })
        .filter_map(kwalificatie);
    let keuzedelen = KEUZEDELEN.iter().filter_map(|&(code, naam)| {
        Some(Opleiding {
            code: Code::parse(code).ok()?,
            opleidingsnaam: naam.to_owned(),
            niveau: None,
            leerwegen: Leerwegen::from_iter([Leerweg::Bol, Leerweg::Bbl]),
        })
    });
    of_fixtures.chain(keuzedelen).collect()
}

pub(super) fn equivalenten(peildatum: Datum) -> Vec<Equivalent> {
    let year = peildatum.as_date().year();
    let day = |after: i16, month_day: &str| {
        Datum::parse(&format!("{:04}-{month_day}", year.saturating_add(after))).ok()
    };
    let row = |&(code, oud, vanaf, tot): &(&str, &str, i16, Option<i16>)| {
        Some(Equivalent {
            code: Code::parse(code).ok()?,
            equivalent_met: Code::parse(oud).ok()?,
            vanaf: day(vanaf, "08-01")?,
            tot: tot.and_then(|after| day(after, "07-31")),
        })
    };
    EQUIVALENTEN.iter().filter_map(row).collect()
}

fn kwalificatie(&(code, naam, niveau, wegen): &(&str, &str, u8, &str)) -> Option<Opleiding> {
    let weg = |c| match c {
        'o' => Some(Leerweg::Bol),
        'b' => Some(Leerweg::Bbl),
        _ => None,
    };
    Some(Opleiding {
        code: Code::parse(code).ok()?,
        opleidingsnaam: naam.to_owned(),
        niveau: Some(niveau),
        leerwegen: wegen.chars().filter_map(weg).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_our_own_tables_is_well_formed() {
        assert_eq!(kwalificaties().len(), KWALIFICATIES.len());
        assert_eq!(
            equivalenten(Datum::parse("2026-11-22").unwrap()).len(),
            EQUIVALENTEN.len()
        );
        let always = always();
        let known = |code: &str| always.iter().any(|o| o.code.to_string() == code);
        for code in FIXTURE_CODES
            .iter()
            .chain(KEUZEDELEN.iter().map(|(c, _)| c))
        {
            assert!(known(code), "{code}");
        }
        for equivalent in equivalenten(Datum::parse("2026-11-22").unwrap()) {
            assert!(known(&equivalent.code.to_string()));
            assert!(known(&equivalent.equivalent_met.to_string()));
        }
        assert!(always.iter().all(|o| o.leerwegen.iter().count() > 0));
        assert!(
            postcodes()
                .iter()
                .all(|p| (1000..=9999).contains(&p.postcode4))
        );
    }
}
