//! Rows put together to areas.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, hash_map::Entry},
};

use super::{TabelError, rij::Rij};
use crate::geo::{Gebiedsdeel, PostcodeVraag, Postcodegebied, Postcodepunt, Punt, punt::Som};

/// Place, municipality and province as they stand in a row.
type Namen = (Option<String>, Option<String>, Option<String>);

/// The areas of the rows so far.
#[derive(Default)]
pub(super) struct Gebieden {
    /// Row and line of every postcode, to find what occurs twice.
    seen: HashMap<PostcodeVraag, (u64, Punt, u32)>,
    /// Every combination of names once: a place has hundreds of rows.
    namen: Vec<Namen>,
    namen_at: HashMap<Namen, u32>,
    gebieden: BTreeMap<u16, Rijen>,
}

/// The rows of one area.
#[derive(Default)]
struct Rijen {
    /// The row of four digits: point and names.
    vier: Option<(Punt, u32)>,
    postcodes: Vec<(Postcodepunt, u32)>,
}

impl Gebieden {
    pub(super) fn is_empty(&self) -> bool {
        self.gebieden.is_empty()
    }

    /// Takes in one row; the same one again says nothing new.
    pub(super) fn add(&mut self, line: u64, rij: Rij) -> Result<(), TabelError> {
        let Rij { postcode, punt, .. } = rij;
        let namen = self.namen((rij.plaats, rij.gemeente, rij.provincie));
        match self.seen.entry(postcode) {
            Entry::Occupied(seen) if (seen.get().1, seen.get().2) == (punt, namen) => return Ok(()),
            Entry::Occupied(seen) => {
                return Err(TabelError::Duplicate {
                    line,
                    first: seen.get().0,
                    postcode: postcode.to_string(),
                });
            }
            Entry::Vacant(new) => new.insert((line, punt, namen)),
        };
        let rijen = self.gebieden.entry(postcode.cijfers()).or_default();
        match postcode {
            PostcodeVraag::Vier(_) => rijen.vier = Some((punt, namen)),
            PostcodeVraag::Zes(postcode) => {
                let letters = postcode.letters();
                rijen
                    .postcodes
                    .push((Postcodepunt { letters, punt }, namen));
            }
        }
        Ok(())
    }

    fn namen(&mut self, namen: Namen) -> u32 {
        if let Some(at) = self.namen_at.get(&namen) {
            return *at;
        }
        // There are at most as many as rows, of which a table of half a gibibyte has few enough.
        let at = u32::try_from(self.namen.len()).unwrap_or(u32::MAX);
        self.namen.push(namen.clone());
        self.namen_at.insert(namen, at);
        at
    }

    pub(super) fn into_sorted(self) -> Vec<Postcodegebied> {
        let Self {
            namen, gebieden, ..
        } = self;
        gebieden
            .into_iter()
            .map(|(postcode4, rijen)| rijen.into_gebied(postcode4, &namen))
            .collect()
    }
}

impl Rijen {
    fn into_gebied(mut self, postcode4: u16, namen: &[Namen]) -> Postcodegebied {
        self.postcodes.sort_unstable_by_key(|(row, _)| row.letters);
        let mean: Som = self.postcodes.iter().map(|(row, _)| row.punt).collect();
        let own = self.vier.map(|(punt, _)| punt);
        Postcodegebied {
            postcode4,
            // There is a row of one kind or the other.
            centrum: own.or(mean.centrum()).unwrap_or(Punt { lat: 0, lon: 0 }),
            delen: self.delen(namen),
            postcodes: self.postcodes.into_iter().map(|(row, _)| row).collect(),
        }
    }

    /// The place of the four digits first, as the table itself names it; then by size.
    fn delen(&self, namen: &[Namen]) -> Vec<Gebiedsdeel> {
        let mut found: BTreeMap<u32, Som> = BTreeMap::new();
        for (row, namen) in &self.postcodes {
            found.entry(*namen).or_default().add(Some(row.punt));
        }
        if let Some((punt, namen)) = self.vier {
            found
                .entry(namen)
                .or_insert_with(|| [punt].into_iter().collect());
        }
        let own = self.vier.map(|(_, namen)| namen);
        let mut found: Vec<_> = found
            .into_iter()
            .filter_map(|(at, som)| {
                let (plaats, gemeente, provincie) = namen.get(at as usize)?.clone();
                let named = plaats.is_some() || gemeente.is_some() || provincie.is_some();
                let deel = Gebiedsdeel {
                    plaats,
                    gemeente,
                    provincie,
                    centrum: som.centrum()?,
                };
                named.then_some((own != Some(at), Reverse(som.all()), deel))
            })
            .collect();
        found.sort();
        found.into_iter().map(|(_, _, deel)| deel).collect()
    }
}
