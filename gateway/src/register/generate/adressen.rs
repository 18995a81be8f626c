//! Addresses, phone numbers and the like, none of which can reach anyone.

use super::{
    PostcodeRow,
    dice::{Dice, scramble},
    namen,
    wereld::{Profiel, Wereld},
};
use crate::domain::{Adres, Coordinaten};

/// Land, postcode, place, centre, and how a street is called there.
type Buitenland = (
    &'static str,
    &'static str,
    &'static str,
    f64,
    f64,
    &'static str,
);

pub(super) const BUITENLAND: &[Buitenland] = &[
    ("BE", "2000", "Antwerpen", 51.221, 4.399, "Kerkstraat"),
    (
        "BE",
        "2300",
        "Turnhout",
        51.323,
        4.945,
        "Steenweg op Merksplas",
    ),
    ("BE", "2910", "Essen", 51.467, 4.468, "Nieuwstraat"),
    (
        "BE",
        "3500",
        "Hasselt",
        50.930,
        5.338,
        "Maastrichtersteenweg",
    ),
    ("BE", "3680", "Maaseik", 51.098, 5.787, "Bleumerstraat"),
    ("BE", "3920", "Lommel", 51.230, 5.313, "Dorp"),
    ("BE", "8000", "Brugge", 51.209, 3.224, "Langestraat"),
    ("BE", "9000", "Gent", 51.054, 3.725, "Brusselsesteenweg"),
    ("DE", "26721", "Emden", 53.367, 7.206, "Große Straße"),
    ("DE", "46395", "Bocholt", 51.839, 6.615, "Münsterstraße"),
    (
        "DE",
        "46446",
        "Emmerich am Rhein",
        51.835,
        6.245,
        "Rheinpromenade",
    ),
    ("DE", "47533", "Kleve", 51.788, 6.139, "Hagsche Straße"),
    ("DE", "48455", "Bad Bentheim", 52.303, 7.160, "Schloßstraße"),
    ("DE", "48529", "Nordhorn", 52.431, 7.068, "Hauptstraße"),
    (
        "DE",
        "48599",
        "Gronau (Westf.)",
        52.212,
        7.023,
        "Bahnhofstraße",
    ),
    ("DE", "52062", "Aachen", 50.776, 6.084, "Jülicher Straße"),
];

/// Company names over the border, by land; `{a}` is a surname.
const NAMEN_BE: &[&str] = &[
    "Bakkerij Peeters BV",
    "Garage Claes",
    "Bouwwerken Wouters & Zonen BV",
    "Brasserie Den Anker",
    "Woonzorgcentrum Ter Linden VZW",
    "Drukkerij Goossens NV",
    "Schrijnwerkerij Maes BV",
    "Transport Willems NV",
    "Hotel De Kroon",
    "Kapsalon Lieve",
    "Tuinen Mertens",
    "Zorghuis Sint-Anna VZW",
];
const NAMEN_DE: &[&str] = &[
    "Tischlerei Müller GmbH",
    "Gasthof Zur Linde",
    "Metallbau Schröder GmbH & Co. KG",
    "Autohaus Krüger GmbH",
    "Bäckerei Köhler",
    "Elektro Weiß GmbH",
    "Seniorenheim St. Josef gGmbH",
    "Spedition Jäger GmbH",
    "Friseursalon Anke",
    "Hotel Stadt Münster",
    "Gärtnerei Böhm",
    "Dachdeckerei Groß e.K.",
];

/// Letters of the second half of a postcode. Postal codes leave out F, I, O, Q, U and Y where
/// they can be misread, and so do we.
const LETTERS: &[u8; 20] = b"ABCDEGHJKLMNPRSTVWXZ";

pub(super) fn naam_buitenland(profiel: Profiel, dice: &mut Dice) -> String {
    let (land, _, plaats, ..) = BUITENLAND[profiel.plaats];
    let naam = dice.pick(if land == "BE" { NAMEN_BE } else { NAMEN_DE });
    match dice.below(3) {
        0 => naam.to_owned(),
        _ => format!("{naam} {plaats}"),
    }
}

pub(super) fn vestigingsadres(wereld: &Wereld, profiel: Profiel, dice: &mut Dice) -> Adres {
    if profiel.buitenland {
        over_de_grens(profiel, dice)
    } else {
        in_nederland(&wereld.postcodes[profiel.plaats], dice)
    }
}

