//! Rows in the order of the map: bands of latitude from south to north, and from west to east
//! within each. A circle is then a few runs of rows, in every column and in the list of every
//! code: what an R-tree gives point by point, this gives by two comparisons a band.

use std::ops::Range;

use super::point::Point;
use crate::domain::Coordinaten;

/// Height of a band in degrees, some 2.2 km.
const HEIGHT: f64 = 0.02;
/// The band of what is nowhere, behind all others.
const NOWHERE: u16 = u16::MAX;
/// Degrees that a circle is taken wider, for what is rounded away.
const MARGIN: f64 = 1e-6;

/// The band in which a row is; within it they are ordered by longitude.
pub(super) fn band_of(ligging: Option<Coordinaten>) -> u16 {
    ligging.map_or(NOWHERE, |at| band(at.lat))
}

fn band(lat: f64) -> u16 {
    // 0 to 9,000 from pole to pole.
    ((lat + 90.0) / HEIGHT).clamp(0.0, 9_000.0) as u16
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
        let angle = Point::angle_of(metres);
        let south = band(centre.lat - angle.to_degrees() - MARGIN);
        let north = band(centre.lat + angle.to_degrees() + MARGIN);
        // Near a pole a circle has every longitude.
        let sine = angle.sin() / centre.lat.to_radians().cos();
        let reach = if sine < 1.0 && angle < std::f64::consts::FRAC_PI_2 {
            sine.asin().to_degrees() + 2.0 * MARGIN
        } else {
            360.0
        };
        let (west, east) = (centre.lon - reach, centre.lon + reach);
        let from = self.starts.partition_point(|(band, _)| *band < south);
        let bands = self.starts[from..].windows(2);
        bands
            .take_while(|pair| pair[0].0 <= north)
            .filter_map(|pair| {
                let rows = pair[0].1..pair[1].1;
                let first = partition(&rows, |row| lon_of(row) < west);
                let last = partition(&rows, |row| lon_of(row) <= east);
                (first < last).then_some(first..last)
            })
            .collect()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.starts[..])
    }
}

/// The first row of a run of which this is not so.
fn partition(rows: &Range<u32>, holds: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (rows.start, rows.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_circle_misses_nobody(
            places in prop::collection::vec((50.0_f64..54.0, 3.0_f64..8.0), 0..60),
            lat in 50.0_f64..54.0, lon in 3.0_f64..8.0, metres in 1.0_f64..400_000.0,
        ) {
            let mut places: Vec<Coordinaten> =
                places.into_iter().map(|(lat, lon)| Coordinaten { lat, lon }).collect();
            places.sort_by(|a, b| {
                let by = |at: &Coordinaten| (band_of(Some(*at)), at.lon);
                by(a).partial_cmp(&by(b)).unwrap()
            });
            let bands = Bands::new(places.iter().map(|at| band_of(Some(*at))));
            let centre = Coordinaten { lat, lon };
            let runs = bands.around(centre, metres, |row| places[row as usize].lon);
            for (row, at) in (0..).zip(&places) {
                let near = crate::geo::afstand_km(centre, *at) * 1000.0 <= metres;
                prop_assert!(!near || runs.iter().any(|run| run.contains(&row)), "{at:?}");
            }
            prop_assert!(runs.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
    }
}
