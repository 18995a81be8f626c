//! Where postcodes and places are, and the circles around them.
//!
//! The gateway finds the point of a question by itself, within what is measured. PostgreSQL is
//! given it, as an application with a table of postcodes in memory would; it is the same point.

use stagepoort::{
    domain::{Adres, Coordinaten},
    geo::{Gazetteer, PostcodeVraag},
};

use super::{question::Vraag, register::Register};

/// Radius of the earth (domain rule 9).
pub(crate) const EARTH_KM: f64 = 6371.0088;

/// What the gateway knows of places too.
pub(crate) struct Places {
    gazetteer: Gazetteer,
}

/// A circle on the earth, with what PostgreSQL compares rows with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circle {
    pub(crate) centre: UnitVector,
    /// Cosine of the angle that the radius spans.
    pub(crate) cosine: f64,
    /// West, south, east, north, in degrees.
    pub(crate) bounds: [f64; 4],
}

/// A place on the unit sphere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnitVector(pub(crate) [f64; 3]);

impl UnitVector {
    pub(crate) fn of(point: Coordinaten) -> Self {
        let (lat, lon) = (point.lat.to_radians(), point.lon.to_radians());
        Self([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()])
    }
}

impl Places {
    pub(crate) fn of(register: &Register) -> Self {
        Self {
            gazetteer: register.gazetteer.clone(),
        }
    }

    /// Where a leerbedrijf is: its own coordinates, else the centre of its postcode.
    pub(crate) fn of_address(&self, adres: &Adres) -> Option<Coordinaten> {
        self.gazetteer.ligging(adres)
    }

    /// The circle that is asked about, if any.
    pub(crate) fn circle(&self, vraag: &Vraag) -> Option<Circle> {
        let centre = match (&vraag.postcode, &vraag.plaats) {
            (Some(postcode), _) => {
                let postcode = PostcodeVraag::parse(postcode).ok()?;
                self.gazetteer.postcode(&postcode)?
            }
            (None, Some(plaats)) => self.gazetteer.plaats(plaats).ok()?.centrum?,
            (None, None) => return None,
        };
        let radius_km: f64 = vraag.straal_km.as_deref()?.parse().ok()?;
        Some(Circle::new(centre, radius_km))
    }
}

impl Circle {
    pub(crate) fn new(centre: Coordinaten, radius_km: f64) -> Self {
        let angle = radius_km / EARTH_KM;
        // A little wide, so that no rounding of the box takes a point off the circle.
        let lat = angle.to_degrees() * 1.000_001;
        let lon = (angle.sin() / centre.lat.to_radians().cos())
            .asin()
            .to_degrees()
            * 1.000_001;
        Self {
            centre: UnitVector::of(centre),
            cosine: angle.cos(),
            bounds: [
                centre.lon - lon,
                centre.lat - lat,
                centre.lon + lon,
                centre.lat + lat,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_holds_what_is_within_its_radius() {
        let amsterdam = Coordinaten {
            lat: 52.372_98,
            lon: 4.893_6,
        };
        let utrecht = Coordinaten {
            lat: 52.090_74,
            lon: 5.121_42,
        };
        // They are 35.0 km apart.
        let UnitVector(at) = UnitVector::of(utrecht);
        for (radius_km, inside) in [(34.0, false), (36.0, true)] {
            let circle = Circle::new(amsterdam, radius_km);
            let UnitVector(centre) = circle.centre;
            let cosine: f64 = at.iter().zip(centre).map(|(a, b)| a * b).sum();
            assert_eq!(cosine >= circle.cosine, inside, "{radius_km}");
            let [west, south, east, north] = circle.bounds;
            let lon = (west..=east).contains(&utrecht.lon);
            let lat = (south..=north).contains(&utrecht.lat);
            assert!(!inside || (lat && lon), "{radius_km}");
        }
    }
}
