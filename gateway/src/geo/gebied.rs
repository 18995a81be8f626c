//! One four-digit area of an operator's table: what the log keeps of it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Punt;

/// A four-digit postcode with the six-character ones in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postcodegebied {
    /// 1000 to 9999.
    pub postcode4: u16,
    /// Its centre: as the table says, or else the mean of its postcodes.
    pub centrum: Punt,
    /// The places in it, that of the most postcodes first; empty when the table tells none.
    pub delen: Vec<Gebiedsdeel>,
    /// The six-character postcodes in it, by their letters; empty when the table has none.
    pub postcodes: Vec<Postcodepunt>,
}

/// The part of an area that belongs to one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gebiedsdeel {
    /// Place, 1 to 80 characters.
    pub plaats: Option<String>,
    /// Municipality, 1 to 80 characters.
    pub gemeente: Option<String>,
    /// Province, 1 to 80 characters.
    pub provincie: Option<String>,
    /// Its centre.
    pub centrum: Punt,
}

/// Where one six-character postcode is. Twelve bytes: the country has 460,000 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Postcodepunt {
    /// The two capitals behind the digits of the area.
    pub letters: [u8; 2],
    /// Its centre.
    pub punt: Punt,
}

impl Postcodegebied {
    /// Where the postcode with these letters is.
    #[must_use]
    pub fn punt(&self, letters: [u8; 2]) -> Option<Punt> {
        let found = self
            .postcodes
            .binary_search_by_key(&letters, |postcode| postcode.letters);
        found.ok().map(|at| self.postcodes[at].punt)
    }

    /// Whether everything stands in its order and range, as the look-ups rely on.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let capitals = |p: &Postcodepunt| p.letters.iter().all(u8::is_ascii_uppercase);
        (1_000..=9_999).contains(&self.postcode4)
            && self.postcodes.iter().all(capitals)
            && self
                .postcodes
                .is_sorted_by(|before, after| before.letters < after.letters)
    }
}

/// A tuple in the blob: the letters as one number, so that a row takes some ten bytes.
impl Serialize for Postcodepunt {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        (u16::from_be_bytes(self.letters), self.punt).serialize(s)
    }
}

impl<'de> Deserialize<'de> for Postcodepunt {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let (letters, punt) = <(u16, Punt)>::deserialize(d)?;
        Ok(Self {
            letters: letters.to_be_bytes(),
            punt,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gebied() -> Postcodegebied {
        let postcodepunt = |letters: &[u8; 2], lat| Postcodepunt {
            letters: *letters,
            punt: Punt {
                lat,
                lon: 5_120_000,
            },
        };
        Postcodegebied {
            postcode4: 3511,
            centrum: Punt {
                lat: 52_092_000,
                lon: 5_120_000,
            },
            delen: Vec::new(),
            postcodes: vec![
                postcodepunt(b"AB", 52_090_000),
                postcodepunt(b"ZZ", 52_094_000),
            ],
        }
    }

    #[test]
    fn a_postcode_is_found_by_its_letters() {
        let gebied = gebied();
        assert!(gebied.is_well_formed());
        assert_eq!(gebied.punt(*b"ZZ").unwrap().lat, 52_094_000);
        assert_eq!(gebied.punt(*b"AC"), None);
    }

    #[test]
    fn a_row_takes_little_room() {
        assert_eq!(size_of::<Postcodepunt>(), 12);
        let blob = postcard::to_stdvec(&gebied()).unwrap();
        assert!(blob.len() <= 2 + 8 + 2 + 2 * 11, "{}", blob.len());
        assert_eq!(postcard::from_bytes::<Postcodegebied>(&blob), Ok(gebied()));
    }

    #[test]
    fn what_is_out_of_order_is_not_well_formed() {
        let mut wrong = gebied();
        wrong.postcodes.reverse();
        assert!(!wrong.is_well_formed());
        let mut wrong = gebied();
        wrong.postcodes[0].letters = *b"A1";
        assert!(!wrong.is_well_formed());
        let mut wrong = gebied();
        wrong.postcode4 = 999;
        assert!(!wrong.is_well_formed());
    }
}
