//! A place on the globe as a point on the unit sphere: there a straight line through the earth,
//! the chord, tells distances apart without trigonometry, at every latitude.

use crate::domain::Coordinaten;

/// Mean radius of the earth in metres (domain rule 9).
const RADIUS_M: f64 = 6_371_008.8;

/// A place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point([f64; 3]);

impl Point {
    /// Farther than every distance from everywhere.
    pub(super) const NOWHERE: Self = Self([f64::NAN; 3]);

    pub(super) fn new(coordinaten: Coordinaten) -> Self {
        let (lat, lon) = (coordinaten.lat.to_radians(), coordinaten.lon.to_radians());
        Self([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()])
    }

    /// The angle at the middle of the earth under so many metres.
    pub(super) fn angle_of(metres: f64) -> f64 {
        metres / RADIUS_M
    }

    /// The square of the chord, of which distances are a rising function; NaN from nowhere.
    pub(super) fn chord_squared(&self, other: &Self) -> f64 {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        (a - x).powi(2) + (b - y).powi(2) + (c - z).powi(2)
    }

    /// The square of the chord under a great circle of so many metres.
    pub(super) fn chord_squared_of(metres: f64) -> f64 {
        let half = (Self::angle_of(metres) / 2.0).min(std::f64::consts::FRAC_PI_2);
        4.0 * half.sin().powi(2)
    }

    /// Metres along the great circle over a chord with this square.
    pub(super) fn metres_of(chord_squared: f64) -> f64 {
        /// Chords below this, some 600 km, need no more than three terms of the series: the next
        /// one is less than a tenth of a millimetre.
        const SHORT: f64 = 0.01;
        let chord = chord_squared.sqrt();
        if chord_squared < SHORT {
            let terms = 1.0 + chord_squared / 24.0 + chord_squared * chord_squared * 3.0 / 640.0;
            return RADIUS_M * chord * terms;
        }
        RADIUS_M * 2.0 * (chord / 2.0).min(1.0).asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn haversine(a: Coordinaten, b: Coordinaten) -> f64 {
        let lat = (b.lat - a.lat).to_radians() / 2.0;
        let lon = (b.lon - a.lon).to_radians() / 2.0;
        let h = lat.sin().powi(2)
            + a.lat.to_radians().cos() * b.lat.to_radians().cos() * lon.sin().powi(2);
        2.0 * RADIUS_M * h.sqrt().min(1.0).asin()
    }

    proptest! {
        #[test]
        fn metres_are_those_of_the_haversine(
            lat in 50.0_f64..54.0, lon in 3.0_f64..7.5, dlat in -3.0_f64..3.0, dlon in -6.0_f64..6.0,
        ) {
            let a = Coordinaten { lat, lon };
            let b = Coordinaten { lat: lat + dlat, lon: lon + dlon };
            let expected = haversine(a, b);
            let chord = Point::new(a).chord_squared(&Point::new(b));
            prop_assert!((Point::metres_of(chord) - expected).abs() < 1e-3);
            prop_assert!((Point::metres_of(Point::chord_squared_of(expected)) - expected).abs() < 1e-3);
        }
    }
}
