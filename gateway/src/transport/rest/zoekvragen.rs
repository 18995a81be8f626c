//! Ten searches as a BPV coordinator would ask them. On the register of the demo each finds what
//! its line says; OpenAPI, the start page and the demo show them.

use super::endpoint::Voorbeeld;

/// A day in one of them that would be past once. What shows them to be used puts a later one in
/// its place; in OpenAPI, which is the same every day, it stands as it is.
pub const EERSTE_SCHOOLDAG: &str = "2027-09-01";

macro_rules! zoekvragen {
    ($($naam:literal: $samenvatting:literal;)+) => {
        /// The body of each, in the order of the contract's fields.
        pub(super) const ZOEKVRAGEN: &[Voorbeeld] = &[$(Voorbeeld {
            naam: $naam,
            samenvatting: $samenvatting,
            json: include_str!(concat!("voorbeelden/zoekvragen/", $naam, ".json")),
        }),+];
    };
}

zoekvragen! {
    "01-leerbaan-kok":
        "Leerbanen voor een kok, niveau 2, BBL, tot 15 km van 3511, vanaf september volgend jaar, met plaats";
    "02-tikfout": "Een leerbedrijf op zijn naam, met een tikfout";
    "03-den-haag": "Kappers in Den Haag, dat officieel ’s-Gravenhage heet";
    "04-rond-een-adres": "Erkend voor kok, BOL, tot 3 km van het huis van een student";
    "05-gelijkwaardig":
        "Mbo-verpleegkundige (25655) in Utrecht; een erkenning voor het oude crebo 25480 telt mee";
    "06-tellingen": "Hoeveel leerbedrijven rond Rotterdam plaats hebben, per leerweg, niveau en code";
    "07-dichtstbij": "De vijf erkende timmerbedrijven, BBL, die het dichtst bij 8011 liggen";
    "08-stage-met-vergoeding":
        "Stages met een vergoeding voor een doktersassistent, tot 40 km van Den Bosch";
    "09-op-naam": "Bakkerijen op naam, tien per pagina; volgendeCursor leidt naar de tweede";
    "10-plaats-onbekend": "Een plaats met een tikfout: het antwoord noemt wat er het meest op lijkt";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_ten_and_one_of_them_has_a_day() {
        assert_eq!(ZOEKVRAGEN.len(), 10);
        let with_a_day = ZOEKVRAGEN.iter().filter(|v| v.json.contains("beschikbaar"));
        let jsons: Vec<_> = with_a_day.map(|v| v.json).collect();
        assert_eq!(jsons.len(), 1);
        assert!(jsons[0].contains(EERSTE_SCHOOLDAG));
    }
}
