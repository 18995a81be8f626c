//! Where things are: postcodes, places, addresses and the distance between them (domain rule 9).
//!
//! Nothing here asks anyone outside. What is known comes from the register's own addresses and
//! from a table of postcodes that an operator imports ([`tabel`]); the [`Gazetteer`] answers from
//! both.

mod gazetteer;
mod gebied;
mod naam;
mod postcode;
mod punt;
pub mod tabel;

pub use gazetteer::{Aantallen, Gazetteer, Plaats, PlaatsOnbekend, PlaatsSleutel};
pub use gebied::{Gebiedsdeel, Postcodegebied, Postcodepunt};
pub use postcode::PostcodeVraag;
pub use punt::Punt;

use crate::domain::Coordinaten;

/// Mean radius of the earth in kilometres (IUGG), as domain rule 9 has it.
const EARTH_RADIUS_KM: f64 = 6_371.008_8;

/// Distance over the great circle in kilometres, by the haversine formula (domain rule 9).
#[must_use]
pub fn afstand_km(a: Coordinaten, b: Coordinaten) -> f64 {
    let half_sine_squared = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let h = half_sine_squared(b.lat - a.lat)
        + a.lat.to_radians().cos() * b.lat.to_radians().cos() * half_sine_squared(b.lon - a.lon);
    2.0 * EARTH_RADIUS_KM * h.clamp(0.0, 1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::PathBuf};

    use super::*;

    fn check(a: (f64, f64), b: (f64, f64), expect: &str) {
        let point = |(lat, lon)| Coordinaten { lat, lon };
        let (there, back) = (
            afstand_km(point(a), point(b)),
            afstand_km(point(b), point(a)),
        );
        assert_eq!(format!("{there:.1}"), expect);
        assert!((there - back).abs() < 1e-9);
    }

    #[test]
    fn distances_of_the_domain_text() {
        check((52.373_39, 4.894_06), (52.089_63, 5.117_68), "35.0");
        check((53.216_46, 6.570_39), (50.850_56, 5.686_01), "269.9");
        check((52.0, 5.0), (52.0, 5.0), "0.0");
        check((0.0, 0.0), (0.0, 180.0), "20015.1");
    }

    /// The table of all postcodes stands beside the project on some machines; it is not ours.
    #[test]
    fn distances_in_the_whole_table_where_it_is_at_hand() {
        let Some(text) = whole_table() else { return };
        let gebieden: BTreeMap<u16, Postcodegebied> = tabel::read(text.as_slice())
            .unwrap()
            .into_iter()
            .map(|gebied| (gebied.postcode4, gebied))
            .collect();
        assert_eq!(gebieden.len(), 4_065);
        for (a, b, expect) in [(1012, 3511, "35.0"), (9711, 6211, "269.9")] {
            let point = |pc4: u16| Coordinaten::from(gebieden[&pc4].centrum);
            assert_eq!(format!("{:.1}", afstand_km(point(a), point(b))), expect);
        }
    }

    pub(super) fn whole_table() -> Option<Vec<u8>> {
        let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|folder| folder.join("shared/data/postcodes.csv"))
            .find(|path| path.is_file());
        let path = std::env::var_os("STAGEPOORT_POSTCODES").map(PathBuf::from);
        std::fs::read(path.or(beside)?).ok()
    }
}
