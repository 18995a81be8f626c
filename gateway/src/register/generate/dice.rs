//! Chance from a seed. The way a number becomes a choice is written here and not taken from a
//! library, so that a seed keeps its meaning over versions of that library.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// What a stream of numbers is for; each object has one of each, so that a change in how people
/// are drawn leaves the erkenningen as they were.
#[derive(Debug, Clone, Copy)]
pub(super) enum Doel {
    Profiel = 0,
    Erkenningen = 1,
    Gegevens = 2,
    Personen = 3,
    Leerplaatsen = 4,
    Bpvos = 5,
    Ronde = 6,
}

/// The source of all streams of one seed.
#[derive(Debug, Clone)]
pub(super) struct Bron(ChaCha8Rng);

impl Bron {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(super) fn dice(&self, index: u32, doel: Doel) -> Dice {
        let mut rng = self.0.clone();
        rng.set_stream(u64::from(index) * 16 + doel as u64);
        Dice(rng)
    }
}

/// One stream of chance.
#[derive(Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The same stream further on, where nothing drawn at its beginning reaches.
    pub(super) fn skipped(mut self) -> Self {
        self.0.set_word_pos(1 << 16);
        self
    }

    /// A number from 0 up to but not including `n`; 0 when `n` is 0.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        // The high half of the product is below n, and the bias is at most n in 2^32.
        ((u64::from(self.0.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = high.saturating_sub(low).max(0).cast_unsigned();
        low + self.below(width + 1).cast_signed()
    }

    /// True so many times in a thousand.
    pub(super) fn promille(&mut self, n: u32) -> bool {
        self.below(1000) < n
    }

    /// One of these, which must not be empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u32) as usize]
    }

    /// The place of one of so many things.
    pub(super) fn index(&mut self, len: usize) -> usize {
        self.below(len as u32) as usize
    }

    /// One of these values by its weight. The table must not be empty.
    pub(super) fn weighted<T: Copy>(&mut self, table: &[(T, u32)]) -> T {
        let total = table.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total);
        for &(value, weight) in table {
            if left < weight {
                return value;
            }
            left -= weight;
        }
        table[0].0
    }
}

/// A fixed one-to-one scramble of a number: different in, different out.
pub(super) const fn scramble(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_choices_and_streams_differ() {
        let draw = |seed, index, doel| {
            let mut dice = Bron::new(seed).dice(index, doel);
            (0..8).map(|_| dice.below(1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, 3, Doel::Bpvos), draw(7, 3, Doel::Bpvos));
        assert_ne!(draw(7, 3, Doel::Bpvos), draw(8, 3, Doel::Bpvos));
        assert_ne!(draw(7, 3, Doel::Bpvos), draw(7, 4, Doel::Bpvos));
        assert_ne!(draw(7, 3, Doel::Bpvos), draw(7, 3, Doel::Ronde));
    }

    #[test]
    fn choices_stay_within_their_bounds() {
        let mut dice = Bron::new(1).dice(0, Doel::Profiel);
        for _ in 0..2_000 {
            assert!((-3..=4).contains(&dice.between(-3, 4)));
            assert_eq!(dice.between(5, 5), 5);
            assert_eq!(dice.below(0), 0);
            assert!(["a", "b"].contains(&dice.weighted(&[("a", 1), ("never", 0), ("b", 3)])));
        }
    }
}
