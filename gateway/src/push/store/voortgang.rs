//! Which numbers of a subscription are dealt with.

use roaring::RoaringTreemap;

use super::rows::damaged;
use crate::log::StoreError;

/// Numbers that are dealt with: delivered, dropped or given up. Kept small by a number up to which all
/// are, but for the leerbedrijven that are behind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Voortgang {
    klaar: u64,
    los: RoaringTreemap,
}

impl Voortgang {
    /// As it was stored.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the bytes hold no set.
    pub(super) fn read(klaar: i64, los: &[u8]) -> Result<Self, StoreError> {
        let los = if los.is_empty() {
            RoaringTreemap::new()
        } else {
            RoaringTreemap::deserialize_from(los)
                .map_err(|_| damaged("what is dealt with cannot be read"))?
        };
        Ok(Self {
            klaar: klaar.cast_unsigned(),
            los,
        })
    }

    /// As it is stored.
    pub(super) fn write(&self) -> Result<(i64, Vec<u8>), StoreError> {
        let mut bytes = Vec::new();
        if !self.los.is_empty() {
            self.los
                .serialize_into(&mut bytes)
                .map_err(|_| damaged("what is dealt with cannot be written"))?;
        }
        Ok((self.klaar.cast_signed(), bytes))
    }

    /// Up to and with this number all are, but for leerbedrijven that are behind.
    #[must_use]
    pub fn klaar(&self) -> u64 {
        self.klaar
    }

    /// Whether this one is, if its leerbedrijf is not behind.
    #[must_use]
    pub fn holds(&self, volgnummer: u64) -> bool {
        volgnummer <= self.klaar || self.los.contains(volgnummer)
    }

    /// This one is now.
    pub fn add(&mut self, volgnummer: u64) {
        if volgnummer > self.klaar {
            self.los.insert(volgnummer);
        }
    }

    /// Everything up to and with this number is.
    pub fn add_up_to(&mut self, volgnummer: u64) {
        self.klaar = self.klaar.max(volgnummer);
        self.los.remove_range(..=self.klaar);
    }

    /// Everything is that is in the other.
    pub fn join(&mut self, other: &Self) {
        self.los |= &other.los;
        self.add_up_to(other.klaar);
    }

    /// Goes on over what follows without a gap, also over numbers that were `passed` because their
    /// leerbedrijf is behind; those are taken out of it.
    pub fn go_on(&mut self, passed: &mut RoaringTreemap) {
        while self.los.remove(self.klaar + 1) || passed.remove(self.klaar + 1) {
            self.klaar += 1;
        }
    }

    /// Those behind a gap.
    pub(super) fn loose(&self) -> Vec<i64> {
        self.los.iter().map(u64::cast_signed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_without_a_gap_is_kept_as_one_number() {
        let mut voortgang = Voortgang::default();
        let mut passed = RoaringTreemap::from_iter([2, 6]);
        voortgang.add(1);
        voortgang.add(4);
        voortgang.go_on(&mut passed);
        assert_eq!(voortgang.klaar(), 2);
        assert!(voortgang.holds(4) && !voortgang.holds(3));
        assert_eq!(voortgang.loose(), [4]);
        voortgang.add(3);
        voortgang.go_on(&mut passed);
        assert_eq!((voortgang.klaar(), passed.len()), (4, 1));
        let (klaar, los) = voortgang.write().unwrap();
        assert_eq!((klaar, los.len()), (4, 0));
    }

    #[test]
    fn it_is_read_as_it_was_written_and_joined_with_another() {
        let mut voortgang = Voortgang::default();
        voortgang.add_up_to(7);
        voortgang.add(9);
        voortgang.add(1 << 40);
        let (klaar, los) = voortgang.write().unwrap();
        assert_eq!(Voortgang::read(klaar, &los).unwrap(), voortgang);
        assert!(Voortgang::read(klaar, &los[..los.len() - 1]).is_err());

        let mut other = Voortgang::default();
        other.add_up_to(10);
        other.join(&voortgang);
        assert_eq!((other.klaar(), other.loose()), (10, vec![1 << 40]));
    }
}
