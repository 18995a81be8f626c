//! Rows in the order of the map: bands of latitude from south to north, and from west to east
//! within each. A circle is then a few runs of rows, in every column and in the list of every
//! code: what an R-tree gives point by point, this gives by two comparisons a band.

use std::{
    f64::consts::{FRAC_PI_2, PI},
    ops::Range,
};

use super::{near, point::Point};
use crate::domain::Coordinaten;

/// Height of a band in degrees, some 6.7 km: half of it costs a circle of 15 km a third more, in looking for runs.
const HEIGHT: f64 = 0.06;
/// The band of what is nowhere, behind all others.
const NOWHERE: u16 = u16::MAX;
/// Degrees that a circle is taken wider, for what is rounded away.
const MARGIN: f64 = 1e-6;

/// The band in which a row is; within it they are ordered by longitude.
pub(super) fn band_of(ligging: Option<Coordinaten>) -> u16 {
    ligging.map_or(NOWHERE, |at| band(at.lat))
}

fn band(lat: f64) -> u16 {
    // 0 to 3,000 from pole to pole.
    ((lat + 90.0) / HEIGHT).clamp(0.0, 3_000.0) as u16
}

/// Where each band begins.
pub(super) struct Bands {
    /// Ascending, each with its first row; one more at the end.
    starts: Box<[(u16, u32)]>,
}

impl Bands {
    /// Of rows in the order of the map.
    pub(super) fn new(bands: impl Iterator<Item = u16>) -> Self {
        let mut starts: Vec<(u16, u32)> = Vec::new();
        let mut rows = 0;
        for band in bands {
            if starts.last().is_none_or(|(last, _)| *last != band) {
                starts.push((band, rows));
            }
            rows += 1;
        }
        starts.push((NOWHERE, rows));
        Self {
            starts: starts.into(),
        }
    }

    /// The rows within so many metres of a point, and some around them: runs, ascending.
    pub(super) fn around(
        &self,
        centre: Coordinaten,
        metres: f64,
        lon_of: impl Fn(u32) -> f64,
    ) -> Vec<Range<u32>> {
        let circle = Circle::new(centre, metres);
        let south = band(centre.lat - circle.angle.to_degrees() - MARGIN);
        let north = band(centre.lat + circle.angle.to_degrees() + MARGIN);
        let from = self.starts.partition_point(|(band, _)| *band < south);
        let bands = self.starts[from..].windows(2);
        // A run begins at about the same part of a band as in the one before, and is about as long.
        let (mut part, mut length) = (0.5, 0);
        bands
            .take_while(|pair| pair[0].0 <= north)
            .filter_map(|pair| {
                let reach = circle.reach_in(pair[0].0);
                let (west, east) = (centre.lon - reach, centre.lon + reach);
                let rows = pair[0].1..pair[1].1;
                let width = f64::from(rows.end - rows.start);
                let about = rows.start + (part * width) as u32;
                let first = near::partition(&rows, about, |row| lon_of(row) < west);
                let last = near::partition(&rows, first + length, |row| lon_of(row) <= east);
                part = f64::from(first - rows.start) / width;
                length = last - first;
                (first < last).then_some(first..last)
            })
            .collect()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.starts[..])
    }
}

/// A circle on the globe.
struct Circle {
    lat: f64,
    /// Under its radius, at the middle of the earth.
    angle: f64,
    /// Haversine of that.
    haversine: f64,
    /// Of the cosines of the latitudes of its middle and of a point within it, no less.
    cosines: f64,
}

impl Circle {
    fn new(centre: Coordinaten, metres: f64) -> Self {
        let angle = Point::angle_of(metres);
        let lat = centre.lat.to_radians();
        let farthest = (lat.abs() + angle).min(FRAC_PI_2);
        Self {
            lat: centre.lat,
            angle,
            haversine: (angle.min(PI) / 2.0).sin().powi(2),
            cosines: lat.cos() * farthest.cos(),
        }
    }

    /// Degrees of longitude that it reaches to both sides in a band, or some more.
    fn reach_in(&self, band: u16) -> f64 {
        let south = f64::from(band) * HEIGHT - 90.0;
        let away = (south - self.lat).max(self.lat - south - HEIGHT).max(0.0);
        // The sine of what is small is no less than this.
        let half = away.to_radians() / 2.0;
        let sine = half - half.powi(3) / 6.0;
        let square = (self.haversine - sine * sine).max(0.0) / self.cosines;
        // Half a circle of longitude is about everything; near a pole it is.
        if square.is_nan() || square > 0.25 {
            return 360.0;
        }
        let sine = square.sqrt();
        // No less than the arc sine, of a sine of at most a half.
        let half = sine + sine.powi(3) / 5.0;
        2.0 * half.to_degrees() + MARGIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, test_runner::TestCaseResult};

    fn misses_nobody(
        mut places: Vec<Coordinaten>,
        centre: Coordinaten,
        metres: f64,
    ) -> TestCaseResult {
        places.sort_by(|a, b| {
            let by = |at: &Coordinaten| (band_of(Some(*at)), at.lon);
            by(a).partial_cmp(&by(b)).unwrap()
        });
        let bands = Bands::new(places.iter().map(|at| band_of(Some(*at))));
        let runs = bands.around(centre, metres, |row| places[row as usize].lon);
        for (row, at) in (0..).zip(&places) {
            let near = crate::geo::afstand_km(centre, *at) * 1000.0 <= metres;
            prop_assert!(!near || runs.iter().any(|run| run.contains(&row)), "{at:?}");
        }
        prop_assert!(runs.windows(2).all(|pair| pair[0].end <= pair[1].start));
        Ok(())
    }

    fn at((lat, lon): (f64, f64)) -> Coordinaten {
        Coordinaten { lat, lon }
    }

    proptest! {
        #[test]
        fn a_circle_misses_nobody(
            places in prop::collection::vec((50.0_f64..54.0, 3.0_f64..8.0), 0..60),
            lat in 50.0_f64..54.0, lon in 3.0_f64..8.0, metres in 1.0_f64..400_000.0,
        ) {
            misses_nobody(places.into_iter().map(at).collect(), at((lat, lon)), metres)?;
        }

        #[test]
        fn a_circle_misses_nobody_anywhere(
            places in prop::collection::vec((-90.0_f64..90.0, -60.0_f64..60.0), 0..60),
            lat in -90.0_f64..90.0, lon in -60.0_f64..60.0, metres in 1.0_f64..22_000_000.0,
        ) {
            misses_nobody(places.into_iter().map(at).collect(), at((lat, lon)), metres)?;
        }

        /// As narrow as it can be: of those just within it, wherever they are on it.
        #[test]
        fn a_circle_misses_nobody_on_its_edge(
            lat in -80.0_f64..80.0, lon in -60.0_f64..60.0, metres in 1.0_f64..200_000.0,
            bearings in prop::collection::vec(0.0_f64..std::f64::consts::TAU, 1..30),
        ) {
            let (phi, angle) = (lat.to_radians(), Point::angle_of(metres * (1.0 - 1e-9)));
            let edge = bearings.into_iter().map(|bearing| {
                let sine = phi.sin() * angle.cos() + phi.cos() * angle.sin() * bearing.cos();
                let away = f64::atan2(
                    bearing.sin() * angle.sin() * phi.cos(),
                    angle.cos() - phi.sin() * sine,
                );
                at((sine.asin().to_degrees(), lon + away.to_degrees()))
            });
            misses_nobody(edge.collect(), at((lat, lon)), metres)?;
        }
    }
}