fn in_nederland(row: &PostcodeRow, dice: &mut Dice) -> Adres {
    let [first, second] = [dice.index(LETTERS.len()), dice.index(LETTERS.len())];
    let letters = [LETTERS[first], LETTERS[second]];
    // SA, SD and SS are never given out.
    let second_letter = match letters {
        [b'S', b'A' | b'D' | b'S'] => b'B',
        [_, letter] => letter,
    };
    let postcode = format!(
        "{:04}{}{}",
        row.postcode4,
        char::from(letters[0]),
        char::from(second_letter)
    );
    let hash = scramble(postcode.bytes().fold(17, |h, b| h * 131 + u64::from(b)));
    // Letters that are near in the alphabet are near on the map, houses nearer still.
    let grid = |n: usize, width: f64| (n as f64 / (LETTERS.len() - 1) as f64 - 0.5) * width;
    let jitter = |dice: &mut Dice| f64::from(dice.between(-400, 400)) / 1e6;
    let coordinaten = Coordinaten {
        lat: micro(row.lat + grid(first, 0.020) + jitter(dice)),
        lon: micro(row.lon + grid(second, 0.032) + jitter(dice)),
    };
    Adres {
        straat: Some(namen::straat(hash)),
        huisnummer: Some(huisnummer(dice)),
        huisnummertoevoeging: toevoeging(dice),
        postcode: Some(postcode),
        plaats: row.plaats.clone(),
        land: "NL".to_owned(),
        coordinaten: (!dice.promille(20)).then_some(coordinaten),
    }
}

fn over_de_grens(profiel: Profiel, dice: &mut Dice) -> Adres {
    let (land, postcode, plaats, lat, lon, straat) = BUITENLAND[profiel.plaats];
    let jitter = |dice: &mut Dice| f64::from(dice.between(-9_000, 9_000)) / 1e6;
    let coordinaten = Coordinaten {
        lat: micro(lat + jitter(dice)),
        lon: micro(lon + jitter(dice)),
    };
    Adres {
        straat: Some(straat.to_owned()),
        huisnummer: Some(huisnummer(dice)),
        huisnummertoevoeging: None,
        postcode: Some(postcode.to_owned()),
        plaats: plaats.to_owned(),
        land: land.to_owned(),
        coordinaten: (!dice.promille(20)).then_some(coordinaten),
    }
}

/// Where letters go when they do not go to the place itself: a postbus, mostly in the same town.
pub(super) fn correspondentieadres(wereld: &Wereld, hier: &Adres, dice: &mut Dice) -> Adres {
    let elders = hier.land != "NL" || dice.promille(200);
    let (plaats, cijfers) = match &hier.postcode {
        Some(postcode) if !elders => (hier.plaats.clone(), postcode[..4].to_owned()),
        _ => {
            let row = &wereld.postcodes[dice.index(wereld.postcodes.len())];
            (row.plaats.clone(), row.postcode4.to_string())
        }
    };
    let letter = |dice: &mut Dice| char::from(LETTERS[dice.index(10)]);
    let letters = [letter(dice), letter(dice)];
    Adres {
        straat: Some("Postbus".to_owned()),
        huisnummer: Some(dice.between(1, 9_999).cast_unsigned()),
        huisnummertoevoeging: None,
        postcode: Some(format!("{cijfers}{}{}", letters[0], letters[1])),
        plaats,
        land: "NL".to_owned(),
        coordinaten: None,
    }
}

fn huisnummer(dice: &mut Dice) -> u32 {
    let high = dice.weighted(&[(40, 50), (150, 35), (600, 13), (2_500, 2)]);
    dice.between(1, high).cast_unsigned()
}

fn toevoeging(dice: &mut Dice) -> Option<String> {
    dice.promille(160).then(|| {
        dice.pick(&[
            "A", "B", "C", "a", "bis", "hs", "1", "2", "-3", "I", "II", "12", "unit 4",
        ])
        .to_owned()
    })
}

/// A number of valid form that no one has: netnummer 0199 does not exist in the Dutch numbering
/// plan, Berlin's 030 23125 000–999 is set aside for films, and a Belgian company gets none.
pub(super) fn telefoonnummer(land: &str, dice: &mut Dice) -> Option<String> {
    match land {
        "NL" => Some(format!("+31199{:06}", dice.below(1_000_000))),
        "DE" => Some(format!("+493023125{:03}", dice.below(1_000))),
        _ => None,
    }
}

/// Numbers that the Chamber of Commerce has not given out: they begin with 00, those of an
/// establishment with 9999.
pub(super) fn kvk_nummers(dice: &mut Dice) -> (String, String) {
    (
        format!("00{:06}", dice.below(1_000_000)),
        format!("9999{:08}", dice.below(100_000_000)),
    )
}

fn micro(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}
