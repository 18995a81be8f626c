//! Whom a name may mean, when not every word of it need be right (vaststellenLeerbedrijf).

use std::collections::HashMap;

use super::{SearchIndex, part::Part, query::Waar, scan, scan::Visible};
use crate::domain::{FoldedNaam, LeerbedrijfId};

/// What a word is worth that is found itself, as a beginning, or with a typo.
const WORTH: [f32; 3] = [1.0, 0.8, 0.7];

impl SearchIndex {
    /// Those whose name folds to this one, historical ones too, ascending.
    pub(in crate::replica) fn named(&self, naam: &FoldedNaam) -> Vec<LeerbedrijfId> {
        if naam.as_str().is_empty() {
            return Vec::new();
        }
        let mut ids: Vec<LeerbedrijfId> = self
            .parts
            .iter()
            .flat_map(|part| {
                let visible = part.at(self.nummer);
                let rows = part.segment.named(naam.as_str()).iter();
                rows.filter(move |row| visible.sees(**row))
                    .filter_map(|row| LeerbedrijfId::from_u32(part.segment.ids[*row as usize]))
            })
            .collect();
        ids.sort_unstable();
        ids
    }

    /// Those that share words with this name and are there, historical ones too: at most so many,
    /// the most promising first. A word that few have is worth more than one that many have.
    pub(in crate::replica) fn candidates(
        &self,
        naam: &FoldedNaam,
        waar: &Waar,
        most: usize,
    ) -> Vec<LeerbedrijfId> {
        let words: Vec<&str> = naam.as_str().split(' ').filter(|w| !w.is_empty()).collect();
        let mut found: Vec<(f32, u32)> = self
            .parts
            .iter()
            .flat_map(|part| candidates_in(part, &words, waar, self.nummer))
            .collect();
        found.sort_by(|(a, a_id), (b, b_id)| b.total_cmp(a).then(a_id.cmp(b_id)));
        found.truncate(most);
        found
            .into_iter()
            .filter_map(|(_, id)| LeerbedrijfId::from_u32(id))
            .collect()
    }
}

fn candidates_in(part: &Part, words: &[&str], waar: &Waar, nummer: u64) -> Vec<(f32, u32)> {
    let segment = &part.segment;
    let visible = part.at(nummer);
    let mut scores: HashMap<u32, f32> = HashMap::new();
    for word in words {
        let found = segment.words.find(word, segment.len());
        let rarity = (1.0 + segment.len() as f32 / (1.0 + found.typo.len() as f32)).ln();
        for row in found.typo.iter() {
            if !visible.sees(row) || !scan::is_there(segment, waar, row) {
                continue;
            }
            let worth = match (found.equal.contains(row), found.prefix.contains(row)) {
                (true, _) => WORTH[0],
                (false, true) => WORTH[1],
                (false, false) => WORTH[2],
            };
            *scores.entry(row).or_default() += worth * rarity;
        }
    }
    scores
        .into_iter()
        .map(|(row, score)| (score, segment.ids[row as usize]))
        .collect()
}
