//! Points in whole micro-degrees, and sums of them that can be taken apart again.

use serde::{Deserialize, Serialize};

use crate::domain::Coordinaten;

/// Micro-degrees in a degree: a tenth of a metre is finer than any source.
const MICRO: f64 = 1e6;

/// A point in WGS 84, in millionths of a degree. Whole numbers, so that equal means equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Punt {
    /// Latitude.
    pub lat: i32,
    /// Longitude.
    pub lon: i32,
}

impl From<Coordinaten> for Punt {
    fn from(point: Coordinaten) -> Self {
        Self {
            lat: micro(point.lat),
            lon: micro(point.lon),
        }
    }
}

impl From<Punt> for Coordinaten {
    fn from(point: Punt) -> Self {
        Self {
            lat: f64::from(point.lat) / MICRO,
            lon: f64::from(point.lon) / MICRO,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees are at most 180; anything else is brought to the nearest i32"
)]
fn micro(degrees: f64) -> i32 {
    (degrees * MICRO).round() as i32
}

/// How many addresses there are, and the sum of the points of those whose point is known. What
/// was added can be taken away again and leaves no trace: no rounding, no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Som {
    lat: i64,
    lon: i64,
    /// Those with a point.
    points: u32,
    /// All of them.
    all: u32,
}

impl Som {
    /// One more.
    pub(super) fn add(&mut self, point: Option<Punt>) {
        self.all += 1;
        if let Some(point) = point {
            self.lat += i64::from(point.lat);
            self.lon += i64::from(point.lon);
            self.points += 1;
        }
    }

    /// One less; it was added before.
    pub(super) fn remove(&mut self, point: Option<Punt>) {
        self.all = self.all.saturating_sub(1);
        if let Some(point) = point {
            self.lat -= i64::from(point.lat);
            self.lon -= i64::from(point.lon);
            self.points = self.points.saturating_sub(1);
        }
    }

    /// All that another has as well.
    pub(super) fn join(&mut self, other: &Self) {
        self.lat += other.lat;
        self.lon += other.lon;
        self.points += other.points;
        self.all += other.all;
    }

    /// How many there are, with and without a point.
    pub(super) fn all(&self) -> u32 {
        self.all
    }

    /// The mean of the points, to the nearest micro-degree.
    pub(super) fn centrum(&self) -> Option<Punt> {
        let count = i64::from(self.points);
        let mean = |sum: i64| i32::try_from((sum + count / 2).div_euclid(count)).ok();
        if count == 0 {
            return None;
        }
        Some(Punt {
            lat: mean(self.lat)?,
            lon: mean(self.lon)?,
        })
    }
}

impl FromIterator<Punt> for Som {
    fn from_iter<I: IntoIterator<Item = Punt>>(points: I) -> Self {
        let mut som = Self::default();
        for point in points {
            som.add(Some(point));
        }
        som
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn degrees_come_back_as_they_were() {
        let point = Coordinaten {
            lat: 52.373_39,
            lon: -4.894_06,
        };
        assert_eq!(Coordinaten::from(Punt::from(point)), point);
        let nowhere = Coordinaten {
            lat: f64::NAN,
            lon: 1e300,
        };
        assert_eq!(Punt::from(nowhere).lat, 0);
    }

    #[test]
    fn the_mean_is_that_of_known_points() {
        let mut som = Som::default();
        assert_eq!(som.centrum(), None);
        som.add(None);
        assert_eq!((som.centrum(), som.all()), (None, 1));
        for (lat, lon) in [(10, -3), (13, -4)] {
            som.add(Some(Punt { lat, lon }));
        }
        assert_eq!(som.centrum(), Some(Punt { lat: 12, lon: -3 }));
    }

    proptest! {
        #[test]
        fn what_was_added_can_be_taken_away(
            points in prop::collection::vec(prop::option::of((any::<i32>(), any::<i32>())), 1..20),
            from in 0_usize..20,
        ) {
            let points: Vec<_> = points
                .into_iter()
                .map(|point| point.map(|(lat, lon)| Punt { lat, lon }))
                .collect();
            let mut som = Som::default();
            let mut turned = points.clone();
            turned.rotate_left(from % points.len());
            for point in &points {
                som.add(*point);
            }
            for point in &turned {
                som.remove(*point);
            }
            prop_assert_eq!(som, Som::default());
        }
    }
}
