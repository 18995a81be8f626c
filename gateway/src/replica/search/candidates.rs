//! Whom a name may mean, when not every word of it need be right (vaststellenLeerbedrijf).

use super::{SearchIndex, bits::Bits, part::Part, query::Waar, scan, scan::Visible, words::Found};
use crate::domain::{FoldedNaam, LeerbedrijfId};

/// What a word is worth that is found itself, as a beginning, or with a typo.
const WORTH: [f32; 3] = [1.0, 0.8, 0.7];

/// Words of a name that are looked at, the longest first: a name has some five, and a relation file
/// has a thousand of them.
const MOST_WORDS: usize = 12;

/// Rows that are weighed where no place tells whom to look at: those with the rarest words.
const MOST_ROWS: usize = 20_000;

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
    /// the most promising first.
    pub(in crate::replica) fn candidates(
        &self,
        naam: &FoldedNaam,
        waar: &Waar,
        most: usize,
    ) -> Vec<LeerbedrijfId> {
        let mut words: Vec<&str> = naam.as_str().split(' ').filter(|w| !w.is_empty()).collect();
        words.sort_by_key(|word| (std::cmp::Reverse(word.len()), *word));
        words.dedup();
        words.truncate(MOST_WORDS);
        let in_parts: Vec<Vec<Found>> = self
            .parts
            .iter()
            .map(|part| {
                let segment = &part.segment;
                let of = |word: &&str| segment.words.find(word, segment.len());
                words.iter().map(of).collect()
            })
            .collect();
        // How rare a word is does not depend on which segment a row happens to be in.
        let rows: usize = self.parts.iter().map(|part| part.segment.len()).sum();
        let rarities: Vec<f32> = (0..words.len())
            .map(|nth| {
                let with = in_parts.iter().map(|found| found[nth].typo.len()).sum();
                rarity(with, rows)
            })
            .collect();
        let mut found: Vec<(f32, u32)> = self
            .parts
            .iter()
            .zip(&in_parts)
            .flat_map(|(part, found)| candidates_in(part, found, &rarities, waar, self.nummer))
            .collect();
        found.sort_by(|(a, a_id), (b, b_id)| b.total_cmp(a).then(a_id.cmp(b_id)));
        found.truncate(most);
        found
            .into_iter()
            .filter_map(|(_, id)| LeerbedrijfId::from_u32(id))
            .collect()
    }
}

fn candidates_in(
    part: &Part,
    found: &[Found],
    rarities: &[f32],
    waar: &Waar,
    nummer: u64,
) -> Vec<(f32, u32)> {
    let segment = &part.segment;
    let visible = part.at(nummer);
    let rows: Vec<u32> = match waar {
        Waar::Plaats(key, _) => segment.in_plaats(key.0).collect(),
        Waar::Postcodes(range) => {
            let rows = segment.in_postcodes(&range.0).iter();
            rows.map(|(_, row)| *row).collect()
        }
        Waar::Overal | Waar::Binnen(_) => rarest(found, segment.len()),
    };
    rows.into_iter()
        .filter(|row| visible.sees(*row) && scan::is_there(segment, waar, *row))
        .filter_map(|row| {
            let words = found.iter().zip(rarities);
            let score: f32 = words
                .map(|(found, rarity)| worth(found, row) * rarity)
                .sum();
            (score > 0.0).then(|| (score, segment.ids[row as usize]))
        })
        .collect()
}

/// Rows with the rarest of the words, and with the next as long as there are not too many.
fn rarest(found: &[Found], rows: usize) -> Vec<u32> {
    let mut by_rarity: Vec<(usize, &Found)> = found
        .iter()
        .map(|found| (found.typo.len(), found))
        .collect();
    by_rarity.retain(|(with, _)| *with > 0);
    by_rarity.sort_by_key(|(with, _)| *with);
    let mut all = Bits::empty(rows);
    let mut left = MOST_ROWS;
    for (with, found) in by_rarity {
        if with > left && left < MOST_ROWS {
            break;
        }
        for row in found.typo.iter().take(left) {
            all.insert(row);
        }
        left = left.saturating_sub(with);
    }
    all.iter().collect()
}

fn worth(found: &Found, row: u32) -> f32 {
    if found.equal.contains(row) {
        WORTH[0]
    } else if found.prefix.contains(row) {
        WORTH[1]
    } else if found.typo.contains(row) {
        WORTH[2]
    } else {
        0.0
    }
}

/// A word that few have is worth more than one that many have.
fn rarity(with: usize, of: usize) -> f32 {
    (1.0 + of as f32 / (1.0 + with as f32)).ln()
}
